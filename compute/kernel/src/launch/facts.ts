/** What launches have to know of a kernel beside its code. It is plain data, so that it can be kept on disk with that. */

import type { Combination } from '../backend.ts'
import { type KernelIR, walk } from '../ir/ir.ts'
import { findTallies, type Tally } from '../lanes/tallies.ts'

/** Rounds of a loop, for the weight. */
const rounds = 100
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
  const weight = all.reduce((n, v) => n + (v.op === 'loop' ? rounds : 1), 1)
  return { name, rank, buffers, scalars, written, tallies, weight }
}
