/**
 * The first few of a row: a heap keeps those found so far, the one that would be given up first at its top (Williams, Algorithm 232, CACM 1964). Most elements are compared with
 * that one and passed over.
 */

/** Whether so few of so many are found so: most elements are passed over, whatever their order. */
export const areFew = (k: number, length: number): boolean => k <= 4096 && 16 * k <= length

/** A part of a row. */
export interface Stretch {
  readonly begin: number
  readonly end: number
}

/**
 * Writes the places of the largest elements (or of the smallest) that stretches of an array have, in order. Of equal ones those that stand first; NaN is none.
 * @returns false: there are too many NaN
 */
export function placesOfFew(
  elements: ArrayLike<number>,
  stretches: readonly Stretch[],
  largest: boolean,
  places: Int32Array,
): boolean {
  const { length: k } = places
  const values = new Float64Array(k)
  const sign = largest ? 1 : -1
  let kept = 0
  let least = Number.NaN
  for (const { begin, end } of stretches) {
    let at = begin
    for (; at < end && kept < k; at++) {
      const value = sign * elements[at]
      if (Number.isNaN(value)) continue
      values[kept] = value
      places[kept++] = at
      if (kept < k) continue
      for (let root = (k >> 1) - 1; root >= 0; root--) sink(values, places, root, k)
      least = values[0]
    }
    for (; at < end; at++) {
      const value = sign * elements[at]
      if (!(value > least)) continue
      values[0] = value
      places[0] = at
      sink(values, places, 0, k)
      least = values[0]
    }
  }
  if (kept < k) return false
  // What is given up first goes to the end.
  for (let last = k - 1; last > 0; last--) {
    const [value, place] = [values[0], places[0]]
    values[0] = values[last]
    places[0] = places[last]
    values[last] = value
    places[last] = place
    sink(values, places, 0, last)
  }
  return true
}

/** Lets an entry of the heap sink to where both below it are to be kept rather. */
function sink(values: Float64Array, places: Int32Array, from: number, count: number): void {
  const [value, place] = [values[from], places[from]]
  let hole = from
  for (;;) {
    let child = 2 * hole + 1
    if (child >= count) break
    if (child + 1 < count && isBefore(values, places, child + 1, child)) child++
    if (values[child] > value || (values[child] === value && places[child] < place)) break
    values[hole] = values[child]
    places[hole] = places[child]
    hole = child
  }
  values[hole] = value
  places[hole] = place
}

/** Given up before: smaller, or as large and further behind. */
const isBefore = (values: Float64Array, places: Int32Array, a: number, b: number): boolean =>
  values[a] < values[b] || (values[a] === values[b] && places[a] > places[b])
