/** Trends taken away, analytic signals, medians of neighbours. */

import { ArgumentError } from '@skein/base'
import { ShapeError, shapeText } from '../../errors.ts'
import type { NDArray } from '../../ndarray.ts'
import { astype } from '../astype.ts'
import { asarray, type Nested } from '../creation.ts'
import { multiply, subtract } from '../elementwise.ts'
import { fft, ifft } from '../fft.ts'
import { medianFilter } from '../image/ranks.ts'
import type { Operand } from '../operands.ts'
import { mean, sum } from '../reductions.ts'
import { moveaxis, reshape } from '../shaping.ts'
import { signalsOf } from './lines.ts'

/**
 * A signal less the straight line nearest to it (`linear`, the default), or less its mean (`constant`).
 * @returns of x's shape: float32 for float32 and float16, else float64
 */
export function detrend(
  x: Operand | Nested,
  { axis = -1, type = 'linear' }: { axis?: number; type?: 'linear' | 'constant' } = {},
): NDArray {
  const s = signalsOf(x, axis, 'detrend')
  if (type !== 'linear' && type !== 'constant')
    throw new ArgumentError('detrend', 'type', "'linear' or 'constant'", type)
  if (s.n === 0) return s.array
  const last = moveaxis(s.array, s.axis, -1)
  const level = subtract(last, mean(last, { axis: -1, keepdims: true }))
  if (type === 'constant' || s.n === 1) return moveaxis(level, -1, s.axis)
  const places = Float64Array.from({ length: s.n }, (_, k) => k - (s.n - 1) / 2)
  const squares = places.reduce((t, v) => t + v * v, 0)
  const line = astype(asarray(places), s.array.dtype, { copy: false })
  const slope = multiply(sum(multiply(level, line), { axis: -1, keepdims: true }), 1 / squares)
  return moveaxis(subtract(level, multiply(slope, line)), -1, s.axis)
}

/**
 * The analytic signal: x + i·H(x), H the Hilbert transform. Its absolute values are the envelope.
 * @param options.n samples that are looked at; default all
 * @returns complex64 for float32 and float16, else complex128
 */
export function hilbert(x: Operand | Nested, { axis = -1, n }: { axis?: number; n?: number } = {}): NDArray {
  const s = signalsOf(x, axis, 'hilbert')
  const length = n ?? s.n
  if (!Number.isSafeInteger(length) || length < 1)
    throw new ArgumentError('hilbert', 'n', 'a whole number from 1', length)
  const spectrum = fft(moveaxis(s.array, s.axis, -1), { n: length })
  const middle = length % 2 === 0 ? length / 2 : (length + 1) / 2
  const twice = Float64Array.from({ length }, (_, k) =>
    k === 0 || (length % 2 === 0 && k === middle) ? 1 : k < middle ? 2 : 0,
  )
  const weights = astype(asarray(twice), s.array.dtype, { copy: false })
  return moveaxis(ifft(multiply(spectrum, weights)), -1, s.axis)
}

/** Medians of each sample and its neighbours along the last axis, zeros beyond the ends. @param kernelSize odd */
export function medfilt(x: Operand | Nested, kernelSize = 3): NDArray {
  const s = signalsOf(x, -1, 'medfilt')
  if (!Number.isSafeInteger(kernelSize) || kernelSize < 1 || kernelSize % 2 === 0)
    throw new ArgumentError('medfilt', 'kernelSize', 'an odd number from 1', kernelSize)
  const lines = reshape(s.array, [s.outer, s.n])
  // Beyond that zeros are the most of each window.
  const size = Math.min(kernelSize, 2 * s.n + 1)
  return reshape(medianFilter(lines, { size: [1, size], mode: 'constant' }), s.array.shape)
}

/** @throws ShapeError for a signal without samples */
export function checkSamples(n: number, shape: readonly number[], call: string): void {
  if (n === 0) throw new ShapeError(call, `a signal of shape ${shapeText(shape)} has no samples.`, [shape])
}
