import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { after, before, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ArgumentError } from '@skein/base'
import { heap } from '@skein/heap'
import { engineHere } from '../src/engine.ts'
import { packMessage } from '../src/farm/listeners.ts'
import { distribute, get, kill, NotCloneableError, publish, start, stats, stop, subscribe } from '../src/index.ts'
import type { ThreadsEngine } from '../src/threads/engine.ts'
import { Topics } from '../src/threads/topics.ts'
import * as steps from './steps.ts'

describe('farm', () => {
  // Two workers on any machine: actors are put on both.
  before(() => void start({ workers: Math.max(2, availableParallelism()) }))
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

  it('names itself, and the item, when something is wrong', async () => {
    const signal = AbortSignal.abort()
    const wrong: [unknown, unknown, object | null, RegExp][] = [
      [5, steps.square, {}, /^ArgumentError: CALL: items must be/],
      [[1], 5, {}, /^ArgumentError: CALL: the function must be/],
      [[1], steps.square, { chunk: 5 }, /^ArgumentError: CALL: options must be made of concurrency, signal, progress,/],
      [[1], steps.square, { use: {} }, /^ArgumentError: CALL: options must be made of/],
      [[1], steps.square, null, /^ArgumentError: CALL: options must be an object/],
      [[1], steps.square, { concurrency: 0 }, /^ArgumentError: CALL: concurrency must be/],
      [[1, 2], steps.fails, {}, /^ItemError: CALL: item 0 failed: RangeError: no 1$/],
      [[1], steps.square, { signal }, /^CancelledError: CALL /],
      [[1, { f: () => {} }], steps.same, {}, /^NotCloneableError: CALL: items\[1\]\.f is /],
    ]
    for (const [items, t, options, says] of wrong) {
      const all = (call: string) => new RegExp(says.source.replace('CALL', call))
      const given = [items, t, options] as unknown as Parameters<typeof distribute<number, number>>
      await assert.rejects(distribute(...given), all('distribute'))
      const each = async () => {
        for await (const _ of distribute.each(...given));
      }
      await assert.rejects(each(), all('distribute\\.each'))
    }
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

  it('keeps what is published until everyone is known who listens', async () => {
    const posted: string[] = []
    const listensTold = [0, 0]
    const crew = { listensTold, post: (worker: number, m: { is: string }) => void posted.push(`${worker} ${m.is}`) }
    const topics = new Topics(crew as never)
    const local: unknown[] = []
    topics.listeners.add('t', x => local.push(x))
    topics.publish('t', packMessage(1))
    await turn()
    assert.deepEqual([posted, local], [[], [1]])
    // Worker 1 has told, and its message is on its way.
    listensTold[1] = 1
    topics.publish('t', packMessage(2))
    topics.publish('t', packMessage(3))
    await turn()
    assert.deepEqual([posted, local], [[], [1]])
    topics.listens(1, 't', true)
    await turn()
    assert.deepEqual(
      [posted, local],
      [
        ['1 published', '1 published'],
        [1, 2, 3],
      ],
    )
    // One that ends in between tells nothing any more.
    listensTold[0] = 1
    topics.publish('t', packMessage(4))
    listensTold[0] = 0
    topics.forget(0)
    await turn()
    assert.deepEqual([posted.length, local], [3, [1, 2, 3, 4]])
    listensTold[1] = 0
    topics.forget(1)
    topics.publish('t', packMessage(5))
    await turn()
    assert.deepEqual([posted.length, local.at(-1)], [3, 5])
  })

  it('does not leave work with a worker that a listener blocks', async () => {
    await stop()
    start({ workers: 2 })
    // Workers that learn of a new definition wake up.
    assert.equal(await steps.square(2), 4)
    const reaches = async (gate: Int32Array, at: number) => {
      while (Atomics.load(gate, at) === 0) await turn()
    }
    const open = (gate: Int32Array) => {
      Atomics.store(gate, 0, 1)
      Atomics.notify(gate, 0)
    }
    const engine = engineHere() as ThreadsEngine
    const gates = [heap.i32(2), heap.i32(2)]
    const heard = heap.i32(3)
    const blockers = gates.map((gate, i) => steps.gated(gate, i))
    await Promise.all(gates.map(gate => reaches(gate, 1)))
    const onFirst = engine.look().running.find(({ worker }) => worker === 1)!.task
    // It is sent to the first worker, and the second takes it.
    const listens = steps.gatedListener('blocks', heard)
    for (const [i, gate] of gates.entries()) if (blockers[i].source.id !== onFirst) open(gate)
    await reaches(heard, 2)
    gates.forEach(open)
    await get(blockers)
    while (engine.look().workers[0].state !== 'sleeping') await turn()
    publish('blocks', undefined)
    await reaches(heard, 1)
    assert.equal(await steps.square(3), 9)
    open(heard)
    await listens
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
