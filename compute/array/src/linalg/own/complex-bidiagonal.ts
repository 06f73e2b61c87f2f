/** A = Q·B·Pᴴ of a square complex matrix, B upper bidiagonal and real, as `reduceToBidiagonal` does it with real ones. */

import { block, type Matrix, transposed, zerosLike } from '../matrix.ts'
import type { Bidiagonal } from './bidiagonal.ts'
import { reflectComplex } from './complex-reflections.ts'
import { reflectionsOf } from './qr.ts'
import { change } from './rank-two.ts'

/** A is overwritten. */
export function reduceComplexToBidiagonal(a: Matrix): Bidiagonal {
  const { array, at, stride, rows: n } = a
  const diagonal = new Float64Array(n)
  const above = new Float64Array(Math.max(0, n - 1))
  const tausOfQ = new Float64Array(2 * n)
  const tausOfP = new Float64Array(2 * Math.max(0, n - 1))
  const [left, right] = [zerosLike(a, n, n), zerosLike(a, n, n)]
  const vector = () => zerosLike(a, 1, n).array
  // What two reflections change is subtracted when the next ones pass: A − v·yᴴ − x·uᴴ.
  const steps = Array.from({ length: 2 }, () => ({ v: vector(), y: vector(), x: vector(), u: vector() }))
  for (let k = 0; k < n; k++) {
    const [last, { v, y, x, u }] = k % 2 === 0 ? [steps[1], steps[0]] : steps
    const [yr, yi, ur, ui] = [last.y[2 * k], last.y[2 * k + 1], last.u[2 * k], last.u[2 * k + 1]]
    for (let i = k; i < n; i++) {
      const place = 2 * (at + i * stride + k)
      const [r, s] = [2 * i, 2 * i + 1]
      v[r] = array[place] - (last.v[r] * yr + last.v[s] * yi) - (last.x[r] * ur + last.x[s] * ui)
      v[s] = array[place + 1] - (last.v[s] * yr - last.v[r] * yi) - (last.x[s] * ur - last.x[r] * ui)
    }
    const tau = tausOfQ.subarray(2 * k, 2 * k + 2)
    reflectComplex(v, 0, k, n, tau)
    diagonal[k] = v[2 * k]
    if (k === n - 1) break
    left.array.set(v.subarray(2 * (k + 1), 2 * n), 2 * (k * n + k + 1))
    v[2 * k] = 1
    if (tau[0] === 0 && tau[1] === 0) v.fill(0, 2 * k)
    change(a, k, { p: last.v, q: last.y, r: last.x, t: last.u }, v, y)
    u.fill(0, 0, 2 * (k + 1))
    // What is left of row k, conjugated: v begins with 1, or is 0.
    for (let j = 2 * (k + 1); j < 2 * n; j += 2) {
      const [re, im] = [tau[0] * y[j] - tau[1] * y[j + 1], tau[0] * y[j + 1] + tau[1] * y[j]]
      y[j] = re
      y[j + 1] = im
      u[j] = array[2 * (at + k * stride) + j] - v[2 * k] * re
      u[j + 1] = -array[2 * (at + k * stride) + j + 1] - v[2 * k] * im
    }
    const sigma = tausOfP.subarray(2 * k, 2 * k + 2)
    reflectComplex(u, 0, k + 1, n, sigma)
    above[k] = u[2 * (k + 1)]
    right.array.set(u.subarray(2 * (k + 2), 2 * n), 2 * (k * n + k + 2))
    u[2 * (k + 1)] = 1
    if (sigma[0] === 0 && sigma[1] === 0) u.fill(0)
    multiplied(a, k, { v, y, u, sigma }, x)
  }
  const inside = Math.max(0, n - 1)
  return {
    diagonal,
    above,
    q: () => reflectionsOf(transposed(left), tausOfQ),
    p: () => reflectionsOf(block(transposed(right), 1, 0, inside, inside), tausOfP),
  }
}

interface Step {
  readonly v: Matrix['array']
  readonly y: Matrix['array']
  readonly u: Matrix['array']
  readonly sigma: Float64Array
}

/** x = σ·(A·u − v·(yᴴ·u)), of rows and columns after k. */
function multiplied({ array, at, stride, rows: n }: Matrix, k: number, { v, y, u, sigma }: Step, x: Matrix['array']) {
  let [innerRe, innerIm] = [0, 0]
  for (let j = 2 * (k + 1); j < 2 * n; j += 2) {
    innerRe += y[j] * u[j] + y[j + 1] * u[j + 1]
    innerIm += y[j] * u[j + 1] - y[j + 1] * u[j]
  }
  for (let i = k + 1; i < n; i++) {
    const row = 2 * (at + i * stride)
    let re = v[2 * i + 1] * innerIm - v[2 * i] * innerRe
    let im = -v[2 * i] * innerIm - v[2 * i + 1] * innerRe
    for (let j = 2 * (k + 1); j < 2 * n; j += 2) {
      re += array[row + j] * u[j] - array[row + j + 1] * u[j + 1]
      im += array[row + j] * u[j + 1] + array[row + j + 1] * u[j]
    }
    x[2 * i] = sigma[0] * re - sigma[1] * im
    x[2 * i + 1] = sigma[0] * im + sigma[1] * re
  }
}
