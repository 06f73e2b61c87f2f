/** What an engine keeps of results that were taken, and what is left of it when it has been stopped. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { heap } from '@skein/heap'
import { engineHere } from '../src/engine.ts'
import { start, stop } from '../src/index.ts'
import type { Observable } from '../src/observe/observer.ts'
import * as jobs from './jobs.ts'

/** The collector finds what no frame refers to any more. */
async function collectedUntil(isGone: () => boolean): Promise<boolean> {
  // While there is an array, the heap has a reason to run it.
  using array = heap.i32(1)
  void array
  for (let turns = 0; turns < 20 && !isGone(); turns++) {
    await turn()
    heap.collect()
  }
  return isGone()
}

const tasksRun = (): number =>
  (engineHere() as unknown as Observable).look().workers.reduce((sum, { ran }) => sum + ran, 0)

describe('an engine', () => {
  afterEach(() => stop())

  it('that has nothing to do keeps no result', async () => {
    start({ workers: 1, validate: true })
    const bytes = 2 ** 19
    await jobs.floats(bytes / 8)
    assert(await collectedUntil(() => heap.inUseBytes < bytes), `${heap.inUseBytes} bytes are in use`)
  })

  /** The client falls asleep, and what wakes it is a call and not the bell that it waits for. */
  async function sleepsAndIsCalled(): Promise<WeakRef<object>> {
    start({ workers: 2, validate: true })
    const gate = heap.i32(1)
    const held = jobs.passes(gate)
    const until = performance.now() + 5
    while (performance.now() < until) await turn()
    const other = jobs.add(1, 2)
    Atomics.store(gate, 0, 1)
    Atomics.notify(gate, 0)
    while (tasksRun() < 2);
    assert.deepEqual([await held, await other], [1, 3])
    return new WeakRef(engineHere())
  }

  it('that was stopped is no more, whatever it waited for', async () => {
    const engine = await sleepsAndIsCalled()
    await stop()
    assert(await collectedUntil(() => engine.deref() === undefined), 'it is still there')
  })
})
