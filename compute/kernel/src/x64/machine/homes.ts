/** Where variables live that got no register. Those that are never wanted at once may share a place. */

import type { Memory } from '../encode/operands.ts'
import type { Liveness } from './liveness.ts'
import { RangeUnion } from './unions.ts'
import { firstVariable } from './uses.ts'
import { storedBits, type Work } from './work.ts'

/** By their number. */
export type Homes = readonly (Memory | undefined)[]

interface Slot {
  readonly bytes: number
  readonly memory: Memory
  readonly union: RangeUnion
}

/** A constant stays where it is, others get a place on the stack. */
export function homesOf(work: Work, live: Liveness, homeless: readonly number[]): Homes {
  const homes: (Memory | undefined)[] = []
  const slots: Slot[] = []
  for (const node of homeless) {
    const variable = work.variables[node - firstVariable]
    if (variable.constant !== undefined) {
      homes[variable.id] = variable.constant
      continue
    }
    work.spills++
    const bytes = Math.max(8, storedBits(variable) / 8)
    let slot = slots.find(slot => slot.bytes === bytes && isFree(slot, live, node))
    if (slot === undefined) slots.push((slot = { bytes, memory: work.slot(bytes), union: new RangeUnion() }))
    const { first, starts, ends, next } = live
    for (let range = first[node]; range >= 0; range = next[range]) slot.union.add(starts[range], ends[range], node)
    homes[variable.id] = slot.memory
  }
  return homes
}

function isFree({ union }: Slot, { first, starts, ends, next }: Liveness, node: number): boolean {
  for (let range = first[node]; range >= 0; range = next[range])
    if (!union.isFree(starts[range], ends[range])) return false
  return true
}
