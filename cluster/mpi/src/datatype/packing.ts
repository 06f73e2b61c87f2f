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

/** Elements are copied in words of the largest of these sizes that goes. */
type Unit = 1 | 2 | 4 | 8

const classes = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array }
type Words = Uint8Array | Uint16Array | Uint32Array | BigUint64Array

/** The runs of a type, in words. */
interface Plan {
  readonly extent: number
  readonly offsets: List
  /** Absent where runs are short: then there is an offset for each word. */
  readonly lengths: List | undefined
}

/** Float64Array for what has no place in 31 bits. */
type List = Int32Array | Float64Array

/** The largest unit that a type allows, and plans for the units that were needed. */
interface Plans {
  readonly unit: Unit
  readonly of: { [unit in Unit]?: Plan }
}

const plansOf = new WeakMap<Datatype, Plans>()

const unitOf = (bits: number): Unit => (bits & 1 ? 1 : bits & 2 ? 2 : bits & 4 ? 4 : 8)

const makePlans = (type: Datatype): Plans => {
  const { offsets, lengths, extent } = type
  let bits = extent
  for (let r = 0; r < offsets.length; r++) bits |= offsets[r] | lengths[r]
  const plans = { unit: unitOf(bits), of: {} }
  plansOf.set(type, plans)
  return plans
}

/** Runs of up to so many words on the average are copied word by word. */
const shortRun = 8

const makePlan = (type: Datatype, unit: Unit): Plan => {
  const { offsets, lengths, size, trueLb, trueExtent } = type
  const extent = type.extent / unit
  const words = size / unit
  const isShort = words <= shortRun * offsets.length
  const List = Math.max(-trueLb, trueLb + trueExtent) / unit < 2 ** 31 ? Int32Array : Float64Array
  const list = new List(isShort ? words : offsets.length)
  if (!isShort) {
    for (let r = 0; r < list.length; r++) list[r] = offsets[r] / unit
    const inWords = new List(list.length)
    for (let r = 0; r < list.length; r++) inWords[r] = lengths[r] / unit
    return { extent, offsets: list, lengths: inWords }
  }
  let w = 0
  for (let r = 0; r < offsets.length; r++) for (let i = 0; i < lengths[r] / unit; i++) list[w++] = offsets[r] / unit + i
  return { extent, offsets: list, lengths: undefined }
}

type CopyRuns = (flat: Words, spread: Words, base: number, plan: Plan) => void

/**
 * A loop over all runs of the elements that fill `flat`; the last may be cut short. From 128 words on a run is left to `set`, which
 * takes some 50 ns to begin. There is one loop for each class of words and direction, each made from a text that no other has, so that V8
 * compiles it for that class alone; words of 8 bytes are bigints in name only, once it has.
 */
const makeLoop = (isGather: boolean, unit: Unit): CopyRuns => {
  const move = isGather ? 'flat[f + i] = spread[s + i]' : 'spread[s + i] = flat[f + i]'
  const moveLong = isGather ? 'flat.set(spread.subarray(s, s + n), f)' : 'spread.set(flat.subarray(f, f + n), s)'
  return new Function(
    ...['flat', 'spread', 'base', 'plan'],
    `// in words of ${unit}
    const { extent, offsets, lengths } = plan
    const runs = offsets.length, end = flat.length
    let f = 0
    if (lengths === undefined) {
      const i = 0
      for (let at = base; f < end; at += extent)
        for (let r = 0; r < runs && f < end; r++, f++) {
          const s = at + offsets[r]
          ${move}
        }
    } else for (let at = base; f < end; at += extent)
      for (let r = 0; r < runs && f < end; r++) {
        const s = at + offsets[r]
        const n = Math.min(lengths[r], end - f)
        if (n < 128) for (let i = 0; i < n; i++) ${move}
        else ${moveLong}
        f += n
      }`,
  ) as CopyRuns
}

const makeLoops = (isGather: boolean) => ({
  1: makeLoop(isGather, 1),
  2: makeLoop(isGather, 2),
  4: makeLoop(isGather, 4),
  8: makeLoop(isGather, 8),
})

const loops = { gather: makeLoops(true), scatter: makeLoops(false) }

const copy = (direction: 'gather' | 'scatter', flat: Uint8Array, view: ArrayBufferView, type: Datatype): void => {
  if (flat.length === 0) return
  if (type.isContiguous) {
    const there = new Uint8Array(view.buffer, view.byteOffset, flat.length)
    if (direction === 'gather') flat.set(there)
    else there.set(flat)
    return
  }
  const plans = plansOf.get(type) ?? makePlans(type)
  const unit = Math.min(plans.unit, unitOf(view.byteOffset | flat.byteOffset | flat.length)) as Unit
  const plan = (plans.of[unit] ??= makePlan(type, unit))
  const { from, to } = spanOf(Math.ceil(flat.length / type.size), type)
  const Words: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => Words = classes[unit]
  const spread = new Words(view.buffer, view.byteOffset + from, (to - from) / unit)
  const words = new Words(flat.buffer, flat.byteOffset, flat.length / unit)
  loops[direction][unit](words, spread, (0 - from) / unit, plan)
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
