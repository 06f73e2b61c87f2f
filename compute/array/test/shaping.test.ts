/** Shapes: views where elements lie so, copies elsewhere. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as nd from '../src/index.ts'

/** Elements in C order by a walk over all indices: what every view is compared with. */
const flat = (x: nd.NDArray): unknown[] => [x.toList()].flat(Number.POSITIVE_INFINITY)

const sharesMemory = (x: nd.NDArray, y: nd.NDArray): boolean => x.view.memory === y.view.memory

describe('reshape', () => {
  test('of elements that lie evenly is a view', () => {
    const x = nd.arange(24)
    const y = x.reshape([2, 3, 4])
    assert.ok(sharesMemory(x, y))
    y.at(1, 2, 3).assign(-1)
    assert.equal(x.at(23).item(), -1)
  })
  test('finds the length that is left open', () => {
    assert.deepEqual(nd.arange(24).reshape([4, -1]).shape, [4, 6])
    assert.deepEqual(nd.zeros([0, 3]).reshape([3, 0]).shape, [3, 0])
  })
  test('copies what does not lie so, or says so', () => {
    const x = nd.arange(6).reshape([2, 3]).t
    assert.deepEqual(x.reshape([6]).toList(), [0, 3, 1, 4, 2, 5])
    assert.throws(() => x.reshape([6], { copy: false }), { name: 'ShapeError', message: /\[3, 2\].*\[6\]/ })
    assert.ok(!sharesMemory(nd.arange(3), nd.arange(3).reshape([3], { copy: true })))
  })
  test('of any view has the elements in C order', () => {
    const shapes = fc.constantFrom([2, 3, 4], [4, 6], [24], [2, 12], [1, 24, 1], [3, 8], [2, 2, 2, 3])
    fc.assert(
      fc.property(shapes, shapes, fc.infiniteStream(fc.nat()), (from, to, chance) => {
        const order = from.map((_, d) => d).sort(() => (chance.next().value % 2) - 0.5)
        const view = nd.arange(24).reshape(from).permuteDims(order)
        const turned = chance.next().value % 2 === 0 ? view : view.flip(0)
        assert.deepEqual(flat(turned.reshape(to)), flat(turned))
      }),
    )
  })
  const bad: [string, () => unknown, string, RegExp][] = [
    ['another number of elements', () => nd.arange(6).reshape([4]), 'ShapeError', /\[6\] has 6 elements, \[4\] has 4/],
    ['two lengths left open', () => nd.arange(6).reshape([-1, -1]), 'ArgumentError', /shape/],
    ['a length that does not divide', () => nd.arange(6).reshape([4, -1]), 'ShapeError', /−1/],
    ['a fraction', () => nd.arange(6).reshape([1.5, 4]), 'ArgumentError', /whole numbers/],
  ]
  for (const [what, call, name, message] of bad) test(`refuses ${what}`, () => assert.throws(call, { name, message }))
})

describe('axes', () => {
  const x = nd.arange(24).reshape([2, 3, 4])
  test('in another order', () => {
    assert.deepEqual(x.permuteDims([2, 0, 1]).shape, [4, 2, 3])
    assert.equal(x.permuteDims([2, 0, 1]).at(3, 1, 2).item(), x.at(1, 2, 3).item())
    assert.deepEqual(x.t.shape, [4, 3, 2])
    assert.deepEqual(x.mT.shape, [2, 4, 3])
    assert.deepEqual(x.moveaxis(0, -1).shape, [3, 4, 2])
    assert.deepEqual(x.moveaxis([0, 1], [2, 0]).shape, [3, 4, 2])
  })
  test('of length 1, made and taken away', () => {
    assert.deepEqual(x.expandDims(1).shape, [2, 1, 3, 4])
    assert.deepEqual(x.expandDims(-1).shape, [2, 3, 4, 1])
    assert.deepEqual(x.expandDims(-1).squeeze(3).shape, [2, 3, 4])
    assert.throws(() => x.squeeze(0), {
      name: 'ShapeError',
      message: /axis 0 of the shape \[2, 3, 4\] has 2 elements, not 1/,
    })
  })
  test('backwards', () => {
    assert.deepEqual(nd.arange(3).flip().toList(), [2, 1, 0])
    assert.deepEqual(flat(x.flip()), flat(x).reverse())
  })
  test('broadcast', () => {
    const row = nd.arange(3)
    assert.deepEqual(row.broadcastTo([2, 3]).strides, [0, 1])
    assert.deepEqual(
      nd.broadcastArrays(row, nd.zeros([4, 1])).map(a => a.shape),
      [
        [4, 3],
        [4, 3],
      ],
    )
    assert.throws(() => row.broadcastTo([2]), { name: 'ShapeError', message: /\[3\]/ })
    assert.throws(() => nd.add(nd.zeros([2, 3]), nd.zeros([2, 4])), {
      name: 'ShapeError',
      message:
        /add: the shapes \[2, 3\] and \[2, 4\] cannot be broadcast together: counted from the end, axis -1 has 3 elements in the one and 4 in the other/,
    })
  })
  test('that are not there', () => {
    assert.throws(() => nd.sum(x, { axis: 3 }), {
      name: 'ShapeError',
      message: /axis 3 is not among those of the shape \[2, 3, 4\], which has 3 axes/,
    })
    assert.throws(() => nd.sum(x, { axis: [0, 0] }), { name: 'ArgumentError', message: /different axes/ })
    assert.throws(() => x.permuteDims([0, 1]), { name: 'ArgumentError', message: /each of the 3 axes once/ })
  })
})
