import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MpiError } from '../src/errors.ts'
import { pack, unpack } from '../src/message/object.ts'

const caller = { rank: 1, name: 'world' }

test('bytes of values stay as they are, whatever is packed after them', () => {
  const values: unknown[] = []
  const all: Uint8Array[] = []
  for (let i = 0; i < 3000; i++) {
    const value = { i, text: 'x'.repeat(i % 97), large: i % 500 < 3 ? new Float64Array(i * 20).fill(i) : undefined }
    values.push(value)
    all.push(pack(caller, 'send', value))
  }
  all.forEach((bytes, i) => {
    assert.deepEqual(unpack(bytes), values[i])
  })
})

test('a getter may send something itself', () => {
  const inner: Uint8Array[] = []
  const value = {
    before: 'b',
    get sent() {
      inner.push(pack(caller, 'send', { inner: inner.length }))
      return inner.length
    },
    after: 'a',
  }
  const outer = [pack(caller, 'send', value), pack(caller, 'send', value)]
  assert.deepEqual(
    outer.map(unpackOne),
    [1, 2].map(sent => ({ before: 'b', sent, after: 'a' })),
  )
  assert.deepEqual(inner.map(unpackOne), [{ inner: 0 }, { inner: 1 }])
})

test('what cannot be sent is refused with its path; what a getter throws passes', () => {
  assert.throws(
    () => pack(caller, 'send', { on: [() => 1] }),
    (error: unknown) =>
      error instanceof MpiError &&
      error.errorClass === 'MPI_ERR_TYPE' &&
      /^MpiError: send on rank 1 of world: value\.on\[0\] is a function, which cannot be sent/.test(String(error)),
  )
  const thrown = new Error('from the getter')
  const throwing = {
    get x() {
      throw thrown
    },
  }
  assert.throws(() => pack(caller, 'send', throwing), thrown)
  assert.deepEqual(unpack(pack(caller, 'send', 'next')), 'next')
})

const unpackOne = (bytes: Uint8Array): unknown => unpack(bytes)
