/** Sums and products of what came before, along an axis, and differences of neighbours. */

import { ArgumentError } from '@skein/base'
import { type DType, type Elements, infoOf, isComplex } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import { viewAt } from '../indexing/basic.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { combinedIn, sumType } from '../promotion.ts'
import { checkAxis, sizeOf } from '../shape.ts'
import { astype } from './astype.ts'
import { asarray, checkDType, fresh, type Nested } from './creation.ts'
import { notEqual, subtract } from './elementwise.ts'
import { concat } from './joining.ts'
import { type Operand, toArray } from './operands.ts'
import { elementsOf } from './placing.ts'
import { broadcastTo } from './shaping.ts'

export interface CumulativeOptions<D extends DType = DType> {
  /** May be left out for an array of one axis. */
  axis?: number
  /** In which values are combined, and what comes out. */
  dtype?: D
  /** The sum (or product) of nothing comes first: the axis is longer by one. */
  includeInitial?: boolean
}

/** Values of which each is combined with the result `step` before it, beginning with the `step` results that are there. */
type Combine = (from: Elements, to: Elements, f: number, t: number, count: number, step: number) => void

/** What combines values, of numbers, BigInts and pairs of numbers. */
interface Way {
  readonly call: string
  readonly initial: 0 | 1
  readonly numbers: Combine
  readonly integers: Combine
  readonly bigints: Combine
  readonly pairs: Combine
}

function accumulation(way: Way) {
  const { call, initial } = way
  return <D extends DType = DType>(x: Operand, options: CumulativeOptions<D> = {}): NDArray<D> => {
    const array = toArray(x, call)
    if (options.axis === undefined && array.ndim !== 1)
      throw new ArgumentError(call, 'axis', `named for an array of ${array.ndim} axes`, options.axis)
    const axis = checkAxis(options.axis ?? 0, array.shape, call)
    if (options.dtype !== undefined) checkDType(options.dtype, call)
    const dtype = options.dtype ?? sumType(array.dtype)
    if (isComplex(array.dtype) && !isComplex(dtype))
      throw new DTypeError(call, `real numbers for ${dtype}`, [array.dtype])
    const through = dtype === 'bool' ? 'uint8' : combinedIn(dtype)
    const more = options.includeInitial === true ? 1 : 0
    const made = fresh(through, array.shape.with(axis, array.shape[axis] + more), call)
    const from = elementsOf(astype(array, through, { copy: false }))
    accumulate(way, from, made.memory.elements, through, array.shape, axis, initial, more)
    return astype(made.array, dtype, { copy: false }) as NDArray<D>
  }
}

function accumulate(
  way: Way,
  from: Elements,
  to: Elements,
  dtype: DType,
  shape: readonly number[],
  axis: number,
  initial: 0 | 1,
  more: 0 | 1,
): void {
  const { kind, type, parts } = infoOf(dtype)
  const step = sizeOf(shape.slice(axis + 1)) * parts
  const inBlock = shape[axis] * step
  const blocks = sizeOf(shape.slice(0, axis))
  const combine =
    kind === 'complex' ? way.pairs : type === 'i64' ? way.bigints : kind === 'float' ? way.numbers : way.integers
  if (step === 0 || inBlock + more === 0) return
  for (let b = 0; b < blocks; b++) {
    const f = b * inBlock
    const t = b * (inBlock + more * step)
    if (more === 1) {
      for (let k = 0; k < step; k += parts) to[t + k] = type === 'i64' ? BigInt(initial) : initial
      combine(from, to, f, t + step, inBlock, step)
    } else {
      to.set(from.subarray(f, f + step) as unknown as ArrayLike<number>, t)
      combine(from, to, f + step, t + step, inBlock - step, step)
    }
  }
}

type Numbers = { [index: number]: number }
type BigInts = { [index: number]: bigint }

function addNumbers(from: Elements, to: Elements, f: number, t: number, count: number, step: number): void {
  if (step === 1 && from instanceof Float64Array && to instanceof Float64Array) addDoubles(from, to, f, t, count)
  else {
    const [x, y] = [from, to] as unknown as [Numbers, Numbers]
    for (let k = 0; k < count; k++) y[t + k] = y[t + k - step] + x[f + k]
  }
}

/** The sum stays in a register. */
function addDoubles(from: Float64Array, to: Float64Array, f: number, t: number, count: number): void {
  let sum = to[t - 1]
  for (let k = 0; k < count; k++) to[t + k] = sum += from[f + k]
}

function addBigInts(from: Elements, to: Elements, f: number, t: number, count: number, step: number): void {
  const [x, y] = [from, to] as unknown as [BigInts, BigInts]
  for (let k = 0; k < count; k++) y[t + k] = BigInt.asIntN(64, y[t + k - step] + x[f + k])
}

function multiplyNumbers(from: Elements, to: Elements, f: number, t: number, count: number, step: number): void {
  const [x, y] = [from, to] as unknown as [Numbers, Numbers]
  for (let k = 0; k < count; k++) y[t + k] = y[t + k - step] * x[f + k]
}

function multiplyIntegers(from: Elements, to: Elements, f: number, t: number, count: number, step: number): void {
  const [x, y] = [from, to] as unknown as [Numbers, Numbers]
  for (let k = 0; k < count; k++) y[t + k] = Math.imul(y[t + k - step], x[f + k])
}

function multiplyBigInts(from: Elements, to: Elements, f: number, t: number, count: number, step: number): void {
  const [x, y] = [from, to] as unknown as [BigInts, BigInts]
  for (let k = 0; k < count; k++) y[t + k] = BigInt.asIntN(64, y[t + k - step] * x[f + k])
}

function multiplyPairs(from: Elements, to: Elements, f: number, t: number, count: number, step: number): void {
  const [x, y] = [from, to] as unknown as [Numbers, Numbers]
  for (let k = 0; k < count; k += 2) {
    const [a, b] = [y[t + k - step], y[t + k - step + 1]]
    const [c, d] = [x[f + k], x[f + k + 1]]
    y[t + k] = a * c - b * d
    y[t + k + 1] = a * d + b * c
  }
}

/**
 * Sums of the elements up to each one, one after the other along an axis. Of integers and booleans int64 (uint64 of unsigned ones), unless a dtype is named.
 * @throws ArgumentError where the axis is left out for an array of several
 */
export const cumulativeSum = accumulation({
  call: 'cumulativeSum',
  initial: 0,
  numbers: addNumbers,
  integers: addNumbers,
  bigints: addBigInts,
  pairs: addNumbers,
})

/** Products of the elements up to each one; as `cumulativeSum`. */
export const cumulativeProd = accumulation({
  call: 'cumulativeProd',
  initial: 1,
  numbers: multiplyNumbers,
  integers: multiplyIntegers,
  bigints: multiplyBigInts,
  pairs: multiplyPairs,
})

export interface DiffOptions {
  /** Default −1, the last. */
  axis?: number
  /** How often differences are taken, of differences from the second time on. */
  n?: number
  /** Elements before or behind those of the array, along the axis. */
  prepend?: Operand | Nested
  append?: Operand | Nested
}

/** Each element minus the one before it along an axis, which is shorter by one; of booleans whether they differ. */
export function diff(x: Operand, { axis = -1, n = 1, prepend, append }: DiffOptions = {}): NDArray {
  const given = toArray(x, 'diff')
  if (given.ndim === 0) throw new ShapeError('diff', `takes arrays with an axis, not of shape ${shapeText([])}.`, [[]])
  const d = checkAxis(axis, given.shape, 'diff')
  if (!Number.isSafeInteger(n) || n < 0) throw new ArgumentError('diff', 'n', 'a whole number from 0', n)
  let array = widened(given, d, prepend, append)
  for (let k = 0; k < n; k++) {
    const span = (begin: number, end?: number) => {
      const indices = [...array.shape.slice(0, d).map(() => ({})), { begin, end }]
      return arrayOf(viewAt(array.view, indices, 'diff'))
    }
    const [later, earlier] = [span(1), span(0, Math.max(0, array.shape[d] - 1))]
    array = array.dtype === 'bool' ? notEqual(later, earlier) : subtract(later, earlier)
  }
  return array
}

function widened(x: NDArray, d: number, prepend: DiffOptions['prepend'], append: DiffOptions['append']): NDArray {
  if (prepend === undefined && append === undefined) return x
  const beside = (y: Operand | Nested): NDArray => {
    const array = typeof y === 'number' ? asarray(y, { dtype: x.dtype }) : asarray(y as Nested)
    return array.ndim === 0 ? broadcastTo(array, x.shape.with(d, 1)) : array
  }
  const list = [...(prepend === undefined ? [] : [beside(prepend)]), x]
  if (append !== undefined) list.push(beside(append))
  return concat(list, { axis: d })
}
