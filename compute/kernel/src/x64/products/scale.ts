/** Sums that are written as BLAS has it: `alpha * s + beta * c[…]`, and what is left of that without alpha, beta, or c. */

import type { Value } from '../../ir/ir.ts'

/** Of a factor that is absent, there is no multiplication by it. */
export interface Scale {
  readonly alpha: Value | undefined
  readonly beta: Value | undefined
  /** The load of the element. */
  readonly c: Value | undefined
}

/** @param isElement loaded from the array that is written @param isUniform the same in all iterations @returns undefined for anything else, the sum itself as well */
export function scaledSum(
  stored: Value,
  isSum: (v: Value) => boolean,
  isElement: (v: Value) => boolean,
  isUniform: (v: Value) => boolean,
): Scale | undefined {
  const alone = stored.op === 'mul' ? timesOf(stored, isSum, isUniform) : undefined
  if (alone) return { alpha: alone.factor, beta: undefined, c: undefined }
  if (stored.op === 'add') {
    for (const [x, y] of [stored.args, stored.args.toReversed()]) {
      const sum = timesOf(x, isSum, isUniform)
      const element = sum && timesOf(y, isElement, isUniform)
      if (element) return { alpha: sum.factor, beta: element.factor, c: element.of }
    }
  }
  if (stored.op === 'mad') {
    // Fused, one of the products is not a value of its own.
    const [x, y, z] = stored.args
    for (const [of, factor] of [
      [x, y],
      [y, x],
    ]) {
      if (!isUniform(factor)) continue
      const element = isSum(of) ? timesOf(z, isElement, isUniform) : undefined
      if (element) return { alpha: factor, beta: element.factor, c: element.of }
      const sum = isElement(of) ? timesOf(z, isSum, isUniform) : undefined
      if (sum) return { alpha: sum.factor, beta: factor, c: of }
    }
  }
  return undefined
}

interface Times {
  readonly of: Value
  readonly factor: Value | undefined
}

/** Something, or a factor times it. */
function timesOf(v: Value, is: (v: Value) => boolean, isUniform: (v: Value) => boolean): Times | undefined {
  if (is(v)) return { of: v, factor: undefined }
  const at = v.op === 'mul' ? v.args.findIndex(is) : -1
  return at >= 0 && isUniform(v.args[1 - at]) ? { of: v.args[at], factor: v.args[1 - at] } : undefined
}
