/** Whether elements agree: to the bit, or within units of the last place. */

import type * as nd from '../src/index.ts'
import { itemFrom, type RecordedArray, type RecordedItem } from './recorded.ts'

const single = new DataView(new ArrayBuffer(4))
const double = new DataView(new ArrayBuffer(8))

/** Floats of one sign as integers in their order. */
const ordinal = (x: number, dtype: nd.DType): bigint => {
  if (dtype === 'float16') return ordinal(x, 'float32') >> 13n
  const isSingle = dtype === 'float32' || dtype === 'complex64'
  if (isSingle) single.setFloat32(0, x)
  else double.setFloat64(0, x)
  const bits = isSingle ? BigInt(single.getInt32(0)) : double.getBigInt64(0)
  return bits < 0n ? (isSingle ? -(2n ** 31n) : -(2n ** 63n)) - bits : bits
}

/** How far apart two floats are, in numbers of their dtype. */
export function ulps(x: number, y: number, dtype: nd.DType): number {
  if (Object.is(x, y)) return 0
  if (Number.isNaN(x) || Number.isNaN(y)) return Infinity
  if (x === y) return 0
  const apart = ordinal(x, dtype) - ordinal(y, dtype)
  return Number(apart < 0n ? -apart : apart)
}

export interface Tolerance {
  /** In the last place. 0: to the bit, the sign of a zero too. */
  readonly ulps: number
  /** Of the largest element: what is smaller by so much may be anything near 0. */
  readonly relative?: number
  /** Where NaN is expected anything may come. */
  readonly skipNaN?: boolean
}

/** What is wrong; undefined: nothing. */
export function disagreement(found: nd.NDArray, expected: RecordedArray, tolerance: Tolerance): string | undefined {
  if (found.dtype !== expected.dtype) return `dtype ${found.dtype}, not ${expected.dtype}`
  if (String(found.shape) !== String(expected.shape)) return `shape [${found.shape}], not [${expected.shape}]`
  const flat = [found.toList()].flat(Number.POSITIVE_INFINITY) as RecordedItem[]
  const values = expected.values.map(x => itemFrom(x, expected.dtype))
  for (const [k, y] of values.entries()) {
    const x = flat[k] as unknown
    if (tolerance.skipNaN === true && typeof y === 'object' && Number.isNaN(y.re + y.im)) continue
    const same =
      typeof y === 'object'
        ? near(x as nd.Complex, y, expected.dtype, tolerance)
        : typeof y === 'number'
          ? close(x as number, y, expected.dtype, tolerance, Math.abs(y))
          : x === y
    if (!same) return `element ${k} is ${JSON.stringify(x, big)}, not ${JSON.stringify(y, big)}`
  }
  return undefined
}

const big = (_: string, x: unknown) =>
  typeof x === 'bigint' ? `${x}n` : Object.is(x, -0) ? '-0' : typeof x === 'number' && !Number.isFinite(x) ? `${x}` : x

function close(x: number, y: number, dtype: nd.DType, { ulps: most, relative = 0 }: Tolerance, size: number): boolean {
  if (most === 0) return Object.is(x, y)
  return ulps(x, y, dtype) <= most || Math.abs(x - y) <= relative * size
}

/** Of complex numbers each part, relative to the whole. */
function near(x: nd.Complex, y: nd.Complex, dtype: nd.DType, tolerance: Tolerance): boolean {
  const size = Math.hypot(y.re, y.im)
  const epsilon = dtype === 'complex64' ? 2 ** -23 : 2 ** -52
  const loose = { ...tolerance, relative: tolerance.relative ?? tolerance.ulps * epsilon }
  return close(x.re, y.re, dtype, loose, size) && close(x.im, y.im, dtype, loose, size)
}
