/** Operations of users: commutative or not, where ranks come in order; on elements, arrays and values. */

import { float64, Op, world } from '@skein/mpi'
import { assert, list, ok, rank, size } from './check.ts'

const ranks = Array.from({ length: size }, (_, r) => r)

// Two by two matrices do not commute.
type Matrix = readonly [number, number, number, number]
const times = (a: ArrayLike<number>, b: ArrayLike<number>): Matrix => [
  (a[0] * b[0] + a[1] * b[2]) % 97,
  (a[0] * b[1] + a[1] * b[3]) % 97,
  (a[2] * b[0] + a[3] * b[2]) % 97,
  (a[2] * b[1] + a[3] * b[3]) % 97,
]
const matrix = (r: number): Matrix => [1, r + 1, 2, r * r + 3]
const upTo = (last: number): Matrix =>
  ranks
    .slice(0, last + 1)
    .map(matrix)
    .reduce(times)

const onValues = Op.create(times)
assert.deepEqual(world.allreduce(matrix(rank), onValues), upTo(size - 1))
assert.deepEqual(world.scan(matrix(rank), onValues), upTo(rank))
assert.deepEqual(world.reduce(matrix(rank), onValues, size - 1), rank === size - 1 ? upTo(size - 1) : undefined)

const matrixType = float64.contiguous(4)
const onArrays = Op.createForArrays((input: Float64Array, inout: Float64Array) => {
  for (let i = 0; i < inout.length; i += 4) inout.set(times(input.subarray(i, i + 4), inout.subarray(i, i + 4)), i)
})
for (const count of [1, 3, 2000]) {
  const x = Float64Array.from({ length: 4 * count }, (_, i) => matrix(rank)[i % 4])
  const y = new Float64Array(4 * count)
  const repeated = (m: Matrix) => Array.from({ length: 4 * count }, (_, i) => m[i % 4])
  world.allreduce({ buffer: x, type: matrixType }, { buffer: y, type: matrixType }, onArrays)
  assert.deepEqual(list(y), repeated(upTo(size - 1)))
  world.scan({ buffer: x, type: matrixType }, { buffer: y, type: matrixType }, onArrays)
  assert.deepEqual(list(y), repeated(upTo(rank)))
  y.fill(0)
  world.reduce({ buffer: x, type: matrixType }, rank === 0 ? { buffer: y, type: matrixType } : undefined, onArrays, 0)
  if (rank === 0) assert.deepEqual(list(y), repeated(upTo(size - 1)))
}

// The first of two, element by element: what the lowest rank has.
const first = (a: number, _b: number) => a
const last = Op.create((_a: number, b: number) => b)
const x = Int32Array.of(rank, rank + 10)
assert.deepEqual(list(world.allreduce(x, first)), [0, 10])
assert.deepEqual(list(world.allreduce(x, last)), [size - 1, size + 9])
const hypot = Op.create((a: number, b: number) => Math.max(a, b) + 1, { commutative: true })
assert.equal(world.allreduce(0, hypot) >= (size > 1 ? 1 : 0), true)
for (const op of [onValues, onArrays, last]) op.free()

ok('users')
