/** Transforms of few points in plain loops, before a kernel has begun. Computed in doubles. */

import { primesOf } from './factors.ts'
import type { Lines, Placed, Work } from './lines.ts'
import type { Form } from './passes.ts'
import { rootsOf } from './roots.ts'

/** Longer lines are never transformed here. */
const longest = 4096
/** What takes less is done before kernels have begun. */
const fewNanoseconds = 3_000

interface SmallPlan {
  readonly radices: readonly number[]
  /** About what a point takes. */
  readonly nanoseconds: number
  readonly roots: Float64Array
}

const plans = new Map<number, SmallPlan>()
const mostPlans = 256

function planOf(n: number): SmallPlan {
  let plan = plans.get(n)
  if (plan === undefined) {
    const radices = primesOf(n)
    // Pairs of twos are done as fours.
    while (radices[0] === 2 && radices[1] === 2) {
      radices.splice(0, 2)
      radices.push(4)
    }
    const nanoseconds = radices.reduce(
      (sum, radix) => sum + (radix === 2 || radix === 4 ? 3 : radix === 5 ? 6 : 2.5 * radix),
      0,
    )
    plans.set(n, (plan = { radices, nanoseconds, roots: rootsOf(n) }))
    if (plans.size > mostPlans) plans.delete(plans.keys().next().value!)
  }
  return plan
}

/** Whether plain loops are the fastest way. */
export const isFew = ({ n, outer, inner }: Lines): boolean =>
  n <= longest && n * outer * inner * 3 < fewNanoseconds && n * outer * inner * planOf(n).nanoseconds < fewNanoseconds

let x = new Float64Array(2 * longest)
let y = new Float64Array(2 * longest)

/** Transforms lines here and now. */
export function transformFew({ n, outer, inner, from, to, scale }: Work): void {
  const plan = planOf(n)
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      read(from, o * from.outerStep + i * from.innerStep, n)
      transform(plan, n)
      write(to, o * to.outerStep + i * to.innerStep, n, scale)
    }
  }
}

const partsOf = (form: Form): readonly [re: number, im: number] => (form === 'swapped' ? [1, 0] : [0, 1])

function read({ points, step }: Placed, start: number, n: number): void {
  const [array] = points.arrays
  let at = points.offset + start
  if (points.form === 'reals' || points.form === 'imaginaries') {
    const part = points.form === 'reals' ? 0 : 1
    for (let k = 0; k < n; k++, at += step) {
      x[2 * k + part] = array[at]
      x[2 * k + 1 - part] = 0
    }
    return
  }
  const [re, im] = partsOf(points.form)
  for (let k = 0; k < n; k++, at += step) {
    x[2 * k] = array[2 * at + re]
    x[2 * k + 1] = array[2 * at + im]
  }
}

function write({ points, step }: Placed, start: number, n: number, scale: number): void {
  const [array] = points.arrays
  const [re, im] = partsOf(points.form)
  let at = points.offset + start
  for (let k = 0; k < n; k++, at += step) {
    array[2 * at + re] = x[2 * k] * scale
    array[2 * at + im] = x[2 * k + 1] * scale
  }
}

/** Stockham's passes over x, as in stockham.ts; y is between them. */
function transform({ radices, roots }: SmallPlan, n: number): void {
  let s = 1
  for (const radix of radices) {
    const m = n / s / radix
    if (radix === 2) pass2(x, y, m, s, roots)
    else if (radix === 4) pass4(x, y, m, s, roots)
    else if (radix === 5) pass5(x, y, m, s, roots)
    else passAny(x, y, radix, m, s, roots)
    ;[x, y] = [y, x]
    s *= radix
  }
}

function pass2(x: Float64Array, y: Float64Array, m: number, s: number, roots: Float64Array): void {
  const apart = 2 * s * m
  for (let p = 0; p < m; p++) {
    const c = roots[2 * p * s]
    const d = roots[2 * p * s + 1]
    let i = 2 * s * p
    let to = 2 * i
    for (let q = 0; q < s; q++, i += 2, to += 2) {
      const re = x[i] - x[i + apart]
      const im = x[i + 1] - x[i + apart + 1]
      y[to] = x[i] + x[i + apart]
      y[to + 1] = x[i + 1] + x[i + apart + 1]
      y[to + 2 * s] = re * c - im * d
      y[to + 2 * s + 1] = re * d + im * c
    }
  }
}

function pass4(x: Float64Array, y: Float64Array, m: number, s: number, roots: Float64Array): void {
  const apart = 2 * s * m
  const wide = 2 * s
  for (let p = 0; p < m; p++) {
    const at = 2 * p * s
    const c1 = roots[at]
    const d1 = roots[at + 1]
    const c2 = roots[2 * at]
    const d2 = roots[2 * at + 1]
    const c3 = roots[3 * at]
    const d3 = roots[3 * at + 1]
    let i = at
    let to = 4 * at
    for (let q = 0; q < s; q++, i += 2, to += 2) {
      const j = i + apart
      const k = j + apart
      const l = k + apart
      const sumRe = x[i] + x[k]
      const sumIm = x[i + 1] + x[k + 1]
      const lessRe = x[i] - x[k]
      const lessIm = x[i + 1] - x[k + 1]
      const oddRe = x[j] + x[l]
      const oddIm = x[j + 1] + x[l + 1]
      const turnRe = x[j + 1] - x[l + 1]
      const turnIm = x[l] - x[j]
      y[to] = sumRe + oddRe
      y[to + 1] = sumIm + oddIm
      const re1 = lessRe + turnRe
      const im1 = lessIm + turnIm
      y[to + wide] = re1 * c1 - im1 * d1
      y[to + wide + 1] = re1 * d1 + im1 * c1
      const re2 = sumRe - oddRe
      const im2 = sumIm - oddIm
      y[to + 2 * wide] = re2 * c2 - im2 * d2
      y[to + 2 * wide + 1] = re2 * d2 + im2 * c2
      const re3 = lessRe - turnRe
      const im3 = lessIm - turnIm
      y[to + 3 * wide] = re3 * c3 - im3 * d3
      y[to + 3 * wide + 1] = re3 * d3 + im3 * c3
    }
  }
}

const [cos1, cos2] = [Math.cos((2 * Math.PI) / 5), Math.cos((4 * Math.PI) / 5)]
const [sin1, sin2] = [Math.sin((2 * Math.PI) / 5), Math.sin((4 * Math.PI) / 5)]

/** Points k and 5 − k go with the same cosines, and with sines of opposite signs. */
function pass5(x: Float64Array, y: Float64Array, m: number, s: number, roots: Float64Array): void {
  const apart = 2 * s * m
  const wide = 2 * s
  for (let p = 0; p < m; p++) {
    const at = 2 * p * s
    let i = at
    let to = 5 * at
    for (let q = 0; q < s; q++, i += 2, to += 2) {
      const j = i + apart
      const k = j + apart
      const l = k + apart
      const o = l + apart
      const sum1Re = x[j] + x[o]
      const sum1Im = x[j + 1] + x[o + 1]
      const less1Re = x[j] - x[o]
      const less1Im = x[j + 1] - x[o + 1]
      const sum2Re = x[k] + x[l]
      const sum2Im = x[k + 1] + x[l + 1]
      const less2Re = x[k] - x[l]
      const less2Im = x[k + 1] - x[l + 1]
      y[to] = x[i] + sum1Re + sum2Re
      y[to + 1] = x[i + 1] + sum1Im + sum2Im
      const re1 = x[i] + cos1 * sum1Re + cos2 * sum2Re
      const im1 = x[i + 1] + cos1 * sum1Im + cos2 * sum2Im
      const re2 = x[i] + cos2 * sum1Re + cos1 * sum2Re
      const im2 = x[i + 1] + cos2 * sum1Im + cos1 * sum2Im
      const turn1Re = sin1 * less1Im + sin2 * less2Im
      const turn1Im = -sin1 * less1Re - sin2 * less2Re
      const turn2Re = sin2 * less1Im - sin1 * less2Im
      const turn2Im = sin1 * less2Re - sin2 * less1Re
      turnInto(y, to + wide, re1 + turn1Re, im1 + turn1Im, roots, at)
      turnInto(y, to + 2 * wide, re2 + turn2Re, im2 + turn2Im, roots, 2 * at)
      turnInto(y, to + 3 * wide, re2 - turn2Re, im2 - turn2Im, roots, 3 * at)
      turnInto(y, to + 4 * wide, re1 - turn1Re, im1 - turn1Im, roots, 4 * at)
    }
  }
}

/** Writes a point times a root. */
function turnInto(y: Float64Array, to: number, re: number, im: number, roots: Float64Array, at: number): void {
  const c = roots[at]
  const d = roots[at + 1]
  y[to] = re * c - im * d
  y[to + 1] = re * d + im * c
}

/** As it is defined, with the twiddle in the same factor. */
function passAny(x: Float64Array, y: Float64Array, r: number, m: number, s: number, roots: Float64Array): void {
  const n = r * m * s
  for (let p = 0; p < m; p++) {
    for (let t = 0; t < r; t++) {
      const step = t * s * m
      for (let q = 0; q < s; q++) {
        let re = 0
        let im = 0
        // e^(−2πi·(kt/r + pt/(rm))), all in parts of n.
        let turn = p * t * s
        for (let k = 0; k < r; k++) {
          const i = 2 * (q + s * (p + m * k))
          const c = roots[2 * turn]
          const d = roots[2 * turn + 1]
          re += x[i] * c - x[i + 1] * d
          im += x[i] * d + x[i + 1] * c
          turn += step
          if (turn >= n) turn -= n
        }
        const to = 2 * (q + s * (r * p + t))
        y[to] = re
        y[to + 1] = im
      }
    }
  }
}
