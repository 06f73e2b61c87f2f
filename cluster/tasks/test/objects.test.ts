/** Values that take space: who holds them, how they leave for the disk and come back. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, beforeEach, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ArgumentError, OutOfMemoryError } from '@skein/base'
import { heap } from '@skein/heap'
import { callOfPut } from '../src/calls/call.ts'
import { Prepacked, Record } from '../src/calls/record.ts'
import { free, get, ObjectLostError, put, type Ref, SpillError, start, stats, stop, TaskError } from '../src/index.ts'
import { lineageOf } from '../src/objects/lineage.ts'
import type { SpillOptions } from '../src/objects/spill-folder.ts'
import * as jobs from './jobs.ts'
import {
  counted,
  describes,
  filled,
  opens,
  overlaps,
  plusOne,
  secondTimeThrows,
  table,
  waitsWith,
  weighs,
} from './large-jobs.ts'
import { Program } from './run-program.ts'

const MiB = 2 ** 20

const folder = mkdtempSync(join(tmpdir(), 'skein-objects-'))
after(() => rmSync(folder, { recursive: true }))
/** Files of values. */
const files = (): string[] =>
  readdirSync(folder).flatMap(own => readdirSync(join(folder, own)).map(file => join(folder, own, file)))
/** An engine that has room for so much more. */
const startWith = (bytes: number, spill: SpillOptions | false = { folder }): void => {
  heap.collect()
  // Values leave at 80 % of the limit.
  start({ workers: 2, heapBytes: (heap.stats().inUseBytes + bytes) / 0.8, spill, validate: true })
}

describe('objects', () => {
  beforeEach(async () => {
    for (let i = 0; i < 3; i++) {
      await turn()
      heap.collect()
    }
  })
  afterEach(async () => {
    await stop()
    assert.deepEqual(readdirSync(folder), [], 'the folder is removed with the engine')
  })

  it('are counted by owner and call site', async () => {
    start({ workers: 1 })
    const held: Ref<unknown>[] = [put(new Float64Array(MiB / 8), { label: 'table' })]
    // The place is the program's, not that of what calls 'put' for it.
    held.push(...Array.from({ length: 3 }, put.bind(undefined, new Uint8Array(MiB)) as () => Ref<unknown>))
    held.push(filled(1000, 1), put('small'))
    held.push(put({ deep: [new Float32Array(10_000), 'x'.repeat(10_000)] }))
    await get(held.slice(4))
    const { holders, count, bytes } = stats().objects
    assert.deepEqual(
      holders.map(({ owner, count }) => `${count} ${owner}`),
      ['3 put', '1 table', '1 filled'],
      'a value that was awaited and unpacked is the program’s own',
    )
    assert.equal(count, 5)
    assert.equal(bytes, 4 * MiB + 8000)
    for (const { site } of holders) assert.match(site, /objects\.test\.ts:\d+:\d+/)
    free(held)
    assert.equal(stats().objects.count, 0)
  })

  it('leave for the disk when the heap gets full, and come back', async () => {
    startWith(16 * MiB)
    const kinds = [Float64Array, Float32Array, Int8Array, BigInt64Array, Uint16Array]
    const arrays = Array.from({ length: 40 }, (_, i) => {
      const Type = kinds[i % kinds.length]
      const array = new Type((2 * MiB) / Type.BYTES_PER_ELEMENT)
      array[i] = (array instanceof BigInt64Array ? 7n : 7) as never
      return put(array)
    })
    const tables = Array.from({ length: 10 }, () => table(MiB / 4))
    const ends = await get(tables.map(t => describes(t)))
    assert.deepEqual(new Set(ends), new Set([`table ${MiB / 4} 1.5 ${MiB / 4}`]))
    const results = Array.from({ length: 20 }, (_, i) => filled(MiB / 8, i))
    assert.deepEqual(
      await get(results.map(r => jobs.sumOf(r))),
      Array.from({ length: 20 }, (_, i) => (i * MiB) / 8),
    )
    const { objects } = stats()
    assert(objects.spilled >= 40 && objects.readBack > 0, JSON.stringify({ ...objects, holders: [] }))
    assert(files().length >= 30)
    const found = (await arrays[11]) as Float32Array
    assert(found instanceof Float32Array && found[11] === 7 && found[12] === 0 && heap.owns(found))
    const sum = await get(arrays.filter((_, i) => i % 5 === 0).map(a => jobs.sumOf(a as Ref<Float64Array>)))
    assert.deepEqual(sum, Array(8).fill(7))
  })

  it('stay while someone has them', async () => {
    startWith(8 * MiB)
    const mutable = heap.u8(MiB)
    const shared = put(mutable, { mutable: true })
    const awaited = filled(MiB / 8, 3)
    const seen = await awaited
    const inUse = filled(MiB / 8, 5)
    await jobs.nothing.with({ after: [inUse] })()
    const gate = heap.i32(2)
    const reads = waitsWith(gate, inUse)
    while (Atomics.load(gate, 0) === 0) await turn()
    const many = Array.from({ length: 30 }, () => put(new Uint8Array(MiB)))
    assert(stats().objects.spilled >= 20)
    Atomics.store(gate, 1, 1)
    assert.equal(await reads, (5 * MiB) / 8)
    assert.equal(await awaited, seen)
    assert.equal(await shared, mutable)
    assert.equal(seen[7], 3)
    assert.equal(many.length, 30)
  })

  it('that are freed or collected take their files with them', async () => {
    startWith(4 * MiB)
    let refs = Array.from({ length: 20 }, () => put(new Uint8Array(MiB)))
    const before = files().length
    assert(before >= 14)
    free(refs.slice(0, 10))
    assert(files().length <= before - 9)
    refs = []
    for (let i = 0; i < 20 && files().length > 0; i++) {
      await turn()
      heap.collect()
    }
    assert.deepEqual(files(), [])
    assert.equal(refs.length, 0)
  })

  it('whose file is gone or spoilt are lost, and that is told', async () => {
    startWith(4 * MiB)
    const refs = Array.from({ length: 20 }, () => put(new Uint8Array(MiB)))
    for (const file of files()) rmSync(file)
    const error = await refs[0].catch((e: unknown) => e)
    assert(error instanceof ObjectLostError && (error.cause as NodeJS.ErrnoException).code === 'ENOENT')
    assert.match(
      error.message,
      /^The value of put#\d+ is lost: its file cannot be read \(ENOENT.*, and no task made it: it was put\.$/,
    )
    const dependent = await jobs.echo(refs[1]).catch((e: unknown) => e)
    assert(dependent instanceof ObjectLostError)
    const more = Array.from({ length: 10 }, () => put(new Uint8Array(MiB)))
    for (const file of files()) writeFileSync(file, 'short')
    await assert.rejects(more[0].promise, /the file has 5 bytes, not 1048576/)
    assert(stats().objects.lost >= 3)
  })

  it('stay in memory when the disk is full, and are read there', async () => {
    startWith(16 * MiB, { folder, bytes: 3 * MiB })
    const refs = Array.from({ length: 20 }, (_, i) => put(new Uint8Array(MiB).fill(i)))
    assert.equal(stats().objects.spilled, 3)
    for (const [i, ref] of refs.entries()) assert.equal(((await ref) as Uint8Array)[5], i)
  })

  it('go with the program, however it ends', {
    skip: process.platform === 'win32' && 'signals are not its own',
  }, async () => {
    for (const end of ['by itself', 'exit', 'wait']) {
      const program = new Program('spills.ts', { args: [folder, end] })
      await program.prints('spilled')
      if (end === 'wait') {
        assert(files().length > 10)
        program.process.kill('SIGINT')
      }
      const { code, signal } = await program.ends()
      assert.deepEqual([code, signal], end === 'wait' ? [null, 'SIGINT'] : [0, null])
      assert.deepEqual(readdirSync(folder), [], end)
    }
  })

  it('of programs that were killed are removed', async () => {
    const dead = join(folder, 'skein-spill-999999999-x')
    mkdirSync(dead)
    writeFileSync(join(dead, '1'), 'x')
    startWith(4 * MiB)
    const refs = Array.from({ length: 8 }, () => put(new Uint8Array(MiB)))
    assert.equal(existsSync(dead), false)
    assert.equal(refs.length, 8)
  })

  it('have options that are checked', () => {
    assert.throws(() => start({ heapBytes: -1 }), ArgumentError)
    assert.throws(() => start({ spill: { folder: 5 as never } }), ArgumentError)
    assert.throws(() => start({ spill: true as never }), ArgumentError)
    assert.throws(() => start({ resourceLimits: { maxOldGenerationSizeMb: 'all' as never } }), ArgumentError)
    assert.throws(() => start({ resources: { gpus: Number.NaN } }), ArgumentError)
    assert.throws(() => start({ resources: { cpus: 8 } }), /'workers' says those/)
    assert.throws(() => start({ threads: 2 } as never), /There is no option 'threads'/)
    startWith(4 * MiB, { folder: '/nonexistent' })
    const refs: Ref<unknown>[] = []
    const fill = () => {
      for (let i = 0; i < 20; i++) refs.push(put(new Uint8Array(MiB)))
    }
    assert.throws(fill, (error: unknown) => error instanceof OutOfMemoryError && error.cause instanceof SpillError)
    assert(refs.length >= 4)
    assert.equal(stats().objects.diskBytes, 0)
  })
})

describe('a lost object', () => {
  const runs = heap.i32(4)
  /** Fills the memory, so that whatever can leave does; and removes the files of what is on disk. */
  const lose = (): void => {
    const filling = Array.from({ length: 24 }, () => put(new Uint8Array(MiB)))
    for (const file of files()) rmSync(file)
    free(filling)
  }
  beforeEach(() => {
    heap.collect()
    runs.fill(0)
    startWith(12 * MiB)
  })
  afterEach(() => stop())
  const lostWith = async (ref: PromiseLike<unknown>, why: RegExp): Promise<ObjectLostError> => {
    const error = await Promise.resolve(ref).catch((e: unknown) => e)
    assert(error instanceof ObjectLostError, String(error))
    assert.match(error.message, why)
    return error
  }

  it('is made again when it is awaited, or a task needs it: once for all', async () => {
    const a = counted(runs, 0, MiB / 8, 1)
    const b = counted(runs, 1, MiB / 8, 2)
    const t = table(MiB / 8)
    await get([a, b, t].map(ref => jobs.nothing.with({ after: [ref] })()))
    lose()
    assert.deepEqual(await get([jobs.sumOf(a), jobs.sumOf(a), weighs(a, b)]), [MiB / 8, MiB / 8, (3 * MiB) / 8])
    const [array, columns] = await get([b, t])
    assert.equal(array[5], 2)
    assert.equal(columns.columns[1].length, MiB / 8)
    assert.deepEqual([...runs], [2, 2, 0, 0])
    assert.equal(await describes(t), `table ${MiB / 8} 1.5 ${MiB / 8}`)
    // Three values were looked for, `a` and `b` by whoever came first.
    assert.equal(stats().objects.lost, 3)
  })

  it('is made again with what it was made from, if nobody has that any more', async () => {
    let chain: Ref<Float64Array> = counted(runs, 0, MiB / 8, 1)
    for (let i = 1; i < 4; i++) chain = plusOne(runs, i, chain)
    await jobs.nothing.with({ after: [chain] })()
    for (let i = 0; i < 5; i++) {
      await turn()
      heap.collect()
    }
    assert.equal(stats().objects.count, 1, 'a value does not keep those that it was made from')
    lose()
    assert.equal((await chain)[9], 4)
    assert.deepEqual([...runs], [2, 2, 2, 2])
  })

  it('is not made again from arrays that a worker kept for the call alone', () => {
    const call = { ...callOfPut, name: 'sum', options: {} }
    const made = (holds: readonly unknown[] | undefined) =>
      lineageOf(new Record(1, 1, call, new Prepacked(new Uint8Array(8), [], holds, []), undefined), () => '')
    assert.match(String(made(undefined)), /arrays of another, which may be gone/)
    assert.equal(typeof made([]), 'object')
  })

  it('is not made again without end', async () => {
    const ref = counted.with({ retries: 2 })(runs, 0, MiB / 8, 1)
    for (let i = 0; i < 3; i++) {
      await jobs.nothing.with({ after: [ref] })()
      lose()
      const sum = jobs.sumOf(ref)
      if (i < 2) assert.equal(await sum, MiB / 8)
      else await lostWith(sum, /it has been made again as often as 'retries' allows\.$/)
    }
    assert.equal(runs[0], 3)
  })

  it('says why it is not made again', async () => {
    const counter = await jobs.Counter.create(1)
    const once = counted.with({ retries: 0 })(runs, 0, MiB / 8, 1)
    const given = plusOne(runs, 1, new Float64Array(MiB / 8))
    const breaks = secondTimeThrows(runs, 2)
    let chain: Ref<Float64Array> = counted(runs, 0, MiB / 64, 1)
    for (let i = 0; i < 100; i++) chain = plusOne(runs, 3, chain)
    await get([once, given, breaks, chain, counter.add(1)].map(ref => jobs.nothing.with({ after: [ref] })()))
    lose()
    await lostWith(once, /its task may not run again \('retries' is 0\)\.$/)
    await lostWith(given, /arguments of its task were too large to be kept \(give them as references\)\.$/)
    await lostWith(chain, /more than 100 tasks would have to run again for it\.$/)
    const error = await lostWith(breaks, /to make it again failed\.$/)
    assert(error.cause instanceof TaskError && (error.cause.cause as Error).message === 'only once')
    const needs = await jobs.sumOf(breaks).catch((e: unknown) => e)
    assert(needs instanceof TaskError)
  })
})

describe('while memory is short', () => {
  beforeEach(() => {
    heap.collect()
  })
  afterEach(() => stop())

  it('tasks run one at a time, until there is room again', async () => {
    startWith(8 * MiB, false)
    const most = heap.i32(2)
    const together = async () => {
      most.fill(0)
      await get(Array.from({ length: 8 }, () => overlaps(most)))
      return most[1]
    }
    // Both workers are there.
    await get([1, 2].map(runOn => jobs.nothing.with({ runOn })()))
    assert.equal(await together(), 2)
    const held = Array.from({ length: 9 }, () => put(new Uint8Array(MiB)))
    await jobs.nothing()
    assert.equal(await together(), 1)
    // What runs may await others.
    assert.equal(await jobs.nested(5), 6)
    free(held)
    while ((await together()) !== 2) heap.collect()
  })

  it('one that waits for another in vain gets it', { timeout: 20_000 }, async () => {
    startWith(4 * MiB, false)
    const held = Array.from({ length: 5 }, () => put(new Uint8Array(MiB)))
    const gate = heap.i32(2)
    const x = heap.f64([1, 2, 3])
    await jobs.nothing()
    const waits = waitsWith(gate, x)
    await opens(gate)
    assert.equal(await waits, 6)
    assert.equal(held.length, 5)
  })

  it('what finds no room is told who holds what', () => {
    startWith(4 * MiB, false)
    const held: Ref<unknown>[] = []
    const fill = () => {
      for (let i = 0; i < 20; i++) held.push(put(new Uint8Array(MiB), { label: 'tables' }))
    }
    assert.throws(fill, (error: unknown) => {
      assert(error instanceof OutOfMemoryError)
      const [{ who, bytes }] = error.holders
      assert.match(who, /^'tables' \(fill \(.*objects\.test\.ts:\d+:\d+\)\)$/)
      assert.equal(bytes, held.length * MiB)
      return true
    })
    assert.throws(() => jobs.echo({ text: 'x'.repeat(5 * MiB) }), OutOfMemoryError)
    free(held)
    held.length = 0
    held.push(put(new Uint8Array(MiB)))
  })
})
