/** Schur's form with chosen eigenvalues first, by residuals, as LAPACK tests itself (TESTING/EIG, dchkee with DTREXC and DTRSEN), all below 30. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as nd from '../src/index.ts'
import { matrices, recordedDtypes, recordedOf, recordedSizes } from './factored.ts'
import { adjoint, isSmall, isUnitary, norm, random } from './residuals.ts'
import { runners } from './runners.ts'

const { linalg } = nd

type Choice = (value: nd.Complex) => boolean

const sorts: Record<string, Choice> = {
  lhp: ({ re }) => re < 0,
  rhp: ({ re }) => re >= 0,
  iuc: ({ re, im }) => Math.hypot(re, im) <= 1,
  ouc: ({ re, im }) => Math.hypot(re, im) > 1,
  'all that are not real': ({ im }) => im !== 0,
  'those above the real axis': ({ im }) => im > 0,
  none: () => false,
}

const kinds: Record<string, (n: number, dtype: nd.DType) => nd.NDArray> = {
  dense: (n, dtype) => random(n, n, n, dtype),
  // Pairs of imaginary numbers alone.
  skew: (n, dtype) => nd.subtract(random(n, n, 2, dtype), adjoint(random(n, n, 2, dtype))).eval(),
  // Eigenvalues far from each other, in no order.
  graded: (n, dtype) => {
    const wide = nd.multiply(random(n, n, 3, 'float64'), nd.logspace(2, -2, n))
    return nd.astype(nd.astype(wide, 'float64'), dtype)
  },
  diagonal: (n, dtype) => nd.multiply(nd.eye(n, null, { dtype }), nd.astype(nd.sin(nd.arange(n)), dtype)).eval(),
}

/** Eigenvalues as they stand on the diagonal. */
function valuesOf(t: nd.NDArray): nd.Complex[] {
  const n = t.shape[0]
  if (nd.isdtype(t.dtype, 'complex floating')) return linalg.diagonal(t).toList() as nd.Complex[]
  const rows = t.toList() as number[][]
  const values: nd.Complex[] = []
  for (let k = 0; k < n; k++) {
    const isPair = k + 1 < n && rows[k + 1][k] !== 0
    if (!isPair) values.push({ re: rows[k][k], im: 0 })
    else {
      const im = Math.sqrt(Math.abs(rows[k][k + 1] * rows[k + 1][k]))
      assert.equal(rows[k][k], rows[k + 1][k + 1])
      assert.ok(rows[k][k + 1] * rows[k + 1][k] < 0)
      values.push({ re: rows[k][k], im }, { re: rows[k][k], im: -im })
      k++
    }
  }
  return values
}

function isOrdered(a: nd.NDArray, output: 'real' | 'complex', sort: string): void {
  const n = a.shape[0]
  const choice = sorts[sort]
  const { t, z, selected } = linalg.schur(a, { output, sort: sort.length === 3 ? (sort as 'lhp') : choice })
  isUnitary('Z', z)
  isSmall('A − Z·T·Zᴴ', nd.subtract(nd.matmul(nd.matmul(z, t), adjoint(z)), a), norm(a), a)
  const isReal = !nd.isdtype(t.dtype, 'complex floating')
  assert.equal(norm(nd.tril(t, { k: isReal ? -2 : -1 })), 0)
  assert.deepEqual([selected.shape, selected.dtype], [[], 'int32'])
  const first = Number(selected.item())
  assert.equal(first, unordered(a, output, choice))
  // Values move by rounding; those that are near a border are not asked.
  const slack = 1e-3 * (1 + norm(a))
  for (const [k, value] of valuesOf(t).entries()) {
    const { re, im } = value
    const near = [sort.endsWith('hp') ? re : sort.endsWith('uc') ? Math.hypot(re, im) - 1 : im].some(
      x => Math.abs(x) < slack,
    )
    const isChosen = choice(value) || (isReal && choice({ re, im: -im }))
    if (!near) assert.equal(isChosen, k < first, `${sort}, ${n}: value ${k} of ${first}`)
  }
}

/** How many are chosen of those that the form without order has. */
function unordered(a: nd.NDArray, output: 'real' | 'complex', choice: Choice): number {
  const wide = nd.astype(a, nd.isdtype(a.dtype, 'complex floating') ? 'complex128' : 'float64')
  const { t } = linalg.schur(wide, { output })
  const isReal = !nd.isdtype(t.dtype, 'complex floating')
  return valuesOf(t).filter(v => choice(v) || (isReal && choice({ re: v.re, im: -v.im }))).length
}

for (const { name, skip, on } of runners) {
  describe(`sorted Schur on ${name}`, { skip }, () => {
    const sizes = name === 'reference' ? [0, 1, 2, 7] : [0, 1, 2, 3, 7, 16]
    for (const dtype of ['float64', 'complex128', 'float32', 'complex64'] as const)
      for (const kind of Object.keys(kinds))
        test(
          `${kind} ${dtype}`,
          on(() => {
            for (const n of sizes)
              for (const output of ['real', 'complex'] as const)
                for (const sort of Object.keys(sorts)) isOrdered(kinds[kind](n, dtype), output, sort)
          }),
        )
  })
}

describe('recorded of SciPy', () => {
  for (const dtype of recordedDtypes)
    for (const n of recordedSizes)
      test(`${dtype} ${n}`, () => {
        const { regular } = matrices(dtype, n)
        for (const sort of ['lhp', 'rhp', 'iuc', 'ouc'] as const)
          assert.equal(linalg.schur(regular, { sort }).selected.item(), recordedOf(`schur ${sort}`, dtype, n).item())
      })
})

describe('what is known of sorted Schur', () => {
  test('an invariant subspace: A·Z₁ = Z₁·T₁₁', () => {
    const a = random(9, 9, 5)
    const { t, z, selected } = linalg.schur(a, { sort: 'lhp' })
    const k = Number(selected.item())
    assert.ok(k > 0 && k < 9)
    const first = z.at(':', { begin: 0, end: k })
    const inside = t.at({ begin: 0, end: k }, { begin: 0, end: k })
    isSmall('A·Z − Z·T', nd.subtract(nd.matmul(a, first), nd.matmul(first, inside)), norm(a), a)
  })
  test('those that are chosen keep their order, and the others', () => {
    const t = nd.triu(nd.ones([5, 5]))
    const a = nd.add(t, nd.multiply(nd.eye(5), nd.asarray([0, 1, 2, 3, 4]))).eval()
    const { t: found } = linalg.schur(a, { sort: ({ re }) => Math.round(re) % 2 === 0 })
    assert.deepEqual(
      (linalg.diagonal(found).toList() as number[]).map(v => Math.round(v)),
      [2, 4, 1, 3, 5],
    )
  })
  test('batches, and the scale of values that a choice is asked about', () => {
    const a = random(36, 3, 1).reshape([2, 6, 3, 3])
    const { selected, t } = linalg.schur(a, { sort: 'rhp' })
    assert.deepEqual(selected.shape, [2, 6])
    assert.equal(selected.at(1, 4).item(), linalg.schur(a.at(1, 4), { sort: 'rhp' }).selected.item())
    assert.deepEqual(t.at(1, 4).toList(), linalg.schur(a.at(1, 4), { sort: 'rhp' }).t.toList())
    assert.deepEqual(linalg.schur(nd.zeros([0, 3, 3]), { sort: 'lhp' }).selected.shape, [0])
    const far = nd.multiply(nd.eye(2), nd.asarray([1e250, 3e250]))
    assert.equal(linalg.schur(far, { sort: ({ re }) => re > 2e250 }).selected.item(), 1)
    assert.deepEqual(Object.keys(linalg.schur(a)), ['t', 'z'])
  })
  const bad: [string, () => unknown, string, RegExp][] = [
    [
      'another word',
      () => linalg.schur(nd.eye(2), { sort: 'left' as never }),
      'ArgumentError',
      /schur: sort must be 'lhp'/,
    ],
    ['a word of objects', () => linalg.schur(nd.eye(2), { sort: 'toString' as never }), 'ArgumentError', /sort/],
    ['NaN', () => linalg.schur(nd.full([2, 2], Number.NaN), { sort: 'lhp' }), 'LinearAlgebraError', /NaN/],
    ['not square', () => linalg.schur(nd.ones([2, 3]), { sort: 'lhp' }), 'ShapeError', /must be square/],
  ]
  for (const [what, call, name, message] of bad) test(what, () => assert.throws(call, { name, message }))
})
