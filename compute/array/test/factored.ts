/** What SciPy's factorisations give, and the matrices that they are of: numpy/record_factored.py wrote it. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import * as nd from '../src/index.ts'
import { arrayOf, type RecordedArray, samples } from './recorded.ts'
import { adjoint, identity, norm } from './residuals.ts'

const file = new URL('./numpy/recorded-factored.json.gz', import.meta.url)
const { cases } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
  cases: { call: string; dtype: Dtype; n: number; out: RecordedArray }[]
}

type Dtype = 'float64' | 'complex128'

export const recordedOf = (call: string, dtype: Dtype, n: number): nd.NDArray => {
  const found = cases.find(c => c.call === call && c.dtype === dtype && c.n === n)
  assert.ok(found, `${call}, ${dtype}, ${n} is not recorded`)
  return arrayOf(found.out)
}

export const recordedSizes = [1, 2, 5, 8]
export const recordedDtypes = ['float64', 'complex128'] as const

/** As the script makes them. */
export function matrices(dtype: Dtype, n: number) {
  const a = samples(dtype, [n, n + 1])
    .at(':', { begin: 0, end: n })
    .eval()
  const regular = nd.add(a, nd.multiply(nd.arange(1, n + 1), nd.multiply(identity(n, dtype), 2))).eval()
  const definite = nd.add(nd.matmul(a, adjoint(a)), identity(n, dtype)).eval()
  const hermitian = nd.add(a, adjoint(a)).eval()
  const symmetric = nd.add(a, a.mT).eval()
  return { a, b: samples(dtype, [n, 3]), regular, definite, hermitian, symmetric }
}

export function isNear(what: string, found: nd.NDArray, expected: nd.NDArray): void {
  assert.deepEqual(found.shape, expected.shape, what)
  const off = norm(nd.subtract(found, expected))
  assert.ok(off <= 1e-11 * (1 + norm(expected)), `${what}: ${off}`)
}
