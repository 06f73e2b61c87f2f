/** L·D·Lᴴ by residuals, as LAPACK tests itself (TESTING/LIN, dchksy and zchkhe), all below 30, and as SciPy has it. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as nd from '../src/index.ts'
import { isNear, matrices, recordedDtypes, recordedOf, recordedSizes } from './factored.ts'
import { adjoint, identity, isSmall, norm, random } from './residuals.ts'
import { runners } from './runners.ts'

const { linalg } = nd

/** Kinds of matrices, made symmetric or Hermitian afterwards. */
const kinds: Record<string, (n: number, dtype: nd.DType) => nd.NDArray> = {
  dense: (n, dtype) => random(n, n, n, dtype),
  'zeros on the diagonal': (n, dtype) => {
    const a = random(n, n, n, dtype)
    return nd.subtract(a, nd.multiply(a, identity(n, dtype)))
  },
  'of half the rank': (n, dtype) => {
    const half = random(n, Math.ceil(n / 2), 3, dtype)
    return nd.matmul(half, adjoint(half))
  },
  zero: (n, dtype) => nd.zeros([n, n], { dtype }),
  'badly scaled': (n, dtype) => nd.astype(nd.multiply(random(n, n, 4, dtype), nd.logspace(0, -6, n)), dtype),
}

function isFactored(a: nd.NDArray, options: nd.linalg.LDLOptions): void {
  const [n] = a.shape
  const { upper = false, hermitian = true } = options
  const half = upper ? nd.triu(a) : nd.tril(a)
  const { l, d, p } = linalg.ldl(half, options)
  assert.deepEqual([l.shape, d.shape, p.shape, l.dtype, p.dtype], [[n, n], [n, n], [n], a.dtype, 'int32'])
  const turned = hermitian ? adjoint(l) : l.mT
  isSmall('A − L·D·Lᴴ', nd.subtract(nd.matmul(nd.matmul(l, d), turned), a), norm(a), a)
  const triangle = nd.take(l, p, { axis: 0 })
  const other = upper ? nd.tril(triangle, { k: -1 }) : nd.triu(triangle, { k: 1 })
  assert.equal(norm(other), 0)
  for (const one of linalg.diagonal(nd.abs(triangle)).toList() as number[]) assert.equal(one, 1)
  assert.equal(norm(nd.tril(d, { k: -2 })) + norm(nd.triu(d, { k: 2 })), 0)
  isSmall('D', nd.subtract(d, hermitian ? adjoint(d) : d.mT), norm(d), d)
}

for (const { name, skip, on } of runners) {
  describe(`L·D·Lᴴ on ${name}`, { skip }, () => {
    const sizes = name === 'reference' ? [0, 1, 2, 9] : [0, 1, 2, 3, 9, 32, 33, 80]
    for (const dtype of ['float64', 'complex128', 'float32', 'complex64'] as const)
      for (const kind of Object.keys(kinds))
        test(
          `${kind} ${dtype}`,
          on(() => {
            for (const n of sizes) {
              const g = kinds[kind](n, dtype).eval()
              for (const upper of [false, true])
                for (const hermitian of [true, false])
                  isFactored(nd.add(g, hermitian ? adjoint(g) : g.mT).eval(), { upper, hermitian })
            }
          }),
        )
  })
}

describe('recorded of SciPy', () => {
  for (const dtype of recordedDtypes)
    for (const n of recordedSizes)
      for (const kind of ['hermitian', 'symmetric'] as const)
        for (const side of ['lower', 'upper'])
          test(`${dtype} ${n} ${kind} ${side}`, () => {
            const a = matrices(dtype, n)[kind]
            const { l, d, p } = linalg.ldl(a, { upper: side === 'upper', hermitian: kind === 'hermitian' })
            const expected = (letter: string) => recordedOf(`ldl ${letter} ${kind} ${side}`, dtype, n)
            isNear('L', l, expected('L'))
            isNear('D', d, expected('D'))
            assert.deepEqual(p.toList(), expected('P').toList())
          })
})

describe('what is known of L·D·Lᴴ', () => {
  test('batches, integers, views', () => {
    const g = random(12, 3, 1).reshape([2, 2, 3, 3])
    const a = nd.add(g, g.mT).eval()
    const { l, d, p } = linalg.ldl(a)
    assert.deepEqual(
      [l.shape, d.shape, p.shape],
      [
        [2, 2, 3, 3],
        [2, 2, 3, 3],
        [2, 2, 3],
      ],
    )
    const one = linalg.ldl(a.at(1, 0))
    assert.deepEqual([l.at(1, 0).toList(), p.at(1, 0).toList()], [one.l.toList(), one.p.toList()])
    const whole = nd.asarray(
      [
        [0, 3],
        [3, 0],
      ],
      { dtype: 'int32' },
    )
    assert.deepEqual(linalg.ldl(whole).d.toList(), [
      [0, 3],
      [3, 0],
    ])
    assert.deepEqual(linalg.ldl(nd.zeros([0, 3, 3])).p.shape, [0, 3])
  })
  test('as many eigenvalues of D as of A are negative', () => {
    const g = random(20, 20, 5)
    const a = nd.add(g, g.mT).eval()
    const negative = (x: nd.NDArray) => nd.sum(nd.less(linalg.eigvalsh(x), 0)).item()
    assert.equal(negative(linalg.ldl(a).d), negative(a))
  })
  test('elements near the ends of the range', () => {
    const g = random(6, 6, 2)
    for (const scale of [2 ** 990, 2 ** -990]) {
      const [a, b] = [nd.add(g, g.mT), nd.multiply(nd.add(g, g.mT), scale)].map(x => linalg.ldl(x))
      assert.deepEqual(nd.multiply(a.d, scale).toList(), b.d.toList())
      assert.deepEqual(a.l.toList(), b.l.toList())
    }
  })
  const bad: [string, () => unknown, string, RegExp][] = [
    ['not square', () => linalg.ldl(nd.ones([2, 3])), 'ShapeError', /ldl: x must be square, not of shape \[2, 3\]/],
    ['one axis', () => linalg.ldl(nd.ones(2)), 'ShapeError', /two axes or more/],
    ['NaN', () => linalg.ldl(nd.full([2, 2], Number.NaN)), 'LinearAlgebraError', /an element that is NaN/],
    ['float16', () => linalg.ldl(nd.ones([2, 2], { dtype: 'float16' })), 'DTypeError', /float16/],
  ]
  for (const [what, call, name, message] of bad) test(what, () => assert.throws(call, { name, message }))
})
