/** The images that `numpy/record_image.py` makes, and whether two are alike. */

import assert from 'node:assert/strict'
import * as nd from '../src/index.ts'

export function imageOf(kind: string, dtype: nd.DType, shape: readonly number[]): nd.NDArray {
  const size = shape.reduce((p, n) => p * n, 1)
  const values = Array.from({ length: size }, (_, k) => {
    const noise = (k * 37 + ((k * k) % 11) * 5) % 64
    if (kind !== 'blob') return noise
    const [r, c] = [Math.floor(k / shape[1]), k % shape[1]]
    return Math.floor(noise / 8) + ((r - 8) ** 2 + (c - 9) ** 2 < 37 ? 40 : 0) + (c > 15 ? 12 : 0)
  })
  const item = (v: number) => (dtype === 'bool' ? v > 32 : dtype.startsWith('float') ? v / 64 : v)
  return nd.reshape(nd.asarray(values.map(item) as number[], { dtype }), shape)
}

/** Floats are compared relative to the largest, whole numbers may be `rough` apart. */
export function near(found: nd.NDArray, expected: nd.NDArray, told: string, rough = 0): void {
  assert.equal(`${found.dtype} [${found.shape}]`, `${expected.dtype} [${expected.shape}]`, told)
  const [x, y] = [found, expected].map(a => [a.toTypedArray()].flatMap(e => Array.from(e as ArrayLike<number>)))
  const isFloat = !found.dtype.includes('int') && found.dtype !== 'bool'
  const largest = y.reduce((most, v) => Math.max(most, Number.isFinite(v) ? Math.abs(v) : 0), 0)
  const far = Math.max(rough, found.dtype === 'float32' ? 2 ** -19 : 2 ** -44) * largest
  for (const [k, v] of y.entries()) {
    const isSame = Object.is(x[k], v) || x[k] === v || Math.abs(x[k] - v) <= (isFloat ? far : Math.floor(rough))
    assert.ok(isSame, `${told}: element ${k} is ${x[k]}, not ${v}`)
  }
}
