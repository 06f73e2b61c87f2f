/** Elements in steps of two, as parts of complex numbers lie: what is read, what is written, and what beside it stays, to the end of the array. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BackendName, backends } from '../src/compiler.ts'
import { kernel } from '../src/index.ts'

const kinds = { f32: Float32Array, f64: Float64Array, i32: Int32Array } as const

for (const name of Object.keys(backends) as BackendName[]) {
  describe(`every second element on ${name}`, { skip: backends[name].unavailable() ?? false }, () => {
    for (const [kind, Elements] of Object.entries(kinds)) {
      test(`of ${kind}, from the first and the second on, of any number`, () => {
        const turned = kernel((k: number, x: any, z: any) => {
          z[2 * k] = x[2 * k + 1] + 1
          z[2 * k + 1] = x[2 * k] * 2
        }).on(name)
        const spread = kernel((k: number, x: any, z: any) => {
          z[2 * k + 1] = x[2 * k]
        }).on(name)
        for (const n of [1, 2, 7, 8, 15, 16, 17, 31, 33, 64, 100, 131]) {
          const x = new Elements(2 * n).map((_, k) => k + 1)
          const z = new Elements(2 * n).fill(-7)
          turned(n, x, z)
          assert.deepEqual(
            [...z],
            Array.from({ length: 2 * n }, (_, k) => (k % 2 === 0 ? k + 3 : 2 * k)),
          )
          // One element less than whole pairs: nothing behind the last one is touched.
          const short = x.subarray(0, 2 * n - 1)
          z.fill(-7)
          spread(n, short, z)
          assert.deepEqual(
            [...z],
            Array.from({ length: 2 * n }, (_, k) => (k % 2 === 0 ? -7 : k)),
          )
        }
      })
    }
  })
}
