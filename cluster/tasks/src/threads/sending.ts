/** Generators on a worker that are read as streams: their items go to the client one by one, and no faster than they are taken there. */

import type { MessagePort } from 'node:worker_threads'
import { itemsOf, streamWindow } from '../calls/stream.ts'
import type { Words } from '../values/cells.ts'
import { pack } from '../values/pack.ts'
import * as at from './board.ts'
import type { FromWorker } from './mail.ts'
import { get64 } from './result.ts'

/** How many items more a reader can take, and who waits to send one. */
interface Credit {
  items: number
  wake: (() => void) | undefined
}

export class Sending {
  readonly #words: Words
  readonly #port: MessagePort
  /** By task. */
  readonly #credits = new Map<number, Credit>()

  constructor(words: Words, port: MessagePort) {
    this.#words = words
    this.#port = port
  }

  /** Sends what the task in slot `s` has given, until it is told to stop. @throws ArgumentError, NotCloneableError */
  async send(items: unknown, name: string, s: number): Promise<undefined> {
    const { ints } = this.#words
    const task = get64(this.#words, s + at.slotTaskId)
    const credit = this.#creditOf(task)
    const isStopped = () => Atomics.load(ints, s + at.slotCancel) !== 0
    try {
      for await (const item of itemsOf(items, name)) {
        while (credit.items === 0 && !isStopped()) await new Promise<void>(resolve => (credit.wake = resolve))
        if (isStopped()) break
        credit.items--
        const value = pack(item, 'the items of a stream', 'item', true).bytes.slice()
        // Counted when it is sure to come: the reader waits for so many.
        ints[s + at.slotStreams]++
        this.#port.postMessage({ is: 'item', task, value } satisfies FromWorker, [value.buffer])
      }
    } finally {
      this.#credits.delete(task)
    }
  }

  /** The reader of a task that is not over has taken so many. */
  credit(task: number, items: number): void {
    const credit = this.#creditOf(task)
    credit.items += items
    credit.wake?.()
    credit.wake = undefined
  }

  /** A task should stop: one that waits for its reader finds out. */
  stop(task: number): void {
    this.#credits.get(task)?.wake?.()
  }

  #creditOf(task: number): Credit {
    let credit = this.#credits.get(task)
    if (!credit) this.#credits.set(task, (credit = { items: streamWindow, wake: undefined }))
    return credit
  }
}
