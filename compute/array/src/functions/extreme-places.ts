/** Where the extreme elements are. */

import { kernel } from '@skein/kernel'
import { isComplex, isInexact } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import { evaluating } from '../expression/evaluate.ts'
import { minFold } from '../expression/fold.ts'
import type { Runs } from '../expression/launch.ts'
import { type View, wholeOf } from '../expression/node.ts'
import { runOf } from '../expression/plain.ts'
import { allocate } from '../memory.ts'
import { arrayOf, NDArray } from '../ndarray.ts'
import { checkAxes, checkAxis, linesAlong, type Shape, stridesOf } from '../shape.ts'
import { computed } from './computing.ts'
import { arange } from './creation.ts'
import * as elementwise from './elementwise.ts'
import { type Operand, toArray } from './operands.ts'
import { elementsOf } from './placing.ts'
import { needElements, reduced } from './reducing.ts'
import { max, min, type ReductionOptions } from './reductions.ts'
import { expandDims } from './shaping.ts'

export interface PlaceOptions {
  /** Along one axis; without it among all elements, in C order. */
  axis?: number | null
  keepdims?: boolean
}

/** The place of the first element that is the extreme one, NaN before all. */
function placeOf(extreme: (x: Operand, options: ReductionOptions) => NDArray, call: string) {
  return (x: Operand, options: PlaceOptions = {}): NDArray<'int32'> => {
    const array = toArray(x, call)
    const { keepdims = false } = options
    if (options.axis === undefined || options.axis === null) {
      needElements(array.shape, checkAxes(null, array.shape, call), call)
      return placeAmongAll(array, extreme(array, {}), keepdims)
    }
    const axis = checkAxis(options.axis, array.shape, call)
    if (array.shape[axis] === 0)
      throw new ShapeError(call, `there is none of no elements, in ${shapeText(array.shape)}.`, [array.shape])
    const { after } = linesAlong(array.shape, axis)
    const isPlain = after >= leastColumns && !isComplex(array.dtype) && array.dtype !== 'float16'
    return isPlain ? placesDown(array, axis, call === 'argmax', keepdims) : placesAlong(array, axis, extreme, keepdims)
  }
}

/** So many columns make it worth that each lane goes down one. */
const leastColumns = 16

/** The place of the first element that is the extreme one of each column; NaN comes before all. */
const columnPlaces = kernel(
  ([o, j], length: number, columns: number, isLargest: number, x: Float64Array, out: Int32Array) => {
    const first = o * length * columns + j
    let best = x[first]
    let place = 0
    for (let k = 1; k < length; k++) {
      const value = x[first + k * columns]
      const isBetter = isLargest !== 0 ? value > best : value < best
      if (isBetter || (value !== value && best === best)) {
        best = value
        place = k
      }
    }
    out[o * columns + j] = place
  },
  { unsafe: true, name: 'columnPlaces' },
)

function placesDown(x: NDArray, axis: number, isLargest: boolean, keepdims: boolean): NDArray<'int32'> {
  const { before, length, after } = linesAlong(x.shape, axis)
  const shape = keepdims ? x.shape.with(axis, 1) : x.shape.toSpliced(axis, 1)
  return computed('int32', shape, [x], function* ([from], to) {
    yield runOf(columnPlaces, [before, after], length, after, isLargest ? 1 : 0, from as Float64Array, to as Int32Array)
  })
}

function placesAlong(
  array: NDArray,
  axis: number,
  extreme: (x: Operand, options: ReductionOptions) => NDArray,
  keepdims: boolean,
): NDArray<'int32'> {
  const top = extreme(array, { axis, keepdims: true })
  const length = array.shape[axis]
  let place = arange(0, length, 1, { dtype: 'int32' }) as NDArray
  for (let d = axis + 1; d < array.ndim; d++) place = expandDims(place, -1)
  const isThere = elementwise.equal(array, top)
  const isFound = isInexact(array.dtype) ? elementwise.logicalOr(isThere, elementwise.isnan(array)) : isThere
  const first = elementwise.where(isFound, place, length)
  return reduced(first, [axis], minFold, 'int32', keepdims) as NDArray<'int32'>
}

/** The place in C order of the first element that is the extreme one. The engine looks for it faster than a kernel is called. */
function placeAmongAll(x: NDArray, top: NDArray, keepdims: boolean): NDArray<'int32'> {
  const { node } = x
  const shape = keepdims ? x.shape.map(() => 1) : []
  if (top.isEvaluated) return arrayOf(placeIn(x, top.view, shape))
  function* looking(): Runs<View> {
    const array = arrayOf(yield* evaluating(node))
    return placeIn(array, yield* evaluating(top.node), shape)
  }
  return new NDArray<'int32'>(wholeOf('int32', shape, [node], looking))
}

function placeIn(x: NDArray, { memory, offset }: View, shape: Shape): View {
  const elements = elementsOf(x) as unknown as Float64Array
  const value = memory.elements[offset] as number
  const place = allocate('int32', 1)
  place.elements[0] = Number.isNaN(value) ? elements.findIndex(Number.isNaN) : elements.indexOf(value)
  return { dtype: 'int32', shape, strides: stridesOf(shape), offset: 0, memory: place }
}

export const argmax = placeOf(max, 'argmax')
export const argmin = placeOf(min, 'argmin')
