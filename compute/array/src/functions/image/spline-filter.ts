/**
 * B-spline coefficients of images: what a spline is made of that goes through the pixels. A recursive filter forwards and backwards for each pole (M. Unser, A. Aldroubi, M. Eden, 1993).
 */

import { kernel } from '@skein/kernel'
import type { Run } from '../../expression/launch.ts'
import { runOf } from '../../expression/plain.ts'
import type { Lines } from './borders.ts'
import type { Reals } from './transfer.ts'

const poles: Record<number, readonly number[]> = {
  2: [Math.sqrt(8) - 3],
  3: [Math.sqrt(3) - 2],
  4: [
    Math.sqrt(664 - Math.sqrt(438976)) + Math.sqrt(304) - 19,
    Math.sqrt(664 + Math.sqrt(438976)) - Math.sqrt(304) - 19,
  ],
  5: [
    Math.sqrt(67.5 - Math.sqrt(4436.25)) + Math.sqrt(26.25) - 6.5,
    Math.sqrt(67.5 + Math.sqrt(4436.25)) - Math.sqrt(26.25) - 6.5,
  ],
}

/** How the line goes on beyond its ends. */
export type SplineEnds = 'mirror' | 'reflect' | 'wrap'

/** A lane is a line. `ends` is 0 for mirror, 1 for reflect, 2 for wrap. */
const filterLine = kernel(
  (l, n: number, inner: number, z: number, gain: number, ends: number, c: Reals) => {
    const outer = (l / inner) | 0
    const at = outer * n * inner + (l - outer * inner)
    const last = at + (n - 1) * inner
    for (let k = 0; k < n; k++) c[at + k * inner] *= gain
    let power = z / 1
    let sum = c[at] * 1
    if (ends === 0) {
      const far = z ** (n - 1)
      sum += far * c[last]
      for (let k = 1; k < n - 1; k++) {
        sum += power * (c[at + k * inner] + far * c[last - k * inner])
        power *= z
      }
      sum /= 1 - far * far
    } else if (ends === 1) {
      const far = z ** n
      sum += far * c[last]
      for (let k = 1; k < n; k++) {
        sum += power * (c[at + k * inner] + far * c[last - k * inner])
        power *= z
      }
      sum = (sum * z) / (1 - far * far) + c[at]
    } else {
      for (let k = 1; k < n; k++) {
        sum += power * c[last - (k - 1) * inner]
        power *= z
      }
      sum /= 1 - power
    }
    c[at] = sum
    for (let k = 1; k < n; k++) c[at + k * inner] += z * c[at + (k - 1) * inner]
    let end = c[last] * 1
    if (ends === 0) end = ((z * c[last - inner] + end) * z) / (z * z - 1)
    else if (ends === 1) end = (end * z) / (z - 1)
    else {
      power = z / 1
      for (let k = 0; k < n - 1; k++) {
        end += power * c[at + k * inner]
        power *= z
      }
      end = (end * z) / (power - 1)
    }
    c[last] = end
    for (let k = n - 2; k >= 0; k--) c[at + k * inner] = z * (c[at + (k + 1) * inner] - c[at + k * inner])
  },
  { name: 'splineFilter' },
)

/** Makes coefficients of elements, in place, along an axis. */
export function* filterSplines(
  c: Reals,
  { outer, n, inner }: Lines,
  order: number,
  ends: SplineEnds,
): Generator<Run, void> {
  if (n < 2 || order < 2) return
  for (const z of poles[order]) {
    const gain = (1 - z) * (1 - 1 / z)
    yield runOf(filterLine, outer * inner, n, inner, z, gain, { mirror: 0, reflect: 1, wrap: 2 }[ends], c)
  }
}
