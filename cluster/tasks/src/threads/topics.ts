/** Messages by topic: every one goes through the client, which knows who listens, so all see the same order. */

import { pack, unpack } from '../values/pack.ts'
import type { Crew } from './crew.ts'

type Listener = (message: unknown) => void

/** A message as it travels. @throws NotCloneableError */
export const packMessage = (value: unknown): Uint8Array => pack(value, 'publish', 'value', true).bytes.slice()

/** Who listens on this thread. */
export class Listeners {
  readonly #byTopic = new Map<string, Set<{ readonly call: Listener }>>()
  readonly #changed: (topic: string, on: boolean) => void

  /** @param changed a topic has got its first listener, or lost its last */
  constructor(changed: (topic: string, on: boolean) => void) {
    this.#changed = changed
  }

  /** @returns ends it */
  add(topic: string, call: Listener): () => void {
    // An object of its own: the same function may listen twice.
    const listener = { call }
    let all = this.#byTopic.get(topic)
    if (all === undefined) {
      this.#byTopic.set(topic, (all = new Set()))
      this.#changed(topic, true)
    }
    all.add(listener)
    return () => {
      if (!all.delete(listener) || all.size > 0) return
      this.#byTopic.delete(topic)
      this.#changed(topic, false)
    }
  }

  /** Each listener gets a value of its own. */
  deliver(topic: string, bytes: Uint8Array): void {
    for (const { call } of [...(this.#byTopic.get(topic) ?? [])]) call(unpack(bytes))
  }
}

/** The client's side. */
export class Topics {
  readonly #crew: Crew
  readonly #workers = new Map<string, Set<number>>()
  readonly listeners = new Listeners(() => {})

  constructor(crew: Crew) {
    this.#crew = crew
  }

  /** A worker listens from now on, or no longer. */
  listens(worker: number, topic: string, on: boolean): void {
    const workers = this.#workers.get(topic) ?? new Set()
    this.#workers.set(topic, workers)
    if (on) workers.add(worker)
    else workers.delete(worker)
    if (workers.size === 0) this.#workers.delete(topic)
  }

  /** It has ended, and those who listened on it. */
  forget(worker: number): void {
    for (const topic of [...this.#workers.keys()]) this.listens(worker, topic, false)
  }

  publish(topic: string, value: Uint8Array): void {
    for (const worker of this.#workers.get(topic) ?? []) this.#crew.post(worker, { is: 'published', topic, value })
    // Not at once: a listener never runs inside the call that it listens to.
    queueMicrotask(() => this.listeners.deliver(topic, value))
  }
}
