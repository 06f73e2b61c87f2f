/** Matrices of all types that `gemm` multiplies, laid out in many ways, and what a plain loop makes of them. */

import fc from 'fast-check'
import { fromBfloat } from '../src/bfloat16.ts'
import type { Complex, MatrixProduct, MatrixType, Operand } from '../src/gemm/product.ts'

export type Layout = 'rows' | 'columns' | 'spread' | 'backwards' | 'repeated'
export const layouts = fc.constantFrom<Layout>('rows', 'rows', 'columns', 'columns', 'spread', 'backwards', 'repeated')
export const layoutsOfC = fc.constantFrom<Layout>('rows', 'rows', 'columns', 'spread')

export type Numbers = Float32Array | Float64Array | Int8Array | Uint8Array | Uint16Array | Int32Array
type ArrayOf = new (length: number) => Numbers

/** How a type's elements are stored; a complex one takes two of the array's. */
export interface Stored {
  readonly array: ArrayOf
  readonly words: 1 | 2
  /** From a number between -1 and 1 to what is stored. */
  store(x: number): number
  /** And what that stands for. */
  value(x: number): number
}

const same = (x: number) => x
const plain = (array: ArrayOf, words: 1 | 2): Stored => ({ array, words, store: same, value: same })
const bytes = (array: ArrayOf): Stored => ({ ...plain(array, 1), store: x => Math.round(x * 1e4) })

/** Of binary16; numbers between -2 and 2 alone. */
function halfFrom(x: number): number {
  const magnitude = Math.abs(x)
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude || 2 ** -20)))
  const units = Math.round(magnitude * 2 ** (10 - exponent))
  return sign + (exponent + 14) * 1024 + units
}
export function halfValue(bits: number): number {
  const [exponent, units] = [(bits >> 10) & 31, bits & 1023]
  const magnitude =
    exponent === 0
      ? units * 2 ** -24
      : exponent === 31
        ? units
          ? Number.NaN
          : Infinity
        : (1024 + units) * 2 ** (exponent - 25)
  return bits & 0x8000 ? -magnitude : magnitude
}

const brain: Stored = {
  array: Uint16Array,
  words: 1,
  store: x => new Uint32Array(new Float32Array([x]).buffer)[0] >>> 16,
  value: fromBfloat,
}
const half: Stored = { array: Uint16Array, words: 1, store: halfFrom, value: halfValue }

export interface Types {
  readonly dtype: MatrixType
  readonly a: Stored
  readonly b: Stored
  readonly c: Stored
}

const f32 = plain(Float32Array, 1)
const f64 = plain(Float64Array, 1)
const i32: Stored = { ...plain(Int32Array, 1), store: x => Math.round(x * 2 ** 31) }
const [signed, unsigned] = [bytes(Int8Array), bytes(Uint8Array)]
export const realTypes: readonly Types[] = [
  { dtype: 'f32', a: f32, b: f32, c: f32 },
  { dtype: 'f64', a: f64, b: f64, c: f64 },
]
export const complexTypes: readonly Types[] = [
  [Float32Array, 'c64'],
  [Float64Array, 'c128'],
].map(([array, dtype]) => {
  const stored = plain(array as ArrayOf, 2)
  return { dtype: dtype as MatrixType, a: stored, b: stored, c: stored }
})
export const byteTypes: readonly Types[] = [
  [signed, signed],
  [unsigned, signed],
  [signed, unsigned],
  [unsigned, unsigned],
].map(([a, b]) => ({ dtype: 'i8', a, b, c: i32 }))
export const halfTypes: readonly Types[] = [
  { dtype: 'bf16', a: brain, b: brain, c: f32 },
  { dtype: 'f16', a: half, b: half, c: f32 },
]

export const numbersFrom = (seed: number) => () => {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
  return seed / 2 ** 30 - 1
}

function operand(
  stored: Stored,
  rows: number,
  columns: number,
  batch: number,
  layout: Layout,
  next: () => number,
): Operand {
  const unit = layout === 'spread' ? 2 : 1
  const isByColumn = layout === 'columns' || (layout === 'spread' && next() > 0)
  const line = unit * (isByColumn ? rows : columns) + 3
  const batchStride = line * (isByColumn ? columns : rows) + 1
  const array = new stored.array(stored.words * (batch * batchStride + 5))
  for (let i = 0; i < array.length; i++) array[i] = stored.store(next())
  const [rowStride, columnStride] = isByColumn ? [unit, line] : [line, unit]
  const plainly = { array, offset: 2, rowStride, columnStride, batchStride }
  if (layout === 'repeated') return { ...plainly, rowStride: 0, columnStride: 1, batchStride: 0 }
  if (layout !== 'backwards') return plainly
  return { ...plainly, offset: 2 + Math.max(0, columns - 1) * columnStride, columnStride: -columnStride }
}

/** @param sizes m, n, k @param laid out A, B and C */
export function productOf(
  types: Types,
  [m, n, k]: readonly number[],
  batch: number,
  laid: readonly Layout[],
  seed: number,
): MatrixProduct {
  const next = numbersFrom(seed)
  const a = operand(types.a, m, k, batch, laid[0], next)
  const b = operand(types.b, k, n, batch, laid[1], next)
  return { dtype: types.dtype, m, n, k, batch, a, b, c: operand(types.c, m, n, batch, laid[2], next) }
}

const complexOf = (factor: number | Complex, round: (x: number) => number): Complex =>
  typeof factor === 'number' ? [round(factor), 0] : [round(factor[0]), round(factor[1])]

/** How a step's product is added to its sum. */
export type AddProduct = (sum: number, a: number, b: number, round: (x: number) => number) => number
const inTwoRoundings: AddProduct = (sum, a, b, round) => round(sum + round(a * b))

/** C as a plain loop would leave it. */
export function plainLoop(types: Types, product: MatrixProduct, add: AddProduct = inTwoRoundings): Numbers {
  const { m, n, k, a, b, c, batch = 1, start, scale } = product
  const result = (c.array as Numbers).slice()
  const round = types.c === i32 ? (x: number) => x | 0 : types.c.array === Float64Array ? same : Math.fround
  const { words } = types.c
  const at = ({ offset = 0, rowStride, columnStride, batchStride = 0 }: Operand, p: number, i: number, j: number) =>
    words * (offset + p * batchStride + i * rowStride + j * columnStride)
  const [x, y] = [a.array as Numbers, b.array as Numbers]
  const [signA, signB] = [a.conjugate ? -1 : 1, b.conjugate ? -1 : 1]
  const { value } = types.a
  const old = result.slice()
  for (let p = 0; p < batch; p++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        const to = at(c, p, i, j)
        let re = start === 'c' ? old[to] : 0
        let im = words === 2 && start === 'c' ? old[to + 1] : 0
        for (let q = 0; q < k; q++) {
          const [fromA, fromB] = [at(a, p, i, q), at(b, p, q, j)]
          re = add(re, value(x[fromA]), value(y[fromB]), round)
          if (words === 2) {
            const [aIm, bIm] = [signA * x[fromA + 1], signB * y[fromB + 1]]
            re = add(re, -aIm, bIm, round)
            im = add(im, x[fromA], bIm, round)
            im = add(im, aIm, y[fromB], round)
          }
        }
        if (scale !== undefined) {
          const times = (by: number | Complex, r: number, s: number): Complex => {
            const [f, g] = complexOf(by, round)
            if (words === 1) return [round(f * r), 0]
            return [round(round(f * r) - round(g * s)), round(round(f * s) + round(g * r))]
          }
          ;[re, im] = times(scale.alpha, re, im)
          if (scale.beta !== undefined) {
            const [r, s] = times(scale.beta, old[to], old[to + 1])
            ;[re, im] = [round(re + r), round(im + s)]
          }
        }
        result[to] = re
        if (words === 2) result[to + 1] = im
      }
  return result
}
