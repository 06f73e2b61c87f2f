/** Places of elements, as numbers in C order and as indices along axes. All are int32. */

import { ArgumentError } from '@skein/base'
import { assert, kernel } from '@skein/kernel'
import { type DType, isInteger } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import { onBackend } from '../expression/plain.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { broadcastShapes, checkShape, type Shape, sizeOf, stridesOf } from '../shape.ts'
import { astype } from './astype.ts'
import { arange, fresh, type Nested } from './creation.ts'
import * as e from './elementwise.ts'
import { assign } from './indexing.ts'
import { type Operand, toArray } from './operands.ts'
import { elementsOf } from './placing.ts'
import { max, min } from './reductions.ts'
import { nonzero } from './searching.ts'
import { broadcastTo, reshape } from './shaping.ts'
import { wholeNumbers } from './whole-numbers.ts'

type Order = 'C' | 'F'

/** Steps of the axes: the last is the fastest, in F order the first. */
function stepsOf(shape: Shape, order: Order, call: string): number[] {
  if (order !== 'C' && order !== 'F') throw new ArgumentError(call, 'order', "'C' or 'F'", order)
  return order === 'C' ? stridesOf(shape) : stridesOf([...shape].reverse()).reverse()
}

function integersOf(x: Operand | Nested, call: string): NDArray<'int32'> {
  const array = wholeNumbers(x as Nested, call)
  if (!isInteger(array.dtype)) throw new DTypeError(call, 'integers as indices', [array.dtype])
  return astype(array, 'int32', { copy: false })
}

function checkWithin(x: NDArray, length: number, shape: Shape, call: string): void {
  if (x.size === 0) return
  const [low, high] = [Number(min(x).item()), Number(max(x).item())]
  if (low >= 0 && high < length) return
  throw new ShapeError(
    call,
    `index ${low < 0 ? low : high} is not among the ${length} of the shape ${shapeText(shape)}.`,
    [shape],
  )
}

/** For each place in an array of a shape its index along each axis. @throws ShapeError for a place out of range; DTypeError */
export function unravelIndex(
  indices: Operand | Nested,
  shape: number | Shape,
  { order = 'C' }: { order?: Order } = {},
): NDArray<'int32'>[] {
  const lengths = checkShape(shape, 'unravelIndex')
  const steps = stepsOf(lengths, order, 'unravelIndex')
  const places = integersOf(indices, 'unravelIndex')
  const size = sizeOf(lengths)
  const from = elementsOf(places) as unknown as Int32Array
  return lengths.map((n, d) => {
    const { array, memory } = fresh('int32', places.shape, 'unravelIndex', 'unset')
    if (from.length > 0)
      checking(places, size, lengths, 'unravelIndex', () =>
        onBackend(indexAlong)(from.length, from, size, steps[d], n, memory.elements as unknown as Int32Array),
      )
    return array
  })
}

/** The index of places along an axis. */
const indexAlong = kernel(
  (k, places: Int32Array, size: number, step: number, length: number, found: Int32Array) => {
    const place = places[k]
    assert(place >= 0 && place < size, 'a place in the shape')
    found[k] = Math.floor(place / step) % length
  },
  { name: 'unravelIndex', use: { assert } },
)

/** Runs a kernel that asserts of whole numbers that they are from 0 and below a length. @throws ShapeError for one that is not */
function checking(x: NDArray, length: number, shape: Shape, call: string, run: () => void): void {
  try {
    run()
  } catch (error) {
    checkWithin(x, length, shape, call)
    throw error
  }
}

export interface RavelOptions {
  /** What becomes of an index that is out of range: an error (the default), counted on from the other end, or moved to the next that there is. For all axes, or for each. */
  mode?: 'raise' | 'wrap' | 'clip' | readonly ('raise' | 'wrap' | 'clip')[]
  order?: Order
}

/** Of indices along each axis, which are broadcast, the places in an array of a shape. @throws ShapeError for an index out of range; DTypeError */
export function ravelMultiIndex(
  indices: readonly (Operand | Nested)[],
  shape: number | Shape,
  { mode = 'raise', order = 'C' }: RavelOptions = {},
): NDArray<'int32'> {
  const lengths = checkShape(shape, 'ravelMultiIndex')
  const steps = stepsOf(lengths, order, 'ravelMultiIndex')
  if (indices.length !== lengths.length)
    throw new ShapeError(
      'ravelMultiIndex',
      `${indices.length} arrays of indices are not one for each axis of ${shapeText(lengths)}.`,
      [lengths],
    )
  const given = lengths.map((n, d): NDArray => {
    const way = typeof mode === 'string' ? mode : mode[d]
    const index: NDArray = integersOf(indices[d], 'ravelMultiIndex')
    if (way === 'raise') return index
    if (way === 'wrap') return e.remainder(index, n)
    if (way === 'clip') return e.minimum(e.maximum(index, 0), n - 1)
    throw new ArgumentError('ravelMultiIndex', 'mode', "'raise', 'wrap' or 'clip'", way)
  })
  const met = broadcastShapes(
    given.map(x => x.shape),
    'ravelMultiIndex',
  )
  const { array, memory } = fresh('int32', met, 'ravelMultiIndex')
  const to = memory.elements as unknown as Int32Array
  for (const [d, n] of lengths.entries()) {
    const from = elementsOf(broadcastTo(given[d], met)) as unknown as Int32Array
    if (from.length > 0)
      checking(given[d], n, lengths, 'ravelMultiIndex', () => onBackend(addPlaces)(from.length, from, n, steps[d], to))
  }
  return array
}

const addPlaces = kernel(
  (k, indices: Int32Array, length: number, step: number, places: Int32Array) => {
    const index = indices[k]
    assert(index >= 0 && index < length, 'an index along the axis')
    places[k] += index * step
  },
  { name: 'ravelMultiIndex', use: { assert } },
)

/** The index along each axis at each place of a shape: one array for each axis, of that shape. */
export function indices(shape: number | Shape): NDArray<'int32'>[] {
  const lengths = checkShape(shape, 'indices')
  return lengths.map((n, d) => {
    const { array, memory } = fresh('int32', lengths, 'indices', 'unset')
    if (array.size === 0) return array
    const to = memory.elements as unknown as Int32Array
    const [lines, part] = [sizeOf(lengths.slice(0, d)), sizeOf(lengths.slice(d + 1))]
    if (part === 1) onBackend(countLines)([lines, n], n, to)
    else onBackend(countParts)([lines, n, part], n, part, to)
    return array
  })
}

const countLines = kernel(
  ([line, k], length: number, to: Int32Array) => {
    to[line * length + k] = k
  },
  { name: 'indices' },
)

const countParts = kernel(
  ([line, k, j], length: number, part: number, to: Int32Array) => {
    to[(line * length + k) * part + j] = k
  },
  { name: 'indicesOfParts' },
)

/** Views of arrays of one axis, turned so that together they index a grid: each along an axis of its own. Of booleans the places that hold. */
export function ix(...arrays: (NDArray | readonly number[])[]): NDArray[] {
  return arrays.map((x, k) => {
    const given: NDArray = wholeNumbers(x as Nested, 'ix')
    if (given.ndim !== 1)
      throw new ShapeError('ix', `takes arrays of one axis, not of shape ${shapeText(given.shape)}.`, [given.shape])
    const line = given.dtype === 'bool' ? nonzero(given)[0] : given
    return reshape(
      line,
      arrays.map((_, d) => (d === k ? line.size : 1)),
    )
  })
}

/** Indices of the main diagonal of an array of n elements along each of `ndim` axes, which are 2 unless named. */
export function diagIndices(n: number, { ndim = 2 }: { ndim?: number } = {}): NDArray<'int32'>[] {
  const [length] = checkShape(n, 'diagIndices')
  return Array.from({ length: ndim }, () => arange(0, length, 1, { dtype: 'int32' }))
}

/** Writes values into the main diagonal of an array, in which all axes are used at once; they are broadcast along it. @throws ShapeError unless it has two axes, or more that are equally long */
export function fillDiagonal<D extends DType>(x: NDArray<D>, values: Operand | Nested): NDArray<D> {
  const array = toArray(x, 'fillDiagonal') as NDArray<D>
  const { view } = array
  const isEven = array.shape.every(n => n === array.shape[0])
  if (array.ndim < 2 || (array.ndim > 2 && !isEven))
    throw new ShapeError(
      'fillDiagonal',
      `takes arrays of two axes, or of more that are equally long, not of shape ${shapeText(array.shape)}.`,
      [array.shape],
    )
  const line = { ...view, shape: [Math.min(...array.shape)], strides: [view.strides.reduce((a, b) => a + b, 0)] }
  assign(arrayOf<D>(line), values)
  return array
}

/** Elements of a list of arrays, each from the one that an array of places names; all are broadcast. @throws ShapeError for a place out of range; DTypeError */
export function choose(places: Operand | Nested, choices: readonly Operand[]): NDArray {
  const given = integersOf(places, 'choose')
  if (choices.length === 0) throw new ArgumentError('choose', 'choices', 'one array or more', choices)
  checkWithin(given, choices.length, [choices.length], 'choose')
  return choices
    .slice(1)
    .reduce<NDArray>((found, choice, k) => e.where(e.equal(given, k + 1), choice, found), whole(given, choices))
}

/** The first choice, in the shape of all. */
function whole(places: NDArray, choices: readonly Operand[]): NDArray {
  const [first] = choices
  return e.where(e.equal(places, 0), first, first)
}

/** Elements of the first of a list of arrays whose condition holds there; `missing` (default 0) where none does. @throws ShapeError; ArgumentError unless there are as many conditions as arrays */
export function select(
  conditions: readonly Operand[],
  choices: readonly Operand[],
  { missing = 0 }: { missing?: Operand } = {},
): NDArray {
  if (conditions.length !== choices.length || conditions.length === 0)
    throw new ArgumentError('select', 'choices', `as many as conditions, one at least: ${conditions.length}`, choices)
  return conditions.reduceRight<Operand>((found, c, k) => e.where(c, choices[k], found), missing) as NDArray
}
