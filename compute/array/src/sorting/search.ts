/** Places among elements that are in order, found by halving. */

import { type DType, type Elements, infoOf } from '../dtypes.ts'

/**
 * Where each value would have to be put for elements to stay in order: before those that are equal, or behind them.
 * @param sorted with NaN last; of one dtype with what is searched for
 */
export function placesIn(sorted: Elements, wanted: Elements, isRight: boolean, dtype: DType): Int32Array {
  const found = new Int32Array(wanted.length)
  let length = sorted.length
  if (infoOf(dtype).kind === 'float') while (length > 0 && Number.isNaN(sorted[length - 1])) length--
  let [low, high] = [0, length]
  let last = wanted[0]
  for (let k = 0; k < wanted.length; k++) {
    const value = wanted[k]
    if (Number.isNaN(value as number)) {
      found[k] = isRight ? sorted.length : length
      continue
    }
    // From the last place on: what is searched for is often in order, too.
    if (value >= last) high = length
    else low = 0
    last = value
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isRight ? sorted[middle] <= value : sorted[middle] < value) low = middle + 1
      else high = middle
    }
    found[k] = low
  }
  return found
}
