/**
 * Systems, inverses and determinants against elimination without fractions, on LAPACK's types of matrices (TESTING/MATGEN and LIN/dchkge): backward errors
 * below 30 n·u, forward errors below that times the condition, ill-scaled and nearly singular ones included.
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as nd from '../src/index.ts'
import {
  add,
  chance,
  determinant,
  dtypes,
  type Exact,
  exact,
  type Inexact,
  isPair,
  isWithin,
  multiply,
  none,
  product2,
  ratio,
  rowsOf,
  seed,
  size,
  sizes,
  solution,
  subtract,
  unit,
  unitMatrix,
} from './oracle.ts'
import { runners } from './runners.ts'

const { linalg } = nd

type Entry = (x: number, i: number, j: number, n: number, single: boolean) => number
const types: Record<string, Entry> = {
  diagonal: (x, i, j) => (i === j ? x + 2 : 0),
  identity: (_, i, j) => (i === j ? 1 : 0),
  upper: (x, i, j) => (j < i ? 0 : i === j ? x + 2 : x),
  lower: (x, i, j) => (j > i ? 0 : i === j ? x + 2 : x),
  dense: x => x,
  'graded rows': (x, i, _, n, single) => x * 10 ** ((single ? -6 : -14) * (i / n)),
  'graded columns': (x, _, j, n, single) => x * 10 ** ((single ? -6 : -14) * (j / n)),
  'graded both ways': (x, i, j, n, single) => x * 10 ** ((single ? -5 : -12) * ((i + j) / n)),
  'nearly of rank one': (x, i, j, _, single) => (i + 1) * (j + 2) + x * (single ? 1e-3 : 1e-8),
  hilbert: (_, i, j) => 1 / (i + j + 1),
  'with a tiny pivot first': (x, i, j, _, single) => (i === 0 && j === 0 ? (single ? 1e-30 : 1e-200) : x),
  huge: (x, _, __, ___, single) => x * (single ? 1e30 : 1e290),
  tiny: (x, _, __, ___, single) => x * (single ? 1e-30 : 1e-290),
}
const names = Object.keys(types)

function matrix(name: string, m: number, n: number, dtype: Inexact, start: number): nd.NDArray {
  const next = chance(start)
  const single = unit(dtype) > 1e-10
  const one = (k: number) => types[name](next(), Math.floor(k / n), k % n, m, single)
  const list = Array.from({ length: m * n }, (_, k) => (isPair(dtype) ? { re: one(k), im: one(k) } : one(k)))
  const wide = nd.asarray(list, { dtype: isPair(dtype) ? 'complex128' : 'float64' })
  return nd.astype(wide.reshape([m, n]), dtype).eval()
}

const largest = (list: readonly Exact[]): Exact => list.reduce((a, b) => (ratio(a, b) > 1 ? a : b), none)
/** The largest sum of a row. */
const norm = (a: readonly Exact[][]): Exact => largest(a.map(row => sizes(row).reduce(add, none)))
const condition = (a: readonly Exact[][]): number =>
  ratio(multiply(norm(a), norm(solution(a, unitMatrix(a.length))!)), exact(1))
const isRegular = (a: nd.NDArray): boolean => ratio(size(determinant(rowsOf(a))), exact(1)) > 0

const isSmall = (what: string, off: Exact, beside: Exact, n: number, dtype: Inexact): void => {
  const share = ratio(off, multiply(beside, exact(n * 2 * unit(dtype))))
  assert.ok(share < 30, `${what} ${dtype}: ${share}`)
}

/** Trials of matrices that are not singular; those that are so near to it that a pivot may vanish by rounding may be refused. */
const trials = (on: boolean, run: (a: nd.NDArray, n: number, name: string, dtype: Inexact, start: number) => void) => {
  for (const dtype of dtypes)
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.integer({ min: 1, max: on ? 6 : 12 }), fc.nat(), (name, n, start) => {
        const a = matrix(name, n, n, dtype, start)
        if (!isRegular(a)) return
        try {
          run(a, n, name, dtype, start)
        } catch (error) {
          if (!(error instanceof nd.LinearAlgebraError)) throw error
          assert.ok(condition(rowsOf(a)) * 30 * n * unit(dtype) > 1, `${name} of ${n}, ${dtype}: ${error.message}`)
        }
      }),
      { seed, numRuns: on ? 15 : 40 },
    )
}

for (const { name: runner, skip, on } of runners) {
  describe(`exact systems on ${runner}`, { skip }, () => {
    const isSlow = runner === 'reference'
    test(
      'solutions: residuals, and how far they are from the exact ones',
      on(() =>
        trials(isSlow, (a, n, name, dtype, start) => {
          const b = matrix('dense', n, 2, dtype, start + 1)
          const [u, v, x] = [rowsOf(a), rowsOf(b), rowsOf(linalg.solve(a, b))]
          const residual = product2(u, x).map((row, i) => row.map((w, j) => subtract(w, v[i][j])))
          isSmall(`${name}: A·X − B`, norm(residual), multiply(norm(u), norm(x)), n, dtype)
          const [wanted, inverse] = [solution(u, v)!, solution(u, unitMatrix(n))!]
          const off = norm(x.map((row, i) => row.map((w, j) => subtract(w, wanted[i][j]))))
          isSmall(`${name}: X`, off, multiply(multiply(norm(u), norm(inverse)), norm(x)), n, dtype)
        }),
      ),
    )
    test(
      'inverses',
      on(() =>
        trials(isSlow, (a, n, name, dtype) => {
          const u = rowsOf(a)
          const inverse = solution(u, unitMatrix(n))!
          // Beyond all floats there is none to hold to.
          if (ratio(norm(inverse), exact(unit(dtype) > 1e-10 ? 1e37 : 1e300)) > 1) return
          const found = rowsOf(linalg.inv(a))
          const off = norm(found.map((row, i) => row.map((w, j) => subtract(w, inverse[i][j]))))
          isSmall(`${name}: inverse`, off, multiply(multiply(norm(u), norm(inverse)), norm(inverse)), n, dtype)
        }),
      ),
    )
    test(
      'determinants, also where products of a few pivots are beyond all floats',
      on(() =>
        trials(isSlow, (a, n, name, dtype) => {
          const u = rowsOf(a)
          const d = determinant(u)
          const single = unit(dtype) > 1e-10
          const most = ratio(size(d), exact(1))
          if (!(most > (single ? 1e-37 : 1e-300) && most < (single ? 1e37 : 1e300))) return
          // A determinant is as sensitive as all pivots together: n times the condition.
          const inverse = solution(u, unitMatrix(n))!
          const bound = multiply(multiply(size(d), exact(n * n * 60)), multiply(norm(u), norm(inverse)))
          isWithin(`${name}: determinant`, linalg.det(a), [d], [bound], 1)
          const { sign, logabsdet } = linalg.slogdet(a)
          const again = nd.multiply(sign, nd.exp(logabsdet)).eval()
          isWithin(`${name}: sign and logarithm`, again, [d], [add(bound, multiply(size(d), exact(400)))], 1)
        }),
      ),
    )
    test(
      'pivots whose product leaves the range and comes back',
      on(() => {
        const d = [1e200, 1e250, 1e-300, -3, 1e-150, 2 ** -1070]
        const inOrder = linalg.det(nd.multiply(nd.eye(6), nd.asarray(d)).eval())
        isWithin('determinant', inOrder, [determinant(rowsOf(nd.multiply(nd.eye(6), nd.asarray(d)).eval()))], [none], 4)
        const list = d.slice(0, 5)
        const turned = nd.multiply(nd.eye(5), nd.asarray(list.map(im => ({ re: 0, im })))).eval()
        const wanted = determinant(rowsOf(turned))
        isWithin('complex determinant', linalg.det(turned), [wanted], [multiply(size(wanted), exact(20))], 1)
        assert.equal(linalg.det(nd.multiply(nd.eye(3), 1e-200)).item(), 0)
        assert.equal(linalg.det(nd.multiply(nd.eye(3), -1e200)).item(), -Infinity)
      }),
    )
  })
}
