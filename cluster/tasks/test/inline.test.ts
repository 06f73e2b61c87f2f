import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { isMainThread } from 'node:worker_threads'
import { ArgumentError, TimeoutError } from '@skein/base'
import { current, get, start, stop, TaskError, task } from '../src/index.ts'

const log: string[] = []
const leaf = task(import.meta, 'leaf', (name: string) => {
  log.push(name)
  return name
})
const branch = task(import.meta, 'branch', async (name: string, leaves: number) => {
  log.push(`${name}:`)
  const refs = Array.from({ length: leaves }, (_, i) => leaf(`${name}${i}`))
  const names = await get(refs)
  log.push(`:${name}`)
  return names.join()
})
const place = task(import.meta, 'place', () => [isMainThread, current()!.task > 0])
const busy = task(import.meta, 'busy', (ms: number) => {
  const until = performance.now() + ms
  while (performance.now() < until);
})

describe('the inline engine', () => {
  after(() => stop())

  it("runs tasks in the caller's own thread, in an order that is always the same", async () => {
    const logs: string[] = []
    for (let times = 0; times < 3; times++) {
      const engine = start({ engine: 'inline' })
      assert.deepEqual([engine.name, engine.parallelism], ['inline', 1])
      log.length = 0
      const refs = [branch('a', 2), leaf.with({ priority: 1 })('first'), branch('b', 1), leaf(leaf('x'))]
      assert.deepEqual(log, [], 'not before the caller awaits something')
      assert.deepEqual(await get(refs), ['a0,a1', 'first', 'b0', 'x'])
      assert.deepEqual(await place(), [true, true])
      logs.push(log.join(' '))
      await stop()
    }
    assert.deepEqual(logs, Array(3).fill(logs[0]))
    assert.equal(logs[0], 'a: first b: a0 x a1 :a x b0 :b')
  })

  it('finds out afterwards that a task took too long', async () => {
    start({ engine: 'inline' })
    await assert.rejects(busy.with({ timeoutMs: 5 })(20).promise, TimeoutError)
  })

  it('says of a stream that its task gives no items', async () => {
    await stop()
    start({ engine: 'inline' })
    const read = async (items: AsyncIterable<unknown>) => {
      const all: unknown[] = []
      for await (const item of items) all.push(item)
      return all
    }
    for (const none of [busy.stream(0), leaf.with({ retries: 2 }).stream(null as never)]) {
      const error = await read(none).catch((e: unknown) => e)
      assert(error instanceof TaskError && error.cause instanceof ArgumentError)
      assert.match(
        error.message,
        /\w+\.stream: what the task gives must be a generator, or something else with items, but/,
      )
    }
    assert.deepEqual(await read(branch.stream('text', 0)), [])
    assert.deepEqual(await read(place.stream()), [true, true])
  })

  it('is one of those there are', () => {
    assert.throws(() => start({ engine: 'cloud' as never }), ArgumentError)
  })
})
