/** What `spawn.ts` starts. Its first argument says which part it has. */

import assert from 'node:assert/strict'
import { appNumber, lookupName, MpiError, parent, procNull, root, sum, world } from '@skein/mpi'

const up = parent()!
assert.ok(up.isInter)
assert.equal(parent(), up)
const [what, ...rest] = process.argv.slice(2)
const { rank, size } = world

if (what === 'talk') {
  assert.deepEqual(rest, ['two words', ''])
  // Ranks of one world, and of no other.
  assert.equal(world.allreduce(1, sum), size)
  assert.equal(up.size, size)
  assert.equal(world.group.compare(up.group), 'identical')
  assert.equal(world.group.intersection(up.remoteGroup).size, 0)
  const from = Float64Array.from({ length: 20_000 }, (_, i) => i + rank)
  up.send(from, 0, 1)
  up.send({ rank, size }, 0, 2)
  assert.equal(up.bcast(undefined, 0), 'told')
  const total = up.allreduce(rank + 1, sum)
  assert.equal(total, (up.remoteSize * (up.remoteSize - 1)) / 2)
  const all = up.merge(true)
  assert.equal(all.rank, up.remoteSize + rank)
  assert.deepEqual(
    all.allgather(all.rank),
    Array.from({ length: all.size }, (_, r) => r),
  )
  // A part of both.
  const ends = all.create(all.group.incl([0, all.size - 1]))
  if (ends !== undefined) {
    assert.equal(ends.sendrecv('last', 0), 'first')
    ends.free()
  }
  all.free()
}
if (what === 'fail') up.send(1, procNull)
if (what === 'which') {
  const name = world.gather([appNumber() ?? null, ...rest], 0)
  up.gather(name === undefined ? 'nothing' : name, 0)
}
if (what === 'meet') {
  const service = rest[0]
  const name = rank === 0 ? (service === '' ? up.recv(0, 4) : lookupName(service)) : undefined
  const other = world.connect(name)
  assert.equal(other.remoteSize, up.remoteSize)
  other.send(`from ${rank}`, 0, 3)
  assert.equal(other.bcast(undefined, 0), 'met')
  other.disconnect()
  if (rank === 0) assert.throws(() => lookupName('nobody offers this'), MpiError)
}
up.disconnect()
void root
