/** Arrays are given to tasks and actors, and come back, as arrays: large ones without a copy, views with their strides. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as nd from 'skein/array'
import { get, put, stop } from 'skein/tasks'
import { aliased, clear, doubled, Kept, made, told, total } from './fixtures/array-jobs.ts'

after(() => stop())

test('small and large ones arrive with dtype, shape and strides; large ones are the same memory', async () => {
  const small = nd.asarray(
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    { dtype: 'int16' },
  )
  for (const x of [
    small,
    small.t,
    small.at('::-1, ::2'),
    small.at(0),
    small.at(1, 2),
    nd.broadcastTo(small, [2, 2, 3]),
  ]) {
    const found = await get(told(x))
    assert.deepEqual([found.isArray, found.dtype, found.shape, found.list], [true, x.dtype, x.shape, x.toList()])
    assert.deepEqual(found.strides, x.strides)
  }
  const large = nd.arange(40_000).reshape([200, 200])
  const every = large.at('::50, ::-100')
  const found = await get(told(every))
  assert.deepEqual([found.isShared, found.strides, found.list], [true, [10_000, -100], every.toList()])
  assert.equal(await get(total(large)), (40_000 * 39_999) / 2)
})

test('every dtype, and arrays without elements', async () => {
  const dtypes = ['bool', 'int8', 'int64', 'uint64', 'float32', 'complex64', 'complex128'] as const
  for (const dtype of dtypes) {
    const x = nd.ones([3], { dtype })
    const found = await get(told(x))
    assert.deepEqual([found.dtype, found.list], [dtype, x.toList()])
  }
  assert.deepEqual((await get(told(nd.zeros([0, 3])))).shape, [0, 3])
})

test('a task that writes into a large array writes into the one that it was given', async () => {
  const x = nd.ones([300, 300])
  const [kept, pending] = [x.copy().eval(), nd.add(x, 1)]
  pending.eval()
  await get(clear(x.at('100:200')))
  assert.equal(x.sum().item(), 60_000)
  assert.equal(kept.sum().item(), 90_000)
  assert.equal(pending.sum().item(), 180_000)
  const small = nd.ones([3])
  await get(clear(small))
  assert.equal(small.sum().item(), 3, 'a small one is copied')
})

test('what shares elements here shares them there', async () => {
  const x = nd.zeros([100, 100])
  assert.equal(await get(aliased([x, x.at(7)])), 100)
  assert.equal(x.at(7).sum().item(), 10_000)
})

test('results are arrays: expressions are computed when they leave, memory is handed over', async () => {
  for (const n of [6, 100_000]) {
    const { twice } = await get(doubled(nd.arange(n)))
    assert.ok(twice instanceof nd.NDArray && twice.isEvaluated)
    assert.equal(nd.arrayEqual(twice, nd.multiply(nd.arange(n), 2)), true)
    const turned = await get(made(n))
    assert.deepEqual(
      [turned.shape, turned.strides],
      [
        [n / 2, 2],
        [1, n / 2],
      ],
    )
    assert.equal(turned.at(-1, 1).item(), n - 1)
  }
})

test('results stay while they are in use, whatever comes after them', async () => {
  const first = await get(made(50_000))
  for (let k = 0; k < 30; k++) await get(made(50_000))
  assert.equal(nd.arrayEqual(first, nd.arange(50_000).reshape([2, 25_000]).t), true)
})

test('references, expressions as arguments, and actors that keep arrays', async () => {
  const x = nd.arange(20_000)
  assert.equal(await get(total(made(10_000))), (10_000 * 9_999) / 2)
  assert.equal(await get(total(put(x))), (20_000 * 19_999) / 2)
  assert.equal(await get(total(nd.multiply(x, 3))), (3 * 20_000 * 19_999) / 2)
  const kept = await Kept.create()
  await get(kept.add(nd.ones([10_000])))
  await get(kept.add(nd.full([5], 2)))
  assert.deepEqual((await get(kept.sums())).toList(), [10_000, 10])
})

test('a released array is refused where the call is made', async () => {
  const x = nd.ones([10_000])
  x.release()
  await assert.rejects(async () => get(total(x)), { name: 'ReleasedArrayError' })
})

test('an array that was given away can be released, and is there until the task has ended', async () => {
  const x = nd.ones([100_000])
  const sum = total(x)
  x.release()
  assert.equal(await get(sum), 100_000)
})
