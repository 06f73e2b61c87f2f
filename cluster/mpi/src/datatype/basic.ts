/** The basic datatypes, and which of them a typed array holds. */

import { ArgumentError } from '@skein/base'
import { Datatype } from './datatype.ts'
import { type Kind, kinds } from './kinds.ts'
import { basicLayout } from './layout.ts'

const basic = (kind: Kind): Datatype => new Datatype({ is: 'basic', kind }, basicLayout(kind))

export const int8 = basic('int8')
export const uint8 = basic('uint8')
export const int16 = basic('int16')
export const uint16 = basic('uint16')
export const int32 = basic('int32')
export const uint32 = basic('uint32')
export const int64 = basic('int64')
export const uint64 = basic('uint64')
export const float16 = basic('float16')
export const float32 = basic('float32')
export const float64 = basic('float64')
/** Two of float32 or of float64: real and imaginary part. */
export const complex64 = basic('complex64')
export const complex128 = basic('complex128')
/** A byte, 0 or 1. */
export const bool = basic('bool')
/** A byte that is sent as it is, and may be received as any type. */
export const byte = basic('byte')
/** Bytes that `pack` wrote. */
export const packed = basic('packed')
/** Bytes of a packed value. */
export const object = basic('object')

// Pairs of a value and an index, for maxloc and minloc; each is laid out as C's structure of the two.
export const floatInt = basic('floatInt')
export const doubleInt = basic('doubleInt')
export const longInt = basic('longInt')
export const shortInt = basic('shortInt')
export const twoInt = basic('twoInt')
export const twoDouble = basic('twoDouble')
export const twoFloat = basic('twoFloat')

export const basics: Readonly<Record<Kind, Datatype>> = {
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  float16,
  float32,
  float64,
  complex64,
  complex128,
  bool,
  byte,
  packed,
  object,
  floatInt,
  doubleInt,
  longInt,
  shortInt,
  twoInt,
  twoDouble,
  twoFloat,
}

const byClass = new Map<Function, Datatype>([
  [DataView, byte],
  [Uint8ClampedArray, uint8],
])
const byName = new Map<string, Datatype>([
  ['DataView', byte],
  ['Uint8ClampedArray', uint8],
])
for (const kind of Object.keys(kinds) as Kind[]) {
  const { array, lanes, size } = kinds[kind]
  if (array === undefined || lanes > 1 || byClass.has(array) || (size === 1 && !/^u?int8$/.test(kind))) continue
  byClass.set(array, basics[kind])
  byName.set(array.name, basics[kind])
}

/** What the elements of a view are; those of a DataView are bytes. */
export const typeOf = (view: ArrayBufferView): Datatype => byClass.get(view.constructor) ?? typeByName(view)

/** A subclass (Node's Buffer), or a class of another realm: what kind of array it is, is its tag, which it inherits. */
const typeByName = (view: ArrayBufferView): Datatype => {
  const type = ArrayBuffer.isView(view) ? byName.get((view as any)[Symbol.toStringTag]) : undefined
  if (type === undefined) throw new ArgumentError('typeOf', 'the view', 'a typed array or a DataView', view)
  return type
}
