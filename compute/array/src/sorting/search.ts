/** Places among elements that are in order, found by halving. */

import { kernel } from '@skein/kernel'
import { type DType, type Elements, infoOf } from '../dtypes.ts'
import { onBackend } from '../expression/plain.ts'

/** Up to so many are searched for one after the other. */
const few = 16

type Sorted = Float64Array

/** Every search has as many steps, so lanes go on together: `first` is the largest power of 2 that is not above `length`. */
const searchAll = kernel(
  (
    k,
    sorted: Sorted,
    length: number,
    first: number,
    wanted: Sorted,
    none: number,
    isRight: boolean,
    found: Int32Array,
  ) => {
    const value = wanted[k]
    let low = 0
    for (let step = first; step > 0; step >>= 1) {
      const next = low + step
      if (next <= length) {
        const element = sorted[next - 1]
        if (element < value || (isRight && element === value)) low = next
      }
    }
    found[k] = value !== value ? none : low
  },
  { name: 'searchsorted' },
)

/**
 * Where each value would have to be put for elements to stay in order: before those that are equal, or behind them.
 * @param sorted with NaN last; of one dtype with what is searched for
 * @param found where the places go
 */
export function placesIn(
  sorted: Elements,
  wanted: Elements,
  isRight: boolean,
  dtype: DType,
  found: Int32Array = new Int32Array(wanted.length),
): Int32Array {
  let length = sorted.length
  if (infoOf(dtype).kind === 'float') while (length > 0 && Number.isNaN(sorted[length - 1])) length--
  const none = isRight ? sorted.length : length
  if (wanted.length > few && length > 0) {
    const first = 2 ** Math.floor(Math.log2(length))
    const [among, values] = [sorted, wanted] as unknown as [Sorted, Sorted]
    onBackend(searchAll)(wanted.length, among, length, first, values, none, isRight, found)
    return found
  }
  for (let k = 0; k < wanted.length; k++) {
    const value = wanted[k]
    let [low, high] = [0, length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isRight ? sorted[middle] <= value : sorted[middle] < value) low = middle + 1
      else high = middle
    }
    found[k] = Number.isNaN(value as number) ? none : low
  }
  return found
}
