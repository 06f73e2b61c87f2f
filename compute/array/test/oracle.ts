/** What functions are of exact numbers, and how far from that results are, in units of what rounding may do. */

import assert from 'node:assert/strict'
import {
  add,
  divide,
  type Exact,
  exact,
  isZero,
  multiply,
  none,
  product,
  ratio,
  size,
  subtract,
  sum,
} from '../../../testing/ulp/exact.ts'
import * as nd from '../src/index.ts'

export const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
console.log(`fast-check seed ${seed} (SEED=${seed} repeats this run)`)

export const dtypes = ['float64', 'float32', 'complex128', 'complex64'] as const
export type Inexact = (typeof dtypes)[number]

const isSingle = (dtype: nd.DType): boolean => dtype === 'float32' || dtype === 'complex64'
export const isPair = (dtype: nd.DType): boolean => dtype.startsWith('complex')
/** Half of what is between 1 and the next float: the largest relative error of one rounding. */
export const unit = (dtype: nd.DType): number => (isSingle(dtype) ? 2 ** -24 : 2 ** -53)
/** The smallest float above 0: an operation that underflows is off by no more. */
export const least = (dtype: nd.DType): number => (isSingle(dtype) ? 2 ** -149 : 2 ** -1074)
/** The decimal exponent up to which there are floats, and down to which they have all their bits. */
const range = (dtype: nd.DType): number => (isSingle(dtype) ? 37 : 307)

/** Numbers between −1 and 1 by a generator of 32 bits (Marsaglia's xorshift). */
export function chance(start: number): () => number {
  let state = Math.imul(start + 1, 2654435761) | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state / 2 ** 31
  }
}

/** How elements are spread: of the k-th of n numbers between −1 and 1. */
export const spreads: Record<string, (x: number, k: number, n: number, dtype: nd.DType) => number> = {
  even: x => x,
  graded: (x, k, n, dtype) => x * 10 ** ((isSingle(dtype) ? -12 : -30) * (k / n)),
  wild: (x, k, _, dtype) => x * 10 ** (Math.sin(k * 12.9898) * (isSingle(dtype) ? 6 : 60)),
  cancelling: (x, k) => (k % 2 === 0 ? 1 + Math.trunc(k / 2) * 0.125 : -(1 + Math.trunc(k / 2) * 0.125)) + x * 1e-6,
  'far from 0': (x, _, __, dtype) => (isSingle(dtype) ? 1e5 : 1e9) + x,
  zero: () => 0,
}
/** Those near the ends of the range, for what does not multiply elements with each other. */
export const extremes: typeof spreads = {
  huge: (x, _, n, dtype) => (x * 10 ** range(dtype)) / n,
  tiny: (x, _, __, dtype) => x * 10 ** -range(dtype),
  subnormal: (x, _, __, dtype) => Math.round(x * 1000) * least(dtype),
}

/** Elements of a spread in a dtype. */
export function spread(name: string, shape: readonly number[], dtype: Inexact, start: number): nd.NDArray {
  const next = chance(start)
  const make = spreads[name] ?? extremes[name]
  const n = shape.reduce((x, y) => x * y, 1)
  const one = (k: number) => make(next(), k, n, dtype)
  if (!isPair(dtype))
    return nd
      .asarray(Array.from({ length: n }, (_, k) => one(k)))
      .reshape(shape)
      .astype(dtype)
      .eval()
  const list = Array.from({ length: n }, (_, k) => ({ re: one(k), im: one(k) }))
  return nd.asarray(list, { dtype: 'complex128' }).reshape(shape).astype(dtype).eval()
}

type Item = number | nd.Complex
/** Elements in C order, as they are. */
export const exactOf = (x: nd.NDArray): Exact[] =>
  ([x.toList()].flat(Number.POSITIVE_INFINITY) as Item[]).map(v => exact(v))

export const dot = (x: readonly Exact[], y: readonly Exact[]): Exact => sum(x.map((v, k) => multiply(v, y[k])))
export const sizes = (x: readonly Exact[]): Exact[] => x.map(size)
export const prefixes = (x: readonly Exact[], start: Exact, combine: (a: Exact, b: Exact) => Exact): Exact[] => {
  let running = start
  return x.map(v => (running = combine(running, v)))
}

export const rowsOf = (x: nd.NDArray): Exact[][] => {
  const [m, n] = x.shape
  const list = exactOf(x)
  return Array.from({ length: m }, (_, i) => list.slice(i * n, (i + 1) * n))
}
export const product2 = (a: readonly Exact[][], b: readonly Exact[][]): Exact[][] =>
  a.map(row =>
    b[0].map((_, j) =>
      dot(
        row,
        b.map(r => r[j]),
      ),
    ),
  )

/**
 * Fails where a result is off by more than `most` bounds, and says the largest share of a bound that one was.
 * @param bounds what one rounding of everything that went into an element does; times `most` what its error may be
 * @param below what underflow may do besides
 */
export function isWithin(
  what: string,
  found: nd.NDArray,
  expected: readonly Exact[],
  bounds: readonly Exact[],
  most: number,
): number {
  const dtype = found.dtype
  assert.equal(found.size, expected.length)
  const items = [found.toList()].flat(Number.POSITIVE_INFINITY) as Item[]
  const u = exact(unit(dtype))
  const below = exact(least(dtype))
  let worst = 0
  for (const [k, item] of items.entries()) {
    assert.ok(
      nd.all(nd.isfinite(nd.asarray(item as number))).item(),
      `${what} ${dtype}: element ${k} is ${JSON.stringify(item)}`,
    )
    const off = size(subtract(exact(item), expected[k]))
    const share = ratio(off, add(multiply(bounds[k], u), below))
    if (share > worst) worst = share
  }
  assert.ok(worst <= most, `${what} of ${dtype}: off by ${worst} units, not ${most}`)
  return worst
}

/** The smallest power of two that makes whole numbers of all. */
const commonExponent = (rows: readonly Exact[][]): number =>
  Math.min(0, ...rows.flat().flatMap(({ re, im }) => [re, im].filter(({ m }) => m !== 0n).map(({ e }) => e)))

/** Whole numbers of Gauss. */
interface Whole {
  readonly re: bigint
  readonly im: bigint
}
const wholes = (rows: readonly Exact[][], exponent: number): Whole[][] =>
  rows.map(row =>
    row.map(({ re, im }) => ({
      re: re.m << BigInt(re.m === 0n ? 0 : re.e - exponent),
      im: im.m << BigInt(im.m === 0n ? 0 : im.e - exponent),
    })),
  )
const times = (a: Whole, b: Whole): Whole =>
  a.im === 0n && b.im === 0n
    ? { re: a.re * b.re, im: 0n }
    : { re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re }
/** a / b where that is a whole number. */
function quotient(a: Whole, b: Whole): Whole {
  if (a.im === 0n && b.im === 0n) return { re: a.re / b.re, im: 0n }
  const top = times(a, { re: b.re, im: -b.im })
  const square = b.re * b.re + b.im * b.im
  return { re: top.re / square, im: top.im / square }
}

/** Elimination without fractions (E. H. Bareiss, 1968), of columns above pivots too: the determinant, and what it is times the solutions; exact. */
export function eliminated(a: readonly Exact[][], b: readonly Exact[][]): { determinant: Exact; scaled: Exact[][] } {
  const n = a.length
  const [exponent, exponentOfRight] = [commonExponent(a), commonExponent(b)]
  const right = wholes(b, exponentOfRight)
  const rows = wholes(a, exponent).map((row, i) => [...row, ...right[i]])
  let [before, sign]: [Whole, bigint] = [{ re: 1n, im: 0n }, 1n]
  for (let k = 0; k < n; k++) {
    const pivot = rows.findIndex((row, i) => i >= k && (row[k].re !== 0n || row[k].im !== 0n))
    if (pivot < 0) return { determinant: none, scaled: [] }
    if (pivot !== k) {
      ;[rows[k], rows[pivot]] = [rows[pivot], rows[k]]
      sign = -sign
    }
    const top = rows[k]
    const by = top[k]
    for (let i = 0; i < n; i++) {
      if (i === k) continue
      const row = rows[i]
      const factor = row[k]
      for (let j = 0; j < row.length; j++) {
        const [p, q] = [times(by, row[j]), times(factor, top[j])]
        row[j] = quotient({ re: p.re - q.re, im: p.im - q.im }, before)
      }
    }
    before = by
  }
  const shifted = ({ re, im }: Whole, e: number): Exact => ({ re: { m: sign * re, e }, im: { m: sign * im, e } })
  const last = n === 0 ? { re: 1n, im: 0n } : before
  return {
    determinant: shifted(last, n * exponent),
    scaled: rows.map(row => row.slice(n).map(v => shifted(v, (n - 1) * exponent + exponentOfRight))),
  }
}

export const determinant = (a: readonly Exact[][]): Exact =>
  eliminated(
    a,
    a.map(() => []),
  ).determinant

/** The X of A·X = B to 300 bits; undefined where A is singular. */
export function solution(a: readonly Exact[][], b: readonly Exact[][]): Exact[][] | undefined {
  const { determinant: d, scaled } = eliminated(a, b)
  return isZero(d) ? undefined : scaled.map(row => row.map(v => divide(v, d)))
}

export const unitMatrix = (n: number): Exact[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? exact(1) : none)))

export type { Exact }
export { add, divide, exact, multiply, none, product, ratio, size, subtract, sum }
