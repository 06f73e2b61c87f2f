/** On threads a partition is there before the others are ready, however both sides divide their elements. */

import { float64, int32, Request, world } from '@skein/mpi'
import { assert, fails, list, ok, rank } from './check.ts'

const word = (other: number): void => {
  if (rank === 0) world.recv(new Uint8Array(0), other, 1)
  else world.send(new Uint8Array(0), other, 1)
}

for (const each of [2, 5000]) {
  const x = new Float64Array(6 * each)
  if (rank === 0) {
    const send = world.psendInit(6, x, 1, 6)
    for (let round = 1; round <= 2; round++) {
      x.forEach((_, i) => (x[i] = round * 1e6 + i))
      send.start()
      send.ready(3)
      send.ready(2)
      // The other side has the middle third, and says so, while the rest is not ready.
      word(1)
      assert.equal(send.test(), false)
      send.ready(0, 1)
      send.ready(4, 5)
      send.wait()
    }
    send.free()
  } else if (rank === 1) {
    const receive = world.precvInit(3, x, 0, 6)
    for (let round = 1; round <= 2; round++) {
      receive.start()
      while (!receive.arrived(1));
      assert.deepEqual(
        list(x.subarray(2 * each, 4 * each)),
        Array.from({ length: 2 * each }, (_, i) => round * 1e6 + 2 * each + i),
      )
      assert.equal(receive.arrived(0), false)
      word(0)
      while (!receive.arrived(2) || !receive.arrived(0));
      // What was asked before does not take the status away.
      const { source, tag, bytes, count } = receive.wait()
      assert.deepEqual([source, tag, bytes, count], [0, 6, 48 * each, 6 * each])
      assert.deepEqual(
        list(x),
        Array.from(x, (_, i) => round * 1e6 + i),
      )
    }
    receive.free()
  }
}

// Two with one tag: the first here belongs to the first there, whichever is ready first. Columns go into rows.
const column = float64.vector(4, 1, 3).resized(0, 8)
if (rank === 0) {
  const matrix = Float64Array.from({ length: 12 }, (_, i) => i)
  const sends = [
    world.psendInit(3, { buffer: matrix, count: 3, type: column }, 1, 2),
    world.psendInit(2, Int32Array.of(1, 2, 3, 4), 1, 2),
  ]
  Request.startAll(sends)
  sends[1].ready(0, 1)
  fails('MPI_ERR_ARG', 'pready', () => sends[1].ready(1))
  fails('MPI_ERR_REQUEST', 'wait', () => sends[0].wait())
  sends[1].wait()
  const again = world.psendInit(3, { buffer: matrix, count: 3, type: column }, 1, 3).start()
  again.ready(0, 2)
  again.wait()
}
if (rank === 1) {
  const numbers = new Int32Array(6)
  const rows = new Float64Array(12)
  world.precvInit(3, rows, 0, 2).free()
  const receive = world.precvInit(2, { buffer: numbers, count: 2, type: int32.vector(2, 1, 2) }, 0, 2).start()
  receive.wait()
  assert.deepEqual(list(numbers), [1, 0, 2, 3, 0, 4])
  const columns = world.precvInit(2, rows, 0, 3).start()
  columns.wait()
  assert.deepEqual(list(rows), [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11])
}

// Too long.
if (rank === 0) {
  const send = world.psendInit(2, new Uint8Array(8), 1, 4).start()
  send.ready(0, 1)
}
if (rank === 1) {
  const receive = world.precvInit(2, new Uint8Array(4), 0, 4).start()
  fails('MPI_ERR_TRUNCATE', 'precvInit', () => receive.wait())
}

ok('threads-partitions')
