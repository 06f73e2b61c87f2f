// When ranks count as waiting for each other: what each sees of the others is written by hand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeadlockError } from '../src/errors.ts'
import { Standstill } from '../src/threads/standstill.ts'
import { Views } from '../src/threads/views.ts'
import {
  blocked,
  ended,
  endWorld,
  firstRank,
  makeWorld,
  rankAt,
  running,
  sleeps,
  state,
  taken,
} from '../src/threads/world-block.ts'

/** Rank 0 looks so often, while the others do as is said; @returns whether it then says that all wait for each other */
function isDeadlock(others: readonly { state: number; sleeps: number; moves?: boolean }[], looks = 5): boolean {
  const world = makeWorld(others.length + 1)
  const views = new Views(firstRank(world, 0), 0)
  const { c, layout } = views
  try {
    const standstill = new Standstill(views)
    for (let look = 0; look < looks; look++) {
      for (const [i, other] of others.entries()) {
        const r = rankAt(layout, i + 1)
        c[r + state] = other.state
        c[r + sleeps] = other.sleeps
        if (other.moves) c[r + taken]++
      }
      try {
        standstill.slept(() => 'waits')
      } catch (error) {
        assert.ok(error instanceof DeadlockError, String(error))
        return true
      }
    }
    return false
  } finally {
    endWorld(world)
  }
}

const asleep = { state: blocked, sleeps: 1 }

test('all sleep, or have ended', () => {
  assert.equal(isDeadlock([asleep, asleep]), true)
  assert.equal(isDeadlock([asleep, { state: ended, sleeps: 0 }]), true)
  assert.equal(isDeadlock([]), true)
})

test('one look is not enough', () => {
  // The first time a rank has slept for long it becomes suspect, then it looks, and looks again.
  assert.equal(isDeadlock([asleep], 2), false)
  assert.equal(isDeadlock([asleep], 3), true)
})

test('one runs', () => assert.equal(isDeadlock([asleep, { state: running, sleeps: 0 }]), false))

test('one moves between looks', () => assert.equal(isDeadlock([asleep, { ...asleep, moves: true }]), false))

test('one was woken, and has had no core since', () =>
  assert.equal(isDeadlock([asleep, { state: blocked, sleeps: 0 }]), false))
