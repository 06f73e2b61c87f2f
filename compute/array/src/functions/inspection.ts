/** What dtypes there are, what they hold, and where arrays are. */

import { ArgumentError } from '@skein/base'
import { type ComplexType, type DType, dtypes, type FloatType, type IntegerType, infoOf, type Kind } from '../dtypes.ts'
import { DTypeError } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { promote, promoteWeak, strong } from '../promotion.ts'
import { mostElements } from '../shape.ts'
import { checkDType } from './creation.ts'
import { device, devices } from './device.ts'
import { type Operand, toArray, weakOf } from './operands.ts'

/** The version of the Python array API standard whose functions there are. */
export const arrayApiVersion = '2024.12'

/** The dtype that is meant: by its name, or by an array that has it. */
function dtypeOf(x: DType | NDArray | ArrayBufferView, call: string): DType {
  if (typeof x !== 'string') return toArray(x, call).dtype
  checkDType(x, call)
  return x
}

/**
 * The dtype in which arrays, dtypes and numbers meet. Numbers take part as beside an array: with their kind alone, unless there is nothing else.
 * @throws ArgumentError where nothing is given
 */
export function resultType(...given: (DType | Operand)[]): DType {
  if (given.length === 0) throw new ArgumentError('resultType', 'arrays', 'one array, dtype or number at least', 'none')
  let met: DType | undefined
  for (const x of given) {
    if (weakOf(x) !== undefined) continue
    const dtype = dtypeOf(x as DType | NDArray, 'resultType')
    met = met === undefined ? dtype : promote(met, dtype)
  }
  for (const x of given) {
    const weak = weakOf(x)
    if (weak !== undefined) met = met === undefined ? strong[weak] : promoteWeak(met, weak)
  }
  return met!
}

/** Whether a dtype, or an array's, goes over into another by promotion: nothing is lost but digits of integers of 64 bits in floats. */
export function canCast(from: DType | NDArray | ArrayBufferView, to: DType): boolean {
  checkDType(to, 'canCast')
  return promote(dtypeOf(from, 'canCast'), to) === to
}

const kinds: Readonly<Record<string, readonly Kind[]>> = {
  bool: ['bool'],
  'signed integer': ['signed'],
  'unsigned integer': ['unsigned'],
  integral: ['signed', 'unsigned'],
  'real floating': ['float'],
  'complex floating': ['complex'],
  numeric: ['signed', 'unsigned', 'float', 'complex'],
}
export type DTypeKind =
  | 'bool'
  | 'signed integer'
  | 'unsigned integer'
  | 'integral'
  | 'real floating'
  | 'complex floating'
  | 'numeric'

const ofKind = (dtype: DType, kind: DTypeKind, call: string): boolean => {
  if (!Object.hasOwn(kinds, kind))
    throw new ArgumentError(call, 'kind', `a dtype or one of ${Object.keys(kinds).join(', ')}`, kind)
  return kinds[kind].includes(infoOf(dtype).kind)
}

/** Whether a dtype is another, of a kind, or one of a list of those. */
export function isdtype(dtype: DType, kind: DType | DTypeKind | readonly (DType | DTypeKind)[]): boolean {
  checkDType(dtype, 'isdtype')
  const list = (Array.isArray(kind) ? kind : [kind]) as (DType | DTypeKind)[]
  const found = list.map(
    k => k === dtype || ((k === 'bool' || !dtypes.includes(k as DType)) && ofKind(dtype, k as DTypeKind, 'isdtype')),
  )
  return found.includes(true)
}

export interface FloatInfo {
  /** Of which the numbers are; of complex numbers their parts. */
  readonly dtype: FloatType
  readonly bits: number
  /** From 1 to the next number. */
  readonly eps: number
  readonly max: number
  readonly min: number
  /** The least positive number that has all digits. */
  readonly smallestNormal: number
}

const floats: Record<number, Omit<FloatInfo, 'dtype' | 'bits' | 'min'>> = {
  16: { eps: 2 ** -10, max: 65504, smallestNormal: 2 ** -14 },
  32: { eps: 2 ** -23, max: (2 - 2 ** -23) * 2 ** 127, smallestNormal: 2 ** -126 },
  64: { eps: 2 ** -52, max: Number.MAX_VALUE, smallestNormal: 2 ** -1022 },
}

/** What floats of a dtype, or of an array's, can hold. @throws DTypeError for integers and booleans */
export function finfo(x: FloatType | ComplexType | NDArray | ArrayBufferView): FloatInfo {
  const dtype = dtypeOf(x, 'finfo')
  const { kind, bits } = infoOf(dtype)
  if (kind !== 'float' && kind !== 'complex')
    throw new DTypeError('finfo', 'floats and complex numbers', [dtype], 'Ask iinfo.')
  const found = floats[bits]
  return { dtype: `float${bits}` as FloatType, bits, ...found, min: -found.max }
}

export interface IntegerInfo {
  readonly dtype: IntegerType
  readonly bits: number
  /** BigInts for 64 bits. */
  readonly max: number | bigint
  readonly min: number | bigint
}

/** What integers of a dtype, or of an array's, can hold. @throws DTypeError for other types */
export function iinfo(x: IntegerType | NDArray | ArrayBufferView): IntegerInfo {
  const dtype = dtypeOf(x, 'iinfo')
  const { kind, bits } = infoOf(dtype)
  if (kind !== 'signed' && kind !== 'unsigned') throw new DTypeError('iinfo', 'integers', [dtype], 'Ask finfo.')
  const size = BigInt(bits)
  const max = kind === 'unsigned' ? 2n ** size - 1n : 2n ** (size - 1n) - 1n
  const min = kind === 'unsigned' ? 0n : -(2n ** (size - 1n))
  const given = (n: bigint) => (bits === 64 ? n : Number(n))
  return { dtype: dtype as IntegerType, bits, max: given(max), min: given(min) }
}

const hasHalves = infoOf('float16').Elements !== undefined

const information = {
  capabilities: () => ({
    booleanIndexing: true,
    dataDependentShapes: true,
    maxDimensions: null,
    maxElements: mostElements,
  }),
  defaultDevice: () => device(),
  devices: () => [...devices],
  defaultDtypes: () => ({
    realFloating: 'float64' as const,
    complexFloating: 'complex128' as const,
    integral: 'int64' as const,
    indexing: 'int32' as const,
  }),
  dtypes({ kind }: { kind?: DTypeKind | readonly DTypeKind[] } = {}): DType[] {
    const all = dtypes.filter(d => d !== 'float16' || hasHalves)
    if (kind === undefined) return all
    const list = [kind].flat() as DTypeKind[]
    return all.filter(d => list.map(k => ofKind(d, k, 'dtypes')).includes(true))
  },
}

/** The standard's inspection: `info().capabilities()`, `defaultDtypes()`, `dtypes({ kind })`, `devices()`, `defaultDevice()`. Arrays may have any number of axes. */
export const info = (): typeof information => information
