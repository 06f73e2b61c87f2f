import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { ArgumentError, CancelledError } from '@skein/base'
import { heap } from '@skein/heap'
import { graph, type Lazy, NotCloneableError, put, stop, TaskError, task } from '../src/index.ts'
import { add, fails, gated, isUndefined, later, nothing, same, square, sum, total, upTo } from './steps.ts'

describe('graphs', () => {
  after(() => stop())

  it('runs what its outputs need, once, and gives results in their shape', async () => {
    const a = add.lazy(1, 2)
    const b = square.lazy(a)
    const { x, y } = await graph({ x: b, y: add.lazy(a, b) }).run()
    assert.deepEqual([x, y], [9, 12])
    assert.equal(await graph(b).run(), 9)
    const [c, d]: [number, number[]] = await graph([b, upTo.lazy(3)]).run()
    assert.deepEqual([c, d], [9, [0, 1, 2]])
    assert.deepEqual(await graph({ x: b, again: b }).run(), { x: 9, again: 9 })
  })

  it('finds calls anywhere in the arguments, and references too', async () => {
    const a = add.lazy(1, 2)
    assert.equal(await graph(sum.lazy([a, 10, square.lazy(a), add(1, 1)])).run(), 24)
    assert.equal(await graph(total.lazy({ numbers: new Map([['a', a as never]]), factor: add.lazy(a, 0) })).run(), 9)
    const list: unknown[] = [a, new Set([a]), { deep: { a } }, heap.f64([1.5])]
    list.push(list)
    const made = (await graph(same.lazy(list)).run()) as unknown[]
    assert.deepEqual(made.slice(0, 4), [3, new Set([3]), { deep: { a: 3 } }, Float64Array.of(1.5)])
    assert.equal(made[4], made)
  })

  it('fuses chains and nothing else', async () => {
    const begin = add.lazy(1, 2)
    const chain = square.lazy(square.lazy(begin))
    const g = graph({ out: chain })
    assert.deepEqual(
      g.plan().map(({ calls }) => calls.length),
      [3],
    )
    assert.deepEqual(g.plan({ fuse: false }).length, 3)
    assert.deepEqual(await Promise.all([g.run(), g.run({ fuse: false })]), [{ out: 81 }, { out: 81 }])

    const lengths = (...outputs: Lazy<unknown>[]) =>
      graph(outputs)
        .plan()
        .map(({ calls }) => calls.length)
    // An output is kept; a result that two need is not within a chain; nor is a call that needs two.
    assert.deepEqual(lengths(begin, chain), [1, 2])
    assert.deepEqual(lengths(square.lazy(begin), square.lazy(begin)), [1, 1, 1])
    assert.deepEqual(lengths(square.lazy(add.lazy(square.lazy(1), square.lazy(2)))), [1, 1, 2])
    // Calls with other options run elsewhere or otherwise.
    const careful = square.with({ retries: 9, resources: { cpus: 0.5 } })
    assert.deepEqual(lengths(careful.lazy(square.lazy(1))), [1, 1])
    assert.deepEqual(lengths(careful.lazy(square.with({ retries: 9, resources: { cpus: 0.5 } }).lazy(1))), [2])
  })

  it('passes every value along a chain as between tasks', async () => {
    const x = heap.f64([1, 2, 3])
    const big = new Float64Array(1000).fill(0.5)
    const through = (value: unknown) => same.lazy({ value: same.lazy([value]) })
    assert.deepEqual(await graph(through(x)).run(), { value: [Float64Array.of(1, 2, 3)] })
    assert.deepEqual(await graph(same.lazy([same.lazy(1), x, big, put({ a: 1 })])).run(), [1, x, big, { a: 1 }])
    assert.equal(await graph(isUndefined.lazy(nothing.lazy())).run(), true)
    assert.equal(await graph(isUndefined.lazy(nothing())).run(), true)
    assert.equal(await graph(sum.lazy(upTo.lazy(5))).run(), 10)
    assert.equal(await graph(square.lazy(later.lazy(4))).run(), 16)
  })

  it('runs a chain of 5,000 calls, and one of 5,000 tasks', async () => {
    let call: Lazy<number> = add.lazy(0, 0)
    for (let i = 0; i < 5000; i++) call = add.lazy(call, 1)
    assert.equal(await graph(call).run(), 5000)
    assert.equal(await graph(call).run({ fuse: false }), 5000)
  })

  it('fails with the first failure, and cancels what is not done', async () => {
    const gate = heap.i32(2)
    const waits = gated.with({ runOn: 1, priority: 1 })
    const bad = fails.with({ runOn: 2 }).lazy(5)
    const g = graph({ bad: square.lazy(bad), waits: square.lazy(waits.lazy(gate, 1)) })
    const run = g.runAsync()
    await assert.rejects(run.results, (e: unknown) => e instanceof TaskError && /no 5/.test(e.message))
    run.cancel('enough')
    Atomics.store(gate, 0, 1)
    Atomics.notify(gate, 0)
    await assert.rejects(run.refs.waits.promise, CancelledError)
    const chained = square.lazy(fails.lazy(6))
    await assert.rejects(graph(chained).run(), /Task 'fails → square' failed on worker \d: RangeError: no 6/)
  })

  it('tells its progress, and stops at a signal', async () => {
    const g = graph({ a: add.lazy(1, 1), b: fails.lazy(1), c: square.lazy(fails.lazy(2)) })
    const told: number[] = []
    const run = g.runAsync({ progress: ({ done }) => told.push(done) })
    let last = { done: 0, total: 0, failed: 0 }
    for await (const progress of run) last = progress
    assert.deepEqual({ ...last, task: '' }, { done: 3, total: 3, failed: 2, task: '' })
    assert.deepEqual(told, [1, 2, 3])
    assert.equal(await run.refs.a, 2)

    const stopping = new AbortController()
    const ends = graph(later.lazy(1, 60_000)).run({ signal: stopping.signal })
    stopping.abort('no more')
    await assert.rejects(ends, CancelledError)
    await assert.rejects(graph(add.lazy(1, 1)).run({ signal: stopping.signal }), CancelledError)
  })

  it('is cut down to some outputs', async () => {
    const g = graph({ good: add.lazy(1, 1), bad: fails.lazy(1) })
    assert.deepEqual(await g.only('good').run(), { good: 2 })
    assert.throws(() => g.only('best' as never), /names must be some of good, bad, but it is 'best'/)
    assert.throws(() => g.only(), ArgumentError)
  })

  it('refuses options that it does not know', async () => {
    const one = graph(square.lazy(1))
    for (const options of [{ fused: true }, { fuse: 1 }, { signal: 5 }, { progress: 'yes' }, null]) {
      await assert.rejects(one.run(options as {}), ArgumentError)
      assert.throws(() => one.runAsync(options as {}), ArgumentError)
    }
  })

  it('refuses what is no graph', () => {
    assert.throws(() => graph({} as never), ArgumentError)
    assert.throws(() => graph(5 as never), ArgumentError)
    assert.throws(() => graph({ a: add(1, 1) } as never), /outputs\.a must be made of calls written with t\.lazy/)
    assert.throws(() => square(add.lazy(1, 1) as never), NotCloneableError)
    assert.throws(() => graph(same.lazy({ on: [() => {}] })).runAsync(), /arguments\[0\]\.on\[0\] is a function/)
  })

  const g = () => {
    const a = add.with({ name: '<load & go>' }).lazy(1, 2)
    const b = square.lazy(square.lazy(a))
    return graph({ sum: sum.lazy([a, b, 3, 4, 5]), text: same.lazy({ a: [a], b: 'a "b"' }) })
  }

  it('prints itself', () => {
    assert.equal(
      g().print(),
      [
        '5 calls in 4 tasks',
        '  #1  <load & go>(1, 2)',
        '  #2  square(#1) → square(·)',
        '  #3  sum([#1, #2, 3, 4, … 5])  ⇒ sum',
        `  #4  same({ a: [#1], b: 'a "b"' })  ⇒ text`,
      ].join('\n'),
    )
    let long = add.lazy(0, 0)
    for (let i = 0; i < 20; i++) long = add.lazy(long, i)
    assert.match(graph(long).print(), /add\(·, 2\) → … 14 more → add\(·, 17\)/)
  })

  it('draws itself', async () => {
    const svg = await g().toSVG()
    assert.match(svg, /^<svg .*role="img" aria-label="a graph of 4 tasks">/)
    assert.equal(svg.match(/<rect/g)!.length, 4)
    assert.equal(svg.match(/<rect class="task output"/g)!.length, 2)
    assert.equal(svg.match(/class="arrow"/g)!.length, 4)
    assert.match(svg, />&lt;load &amp; go&gt;\(1, 2\)<\/text>/)
    assert.match(svg, />⇒ text<\/text>/)
    // Each task below what it needs.
    const top = (n: number) => Number(new RegExp(`<title>#${n}</title><rect [^>]* y="([\\d.]+)"`).exec(svg)![1])
    assert(top(1) < top(2) && top(2) < top(3) && top(1) < top(4))
    const many = graph(Array.from({ length: 2001 }, (_, i) => square.lazy(i)))
    await assert.rejects(many.toSVG(), /of at most 2000 tasks/)
  })

  it('is typed', () => {
    // @ts-expect-error a number is wanted
    square.lazy('1')
    // @ts-expect-error a call that gives numbers is wanted
    square.lazy(upTo.lazy(1))
    square.lazy(square.lazy(1)) satisfies Lazy<number>
    sum.lazy([square.lazy(1), 2, square(3)])
    // @ts-expect-error its items are numbers
    sum.lazy(['a'])
    assert.throws(() => task(import.meta, '', () => {}), ArgumentError)
  })
})
