/** What a product of matrices may be asked of: looked at element by element. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { check } from '../src/gemm/check.ts'
import type { MatrixProduct, Operand } from '../src/gemm/product.ts'

const small = fc.integer({ min: 0, max: 4 })
const stride = fc.integer({ min: -9, max: 9 })
const operand = (array: Float32Array) =>
  fc.record({
    array: fc.constant(array),
    offset: fc.integer({ min: 0, max: 60 }),
    rowStride: stride,
    columnStride: stride,
    batchStride: stride,
  })

const elements = (
  { offset = 0, rowStride, columnStride, batchStride = 0 }: Operand,
  m: number,
  n: number,
  batch: number,
) => {
  const all: number[] = []
  for (let p = 0; p < batch; p++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) all.push(offset + p * batchStride + i * rowStride + j * columnStride)
  return all
}

const outcome = (product: MatrixProduct): string => {
  try {
    check(product)
    return ''
  } catch (error) {
    assert.equal((error as Error).name, 'ArgumentError')
    return (error as { argument: string }).argument
  }
}

test('every element is in its array, those of C are apart, and from those of A and B', () => {
  const x = new Float32Array(64)
  const y = new Float32Array(64)
  const operands = fc.oneof(operand(x), operand(y))
  const property = fc.property(
    small,
    small,
    small,
    fc.integer({ min: 0, max: 2 }),
    operands,
    operands,
    operands,
    (m, n, k, batch, a, b, c) => {
      const found = outcome({ dtype: 'f32', m, n, k, batch, a, b, c })
      const [as, bs, cs] = [elements(a, m, k, batch), elements(b, k, n, batch), elements(c, m, n, batch)]
      const isIn = (all: number[]) => all.every(at => at >= 0 && at < 64)
      if (!isIn(as)) return assert.equal(found, 'a')
      if (!isIn(bs)) return assert.equal(found, 'b')
      if (!isIn(cs)) return assert.equal(found, 'c')
      const places = new Set(cs)
      const isMet = [
        { array: a.array, all: as },
        { array: b.array, all: bs },
      ].some(({ array, all }) => array === c.array && all.some(at => places.has(at)))
      if (places.size < cs.length || isMet) assert.equal(found, 'c')
      // Operands of arrays of their own whose C is not tangled are never refused.
      const isPlain = c.rowStride > c.columnStride * n && c.columnStride > 0 && batch < 2
      if (isPlain && a.array !== c.array && b.array !== c.array) assert.equal(found, '')
    },
  )
  fc.assert(property, { numRuns: 4000 })
})

test('blocks of one matrix are told apart exactly', () => {
  const array = new Float32Array(12 * 12)
  const block = fc.record({ row: fc.integer({ min: 0, max: 8 }), column: fc.integer({ min: 0, max: 8 }) })
  const property = fc.property(block, block, fc.boolean(), fc.integer({ min: 1, max: 4 }), (a, c, isByColumn, size) => {
    const [rowStride, columnStride] = isByColumn ? [1, 12] : [12, 1]
    const at = ({ row, column }: typeof a): Operand => ({
      array,
      offset: row * rowStride + column * columnStride,
      rowStride,
      columnStride,
    })
    const b = { array: new Float32Array(16), rowStride: 4, columnStride: 1 }
    const isMet = Math.abs(a.row - c.row) < size && Math.abs(a.column - c.column) < size
    assert.equal(outcome({ dtype: 'f32', m: size, n: size, k: size, a: at(a), b, c: at(c) }), isMet ? 'c' : '')
  })
  fc.assert(property, { numRuns: 1000 })
})

test('what does not fit is named', () => {
  const array = new Float32Array(16)
  const plain = { array, rowStride: 4, columnStride: 1 }
  const product = {
    dtype: 'f32',
    m: 4,
    n: 4,
    k: 4,
    a: plain,
    b: plain,
    c: { ...plain, array: new Float32Array(16) },
  } as const
  assert.equal(outcome(product), '')
  const wrong: [object, string][] = [
    [{ dtype: 'i64' }, 'dtype'],
    [{ dtype: 'f64' }, 'a.array'],
    [{ m: -1 }, 'm'],
    [{ n: 1.5 }, 'n'],
    [{ k: 2 ** 31 }, 'k'],
    [{ batch: Number.NaN }, 'batch'],
    [{ start: 'b' }, 'start'],
    [{ a: undefined }, 'a'],
    [{ a: { ...plain, offset: 0.5 } }, 'a.offset'],
    [{ a: { ...plain, rowStride: '4' } }, 'a.rowStride'],
    [{ k: 5 }, 'a'],
    [{ c: plain }, 'c'],
    [{ scale: { alpha: 1n } }, 'scale.alpha'],
    [{ scale: { alpha: 1 }, start: 'c' }, 'start'],
    [{ dtype: 'i8', scale: { alpha: 1 } }, 'scale'],
  ]
  for (const [change, argument] of wrong) assert.equal(outcome({ ...product, ...change } as MatrixProduct), argument)
  assert.throws(() => check({ ...product, c: plain }), {
    message:
      "gemm: c must be apart from a, but it is 'in the same memory'. Multiply a copy of a, or into another array.",
  })
})
