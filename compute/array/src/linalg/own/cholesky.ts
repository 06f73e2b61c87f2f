/** A = Uᵀ·U of a symmetric positive definite matrix, Uᴴ·U of a Hermitian one, in place of its upper triangle, by blocks of rows. */

import { kernel } from '@skein/kernel'
import { onBackend } from '../../expression/plain.ts'
import { block, type Matrix, type Reals } from '../matrix.ts'
import { subtractProduct } from './products.ts'
import { solveTriangular } from './triangular.ts'

/** Rows of a block. */
const blockRows = 64

/** @returns the first row whose pivot is not positive, −1 if there is none */
export function factorCholesky(a: Matrix): number {
  const n = a.rows
  for (let k = 0; k < n; k += blockRows) {
    const rows = Math.min(blockRows, n - k)
    const diagonal = block(a, k, k, rows, rows)
    const failed = a.parts === 2 ? factorComplexBlock(diagonal) : factorBlock(diagonal)
    if (failed >= 0) return k + failed
    const after = k + rows
    const beside = block(a, k, after, rows, n - after)
    solveTriangular({ matrix: diagonal, upper: true, transposed: true }, beside)
    // Of what is left the upper triangle alone, in strips.
    const strip = Math.max(blockRows, Math.ceil((n - after) / 8))
    for (let i = after; i < n; i += strip) {
      const height = Math.min(strip, n - i)
      subtractProduct(
        block(a, i, i, height, n - i),
        { matrix: block(a, k, i, rows, height), transposed: true },
        { matrix: block(a, k, i, rows, n - i) },
      )
    }
  }
  return -1
}

/** Rows of a panel within a block: the kernel below is written for so many. */
const panelRows = 8

/** Of the columns behind a panel of rows its elements, a lane a column: what all rows above it take off them, then the solution with its triangle. */
const finishPanel = kernel(
  (lane, k: number, a: Reals, at: number, stride: number) => {
    const own = at + k * stride + k
    const right = lane + 8
    const r1 = own + stride
    const r2 = r1 + stride
    const r3 = r2 + stride
    const r4 = r3 + stride
    const r5 = r4 + stride
    const r6 = r5 + stride
    const r7 = r6 + stride
    let u0 = a[own + right]
    let u1 = a[r1 + right]
    let u2 = a[r2 + right]
    let u3 = a[r3 + right]
    let u4 = a[r4 + right]
    let u5 = a[r5 + right]
    let u6 = a[r6 + right]
    let u7 = a[r7 + right]
    for (let p = 0; p < k; p++) {
      const row = at + p * stride + k
      const x = a[row + right]
      u0 -= a[row] * x
      u1 -= a[row + 1] * x
      u2 -= a[row + 2] * x
      u3 -= a[row + 3] * x
      u4 -= a[row + 4] * x
      u5 -= a[row + 5] * x
      u6 -= a[row + 6] * x
      u7 -= a[row + 7] * x
    }
    u0 = u0 / a[own]
    u1 = (u1 - a[own + 1] * u0) / a[r1 + 1]
    u2 = (u2 - a[own + 2] * u0 - a[r1 + 2] * u1) / a[r2 + 2]
    u3 = (u3 - a[own + 3] * u0 - a[r1 + 3] * u1 - a[r2 + 3] * u2) / a[r3 + 3]
    u4 = (u4 - a[own + 4] * u0 - a[r1 + 4] * u1 - a[r2 + 4] * u2 - a[r3 + 4] * u3) / a[r4 + 4]
    u5 = (u5 - a[own + 5] * u0 - a[r1 + 5] * u1 - a[r2 + 5] * u2 - a[r3 + 5] * u3 - a[r4 + 5] * u4) / a[r5 + 5]
    u6 =
      (u6 - a[own + 6] * u0 - a[r1 + 6] * u1 - a[r2 + 6] * u2 - a[r3 + 6] * u3 - a[r4 + 6] * u4 - a[r5 + 6] * u5) /
      a[r6 + 6]
    u7 =
      (u7 -
        a[own + 7] * u0 -
        a[r1 + 7] * u1 -
        a[r2 + 7] * u2 -
        a[r3 + 7] * u3 -
        a[r4 + 7] * u4 -
        a[r5 + 7] * u5 -
        a[r6 + 7] * u6) /
      a[r7 + 7]
    a[own + right] = u0
    a[r1 + right] = u1
    a[r2 + right] = u2
    a[r3 + right] = u3
    a[r4 + right] = u4
    a[r5 + right] = u5
    a[r6 + right] = u6
    a[r7 + right] = u7
  },
  { name: 'finishPanel' },
)

function factorBlock(a: Matrix): number {
  const n = a.rows
  for (let k = 0; k < n; k += panelRows) {
    const end = Math.min(n, k + panelRows)
    takeOff(a, k, end)
    const failed = factorTriangle(a, k, end)
    if (failed >= 0) return failed
    if (end < n) onBackend(finishPanel)(n - end, k, a.array, a.at, a.stride)
  }
  return -1
}

/** What all rows above take off the triangle of rows and columns k to `end`. Whole panels lie above. */
function takeOff({ array: a, at, stride }: Matrix, k: number, end: number): void {
  for (let i = k; i < end; i++) {
    const own = at + i * stride
    for (let r0 = at; r0 < at + k * stride; r0 += 4 * stride) {
      const r1 = r0 + stride
      const r2 = r1 + stride
      const r3 = r2 + stride
      const x0 = a[r0 + i]
      const x1 = a[r1 + i]
      const x2 = a[r2 + i]
      const x3 = a[r3 + i]
      for (let j = i; j < end; j++) a[own + j] -= x0 * a[r0 + j] + x1 * a[r1 + j] + x2 * a[r2 + j] + x3 * a[r3 + j]
    }
  }
}

function factorTriangle({ array: a, at, stride }: Matrix, k: number, end: number): number {
  for (let p = k; p < end; p++) {
    const own = at + p * stride
    const pivot = a[own + p]
    if (!(pivot > 0)) return p
    const root = Math.sqrt(pivot)
    for (let j = p; j < end; j++) a[own + j] /= root
    for (let i = p + 1; i < end; i++) {
      const factor = a[own + i]
      const row = at + i * stride
      for (let j = i; j < end; j++) a[row + j] -= factor * a[own + j]
    }
  }
  return -1
}

/** Imaginary parts of the diagonal are not read. */
function factorComplexBlock({ array, at, rows: n, stride }: Matrix): number {
  for (let k = 0; k < n; k++) {
    const own = 2 * (at + k * stride)
    const pivot = array[own + 2 * k]
    if (!(pivot > 0)) return k
    const root = Math.sqrt(pivot)
    array[own + 2 * k + 1] = 0
    for (let j = 2 * k; j < 2 * n; j++) array[own + j] /= root
    for (let i = k + 1; i < n; i++) {
      const [re, im] = [array[own + 2 * i], array[own + 2 * i + 1]]
      const row = 2 * (at + i * stride)
      for (let j = 2 * i; j < 2 * n; j += 2) {
        const [x, y] = [array[own + j], array[own + j + 1]]
        array[row + j] -= re * x + im * y
        array[row + j + 1] -= re * y - im * x
      }
    }
  }
  return -1
}
