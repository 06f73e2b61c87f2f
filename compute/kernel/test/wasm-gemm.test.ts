/** Products of matrices on WebAssembly against the plain loop, to the bit: types, sizes, strides, starts, factors, conjugates, blocks, threads, arrays in the heap and outside of it; fused ones against those of machine code. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heap } from '@skein/heap'
import fc from 'fast-check'
import type { Complex, MatrixProduct, Operand } from '../src/gemm/product.ts'
import { gemm } from '../src/gemm.ts'
import { productModule } from '../src/wasm/gemm/module.ts'
import {
  complexTypes,
  type Layout,
  layouts,
  layoutsOfC,
  type Numbers,
  plainLoop,
  productOf,
  realTypes,
  type Types,
} from './gemm-types.ts'
import { skip } from './x64-code.ts'

process.env.SKEIN_THREADS ??= '3'

const seed = fc.integer({ min: 1, max: 2 ** 30 })
const laidOut = fc.tuple(layouts, layouts, layoutsOfC)
type How = Pick<MatrixProduct, 'start' | 'scale'>
const realHows: readonly How[] = [{}, { start: 'c' }, { scale: { alpha: -1.3 } }, { scale: { alpha: 0.7, beta: 1.1 } }]
const complexHows: readonly How[] = [
  ...realHows,
  { scale: { alpha: [0.4, -1.2] } },
  { scale: { alpha: [0.7, 0.3] satisfies Complex, beta: [-0.2, 1.5] } },
]
const cases = fc.oneof(
  fc.tuple(fc.constantFrom(...realTypes), fc.constantFrom(...realHows)),
  fc.tuple(fc.constantFrom(...complexTypes), fc.constantFrom(...complexHows)),
)

/** The same in the heap. */
function moved(operand: Operand): Operand {
  const array = operand.array as Float64Array
  const copy = heap.array(array.constructor as typeof Float64Array, array.length)
  copy.set(array)
  return { ...operand, array: copy }
}

const inHeap = (product: MatrixProduct): MatrixProduct => ({
  ...product,
  a: moved(product.a),
  b: moved(product.b),
  c: moved(product.c),
})

const conjugated = (types: Types, product: MatrixProduct, a: boolean, b: boolean): MatrixProduct =>
  types.a.words === 1 ? product : { ...product, a: { ...product.a, conjugate: a }, b: { ...product.b, conjugate: b } }

const numbersOf = (product: MatrixProduct) => [...(product.c.array as Numbers)]

const check = (types: Types, product: MatrixProduct, threads: number) => {
  const expected = [...plainLoop(types, product)]
  gemm(product, { threads, backend: 'wasm' })
  assert.deepEqual(numbersOf(product), expected)
}

test('small products of any strides are the plain loop', () => {
  const size = fc.integer({ min: 0, max: 40 })
  const property = fc.property(
    ...[cases, fc.tuple(size, size, size), fc.integer({ min: 0, max: 3 }), laidOut, seed],
    ...([fc.boolean(), fc.boolean(), fc.boolean()] as const),
    ([types, how], sizes, batch, laid, from, a, b, isInHeap) => {
      const product = conjugated(types, { ...productOf(types, sizes, batch, laid, from), ...how }, a, b)
      check(types, isInHeap ? inHeap(product) : product, 1)
    },
  )
  fc.assert(property, { numRuns: 300 })
})

test('products of several blocks, too, on any threads', () => {
  const sizes = [
    [70, 130, 900],
    [33, 60, 1300],
    [200, 150, 60],
    [9, 700, 100],
    [700, 5, 90],
  ]
  const property = fc.property(
    ...[cases, fc.constantFrom(...sizes), laidOut, seed, fc.integer({ min: 1, max: 4 })],
    ...([fc.boolean(), fc.boolean()] as const),
    ([types, how], sizes, laid, from, threads, a, b) => {
      check(types, conjugated(types, { ...productOf(types, sizes, 1, laid, from), ...how }, a, b), threads)
    },
  )
  fc.assert(property, { numRuns: 15 })
})

test('a matrix times a vector, too, either way round', () => {
  const length = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(300, 2047, 2100, 4500))
  const property = fc.property(
    ...[fc.constantFrom(...realTypes), fc.constantFrom(...realHows.slice(0, 2)), length, length, fc.boolean()],
    ...([laidOut, seed, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 }), fc.boolean()] as const),
    (types, how, lines, k, isLeft, laid, from, batch, threads, isInHeap) => {
      const sizes = isLeft ? [lines, 1, k] : [1, lines, k]
      const product = { ...productOf(types, sizes, batch, laid, from), ...how }
      check(types, isInHeap ? inHeap(product) : product, threads)
    },
  )
  fc.assert(property, { numRuns: 40 })
})

test('many products of one shape, too', () => {
  const size = fc.constantFrom(1, 3, 8, 17, 33)
  const batch = fc.integer({ min: 8, max: 40 })
  const property = fc.property(
    ...[cases, fc.tuple(size, size, size), batch, laidOut, seed, fc.integer({ min: 1, max: 2 })],
    ([types, how], sizes, batch, laid, from, threads) => {
      check(types, { ...productOf(types, sizes, batch, laid, from), ...how }, threads)
    },
  )
  fc.assert(property, { numRuns: 30 })
})

test('with contract every step is one rounding, as in machine code', { skip }, () => {
  const laid: readonly Layout[] = ['rows', 'columns', 'rows']
  for (const types of [...realTypes, ...complexTypes])
    for (const [how, sizes] of [
      [{}, [45, 31, 700]],
      [{ start: 'c' as const }, [45, 31, 700]],
      [{ scale: { alpha: -1, beta: 1 } }, [45, 31, 700]],
      [{}, [45, 1, 2100]],
      [{}, [1, 45, 2100]],
    ] as const) {
      const product = { ...productOf(types, sizes, 1, laid, 7), ...how, contract: true }
      const other = { ...product, c: { ...product.c, array: (product.c.array as Numbers).slice() } }
      gemm(product, { backend: 'wasm' })
      gemm(other, { backend: 'x64' })
      assert.deepEqual(numbersOf(product), numbersOf(other))
    }
})

test('without it products and sums are rounded apart', () => {
  // 1 + 2^-12 squared needs 24 bits and one more: only a fused step keeps it, where 1 is taken off.
  const of = (x: number, rowStride: number): Operand => ({
    array: new Float32Array(rowStride === 1 ? 20 : 400).fill(x),
    rowStride,
    columnStride: rowStride === 1 ? 20 : 1,
  })
  const c = of(-1 - 2 ** -11, 20)
  const x = 1 + 2 ** -12
  gemm({ dtype: 'f32', m: 20, n: 20, k: 1, a: of(x, 1), b: of(x, 20), c, start: 'c' }, { backend: 'wasm' })
  assert.deepEqual(c.array, new Float32Array(400))
})

test('infinities and what is no number stay where they are', () => {
  const product = productOf(realTypes[1], [21, 37, 65], 1, ['rows', 'columns', 'rows'], 5)
  const a = product.a.array as Float64Array
  const b = product.b.array as Float64Array
  a[2 + 68 * 4 + 7] = Number.NaN
  b[2 + 68 * 11 + 3] = Number.POSITIVE_INFINITY
  check(realTypes[1], product, 1)
  assert.equal((product.c.array as Float64Array).filter(x => !Number.isFinite(x)).length, 21 + 37 - 1)
})

test('elements of C alone are written', () => {
  const array = new Float64Array(400).fill(7)
  const c = { array, offset: 42, rowStride: 20, columnStride: 2 }
  const ones = { array: new Float64Array(400).fill(1), rowStride: 9, columnStride: 1 }
  gemm({ dtype: 'f64', m: 11, n: 8, k: 5, a: ones, b: ones, c }, { backend: 'wasm' })
  const isElement = (i: number) => i >= 42 && (i - 42) % 2 === 0 && (i - 42) % 20 < 16 && i < 42 + 11 * 20
  assert.deepEqual(
    [...array],
    Array.from(array, (_, i) => (isElement(i) ? 5 : 7)),
  )
})

test('asynchronously it is the same, and can be cancelled', async () => {
  const [types] = realTypes
  const product = productOf(types, [150, 130, 500], 2, ['rows', 'rows', 'spread'], 3)
  const expected = [...plainLoop(types, product)]
  await gemm.async(product, { backend: 'wasm' })
  assert.deepEqual(numbersOf(product), expected)
  const controller = new AbortController()
  const large = productOf(types, [900, 900, 1500], 1, ['rows', 'rows', 'rows'], 4)
  const running = gemm.async(large, { backend: 'wasm', signal: controller.signal })
  controller.abort()
  await assert.rejects(running, { name: 'CancelledError', what: 'gemm' })
})

test('memory is given back', () => {
  const [types] = complexTypes
  const run = () => {
    const product = { ...productOf(types, [60, 50, 800], 1, ['rows', 'rows', 'rows'], 3), scale: { alpha: 2, beta: 1 } }
    gemm(product, { backend: 'wasm' })
  }
  run()
  const before = heap.stats().inUseBytes
  for (let i = 0; i < 5; i++) run()
  assert.equal(heap.stats().inUseBytes, before)
})

test('what there is no code for is refused', () => {
  const bytes = { array: new Int8Array(4), rowStride: 2, columnStride: 1 }
  const c = { array: new Int32Array(4), rowStride: 2, columnStride: 1 }
  assert.throws(() => gemm({ dtype: 'i8', m: 2, n: 2, k: 2, a: bytes, b: bytes, c }, { backend: 'wasm' }), {
    name: 'NotSupportedError',
    message: /products of i8 on WebAssembly/,
  })
})

test('modules are valid with addresses of 32 bits and of 64', () => {
  for (const type of ['f32', 'f64', 'c64', 'c128'] as const)
    for (const memory64 of [false, true])
      for (const fused of [false, true])
        assert.ok(WebAssembly.validate(productModule(type, { memory64, fused, check: true }) as BufferSource))
})
