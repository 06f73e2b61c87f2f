/**
 * `fast: true`: a product that is only added becomes one fused multiply-add, rounded once where the hardware can.
 *
 * A product that several sums read is fused into all of them, so that it is gone, or into none. Of two products in one sum
 * the later one is fused: it is waited for. A product from outside a loop stays there: adding it is less work.
 */
import type { KernelIR, Region, Value } from '../ir/ir.ts'
import { rewrite } from '../ir/rewrite.ts'

export function contract(ir: KernelIR): KernelIR {
  const fused = productsOfSums(ir)
  const contracted = rewrite(ir, (v, args, b) => {
    const p = fused.get(v)
    if (!p) return undefined
    const at = v.args.indexOf(p)
    return b.op(v.op === 'add' ? 'mad' : 'nmad', v.type, [...args[at].args, args[1 - at]])
  })
  // The products that were fused are dead now.
  return rewrite(contracted)
}

/** The product that each sum takes in. */
function productsOfSums(ir: KernelIR): Map<Value, Value> {
  const readers = new Map<Value, Value[]>()
  const home = new Map<Value, Region>()
  const products: Value[] = []
  const scan = (r: Region) => {
    for (const v of r.ops) {
      home.set(v, r)
      if (v.op === 'mul' && (v.type === 'f32' || v.type === 'f64')) products.push(v)
      v.regions?.forEach(scan)
      for (const a of v.args) readers.get(a)?.push(v) ?? readers.set(a, [v])
    }
    // What a region yields is read by no sum.
    for (const x of r.results) readers.get(x)?.push(x) ?? readers.set(x, [x])
  }
  scan(ir.body)
  const fused = new Map<Value, Value>()
  for (const p of products.toReversed()) {
    const takes = (s: Value) =>
      home.get(s) === home.get(p) &&
      !fused.has(s) &&
      s.args[0] !== s.args[1] &&
      (s.op === 'add' || (s.op === 'sub' && s.args[1] === p))
    const sums = readers.get(p) ?? []
    if (sums.every(takes)) for (const s of sums) fused.set(s, p)
  }
  return fused
}
