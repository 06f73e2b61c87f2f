/** A task, and an attempt at it, in the caller's own thread. */

import type { Call } from '../calls/call.ts'
import { type Context, contexts } from '../calls/context.ts'
import type { Given } from '../calls/record.ts'
import { Record } from '../calls/record.ts'
import type { Source } from '../ref.ts'
import type { Definition } from '../registry.ts'

/** A record that notices when code of a task awaits it: meanwhile the task's place is another's. */
export class InlineRecord extends Record {
  readonly definition: Definition | undefined
  /** The one under way. */
  attempt: Attempt | undefined

  constructor(
    id: number,
    caller: number,
    call: Call,
    given: Given,
    site: Error | undefined,
    definition: Definition | undefined,
  ) {
    super(id, caller, call, given, site)
    this.definition = definition
  }

  override whenSettled(listener: (source: Source) => void): void {
    const attempt = contexts.getStore()
    if (!(attempt instanceof Attempt)) return this.whenOver(listener)
    attempt.awaits(1)
    this.whenOver(source => {
      attempt.awaits(-1)
      listener(source)
    })
  }
}

export class Attempt implements Context {
  readonly slot = -1
  readonly task: number
  readonly worker: number
  readonly startedMs: number
  abort: AbortController | undefined = undefined
  /** It is over, or given up: what comes of it later is nobody's. */
  isOver = false
  readonly #record: InlineRecord
  /** Called when it begins to await others, and when it goes on. */
  readonly #onAwaits: (record: InlineRecord, on: boolean) => void
  #awaited = 0

  constructor(
    record: InlineRecord,
    worker: number,
    startedMs: number,
    onAwaits: (record: InlineRecord, on: boolean) => void,
  ) {
    this.task = record.id
    this.worker = worker
    this.startedMs = startedMs
    this.#record = record
    this.#onAwaits = onAwaits
  }

  isCancelled(): boolean {
    return this.#record.stopping !== undefined
  }

  awaits(more: 1 | -1): void {
    this.#awaited += more
    if (this.isOver || this.#awaited > 1 || (this.#awaited === 1 && more < 0)) return
    this.#onAwaits(this.#record, this.#awaited > 0)
  }
}
