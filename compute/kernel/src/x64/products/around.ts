/**
 * What a kernel does around a sum: `let s = bias[j]` before it, `c[…] = Math.max(s, 0)` behind it. Then the sums are added up in c itself, between two kernels made of this one: the first writes into c what sums begin
 * with, the second has elements of c where this one has sums. So both only run where they cannot fail, and look at c nowhere else.
 */

import type { KernelIR, Region, Value } from '../../ir/ir.ts'
import { rewrite } from '../../ir/rewrite.ts'
import { Refusal } from './axes.ts'

/** A loop's sum, and the store that comes of it. */
export interface Summed {
  readonly loop: Value
  /** The number of the sum among the loop's results. */
  readonly result: number
  readonly store: Value
}

export const isSumOf = ({ loop, result }: Summed, v: Value): boolean =>
  v.op === 'result' && v.args[0] === loop && v.attr === result

/** Whether a value is computed of the sum and of what stands around its loop. @param seen gets what it is computed of */
export function checkAround(v: Value, summed: Summed, loads: readonly Value[], seen: Set<Value>): Refusal | undefined {
  const work = [v]
  for (let x = work.pop(); x !== undefined; x = work.pop()) {
    if (seen.has(x) || isSumOf(summed, x)) continue
    seen.add(x)
    if (x.op === 'result') return new Refusal('something else than the sum leaves its loop')
    if (x.op === 'load' && x.attr.buffer === summed.store.attr.buffer)
      return new Refusal('elements of the result are read for something else than alpha * sum + beta * element')
    if (x.op === 'load' && !loads.includes(x)) return new Refusal('memory is read outside of the loop that sums')
    work.push(...x.args)
  }
  return undefined
}

/** The kernel that writes what sums begin with. */
export function kernelBefore(ir: KernelIR, summed: Summed): KernelIR {
  const init = summed.loop.args[summed.result]
  return around(ir, summed, ops => {
    const store = { ...summed.store, args: [summed.store.args[0], init] }
    return [...ops.filter(v => v !== summed.loop && v !== summed.store), store]
  })
}

/** The kernel that has sums in c, and makes of them what is written. */
export function kernelAfter(ir: KernelIR, summed: Summed): KernelIR {
  const [index] = summed.store.args
  return around(ir, summed, ops => {
    // Behind the index, whose own place may be behind the sum.
    const { buffer, element, site } = summed.store.attr
    const attr = { buffer, element, site }
    const sum: Value = { ...summed.store, id: summed.loop.id, op: 'load', type: sumType(summed), args: [index], attr }
    const stands = new Map<Value, Value>()
    const of = (v: Value) => (isSumOf(summed, v) ? sum : (stands.get(v) ?? v))
    const first: Value[] = []
    const rest: Value[] = []
    for (const v of ops) {
      if (v === summed.loop) continue
      const args = v.args.map(of)
      if (args.every((a, i) => a === v.args[i])) first.push(v)
      else {
        const changed = { ...v, args }
        stands.set(v, changed)
        rest.push(changed)
      }
    }
    return [...first, sum, ...rest]
  })
}

const sumType = ({ loop, result }: Summed) => loop.args[result].type

/** A copy with other operations in the region of the sum, and without what these leave unused. */
function around(ir: KernelIR, { loop }: Summed, change: (ops: readonly Value[]) => Value[]): KernelIR {
  const region = (r: Region): Region => {
    if (r.ops.includes(loop)) return { ...r, ops: change(r.ops) }
    return { ...r, ops: r.ops.map(v => (v.regions ? { ...v, regions: v.regions.map(region) } : v)) }
  }
  return rewrite({ ...ir, body: region(ir.body) })
}
