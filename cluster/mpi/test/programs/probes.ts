/** Probes, blocking or not, and messages that are taken out of the queue. */

import { anySource, anyTag, type Message, world } from '@skein/mpi'
import { assert, list, numbered, ok, rank, size } from './check.ts'

const other = world.dup()
assert.equal(other.iprobe(), undefined)
assert.equal(other.improbe(), undefined)

for (const count of [0, 3, 40_000]) {
  const send = world.isend(numbered(rank, count), 0, 20 + rank)
  if (rank === 0) {
    for (let from = size - 1; from >= 0; from--) {
      const status = world.probe(from, anyTag)
      assert.deepEqual([status.source, status.tag, status.bytes], [from, 20 + from, 8 * count])
      assert.equal(world.iprobe(from, 20 + from)?.bytes, 8 * count)
      const y = new Float64Array(status.bytes / 8)
      world.recv(y, status.source, status.tag)
      assert.deepEqual(list(y), list(numbered(from, count)))
    }
  }
  send.wait()
  world.barrier()
}

// Two that are the same to a receive: the first is kept, and the second overtakes it.
const sends = [world.isend(numbered(1, 2), 0, 7), world.isend(numbered(2, 3), 0, 7), world.isend('value', 0, 8)]
if (rank === 0) {
  for (let i = 0; i < size; i++) {
    const first = world.mprobe(anySource, 7)
    const { source } = first.status
    const y = new Float64Array(3)
    assert.equal(world.recv(y, source, 7).count, 3)
    assert.deepEqual(list(y), [2000, 2001, 2002])
    const x = new Float64Array(2)
    if (i % 2 === 0) assert.equal(first.recv(x).count, 2)
    else assert.equal(first.irecv(x).wait().source, source)
    assert.deepEqual(list(x), [1000, 1001])
    let message: Message | undefined
    while ((message = world.improbe(source, 8)) === undefined);
    assert.equal(message.recv(), 'value')
  }
}
for (const send of sends) send.wait()

ok('probes')
