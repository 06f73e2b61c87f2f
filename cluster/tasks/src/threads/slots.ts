/** The client's side of the board: which record stands in which slot, sending one, and taking what comes back. */

import type { HeapArray } from '@skein/heap'
import type { Lent, Record } from '../calls/record.ts'
import type { Words } from '../values/cells.ts'
import type { Packed } from '../values/packed.ts'
import * as at from './board.ts'
import { put64, takeResult, takeState } from './result.ts'
import { putArguments } from './slot-arguments.ts'

/** A slot that has come back. */
export interface Back {
  readonly record: Record
  /** Withdrawn before it ran. */
  readonly unrun: boolean
  readonly ok: boolean
  /** The result, or the error packed. */
  readonly found: unknown
  /** The worker that ran it. */
  readonly worker: number
  readonly tookMs: number
  /** Milliseconds since the epoch. */
  readonly endedMs: number
  /** Items that went into its stream. */
  readonly items: number
  /** Arrays among its arguments that are still in use there. */
  readonly lent: Lent | undefined
  /** What its actor saved. */
  readonly state: Packed<HeapArray<Uint8Array>> | undefined
}
type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** What a worker had when it ended: what it ran, and what stood in its queues. */
export interface Held {
  readonly work: Record
  readonly started: boolean
  /** Milliseconds since the epoch, if it had started. */
  readonly startedMs: number
}

export class Slots {
  readonly layout: at.Layout
  readonly board: SharedArrayBuffer
  readonly c: Int32Array
  readonly #words: Words
  readonly #free: number[] = []
  readonly #records: (Record | undefined)[] = []
  /** The one that `takeBack` gives: made once, since it is filled for every task. */
  readonly #taken = {} as Writable<Back>

  constructor(workers: number, slots: number) {
    this.layout = at.layoutOf(workers, slots)
    this.board = new SharedArrayBuffer(this.layout.bytes)
    this.c = new Int32Array(this.board)
    this.#words = { ints: this.c, floats: new Float64Array(this.board), bytes: new Uint8Array(this.board) }
    // Low ones first: pages that are never used take no memory.
    for (let slot = slots - 1; slot >= 0; slot--) this.#free.push(slot)
  }

  /** Every record on the board. */
  get records(): Record[] {
    return this.#records.filter(record => record !== undefined)
  }

  /** What runs at this moment, up to so many. */
  running(most: number): { record: Record; worker: number; startedMs: number }[] {
    const found: { record: Record; worker: number; startedMs: number }[] = []
    for (const record of this.#records) {
      const worker = record === undefined ? -1 : this.runnerOf(record)
      if (worker >= 0) found.push({ record: record!, worker, startedMs: this.startOf(record!) })
      if (found.length === most) break
    }
    return found
  }

  /** The record in a slot, if it is still that task's. */
  find(slot: number, task: number): Record | undefined {
    const record = this.#records[slot]
    return record?.id === task ? record : undefined
  }

  /**
   * Puts a task into a worker's queue. There must be a free slot. True when a worker had to be woken for it.
   *
   * @throws FreedError, UseAfterFreeError, HeapOutOfMemoryError when its arguments cannot be had
   */
  send(record: Record, worker: number, open: boolean): boolean {
    const { c, layout } = this
    const slot = this.#free.pop()!
    const s = at.slotAt(layout, slot)
    this.#records[slot] = record
    record.slot = slot
    const { definition, actor, method, streams } = record.call
    c[s + at.slotDefinition] = definition
    c[s + at.slotActor] = actor
    c[s + at.slotMethod] = method
    c[s + at.slotCancel] = 0
    c[s + at.slotLent] = 0
    c[s + at.slotStreams] = streams ? 1 : 0
    put64(this.#words, s + at.slotTaskId, record.id)
    try {
      putArguments(this.#words, s, record)
    } catch (error) {
      this.#release(record, slot)
      throw error
    }
    // Nobody looks at it before it is in the queue.
    c[s + at.slotState] = at.stateWord(at.queued, at.useOf(c[s + at.slotState]) + 1)
    at.push(c, layout, at.queueAt(layout, worker, open ? at.openQueue : at.ownQueue), slot)
    return open ? at.ringForOpen(c, layout, worker) : at.ring(c, worker)
  }

  /** A worker's CPU is set aside, or no longer: while it is, it takes no open work but what was sent to it before. */
  reserve(worker: number, on: boolean): void {
    Atomics.store(this.c, at.workerAt(worker) + at.mayTakeOpen, on ? 0 : 1)
    at.ring(this.c, worker)
  }

  /** Whether something stands in one of these queues of any worker. */
  hasAny(...queues: number[]): boolean {
    const { c, layout } = this
    for (let worker = 0; worker < layout.workers; worker++) {
      if (queues.some(queue => at.lengthOf(c, at.queueAt(layout, worker, queue)) > 0)) return true
    }
    return false
  }

  /** The next slot that has come back from a worker, or undefined. What it says is valid until the next call. */
  takeBack(worker: number): Back | undefined {
    const { c, layout } = this
    const slot = at.takeDone(c, layout, at.queueAt(layout, worker, at.doneQueue))
    if (slot < 0) return undefined
    return this.#back(slot)
  }

  /** What was taken last has been passed on: nothing of it is kept here. */
  forgetTaken(): void {
    const taken = this.#taken as { -readonly [K in keyof Back]: Back[K] | undefined }
    taken.record = undefined
    taken.found = undefined
    taken.lent = undefined
    taken.state = undefined
  }

  #back(slot: number): Back {
    const { c, layout } = this
    const record = this.#records[slot]!
    const s = at.slotAt(layout, slot)
    const word = Atomics.load(c, s + at.slotState)
    const phase = at.phaseOf(word)
    const unrun = phase === at.returned
    const { floats } = this.#words
    const back = this.#taken
    back.record = record
    back.unrun = unrun
    back.ok = phase === at.done
    back.found = unrun ? undefined : takeResult(this.#words, s)
    back.state = unrun ? undefined : takeState(this.#words, s)
    back.worker = at.workerOf(word)
    back.endedMs = floats[(s + at.slotEnded) >> 1]
    back.tookMs = back.endedMs - floats[(s + at.slotStarted) >> 1]
    back.items = c[s + at.slotStreams] - 1
    back.lent = c[s + at.slotLent] === 0 ? undefined : record.lend()
    this.#release(record, slot)
    return back
  }

  #release(record: Record, slot: number): void {
    record.left()
    this.#records[slot] = undefined
    this.#free.push(slot)
  }

  /** Takes a task back that no worker has begun: true when that came first. The slot itself returns when a worker meets it. */
  withdraw({ slot }: Record): boolean {
    const state = at.slotAt(this.layout, slot) + at.slotState
    const use = at.useOf(Atomics.load(this.c, state))
    const was = at.stateWord(at.queued, use)
    return Atomics.compareExchange(this.c, state, was, at.stateWord(at.withdrawn, use)) === was
  }

  /** The worker that runs a task now, or -1. */
  runnerOf({ slot }: Record): number {
    if (slot < 0) return -1
    const word = Atomics.load(this.c, at.slotAt(this.layout, slot) + at.slotState)
    return at.phaseOf(word) === at.runs ? at.workerOf(word) : -1
  }

  /** Tells a task that runs to stop, for loops that ask. */
  markCancelled({ slot }: Record): void {
    Atomics.store(this.c, at.slotAt(this.layout, slot) + at.slotCancel, 1)
  }

  /** A worker has brought a task's result, and all of it lies in the slot. */
  hasCome({ slot }: Record): boolean {
    if (slot < 0) return false
    const s = at.slotAt(this.layout, slot)
    if (at.phaseOf(Atomics.load(this.c, s + at.slotState)) !== at.done) return false
    const form = this.c[s + at.slotForm]
    return form === at.inCell || form === at.isUndefined
  }

  /** When the attempt under way began, in milliseconds since the epoch. */
  startOf({ slot }: Record): number {
    return this.#words.floats[(at.slotAt(this.layout, slot) + at.slotStarted) >> 1]
  }

  /** After a worker's death: what it ran, and what stood in its queues. What is over goes to `over`. */
  reclaim(worker: number, over: (back: Back) => void): Held[] {
    const held: Held[] = []
    const inUse = (slot: number) => this.#records[slot] !== undefined
    at.reclaim(this.c, this.layout, worker, inUse, (slot, left) => {
      if (left === 'over') return over(this.#back(slot))
      const record = this.#records[slot]!
      const startedMs = this.startOf(record)
      this.#release(record, slot)
      held.push({ work: record, started: left === 'ran', startedMs })
    })
    this.forgetTaken()
    return held
  }
}
