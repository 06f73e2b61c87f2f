/**
 * How many lanes a strip has. More lanes hide the latency of long chains of operations and share scalar work; too many do
 * not fit the 16 vector registers, and make code long. A loop's chains go from round to round: a short round needs eight
 * vectors side by side. Where most work is gathers and scatters, which wasm does lane by lane, one lane is best.
 */
import { type KernelIR, type Region, type Value, walk } from '../ir/ir.ts'
import { isUniform, isVarying, type Shapes } from '../lanes/shape.ts'
import type { Tally } from '../lanes/tallies.ts'
import { partWidth, type Width } from './lanes.ts'

/** @param tallies arrays that each thread changes in copies of its own */
export function chooseLanes(ir: KernelIR, shapes: Shapes, tallies: readonly Tally[]): number {
  const cost = { lanes: 0, scalar: 0 }
  addCost(ir.body, shapes, tallies, 1, 1, cost)
  if (cost.lanes > cost.scalar) return 1
  const registers = pressure(ir, shapes)
  const round = longestRound(ir.body, shapes)
  if (!round) return registers <= 24 ? 16 : 8
  const vectors = round.size <= SHORT && registers <= (LOOP_REGISTERS * round.width) / 32 ? 8 : 4
  return (vectors * 128) / round.width
}

/** Vector operations of a loop's body that is short. */
const SHORT = 16
/** With more alive at once, in vectors of four lanes of 32 bits, eight of each are too many to hold. */
const LOOP_REGISTERS = 20

/** Vector operations in the longest body of a loop, without those behind branches, and their widest lane. */
function longestRound(r: Region, shapes: Shapes): { size: number; width: Width } | undefined {
  let longest: { size: number; width: Width } | undefined
  const note = (round: typeof longest) => {
    if (round && !(longest && longest.size >= round.size)) longest = round
  }
  for (const v of r.ops) {
    if (v.op === 'loop') {
      const lanes = v.regions![1].ops.filter(o => isVarying(shapes.of(o)))
      note({ size: lanes.length, width: lanes.some(o => partWidth(o) === 64) ? 64 : 32 })
    }
    for (const inner of v.regions ?? []) note(longestRound(inner, shapes))
  }
  return longest
}

/**
 * Lanes of a reduction, so many times over in each of its strips. Its accumulators fill half of the registers; the values of
 * eight lanes go into the rest. Loops share what they compute for all lanes, and want more.
 */
export function chooseReductionLanes(
  ir: KernelIR,
  shapes: Shapes,
  tallies: readonly Tally[],
  accumulators: number,
): number {
  const loops = walk(ir.body).some(v => v.op === 'loop')
  return loops ? Math.min(accumulators, Math.max(4, chooseLanes(ir, shapes, tallies))) : 8
}

/** A loop's body counts as so many rounds. */
const ROUNDS = 16
/** Lanes of a divergent loop wait for the longest. */
const WAITING = 1.6
const DEAR: Record<string, number> = { div: 4, sqrt: 5, rsqrt: 9, frem: 40, sdiv: 8, udiv: 8, srem: 9, urem: 9 }

/** Estimated work for one iteration, in scalar operations: as one of many lanes, and alone. */
function addCost(
  r: Region,
  shapes: Shapes,
  tallies: readonly Tally[],
  rounds: number,
  waiting: number,
  cost: { lanes: number; scalar: number },
): void {
  r.ops.forEach(v => {
    if (v.op === 'const') return
    if (v.op === 'loop') {
      const wait = shapes.divergent(v) ? waiting * WAITING : waiting
      for (const inner of v.regions!) addCost(inner, shapes, tallies, rounds * ROUNDS, wait, cost)
    } else if (v.regions) {
      for (const inner of v.regions) addCost(inner, shapes, tallies, rounds, waiting, cost)
      cost.scalar += rounds
    } else if (v.op === 'atomic' && tallies.some(t => t.buffer === v.attr.buffer)) {
      cost.scalar += rounds * 4
      cost.lanes += rounds * waiting * (isUniform(shapes.of(v.args[0])) ? 0.5 : 3)
    } else {
      cost.scalar += rounds * scalarCost(v)
      cost.lanes += rounds * waiting * lanesCost(v, shapes)
    }
  })
}

function scalarCost(v: Value): number {
  if (v.op === 'load' || v.op === 'store') return 1.5
  if (v.op === 'atomic') return 8
  return DEAR[v.op] ?? 1
}

function lanesCost(v: Value, shapes: Shapes): number {
  switch (v.op) {
    case 'load':
    case 'lload':
    case 'store':
    case 'lstore': {
      const step = shapes.of(v.args[0])
      if (isVarying(step)) return v.op === 'load' || v.op === 'lload' ? 3.5 : 4.5
      if (isUniform(step)) return 0.3
      return Math.abs(step) === 1 ? 0.4 : 2
    }
    case 'atomic':
      return 11
  }
  if (!isVarying(shapes.of(v))) return 0.15
  return (DEAR[v.op] ?? 1) * (partWidth(v) === 64 || v.args.some(a => partWidth(a) === 64) ? 0.5 : 0.25)
}

/** Most varying values alive at once, counted in vectors of four lanes of 32 bits. */
function pressure(ir: KernelIR, shapes: Shapes): number {
  let most = 0
  const weight = (v: Value) => (isVarying(shapes.of(v)) && v.type !== 'void' ? partWidth(v) / 32 : 0)
  const region = (r: Region, outside: number): void => {
    // The last reader of each value, by its id.
    const last: number[] = []
    const note = (v: Value, at: number): void => {
      for (let i = 0; i < v.args.length; i++) last[v.args[i].id] = at
      v.regions?.forEach(inner => {
        inner.ops.forEach(o => note(o, at))
        for (const x of inner.results) last[x.id] = at
      })
    }
    r.ops.forEach(note)
    for (const x of r.results) last[x.id] = r.ops.length
    const dying: number[] = []
    r.ops.forEach(o => {
      const at = last[o.id]
      if (at !== undefined && at < r.ops.length) dying[at] = (dying[at] ?? 0) + weight(o)
    })
    let alive = outside + r.params.reduce((n, p) => n + weight(p), 0)
    r.ops.forEach((v, i) => {
      v.regions?.forEach(inner => region(inner, alive))
      if (last[v.id] !== undefined) alive += weight(v)
      most = Math.max(most, alive)
      alive -= dying[i] ?? 0
    })
  }
  region(ir.body, 0)
  return most
}
