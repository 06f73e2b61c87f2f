/** What a worker has in the shared heap when it is lost: no byte is left behind, and none is released that others use. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { heap } from '@skein/heap'
import { cancel, get, start, stats, stop, WorkerLostError } from '../src/index.ts'
import { Keeper, lendsAndExits, lendsThenExits, takes, takesAndExits, takesAndHangs, top } from './programs/leaves.ts'

const size = 8 * 2 ** 20
const bytesOf = (label: string): number => heap.holders().find(holder => holder.label === label)?.bytes ?? 0
/** Of the client's own. */
const topBytes = bytesOf('top')

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 1))
}

/** Writes into blocks that are free. */
function overwrite(bytes: number): void {
  using scope = heap.scope()
  for (let i = 0; i < 5; i++) scope.u8(bytes).fill(9)
}

describe('the heap, when workers are lost', () => {
  afterEach(() => stop())

  it('is what it was after eight that held 8 MiB each', async () => {
    start({ workers: 2, validate: true })
    for (let i = 0; i < 8; i++) {
      await assert.rejects(get(takesAndExits.with({ retries: 0 })(size)), WorkerLostError)
      assert.equal(bytesOf('left'), 0)
    }
    assert.equal(stats().replaced, 8)
    await stop()
    assert.equal(bytesOf('top'), topBytes)
    assert.equal(top.length, 1000)
  })

  it('is what it was after one that was terminated, and after the engine', async () => {
    start({ workers: 1, validate: true })
    const begun = heap.i32(1)
    const hangs = takesAndHangs(size, begun)
    await until(() => Atomics.load(begun, 0) === 1)
    assert.equal(bytesOf('left'), size)
    cancel(hangs, { graceMs: 0 })
    await assert.rejects(get(hangs))
    await until(() => stats().replaced === 1)
    assert.equal(bytesOf('left'), 0)
    const keeper = await Keeper.create()
    await keeper.keep(size)
    assert.equal(bytesOf('left'), size)
    await stop()
    assert.equal(bytesOf('left'), 0)
    assert.equal(bytesOf('top'), topBytes)
  })

  it('keeps results, those that were not taken yet among them', async () => {
    start({ workers: 1, validate: true })
    const first = await takes(size)
    // All three are brought before the client looks.
    const refs = [takes(size), takes(100), takesAndExits.with({ retries: 0 })(size)] as const
    await assert.rejects(get(refs[2]), WorkerLostError)
    await stop()
    assert.equal(bytesOf('left'), 0)
    overwrite(size)
    for (const x of [first, await refs[0], await refs[1]]) assert.ok(x.every(byte => byte === 2))
  })

  it('keeps what a task had given to another that still runs', async () => {
    start({ workers: 2, validate: true })
    const flags = heap.i32(4)
    flags[0] = 1
    await assert.rejects(get(lendsAndExits.with({ retries: 0 })(flags)), WorkerLostError)
    overwrite(1_000_000)
    Atomics.store(flags, 2, 1)
    await until(() => Atomics.load(flags, 3) !== 0)
    assert.equal(flags[3], 1)
  })

  it('does not keep what another task was given that is over', async () => {
    start({ workers: 2, validate: true })
    const before = bytesOf('lent')
    const flags = heap.i32(4)
    flags[2] = 1
    await assert.rejects(get(lendsThenExits.with({ retries: 0 })(flags)), WorkerLostError)
    assert.equal(flags[3], 1)
    assert.equal(bytesOf('lent'), before)
  })
})
