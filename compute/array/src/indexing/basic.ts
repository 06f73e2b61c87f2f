/** Indices that make a view: whole numbers, spans, new axes. Nothing is allocated. */

import { ArgumentError } from '@skein/base'
import { ShapeError, shapeText } from '../errors.ts'
import type { View } from '../expression/node.ts'
import type { BasicIndex, Span } from './index-text.ts'

/** @throws ShapeError for too many indices, or one that is out of range; ArgumentError */
export function viewAt(view: View, indices: readonly BasicIndex[], call: string): View {
  const { shape, strides } = view
  const taken = indices.filter(i => i !== null && i !== '...').length
  if (taken > shape.length)
    throw new ShapeError(call, `${taken} indices are too many for the shape ${shapeText(shape)}.`, [shape])
  if (indices.filter(i => i === '...').length > 1)
    throw new ArgumentError(call, 'index', "at most one '...'", indices.map(String).join(', '))
  const whole = indices.includes('...') ? indices : [...indices, '...' as const]
  const [lengths, steps]: [number[], number[]] = [[], []]
  let { offset } = view
  let axis = 0
  for (const index of whole) {
    if (index === null) {
      lengths.push(1)
      steps.push(0)
    } else if (index === '...') {
      for (const until = axis + shape.length - taken; axis < until; axis++) {
        lengths.push(shape[axis])
        steps.push(strides[axis])
      }
    } else if (typeof index === 'number') {
      offset += placeOf(index, shape, axis, call) * strides[axis]
      axis++
    } else {
      const { begin, length, step } = spanOf(index, shape[axis], call)
      if (length > 0) offset += begin * strides[axis]
      lengths.push(length)
      steps.push(step * strides[axis])
      axis++
    }
  }
  return { ...view, shape: lengths, strides: steps, offset }
}

/** A place counted from the end if it is negative. @throws ShapeError */
export function placeOf(index: number, shape: readonly number[], axis: number, call: string): number {
  if (!Number.isInteger(index)) throw new ArgumentError(call, 'index', 'a whole number', index)
  const length = shape[axis]
  const at = index < 0 ? index + length : index
  if (at < 0 || at >= length)
    throw new ShapeError(
      call,
      `index ${index} is out of range on axis ${axis} of the shape ${shapeText(shape)}, which has ${length} ${length === 1 ? 'element' : 'elements'}.`,
      [shape],
    )
  return at
}

/** As Python's slices: what reaches beyond an end is cut off. */
function spanOf(span: Span, length: number, call: string): { begin: number; length: number; step: number } {
  const { step = 1 } = span
  for (const x of [span.begin, span.end, step]) {
    if (x !== undefined && !Number.isInteger(x)) throw new ArgumentError(call, 'index', 'whole numbers', x)
  }
  if (step === 0) throw new ArgumentError(call, 'step', 'a whole number other than 0', step)
  const least = step > 0 ? 0 : -1
  const most = step > 0 ? length : length - 1
  const clamp = (x: number) => Math.min(Math.max(x < 0 ? x + length : x, least), most)
  const begin = span.begin === undefined ? (step > 0 ? 0 : length - 1) : clamp(span.begin)
  const end = span.end === undefined ? (step > 0 ? length : -1) : clamp(span.end)
  return { begin, length: Math.max(0, Math.ceil((end - begin) / step)), step }
}
