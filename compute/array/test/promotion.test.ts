/** In which dtype two meet. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as nd from '../src/index.ts'
import { recorded } from './recorded.ts'

test('two dtypes meet where they do in NumPy', () => {
  for (const { inputs, out } of recorded.promotion) assert.equal(nd.resultType(...inputs), out, inputs.join(' and '))
})

const numbers: [unknown, nd.DType, nd.DType][] = [
  [1, 'int8', 'int8'],
  [1, 'uint64', 'uint64'],
  [0.5, 'int32', 'float64'],
  [0.5, 'float32', 'float32'],
  [1, 'bool', 'float64'],
  [1n, 'bool', 'int64'],
  [1n, 'float32', 'float32'],
  [true, 'int16', 'int16'],
  [{ re: 1, im: 2 }, 'float32', 'complex64'],
  [{ re: 1, im: 2 }, 'int8', 'complex128'],
  [{ re: 1, im: 2 }, 'complex64', 'complex64'],
]
for (const [x, dtype, expected] of numbers) {
  test(`${typeof x === 'bigint' ? `${x}n` : JSON.stringify(x)} beside ${dtype} gives ${expected}`, () => {
    assert.equal(nd.add(nd.zeros([2], { dtype }), x as number).dtype, expected)
    assert.equal(nd.add(x as number, nd.zeros([2], { dtype })).dtype, expected)
  })
}

test('a number that a dtype has not is refused', () => {
  assert.throws(() => nd.add(nd.zeros([2], { dtype: 'uint8' }), 300), {
    name: 'ArgumentError',
    message: /add: x2 must be a number that uint8 holds, from 0 to 255, but it is 300/,
  })
  assert.throws(() => nd.add(nd.zeros([2], { dtype: 'uint8' }), -1), { name: 'ArgumentError' })
})
