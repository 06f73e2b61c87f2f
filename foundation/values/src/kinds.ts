/** The kinds of typed arrays, by the number that stands for them in packed bytes. */

import type { TypedArray, TypedArrayClass } from '@skein/heap'

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

/** Of a number that `kindOf` gave; undefined of any other, and of one that this Node has no class for. */
export const classOf = (kind: number): TypedArrayClass => classes[kind]!
