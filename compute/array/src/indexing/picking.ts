/** Long lists of places, made and followed by all threads. */

import { heap } from '@skein/heap'
import { kernel, reduce } from '@skein/kernel'
import { placesOfTruths } from '@skein/kernel/order'
import type { Elements } from '../dtypes.ts'
import { onBackend } from '../expression/plain.ts'
import { isByVectors } from '../sorting/vectors.ts'

/** From so many elements on it is worth waking threads. */
const many = 1 << 15
/** Elements that a thread looks at in one go. */
const stretch = 1 << 14

const countAll = reduce('+', (k, x: Uint8Array) => x[k] !== 0, { name: 'countTruths' })

/** How many bytes are not 0. */
export const countTruths = (truths: Uint8Array): number =>
  truths.length === 0 ? 0 : onBackend(countAll)(truths.length, truths)

const countEach = kernel(
  (s, truths: Uint8Array, counts: Int32Array) => {
    const end = Math.min((s + 1) * stretch, truths.length)
    let n = 0
    for (let k = s * stretch; k < end; k++) n += truths[k] === 0 ? 0 : 1
    counts[s] = n
  },
  { name: 'countEach', unsafe: true, use: { stretch } },
)

/** Every place is written, and the next one over it if it does not count: nobody can tell beforehand which do, and a wrong guess takes longer. */
const listTruths = kernel(
  (s, truths: Uint8Array, begins: Int32Array, places: Int32Array) => {
    const end = begins[s + 1]
    let n = begins[s]
    for (let k = s * stretch; n < end; k++) {
      places[n] = k
      n += truths[k] === 0 ? 0 : 1
    }
  },
  { name: 'listTruths', unsafe: true, use: { stretch } },
)

/** Places of bytes that are not 0. @param make the array for so many of them */
export function truePlaces(truths: Uint8Array, make: (count: number) => Int32Array): Int32Array {
  if (truths.length < many) return fewTruePlaces(truths, make)
  if (isByVectors()) return placesOfTruths(truths, make)
  const units = Math.ceil(truths.length / stretch)
  const begins = heap.i32(units + 1)
  onBackend(countEach)(units, truths, begins)
  let sum = 0
  for (let s = 0; s <= units; s++) {
    const own = begins[s]
    begins[s] = sum
    sum += own
  }
  const places = make(sum)
  onBackend(listTruths)(units, truths, begins, places)
  heap.release(begins)
  return places
}

function fewTruePlaces(truths: Uint8Array, make: (count: number) => Int32Array): Int32Array {
  const count = countTruths(truths)
  const places = make(count)
  for (let k = 0, n = 0; n < count; k++) {
    places[n] = k
    n += -truths[k] >>> 31
  }
  return places
}

const follow = kernel(
  (k, from: Elements, places: Int32Array, to: Elements) => {
    to[k] = from[places[k]]
  },
  { name: 'follow', unsafe: true },
)

const followPairs = kernel(
  (k, from: Elements, places: Int32Array, to: Elements) => {
    to[2 * k] = from[2 * places[k]]
    to[2 * k + 1] = from[2 * places[k] + 1]
  },
  { name: 'followPairs', unsafe: true },
)

/** Elements at places of memory, one behind the other. @param places within it */
export function copyEach(from: Elements, places: Int32Array, to: Elements, parts: 1 | 2): void {
  if (places.length >= many) onBackend(parts === 1 ? follow : followPairs)(places.length, from, places, to)
  else if (parts === 1) for (let k = 0; k < places.length; k++) to[k] = from[places[k]]
  else {
    for (let k = 0; k < places.length; k++) {
      to[2 * k] = from[2 * places[k]]
      to[2 * k + 1] = from[2 * places[k] + 1]
    }
  }
}
