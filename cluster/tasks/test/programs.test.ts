/** Whole programs: how they hold their tasks, and how they end. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DefinitionError, stop, TaskError } from '../src/index.ts'
import { conditional, first, inside } from './programs/defines.ts'
import { never } from './programs/fails-on-worker.ts'
import { run } from './run-program.ts'

const prints = async (name: string, expected: string): Promise<void> => {
  const { code, stdout, stderr } = await run(name)
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: expected, stderr: '' })
}

describe('a worker that imports the program', () => {
  it('starts nothing: not the engine, not its tasks, however they are called', async () => {
    await prints('starts-first.ts', '3 1\n')
    await prints('reads-first.ts', '3\n')
  })

  it('survives what the program does when it is stopped', async () => {
    const { code, stdout, stderr } = await run('main-function.ts', { env: { SKEIN_WORKERS: '1' } })
    // The worker begins as well, up to the first call.
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'begins\nbegins\n3\n', stderr: '' })
    await prints('many-from-main.ts', '[2,3,4] 2450\n')
  })

  it('says why it does not find a task', async () => {
    const { stdout } = await run('defines-late.ts')
    assert.match(
      stdout,
      /^1\n.*DefinitionError: 'late' of .*defines-late\.ts is not there .*: a line above its definition/,
    )
    const because = async (ref: PromiseLike<unknown>, what: RegExp) => {
      const error = await Promise.resolve(ref).catch((e: unknown) => e)
      assert(error instanceof TaskError && error.cause instanceof DefinitionError, String(error))
      assert.match(error.cause.message, what)
      return error.cause
    }
    try {
      assert.equal(await first(), 1)
      await because(inside()(), /'inside' of .* must be defined at the top level of its module, not inside a function/)
      await because(conditional!(), /'conditional' of .* or behind a condition/)
      const { cause } = await because(
        never(),
        /importing the module there failed: RangeError: no window on this thread/,
      )
      assert(cause instanceof RangeError && cause.message === 'no window on this thread')
    } finally {
      await stop()
    }
  })
})

describe('a program', () => {
  it('ends when its tasks have, awaited or not', () => prints('pending.ts', '100\nwritten\n'))

  it('waits for the last of its workers to end', () => prints('slow-to-end.ts', 'stopped\n'))

  it('gets all that tasks print, from both streams', async () => {
    const { code, stdout, stderr } = await run('prints.ts')
    const lines = stdout.split('\n')
    for (const name of ['a', 'b']) {
      const own = lines.filter(line => line.startsWith(name))
      assert.deepEqual(
        own,
        Array.from({ length: 10_000 }, (_, i) => `${name} ${i} ${'x'.repeat(80)}`),
      )
    }
    assert.deepEqual([code, lines.length, stderr.length], [0, 20_001, 300_000])
  })

  it('shows bars where it is asked for them, on a terminal only', async () => {
    const { code, stdout, stderr } = await run('progress.ts', { args: ['terminal'] })
    assert.deepEqual([code, stdout], [0, 'done\n'])
    const full = '━{24}  100%'
    for (const line of [
      `square  ${full}  1,500 of 1,500  [\\d,.]+/s  in [\\d.]+ s`,
      'slowly  16  [\\d.]+/s  in [\\d.]+ s',
      'x => \\(x === 9 \\? JSON\\.parse\\(…  ━{21}─{3}   88%  8 of 9  [\\d,.]+/s  stopped after [\\d.]+ s',
      `bag  ${full}  16 of 16  [\\d.]+/s  in [\\d.]+ s`,
      `graph  ${full}  20 of 20  [\\d.]+/s  in [\\d.]+ s`,
      'graph  ━+─+ +\\d+%  \\d+ of 20  [\\d.]+/s  [\\d.]+ s left  slowly',
    ]) {
      assert.match(stderr, new RegExp(line))
    }
    assert.deepEqual(await run('progress.ts'), { code: 0, signal: null, stdout: 'done\n', stderr: '' })
  })

  it('may end, or fail, in the middle of everything', async () => {
    const { code } = await run('busy.ts', { args: ['exit'] })
    assert.equal(code, 3)
    const thrown = await run('busy.ts', { args: ['throw'] })
    assert.equal(thrown.code, 1)
    assert.match(thrown.stderr, /the main program failed/)
  })
})
