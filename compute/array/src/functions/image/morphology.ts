/** Mathematical morphology: the least and the largest of neighbours, and what is made of them. */

import { kernel } from '@skein/kernel'
import type { DType } from '../../dtypes.ts'
import { runOf } from '../../expression/plain.ts'
import type { NDArray } from '../../ndarray.ts'
import { astype } from '../astype.ts'
import { computed, type Numbers, scratch } from '../computing.ts'
import { notEqual, subtract } from '../elementwise.ts'
import type { Operand } from '../operands.ts'
import { type BorderOptions, borderOf, extended } from './borders.ts'
import { framed, rowsOf } from './correlation.ts'
import { linesAlong, type Pixels, pixelsOf } from './pixels.ts'
import { mirrored, type Neighbours, neighboursOf, type WindowSize } from './windows.ts'

export interface MorphologyOptions extends WindowSize, BorderOptions {}

type Pick = (x: number, y: number) => number

/** Of neighbours that lie one behind the other, and of those of a window. @param pick the one of two that is kept */
const kernelsOf = (name: string, pick: Pick) => ({
  ofLine: kernel(
    (
      [q, j],
      taps: number,
      from: Numbers,
      stride: number,
      per: number,
      extra: number,
      step: number,
      to: Numbers,
      width: number,
    ) => {
      const at = q * stride + ((q / per) | 0) * extra + j
      let s = from[at]
      for (let k = 1; k < taps; k++) s = pick(s, from[at + k * step])
      to[q * width + j] = s
    },
    { name: `${name}OfLine`, use: { pick } },
  ),
  ofWindow: kernel(
    ([r, j], taps: number, offsets: Int32Array, from: Numbers, stride: number, to: Numbers, width: number) => {
      const at = r * stride + j
      let s = from[at + offsets[0]]
      for (let k = 1; k < taps; k++) s = pick(s, from[at + offsets[k]])
      to[r * width + j] = s
    },
    { name: `${name}OfWindow`, use: { pick } },
  ),
})

type Extreme = 'least' | 'largest'
const kernels = {
  least: kernelsOf('least', (x, y) => Math.min(x, y)),
  largest: kernelsOf('largest', (x, y) => Math.max(x, y)),
}

/** Rectangles are done along one axis after the other. */
function extremes(pixels: Pixels, window: Neighbours, options: BorderOptions, extreme: Extreme, call: string): NDArray {
  const { array, rows, columns, inner, shape, dtype } = pixels
  const border = borderOf(options, call)
  const stored: DType = array.dtype
  const made = computed(stored, shape, [array], function* ([from], to) {
    const { rectangle } = window
    if (rectangle === undefined) {
      const { elements, stride, offsets } = framed(from, stored, pixels, window, border)
      const width = columns * inner
      yield runOf(kernels[extreme].ofWindow, [rows, width], offsets.length, offsets, elements, stride, to, width)
      return
    }
    let current = from
    for (const axis of [0, 1] as const) {
      const lines = linesAlong(pixels, axis)
      const n = rectangle[axis]
      const before = Math.max(...window.places.map(place => -place[axis]))
      const source = n === 1 ? current : extended(current, stored, lines, [before, n - 1 - before], border)
      const target = axis === 1 ? to : scratch(stored, to.length)
      const { count, width, stride, per, extra } = rowsOf(lines, n - 1)
      yield runOf(kernels[extreme].ofLine, [count, width], n, source, stride, per, extra, lines.inner, target, width)
      current = target
    }
  })
  return dtype === 'bool' ? notEqual(made, 0) : astype(made, dtype, { copy: false })
}

/**
 * The least of the neighbours in a window: `size` (default 3), or `footprint`. Bright things shrink. Booleans stay booleans.
 * @param x of shape [rows, columns, …]: axes behind are channels, or a stack, each for itself
 * @returns of the same shape and dtype; NaN where a neighbour is NaN
 * @throws ShapeError, DTypeError, ArgumentError
 */
export const erode = (x: Operand, options: MorphologyOptions = {}): NDArray => eroded(x, options, 'erode')

/** The largest of the neighbours in the window seen from the other side: bright things grow. */
export const dilate = (x: Operand, options: MorphologyOptions = {}): NDArray => dilated(x, options, 'dilate')

const eroded = (x: Operand, options: MorphologyOptions, call: string) =>
  extremes(pixelsOf(x, call), neighboursOf(options, call), options, 'least', call)

const dilated = (x: Operand, options: MorphologyOptions, call: string) =>
  extremes(pixelsOf(x, call), mirrored(neighboursOf(options, call)), options, 'largest', call)

/** Eroded, then dilated: bright things smaller than the window go. */
export const opening = (x: Operand, options: MorphologyOptions = {}): NDArray =>
  dilated(eroded(x, options, 'opening'), options, 'opening')

/** Dilated, then eroded: dark things smaller than the window go. */
export const closing = (x: Operand, options: MorphologyOptions = {}): NDArray =>
  eroded(dilated(x, options, 'closing'), options, 'closing')

/** What `a` has and `b` has not. */
const difference = (a: NDArray, b: NDArray): NDArray => (a.dtype === 'bool' ? notEqual(a, b) : subtract(a, b))

/** Dilated less eroded: edges. */
export const morphologicalGradient = (x: Operand, options: MorphologyOptions = {}): NDArray =>
  difference(dilated(x, options, 'morphologicalGradient'), eroded(x, options, 'morphologicalGradient'))

/** The image less its opening: bright things smaller than the window. */
export function whiteTophat(x: Operand, options: MorphologyOptions = {}): NDArray {
  const { array, dtype } = pixelsOf(x, 'whiteTophat')
  return difference(astype(array, dtype, { copy: false }), opening(x, options))
}

/** The closing less the image: dark things smaller than the window. */
export function blackTophat(x: Operand, options: MorphologyOptions = {}): NDArray {
  const { array, dtype } = pixelsOf(x, 'blackTophat')
  return difference(closing(x, options), astype(array, dtype, { copy: false }))
}
