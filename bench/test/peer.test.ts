import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quickEffort, runCase } from '../harness/interleave.ts'
import { Peer, PeerFailed } from '../harness/peer.ts'
import type { BenchCase, PeerSpec } from '../harness/suite.ts'

const serveModule = new URL('../harness/serve.ts', import.meta.url).href

/** A peer whose `prepare` is the given source. */
const peer = (label: string, prepare: string): PeerSpec => ({
  label,
  threads: 1,
  launch: {
    command: process.execPath,
    args: [
      '--input-type=module',
      '-e',
      `import { serve } from '${serveModule}'; await serve('${label} 1.0', ${prepare})`,
    ],
  },
})

const nothing: BenchCase = { name: 'nothing', dtype: 'none', about: '', n: 3, quick: 3, tolerance: 0 }
const effort = { ...quickEffort, rounds: 3, restMs: 0 }
const run = async (specs: PeerSpec[]) => {
  const peers = specs.map(spec => new Peer(spec))
  const order: string[] = []
  const report = await runCase('test', nothing, 3, peers, effort, text => order.push(text))
  await Promise.all(peers.map(p => p.quit()))
  return { report, order, peers }
}

test('peers of a case take turns, and each gets a row under the name it gave itself', async () => {
  const { report, order } = await run([
    peer('a', '(id, n) => ({ run() {}, checksum: () => n })'),
    peer('b', '(id, n) => ({ run: async () => {}, checksum: () => n, who: "b for this case" })'),
  ])
  assert.deepEqual(report.failed, [])
  assert.deepEqual(
    report.rows.map(r => [r.who, r.n, r.threads, r.checksum]),
    [
      ['a 1.0', 3, 1, 3],
      ['b for this case', 3, 1, 3],
    ],
  )
  assert.deepEqual(order.filter(text => text.startsWith('round')).slice(0, 4), [
    'round 1 a',
    'round 1 b',
    'round 2 a',
    'round 2 b',
  ])
})

test('who cannot do a case is skipped with its reason; who fails is named and does not stop the others', async () => {
  const { report, peers } = await run([
    peer('absent minded', '() => ({ skip: "no such case" })'),
    peer('broken', '() => ({ run() { throw new RangeError("too much") }, checksum: () => 0 })'),
    peer('dying', '() => process.exit(1)'),
    peer('whole', '() => ({ run() {}, checksum: () => 0 })'),
  ])
  assert.deepEqual(report.skipped, ['absent minded 1.0: no such case'])
  assert.equal(report.failed.length, 2)
  assert.match(report.failed[0], /^broken was asked 'prepare nothing 3 1': RangeError: too much/)
  assert.match(report.failed[1], /^dying was asked 'prepare nothing 3 1': it ended without an answer/)
  assert.deepEqual(
    report.rows.map(r => r.who),
    ['whole 1.0'],
  )
  assert.ok(peers.every(p => !p.running))
})

test('a peer that died can be started again for the next case', async () => {
  const dying = new Peer(peer('dying', '(id, n) => (n === 1 ? process.exit(1) : { run() {}, checksum: () => n })'))
  await dying.start()
  await assert.rejects(dying.prepare('x', 1, 60_000), PeerFailed)
  assert.equal(dying.running, false)
  await dying.start()
  assert.deepEqual(await dying.prepare('x', 2, 60_000), { checksum: 2, threads: 1, who: 'dying 1.0' })
  await dying.quit()
})

test('a command that does not exist is told as such', async () => {
  const { report } = await run([{ label: 'ghost', threads: 1, launch: { command: '/nowhere/ghost', args: [] } }])
  assert.match(report.failed[0], /ghost was asked .*ENOENT/)
})
