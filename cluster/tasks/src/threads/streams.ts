/** Generators that run on workers, and their readers here. */

import type { Record } from '../calls/record.ts'
import { leftGraceMs, Stream, unread } from '../calls/stream.ts'
import { unpack } from '../values/pack.ts'
import type { Crew } from './crew.ts'
import type { Slots } from './slots.ts'
import type { Stopping } from './stopping.ts'

export class Streams {
  readonly #slots: Slots
  readonly #crew: Crew
  readonly #stopping: Stopping
  readonly #over: () => void
  /** By task. */
  readonly #streams = new Map<number, Stream>()

  /** @param over called when one has ended */
  constructor(slots: Slots, crew: Crew, stopping: Stopping, over: () => void) {
    this.#slots = slots
    this.#crew = crew
    this.#stopping = stopping
    this.#over = over
  }

  /** Whether there is a reader whose stream has not ended. */
  get areRead(): boolean {
    return this.#streams.size > 0
  }

  /** What a task sends, item by item. */
  read(record: Record): Stream {
    const over = () => {
      this.#streams.delete(record.id)
      this.#over()
    }
    const credit = (items: number) => {
      const worker = this.#slots.runnerOf(record)
      if (worker >= 0) this.#crew.post(worker, { is: 'credit', task: record.id, items })
    }
    const stream = new Stream(over, credit, () => this.#stopping.stop(record, unread(record), leftGraceMs))
    this.#streams.set(record.id, stream)
    record.whenOver(() => {
      if (record.settlement === 'rejected') stream.fail(record.outcome())
    })
    return stream
  }

  /** An item has come. */
  push(task: number, item: Uint8Array): void {
    this.#streams.get(task)?.push(unpack(item))
  }

  /** The task is over, and has sent so many. */
  expect(task: number, items: number): void {
    this.#streams.get(task)?.expect(items)
  }
}
