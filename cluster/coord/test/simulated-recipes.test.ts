import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeRecipes } from './campaign/recipes.ts'

// 10,000 seeds: npm run fuzz -- coord recipes
test('queues give each item once and in order, counters lose nothing, and nobody begins or ends alone, while clients die, pause and are cut off', async () => {
  const sum = { taken: 0, claimed: 0, added: 0, rounds: 0, unknown: 0 }
  for (let seed = 1; seed <= 8; seed++) {
    const judged = await judgeRecipes(seed, 10_000)
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += judged[key]
  }
  // The faults were there, and work was done between them.
  const { taken, claimed, added, rounds, unknown } = sum
  assert.ok(taken > 200 && claimed > 200 && added > 400 && rounds > 50 && unknown > 40, JSON.stringify(sum))
})
