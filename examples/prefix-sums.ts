/** Prefix sums, and what they are good for: keeping some of an array's elements, in order, in parallel. `prefix-sums.ts [n]` */

import { heap, kernel, scan } from 'skein'
import { largestDifference, sideBySide, sizeArgument } from './side-by-side.ts'

/** How many of the first i + 1 numbers are multiples of three. */
const countUpTo = scan('+', (i, values: Int32Array) => values[i] % 3 === 0)

/** The count is the place: no two iterations write the same element. */
const keep = kernel((i, values: Int32Array, counts: Int32Array, kept: Int32Array) => {
  if (values[i] % 3 === 0) kept[counts[i] - 1] = values[i]
})

const plain = (values: Int32Array, kept: Int32Array): number => {
  let count = 0
  for (let i = 0; i < values.length; i++) if (values[i] % 3 === 0) kept[count++] = values[i]
  return count
}

const n = sizeArgument(4_000_000)
const values = heap.i32(n)
for (let i = 0; i < n; i++) values[i] = Math.imul(i, 0x9e3779b1) >>> 8
const expected = new Int32Array(n)
const kept = heap.i32(n)
const counts = heap.i32(n)
let count = 0
sideBySide(
  `the multiples of three among ${n} numbers`,
  () => {
    count = plain(values, expected)
  },
  () => {
    countUpTo(n, counts, values)
    keep(n, values, counts, kept)
  },
  () => (counts[n - 1] === count ? largestDifference(expected, kept) : Number.POSITIVE_INFINITY),
)
console.log(`kept ${count} of ${n}`)
