/** The peers that need nothing installed compute the same as each other, at small sizes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { agree } from '../harness/statistics.ts'
import { caseId } from '../harness/suite.ts'
import { cases } from '../kernels/cases.ts'
import { checksum, hash01, onHeap } from '../kernels/data.ts'
import { jobs } from '../kernels/plainjobs.ts'

test('case names are unique, and each has a plain loop or needs none', () => {
  const ids = cases.map(caseId)
  assert.equal(new Set(ids).size, ids.length)
  const withoutLoop = ids.filter(id => !jobs[id.replace('-outside', '')])
  assert.deepEqual(withoutLoop, ['limit_f64', 'first-call_f32', 'cached-call_f32'])
})

test('the hash of an index stays in [0,1) and has 24 bits', () => {
  for (let i = 0; i < 1000; i++) {
    const h = hash01(i, 5)
    assert.ok(h >= 0 && h < 1)
    assert.equal(Math.fround(h), h)
  }
})

test('dividing the work among three parts does not change what is computed', () => {
  for (const benchCase of cases) {
    const job = jobs[caseId(benchCase)]
    if (!job) continue
    const n = benchCase.quick
    const sums = [1, 3].map(parts => {
      const arrays = job.arrays(n, onHeap, parts)
      job.before?.(arrays, n)
      const phases = job.phases?.(n, parts) ?? 1
      for (let phase = 0; phase < phases; phase++) {
        for (let k = 0; k < parts; k++) job.part(arrays, n, phase, k, parts)
      }
      return job.value?.(arrays) ?? checksum(...job.outputs(arrays))
    })
    assert.ok(agree(sums[0], sums[1], benchCase.tolerance), `${caseId(benchCase)}: ${sums}`)
  }
})
