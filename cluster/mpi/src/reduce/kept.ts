/** What is made for an op, a kind and a number of operands when it is first asked for. Found again in a few nanoseconds, which a joined key would not be. */

import type { Kind } from '../datatype/datatype.ts'
import type { OpName } from '../op.ts'

type Table<T> = { [op in OpName]?: T }

export const kept = <T>(make: (op: OpName, kind: Kind, operands: number) => T) => {
  const tables: { [kind in Kind]?: Table<T> }[] = []
  return (op: OpName, kind: Kind, operands: number): T => {
    const table = tables[operands]?.[kind]
    const found = table?.[op]
    if (found !== undefined) return found
    const made = make(op, kind, operands)
    tables[operands] ??= {}
    tables[operands][kind] ??= {}
    tables[operands][kind]![op] = made
    return made
  }
}
