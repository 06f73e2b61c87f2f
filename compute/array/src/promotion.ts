/**
 * In which type two elements meet: the promotion of the array API standard; where it says nothing (integers with floats, int64 with
 * uint64), NumPy's.
 */

import { type DType, infoOf, isComplex, isFloat, isInteger } from './dtypes.ts'

/** Floats that hold every integer of so many bits. */
const floatFor = (bits: number): DType => (bits <= 8 ? 'float16' : bits <= 16 ? 'float32' : 'float64')

/** @returns the dtype that holds what both hold; of 64-bit integers and floats, float64 */
export function promote(a: DType, b: DType): DType {
  if (a === b) return a
  const [x, y] = [infoOf(a), infoOf(b)]
  if (x.kind === 'bool') return b
  if (y.kind === 'bool') return a
  if (isComplex(a) || isComplex(b)) {
    const wide = [a, b].some(d => (isInteger(d) ? infoOf(d).bits > 16 : infoOf(d).bits === 64))
    return wide ? 'complex128' : 'complex64'
  }
  if (isFloat(a) && isFloat(b)) return x.bits > y.bits ? a : b
  if (isFloat(a)) return promote(a, floatFor(y.bits))
  if (isFloat(b)) return promote(floatFor(x.bits), b)
  if (x.kind === y.kind) return x.bits > y.bits ? a : b
  const [signed, unsigned] = x.kind === 'signed' ? [x, y] : [y, x]
  if (signed.bits > unsigned.bits) return signed.name
  return unsigned.bits === 64 ? 'float64' : (`int${unsigned.bits * 2}` as DType)
}

/** A number, BigInt, boolean or complex number of JavaScript beside an array: it has no type of its own beyond its kind. */
export type Weak = 'bool' | 'bigint' | 'integer' | 'float' | 'complex'

/** The dtype in which an array meets such a number: the array's own, if its kind holds the number. */
export function promoteWeak(dtype: DType, weak: Weak): DType {
  const { kind, bits } = infoOf(dtype)
  switch (weak) {
    case 'bool':
      return dtype
    case 'bigint':
      return kind === 'bool' ? 'int64' : dtype
    case 'integer':
      return kind === 'bool' ? 'float64' : dtype
    case 'float':
      return kind === 'float' || kind === 'complex' ? dtype : 'float64'
    case 'complex':
      return kind === 'complex' ? dtype : kind === 'float' && bits < 64 ? 'complex64' : 'complex128'
  }
}

/** What a number alone becomes. */
export const strong: Readonly<Record<Weak, DType>> = {
  bool: 'bool',
  bigint: 'int64',
  integer: 'float64',
  float: 'float64',
  complex: 'complex128',
}

/** Integers are summed as integers of 64 bits. */
export const sumType = (dtype: DType): DType => {
  const { kind } = infoOf(dtype)
  return kind === 'bool' || kind === 'signed' ? 'int64' : kind === 'unsigned' ? 'uint64' : dtype
}

/** A float16 is combined as a float32. */
export const combinedIn = (dtype: DType): DType => (dtype === 'float16' ? 'float32' : dtype)
