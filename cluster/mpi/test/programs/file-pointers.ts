/** Each rank's own pointer, blocking and in requests. */

import { readFileSync } from 'node:fs'
import { float64, int32, Request, world } from '@skein/mpi'
import { assert, fails, list, numbered, ok, rank, size } from './check.ts'
import { scratch } from './scratch.ts'

const { at, end } = scratch()
const ranks = Array.from({ length: size }, (_, r) => r)
const count = 12
const onDisk = (name: string) => [...new Int32Array(new Uint8Array(readFileSync(at(name))).buffer)]
const ints = (from: number, n = count) => Int32Array.from(numbered(from, n))

const file = world.openFile(at('a'), 'w+')
file.setView(0, int32)
assert.equal(file.position, 0)
// Each moves on behind what it wrote.
file.seek(rank * count)
file.write(ints(rank).subarray(0, 5))
assert.equal(file.position, rank * count + 5)
file.writeAll({ buffer: ints(rank), offset: 5 })
assert.equal(file.position, (rank + 1) * count)
file.sync()
assert.deepEqual(
  onDisk('a'),
  ranks.flatMap(r => [...ints(r)]),
)

// From the begin, from where it is, and from the end.
const next = (rank + 1) % size
file.seek(next * count + 1)
const x = new Int32Array(3)
assert.equal(file.read(x).count, 3)
assert.deepEqual(
  list(x),
  [1, 2, 3].map(i => next * 1000 + i),
)
file.seek(-2, 'current')
assert.equal(file.readAll(x).count, 3)
assert.deepEqual(
  list(x),
  [2, 3, 4].map(i => next * 1000 + i),
)
file.seek(-3, 'end')
assert.equal(file.position, size * count - 3)
file.read(x)
assert.deepEqual(
  list(x),
  [9, 10, 11].map(i => (size - 1) * 1000 + i),
)
// At the end there is no more.
assert.equal(file.read(x).count, 0)
file.seek(-1, 'end')
assert.equal(file.read(x).count, 1)
file.seek(4, 'end')
assert.equal(file.position, size * count + 4)
assert.equal(file.readAll(x).count, 0)
fails('MPI_ERR_ARG', 'seek', () => file.seek(-1 - size * count, 'end'))
fails('MPI_ERR_ARG', 'seek', () => file.seek(-1))

// Others of its own do not move it.
file.seek(2)
file.readAt(7, x)
file.readAtAll(7, x)
assert.equal(file.position, 2)
assert.equal(file.byteOffset(3), 12)
file.close()

// Requests: pointers move when they start. They are done then, or go on beside the program.
for (const info of [{ skein_overlap: false }, { skein_overlap: true }]) {
  world.barrier()
  const more = world.openFile(at('b'), 'w+', { info })
  more.setView(8 * count * rank, float64)
  const mine = numbered(rank, count)
  const requests = [
    more.iwrite(mine.subarray(0, 4)),
    more.iwrite(mine.subarray(4, 8)),
    more.iwriteAt(8, mine.subarray(8, 10)),
  ]
  assert.equal(more.position, 8)
  const written = Request.waitAll(requests)
  assert.deepEqual(
    written.map(status => status.count),
    [4, 4, 2],
  )
  const last = more.iwriteAtAll(10, mine.subarray(10))
  assert.equal((await last).count, 2)
  more.seek(0)
  await more.iwriteAll(mine.subarray(0, 1))
  more.sync()

  const got = new Float64Array(count)
  more.seek(0)
  const reads = [more.iread(got.subarray(0, 2)), more.iread({ buffer: got, offset: 2, count: 3 })]
  const statuses = await Promise.all(reads)
  assert.deepEqual(
    statuses.map(status => [status.count, status.source, status.tag]),
    [
      [2, -1, -1],
      [3, -1, -1],
    ],
  )
  const all = more.ireadAll(got.subarray(5, 7))
  while (!all.test());
  assert.equal(all.wait().count, 2)
  assert.equal(more.ireadAt(7, got.subarray(7, 9)).wait().count, 2)
  assert.equal(more.ireadAtAll(9, got.subarray(9)).wait().count, 3)
  assert.deepEqual(list(got), list(mine))
  assert.equal(more.ireadAt(1_000_000, got).wait().count, 0)
  more.close()
}

const more = world.openFile(at('b'), 'r+')
more.setView(8 * count * rank, float64)
const mine = numbered(rank, count)
const got = new Float64Array(count)

// In two halves.
more.seek(0)
got.fill(0)
more.writeAllBegin(mine.subarray(0, 6))
fails('MPI_ERR_OTHER', 'writeAllBegin', () => more.writeAllBegin(mine))
fails('MPI_ERR_OTHER', 'readAllEnd', () => more.readAllEnd())
fails('MPI_ERR_OTHER', 'close', () => more.close())
assert.equal(more.writeAllEnd().count, 6)
more.writeAtAllBegin(6, mine.subarray(6))
assert.equal(more.writeAtAllEnd().count, 6)
more.readAtAllBegin(0, got.subarray(0, 4))
assert.equal(more.readAtAllEnd().count, 4)
more.seek(4)
more.readAllBegin(got.subarray(4))
assert.equal(more.readAllEnd().count, 8)
assert.deepEqual(list(got), list(mine))
fails('MPI_ERR_OTHER', 'readAllEnd', () => more.readAllEnd())
more.close()

end()
ok('file-pointers')
