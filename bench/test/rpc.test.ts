/** The shape of the suite of calls across a wire: whoever takes part answers the same at small sizes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Peer } from '../harness/peer.ts'
import { caseId, launchOf } from '../harness/suite.ts'
import { cases } from '../rpc/cases.ts'
import { rpc } from '../rpc/suite.ts'

const all = rpc.peers(2)

test('case names are unique', () => {
  const ids = cases.map(caseId)
  assert.equal(new Set(ids).size, ids.length)
})

test('Skein does each case, and comes to what is done by hand', { timeout: 60_000 }, async () => {
  const sums = new Map<string, number[]>()
  for (const spec of all.filter(({ label }) => ['skein:tcp', 'JSON lines by hand', 'raw socket'].includes(label))) {
    assert.ok(!('absent' in launchOf(spec)), spec.label)
    const peer = new Peer(spec)
    await peer.start()
    for (const benchCase of cases) {
      const prepared = await peer.prepare(caseId(benchCase), Math.min(benchCase.quick, 1 << 12), 30_000)
      if ('skip' in prepared) {
        assert.notEqual(spec.label, 'skein:tcp', benchCase.name)
        continue
      }
      const { seconds } = await peer.rep(1, 4, 30_000)
      assert.ok(benchCase.unit ? seconds <= 10 : seconds > 0, `${benchCase.name}: ${seconds}`)
      if (prepared.checksum !== null) sums.set(benchCase.name, [...(sums.get(benchCase.name) ?? []), prepared.checksum])
    }
    await peer.quit()
    assert.equal(peer.running, false)
  }
  for (const [name, [one, ...others]] of sums) for (const other of others) assert.equal(one, other, name)
})
