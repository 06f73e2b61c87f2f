/** The calls of all peers give the same. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { cases } from '../array-calls/calls.ts'
import { arrayCalls } from '../array-calls/suite.ts'
import { Peer } from '../harness/peer.ts'
import { agree } from '../harness/statistics.ts'
import { caseId, launchOf } from '../harness/suite.ts'

test('names of calls are unique', () => {
  const ids = cases.map(caseId)
  assert.equal(new Set(ids).size, ids.length)
})

/** Of the first peer that has the call: each is compared with those before it. */
const sums = new Map<string, { who: string; checksum: number }>()
for (const spec of arrayCalls.peers(2)) {
  const launch = launchOf(spec)
  const skip = 'absent' in launch && launch.absent
  test(`${spec.label} calls what the others do`, { skip }, async () => {
    const peer = new Peer({ ...spec, launch })
    after(() => peer.quit())
    await peer.start()
    const wrong: string[] = []
    let count = 0
    for (const benchCase of cases) {
      if (!(spec.cases?.(benchCase) ?? true)) continue
      const id = caseId(benchCase)
      try {
        const prepared = await peer.prepare(id, 1, 60_000)
        if ('skip' in prepared) continue
        count++
        const { checksum } = prepared
        const first = sums.get(id)
        if (checksum === null || !Number.isFinite(checksum)) wrong.push(`${id}: ${checksum}`)
        else if (!first) sums.set(id, { who: spec.label, checksum })
        else if (!agree(checksum, first.checksum, benchCase.tolerance))
          wrong.push(`${id}: ${checksum}, ${first.who} ${first.checksum}`)
      } catch (error) {
        wrong.push(`${id}: ${(error as Error).message}`)
      }
    }
    assert.deepEqual(wrong, [])
    assert.ok(count >= (spec.label === 'plain JS' ? 17 : 200), `${count}`)
  })
}
