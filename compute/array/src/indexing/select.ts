/** Indices that choose parts: masks, and arrays of whole numbers. What is read through them is a new array. */

import { infoOf } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import type { View } from '../expression/node.ts'
import { allocate } from '../memory.ts'
import { places } from '../ndarray.ts'
import { isContiguous, type Shape, sameShape, sizeOf, stridesOf } from '../shape.ts'
import { placeOf } from './basic.ts'
import { copyEach, truePlaces as placesOfTruths } from './picking.ts'
import { takenAt, takenWhere } from './taking.ts'

/** Parts of a view that are equally large: where each begins in memory, and the axes that each has. */
export interface Selection {
  readonly starts: Int32Array
  /** The axes in front of those of a part, of which there are so many. */
  readonly shape: Shape
  readonly inner: Pick<View, 'shape' | 'strides' | 'offset'>
}

/**
 * @param by truths, for as many axes of the view from `axis` on as it has itself; or whole numbers, for that axis
 * @throws ShapeError for a mask of another shape, and numbers out of range
 */
export function selectionOf(view: View, by: View, axis: number, call: string): Selection {
  const { shape, strides, offset } = view
  const covered = by.dtype === 'bool' ? by.shape.length : 1
  const own = { shape: shape.slice(axis, axis + covered), strides: strides.slice(axis, axis + covered), offset: 0 }
  const steps = by.dtype === 'bool' ? truePlaces(by, own, call) : numberedPlaces(by, shape, axis, call, strides[axis])
  const before = placeList({ shape: shape.slice(0, axis), strides: strides.slice(0, axis), offset })
  const chosen = by.dtype === 'bool' ? [steps.length] : by.shape
  return {
    starts: sumsOf(before, steps),
    shape: [...shape.slice(0, axis), ...chosen],
    inner: { shape: shape.slice(axis + covered), strides: strides.slice(axis + covered), offset: 0 },
  }
}

function sumsOf(before: Int32Array, steps: Int32Array): Int32Array {
  if (before.length === 1 && before[0] === 0) return steps
  const sums = new Int32Array(before.length * steps.length)
  let k = 0
  for (const place of before) for (let i = 0; i < steps.length; i++) sums[k++] = place + steps[i]
  return sums
}

/** Places of all elements in C order, as a list. */
function placeList(view: Selection['inner']): Int32Array {
  const { shape, strides, offset } = view
  const list = new Int32Array(sizeOf(shape))
  const last = shape.length - 1
  if (last < 0) return list.fill(offset)
  if (list.length === 0) return list
  const [length, step] = [shape[last], strides[last]]
  let k = 0
  for (const start of places({ shape: shape.slice(0, last), strides: strides.slice(0, last), offset }))
    for (let i = 0; i < length; i++) list[k++] = start + i * step
  return list
}

function truePlaces(mask: View, own: Selection['inner'], call: string): Int32Array {
  if (!sameShape(mask.shape, own.shape))
    throw new ShapeError(
      call,
      `a mask of shape ${shapeText(mask.shape)} does not fit axes of shape ${shapeText(own.shape)}.`,
      [own.shape, mask.shape],
    )
  const elements = mask.memory.elements as unknown as Uint8Array
  if (isContiguous(mask.shape, mask.strides) && isContiguous(own.shape, own.strides)) {
    const begin = mask.offset
    return placesOfTruths(elements.subarray(begin, begin + sizeOf(mask.shape)), count => new Int32Array(count))
  }
  const [truths, found] = [placeList(mask), placeList(own)]
  let count = 0
  // Without a branch, which would often be guessed wrong: what does not count is written over.
  for (let k = 0; k < truths.length; k++) {
    found[count] = found[k]
    count += -elements[truths[k]] >>> 31
  }
  return found.slice(0, count)
}

function numberedPlaces(by: View, shape: Shape, axis: number, call: string, step: number): Int32Array {
  const { elements } = by.memory
  const found = placeList(by)
  const length = shape[axis]
  for (let k = 0; k < found.length; k++) {
    const given = Number(elements[found[k]])
    found[k] = (given >= 0 && given < length ? given : placeOf(given, shape, axis, call)) * step
  }
  return found
}

/** A new array of the parts that are chosen. @throws ShapeError for a mask of another shape, and numbers out of range */
export function selected(view: View, by: View, axis: number, call: string): View {
  const found = by.dtype === 'bool' ? takenWhere(view, by, call) : takenAt(view, by, axis, call)
  return found ?? gather(view, selectionOf(view, by, axis, call))
}

/** Parts as long as this are copied as a whole. */
const longPart = 32

function gather(view: View, { starts, shape: first, inner }: Selection): View {
  const { dtype } = view
  const { parts } = infoOf(dtype)
  const shape = [...first, ...inner.shape]
  const memory = allocate(dtype, sizeOf(shape), 'at', 'unset')
  const [from, to] = [view.memory.elements, memory.elements]
  const size = sizeOf(inner.shape) * parts
  if (size >= longPart && isContiguous(inner.shape, inner.strides)) {
    for (let k = 0; k < starts.length; k++) {
      const begin = starts[k] * parts
      to.set(from.subarray(begin, begin + size) as unknown as ArrayLike<number>, k * size)
    }
  } else copyEach(from, partPlaces(starts, inner), to, parts)
  return { dtype, shape, strides: stridesOf(shape), offset: 0, memory }
}

/** Where in memory each element of the parts is. */
function partPlaces(starts: Int32Array, inner: Selection['inner']): Int32Array {
  const within = placeList(inner)
  if (within.length === 1 && within[0] === 0) return starts
  const all = new Int32Array(starts.length * within.length)
  let k = 0
  for (const start of starts) for (let i = 0; i < within.length; i++) all[k++] = start + within[i]
  return all
}

/** Writes the parts. @param values of the shape that `gather` would give */
export function scatter(view: View, { starts, inner }: Selection, values: View): void {
  const { parts } = infoOf(view.dtype)
  const [from, to] = [values.memory.elements, view.memory.forWriting()]
  const targets = partPlaces(starts, inner)
  const sources = placeList(values)
  for (let k = 0; k < targets.length; k++)
    for (let p = 0; p < parts; p++) to[targets[k] * parts + p] = from[sources[k] * parts + p]
}
