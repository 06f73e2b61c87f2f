/** Random orders and selections. They compute when they are called. */

import { ArgumentError } from '@skein/base'
import { ShapeError } from '../../errors.ts'
import { NDArray } from '../../ndarray.ts'
import * as closed from '../../random/closed.ts'
import * as drawn from '../../random/drawn.ts'
import type { Stream } from '../../random/stream.ts'
import { checkAxis, checkShape, type Shape, sizeOf } from '../../shape.ts'
import { arange, asarray, fromTypedArray } from '../creation.ts'
import { assign, take } from '../indexing.ts'
import type { Operand } from '../operands.ts'
import { reshape } from '../shaping.ts'
import { argsort } from '../sorting.ts'
import { placed, type Source, streamOf } from './source.ts'
import { weightsOf } from './vectors.ts'

/** The largest multiple of a width that is not above 2^53: exact, since the quotient is rounded by less than a step to the next whole number. A remainder takes longer. */
const keptBelow = (width: number): number => Math.floor(2 ** 53 / width) * width

/**
 * The first `count` of n numbers in a random order, each order exactly as likely as any other: the k-th is exchanged for one of those not yet taken (R. A.
 * Fisher and F. Yates, 1938). Which ones is drawn for all at once.
 */
function drawnOrder(n: number, count: number, generator: Stream, call: string): Int32Array {
  const [widths, kept] = [new Float64Array(count), new Float64Array(count)]
  for (let k = 0; k < count; k++) {
    widths[k] = n - k
    kept[k] = keptBelow(n - k)
  }
  const drawing = placed(drawn.integer, [count], 'int32', { generator }, call, [0, widths, kept])
  const steps = drawing.view.memory.elements as unknown as Int32Array
  const order = new Int32Array(n)
  for (let k = 0; k < n; k++) order[k] = k
  for (let k = 0; k < count; k++) {
    const chosen = k + steps[k]
    const item = order[k]
    order[k] = order[chosen]
    order[chosen] = item
  }
  return count === n ? order : order.slice(0, count)
}

/** An array, or the numbers below one. @throws ArgumentError */
function itemsOf(x: number | Operand | readonly number[], call: string): NDArray {
  if (typeof x !== 'number') return asarray(x as NDArray)
  if (!Number.isInteger(x) || x < 0 || x >= 2 ** 31)
    throw new ArgumentError(call, 'x', `an array, or a whole number from 0 to ${2 ** 31 - 1}`, x)
  return arange(x, null, 1, { dtype: 'int32' })
}

export interface OrderOptions extends Source {
  /** The axis whose parts are put in order. Default 0. */
  axis?: number
}

/** A copy with the parts along an axis in a random order; of a number n, 0 to n − 1 in such an order. @throws ArgumentError, ShapeError */
export function permutation(x: number | Operand | readonly number[], options: OrderOptions = {}): NDArray {
  const call = 'random.permutation'
  const items = itemsOf(x, call)
  const axis = checkAxis(options.axis ?? 0, items.shape, call)
  const n = items.shape[axis]
  return take(items, fromTypedArray(drawnOrder(n, n, streamOf(options, call), call), [n]), { axis })
}

/** Puts the parts of an array along an axis in a random order, in place; gives the array. @throws ArgumentError, ShapeError */
export function shuffle<T extends NDArray>(x: T, options: OrderOptions = {}): T {
  if (!(x instanceof NDArray)) throw new ArgumentError('random.shuffle', 'x', 'an array of nd', x)
  const mixed = permutation(x, options)
  assign(x, mixed.eval())
  return x
}

export interface ChoiceOptions extends Source {
  /** One may be chosen more than once. Default true. */
  replace?: boolean
  /** Weights of what is chosen from; they are divided by their sum. Default: equal. */
  p?: NDArray | ArrayBufferView | readonly number[]
  /** The axis whose parts are chosen. Default 0. */
  axis?: number
}

/**
 * Chooses parts of an array along an axis, or numbers below x. The axis is replaced by the shape. Without replacement each choice is of those that are left, with
 * their weights (P. S. Efraimidis and P. G. Spirakis, "Weighted random sampling with a reservoir", 2006).
 * @throws ArgumentError, ShapeError
 */
export function choice(
  x: number | Operand | readonly number[],
  givenShape: number | Shape = [],
  options: ChoiceOptions = {},
): NDArray {
  const call = 'random.choice'
  const items = itemsOf(x, call)
  const shape = checkShape(givenShape, call)
  const { replace = true, p } = options
  const axis = checkAxis(options.axis ?? 0, items.shape, call)
  const n = items.shape[axis]
  const count = sizeOf(shape)
  if (count > 0 && n === 0) throw new ArgumentError(call, 'x', 'something to choose from', 'empty')
  const weights = p === undefined ? undefined : weightsOf(p, call, 'p')
  if (weights && weights.length !== n)
    throw new ShapeError(call, `there are ${n} to choose from, and ${weights.length} weights.`, [[n], [weights.length]])
  const most = weights ? weights.reduce((k, w) => k + (w > 0 ? 1 : 0), 0) : n
  if (!replace && count > most)
    throw new ArgumentError(
      call,
      'shape',
      `of at most ${most} elements, to choose ${weights ? 'those with weight ' : ''}without replacement`,
      count,
    )
  const generator = streamOf(options, call)
  const chosen =
    count === 0
      ? new Int32Array(0)
      : weights
        ? (replace ? byWeight : byKeys)(weights, count, generator, call)
        : replace
          ? equally(n, count, generator, call)
          : drawnOrder(n, count, generator, call)
  const taken = take(items, fromTypedArray(chosen, [count]), { axis })
  return reshape(taken, [...items.shape.slice(0, axis), ...shape, ...items.shape.slice(axis + 1)])
}

function equally(n: number, count: number, generator: Stream, call: string): Int32Array {
  const chosen = placed(drawn.integer, [count], 'int32', { generator }, call, [0, n, keptBelow(n)])
  return chosen.view.memory.elements as unknown as Int32Array
}

/** Where uniform numbers lie in the sums of weights. */
function byWeight(weights: Float64Array, count: number, generator: Stream, call: string): Int32Array {
  const sums = weights.slice()
  for (let k = 1; k < sums.length; k++) sums[k] += sums[k - 1]
  const total = sums[sums.length - 1]
  const at = placed(closed.uniform, [count], 'float64', { generator }, call, [0, 1]).view.memory.elements
  const last = weights.findLastIndex(w => w > 0)
  return Int32Array.from({ length: count }, (_, k) => {
    const sought = Number(at[k]) * total
    let [low, high] = [0, last]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sums[middle] > sought) high = middle
      else low = middle + 1
    }
    return low
  })
}

/** Those with the least exponential numbers, divided by their weights. */
function byKeys(weights: Float64Array, count: number, generator: Stream, call: string): Int32Array {
  const n = weights.length
  const keys = placed(closed.exponential, [n], 'float64', { generator }, call, [1]).view.memory.elements
  const times = weights.map((w, k) => (w > 0 ? Number(keys[k]) / w : Infinity))
  return argsort(fromTypedArray(times, [n])).view.memory.elements.slice(0, count) as unknown as Int32Array
}
