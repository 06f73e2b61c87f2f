import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { after, before, describe, it } from 'node:test'
import { ArgumentError, CancelledError, Random } from '@skein/base'
import { heap } from '@skein/heap'
import { type Access, allMemory, Dependences } from '../src/depend/dependences.ts'
import { depend, get, type Ref, start, stop, TaskError, taskGroup, taskLoop, taskWait } from '../src/index.ts'
import { seedOf } from './seed.ts'
import * as steps from './steps.ts'

/** A random task: what it reads and writes among a few cells, and OpenMP's words for it. */
interface Step {
  readonly clauses: { readonly [clause: string]: readonly number[] }
  readonly reads: readonly number[]
  readonly writes: readonly number[]
  readonly spin: number
}

function randomStep(random: Random, cells: number): Step {
  const names = ['in', 'out', 'inout', 'mutexinoutset']
  const used = Array.from({ length: cells }, (_, cell) => cell).filter(() => random.integer(0, 3) === 0)
  const clauses: { [clause: string]: number[] } = {}
  for (const cell of used) (clauses[names[random.integer(0, names.length)]] ??= []).push(cell)
  const { in: reads = [], ...others } = clauses
  return { clauses, reads, writes: Object.values(others).flat(), spin: random.integer(0, 4) === 0 ? 300 : 0 }
}

describe('tasks that depend on objects', () => {
  // Two workers on any machine: some tasks wait for what others do.
  before(() => void start({ workers: Math.max(2, availableParallelism()) }))
  after(() => stop())

  it('runs 10,000 random graphs as if in order', async t => {
    const { seed } = seedOf(t)
    const random = new Random(seed)
    const [graphs, cells, wide] = [10_000, 6, 50]
    for (let first = 0; first < graphs; first += wide) {
      const all = Array.from({ length: wide }, () => {
        const plan = Array.from({ length: random.integer(2, 12) }, () => randomStep(random, cells))
        return { plan, memory: heap.i32(cells), places: Array.from({ length: cells }, () => ({})) }
      })
      await taskGroup(() => {
        for (const { plan, memory, places } of all) {
          plan.forEach(({ clauses, reads, writes, spin }, id) => {
            const named = Object.entries(clauses).map(([clause, list]) => [clause, list.map(cell => places[cell])])
            depend(Object.fromEntries(named), steps.mixes)(id, memory, reads, writes, spin)
          })
        }
      })
      all.forEach(({ plan, memory }, i) => {
        const serial = new Int32Array(cells)
        plan.forEach(({ reads, writes }, id) => steps.mix(id, serial, reads, writes))
        assert.deepEqual([...memory], [...serial], `seed ${seed}, graph ${first + i}: ${JSON.stringify(plan)}`)
      })
    }
  })

  it('orders by the rules of OpenMP, and no more', t => {
    const { seed } = seedOf(t)
    const random = new Random(seed)
    const accesses: Access[] = ['in', 'out', 'inoutset']
    for (let round = 0; round < 2000; round++) {
      const dependences = new Dependences<number>()
      const tasks: Map<unknown, Access>[] = []
      /** All that each must wait for, by what `before` said. */
      const told: Set<number>[] = []
      for (let id = 0; id < 12; id++) {
        const mine = new Map<unknown, Access>()
        for (let cell = 0; cell < 4; cell++)
          if (random.integer(0, 3) === 0) mine.set(cell, accesses[random.integer(0, 3)])
        if (random.integer(0, 12) === 0) mine.clear()
        if (mine.size === 0 && random.integer(0, 2) === 0) mine.set(allMemory, 'out')
        const before = dependences.before(mine)
        dependences.enter(id, mine)
        told.push(new Set(before.flatMap(other => [other, ...told[other]])))
        tasks.push(mine)
      }
      const clash = (a: Map<unknown, Access>, b: Map<unknown, Access>): boolean =>
        a.size > 0 &&
        b.size > 0 &&
        (a.has(allMemory) ||
          b.has(allMemory) ||
          [...a].some(([cell, access]) => b.has(cell) && (access === 'out' || b.get(cell) !== access)))
      /** The rule itself: a task comes after each earlier one that it clashes with, and what those come after. */
      const expected: Set<number>[] = []
      tasks.forEach((mine, id) => {
        const direct = tasks.slice(0, id).flatMap((other, k) => (clash(other, mine) ? [k] : []))
        expected.push(new Set(direct.flatMap(k => [k, ...expected[k]])))
        assert.deepEqual([...told[id]].sort(), [...expected[id]].sort(), `seed ${seed}, round ${round}, task ${id}`)
      })
      // In any order that the rules allow, everything ends, and nothing is kept.
      const open = new Set(tasks.keys())
      while (open.size > 0) {
        const ready = [...open].filter(id => [...expected[id]].every(other => !open.has(other)))
        const id = ready[random.integer(0, ready.length)]
        open.delete(id)
        dependences.settled(id, true)
      }
      assert.equal(dependences.size, 0)
      assert.deepEqual(dependences.before(new Map([[allMemory, 'out']])), [])
    }
  })

  it('still waits for those that a cancelled task waited for', () => {
    const dependences = new Dependences<string>()
    const x = new Map<unknown, Access>([['x', 'out']])
    for (const task of ['writes', 'cancelled', 'cancelled too']) dependences.enter(task, x)
    dependences.settled('cancelled too', false)
    dependences.settled('cancelled', false)
    assert.deepEqual(dependences.before(x), ['writes'])
    dependences.enter('reads', new Map([['x', 'in']]))
    dependences.settled('reads', false)
    assert.deepEqual(dependences.before(x), ['writes'])
    dependences.settled('writes', true)
    assert.deepEqual([dependences.before(x), dependences.size], [[], 0])
    // A long row of them takes no longer, and no deep stack.
    dependences.enter('first', x)
    const row = Array.from({ length: 20_000 }, (_, i) => `task ${i}`)
    for (const task of row) dependences.enter(task, x)
    for (const task of row.toReversed()) dependences.settled(task, false)
    assert.deepEqual(dependences.before(x), ['first'])
    dependences.settled('first', true)
    assert.equal(dependences.size, 0)
  })

  it('knows arrays of the heap by where they begin', async () => {
    const x = heap.f64(1000)
    const gate = heap.i32(2)
    const first = depend({ out: x.subarray(0, 10) }, steps.gated)(gate, 1)
    const second = depend({ in: x.subarray(0, 500) }, steps.square)(2)
    const beside = depend({ in: x.subarray(500) }, steps.square)(3)
    assert.equal(await beside, 9)
    assert.equal(second.source.settlement, 'pending')
    Atomics.store(gate, 0, 1)
    Atomics.notify(gate, 0)
    assert.deepEqual(await get([first, second]), [1, 4])
  })

  it('lets the tasks of a set run together', async () => {
    const gate = heap.i32(2)
    const set = depend({ inoutset: 'sum' }, steps.gated)
    const both = [set(gate, 1), set(gate, 2)]
    const reads = depend({ in: ['sum'] }, steps.square)(3)
    while (Atomics.load(gate, 1) < 2) await new Promise(resolve => setImmediate(resolve))
    assert.equal(reads.source.settlement, 'pending')
    Atomics.store(gate, 0, 1)
    Atomics.notify(gate, 0)
    await taskWait({ in: 'sum' })
    assert.deepEqual(
      both.map(ref => ref.source.settlement),
      ['fulfilled', 'fulfilled'],
    )
    assert.equal(await reads, 9)
    await taskWait({ in: 'nobody', out: allMemory })
  })

  it('fails what comes after a failure, and in a group all that follows', async () => {
    const place = {}
    const bad = depend({ out: place }, steps.fails)(1)
    const next = depend({ inout: place }, steps.square)(2)
    for (const ref of [bad, next]) await assert.rejects(ref.promise, /no 1/)
    assert.equal(await depend({ inout: place }, steps.square)(2), 4)

    const refs: Ref<unknown>[] = []
    const group = taskGroup(async () => {
      refs.push(steps.later(1, 60_000), depend({ out: place }, steps.fails)(3))
      await assert.rejects(refs[1].promise, /no 3/)
      refs.push(depend({ out: place }, steps.later)(1, 60_000))
    })
    await assert.rejects(group, (e: unknown) => e instanceof TaskError && /no 3/.test(e.message))
    await assert.rejects(refs[0].promise, CancelledError)
    await assert.rejects(refs[2].promise, CancelledError)
  })

  it('fails what comes after a failure, however soon that came', async () => {
    const place = {}
    const bad = depend({ out: place }, steps.fails)(1)
    // The client looks for results now and then while tasks are started, too.
    const others: Ref<number>[] = []
    for (const end = performance.now() + 5000; bad.source.settlement === 'pending' && performance.now() < end; ) {
      others.push(steps.square(1))
    }
    assert.equal(bad.source.settlement, 'rejected')
    const next = depend({ inout: place }, steps.square)(2)
    await assert.rejects(next.promise, /no 1/)
    assert.equal(await depend({ inout: place }, steps.square)(2), 4)
    await Promise.all(others)
  })

  it('waits for groups: what they started, and groups in them', async () => {
    const refs: Ref<number>[] = []
    const all = () => refs.every(ref => ref.source.settlement === 'fulfilled')
    const value = await taskGroup(async () => {
      refs.push(steps.later(1, 5))
      // Nobody waits for the inner one but the outer.
      void taskGroup(() => {
        refs.push(steps.later(2, 10))
      })
      await refs[0]
      refs.push(steps.later(3, 1))
      return 'done'
    })
    assert.deepEqual([value, all(), refs.length], ['done', true, 3])
    const outside = steps.later(4, 20)
    await taskGroup(() => {})
    assert.equal(outside.source.settlement, 'pending')
    await outside
    await assert.rejects(
      taskGroup(() => {
        refs.push(steps.later(5, 60_000))
        throw new Error('the body itself')
      }),
      /the body itself/,
    )
    assert.equal(refs[3].source.settlement, 'rejected')
    // The failure of an inner group that someone deals with is not the outer's.
    const dealt = taskGroup(() => taskGroup(() => steps.fails(1).catch(() => {})).catch(() => 'dealt with'))
    assert.equal(await dealt, 'dealt with')
  })

  it('works in tasks too, where siblings are those of the task', async () => {
    const cells = heap.i32(1)
    await steps.groupsInside(cells, 20)
    const serial = new Int32Array(1)
    for (let i = 0; i < 20; i++) steps.mix(i, serial, [0], [0])
    assert.equal(cells[0], serial[0])
  })

  it('cuts loops into tasks', async () => {
    const x = heap.f64(Array.from({ length: 1000 }, (_, i) => i))
    const parts = await taskLoop(1000, { grain: 300 }, steps.part)(x)
    assert.deepEqual(
      parts.map(([from, to]) => [from, to]),
      [
        [0, 333],
        [333, 666],
        [666, 1000],
      ],
    )
    assert.equal(
      parts.reduce((sum, [, , s]) => sum + s, 0),
      499_500,
    )
    const count = async (n: number, options: object) => (await taskLoop(n, options, steps.part)(x)).length
    assert.deepEqual(
      [await count(10, { grain: 100 }), await count(0, {}), await count(3, {}), await count(1000, {})],
      [1, 0, 3, 64],
    )
    assert.deepEqual([await count(10, { tasks: 4 }), await count(2, { tasks: 4 })], [4, 2])
    for (let n = 1; n < 60; n++) {
      const sizes = (await taskLoop(n, { grain: 7 }, steps.part)(x)).map(([from, to]) => to - from)
      assert(
        sizes.every(size => size >= Math.min(n, 7) && size < 14),
        String(sizes),
      )
    }
  })

  it('refuses bad input', async () => {
    const table: [() => unknown, RegExp][] = [
      [() => depend(5 as never, steps.square), /clauses must be an object/],
      [() => depend({ on: {} } as never, steps.square), /clauses must be made of in, out.*'on'/],
      [() => depend({ in: 5 as never }, steps.square), /in must be objects, by their identity, or names, but it is 5/],
      [() => depend({ in: [null] as never }, steps.square), /in must be objects/],
      [() => depend({ in: allMemory }, steps.square), /allMemory must be in out or inout, but it is 'in'/],
      [() => depend({}, (() => 1) as never), /the task must be made by task\(\)/],
      [() => taskLoop(-1, {}, steps.part), /n must be a whole number from 0/],
      [() => taskLoop(1, { grain: 0 }, steps.part), /grain must be a whole number from 1/],
      [() => taskLoop(1, { grain: 1, tasks: 1 }, steps.part), /options must be grain or tasks, not both/],
      [() => taskLoop(1, {}, 5 as never), /the task must be made by task\(\)/],
      [() => steps.square.with({ after: [1] as never }), /after must be an array of references/],
    ]
    for (const [call, message] of table) {
      assert.throws(call, (e: unknown) => e instanceof ArgumentError && message.test(e.message), String(message))
    }
    await assert.rejects(taskGroup(5 as never), ArgumentError)
    await assert.rejects(taskWait({ of: 'x' } as never), ArgumentError)
  })
})
