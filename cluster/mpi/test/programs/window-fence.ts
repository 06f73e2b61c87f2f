/** Windows whose epochs are between fences. */

import { float64, procNull, sum, world } from '@skein/mpi'
import { assert, list, numbered, ok, rank, size } from './check.ts'

const next = (rank + 1) % size
const before = (rank + size - 1) % size
const n = 100

const win = world.allocateWindow(Float64Array, n)
assert.deepEqual([win.base.length, win.sizeBytes, win.dispUnit, win.flavor], [n, 8 * n, 8, 'allocate'])
assert.equal(win.group.size, size)
assert.ok(win.base.every(x => x === 0))

// Puts to the next rank are there after the fence, and gets have what was there.
win.fence({ noPrecede: true })
win.put(numbered(rank, 10), next, 5)
win.put(Float64Array.of(-1), procNull, 1e9)
win.fence()
assert.deepEqual(list(win.base.subarray(5, 15)), list(numbered(before, 10)))
assert.ok(win.base.every((x, i) => (i >= 5 && i < 15) || x === 0))
const got = new Float64Array(10)
win.get(got, next, 5)
win.fence()
assert.deepEqual(list(got), list(numbered(rank, 10)))

// Slices, with types on both sides: a column from here into a row there, and back.
const matrix = Float64Array.from({ length: 20 }, (_, i) => rank * 100 + i)
const column = float64.vector(5, 1, 4)
win.put({ buffer: matrix, offset: 1, count: 1, type: column }, next, 50, { count: 5, type: float64 })
win.put({ buffer: matrix, offset: 2, count: 5 }, next, 60, { type: column })
win.fence()
const theirs = Float64Array.from({ length: 20 }, (_, i) => before * 100 + i)
assert.deepEqual(
  list(win.base.subarray(50, 55)),
  [1, 5, 9, 13, 17].map(i => theirs[i]),
)
assert.deepEqual(
  [60, 64, 68, 72, 76].map(i => win.base[i]),
  list(theirs.subarray(2, 7)),
)
assert.equal(win.base[61], 0)
const back = new Float64Array(20).fill(-1)
win.get({ buffer: back, offset: 3, count: 1, type: column }, next, 60, { type: column })
win.fence()
assert.deepEqual(
  [3, 7, 11, 15, 19].map(i => back[i]),
  list(matrix.subarray(2, 7)),
)
assert.equal(back[4], -1)

// Sums of all ranks in one place, and a long message.
win.base.fill(0)
win.fence()
for (let to = 0; to < size; to++) win.accumulate(Float64Array.of(1, rank), to, 20, sum)
win.fence({ noSucceed: true })
assert.deepEqual(list(win.base.subarray(20, 22)), [size, (size * (size - 1)) / 2])
win.free()

const long = world.allocateWindow(Int32Array, rank === 0 ? 0 : 300_000)
long.fence()
if (size > 1 && rank === 0)
  long.put(
    Int32Array.from({ length: 300_000 }, (_, i) => i),
    size - 1,
  )
long.fence({ noSucceed: true })
if (size > 1 && rank === size - 1) assert.ok(long.base.every((x, i) => x === i))
long.free()

ok('window-fence')
