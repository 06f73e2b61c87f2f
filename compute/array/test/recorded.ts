/** What NumPy computed, and arrays of it. `numpy/record.py` wrote it. */

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import * as nd from '../src/index.ts'

export type RecordedItem = number | boolean | string | [RecordedItem, RecordedItem]
export interface RecordedArray {
  dtype: nd.DType
  shape: number[]
  values: RecordedItem[]
}

const file = new URL('./numpy/recorded.json.gz', import.meta.url)
export const recorded = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
  data: Record<string, RecordedItem[]>
  unary: { call: string; inputs: [string]; out: RecordedArray }[]
  binary: { call: string; inputs: [string]; right: RecordedItem[]; out: RecordedArray }[]
  promotion: { inputs: [nd.DType, nd.DType]; out: nd.DType }[]
  reductions: (
    | { call: 'data'; dtype: string; values: RecordedArray }
    | { call: string; inputs: [string]; axis: number | number[] | null; keepdims: boolean; out: RecordedArray }
  )[]
  indices: { index: string; out: RecordedArray }[]
}

const numberOf = (x: RecordedItem): number =>
  x === 'nan' ? Number.NaN : x === 'inf' ? Infinity : x === '-inf' ? -Infinity : Number(x)

/** An item as a user gives or reads it. */
export function itemFrom(x: RecordedItem, dtype: nd.DType): number | bigint | boolean | { re: number; im: number } {
  if (Array.isArray(x)) return { re: numberOf(x[0]), im: numberOf(x[1]) }
  if (dtype === 'bool') return x === true
  if (dtype === 'int64' || dtype === 'uint64') return BigInt(x as string)
  return numberOf(x)
}

export function arrayFrom(
  values: readonly RecordedItem[],
  dtype: nd.DType,
  shape: number[] = [values.length],
): nd.NDArray {
  const flat = values.map(x => itemFrom(x, dtype)) as number[]
  return nd.reshape(nd.asarray(flat, { dtype }), shape)
}

/** What numpy/record_fft.py and record_signal.py make: numbers that look like chance, exact in every dtype. */
export function samples(dtype: nd.DType, shape: readonly number[]): nd.NDArray {
  const size = shape.reduce((p, n) => p * n, 1)
  const re = (k: number) => (((k * 37) % 23) - 11) / (dtype.startsWith('int') ? 1 : 8)
  const item = (k: number) => (dtype.startsWith('complex') ? { re: re(k), im: (((k * 29) % 19) - 9) / 4 } : re(k))
  return nd.reshape(
    nd.asarray(
      Array.from({ length: size }, (_, k) => item(k)),
      { dtype },
    ),
    shape,
  )
}

/** A recorded array. */
export const arrayOf = ({ values, dtype, shape }: RecordedArray): nd.NDArray => arrayFrom(values, dtype, shape)
