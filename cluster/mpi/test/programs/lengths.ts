/** What an engine alone can see: more than there is room for, and other elements than were sent. */

import { byte, float64, version, world } from '@skein/mpi'
import { assert, fails, ok, rank } from './check.ts'

// Open MPI 4.1 writes past the end of a buffer that is too short for a long message, and then says that it was truncated.
for (const count of version().engine === 'openmpi' ? [2, 100] : [2, 100, 50_000]) {
  if (rank === 0) world.send(new Float64Array(count), 1, 1)
  if (rank === 1) fails('MPI_ERR_TRUNCATE', 'recv', () => world.recv(new Float64Array(count - 1), 0, 1))
  world.barrier()
  if (rank === 0) world.send(new Float64Array(count), 1, 2)
  if (rank === 1) {
    const request = world.irecv(new Float64Array(count - 1), 0, 2)
    fails('MPI_ERR_TRUNCATE', 'irecv', () => request.wait())
  }
  world.barrier()
}

// Bytes go as every kind; and there may come less than there is room for, or no whole number.
if (rank === 0) {
  world.send(Float64Array.of(1.5), 1, 3)
  world.send({ buffer: Float64Array.of(2.5), type: byte }, 1, 3)
  world.send(new Uint8Array(12), 1, 4)
}
if (rank === 1) {
  const bytes = new DataView(new ArrayBuffer(16))
  assert.equal(world.recv(bytes, 0, 3).count, 8)
  assert.equal(bytes.getFloat64(0, true), 1.5)
  const x = new Float64Array(4)
  assert.equal(world.recv(x, 0, 3).count, 1)
  assert.equal(x[0], 2.5)
  const status = world.recv({ buffer: new DataView(new ArrayBuffer(16)), type: byte.contiguous(8) }, 0, 4)
  assert.deepEqual([status.bytes, status.count], [12, undefined])
}
if (rank === 0) world.send({ buffer: Float64Array.of(1, 2, 3, 4), type: float64.contiguous(2) }, 1, 5)
if (rank === 1) assert.equal(world.recv(new Float64Array(5), 0, 5).count, 4)

ok('lengths')
