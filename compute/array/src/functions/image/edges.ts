/** Edges by J. Canny's method (1986), as scikit-image has it. */

import { ArgumentError } from '@skein/base'
import { kernel } from '@skein/kernel'
import { runOf } from '../../expression/plain.ts'
import type { NDArray } from '../../ndarray.ts'
import { computed } from '../computing.ts'
import { ones } from '../creation.ts'
import { divide, hypot } from '../elementwise.ts'
import type { Operand } from '../operands.ts'
import { gaussianFilter, sobel } from './filters.ts'
import { labelInto } from './labels.ts'
import { checkPlane, floatPixels } from './pixels.ts'
import type { Reals } from './transfer.ts'

export interface CannyOptions {
  /** Standard deviation of the Gaussian that smooths first, in pixels. Default 1. */
  sigma?: number
  /** A pixel may be an edge from this steepness on. Default a tenth of the largest value elements may have: 0.1 for floats. */
  low?: number
  /** Edges are kept that reach this steepness somewhere. Default twice that. */
  high?: number
}

/** 1 where an edge may be, 2 where it certainly is: the gradient is larger than on both sides along its direction, between whose neighbours it is interpolated. */
const thin = kernel(
  (
    [r, c],
    rows: number,
    columns: number,
    low: number,
    high: number,
    gradient: Reals,
    down: Reals,
    along: Reals,
    to: Uint8Array,
  ) => {
    const at = r * columns + c
    to[at] = 0
    if (r > 0 && c > 0 && r < rows - 1 && c < columns - 1) {
      const m = gradient[at]
      const i = down[at]
      const j = along[at]
      const [a, b] = [Math.abs(i), Math.abs(j)]
      if (m >= low && (a > 0 || b > 0)) {
        const isFalling = (i >= 0 && j >= 0) || (i <= 0 && j <= 0)
        // The neighbour towards which the gradient is steeper, and the one on the diagonal.
        const isDown = isFalling ? a > b : a >= b
        const turn = isFalling ? 1 : -1
        const near = isDown ? columns * turn : 1
        const far = columns * turn + 1
        const share = isDown ? b / a : a / b
        const ahead = gradient[at + far] * share + gradient[at + near] * (1 - share)
        const behind = gradient[at - far] * share + gradient[at - near] * (1 - share)
        if (ahead <= m && behind <= m) to[at] = m >= high ? 2 : 1
      }
    }
  },
  { name: 'thinEdges' },
)

/**
 * Edges: where the gradient of the smoothed image is largest across it, and at least `low`; of what hangs together, also by corners, only what reaches `high`. Beyond the border stands nothing,
 * so smoothing takes means of what is inside.
 * @param x of two axes; integers in their own units
 * @returns booleans
 * @throws ShapeError, DTypeError, ArgumentError
 */
export function canny(x: Operand, options: CannyOptions = {}): NDArray<'bool'> {
  const pixels = floatPixels(x, 'canny')
  checkPlane(pixels, 'canny')
  const { sigma = 1, low = 0.1 * largestOf(pixels.dtype), high = 2 * low } = options
  if (typeof low !== 'number' || !(low >= 0)) throw new ArgumentError('canny', 'low', 'a number from 0', low)
  if (typeof high !== 'number' || !(high >= low))
    throw new ArgumentError('canny', 'high', `a number from low, ${low}`, high)
  const { array, shape, rows, columns, work } = pixels
  const inside = { sigma, mode: 'constant' } as const
  const share = gaussianFilter(ones(shape, { dtype: work }), inside)
  const smooth = divide(gaussianFilter(array, inside), share)
  const [down, along] = [sobel(smooth, { axis: 0 }), sobel(smooth, { axis: 1 })]
  return computed('bool', shape, [hypot(down, along), down, along], function* (given, to) {
    const [gradient, i, j] = given as Reals[]
    const marks = to as Uint8Array
    yield runOf(thin, [rows, columns], rows, columns, low, high, gradient, i, j, marks)
    follow(marks, columns)
  })
}

function largestOf(dtype: string): number {
  return dtype === 'uint8' ? 255 : dtype === 'uint16' ? 65535 : 1
}

/** Leaves what hangs together with a certain edge. */
function follow(marks: Uint8Array, width: number): void {
  const labels = new Int32Array(marks.length)
  const count = labelInto(labels, marks, width, true)
  const isCertain = new Uint8Array(count + 1)
  for (let at = 0; at < marks.length; at++) if (marks[at] === 2) isCertain[labels[at]] = 1
  for (let at = 0; at < marks.length; at++) marks[at] = isCertain[labels[at]]
}
