/** What is like a matrix product: a loop that adds products of two elements to something. All else of `products/` is loaded only if a kernel has one. */

import { type KernelIR, type Value, walk } from '../../ir/ir.ts'

export const isLikeProduct = (ir: KernelIR): boolean =>
  walk(ir.body).some(v => v.op === 'loop' && v.regions!.some(r => r.ops.some(o => termOf(o))))

export interface Term {
  readonly a: Value
  readonly b: Value
  readonly previous: Value
  readonly contract: boolean
}

/** A sum to which the product of two elements is added. */
export function termOf(v: Value): Term | undefined {
  const of = (a: Value, b: Value, previous: Value, contract: boolean) =>
    a.op === 'load' && b.op === 'load' ? { a, b, previous, contract } : undefined
  if (v.op === 'mad') return of(v.args[0], v.args[1], v.args[2], true)
  if (v.op !== 'add' || v.type === 'i64') return undefined
  const [x, y] = v.args
  return (
    (y.op === 'mul' ? of(y.args[0], y.args[1], x, false) : undefined) ??
    (x.op === 'mul' ? of(x.args[0], x.args[1], y, false) : undefined)
  )
}
