/** What is tested of kernels in general, and that no element beside an array is touched, is tested on drafts as well. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backends } from '../src/index.ts'

const reason = backends.x64.unavailable()
if (reason !== undefined) test('all tests', { skip: reason }, () => {})
else {
  process.env.SKEIN_TEST_DRAFTS = 'yes'
  await import('./whole-code.ts')
  const { most } = await import('../src/x64/drafts.ts')
  most.ms = Number.POSITIVE_INFINITY
  test('all launches are on drafts', () => assert.equal(most.operations, Number.POSITIVE_INFINITY))
  await import('./arithmetic.test.ts')
  await import('./arrays.test.ts')
  await import('./conversions.test.ts')
  await import('./loop-ranges.test.ts')
  await import('./strip-ranges.test.ts')
  await import('./tallies.test.ts')
  await import('./x64-guards.test.ts')
}
