/** How sRGB codes light (IEC 61966-2-1). */

import type { NDArray } from '../../ndarray.ts'
import { map } from '../map.ts'

export type Reals = Float32Array | Float64Array

export const toLight = (x: NDArray): NDArray =>
  map((v: number) => (v > 0.04045 ? ((v + 0.055) / 1.055) ** 2.4 : v / 12.92), x)

export const fromLight = (x: NDArray): NDArray =>
  map((v: number) => (v > 0.0031308 ? 1.055 * v ** (1 / 2.4) - 0.055 : v * 12.92), x)
