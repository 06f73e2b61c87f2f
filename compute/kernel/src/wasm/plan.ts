/**
 * How many lanes a strip has. More lanes hide the latency of long chains of operations and share scalar work; too many do
 * not fit the 16 vector registers and spill.
 */
import { type KernelIR, type Region, walk } from '../ir/ir.ts'
import { partWidth } from './lanes.ts'
import { analyseShapes, isVarying, type Shapes } from './shape.ts'

export function chooseLanes(ir: KernelIR, unitStep: boolean): number {
  if (process.env.SKEIN_LANES) return Number(process.env.SKEIN_LANES)
  const shapes = analyseShapes(ir, true, unitStep)
  const { registers, loops, lanewise } = pressure(ir, shapes)
  // Registers of one part of four lanes.
  if (lanewise) return 4
  if (loops) return registers * 4 <= 20 ? 16 : registers * 2 <= 20 ? 8 : 4
  return registers * 4 <= 16 ? 16 : 8
}

/** Most varying values alive at once, counted in vectors of four lanes; whether there are loops; whether lanes go one by one. */
function pressure(ir: KernelIR, shapes: Shapes): { registers: number; loops: boolean; lanewise: boolean } {
  let loops = false
  let lanewise = false
  for (const v of walk(ir.body)) {
    if (v.op === 'loop') loops = true
    if ((v.op === 'load' || v.op === 'store') && isVarying(shapes.of(v.args[0]))) lanewise ||= false
  }
  let most = 0
  const region = (r: Region, outside: number): void => {
    const last = new Map<number, number>()
    r.ops.forEach((v, i) => {
      const see = (x: typeof v) => last.set(x.id, i)
      v.args.forEach(see)
      if (v.regions) {
        const deep = (q: Region): void => {
          for (const o of q.ops) {
            o.args.forEach(see)
            o.regions?.forEach(deep)
          }
          q.results.forEach(see)
        }
        v.regions.forEach(deep)
      }
    })
    for (const x of r.results) last.set(x.id, r.ops.length)
    const weight = (v: (typeof r.ops)[number]) => (isVarying(shapes.of(v)) && v.type !== 'void' ? partWidth(v) / 32 : 0)
    let alive = outside + r.params.reduce((n, p) => n + weight(p), 0)
    r.ops.forEach((v, i) => {
      if (v.regions) for (const inner of v.regions) region(inner, alive)
      if (last.has(v.id)) alive += weight(v)
      most = Math.max(most, alive)
      for (const o of r.ops.slice(0, i + 1)) if (last.get(o.id) === i) alive -= weight(o)
    })
  }
  region(ir.body, 0)
  return { registers: Math.max(1, most), loops, lanewise }
}
