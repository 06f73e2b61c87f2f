/** `nd.windows`: weights by which a signal is multiplied before it is transformed, as `scipy.signal.windows` has them. Arrays of float64. */

import { ArgumentError } from '@skein/base'
import type { NDArray } from '../ndarray.ts'
import { fresh } from './creation.ts'

export interface WindowOptions {
  /** The last weight is not that of the first again: for transforms. Default false: symmetric, for filters. */
  periodic?: boolean
}

/** @param weight of a place from −1 to 1 */
function windowOf(call: string, n: number, { periodic = false }: WindowOptions, weight: (x: number) => number) {
  if (!Number.isSafeInteger(n) || n < 0) throw new ArgumentError(call, 'n', 'a whole number from 0', n)
  const { array, memory } = fresh('float64', [n], call)
  const { elements } = memory
  const last = periodic ? n : n - 1
  // Both halves from one computation, so that they are equal to the bit.
  for (let k = 0; k < n; k++) elements[k] = n === 1 ? 1 : weight(Math.abs((2 * k - last) / last))
  return array as NDArray<'float64'>
}

function checkFinite(x: number, call: string, name: string, least: number): void {
  if (typeof x !== 'number' || !Number.isFinite(x) || x < least)
    throw new ArgumentError(call, name, `a number from ${least}`, x)
}

const cosines = (weights: readonly number[]) => (x: number) =>
  weights.reduce((sum, a, k) => sum + a * Math.cos(k * Math.PI * x), 0)

const cosineWindow =
  (call: string, weights: readonly number[]) =>
  (n: number, options: WindowOptions = {}): NDArray<'float64'> =>
    windowOf(call, n, options, cosines(weights))

/** Σ a[k]·cos(kπx), x from −1 to 1 over the window. */
export const generalCosine = (n: number, a: readonly number[], options: WindowOptions = {}): NDArray<'float64'> =>
  windowOf('generalCosine', n, options, cosines(a))
/** Ones. */
export const boxcar = cosineWindow('boxcar', [1])
/** 0.5 + 0.5·cos(πx) */
export const hann = cosineWindow('hann', [0.5, 0.5])
/** 0.54 + 0.46·cos(πx) */
export const hamming = cosineWindow('hamming', [0.54, 0.46])
/** 0.42 + 0.5·cos(πx) + 0.08·cos(2πx) */
export const blackman = cosineWindow('blackman', [0.42, 0.5, 0.08])
/** Of four cosines, sidelobes at −92 dB (F. J. Harris, 1978). */
export const blackmanharris = cosineWindow('blackmanharris', [0.35875, 0.48829, 0.14128, 0.01168])
/** Of four cosines (A. H. Nuttall, 1981). */
export const nuttall = cosineWindow('nuttall', [0.3635819, 0.4891775, 0.1365995, 0.0106411])
/** Of five cosines: for heights of peaks. */
export const flattop = cosineWindow('flattop', [0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368])

/** A triangle with zeros at its ends. */
export const bartlett = (n: number, options: WindowOptions = {}): NDArray<'float64'> =>
  windowOf('bartlett', n, options, x => 1 - x)

/** e^(−k²/2σ²), k from the middle. @param deviation σ, in elements */
export function gaussian(n: number, deviation: number, options: WindowOptions = {}): NDArray<'float64'> {
  if (!(deviation > 0)) throw new ArgumentError('gaussian', 'deviation', 'a number above 0', deviation)
  const half = (options.periodic === true ? n : n - 1) / 2
  return windowOf('gaussian', n, options, x => Math.exp(-0.5 * ((x * half) / deviation) ** 2))
}

/** Flat, with a cosine at each end. @param alpha the part of the window that is not flat: 0 is `boxcar`, 1 is `hann` */
export function tukey(n: number, alpha = 0.5, options: WindowOptions = {}): NDArray<'float64'> {
  checkFinite(alpha, 'tukey', 'alpha', 0)
  const part = Math.min(1, alpha)
  return windowOf('tukey', n, options, x =>
    x <= 1 - part ? 1 : 0.5 * (1 + Math.cos((Math.PI * (x - 1 + part)) / part)),
  )
}

/** I₀(β·√(1 − x²)) / I₀(β) (J. F. Kaiser, 1966). @param beta 0 is `boxcar`, 5 like `hamming`, 8.6 like `blackman` */
export function kaiser(n: number, beta: number, options: WindowOptions = {}): NDArray<'float64'> {
  checkFinite(beta, 'kaiser', 'beta', 0)
  const whole = besselI0(beta)
  return windowOf('kaiser', n, options, x => besselI0(beta * Math.sqrt(Math.max(0, 1 - x * x))) / whole)
}

/** Σ ((x/2)^k / k!)²: all of one sign, so nothing is lost. */
function besselI0(x: number): number {
  let [sum, term] = [1, 1]
  for (let k = 1; term > sum * 2 ** -54; k++) {
    term *= (x / (2 * k)) ** 2
    sum += term
  }
  return sum
}
