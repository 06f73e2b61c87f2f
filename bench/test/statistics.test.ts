import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { agree, median, relativeSpread, type Sample, spread } from '../harness/statistics.ts'

const clean = (seconds: number): Sample => ({ seconds, delayed: 0 })
const disturbed = (seconds: number): Sample => ({ seconds, delayed: 0.5 })

test('median: of odd and even counts, whatever the order', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.ok(Number.isNaN(median([])))
})

test('median: as many values above as below', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }), values => {
      const m = median(values)
      const below = values.filter(v => v < m).length
      const above = values.filter(v => v > m).length
      return below <= values.length / 2 && above <= values.length / 2
    }),
  )
})

test('spread: disturbed samples are left out while three undisturbed ones remain', () => {
  assert.deepEqual(spread([clean(1), disturbed(9), clean(2), clean(3)]), { median: 2, min: 1, max: 3 })
  assert.deepEqual(spread([clean(1), disturbed(9), clean(3)]), { median: 3, min: 1, max: 9 })
})

test('relative spread: half the range over the median', () => {
  assert.equal(relativeSpread({ median: 2, min: 1, max: 3 }), 0.5)
})

test('agree: relative to the greater, exact at 0 tolerance, never for NaN', () => {
  assert.ok(agree(1000, 1001, 1e-3))
  assert.ok(!agree(1000, 1002, 1e-3))
  assert.ok(agree(5, 5, 0))
  assert.ok(!agree(5, 5.0000001, 0))
  assert.ok(!agree(Number.NaN, Number.NaN, 1))
})
