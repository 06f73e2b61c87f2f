import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ArgumentError } from '@skein/base'
import { heap } from '@skein/heap'
import { distribute, kill, NotCloneableError, publish, stats, stop, subscribe } from '../src/index.ts'
import * as steps from './steps.ts'

describe('farm', () => {
  after(() => stop())

  it('distributes 1,000 jobs, and loses none when a worker is killed among them', async () => {
    const once = heap.i32(1)
    const jobs = Array.from({ length: 1000 }, (_, x) => ({ x, at: 500, once }))
    const before = stats()
    const expected = jobs.map(({ x }) => x)
    assert.deepEqual(await distribute(jobs, steps.exitsOnce), expected)
    assert.equal(stats().replaced - before.replaced, 1)
    // A job each, and those of the lost worker again.
    assert.equal(stats().done - before.done, 1000)

    once[0] = 0
    const inOrder: number[] = []
    for await (const x of distribute.each(jobs, steps.exitsOnce)) inOrder.push(x)
    assert.deepEqual(inOrder, expected)
    assert.equal(stats().replaced - before.replaced, 2)
  })

  it('hears in the main program what workers publish, in their order', async () => {
    const heard: number[] = []
    const all = Promise.withResolvers<void>()
    const subscription = subscribe<{ i: number; list: number[] }>('told', ({ i, list }) => {
      assert.deepEqual(list, [i])
      if (heard.push(i) === 100) all.resolve()
    })
    await steps.tells('told', 100)
    await all.promise
    assert.deepEqual(
      heard,
      Array.from({ length: 100 }, (_, i) => i),
    )
    subscription.unsubscribe()
    await steps.tells('told', 5)
    await turn()
    assert.equal(heard.length, 100)
  })

  it('hears on workers what the main program and other workers publish', async () => {
    const echoes = await Promise.all([
      steps.Echo.with({ runOn: 1 }).create('question', 'answer'),
      steps.Echo.with({ runOn: 2 }).create('question', 'answer'),
    ])
    using answers = subscribe<number>('answer')
    publish('question', 21)
    assert.deepEqual([(await answers.next()).value, (await answers.next()).value], [42, 42])
    await echoes[0].stop()
    publish('question', 4)
    assert.equal((await answers.next()).value, 8)
    await kill(echoes[0])
    await kill(echoes[1])
  })

  it('gives every subscriber a copy, in an iteration too, until it ends', async () => {
    const seen: unknown[] = []
    using _first = subscribe('copies', x => seen.push(x))
    using _second = subscribe('copies', x => seen.push(x))
    const iterated = subscribe<{ a: number }>('copies')
    const value = { a: 1 }
    publish('copies', value)
    value.a = 2
    // Never within the call.
    assert.deepEqual(seen, [])
    for await (const message of iterated) {
      assert.deepEqual(message, { a: 1 })
      break
    }
    assert.deepEqual(seen, [{ a: 1 }, { a: 1 }])
    assert.notEqual(seen[0], seen[1])
    publish('copies')
    assert.deepEqual(await iterated.next(), { value: undefined, done: true })
    assert.equal(seen.length, 4)
    publish('nobody listens', 1)
  })

  it('refuses bad input', () => {
    assert.throws(() => publish('', 1), ArgumentError)
    assert.throws(() => publish(5 as never), ArgumentError)
    assert.throws(() => subscribe('a', 5 as never), /listener must be a function, or nothing/)
    assert.throws(
      () => publish('a', { deep: [() => {}] }),
      (e: unknown) => e instanceof NotCloneableError && e.path === 'value.deep[0]',
    )
    assert.throws(() => publish('a', steps.square(1)), /value is a reference/)
  })
})
