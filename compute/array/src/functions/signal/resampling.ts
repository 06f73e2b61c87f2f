/** Signals with more samples, or fewer. */

import { ArgumentError } from '@skein/base'
import { kernel } from '@skein/kernel'
import { infoOf } from '../../dtypes.ts'
import { runOf } from '../../expression/plain.ts'
import { viewAt } from '../../indexing/basic.ts'
import { arrayOf, type NDArray } from '../../ndarray.ts'
import { astype } from '../astype.ts'
import { computed } from '../computing.ts'
import { asarray, type Nested, zeros } from '../creation.ts'
import { multiply } from '../elementwise.ts'
import { irfft, rfft } from '../fft.ts'
import { concat } from '../joining.ts'
import type { Operand } from '../operands.ts'
import { moveaxis } from '../shaping.ts'
import { cheby1 } from './design.ts'
import { sosfilt, sosfiltfilt } from './filtering.ts'
import { firwin, type WindowGiven } from './fir.ts'
import { listOf, signalsOf, spanOf } from './lines.ts'
import { checkSamples } from './trends.ts'

/**
 * A signal with `num` samples over the same time, by its Fourier transform: it is taken for periodic.
 * @returns float32 for float32 and float16, else float64
 */
export function resample(x: Operand | Nested, num: number, { axis = -1 }: { axis?: number } = {}): NDArray {
  const s = signalsOf(x, axis, 'resample')
  if (!Number.isSafeInteger(num) || num < 1) throw new ArgumentError('resample', 'num', 'a whole number from 1', num)
  checkSamples(s.n, s.array.shape, 'resample')
  const spectrum = rfft(moveaxis(s.array, s.axis, -1))
  const least = Math.min(num, s.n)
  const bins = Math.floor(num / 2) + 1
  const kept = Math.floor(least / 2) + 1
  const weights = new Float64Array(kept).fill(num / s.n)
  // The middle frequency stands for two where samples are left out, and is one of two where there come more.
  if (least % 2 === 0 && num !== s.n) weights[kept - 1] *= num < s.n ? 2 : 0.5
  const last = spectrum.ndim - 1
  const real = infoOf(spectrum.dtype).type === 'f32' ? 'float32' : 'float64'
  const part = multiply(spanOf(spectrum, last, 0, kept), astype(asarray(weights), real, { copy: false }))
  const filled =
    kept < bins
      ? concat([part, zeros(part.shape.with(last, bins - kept), { dtype: part.dtype })], { axis: last })
      : part
  return moveaxis(irfft(filled, { n: num }), -1, s.axis)
}

/** Zeros put between samples, a filter, samples left out: only those are computed that stay. */
const upFilterDown = kernel(
  (
    k,
    m: number,
    n: number,
    inner: number,
    up: number,
    down: number,
    first: number,
    taps: number,
    h: Float64Array,
    from: Float32Array | Float64Array,
    to: Float32Array | Float64Array,
  ) => {
    const line = (k / m) | 0
    const outer = (line / inner) | 0
    const base = outer * n * inner + (line - outer * inner)
    const i = k - line * m
    const at = (i + first) * down
    const newest = Math.min((at / up) | 0, n - 1)
    const oldest = Math.max(0, ((at - taps + up) / up) | 0)
    let s = 0
    for (let j = oldest; j <= newest; j++) s += h[at - j * up] * from[base + j * inner]
    to[outer * m * inner + i * inner + (line - outer * inner)] = s
  },
  { name: 'upfirdn' },
)

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))

/**
 * A signal with up/down as many samples, by a filter that has no phase: `window` names that of the filter (default Kaiser's of 5), or is the filter. Beyond the ends stand zeros.
 * @returns ⌈n·up/down⌉ samples; float32 for float32 and float16, else float64
 */
export function resamplePoly(
  x: Operand | Nested,
  up: number,
  down: number,
  { axis = -1, window = ['kaiser', 5] }: { axis?: number; window?: WindowGiven } = {},
): NDArray {
  const call = 'resamplePoly'
  const s = signalsOf(x, axis, call)
  for (const [name, v] of [
    ['up', up],
    ['down', down],
  ] as const)
    if (!Number.isSafeInteger(v) || v < 1) throw new ArgumentError(call, name, 'a whole number from 1', v)
  checkSamples(s.n, s.array.shape, call)
  const common = divisor(up, down)
  const [p, q] = [up / common, down / common]
  if (p === 1 && q === 1) return s.array
  const isFilter = typeof window !== 'string' && !(Array.isArray(window) && typeof window[0] === 'string')
  const most = Math.max(p, q)
  const given = isFilter
    ? listOf(window as Operand, call, 'window')
    : listOf(firwin(20 * most + 1, 1 / most, { window }), call, 'window')
  const half = Math.floor((given.length - 1) / 2)
  const before = q - (half % q)
  const h = new Float64Array(before + given.length)
  for (const [k, v] of given.entries()) h[before + k] = v * p
  const first = Math.floor((half + before) / q)
  const m = Math.ceil((s.n * p) / q)
  const shape = s.array.shape.with(s.axis, m)
  return computed(s.array.dtype, shape, [s.array], function* ([from], to) {
    const lines = s.outer * s.inner
    yield runOf(
      upFilterDown,
      lines * m,
      m,
      s.n,
      s.inner,
      p,
      q,
      first,
      h.length,
      h,
      from as Float64Array,
      to as Float64Array,
    )
  })
}

/**
 * Every q-th sample, after a filter that leaves nothing finer: Chebyshev's of the first kind, order 8 unless `n` says otherwise.
 * @param options.zeroPhase forwards and backwards, so that nothing comes late. Default true
 */
export function decimate(
  x: Operand | Nested,
  q: number,
  { n = 8, axis = -1, zeroPhase = true }: { n?: number; axis?: number; zeroPhase?: boolean } = {},
): NDArray {
  if (!Number.isSafeInteger(q) || q < 1) throw new ArgumentError('decimate', 'q', 'a whole number from 1', q)
  const sos = cheby1(n, 0.05, 0.8 / q)
  const s = signalsOf(x, axis, 'decimate')
  const smooth = zeroPhase ? sosfiltfilt(sos, s.array, { axis: s.axis }) : sosfilt(sos, s.array, { axis: s.axis })
  return arrayOf(viewAt(smooth.view, [...Array.from({ length: s.axis }, () => ({})), { step: q }], 'decimate'))
}
