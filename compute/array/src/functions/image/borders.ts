/** What stands around an image, as `scipy.ndimage` names it. */

import { ArgumentError } from '@skein/base'
import type { DType } from '../../dtypes.ts'
import { type Numbers, scratch } from '../computing.ts'
import { type PadMode, placesAround } from '../padding.ts'

/**
 * `reflect` (d c b a | a b c d | d c b a), `mirror` (d c b | a b c d | c b a), `nearest` (a a a | a b c d | d d d), `wrap` (b c d | a b c d | a b c), or `constant`: `cval`.
 */
export type BorderMode = 'reflect' | 'mirror' | 'nearest' | 'wrap' | 'constant'

export interface BorderOptions {
  /** Default `reflect`. */
  mode?: BorderMode
  /** Of `constant`, converted to the dtype of the image. Default 0. */
  cval?: number
}

export interface Border {
  readonly mode: BorderMode
  readonly cval: number
}

const asPad: Record<Exclude<BorderMode, 'constant'>, PadMode> = {
  reflect: 'symmetric',
  mirror: 'reflect',
  nearest: 'edge',
  wrap: 'wrap',
}

/** @throws ArgumentError */
export function borderOf(
  { mode = 'reflect', cval = 0 }: BorderOptions,
  call: string,
  usual: readonly string[] = ['constant', ...Object.keys(asPad)],
): Border {
  if (!usual.includes(mode)) throw new ArgumentError(call, 'mode', `one of ${usual.join(', ')}`, mode)
  if (typeof cval !== 'number') throw new ArgumentError(call, 'cval', 'a number', cval)
  return { mode, cval }
}

/** Where along an axis elements come from; −1: from outside, where `cval` is. */
export function placesOf(n: number, before: number, after: number, { mode }: Border): Int32Array {
  if (mode !== 'constant') return placesAround(n, before, after, asPad[mode])
  return Int32Array.from({ length: before + n + after }, (_, k) => (k < before || k >= before + n ? -1 : k - before))
}

/** Elements in C order as seen by an axis: those in front of it, its own, and those behind it. */
export interface Lines {
  readonly outer: number
  readonly n: number
  readonly inner: number
}

/** A copy that is longer along the axis: `before` elements in front, `after` behind. */
export function extended(
  from: Numbers,
  dtype: DType,
  { outer, n, inner }: Lines,
  [before, after]: readonly [number, number],
  border: Border,
): Numbers {
  const length = before + n + after
  const to = scratch(dtype, outer * length * inner)
  const places = placesOf(n, before, after, border)
  for (let o = 0; o < outer; o++) {
    const [source, target] = [o * n * inner, o * length * inner]
    to.set(from.subarray(source, source + n * inner), target + before * inner)
    for (let k = 0; k < length; k++) {
      if (k === before) k += n
      if (k >= length) break
      const at = target + k * inner
      if (places[k] < 0) to.fill(border.cval, at, at + inner)
      else for (let i = 0; i < inner; i++) to[at + i] = from[source + places[k] * inner + i]
    }
  }
  return to
}
