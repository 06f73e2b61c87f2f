/**
 * Waiting for messages while the event loop turns. Nobody tells when one is there, so it is looked for: without a pause at first, as the
 * next one is mostly on its way; then in every turn; then every millisecond, which costs a core next to nothing.
 */

import type { Intracomm } from '../comm/communicators.ts'
import type { Message } from '../comm/message.ts'

const looksAtOnce = 100
const everyTurnMs = 2
const restMs = 1

/** The event loop has a turn at least so often, however many messages there are. */
const turnMs = 10

export class Inbox {
  readonly #comm: Intracomm
  readonly #source: number
  readonly #tag: number
  #turnedAt = 0

  constructor(comm: Intracomm, source: number, tag: number) {
    this.#comm = comm
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
      await this.#turn(performance.now() - began < everyTurnMs)
      const message = this.#comm.improbe(this.#source, this.#tag)
      if (message !== undefined) return message
    }
  }

  async #turn(isAtOnce: boolean): Promise<void> {
    await new Promise<void>(go => (isAtOnce ? setImmediate(go) : setTimeout(go, restMs)))
    this.#turnedAt = performance.now()
  }
}

/** Calls back in turns to come, for as long as that says that there is more to look for. */
export class Lookout {
  readonly #look: () => { hasNews: boolean; goesOn: boolean }
  #isScheduled = false
  #newsAt = 0

  constructor(look: () => { hasNews: boolean; goesOn: boolean }) {
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
    if (performance.now() - this.#newsAt < everyTurnMs) setImmediate(this.#turn)
    else setTimeout(this.#turn, restMs)
  }

  readonly #turn = (): void => {
    this.#isScheduled = false
    const { hasNews, goesOn } = this.#look()
    if (hasNews) this.#newsAt = performance.now()
    if (goesOn && !this.#isScheduled) this.#schedule()
  }
}
