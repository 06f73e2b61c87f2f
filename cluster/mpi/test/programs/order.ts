/** Messages of one sender, and one communicator, come in the order they were sent; tags and sources choose. */

import { anySource, anyTag, world } from '@skein/mpi'
import { assert, ok, rank, size } from './check.ts'

const x = new Int32Array(1)
const long = new Int32Array(50_000)

// Short and long ones do not overtake each other.
if (rank === 0) {
  for (let to = 1; to < size; to++) {
    const sends = []
    for (let i = 0; i < 40; i++) {
      const given = i % 5 === 0 ? Int32Array.from(long).fill(i) : Int32Array.of(i)
      sends.push(world.isend(given, to, i % 3))
    }
    for (const send of sends) send.wait()
  }
} else {
  const y = new Int32Array(50_000)
  // First those of tag 2, then whatever is left.
  const found: number[] = []
  for (let i = 2; i < 40; i += 3) {
    world.recv(y, 0, 2)
    found.push(y[0])
  }
  assert.deepEqual(
    found,
    Array.from({ length: 13 }, (_, i) => 2 + 3 * i),
  )
  const rest: number[] = []
  for (let i = 0; i < 27; i++) {
    const { tag, count } = world.recv(y, 0, anyTag)
    assert.deepEqual([tag, count], [y[0] % 3, y[0] % 5 === 0 ? 50_000 : 1])
    rest.push(y[0])
  }
  assert.deepEqual(
    rest,
    rest.toSorted((a, b) => a - b),
  )
}
world.barrier()

// Receives that were posted first are served first.
if (rank === 0) {
  const received = Array.from({ length: 6 }, () => new Int32Array(1))
  const requests = received.map((y, i) => world.irecv(y, i % 2 === 0 ? anySource : 1, i % 3 === 0 ? anyTag : 4))
  world.barrier()
  for (const request of requests) request.wait()
  assert.deepEqual(
    received.map(y => y[0]),
    [0, 1, 2, 3, 4, 5],
  )
} else {
  world.barrier()
  if (rank === 1) for (let i = 0; i < 6; i++) world.send(Int32Array.of(i), 0, 4)
}

// Communicators do not see each other's messages, and collectives none.
const other = world.dup()
if (rank === 0) for (let to = 1; to < size; to++) world.send(Int32Array.of(1), to, 1)
if (rank === 0) for (let to = 1; to < size; to++) other.send(Int32Array.of(2), to, 1)
assert.equal(world.allreduce(1), size)
if (rank > 0) {
  other.recv(x, anySource, anyTag)
  assert.equal(x[0], 2)
  world.recv(x, anySource, anyTag)
  assert.equal(x[0], 1)
}
other.free()

ok('order')
