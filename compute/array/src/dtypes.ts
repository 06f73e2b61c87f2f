/** The types of elements: those of the array API standard, and float16, which is computed as float32. */

import type { Element } from '@skein/kernel/compiler'

export type BoolType = 'bool'
export type SignedType = 'int8' | 'int16' | 'int32' | 'int64'
export type UnsignedType = 'uint8' | 'uint16' | 'uint32' | 'uint64'
export type IntegerType = SignedType | UnsignedType
export type FloatType = 'float16' | 'float32' | 'float64'
export type ComplexType = 'complex64' | 'complex128'
export type DType = BoolType | IntegerType | FloatType | ComplexType

/** What an element is in JavaScript. */
export interface Complex {
  readonly re: number
  readonly im: number
}
/** An element as a user reads it: BigInt for integers of 64 bits. */
export type Item<D extends DType> = D extends 'bool'
  ? boolean
  : D extends 'int64' | 'uint64'
    ? bigint
    : D extends ComplexType
      ? Complex
      : number

export type Kind = 'bool' | 'signed' | 'unsigned' | 'float' | 'complex'

/** The typed array that elements lie in; complex numbers lie in it as pairs. */
export interface Elements {
  readonly length: number
  readonly buffer: ArrayBufferLike
  readonly byteOffset: number
  readonly byteLength: number
  [index: number]: number | bigint
  set(from: ArrayLike<number> | ArrayLike<bigint>, offset?: number): void
  subarray(begin?: number, end?: number): Elements
  slice(begin?: number, end?: number): Elements
  fill(value: number | bigint, begin?: number, end?: number): Elements
}
export type ElementsClass = {
  readonly name: string
  readonly BYTES_PER_ELEMENT: number
  new (length: number): Elements
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): Elements
}

export interface DTypeInfo {
  readonly name: DType
  readonly kind: Kind
  /** Of one element; of both parts of a complex number. */
  readonly bytes: number
  /** Of a whole number, the sign too; of a part, for complex numbers. */
  readonly bits: number
  /** What lies in memory. */
  readonly element: Element
  /** Numbers in memory for one element: 2 for complex ones. */
  readonly parts: 1 | 2
  readonly Elements: ElementsClass
  /** In which a kernel computes: `f32` also for float16. */
  readonly type: 'i1' | 'i32' | 'i64' | 'f32' | 'f64'
}

const half = (globalThis as { Float16Array?: unknown }).Float16Array as ElementsClass | undefined

const table: [DType, Kind, number, Element, unknown, DTypeInfo['type']][] = [
  ['bool', 'bool', 8, 'u8', Uint8Array, 'i1'],
  ['int8', 'signed', 8, 'i8', Int8Array, 'i32'],
  ['int16', 'signed', 16, 'i16', Int16Array, 'i32'],
  ['int32', 'signed', 32, 'i32', Int32Array, 'i32'],
  ['int64', 'signed', 64, 'i64', BigInt64Array, 'i64'],
  ['uint8', 'unsigned', 8, 'u8', Uint8Array, 'i32'],
  ['uint16', 'unsigned', 16, 'u16', Uint16Array, 'i32'],
  ['uint32', 'unsigned', 32, 'u32', Uint32Array, 'i32'],
  ['uint64', 'unsigned', 64, 'u64', BigUint64Array, 'i64'],
  // Where the engine has no such array, making one says so (memory.ts).
  ['float16', 'float', 16, 'f16', half, 'f32'],
  ['float32', 'float', 32, 'f32', Float32Array, 'f32'],
  ['float64', 'float', 64, 'f64', Float64Array, 'f64'],
  ['complex64', 'complex', 32, 'f32', Float32Array, 'f32'],
  ['complex128', 'complex', 64, 'f64', Float64Array, 'f64'],
]

const infos = new Map<string, DTypeInfo>(
  table.map(([name, kind, bits, element, Elements, type]) => {
    const parts = kind === 'complex' ? 2 : 1
    return [
      name,
      { name, kind, bits, bytes: (bits / 8) * parts, element, parts, Elements: Elements as ElementsClass, type },
    ]
  }),
)

export const dtypes: readonly DType[] = table.map(([name]) => name)

const numbers = new Map(dtypes.map((dtype, k) => [dtype, k]))

/** Its place among `dtypes`. */
export const numberOfDType = (dtype: DType): number => numbers.get(dtype)!

export const isDType = (x: unknown): x is DType => typeof x === 'string' && infos.has(x)

export const infoOf = (dtype: DType): DTypeInfo => infos.get(dtype)!

/** The real type of a complex one's parts. */
export const partOf = (dtype: ComplexType): 'float32' | 'float64' => (dtype === 'complex64' ? 'float32' : 'float64')

/** The complex type whose parts a float type can hold exactly. */
export const complexOf = (dtype: DType): ComplexType =>
  dtype === 'float32' || dtype === 'float16' || dtype === 'complex64' ? 'complex64' : 'complex128'

export const isFloat = (dtype: DType): dtype is FloatType => infoOf(dtype).kind === 'float'
export const isComplex = (dtype: DType): dtype is ComplexType => infoOf(dtype).kind === 'complex'
export const isInexact = (dtype: DType): dtype is FloatType | ComplexType => isFloat(dtype) || isComplex(dtype)
/** The dtype in which an array's means are: its own, or float64 of whole numbers and booleans. */
export const inexactOf = (dtype: DType): FloatType | ComplexType => (isInexact(dtype) ? dtype : 'float64')
export const isInteger = (dtype: DType): dtype is IntegerType => {
  const { kind } = infoOf(dtype)
  return kind === 'signed' || kind === 'unsigned'
}

/** The dtype whose elements a typed array has as they are; undefined: none. */
export function dtypeOfElements(elements: unknown): Exclude<DType, 'bool' | ComplexType> | undefined {
  if (!ArrayBuffer.isView(elements) || elements instanceof DataView) return undefined
  const { name } = elements.constructor
  if (name === 'Uint8ClampedArray' || elements instanceof Uint8Array) return 'uint8'
  for (const [dtype, kind, , , Elements] of table) {
    if (kind === 'bool' || kind === 'complex' || Elements === undefined) continue
    if (elements instanceof (Elements as ElementsClass)) return dtype as Exclude<DType, 'bool' | ComplexType>
  }
  return undefined
}
