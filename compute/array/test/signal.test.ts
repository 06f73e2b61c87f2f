/** Convolutions, correlations and windows: as SciPy has them. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import * as nd from '../src/index.ts'
import { arrayOf, type RecordedArray, samples } from './recorded.ts'

const file = new URL('./numpy/recorded-signal.json.gz', import.meta.url)
const recorded = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
  cases: {
    call: 'convolve' | 'correlate'
    dtype: nd.DType
    shapes: [number[], number[]]
    mode: 'full' | 'same' | 'valid'
    out: RecordedArray
  }[]
  windows: { call: string; n: number; more: number[]; periodic: boolean; out: RecordedArray }[]
}

function assertNear(found: nd.NDArray, expected: nd.NDArray, message: string): void {
  assert.equal(`${found.dtype} ${found.shape}`, `${expected.dtype} ${expected.shape}`, message)
  if (found.size === 0) return
  const wide = (x: nd.NDArray) => nd.astype(x, 'complex128')
  const far = Number(nd.max(nd.abs(nd.subtract(wide(found), wide(expected)))).item())
  const largest = Number(nd.max(nd.abs(wide(expected))).item())
  const epsilon = nd.isdtype(found.dtype, 'integral') ? 0 : found.dtype === 'float32' ? 2 ** -20 : 2 ** -48
  assert.ok(far <= largest * epsilon, `${message}: ${far} of ${largest}`)
}

const calls = { convolve: nd.convolve, correlate: nd.correlate }

describe('recorded of SciPy', () => {
  for (const call of ['convolve', 'correlate'] as const) {
    test(call, () => {
      for (const { dtype, shapes, mode, out } of recorded.cases.filter(c => c.call === call)) {
        for (const method of ['direct', 'fft', 'auto'] as const) {
          const [x, y] = shapes.map(shape => samples(dtype, shape))
          const name = `${dtype} [${shapes.join('] [')}] ${mode} ${method}`
          assertNear(calls[call](x, y, { mode, method }), arrayOf(out), name)
        }
      }
    })
  }
  test('windows', () => {
    const windows = nd.windows as unknown as Record<string, (n: number, ...more: unknown[]) => nd.NDArray>
    for (const { call, n, more, periodic, out } of recorded.windows) {
      const found = windows[call](n, ...more, { periodic }).toList() as number[]
      for (const [k, x] of found.entries())
        assert.ok(Math.abs(x - Number(out.values[k])) < 1e-15, `${call}(${n}, ${more}) ${periodic}: ${found}`)
    }
  })
})

describe('what holds', () => {
  test('transforms give what sums give', () => {
    const length = fc.integer({ min: 1, max: 60 })
    fc.assert(
      fc.property(length, length, (n, m) => {
        const [x, y] = [samples('complex128', [n]), samples('complex128', [m])]
        const sums = nd.convolve(x, y, { method: 'direct' })
        assertNear(nd.convolve(x, y, { method: 'fft' }), sums, `${n} ${m}`)
        assertNear(nd.convolve(y, x, { method: 'direct' }), sums, `${m} ${n}`)
      }),
    )
  })
  test('whole numbers wrap, in 64 bits too', () => {
    const x = nd.asarray([2 ** 31 - 1, 3], { dtype: 'int32' })
    assert.deepEqual(nd.convolve(x, x).toList(), [1, -6, 9])
    const wide = nd.asarray([2n ** 63n - 1n], { dtype: 'int64' })
    assert.deepEqual(nd.convolve(wide, wide).toList(), [1n])
  })
  test('windows are symmetric to the bit, and without elements if none are asked for', () => {
    for (const n of [0, 1, 9, 10]) {
      const found = nd.windows.kaiser(n, 7).toList() as number[]
      assert.deepEqual(found.toReversed(), found)
    }
  })
  test('what does not go together is refused', () => {
    const x = nd.zeros([3])
    assert.throws(() => nd.convolve(x, nd.zeros([2, 2])), {
      name: 'ShapeError',
      message: /convolve: \[3\] and \[2, 2\]/,
    })
    assert.throws(() => nd.convolve(nd.zeros([3, 1]), nd.zeros([2, 2]), { mode: 'valid' }), { name: 'ShapeError' })
    assert.throws(() => nd.convolve(x, x, { mode: 'all' as 'full' }), { name: 'ArgumentError' })
    assert.throws(() => nd.correlate(x, x, { method: 'slow' as 'fft' }), { name: 'ArgumentError' })
    assert.throws(() => nd.convolve(nd.asarray([true]), nd.asarray([true])), { name: 'DTypeError' })
    assert.throws(() => nd.windows.hann(-1), { name: 'ArgumentError' })
    assert.throws(() => nd.windows.kaiser(4, Number.NaN), { name: 'ArgumentError' })
    assert.deepEqual(nd.convolve(nd.zeros([0]), x, { mode: 'same' }).toList(), [])
  })
})
