/** Random kernels of the IR: the reference and wasm agree. More by `npm run fuzz`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeIR } from '../../../testing/fuzz/ir-trial.ts'

process.env.SKEIN_THREADS ??= '4'
const seed = Number(process.env.SEED ?? 3000)
const cases = Number(process.env.CASES ?? 400)

test(`random IR agrees (SEED=${seed} CASES=${cases})`, async () => {
  let judged = 0
  for (let s = seed; s < seed + cases; s++) {
    const fault = await judgeIR(s)
    if (fault === 'skipped') continue
    judged++
    if (fault) assert.fail(`seed ${s}: ${fault}\n\nagain with: npm run fuzz -- 1 ${s}`)
  }
  assert(judged > cases / 2, `${judged} of ${cases} were kernels to run`)
})
