import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeTransactions, transactionKinds } from './campaign/transactions.ts'

// 10,000 seeds of each: npm run fuzz -- coord two-phase
for (const name of Object.keys(transactionKinds))
  test(`${name}: what transactions have seen and done is what their isolation allows, whatever fails`, async () => {
    const sum = { committed: 0, aborted: 0, unknown: 0, skews: 0 }
    for (let seed = 1; seed <= 25; seed++) {
      const judged = await judgeTransactions(name, seed)
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += judged[key]
    }
    // The faults were there, and work was done between them.
    assert.ok(sum.committed > 500 && sum.aborted > 10 && sum.unknown > 10, JSON.stringify(sum))
    if (name === 'serializable') assert.equal(sum.skews, 0)
  })
