/** Convolution and correlation of arrays of any rank, as `scipy.signal` has them. */

import { ArgumentError } from '@skein/base'
import { type DType, type Elements, infoOf, isComplex, isInteger } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import { viewAt } from '../indexing/basic.ts'
import { arrayOf, type NDArray, places } from '../ndarray.ts'
import { promote } from '../promotion.ts'
import { checkShape, type Shape, stridesOf } from '../shape.ts'
import { astype } from './astype.ts'
import { convolveLines, mostShort } from './convolve-lines.ts'
import { fresh, zeros } from './creation.ts'
import { conj, multiply, round } from './elementwise.ts'
import { fftn, ifftn, irfftn, rfftn } from './fft-axes.ts'
import { type Operand, toArray } from './operands.ts'
import { elementsOf } from './placing.ts'
import { flip } from './shaping.ts'

export interface ConvolveOptions {
  /** `full`: wherever the arrays meet; `same`: the middle of that, of x1's shape; `valid`: where the one lies in the other. Default `full`. */
  mode?: 'full' | 'same' | 'valid'
  /** `direct`: sums of products; `fft`: by Fourier transforms, whose errors are relative to the largest element. Default `auto`: of floats and complex numbers by `fft` when both are long; a line of real numbers with a short one by sums. */
  method?: 'auto' | 'direct' | 'fft'
}

const modes = ['full', 'same', 'valid']
const methods = ['auto', 'direct', 'fft']
/** Products of which sums are as fast as transforms. */
const fewProducts = 1 << 17

/**
 * The sums of products x1[j]·x2[k − j]. Whole numbers wrap.
 * @throws ShapeError unless both have as many axes, and for `valid` the one is nowhere longer than the other; DTypeError for booleans; ArgumentError
 */
export const convolve = (x1: Operand, x2: Operand, options: ConvolveOptions = {}): NDArray =>
  convolved(toArray(x1, 'convolve', 'x1'), toArray(x2, 'convolve', 'x2'), options, 'convolve')

/** The sums of products x1[j + k]·conj(x2[j]): the convolution with x2 backwards. Errors are those of `convolve`. */
export function correlate(x1: Operand, x2: Operand, options: ConvolveOptions = {}): NDArray {
  const [a, b] = [toArray(x1, 'correlate', 'x1'), toArray(x2, 'correlate', 'x2')]
  return convolved(a, flip(isComplex(b.dtype) ? conj(b) : b), options, 'correlate')
}

function convolved(a: NDArray, b: NDArray, { mode = 'full', method = 'auto' }: ConvolveOptions, call: string): NDArray {
  if (!modes.includes(mode)) throw new ArgumentError(call, 'mode', `one of ${modes.join(', ')}`, mode)
  if (!methods.includes(method)) throw new ArgumentError(call, 'method', `one of ${methods.join(', ')}`, method)
  if (a.ndim !== b.ndim)
    throw new ShapeError(call, `${shapeText(a.shape)} and ${shapeText(b.shape)} have not as many axes.`, [
      a.shape,
      b.shape,
    ])
  const dtype = promote(a.dtype, b.dtype)
  if (dtype === 'bool') throw new DTypeError(call, 'numbers', [a.dtype, b.dtype])
  const part = partOfFull(a.shape, b.shape, mode, call)
  if (a.size === 0 || b.size === 0) return zeros(part.lengths, { dtype })
  const shape = checkShape(
    a.shape.map((n, d) => n + b.shape[d] - 1),
    call,
  )
  const isLong = !isInteger(dtype) && a.size * b.size > fewProducts
  const isShort = !isLong || method === 'direct' || Math.min(a.size, b.size) <= mostShort
  if (a.ndim === 1 && isShort && method !== 'fft' && (dtype === 'float64' || dtype === 'float32'))
    return convolveLines(a, b, dtype, part.begins[0], part.lengths[0])
  const [x, y] = [astype(a, dtype, { copy: false }), astype(b, dtype, { copy: false })]
  const full = method === 'fft' || (method === 'auto' && isLong) ? byTransforms(x, y, shape) : bySums(x, y, shape)
  if (mode === 'full') return full
  const spans = part.lengths.map((n, d) => ({ begin: part.begins[d], end: part.begins[d] + n }))
  return arrayOf(viewAt(full.view, spans, call))
}

interface Part {
  readonly begins: readonly number[]
  readonly lengths: readonly number[]
}

function partOfFull(a: Shape, b: Shape, mode: string, call: string): Part {
  if (mode === 'same') return { begins: b.map(n => Math.max(0, Math.floor((n - 1) / 2))), lengths: a }
  if (mode === 'full') {
    const lengths = a.map((n, d) => (n === 0 || b[d] === 0 ? 0 : n + b[d] - 1))
    return { begins: a.map(() => 0), lengths }
  }
  const [longer, shorter] = a.every((n, d) => n >= b[d]) ? [a, b] : [b, a]
  if (!longer.every((n, d) => n >= shorter[d]))
    throw new ShapeError(
      call,
      `${shapeText(a)} and ${shapeText(b)}: neither lies in the other.`,
      [a, b],
      "Only 'full' and 'same' take them.",
    )
  const lengths = longer.map((n, d) => (shorter[d] === 0 ? 0 : n - shorter[d] + 1))
  return { begins: shorter.map(n => Math.max(0, n - 1)), lengths }
}

function byTransforms(x: NDArray, y: NDArray, shape: Shape): NDArray {
  const { dtype } = x
  if (x.ndim === 0) return multiply(x, y)
  const axes = shape.map((_, d) => d)
  const found = isComplex(dtype)
    ? ifftn(multiply(fftn(x, { s: shape, axes }), fftn(y, { s: shape, axes })), { axes })
    : irfftn(multiply(rfftn(x, { s: shape, axes }), rfftn(y, { s: shape, axes })), { s: shape, axes })
  return astype(isInteger(dtype) ? round(found) : found, dtype, { copy: false })
}

/** Where elements of arrays meet in the result is the sum of their places there. */
function bySums(x: NDArray, y: NDArray, shape: Shape): NDArray {
  const { dtype } = x
  const strides = stridesOf(shape)
  const placesIn = (of: NDArray) => Int32Array.from(places({ shape: of.shape, strides, offset: 0 }))
  const [short, long] = x.size < y.size ? [x, y] : [y, x]
  const made = fresh(dtype, shape, 'convolve')
  const sums = sumsFor(dtype, made.memory.elements)
  add(dtype, sums, [elementsOf(long), placesIn(long)], [elementsOf(short), placesIn(short)])
  if (sums !== made.memory.elements) made.memory.elements.set(sums as unknown as ArrayLike<number>)
  return made.array
}

/** Floats are summed in doubles. */
const sumsFor = (dtype: DType, elements: Elements): Elements =>
  infoOf(dtype).type[0] === 'f' ? (new Float64Array(elements.length) as unknown as Elements) : elements

type Placed = readonly [elements: Elements, places: Int32Array]

function add(dtype: DType, sums: Elements, [x, at]: Placed, [y, by]: Placed): void {
  const { type, kind } = infoOf(dtype)
  if (kind === 'complex') return addComplex(sums as unknown as number[], [x, at], [y, by])
  if (type === 'i64') {
    const wide = sums as unknown as bigint[]
    for (let j = 0; j < by.length; j++)
      for (let k = 0; k < at.length; k++) wide[at[k] + by[j]] += (x[k] as bigint) * (y[j] as bigint)
    return
  }
  const numbers = sums as unknown as number[]
  for (let j = 0; j < by.length; j++) {
    const [factor, place] = [y[j] as number, by[j]]
    if (type === 'i32') for (let k = 0; k < at.length; k++) numbers[at[k] + place] += Math.imul(x[k] as number, factor)
    else for (let k = 0; k < at.length; k++) numbers[at[k] + place] += (x[k] as number) * factor
  }
}

function addComplex(sums: number[], [x, at]: Placed, [y, by]: Placed): void {
  const [from, factors] = [x as unknown as number[], y as unknown as number[]]
  for (let j = 0; j < by.length; j++) {
    const [c, d] = [factors[2 * j], factors[2 * j + 1]]
    for (let k = 0; k < at.length; k++) {
      const to = 2 * (at[k] + by[j])
      sums[to] += from[2 * k] * c - from[2 * k + 1] * d
      sums[to + 1] += from[2 * k] * d + from[2 * k + 1] * c
    }
  }
}
