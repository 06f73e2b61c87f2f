/** What launches have to know of a kernel beside its code. It is plain data, so that it can be kept on disk with that. */

import type { Combination } from '../backend.ts'
import { type KernelIR, type Region, walk } from '../ir/ir.ts'
import { findTallies, type Tally } from '../lanes/tallies.ts'

/** Rounds of a loop, for the weight. */
const rounds = 100
/** Operations that take as long as so many others, for the weight: of vectors, whose units divide a few lanes at a time. */
const dear: Readonly<Record<string, number>> = {
  div: 12,
  sqrt: 12,
  rsqrt: 12,
  frem: 40,
  sdiv: 20,
  udiv: 20,
  srem: 20,
  urem: 20,
  atomic: 8,
}
/** At most so many tallies that each can be a bit of a variant's number. */
const mostTallies = 32

export interface Facts extends Readonly<Pick<KernelIR, 'name' | 'rank' | 'buffers' | 'scalars'>> {
  /** Arrays that the kernel writes. */
  readonly written: readonly boolean[]
  readonly tallies: readonly Tally[]
  /** Operations at one position, about. */
  readonly weight: number
}

export function factsOf(ir: KernelIR, combination: Combination | undefined): Facts {
  const { name, rank, buffers, scalars } = ir
  const written = buffers.filter(b => b.space === 'global').map(() => false)
  if (combination?.kind === 'scan') written[0] = true
  const all = walk(ir.body)
  for (const v of all) if (v.op === 'store' || v.op === 'atomic') written[v.attr.buffer] = true
  const tallies = combination ? [] : findTallies(ir).slice(0, mostTallies)
  return { name, rank, buffers, scalars, written, tallies, weight: 1 + weightOf(ir.body) }
}

const weightOf = ({ ops }: Region): number =>
  ops.reduce((sum, { op, regions }) => {
    const inside = regions?.reduce((all, region) => all + weightOf(region), 0) ?? 0
    return sum + (dear[op] ?? 1) + (op === 'loop' ? rounds * inside : inside)
  }, 0)
