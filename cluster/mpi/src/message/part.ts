/**
 * What a user gives as a buffer becomes a part: a view that begins at the first element, a count, and a type. Whatever can be wrong with a
 * buffer is found here.
 */

import type { TypedArray, TypedArrayClass } from '@skein/heap'
import {
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  typeOf,
  uint8,
  uint16,
  uint32,
  uint64,
} from '../datatype/basic.ts'
import { Datatype } from '../datatype/datatype.ts'
import type { Part, Parts, TypedParts } from '../engine.ts'
import { type Caller, refusal } from './refusal.ts'

/** Memory that elements lie in. A DataView and an ArrayBuffer hold bytes. */
export type Memory = TypedArray | DataView | ArrayBuffer | SharedArrayBuffer

/** Some elements of a buffer. */
export interface Slice {
  readonly buffer: Memory
  /** In elements of the buffer's array. */
  readonly offset?: number
  /** In elements of the type; all that fit, if it is left out. */
  readonly count?: number
  readonly type?: Datatype
}

/** What a call with typed elements takes. */
export type Data = Memory | Slice

/** A share for each rank. */
export interface Slices {
  readonly buffer: Memory
  readonly offset?: number
  /** In elements of the type, for each rank. */
  readonly counts: ArrayLike<number>
  /** Where each share begins, in extents of the type; one after another, if they are left out. */
  readonly displs?: ArrayLike<number>
  readonly type?: Datatype
}

/** A share and a type for each rank. */
export interface TypedSlices {
  readonly buffer: Memory
  readonly counts: ArrayLike<number>
  /** In bytes; one after another, if they are left out. */
  readonly displs?: ArrayLike<number>
  readonly types: readonly Datatype[]
}

export class Elements implements Part {
  readonly view: ArrayBufferView
  readonly count: number
  readonly type: Datatype

  constructor(view: ArrayBufferView, count: number, type: Datatype) {
    this.view = view
    this.count = count
    this.type = type
  }
}

const sliceKeys = new Set(['buffer', 'offset', 'count', 'type', 'counts', 'displs', 'types'])

const isArrayBuffer = (x: unknown): x is ArrayBuffer | SharedArrayBuffer =>
  x instanceof ArrayBuffer || (typeof SharedArrayBuffer !== 'undefined' && x instanceof SharedArrayBuffer)

/** Whether an argument is memory or a slice of it; all else is a value. */
export function isData(x: unknown): x is Data {
  if (typeof x !== 'object' || x === null) return false
  if (ArrayBuffer.isView(x) || isArrayBuffer(x)) return true
  const memory = (x as Slice).buffer
  if (!ArrayBuffer.isView(memory) && !isArrayBuffer(memory)) return false
  for (const key in x) if (!sliceKeys.has(key)) return false
  return true
}

/** The type of an array's elements; undefined of what is no typed array of its own class. */
function typeByClass(x: object): Datatype | undefined {
  switch (x.constructor) {
    case Float64Array:
      return float64
    case Uint8Array:
    case Uint8ClampedArray:
      return uint8
    case Int32Array:
      return int32
    case Float32Array:
      return float32
    case BigInt64Array:
      return int64
    case BigUint64Array:
      return uint64
    case Uint32Array:
      return uint32
    case Int16Array:
      return int16
    case Uint16Array:
      return uint16
    case Int8Array:
      return int8
    default:
      return undefined
  }
}

const arrayClass = Object.getPrototypeOf(Int8Array)

/** A class of typed arrays, or one that derives from such. */
export const isArrayClass = (kind: unknown): kind is TypedArrayClass<TypedArray> =>
  typeof kind === 'function' && kind.prototype instanceof arrayClass

/** A new array of the class of another; of bytes, for a DataView. */
export function arrayLike(view: ArrayBufferView, length: number): TypedArray {
  if (view instanceof DataView) return new Uint8Array(length)
  const kind = (globalThis as any)[(view as Uint8Array)[Symbol.toStringTag]] as new (length: number) => TypedArray
  return new kind(length)
}

/** What the engine can count, and displace by: a library of before MPI-4 has ints for both. */
let most = Number.MAX_SAFE_INTEGER
let counter = ''

/** For the one who opens the engine. */
export function limitCounts(mostCount: number, engine: string): void {
  most = mostCount
  counter = engine
}

function checkCounted(caller: Caller, call: string, what: string, count: number): void {
  if (Math.abs(count) <= most) return
  const advice = 'Send it in parts, or as fewer elements of a longer type (contiguous)'
  throw refusal(
    caller,
    call,
    'MPI_ERR_COUNT',
    what,
    `${most} at most, which is what ${counter} can count`,
    count,
    advice,
  )
}

/** Parts of short arrays that were given last: to find that it is the same again costs less than to look what it is. */
let [one, other] = [new Elements(new Uint8Array(0), -1, uint8), new Elements(new Uint8Array(0), -1, uint8)]
/** Longer ones should not be kept for this. */
export const keptBytes = 4096

/** The part that a short array stands for, if it is one of those; by itself, so that it costs its callers no call. */
export function partAgain(data: unknown): Part | undefined {
  // One that was detached, or of which there is less, has another length.
  if (data === one.view && (data as TypedArray).length === one.count) return one
  if (data === other.view && (data as TypedArray).length === other.count) return other
  return undefined
}

/** The part that a buffer stands for. `argument` is what the call names it. */
export function partOf(caller: Caller, call: string, argument: string, data: Data): Part {
  const again = partAgain(data)
  if (again !== undefined) return again
  const type = data == null ? undefined : typeByClass(data)
  // A detached array has no length either, and is told apart below.
  if (type !== undefined && (data as TypedArray).length > 0) {
    const part = new Elements(data as TypedArray, (data as TypedArray).length, type)
    if ((data as TypedArray).byteLength <= keptBytes) [one, other] = [part, one]
    else checkCounted(caller, call, `count of ${argument}`, part.count)
    return part
  }
  return anyPartOf(caller, call, argument, data)
}

function anyPartOf(caller: Caller, call: string, argument: string, data: Data): Part {
  if (!isData(data)) {
    throw refusal(
      caller,
      call,
      'MPI_ERR_BUFFER',
      argument,
      'a typed array, a DataView or { buffer, offset, count, type }',
      data,
    )
  }
  if (ArrayBuffer.isView(data) || isArrayBuffer(data)) {
    const view = viewOf(caller, call, argument, data)
    checkCounted(caller, call, `count of ${argument}`, elementsIn(view))
    return new Elements(view, elementsIn(view), typeOf(view))
  }
  const { view, type } = located(caller, call, argument, data)
  const room = roomFor(view, type)
  const count = data.count ?? room
  if (!Number.isSafeInteger(count) || count < 0 || count > room) {
    throw refusal(
      caller,
      call,
      'MPI_ERR_COUNT',
      `count of ${argument}`,
      `a whole number from 0 to ${room}, which fit from its offset on`,
      count,
    )
  }
  checkCounted(caller, call, `count of ${argument}`, count)
  return new Elements(view, count, type)
}

/** Memory as a view; refused if it is detached. */
function viewOf(caller: Caller, call: string, argument: string, memory: Memory): ArrayBufferView {
  const buffer = ArrayBuffer.isView(memory) ? memory.buffer : memory
  if ((buffer as ArrayBuffer).detached === true) {
    throw refusal(
      caller,
      call,
      'MPI_ERR_BUFFER',
      argument,
      'memory that is still there',
      memory,
      'Its buffer was transferred',
    )
  }
  return ArrayBuffer.isView(memory) ? memory : new Uint8Array(memory)
}

const elementBytes = (view: ArrayBufferView): number => (view as Uint8Array).BYTES_PER_ELEMENT ?? 1
const elementsIn = (view: ArrayBufferView): number => view.byteLength / elementBytes(view)

/** The view from a slice's offset on, and the slice's type. */
function located(caller: Caller, call: string, argument: string, slice: Slice | Slices) {
  const whole = viewOf(caller, call, argument, slice.buffer)
  const length = elementsIn(whole)
  const { offset = 0, type = typeOf(whole) } = slice
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > length) {
    throw refusal(caller, call, 'MPI_ERR_BUFFER', `offset of ${argument}`, `a whole number from 0 to ${length}`, offset)
  }
  checkType(caller, call, `type of ${argument}`, type)
  return { view: offset === 0 ? whole : from(whole, offset), type }
}

export function checkType(caller: Caller, call: string, argument: string, type: Datatype): void {
  if (!(type instanceof Datatype)) throw refusal(caller, call, 'MPI_ERR_TYPE', argument, 'a Datatype', type)
  if (type.isFree) throw refusal(caller, call, 'MPI_ERR_TYPE', argument, 'a Datatype that is not freed', type)
}

const from = (view: ArrayBufferView, offset: number): ArrayBufferView =>
  view instanceof DataView
    ? new DataView(view.buffer, view.byteOffset + offset, view.byteLength - offset)
    : (view as TypedArray).subarray(offset)

/** How many elements of a type lie within a view, when the first begins at its first byte. */
function roomFor(view: ArrayBufferView, type: Datatype): number {
  const { trueLb, trueExtent, extent } = type
  const bytes = view.byteLength
  const before = view.byteOffset
  // Elements may reach below their origin, into what lies before the view in its buffer.
  if (type.size === 0) return Number.MAX_SAFE_INTEGER
  if (trueLb + trueExtent > bytes || before + trueLb < 0) return 0
  if (extent > 0) return 1 + Math.floor((bytes - trueLb - trueExtent) / extent)
  if (extent < 0) return 1 + Math.floor((before + trueLb) / -extent)
  return Number.MAX_SAFE_INTEGER
}

/** Bytes of a view that `count` elements of a type touch: from, to. */
function reach(type: Datatype, count: number): readonly [number, number] {
  const last = (count - 1) * type.extent
  return [type.trueLb + Math.min(0, last), type.trueLb + type.trueExtent + Math.max(0, last)]
}

/** The part of one share of a buffer that has `shares` of equal size. */
export function shareOf(caller: Caller, call: string, argument: string, part: Part, shares: number): Part {
  const { view, count, type } = part
  if (shares === 0) return new Elements(view, 0, type)
  if (count % shares !== 0) {
    throw refusal(
      caller,
      call,
      'MPI_ERR_COUNT',
      `count of ${argument}`,
      `a multiple of ${shares}, a share for each rank`,
      count,
    )
  }
  return new Elements(view, count / shares, type)
}

/** Checks the numbers of a v form, and makes lists of them. */
function checkedCounts(
  caller: Caller,
  call: string,
  argument: string,
  counts: ArrayLike<number>,
  ranks: number,
): number[] {
  const expected = `a list of ${ranks} whole numbers, one for each rank`
  if (typeof counts !== 'object' || counts === null || counts.length !== ranks) {
    throw refusal(caller, call, 'MPI_ERR_COUNT', `counts of ${argument}`, expected, counts)
  }
  const list = Array.from(counts)
  const wrong = list.findIndex(count => !Number.isSafeInteger(count) || count < 0)
  if (wrong >= 0)
    throw refusal(
      caller,
      call,
      'MPI_ERR_COUNT',
      `counts[${wrong}] of ${argument}`,
      'a whole number, 0 or more',
      list[wrong],
    )
  for (const count of list) checkCounted(caller, call, `a count of ${argument}`, count)
  return list
}

function checkedDispls(
  caller: Caller,
  call: string,
  argument: string,
  displs: ArrayLike<number>,
  ranks: number,
): number[] {
  const list = displs.length === ranks ? Array.from(displs) : []
  if (list.length !== ranks || list.some(displ => !Number.isSafeInteger(displ))) {
    throw refusal(
      caller,
      call,
      'MPI_ERR_ARG',
      `displs of ${argument}`,
      `a list of ${ranks} whole numbers, one for each rank`,
      displs,
    )
  }
  return list
}

/** Where each share begins when they follow one another. */
export function prefixSums(counts: readonly number[], sizes?: readonly number[]): number[] {
  let sum = 0
  return counts.map((count, rank) => {
    const displ = sum
    sum += count * (sizes === undefined ? 1 : sizes[rank])
    return displ
  })
}

/** The shares of a v form. Those to be received must not touch one another. */
export function partsOf(
  caller: Caller,
  call: string,
  argument: string,
  slices: Slices,
  ranks: number,
  isReceived: boolean,
): Parts {
  if (!isData(slices) || !('counts' in slices)) {
    throw refusal(caller, call, 'MPI_ERR_COUNT', argument, '{ buffer, counts, displs, type }', slices)
  }
  const { view, type } = located(caller, call, argument, slices)
  const counts = checkedCounts(caller, call, argument, slices.counts, ranks)
  const displs =
    slices.displs === undefined ? prefixSums(counts) : checkedDispls(caller, call, argument, slices.displs, ranks)
  for (let rank = 0; rank < ranks; rank++) {
    checkCounted(caller, call, `a displacement of ${argument}`, displs[rank])
    checkShare(caller, call, argument, view, displs[rank] * type.extent, counts[rank], type, rank)
  }
  if (isReceived && slices.displs !== undefined && type.isContiguous) {
    checkApart(
      caller,
      call,
      argument,
      displs.map((displ, rank) => [displ, displ + counts[rank], rank]),
    )
  }
  return { view, counts, displs, type }
}

/** The shares of a w form. */
export function typedPartsOf(
  caller: Caller,
  call: string,
  argument: string,
  slices: TypedSlices,
  ranks: number,
  isReceived: boolean,
): TypedParts {
  if (!isData(slices) || !('counts' in slices)) {
    throw refusal(caller, call, 'MPI_ERR_COUNT', argument, '{ buffer, counts, displs, types }', slices)
  }
  const view = viewOf(caller, call, argument, slices.buffer)
  const counts = checkedCounts(caller, call, argument, slices.counts, ranks)
  const types = Array.isArray(slices.types) ? [...(slices.types as Datatype[])] : []
  if (types.length !== ranks) {
    throw refusal(
      caller,
      call,
      'MPI_ERR_TYPE',
      `types of ${argument}`,
      `a list of ${ranks} datatypes, one for each rank`,
      slices.types,
    )
  }
  types.forEach((type, rank) => checkType(caller, call, `types[${rank}] of ${argument}`, type))
  const extents = types.map(type => type.extent)
  const displs =
    slices.displs === undefined
      ? prefixSums(counts, extents)
      : checkedDispls(caller, call, argument, slices.displs, ranks)
  for (let rank = 0; rank < ranks; rank++) {
    checkCounted(caller, call, `a displacement of ${argument}`, displs[rank])
    checkShare(caller, call, argument, view, displs[rank], counts[rank], types[rank], rank)
  }
  if (isReceived && slices.displs !== undefined && types.every(type => type.isContiguous)) {
    checkApart(
      caller,
      call,
      argument,
      displs.map((displ, rank) => [displ, displ + counts[rank] * extents[rank], rank]),
    )
  }
  return { view, counts, displs, types }
}

function checkShare(
  caller: Caller,
  call: string,
  argument: string,
  view: ArrayBufferView,
  at: number,
  count: number,
  type: Datatype,
  rank: number,
): void {
  if (count === 0) return
  const [low, high] = reach(type, count)
  if (at + low + view.byteOffset >= 0 && at + high <= view.byteLength) return
  const problem = `the share of rank ${rank} of ${argument}`
  throw refusal(
    caller,
    call,
    'MPI_ERR_COUNT',
    problem,
    `within its ${view.byteLength} bytes`,
    `bytes ${at + low} to ${at + high}`,
  )
}

/** No element is received twice. */
function checkApart(caller: Caller, call: string, argument: string, shares: [number, number, number][]): void {
  const filled = shares.filter(([begin, end]) => end > begin).sort((a, b) => a[0] - b[0])
  for (let i = 1; i < filled.length; i++) {
    if (filled[i][0] >= filled[i - 1][1]) continue
    const problem = `shares of ranks ${filled[i - 1][2]} and ${filled[i][2]} in ${argument}`
    throw refusal(caller, call, 'MPI_ERR_BUFFER', problem, 'apart', `from ${filled[i][0]} on both`)
  }
}

/**
 * What is sent and what is received into must not be the same memory. Types with gaps may interleave, and are not looked at.
 *
 * @param sends, receives how many times the count of each part they are
 */
export function checkNoOverlap(caller: Caller, call: string, send: Part, recv: Part, sends = 1, receives = 1): void {
  const a = send.view
  const b = recv.view
  if (a.buffer !== b.buffer || !send.type.isContiguous || !recv.type.isContiguous) return
  const aEnd = a.byteOffset + send.count * sends * send.type.extent
  const bEnd = b.byteOffset + recv.count * receives * recv.type.extent
  if (a.byteOffset >= bEnd || b.byteOffset >= aEnd) return
  throw refusal(
    caller,
    call,
    'MPI_ERR_BUFFER',
    'recv',
    'other memory than what is sent',
    b,
    'To send what it holds, give inPlace as what is sent',
  )
}

/** A buffer that the engine keeps beyond the call must not shrink meanwhile. */
export function checkKept(caller: Caller, call: string, view: ArrayBufferView): void {
  if ((view.buffer as ArrayBuffer).resizable !== true) return
  throw refusal(
    caller,
    call,
    'MPI_ERR_BUFFER',
    'the buffer',
    'of fixed length while a request is open',
    view,
    'Its ArrayBuffer is resizable',
  )
}
