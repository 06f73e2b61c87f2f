/**
 * The board: one shared array of 32-bit words through which the client and its workers agree. What each word is for stands
 * here; who may write it, beside it. See the README for how a task passes through.
 */

import { wordsPerCell } from '../values/cells.ts'
import { tallySize } from '../values/tally.ts'

const line = 16

// Header, a line each.
/** Not 0: the engine is at its end. */
export const closing = 0
/** The client sleeps on it; it grows when someone wakes it. */
export const doneBell = line
/** 1 while the client sleeps: whoever brings something takes it back to 0, and wakes it. */
export const clientSleeps = 2 * line
/** 0: no worker sleeps that could take open work. Who goes to sleep sets it; who looks for a sleeper and finds none clears it. */
export const someSleep = 3 * line
const workersAt = 4 * line

// A worker's first line; its tally lies in those that follow.
export const state = 0
/** 1: messages wait at its port. The client sets, the worker clears. */
export const mail = 1
/** 1 while a task runs there, or goes on and has its place, or the event loop turns: open work that is put there is for others too. The worker's. */
export const occupied = 2
/** 0: it takes no open work but what was sent to it before, for its CPU is set aside. The client's. */
export const mayTakeOpen = 3
/** Tasks run so far. */
export const tasksRun = 4
/** The worker sleeps on it; it grows when someone wakes it. */
export const bell = 5
/** 1 from when it has printed something until the client's thread has all of it. The worker's. */
export const owesOutput = 6
/** CPUs that threads use which help its tasks with kernels. The worker's. */
export const lentCpus = 7
/** How often it has told the client that someone there listens to a topic, or no longer. The worker's. */
export const listensTold = 8
/** The system's number of its thread, or 0. The worker's. */
export const systemId = 9
/** Its number as an owner of blocks of the heap, or 0. The worker's. */
export const heapThread = 10

const workerWords = line + Math.ceil((2 * tallySize) / line) * line

export const workerStates = ['absent', 'booting', 'awake', 'sleeping', 'gone', 'waiting'] as const
export const absent = 0
export const booting = 1
export const awake = 2
export const sleeping = 3
export const gone = 4
/** It sleeps while a task of its own goes on: it takes no open work. */
export const waiting = 5

// A slot. What every task has lies in its first 64 bytes, so that one without arguments and result moves a single line
// between the cores; what few have lies at its end.
export const slotWords = 64
/** Decides every race: see below. */
export const slotState = 0
/** What to run: a definition's number. */
export const slotDefinition = 1
/** The actor whose method it is, or 0. */
export const slotActor = 2
/** The method's number; -1: the constructor. */
export const slotMethod = 3
/** Not 0: someone wants it to stop. */
export const slotCancel = 4
/** Arguments: their number in cells; -1: packed, and the cells are the dependencies. */
export const slotArguments = 5
/** Not 0: the cells lie in the heap, at `slotCellsAddress`. */
export const slotCellsOut = 6
/** Not 0: the items of a generator go back as they come; 1 + how many have gone. */
export const slotStreams = 7
/** How the result lies: see below. */
export const slotForm = 8
/** Not 0: arrays among the arguments may be in use after the call. */
export const slotLent = 9
// 64-bit floats, each over two words.
export const slotTaskId = 10
/** Milliseconds since the epoch. */
export const slotStarted = 12
export const slotEnded = 14
export const slotCells = 16
/** Packed arguments; of a result, the block. */
export const slotPacked = 56
export const slotPackedBytes = 58
export const slotCellsAddress = 60
/** How many dependencies stand in cells beside packed arguments. */
export const slotDependencies = 62
// A call's arguments have been read when it is over; then its actor's saved state may lie here.
export const slotSaved = 60
export const slotSavedBytes = 62
/** Cells that fit into the slot itself. */
export const cellsInside = (slotPacked - slotCells) / wordsPerCell

/** Forms of a result: in cells, an array handed over, packed bytes, or none. */
export const inCell = 0
export const asArray = 1
export const asBytes = 2
export const isUndefined = 3
export const formMask = 3
/** Beside the result lies what the actor saved after the call. */
export const withState = 4
/** There are handles of actors in the result, or in the state. */
export const withHandles = 8
export const withHandlesInState = 16

// The state word: a phase in 3 bits, in 15 bits how often the slot was used, and the worker that took it. A queue's
// entry is the slot and the same 15 bits, so an entry that has been overtaken is recognised.
//
//     free → queued                     the client
//     queued → runs                     whoever takes it, by compare-exchange
//     queued → withdrawn → returned     the client, then whoever meets it in the queue
//     runs → done | failed              the worker
//
// Whoever has a slot in hand stands in its state, so that it is found when that thread ends, wherever it was.
export const free = 0
export const queued = 1
export const runs = 2
export const done = 3
export const failed = 4
export const withdrawn = 5
export const returned = 6

export const mostSlots = 1 << 16
export const mostWorkers = 1 << 13
const useMask = 0x7fff
export const stateWord = (phase: number, use: number, worker = 0): number =>
  (worker << 18) | ((use & useMask) << 3) | phase
export const phaseOf = (word: number): number => word & 7
export const useOf = (word: number): number => (word >>> 3) & useMask
export const workerOf = (word: number): number => word >>> 18

export interface Layout {
  readonly workers: number
  readonly slots: number
  readonly slotsAt: number
  readonly queuesAt: number
  readonly bytes: number
}

// Queues: per worker `open`, `own` and `done`. A line for the head, one for the tail, and twice as many places as slots: a slot
// stands in one queue at a time, besides entries that were taken and whose taker has not moved the head yet.
export const openQueue = 0
export const ownQueue = 1
export const doneQueue = 2
const queuesPerWorker = 3
const queueHeader = 2 * line

/** @param slots a power of two */
export function layoutOf(workers: number, slots: number): Layout {
  const slotsAt = workersAt + workers * workerWords
  const queuesAt = slotsAt + slots * slotWords
  const words = queuesAt + workers * queuesPerWorker * (queueHeader + 2 * slots)
  return { workers, slots, slotsAt, queuesAt, bytes: words * 4 }
}

export const workerAt = (worker: number): number => workersAt + worker * workerWords
/** What bringing values costs there, in 64-bit floats: the worker's, while someone looks. */
export const tallyOf = (board: SharedArrayBuffer, worker: number): Float64Array =>
  new Float64Array(board, (workerAt(worker) + line) * 4, tallySize)
export const slotAt = ({ slotsAt }: Layout, slot: number): number => slotsAt + slot * slotWords
export const queueAt = ({ queuesAt, slots }: Layout, worker: number, queue: number): number =>
  queuesAt + (worker * queuesPerWorker + queue) * (queueHeader + 2 * slots)

/** Appends a slot in its present use. One thread alone appends to a queue. All it wrote before is seen by whoever takes the slot. */
export function push(c: Int32Array, layout: Layout, queue: number, slot: number): void {
  const tail = c[queue + line]
  const use = useOf(c[slotAt(layout, slot) + slotState])
  c[queue + queueHeader + (tail & (2 * layout.slots - 1))] = slot | (use << 16)
  Atomics.store(c, queue + line, (tail + 1) | 0)
}

/**
 * Takes the oldest slot that is still to be run, or gives -1. Its state says from then on that `worker` runs it: so a slot is
 * never in nobody's hands, whenever a thread dies. Any thread may take. A withdrawn slot is given to `giveBack`.
 */
export function take(
  c: Int32Array,
  layout: Layout,
  queue: number,
  worker: number,
  giveBack: (slot: number) => void,
): number {
  for (;;) {
    const head = Atomics.load(c, queue)
    if (head === Atomics.load(c, queue + line)) return -1
    const entry = Atomics.load(c, queue + queueHeader + (head & (2 * layout.slots - 1)))
    const slot = entry & 0xffff
    const use = entry >>> 16
    const at = slotAt(layout, slot) + slotState
    const expected = stateWord(queued, use)
    const found = Atomics.compareExchange(c, at, expected, stateWord(runs, use, worker))
    const gone = stateWord(withdrawn, use)
    const returns = found === gone && Atomics.compareExchange(c, at, gone, stateWord(returned, use, worker)) === gone
    // Whoever comes first moves the head, so that a taker that dies leaves nothing stuck.
    Atomics.compareExchange(c, queue, head, (head + 1) | 0)
    if (found === expected) return slot
    if (returns) giveBack(slot)
  }
}

/** Takes the oldest entry of a done queue, or gives -1. The client alone takes there. */
export function takeDone(c: Int32Array, layout: Layout, queue: number): number {
  const head = c[queue]
  if (head === Atomics.load(c, queue + line)) return -1
  const entry = Atomics.load(c, queue + queueHeader + (head & (2 * layout.slots - 1)))
  Atomics.store(c, queue, (head + 1) | 0)
  return entry & 0xffff
}

/** What a worker that has ended leaves behind: it ran, or is over and was not sent on its way, or was queued. */
export type Left = 'ran' | 'over' | 'queued'

/**
 * After a worker's end, gives every slot that it had in hand or in its queues; what stood in its done queue must have been
 * taken before.
 *
 * @param inUse whether a slot has a task
 */
export function reclaim(
  c: Int32Array,
  layout: Layout,
  worker: number,
  inUse: (slot: number) => boolean,
  give: (slot: number, left: Left) => void,
): void {
  for (let slot = 0; slot < layout.slots; slot++) {
    const word = Atomics.load(c, slotAt(layout, slot) + slotState)
    const phase = phaseOf(word)
    const inHand = phase === runs || phase === done || phase === failed || phase === returned
    if (inHand && workerOf(word) === worker && inUse(slot)) give(slot, phase === runs ? 'ran' : 'over')
  }
  for (const queue of [ownQueue, openQueue]) {
    const from = queueAt(layout, worker, queue)
    const giveBack = (slot: number) => give(slot, 'over')
    for (
      let slot = take(c, layout, from, worker, giveBack);
      slot >= 0;
      slot = take(c, layout, from, worker, giveBack)
    ) {
      give(slot, 'queued')
    }
  }
}

/** How many slots stand in a queue, about. */
export const lengthOf = (c: Int32Array, queue: number): number =>
  (Atomics.load(c, queue + line) - Atomics.load(c, queue)) | 0

// Who sleeps says so first (`state`, `clientSleeps`) and looks again; who brings something puts it there first and looks
// whether the other sleeps. All of these are sequentially consistent, so one of the two sees the other. While nobody
// sleeps, ringing is one load; of many who find a sleeper one wakes it.

// Those that wake workers say whether they had to.

/** Wakes a worker that sleeps, for what was put there before. A bell of its own for each: a wake-up goes to no one else. */
export function ring(c: Int32Array, worker: number): boolean {
  const w = workerAt(worker)
  const seen = Atomics.load(c, w + state)
  if (seen !== sleeping && seen !== waiting) return false
  if (Atomics.compareExchange(c, w + state, seen, awake) !== seen) return false
  Atomics.add(c, w + bell, 1)
  Atomics.notify(c, w + bell)
  return true
}

// Open work stands in one worker's queue, and anyone may take it. A worker that sleeps does not look, so it is woken where
// work would lie behind a task: by the client, which puts it behind one that runs or goes on, and by the worker that begins one,
// or goes on with it, before work. Each says what it does (the entry, `occupied`) before it looks at the other.

/** Sees to it that someone takes what was just put into a worker's open queue. */
export function ringForOpen(c: Int32Array, layout: Layout, worker: number): boolean {
  const w = workerAt(worker)
  const seen = Atomics.load(c, w + state)
  const rang = seen === sleeping && ring(c, worker)
  // One that sleeps while its event loop turns hears it only when nothing runs there.
  const isBusy = seen === waiting || Atomics.load(c, w + occupied) !== 0
  return (isBusy && ringSleeper(c, layout)) || rang
}

/** Wakes one worker that sleeps and may take open work, if there is one; and before it those that may not hear it. */
export function ringSleeper(c: Int32Array, layout: Layout): boolean {
  if (Atomics.load(c, someSleep) === 0 || Atomics.exchange(c, someSleep, 0) === 0) return false
  let rang = false
  for (let worker = 0; worker < layout.workers; worker++) {
    const w = workerAt(worker)
    if (Atomics.load(c, w + state) !== sleeping || Atomics.load(c, w + mayTakeOpen) === 0) continue
    // There may be more.
    Atomics.store(c, someSleep, 1)
    const hears = Atomics.load(c, w + occupied) === 0
    rang = ring(c, worker) || rang
    if (hears) break
  }
  return rang
}

/** Wakes the client if it sleeps, for what was put there before. */
export function ringDone(c: Int32Array): void {
  if (Atomics.load(c, clientSleeps) === 0 || Atomics.exchange(c, clientSleeps, 0) === 0) return
  Atomics.add(c, doneBell, 1)
  // All: one of an earlier sleep may still be waiting there.
  Atomics.notify(c, doneBell)
}
