/** Moves what a loop computes anew in each round, though it does not change, in front of the loop. */
import { isPure, type KernelIR, type Region, type Value } from '../ir/ir.ts'
import { rewrite } from '../ir/rewrite.ts'

export function hoistInvariants(ir: KernelIR): KernelIR {
  // A copy that belongs to this pass, changed in place.
  const own = rewrite(ir)
  hoist(own.body, new Set())
  return own
}

/** @param around ids of the values that the region sees from outside */
function hoist(r: Region, around: ReadonlySet<number>): void {
  const ops: Value[] = []
  const here = new Set(around)
  const visible = (a: Value) => here.has(a.op === 'result' ? a.args[0].id : a.id)
  for (const v of r.ops) {
    if (v.op === 'loop') {
      const [test, body] = v.regions!
      hoist(test, here)
      hoist(body, new Set([...here, ...test.params.map(p => p.id), ...test.ops.map(o => o.id)]))
      for (const region of v.regions!) {
        region.ops = region.ops.filter(o => {
          if (!isPure(o) || !o.args.every(visible)) return true
          ops.push(o)
          here.add(o.id)
          return false
        })
      }
    } else v.regions?.forEach(inner => hoist(inner, here))
    ops.push(v)
    here.add(v.id)
  }
  r.ops = ops
}
