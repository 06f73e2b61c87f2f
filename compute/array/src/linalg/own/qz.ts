/**
 * A = Q·S·Zᴴ and B = Q·P·Zᴴ of two complex matrices, S and P triangular, by QZ steps with one shift (C. Moler, G. Stewart, An Algorithm for Generalized Matrix Eigenvalue Problems, 1973), as LAPACK's
 * zhgeqz takes them. What is zero on the diagonal of P stands for an infinite eigenvalue.
 */

import { type Matrix, zerosLike } from '../matrix.ts'
import type { QZ } from '../provider.ts'
import { divide, root, size } from './complex.ts'
import { makeRotation, rotate, turn } from './complex-rotations.ts'
import { applyQ, factorQR, formQ, upperOf } from './qr.ts'

const ulp = 2 ** -52
const smallest = 2 ** -1022

/** Rows of n pairs. */
interface Pencil {
  readonly n: number
  readonly a: Float64Array
  readonly b: Float64Array
  readonly q: Float64Array
  readonly z: Float64Array
  /** What is nothing in B. */
  readonly floor: number
}

/** S and P in place of A and B, which have no gaps; P has a diagonal that is real and not negative. @returns undefined if the iteration did not end */
export function qz(a: Matrix, b: Matrix): QZ | undefined {
  const n = a.rows
  const reflections = factorQR(b)
  applyQ(reflections, a, true)
  const q = formQ(reflections, n)
  b.array.set(upperOf(b, n).array)
  const z = zerosLike(a, n, n)
  for (let k = 0; k < n; k++) z.array[2 * k * (n + 1)] = 1
  const [x, y, left, right] = [a, b, q, z].map(m => m.array as Float64Array)
  let squares = 0
  for (const part of y) squares += part * part
  const pencil = { n, a: x, b: y, q: left, z: right, floor: Math.max(smallest, ulp * Math.sqrt(squares)) }
  reduce(pencil)
  if (!iterate(pencil)) return undefined
  for (let k = 0; k < n; k++) makeReal(pencil, k)
  return { q, z }
}

/** Rows k and k + 1 are rotated as `turn` says, from column `from` on in A and B. */
function turnRows({ n, a, b, q }: Pencil, k: number, from: number): void {
  const { c, re, im } = turn
  const at = 2 * (k * n + from)
  rotate(a, at, 2 * n, 2, n - from, c, re, im)
  rotate(b, at, 2 * n, 2, n - from, c, re, im)
  rotate(q, 2 * k, 2, 2 * n, n, c, re, -im)
}

/** Columns k and k − 1 are rotated, the first so many rows of A and B. */
function turnColumns({ n, a, b, z }: Pencil, k: number, rowsOfA: number, rowsOfB: number): void {
  const { c, re, im } = turn
  rotate(a, 2 * k, -2, 2 * n, rowsOfA, c, re, im)
  rotate(b, 2 * k, -2, 2 * n, rowsOfB, c, re, im)
  rotate(z, 2 * k, -2, 2 * n, n, c, re, im)
}

/** The rotation that makes of pairs at f and g the second zero. */
const rotationOf = (h: Float64Array, f: number, g: number): void => makeRotation(h[f], h[f + 1], h[g], h[g + 1])

const clear = (h: Float64Array, at: number): void => {
  h[at] = 0
  h[at + 1] = 0
}

/** A becomes a Hessenberg matrix, B stays triangular. */
function reduce(pencil: Pencil): void {
  const { n, a, b } = pencil
  for (let j = 0; j < n - 2; j++) {
    for (let i = n - 1; i > j + 1; i--) {
      rotationOf(a, 2 * ((i - 1) * n + j), 2 * (i * n + j))
      turnRows(pencil, i - 1, j)
      clear(a, 2 * (i * n + j))
      dropBelow(pencil, b, i, n)
    }
  }
}

/** Makes the element of row i before the diagonal zero. */
function dropBelow(pencil: Pencil, h: Float64Array, i: number, rowsOfA: number): void {
  const own = 2 * (i * pencil.n + i)
  rotationOf(h, own, own - 2)
  turnColumns(pencil, i, rowsOfA, i + 1)
  clear(h, own - 2)
}

const sizeAt = (h: Float64Array, at: number): number => Math.abs(h[at]) + Math.abs(h[at + 1])

function isNegligible({ n, a }: Pencil, k: number): boolean {
  const own = 2 * (k * n + k)
  const around = sizeAt(a, own) + sizeAt(a, own - 2 * n - 2)
  if (sizeAt(a, own - 2) > Math.max(smallest, ulp * around)) return false
  clear(a, own - 2)
  return true
}

function isNothing({ n, b, floor }: Pencil, k: number): boolean {
  const own = 2 * (k * n + k)
  if (size(b[own], b[own + 1]) > floor) return false
  clear(b, own)
  return true
}

function iterate(pencil: Pencil): boolean {
  const { n, a } = pencil
  let steps = 0
  const shift = { re: 0, im: 0 }
  for (let last = n - 1; last > 0; ) {
    if (isNegligible(pencil, last)) {
      last--
      steps = 0
      continue
    }
    if (isNothing(pencil, last)) {
      dropBelow(pencil, a, last, last + 1)
      continue
    }
    const first = beginningOf(pencil, last)
    if (first === undefined) continue
    if (++steps > 30 * Math.max(10, n)) return false
    findShift(pencil, last, steps, shift)
    sweep(pencil, first, last, shift)
  }
  if (n > 0) isNothing(pencil, 0)
  return true
}

/** The first row of the block that ends with row `last`; undefined: zeros on the diagonal of B have been moved instead, look again. */
function beginningOf(pencil: Pencil, last: number): number | undefined {
  const { n, a, b } = pencil
  for (let j = last - 1; ; j--) {
    const isFirst = j === 0 || isNegligible(pencil, j)
    if (!isNothing(pencil, j)) {
      if (isFirst) return j
      continue
    }
    for (let k = j; k < last; k++) {
      const own = 2 * (k * n + k)
      if (isFirst) {
        // Rows of A lose what is below the diagonal, until B has no zero there.
        rotationOf(a, own, own + 2 * n)
        turnRows(pencil, k, k)
        clear(a, own + 2 * n)
        if (!isNothing(pencil, k + 1)) return k + 1 < last ? k + 1 : undefined
      } else {
        // The zero goes down to the end.
        rotationOf(b, own + 2, own + 2 * n + 2)
        turnRows(pencil, k, k - 1)
        clear(b, own + 2 * n + 2)
        rotationOf(a, own + 2 * n, own + 2 * n - 2)
        turnColumns(pencil, k, k + 2, k + 1)
        clear(a, own + 2 * n - 2)
      }
    }
    return undefined
  }
}

const w = { re: 0, im: 0 }
const u = { re: 0, im: 0 }

/** The eigenvalue of the last two rows that is nearer to the last quotient; every tenth time another, for pencils that it does not change. */
function findShift({ n, a, b }: Pencil, last: number, step: number, shift: { re: number; im: number }): void {
  const own = 2 * (last * n + last)
  const before = own - 2 * n - 2
  const over = (h: Float64Array, at: number, by: number) => {
    divide(h[at], h[at + 1], b[by], b[by + 1], w)
    return [w.re, w.im]
  }
  const less = (x: number[], y: number[], z: number[]) => [
    x[0] - y[0] * z[0] + y[1] * z[1],
    x[1] - y[0] * z[1] - y[1] * z[0],
  ]
  const a21 = over(a, own - 2, before)
  if (step % 10 === 0) {
    shift.re += a21[0]
    shift.im += a21[1]
    return
  }
  const [b12, a11] = [over(b, own - 2 * n, own), over(a, before, before)]
  const a22 = less(over(a, own, own), b12, a21)
  const a12 = less(over(a, own - 2 * n, own), b12, a11)
  ;[shift.re, shift.im] = a22
  root(a12[0], a12[1], w)
  root(a21[0], a21[1], u)
  const [cr, ci] = [w.re * u.re - w.im * u.im, w.re * u.im + w.im * u.re]
  if (cr === 0 && ci === 0) return
  const [xr, xi] = [0.5 * (a11[0] - a22[0]), 0.5 * (a11[1] - a22[1])]
  const s = Math.max(Math.abs(cr) + Math.abs(ci), Math.abs(xr) + Math.abs(xi))
  const [p, q, r, t] = [xr / s, xi / s, cr / s, ci / s]
  root(p * p - q * q + r * r - t * t, 2 * (p * q + r * t), w)
  const sign = p * w.re + q * w.im < 0 ? -s : s
  divide(cr, ci, xr + sign * w.re, xi + sign * w.im, w)
  shift.re -= cr * w.re - ci * w.im
  shift.im -= cr * w.im + ci * w.re
}

function sweep(pencil: Pencil, first: number, last: number, shift: { re: number; im: number }): void {
  const { n, a, b } = pencil
  for (let k = first; k < last; k++) {
    const own = 2 * (k * n + k)
    if (k === first) {
      const [re, im] = [b[own], b[own + 1]]
      const [fr, fi] = [a[own] - (shift.re * re - shift.im * im), a[own + 1] - (shift.re * im + shift.im * re)]
      makeRotation(fr, fi, a[own + 2 * n], a[own + 2 * n + 1])
      turnRows(pencil, k, k)
    } else {
      rotationOf(a, own - 2, own + 2 * n - 2)
      turnRows(pencil, k, k - 1)
      clear(a, own + 2 * n - 2)
    }
    dropBelow(pencil, b, k + 1, Math.min(k + 3, last + 1))
  }
}

/** Column k of both, and of Z, is multiplied by a number of size 1, so that B has a real one on the diagonal. */
function makeReal({ n, a, b, z }: Pencil, k: number): void {
  const own = 2 * (k * n + k)
  const length = size(b[own], b[own + 1])
  if (length === 0) return
  const [c, s] = [b[own] / length, -b[own + 1] / length]
  for (const h of [a, b, z]) {
    for (let i = 0, at = 2 * k; i < n; i++, at += 2 * n) {
      const [re, im] = [h[at], h[at + 1]]
      h[at] = c * re - s * im
      h[at + 1] = c * im + s * re
    }
  }
  b[own] = length
  b[own + 1] = 0
}
