/** The shape of the message passing suite: whoever answers, answers the same at small sizes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Peer } from '../harness/peer.ts'
import { agree } from '../harness/statistics.ts'
import { caseId, launchOf } from '../harness/suite.ts'
import { cases, isCrowded } from '../mpi/cases.ts'
import { mpi } from '../mpi/suite.ts'

const all = mpi.peers(2)
const smallN: Record<string, number> = { heat: 64 }

test('case names are unique, and each case has peers', () => {
  const ids = cases.map(caseId)
  assert.equal(new Set(ids).size, ids.length)
  for (const benchCase of cases) {
    const labels = all.filter(({ cases: takes }) => takes?.(benchCase) ?? true)
    assert.ok(
      labels.some(({ label }) => label === 'skein:threads'),
      benchCase.name,
    )
  }
})

test('ranks on threads and in C do each case, and come to the same', { timeout: 60_000 }, async () => {
  const ordinary = cases.filter(c => !isCrowded(c) && c.name !== 'start')
  const specs = all
    .filter(({ label, cases: takes }) => takes?.(ordinary[0]) && ['skein:threads', 'C Open MPI'].includes(label))
    .filter(spec => !('absent' in launchOf(spec)))
  const sums = new Map<string, number[]>()
  for (const spec of specs) {
    const peer = new Peer(spec)
    await peer.start()
    for (const benchCase of ordinary) {
      const n = smallN[benchCase.name] ?? Math.min(benchCase.quick, 1 << 16)
      const prepared = await peer.prepare(caseId(benchCase), n, 30_000)
      if ('skip' in prepared) continue
      assert.equal(prepared.threads, 2)
      assert.ok((await peer.rep(1, 64, 30_000)).seconds > 0)
      sums.set(benchCase.name, [...(sums.get(benchCase.name) ?? []), prepared.checksum!])
    }
    await peer.quit()
    assert.equal(peer.running, false)
  }
  assert.deepEqual([...sums.keys()].sort(), ordinary.map(({ name }) => name).sort())
  for (const { name, tolerance } of ordinary) {
    const [one, other = one] = sums.get(name)!
    assert.ok(agree(one, other, tolerance), `${name}: ${one} and ${other}`)
  }
})
