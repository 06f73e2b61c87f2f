/** Random kernels from source text: plain JavaScript, the reference and what compiles agree. More by `npm run fuzz`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Compiled } from '../../../testing/fuzz/machines.ts'
import { judgeSource } from '../../../testing/fuzz/source-trials.ts'
import { wasm } from '../src/wasm/index.ts'
import { x64 } from '../src/x64/index.ts'

process.env.SKEIN_THREADS ??= '4'
const seed = Number(process.env.SEED ?? 1000)
const cases = Number(process.env.CASES ?? 250)

for (const { name, unavailable } of [wasm, x64]) {
  test(`random kernels agree on ${name} (SEED=${seed} CASES=${cases})`, { skip: unavailable() ?? false }, async () => {
    for (let s = seed; s < seed + cases; s++) {
      const fault = await judgeSource(s, 30_000, [name as Compiled])
      if (fault) assert.fail(`seed ${s}: ${fault}\n\nagain with: npm run fuzz -- 1 ${s}`)
    }
  })
}
