/** Counts beyond what an int holds, and calls that libraries have wrong: long reductions in place at any root, displacements with one rank alone. */

import { type Datatype, inPlace, sum, uint8, uint32, version, world } from '@skein/mpi'
import { assert, fails, list, numbered, ok, rank, size } from './check.ts'

// Elements of nothing: there may be as many of them as a number can count.
const nothing = uint8.contiguous(0)
const many = { buffer: new Uint8Array(1), count: 2 ** 31, type: nothing }
if (version().engine === 'threads') {
  const request = world.irecv(many, rank)
  world.send(many, rank)
  assert.equal(request.wait().bytes, 0)
} else {
  const limit = /count of (data|buffer) must be 2147483647 at most, which is what .*MPI.* can count/
  fails('MPI_ERR_COUNT', 'send', () => world.send(many, rank))
  fails('MPI_ERR_COUNT', 'bcast', () => world.bcast(many))
  assert.throws(() => world.irecv(many, rank), limit)
  const one = uint8.contiguous(1)
  const counts = new Array(size).fill(1)
  const far = { buffer: new Uint8Array(size), counts, displs: counts.map((_, r) => (r === 0 ? 2 ** 31 : r)), type: one }
  fails('MPI_ERR_COUNT', 'allgatherv', () => world.allgatherv(Uint8Array.of(1), far))
  // Within a type as well.
  const long = nothing.contiguous(2 ** 31)
  assert.throws(() => world.send({ buffer: new Uint8Array(1), count: 1, type: long }, rank), /MPI_ERR_COUNT|by ints/)
}

for (let root = 0; root < size; root++) {
  const x = numbered(rank, 3000)
  world.reduce(rank === root ? inPlace : x, rank === root ? x : undefined, sum, root)
  if (rank !== root) continue
  const first = (size * (size - 1) * 1000) / 2
  assert.deepEqual(list(x.subarray(0, 3)), [first, first + size, first + 2 * size])
  assert.equal(x[2999], first + 2999 * size)
}

const other = world.dup()
const ones = new Array(size).fill(2)
const out = Uint32Array.from({ length: 2 * size + 3 }, (_, i) => rank * 100 + i)
const into = new Uint32Array(2 * size + 5)
const types = new Array<Datatype>(size).fill(uint32)
for (const request of [undefined, 'started'] as const) {
  const send = { buffer: out, counts: ones, displs: ones.map((_, to) => 12 + 8 * to), types }
  const recv = { buffer: into, counts: ones, displs: ones.map((_, from) => 20 + 8 * from), types }
  into.fill(0)
  if (request === undefined) other.alltoallw(send, recv)
  else other.ialltoallw(send, recv).wait()
  const expected = ones.flatMap((_, from) => [from * 100 + 3 + 2 * rank, from * 100 + 4 + 2 * rank])
  assert.deepEqual(list(into), [0, 0, 0, 0, 0, ...expected])
}
other.free()

ok('limits')
