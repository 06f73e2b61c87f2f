/** Derived datatypes: columns, blocks, structures; what is sent as one may be received as another of the same elements. */

import { Datatype, float64, int32, pack, packed, packSize, uint8, unpack, world } from '@skein/mpi'
import { assert, list, ok, rank, size } from './check.ts'

const next = (rank + 1) % size
const before = (rank + size - 1) % size
const rows = 6
const columns = 5
const matrix = (of: number) => Float64Array.from({ length: rows * columns }, (_, i) => of * 100 + i)

// A column, into a row.
const column = float64.vector(rows, 1, columns)
const row = new Float64Array(rows)
world.sendrecv({ buffer: matrix(rank), offset: 2, count: 1, type: column }, next, 0, row, before, 0)
assert.deepEqual(
  list(row),
  Array.from({ length: rows }, (_, r) => before * 100 + r * columns + 2),
)

// All columns, one after the other: a matrix is transposed on its way.
const nextColumn = column.resized(0, 8)
const transposed = new Float64Array(rows * columns)
const status = world.sendrecv(
  { buffer: matrix(rank), count: columns, type: nextColumn },
  next,
  0,
  transposed,
  before,
  0,
)
assert.equal(status.count, rows * columns)
assert.deepEqual(
  list(transposed),
  Array.from({ length: rows * columns }, (_, i) => before * 100 + (i % rows) * columns + Math.floor(i / rows)),
)

// And the other way: elements into columns. What lies between is not touched.
const spread = new Float64Array(rows * columns).fill(-1)
world.sendrecv(
  Float64Array.from({ length: rows }, (_, i) => rank * 10 + i),
  next,
  0,
  { buffer: spread, offset: 1, count: 1, type: column },
  before,
  0,
)
assert.deepEqual(
  list(spread),
  Array.from({ length: rows * columns }, (_, i) => (i % columns === 1 ? before * 10 + Math.floor(i / columns) : -1)),
)

// A block of a matrix into a block elsewhere.
const inner = float64.subarray([rows, columns], [2, 3], [1, 1])
const corner = float64.subarray([rows, columns], [2, 3], [4, 2])
const target = new Float64Array(rows * columns)
world.sendrecv({ buffer: matrix(rank), type: inner }, next, 0, { buffer: target, type: corner }, before, 0)
assert.deepEqual(
  list(target.filter(x => x !== 0)),
  [6, 7, 8, 11, 12, 13].map(i => before * 100 + i),
)
assert.equal(target[4 * columns + 2], before * 100 + 6)

const indexed = int32.indexed([2, 1], [3, 0])
const picked = new Int32Array(3)
world.sendrecv({ buffer: Int32Array.of(rank, 1, 2, 3, 4), type: indexed }, next, 0, picked, before, 0)
assert.deepEqual(list(picked), [3, 4, before])

// A structure of several kinds.
const record = Datatype.struct(
  [1, 2, 3],
  [0, 8, 16],
  [int32, float64, uint8].map((type, i) => (i === 1 ? int32 : type)),
).resized(0, 24)
const records = new DataView(new ArrayBuffer(72))
for (let i = 0; i < 3; i++) {
  records.setInt32(24 * i, rank + i, true)
  records.setInt32(24 * i + 8, 7, true)
  records.setUint8(24 * i + 16, 200)
  records.setUint8(24 * i + 23, 99)
}
const got = new DataView(new ArrayBuffer(72))
assert.equal(
  world.sendrecv(
    { buffer: records, count: 3, type: record },
    next,
    0,
    { buffer: got, count: 3, type: record },
    before,
    0,
  ).count,
  3,
)
for (let i = 0; i < 3; i++) {
  assert.deepEqual([got.getInt32(24 * i, true), got.getInt32(24 * i + 8, true)], [before + i, 7])
  assert.deepEqual([got.getUint8(24 * i + 16), got.getUint8(24 * i + 23)], [200, 0])
}

// In collectives: columns of all ranks side by side.
const side = new Float64Array(rows * size)
const sideColumn = float64.vector(rows, 1, size).resized(0, 8)
world.allgather(
  Float64Array.from({ length: rows }, (_, i) => rank * 10 + i),
  { buffer: side, count: size, type: sideColumn },
)
assert.deepEqual(
  list(side),
  Array.from({ length: rows * size }, (_, i) => (i % size) * 10 + Math.floor(i / size)),
)
const shared = rank === 0 ? matrix(5) : new Float64Array(rows * columns)
world.bcast({ buffer: shared, type: inner }, 0)
assert.equal(shared[columns + 1], 506)
assert.equal(shared[0], rank === 0 ? 500 : 0)

// Packed by hand: two numbers and a column, which come as one message, and may be received as what they are when they are of one kind.
const parcel = new Uint8Array(packSize(Int32Array.of(0, 0)) + packSize({ buffer: matrix(0), count: 1, type: column }))
let position = pack(Int32Array.of(rank, 17), parcel)
position = pack({ buffer: matrix(rank), offset: 1, count: 1, type: column }, parcel, position)
assert.equal(position, 8 + 8 * rows)
const received = new Uint8Array(parcel.length)
world.sendrecv(
  { buffer: parcel, count: position, type: packed },
  next,
  3,
  { buffer: received, type: packed },
  before,
  3,
)
const [numbers, oneColumn] = [new Int32Array(2), new Float64Array(rows)]
position = unpack(received, unpack(received, 0, numbers), oneColumn)
assert.deepEqual([position, list(numbers)], [received.length, [before, 17]])
assert.equal(oneColumn[rows - 1], before * 100 + (rows - 1) * columns + 1)
const bare = new Uint8Array(8 * rows)
pack({ buffer: matrix(rank), count: 1, type: column }, bare)
const came = world.sendrecv({ buffer: bare, type: packed }, next, 4, oneColumn, before, 4)
assert.equal(oneColumn[1], before * 100 + columns)
assert.deepEqual([came.count, came.countOf(column), came.elementsOf(column)], [rows, 1, rows])

ok('datatypes')
