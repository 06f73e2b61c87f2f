/** What is computed at once of small arrays is what a tree gives: to the bit where elements are by themselves, but for rounding where they are summed. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BackendName, backends } from '@skein/kernel/compiler'
import fc from 'fast-check'
import * as nd from '../src/index.ts'

/** The same elements, that are not there yet. */
const asTree = (x: nd.NDArray): nd.NDArray => nd.multiply(x, 1)

const layouts = ['as it is', 'transposed', 'every other', 'backwards', 'an offset'] as const

/** Fractions with all bits, in a matrix, or a vector of it, that runs through memory in some way. */
function matrix(rows: number, columns: number, dtype: nd.DType, layout: (typeof layouts)[number]): nd.NDArray {
  const filled = (m: number, n: number) =>
    nd
      .astype(nd.sin(nd.arange(m * n).multiply(1.7)), dtype)
      .reshape([m, n])
      .eval()
  switch (layout) {
    case 'as it is':
      return filled(rows, columns)
    case 'transposed':
      return filled(columns, rows).t
    case 'every other':
      return filled(rows * 2, columns * 2).at('::2, ::2')
    case 'backwards':
      return filled(rows, columns).at('::-1, ::-1')
    case 'an offset':
      return filled(rows + 1, columns + 2).at('1:, 2:')
  }
}

const numbersOf = (x: nd.NDArray): number[] => [...(x.toTypedArray() as Float64Array)]

function assertSame(found: nd.NDArray, expected: nd.NDArray): void {
  assert.deepEqual([found.dtype, found.shape], [expected.dtype, expected.shape])
  assert.deepEqual(numbersOf(found), numbersOf(expected))
}

function assertClose(found: nd.NDArray, expected: nd.NDArray, length: number): void {
  assert.deepEqual([found.dtype, found.shape], [expected.dtype, expected.shape])
  const bound = (length + 1) * (found.dtype === 'float32' ? 2 ** -22 : 2 ** -51)
  const other = numbersOf(expected)
  for (const [k, x] of numbersOf(found).entries()) assert.ok(Math.abs(x - other[k]) <= bound, `${x}, not ${other[k]}`)
}

for (const name of Object.keys(backends) as BackendName[]) {
  describe(`computed at once on ${name}`, { skip: backends[name].unavailable() ?? false }, () => {
    test('of any layout and size as by a tree', () => {
      nd.backend(name)
      try {
        const size = fc.integer({ min: 0, max: name === 'reference' ? 6 : 70 })
        const dtype = fc.constantFrom('float32' as const, 'float64' as const)
        const layout = fc.constantFrom(...layouts)
        fc.assert(
          fc.property(size, size, dtype, layout, layout, (m, n, dtype, first, second) => {
            const [a, b] = [matrix(m, n, dtype, first), matrix(m, n, dtype, second)]
            const few = matrix(3, 2, dtype, second)
            const [u, v] = [matrix(m, 3, dtype, first), matrix(m, 3, dtype, second)]
            assertSame(nd.kron(a, few), nd.kron(asTree(a), few))
            assertSame(nd.cross(u, v), nd.cross(asTree(u), v))
            assertClose(nd.vecdot(a, b), nd.vecdot(asTree(a), b), n)
            assertClose(nd.linalg.matrixNorm(a), nd.linalg.matrixNorm(asTree(a)), m * n)
            assertClose(nd.linalg.vectorNorm(a), nd.linalg.vectorNorm(asTree(a)), m * n)
            assertClose(nd.linalg.trace(a), nd.linalg.trace(asTree(a)), n)
            if (m === 0 || n === 0) return
            const [x, y] = [a.at(0), b.at(m - 1)]
            assertSame(nd.outer(x, y), nd.outer(asTree(x), y))
            assertSame(nd.cross(u.at(0), v.at(0)), nd.cross(asTree(u.at(0)), v.at(0)))
            assertClose(nd.dot(x, y), nd.dot(asTree(x), y), n)
            assertClose(nd.inner(x, y), nd.inner(asTree(x), y), n)
            assertClose(nd.vecdot(x, y), nd.vecdot(asTree(x), y), n)
            assertClose(nd.vecdot(a, y), nd.vecdot(asTree(a), y), n)
            assertClose(nd.matvec(a, y), nd.matvec(asTree(a), y), n)
            assertClose(nd.linalg.vectorNorm(x), nd.linalg.vectorNorm(asTree(x)), n)
          }),
          { numRuns: name === 'reference' ? 10 : 60 },
        )
      } finally {
        nd.backend(undefined)
      }
    })
  })
}

test('what is not a number, or beyond numbers, arrives', () => {
  const x = nd.asarray([1, Number.NaN, 2])
  assert.ok(Number.isNaN(nd.dot(x, x).item()))
  assert.ok(Number.isNaN(nd.linalg.matrixNorm(nd.outer(x, x)).item()))
  assert.equal(nd.linalg.vectorNorm(nd.asarray([1, -Infinity])).item(), Infinity)
})

test('elements as they are now, not as they will be', () => {
  const x = nd.asarray([1, 2, 3])
  const [squares, products] = [nd.dot(x, x), nd.outer(x, x)]
  x.assign(7)
  assert.equal(squares.item(), 14)
  assert.deepEqual(products.at(2).toList(), [3, 6, 9])
})

test('shapes that do not go together are still errors', () => {
  const [x, y] = [nd.ones([3]).eval(), nd.ones([4]).eval()]
  const a = nd.ones([4, 3]).eval()
  assert.throws(() => nd.dot(x, y), nd.ShapeError)
  assert.throws(() => nd.vecdot(x, y), nd.ShapeError)
  assert.throws(() => nd.inner(x, y), nd.ShapeError)
  assert.throws(() => nd.matvec(a, y), nd.ShapeError)
  assert.throws(() => nd.vecdot(a, nd.ones([5, 3]).eval()), nd.ShapeError)
})
