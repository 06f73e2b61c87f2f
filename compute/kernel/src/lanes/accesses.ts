/** What accesses have in common: those at one index are checked together. */

import type { Element, Value } from '../ir/ir.ts'
import { isVarying, type Shapes } from './shape.ts'

/** The attribute of a load, a store or an atomic operation. */
export interface Access {
  buffer: number
  element: Element
  site: number
  kind?: string
}

const NO_GROUPS: ReadonlyMap<number, Value[]> = new Map()

/** Accesses in a list of operations that share their index, by the id of the first: two or more, not varying. */
export function accessGroups(ops: readonly Value[], shapes: Shapes): ReadonlyMap<number, Value[]> {
  const accesses = ops.filter(v => (v.op === 'load' || v.op === 'store') && !isVarying(shapes.of(v.args[0])))
  if (accesses.length < 2) return NO_GROUPS
  const byIndex = new Map<Value, Value[]>()
  for (const v of accesses) {
    const list = byIndex.get(v.args[0])
    if (list) list.push(v)
    else byIndex.set(v.args[0], [v])
  }
  const groups = new Map<number, Value[]>()
  for (const list of byIndex.values()) if (list.length > 1) groups.set(list[0].id, list)
  return groups
}

export const groupBuffers = (group: readonly Value[]): number[] =>
  [...new Set(group.map(v => v.attr.buffer as number))].sort((a, b) => a - b)
