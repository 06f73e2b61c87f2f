/** Filters without recursion (FIR), what filters do to frequencies, and polynomials through neighbours. */

import { ArgumentError } from '@skein/base'
import { ShapeError, shapeText } from '../../errors.ts'
import type { NDArray } from '../../ndarray.ts'
import { astype } from '../astype.ts'
import { asarray, type Nested } from '../creation.ts'
import { correlate1d } from '../image/filters.ts'
import { concat } from '../joining.ts'
import { pinv } from '../least-squares.ts'
import type { Operand } from '../operands.ts'
import { matmul } from '../products.ts'
import { matrixTranspose, moveaxis, reshape } from '../shaping.ts'
import * as windows from '../windows.ts'
import { listOf, signalsOf, spanOf } from './lines.ts'
import { add, complex, div, mul } from './zpk.ts'

/** A window by its name, with its parameters if it has some: `'hann'`, `['kaiser', 8.6]`; or its weights. */
export type WindowGiven = string | readonly [string, ...number[]] | Operand

/** @throws ArgumentError for a name that is none */
export function windowOf(given: WindowGiven, n: number, periodic: boolean, call: string): Float64Array {
  const isNamed = typeof given === 'string' || (Array.isArray(given) && typeof given[0] === 'string')
  if (!isNamed) {
    const list = listOf(given as Operand, call, 'window')
    if (list.length !== n) throw new ArgumentError(call, 'window', `weights for ${n} samples`, `${list.length} of them`)
    return list
  }
  const [name, ...more] = [given].flat() as [string, ...number[]]
  const make = (windows as unknown as Record<string, (n: number, ...more: unknown[]) => NDArray>)[name]
  if (typeof make !== 'function')
    throw new ArgumentError(call, 'window', `one of ${Object.keys(windows).join(', ')}, or weights`, name)
  return listOf(make(n, ...more, { periodic }), call, 'window')
}

export interface FirwinOptions {
  /** Default `hamming`. */
  window?: WindowGiven
  /** Whether the frequency 0 passes, or what does. Default true. */
  passZero?: boolean | 'lowpass' | 'highpass' | 'bandpass' | 'bandstop'
  /** The gain in the middle of what passes is 1. Default true. */
  scale?: boolean
  /** Samples per second. Default 2. */
  fs?: number
}

/**
 * A filter by the method of windows: the ideal one's first numbers, weighed.
 * @param numtaps so many numbers; odd where the highest frequency passes
 * @param cutoff a frequency, or several in order: between them it passes and does not by turns
 * @returns float64 of shape [numtaps]
 */
export function firwin(
  numtaps: number,
  cutoff: number | readonly number[],
  options: FirwinOptions = {},
): NDArray<'float64'> {
  const { window = 'hamming', passZero = true, scale = true, fs = 2 } = options
  const call = 'firwin'
  if (!Number.isSafeInteger(numtaps) || numtaps < 1)
    throw new ArgumentError(call, 'numtaps', 'a whole number from 1', numtaps)
  const edges = ([cutoff].flat() as number[]).map(c => (2 * c) / fs)
  if (edges.length === 0 || !edges.every((c, k) => c > 0 && c < 1 && (k === 0 || c > edges[k - 1])))
    throw new ArgumentError(call, 'cutoff', `frequencies between 0 and ${fs / 2}, in order`, cutoff)
  const isPassed = typeof passZero === 'boolean' ? passZero : passZero === 'lowpass' || passZero === 'bandstop'
  const passesLast = (edges.length % 2 === 1) !== isPassed
  if (passesLast && numtaps % 2 === 0)
    throw new ArgumentError(call, 'numtaps', 'an odd number, where the highest frequency passes', numtaps)
  const limits = [...(isPassed ? [0] : []), ...edges, ...(passesLast ? [1] : [])]
  const middle = (numtaps - 1) / 2
  const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))
  const weights = windowOf(window, numtaps, false, call)
  const h = weights.map((w, k) => {
    let sum = 0
    for (let i = 0; i < limits.length; i += 2)
      sum += limits[i + 1] * sinc(limits[i + 1] * (k - middle)) - limits[i] * sinc(limits[i] * (k - middle))
    return sum * w
  })
  if (scale) {
    const [left, right] = limits
    const at = left === 0 ? 0 : right === 1 ? 1 : (left + right) / 2
    const gain = h.reduce((s, x, k) => s + x * Math.cos(Math.PI * (k - middle) * at), 0)
    for (let k = 0; k < numtaps; k++) h[k] /= gain
  }
  return asarray(h) as NDArray<'float64'>
}

export interface ResponseOptions {
  /** At so many frequencies (default 512) from 0 to half of `fs`, or at those listed. */
  worN?: number | readonly number[] | Operand
  /** … around the whole circle. */
  whole?: boolean
  /** Default 2π: frequencies are angles. */
  fs?: number
}

export interface Response {
  /** Frequencies, float64. */
  readonly w: NDArray<'float64'>
  /** complex128 */
  readonly h: NDArray<'complex128'>
}

function responseAt(
  { worN = 512, whole = false, fs = 2 * Math.PI }: ResponseOptions,
  call: string,
  parts: readonly (readonly [Float64Array, Float64Array])[],
): Response {
  if (typeof worN === 'number' && (!Number.isSafeInteger(worN) || worN < 0))
    throw new ArgumentError(call, 'worN', 'a whole number from 0, or frequencies', worN)
  const w =
    typeof worN === 'number'
      ? Float64Array.from({ length: worN }, (_, k) => (k * (whole ? fs : fs / 2)) / worN)
      : listOf(worN as Operand, call, 'worN')
  const values = Array.from(w, frequency => {
    const angle = (2 * Math.PI * frequency) / fs
    const back = complex(Math.cos(angle), -Math.sin(angle))
    const sum = (list: Float64Array) => list.reduceRight((s, c) => add(mul(s, back), complex(c)), complex(0))
    return parts.reduce((h, [b, a]) => mul(h, div(sum(b), sum(a))), complex(1))
  })
  return { w: asarray(w) as NDArray<'float64'>, h: asarray(values, { dtype: 'complex128' }) as NDArray<'complex128'> }
}

/** What a filter does to each frequency: Σ b[k]·e^(−ikw) / Σ a[k]·e^(−ikw). */
export const freqz = (b: Operand | Nested, a: Operand | Nested = [1], options: ResponseOptions = {}): Response =>
  responseAt(options, 'freqz', [[listOf(b, 'freqz', 'b'), listOf(a, 'freqz', 'a')]])

/** The same of sections of second order. @param sos of shape [n, 6] */
export function freqzSos(sos: Operand | Nested, options: ResponseOptions = {}): Response {
  const array = asarray(sos as Nested)
  if (array.ndim !== 2 || array.shape[1] !== 6)
    throw new ShapeError('freqzSos', `sections must be of shape [n, 6], not ${shapeText(array.shape)}.`, [array.shape])
  const rows = astype(array, 'float64').toList() as number[][]
  return responseAt(
    options,
    'freqzSos',
    rows.map(r => [Float64Array.from(r.slice(0, 3)), Float64Array.from(r.slice(3))] as const),
  )
}

export interface SavgolOptions {
  /** Which derivative. Default 0: the signal itself. */
  deriv?: number
  /** From sample to sample. Default 1. */
  delta?: number
}

/** Rows that give the derivative at places of a window, of the polynomial nearest to its samples. */
function fitting(
  length: number,
  degree: number,
  { deriv = 0, delta = 1 }: SavgolOptions,
  places: readonly number[],
  call: string,
): number[][] {
  if (!Number.isSafeInteger(length) || length < 1)
    throw new ArgumentError(call, 'windowLength', 'a whole number from 1', length)
  if (!Number.isSafeInteger(degree) || degree < 0 || degree >= length)
    throw new ArgumentError(call, 'polyorder', `a whole number from 0 to ${length - 1}, less than windowLength`, degree)
  if (!Number.isSafeInteger(deriv) || deriv < 0) throw new ArgumentError(call, 'deriv', 'a whole number from 0', deriv)
  if (typeof delta !== 'number' || delta === 0) throw new ArgumentError(call, 'delta', 'a number other than 0', delta)
  // Places from −1 to 1, so that powers stay near each other.
  const half = Math.max((length - 1) / 2, 1)
  const centre = (length - 1) / 2
  const powers = Array.from({ length }, (_, k) =>
    Array.from({ length: degree + 1 }, (_, m) => ((k - centre) / half) ** m),
  )
  const inverse = pinv(asarray(powers)).toList() as number[][]
  return places.map(place => {
    const at = (place - centre) / half
    const row = new Array<number>(length).fill(0)
    for (let m = deriv; m <= degree; m++) {
      let factor = at ** (m - deriv) / (half * delta) ** deriv
      for (let i = 0; i < deriv; i++) factor *= m - i
      for (let k = 0; k < length; k++) row[k] += factor * inverse[m][k]
    }
    return row
  })
}

/** Numbers of A. Savitzky's and M. Golay's filter (1964), for a convolution. @param windowLength odd, or even: then it looks between two samples */
export const savgolCoeffs = (
  windowLength: number,
  polyorder: number,
  options: SavgolOptions = {},
): NDArray<'float64'> =>
  asarray(
    fitting(windowLength, polyorder, options, [(windowLength - 1) / 2], 'savgolCoeffs')[0].reverse(),
  ) as NDArray<'float64'>

/**
 * Smooths, or takes derivatives: at each sample that of the polynomial of degree `polyorder` nearest to its neighbours.
 * @param options.mode at the ends: `interp` (default) has the polynomials of the first and last window; others are those of borders of images
 * @returns of x's shape: float32 for float32 and float16, else float64
 */
export function savgolFilter(
  x: Operand | Nested,
  windowLength: number,
  polyorder: number,
  options: SavgolOptions & {
    axis?: number
    mode?: 'interp' | 'mirror' | 'nearest' | 'wrap' | 'constant'
    cval?: number
  } = {},
): NDArray {
  const call = 'savgolFilter'
  const s = signalsOf(x, options.axis ?? -1, call)
  if (windowLength % 2 !== 1) throw new ArgumentError(call, 'windowLength', 'an odd number', windowLength)
  const half = (windowLength - 1) / 2
  const { mode = 'interp', cval = 0 } = options
  const weights = fitting(windowLength, polyorder, options, [half], call)[0]
  if (mode === 'interp' && windowLength > s.n)
    throw new ArgumentError(
      call,
      'windowLength',
      `at most ${s.n}, the length of the signal, for 'interp'`,
      windowLength,
    )
  const last = moveaxis(s.array, s.axis, -1)
  const lines = reshape(last, [s.outer * s.inner, s.n])
  const middle = correlate1d(lines, weights, { axis: 1, mode: mode === 'interp' ? 'nearest' : mode, cval })
  const back = (y: NDArray) => moveaxis(reshape(y, last.shape), -1, s.axis)
  if (mode !== 'interp' || half === 0) return back(middle)
  const ends = (begin: number, from: number) => {
    const rows = fitting(
      windowLength,
      polyorder,
      options,
      Array.from({ length: half }, (_, k) => from + k),
      call,
    )
    const found = matmul(spanOf(lines, 1, begin, begin + windowLength), matrixTranspose(asarray(rows)))
    return astype(found, s.array.dtype, { copy: false })
  }
  return back(
    concat([ends(0, 0), spanOf(middle, 1, half, s.n - half), ends(s.n - windowLength, half + 1)], { axis: 1 }),
  )
}
