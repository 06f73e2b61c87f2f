/**
 * When the client looks for what workers have brought. After it has woken a worker it awaits the result of a short task at once.
 * While something is under way it looks in each turn of its event loop as long as the last news is fresh, rests between turns while workers need every core, and else sleeps on the done bell, which a worker rings
 * that finds it asleep. Nobody else here knows that bell, or keeps the process alive for workers.
 *
 * It sleeps only after it has said so on the board and has looked once more: what came before that woke nobody. And it never sleeps
 * with nothing under way, unless workers still owe output: then it lets the process end.
 */

import { availableParallelism } from 'node:os'
import { pause } from '@skein/team/cores'
import type { Record } from '../calls/record.ts'
import type { Counts } from '../schedule/scheduler.ts'
import * as at from './board.ts'
import type { Crew } from './crew.ts'
import type { Pace } from './pace.ts'
import type { Slots } from './slots.ts'
import { waitAsync } from './wait-async.ts'

/** It looks in every turn of the event loop for this long after the last news, then sleeps. */
const spinMs = 0.05
/**
 * When tasks take less than this and a core is free, it looks on for twice as long as they take: waking up would take a tenth of that.
 * When they take more and no core is free, it does not look on.
 */
const longestFreshMs = 1
const napMs = 0.1
/** For the result of a short task that a worker was woken for it looks so long, and from then on leaves its core to others in between. */
const [meetMs, alonePartMs] = [0.1, 0.02]
const ready = Promise.resolve()
/** Beside workers on every core it leaves them the core for half a task's time within these bounds, if they have twice as much ahead. */
const [leastLullMs, mostLullMs] = [0.2, 0.5]
/** The program has work of its own in the event loop when a turn comes later than this. */
const ownWorkMs = 0.05
/**
 * When turns follow each other as closely as the first, it looks for as long as the second within each. A turn leaves behind half a kilobyte, and the collector,
 * whose threads need cores as well, would run every twenty milliseconds.
 */
const [idleLoopMs, lookMs] = [0.005, 0.01]
/** What has not come after this long may be worked on in the queue of this very core. */
const lateMs = 0.04
const cores = availableParallelism()
/** Nobody rings it: who waits for it waits for the time to pass. */
const never = new Int32Array(new SharedArrayBuffer(4))

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
  #next: NodeJS.Immediate | undefined
  /** A worker was woken by what runs now. */
  #woke = false
  /** Nothing was under way in the last turn. */
  #resting = false
  /** Fires when a worker wakes the client; it may outlive the sleep that it was made for, and does for the next. */
  #waking: Promise<void> | undefined
  #lastNews = 0
  /** When the last turn was over. */
  #turnedMs = 0
  /** Since the last news, workers have been moved off this core. */
  #cleared = false

  constructor(slots: Slots, crew: Crew, pace: Pace, load: { readonly counts: Counts }, events: WatchEvents) {
    this.#slots = slots
    this.#crew = crew
    this.#pace = pace
    this.#load = load
    this.#events = events
  }

  /** Something is under way from now on: `begin` follows. */
  opened(): void {
    if (this.#open++ === 0) this.#news(performance.now())
  }

  /** It is over. Asleep, the client would not see that nothing is left to wait for. */
  closed(): void {
    if (--this.#open === 0) this.letGo()
  }

  /** A worker was woken for a task. */
  woke(): void {
    if (!this.#woke) ready.then(this.#meet)
    this.#woke = true
  }

  /**
   * After a rest, when a worker had to be woken for a short task that is alone: true when its result has been taken already. Linux mostly wakes
   * the worker on this very core, ahead of the client or behind it; so the core is left to it for once.
   */
  tookAtOnce(record: Record): boolean {
    if (!this.#woke || this.#watching || this.#open !== 1 || this.#pace.lastMs > alonePartMs) return false
    return (
      (this.#slots.hasCome(record) || (this.#crew.yieldCore() && this.#slots.hasCome(record))) && this.#events.drain()
    )
  }

  /** Begins to look, in each turn of the event loop. */
  begin(): void {
    if (this.#watching) return
    this.#watching = true
    this.#news(performance.now())
    Atomics.store(this.#slots.c, at.clientSleeps, 0)
    this.#next = setImmediate(this.#turn)
  }

  #turn = (): void => {
    this.#events.turn()
    const turnMs = performance.now() - this.#turnedMs
    const mayLull = this.#load.counts.dispatched > cores && turnMs < ownWorkMs
    const any = this.#events.drain() || (turnMs < idleLoopMs && this.#open > 0 && this.#look())
    if (this.#open === 0) return this.#rest()
    this.#resting = false
    const now = performance.now()
    if (any) this.#news(now)
    const waitedMs = now - this.#lastNews
    const lullMs = mayLull && waitedMs < 2 * longestFreshMs ? this.#lullMs : 0
    this.#turnedMs = now
    if (lullMs > 0) {
      Atomics.wait(never, 0, 0, lullMs)
      this.#turnedMs = performance.now()
    } else if (waitedMs >= this.#freshMs()) {
      if (this.#sleep()) return
    } else if (waitedMs > lateMs && !this.#cleared && this.#hasFreeCore) {
      this.#crew.clearCore()
      this.#cleared = true
    }
    this.#next = setImmediate(this.#turn)
  }

  /** Looks for news for a moment, where nothing else in the event loop waits: true when there is some. */
  #look(): boolean {
    const from = performance.now()
    do {
      for (let i = 0; i < 16; i++) pause()
      if (this.#events.drain()) return true
    } while (performance.now() - from < lookMs)
    return false
  }

  /** How long the client is not needed: workers use every core, and have twice as much ahead. 0: it may be. */
  get #lullMs(): number {
    const { workers } = this.#slots.layout
    const { meanMs } = this.#pace
    const lullMs = Math.min(mostLullMs, Math.max(leastLullMs, meanMs / 2))
    const aheadMs = (this.#load.counts.dispatched * meanMs) / workers
    return workers >= cores && meanMs < longestFreshMs && aheadMs >= 2 * lullMs ? lullMs : 0
  }

  #news(now: number): void {
    this.#lastNews = now
    this.#cleared = false
  }

  /**
   * After what woke a worker, before the event loop turns, which takes as long as a short task with its way there and back. The worker
   * may have been given this very core: while it does something long the client sleeps, as long as there is no other news.
   */
  #meet = (): void => {
    this.#woke = false
    // Asleep it is woken for what comes, and has to stay known as sleeping.
    if (!this.#watching || this.#open === 0) return
    const isLong = this.#pace.lastMs > alonePartMs
    if (this.#events.drain() || (!isLong && (this.#expect() || this.#giveWay()))) this.#news(performance.now())
    else if (isLong) this.#sleep()
  }

  /** Looks for the result of a short task: true when one has come. */
  #expect(): boolean {
    const from = performance.now()
    for (let waitedMs = 0; waitedMs < meetMs; waitedMs = performance.now() - from) {
      if (waitedMs > alonePartMs && !this.#crew.yieldCore()) return false
      for (let i = 0; i < 16; i++) pause()
      if (this.#events.drain()) return true
    }
    return false
  }

  /** Leaves the core for a moment to a worker that has not begun: true when one has brought something. */
  #giveWay(): boolean {
    return this.#slots.hasAny(at.openQueue, at.ownQueue) && this.#nap()
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

  /** How long after the last news more is looked for. */
  #freshMs(): number {
    const { lastMs } = this.#pace
    if (lastMs < longestFreshMs && this.#hasFreeCore) return Math.max(spinMs, 2 * lastMs)
    return lastMs < longestFreshMs || this.#hasFreeCore ? spinMs : 0
  }

  /** There is a core that no worker needs. */
  get #hasFreeCore(): boolean {
    return Math.min(this.#slots.layout.workers, this.#load.counts.dispatched) < cores
  }

  /** Waits for a worker to bring something. False when one has. */
  #sleep(): boolean {
    const { c } = this.#slots
    const seen = Atomics.load(c, at.doneBell)
    Atomics.store(c, at.clientSleeps, 1)
    // What came before that store woke nobody.
    const hasNews = this.#events.drain() || (this.#open === 0 && !this.#crew.owesOutput)
    const waits = !hasNews && (this.#waking ??= waitAsync(c, at.doneBell, seen)?.then(this.#wake)) !== undefined
    if (waits) {
      this.#watching = false
      this.#crew.hold(true)
      clearImmediate(this.#next)
    } else Atomics.store(c, at.clientSleeps, 0)
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
      this.#next = setImmediate(this.#turn)
    }
  }

  /** No more will come. What waits for the bell to ring would keep the engine, and the values that it still refers to, for good. */
  close(): void {
    Atomics.add(this.#slots.c, at.doneBell, 1)
    Atomics.notify(this.#slots.c, at.doneBell)
  }

  /** Lets the process end, if nothing keeps it. */
  letGo(): void {
    if (this.#watching || this.#open > 0) return
    if (this.#crew.owesOutput) this.begin()
    else this.#crew.hold(this.#events.awaitsMessages())
  }
}
