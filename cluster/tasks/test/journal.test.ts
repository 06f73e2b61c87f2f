/** What is kept of finished tasks: by function against exact answers, row by row against a plain list. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Journal, type Outcome, outcomes } from '../src/observe/journal.ts'
import { Quantiles } from '../src/observe/quantiles.ts'

describe('quantiles', () => {
  it('are those of the sorted durations, to 6 %', () => {
    const durations = fc.array(fc.double({ min: 1e-5, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (ms, q) => {
        const found = new Quantiles()
        for (const d of ms) found.add(d)
        const exact = ms.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(q * ms.length)) - 1]
        assert(Math.abs(found.at(q) - exact) <= 0.0626 * exact, `${found.at(q)} for ${exact}`)
        assert.equal(found.mostMs, Math.max(...ms))
        assert.equal(found.count, ms.length)
      }),
    )
  })

  it('take what no clock should give', () => {
    const q = new Quantiles()
    for (const ms of [0, -1, Number.NaN, 1e300, Number.POSITIVE_INFINITY]) q.add(ms)
    assert.equal(q.count, 5)
    assert.equal(new Quantiles().at(0.5), 0)
  })
})

describe('the journal', () => {
  it('gives the last rows in order, says what was missed, and never forgets a function', () => {
    const attempt = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      worker: fc.nat(3),
      outcome: fc.constantFrom<Outcome>(...outcomes),
    })
    fc.assert(
      fc.property(fc.array(attempt, { maxLength: 60 }), fc.nat(70), (attempts, from) => {
        const journal = new Journal(16)
        attempts.forEach(({ name, worker, outcome }, i) => {
          journal.add(i, name, worker, 0, outcome, i, i + 1, i + 3)
        })
        const { rows, next, missed } = journal.read(from)
        const first = Math.max(from, attempts.length - 16, 0)
        const expected = attempts.map((a, task) => ({ ...a, task })).slice(first)
        assert.deepEqual(
          rows.map(({ task, name, worker, outcome }) => ({ name, worker, outcome, task })),
          expected,
        )
        assert.equal(missed, first - from)
        assert.equal(next, attempts.length)
        const functions = journal.functions()
        for (const outcome of outcomes) {
          const all = functions.reduce((sum, f) => sum + f[outcome], 0)
          assert.equal(all, attempts.filter(a => a.outcome === outcome).length)
        }
        for (const { name, sumMs } of functions) {
          assert.equal(sumMs, 2 * attempts.filter(a => a.name === name && a.worker > 0).length)
        }
      }),
    )
  })
})
