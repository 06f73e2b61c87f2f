/** Calls of values that do not block wait for nobody on threads, and are served whatever else their rank waits for. */

import { world } from '@skein/mpi'
import { assert, ok, rank } from './check.ts'

const fresh = world.dup()
if (rank === 0) {
  // The other side comes to its part of this only when it has had the message.
  const gathering = fresh.iallgather('zero')
  fresh.send('first', 1, 1)
  assert.deepEqual(gathering.wait(), ['zero', 'one'])
} else {
  assert.equal(fresh.recv(0, 1), 'first')
  assert.deepEqual(fresh.iallgather('one').wait(), ['zero', 'one'])
}

if (rank === 0) {
  // The send to it is synchronous, and over before the message that is waited for is sent.
  const early = world.irecv(1, 1)
  assert.equal(world.recv(1, 2), 'late')
  assert.equal(early.wait(), 'early')
  // Of two receives the first that was posted has the message, whether it is of a value or not.
  const bytes = new Uint8Array(4)
  const [value, any] = [world.irecv(1, 3), world.irecv(bytes, 1)]
  world.send('go', 1)
  assert.equal(value.wait(), 'a value')
  assert.equal(any.wait().tag, 4)
} else {
  world.ssend('early', 0, 1)
  world.send('late', 0, 2)
  world.recv(0)
  world.send('a value', 0, 3)
  world.send(Uint8Array.of(1, 2, 3, 4), 0, 4)
}

ok('threads-values')
