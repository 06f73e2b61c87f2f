/** Partitioned messages: a part is sent when it is ready, in any order. */

import { world } from '@skein/mpi'
import { assert, list, ok, rank } from './check.ts'

const partitions = 8
for (const each of [1, 3000]) {
  const x = new Float64Array(partitions * each)
  if (rank === 0) {
    const send = world.psendInit(partitions, x, 1, 6)
    for (let round = 1; round <= 3; round++) {
      send.start()
      for (const partition of [3, 0, 7, 1]) {
        x.fill(round * 10 + partition, partition * each, (partition + 1) * each)
        send.ready(partition)
      }
      for (const partition of [2, 4, 5, 6]) x.fill(round * 10 + partition, partition * each, (partition + 1) * each)
      send.ready(2)
      send.ready(4, 6)
      send.wait()
    }
    send.free()
  }
  if (rank === 1) {
    const receive = world.precvInit(partitions, x, 0, 6)
    for (let round = 1; round <= 3; round++) {
      receive.start()
      while (!receive.arrived(3));
      assert.equal(x[3 * each], round * 10 + 3)
      receive.wait()
      assert.deepEqual(
        list(x.filter((_, i) => i % each === 0)),
        Array.from({ length: partitions }, (_, i) => round * 10 + i),
      )
    }
    receive.free()
  }
  world.barrier()
}

ok('partitioned')
