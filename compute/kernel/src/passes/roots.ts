/**
 * `fast: true`: what is divided by a square root is multiplied by 1/√x, one operation: hardware has an estimate of it, which costs less than a root and a division.
 *
 * A root that is wanted for itself as well stays.
 */
import { type KernelIR, type Value, walk } from '../ir/ir.ts'
import { rewrite } from '../ir/rewrite.ts'

export function invertRoots(ir: KernelIR): KernelIR {
  const roots = divisors(ir)
  if (roots.size === 0) return ir
  const inverted = rewrite(ir, (v, args, b) => {
    if (v.op !== 'div' || !roots.has(v.args[1]) || args[1].op !== 'sqrt') return undefined
    const inverse = b.op('rsqrt', v.type, args[1].args)
    return args[0].op === 'const' && args[0].attr === 1 ? inverse : b.mul(args[0], inverse)
  })
  // The roots are dead now.
  return rewrite(inverted)
}

/** Square roots that do nothing but divide. */
function divisors(ir: KernelIR): Set<Value> {
  const all = walk(ir.body)
  const roots = new Set(all.filter(v => v.op === 'sqrt'))
  for (const v of all)
    for (const [i, a] of v.args.entries()) if (!(v.op === 'div' && i === 1 && v.args[0] !== a)) roots.delete(a)
  const regions = [ir.body, ...all.flatMap(v => v.regions ?? [])]
  for (const { results } of regions) for (const x of results) roots.delete(x)
  return roots
}
