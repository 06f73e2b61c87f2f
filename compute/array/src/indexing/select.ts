/** Indices that choose parts: masks, and arrays of whole numbers. What is read through them is a new array. */

import { infoOf } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import type { View } from '../expression/node.ts'
import { allocate } from '../memory.ts'
import { places } from '../ndarray.ts'
import { type Shape, sameShape, sizeOf, stridesOf } from '../shape.ts'
import { placeOf } from './basic.ts'

/** Parts of a view that are equally large: where each begins in memory, and the axes that each has. */
export interface Selection {
  readonly starts: readonly number[]
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
  const before = [...places({ shape: shape.slice(0, axis), strides: strides.slice(0, axis), offset })]
  const chosen = by.dtype === 'bool' ? [steps.length] : by.shape
  return {
    starts: before.flatMap(place => steps.map(step => place + step)),
    shape: [...shape.slice(0, axis), ...chosen],
    inner: { shape: shape.slice(axis + covered), strides: strides.slice(axis + covered), offset: 0 },
  }
}

function truePlaces(mask: View, own: Selection['inner'], call: string): number[] {
  if (!sameShape(mask.shape, own.shape))
    throw new ShapeError(
      call,
      `a mask of shape ${shapeText(mask.shape)} does not fit axes of shape ${shapeText(own.shape)}.`,
      [own.shape, mask.shape],
    )
  const { elements } = mask.memory
  const found: number[] = []
  const truths = places(mask)
  for (const place of places(own)) if (elements[truths.next().value as number] !== 0) found.push(place)
  return found
}

function numberedPlaces(by: View, shape: Shape, axis: number, call: string, step: number): number[] {
  const { elements } = by.memory
  return [...places(by)].map(i => placeOf(Number(elements[i]), shape, axis, call) * step)
}

/** A new array of the parts. */
export function gather(view: View, { starts, shape: first, inner }: Selection): View {
  const { dtype } = view
  const { parts } = infoOf(dtype)
  const shape = [...first, ...inner.shape]
  const memory = allocate(dtype, sizeOf(shape), 'at')
  const [from, to] = [view.memory.elements, memory.elements]
  const within = [...places(inner)]
  let k = 0
  for (const start of starts)
    for (const step of within) for (let p = 0; p < parts; p++) to[k++] = from[(start + step) * parts + p]
  return { dtype, shape, strides: stridesOf(shape), offset: 0, memory }
}

/** Writes the parts. @param values of the shape that `gather` would give */
export function scatter(view: View, { starts, inner }: Selection, values: View): void {
  const { parts } = infoOf(view.dtype)
  const [from, to] = [values.memory.elements, view.memory.forWriting()]
  const within = [...places(inner)]
  const sources = places(values)
  for (const start of starts) {
    for (const step of within) {
      const source = sources.next().value as number
      for (let p = 0; p < parts; p++) to[(start + step) * parts + p] = from[source * parts + p]
    }
  }
}
