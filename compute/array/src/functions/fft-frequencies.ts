/** Which frequency stands where in a transform. */

import { ArgumentError } from '@skein/base'
import type { DType, FloatType } from '../dtypes.ts'
import { isFloat } from '../dtypes.ts'
import { DTypeError } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { checkAxes } from '../shape.ts'
import { checkDType, fresh } from './creation.ts'
import { type Operand, toArray } from './operands.ts'
import { roll } from './repeating.ts'

export interface FrequencyOptions<D extends FloatType = FloatType> {
  /** Between samples, in seconds, say: then frequencies are in hertz. Default 1. */
  d?: number
  /** Default float64. */
  dtype?: D
}

function frequencies<D extends FloatType>(
  call: string,
  n: number,
  { d = 1, dtype }: FrequencyOptions<D>,
  count: number,
  multiple: (k: number) => number,
): NDArray<D> {
  if (typeof d !== 'number' || d === 0 || Number.isNaN(d))
    throw new ArgumentError(call, 'd', 'a number other than 0', d)
  const type = dtype ?? ('float64' as D)
  checkDType(type, call)
  if (!isFloat(type as DType)) throw new DTypeError(call, 'floats', [type], '')
  const { array, memory } = fresh(type, [count], call)
  const { elements } = memory
  for (let k = 0; k < count; k++) elements[k] = multiple(k) / (n * d)
  return array
}

function checkLength(n: unknown, call: string): void {
  if (!Number.isSafeInteger(n) || (n as number) < 1) throw new ArgumentError(call, 'n', 'a whole number from 1', n)
}

/** The frequencies of the elements of a transform of length n: 0, 1, … then the negative ones, each divided by n·d. @throws ArgumentError, DTypeError */
export function fftfreq<D extends FloatType = 'float64'>(n: number, options: FrequencyOptions<D> = {}): NDArray<D> {
  checkLength(n, 'fftfreq')
  return frequencies('fftfreq', n, options, n, k => (2 * k < n ? k : k - n))
}

/** The frequencies of the elements of a transform of n reals: 0, 1, … ⌊n/2⌋, each divided by n·d. @throws ArgumentError, DTypeError */
export function rfftfreq<D extends FloatType = 'float64'>(n: number, options: FrequencyOptions<D> = {}): NDArray<D> {
  checkLength(n, 'rfftfreq')
  return frequencies('rfftfreq', n, options, Math.floor(n / 2) + 1, k => k)
}

export interface ShiftOptions {
  /** Default: all. */
  axes?: number | readonly number[]
}

function shifted<D extends DType>(x: NDArray<D>, axes: unknown, call: string, by: (n: number) => number): NDArray<D> {
  const array = toArray(x as Operand, call) as NDArray<D>
  const found = checkAxes(axes, array.shape, call, 'axes')
  if (found.length === 0) return array
  return roll(
    array,
    found.map(d => by(array.shape[d])),
    { axis: found },
  )
}

/** Frequency 0 is moved into the middle of axes. */
export const fftshift = <D extends DType>(x: NDArray<D>, { axes }: ShiftOptions = {}): NDArray<D> =>
  shifted(x, axes, 'fftshift', n => Math.floor(n / 2))

/** Back from the middle. */
export const ifftshift = <D extends DType>(x: NDArray<D>, { axes }: ShiftOptions = {}): NDArray<D> =>
  shifted(x, axes, 'ifftshift', n => -Math.floor(n / 2))
