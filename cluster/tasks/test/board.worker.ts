/** A thread that takes from all queues and delivers at once, until the board closes. */
import { workerData } from 'node:worker_threads'
import { Random } from '@skein/base'
import * as at from '../src/threads/board.ts'

export interface TakerStart {
  readonly board: SharedArrayBuffer
  readonly layout: at.Layout
  readonly worker: number
  readonly seed: number
  /** How often each slot was taken in its present use. */
  readonly taken: SharedArrayBuffer
}

const { board, layout, worker, seed, taken } = workerData as TakerStart
const c = new Int32Array(board)
const counts = new Int32Array(taken)
const random = new Random(seed)
const done = at.queueAt(layout, worker, at.doneQueue)
const giveBack = (slot: number): void => at.push(c, layout, done, slot)

Atomics.store(c, at.workerAt(worker) + at.state, at.awake)
while (Atomics.load(c, at.closing) === 0) {
  const other = random.integer(0, layout.workers)
  const queue =
    random.uniform() < 0.5 ? at.queueAt(layout, worker, at.ownQueue) : at.queueAt(layout, other, at.openQueue)
  const slot = at.take(c, layout, queue, worker, giveBack)
  if (slot < 0) continue
  Atomics.add(counts, slot, 1)
  // The task: long enough now and then for the thread to be ended in it.
  if (random.uniform() < 0.05) for (let n = random.integer(0, 20_000); n > 0; n--) Atomics.load(c, at.closing)
  const state = at.slotAt(layout, slot) + at.slotState
  const phase = random.uniform() < 0.5 ? at.done : at.failed
  Atomics.store(c, state, at.stateWord(phase, at.useOf(c[state]), worker))
  at.push(c, layout, done, slot)
  Atomics.add(c, at.workerAt(worker) + at.tasksRun, 1)
}
