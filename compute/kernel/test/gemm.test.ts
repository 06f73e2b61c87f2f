/** Products of matrices against the plain loop, to the bit: sizes, strides, starts, blocks, threads, both instruction sets, arrays between pages that nobody may touch. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MatrixProduct, Operand } from '../src/gemm/product.ts'
import { gemm as multiply } from '../src/gemm.ts'
import { type Choices, gemm, gemmAsync } from '../src/x64/gemm/gemm.ts'
import type { Isa } from '../src/x64/run/cpu.ts'
import { skip } from './x64-code.ts'
import { Rooms } from './x64-rooms.ts'
import { noAvx512 } from './x64-run.ts'

const isas: readonly Isa[] = noAvx512() === undefined ? ['avx2', 'avx512'] : ['avx2']
type Reals = Float32Array | Float64Array

/** Every step rounded to the type. */
function plainLoop({ dtype, m, n, k, a, b, c, start, scale, batch = 1 }: MatrixProduct): Reals {
  const round = dtype === 'f32' ? Math.fround : (x: number) => x
  const result = (c.array as Reals).slice()
  const at = ({ offset = 0, rowStride, columnStride, batchStride = 0 }: Operand, p: number, i: number, j: number) =>
    offset + p * batchStride + i * rowStride + j * columnStride
  for (let p = 0; p < batch; p++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        const place = at(c, p, i, j)
        let sum = start === 'c' ? result[place] : 0
        for (let q = 0; q < k; q++)
          sum = round(sum + round((a.array as Reals)[at(a, p, i, q)] * (b.array as Reals)[at(b, p, q, j)]))
        if (scale !== undefined) {
          sum = round(round(scale.alpha as number) * sum)
          if (scale.beta !== undefined) sum = round(sum + round(round(scale.beta as number) * result[place]))
        }
        result[place] = sum
      }
  return result
}

const numbersFrom = (seed: number) => () => {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
  return seed / 2 ** 30 - 1
}

type Layout = 'rows' | 'columns' | 'spread' | 'backwards' | 'repeated'
interface Shape {
  readonly rows: number
  readonly columns: number
  readonly batch: number
}

function operand(type: 'f32' | 'f64', { rows, columns, batch }: Shape, layout: Layout, next: () => number): Operand {
  const unit = layout === 'spread' ? 2 : 1
  const isByColumn = layout === 'columns' || (layout === 'spread' && next() > 0)
  const line = unit * (isByColumn ? rows : columns) + 3
  const batchStride = line * (isByColumn ? columns : rows) + 1
  const array = new (type === 'f32' ? Float32Array : Float64Array)(batch * batchStride + 5).map(next)
  const [rowStride, columnStride] = isByColumn ? [unit, line] : [line, unit]
  const plain = { array, offset: 2, rowStride, columnStride, batchStride }
  if (layout === 'repeated') return { ...plain, rowStride: 0, columnStride: 1, batchStride: 0 }
  if (layout !== 'backwards') return plain
  return { ...plain, offset: 2 + Math.max(0, columns - 1) * columnStride, columnStride: -columnStride }
}

const starts: fc.Arbitrary<Pick<MatrixProduct, 'start' | 'scale'>> = fc.constantFrom(
  {},
  { start: 'c' as const },
  { scale: { alpha: -1.3 } },
  { scale: { alpha: 0.7, beta: 1.1 } },
)
const seed = fc.integer({ min: 1, max: 2 ** 30 })
const ofC = fc.constantFrom<Layout>('rows', 'rows', 'columns', 'spread')
const ofFactors = fc.constantFrom<Layout>('rows', 'rows', 'columns', 'columns', 'spread', 'backwards', 'repeated')

const productOf = (
  type: 'f32' | 'f64',
  [m, n, k]: readonly number[],
  batch: number,
  layouts: readonly Layout[],
  from: number,
): MatrixProduct => {
  const next = numbersFrom(from)
  const a = operand(type, { rows: m, columns: k, batch }, layouts[0], next)
  const b = operand(type, { rows: k, columns: n, batch }, layouts[1], next)
  return { dtype: type, m, n, k, batch, a, b, c: operand(type, { rows: m, columns: n, batch }, layouts[2], next) }
}

const check = (product: MatrixProduct, threads: number, choices: Choices) => {
  const expected = plainLoop(product)
  gemm(product, { threads }, choices)
  assert.deepEqual(product.c.array, expected)
}

const types = fc.constantFrom('f32' as const, 'f64' as const)
const isa = fc.constantFrom(...isas)

test('small products of any strides are the plain loop, on any threads', { skip }, () => {
  const size = fc.integer({ min: 0, max: 50 })
  const property = fc.property(
    ...[types, fc.tuple(size, size, size), fc.integer({ min: 0, max: 3 })],
    ...([fc.tuple(ofFactors, ofFactors, ofC), seed, starts, isa] as const),
    (type, sizes, batch, layouts, from, how, isa) => {
      check({ ...productOf(type, sizes, batch, layouts, from), ...how }, 1, { isa })
    },
  )
  fc.assert(property, { numRuns: 200 })
})

test('products of several blocks, too', { skip }, () => {
  const property = fc.property(
    ...[types, fc.constantFrom([70, 130, 900], [33, 60, 1300], [200, 150, 60], [9, 700, 100], [700, 5, 90])],
    ...([fc.tuple(ofFactors, ofFactors, ofC), seed, starts, isa, fc.integer({ min: 1, max: 4 })] as const),
    (type, sizes, layouts, from, how, isa, threads) => {
      check({ ...productOf(type, sizes, 1, layouts, from), ...how }, threads, { isa })
    },
  )
  fc.assert(property, { numRuns: 15 })
})

test('many small products of one shape, too', { skip }, () => {
  const size = fc.constantFrom(1, 3, 8, 17, 33)
  const property = fc.property(
    ...[types, fc.tuple(size, size, size), fc.integer({ min: 8, max: 40 }), fc.tuple(ofFactors, ofFactors, ofC)],
    ...([seed, starts, isa, fc.integer({ min: 1, max: 2 })] as const),
    (type, sizes, batch, layouts, from, how, isa, threads) => {
      check({ ...productOf(type, sizes, batch, layouts, from), ...how }, threads, { isa })
    },
  )
  fc.assert(property, { numRuns: 30 })
})

test('with contract every step is one rounding', { skip }, () => {
  // 1 + 2^-12 squared needs 24 bits and one more: only a fused step keeps it, where 1 is taken off.
  const x = 1 + 2 ** -12
  for (const isa of isas) {
    const product = (contract: boolean) => {
      const a = { array: new Float32Array(20).fill(x), rowStride: 1, columnStride: 20 }
      const b = { array: new Float32Array(20).fill(x), rowStride: 20, columnStride: 1 }
      const c = { array: new Float32Array(400).fill(-1 - 2 ** -11), rowStride: 20, columnStride: 1 }
      gemm({ dtype: 'f32', m: 20, n: 20, k: 1, a, b, c, start: 'c', contract }, {}, { isa })
      return c.array
    }
    assert.deepEqual(product(true), new Float32Array(400).fill(2 ** -24))
    assert.deepEqual(product(false), new Float32Array(400))
  }
})

test('infinities and what is no number stay where they are', { skip }, () => {
  for (const isa of isas) {
    const product = productOf('f64', [21, 37, 65], 1, ['rows', 'columns', 'rows'], 5)
    const a = product.a.array as Float64Array
    const b = product.b.array as Float64Array
    a[2 + 68 * 4 + 7] = Number.NaN
    b[2 + 68 * 11 + 3] = Number.POSITIVE_INFINITY
    check(product, 1, { isa })
    const isOdd = (x: number) => !Number.isFinite(x)
    assert.equal((product.c.array as Float64Array).filter(isOdd).length, 21 + 37 - 1)
  }
})

const rooms = new Rooms(8, 12)
const guarded = (type: 'f32' | 'f64', length: number): Reals =>
  type === 'f32' ? rooms.guarded(Float32Array, 4, length, true) : rooms.guarded(Float64Array, 8, length, true)

test('nothing behind an array is touched', { skip }, () => {
  const size = fc.integer({ min: 1, max: 60 })
  const layouts = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean())
  const property = fc.property(types, fc.tuple(size, size, size), layouts, isa, (type, [m, n, k], byColumn, isa) => {
    const of = (rows: number, columns: number, isByColumn: boolean): Operand => {
      const array = guarded(type, rows * columns)
      for (let i = 0; i < array.length; i++) array[i] = (i * 0.37) % 1
      return { array, rowStride: isByColumn ? 1 : columns, columnStride: isByColumn ? rows : 1 }
    }
    const [a, b, c] = [of(m, k, byColumn[0]), of(k, n, byColumn[1]), of(m, n, byColumn[2])]
    check({ dtype: type, m, n, k, a, b, c, start: 'c' }, 1, { isa })
  })
  fc.assert(property, { numRuns: 40 })
})

test('blocks of one matrix are multiplied into one another', { skip }, () => {
  const next = numbersFrom(9)
  const array = new Float64Array(90 * 90).map(next)
  const block = (row: number, column: number): Operand => ({
    array,
    offset: row * 90 + column,
    rowStride: 90,
    columnStride: 1,
  })
  check({ dtype: 'f64', m: 40, n: 45, k: 30, a: block(30, 0), b: block(0, 35), c: block(40, 40), start: 'c' }, 2, {})
  assert.throws(
    () => multiply({ dtype: 'f64', m: 40, n: 40, k: 40, a: block(0, 0), b: block(45, 0), c: block(20, 20) }),
    {
      name: 'ArgumentError',
      argument: 'c',
    },
  )
})

test('asynchronously it is the same, and can be cancelled', { skip }, async () => {
  const product = productOf('f32', [150, 130, 500], 2, ['rows', 'rows', 'spread'], 3)
  const expected = plainLoop(product)
  await multiply.async(product)
  assert.deepEqual(product.c.array, expected)
  const controller = new AbortController()
  const large = productOf('f64', [600, 600, 1500], 1, ['rows', 'rows', 'rows'], 4)
  const running = gemmAsync(large, { signal: controller.signal })
  controller.abort()
  await assert.rejects(running, { name: 'CancelledError', what: 'gemm' })
  await assert.rejects(gemmAsync(product, { signal: controller.signal }), { name: 'CancelledError' })
})
