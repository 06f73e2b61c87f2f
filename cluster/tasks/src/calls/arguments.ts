/** What a call is given, as it is when the call is made, and the records behind references in it. */

import { ArgumentError } from '@skein/base'
import { heap, type TypedArray } from '@skein/heap'
import { Ref } from '../ref.ts'
import { cellsOf } from '../values/cells.ts'
import { pack } from '../values/pack.ts'
import { Packed } from '../values/packed.ts'
import { tally } from '../values/tally.ts'
import { type Given, nothing, Prepacked, Record } from './record.ts'

/** The arguments of a call as they are now. @throws NotCloneableError */
export function prepare(args: readonly unknown[], call: string): Given {
  if (args.length === 0) return nothing
  for (const arg of args) {
    if (arg instanceof Ref || cellsOf(arg) > 0) continue
    return tally === undefined ? prepack(args, call) : tally.of(call, () => prepack(args, call))
  }
  return args
}

function prepack(args: readonly unknown[], call: string): Prepacked {
  const { bytes, leaning } = pack(args, call, 'arguments')
  const { refs, holds, handles } = leaning
  return new Prepacked(heap.array(Uint8Array, bytes, { label: 'task arguments' }), refs, holds, handles)
}

/** What `put` keeps: an array of the heap itself; a copy of anything else, in which arrays of the heap are themselves. */
export function asObject(value: unknown): { found: unknown; isCopy: boolean } {
  if (cellsOf(value) > 0) return { found: value, isCopy: false }
  const { bytes, leaning } = pack(value, 'put', 'value')
  if (leaning.refs.length > 0) {
    const found = leaning.refs[0].label
    throw new ArgumentError('put', 'value', 'without references in it', found, 'Give the references to the task')
  }
  const { holds, handles } = leaning
  if (ArrayBuffer.isView(value) && holds.length === 1) return { found: holds[0], isCopy: true }
  const packed = heap.array(Uint8Array, bytes, { label: 'task values' })
  return { found: new Packed(packed, handles.length > 0, holds as TypedArray[]), isCopy: true }
}

/** The engine's record behind a reference. @throws ArgumentError for a reference of another engine */
export function recordOf(call: string, ref: Ref<unknown>): Record {
  if (ref.source instanceof Record) return ref.source
  throw new ArgumentError(call, 'ref', 'a reference of this engine', ref.label)
}

/**
 * What a call waits for, that is not there yet: what is among its arguments, and what must be done first besides. If one of them has
 * failed, that alone.
 */
export function waitsFor(record: Record, after: readonly Ref<unknown>[] | undefined): Record[] | undefined {
  const { given, name } = record
  const values = given instanceof Prepacked ? given.refs : given
  let waits: Record[] | undefined
  for (const value of after === undefined ? values : [...values, ...after]) {
    if (!(value instanceof Ref)) continue
    const found = recordOf(name, value)
    if (found.settlement === 'rejected') return [found]
    if (found.settlement === 'pending') (waits ??= []).push(found)
  }
  return waits
}

/** What others may write into must be theirs as well. @throws ArgumentError */
export function checkMutable(value: unknown, mutable: boolean): void {
  if (!mutable || (ArrayBuffer.isView(value) && heap.owns(value))) return
  throw new ArgumentError('put', 'value', 'an array in the heap (heap.f64(n) …) to be mutable', value)
}
