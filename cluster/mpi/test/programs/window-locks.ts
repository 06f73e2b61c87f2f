/** Windows whose epochs are between locks: nobody but the caller takes part. */

import { noOp, Request, replace, sum, world } from '@skein/mpi'
import { assert, list, numbered, ok, rank, size } from './check.ts'

const last = size - 1
const one = new Int32Array(1)

/** Over memory that the engine allocated, and over an ordinary array. */
for (const win of [world.allocateWindow(Int32Array, 64), world.window(new Int32Array(64))]) {
  // A counter that each reads, adds to and writes back: exclusive locks let none in between.
  for (let i = 0; i < 20; i++) {
    win.lock(last, 'exclusive')
    win.get(one, last, 3)
    win.flush(last)
    one[0] += rank + 1
    win.put(one, last, 3)
    win.unlock(last)
  }
  world.barrier()
  win.lock(last)
  win.get(one, last, 3)
  win.unlock(last)
  assert.equal(one[0], 20 * ((size * (size + 1)) / 2))

  // Its owner sees it in its own array.
  if (rank === last) {
    win.lock(rank, 'exclusive')
    assert.equal(win.base[3], one[0])
    win.base[4] = 77
    win.unlock(rank)
  }
  world.barrier()
  win.lock(last, 'shared', { noCheck: false })
  win.get(one, last, 4)
  win.flushLocal(last)
  assert.equal(one[0], 77)
  win.unlock(last)
  world.barrier()

  // Several locks at once.
  const both = [0, last].filter((r, i, all) => all.indexOf(r) === i)
  for (const to of both) win.lock(to)
  for (const to of both) win.accumulate(Int32Array.of(1), to, 10)
  win.flushAll()
  for (const to of both) win.unlock(to)
  world.barrier()
  if (both.includes(rank)) {
    win.lock(rank)
    assert.equal(win.base[10], size)
    win.unlock(rank)
  }

  // All at once: tickets, each of them once.
  win.lockAll()
  const tickets = Array.from({ length: 10 }, () => win.fetchAndOp(1, 0, 20))
  assert.deepEqual(
    tickets,
    tickets.toSorted((a, b) => a - b),
  )
  world.barrier()
  assert.equal(win.fetchAndOp(0, 0, 20, noOp), 10 * size)
  const all = world.allgather(tickets).flat()
  assert.equal(new Set(all).size, 10 * size)
  assert.equal(Math.max(...all), 10 * size - 1)

  // Of all that try to swap one does.
  const found = win.compareAndSwap(100 + rank, 0, last, 21)
  world.barrier()
  const winner = win.fetchAndOp(0, last, 21, noOp)
  assert.equal(found === 0, winner === 100 + rank)
  assert.ok(found === 0 || found === winner)
  assert.equal(world.allreduce(found === 0 ? 1 : 0), 1)
  assert.equal(win.fetchAndOp(-1, last, 22 + rank, replace), 0)
  assert.equal(win.fetchAndOp(-2, last, 22 + rank, replace), -1)

  // Requests.
  const mine = Int32Array.from({ length: 5 }, (_, i) => 1000 * rank + i)
  const back = new Int32Array(5)
  win.rput(mine, 0, 30 + 5 * (rank % 4)).wait()
  win.flush(0)
  await win.rget(back, 0, 30 + 5 * (rank % 4))
  if (size <= 4) assert.deepEqual(list(back), list(mine))
  const before = new Int32Array(5)
  Request.waitAll([win.raccumulate(Int32Array.of(1), 0, 55), win.rgetAccumulate(mine, before, rank, 56)])
  assert.deepEqual(list(before), [0, 0, 0, 0, 0])
  win.flushAll()
  win.flushLocalAll()
  win.sync()
  world.barrier()
  assert.equal(win.fetchAndOp(0, 0, 55, noOp), size)
  win.unlockAll()
  world.barrier()
  win.lock(rank)
  assert.deepEqual(list(win.base.subarray(56, 61)), list(mine))
  win.unlock(rank)
  world.barrier()
  win.free()
}

// Locks of all and exclusive ones keep each other out, in any order.
const win = world.allocateWindow(Float64Array, 2)
for (let i = 0; i < 10; i++) {
  if ((i + rank) % 3 === 0) {
    win.lockAll()
    win.accumulate(Float64Array.of(1), 0, 0, sum)
    win.unlockAll()
  } else {
    win.lock(0, 'exclusive')
    const x = numbered(0, 1)
    win.get(x, 0, 0)
    win.flush(0)
    x[0]++
    win.put(x, 0, 0)
    win.unlock(0)
  }
}
world.barrier()
if (rank === 0) {
  win.lock(0)
  assert.equal(win.base[0], 10 * size)
  win.unlock(0)
}
world.barrier()
win.free()

// A rank that waits for a message serves what others want of its memory, whichever of them comes first.
if (size > 2) {
  const own = world.window(new Float64Array(4))
  const token = new Int32Array(1)
  for (let i = 0; i < 20; i++) {
    if (rank === 0) world.recv(token, 2, 9)
    if (rank === 1) {
      own.lock(0)
      own.accumulate(Float64Array.of(1), 0)
      own.unlock(0)
      world.send(token, 2, 9)
    }
    if (rank === 2) {
      world.recv(token, 1, 9)
      world.send(token, 0, 9)
    }
  }
  if (rank === 0) assert.equal(own.base[0], 20)
  world.barrier()
  own.free()
}

ok('window-locks')
