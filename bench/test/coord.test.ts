/** The shape of the coordination suite: stores and what is beside them do each case, at small sizes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, isOfStores } from '../coord/cases.ts'
import { coord } from '../coord/suite.ts'
import { Peer } from '../harness/peer.ts'
import { caseId, launchOf } from '../harness/suite.ts'

const peers = coord.peers(2)

test('case names are unique, and each case has a peer of Skein', () => {
  const ids = cases.map(caseId)
  assert.equal(new Set(ids).size, ids.length)
  for (const benchCase of cases)
    assert.ok(peers.some(({ label, cases: takes }) => label.startsWith('skein') && (takes?.(benchCase) ?? true)))
})

const few = (name: string): number => (isOfStores({ name } as (typeof cases)[number]) ? 4 : 1000)

const absence = (spec: (typeof peers)[number]): string | false => {
  const launch = launchOf(spec)
  return 'absent' in launch && launch.absent
}

// Three nodes take seconds to start, and the client on them is that of the file.
for (const spec of peers.filter(({ label }) => label !== 'skein:etcd'))
  test(`${spec.label} does its cases`, { skip: absence(spec), timeout: 60_000 }, async () => {
    const peer = new Peer(spec)
    await peer.start()
    for (const benchCase of cases.filter(c => spec.cases?.(c) ?? true)) {
      if (benchCase.name === 'verdicts') continue
      const threads = Math.min(benchCase.threads ?? 1, 2)
      const prepared = await peer.prepare(caseId(benchCase), few(benchCase.name), 30_000, threads)
      if ('skip' in prepared) continue
      assert.equal(prepared.threads, threads)
      assert.ok((await peer.rep(0, 1, 30_000)).seconds > 0)
    }
    await peer.quit()
    assert.equal(peer.running, false)
  })
