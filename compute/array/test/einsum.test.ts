/** Einstein sums against plain loops, the order in which they contract, and what the functions beside them refuse. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as nd from '../src/index.ts'

/** Loops over all letters. */
function byLoops(inputs: string[], output: string, arrays: nd.NDArray[], lengths: Record<string, number>): nd.NDArray {
  const letters = Object.keys(lengths)
  const found = nd.zeros([...output].map(l => lengths[l]))
  const elements = found.view.memory.elements
  const place = (labels: string, at: Record<string, number>, shape: readonly number[]) =>
    [...labels].reduce((p, l, d) => p * shape[d] + at[l], 0)
  const values = arrays.map(x => x.toTypedArray())
  const walk = (k: number, at: Record<string, number>): void => {
    if (k < letters.length) {
      for (let i = 0; i < lengths[letters[k]]; i++) walk(k + 1, { ...at, [letters[k]]: i })
      return
    }
    const product = inputs.reduce((p, labels, n) => p * Number(values[n][place(labels, at, arrays[n].shape)]), 1)
    const to = place(output, at, found.shape)
    elements[to] = Number(elements[to]) + product
  }
  walk(0, {})
  return found
}

describe('einsum', () => {
  test('is the sum that loops over all letters give, of two to five operands', () => {
    const letters = fc.uniqueArray(fc.constantFrom(...'abcde'), { minLength: 1, maxLength: 3 }).map(l => l.join(''))
    const given = fc.record({
      inputs: fc.array(letters, { minLength: 2, maxLength: 5 }),
      lengths: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 5, maxLength: 5 }),
      kept: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    })
    fc.assert(
      fc.property(given, ({ inputs, lengths, kept }) => {
        const used = [...new Set(inputs.join(''))]
        const output = used.filter((_, k) => kept[k]).join('')
        const of = Object.fromEntries(used.map((l, k) => [l, lengths[k]]))
        const arrays = inputs.map((labels, n) => {
          const shape = [...labels].map(l => of[l])
          const size = shape.reduce((a, b) => a * b, 1)
          return nd.asarray(Array.from({ length: size }, (_, k) => ((k * 7 + n * 3) % 11) - 5)).reshape(shape)
        })
        const found = nd.einsum(`${inputs.join(',')}->${output}`, ...arrays)
        assert.ok(nd.arrayEqual(found, byLoops(inputs, output, arrays, of)))
      }),
      { numRuns: 60 },
    )
  })
  test('contracts in the order that costs least', () => {
    const [a, b, c] = [nd.zeros([2, 30]), nd.zeros([30, 2]), nd.zeros([2, 50])]
    assert.deepEqual(nd.einsumPath('ij,jk,kl->il', a, b, c), {
      path: [
        [0, 1],
        [0, 1],
      ],
      cost: 2 * 30 * 2 + 2 * 2 * 50,
      naiveCost: 2 * 30 * 2 * 50 * 2,
    })
    assert.deepEqual(nd.einsumPath('ij,jk,kl->il', c.t, b.t, a.t).path[0], [1, 2])
  })
  test('takes more operands than it looks at every order of', () => {
    const list = Array.from({ length: 12 }, () => nd.eye(2))
    const letters = 'abcdefghijklm'
    const terms = list.map((_, k) => letters.slice(k, k + 2)).join(',')
    assert.deepEqual(nd.einsum(`${terms}->am`, ...list).toList(), [
      [1, 0],
      [0, 1],
    ])
  })
  test('gives views of a single array', () => {
    const x = nd.zeros([2, 2])
    nd.einsum('ii->i', x).assign(1)
    nd.einsum('ij->ji', x).at('0, 1').assign(5)
    assert.deepEqual(x.toList(), [
      [1, 0],
      [5, 1],
    ])
  })
  test('says what is wrong with subscripts and shapes', () => {
    const x = nd.zeros([2, 3])
    assert.throws(() => nd.einsum('ij'), { code: 'SKEIN_ARGUMENT' })
    assert.throws(() => nd.einsum('ij,jk', x), /one term for each operand: 1/)
    assert.throws(() => nd.einsum('i1', x), /letters/)
    assert.throws(() => nd.einsum('ij->k', x), /'k' is in none/)
    assert.throws(() => nd.einsum('ij->ii', x), /twice/)
    assert.throws(() => nd.einsum('ijk', x), /'ijk' of 'ijk' has 3 letters, the shape \[2, 3\] 2 axes/)
    assert.throws(() => nd.einsum('ij,jk', x, x), /the axes 'j' of the shapes \[2, 3\] and \[2, 3\] have 3 and 2/)
  })
})

describe('what is refused', () => {
  const x = nd.arange(6).reshape([2, 3])
  const table: [string, () => unknown, string | RegExp][] = [
    ['insert out of range', () => nd.insert(x, 4, 0, { axis: 1 }), /index 4 is out of range/],
    ['insert that does not fit', () => nd.insert(x, 1, [1, 2, 3], { axis: 1 }), { name: 'ShapeError' } as never],
    ['delete out of range', () => nd.delete(x, [0, 3], { axis: 1 }), /index 3 is out of range/],
    ['a mask of another length', () => nd.delete(x, nd.asarray([true]), { axis: 1 }), /mask of shape \[1\]/],
    ['cross of two elements', () => nd.cross([1, 2] as never, nd.zeros([3])), { code: 'SKEIN_ARGUMENT' } as never],
    ['cross along another length', () => nd.cross(nd.zeros([2]), nd.zeros([2])), /has 2 elements, not 3/],
    ['vdot', () => nd.vdot(x, nd.zeros([5])), /have not as many elements/],
    ['gradient of one element', () => nd.gradient(nd.zeros([1])), /fewer than 2/],
    ['places elsewhere', () => nd.gradient(x, { axis: 0, spacing: [0, 1, 2] }), /points of shape \[3\]/],
    ['weights that do not fit', () => nd.average(x, { weights: [1, 2] }), /weights of shape \[2\]/],
    ['weights below zero', () => nd.cov(x, { aweights: [1, -1, 1] }), /numbers from 0/],
    ['ptp of nothing', () => nd.ptp(nd.zeros([0])), { name: 'ShapeError' } as never],
    ['unravelIndex', () => nd.unravelIndex([6], [2, 3]), /index 6 is not among the 6/],
    ['ravelMultiIndex', () => nd.ravelMultiIndex([[0], [3]], [2, 3]), /index 3 is not among the 3/],
    ['rot90 of one axis', () => nd.rot90(nd.zeros([3])), /2 axes or more/],
    ['blocks of different depth', () => nd.block([x, [x]]), /all as deep/],
    [
      'results of different shapes',
      () => nd.applyAlongAxis(l => (Number(l.at(0).item()) > 0 ? l : 1), x),
      /shapes \[\]/,
    ],
    ['no line', () => nd.applyAlongAxis(l => l, nd.zeros([0, 3])), /no line/],
    ['geomspace over zero', () => nd.geomspace(-1, 1), { code: 'SKEIN_ARGUMENT' } as never],
    ['a degree below zero', () => nd.polyfit([1, 2], nd.zeros([2]), -1), { code: 'SKEIN_ARGUMENT' } as never],
    ['division by nothing', () => nd.polydiv([1, 2], [0, 0]), /other than 0/],
    ['bits of floats', () => nd.bitwiseCount(nd.zeros([1])), { name: 'DTypeError' } as never],
  ]
  for (const [name, work, expected] of table) test(name, () => assert.throws(work, expected as RegExp))
})

test('applyAlongAxis calls with lines, and puts what comes where the axis was', () => {
  const x = nd.arange(24).reshape([2, 3, 4])
  assert.deepEqual(nd.applyAlongAxis(l => l.sum(), x, { axis: 1 }).toList(), x.sum({ axis: 1 }).toList())
  assert.deepEqual(nd.applyAlongAxis(l => nd.outer(l, l), x, { axis: 1 }).shape, [2, 3, 3, 4])
  assert.deepEqual(
    nd.applyOverAxes(nd.sum, x, { axis: [0, 2] }).toList(),
    x.sum({ axis: [0, 2], keepdims: true }).toList(),
  )
})

test('ix makes indices of a grid', () => {
  const [i, j] = nd.ix([0, 2], nd.asarray([false, true, true]))
  assert.deepEqual([i.shape, j.shape, j.toList()], [[2, 1], [1, 2], [[1, 2]]])
})
