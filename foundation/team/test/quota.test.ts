import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { heap } from '@skein/heap'
import { createTeam, type Team } from '../src/index.ts'
import type { Quota } from '../src/quota.ts'

/** Lends so many at once, and says what was asked. */
class Lender implements Quota {
  left: number
  asked: number[] = []
  constructor(left: number) {
    this.left = left
  }
  take(most: number): number {
    this.asked.push(most)
    const taken = Math.min(most, this.left)
    this.left -= taken
    return taken
  }
  giveBack(count: number): void {
    this.left += count
  }
}

const marks = async (team: Team) => team.module(new URL('./marks.ts', import.meta.url), 'mark').ready()
const bodies = new URL('./bodies.ts', import.meta.url)

describe('a team with a quota', () => {
  it('has as many threads as it is lent, and gives them back', async () => {
    const lender = new Lender(0)
    await using team = createTeam({ threads: 4, quota: lender })
    const body = await marks(team)
    const w = heap.i32(1024)
    const call = { args: heap.addressOf(w), begin: 0, end: 1000 }
    team.run(body, 0, call)
    assert.equal(team.stats().workers.length, 0, 'alone')
    lender.left = 2
    for (let times = 0; times < 100; times++) team.run(body, 0, call)
    assert.equal(team.stats().workers.length, 2)
    lender.left = 9
    await team.runAsync(body, 0, call)
    assert(w.subarray(0, 1000).every(n => n === 102))
    assert.deepEqual([lender.left, lender.asked.at(0), lender.asked.at(-1)], [9, 3, 4])
    const throwing = await team.module(bodies, 'throwing').ready()
    w[1000] = 5
    assert.throws(() => team.run(throwing, 0, call), /not to my liking/)
    await assert.rejects(team.runAsync(throwing, 0, call), /not to my liking/)
    assert.equal(lender.left, 9)
  })

  it('lets threads end that have nothing to do, and starts them again', async () => {
    await using team = createTeam({ threads: 3, quota: new Lender(2), idleMs: 20 })
    const body = await marks(team)
    const w = heap.i32(1024)
    for (let round = 1; round <= 3; round++) {
      team.run(body, 0, { args: heap.addressOf(w), begin: 0, end: 1000 })
      assert(w.subarray(0, 1000).every(n => n === round))
      assert.equal(team.stats().workers.length, 2)
      // In the second round without a turn of the event loop, in which their end would be noticed.
      const until = performance.now() + 10_000
      const isOver = () => team.stats().workers.every(({ state }) => state === 'absent') || performance.now() > until
      if (round === 2) while (!isOver());
      else while (!isOver()) await sleep(5)
      assert(performance.now() < until)
    }
    assert.equal(team.stats().replaced, 0)
  })
})
