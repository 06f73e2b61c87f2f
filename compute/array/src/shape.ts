/** Shapes, strides and broadcasting. Strides are counted in elements; 0 repeats an element. */

import { ArgumentError } from '@skein/base'
import { ShapeError, shapeText } from './errors.ts'

export type Shape = readonly number[]

/** The most elements of an array: indices in kernels have 32 bits. */
export const mostElements = 2 ** 31 - 1

export function sizeOf(shape: Shape): number {
  let size = 1
  for (let d = 0; d < shape.length; d++) size *= shape[d]
  return size
}

/** Of elements one behind the other, the last axis fastest (C order). */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = step
    step *= shape[d]
  }
  return strides
}

/** A shape as a user gives it: a number, or a list of them. @throws ArgumentError */
export function checkShape(given: unknown, call: string): number[] {
  const shape = typeof given === 'number' ? [given] : given
  if (!Array.isArray(shape)) throw new ArgumentError(call, 'shape', 'a list of whole numbers', given)
  for (const n of shape) {
    if (!Number.isSafeInteger(n) || n < 0)
      throw new ArgumentError(call, 'shape', 'a list of whole numbers from 0', given, `${String(n)} is none.`)
  }
  const size = sizeOf(shape as number[])
  if (size > mostElements)
    throw new ArgumentError(call, 'shape', `one of at most ${mostElements} elements`, `${shapeText(shape)}: ${size}`)
  return [...(shape as number[])]
}

/** An axis counted from the end if it is negative. @throws ShapeError */
export function checkAxis(axis: unknown, shape: Shape, call: string, name = 'axis'): number {
  if (!Number.isInteger(axis)) throw new ArgumentError(call, name, 'a whole number', axis)
  const n = shape.length
  const at = (axis as number) < 0 ? (axis as number) + n : (axis as number)
  if (at < 0 || at >= n)
    throw new ShapeError(
      call,
      `${name} ${String(axis)} is not among those of the shape ${shapeText(shape)}, which has ${n === 1 ? '1 axis' : `${n} axes`}.`,
      [shape],
    )
  return at
}

/** One axis or several, none twice; undefined: all. In order. @throws ShapeError, ArgumentError */
export function checkAxes(axes: unknown, shape: Shape, call: string, name = 'axis'): number[] {
  if (axes === undefined || axes === null) return shape.map((_, d) => d)
  const list = Array.isArray(axes) ? axes : [axes]
  const found = list.map(axis => checkAxis(axis, shape, call, name))
  if (new Set(found).size !== found.length) throw new ArgumentError(call, name, 'a list of different axes', axes)
  return found.sort((a, b) => a - b)
}

/** Lines of `length` elements that are `after` apart, for each of `before` times `after`: how axes lie in C order. */
export interface Lines {
  readonly before: number
  readonly length: number
  readonly after: number
}

/** Lines along an axis, or along all from it to another as one. */
export function linesAlong(shape: Shape, first: number, last = first): Lines {
  let [before, length, after] = [1, 1, 1]
  for (let d = 0; d < shape.length; d++) {
    if (d < first) before *= shape[d]
    else if (d <= last) length *= shape[d]
    else after *= shape[d]
  }
  return { before, length, after }
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false
  for (let d = 0; d < a.length; d++) if (a[d] !== b[d]) return false
  return true
}

/** The shape to which all are broadcast. @throws ShapeError that shows the two that do not fit */
export function broadcastShapes(shapes: readonly Shape[], call: string): Shape {
  let result: Shape = shapes[0] ?? []
  let isMet = false
  for (let k = 1; k < shapes.length; k++) {
    const next = shapes[k]
    if (sameShape(result, next)) continue
    result = meet(result, next, shapes, k, call)
    isMet = true
  }
  if (isMet && sizeOf(result) > mostElements)
    throw new ShapeError(
      call,
      `the shapes ${shapes.map(shapeText).join(' and ')} make ${shapeText(result)} together, of ${sizeOf(result)} elements: more than the ${mostElements} of an array.`,
      shapes,
    )
  return result
}

function meet(a: Shape, b: Shape, shapes: readonly Shape[], k: number, call: string): Shape {
  const rank = Math.max(a.length, b.length)
  const shape = new Array<number>(rank)
  for (let d = 1; d <= rank; d++) {
    const [m, n] = [a[a.length - d] ?? 1, b[b.length - d] ?? 1]
    if (m !== n && m !== 1 && n !== 1) {
      // The operand that set the length, for a message that shows what was given.
      const first = shapes.slice(0, k).find(s => (s[s.length - d] ?? 1) === m) ?? a
      throw new ShapeError(
        call,
        `the shapes ${shapeText(first)} and ${shapeText(b)} cannot be broadcast together: counted from the end, axis ${-d} has ${m} elements in the one and ${n} in the other.`,
        [first, b],
        'Lengths must be equal, or one of them 1.',
      )
    }
    shape[rank - d] = m === 1 ? n : m
  }
  return shape
}

/** Strides with which an array runs through a larger shape. Both go together. */
export function broadcastStrides(shape: Shape, strides: readonly number[], to: Shape): readonly number[] {
  if (shape === to) return strides
  const more = to.length - shape.length
  const out = new Array<number>(to.length).fill(0)
  for (let d = 0; d < shape.length; d++) out[more + d] = shape[d] === 1 && to[more + d] !== 1 ? 0 : strides[d]
  return out
}

/** Whether elements lie one behind the other in C order. */
export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  let step = 1
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] === 1) continue
    if (strides[d] !== step) return shape.includes(0)
    step *= shape[d]
  }
  return true
}

/** First and last element that an array reaches, relative to its offset. Of an array that is not empty. */
export function reach(shape: Shape, strides: readonly number[]): { least: number; most: number } {
  let least = 0
  let most = 0
  for (let d = 0; d < shape.length; d++) {
    const far = (shape[d] - 1) * strides[d]
    if (far < 0) least += far
    else most += far
  }
  return { least, most }
}
