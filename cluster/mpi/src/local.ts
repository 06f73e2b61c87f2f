/** Calls that no other rank has a part in: packing by hand, and combining two buffers. */

import { ArgumentError } from '@skein/base'
import * as packing from './datatype/packing.ts'
import { checkNoOverlap, type Data, type Memory, partOf } from './message/part.ts'
import { refusal } from './message/refusal.ts'
import { Op } from './op.ts'
import { checkDefined } from './reduce/defined.ts'
import { reduceInto } from './reduce/reduce.ts'
import { self } from './world.ts'

/** Bytes that `pack` takes for a buffer, or a slice of one (MPI_Pack_size). */
export function packSize(data: Data): number {
  const { count, type } = partOf(self, 'packSize', 'data', data)
  return packing.packSize(count, type)
}

/**
 * Writes elements one after another into `out`, from byte `position` on (MPI_Pack). What was packed is sent as `{ buffer: out, count: bytes, type: packed }`, and
 * may be received as the elements that are in it.
 *
 * @returns the position after them, where the next may be packed
 */
export function pack(data: Data, out: Memory, position = 0): number {
  const { view, count, type } = partOf(self, 'pack', 'data', data)
  const to = partOf(self, 'pack', 'out', out)
  return packing.pack(view, count, type, to.view, position)
}

/**
 * Reads elements that were packed, from byte `position` on (MPI_Unpack).
 *
 * @returns the position after them
 */
export function unpack(packed: Memory, position: number, into: Data): number {
  const from = partOf(self, 'unpack', 'packed', packed)
  const { view, count, type } = partOf(self, 'unpack', 'into', into)
  return packing.unpack(from.view, position, view, count, type)
}

/** `inout[i] = input[i] op inout[i]` (MPI_Reduce_local). For an op that is not commutative, `input` is of the lower ranks. */
export function reduceLocal(input: Data, inout: Data, op: Op): void {
  if (!(op instanceof Op)) throw new ArgumentError('reduceLocal', 'op', 'an Op', op)
  if (op.isFree) throw new ArgumentError('reduceLocal', 'op', 'one that was not freed', 'freed')
  const from = partOf(self, 'reduceLocal', 'input', input)
  const to = partOf(self, 'reduceLocal', 'inout', inout)
  if (from.type !== to.type || from.count !== to.count) {
    const expected = `${from.count} of ${from.type}, as input is`
    throw refusal(self, 'reduceLocal', 'MPI_ERR_TYPE', 'inout', expected, `${to.count} of ${to.type}`)
  }
  checkNoOverlap(self, 'reduceLocal', from, to)
  checkDefined('reduceLocal', op, to.type)
  reduceInto(op, to.type, from.view, to.view, to.count)
}
