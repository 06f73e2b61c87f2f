/**
 * Singular values of bidiagonal matrices by implicit QR steps, without a shift where small values would lose digits (J. Demmel, W. Kahan, Accurate Singular Values of
 * Bidiagonal Matrices, 1990), as LAPACK's dbdsqr takes them.
 */

import { makeRotation, type Rotations } from './rotations.ts'

const epsilon = 2 ** -53
const smallest = 2 ** -1022
/** Of elements beside the diagonal, relative to those on it. */
const tolerance = 98 * epsilon
/** Rotations, relative to n², after which there is no hope. */
const most = 12

interface Sides {
  /** Of rows of Uᵀ and Vᵀ. */
  readonly left?: Rotations
  readonly right?: Rotations
}

/** Makes d the singular values, in no order and of any sign, and e zeros. @returns whether it came to an end */
export function diagonaliseBidiagonal(d: Float64Array, e: Float64Array, sides: Sides): boolean {
  const n = d.length
  const floor = thresholdOf(d, e)
  let [first, last] = [n, -1]
  let isDown = true
  let bottom = n - 1
  let rotations = 0
  while (bottom > 0) {
    if (rotations > most * n * n + 100) return false
    if (Math.abs(e[bottom - 1]) <= floor) {
      e[--bottom] = 0
      continue
    }
    let top = bottom - 1
    let largest = Math.max(Math.abs(d[bottom]), Math.abs(d[top]), Math.abs(e[top]))
    while (top > 0 && Math.abs(e[top - 1]) > floor) {
      top--
      largest = Math.max(largest, Math.abs(d[top]), Math.abs(e[top]))
    }
    if (top > 0) e[top - 1] = 0
    // From the larger end to the smaller one; a part of what was in work goes on as before.
    if (top > last || bottom < first) isDown = Math.abs(d[top]) >= Math.abs(d[bottom])
    ;[first, last] = [top, bottom]
    const least = leastOf(d, e, top, bottom, isDown)
    if (least === undefined) continue
    rotations += bottom - top
    const shift = shiftOf(d, e, top, bottom, isDown)
    const start = Math.abs(d[isDown ? top : bottom])
    const isUseless =
      n * tolerance * (least / largest) <= Math.max(epsilon, 0.01 * tolerance) ||
      (start > 0 && (shift / start) ** 2 < epsilon)
    const ends = isDown ? ([top, bottom] as const) : ([bottom, top] as const)
    if (isUseless || shift === 0) stepWithoutShift(d, e, ...ends, sides)
    else stepWithShift(d, e, ...ends, shift, sides)
    const joint = isDown ? bottom - 1 : top
    if (Math.abs(e[joint]) <= floor) e[joint] = 0
  }
  return true
}

/** What is nothing beside the smallest singular value, of which there is a bound. */
function thresholdOf(d: Float64Array, e: Float64Array): number {
  const n = d.length
  let bound = n > 0 ? Math.abs(d[0]) : 0
  let mu = bound
  for (let i = 1; i < n && bound > 0; i++) {
    mu = Math.abs(d[i]) * (mu / (mu + Math.abs(e[i - 1])))
    bound = Math.min(bound, mu)
  }
  return Math.max((tolerance * bound) / Math.sqrt(n), 6 * n * n * smallest)
}

/** A bound of the smallest singular value; undefined if an element beside the diagonal was found to be nothing, and made 0. */
function leastOf(d: Float64Array, e: Float64Array, top: number, bottom: number, isDown: boolean): number | undefined {
  const last = isDown ? bottom - 1 : top
  if (Math.abs(e[last]) <= tolerance * Math.abs(d[isDown ? bottom : top])) {
    e[last] = 0
    return undefined
  }
  const way = isDown ? 1 : -1
  const [from, to] = isDown ? [top, bottom] : [bottom, top]
  let mu = Math.abs(d[from])
  let least = mu
  for (let i = from; i !== to; i += way) {
    const joint = isDown ? i : i - 1
    const size = Math.abs(e[joint])
    if (size <= tolerance * mu) {
      e[joint] = 0
      return undefined
    }
    mu = Math.abs(d[i + way]) * (mu / (mu + size))
    least = Math.min(least, mu)
  }
  return least
}

/** The smaller singular value of the two by two matrix at the end. */
function shiftOf(d: Float64Array, e: Float64Array, top: number, bottom: number, isDown: boolean): number {
  const i = isDown ? bottom - 1 : top
  const [f, g, h] = [Math.abs(d[i]), Math.abs(e[i]), Math.abs(d[i + 1])]
  const [small, large] = f < h ? [f, h] : [h, f]
  if (small === 0) return 0
  const as = 1 + small / large
  const at = (large - small) / large
  if (g < large) {
    const au = (g / large) ** 2
    return small * (2 / (Math.sqrt(as * as + au) + Math.sqrt(at * at + au)))
  }
  const au = large / g
  if (au === 0) return (small * large) / g
  const c = 1 / (Math.sqrt(1 + (as * au) ** 2) + Math.sqrt(1 + (at * au) ** 2))
  return 2 * (small * c * au)
}

const one = { c: 1, s: 0, r: 0 }
const other = { c: 1, s: 0, r: 0 }

/** Which side's rotations the first and the second of each pair are: a step that goes up is one of the transpose. */
const inOrder = ({ left, right }: Sides, isDown: boolean) => (isDown ? [right, left] : [left, right])

function stepWithoutShift(d: Float64Array, e: Float64Array, from: number, to: number, sides: Sides): void {
  const isDown = from < to
  const [way, toNext] = isDown ? [1, 0] : [-1, -1]
  const [inner, outer] = inOrder(sides, isDown)
  inner?.begin(from, isDown)
  outer?.begin(from, isDown)
  one.c = 1
  other.c = 1
  for (let i = from; i !== to; i += way) {
    const own = i + toNext
    makeRotation(d[i] * one.c, e[own], one)
    if (i !== from) e[own - way] = other.s * one.r
    makeRotation(other.c * one.r, d[i + way] * one.s, other)
    d[i] = other.r
    inner?.add(one.c, one.s)
    outer?.add(other.c, other.s)
  }
  const h = d[to] * one.c
  d[to] = h * other.c
  e[to - way + toNext] = h * other.s
}

function stepWithShift(d: Float64Array, e: Float64Array, from: number, to: number, shift: number, sides: Sides): void {
  const isDown = from < to
  const [way, toNext] = isDown ? [1, 0] : [-1, -1]
  const [inner, outer] = inOrder(sides, isDown)
  inner?.begin(from, isDown)
  outer?.begin(from, isDown)
  let f = (Math.abs(d[from]) - shift) * ((d[from] < 0 ? -1 : 1) + shift / d[from])
  let g = e[from + toNext]
  for (let i = from; i !== to; i += way) {
    const own = i + toNext
    const next = i + way
    makeRotation(f, g, one)
    if (i !== from) e[own - way] = one.r
    f = one.c * d[i] + one.s * e[own]
    e[own] = one.c * e[own] - one.s * d[i]
    g = one.s * d[next]
    d[next] *= one.c
    makeRotation(f, g, other)
    d[i] = other.r
    f = other.c * e[own] + other.s * d[next]
    d[next] = other.c * d[next] - other.s * e[own]
    if (next !== to) {
      g = other.s * e[own + way]
      e[own + way] *= other.c
    }
    inner?.add(one.c, one.s)
    outer?.add(other.c, other.s)
  }
  e[to - way + toNext] = f
}
