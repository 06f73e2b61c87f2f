/** Messages by topic: every one goes through the client, which knows who listens, so all see the same order. */

import { Listeners } from '../farm/listeners.ts'
import type { Crew } from './crew.ts'

/**
 * The client's side. A task may listen, and be done before the message that says so is here: results go by the board, and are faster.
 * So what is published waits until everyone is known who listened when it was.
 */
export class Topics {
  readonly #crew: Pick<Crew, 'post' | 'listensTold'>
  readonly #workers = new Map<string, Set<number>>()
  /** By worker, messages that have come of those it has sent. */
  readonly #heard: number[] = []
  readonly #waiting: { readonly topic: string; readonly value: Uint8Array }[] = []
  readonly listeners = new Listeners(() => {})

  constructor(crew: Pick<Crew, 'post' | 'listensTold'>) {
    this.#crew = crew
  }

  /** A worker listens from now on, or no longer. */
  listens(worker: number, topic: string, on: boolean): void {
    this.#heard[worker] = (this.#heard[worker] ?? 0) + 1
    this.#set(worker, topic, on)
    this.#deliver()
  }

  #set(worker: number, topic: string, on: boolean): void {
    const workers = this.#workers.get(topic) ?? new Set()
    this.#workers.set(topic, workers)
    if (on) workers.add(worker)
    else workers.delete(worker)
    if (workers.size === 0) this.#workers.delete(topic)
  }

  /** It has ended, and those who listened on it. */
  forget(worker: number): void {
    this.#heard[worker] = 0
    for (const topic of [...this.#workers.keys()]) this.#set(worker, topic, false)
    this.#deliver()
  }

  publish(topic: string, value: Uint8Array): void {
    this.#waiting.push({ topic, value })
    this.#deliver()
  }

  #deliver(): void {
    if (this.#waiting.length === 0) return
    if (this.#crew.listensTold.some((told, worker) => told > (this.#heard[worker] ?? 0))) return
    for (const { topic, value } of this.#waiting.splice(0)) {
      for (const worker of this.#workers.get(topic) ?? []) this.#crew.post(worker, { is: 'published', topic, value })
      // Not at once: a listener never runs inside the call that it listens to.
      queueMicrotask(() => this.listeners.deliver(topic, value))
    }
  }
}
