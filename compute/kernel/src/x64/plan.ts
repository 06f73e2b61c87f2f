/**
 * How many lanes a strip has. In straight code one vector of the widest values is enough, since the processor works on several strips at a time by itself. A loop's chains go from round to round: it wants
 * several vectors side by side, as many as the registers hold.
 */

import type { KernelIR, Region, Value } from '../ir/ir.ts'
import { isUniform, isVarying, type Shapes } from '../lanes/shape.ts'
import type { Tally } from '../lanes/tallies.ts'
import type { Words } from '../lanes/words.ts'
import { type Target, widthOf } from './lower/target.ts'

/** Vectors side by side in a loop with a short round, with a longer one, and of words: these are done so fast that addresses count, and loads across cache lines that follow each other come faster. */
const sideBySide = { short: 4, long: 2, words: 4 }
/** Lane operations of a short round. */
const shortRound = 24
/** A loop's body counts as so many rounds. */
const rounds = 16
/** Lanes of a divergent loop wait for the longest. */
const waiting = 1.6
/** In additions of one lane. */
const dear: Readonly<Record<string, number>> = {
  div: 4,
  sqrt: 5,
  rsqrt: 7,
  frem: 40,
  sdiv: 6,
  udiv: 6,
  srem: 8,
  urem: 8,
}

/**
 * @param tallies arrays that each thread changes in copies of its own
 * @param words undefined: whole numbers in lanes have 32 bits, or 64
 */
export function chooseLanes(
  ir: KernelIR,
  shapes: Shapes,
  target: Target,
  tallies: readonly Tally[],
  words: Words | undefined,
): number {
  const each = lanesOfVector(ir, shapes, target)
  const cost = { lanes: 0, scalar: 0 }
  addCost(ir.body, shapes, each, tallies, 1, 1, cost)
  if (cost.lanes >= cost.scalar) return 1
  if (words) return (sideBySide.words * target.bits) / words.width
  const round = longestRound(ir.body, shapes)
  if (round === undefined) return each
  let vectors: number = round <= shortRound ? sideBySide.short : sideBySide.long
  // What is carried has to stay in registers, beside what a round computes.
  const room = (target.isa === 'avx512' ? 32 : 16) * 0.75
  while (vectors > 1 && mostCarried(ir.body, shapes) * vectors > room) vectors /= 2
  return each * vectors
}

/** Vectors that a loop carries from round to round, of one vector of lanes each. */
function mostCarried(r: Region, shapes: Shapes): number {
  let most = 0
  for (const v of r.ops) {
    if (v.op === 'loop') most = Math.max(most, v.regions![0].params.filter(p => isVarying(shapes.of(p))).length)
    for (const inner of v.regions ?? []) most = Math.max(most, mostCarried(inner, shapes))
  }
  return most
}

/**
 * How many lanes at a time what strips leave over has. In one dimension it is run once, so it is one vector, which is little code to make; in more it comes with each row, where half a strip is on
 * average as fast as a whole one and on short rows faster.
 */
export function chooseRest(
  ir: KernelIR,
  shapes: Shapes,
  target: Target,
  lanes: number,
  words: Words | undefined,
): number {
  const each = oneVector(ir, shapes, target, lanes, words)
  return words || ir.rank === 1 ? each : Math.max(each, lanes / 2)
}

/** Lanes of one vector; or as many as there are, if those are fewer. */
export const oneVector = (
  ir: KernelIR,
  shapes: Shapes,
  target: Target,
  lanes: number,
  words: Words | undefined,
): number => Math.min(lanes, words ? target.bits / words.width : lanesOfVector(ir, shapes, target))

const lanesOfVector = ({ body }: KernelIR, shapes: Shapes, { bits }: Target): number => bits / width(body, shapes)

/** Width of most lane operations. What is done behind a branch for some lanes, as rare cases are, has the vectors that the rest leaves it. */
function width(body: Region, shapes: Shapes): 32 | 64 {
  const count = { 32: 0, 64: 0 }
  const add = (r: Region, times: number): void => {
    for (const v of r.ops) {
      if (v.op === 'loop') for (const inner of v.regions!) add(inner, times * rounds)
      else if (v.regions) {
        if (!shapes.divergent(v)) for (const inner of v.regions) add(inner, times)
      } else if (isVarying(shapes.of(v)) || v.op === 'store') {
        const isWide = v.type === 'void' ? widthOf(v.args[1]?.type ?? 'i32') === 64 : widthOf(v.type) === 64
        count[isWide || (v.args.length > 0 && widthOf(v.args[0].type) === 64) ? 64 : 32] += times
      }
    }
  }
  add(body, 1)
  return count[64] > count[32] ? 64 : 32
}

/** Lane operations in the longest body of a loop, without those behind branches. */
function longestRound(r: Region, shapes: Shapes): number | undefined {
  let longest: number | undefined
  for (const v of r.ops) {
    if (v.op === 'loop') {
      const size = v.regions![1].ops.filter(o => isVarying(shapes.of(o))).length
      longest = Math.max(longest ?? 0, size)
    }
    for (const inner of v.regions ?? []) {
      const size = longestRound(inner, shapes)
      if (size !== undefined) longest = Math.max(longest ?? 0, size)
    }
  }
  return longest
}

/** Estimated work for one iteration: as one of so many lanes, and alone. */
function addCost(
  r: Region,
  shapes: Shapes,
  lanes: number,
  tallies: readonly Tally[],
  times: number,
  wait: number,
  cost: { lanes: number; scalar: number },
): void {
  for (const v of r.ops) {
    if (v.op === 'const') continue
    if (v.op === 'loop') {
      const longer = shapes.divergent(v) ? wait * waiting : wait
      for (const inner of v.regions!) addCost(inner, shapes, lanes, tallies, times * rounds, longer, cost)
    } else if (v.regions) {
      for (const inner of v.regions) addCost(inner, shapes, lanes, tallies, times, wait, cost)
      cost.scalar += times
    } else if (v.op === 'atomic' && tallies.some(t => t.buffer === v.attr.buffer)) {
      cost.scalar += times * 4
      cost.lanes += times * wait * (isUniform(shapes.of(v.args[0])) ? 0.5 : 2.5)
    } else {
      cost.scalar += times * scalarCost(v)
      cost.lanes += times * wait * lanesCost(v, shapes, lanes)
    }
  }
}

const scalarCost = (v: Value): number => (v.op === 'atomic' ? 8 : (dear[v.op] ?? 1))

function lanesCost(v: Value, shapes: Shapes, lanes: number): number {
  switch (v.op) {
    case 'load':
    case 'lload':
    case 'store':
    case 'lstore': {
      const step = shapes.of(v.args[0])
      const isLoad = v.op === 'load' || v.op === 'lload'
      if (isUniform(step)) return 1 / lanes
      if (step === 1) return 1.5 / lanes
      // A gather is a load for each lane, and more besides.
      return isLoad ? 3 : 4
    }
    case 'atomic':
      return 10
    default:
      return isVarying(shapes.of(v)) ? (dear[v.op] ?? 1) / lanes : 0.5 / lanes
  }
}
