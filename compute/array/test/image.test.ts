/** Images: as SciPy and scikit-image have them, on every backend. */

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
const { cases } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as { cases: Case[] }
const functions = nd.image as unknown as Record<string, (...given: unknown[]) => nd.NDArray>

for (const name of Object.keys(backends) as BackendName[]) {
  describe(`recorded, on ${name}`, { skip: backends[name].unavailable() ?? false }, () => {
    for (const call of new Set(cases.map(c => c.call))) {
      test(call, () => {
        nd.backend(name)
        try {
          for (const { input, more, options, out } of cases.filter(c => c.call === call)) {
            const given = functions[call](imageOf(...input), ...more, options) as nd.NDArray & { labels?: nd.NDArray }
            const told = `${call} of ${input.join(' ')} ${JSON.stringify(more)} ${JSON.stringify(options)}`
            near(given.labels ?? given, arrayOf(out), told)
          }
        } finally {
          nd.backend(undefined)
        }
      })
    }
  })
}
