import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ArgumentError, CancelledError } from '@skein/base'
import { heap } from '@skein/heap'
import { ItemError, NotPortableError, parallelMap, stats, stop, WorkerLostError } from '../src/index.ts'
import * as steps from './steps.ts'

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Numbers as they come, counting how many were asked for. */
async function* source(n: number, taken: { count: number }): AsyncGenerator<number> {
  for (let i = 0; i < n; i++) {
    taken.count++
    if (i % 7 === 0) await turn()
    yield i
  }
}

describe('parallelMap', () => {
  after(() => stop())

  it('maps any iterable by tasks and by plain functions, in order', async () => {
    const expected = numbers(1000).map(x => x * x)
    const k = 2
    assert.deepEqual(await parallelMap(numbers(1000), steps.square), expected)
    assert.deepEqual(await parallelMap(numbers(1000), x => x * x), expected)
    assert.deepEqual(await parallelMap(new Set([1, 2]), x => x * k, { use: { k } }), [2, 4])
    assert.deepEqual(await parallelMap(source(1000, { count: 0 }), steps.square), expected)
    assert.deepEqual(await parallelMap(Float64Array.of(1.5, 2.5), x => x * 2), [3, 5])
    assert.deepEqual(await parallelMap([], steps.square), [])
    assert.deepEqual(await parallelMap(source(0, { count: 0 }), steps.square), [])
    assert.deepEqual(await parallelMap([3, 2, 1], steps.later), [3, 2, 1])
    assert.deepEqual(await parallelMap([2, 3], steps.upTo), [
      [0, 1],
      [0, 1, 2],
    ])
    assert.deepEqual(await parallelMap([1, 2], async x => x + 1), [2, 3])
    assert.deepEqual(await parallelMap([steps.square(2), 3] as number[], steps.square), [16, 9])
    assert.equal(await steps.mapsInside(100), 328_350)
  })

  it('batches short items', async () => {
    const before = stats().done
    assert.equal((await parallelMap(numbers(100_000), steps.square)).length, 100_000)
    const tasks = stats().done - before
    assert(tasks < 5_000, `${tasks} tasks for 100,000 items`)
    const again = stats().done
    await parallelMap(numbers(100), steps.square, { chunk: 10 })
    assert.equal(stats().done - again, 10)
    const single = stats().done
    await parallelMap(numbers(20), steps.square.with({ timeoutMs: 10_000 }))
    assert.equal(stats().done - single, 20)
  })

  it('gives results as they come, and holds the source back', async () => {
    const taken = { count: 0 }
    const options = { chunk: 2, concurrency: 3 }
    const seen: number[] = []
    for await (const x of parallelMap.each(source(1e9, taken), steps.square, options)) {
      seen.push(x)
      await turn()
      if (seen.length === 50) break
    }
    assert.deepEqual(
      seen,
      numbers(50).map(x => x * x),
    )
    // What was given out, and no more than two windows of it ahead.
    assert(taken.count <= 50 + 2 * 3 * 2 + 2, `${taken.count} items were taken`)
    const unordered: number[] = []
    for await (const x of parallelMap.each([40, 1], steps.later, { chunk: 1, ordered: false })) unordered.push(x)
    assert.deepEqual(
      unordered.sort((a, b) => a - b),
      [1, 40],
    )
  })

  it('gives what is done first, when order does not matter', async () => {
    const gate = heap.i32(2)
    const out: number[] = []
    for await (const x of parallelMap.each([0, 1, 2], steps.square, { chunk: 1, ordered: false })) out.push(x)
    assert.deepEqual(out.sort(), [0, 1, 4])
    const each = parallelMap.each(
      [0, 1],
      x => {
        if (x === 0) Atomics.wait(gate, 0, 0)
        return x
      },
      { use: { gate }, chunk: 1, ordered: false },
    )
    assert.deepEqual(await each.next(), { value: 1, done: false })
    Atomics.store(gate, 0, 1)
    Atomics.notify(gate, 0)
    assert.deepEqual(await each.next(), { value: 0, done: false })
    assert.deepEqual(await each.next(), { value: undefined, done: true })
  })

  it('does not wait for a slow source to fill a batch', async () => {
    let more: (() => void) | undefined
    const slow = async function* () {
      yield 1
      await new Promise<void>(resolve => (more = resolve))
      yield 2
    }
    const results = parallelMap.each(slow(), steps.square, { chunk: 100 })
    assert.deepEqual(await results.next(), { value: 1, done: false })
    more!()
    assert.deepEqual(await results.next(), { value: 4, done: false })
    assert.deepEqual(await results.next(), { value: undefined, done: true })
  })

  it('names the item that failed, and stops', async () => {
    for (const chunk of [1, 7, undefined]) {
      await assert.rejects(
        parallelMap(numbers(1000), x => (x === 17 ? JSON.parse('{') : x), chunk === undefined ? {} : { chunk }),
        (e: unknown) => e instanceof ItemError && e.index === 17 && e.cause instanceof SyntaxError,
      )
    }
    await assert.rejects(parallelMap([1], steps.fails), /^ItemError: parallelMap: item 0 failed: RangeError: no 1$/)
    const taken = { count: 0 }
    const ended = Promise.withResolvers<void>()
    const endless = async function* () {
      try {
        yield* source(1e9, taken)
      } finally {
        ended.resolve()
      }
    }
    await assert.rejects(
      parallelMap(endless(), x => (x === 50 ? JSON.parse('{') : x) as number),
      ItemError,
    )
    await ended.promise
    const broken = async function* () {
      yield 1
      throw new Error('the source broke')
    }
    await assert.rejects(parallelMap(broken(), steps.square), /the source broke/)
    const next = (): never => {
      throw new Error('nothing came')
    }
    const brokenAtOnce: Iterable<number> = { [Symbol.iterator]: () => ({ next }) }
    await assert.rejects(parallelMap(brokenAtOnce, steps.square), /nothing came/)
  })

  it('does an item again when its worker was lost', async () => {
    const once = heap.i32(1)
    const items = numbers(100).map(x => ({ x, at: 50, once }))
    assert.deepEqual(await parallelMap(items, steps.exitsOnce, { chunk: 9 }), numbers(100))
    once[0] = 0
    await assert.rejects(parallelMap(items, steps.exitsOnce.with({ retries: 0 })), WorkerLostError)
  })

  it('retries a function that throws as its options say', async () => {
    const tries = heap.i32(1)
    const flaky = (x: number) => {
      if (Atomics.add(tries, 0, 1) < 2) throw new Error('not yet')
      return x
    }
    await assert.rejects(parallelMap([5], flaky, { use: { tries } }), ItemError)
    const before = stats().retried
    await assert.rejects(parallelMap([5], steps.fails.with({ retryOn: true, retries: 2 })), /no 5/)
    assert.equal(stats().retried - before, 2)
  })

  it('stops at a signal', async () => {
    const stopping = new AbortController()
    const ends = parallelMap([1, 2], x => new Promise(resolve => setTimeout(resolve, 60_000, x)), {
      signal: stopping.signal,
    })
    await turn()
    stopping.abort('enough')
    await assert.rejects(ends, (e: unknown) => e instanceof CancelledError && e.reason === 'enough')
    await assert.rejects(parallelMap([1], steps.square, { signal: stopping.signal }), CancelledError)
    const silent = async function* () {
      yield await new Promise<number>(() => {})
    }
    const second = new AbortController()
    const waits = parallelMap(silent(), steps.square, { signal: second.signal })
    await turn()
    second.abort()
    await assert.rejects(waits, CancelledError)
  })

  it('tells its progress', async () => {
    const told: [number, number | undefined][] = []
    await parallelMap(numbers(20), steps.square, { chunk: 8, progress: (...now) => told.push(now) })
    assert.deepEqual(told, [
      [8, 20],
      [16, 20],
      [20, 20],
    ])
  })

  it('refuses bad input at once', async () => {
    const bad: [unknown, unknown, unknown, RegExp][] = [
      [5, steps.square, {}, /items must be an array or another iterable, but it is 5/],
      ['abc', steps.square, {}, /items must be/],
      [[1], 5, {}, /the function must be a function or a task/],
      [[1], steps.square, { chunk: 0 }, /chunk must be a whole number from 1, but it is 0/],
      [[1], steps.square, { concurrency: 1.5 }, /concurrency must be/],
      [[1], steps.square, { ordered: 'no' }, /ordered must be true or false/],
      [[1], steps.square, { signal: 1 }, /signal must be an AbortSignal/],
      [
        [1],
        steps.square,
        { progress: 1 },
        /progress must be true for a bar in the terminal, or a function that is told, but it is 1/,
      ],
      [[1], steps.square, { chunks: 1 }, /options must be made of .*'chunks'/],
      [[1], steps.square, { use: { k: 1 } }, /use must be left out for a task, .* Its module has all/],
    ]
    for (const [items, fn, options, message] of bad) {
      await assert.rejects(
        parallelMap(items as [], fn as () => void, options as {}),
        (e: unknown) => e instanceof ArgumentError && message.test(e.message),
      )
      assert.throws(() => parallelMap.each(items as [], fn as () => void, options as {}), ArgumentError)
    }
    await assert.rejects(
      parallelMap([1], x => x + bad.length),
      NotPortableError,
    )
  })

  it('says which item cannot be sent, and which task asks for what is not there', async () => {
    const bad = [...numbers(40), { on: () => {} }]
    for (const chunk of [1, 7]) {
      await assert.rejects(
        parallelMap(bad, steps.same, { chunk }),
        /^NotCloneableError: parallelMap: items\[40\]\.on is /,
      )
    }
    const each = parallelMap.each([1], x => x, { use: { k: [Symbol.iterator] } })
    await assert.rejects(each.next(), /^NotCloneableError: parallelMap\.each: use\[0\]\[0\] is a symbol/)
    const everywhere = stats().workers + 1
    const needs = steps.square.with({ resources: { cpus: everywhere } })
    await assert.rejects(parallelMap([1], needs), /^ArgumentError: square: resources must be/)
    const runs = steps.square.with({ runOn: everywhere })
    await assert.rejects(parallelMap([1], runs), /^ArgumentError: square: runOn must be/)
  })
})
