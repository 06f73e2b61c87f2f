/** Arrays with more elements around them. */

import { ArgumentError } from '@skein/base'
import { type DType, infoOf, isComplex, isInteger } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import { viewAt } from '../indexing/basic.ts'
import type { NDArray } from '../ndarray.ts'
import { broadcastShapes, checkShape, type Shape } from '../shape.ts'
import { astype } from './astype.ts'
import { arange, asarray, fresh, full } from './creation.ts'
import * as elementwise from './elementwise.ts'
import { assign, at, take } from './indexing.ts'
import { concat } from './joining.ts'
import { toArray } from './operands.ts'
import { placeInto } from './placing.ts'
import { max, mean, min } from './reductions.ts'
import { broadcastTo, reshape } from './shaping.ts'

const modes = ['constant', 'edge', 'reflect', 'symmetric', 'wrap', 'linearRamp', 'maximum', 'minimum', 'mean'] as const
export type PadMode = (typeof modes)[number]

export interface PadOptions {
  /**
   * What stands around: `value`; the outermost elements (`edge`); the array mirrored at them (`reflect`, which has them once, `symmetric` twice); the array again (`wrap`);
   * a ramp from the outermost element to `value`; the largest, smallest or mean element of the line.
   */
  mode?: PadMode
  /** Default 0. */
  value?: number | bigint | boolean
}

/** So many elements before and behind an axis: one number for all, a pair for all axes, or a pair for each. */
export type PadWidth = number | readonly number[] | readonly (readonly number[])[]

function widthsOf(given: PadWidth, shape: Shape): readonly (readonly [number, number])[] {
  const isWhole = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0
  if (typeof given === 'number' && isWhole(given)) return shape.map(() => [given, given])
  const list = asarray(given as number[])
  if (!([given].flat(2) as number[]).every(isWhole))
    throw new ArgumentError('pad', 'width', 'whole numbers from 0', JSON.stringify(given))
  const pairs = [shape.length, 2]
  const isRight = list.ndim <= 2 && String(broadcastShapes([list.shape, pairs], 'pad')) === String(pairs)
  if (!isRight)
    throw new ShapeError(
      'pad',
      `widths of shape ${shapeText(list.shape)} are no pairs for the ${shape.length} axes of ${shapeText(shape)}.`,
      [list.shape, shape],
    )
  return broadcastTo(list, pairs).toList() as [number, number][]
}

/**
 * The array with elements before and behind each axis, as NumPy's `pad`; axes are done one after the other.
 * @throws ShapeError for axes without elements, unless they are padded with a constant
 */
export function pad<D extends DType>(x: NDArray<D>, width: PadWidth, options: PadOptions = {}): NDArray<D> {
  const array = toArray(x, 'pad') as NDArray<D>
  const { mode = 'constant', value = 0 } = options
  if (!modes.includes(mode)) throw new ArgumentError('pad', 'mode', `one of ${modes.join(', ')}`, mode)
  if (isComplex(array.dtype) && (mode === 'maximum' || mode === 'minimum'))
    throw new DTypeError('pad', 'real numbers, which have an order', [array.dtype], '')
  const widths = widthsOf(width, array.shape)
  if (mode === 'constant') return padConstant(array, widths, value)
  let padded = array
  for (const [d, [before, after]] of widths.entries()) {
    if (before + after === 0) continue
    if (array.shape[d] === 0)
      throw new ShapeError('pad', `axis ${d} of the shape ${shapeText(array.shape)} has no elements to repeat.`, [
        array.shape,
      ])
    padded = (
      mode === 'edge' || mode === 'reflect' || mode === 'symmetric' || mode === 'wrap'
        ? take(padded, asarray(placesAround(array.shape[d], before, after, mode)), { axis: d })
        : concat([...around(padded, d, before, after, mode, value)], { axis: d })
    ) as NDArray<D>
  }
  return padded === array ? astype(array, array.dtype) : padded
}

function padConstant<D extends DType>(
  x: NDArray<D>,
  widths: readonly (readonly [number, number])[],
  value: number | bigint | boolean,
): NDArray<D> {
  const shape = checkShape(
    x.shape.map((n, d) => n + widths[d][0] + widths[d][1]),
    'pad',
  )
  const inside = x.shape.map((n, d) => ({ begin: widths[d][0], end: widths[d][0] + n }))
  if (x.size >= large) {
    const { array } = fresh(x.dtype, shape, 'pad', 'unset')
    placeInto(x, viewAt(array.view, inside, 'pad'))
    for (const [d, n] of shape.entries()) {
      const [before, end] = [inside[d].begin, inside[d].end]
      if (before > 0) assign(at(array, ...inside.slice(0, d), { end: before }), value)
      if (end < n) assign(at(array, ...inside.slice(0, d), { begin: end }), value)
    }
    return array
  }
  const array = value === 0 ? fresh(x.dtype, shape, 'pad').array : full(shape, value, { dtype: x.dtype })
  if (x.size > 0) placeInto(x, viewAt(array.view, inside, 'pad'))
  return array
}

/** From so many elements on only what is around them is filled. */
const large = 1 << 17

/** Where along an axis elements come from. */
export function placesAround(n: number, before: number, after: number, mode: PadMode): Int32Array {
  const period = mode === 'reflect' ? 2 * (n - 1) : mode === 'symmetric' ? 2 * n : n
  return Int32Array.from({ length: before + n + after }, (_, k) => {
    const i = k - before
    if (mode === 'edge' || period === 0) return Math.min(Math.max(i, 0), n - 1)
    const j = ((i % period) + period) % period
    return j < n ? j : period - j - (mode === 'symmetric' ? 1 : 0)
  })
}

/** What stands before, the array, what stands behind. */
function* around(
  x: NDArray,
  d: number,
  before: number,
  after: number,
  mode: PadMode,
  value: number | bigint | boolean,
): Generator<NDArray> {
  const line = x.shape.map(() => ({}))
  const wide = (n: number) => x.shape.with(d, n)
  if (mode !== 'linearRamp') {
    const one =
      mode === 'maximum'
        ? max(x, { axis: d, keepdims: true })
        : mode === 'minimum'
          ? min(x, { axis: d, keepdims: true })
          : meanOf(x, d)
    yield broadcastTo(one, wide(before))
    yield x
    yield broadcastTo(one, wide(after))
    return
  }
  const end = Number(value)
  const ramp = (n: number, edge: NDArray, isBefore: boolean): NDArray => {
    const steps = arange(0, n, 1)
    const k = reshape(
      isBefore ? steps : elementwise.subtract(n - 1, steps),
      line.map((_, e) => (e === d ? n : 1)),
    )
    const type = isComplex(x.dtype) ? 'complex128' : 'float64'
    const step = elementwise.divide(elementwise.subtract(astype(edge, type), end), n)
    const made = elementwise.add(elementwise.multiply(k, step), end)
    return astype(isInteger(x.dtype) ? elementwise.floor(made) : made, x.dtype)
  }
  const n = x.shape[d]
  yield ramp(before, at(x, ...line.with(d, { end: 1 })), true)
  yield x
  yield ramp(after, at(x, ...line.with(d, { begin: n - 1 })), false)
}

function meanOf(x: NDArray, d: number): NDArray {
  const found = mean(x, { axis: d, keepdims: true })
  const { kind } = infoOf(x.dtype)
  return astype(kind === 'float' || kind === 'complex' ? found : elementwise.round(found), x.dtype)
}
