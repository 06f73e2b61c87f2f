/** Communicators made of others, on four ranks. */

import assert from 'node:assert/strict'
import { openNativeEngine } from '../../src/native/engine.ts'
import { sum } from '../../src/op.ts'
import { ints, newStatus, valuesOf } from './native-parts.ts'

const engine = openNativeEngine()
const { world, self } = engine
const { rank, size } = world
const status = newStatus()
assert.equal(size, 4)
const ok = (name: string) => rank === 0 && console.log(`ok ${name}`)

assert.deepEqual([self.rank, self.size, self.members], [0, 1, [rank]])
assert.deepEqual(world.members, [0, 1, 2, 3])
assert.deepEqual([world.remoteSize, world.remoteMembers], [0, []])
assert.ok(engine.tagUb >= 32767)
assert.ok(engine.wtime() <= engine.wtime())
assert.ok(engine.wtick > 0 && engine.wtick < 1)
assert.equal(engine.threadLevel, process.env.SKEIN_MPI_THREAD_LEVEL ?? 'single')
assert.equal(engine.allocate(100).byteLength, 100)
ok('world and self')

const copy = world.dup()
if (rank === 0) {
  world.send('standard', ints(1), 1, 0)
  copy.send('standard', ints(2), 1, 0)
}
if (rank === 1) {
  const into = ints(0)
  copy.recv(into, 0, 0, status)
  assert.deepEqual(valuesOf(into), [2])
  world.recv(into, 0, 0, status)
  assert.deepEqual(valuesOf(into), [1])
}
copy.free()
ok('dup keeps messages apart')

const upsideDown = world.split(0, -rank)!
assert.deepEqual([upsideDown.rank, upsideDown.members], [3 - rank, [3, 2, 1, 0]])
assert.equal(world.split(rank === 0 ? undefined : 1, 0)?.size, rank === 0 ? undefined : 3)
assert.equal(world.splitShared(0).size, 4)
ok('split')

const chosen = world.create([2, 0])
assert.deepEqual(chosen?.members, rank % 2 === 0 ? [2, 0] : undefined)
if (rank > 0) assert.deepEqual(world.createGroup([1, 2, 3], 9)!.members, [1, 2, 3])
ok('create and createGroup')

const half = world.split(rank >> 1, rank)!
const inter = half.intercomm(0, world, rank < 2 ? 2 : 0, 1)
assert.deepEqual([inter.size, inter.remoteSize], [2, 2])
assert.deepEqual(
  [inter.members, inter.remoteMembers],
  rank < 2
    ? [
        [0, 1],
        [2, 3],
      ]
    : [
        [2, 3],
        [0, 1],
      ],
)
const remote = ints(0)
inter.run({ is: 'allreduce', send: ints(rank), recv: remote, op: sum })
assert.deepEqual(valuesOf(remote), [rank < 2 ? 5 : 1])
assert.deepEqual(inter.merge(rank < 2).members, [2, 3, 0, 1])
inter.free()
ok('intercomm and merge')

const grid = world.cart([2, 2], [true, false], false)!
assert.equal(grid.rank, rank)
assert.equal(world.cart([3], [false], false)?.size, rank === 3 ? undefined : 3)
const lonely = world.distGraphAdjacent(
  { sources: [], destinations: [], sourceWeights: [], destinationWeights: [] },
  false,
)
assert.equal(lonely.size, 4)
const weighted = world.distGraphAdjacent(
  { sources: [(rank + 3) % 4], destinations: [(rank + 1) % 4], sourceWeights: [2], destinationWeights: [2] },
  false,
)
assert.equal(weighted.size, 4)
ok('topologies')

engine.finalize()
assert.equal(engine.isFinalized, true)
engine.finalize()
