/**
 * Elements by whole numbers along an axis, where all lie in C order: axes in front of it are one, and axes behind it are. Numbers are looked at by the kernels that read
 * through them.
 */

import { assert, type Kernel, kernel } from '@skein/kernel'
import { type DType, infoOf } from '../dtypes.ts'
import type { View } from '../expression/node.ts'
import { onBackend } from '../expression/plain.ts'
import { allocate } from '../memory.ts'
import { isContiguous, linesAlong, type Shape, sizeOf, stridesOf } from '../shape.ts'
import { placeOf } from './basic.ts'

type Reals = Float64Array

/** @param step between the numbers of two lines: 0 where all lines have the same ones */
const takeElements = kernel(
  (
    [line, k],
    from: Reals,
    fromAt: number,
    length: number,
    at: Reals,
    first: number,
    step: number,
    count: number,
    to: Reals,
  ) => {
    const given = Number(at[first + line * step + k])
    assert(given >= -length && given < length, 'a place on the axis')
    to[line * count + k] = from[fromAt + line * length + ((given < 0 ? given + length : given) | 0)]
  },
  { name: 'take', use: { assert } },
)

/** Of parts of the same length, all those that one number means. */
const takeParts = kernel(
  (
    [line, k, j],
    from: Reals,
    fromAt: number,
    length: number,
    part: number,
    at: Reals,
    first: number,
    count: number,
    to: Reals,
  ) => {
    const given = Number(at[first + k])
    assert(given >= -length && given < length, 'a place on the axis')
    to[(line * count + k) * part + j] =
      from[fromAt + (line * length + ((given < 0 ? given + length : given) | 0)) * part + j]
  },
  { name: 'takeParts', use: { assert } },
)

/** Of lines that lie side by side, each element by its own number. */
const takeAcross = kernel(
  (
    [line, k, j],
    from: Reals,
    fromAt: number,
    length: number,
    part: number,
    at: Reals,
    first: number,
    count: number,
    to: Reals,
  ) => {
    const here = (line * count + k) * part + j
    const given = Number(at[first + here])
    assert(given >= -length && given < length, 'a place on the axis')
    to[here] = from[fromAt + (line * length + ((given < 0 ? given + length : given) | 0)) * part + j]
  },
  { name: 'takeAcross', use: { assert } },
)

const lie = ({ shape, strides }: View): boolean => isContiguous(shape, strides)

/** Runs a kernel that asserts of numbers that they are in range. @throws ShapeError for the first that is not */
function run<A extends unknown[]>(k: Kernel<A>, by: View, shape: Shape, axis: number, call: string) {
  return (range: readonly number[], ...args: A): void => {
    try {
      onBackend(k)(range, ...args)
    } catch (error) {
      const { elements } = by.memory
      for (let n = by.offset; n < by.offset + sizeOf(by.shape); n++) placeOf(Number(elements[n]), shape, axis, call)
      throw error
    }
  }
}

const made = (dtype: DType, shape: Shape, call: string): View => {
  const memory = allocate(dtype, sizeOf(shape), call, 'unset')
  return { dtype, shape, strides: stridesOf(shape), offset: 0, memory }
}

const reals = (view: View): Reals => view.memory.elements as unknown as Reals

/** The elements at numbers along an axis, which becomes those of the numbers; undefined: something lies otherwise. @throws ShapeError for a number out of range */
export function takenAt(view: View, by: View, axis: number, call: string): View | undefined {
  if (!lie(view) || !lie(by)) return undefined
  const { shape } = view
  const { parts } = infoOf(view.dtype)
  const { before: lines, length, after } = linesAlong(shape, axis)
  const part = after * parts
  const count = sizeOf(by.shape)
  const found = made(view.dtype, [...shape.slice(0, axis), ...by.shape, ...shape.slice(axis + 1)], call)
  if (sizeOf(found.shape) === 0) return count === 0 ? found : undefined
  const fromAt = view.offset * parts
  if (part === 1)
    run(takeElements, by, shape, axis, call)(
      [lines, count],
      reals(view),
      fromAt,
      length,
      reals(by),
      by.offset,
      0,
      count,
      reals(found),
    )
  else
    run(takeParts, by, shape, axis, call)(
      [lines, count, part],
      reals(view),
      fromAt,
      length,
      part,
      reals(by),
      by.offset,
      count,
      reals(found),
    )
  return found
}

/** The element at each number along an axis, for arrays that differ in the length of that axis alone; undefined: they differ otherwise. @throws ShapeError for a number out of range */
export function takenAlong(view: View, by: View, axis: number, call: string): View | undefined {
  const { shape } = view
  if (infoOf(view.dtype).parts === 2 || !lie(view) || !lie(by) || sizeOf(by.shape) === 0) return undefined
  for (let d = 0; d < shape.length; d++) if (d !== axis && shape[d] !== by.shape[d]) return undefined
  const found = made(view.dtype, by.shape, call)
  const { before: lines, length, after: part } = linesAlong(shape, axis)
  const count = by.shape[axis]
  if (part === 1)
    run(takeElements, by, shape, axis, call)(
      [lines, count],
      reals(view),
      view.offset,
      length,
      reals(by),
      by.offset,
      count,
      count,
      reals(found),
    )
  else
    run(takeAcross, by, shape, axis, call)(
      [lines, count, part],
      reals(view),
      view.offset,
      length,
      part,
      reals(by),
      by.offset,
      count,
      reals(found),
    )
  return found
}

/** Elements of one row, and of the mask over it. */
function truths(mask: View, count: number): number {
  const elements = mask.memory.elements as unknown as Uint8Array
  const { offset } = mask
  let n = 0
  for (let k = offset; k < offset + count; k++) n += -elements[k] >>> 31
  return n
}

/** Above so many elements a list of places is made first. */
const mostMasked = 1 << 14

/** The elements for which a mask over all of them holds; undefined: it is over others, or there are many. */
export function takenWhere(view: View, mask: View, call: string): View | undefined {
  const { shape, dtype } = view
  if (infoOf(dtype).parts === 2 || shape.length !== mask.shape.length || !lie(view) || !lie(mask)) return undefined
  for (let d = 0; d < shape.length; d++) if (shape[d] !== mask.shape[d]) return undefined
  const size = sizeOf(shape)
  if (size > mostMasked) return undefined
  const count = truths(mask, size)
  const found = made(dtype, [count], call)
  const [from, to] = [view.memory.elements, found.memory.elements]
  const holds = mask.memory.elements as unknown as Uint8Array
  // What does not count is written over by what comes next: nobody can foretell which does.
  for (let k = 0, n = 0; n < count; k++) {
    to[n] = from[view.offset + k]
    n += -holds[mask.offset + k] >>> 31
  }
  return found
}
