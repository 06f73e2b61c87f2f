/** Recursive filters (IIR) by their order and frequencies, as `scipy.signal` has them. */

import { ArgumentError } from '@skein/base'
import type { NDArray } from '../../ndarray.ts'
import { asarray, zeros } from '../creation.ts'
import { reshape } from '../shaping.ts'
import { type BesselNorm, thomson } from './bessel.ts'
import { butterworth, chebyshev1, chebyshev2, elliptic } from './prototypes.ts'
import { bilinear, polynomial, sectionsOf, toBand, toHigh, toLow, toStop, type Zpk } from './zpk.ts'

export interface Coefficients {
  /** Of the numerator, b[0] of the newest sample. */
  readonly b: NDArray<'float64'>
  readonly a: NDArray<'float64'>
}

export interface ZerosPolesGain {
  /** complex128 */
  readonly z: NDArray
  readonly p: NDArray
  readonly k: number
}

export interface DesignOptions<O extends 'ba' | 'zpk' | 'sos' = 'ba' | 'zpk' | 'sos'> {
  /** What passes. Default `lowpass`. */
  btype?: 'lowpass' | 'highpass' | 'bandpass' | 'bandstop'
  /** `ba`: coefficients, for low orders alone; `zpk`: zeros, poles, gain; `sos` (default): sections of second order, an array [n, 6]. */
  output?: O
  /** Samples per second, in whose units frequencies are. Default 2: 1 is half of it. */
  fs?: number
}

export type Design<O> = O extends 'ba' ? Coefficients : O extends 'zpk' ? ZerosPolesGain : NDArray<'float64'>

const kinds = ['lowpass', 'highpass', 'bandpass', 'bandstop']
const list = (x: readonly number[]) => asarray(x, { dtype: 'float64' }) as NDArray<'float64'>

function designed<O extends 'ba' | 'zpk' | 'sos' = 'sos'>(
  call: string,
  prototype: Zpk,
  wn: number | readonly number[],
  { btype, output, fs = 2 }: DesignOptions<O>,
): Design<O> {
  const edges = [wn].flat() as number[]
  const kind = btype ?? (edges.length === 2 ? 'bandpass' : 'lowpass')
  if (!kinds.includes(kind)) throw new ArgumentError(call, 'btype', `one of ${kinds.join(', ')}`, kind)
  if (typeof fs !== 'number' || !(fs > 0)) throw new ArgumentError(call, 'fs', 'a number above 0', fs)
  const isBand = kind === 'bandpass' || kind === 'bandstop'
  const isRight = edges.length === (isBand ? 2 : 1) && edges.every(w => w > 0 && w < fs / 2)
  if (!isRight || (isBand && edges[0] >= edges[1]))
    throw new ArgumentError(
      call,
      'wn',
      isBand ? `two frequencies between 0 and ${fs / 2}, in order, for ${kind}` : `a frequency between 0 and ${fs / 2}`,
      wn,
    )
  const [low, high] = edges.map(w => 4 * Math.tan((Math.PI * w) / fs))
  const analog =
    kind === 'lowpass'
      ? toLow(prototype, low)
      : kind === 'highpass'
        ? toHigh(prototype, low)
        : (kind === 'bandpass' ? toBand : toStop)(prototype, Math.sqrt(low * high), high - low)
  return formOf(bilinear(analog, 2), output, call)
}

function formOf<O extends 'ba' | 'zpk' | 'sos'>(found: Zpk, output: O | undefined, call: string): Design<O> {
  const { z, p, k } = found
  const complexes = (x: Zpk['z']) =>
    x.length === 0 ? zeros([0], { dtype: 'complex128' }) : asarray(x, { dtype: 'complex128' })
  if (output === 'zpk') return { z: complexes(z), p: complexes(p), k } as Design<O>
  if (output === 'ba') return { b: list(polynomial(z).map(x => x * k)), a: list(polynomial(p)) } as Design<O>
  if (output !== undefined && output !== 'sos') throw new ArgumentError(call, 'output', "'ba', 'zpk' or 'sos'", output)
  const sections = sectionsOf(found)
  return reshape(list(sections.flat()), [sections.length, 6]) as Design<O>
}

function checkOrder(n: unknown, call: string): void {
  if (!Number.isSafeInteger(n) || (n as number) < 1 || (n as number) > 500)
    throw new ArgumentError(call, 'n', 'a whole number from 1 to 500', n)
}

function checkDecibels(x: unknown, call: string, name: string): void {
  if (typeof x !== 'number' || !(x > 0)) throw new ArgumentError(call, name, 'decibels above 0', x)
}

/**
 * S. Butterworth's filter, as flat as can be where it passes.
 * @param n its order; of `bandpass` and `bandstop` half of it
 * @param wn where it is 3 dB down: a frequency, or two for a band
 * @throws ArgumentError
 */
export function butter<O extends 'ba' | 'zpk' | 'sos' = 'sos'>(
  n: number,
  wn: number | readonly number[],
  options: DesignOptions<O> = {},
): Design<O> {
  checkOrder(n, 'butter')
  return designed('butter', butterworth(n), wn, options)
}

/** P. Chebyshev's filter of the first kind: ripples where it passes, of `rp` decibels; `wn` is where it leaves them. */
export function cheby1<O extends 'ba' | 'zpk' | 'sos' = 'sos'>(
  n: number,
  rp: number,
  wn: number | readonly number[],
  options: DesignOptions<O> = {},
): Design<O> {
  checkOrder(n, 'cheby1')
  checkDecibels(rp, 'cheby1', 'rp')
  return designed('cheby1', chebyshev1(n, rp), wn, options)
}

/** … of the second kind: ripples where it does not pass, at least `rs` decibels down; `wn` is where it reaches that. */
export function cheby2<O extends 'ba' | 'zpk' | 'sos' = 'sos'>(
  n: number,
  rs: number,
  wn: number | readonly number[],
  options: DesignOptions<O> = {},
): Design<O> {
  checkOrder(n, 'cheby2')
  checkDecibels(rs, 'cheby2', 'rs')
  return designed('cheby2', chebyshev2(n, rs), wn, options)
}

/** W. Cauer's filter, the steepest: ripples of `rp` decibels where it passes, at least `rs` down where not. */
export function ellip<O extends 'ba' | 'zpk' | 'sos' = 'sos'>(
  n: number,
  rp: number,
  rs: number,
  wn: number | readonly number[],
  options: DesignOptions<O> = {},
): Design<O> {
  checkOrder(n, 'ellip')
  checkDecibels(rp, 'ellip', 'rp')
  checkDecibels(rs, 'ellip', 'rs')
  if (rs <= rp) throw new ArgumentError('ellip', 'rs', `more decibels than rp, ${rp}`, rs)
  return designed('ellip', elliptic(n, rp, rs), wn, options)
}

const mostBessel = 25

/**
 * F. W. Bessel's polynomials as a filter (W. E. Thomson): what passes is delayed, and keeps its form.
 * @param n its order, up to 25; of `bandpass` and `bandstop` half of it
 * @param wn a frequency, or two for a band; which one, `norm` says: `phase` (default) where the phase is halfway to its last value, `mag` where it is 3 dB down, `delay` 1 over the delay of low frequencies
 * @throws ArgumentError
 */
export function bessel<O extends 'ba' | 'zpk' | 'sos' = 'sos'>(
  n: number,
  wn: number | readonly number[],
  options: DesignOptions<O> & { norm?: BesselNorm } = {},
): Design<O> {
  const { norm = 'phase', ...others } = options
  if (!Number.isSafeInteger(n) || n < 1 || n > mostBessel)
    throw new ArgumentError('bessel', 'n', `a whole number from 1 to ${mostBessel}`, n)
  if (norm !== 'phase' && norm !== 'delay' && norm !== 'mag')
    throw new ArgumentError('bessel', 'norm', "'phase', 'delay' or 'mag'", norm)
  return designed<O>('bessel', thomson(n, norm), wn, others as DesignOptions<O>)
}

function notch(call: string, w0: number, q: number, fs: number): { gain: number; cosine: number } {
  if (typeof fs !== 'number' || !(fs > 0)) throw new ArgumentError(call, 'fs', 'a number above 0', fs)
  if (typeof w0 !== 'number' || !(w0 > 0 && w0 < fs / 2))
    throw new ArgumentError(call, 'w0', `a frequency between 0 and ${fs / 2}`, w0)
  if (typeof q !== 'number' || !(q > 0)) throw new ArgumentError(call, 'q', 'a number above 0', q)
  const w = (2 * Math.PI * w0) / fs
  return { gain: 1 / (1 + Math.tan(w / q / 2)), cosine: Math.cos(w) }
}

/** Takes one frequency away. @param q how narrow: w0 over the width 3 dB down */
export function iirnotch(w0: number, q: number, { fs = 2 }: { fs?: number } = {}): Coefficients {
  const { gain, cosine } = notch('iirnotch', w0, q, fs)
  return { b: list([gain, -2 * gain * cosine, gain]), a: list([1, -2 * gain * cosine, 2 * gain - 1]) }
}

/** Leaves one frequency alone. */
export function iirpeak(w0: number, q: number, { fs = 2 }: { fs?: number } = {}): Coefficients {
  const { gain, cosine } = notch('iirpeak', w0, q, fs)
  return { b: list([1 - gain, 0, gain - 1]), a: list([1, -2 * gain * cosine, 2 * gain - 1]) }
}
