/** Which indices a value depends on, so where it is computed: once, per row, or for each position. */
import { isPure, type KernelIR, type Value } from '../ir/ir.ts'

/** 0: depends on no index; 1: on outer indices only; 2: on the last one, or happens at its time. */
export function levelsOf(ir: KernelIR): number[] {
  const levels: number[] = []
  const of = (v: Value) => (v.op === 'result' ? 2 : (levels[v.id] ?? 2))
  ir.body.ops.forEach(v => {
    let level = 2
    if (v.op === 'index') level = v.attr === ir.rank - 1 ? 2 : 1
    else if (isPure(v)) level = v.args.reduce((m, a) => Math.max(m, of(a)), 0)
    levels[v.id] = level
  })
  return levels
}
