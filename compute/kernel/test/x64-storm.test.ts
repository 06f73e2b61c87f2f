/** Calls of machine code of every kind at once, cancelled at any moment, faulting, failing: every index is still done once, and no thread is lost. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTeam, type Team } from '@skein/team'
import fc from 'fast-check'
import { addressOf } from '../src/x64/run/addresses.ts'
import { processGates } from '../src/x64/run/gates.ts'
import { skip, testCode } from './x64-code.ts'

type Body = ReturnType<Team['native']>

interface Range {
  readonly length: number
  readonly chunk: number
  /** When the call is cancelled, if it can be. */
  readonly ms: number
}

const isCancelled = ({ name }: Error): void => assert.equal(name, 'CancelledError')

const cancelAfter = (ms: number): AbortSignal => {
  const controller = new AbortController()
  if (ms === 0) queueMicrotask(() => controller.abort())
  else setTimeout(() => controller.abort(), ms)
  return controller.signal
}

const calls = {
  marks: (team: Team, body: Body, { length, chunk }: Range) => {
    const words = new Int32Array(length)
    assert.equal(team.run(body, 'mark', { args: addressOf(words), begin: 0, end: length, chunk }), 0)
    assert.ok(words.every(count => count === 1))
  },
  marksLater: async (team: Team, body: Body, { length, chunk }: Range) => {
    const words = new Int32Array(length)
    assert.equal(await team.runAsync(body, 'mark', { args: addressOf(words), begin: 0, end: length, chunk }), 0)
    assert.ok(words.every(count => count === 1))
  },
  marksUntilCancelled: async (team: Team, body: Body, { ms }: Range) => {
    const words = new Int32Array(5000)
    const options = { args: addressOf(words), begin: 0, end: 5000, chunk: 1, graceMs: 0, signal: cancelAfter(ms) }
    const status = await team.runAsync(body, 'mark', options).catch(isCancelled)
    assert.ok(words.every(count => count === 1 || (status === undefined && count === 0)))
  },
  never: async (team: Team, body: Body, { length, chunk, ms }: Range) => {
    const word = new Int32Array(1)
    const options = { args: addressOf(word), begin: 0, end: length, chunk, graceMs: ms % 3, signal: cancelAfter(ms) }
    assert.equal(await team.runAsync(body, 'endless', options).catch(isCancelled), undefined)
    assert.ok(word[0] <= team.threads)
  },
  faults: (team: Team, body: Body, { length, chunk }: Range) => {
    const status = team.run(body, 'reads', { args: 8, begin: 0, end: length, chunk })
    assert.equal(processGates().fault(status)?.signal, 11)
  },
  fails: async (team: Team, body: Body, { length, chunk }: Range) => {
    const word = Int32Array.of(length >> 1)
    assert.equal(await team.runAsync(body, 'fails', { args: addressOf(word), begin: 0, end: length, chunk }), 7)
  },
}

test('a storm', { skip }, async () => {
  const call = fc.record({
    name: fc.constantFrom(...(Object.keys(calls) as (keyof typeof calls)[])),
    length: fc.integer({ min: 1, max: 500 }),
    chunk: fc.integer({ min: 1, max: 20 }),
    ms: fc.integer({ min: 0, max: 5 }),
  })
  const storm = fc.asyncProperty(
    fc.integer({ min: 1, max: 4 }),
    fc.array(call, { maxLength: 40 }),
    async (threads, list) => {
      await using team = createTeam({ threads })
      const body = team.native({ functions: testCode().addresses, gates: processGates().address })
      await Promise.all(list.map(({ name, ...range }) => calls[name](team, body, range)))
      assert.equal(team.stats().replaced, 0)
    },
  )
  await fc.assert(storm, { numRuns: 8 })
})
