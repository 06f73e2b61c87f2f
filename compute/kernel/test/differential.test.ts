/** Random kernels from source text: plain JavaScript, the reference and wasm agree. More by `npm run fuzz`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeSource } from '../../../testing/fuzz/source-trials.ts'

process.env.SKEIN_THREADS ??= '4'
const seed = Number(process.env.SEED ?? 1000)
const cases = Number(process.env.CASES ?? 500)

test(`random kernels agree (SEED=${seed} CASES=${cases})`, async () => {
  for (let s = seed; s < seed + cases; s++) {
    const fault = await judgeSource(s, 30_000)
    if (fault) assert.fail(`seed ${s}: ${fault}\n\nagain with: npm run fuzz -- 1 ${s}`)
  }
})
