// Watches, on the thread that has the file: each has a revision from which it has not been told yet, and bytes that it may be sent. Who does not read falls behind, and is told from the file when it does.
import { inRange } from '../../core/machine.ts'
import { CompactedError } from '../../errors.ts'
import type { WatchBatch } from '../../store.ts'
import { sizeOf } from '../../watching.ts'
import type { FileEngine } from './engine.ts'
import type { WatchRequest } from './letters.ts'

interface Follower extends WatchRequest {
  /** The first revision that it has not been told of. */
  next: number
  bytesLeft: number
}

export interface FollowerEvents {
  batch(id: number, batch: WatchBatch): void
  ended(id: number, error: unknown): void
}

export class Followers {
  private readonly engine: FileEngine
  private readonly events: FollowerEvents
  private readonly followers = new Map<number, Follower>()

  constructor(engine: FileEngine, events: FollowerEvents) {
    this.engine = engine
    this.events = events
  }

  get size(): number {
    return this.followers.size
  }

  add(request: WatchRequest): void {
    const next = request.from ?? this.engine.revision + 1
    this.followers.set(request.id, { ...request, next, bytesLeft: request.windowBytes })
  }

  /** It has read so much. */
  allow(id: number, bytes: number): void {
    const follower = this.followers.get(id)
    if (follower) follower.bytesLeft += bytes
  }

  remove(id: number): void {
    this.followers.delete(id)
  }

  end(error: unknown): void {
    for (const id of [...this.followers.keys()]) this.endOne(id, error)
  }

  /** What has happened, here or in another process. */
  tell(): void {
    if (this.followers.size === 0) return
    const { revision, compacted } = this.engine
    for (const { id, next } of [...this.followers.values()])
      if (next < compacted) this.endOne(id, new CompactedError(next, compacted))
    const due = [...this.followers.values()].filter(({ next, bytesLeft }) => next <= revision && bytesLeft > 0)
    if (due.length === 0) return
    for (const batch of this.engine.batchesSince(Math.min(...due.map(({ next }) => next)))) {
      for (const follower of due) this.tellOne(follower, batch)
      if (due.every(({ bytesLeft }) => bytesLeft <= 0)) break
    }
    for (const follower of due) if (follower.bytesLeft > 0) follower.next = Math.max(follower.next, revision + 1)
  }

  private tellOne(follower: Follower, batch: WatchBatch): void {
    if (follower.bytesLeft <= 0 || batch.revision < follower.next) return
    follower.next = batch.revision + 1
    const within = inRange(batch, follower.range)
    if (within === undefined) return
    const events = follower.previous ? within.events : within.events.map(event => ({ ...event, previous: undefined }))
    const told = { revision: batch.revision, events }
    follower.bytesLeft -= sizeOf(told)
    this.events.batch(follower.id, told)
  }

  private endOne(id: number, error: unknown): void {
    this.followers.delete(id)
    this.events.ended(id, error)
  }
}
