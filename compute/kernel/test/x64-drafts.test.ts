/** Drafts: when code is one, and when whole code takes its place. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Launch } from '../src/backend.ts'
import { compileProgram } from '../src/compile.ts'
import { most } from '../src/x64/drafts.ts'
import { x64 } from '../src/x64/index.ts'
import { mappedBytes } from '../src/x64/run/pages.ts'
import { lowered } from './x64-agree.ts'
import { skip } from './x64-code.ts'

const source = `(i, x) => {
  let s = x[i]
  for (let k = 0; k < 3; k++) s = Math.sin(s) * Math.exp(s) * Math.cos(k - s) * Math.tan(s) + Math.log(k + 1)
  x[i] = s
}`
const launch = (n: number): Launch => ({
  extents: [{ begin: 0, end: n, step: 1 }],
  scalars: [],
  arrays: [Float32Array.from({ length: n }, (_, i) => i / n)],
  threads: 2,
  schedule: 'auto',
  chunk: undefined,
})

const program = (drafts: boolean) => {
  const { lowered: found } = lowered(source, [new Float32Array(1)])
  return compileProgram(found.ir, undefined, x64, { fast: false, unsafe: false, source: [], drafts, onDisk: false })
}

/** Bytes of code pages that a call takes. */
const taken = (call: () => unknown): number => {
  const before = mappedBytes()
  call()
  return mappedBytes() - before
}

test('small launches run on a draft, until they have had as much to do as whole code is worth', { skip }, async () => {
  const before = mappedBytes()
  Object.assign(most, { operations: 1e8, ms: Number.POSITIVE_INFINITY })
  const [drafted, whole] = [program(true), program(false)]
  const bytes = taken(() => whole.run(launch(100)))
  const ofDraft = taken(() => drafted.run(launch(100)))
  assert.ok(ofDraft > 0 && ofDraft < bytes, `${ofDraft} and ${bytes} bytes`)
  assert.equal(
    taken(() => drafted.run(launch(100))),
    0,
  )
  const [a, b] = [launch(50_000), launch(50_000)]
  const underWay = drafted.runAsync(launch(100))
  assert.equal(
    taken(() => drafted.run(a)),
    bytes,
    'the draft stays: a call may be in it',
  )
  await underWay
  whole.run(b)
  assert.deepEqual(a.arrays, b.arrays)
  assert.equal(
    taken(() => drafted.run(launch(100))),
    0,
    'whole code serves small launches, too',
  )
  drafted.dispose()
  whole.dispose()
  assert.equal(mappedBytes(), before)
})

test('a launch of much to do needs no draft, nor one after launches that took long', { skip }, () => {
  Object.assign(most, { operations: 1e8, ms: Number.POSITIVE_INFINITY })
  const [large, whole] = [program(true), program(false)]
  const bytes = taken(() => whole.run(launch(100)))
  assert.equal(
    taken(() => large.run(launch(100_000))),
    bytes,
  )
  Object.assign(most, { ms: 0 })
  const late = program(true)
  assert.ok(taken(() => late.run(launch(100))) < bytes)
  assert.equal(
    taken(() => late.run(launch(100))),
    bytes,
  )
  for (const made of [large, whole, late]) made.dispose()
})
