/** Arguments on their way to a worker: taken when the call is made, written into the slot when the task is dispatched. */

import { ArgumentError } from '@skein/base'
import { heap, type TypedArray } from '@skein/heap'
import { Stored } from '../objects/store.ts'
import { Ref } from '../ref.ts'
import { cellsOf, packedCells, putCells, putPacked, type Words, wordsPerCell } from '../values/cells.ts'
import { pack } from '../values/pack.ts'
import * as at from './board.ts'
import { type Given, nothing, Prepacked, Record } from './record.ts'
import { Packed, put64 } from './result.ts'

/** The arguments of a call as they are now. @throws NotCloneableError */
export function prepare(args: readonly unknown[], call: string): Given {
  if (args.length === 0) return nothing
  for (const arg of args) if (!(arg instanceof Ref) && cellsOf(arg) === 0) return prepack(args, call)
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

/** Writes a task's arguments into its slot `s`, the values of its dependencies among them. */
export function putArguments(words: Words, s: number, record: Record): void {
  const { given } = record
  const { ints } = words
  ints[s + at.slotCellsOut] = 0
  if (given === nothing) {
    ints[s + at.slotArguments] = 0
    return
  }
  // In cells: all arguments; or, beside packed ones, the dependencies.
  let values: readonly unknown[]
  if (given instanceof Prepacked) {
    const { bytes, refs } = given
    ints[s + at.slotArguments] = -1
    ints[s + at.slotDependencies] = refs.length
    put64(words, s + at.slotPacked, bytes.byteOffset)
    put64(words, s + at.slotPackedBytes, bytes.length)
    values = refs
  } else {
    ints[s + at.slotArguments] = given.length
    values = given
  }
  let cells = 0
  for (const value of values) cells += value instanceof Ref ? cellsOfResult(value, record) : cellsOf(value)
  if (cells <= at.cellsInside) {
    let word = s + at.slotCells
    for (const value of values) word = putCell(words, word, value, record)
    return
  }
  const floats = heap.f64(cells * 2, { label: 'task arguments', zero: false })
  keep(record, floats)
  const outside: Words = {
    ints: new Int32Array(floats.buffer, floats.byteOffset, cells * wordsPerCell),
    floats,
    bytes: new Uint8Array(floats.buffer, floats.byteOffset, cells * 16),
  }
  let word = 0
  for (const value of values) word = putCell(outside, word, value, record)
  ints[s + at.slotCellsOut] = cells
  put64(words, s + at.slotCellsAddress, floats.byteOffset)
}

function cellsOfResult(ref: Ref<unknown>, record: Record): number {
  const { found } = recordOf(record.name, ref)
  return found instanceof Packed || found instanceof Stored ? packedCells : cellsOf(found) || packedCells
}

function putCell(words: Words, word: number, value: unknown, record: Record): number {
  if (!(value instanceof Ref)) return putCells(words, word, value)
  const { found: lies } = recordOf(record.name, value)
  const found = lies instanceof Stored ? record.scratchHere.use(lies) : lies
  if (found instanceof Packed) {
    keep(record, found)
    return putPacked(words, word, found.bytes.byteOffset, found.bytes.length)
  }
  if (cellsOf(found) > 0) {
    if (typeof found === 'object') keep(record, found)
    return putCells(words, word, found)
  }
  const { bytes, leaning } = pack(found, record.name, 'a dependency')
  const packed = heap.array(Uint8Array, bytes, { label: 'task arguments' })
  keep(record, packed)
  keep(record, [leaning.holds, leaning.handles])
  return putPacked(words, word, packed.byteOffset, packed.length)
}

/** What must stay alive until the attempt under way is over. */
function keep(record: Record, value: unknown): void {
  record.scratchHere.hold(value)
}
