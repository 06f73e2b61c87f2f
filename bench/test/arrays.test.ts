/** The peers of the suite of arrays compute the same as each other, at small sizes. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { cases } from '../arrays/cases.ts'
import { arrays } from '../arrays/suite.ts'
import { Peer } from '../harness/peer.ts'
import { agree } from '../harness/statistics.ts'
import { caseId, launchOf } from '../harness/suite.ts'

test('case names are unique', () => {
  const ids = cases.map(caseId)
  assert.equal(new Set(ids).size, ids.length)
})

/** Of the first peer that has the case: each is compared with those before it. */
const sums = new Map<string, { who: string; checksum: number }>()
const least: Record<string, number> = {
  'skein:x64(one': 11,
  'skein:lapack': 9,
  'C gcc': 9,
  NumPy: cases.length - 3,
  SciPy: 18,
  Numba: 6,
  'numpy-ts': 31,
  'jax-js': 12,
  tfjs: 7,
  'plain JS': 14,
}
for (const spec of arrays.peers(2)) {
  const launch = launchOf(spec)
  const skip = 'absent' in launch && launch.absent
  test(`${spec.label} computes what the others do`, { skip }, async () => {
    const peer = new Peer({ ...spec, launch })
    after(() => peer.quit())
    await peer.start()
    let count = 0
    for (const benchCase of cases) {
      if (!(spec.cases?.(benchCase) ?? true)) continue
      const id = caseId(benchCase)
      const prepared = await peer.prepare(id, Math.min(benchCase.quick, 2002), 60_000)
      if ('skip' in prepared) continue
      count++
      const { checksum } = prepared
      assert.ok(checksum !== null && Number.isFinite(checksum), id)
      const first = sums.get(id)
      if (!first) sums.set(id, { who: spec.label, checksum: checksum! })
      else {
        const told = `${id}: ${checksum}, ${first.who} ${first.checksum}`
        assert.ok(agree(checksum!, first.checksum, benchCase.tolerance), told)
      }
    }
    const expected = Object.entries(least).find(([name]) => spec.label.startsWith(name))?.[1] ?? cases.length - 1
    assert.ok(count >= expected, `${count} cases`)
    await peer.quit()
  })
}
