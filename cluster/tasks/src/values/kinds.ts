/** The kinds of views, by the number that stands for them on the board and in packed bytes. */

import { heap, type TypedArray, type TypedArrayClass } from '@skein/heap'

const classes: readonly (TypedArrayClass | undefined)[] = [
  Float64Array,
  Float32Array,
  // Node 24 and later.
  typeof Float16Array === 'undefined' ? undefined : Float16Array,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
]

const numbers = new Map<string, number>(classes.flatMap((type, kind) => (type ? [[type.name, kind] as const] : [])))

/** A Buffer counts as a Uint8Array, as in structured clone. */
export const kindOf = (view: TypedArray): number =>
  numbers.get((view as { [Symbol.toStringTag]: string })[Symbol.toStringTag])!
export const classOf = (kind: number): TypedArrayClass => classes[kind]!

/** Makes a view on an array of the heap that someone else owns. */
export type MakeView = (type: TypedArrayClass, address: number, length: number) => TypedArray

/** One that is valid while its owner keeps the array. */
export const viewOf: MakeView = (type, address, length) => heap.view(type, address, length)
