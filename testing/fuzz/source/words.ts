/** What random kernels are made of: types of elements and of expressions, parameters, literals. */

export type Element = 'i8' | 'u8' | 'u8c' | 'i16' | 'u16' | 'i32' | 'u32' | 'i64' | 'u64' | 'f16' | 'f32' | 'f64'
export const ELEMENTS: readonly Element[] = [
  'f64',
  'i32',
  'f32',
  'u32',
  'u8',
  'i8',
  'u16',
  'i16',
  'u8c',
  'f16',
  'i64',
  'u64',
]

/** Types of expressions: float64, float32, int32, uint32, int64, boolean. */
export type T = 'f' | 'F' | 'i' | 'u' | 'n' | 'b'

export type Param =
  | { name: string; is: 'input'; element: Element }
  /** Indices below the number of positions. */
  | { name: string; is: 'indices'; element: 'i32' | 'u16' | 'u32' }
  | { name: string; is: 'output'; element: Element; slots: 1 | 2 }
  | { name: string; is: 'counters'; element: 'i32' | 'u32' | 'i64' | 'u64' }
  /** Number of positions, or the width or height of the box. */
  | { name: string; is: 'size'; of: 'n' | 'w' | 'h' }
  | { name: string; is: 'scalar'; type: T }

export interface SourceKernel {
  kind: 'kernel' | 'reduce' | 'scan'
  rank: 1 | 2 | 3
  exact: boolean
  mayFail: boolean
  /** The function, its parameters after the index in order. */
  text: string
  params: Param[]
  /** Declarations of what is given in `use`, and the names. */
  used: string
  names: string[]
  /** Text of a named or user-defined operator. */
  operator?: string
  out?: Element
  /** Type of what a reduction combines. */
  yields?: 'i' | 'f' | 'F' | 'u' | 'n'
  exclusive?: boolean
  reset?: string
  /** The default float is float32. */
  single?: boolean
  /** Without checks of indices: they are in range. */
  unsafe?: boolean
}

export interface Variable {
  name: string
  type: T
  mutable: boolean
  /** A counter that stays small. */
  small?: boolean
  weak?: boolean
}

export interface Local {
  name: string
  type: T
  size: number
}

export interface Helper {
  name: string
  params: T[]
  gives: T | undefined
}

/** An expression, with what is known of it: an int32's bounds; whether a float is made of literals alone. */
export interface E {
  s: string
  lo: number
  hi: number
  weak?: boolean
}

export const MIN = -2147483648
export const MAX = 2147483647
export const FAR = 6000

export const TYPE_OF: Record<Element, T> = {
  f64: 'f',
  f32: 'F',
  f16: 'F',
  i8: 'i',
  u8: 'i',
  u8c: 'i',
  i16: 'i',
  u16: 'i',
  i32: 'i',
  u32: 'u',
  i64: 'n',
  u64: 'n',
}
export const BOUNDS: Partial<Record<Element, [number, number]>> = {
  i8: [-128, 127],
  u8: [0, 255],
  u8c: [0, 255],
  i16: [-32768, 32767],
  u16: [0, 65535],
}
export const ARRAY: Record<T, string> = {
  f: 'Float64Array',
  F: 'Float32Array',
  i: 'Int32Array',
  u: 'Uint32Array',
  n: 'BigInt64Array',
  b: 'Int32Array',
}

export const INTS = [0, 1, 2, 3, 5, 7, -1, 31, 32, 33, 255, 1000, -128, 65535, MAX, MIN, MAX - 1]
export const FLOATS = [
  '0.5',
  '1.5',
  '(-2.25)',
  '0.1',
  '1e300',
  '(-1e-300)',
  '(-0)',
  'NaN',
  'Infinity',
  '(-Infinity)',
  '5e-324',
]
export const SINGLES = ['0.5', '1.5', '-2.25', '1e30', '0.1', '-0', '1e-45', 'Infinity', 'NaN']
export const BIGS = [
  '0n',
  '1n',
  '(-1n)',
  '3n',
  '63n',
  '255n',
  '4294967296n',
  '9223372036854775807n',
  '(-9223372036854775808n)',
]
export const LIBRARY =
  'sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp expm1 log log2 log10 log1p cbrt'.split(' ')

export const indent = (s: string): string => s.replace(/^/gm, '  ')
export const parens = (s: string): string => `(${s})`
