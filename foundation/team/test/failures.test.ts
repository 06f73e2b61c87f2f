import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { heap } from '@skein/heap'
import { BodyError, createTeam } from '../src/index.ts'
import { bodies, bodyNames } from './modules.ts'

const words = heap.i32(1024)
const args = heap.addressOf(words)
const team = createTeam({ threads: 2 })
const body = team.load({ bytes: bodies(heap.memory64), exports: bodyNames })
const url = new URL('./bodies.ts', import.meta.url)
after(() => team.close())

/** Heap and team work as if nothing had been. */
const stillWorks = async (): Promise<void> => {
  words.fill(0)
  assert.equal(team.run(body, 'mark', { args, begin: 0, end: 1000 }), 0)
  assert.equal(await team.runAsync(body, 'mark', { args, begin: 0, end: 1000 }), 0)
  assert.ok(words.subarray(0, 1000).every(count => count === 2))
  heap.release(heap.f32(1000))
}

const modes = ['run', 'runAsync'] as const

for (const mode of modes) {
  for (const threads of [1, 2]) {
    const call = async (name: string): Promise<number> =>
      team[mode](body, name, { args, begin: 5, end: 500, chunk: 5, threads })

    test(`a trap: ${mode}, ${threads} threads`, async () => {
      await assert.rejects(call('trap'), (error: BodyError) => {
        assert.ok(error instanceof BodyError)
        assert.match(
          error.message,
          /^The body module: trap failed on thread \d in the range \d+ to \d+: RuntimeError: unreachable$/,
        )
        assert.equal(error.end - error.begin, 5)
        assert.equal(error.begin % 5, 0)
        return true
      })
      await stillWorks()
    })

    test(`a stack overflow: ${mode}, ${threads} threads`, async () => {
      await assert.rejects(call('overflow'), /RangeError: Maximum call stack size exceeded/)
      await stillWorks()
    })

    test(`a JavaScript body that throws: ${mode}, ${threads} threads`, async () => {
      const throwing = await team.module(url, 'throwing').ready()
      words[1000] = 333
      await assert.rejects(
        async () => team[mode](throwing, 0, { args, begin: 0, end: 500, chunk: 10, threads }),
        (error: BodyError) => {
          assert.deepEqual([error.begin, error.end], [330, 340])
          assert.match(error.message, /TypeError: index 333 is not to my liking/)
          return true
        },
      )
      throwing.unload()
      await stillWorks()
    })
  }

  test(`an address outside the memory: ${mode}`, async () => {
    const far = heap.memory64 ? 2 ** 46 : 2 ** 31
    await assert.rejects(
      async () => team[mode](body, 'mark', { args: far, begin: 0, end: 100 }),
      /memory access out of bounds/,
    )
    await stillWorks()
  })

  for (const [death, reason] of [
    ['exiting', /exit code 3|it ended/],
    ['vanishing', /exit code 4|it ended/],
  ] as const) {
    test(`a thread that ends in the middle of a call (${death}): ${mode}`, {
      skip: death === 'vanishing' && mode === 'run' && process.platform !== 'linux' && 'only Linux lists its threads',
    }, async () => {
      const dying = await team.module(url, death).ready()
      words.fill(0)
      const { replaced } = team.stats()
      await assert.rejects(
        async () => team[mode](dying, 0, { args, begin: 0, end: 2, chunk: 1, schedule: 'static' }),
        (error: Error) => {
          assert.equal(error.name, 'ThreadLostError')
          assert.match(error.message, /Thread \d of the team ended while it ran the body/)
          assert.match(error.message, reason)
          return true
        },
      )
      dying.unload()
      await stillWorks()
      assert.ok(team.stats().replaced > replaced)
    })
  }
}

test('a module that cannot be imported, or lacks the function', async () => {
  await assert.rejects(team.module(new URL('./none.ts', import.meta.url), 'mark').ready(), {
    name: 'ArgumentError',
    message: /url must be a module that can be imported \(Cannot find module/,
  })
  await assert.rejects(team.module(url, 'none').ready(), { name: 'ArgumentError', message: /none: undefined/ })
  await assert.rejects(team.runAsync(team.module(url, 'none'), 0, { begin: 0, end: 1 }), /exports no function none/)
  await stillWorks()
})

test('a JavaScript body before it is ready', async () => {
  const mark = team.module(url, 'mark')
  assert.throws(() => team.run(mark, 0, { args, begin: 0, end: 10 }), {
    name: 'BodyNotReadyError',
    message: /Await body.ready\(\) first/,
  })
  words.fill(0)
  assert.equal(await team.runAsync(mark, 0, { args, begin: 0, end: 100 }), 0, 'an asynchronous call needs no ready()')
  await mark.ready()
  assert.equal(team.run(mark, 0, { args, begin: 0, end: 100, chunk: 3 }), 0)
  assert.ok(words.subarray(0, 100).every(count => count === 2))
  const failing = await team.module(url, 'failing').ready()
  assert.equal(team.run(failing, 0, { begin: 0, end: 9 }), 7)
})

test('nested calls run inline on whichever thread they are made', async () => {
  const nested = await team.module(url, 'nested').ready()
  for (const mode of modes) {
    words.fill(0)
    assert.equal(await team[mode](nested, 0, { args, begin: 0, end: 300, chunk: 1 }), 0)
    assert.ok(words.subarray(0, 16).every(count => count === 300))
  }
})

test('a body that was unloaded makes room for another', async () => {
  const before = heap.stats().inUseBytes
  words.fill(0)
  for (let i = 0; i < 30; i++) {
    using again = team.load({
      bytes: bodies(heap.memory64),
      exports: i % 2 === 0 ? ['mark', 'trap'] : ['trap', 'mark'],
    })
    assert.equal(team.run(again, 'mark', { args, begin: 0, end: 10, chunk: 1 }), 0)
    assert.equal(await team.runAsync(again, 'mark', { args, begin: 0, end: 10, chunk: 1 }), 0)
  }
  assert.ok(words.subarray(0, 10).every(count => count === 60))
  assert.equal(heap.stats().inUseBytes, before)
})

test('the stack may overflow inside a call', async () => {
  await stillWorks()
  const table = words.subarray(0, 1000)
  const dig = (): void => {
    team.run(body, 'mark', { args, begin: 0, end: 1000, chunk: 10 })
    dig()
  }
  for (let i = 0; i < 20; i++) assert.throws(dig, /Maximum call stack size exceeded/)
  table.fill(0)
  assert.equal(team.run(body, 'mark', { args, begin: 0, end: 1000, chunk: 10 }), 0)
  assert.ok(table.every(count => count === 1))
})
