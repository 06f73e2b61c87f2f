/** Elements by index: views, selections, writing. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as nd from '../src/index.ts'
import { disagreement } from './agree.ts'
import { recorded } from './recorded.ts'

const cube = () => nd.arange(60, null, 1, { dtype: 'int32' }).reshape([3, 4, 5])

for (const { index, out } of recorded.indices) {
  test(`x[${index}] is NumPy's, and a view`, () => {
    const x = cube()
    const part = x.at(index)
    assert.equal(disagreement(part, out, { ulps: 0 }), undefined)
    if (part.size === 0) return
    part.assign(-1)
    assert.equal(nd.sum(nd.equal(x, -1)).item(), BigInt(part.size))
  })
}

describe('typed indices', () => {
  test('are those of text', () => {
    const x = cube()
    const pairs: [string, nd.Index[]][] = [
      ['1', [1]],
      ['-1, 1:3', [-1, { begin: 1, end: 3 }]],
      ['..., ::-2', ['...', { step: -2 }]],
      [':, None', [{}, null]],
    ]
    for (const [text, typed] of pairs) assert.deepEqual(x.at(...typed).toList(), x.at(text).toList())
  })

  test('as Python cuts spans, for any of them', () => {
    const bound = fc.option(fc.integer({ min: -9, max: 9 }), { nil: undefined })
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 7 }),
        bound,
        bound,
        fc.integer({ min: -4, max: 4 }),
        (n, begin, end, step) => {
          fc.pre(step !== 0)
          const list = Array.from({ length: n }, (_, k) => k)
          const found = nd.asarray(list, { dtype: 'int32' }).at({ begin, end, step }).toList()
          assert.deepEqual(found, python(list, begin, end, step))
        },
      ),
    )
  })
})

/** Python's slice, element by element (Language Reference, 6.3.2; `slice.indices`). */
function python(list: number[], begin: number | undefined, end: number | undefined, step: number): number[] {
  const n = list.length
  const clamp = (x: number) => {
    const at = x < 0 ? x + n : x
    return step > 0 ? Math.min(Math.max(at, 0), n) : Math.min(Math.max(at, -1), n - 1)
  }
  const from = begin === undefined ? (step > 0 ? 0 : n - 1) : clamp(begin)
  const to = end === undefined ? (step > 0 ? n : -1) : clamp(end)
  const out: number[] = []
  for (let k = from; step > 0 ? k < to : k > to; k += step) out.push(list[k])
  return out
}

describe('masks and lists of numbers', () => {
  test('a mask of all axes gives a row of what it holds', () => {
    const x = cube()
    assert.deepEqual(x.at(nd.greater(x, 56)).toList(), [57, 58, 59])
  })
  test('a mask of the first axes leaves the others', () => {
    const mask = nd.asarray([true, false, true])
    assert.deepEqual(cube().at(mask, '0, 0').toList(), [0, 40])
  })
  test('a mask in the middle', () => {
    const mask = nd.asarray([true, false, false, true])
    assert.deepEqual(cube().at(1, mask, 0).toList(), [20, 35])
  })
  test('a list of numbers takes rows, negative ones from the end', () => {
    assert.deepEqual(cube().at([2, 0, -1], 0, 0).toList(), [40, 0, 40])
    assert.deepEqual(cube().at(0, [1, 1], '::4').toList(), [
      [5, 9],
      [5, 9],
    ])
  })
  test('what is chosen is a copy', () => {
    const x = cube()
    x.at([0]).assign(7)
    assert.equal(x.at(0, 0, 0).item(), 0)
  })
  test('writing through them', () => {
    const x = nd.zeros([3, 4])
    x.set(nd.asarray([true, false, true]), 1)
    x.set([':', [1, 3]], nd.asarray([5, 6]))
    assert.deepEqual(x.toList(), [
      [1, 5, 1, 6],
      [0, 5, 0, 6],
      [1, 5, 1, 6],
    ])
    x.set(nd.greater(x, 4), -1)
    assert.deepEqual(x.at(0).toList(), [1, -1, 1, -1])
  })
})

test('parts that are chosen are those of a walk over all indices, however long they are and however they lie', () => {
  const shapes = fc.constantFrom([4, 3], [2, 3, 50], [3, 2, 2], [2, 40], [6])
  fc.assert(
    fc.property(
      shapes,
      fc.boolean(),
      fc.array(fc.integer({ min: -2, max: 1 }), { maxLength: 5 }),
      fc.constantFrom('float32', 'complex64'),
      (shape, isTurned, numbers, dtype) => {
        const x = nd
          .arange(
            shape.reduce<number>((a, b) => a * b, 1),
            null,
            1,
            { dtype: dtype as 'float32' },
          )
          .reshape(shape)
        const view = isTurned ? x.t : x
        for (let axis = 0; axis < view.ndim; axis++) {
          const before = Array(axis).fill(':')
          const each = numbers.map(k => view.at(...before, k).toList())
          const found = view.take(numbers, { axis })
          assert.deepEqual(
            numbers.map((_, k) => found.at(...before, k).toList()),
            each,
          )
        }
        const mask = nd.asarray(Array.from({ length: view.shape[0] }, (_, k) => numbers.includes(k)))
        assert.deepEqual(
          view.at(mask).toList(),
          (view.toList() as unknown[]).filter((_, k) => numbers.includes(k)),
        )
      },
    ),
  )
})

describe('assignment', () => {
  test('broadcasts and converts', () => {
    const x = nd.zeros([2, 3], { dtype: 'int8' })
    x.assign(nd.asarray([1.9, -1.9, 300]))
    assert.deepEqual(x.toList(), [
      [1, -1, 44],
      [1, -1, 44],
    ])
  })
  test('what was computed from the old elements keeps them, evaluated before or after', () => {
    const x = nd.asarray([1, 2, 3, 4])
    const early = nd.multiply(x, 10).eval()
    const late = nd.sin(nd.multiply(x, 0))
    const sum = nd.sum(nd.multiply(x, 1))
    x.assign(9)
    assert.deepEqual(early.toList(), [10, 20, 30, 40])
    assert.deepEqual(late.toList(), [0, 0, 0, 0])
    assert.equal(sum.item(), 10)
    assert.deepEqual(nd.add(x, 0).toList(), [9, 9, 9, 9])
  })
  test('onto itself, shifted and reversed', () => {
    const x = nd.arange(6)
    x.at('1:').assign(x.at(':-1'))
    assert.deepEqual(x.toList(), [0, 0, 1, 2, 3, 4])
    x.assign(x.flip())
    assert.deepEqual(x.toList(), [4, 3, 2, 1, 0, 0])
    x.assign(nd.add(x, x.at('::-1')))
    assert.deepEqual(x.toList(), [4, 3, 3, 3, 3, 4])
  })
})

describe('bad indices', () => {
  const bad: [string, () => unknown, string, RegExp][] = [
    [
      'out of range',
      () => cube().at(3),
      'ShapeError',
      /at: index 3 is out of range on axis 0 of the shape \[3, 4, 5\], which has 3 elements/,
    ],
    ['too many', () => cube().at('0,0,0,0'), 'ShapeError', /4 indices are too many for the shape \[3, 4, 5\]/],
    ['no index at all', () => cube().at('1:x'), 'ArgumentError', /'1:x' is neither/],
    ['step 0', () => cube().at('::0'), 'ArgumentError', /step/],
    ['two ellipses', () => cube().at('..., ...'), 'ArgumentError', /at most one/],
    ['a fraction', () => cube().at(0.5), 'ArgumentError', /whole number/],
    ['floats as indices', () => cube().at(nd.asarray([0.5])), 'DTypeError', /booleans or integers/],
    ['a mask that does not fit', () => cube().at(nd.asarray([true])), 'ShapeError', /mask of shape \[1\]/],
    ['a number beyond the axis', () => cube().at([0, 3]), 'ShapeError', /index 3 is out of range/],
    ['values that do not fit', () => cube().assign(nd.zeros([4])), 'ShapeError', /\[4\].*\[3, 4, 5\]/],
  ]
  for (const [what, call, name, message] of bad) test(what, () => assert.throws(call, { name, message }))
})
