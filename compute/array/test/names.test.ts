/** The page of names is as the code: every export has a row, no row names a function that is not there. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exported, pageText, unknown, writtenPage } from '../names/page.ts'

test('docs/array-names.md is what names/page.ts makes of the exports', () => {
  assert.ok(writtenPage() === pageText(), 'docs/array-names.md is stale: run npx node compute/array/names/page.ts')
})

test('no name stands for a function that is not exported', () => assert.deepEqual(unknown(), []))

test('every export has a row', () => {
  const page = writtenPage()
  assert.deepEqual(
    exported.filter(path => !page.includes(`\n| \`${path}\` |`)),
    [],
  )
})
