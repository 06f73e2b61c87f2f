/** Elements moved round, and repeated. */

import { ArgumentError } from '@skein/base'
import { kernel } from '@skein/kernel'
import { type DType, infoOf, isInteger } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import { onBackend } from '../expression/plain.ts'
import { viewAt } from '../indexing/basic.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { broadcastShapes, checkAxis, checkShape, isContiguous, type Shape, sameShape } from '../shape.ts'
import { asarray, fresh } from './creation.ts'
import { take } from './indexing.ts'
import { type Operand, toArray } from './operands.ts'
import { elementsOf, placeInto } from './placing.ts'
import { broadcastTo, reshape } from './shaping.ts'
import { wholeNumbers } from './whole-numbers.ts'

function checkWhole(x: unknown, call: string, name: string, least = -Infinity): number {
  if (!Number.isSafeInteger(x) || (x as number) < least)
    throw new ArgumentError(call, name, least === 0 ? 'a whole number from 0' : 'a whole number', x)
  return x as number
}

/**
 * Elements moved on along axes by so many places; what goes over the end comes in at the beginning. Without `axis` among all elements in C order.
 * @param shift one for all axes, or one for each
 */
export function roll<D extends DType>(
  x: NDArray<D>,
  shift: number | readonly number[],
  { axis }: { axis?: number | readonly number[] | null } = {},
): NDArray<D> {
  const array = toArray(x, 'roll') as NDArray<D>
  if (axis === undefined || axis === null) {
    const flat = reshape(array, [-1])
    return reshape(rolled(flat, [sumOf([shift].flat() as number[])]), array.shape)
  }
  const axes = ([axis].flat() as number[]).map(a => checkAxis(a, array.shape, 'roll'))
  const given = [shift].flat() as number[]
  if (given.length !== 1 && given.length !== axes.length)
    throw new ArgumentError('roll', 'shift', `one number, or one for each of ${axes.length} axes`, shift)
  const shifts = array.shape.map(() => 0)
  for (const [k, d] of axes.entries()) shifts[d] += checkWhole(given[k] ?? given[0], 'roll', 'shift')
  return rolled(array, shifts)
}

const sumOf = (shifts: readonly number[]) => shifts.reduce((sum, n) => sum + checkWhole(n, 'roll', 'shift'), 0)

/** Up to so many bytes are copied on this thread. */
const mostCopied = 1 << 18

/** Each axis falls into two pieces that change places. */
function rolled<D extends DType>(x: NDArray<D>, shifts: readonly number[]): NDArray<D> {
  const { array, memory } = fresh(x.dtype, x.shape, 'roll', 'unset')
  if (x.size === 0) return array
  const cuts = x.shape.map((n, d) => ((shifts[d] % n) + n) % n)
  const moving = cuts.flatMap((cut, d) => (cut === 0 ? [] : [d]))
  const { view } = x
  if (cuts.length === 1 && x.nbytes <= mostCopied && isContiguous(view.shape, view.strides)) {
    const from = elementsOf(x)
    const begin = cuts[0] * infoOf(x.dtype).parts
    const to = memory.elements
    to.set(from.subarray(0, from.length - begin) as never, begin)
    to.set(from.subarray(from.length - begin) as never)
    return array
  }
  for (let corner = 0; corner < 2 ** moving.length; corner++) {
    const from = cuts.map(() => ({}))
    const to = cuts.map(() => ({}))
    for (const [k, d] of moving.entries()) {
      const isWrapped = (corner >> k) & 1
      const rest = x.shape[d] - cuts[d]
      from[d] = isWrapped ? { begin: rest } : { end: rest }
      to[d] = isWrapped ? { end: cuts[d] } : { begin: cuts[d] }
    }
    placeInto(arrayOf(viewAt(view, from, 'roll')), viewAt(array.view, to, 'roll'))
  }
  return array
}

/**
 * Each element so many times, one behind the other along an axis; without `axis` of all elements in C order.
 * @param repeats one number, or an array of one for each place of the axis
 */
export function repeat<D extends DType>(
  x: NDArray<D>,
  repeats: number | Operand | readonly number[],
  { axis }: { axis?: number | null } = {},
): NDArray<D> {
  const given = toArray(x, 'repeat') as NDArray<D>
  const isFlat = axis === undefined || axis === null
  const array = isFlat ? reshape(given, [-1]) : given
  const d = checkAxis(isFlat ? 0 : axis, array.shape, 'repeat')
  const length = array.shape[d]
  if (typeof repeats === 'number') return repeatedEvenly(array, d, checkWhole(repeats, 'repeat', 'repeats', 0))
  const counts = wholeNumbers(repeats as number[], 'repeat', 'repeats')
  if (!isInteger(counts.dtype)) throw new DTypeError('repeat', 'integers as repeats', [counts.dtype])
  if (!sameShape(broadcastShapes([counts.shape, [length]], 'repeat'), [length]))
    throw new ShapeError('repeat', `repeats of shape ${shapeText(counts.shape)} are not one for each of ${length}.`, [
      counts.shape,
      [length],
    ])
  const times = (broadcastTo(counts, [length]).toList() as (number | bigint)[]).map(n =>
    checkWhole(Number(n), 'repeat', 'repeats', 0),
  )
  const total = times.reduce((sum, n) => sum + n, 0)
  checkShape(array.shape.with(d, total), 'repeat')
  const places = new Int32Array(total)
  let end = 0
  for (const [k, n] of times.entries()) places.fill(k, end, (end += n))
  return take(array, asarray(places), { axis: d })
}

const repeatFew = kernel(
  (k, from: Float64Array, begin: number, times: number, to: Float64Array) => {
    const x = from[begin + k]
    for (let j = 0; j < times; j++) to[k * times + j] = x
  },
  { name: 'repeat' },
)

/** Up to so many times lanes are elements that are repeated; for more, those that come. */
const fewTimes = 8

/** By a new axis behind, of a view that stands still along it. */
function repeatedEvenly<D extends DType>(x: NDArray<D>, d: number, times: number): NDArray<D> {
  const shape = checkShape(x.shape.with(d, x.shape[d] * times), 'repeat')
  const { view } = x
  const isStraight = d === x.ndim - 1 && infoOf(x.dtype).parts === 1 && isContiguous(view.shape, view.strides)
  if (isStraight && times > 0 && times <= fewTimes && x.size > 0) {
    const { array, memory } = fresh(x.dtype, shape, 'repeat', 'unset')
    const [from, to] = [view.memory.elements, memory.elements] as unknown as [Float64Array, Float64Array]
    onBackend(repeatFew)(x.size, from, view.offset, times, to)
    return array
  }
  const strides = view.strides.toSpliced(d + 1, 0, 0)
  return reshape(arrayOf<D>({ ...view, shape: x.shape.toSpliced(d + 1, 0, times), strides }), shape, { copy: true })
}

/** The array so many times along each axis; new axes come in front. */
export function tile<D extends DType>(x: NDArray<D>, repetitions: number | Shape): NDArray<D> {
  const array = toArray(x, 'tile') as NDArray<D>
  const given = [repetitions].flat() as number[]
  for (const n of given) checkWhole(n, 'tile', 'repetitions', 0)
  const rank = Math.max(array.ndim, given.length)
  const times = [...new Array<number>(rank - given.length).fill(1), ...given]
  const lengths = [...new Array<number>(rank - array.ndim).fill(1), ...array.shape]
  const shape = checkShape(
    lengths.map((n, d) => n * times[d]),
    'tile',
  )
  const { view } = reshape(array, lengths)
  const doubled = {
    ...view,
    shape: lengths.flatMap((n, d) => [times[d], n]),
    strides: view.strides.flatMap(s => [0, s]),
  }
  return reshape(arrayOf<D>(doubled), shape, { copy: true })
}
