/** Images: as SciPy and scikit-image have them, on every backend. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type BackendName, backends } from '@skein/kernel/compiler'
import * as nd from '../src/index.ts'
import { imageOf, near } from './images.ts'
import { arrayOf, type RecordedArray } from './recorded.ts'

const file = new URL('./numpy/recorded-image.json.gz', import.meta.url)
interface Case {
  call: string
  input: [kind: string, dtype: nd.DType, shape: number[]]
  more: unknown[]
  options: object
  out: RecordedArray
}
const { cases, numbers } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
  cases: Case[]
  numbers: { call: 'psnr' | 'ssim'; value: number }[]
}
const functions = nd.image as unknown as Record<string, (...given: unknown[]) => nd.NDArray>

/** SciPy cuts sums off where coefficients of splines are made for these borders: there it does not go through the pixels, but which is what is compared with here and not with it below. OpenCV blends tables
 * in float32: where a half is rounded it may be one off. */
const roughness = ({ order = 0, mode }: { order?: unknown; mode?: string }) =>
  Number(order) > 1 && (mode === 'reflect' || mode === 'nearest') ? (Number(order) > 3 ? 3e-5 : 2e-7) : 0

for (const name of Object.keys(backends) as BackendName[]) {
  describe(`recorded, on ${name}`, { skip: backends[name].unavailable() ?? false }, () => {
    for (const call of new Set(cases.map(c => c.call))) {
      test(call, () => {
        nd.backend(name)
        try {
          for (const { input, more, options, out } of cases.filter(c => c.call === call)) {
            const given = functions[call](imageOf(...input), ...more, options) as nd.NDArray & { labels?: nd.NDArray }
            const told = `${call} of ${input.join(' ')} ${JSON.stringify(more)} ${JSON.stringify(options)}`
            const found = typeof given === 'number' ? nd.asarray(given) : (given.labels ?? given)
            near(found, arrayOf(out), told, call === 'clahe' ? 1 : roughness(options))
          }
        } finally {
          nd.backend(undefined)
        }
      })
    }
  })
}

test('how alike images are', () => {
  const [a, b] = [imageOf('noise', 'float64', [11, 13]), nd.divide(imageOf('blob', 'float64', [11, 13]), 2)]
  for (const { call, value } of numbers) assert.ok(Math.abs(nd.image[call](a, b) - value) < 1e-12, call)
  assert.deepEqual([nd.image.psnr(a, a), nd.image.ssim(a, a)], [Number.POSITIVE_INFINITY, 1])
})
