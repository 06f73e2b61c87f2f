/** Kinds of basic elements: how long each is, how it is aligned, and which typed array holds it. */

/** `object` is a packed value; `byte` goes with every kind. Those from `floatInt` on are pairs of a value and an index. */
export type Kind =
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float16'
  | 'float32'
  | 'float64'
  | 'complex64'
  | 'complex128'
  | 'bool'
  | 'byte'
  | 'packed'
  | 'object'
  | PairKind

/** C's structures of a value and an index, which maxloc and minloc take; the last three are Fortran's, of two alike. */
export type PairKind = 'floatInt' | 'doubleInt' | 'longInt' | 'shortInt' | 'twoInt' | 'twoDouble' | 'twoFloat'

export type NumberArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float16Array
  | Float32Array
  | Float64Array

export interface NumberArrayClass {
  readonly name: string
  readonly BYTES_PER_ELEMENT: number
  new (length: number): NumberArray
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): NumberArray
}

export interface KindFacts {
  /** A small number, the same on every rank. */
  readonly code: number
  /** Bytes of data; of a pair without the gap between value and index. */
  readonly size: number
  readonly extent: number
  readonly alignment: number
  /** What holds its elements, `lanes` numbers each; a pair has none. Absent where this Node has no such array. */
  readonly array?: NumberArrayClass
  readonly lanes: number
  /** Of a pair: kinds of its value and its index, and from which byte the index lies. */
  readonly pair?: { readonly value: Kind; readonly index: Kind; readonly indexOffset: number }
}

const number = (code: number, array: unknown, size: number, lanes = 1): KindFacts => ({
  code,
  size,
  extent: size,
  alignment: size / lanes,
  array: array as NumberArrayClass | undefined,
  lanes,
})

const pair = (code: number, value: Kind, valueSize: number, index: Kind = 'int32', indexSize = 4): KindFacts => {
  const indexOffset = Math.max(valueSize, indexSize)
  return {
    code,
    size: valueSize + indexSize,
    extent: 2 * indexOffset,
    alignment: indexOffset,
    lanes: 0,
    pair: { value, index, indexOffset },
  }
}

export const kinds: Readonly<Record<Kind, KindFacts>> = {
  int8: number(1, Int8Array, 1),
  uint8: number(2, Uint8Array, 1),
  int16: number(3, Int16Array, 2),
  uint16: number(4, Uint16Array, 2),
  int32: number(5, Int32Array, 4),
  uint32: number(6, Uint32Array, 4),
  int64: number(7, BigInt64Array, 8),
  uint64: number(8, BigUint64Array, 8),
  float16: number(9, globalThis.Float16Array, 2),
  float32: number(10, Float32Array, 4),
  float64: number(11, Float64Array, 8),
  complex64: number(12, Float32Array, 8, 2),
  complex128: number(13, Float64Array, 16, 2),
  bool: number(14, Uint8Array, 1),
  byte: number(15, Uint8Array, 1),
  packed: number(16, Uint8Array, 1),
  object: number(17, Uint8Array, 1),
  floatInt: pair(18, 'float32', 4),
  doubleInt: pair(19, 'float64', 8),
  longInt: pair(20, 'int64', 8),
  shortInt: pair(21, 'int16', 2),
  twoInt: pair(22, 'int32', 4),
  twoDouble: pair(23, 'float64', 8, 'float64', 8),
  twoFloat: pair(24, 'float32', 4, 'float32', 4),
}

/** Codes of derived signatures begin here. */
export const codesEnd = 32

const byCode = new Map(Object.entries(kinds).map(([kind, { code }]) => [code, kind as Kind]))

export const kindOfCode = (code: number): Kind => byCode.get(code)!
