/**
 * Sums, products and what is made of them against exact arithmetic: errors within the bounds of N. J. Higham, Accuracy
 * and Stability of Numerical Algorithms, 2002, chapters 1 to 5 and 24.
 */

import { describe, test } from 'node:test'
import fc from 'fast-check'
import { sqrt } from '../../../testing/ulp/bigfloat.ts'
import * as nd from '../src/index.ts'
import {
  add,
  divide,
  dot,
  dtypes,
  type Exact,
  exact,
  exactOf,
  extremes,
  type Inexact,
  isPair,
  isWithin,
  multiply,
  none,
  prefixes,
  product,
  product2,
  rowsOf,
  seed,
  size,
  sizes,
  spread,
  spreads,
  subtract,
  sum,
  unit,
} from './oracle.ts'
import { type Runner, runners } from './runners.ts'

const log = process.env.SHARES ? console.log : () => {}
const kinds = Object.keys(spreads)
const allKinds = [...kinds, ...Object.keys(extremes)]

/** Of many trials, each dtype's largest share of its bound; `SHARES=1` shows them. */
function within(
  { name, on }: Runner,
  what: string,
  names: readonly string[],
  most: number,
  trial: (kind: string, n: number, dtype: Inexact, start: number) => number,
): void {
  const longest = name === 'reference' ? 40 : 700
  test(
    what,
    on(() => {
      for (const dtype of dtypes) {
        let worst = 0
        fc.assert(
          fc.property(fc.constantFrom(...names), fc.integer({ min: 1, max: longest }), fc.nat(), (kind, n, start) => {
            worst = Math.max(worst, trial(kind, n, dtype, start))
          }),
          { seed, numRuns: name === 'reference' ? 12 : 30 },
        )
        log(`${name} ${what} ${dtype}: ${worst} of ${most}`)
      }
    }),
  )
}

const times = (k: number, x: Exact) => multiply(exact(k), x)
const total = (x: readonly Exact[]) => sum(sizes(x))

for (const runner of runners.filter(({ name }) => name !== 'lapack')) {
  describe(`exact sums on ${runner.name}`, { skip: runner.skip }, () => {
    within(runner, 'sum', allKinds, 1, (kind, n, dtype, start) => {
      const x = spread(kind, [n], dtype, start)
      return isWithin('sum', nd.sum(x), [sum(exactOf(x))], [times(n, total(exactOf(x)))], 1)
    })
    within(runner, 'sums of columns', allKinds, 1, (kind, n, dtype, start) => {
      const x = spread(kind, [n, 3], dtype, start)
      const columns = rowsOf(x.mT)
      const bounds = columns.map(c => times(n, total(c)))
      return isWithin('sum', nd.sum(x, { axis: 0 }), columns.map(sum), bounds, 1)
    })
    within(runner, 'mean', allKinds, 1, (kind, n, dtype, start) => {
      const x = spread(kind, [n], dtype, start)
      const list = exactOf(x)
      const by = (v: Exact) => divide(v, exact(n))
      return isWithin('mean', nd.mean(x), [by(sum(list))], [times(n + 1, by(total(list)))], 1)
    })
    within(runner, 'cumulative sums', allKinds, 1, (kind, n, dtype, start) => {
      const x = spread(kind, [n], dtype, start)
      const list = exactOf(x)
      const bounds = prefixes(sizes(list), none, add).map((v, k) => times(k + 4, v))
      return isWithin('cumulativeSum', nd.cumulativeSum(x), prefixes(list, none, add), bounds, 1)
    })
    within(runner, 'products', ['even'], 1, (kind, n, dtype, start) => {
      // Between 1 and 1.5 in each part.
      const x = nd.add(nd.divide(spread(kind, [Math.min(n, 60)], dtype, start), 4), 1.25).eval()
      const found = exactOf(x)
      const bound = times(found.length * (isPair(dtype) ? 3 : 1), product(sizes(found)))
      isWithin('cumulativeProd', nd.cumulativeProd(x).at(-1), [product(found)], [bound], 1)
      return isWithin('prod', nd.prod(x), [product(found)], [bound], 1)
    })
    within(runner, 'dot', kinds, 1, (kind, n, dtype, start) => {
      const [x, y] = [spread(kind, [n], dtype, start), spread('even', [n], dtype, start + 1)]
      const [u, v] = [exactOf(nd.conj(x)), exactOf(y)]
      return isWithin('vecdot', nd.vecdot(x, y), [dot(u, v)], [times(n + 2, dot(sizes(u), sizes(v)))], 1)
    })
    within(runner, 'norm', kinds, 1, (kind, n, dtype, start) => {
      const x = spread(kind, [n], dtype, start)
      const square = sum(exactOf(x).map(v => multiply(v, { re: v.re, im: { m: -v.im.m, e: v.im.e } })))
      const expected = { re: sqrt(square.re), im: none.im }
      isWithin(
        'vectorNorm',
        nd.linalg.vectorNorm(x.reshape([1, n]), { axis: 1 }),
        [expected],
        [times(n + 2, expected)],
        1,
      )
      return isWithin('vectorNorm', nd.linalg.vectorNorm(x), [expected], [times(n + 2, expected)], 1)
    })
    within(runner, 'norm of a short vector', Object.keys(extremes), 1, (kind, n, dtype, start) => {
      if (isPair(dtype)) return 0
      const x = spread(kind, [n], dtype, start)
      const expected = { re: sqrt(dot(exactOf(x), exactOf(x)).re), im: none.im }
      return isWithin('vectorNorm', nd.linalg.vectorNorm(x), [expected], [times(n + 4, expected)], 1)
    })
    within(runner, 'products of matrices', kinds, 1, (kind, n, dtype, start) => {
      const [m, k, l] = [1 + (start % 9), 1 + (n % 40), 1 + (n % 7)]
      const [a, b] = [spread(kind, [m, k], dtype, start), spread('graded', [k, l], dtype, start + 1)]
      const [u, v] = [rowsOf(a), rowsOf(b)]
      const bounds = product2(u.map(sizes), v.map(sizes)).flat()
      return isWithin(
        'matmul',
        nd.matmul(a, b),
        product2(u, v).flat(),
        bounds.map(x => times(k + 2, x)),
        1,
      )
    })
    within(runner, 'polynomials by Horner’s rule', ['even', 'graded'], 1, (kind, n, dtype, start) => {
      const p = spread(kind, [1 + (n % 30)], dtype, start)
      const x = nd.multiply(spread('even', [5], dtype, start + 1), 1.5).eval()
      const value = (c: readonly Exact[], at: Exact) => c.reduce((y, v) => add(multiply(y, at), v), none)
      const [c, places] = [exactOf(p), exactOf(x)]
      const bounds = places.map(at =>
        times(2 * c.length + (isPair(dtype) ? 2 * c.length : 0), value(sizes(c), size(at))),
      )
      return isWithin(
        'polyval',
        nd.polyval(p, x),
        places.map(at => value(c, at)),
        bounds,
        1,
      )
    })
    within(runner, 'convolution', kinds, 1, (kind, n, dtype, start) => {
      const [long, short] = [n % 90, n % 11].map(v => v + 1)
      const [x, y] = [spread(kind, [long], dtype, start), spread('even', [short], dtype, start + 1)]
      const [u, v] = [exactOf(x), exactOf(y)]
      const folded = (a: readonly Exact[], b: readonly Exact[]) =>
        Array.from({ length: long + short - 1 }, (_, k) =>
          sum(b.flatMap((w, j) => (a[k - j] ? [multiply(a[k - j], w)] : []))),
        )
      const bounds = folded(sizes(u), sizes(v)).map(w => times(short + 2, w))
      return isWithin('convolve', nd.convolve(x, y), folded(u, v), bounds, 1)
    })
    within(runner, 'variances', kinds, 1, (kind, n, dtype, start) => {
      const x = spread(kind, [n], dtype, start)
      const list = exactOf(x)
      const mean = divide(sum(list), exact(n))
      const squares = (from: Exact) => sum(list.map(v => squareOf(subtract(v, from))))
      const expected = divide(squares(mean), exact(n))
      // Of two passes: what rounding does to the squares, and the square of what it does to the mean.
      const ofMean = multiply(exact(unit(dtype)), times((n + 1) ** 2, squareOf(divide(total(list), exact(n)))))
      return isWithin('variance', nd.variance(x), [expected], [add(times(n + 4, expected), ofMean)], 1)
    })
    within(runner, 'quantiles', allKinds, 1, (kind, n, dtype, start) => {
      if (isPair(dtype)) return 0
      const x = spread(kind, [n], dtype, start)
      const sorted = exactOf(x).sort((a, b) => (subtract(a, b).re.m < 0n ? -1 : 1))
      let worst = 0
      // Eighths of whole numbers are exact, so that all agree between which elements a quantile is.
      for (const q of [0, 0.125, 0.5, 0.875, 1]) {
        const place = (n - 1) * q
        const [a, b] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
        const expected = add(a, times(place % 1, subtract(b, a)))
        const bound = times(3, add(size(a), size(b)))
        worst = Math.max(worst, isWithin('quantile', nd.quantile(x, q), [expected], [bound], 1))
      }
      return worst
    })
    within(runner, 'deviations', kinds, 1, (kind, n, dtype, start) => {
      const x = spread(kind, [n], dtype, start)
      const square = exactOf(nd.variance(x))[0]
      return isWithin(
        'std',
        nd.std(x),
        [{ re: sqrt(square.re), im: none.im }],
        [{ re: sqrt(square.re), im: none.im }],
        2,
      )
    })
  })
}
const squareOf = ({ re, im }: Exact): Exact => multiply({ re, im }, { re, im: { m: -im.m, e: im.e } })
