/** Point to point in all modes, lengths and kinds, around a ring. */

import { anySource, anyTag, procNull, Request, world } from '@skein/mpi'
import { assert, list, numbered, ok, rank, size } from './check.ts'

const next = (rank + 1) % size
const before = (rank + size - 1) % size

// 40 000 numbers are beyond every eager limit.
for (const count of [0, 1, 4, 5, 100, 1000, 40_000]) {
  const x = numbered(rank, count)
  for (const mode of ['isend', 'issend', 'ibsend', 'irsend'] as const) {
    const y = new Float64Array(count + 1)
    const receive = world.irecv(y, before, 5)
    if (mode === 'irsend') world.barrier()
    const send = world[mode](x, next, 5)
    const [status] = Request.waitAll([receive, send])
    assert.deepEqual([status.source, status.tag, status.count], [before, 5, count])
    assert.deepEqual(list(y.subarray(0, count)), list(numbered(before, count)))
    assert.equal(y[count], 0)
  }
  for (const mode of ['send', 'ssend', 'bsend'] as const) {
    const y = new Float64Array(count)
    if (mode === 'bsend' || (rank % 2 === 0 && size > 1)) {
      if (mode !== 'bsend' && rank === size - 1) {
        // An odd ring: the last one and the first would both send.
        const receive = world.irecv(y, before)
        world[mode](x, next)
        receive.wait()
      } else {
        world[mode](x, next)
        world.recv(y, before)
      }
    } else {
      const receive = world.irecv(y, before)
      world[mode](x, next)
      receive.wait()
    }
    assert.deepEqual(list(y), list(numbered(before, count)))
  }
  const y = new Float64Array(count)
  const status = world.sendrecv(x, next, 3, y, before, 3)
  assert.deepEqual([status.source, status.tag, status.bytes], [before, 3, 8 * count])
  assert.deepEqual(list(y), list(numbered(before, count)))
  world.sendrecvReplace(y, next, 4, before, 4)
  assert.deepEqual(list(y), list(numbered((rank + size - 2 + size) % size, count)))
  const z = numbered(rank, count)
  const replacing = world.isendrecvReplace(z, next, 5, before, 5)
  assert.equal(replacing.wait().count, count)
  assert.deepEqual(list(z), list(numbered(before, count)))
}

for (const kind of [
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
]) {
  const y = new kind(3)
  world.sendrecv(kind.of(rank, 2, 3), next, 0, y, before, 0)
  assert.deepEqual(list(y), [before, 2, 3])
}
for (const kind of [BigInt64Array, BigUint64Array]) {
  const y = new kind(1)
  world.sendrecv(kind.of(BigInt(rank)), next, 0, y, before, 0)
  assert.equal(y[0], BigInt(before))
}

// A line: its ends talk to nobody.
const y = new Float64Array(1)
const up = rank + 1 < size ? rank + 1 : procNull
const down = rank > 0 ? rank - 1 : procNull
const status = world.sendrecv(numbered(rank, 1), up, 1, y, down, 1)
assert.equal(status.source, down)
assert.equal(y[0], down === procNull ? 0 : down * 1000)
assert.deepEqual([world.recv(y, procNull).source, world.recv(y, procNull).tag], [procNull, anyTag])

// From anyone.
if (rank === 0) {
  const from = new Set<number>()
  for (let i = 1; i < size; i++) {
    const { source, tag } = world.recv(y, anySource, anyTag)
    assert.deepEqual([tag, y[0]], [10 + source, source * 1000])
    from.add(source)
  }
  assert.equal(from.size, size - 1)
} else world.send(numbered(rank, 1), 0, 10 + rank)

ok('modes')
