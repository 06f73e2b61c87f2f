/** Which frequencies signals have, and when: spectra of pieces that overlap, as `scipy.signal` has them. */

import { ArgumentError } from '@skein/base'
import { infoOf } from '../../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../../errors.ts'
import { arrayOf, type NDArray } from '../../ndarray.ts'
import { checkAxis } from '../../shape.ts'
import { astype, copyOf } from '../astype.ts'
import { asarray, fresh, type Nested } from '../creation.ts'
import { abs, conj, divide, multiply } from '../elementwise.ts'
import { irfft, rfft } from '../fft.ts'
import { rfftfreq } from '../fft-frequencies.ts'
import { type Operand, toArray } from '../operands.ts'
import { pad } from '../padding.ts'
import { elementsOf } from '../placing.ts'
import { median } from '../quantiles.ts'
import { mean } from '../reductions.ts'
import { matrixTranspose, moveaxis } from '../shaping.ts'
import { type WindowGiven, windowOf } from './fir.ts'
import { signalsOf } from './lines.ts'
import { detrend } from './trends.ts'

export interface SpectrumOptions {
  /** Samples per second. Default 1. */
  fs?: number
  /** Weights of a piece: its name, name and parameters, or weights. */
  window?: WindowGiven
  /** Samples of a piece. Default 256, or all if there are fewer. */
  nperseg?: number
  /** Samples that a piece shares with the next. */
  noverlap?: number
  /** To so many samples a piece is filled with zeros. Default nperseg. */
  nfft?: number
  /** What is taken from each piece first: its mean (`constant`), the straight line through it (`linear`), or nothing (`none`). */
  detrend?: 'constant' | 'linear' | 'none'
  /** `density`: powers per hertz; `spectrum`: squares of amplitudes. Default `density`. */
  scaling?: 'density' | 'spectrum'
  axis?: number
}

interface Pieces {
  readonly fs: number
  readonly window: Float64Array
  readonly nperseg: number
  readonly step: number
  readonly nfft: number
  readonly scale: number
  /** [..., pieces, bins], complex */
  readonly spectra: NDArray
  readonly axis: number
}

function checkCounts(n: number, options: SpectrumOptions, overlap: (nperseg: number) => number, call: string) {
  const { nperseg: asked = 256 } = options
  if (!Number.isSafeInteger(asked) || asked < 1)
    throw new ArgumentError(call, 'nperseg', 'a whole number from 1', asked)
  const nperseg = Math.min(asked, n)
  const { noverlap = overlap(nperseg), nfft = nperseg, fs = 1 } = options
  if (!Number.isSafeInteger(noverlap) || noverlap < 0 || noverlap >= nperseg)
    throw new ArgumentError(call, 'noverlap', `a whole number from 0, less than nperseg, ${nperseg}`, noverlap)
  if (!Number.isSafeInteger(nfft) || nfft < nperseg)
    throw new ArgumentError(call, 'nfft', `a whole number from nperseg, ${nperseg}`, nfft)
  if (typeof fs !== 'number' || !(fs > 0)) throw new ArgumentError(call, 'fs', 'a number above 0', fs)
  return { nperseg, noverlap, nfft, fs }
}

interface Usual {
  readonly window: WindowGiven
  readonly overlap: (nperseg: number) => number
  readonly detrend: 'constant' | 'none'
  readonly scaling: 'density' | 'spectrum'
  /** Half a piece of zeros stands around the signal, and as many as make pieces whole. */
  readonly padded?: boolean
}

function piecesOf(x: Operand | Nested, options: SpectrumOptions, usual: Usual, call: string): Pieces {
  const s = signalsOf(x, options.axis ?? -1, call)
  if (s.n === 0)
    throw new ShapeError(call, `a signal of shape ${shapeText(s.array.shape)} has no samples.`, [s.array.shape])
  const { nperseg, noverlap, nfft, fs } = checkCounts(s.n, options, usual.overlap, call)
  const { scaling = usual.scaling, detrend: trend = usual.detrend } = options
  if (scaling !== 'density' && scaling !== 'spectrum')
    throw new ArgumentError(call, 'scaling', "'density' or 'spectrum'", scaling)
  if (!['constant', 'linear', 'none'].includes(trend))
    throw new ArgumentError(call, 'detrend', "'constant', 'linear' or 'none'", trend)
  const window = windowOf(options.window ?? usual.window, nperseg, true, call)
  const step = nperseg - noverlap
  let last = moveaxis(s.array, s.axis, -1)
  if (usual.padded) {
    const half = Math.floor(nperseg / 2)
    const long = s.n + 2 * half
    const more = (step - ((long - nperseg) % step)) % step
    last = pad(last, [...last.shape.slice(1).map(() => [0, 0]), [half, half + more]])
  }
  const pieces = framesOf(copyOf(last), nperseg, step)
  const straight = trend === 'none' ? pieces : detrend(pieces, { type: trend })
  const weights = astype(asarray(window), s.array.dtype, { copy: false })
  const scale =
    scaling === 'density'
      ? 1 / (fs * window.reduce((t, w) => t + w * w, 0))
      : 1 / window.reduce((t, w) => t + w, 0) ** 2
  return {
    fs,
    window,
    nperseg,
    step,
    nfft,
    scale,
    axis: s.axis,
    spectra: rfft(multiply(straight, weights), { n: nfft }),
  }
}

/** Pieces of the last axis: a view in which they share elements. */
function framesOf({ view }: NDArray, length: number, step: number): NDArray {
  const n = view.shape[view.shape.length - 1]
  const count = Math.floor((n - length) / step) + 1
  const stride = view.strides[view.strides.length - 1]
  return arrayOf({
    ...view,
    shape: [...view.shape.slice(0, -1), count, length],
    strides: [...view.strides.slice(0, -1), step * stride, stride],
  })
}

/** Half of the powers are those of negative frequencies: all but the first, and the last of an even number, count twice. */
function powersOf({ spectra, nfft, scale }: Pieces, other = spectra): NDArray {
  const bins = Math.floor(nfft / 2) + 1
  const twice = Float64Array.from(
    { length: bins },
    (_, k) => (k === 0 || (nfft % 2 === 0 && k === bins - 1) ? 1 : 2) * scale,
  )
  const reals = infoOf(spectra.dtype).type === 'f32' ? 'float32' : 'float64'
  const factors = astype(asarray(twice), reals, { copy: false })
  const size = abs(spectra)
  return other === spectra ? multiply(multiply(size, size), factors) : multiply(multiply(conj(spectra), other), factors)
}

const frequencies = ({ nfft, fs }: Pieces) => rfftfreq(nfft, { d: 1 / fs }) as NDArray<'float64'>

export interface Spectrum {
  /** Frequencies, float64. */
  readonly f: NDArray<'float64'>
  /** Powers, where the signal's axis was. */
  readonly pxx: NDArray
}

const half = (n: number) => Math.floor(n / 2)

/** The power of each frequency in the whole signal. Default window `boxcar`; its mean is taken away first. */
export function periodogram(
  x: Operand | Nested,
  options: Omit<SpectrumOptions, 'nperseg' | 'noverlap'> = {},
): Spectrum {
  const s = signalsOf(x, options.axis ?? -1, 'periodogram')
  const usual: Usual = { window: 'boxcar', overlap: () => 0, detrend: 'constant', scaling: 'density' }
  const pieces = piecesOf(s.array, { ...options, nperseg: Math.max(1, s.n), noverlap: 0 }, usual, 'periodogram')
  return { f: frequencies(pieces), pxx: moveaxis(mean(powersOf(pieces), { axis: -2 }), -1, pieces.axis) }
}

/**
 * The power of each frequency, the mean of those of pieces (P. Welch, 1967). Default window `hann`, half of a piece is shared with the next.
 * @param options.average `median` is not led astray by single pieces
 */
export function welch(
  x: Operand | Nested,
  { average = 'mean', ...options }: SpectrumOptions & { average?: 'mean' | 'median' } = {},
): Spectrum {
  const usual: Usual = { window: 'hann', overlap: half, detrend: 'constant', scaling: 'density' }
  const pieces = piecesOf(x, options, usual, 'welch')
  const powers = powersOf(pieces)
  if (average !== 'mean' && average !== 'median')
    throw new ArgumentError('welch', 'average', "'mean' or 'median'", average)
  const count = powers.shape[powers.ndim - 2]
  // The median of powers of noise is below their mean.
  let bias = 1
  for (let k = 1; k <= (count - 1) / 2; k++) bias += 1 / (2 * k + 1) - 1 / (2 * k)
  const one = average === 'mean' ? mean(powers, { axis: -2 }) : multiply(median(powers, { axis: -2 }), 1 / bias)
  return { f: frequencies(pieces), pxx: moveaxis(one, -1, pieces.axis) }
}

/** How the powers of two signals go together: complex, the mean over pieces. */
export function csd(
  x: Operand | Nested,
  y: Operand | Nested,
  options: SpectrumOptions = {},
): { f: NDArray<'float64'>; pxy: NDArray } {
  const usual: Usual = { window: 'hann', overlap: half, detrend: 'constant', scaling: 'density' }
  const [a, b] = [piecesOf(x, options, usual, 'csd'), piecesOf(y, options, usual, 'csd')]
  if (a.nperseg !== b.nperseg || String(a.spectra.shape) !== String(b.spectra.shape))
    throw new ShapeError(
      'csd',
      `signals whose pieces are of shapes ${shapeText(a.spectra.shape)} and ${shapeText(b.spectra.shape)} do not go together.`,
      [a.spectra.shape, b.spectra.shape],
    )
  return { f: frequencies(a), pxy: moveaxis(mean(powersOf(a, b.spectra), { axis: -2 }), -1, a.axis) }
}

/** How much of each frequency in y is in x: |Pxy|² / (Pxx·Pyy), from 0 to 1. */
export function coherence(
  x: Operand | Nested,
  y: Operand | Nested,
  options: SpectrumOptions = {},
): { f: NDArray<'float64'>; cxy: NDArray } {
  const { f, pxy } = csd(x, y, options)
  const size = abs(pxy)
  const both = multiply(welch(x, options).pxx, welch(y, options).pxx)
  return { f, cxy: divide(multiply(size, size), both) }
}

export interface TimeSpectrum {
  readonly f: NDArray<'float64'>
  /** The middles of pieces, in seconds. */
  readonly t: NDArray<'float64'>
}

/** The power of each frequency in each piece. Default window `tukey` of 0.25; an eighth of a piece is shared. @returns `sxx` of shape [..., frequencies, times] */
export function spectrogram(x: Operand | Nested, options: SpectrumOptions = {}): TimeSpectrum & { sxx: NDArray } {
  const usual: Usual = {
    window: ['tukey', 0.25],
    overlap: n => Math.floor(n / 8),
    detrend: 'constant',
    scaling: 'density',
  }
  const pieces = piecesOf(x, options, usual, 'spectrogram')
  const { nperseg, step, fs } = pieces
  const count = pieces.spectra.shape[pieces.spectra.ndim - 2]
  const t = asarray(Float64Array.from({ length: count }, (_, k) => (nperseg / 2 + k * step) / fs)) as NDArray<'float64'>
  return { f: frequencies(pieces), t, sxx: matrixTranspose(powersOf(pieces)) }
}

export interface StftOptions extends Omit<SpectrumOptions, 'scaling'> {
  /** `spectrum`: amplitudes; `psd`: roots of densities. Default `spectrum`. */
  scaling?: 'spectrum' | 'psd'
}

/**
 * Short-time Fourier transforms: spectra of pieces, half a piece of zeros before and behind the signal. Default window `hann`, half of a piece is shared with the next.
 * @returns `zxx`, complex, of shape [..., frequencies, times]
 */
export function stft(x: Operand | Nested, options: StftOptions = {}): TimeSpectrum & { zxx: NDArray } {
  const { scaling = 'spectrum', ...more } = options
  const usual: Usual = { window: 'hann', overlap: half, detrend: 'none', scaling: 'spectrum', padded: true }
  if (scaling !== 'spectrum' && scaling !== 'psd')
    throw new ArgumentError('stft', 'scaling', "'spectrum' or 'psd'", scaling)
  const pieces = piecesOf(x, { ...more, scaling: scaling === 'psd' ? 'density' : 'spectrum' }, usual, 'stft')
  const { step, fs, spectra, scale } = pieces
  const t = asarray(
    Float64Array.from({ length: spectra.shape[spectra.ndim - 2] }, (_, k) => (k * step) / fs),
  ) as NDArray<'float64'>
  return { f: frequencies(pieces), t, zxx: matrixTranspose(multiply(spectra, Math.sqrt(scale))) }
}

/**
 * Its inverse: pieces are added where they lie, weighed, and divided by what the weights are together. Computed at once.
 * @param zxx of shape [..., frequencies, times], and the options it was made with
 * @returns `t`, and `x` of shape [..., samples]
 * @throws ArgumentError where windows leave samples out
 */
export function istft(zxx: Operand, options: StftOptions = {}): { t: NDArray<'float64'>; x: NDArray } {
  const call = 'istft'
  const array = toArray(zxx, call)
  if (array.ndim < 2)
    throw new ShapeError(call, `zxx must be of shape [..., frequencies, times], not ${shapeText(array.shape)}.`, [
      array.shape,
    ])
  if (infoOf(array.dtype).kind !== 'complex') throw new DTypeError(call, 'complex numbers', [array.dtype])
  checkAxis(-1, array.shape, call)
  const [bins, count] = array.shape.slice(-2)
  const {
    nperseg = 2 * (bins - 1),
    nfft = nperseg % 2 === 1 && Math.floor(nperseg / 2) + 1 === bins ? nperseg : 2 * (bins - 1),
  } = options
  const { noverlap = half(nperseg), fs = 1, scaling = 'spectrum' } = options
  if (!Number.isSafeInteger(nperseg) || nperseg < 1 || nperseg > nfft)
    throw new ArgumentError(call, 'nperseg', `a whole number from 1 to ${nfft}`, nperseg)
  if (!Number.isSafeInteger(noverlap) || noverlap < 0 || noverlap >= nperseg)
    throw new ArgumentError(call, 'noverlap', `a whole number from 0, less than nperseg, ${nperseg}`, noverlap)
  const window = windowOf(options.window ?? 'hann', nperseg, true, call)
  const step = nperseg - noverlap
  const length = nperseg + (count - 1) * step
  const scale =
    scaling === 'psd' ? Math.sqrt(fs * window.reduce((s, w) => s + w * w, 0)) : window.reduce((s, w) => s + w, 0)
  const weights = new Float64Array(length)
  for (let k = 0; k < count; k++) for (let i = 0; i < nperseg; i++) weights[k * step + i] += window[i] ** 2
  const edge = Math.floor(nperseg / 2)
  for (let i = edge; i < length - edge; i++)
    if (weights[i] <= 1e-10)
      throw new ArgumentError(
        call,
        'window',
        'one that leaves no sample out',
        `nothing at ${i - edge}`,
        'Let pieces share more.',
      )
  const pieces = irfft(matrixTranspose(array), { n: nfft })
  const from = elementsOf(pieces) as unknown as Float64Array
  const lines = array.shape.slice(0, -2)
  const made = fresh(pieces.dtype, [...lines, length - 2 * edge], call)
  const to = made.memory.elements as unknown as Float64Array
  const sums = new Float64Array(length)
  for (let line = 0; line < lines.reduce((p, n) => p * n, 1); line++) {
    sums.fill(0)
    for (let k = 0; k < count; k++) {
      const at = (line * count + k) * nfft
      for (let i = 0; i < nperseg; i++) sums[k * step + i] += from[at + i] * window[i] * scale
    }
    for (let i = 0; i < length - 2 * edge; i++) to[line * (length - 2 * edge) + i] = sums[i + edge] / weights[i + edge]
  }
  const t = asarray(Float64Array.from({ length: length - 2 * edge }, (_, k) => k / fs)) as NDArray<'float64'>
  return { t, x: made.array }
}
