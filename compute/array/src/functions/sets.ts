/** Arrays as sets: their different elements, in order. Zeros of either sign are one element, each NaN is one of its own. */

import { changesOf, type WordKind } from '@skein/kernel/order'
import { type DType, type Elements, infoOf, isComplex } from '../dtypes.ts'
import { allocate, Memory } from '../memory.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { promote } from '../promotion.ts'
import { stridesOf } from '../shape.ts'
import { longRow, wordsIn } from '../sorting/buckets.ts'
import { placesInOrder } from '../sorting/rows.ts'
import { placesIn } from '../sorting/search.ts'
import { isByVectors } from '../sorting/vectors.ts'
import { astype, copyOf } from './astype.ts'
import { asarray, fresh, type Nested } from './creation.ts'
import { logicalNot } from './elementwise.ts'
import { at } from './indexing.ts'
import { concat } from './joining.ts'
import { type Operand, toArray } from './operands.ts'
import { elementsOf } from './placing.ts'
import { reshape } from './shaping.ts'
import { sort } from './sorting.ts'

const array1 = <D extends DType>(dtype: D, elements: Elements, given?: readonly number[]): NDArray<D> => {
  const shape = given ?? [elements.length / infoOf(dtype).parts]
  return arrayOf<D>({ dtype, shape, strides: stridesOf(shape), offset: 0, memory: new Memory(elements) })
}
const places = (found: Int32Array, shape?: readonly number[]) => array1('int32', found as never, shape)

/** Elements in order, and where groups of equal ones begin. */
interface Groups {
  readonly array: NDArray
  readonly order: Int32Array
  readonly begins: Int32Array
}

function groupsOf(x: Operand, call: string): Groups {
  const array = toArray(x, call)
  const { dtype, size } = array
  if (size === 0) return { array, order: new Int32Array(), begins: new Int32Array() }
  const order = placesInOrder(copyOf(array).view.memory.elements, dtype, size, false)
  const elements = elementsOf(array)
  const begins = new Int32Array(size)
  let count = 1
  const isPair = isComplex(dtype)
  for (let k = 1; k < size; k++) {
    const [i, j] = [order[k - 1], order[k]]
    const isSame = isPair
      ? elements[2 * i] === elements[2 * j] && elements[2 * i + 1] === elements[2 * j + 1]
      : elements[i] === elements[j]
    if (!isSame) begins[count++] = k
  }
  return { array, order, begins: begins.slice(0, count) }
}

const firstOf = ({ order, begins }: Groups) => begins.map(k => order[k])

function valuesAt({ array }: Groups, first: Int32Array): NDArray {
  const { Elements, parts } = infoOf(array.dtype)
  const from = elementsOf(array)
  const found = new Elements(first.length * parts)
  for (let k = 0; k < first.length; k++)
    for (let p = 0; p < parts; p++) found[k * parts + p] = from[first[k] * parts + p]
  return array1(array.dtype, found)
}

const countsOf = ({ order, begins }: Groups) => begins.map((k, g) => (begins[g + 1] ?? order.length) - k)

function inverseOf({ array, order, begins }: Groups): NDArray<'int32'> {
  const inverse = new Int32Array(order.length)
  for (let g = 0; g < begins.length; g++) {
    const end = g + 1 < begins.length ? begins[g + 1] : order.length
    for (let k = begins[g]; k < end; k++) inverse[order[k]] = g
  }
  return places(inverse, array.shape)
}

export interface Unique<D extends DType = DType> {
  /** Different elements in order, NaN last. */
  readonly values: NDArray<D>
  /** Where each stands first, among all elements in C order. */
  readonly indices: NDArray<'int32'>
  /** Which of the values each element is, of the array's shape. */
  readonly inverseIndices: NDArray<'int32'>
  /** How often each is there. */
  readonly counts: NDArray<'int32'>
}

/** Different elements, where they stand first, which one each element is, and how often they are there. */
export function uniqueAll<D extends DType>(x: NDArray<D>): Unique<D> {
  const groups = groupsOf(x, 'uniqueAll')
  const first = firstOf(groups)
  return {
    values: valuesAt(groups, first) as NDArray<D>,
    indices: places(first),
    inverseIndices: inverseOf(groups),
    counts: places(countsOf(groups)),
  }
}

/** Different elements, and how often they are there. */
export function uniqueCounts<D extends DType>(x: NDArray<D>): Pick<Unique<D>, 'values' | 'counts'> {
  const counted = tableOf(toArray(x, 'uniqueCounts'))
  if (counted) return counted as Pick<Unique<D>, 'values' | 'counts'>
  const groups = groupsOf(x, 'uniqueCounts')
  return { values: valuesAt(groups, firstOf(groups)) as NDArray<D>, counts: places(countsOf(groups)) }
}

/** Of whole numbers near each other, counted in a table of all between the least and the largest; undefined: they are not. */
function tableOf(x: NDArray): Pick<Unique, 'values' | 'counts'> | undefined {
  const { dtype, size } = x
  if (infoOf(dtype).type !== 'i32' || size === 0) return undefined
  const elements = elementsOf(x) as unknown as Int32Array
  const { least, most } = reachOf(elements)
  if (most - least > tableLength * size) return undefined
  const table = new Int32Array(most - least + 1)
  for (let k = 0; k < elements.length; k++) table[elements[k] - least]++
  let count = 0
  for (let k = 0; k < table.length; k++) if (table[k] > 0) count++
  const [values, counts] = [
    fresh(dtype, [count], 'uniqueCounts', 'unset'),
    fresh('int32', [count], 'uniqueCounts', 'unset'),
  ]
  const [value, times] = [values.memory.elements, counts.memory.elements]
  for (let k = 0, n = 0; n < count; k++) {
    if (table[k] === 0) continue
    value[n] = k + least
    times[n++] = table[k]
  }
  return { values: values.array, counts: counts.array }
}

function reachOf(elements: Int32Array): { least: number; most: number } {
  let [least, most] = [elements[0], elements[0]]
  for (let k = 1; k < elements.length; k++) {
    const x = elements[k]
    if (x < least) least = x
    if (x > most) most = x
  }
  return { least, most }
}

/** Different elements, and which of them each element is: `values.at(inverseIndices)` is the array again. */
export function uniqueInverse<D extends DType>(x: NDArray<D>): Pick<Unique<D>, 'values' | 'inverseIndices'> {
  const groups = groupsOf(x, 'uniqueInverse')
  return { values: valuesAt(groups, firstOf(groups)) as NDArray<D>, inverseIndices: inverseOf(groups) }
}

/** Different elements in order. */
export function uniqueValues<D extends DType>(x: NDArray<D>): NDArray<D> {
  const array = toArray(x, 'uniqueValues') as NDArray<D>
  const { dtype, size } = array
  if (isComplex(dtype)) {
    const groups = groupsOf(array, 'uniqueValues')
    return valuesAt(groups, firstOf(groups)) as NDArray<D>
  }
  const { memory } = sort(array, { axis: null }).view
  const { elements } = memory
  if (size >= longRow && infoOf(dtype).bits >= 32 && isByVectors()) {
    const changes = differentWords(elements, dtype)
    memory.release()
    return changes as NDArray<D>
  }
  let count = Math.min(size, 1)
  let last = elements[0]
  // Each is written, and stays if it is another than the last: no branch that nobody can foretell.
  for (let k = 1; k < size; k++) {
    const next = elements[k]
    elements[count] = next
    count += next === last ? 0 : 1
    last = next
  }
  if (2 * count < size) return array1(dtype, elements.slice(0, count))
  return arrayOf<D>({ dtype, shape: [count], strides: [1], offset: 0, memory })
}

function differentWords(sorted: Elements, dtype: DType): NDArray {
  let memory: Memory | undefined
  const { length } = changesOf(wordsIn(sorted, dtype), infoOf(dtype).kind as WordKind, count => {
    memory = allocate(dtype, count, 'uniqueValues', 'unset')
    return wordsIn(memory.elements, dtype)
  })
  return arrayOf({ dtype, shape: [length], strides: [1], offset: 0, memory: memory! })
}

/** Arrays of one dtype, that in which they meet. */
function together(x1: Operand | Nested, x2: Operand | Nested): [NDArray, NDArray] {
  const [a, b] = [asarray(x1 as Nested), asarray(x2 as Nested)]
  const dtype = promote(a.dtype, b.dtype)
  return [astype(a, dtype, { copy: false }), astype(b, dtype, { copy: false })]
}

/** Which elements of `x1` are among those of `x2`; NaN is not. With `invert` which are not. */
export function isin(
  x1: Operand | Nested,
  x2: Operand | Nested,
  { invert = false }: { invert?: boolean } = {},
): NDArray<'bool'> {
  const [a, b] = together(x1, x2)
  const found = new Uint8Array(a.size)
  if (isComplex(a.dtype)) complexIn(a, b, found)
  else if (!tableIn(a, b, found)) {
    const among = elementsOf(uniqueValues(b))
    const wanted = elementsOf(a)
    const at = placesIn(among, wanted, false, a.dtype)
    for (let k = 0; k < at.length; k++) found[k] = at[k] < among.length && among[at[k]] === wanted[k] ? 1 : 0
  }
  const result = array1('bool', found as never, a.shape)
  return invert ? logicalNot(result) : result
}

/** The longest table, in elements of both arrays. */
const tableLength = 8

/** By a table of all numbers between the least and the largest of `b`, if these are whole and near each other. @returns whether they are */
function tableIn(a: NDArray, b: NDArray, found: Uint8Array): boolean {
  if (infoOf(a.dtype).type !== 'i32' || b.size === 0) return false
  const [wanted, among] = [elementsOf(a), elementsOf(b)] as unknown as [Int32Array, Int32Array]
  const { least, most } = reachOf(among)
  if (most - least > tableLength * (a.size + b.size)) return false
  const table = new Uint8Array(most - least + 1)
  for (let k = 0; k < among.length; k++) table[among[k] - least] = 1
  for (let k = 0; k < wanted.length; k++) {
    const at = wanted[k] - least
    found[k] = at >= 0 && at < table.length ? table[at] : 0
  }
  return true
}

function complexIn(a: NDArray, b: NDArray, found: Uint8Array): void {
  // Adding 0 makes one of both zeros.
  const text = (x: Elements, k: number) => `${(x[2 * k] as number) + 0} ${(x[2 * k + 1] as number) + 0}`
  const [wanted, among] = [elementsOf(a), elementsOf(b)]
  const known = new Set<string>()
  for (let k = 0; k < b.size; k++) known.add(text(among, k))
  for (let k = 0; k < found.length; k++) {
    const key = text(wanted, k)
    found[k] = known.has(key) && !key.includes('NaN') ? 1 : 0
  }
}

const flat = (x: Operand | Nested): NDArray => reshape(asarray(x as Nested), [-1])

/** Different elements of either array, in order. */
export const union1d = (x1: Operand | Nested, x2: Operand | Nested): NDArray =>
  uniqueValues(concat([flat(x1), flat(x2)]))

/** Different elements of both arrays, in order. */
export function intersect1d(x1: Operand | Nested, x2: Operand | Nested): NDArray {
  const [a, b] = together(x1, x2).map(x => uniqueValues(x))
  return at(a, isin(a, b))
}

/** Different elements of the first array that are not in the second, in order. */
export function setdiff1d(x1: Operand | Nested, x2: Operand | Nested): NDArray {
  const values = uniqueValues(asarray(x1 as Nested))
  return at(values, isin(values, x2, { invert: true }))
}

/** Different elements of only one of the arrays, in order. */
export function setxor1d(x1: Operand | Nested, x2: Operand | Nested): NDArray {
  const [a, b] = together(x1, x2)
  return uniqueValues(concat([setdiff1d(a, b), setdiff1d(b, a)]))
}
