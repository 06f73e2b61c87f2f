/** Tasks and programs that do what they should not: nothing hangs, and what goes wrong is told. */
import assert from 'node:assert/strict'
import { freemem } from 'node:os'
import { after, afterEach, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { TimeoutError } from '@skein/base'
import { heap } from '@skein/heap'
import { get, NotCloneableError, put, start, stop, TaskError, WorkerLostError } from '../src/index.ts'
import * as jobs from './jobs.ts'
import * as hostile from './programs/hostile.ts'
import { Program, run } from './run-program.ts'

const errorOf = (ref: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(ref).then(
    value => assert.fail(`it gave ${value}`),
    (error: unknown) => error,
  )

describe('a hostile task', () => {
  const before = heap.stats().inUseBytes
  afterEach(() => stop())
  after(async () => {
    // The collector finds the last ones when no frame refers to them any more.
    const left = () => heap.stats().inUseBytes - before
    for (let turns = 0; turns < 20 && left() > 0; turns++) {
      await turn()
      heap.collect()
    }
    assert.equal(left(), 0, 'no byte of the heap is left behind')
  })

  it('is given what cannot be cloned, five levels down', () => {
    start({ workers: 1, validate: true })
    assert.throws(
      () => hostile.given({ a: { b: [{ c: { d: () => {} } }] } }),
      (error: unknown) => error instanceof NotCloneableError && error.path === 'arguments[0].a.b[0].c.d',
    )
  })

  it('returns itself, or a reference', async () => {
    start({ workers: 1, validate: true })
    for (const [ref, path] of [
      [hostile.itself(), 'result'],
      [hostile.reference(), 'result.ref'],
    ] as const) {
      const error = await errorOf(ref)
      assert(error instanceof TaskError && error.cause instanceof NotCloneableError)
      assert.equal(error.cause.path, path)
    }
  })

  it('is given a circle with a reference in it: taken as it was, so it never waits for itself', async () => {
    start({ workers: 1, validate: true })
    const circle: Record<string, unknown> = { ref: jobs.add(1, 2) }
    circle.self = circle
    const ref = hostile.given(circle)
    circle.ref = ref
    const found = (await ref) as Record<string, unknown>
    assert.equal(found.ref, 3)
    assert.equal(found.self, found)
    assert.throws(() => put([ref]), /value must be without references in it/)
  })

  it('awaits others in the only worker, many levels deep', async () => {
    start({ workers: 1, slots: 4096, validate: true })
    assert.equal(await hostile.waitsForMany(7), 128)
  })

  it('throws null, a frozen object, a frozen error', async () => {
    start({ workers: 1, validate: true })
    const [none, object, error] = await Promise.all(
      [hostile.throwsNull(), hostile.throwsFrozen(), hostile.throwsFrozenError()].map(errorOf),
    )
    assert(none instanceof TaskError && object instanceof TaskError && error instanceof TaskError)
    assert.equal(none.cause, null)
    assert.deepEqual(object.cause, { code: 7 })
    assert(error.cause instanceof RangeError)
    assert.match(error.cause.stack!, /hostile\.ts/)
  })

  it('ends the worker, and never comes back', async () => {
    start({ workers: 2, validate: true })
    const [exit, endless] = await Promise.all([
      errorOf(jobs.exits.with({ retries: 2 })(7)),
      errorOf(jobs.endless.with({ timeoutMs: 100 })()),
    ])
    assert(exit instanceof WorkerLostError && endless instanceof TimeoutError)
    assert.deepEqual([exit.attempts, exit.reason], [3, 'it ended with exit code 7'])
    assert.deepEqual(
      await get(Array.from({ length: 100 }, (_, i) => jobs.add(i, 1))),
      Array.from({ length: 100 }, (_, i) => i + 1),
    )
  })

  it('forks', async () => {
    start({ workers: 1, validate: true })
    assert.deepEqual(await hostile.forks(), ['told', 0])
  })

  it('takes all memory of its worker', { timeout: 120_000 }, async () => {
    const { code, stdout } = await run('out-of-memory.ts')
    assert.match(
      stdout,
      /^WorkerLostError: Worker \d ended while it ran task 'eats': it reached the limit of its memory of 32 MiB \(resourceLimits\)\. On it were task eats#1\. Each/,
    )
    assert.match(stdout, /\n3 2\n$/)
    assert.equal(code, 0)
  })
})

describe('a hostile program', () => {
  it('queues a million tasks, each in at most 300 bytes, and gives them up again', { timeout: 120_000 }, async () => {
    const { stdout, stderr } = await run('million.ts', { flags: ['--expose-gc'] })
    assert.equal(stderr, '')
    const { bytes, all, cancelled, left, sum } = JSON.parse(stdout)
    assert.deepEqual({ all, cancelled, sum }, { all: 1_000_001, cancelled: 1_000_000, sum: 3 })
    assert(bytes <= 300, `a queued task takes ${bytes} bytes`)
    assert(left <= 1, `a task that is over leaves ${left} bytes`)
  })

  const gibibyte = 2 ** 30
  const tooSmall =
    freemem() < 5 * gibibyte && `5 GiB of memory must be free, and ${(freemem() / gibibyte).toFixed(1)} are`
  it('gives a task 1 GiB', { skip: tooSmall, timeout: 120_000 }, async () => {
    const { stdout, stderr } = await run('gibibyte.ts', { args: [String(gibibyte)] })
    assert.equal(stderr, '')
    assert.equal(stdout, `[ ${gibibyte}, 1, 2 ] [ ${gibibyte - 1}, 1, 0 ]\n`)
  })

  it('fills the heap with pinned references', { timeout: 60_000 }, async () => {
    const env = { SKEIN_HEAP_MAX: String(2 ** 26) }
    const full = /The heap has no room for 2 MiB: .* Held by 'put' \(\S+full-heap\.ts:\d+:\d+\) \d+ MiB/
    const memory = await run('full-heap.ts', { args: ['0'], env })
    const lines = memory.stdout.split('\n')
    assert.match(lines[0], full)
    assert.match(lines[0], /^OutOfMemoryError: .* Nothing goes to disk here\./)
    assert.match(lines[1], full)
    assert.match(lines[1], /^TaskError: Task 'make' failed on worker \d: OutOfMemoryError/)
    assert.deepEqual(lines.slice(2), ['3', '31 { right: 31 } 0', String(2 ** 18), ''])
    assert.equal(memory.stderr, '')
    // With room for 32 of them on disk: they cannot come back, since none of the others can leave.
    const disk = await run('full-heap.ts', { args: [String(2 ** 26)], env })
    const linesOfDisk = disk.stdout.split('\n')
    assert.match(linesOfDisk[0], full)
    assert.match(
      linesOfDisk[0],
      /The disk takes no more: with 64 MiB there it would be more than the limit of 64 MiB\./,
    )
    assert.deepEqual(linesOfDisk.slice(2), ['3', '63 { OutOfMemoryError: 32, right: 31 } 32', String(2 ** 18), ''])
    assert.equal(disk.stderr, '')
  })

  it('runs beside another of its kind', { timeout: 60_000 }, async () => {
    const both = await Promise.all([run('prints.ts'), run('prints.ts')])
    for (const { code, stdout, stderr } of both) {
      assert.deepEqual([code, stdout.split('\n').length, stderr.length], [0, 20_001, 300_000])
    }
  })

  it('is interrupted in the middle: it ends at once, with its workers', { timeout: 60_000 }, async () => {
    const program = new Program('interrupted.ts')
    await program.prints('busy')
    program.process.kill('SIGINT')
    const { signal } = await program.ends()
    // What a shell calls exit code 130.
    assert.equal(signal, 'SIGINT')
  })
})
