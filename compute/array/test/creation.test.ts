/** Making arrays, and what is refused. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { heap } from '@skein/heap'
import * as nd from '../src/index.ts'

describe('asarray', () => {
  test('shares typed arrays', () => {
    const own = new Float32Array([1, 2, 3])
    const x = nd.asarray(own)
    own[0] = 7
    assert.deepEqual(x.toList(), [7, 2, 3])
    x.assign(5)
    assert.deepEqual([...own], [5, 5, 5])
    assert.equal(nd.asarray(new Uint8ClampedArray(2)).dtype, 'uint8')
    assert.equal(nd.asarray(Buffer.from('ab')).dtype, 'uint8')
    assert.equal(nd.asarray(new BigInt64Array(2)).dtype, 'int64')
  })
  test('reads nested lists, numbers and iterables', () => {
    assert.deepEqual(
      nd.asarray([
        [1, 2],
        [3, 4],
      ]).shape,
      [2, 2],
    )
    assert.equal(nd.asarray([true, false]).dtype, 'bool')
    assert.equal(nd.asarray([1n]).dtype, 'int64')
    assert.equal(nd.asarray([1, true]).dtype, 'float64')
    assert.equal(nd.asarray([{ re: 1, im: 2 }, 3]).dtype, 'complex128')
    assert.deepEqual(nd.asarray(5).shape, [])
    assert.deepEqual(nd.asarray(new Set([1, 2])).toList(), [1, 2])
    assert.deepEqual(nd.asarray([nd.arange(2), nd.arange(2)]).shape, [2, 2])
    assert.deepEqual(nd.asarray([]).shape, [0])
  })
  test('refuses what is uneven, or no number', () => {
    assert.throws(() => nd.asarray([[1, 2], [3]]), {
      name: 'ShapeError',
      message: /different shapes: \[1\] where the first has \[2\]/,
    })
    assert.throws(() => nd.asarray([1, [2]]), { name: 'ShapeError' })
    assert.throws(() => nd.asarray(['1'] as never), { name: 'ArgumentError' })
    assert.throws(() => nd.asarray([1], { dtype: 'float' as never }), {
      name: 'ArgumentError',
      message: /one of bool, int8/,
    })
  })
})

test('sequences and constants', () => {
  assert.deepEqual(nd.arange(3).toList(), [0, 1, 2])
  assert.deepEqual(nd.arange(5, 1, -2).toList(), [5, 3])
  assert.deepEqual(nd.arange(1, 2, 0.25).toList(), [1, 1.25, 1.5, 1.75])
  assert.deepEqual(nd.arange(0, 3, 1, { dtype: 'int64' }).toList(), [0n, 1n, 2n])
  assert.deepEqual(nd.linspace(0, 1, 5).toList(), [0, 0.25, 0.5, 0.75, 1])
  assert.deepEqual(nd.linspace(0, 1, 4, { endpoint: false }).toList(), [0, 0.25, 0.5, 0.75])
  assert.deepEqual(nd.eye(2, 3, { k: 1 }).toList(), [
    [0, 1, 0],
    [0, 0, 1],
  ])
  assert.deepEqual(nd.full([2], { re: 1, im: -1 }).toList(), [
    { re: 1, im: -1 },
    { re: 1, im: -1 },
  ])
  assert.equal(nd.full([1], true).dtype, 'bool')
  assert.equal(nd.onesLike(nd.zeros([2], { dtype: 'int16' })).dtype, 'int16')
})

test('sizes that cannot be', () => {
  assert.throws(() => nd.zeros([-1]), { name: 'ArgumentError', message: /from 0/ })
  assert.throws(() => nd.zeros([2 ** 20, 2 ** 20]), { name: 'ArgumentError', message: /at most 2147483647 elements/ })
  assert.throws(() => nd.zeros([2 ** 53, 2]), { name: 'ArgumentError' })
  assert.throws(() => nd.arange(0, 1, 0), { name: 'ArgumentError', message: /other than 0/ })
  assert.throws(() => nd.arange(Number.NaN), { name: 'ArgumentError' })
})

test('large arrays lie in the heap, where all threads see them', () => {
  const x = nd.zeros([100_000])
  assert.ok(heap.owns(x.view.memory.elements as never))
  assert.ok(heap.owns(nd.add(x, 1).view.memory.elements as never))
})

test('text', () => {
  assert.equal(
    String(
      nd.asarray([
        [1.5, -2],
        [0.25, 100],
      ]),
    ),
    '[[  1.5 ,  -2.  ],\n [  0.25, 100.  ]]',
  )
  assert.equal(String(nd.arange(2000, null, 1, { dtype: 'int32' })), '[   0,    1,    2, ..., 1997, 1998, 1999]')
  assert.equal(String(nd.asarray([true, false])), '[ true, false]')
  assert.equal(String(nd.asarray([1e-10, 1])), '[1.e-10, 1.e+00]')
  assert.equal(String(nd.asarray([Number.NaN, Infinity, -0])), '[nan, inf, -0.]')
  assert.equal(String(nd.asarray(0.1).astype('float32')), '0.1')
  assert.equal(
    String(
      nd.asarray([
        { re: 1, im: -2 },
        { re: 0.5, im: 0.25 },
      ]),
    ),
    '[1. -2.j  , 0.5+0.25j]',
  )
  assert.equal(String(nd.zeros([0, 2])), '[]')
})

describe('devices', () => {
  test('arrays are on the cpu, and stay there', () => {
    const x = nd.zeros([2], { device: 'cpu' })
    assert.equal(x.device, 'cpu')
    assert.equal(nd.device(), nd.info().defaultDevice())
    assert.equal(x.toDevice('cpu'), x)
    assert.equal(nd.toDevice(x, nd.device(x)), x)
  })
  test('another device is refused, by its name', () => {
    const x = nd.zeros([2])
    const refused = { name: 'NotSupportedError', message: /cuda/ }
    assert.throws(() => x.toDevice('cuda' as 'cpu'), refused)
    assert.throws(() => nd.asarray([1], { device: 'cuda' as 'cpu' }), refused)
    assert.throws(() => nd.linspace(0, 1, 3, { device: 'cuda' as 'cpu' }), refused)
    assert.throws(() => nd.toDevice(x, 0 as never), { code: 'SKEIN_ARGUMENT' })
    assert.throws(() => nd.toDevice(x, 'cpu', { stream: 1 as never }), /no streams/)
  })
})
