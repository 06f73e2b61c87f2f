/** Products of complex numbers, of bytes and of floats of 16 bits against the plain loop, to the bit: sizes, strides, starts, factors, conjugates, blocks, threads, all kinds of code, arrays between pages that nobody may touch. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Complex, MatrixProduct, Operand } from '../src/gemm/product.ts'
import { gemm as multiply } from '../src/gemm.ts'
import { type Choices, gemm, gemmAsync } from '../src/x64/gemm/gemm.ts'
import { cpu } from '../src/x64/run/cpu.ts'
import {
  type AddProduct,
  byteTypes,
  complexTypes,
  halfTypes,
  type Layout,
  layouts,
  layoutsOfC,
  type Numbers,
  plainLoop,
  productOf,
  type Stored,
  type Types,
} from './gemm-types.ts'
import { skip } from './x64-code.ts'
import { Rooms } from './x64-rooms.ts'
import { noAvx512 } from './x64-run.ts'

process.env.SKEIN_THREADS ??= '3'

/** Code for AVX2, for AVX-512 alone, and with what else this CPU has. */
const machines: readonly Choices[] =
  noAvx512() === undefined
    ? [
        { isa: 'avx2', features: new Set() },
        { isa: 'avx512', features: new Set(), hasFastPairs: false },
        { isa: 'avx512', hasFastPairs: cpu().features.has('avx512bf16') },
      ]
    : [{ isa: 'avx2' }]
const machine = fc.constantFrom(...machines)
const seed = fc.integer({ min: 1, max: 2 ** 30 })
const ofAll = fc.tuple(layouts, layouts, layoutsOfC)

type How = Pick<MatrixProduct, 'start' | 'scale'>
const starts: readonly How[] = [{}, { start: 'c' }]
const realFactors: readonly How[] = [{ scale: { alpha: -1.3 } }, { scale: { alpha: 0.7, beta: 1.1 } }]
const complexFactors: readonly How[] = [
  { scale: { alpha: [0.4, -1.2] } },
  { scale: { alpha: [0.7, 0.3] satisfies Complex, beta: [-0.2, 1.5] } },
  { scale: { alpha: 2, beta: 0.5 } },
]

interface Family {
  readonly name: string
  readonly types: readonly Types[]
  readonly hows: readonly How[]
}

const families: readonly Family[] = [
  { name: 'complex numbers', types: complexTypes, hows: [...starts, ...complexFactors] },
  { name: 'bytes', types: byteTypes, hows: starts },
  { name: 'floats of 16 bits', types: halfTypes, hows: [...starts, ...realFactors] },
]

const check = (types: Types, product: MatrixProduct, threads: number, choices: Choices) => {
  const expected = plainLoop(types, product)
  gemm(product, { threads }, choices)
  assert.deepEqual(product.c.array, expected)
}

const conjugated = (types: Types, product: MatrixProduct, a: boolean, b: boolean): MatrixProduct =>
  types.a.words === 1 ? product : { ...product, a: { ...product.a, conjugate: a }, b: { ...product.b, conjugate: b } }

for (const { name, types, hows } of families) {
  const type = fc.constantFrom(...types)
  const how = fc.constantFrom(...hows)

  test(`small products of ${name} are the plain loop`, { skip }, () => {
    const size = fc.integer({ min: 0, max: 50 })
    const property = fc.property(
      ...[type, fc.tuple(size, size, size), fc.integer({ min: 0, max: 3 }), ofAll],
      ...([seed, how, machine, fc.boolean(), fc.boolean()] as const),
      (types, sizes, batch, laid, from, how, machine, a, b) => {
        const product = { ...productOf(types, sizes, batch, laid, from), ...how }
        check(types, conjugated(types, product, a, b), 1, machine)
      },
    )
    fc.assert(property, { numRuns: 200 })
  })

  test(`products of ${name} in several blocks, too, on any threads`, { skip }, () => {
    const sizes = fc.constantFrom(
      [70, 130, 900],
      [33, 60, 1303],
      [150, 90, 61],
      [9, 700, 101],
      [700, 5, 90],
      [5, 37, 4801],
    )
    const property = fc.property(
      ...[type, sizes, ofAll, seed, how, machine],
      ...([fc.integer({ min: 1, max: 3 }), fc.boolean()] as const),
      (types, sizes, laid, from, how, machine, threads, a) => {
        const product = { ...productOf(types, sizes, 1, laid, from), ...how }
        check(types, conjugated(types, product, a, !a), threads, machine)
      },
    )
    fc.assert(property, { numRuns: 18 })
  })

  test(`no other bytes are touched by products of ${name}`, { skip }, () => {
    const size = fc.integer({ min: 1, max: 60 })
    const sides = fc.record({ isByColumn: fc.boolean(), atEnd: fc.boolean() })
    const property = fc.property(
      ...[type, fc.tuple(size, size, size), fc.tuple(sides, sides, sides), machine],
      (types, [m, n, k], [sideA, sideB, sideC], machine) => {
        const of = (stored: Stored, rows: number, columns: number, { isByColumn, atEnd }: typeof sideA): Operand => {
          const array = guarded(stored, rows * columns * stored.words, atEnd)
          for (let i = 0; i < array.length; i++) array[i] = stored.store(((i * 0.37) % 2) - 1)
          return { array, rowStride: isByColumn ? 1 : columns, columnStride: isByColumn ? rows : 1 }
        }
        const [a, b, c] = [of(types.a, m, k, sideA), of(types.b, k, n, sideB), of(types.c, m, n, sideC)]
        check(types, { dtype: types.dtype, m, n, k, a, b, c, start: 'c' }, 1, machine)
      },
    )
    fc.assert(property, { numRuns: 60 })
  })

  test(`products of ${name} run asynchronously`, { skip }, async () => {
    for (const types_ of types) {
      const product = productOf(types_, [150, 130, 501], 2, ['rows', 'columns', 'spread'], 3)
      const expected = plainLoop(types_, product)
      await gemmAsync(product)
      assert.deepEqual(product.c.array, expected)
    }
  })
}

const rooms = new Rooms(16, 12)
const guarded = ({ array }: Stored, length: number, atEnd: boolean): Numbers => {
  const type = array as unknown as new (buffer: ArrayBuffer, at: number, length: number) => Numbers
  return rooms.guarded(type, (array as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT, length, atEnd)
}

test('with contract each product is added in one rounding', { skip }, () => {
  // Products have 28 bits behind the point and sums some before it, all of which a double holds.
  const coarse = (x: number) => Math.round(x * 2 ** 14) / 2 ** 14
  const fused: AddProduct = (sum, a, b, round) => round(sum + a * b)
  const [c64] = complexTypes
  const types: Types = { ...c64, a: { ...c64.a, store: coarse }, b: { ...c64.b, store: coarse } }
  for (const machine of machines)
    for (const laid of [
      ['rows', 'rows', 'rows'],
      ['rows', 'columns', 'columns'],
    ] as const)
      for (const isConjugate of [false, true]) {
        const plain = productOf(types, [23, 41, 150], 1, laid, 7)
        const product = { ...plain, contract: true, b: { ...plain.b, conjugate: isConjugate } }
        const expected = plainLoop(types, product, fused)
        gemm(product, {}, machine)
        assert.deepEqual(product.c.array, expected)
      }
})

test('the extremes of bytes are multiplied exactly, and sums wrap', { skip }, () => {
  for (const machine of machines)
    for (const types of byteTypes) {
      const [m, n, k] = [9, 50, 4100]
      const isUnsigned = [types.a, types.b].map(({ array }) => new array(1)[0] === 0 && array === Uint8Array)
      const extremes = (isUnsigned: boolean) => (isUnsigned ? [0, 255] : [-128, 127])
      const fill = (array: Numbers, isUnsigned: boolean) => array.map((_, i) => extremes(isUnsigned)[i % 7 < 4 ? 0 : 1])
      const a = { array: fill(new types.a.array(m * k), isUnsigned[0]), rowStride: k, columnStride: 1 }
      const b = { array: fill(new types.b.array(k * n), isUnsigned[1]), rowStride: n, columnStride: 1 }
      const c = { array: new Int32Array(m * n).fill(2 ** 31 - 5), rowStride: n, columnStride: 1 }
      check(types, { dtype: 'i8', m, n, k, a, b, c, start: 'c' }, 2, machine)
    }
})

test('with fast, brain floats are multiplied in pairs where the CPU can, within the bound of their sums', {
  skip,
}, () => {
  const [types] = halfTypes
  for (const machine of machines)
    for (const [m, n, k] of [
      [40, 70, 333],
      [3, 5, 1],
      [130, 49, 2500],
    ])
      for (const laid of [
        ['rows', 'rows', 'rows'],
        ['columns', 'columns', 'columns'],
      ] as const satisfies readonly (readonly Layout[])[]) {
        const product = { ...productOf(types, [m, n, k], 1, laid, 11), start: 'c', fast: true } as const
        const exact = plainLoop({ ...types, c: { ...types.c, array: Float64Array } }, product)
        const absolute = { ...types.a, value: (x: number) => Math.abs(types.a.value(x)) }
        const zeros = { ...product.c, array: new Float64Array((product.c.array as Numbers).length) }
        const sizes = plainLoop(
          { ...types, a: absolute, c: { ...types.c, array: Float64Array } },
          { ...product, c: zeros },
        )
        // What is in C counts as well.
        const before = (product.c.array as Numbers).slice()
        gemm(product, {}, machine)
        for (const [i, x] of (product.c.array as Numbers).entries()) {
          const bound = (k + 2) * 2 ** -23 * (sizes[i] + Math.abs(before[i]))
          assert.ok(Math.abs(x - exact[i]) <= bound, `element ${i} of ${m} × ${n} × ${k}: ${x}, not ${exact[i]}`)
        }
      }
})

test('with fast, nothing beside the elements counts, and where the CPU has no pairs it is contract', { skip }, () => {
  const [types] = halfTypes
  const product = productOf(types, [20, 30, 77], 1, ['rows', 'rows', 'rows'], 5)
  const results = [{ fast: true }, { contract: true }].map(how => {
    const c = { ...product.c, array: (product.c.array as Numbers).slice() }
    gemm({ ...product, ...how, c }, {}, machines[0])
    return c.array
  })
  assert.deepEqual(results[0], results[1])
  // Behind a row of an odd number of elements stands what is no number.
  const [m, n, k] = [5, 20, 7]
  const array = new Uint16Array(m * 8).fill(0x7fc0)
  for (let i = 0; i < m; i++) array.fill(0x3f80, 8 * i, 8 * i + k)
  const a = { array, rowStride: 8, columnStride: 1 }
  const b = { array: new Uint16Array(k * n).fill(0x4000), rowStride: n, columnStride: 1 }
  for (const machine of machines) {
    const c = { array: new Float32Array(m * n), rowStride: n, columnStride: 1 }
    gemm({ dtype: 'bf16', m, n, k, a, b, c, fast: true }, {}, machine)
    assert.deepEqual(c.array, new Float32Array(m * n).fill(2 * k))
  }
})

test('halves of all kinds are read: subnormal, infinite, no number', { skip }, () => {
  const all = new Uint16Array(2 ** 16).map((_, i) => i)
  const one = new Uint16Array([0x3c00])
  for (const machine of machines) {
    const c = new Float32Array(2 ** 16)
    gemm(
      {
        ...{ dtype: 'f16', m: 2 ** 16, n: 1, k: 1, a: { array: all, rowStride: 1, columnStride: 1 } },
        ...{ b: { array: one, rowStride: 1, columnStride: 1 }, c: { array: c, rowStride: 1, columnStride: 1 } },
      },
      {},
      machine,
    )
    const [types] = halfTypes.slice(1)
    for (const [bits, x] of c.entries()) assert.equal(x, types.a.value(bits) + 0, `${bits}`)
  }
})

test('infinities and what is no number stay in their rows and columns', { skip }, () => {
  const [, c128] = complexTypes
  for (const machine of machines) {
    const product = productOf(c128, [21, 37, 65], 1, ['rows', 'columns', 'rows'], 5)
    const a = product.a.array as Float64Array
    const b = product.b.array as Float64Array
    a[2 * (2 + 68 * 4 + 7)] = Number.NaN
    b[2 * (2 + 68 * 11 + 3) + 1] = Number.POSITIVE_INFINITY
    const expected = plainLoop(c128, product)
    gemm(product, {}, machine)
    // Which bits a NaN has is not defined.
    assert.deepEqual(Array.from(product.c.array as Float64Array), Array.from(expected))
    const odd = (product.c.array as Float64Array).filter(x => !Number.isFinite(x)).length
    assert.equal(odd, 2 * (21 + 37 - 1))
  }
})

test('parts of one array are multiplied where they do not meet', { skip }, () => {
  const [c64] = complexTypes
  const array = new Float32Array(2 * 90 * 90).map((_, i) => (i % 17) / 8 - 1)
  const block = (row: number, column: number): Operand => ({
    array,
    offset: row * 90 + column,
    rowStride: 90,
    columnStride: 1,
  })
  const product = { dtype: 'c64', m: 40, n: 45, k: 30, a: block(30, 0), b: block(0, 35), c: block(40, 40) } as const
  check(c64, { ...product, start: 'c' }, 2, {})
  assert.throws(() => multiply({ ...product, b: block(45, 50) }), { name: 'ArgumentError', argument: 'c' })
})

test('what does not go together is named', { skip }, () => {
  const floats = (length: number) => ({ array: new Float32Array(length), rowStride: 2, columnStride: 1 })
  const plain = { dtype: 'c64', m: 2, n: 2, k: 2, a: floats(8), b: floats(8), c: floats(8) } as const
  multiply(plain)
  const bytes = { array: new Int8Array(4), rowStride: 2, columnStride: 1 }
  const sums = { array: new Int32Array(4), rowStride: 2, columnStride: 1 }
  const words = { array: new Uint16Array(4), rowStride: 2, columnStride: 1 }
  const wrong: [object, string][] = [
    [{ a: floats(7) }, 'a'],
    [{ a: { ...floats(8), array: new Float64Array(8) } }, 'a.array'],
    [{ c: { ...floats(8), conjugate: true } }, 'c.conjugate'],
    [{ dtype: 'f32', a: { ...floats(4), conjugate: true } }, 'a.conjugate'],
    [{ scale: { alpha: [1] } }, 'scale.alpha'],
    [{ scale: { alpha: 1, beta: [1, '2'] } }, 'scale.beta'],
    [{ dtype: 'f32', scale: { alpha: [1, 2] } }, 'scale.alpha'],
    [{ fast: true }, 'fast'],
    [{ dtype: 'i8', a: bytes, b: floats(4), c: sums }, 'b.array'],
    [{ dtype: 'i8', a: bytes, b: bytes, c: floats(4) }, 'c.array'],
    [{ dtype: 'i8', a: bytes, b: bytes, c: sums, scale: { alpha: 1 } }, 'scale'],
    [{ dtype: 'bf16', a: words, b: words, c: words }, 'c.array'],
    [{ dtype: 'f16', a: words, b: floats(4), c: floats(4) }, 'b.array'],
  ]
  for (const [change, argument] of wrong)
    assert.throws(() => multiply({ ...plain, ...change } as MatrixProduct), { name: 'ArgumentError', argument })
})
