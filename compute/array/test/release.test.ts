/** Arrays that are released: who finds out, what goes on, and that memory comes back. */

import assert from 'node:assert/strict'
import test from 'node:test'
import { inspect } from 'node:util'
import { ArgumentError } from '@skein/base'
import { heap } from '@skein/heap'
import * as nd from '../src/index.ts'

const large = 1 << 16

test('whoever reads a released array is told; shape and dtype stay', () => {
  const x = nd.arange(6).reshape([2, 3])
  const row = x.at('0')
  x.release()
  x.release()
  assert.ok(x.isReleased && row.isReleased)
  assert.deepEqual([x.shape, x.dtype], [[2, 3], 'float64'])
  const told = { name: 'ReleasedArrayError', code: 'SKEIN_RELEASED_ARRAY' }
  const uses: (() => unknown)[] = [
    () => x.toList(),
    () => row.toTypedArray(),
    () => String(x),
    () => nd.add(x, 1),
    () => nd.sum(x).item(),
    () => x.at('1'),
    () => nd.assign(x, 0),
    () => nd.matmul(x, x.t),
    () => nd.sort(x),
    () => nd.toNpy(x),
  ]
  for (const use of uses) assert.throws(use, told)
  assert.equal(inspect(x), 'NDArray float64 [2, 3], released')
})

test('a tree that was made before still has its elements', () => {
  for (const n of [4, large]) {
    const x = nd.ones([n])
    const y = nd.add(x, 1)
    const total = nd.sum(nd.multiply(x, 3))
    x.release()
    nd.zeros([n]).eval()
    assert.equal(nd.all(nd.equal(y, 2)).item(), true)
    assert.equal(total.item(), 3 * n)
  }
})

test('what was not computed is not computed any more', () => {
  const x = nd.add(nd.ones([4]), 1)
  x.release()
  assert.ok(x.isReleased)
  assert.throws(() => x.eval(), { name: 'ReleasedArrayError' })
})

test('memory comes back at once', () => {
  const before = heap.stats().inUseBytes
  {
    using x = nd.ones([large])
    using y = nd.add(x, 1).eval()
    assert.ok(heap.stats().inUseBytes >= before + 2 * 8 * large)
    assert.equal(y.at('-1').item(), 2)
  }
  assert.ok(heap.stats().inUseBytes < before + 8 * large)
})

test('nothing is taken from evaluations under way', async () => {
  const x = nd.full([large], 3)
  const pending = nd.sqrt(nd.multiply(x, x)).values()
  x.release()
  const noise = Array.from({ length: 8 }, () => nd.full([large], 7).eval())
  assert.ok(((await pending) as Float64Array).every(v => v === 3))
  assert.equal(noise.length, 8)
})

test("a user's typed array stays, and so do elements that were given away", () => {
  const mine = Float64Array.of(1, 2, 3)
  nd.asarray(mine).release()
  assert.deepEqual([...mine], [1, 2, 3])
  const shared = heap.array(Float64Array, large)
  nd.asarray(shared).release()
  shared.fill(5)
  assert.equal(shared[large - 1], 5)
  const x = nd.full([large], 2).eval()
  const parts = nd.toParts(x)
  x.release()
  nd.full([large], 9).eval()
  assert.equal(nd.fromParts(parts).at('-1').item(), 2)
})

test('a typed array without elements is refused if they were transferred', () => {
  const gone = new Float64Array(4)
  structuredClone(gone, { transfer: [gone.buffer] })
  assert.throws(() => nd.asarray(gone), ArgumentError)
  assert.deepEqual(nd.asarray(new Float64Array(0)).shape, [0])
})

test('released memory is taken again, and what is made of it is as new', () => {
  for (const n of [10, 5000, 10_000]) {
    const first = nd.full([n], 7).eval()
    const { buffer, byteOffset } = first.view.memory.elements
    first.release()
    const second = nd.add(nd.ones([n]), 1).eval()
    const third = nd.zeros([n], { dtype: 'int64' })
    assert.ok([second, third].some(x => x.view.memory.elements.buffer === buffer))
    assert.ok([second, third].every(x => x.view.memory.elements.byteOffset % 64 === byteOffset % 64))
    assert.equal(nd.all(nd.equal(second, 2)).item(), true)
    assert.equal(nd.any(third).item(), false)
  }
})

test('an expression is computed where it is assigned', () => {
  const [x, y, out] = [nd.arange(large), nd.ones([large]), nd.zeros([large])]
  const compute = () => out.assign(nd.add(x, nd.multiply(y, 2)))
  // The first time its kernel is made.
  compute()
  const before = heap.stats().totalAllocations
  compute()
  assert.equal(heap.stats().totalAllocations, before)
  assert.equal(out.at('-1').item(), large + 1)
  // What reads what is written is computed before.
  out.at('1:').assign(nd.add(out.at(':-1'), 1))
  assert.equal(out.at('1').item(), 3)
  assert.equal(out.at('-1').item(), large + 1)
})

test('what has read an array holds on to it no longer', async () => {
  const uses: ((x: nd.NDArray) => nd.NDArray)[] = [
    x => nd.sum(x),
    x => nd.argmax(x),
    x => nd.matmul(x, x),
    x => nd.fft.fft(x),
    x => nd.image.erode(x.reshape([256, 256])),
  ]
  for (const use of uses) {
    const x = nd.ones([large])
    const made = use(x)
    await Promise.all([made.evalAsync(), made.evalAsync()])
    assert.equal(x.view.memory.box.readers, 0, String(use))
  }
})
