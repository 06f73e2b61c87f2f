/** Filters as zeros, poles and a gain: plain lists of a few complex numbers, and what is made of them. */

import type { Complex } from '../../dtypes.ts'

export interface Zpk {
  readonly z: readonly Complex[]
  readonly p: readonly Complex[]
  readonly k: number
}

export const complex = (re: number, im = 0): Complex => ({ re, im })
export const add = (a: Complex, b: Complex): Complex => complex(a.re + b.re, a.im + b.im)
export const sub = (a: Complex, b: Complex): Complex => complex(a.re - b.re, a.im - b.im)
export const mul = (a: Complex, b: Complex): Complex => complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
export const scale = (a: Complex, s: number): Complex => complex(a.re * s, a.im * s)
export const size = (a: Complex): number => Math.hypot(a.re, a.im)
export const conj = (a: Complex): Complex => complex(a.re, -a.im)
export function div(a: Complex, b: Complex): Complex {
  const d = b.re * b.re + b.im * b.im
  return complex((a.re * b.re + a.im * b.im) / d, (a.im * b.re - a.re * b.im) / d)
}
export function sqrt(a: Complex): Complex {
  const r = size(a)
  const re = Math.sqrt((r + Math.abs(a.re)) / 2)
  if (re === 0) return complex(0)
  const im = a.im / (2 * re)
  return a.re >= 0 ? complex(re, im) : complex(Math.abs(im), a.im < 0 || Object.is(a.im, -0) ? -re : re)
}
const product = (list: readonly Complex[]): Complex => list.reduce(mul, complex(1))
const negative = (a: Complex) => complex(-a.re, -a.im)
const repeat = (x: Complex, n: number): Complex[] => Array.from({ length: Math.max(0, n) }, () => x)

/** Cutoff 1 rad/s becomes wo. */
export const toLow = ({ z, p, k }: Zpk, wo: number): Zpk => ({
  z: z.map(x => scale(x, wo)),
  p: p.map(x => scale(x, wo)),
  k: k * wo ** (p.length - z.length),
})

export const toHigh = ({ z, p, k }: Zpk, wo: number): Zpk => ({
  z: [...z.map(x => div(complex(wo), x)), ...repeat(complex(0), p.length - z.length)],
  p: p.map(x => div(complex(wo), x)),
  k: k * div(product(z.map(negative)), product(p.map(negative))).re,
})

/** Each becomes two, around ±wo. */
const apart = (list: readonly Complex[], wo: number): Complex[] => {
  const roots = list.map(x => sqrt(sub(mul(x, x), complex(wo * wo))))
  return [...list.map((x, i) => add(x, roots[i])), ...list.map((x, i) => sub(x, roots[i]))]
}

export function toBand({ z, p, k }: Zpk, wo: number, bw: number): Zpk {
  const half = (x: Complex) => scale(x, bw / 2)
  const degree = p.length - z.length
  return {
    z: [...apart(z.map(half), wo), ...repeat(complex(0), degree)],
    p: apart(p.map(half), wo),
    k: k * bw ** degree,
  }
}

export function toStop({ z, p, k }: Zpk, wo: number, bw: number): Zpk {
  const half = (x: Complex) => div(complex(bw / 2), x)
  const degree = p.length - z.length
  return {
    z: [...apart(z.map(half), wo), ...repeat(complex(0, wo), degree), ...repeat(complex(0, -wo), degree)],
    p: apart(p.map(half), wo),
    k: k * div(product(z.map(negative)), product(p.map(negative))).re,
  }
}

/** From the plane of s to that of z. */
export function bilinear({ z, p, k }: Zpk, fs: number): Zpk {
  const twice = complex(2 * fs)
  const move = (x: Complex) => div(add(twice, x), sub(twice, x))
  return {
    z: [...z.map(move), ...repeat(complex(-1), p.length - z.length)],
    p: p.map(move),
    k: k * div(product(z.map(x => sub(twice, x))), product(p.map(x => sub(twice, x)))).re,
  }
}

/** Coefficients of the polynomial with these roots, which come in conjugate pairs; the highest power first. */
export function polynomial(roots: readonly Complex[]): number[] {
  let found: Complex[] = [complex(1)]
  for (const root of roots) {
    const next = [...found, complex(0)]
    for (const [i, c] of found.entries()) next[i + 1] = sub(next[i + 1], mul(c, root))
    found = next
  }
  return found.map(c => c.re)
}

const isReal = (x: Complex) => x.im === 0
const farFromCircle = (x: Complex) => Math.abs(1 - size(x))

/** One of each conjugate pair, then the real ones; ascending. */
function halves(list: readonly Complex[]): Complex[] {
  const real = (x: Complex) => Math.abs(x.im) <= 100 * Number.EPSILON * size(x)
  const order = (a: Complex, b: Complex) => a.re - b.re || a.im - b.im
  return [
    ...list.filter(x => !real(x) && x.im > 0).sort(order),
    ...list
      .filter(real)
      .map(x => complex(x.re))
      .sort(order),
  ]
}

/** Takes the element away for which `cost` is least. */
function take(list: Complex[], cost: (x: Complex) => number, among: (x: Complex) => boolean = () => true): Complex {
  let best = -1
  for (let k = 0; k < list.length; k++) if (among(list[k]) && (best < 0 || cost(list[k]) < cost(list[best]))) best = k
  return list.splice(best, 1)[0]
}

/**
 * Sections of second order, each b0 b1 b2 a0 a1 a2: poles near the unit circle go with the zeros nearest to them, and come last, as `scipy.signal.zpk2sos` pairs them.
 */
export function sectionsOf({ z, p, k }: Zpk): number[][] {
  if (z.length === 0 && p.length === 0) return [[k, 0, 0, 1, 0, 0]]
  const most = Math.max(z.length, p.length)
  const count = Math.ceil(most / 2)
  const fill = (list: readonly Complex[]) => halves([...list, ...repeat(complex(0), 2 * count - list.length)])
  const [zeros, poles] = [fill(z), fill(p)]
  const reals = (list: readonly Complex[]) => list.filter(isReal).length
  const sections: number[][] = []
  for (let s = 0; s < count; s++) {
    const p1 = take(poles, farFromCircle)
    const near = (x: Complex) => size(sub(x, p1))
    let pair: [Complex, Complex]
    let last: Complex
    if (isReal(p1) && reals(poles) === 0) {
      last = complex(0)
      pair = [take(zeros, near, isReal), complex(0)]
    } else if (poles.length + 1 === zeros.length && !isReal(p1) && reals(poles) === 1 && reals(zeros) === 1) {
      last = conj(p1)
      const z1 = take(zeros, near, x => !isReal(x))
      pair = [z1, conj(z1)]
    } else {
      last = isReal(p1) ? take(poles, farFromCircle, isReal) : conj(p1)
      const z1 = take(zeros, near)
      pair = [z1, isReal(z1) ? take(zeros, near, isReal) : conj(z1)]
    }
    sections.unshift([...polynomial(pair), ...polynomial([p1, last])])
  }
  for (let i = 0; i < 3; i++) sections[0][i] *= k
  return sections
}
