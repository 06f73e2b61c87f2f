import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeSeed } from './campaign/simulated.ts'

// 10,000 seeds: npm run fuzz -- coord store
test('what clients of a store are told, on a network and machines that fail, has an order; locks, leads and permits are held by as many as may; watches tell all', async () => {
  const sum = { operations: 0, unknown: 0, held: 0, told: 0 }
  for (let seed = 1; seed <= 30; seed++) {
    const judged = await judgeSeed(seed, 10_000)
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += judged[key]
  }
  // The faults were there, and work was done between them.
  assert.ok(sum.operations > 1000 && sum.unknown > 20 && sum.held > 500 && sum.told > 5000, JSON.stringify(sum))
})
