/** The same as differential.test.ts, on a heap of 32-bit addresses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heap } from '@skein/heap'
import { judgeIR } from '../../../testing/fuzz/ir-trial.ts'
import { judgeSource } from '../../../testing/fuzz/source-trials.ts'

// Read when the heap is first used.
process.env.SKEIN_HEAP = 'memory32'
process.env.SKEIN_THREADS ??= '4'
const seed = Number(process.env.SEED ?? 7000)
const cases = Number(process.env.CASES ?? 150)

test(`random kernels agree (SEED=${seed} CASES=${cases})`, async () => {
  assert.equal(heap.memory64, false)
  for (let s = seed; s < seed + cases; s++) {
    const fault = (await judgeSource(s, 30_000, ['wasm'])) ?? (await judgeIR(s, ['wasm']))
    if (fault && fault !== 'skipped')
      assert.fail(`seed ${s}: ${fault}\n\nagain with: SKEIN_HEAP=memory32 npm run fuzz -- 1 ${s}`)
  }
})
