import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createHeap, heap } from '@skein/heap'
import fc from 'fast-check'
import { createTeam, type RunOptions, type Team } from '../src/index.ts'
import { bodies, bodyNames } from './modules.ts'
import { seedOf } from './seed.ts'

const schedules = ['static', 'dynamic', 'guided', 'auto'] as const
const most = 5000

const ranges = fc
  .record({
    begin: fc.oneof(
      fc.integer({ min: -5000, max: 5000 }),
      fc.constant(0),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 6000 }),
    ),
    length: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: most })),
    schedule: fc.constantFrom(...schedules, undefined),
    chunk: fc.option(fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 2 ** 31 - 1 })), {
      nil: undefined,
    }),
    threads: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    align: fc.option(fc.constantFrom(1, 2, 3, 8, 16, 64, 1000), { nil: undefined }),
  })
  .map(({ length, ...options }) => ({ ...options, end: options.begin + length }))

for (const memory64 of [false, true]) {
  const own = createHeap({ maxBytes: 2 ** 26, memory64 })
  const team = createTeam({ threads: 4, heap: own })
  const body = team.load({ bytes: bodies(memory64), exports: bodyNames })
  const table = own.i32(most)
  after(() => team.close())

  /** The address index 0 would have, were it in the range. Wraps where addresses do. */
  const argsOf = ({ begin }: RunOptions): number => own.addressOf(table) - 4 * begin

  for (const mode of ['run', 'runAsync'] as const) {
    test(`each index exactly once: ${mode}, memory${memory64 ? 64 : 32}`, async t => {
      const property = fc.asyncProperty(ranges, async options => {
        table.fill(0)
        assert.equal(await team[mode](body, 'mark', { args: argsOf(options), ...options }), 0)
        const length = options.end - options.begin
        assert.ok(table.every((count, i) => count === (i < length ? 1 : 0)))
      })
      await fc.assert(property, { ...seedOf(t), numRuns: mode === 'run' ? 400 : 150 })
    })

    test(`calls begin at multiples of align, are a multiple of it long, and tile the range: ${mode}, memory${memory64 ? 64 : 32}`, async t => {
      const property = fc.asyncProperty(ranges, async options => {
        table.fill(0)
        await team[mode](body, 'cuts', { args: argsOf(options), ...options })
        const { begin, end, align = 1, chunk } = options
        let at = 0
        while (at < end - begin) {
          const length = table[at]
          assert.ok(length > 0, `a call begins at ${at}`)
          assert.equal(at % align, 0)
          if (at + length < end - begin) {
            assert.equal(length % align, 0)
            if (chunk !== undefined && options.schedule !== 'auto' && options.schedule !== undefined) {
              assert.ok(length >= chunk, 'at least a chunk')
            }
          }
          table.fill(0, at, at + 1)
          at += length
        }
        assert.equal(at, end - begin)
        assert.ok(
          table.every(length => length === 0),
          'no other calls',
        )
      })
      await fc.assert(property, { ...seedOf(t), numRuns: mode === 'run' ? 300 : 100 })
    })
  }
}

const words = heap.i32(1024)
const args = heap.addressOf(words)

const withTeam = async (threads: number, action: (team: Team) => Promise<void>): Promise<void> => {
  await using team = createTeam({ threads })
  await action(team)
}

for (const schedule of ['dynamic', 'guided', 'auto'] as const) {
  // With auto this takes stealing: the rest of the share that index 0 begins must be done by others.
  test(`an index that waits for all others holds none of them up: ${schedule}`, async () => {
    await withTeam(3, async team => {
      const last = await team.module(new URL('./bodies.ts', import.meta.url), 'last').ready()
      for (const mode of ['run', 'runAsync'] as const) {
        words.fill(0)
        words[1001] = 96
        await team[mode](last, 0, { args, begin: 0, end: 96, schedule, chunk: 1 })
        assert.equal(words[1000], 96)
        assert.ok(words.subarray(0, 96).every(thread => thread > 0))
      }
    })
  })
}

test('a static share that no thread has come for is taken by the others', async () => {
  await withTeam(4, async team => {
    const body = team.load({ bytes: bodies(heap.memory64), exports: bodyNames })
    words.fill(0)
    // The threads are only just being started: the caller does most of it.
    assert.equal(team.run(body, 'owner', { args, begin: 0, end: 1000, schedule: 'static' }), 0)
    assert.ok(words.subarray(0, 1000).every(thread => thread >= 1 && thread <= 4))
  })
})

test('ten thousand tiny runs', async () => {
  await withTeam(3, async team => {
    const body = team.load({ bytes: bodies(heap.memory64), exports: bodyNames })
    words.fill(0)
    for (let i = 0; i < 10_000; i++)
      team.run(body, 'mark', { args, begin: 0, end: 6, chunk: 1, schedule: schedules[i % 4] })
    assert.deepEqual([...words.subarray(0, 7)], [10_000, 10_000, 10_000, 10_000, 10_000, 10_000, 0])
  })
})

test('the first status that is not zero is the result, and ends the call', async () => {
  await withTeam(2, async team => {
    const body = team.load({ bytes: bodies(heap.memory64), exports: bodyNames })
    for (const mode of ['run', 'runAsync'] as const) {
      for (const schedule of schedules) {
        words.fill(0)
        words[0] = 3 // index 3 holds the status
        words[1] = 9
        const status = await team[mode](body, 'status', { args: args + 8, begin: 0, end: 1000, chunk: 4, schedule })
        assert.equal(status, 9)
        const marks = words.subarray(2, 1002)
        assert.ok(marks.every(count => count <= 1) && marks[3] === 1)
      }
    }
    // On this thread alone, nothing runs after it.
    words.fill(0, 2)
    assert.equal(team.run(body, 'status', { args: args + 8, begin: 0, end: 1000, chunk: 4, threads: 1 }), 9)
    assert.equal(
      words.subarray(2).reduce((a, b) => a + b),
      4,
    )
  })
})

test('memory that grew a moment ago is seen by every thread', async () => {
  await withTeam(3, async team => {
    const body = team.load({ bytes: bodies(heap.memory64), exports: bodyNames })
    for (let round = 0; round < 12; round++) {
      using grown = heap.i32(2 ** 23 + 1000 * round)
      const part = grown.subarray(-1000)
      assert.equal(
        team.run(body, 'mark', { args: heap.addressOf(part), begin: 0, end: 1000, chunk: 10, schedule: 'dynamic' }),
        0,
      )
      assert.ok(part.every(count => count === 1))
      const late = team.load({ bytes: bodies(heap.memory64), exports: bodyNames })
      assert.equal(await team.runAsync(late, 'mark', { args: heap.addressOf(part), begin: 0, end: 1000 }), 0)
      assert.ok(part.every(count => count === 2))
      late.unload()
    }
  })
})
