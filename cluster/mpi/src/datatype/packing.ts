/**
 * Elements of a buffer as bytes one after another, and back. That is what is sent of elements that do not lie side by side, what
 * `pack` writes, and what a file holds.
 */

import { ArgumentError } from '@skein/base'
import type { Datatype } from './datatype.ts'
import { basicsIn } from './signature.ts'

/** The bytes that `count` elements reach over, from the first byte of their view: less than 0 for some types. */
export const spanOf = (count: number, type: Datatype): { from: number; to: number } => {
  if (count === 0 || type.size === 0) return { from: 0, to: 0 }
  const last = (count - 1) * type.extent
  const from = type.trueLb + Math.min(0, last)
  const to = type.trueLb + type.trueExtent + Math.max(0, last)
  return { from, to }
}

/** Elements are copied in words of the largest of these sizes that goes. Not of 8: float64 may lose the bits of a NaN. */
type Unit = 1 | 2 | 4
type Words = Uint8Array | Uint16Array | Uint32Array

const units = new WeakMap<Datatype, Unit>()

/** In which words all runs of a type can be copied. */
const unitOf = (type: Datatype): Unit => {
  let unit = units.get(type)
  if (unit === undefined) {
    const { offsets, lengths } = type
    let bits = type.extent
    for (let r = 0; r < offsets.length; r++) bits |= offsets[r] | lengths[r]
    unit = unitOfBits(bits)
    units.set(type, unit)
  }
  return unit
}

const unitOfBits = (bits: number): Unit => (bits & 1 ? 1 : bits & 2 ? 2 : 4)

const wordsOf = (buffer: ArrayBufferLike, at: number, bytes: number, unit: Unit): Words => {
  if (unit === 4) return new Uint32Array(buffer, at, bytes / 4)
  return unit === 2 ? new Uint16Array(buffer, at, bytes / 2) : new Uint8Array(buffer, at, bytes)
}

type CopyRuns = (
  flat: Words,
  spread: Words,
  base: number,
  extent: number,
  offsets: Float64Array,
  lengths: Float64Array,
  unit: Unit,
) => void

/**
 * A loop over all runs of the elements that fill `flat`; the last may be cut short. From 192 words on a run is left to `set`, which
 * takes some 50 ns to begin. One loop for each class of words and each direction, each made from its own text, so that each is compiled for its class alone.
 */
const makeLoop = (isGather: boolean): CopyRuns => {
  const move = isGather ? 'flat[f + i] = spread[s + i]' : 'spread[s + i] = flat[f + i]'
  const moveLong = isGather ? 'flat.set(spread.subarray(s, s + n), f)' : 'spread.set(flat.subarray(f, f + n), s)'
  return new Function(
    ...['flat', 'spread', 'base', 'extent', 'offsets', 'lengths', 'unit'],
    `const runs = offsets.length, end = flat.length
    let f = 0
    for (let at = base; f < end; at += extent)
      for (let r = 0; r < runs && f < end; r++) {
        const s = at + offsets[r] / unit
        const n = Math.min(lengths[r] / unit, end - f)
        if (n < 192) for (let i = 0; i < n; i++) ${move}
        else ${moveLong}
        f += n
      }`,
  ) as CopyRuns
}

const loops = {
  gather: { 1: makeLoop(true), 2: makeLoop(true), 4: makeLoop(true) },
  scatter: { 1: makeLoop(false), 2: makeLoop(false), 4: makeLoop(false) },
}

const copy = (direction: 'gather' | 'scatter', flat: Uint8Array, view: ArrayBufferView, type: Datatype): void => {
  if (flat.length === 0) return
  if (type.isContiguous) {
    const there = new Uint8Array(view.buffer, view.byteOffset, flat.length)
    if (direction === 'gather') flat.set(there)
    else there.set(flat)
    return
  }
  const unit = Math.min(unitOf(type), unitOfBits(view.byteOffset | flat.byteOffset | flat.length)) as Unit
  const { from, to } = spanOf(Math.ceil(flat.length / type.size), type)
  const spread = wordsOf(view.buffer, view.byteOffset + from, to - from, unit)
  const words = wordsOf(flat.buffer, flat.byteOffset, flat.length, unit)
  loops[direction][unit](words, spread, -from / unit, type.extent / unit, type.offsets, type.lengths, unit)
}

/** Copies the bytes of `count` elements, one after another, into `into`, or into a new array of just their size. */
export const gather = (view: ArrayBufferView, count: number, type: Datatype, into?: Uint8Array): Uint8Array => {
  const bytes = count * type.size
  const flat = into === undefined ? new Uint8Array(bytes) : into.subarray(0, bytes)
  copy('gather', flat, view, type)
  return flat
}

/** The reverse: fills as many elements as there are bytes for, the last perhaps in part, and touches nothing between them. */
export const scatterInto = (bytes: Uint8Array, view: ArrayBufferView, type: Datatype): void =>
  copy('scatter', bytes, view, type)

/** Bytes that `pack` takes for so many elements. */
export const packSize = (count: number, type: Datatype): number => count * type.size

/** Writes elements into `out` from byte `position` on, and returns the position after them (MPI_Pack). */
export const pack = (
  view: ArrayBufferView,
  count: number,
  type: Datatype,
  out: ArrayBufferView,
  position: number,
): number => {
  const room = roomIn('pack', out, count, type, position)
  gather(view, count, type, room)
  return position + room.length
}

/** Reads elements that `pack` wrote, from byte `position` on, and returns the position after them (MPI_Unpack). */
export const unpack = (
  from: ArrayBufferView,
  position: number,
  view: ArrayBufferView,
  count: number,
  type: Datatype,
): number => {
  const bytes = roomIn('unpack', from, count, type, position)
  scatterInto(bytes, view, type)
  return position + bytes.length
}

const roomIn = (call: string, packed: ArrayBufferView, count: number, type: Datatype, position: number): Uint8Array => {
  const bytes = packSize(count, type)
  const last = packed.byteLength - bytes
  if (!(Number.isSafeInteger(position) && position >= 0 && position <= last)) {
    const expected = last < 0 ? `in a buffer of ${bytes} bytes at least` : `a whole number from 0 to ${last}`
    const advice = `${count} of ${type} are ${bytes} bytes, and the buffer has ${packed.byteLength}`
    throw new ArgumentError(call, 'position', expected, position, advice)
  }
  return new Uint8Array(packed.buffer, packed.byteOffset + position, bytes)
}

/** Elements in so many bytes (MPI_Get_count); undefined if they are not a whole number of them. */
export const countIn = (bytes: number, type: Datatype): number | undefined => {
  if (type.size === 0) return bytes === 0 ? 0 : undefined
  return bytes % type.size === 0 ? bytes / type.size : undefined
}

/** Basic elements in so many bytes (MPI_Get_elements); undefined if they end within one. */
export const elementsIn = (bytes: number, type: Datatype): number | undefined => basicsIn(bytes, type.layout.root)
