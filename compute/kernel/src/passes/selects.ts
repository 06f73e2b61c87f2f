/**
 * Cheap branches become selects: both sides are computed and one is taken. On SIMD lanes this is what a branch would come
 * to anyway; for one lane it saves a misprediction.
 */
import type { KernelIR, Region } from '../ir/ir.ts'
import { isPure } from '../ir/ir.ts'
import { rewrite } from '../ir/rewrite.ts'

/** Operations that cost about as much as a branch, or more. */
const DEAR = new Set(['div', 'sqrt', 'rsqrt', 'frem', 'sdiv', 'udiv', 'srem', 'urem', 'math', 'mulhu', 'table'])
const LIMIT = 8

/** Number of operations in a region that may be computed for nothing; infinite when one may not. */
function cost(r: Region): number {
  let n = 0
  for (const v of r.ops) {
    if (v.op === 'if') n += 1 + cost(v.regions![0]) + cost(v.regions![1])
    else n += isPure(v) && !DEAR.has(v.op) ? 1 : Number.POSITIVE_INFINITY
    if (n > LIMIT) break
  }
  return n
}

export function flattenBranches(ir: KernelIR): KernelIR {
  return rewrite(ir, (v, [cond], b, { region }) => {
    if (v.op !== 'if' || !v.regions!.every(r => cost(r) <= LIMIT)) return undefined
    const then = region(v.regions![0])
    const otherwise = region(v.regions![1])
    return then.map((x, i) => b.select(cond, x, otherwise[i]))
  })
}
