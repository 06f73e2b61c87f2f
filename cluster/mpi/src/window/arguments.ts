/** What the calls of a window are given, checked: where it lies in the window of another rank, and whether its operation is defined for it. */

import type { Datatype } from '../datatype/datatype.ts'
import { spanOf } from '../datatype/packing.ts'
import { checkType } from '../message/part.ts'
import { type Caller, refusal } from '../message/refusal.ts'
import { noOp, Op } from '../op.ts'
import { opsOf } from '../reduce/defined.ts'
import type { Part } from '../transfer.ts'

/** Elements in the window of another rank; left out: as many as the origin's, of the same type. */
export interface TargetElements {
  readonly count?: number
  readonly type?: Datatype
}

/** How many elements there are at the target, and of which type; they are what the origin has. */
export function targetOf(caller: Caller, call: string, origin: Part, { count, type }: TargetElements): Part {
  const theirs = type ?? origin.type
  if (type !== undefined) checkType(caller, call, 'type of the target', type)
  const bytes = origin.count * origin.type.size
  const number = count ?? (type === undefined ? origin.count : theirs.size === 0 ? 0 : bytes / theirs.size)
  if (!Number.isSafeInteger(number) || number < 0 || number * theirs.size !== bytes) {
    const expected = `as many of ${theirs} as the ${bytes} bytes of the origin`
    throw refusal(caller, call, 'MPI_ERR_COUNT', 'count of the target', expected, number)
  }
  const [mine, other] = [origin.type.signature, theirs.signature]
  if (mine !== other && mine !== 0 && other !== 0 && bytes > 0) {
    throw refusal(caller, call, 'MPI_ERR_TYPE', 'type of the target', `that of the origin, ${origin.type}`, `${theirs}`)
  }
  return { view: origin.view, count: number, type: theirs }
}

/**
 * Elements lie within the window.
 *
 * @param size bytes of it; undefined: only the engine can see
 */
export function checkRange(
  caller: Caller,
  call: string,
  rank: number,
  disp: number,
  unit: number,
  size: number | undefined,
  count: number,
  type: Datatype,
): void {
  if (!Number.isSafeInteger(disp)) throw refusal(caller, call, 'MPI_ERR_DISP', 'disp', 'a whole number', disp)
  const { from, to } = spanOf(count, type)
  const at = disp * unit
  if (at >= 0 && Number.isSafeInteger(at + to) && at + from >= 0 && (size === undefined || at + to <= size)) return
  const room = size === undefined ? 'that its owner told' : `${size} bytes`
  const expected = `such that all elements lie within the memory of rank ${rank}, ${room}`
  throw refusal(caller, call, 'MPI_ERR_RMA_RANGE', 'disp', expected, `${disp}: bytes ${at + from} to ${at + to}`)
}

/** What went together when it was last asked. */
let lastOp: Op | undefined
let lastType: Datatype | undefined

/** Accumulating calls take MPI's operations, on elements that are all of one kind (MPI-4.0, 12.3.4). */
export function checkAccumulate(
  caller: Caller,
  call: string,
  op: Op,
  origin: Datatype,
  target: Datatype,
  takesNoOp: boolean,
): void {
  if (op === lastOp && origin === lastType && target === lastType && (takesNoOp || op !== noOp)) return
  if (!(op instanceof Op)) throw refusal(caller, call, 'MPI_ERR_OP', 'op', "one of MPI's operations", op)
  if (op.name === 'user' || (op === noOp && !takesNoOp)) {
    throw refusal(caller, call, 'MPI_ERR_OP', 'op', "one of MPI's operations for it, by name", op.name)
  }
  const { kind } = target
  if (kind === undefined || kind !== origin.kind) {
    const found = `${origin} and ${target}`
    throw refusal(caller, call, 'MPI_ERR_TYPE', 'the types', 'of one kind of elements, the same on both sides', found)
  }
  if (op.name !== 'replace' && op.name !== 'noOp' && !opsOf(kind).includes(op.name))
    throw refusal(caller, call, 'MPI_ERR_OP', 'op', `one for elements of ${kind}`, op.name)
  if (origin !== target) return
  lastOp = op
  lastType = target
}
