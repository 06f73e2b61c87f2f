/**
 * Waiting for messages while the event loop turns. They are looked for: without a pause at first, as the next one is mostly on its way; then in every turn; then the engine wakes
 * us, or, where it cannot, every millisecond, which costs a core next to nothing.
 */

import { availableParallelism } from 'node:os'
import type { Intracomm } from '../comm/communicators.ts'
import type { Message } from '../comm/message.ts'

const looksAtOnce = 100
/** It is looked for in every turn for so long: where ranks share cores, others need this one. */
const everyTurnMs = 50
const everyTurnCrowdedMs = 2
const restMs = 1
/** Of an engine that wakes us; it may be kept from it. */
const sleepMs = 10

/** Whether there are more ranks here than cores. All ranks of the communicator call it. */
export function isCrowded(comm: Intracomm): boolean {
  const here = comm.splitType('shared')
  const ranks = here.size
  here.free()
  return ranks > availableParallelism()
}

const everyTurn = (comm: Intracomm, isCrowded: boolean): number =>
  isCrowded || comm.port.awaken !== undefined ? everyTurnCrowdedMs : everyTurnMs

/** Until it is worth looking again. */
async function rest({ port }: Intracomm): Promise<void> {
  if (port.awaken === undefined) await new Promise(go => setTimeout(go, restMs))
  else await port.awaken(sleepMs)
}

/** The event loop has a turn at least so often, however many messages there are. */
const turnMs = 10

export class Inbox {
  readonly #comm: Intracomm
  readonly #source: number
  readonly #tag: number
  readonly #everyTurnMs: number
  #turnedAt = 0

  constructor(comm: Intracomm, source: number, tag: number, isCrowded: boolean) {
    this.#comm = comm
    this.#everyTurnMs = everyTurn(comm, isCrowded)
    this.#source = source
    this.#tag = tag
  }

  async next(): Promise<Message> {
    const began = performance.now()
    if (began - this.#turnedAt > turnMs) await this.#turn(true)
    for (let looks = 0; looks < looksAtOnce; looks++) {
      const message = this.#comm.improbe(this.#source, this.#tag)
      if (message !== undefined) return message
    }
    for (;;) {
      await this.#turn(performance.now() - began < this.#everyTurnMs)
      const message = this.#comm.improbe(this.#source, this.#tag)
      if (message !== undefined) return message
    }
  }

  async #turn(isAtOnce: boolean): Promise<void> {
    if (isAtOnce) await new Promise(go => setImmediate(go))
    else await rest(this.#comm)
    this.#turnedAt = performance.now()
  }
}

/** Calls back in turns to come, for as long as that says that there is more to look for. */
export class Lookout {
  readonly #comm: Intracomm
  readonly #look: () => { hasNews: boolean; goesOn: boolean }
  readonly #everyTurnMs: number
  #isScheduled = false
  #newsAt = 0

  constructor(comm: Intracomm, isCrowded: boolean, look: () => { hasNews: boolean; goesOn: boolean }) {
    this.#comm = comm
    this.#everyTurnMs = everyTurn(comm, isCrowded)
    this.#look = look
  }

  /** Something may come from now on. */
  begin(): void {
    if (this.#isScheduled) return
    this.#newsAt = performance.now()
    this.#schedule()
  }

  #schedule(): void {
    this.#isScheduled = true
    if (performance.now() - this.#newsAt < this.#everyTurnMs) setImmediate(this.#turn)
    else void rest(this.#comm).then(this.#turn)
  }

  readonly #turn = (): void => {
    this.#isScheduled = false
    const { hasNews, goesOn } = this.#look()
    if (hasNews) this.#newsAt = performance.now()
    if (goesOn && !this.#isScheduled) this.#schedule()
  }
}
