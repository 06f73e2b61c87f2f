/** Who listens to which topic on a thread, and messages as they travel. */

import { pack, unpack } from '../values/pack.ts'

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
