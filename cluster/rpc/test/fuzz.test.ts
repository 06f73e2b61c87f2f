import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trial } from './fuzz/trial.ts'

test('whatever a peer sends, a session goes on or ends with an error that has a name (npm run fuzz -- rpc)', async () => {
  const first = Number(process.env.SEED ?? 1)
  const counts = { ended: 0, 'went on': 0 }
  for (let seed = first; seed < first + 300; seed++) counts[await trial(seed)]++
  assert.ok(counts.ended > 20 && counts['went on'] > 20, JSON.stringify(counts))
})
