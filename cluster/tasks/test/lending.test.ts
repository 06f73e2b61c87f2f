import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { heap } from '@skein/heap'
import { get, start, stop } from '../src/index.ts'
import * as at from '../src/threads/board.ts'
import { Lending } from '../src/threads/lending.ts'
import { helped } from './helpers.ts'

describe('CPUs lent to tasks that call kernels', () => {
  it('are those of workers that sleep, and of no more than there are', () => {
    const layout = at.layoutOf(4, 4)
    const c = new Int32Array(layout.bytes / 4)
    const states = (...of: number[]) => of.forEach((state, worker) => (c[at.workerAt(worker) + at.state] = state))
    const [first, second] = [0, 1].map(worker => new Lending(c, layout, worker, 4))
    states(at.awake, at.waiting, at.sleeping, at.sleeping)
    assert.equal(first.take(1), 1)
    assert.equal(second.take(3), 1)
    assert.equal(first.take(1), 0)
    first.giveBack(1)
    assert.equal(second.take(3), 1)
    second.giveBack(2)
    states(at.awake, at.awake, at.awake, at.awake)
    assert.equal(first.take(3), 0)
    states(at.sleeping, at.absent, at.gone, at.booting)
    assert.equal(first.take(9), 3)
    // More run than there are CPUs, since a task has begun meanwhile: nothing is lent until they are fewer.
    states(at.awake, at.awake, at.awake, at.awake)
    assert.equal(second.take(1), 0)
    first.giveBack(3)
    assert.equal(new Lending(c, layout, 0, 1).take(3), 0)
  })

  before(() => {
    process.env.SKEIN_THREADS = '2'
    start({ workers: 2 })
  })
  after(async () => {
    delete process.env.SKEIN_THREADS
    await stop()
  })

  it('help a task while the other worker sleeps, and not while it works', { timeout: 30_000 }, async () => {
    assert.equal(await helped(2, 10_000), 2)
    const together = heap.i32([0, 0, 2])
    assert.deepEqual(await get([helped(2, 200, together), helped(2, 200, together)]), [1, 1])
    assert.equal(await helped(2, 10_000), 2)
  })
})
