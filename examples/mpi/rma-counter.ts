/**
 * Work dealt out by a counter that all share: who is free takes the next number, by one atomic call on the memory of rank 0, which does not take part
 * in it. Beside it the same without atomics, under a lock; and the same number to each rank beforehand, where who has the long pieces is late.
 * `skein mpirun -n 4 rma-counter.ts [pieces]`
 */

import { max, sum, type Window, world } from 'skein/mpi'

const pieces = Number(process.argv[2] ?? 400)

/** Steps of the Collatz sequence of all numbers of a piece: pieces take very different times. */
function work(piece: number): number {
  let steps = 0
  for (let n = piece * 200 + 1; n <= piece * 200 + 200 * (1 + (piece % 7)); n++) {
    for (let x = n; x !== 1; x = x % 2 === 0 ? x / 2 : 3 * x + 1) steps++
  }
  return steps
}

const shared = (): Window<Int32Array> => world.allocateWindow(Int32Array, world.rank === 0 ? 1 : 0)

/** Numbers from 0 on, each to one rank. */
function* byFetchAndOp(): Generator<number> {
  using counter = shared()
  counter.lockAll()
  for (let piece = 0; (piece = counter.fetchAndOp(1, 0)) < pieces; ) yield piece
  counter.unlockAll()
}

/** The same by a lock, a get and a put: three ways to rank 0 instead of one, and all others wait meanwhile. */
function* byLock(): Generator<number> {
  using counter = shared()
  const next = new Int32Array(1)
  for (;;) {
    counter.lock(0, 'exclusive')
    counter.get(next, 0)
    counter.flush(0)
    const piece = next[0]++
    counter.put(next, 0)
    counter.unlock(0)
    if (piece >= pieces) break
    yield piece
  }
}

function* byTurns(): Generator<number> {
  for (let piece = world.rank; piece < pieces; piece += world.size) yield piece
}

let expected = 0
if (world.rank === 0) for (let piece = 0; piece < pieces; piece++) expected += work(piece)
expected = world.bcast(expected)

let isRight = true
for (const deal of [byFetchAndOp, byLock, byTurns]) {
  world.barrier()
  const start = performance.now()
  let [steps, taken] = [0, 0]
  for (const piece of deal()) {
    steps += work(piece)
    taken++
  }
  const ms = world.reduce(performance.now() - start, max)
  const all = world.allreduce(Float64Array.of(steps, taken), sum)
  const by = world.gather(taken)
  isRight &&= all[0] === expected && all[1] === pieces
  if (world.rank === 0) {
    const problem = all[0] === expected && all[1] === pieces ? 'right' : `wrong: ${all[0]} in ${all[1]} pieces`
    console.log(`${deal.name.padEnd(12)} ${ms!.toFixed(1).padStart(7)} ms  pieces ${by!.join(' + ')}: ${problem}`)
  }
}
if (world.rank === 0)
  console.log(`${pieces} pieces on ${world.size} ranks, ${expected} steps: ${isRight ? 'equal' : 'different'}`)
if (!isRight) process.exitCode = 1
