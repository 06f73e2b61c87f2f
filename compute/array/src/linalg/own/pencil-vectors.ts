/** Eigenvectors of two triangular matrices, by back-substitution, as LAPACK's ztgevc. */

import { divide } from './complex.ts'

const ulp = 2 ** -52
const smallest = 2 ** -1022

const w = { re: 0, im: 0 }

const sizeAt = (h: Float64Array, at: number): number => Math.abs(h[at]) + Math.abs(h[at + 1])

/** Vectors x of β·S·x = α·P·x, columns, for what stands on the diagonals; by back-substitution. */
export function pencilVectors(s: Float64Array, p: Float64Array, n: number): Float64Array {
  const vectors = new Float64Array(2 * n * n)
  let most = 0
  for (const h of [s, p]) for (const part of h) most = Math.max(most, Math.abs(part))
  for (let k = 0; k < n; k++) {
    const own = 2 * (k * n + k)
    // α and β, so that the larger is about 1.
    const larger = Math.max(sizeAt(s, own), sizeAt(p, own))
    const [ar, ai, beta] = larger === 0 ? [0, 0, 1] : [s[own] / larger, s[own + 1] / larger, p[own] / larger]
    const least = Math.max(smallest / ulp, ulp * most)
    const x = new Float64Array(2 * n)
    x[2 * k] = 1
    for (let i = k - 1; i >= 0; i--) {
      let [re, im] = [0, 0]
      for (let j = i + 1; j <= k; j++) {
        const at = 2 * (i * n + j)
        const er = beta * s[at] - (ar * p[at] - ai * p[at + 1])
        const ei = beta * s[at + 1] - (ar * p[at + 1] + ai * p[at])
        re -= er * x[2 * j] - ei * x[2 * j + 1]
        im -= er * x[2 * j + 1] + ei * x[2 * j]
      }
      const at = 2 * (i * n + i)
      let dr = beta * s[at] - ar * p[at]
      let di = beta * s[at + 1] - ai * p[at]
      if (Math.abs(dr) + Math.abs(di) < least) [dr, di] = [least, 0]
      divide(re, im, dr, di, w)
      x[2 * i] = w.re
      x[2 * i + 1] = w.im
      const length = Math.abs(w.re) + Math.abs(w.im)
      if (length > 1e100) for (let j = 2 * i; j <= 2 * k + 1; j++) x[j] /= length
    }
    for (let i = 0; i <= k; i++) {
      vectors[2 * (i * n + k)] = x[2 * i]
      vectors[2 * (i * n + k) + 1] = x[2 * i + 1]
    }
  }
  return vectors
}
