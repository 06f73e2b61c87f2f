import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heap } from '@skein/heap'
import { createTeam, type Schedule } from '../src/index.ts'
import { bodies, bodyNames } from './modules.ts'
import { seedOf } from './seed.ts'

/**
 * Everything at once: synchronous and asynchronous calls, aborts at any time, traps, endless loops, threads that end.
 * Each call must settle, with what it may settle with; and each that succeeded has done every index exactly once.
 */
test('a storm of calls, aborts and deaths', async t => {
  const { seed } = seedOf(t)
  let state = seed
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) % below
  }
  const rounds = Number(process.env.STORM ?? 120)
  await using team = createTeam({ threads: 3 })
  const body = team.load({ bytes: bodies(heap.memory64), exports: bodyNames })
  const exiting = await team.module(new URL('./bodies.ts', import.meta.url), 'exiting').ready()
  const schedules: Schedule[] = ['static', 'dynamic', 'guided', 'auto']
  const pending = new Set<Promise<void>>()
  const outcomes = new Map<string, number>()
  const settled = (name: string): void => void outcomes.set(name, (outcomes.get(name) ?? 0) + 1)

  const options = () => ({
    begin: 0,
    end: 1 + random(2000),
    schedule: schedules[random(4)],
    ...(random(2) === 0 && { chunk: 1 + random(100) }),
    threads: 1 + random(3),
  })

  const marks = (mode: 'run' | 'runAsync', signal?: AbortSignal): Promise<void> => {
    const table = heap.i32(2000)
    const range = options()
    const args = heap.addressOf(table)
    const check = (): void => {
      assert.ok(table.every((count, i) => count === (i < range.end ? 1 : 0)))
      settled(mode)
    }
    if (mode === 'run') {
      team.run(body, 'mark', { ...range, args })
      check()
      return Promise.resolve()
    }
    return team.runAsync(body, 'mark', { ...range, args, ...(signal && { signal, graceMs: random(20) }) }).then(check)
  }

  const launch = (call: Promise<unknown>, ...allowed: string[]): void => {
    const watched = call.then(
      () => {},
      (error: Error) => {
        settled(error.name)
        if (!allowed.includes(error.name)) throw error
      },
    )
    pending.add(watched)
    watched.finally(() => pending.delete(watched)).catch(() => {})
  }

  for (let round = 0; round < rounds; round++) {
    const controller = new AbortController()
    const { signal } = controller
    const abort = (): void => controller.abort()
    const lost = 'ThreadLostError' // Another call's thread may take this one's with it only if it was in it: never.
    switch (random(10)) {
      case 0:
        launch(team.runAsync(body, 'endless', { ...options(), signal, graceMs: random(10) }), 'CancelledError')
        setTimeout(abort, random(30))
        break
      case 1:
        launch(team.runAsync(body, 'trap', options()), 'BodyError')
        break
      case 2:
        assert.throws(() => team.run(body, random(2) === 0 ? 'trap' : 'overflow', options()), { name: 'BodyError' })
        settled('sync BodyError')
        break
      case 3: {
        const words = heap.i32(1024)
        const call = team.runAsync(exiting, 0, { ...options(), args: heap.addressOf(words) })
        launch(
          call.finally(() => words[0]),
          lost,
        )
        break
      }
      case 4:
      case 5:
        launch(marks('runAsync', signal), 'CancelledError')
        if (random(2) === 0) setImmediate(abort)
        break
      case 6:
        launch(marks('runAsync'))
        break
      default:
        await marks('run')
    }
    if (random(4) === 0) await new Promise(resolve => setImmediate(resolve))
    while (pending.size > 12) await Promise.race(pending)
  }
  await Promise.all(pending)
  t.diagnostic(JSON.stringify(Object.fromEntries(outcomes)))
  assert.deepEqual([team.stats().running, team.stats().queued], [0, 0])
  await marks('run')
  await marks('runAsync')
})
