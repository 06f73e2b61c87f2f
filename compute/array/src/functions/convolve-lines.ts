/** Convolution of a line with a short one: sums of products, each lane one of them. */

import { kernel } from '@skein/kernel'
import type { DType } from '../dtypes.ts'
import { runOf } from '../expression/plain.ts'
import type { NDArray } from '../ndarray.ts'
import { astype } from './astype.ts'
import { computed } from './computing.ts'

/** Up to so many elements of the shorter line sums are faster than transforms, however long the other is. */
export const mostShort = 256

type Doubles = Float64Array

/** Where all of the short line meets the long one. @param first the place in the whole result of the first element that is written */
const inside = kernel(
  (k, long: Doubles, short: Doubles, length: number, first: number, out: Doubles | Float32Array) => {
    let sum = 0
    for (let j = 0; j < length; j++) sum += long[k - j] * short[j]
    out[k - first] = sum
  },
  { name: 'convolveInside', unsafe: true },
)

/** Where a part of it does. @param most of the long line */
const outside = kernel(
  (k, long: Doubles, most: number, short: Doubles, length: number, first: number, out: Doubles | Float32Array) => {
    let sum = 0
    const end = Math.min(length, k + 1)
    for (let j = Math.max(0, k - most + 1); j < end; j++) sum += long[k - j] * short[j]
    out[k - first] = sum
  },
  { name: 'convolveOutside', unsafe: true },
)

/** A part of the convolution of lines of floats, computed in float64. */
export function convolveLines(x: NDArray, y: NDArray, dtype: DType, begin: number, length: number): NDArray {
  const [long, short] = (x.size < y.size ? [y, x] : [x, y]).map(a => astype(a, 'float64', { copy: false }))
  const [n, m, end] = [long.size, short.size, begin + length]
  return computed(dtype, [length], [long, short], function* ([a, b], to) {
    const [from, by, out] = [a as Doubles, b as Doubles, to as Doubles]
    const spans = [
      [begin, Math.min(end, m - 1)],
      [Math.max(begin, n), end],
    ]
    for (const [first, last] of spans)
      if (first < last) yield runOf(outside, { begin: first, end: last }, from, n, by, m, begin, out)
    const [first, last] = [Math.max(begin, m - 1), Math.min(end, n)]
    if (first < last) yield runOf(inside, { begin: first, end: last }, from, by, m, begin, out)
  })
}
