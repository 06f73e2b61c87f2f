import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeTables } from '../transactions/main.ts'

test('what transactions cost is what their page says: npm run bench -- transactions', async () => {
  assert.equal(await writeTables(true, ['costs']), true)
})
