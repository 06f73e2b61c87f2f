/** Small real matrices, which are factored by panels: as plain loops do it, where a pivot is missing, too. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import * as nd from '../src/index.ts'
import { type Matrix, matrixOf, type Reals } from '../src/linalg/matrix.ts'
import { factorCholesky } from '../src/linalg/own/cholesky.ts'
import { factorLU, solveLU } from '../src/linalg/own/lu.ts'

/** Fractions, the same for the same seed; rows with a gap between them, behind an offset. */
function filled(rows: number, columns: number, seed: number, Elements: Float64ArrayConstructor): Matrix {
  const [at, stride] = [seed % 3, columns + (seed % 2)]
  const array = new Elements(at + rows * stride)
  // Sines alone would be a matrix of rank two.
  for (let k = 0; k < array.length; k++) array[k] = ((Math.sin(k * 12.9898 + seed + 1) * 43758.5453) % 1) * 2
  return matrixOf(array, rows, columns, at, stride)
}

const element = ({ array, at, stride }: Matrix, i: number, j: number): number => array[at + i * stride + j]
const place = ({ at, stride }: Matrix, i: number, j: number): number => at + i * stride + j
const copyOf = (m: Matrix): Matrix => ({ ...m, array: m.array.slice() as Reals })

/** The largest |P·A − L·U|. */
function residual(a: Matrix, lu: Matrix, pivots: Int32Array): number {
  const order = Array.from({ length: a.rows }, (_, i) => i)
  for (const [k, pivot] of pivots.entries()) [order[k], order[pivot]] = [order[pivot], order[k]]
  let most = 0
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < a.columns; j++) {
      let s = 0
      for (let k = 0; k <= Math.min(i, j); k++) s += (k === i ? 1 : element(lu, i, k)) * element(lu, k, j)
      most = Math.max(most, Math.abs(element(a, order[i], j) - s))
    }
  }
  return most
}

const kinds = fc.constantFrom(Float64Array, Float32Array as unknown as Float64ArrayConstructor)
const boundOf = (Elements: unknown, n: number) => (n + 1) * 20 * (Elements === Float32Array ? 2 ** -24 : 2 ** -53)

test('P·A is L·U, the pivots are the largest of their columns', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(60), fc.nat(1000), kinds, (n, more, seed, Elements) => {
      const a = filled(n + more, n, seed, Elements)
      const lu = copyOf(a)
      const { pivots, singular } = factorLU(lu)
      assert.equal(singular, -1)
      assert.ok(residual(a, lu, pivots) < boundOf(Elements, n) * 4)
      for (let j = 0; j < n; j++)
        for (let i = j + 1; i < a.rows; i++) assert.ok(Math.abs(element(lu, i, j)) <= 1 + 1e-6)
    }),
    { numRuns: 80 },
  )
})

test('the first column without a pivot is told, and what is behind it is factored', () => {
  for (const n of [3, 9, 16, 30, 50])
    for (const zero of [0, 1, 4, 7, 8, n - 1].filter(j => j < n)) {
      const a = filled(n, n, n, Float64Array)
      for (let i = 0; i < n; i++) a.array[place(a, i, zero)] = 0
      const lu = copyOf(a)
      const { pivots, singular } = factorLU(lu)
      assert.equal(singular, zero)
      assert.ok(residual(a, lu, pivots) < 1e-12)
    }
})

test('NaN reaches the result', () => {
  for (const k of [0, 5, 12, 29]) {
    const a = filled(30, 30, 1, Float64Array)
    a.array[place(a, k, k)] = Number.NaN
    const { singular } = factorLU(a)
    assert.equal(singular, -1)
    assert.ok(Number.isNaN(element(a, 29, 29)))
  }
})

test('systems of one column and of many', () => {
  for (const n of [1, 7, 8, 33, 64, 65, 130])
    for (const columns of [1, 5, 40]) {
      const [a, x] = [filled(n, n, 3, Float64Array), filled(n, columns, 4, Float64Array)]
      for (let i = 0; i < n; i++) a.array[place(a, i, i)] += 8
      const b = copyOf(x)
      for (let i = 0; i < n; i++)
        for (let j = 0; j < columns; j++) {
          let s = 0
          for (let k = 0; k < n; k++) s += element(a, i, k) * element(x, k, j)
          b.array[place(b, i, j)] = s
        }
      const { pivots } = factorLU(a)
      solveLU(a, pivots, b)
      for (let i = 0; i < n; i++)
        for (let j = 0; j < columns; j++) assert.ok(Math.abs(element(b, i, j) - element(x, i, j)) < 1e-10)
    }
})

test('UᵀU is A, of which only the upper triangle is read; the first pivot that is not positive is told', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 80 }), fc.nat(1000), kinds, (n, seed, Elements) => {
      const a = filled(n, n, seed, Elements)
      for (let i = 0; i < n; i++) a.array[place(a, i, i)] = 3 * n + i
      const u = copyOf(a)
      for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) u.array[place(u, i, j)] = Number.NaN
      assert.equal(factorCholesky(u), -1)
      for (let i = 0; i < n; i++)
        for (let j = i; j < n; j++) {
          let s = 0
          for (let k = 0; k <= i; k++) s += element(u, k, i) * element(u, k, j)
          assert.ok(Math.abs(s - element(a, i, j)) < boundOf(Elements, n) * 4 * n)
        }
      const row = seed % n
      const other = copyOf(a)
      other.array[place(other, row, row)] = -1
      assert.equal(factorCholesky(other), row)
    }),
    { numRuns: 60 },
  )
})

test('what is found is an array of its own', () => {
  const a = nd
    .asarray(
      Float64Array.from({ length: 900 }, (_, k) => Math.sin(k) + (k % 31 === 0 ? 30 : 0)),
      {},
    )
    .reshape([30, 30])
  const before = a.toTypedArray()
  const first = nd.linalg.inv(a)
  const kept = first.toTypedArray()
  // What is found next may take memory that was given back.
  nd.linalg.det(a)
  nd.linalg.svd(a)
  nd.linalg.qr(a)
  nd.linalg.inv(nd.multiply(a, 2))
  assert.deepEqual(first.toTypedArray(), kept)
  assert.deepEqual(a.toTypedArray(), before)
})
