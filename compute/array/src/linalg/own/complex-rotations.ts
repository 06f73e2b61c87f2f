/** Plane rotations of pairs: x becomes c·x + s·y and y c·y − s̄·x, c real. */

import { size } from './complex.ts'

/** The rotation that was made last: c, s, and what it leaves of (f, g), whose second element it makes zero. */
export const turn = { c: 1, re: 0, im: 0, leftRe: 0, leftIm: 0 }

export function makeRotation(fr: number, fi: number, gr: number, gi: number): void {
  const [f, g] = [size(fr, fi), size(gr, gi)]
  if (g === 0) Object.assign(turn, { c: 1, re: 0, im: 0, leftRe: fr, leftIm: fi })
  else if (f === 0) Object.assign(turn, { c: 0, re: gr / g, im: -gi / g, leftRe: g, leftIm: 0 })
  else {
    const norm = size(f, g)
    const [pr, pi] = [fr / f, fi / f]
    turn.c = f / norm
    turn.re = (pr * gr + pi * gi) / norm
    turn.im = (pi * gr - pr * gi) / norm
    turn.leftRe = pr * norm
    turn.leftIm = pi * norm
  }
}

/** Pairs x become c·x + s·y, and those y that lie `apart` c·y − s̄·x; the next ones are `step` further. */
export function rotate(
  h: Float64Array,
  at: number,
  apart: number,
  step: number,
  count: number,
  c: number,
  re: number,
  im: number,
) {
  for (let k = 0; k < count; k++, at += step) {
    const xr = h[at]
    const xi = h[at + 1]
    const yr = h[at + apart]
    const yi = h[at + apart + 1]
    h[at] = c * xr + re * yr - im * yi
    h[at + 1] = c * xi + re * yi + im * yr
    h[at + apart] = c * yr - re * xr - im * xi
    h[at + apart + 1] = c * yi - re * xi + im * xr
  }
}
