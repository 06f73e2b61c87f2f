/** Arguments on their way to a worker: written into the slot when the task is dispatched, the values of its dependencies among them. */

import { heap } from '@skein/heap'
import { recordOf } from '../calls/arguments.ts'
import { nothing, Prepacked, type Record } from '../calls/record.ts'
import { Stored } from '../objects/store.ts'
import { Ref } from '../ref.ts'
import { cellsOf, packedCells, putCells, putPacked, type Words, wordsPerCell } from '../values/cells.ts'
import { pack } from '../values/pack.ts'
import { Packed } from '../values/packed.ts'
import * as at from './board.ts'
import { put64 } from './result.ts'

/** Writes a task's arguments into its slot `s`. */
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
