/** Images in another size. */

import { ArgumentError } from '@skein/base'
import { kernel } from '@skein/kernel'
import type { DType } from '../../dtypes.ts'
import { ShapeError, shapeText } from '../../errors.ts'
import { runOf } from '../../expression/plain.ts'
import type { NDArray } from '../../ndarray.ts'
import { checkShape } from '../../shape.ts'
import { astype } from '../astype.ts'
import { computed, type Numbers, scratch } from '../computing.ts'
import type { Operand } from '../operands.ts'
import { type Reals, stored } from './correlation.ts'
import { filteredType, linesAlong, pairOf, pixelsOf, storedAs, storingOf } from './pixels.ts'

export type ResizeMethod = 'nearest' | 'bilinear' | 'bicubic' | 'lanczos' | 'area'

export interface ResizeOptions {
  /** Default `bilinear`. `bicubic` is R. Keys' (a = −1/2), `lanczos` has three lobes, `area` means of what a new pixel covers. */
  method?: ResizeMethod
  /** Where the image becomes smaller weights reach over all that a new pixel covers, so that nothing finer is left. Default true. */
  antialias?: boolean
}

interface Weighing {
  /** Weights are 0 beyond so many pixels. */
  readonly support: number
  readonly weight: (x: number) => number
}

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))

const ways: Record<'bilinear' | 'bicubic' | 'lanczos', Weighing> = {
  bilinear: { support: 1, weight: x => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    weight(x) {
      const d = Math.abs(x)
      return d < 1 ? (1.5 * d - 2.5) * d * d + 1 : d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0
    },
  },
  lanczos: { support: 3, weight: x => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
}

/** For each new place as many old ones, from a first one on, and their weights. */
interface Resampling {
  readonly taps: number
  readonly firsts: Int32Array
  readonly weights: Float64Array
}

/** @param n old, m new length */
function resamplingOf(n: number, m: number, method: ResizeMethod, antialias: boolean): Resampling {
  const scale = n / m
  const list: { first: number; weights: number[] }[] = []
  for (let k = 0; k < m; k++) {
    if (method === 'nearest') list.push({ first: Math.floor(((2 * k + 1) * n) / (2 * m)), weights: [1] })
    else if (method === 'area') {
      const [from, to] = [k * scale, (k + 1) * scale]
      const first = Math.min(Math.floor(from + 1e-9), n - 1)
      const last = Math.max(first, Math.min(Math.ceil(to - 1e-9), n) - 1)
      const covered = (i: number) => Math.min(to, i + 1) - Math.max(from, i)
      list.push({ first, weights: Array.from({ length: last - first + 1 }, (_, i) => covered(first + i) / scale) })
    } else {
      const { support, weight } = ways[method]
      const stretch = antialias ? Math.max(scale, 1) : 1
      const centre = (k + 0.5) * scale
      const first = Math.max(Math.trunc(centre - support * stretch + 0.5), 0)
      const end = Math.min(Math.trunc(centre + support * stretch + 0.5), n)
      const weights = Array.from({ length: end - first }, (_, i) => weight((first + i - centre + 0.5) / stretch))
      const sum = weights.reduce((s, w) => s + w, 0)
      list.push({ first, weights: weights.map(w => w / sum) })
    }
  }
  const taps = list.reduce((most, { weights }) => Math.max(most, weights.length), 1)
  // Those with fewer begin earlier, where they would reach over the end.
  const firsts = Int32Array.from(list, ({ first }) => Math.max(0, Math.min(first, n - taps)))
  const weights = new Float64Array(m * taps)
  for (const [k, { first, weights: w }] of list.entries()) weights.set(w, k * taps + first - firsts[k])
  return { taps, firsts, weights }
}

/** Lanes are what lies behind a place. */
const resampleRows = kernel(
  (
    [q, j],
    m: number,
    taps: number,
    firsts: Int32Array,
    weights: Reals,
    from: Numbers,
    n: number,
    inner: number,
    to: Numbers,
    whole: boolean,
    low: number,
    high: number,
  ) => {
    const outer = (q / m) | 0
    const i = q - outer * m
    const at = (outer * n + firsts[i]) * inner + j
    let s = weights[i * taps] * from[at]
    for (let k = 1; k < taps; k++) s += weights[i * taps + k] * from[at + k * inner]
    to[q * inner + j] = stored(s, whole, low, high)
  },
  { name: 'resampleRows', use: () => ({ stored }) },
)

/** Lanes are places. */
const resampleColumns = kernel(
  (
    [q, j],
    m: number,
    taps: number,
    firsts: Int32Array,
    weights: Reals,
    from: Numbers,
    n: number,
    inner: number,
    to: Numbers,
    whole: boolean,
    low: number,
    high: number,
  ) => {
    const i = (j / inner) | 0
    const at = (q * n + firsts[i]) * inner + (j - i * inner)
    let s = weights[i * taps] * from[at]
    for (let k = 1; k < taps; k++) s += weights[i * taps + k] * from[at + k * inner]
    to[q * m * inner + j] = stored(s, whole, low, high)
  },
  { name: 'resampleColumns', use: () => ({ stored }) },
)

/**
 * The image in another size; pixels are areas, so that corners stay corners. Weights that would reach over the border are shared by the others.
 * @param x of shape [rows, columns, …]: axes behind are channels, or a stack
 * @param size rows and columns of the result
 * @returns of the same dtype, integers rounded and kept in range; of booleans float32, but by `nearest` booleans
 * @throws ShapeError for an image without pixels; DTypeError, ArgumentError
 */
export function resize(x: Operand, size: readonly [number, number], options: ResizeOptions = {}): NDArray {
  const call = 'resize'
  const pixels = pixelsOf(x, call)
  const { method = 'bilinear', antialias = true } = options
  const methods = ['nearest', 'area', ...Object.keys(ways)]
  if (!methods.includes(method)) throw new ArgumentError(call, 'method', `one of ${methods.join(', ')}`, method)
  const wanted = pairOf(size, call, 'size', n => Number.isSafeInteger(n) && n >= 0, 'a whole number from 0')
  const shape = checkShape([...wanted, ...pixels.shape.slice(2)], call)
  if (pixels.rows * pixels.columns === 0 && wanted[0] * wanted[1] > 0)
    throw new ShapeError(call, `an image of shape ${shapeText(pixels.shape)} has no pixels to make others of.`, [
      pixels.shape,
    ])
  const { array, work, inner } = pixels
  const result = method === 'nearest' ? pixels.dtype : filteredType(pixels.dtype)
  const made = computed(storedAs(result), shape, [array], function* ([from], to) {
    // The axis that becomes smaller comes first: less is left for the other.
    const shrink = ([0, 1] as const).map(axis => wanted[axis] / pixels.shape[axis])
    let now = { ...pixels, elements: from }
    for (const [k, axis] of (shrink[0] <= shrink[1] ? ([0, 1] as const) : ([1, 0] as const)).entries()) {
      const lines = linesAlong(now, axis)
      const m = wanted[axis]
      const { taps, firsts, weights } = resamplingOf(lines.n, m, method, antialias)
      const isLast = k === 1
      const between: DType = method === 'nearest' ? array.dtype : work
      const target = isLast ? to : scratch(between, lines.outer * m * lines.inner)
      const { whole, low, high } = isLast && method !== 'nearest' ? storingOf(result) : storingOf(between)
      const given = work === 'float32' ? Float32Array.from(weights) : weights
      const isWide = axis === 0
      const range = isWide ? [lines.outer * m, lines.inner] : [lines.outer, m * lines.inner]
      yield runOf(
        isWide ? resampleRows : resampleColumns,
        range,
        m,
        taps,
        firsts,
        given,
        now.elements,
        lines.n,
        lines.inner,
        target,
        whole,
        low,
        high,
      )
      now = { ...now, rows: axis === 0 ? m : now.rows, columns: axis === 1 ? m : now.columns, inner, elements: target }
    }
  })
  return result === 'bool' ? astype(made, 'bool') : astype(made, result, { copy: false })
}
