/**
 * Results on their way from a worker: written into the slot by the worker, read there by the client. An array in the heap is handed over: the worker gives up its
 * block, the client adopts it. Bytes that are packed lie in a block that is handed over the same way.
 */

import { type HeapArray, heap, type TypedArray } from '@skein/heap'
import { classOf, kindOf } from '@skein/values'
import { CellReader, cellsOf, putCells, type Words } from '../values/cells.ts'
import { copyToHeap } from '../values/copy.ts'
import { pack } from '../values/pack.ts'
import { Packed } from '../values/packed.ts'
import { tally } from '../values/tally.ts'
import * as at from './board.ts'

/** Arrays from this size on are copied once into the heap instead of being packed. */
const largeBytes = 1024

/** A block that whoever reads this must care for, and where in it an array begins. */
interface Given {
  readonly address: number
  readonly bytes: number
  readonly from: number
}

/**
 * Writes a task's result.
 *
 * @param kept the array may be used on by who gave it, so it is copied: actors have state
 * @throws NotCloneableError
 */
export function putResult(words: Words, slot: number, value: unknown, kept = false): void {
  const { ints } = words
  if (value === undefined) {
    ints[slot + at.slotForm] = at.isUndefined
    return
  }
  if (
    ArrayBuffer.isView(value) &&
    !(value instanceof DataView) &&
    (heap.owns(value) || value.byteLength >= largeBytes)
  ) {
    const view = value as TypedArray
    const { address, bytes, from } = kept ? copyOf(view) : handOver(view)
    ints[slot + at.slotForm] = at.asArray
    put64(words, slot + at.slotPacked, address)
    put64(words, slot + at.slotPackedBytes, bytes)
    // Where in the block, and what kind.
    ints[slot + at.slotCells] = kindOf(view)
    put64(words, slot + at.slotCells + 2, from)
    put64(words, slot + at.slotCells + 4, view.length)
    return
  }
  const cells = cellsOf(value)
  if (cells > 0 && cells <= at.cellsInside) {
    ints[slot + at.slotForm] = at.inCell
    putCells(words, slot + at.slotCells, value)
    return
  }
  putPackedBlock(words, slot, value, 'the result of a task', 'result')
}

/** Writes what a task failed with. */
export function putError(words: Words, slot: number, error: unknown): void {
  putPackedBlock(words, slot, { thrown: error }, 'the error of a task', 'error')
}

function putPackedBlock(words: Words, slot: number, value: unknown, call: string, root: string): void {
  const { address, bytes, hasHandles } = packedBlock(value, call, root, 'task results')
  words.ints[slot + at.slotForm] = hasHandles ? at.asBytes | at.withHandles : at.asBytes
  put64(words, slot + at.slotPacked, address)
  put64(words, slot + at.slotPackedBytes, bytes)
}

/** A block whose bytes are a packed value; whoever reads it must free it. */
export interface Block {
  readonly address: number
  readonly bytes: number
  /** There are handles of actors in it. */
  readonly hasHandles: boolean
}

/** @throws NotCloneableError */
export function packedBlock(value: unknown, call: string, root: string, label: string): Block {
  const { bytes, leaning } = pack(value, call, root, true)
  const address = heap.allocate(Math.max(1, bytes.length), { label })
  heap.view(Uint8Array, address, bytes.length).set(bytes)
  return { address, bytes: bytes.length, hasHandles: leaning.handles.length > 0 }
}

/** Writes, after the result, what the actor saved: so both arrive, or neither. */
export function putState(words: Words, slot: number, { address, bytes, hasHandles }: Block): void {
  words.ints[slot + at.slotForm] |= hasHandles ? at.withState | at.withHandlesInState : at.withState
  put64(words, slot + at.slotSaved, address)
  put64(words, slot + at.slotSavedBytes, bytes)
}

/** What the actor saved after this call, if it did. */
export function takeState(words: Words, slot: number): Packed<HeapArray<Uint8Array>> | undefined {
  const form = words.ints[slot + at.slotForm]
  if ((form & at.withState) === 0) return undefined
  const length = get64(words, slot + at.slotSavedBytes)
  const bytes = heap.adopt(Uint8Array, get64(words, slot + at.slotSaved), length, stateLabel)
  return new Packed(bytes, (form & at.withHandlesInState) !== 0)
}

export const stateLabel = 'actor states'

/** Gives up the block of an array of this thread, or of a copy when it belongs to someone else. */
function handOver(view: TypedArray): Given {
  try {
    const address = heap.disown(view)
    tally?.shared(view)
    return { address, bytes: view.byteOffset + view.byteLength - address, from: view.byteOffset }
  } catch {
    return copyOf(view)
  }
}

function copyOf(view: TypedArray): Given {
  const copy = copyToHeap(view, 'task results')
  const address = heap.disown(copy)
  return { address, bytes: view.byteLength, from: address }
}

/** What the client finds: the value itself, or packed. */
export function takeResult(words: Words, slot: number): unknown {
  const { ints } = words
  switch (ints[slot + at.slotForm] & at.formMask) {
    case at.isUndefined:
      return undefined
    case at.inCell:
      return new CellReader(words, slot + at.slotCells).next()
    case at.asArray: {
      const block = heap.adopt(Uint8Array, get64(words, slot + at.slotPacked), get64(words, slot + at.slotPackedBytes))
      const type = classOf(ints[slot + at.slotCells])
      const from = get64(words, slot + at.slotCells + 2)
      return new type(block.buffer as SharedArrayBuffer, from, get64(words, slot + at.slotCells + 4))
    }
  }
  const length = get64(words, slot + at.slotPackedBytes)
  const bytes = heap.adopt(Uint8Array, get64(words, slot + at.slotPacked), length, 'task results')
  return new Packed(bytes, (ints[slot + at.slotForm] & at.withHandles) !== 0)
}

export const put64 = (words: Words, word: number, value: number): void => {
  words.floats[word >> 1] = value
}
export const get64 = (words: Words, word: number): number => words.floats[word >> 1]
