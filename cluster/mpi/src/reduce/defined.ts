/** Which of MPI's operations are defined for which kinds (MPI-4.0, 6.9.2). */

import { ArgumentError } from '@skein/base'
import type { Datatype, Kind } from '../datatype/datatype.ts'
import { kinds } from '../datatype/kinds.ts'
import type { Op, OpName } from '../op.ts'

type Family = 'integer' | 'floating' | 'complex' | 'logical' | 'byte' | 'pair' | 'none'

const familyOf = (kind: Kind): Family => {
  if (kinds[kind].pair !== undefined) return 'pair'
  if (/^u?int/.test(kind)) return 'integer'
  if (kind.startsWith('float')) return 'floating'
  if (kind.startsWith('complex')) return 'complex'
  if (kind === 'bool') return 'logical'
  return kind === 'byte' ? 'byte' : 'none'
}

const byFamily: Readonly<Record<Family, readonly OpName[]>> = {
  integer: ['sum', 'prod', 'max', 'min', 'land', 'lor', 'lxor', 'band', 'bor', 'bxor'],
  floating: ['sum', 'prod', 'max', 'min'],
  complex: ['sum', 'prod'],
  logical: ['land', 'lor', 'lxor'],
  byte: ['band', 'bor', 'bxor'],
  pair: ['maxloc', 'minloc'],
  none: [],
}

/** MPI's operations on elements of a kind, but for replace and noOp, which go with all. */
export const opsOf = (kind: Kind): readonly OpName[] => byFamily[familyOf(kind)]

/** Whether an op can combine elements of a type: MPI's are for basic types alone, those of a user for all. */
export const isDefined = (op: Op, { recipe }: Datatype): boolean =>
  op.name === 'user' ||
  op.name === 'replace' ||
  op.name === 'noOp' ||
  (recipe.is === 'basic' && opsOf(recipe.kind).includes(op.name))

export const checkDefined = (call: string, op: Op, type: Datatype): void => {
  if (isDefined(op, type)) return
  const { recipe } = type
  const names = recipe.is === 'basic' ? opsOf(recipe.kind) : []
  const expected = `one that is defined for ${type}${names.length > 0 ? ` (${names.join(', ')})` : ''}`
  const advice =
    recipe.is === 'basic'
      ? 'Make another with Op.create'
      : "MPI's operations are for basic types; make one for this type with Op.createForArrays"
  throw new ArgumentError(call, 'op', expected, op.name, advice)
}
