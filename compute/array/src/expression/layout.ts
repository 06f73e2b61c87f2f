/** How a kernel runs through arrays: axes put in order, and together where every operand runs through them evenly. */

import { type Shape, stridesOf } from '../shape.ts'

/** The most axes of a kernel. */
export const mostAxes = 3

export interface Layout {
  /** Of the axes that are left, slowest first. At least one. */
  readonly lengths: readonly number[]
  /** For each operand, of each axis. */
  readonly strides: readonly (readonly number[])[]
}

/**
 * The order in which memory is passed best: by the strides of the first operands that tell two axes apart, the largest first. Axes that none tells
 * apart stay in order.
 */
export function axisOrder(shape: Shape, operands: readonly (readonly number[])[]): number[] {
  const order = shape.map((_, d) => d)
  const isAfter = (a: number, b: number): boolean => {
    for (const strides of operands) {
      const [x, y] = [Math.abs(strides[a]), Math.abs(strides[b])]
      if (x !== y && x !== 0 && y !== 0) return x < y
    }
    return false
  }
  // By insertion: arrays have few axes, and most are in order.
  for (let k = 1; k < order.length; k++) {
    for (let j = k; j > 0 && isAfter(order[j - 1], order[j]); j--) {
      ;[order[j - 1], order[j]] = [order[j], order[j - 1]]
    }
  }
  return order
}

/** Strides of a new array that lies in memory in an order of its axes. */
export function stridesIn(order: readonly number[], shape: Shape): number[] {
  const inOrder = stridesOf(order.map(d => shape[d]))
  const strides = new Array<number>(shape.length)
  for (const [k, d] of order.entries()) strides[d] = inOrder[k]
  return strides
}

/** @param operands their strides, of each axis of `shape` */
export function layoutOf(shape: Shape, operands: readonly (readonly number[])[], order: readonly number[]): Layout {
  const lengths: number[] = []
  const strides: number[][] = operands.map(() => [])
  for (const d of order) {
    const length = shape[d]
    if (length === 1) continue
    const last = lengths.length - 1
    if (last >= 0 && operands.every((o, k) => strides[k][last] === o[d] * length)) {
      lengths[last] *= length
      for (const [k, o] of operands.entries()) strides[k][last] = o[d]
    } else {
      lengths.push(length)
      for (const [k, o] of operands.entries()) strides[k].push(o[d])
    }
  }
  if (lengths.length === 0) {
    lengths.push(1)
    for (const s of strides) s.push(1)
  }
  return { lengths, strides }
}
