/** Random kernels of the IR: the reference and what compiles agree. More by `npm run fuzz`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeIR } from '../../../testing/fuzz/ir-trial.ts'
import type { Compiled } from '../../../testing/fuzz/machines.ts'
import { wasm } from '../src/wasm/index.ts'
import { x64 } from '../src/x64/index.ts'

process.env.SKEIN_THREADS ??= '4'
const seed = Number(process.env.SEED ?? 3000)
const cases = Number(process.env.CASES ?? 200)

for (const { name, unavailable } of [wasm, x64]) {
  test(`random IR agrees on ${name} (SEED=${seed} CASES=${cases})`, { skip: unavailable() ?? false }, async () => {
    let judged = 0
    for (let s = seed; s < seed + cases; s++) {
      const fault = await judgeIR(s, [name as Compiled])
      if (fault === 'skipped') continue
      judged++
      if (fault) assert.fail(`seed ${s}: ${fault}\n\nagain with: npm run fuzz -- 1 ${s}`)
    }
    assert(judged > cases / 2, `${judged} of ${cases} were kernels to run`)
  })
}
