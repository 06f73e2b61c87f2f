/**
 * Ready tasks that ask for resources or a place, in a queue for each kind of request: when the first of a kind does not fit, none
 * of that kind does, and the others are not looked at.
 */

import type { Request } from './place.ts'
import { ReadyQueue } from './ready-queue.ts'
import type { Work } from './work.ts'

export interface Kind {
  readonly key: string
  readonly request: Request
  readonly queue: ReadyQueue
}

export class RequestQueue {
  /** Only kinds that have tasks. */
  readonly #kinds = new Map<string, Kind>()
  #size = 0

  get size(): number {
    return this.#size
  }

  push(work: Work, first: boolean): void {
    const request = work.request!
    const key = keyOf(request)
    let kind = this.#kinds.get(key)
    if (kind === undefined) this.#kinds.set(key, (kind = { key, request, queue: new ReadyQueue() }))
    kind.queue.push(work, first)
    this.#size++
  }

  /** The kind to be served next: whose first task has the highest priority, and among equals is the oldest. */
  next(but: ReadonlySet<Kind>): Kind | undefined {
    let best: Kind | undefined
    let first: Work | undefined
    for (const kind of this.#kinds.values()) {
      if (but.has(kind)) continue
      const work = kind.queue.peek()!
      if (first && (work.priority < first.priority || (work.priority === first.priority && work.id > first.id)))
        continue
      best = kind
      first = work
    }
    return best
  }

  take(kind: Kind, newest = false): Work {
    const work = (newest ? kind.queue.takeNewest() : kind.queue.take())!
    this.#taken(kind)
    return work
  }

  remove(work: Work): void {
    const kind = this.#kinds.get(keyOf(work.request!))!
    kind.queue.remove(work)
    this.#taken(kind)
  }

  #taken(kind: Kind): void {
    this.#size--
    if (kind.queue.size === 0) this.#kinds.delete(kind.key)
  }

  *[Symbol.iterator](): Generator<Work> {
    for (const { queue } of this.#kinds.values()) yield* queue
  }
}

const keyOf = ({ cpus, amounts, worker, prefer, group, bundle, keeps }: Request): string =>
  JSON.stringify([cpus, worker, amounts, prefer, group?.id, bundle, keeps])
