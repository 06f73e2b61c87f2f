/** Windows whose epochs are between groups that name each other: post, start, complete, wait. */

import { Group, world } from '@skein/mpi'
import { assert, list, numbered, ok, rank, size } from './check.ts'

const sleepMs = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

const next = (rank + 1) % size
const before = (rank + size - 1) % size
const nextGroup = world.group.incl([next])
const beforeGroup = world.group.incl([before])

for (const win of [world.allocateWindow(Float64Array, 30), world.window(new Float64Array(30))]) {
  // Around a ring: each is exposed to the one before it, and writes to the next.
  for (let round = 0; round < 5; round++) {
    win.post(beforeGroup, round % 2 === 0 ? {} : { noStore: true })
    win.start(nextGroup)
    win.put(numbered(rank + round, 10), next)
    win.accumulate(Float64Array.of(1), next, 20)
    win.complete()
    if (round % 2 === 0) win.wait()
    else while (!win.test());
    assert.deepEqual(list(win.base.subarray(0, 10)), list(numbered(before + round, 10)))
    assert.equal(win.base[20], round + 1)
  }

  // All to rank 0, and from it.
  const others = world.group.excl([0])
  if (rank === 0) {
    win.post(others)
    win.wait()
    for (let from = 1; from < size; from++) assert.equal(win.base[20 + from], from)
    win.base.fill(9)
    win.post(others, { noPut: true })
    win.wait()
    win.base[29] = 0
  } else {
    win.start(world.group.incl([0]))
    win.put(Float64Array.of(rank), 0, 20 + rank)
    win.complete()
    const got = new Float64Array(3)
    win.start(world.group.incl([0]))
    win.get(got, 0, 4)
    win.complete()
    assert.deepEqual(list(got), [9, 9, 9])
  }

  // A post of a later epoch is not taken for that of the one that starts, whichever comes first.
  if (size > 2)
    for (const late of ['poster', 'starter']) {
      const sleeper = late === 'poster' ? 2 : 1
      if (rank === sleeper) sleepMs(100)
      if (rank === 1) {
        for (const target of [2, 0]) {
          win.start(world.group.incl([target]))
          win.put(Float64Array.of(7), target, 29)
          win.complete()
        }
      } else if (rank === 0 || rank === 2) {
        assert.equal(win.base[29], 0)
        win.post(world.group.incl([1]))
        win.wait()
        assert.equal(win.base[29], 7)
        win.base[29] = 0
      }
      world.barrier()
    }

  // Nobody.
  win.post(Group.empty)
  win.start(Group.empty)
  win.complete()
  win.wait()
  world.barrier()
  win.free()
}

ok('window-groups')
