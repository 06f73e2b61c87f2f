/** H = Z·T·Zᴴ of a complex Hessenberg matrix, T triangular, by QR steps with one shift, each made of rotations (G. Golub, C. Van Loan, Matrix Computations, 4th ed., 7.5). */

import { divide, root, size } from './complex.ts'
import { makeRotation, rotate, turn } from './complex-rotations.ts'
import type { Hessenberg } from './real-schur.ts'

const ulp = 2 ** -52
const smallest = 2 ** -1022

/** Of pairs. @returns whether it came to an end */
export function complexSchur(form: Hessenberg): boolean {
  const { n, h, low, high } = form
  const most = 30 * Math.max(10, n)
  for (let bottom = high; bottom > low; bottom--) {
    for (let steps = 0; ; steps++) {
      const top = lastSmall(form, bottom)
      if (top > low) h.fill(0, 2 * (top * n + top - 1), 2 * (top * n + top))
      if (top === bottom) break
      if (steps > most) return false
      findShift(form, top, bottom, steps + 1)
      sweep(form, top, bottom)
    }
  }
  return true
}

/** |re| + |im| */
const sizeOf = (h: Float64Array, k: number): number => Math.abs(h[2 * k]) + Math.abs(h[2 * k + 1])

function lastSmall({ n, h, low, high }: Hessenberg, bottom: number): number {
  const floor = (smallest / ulp) * n
  for (let k = bottom; k > low; k--) {
    const own = k * n + k
    const below = sizeOf(h, own - 1)
    if (below <= floor) return k
    let sum = sizeOf(h, own - n - 1) + sizeOf(h, own)
    if (sum === 0) {
      if (k - 2 >= low) sum += sizeOf(h, own - n - 2)
      if (k + 1 <= high) sum += sizeOf(h, own + n)
    }
    if (below > ulp * sum) continue
    const above = sizeOf(h, own - n)
    const before = own - n - 1
    const apart = Math.abs(h[2 * before] - h[2 * own]) + Math.abs(h[2 * before + 1] - h[2 * own + 1])
    const [aa, bb] = [Math.max(sizeOf(h, own), apart), Math.min(sizeOf(h, own), apart)]
    const [ab, ba] = [Math.max(below, above), Math.min(below, above)]
    const s = aa + ab
    if (ba * (ab / s) <= Math.max(floor, ulp * (bb * (aa / s)))) return k
  }
  return low
}

const shift = { re: 0, im: 0 }
const u = { re: 0, im: 0 }
const w = { re: 0, im: 0 }

/** The eigenvalue of the last two rows that is nearer to the last element; every tenth time another, for matrices that it does not change. */
function findShift({ n, h }: Hessenberg, top: number, bottom: number, step: number): void {
  const own = bottom * n + bottom
  shift.re = h[2 * own]
  shift.im = h[2 * own + 1]
  if (step % 10 === 0) {
    const isLast = step % 20 === 0
    const k = isLast ? own - 1 : (top + 1) * n + top
    if (!isLast) {
      shift.re = h[2 * (top * n + top)]
      shift.im = h[2 * (top * n + top) + 1]
    }
    shift.re += 0.75 * size(h[2 * k], h[2 * k + 1])
    return
  }
  // t − u² / (x + √(x² + u²)), where u² is the product beside the diagonal and x half the distance on it.
  root(h[2 * (own - n)], h[2 * (own - n) + 1], u)
  root(h[2 * (own - 1)], h[2 * (own - 1) + 1], w)
  const [ur, ui] = [u.re * w.re - u.im * w.im, u.re * w.im + u.im * w.re]
  if (ur === 0 && ui === 0) return
  const before = own - n - 1
  const [xr, xi] = [0.5 * (h[2 * before] - shift.re), 0.5 * (h[2 * before + 1] - shift.im)]
  const s = Math.max(Math.abs(ur) + Math.abs(ui), Math.abs(xr) + Math.abs(xi))
  const [a, b, c, d] = [xr / s, xi / s, ur / s, ui / s]
  root(a * a - b * b + c * c - d * d, 2 * (a * b + c * d), w)
  const sign = a * w.re + b * w.im < 0 ? -s : s
  divide(ur, ui, xr + sign * w.re, xi + sign * w.im, w)
  shift.re -= ur * w.re - ui * w.im
  shift.im -= ur * w.im + ui * w.re
}

function sweep({ n, h, z }: Hessenberg, top: number, bottom: number): void {
  const [from, to] = z === undefined ? [top, bottom] : [0, n - 1]
  for (let k = top; k < bottom; k++) {
    const own = 2 * (k * n + k)
    if (k === top) makeRotation(h[own] - shift.re, h[own + 1] - shift.im, h[own + 2 * n], h[own + 2 * n + 1])
    else {
      makeRotation(h[own - 2], h[own - 1], h[own + 2 * n - 2], h[own + 2 * n - 1])
      h[own - 2] = turn.leftRe
      h[own - 1] = turn.leftIm
      h[own + 2 * n - 2] = 0
      h[own + 2 * n - 1] = 0
    }
    const { c, re, im } = turn
    rotate(h, own, 2 * n, 2, to - k + 1, c, re, im)
    rotate(h, 2 * (from * n + k), 2, 2 * n, Math.min(k + 2, bottom) - from + 1, c, re, -im)
    if (z !== undefined) rotate(z, 2 * k, 2, 2 * n, n, c, re, -im)
  }
}
