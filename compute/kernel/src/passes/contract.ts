/** `fast: true`: a product that is only added becomes one fused multiply-add, rounded once where the hardware can. */
import type { KernelIR, Region, Value } from '../ir/ir.ts'
import { rewrite } from '../ir/rewrite.ts'

export function contract(ir: KernelIR): KernelIR {
  const readers = new Map<number, number>()
  const count = (v: Value) => readers.set(v.id, (readers.get(v.id) ?? 0) + 1)
  const scan = (r: Region) => {
    for (const v of r.ops) {
      v.args.forEach(count)
      v.regions?.forEach(scan)
    }
    r.results.forEach(count)
  }
  scan(ir.body)
  const product = (old: Value, now: Value) => old.op === 'mul' && now.op === 'mul' && readers.get(old.id) === 1
  const fused = rewrite(ir, (v, args, b) => {
    if (v.type !== 'f32' && v.type !== 'f64') return undefined
    const [x, y] = v.args
    if (v.op === 'add') {
      // The builder may have swapped the operands: look for each old operand among the new ones.
      for (const [p, q] of [
        [x, 0],
        [y, 1],
      ] as const) {
        if (product(p, args[q])) return b.op('mad', v.type, [...args[q].args, args[1 - q]])
      }
    }
    if (v.op === 'sub' && product(y, args[1])) return b.op('nmad', v.type, [...args[1].args, args[0]])
    return undefined
  })
  // The products that were fused are dead now.
  return rewrite(fused)
}
