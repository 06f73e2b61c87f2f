/**
 * When the client looks for what workers have brought. While something is under way it looks in each turn of its event loop as
 * long as the last news is fresh, naps between turns when tasks take that long, and else sleeps on the done bell, which a worker rings
 * that finds it asleep. Nobody else here knows that bell, or keeps the process alive for workers.
 *
 * It sleeps only after it has said so on the board and has looked once more: what came before that woke nobody. And it never sleeps
 * with nothing under way, unless workers still owe output: then it lets the process end.
 */

import { availableParallelism } from 'node:os'
import type { Counts } from '../schedule/scheduler.ts'
import * as at from './board.ts'
import type { Crew } from './crew.ts'
import type { Pace } from './pace.ts'
import type { Slots } from './slots.ts'
import { waitAsync } from './wait-async.ts'

/** It looks in every turn of the event loop for this long after the last news, then sleeps. */
const spinMs = 0.05
/** When tasks take up to this long and a core is free, it naps between the turns before it sleeps: that ends sooner than a sleep. */
const longestFreshMs = 1
const napMs = 0.1
const cores = availableParallelism()

export interface WatchEvents {
  /** A turn of the event loop begins. */
  turn(): void
  /** Takes everything that has come back: true when something has. */
  drain(): boolean
  /** Whether someone here waits for messages of workers, though nothing is under way. */
  awaitsMessages(): boolean
}

export class Watch {
  readonly #slots: Slots
  readonly #crew: Crew
  readonly #pace: Pace
  readonly #load: { readonly counts: Counts }
  readonly #events: WatchEvents
  /** Tasks and groups that have not settled. */
  #open = 0
  /** It looks in every turn of the event loop. */
  #watching = false
  /** A worker was woken since the last turn. */
  #woke = false
  /** Nothing was under way in the last turn. */
  #resting = false
  /** Fires when a worker wakes the client; it may outlive the sleep that it was made for, and does for the next. */
  #waking: Promise<void> | undefined
  #lastNews = 0

  constructor(slots: Slots, crew: Crew, pace: Pace, load: { readonly counts: Counts }, events: WatchEvents) {
    this.#slots = slots
    this.#crew = crew
    this.#pace = pace
    this.#load = load
    this.#events = events
  }

  /** Something is under way from now on: `begin` follows. */
  opened(): void {
    this.#open++
  }

  /** It is over. Asleep, the client would not see that nothing is left to wait for. */
  closed(): void {
    if (--this.#open === 0) this.letGo()
  }

  /** A worker was woken for a task. */
  woke(): void {
    this.#woke = true
  }

  /** Begins to look, in each turn of the event loop. */
  begin(): void {
    if (this.#watching) return
    this.#watching = true
    this.#lastNews = performance.now()
    this.#crew.hold(true)
    Atomics.store(this.#slots.c, at.clientSleeps, 0)
    setImmediate(this.#turn)
  }

  #turn = (): void => {
    this.#events.turn()
    const any = this.#events.drain() || (this.#shouldNap() && this.#nap())
    if (this.#open === 0) return this.#rest()
    this.#resting = false
    const now = performance.now()
    if (any) this.#lastNews = now
    if (now - this.#lastNews < this.#freshMs() || !this.#sleep()) setImmediate(this.#turn)
  }

  /** A worker that was woken and has not begun, or one that takes long, may have been given this very core. */
  #shouldNap(): boolean {
    const hasWoken = this.#woke
    this.#woke = false
    if (this.#open === 0) return false
    return (hasWoken && this.#slots.hasAny(at.openQueue, at.ownQueue)) || performance.now() - this.#lastNews > spinMs
  }

  /** Leaves the core for a moment, or until a worker brings something: true when one has. */
  #nap(): boolean {
    const { c } = this.#slots
    const seen = Atomics.load(c, at.doneBell)
    Atomics.store(c, at.clientSleeps, 1)
    // What came before that store woke nobody.
    if (!this.#slots.hasAny(at.doneQueue)) Atomics.wait(c, at.doneBell, seen, napMs)
    Atomics.store(c, at.clientSleeps, 0)
    return this.#events.drain()
  }

  #freshMs(): number {
    const { meanMs } = this.#pace
    const busy = Math.min(this.#slots.layout.workers, this.#load.counts.dispatched)
    return busy < cores && meanMs < longestFreshMs ? Math.max(spinMs, Math.min(longestFreshMs, 2 * meanMs)) : spinMs
  }

  /** Waits for a worker to bring something. False when one has. */
  #sleep(): boolean {
    const { c } = this.#slots
    const seen = Atomics.load(c, at.doneBell)
    Atomics.store(c, at.clientSleeps, 1)
    // What came before that store woke nobody.
    const hasNews = this.#events.drain() || (this.#open === 0 && !this.#crew.owesOutput)
    const waits = !hasNews && (this.#waking ??= waitAsync(c, at.doneBell, seen)?.then(this.#wake)) !== undefined
    if (waits) this.#watching = false
    else Atomics.store(c, at.clientSleeps, 0)
    return waits
  }

  #wake = (): void => {
    this.#waking = undefined
    this.begin()
  }

  /**
   * Nothing is under way. A program that goes on does so before the next turn; one that does not may end: it is not kept, and
   * looks no more. What tasks have printed comes first.
   */
  #rest(): void {
    const owes = this.#crew.owesOutput
    if (this.#resting && !owes) {
      this.#watching = false
      this.#resting = false
      this.letGo()
    } else if (!(this.#resting && this.#sleep())) {
      this.#resting = true
      setImmediate(this.#turn)
    }
  }

  /** Lets the process end, if nothing keeps it. */
  letGo(): void {
    if (this.#watching || this.#open > 0 || this.#events.awaitsMessages()) return
    if (this.#crew.owesOutput) this.begin()
    else this.#crew.hold(false)
  }
}
