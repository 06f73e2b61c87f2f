// The store in a file: several processes, processes that are killed, files that are none.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import {
  type Entry,
  LeaseNotFoundError,
  lock,
  Machine,
  open,
  type Range,
  StoreFileError,
  type Transaction,
} from '../src/index.ts'
import { SqliteStore } from '../src/stores/sqlite/store.ts'

const worker = fileURLToPath(new URL('file-worker.ts', import.meta.url))
const text = (entry: Entry | undefined): string | undefined => entry && new TextDecoder().decode(entry.value)

const folderOf = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'skein-coord-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Lines of a process as they come. */
const start = (
  t: TestContext,
  ...args: string[]
): { child: ChildProcess; lines: string[]; until: (line: string) => Promise<void> } => {
  const child = spawn(process.execPath, [worker, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout! })
  reader.on('line', line => lines.push(line))
  const until = async (line: string): Promise<void> => {
    while (!lines.includes(line)) await once(reader, 'line')
  }
  return { child, lines, until }
}

describe('several processes', () => {
  test('count by compare and set: nothing is lost', async t => {
    const path = join(folderOf(t), 'store.db')
    await using store = await open(`file:${path}`)
    const watch = store.watch({ prefix: 'count' })
    const workers = [1, 2, 3, 4].map(() => start(t, path, 'count', '25'))
    await Promise.all(workers.map(({ until }) => until('done')))
    assert.equal(text(await store.get('count')), '100')
    // Another process's changes are told here, each once and in order.
    for (let i = 1; i <= 100; i++) {
      const [event] = (await watch.next()).value.events
      assert.equal(text(event.entry), String(i))
    }
    await watch.return!()
  })

  test('count under a lock: nothing is lost, and tokens grow with it', async t => {
    const path = join(folderOf(t), 'store.db')
    await using store = await open(`file:${path}`)
    const workers = [1, 2, 3, 4].map(() => start(t, path, 'lock', '5'))
    await Promise.all(workers.map(({ until }) => until('done')))
    assert.equal(text(await store.get('count')), '20')
    const { entries } = await store.range({ prefix: 'token/' })
    assert.deepEqual(
      entries.map(text),
      Array.from({ length: 20 }, (_, i) => String(i + 1)),
    )
    assert.equal((await store.range({ prefix: 'skein/' })).count, 0)
  })

  test('one that is killed has lost nothing that was acknowledged', async t => {
    const path = join(folderOf(t), 'store.db')
    const { child, lines, until } = start(t, path, 'put')
    await until('20')
    child.kill('SIGKILL')
    await once(child, 'close')
    await using store = await open(`file:${path}`)
    const { entries } = await store.range({ prefix: 'put/' })
    const there = new Set(entries.map(text))
    const acknowledged = lines.filter(line => line !== 'begun')
    assert.ok(acknowledged.length > 20)
    for (const line of acknowledged) assert.ok(there.has(line), `${line} was acknowledged, and is lost`)
    assert.ok(there.size <= acknowledged.length + 1)
  })

  test('the jobs of one that is killed are done by others, each once', async t => {
    const path = join(folderOf(t), 'store.db')
    await using store = await open(`file:${path}`)
    const queue = store.queue<number>('jobs')
    await Promise.all(Array.from({ length: 20 }, (_, i) => queue.put(i)))
    const hanging = start(t, path, 'work', 'hangs')
    await hanging.until('claims 0')
    const workers = [1, 2].map(() => start(t, path, 'work'))
    hanging.child.kill('SIGKILL')
    await Promise.all(workers.map(({ until }) => until('done')))
    const { entries } = await store.range({ prefix: 'job/' })
    assert.equal(entries.length, 20)
    for (const { key, version } of entries) assert.equal(version, 1, key)
    assert.equal(await queue.size(), 0)
  })

  test('the lock of one that is killed is free when its lease is over', async t => {
    const path = join(folderOf(t), 'store.db')
    const { child, until } = start(t, path, 'hold')
    await until('holds')
    child.kill('SIGKILL')
    await using store = await open(`file:${path}`)
    const begun = performance.now()
    await using held = await lock(store, 'held')
    assert.ok(held.token > 0)
    assert.ok(performance.now() - begun < 5000)
  })
})

describe('a thread of its own', () => {
  test('the program goes on while another process has the file, and what it asks meanwhile is done after that', async t => {
    const path = join(folderOf(t), 'store.db')
    await using store = await open(`file:${path}`)
    await store.put('a', '1')
    const { DatabaseSync } = await import('node:sqlite')
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    let isDone = false
    const put = store.put('a', '2').then(() => (isDone = true))
    const watch = store.watch({ prefix: 'a' })
    // Who reads does not wait.
    for (let i = 0; i < 20; i++) assert.equal(text(await store.get('a')), '1')
    assert.equal(isDone, false)
    other.exec('ROLLBACK')
    other.close()
    await put
    assert.equal(text(await store.get('a')), '2')
    await watch.return!()
  })

  test('what was asked before it is closed is done', async t => {
    const path = join(folderOf(t), 'store.db')
    const store = await open(`file:${path}`)
    const puts = Array.from({ length: 50 }, (_, i) => store.put(`key/${i}`, ''))
    const read = store.range({ prefix: '' })
    await store.close()
    await Promise.all([...puts, read])
    await assert.rejects(store.put('late', ''), { name: 'StoreClosedError' })
    await using again = await open(`file:${path}`)
    assert.equal((await again.range({ prefix: 'key/' })).count, 50)
  })

  test('a program that has nothing else to do ends, though it has not closed its store', async t => {
    const { child, lines } = start(t, join(folderOf(t), 'store.db'), 'leave')
    const [code] = await once(child, 'close')
    assert.deepEqual([code, lines], [0, ['begun', 'left']])
  })

  test('views of memory, plain or shared, are stored as the bytes that they show', async t => {
    await using store = await open(`file:${join(folderOf(t), 'store.db')}`)
    const bytes = new Uint8Array(new SharedArrayBuffer(1000), 100, 3)
    bytes.set([1, 2, 3])
    const put = store.put('a', bytes)
    bytes[0] = 9
    await put
    assert.deepEqual([...(await store.get('a'))!.value], [1, 2, 3])
    await store.put('b', Buffer.from('text').subarray(1))
    assert.equal(text(await store.get('b')), 'ext')
  })

  test('a watch that is read late tells from the file what it has not kept, or that it is forgotten', async t => {
    await using store = await open(`file:${join(folderOf(t), 'store.db')}`)
    const watch = store.watch({ prefix: 'a' }, { maxUnreadBytes: 1 })
    let revision = 0
    for (let i = 0; i < 5; i++) ({ revision } = await store.put('a', String(i)))
    await store.compact(revision)
    assert.equal((await watch.next()).value.revision, 1)
    await assert.rejects(watch.next(), { name: 'CompactedError' })
  })
})

describe('files that are none', () => {
  const refused = (path: string, code: number) =>
    assert.rejects(open(`file:${path}`), (error: StoreFileError) => {
      assert.ok(error instanceof StoreFileError, String(error))
      assert.equal(error.sqliteCode, code, error.message)
      return true
    })

  test('of something else, without a folder, damaged, of another format', async t => {
    const folder = folderOf(t)
    writeFileSync(join(folder, 'text'), 'this is no database at all, but a text that is long enough'.repeat(100))
    await refused(join(folder, 'text'), 26)
    await refused(join(folder, 'no', 'such', 'folder'), 14)

    const path = join(folder, 'store.db')
    const store = await open(`file:${path}`)
    for (let i = 0; i < 200; i++) void store.put(`key/${i}`, 'x'.repeat(500))
    await store.put('last', 'one')
    await store.close()
    const damaged = join(folder, 'damaged.db')
    copyFileSync(path, damaged)
    truncateSync(damaged, 8192)
    await assert.rejects(async () => {
      await using store = await open(`file:${damaged}`)
      await store.range({ prefix: '' })
    }, StoreFileError)

    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(path)
    database.exec("UPDATE meta SET value = 99 WHERE name = 'format'")
    database.close()
    await assert.rejects(open(`file:${path}`), /format 99/)
  })

  test('a disk that is full: what was acknowledged is there, the rest was not done', async t => {
    const path = join(folderOf(t), 'store.db')
    const store = await SqliteStore.open({ path, maxBytes: 40 * 4096 })
    await store.put('first', 'x')
    const done: number[] = []
    let full: StoreFileError | undefined
    for (let i = 0; i < 1000 && !full; i++)
      await store.put(`key/${i}`, 'x'.repeat(1000)).then(
        () => done.push(i),
        error => {
          full = error
        },
      )
    assert.ok(full instanceof StoreFileError)
    assert.equal(full.sqliteCode, 13)
    assert.match(full.message, /make room/)
    assert.equal((await store.range({ prefix: 'key/' })).count, done.length)
    await store.close()
    await using again = await open(`file:${path}`)
    await again.put('more', 'y')
    assert.equal((await again.range({ prefix: 'key/' })).count, done.length)
  })
})

const key = fc.constantFrom('a', 'a/1', 'a/2', 'b', 'ä', '😀')
const range: fc.Arbitrary<Range> = fc.oneof(
  fc.record({ prefix: fc.constantFrom('', 'a', 'a/', 'z') }),
  fc.record({ from: key }),
  fc.record({ from: key, to: key }),
)
const operation = (leases: readonly string[]) =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        op: fc.constant('put' as const),
        key,
        value: fc.string({ maxLength: 2 }),
        lease: fc.constantFrom(undefined, ...leases),
      }),
    },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('delete' as const), key }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('deleteRange' as const), range }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('get' as const), key }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('range' as const), range }) },
  )
const compare = fc.oneof(
  fc.record({
    key,
    target: fc.constant('value' as const),
    is: fc.constantFrom('=' as const, '<' as const),
    value: fc.string({ maxLength: 1 }),
  }),
  fc.record({
    key,
    target: fc.constantFrom('version' as const, 'created' as const, 'modified' as const),
    is: fc.constantFrom('=' as const, '!=' as const, '>' as const),
    value: fc.nat(5),
  }),
)
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      if: fc.array(compare, { maxLength: 1 }),
      do: fc.array(operation(['1', '2']), { maxLength: 3 }),
      else: fc.array(operation([]), { maxLength: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ revoke: fc.constantFrom('1', '2') }) },
  { weight: 1, arbitrary: fc.record({ compact: fc.nat(10) }) },
)

test('random programs give in a file what they give in memory', async t => {
  const folder = folderOf(t)
  let run = 0
  const { SqliteTables, schema } = await import('../src/stores/sqlite/tables.ts')
  const { DatabaseSync } = await import('node:sqlite')
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), steps => {
      const database = new DatabaseSync(join(folder, `${run++}.db`))
      // Nothing is lost here: the sync of each commit is not what is tested.
      database.exec('PRAGMA synchronous = OFF')
      database.exec(schema)
      const machines = [new Machine(), new Machine(new SqliteTables(database))]
      const both = (use: (machine: Machine) => unknown): void => {
        const [memory, file] = machines.map(machine => {
          try {
            return use(machine)
          } catch (error) {
            return { error: (error as Error).name, message: (error as Error).message }
          }
        })
        assert.deepEqual(plain(file), plain(memory))
      }
      for (let i = 0; i < 2; i++) both(machine => machine.grant(1000, 0))
      for (const step of steps) {
        if ('revoke' in step) both(machine => machine.revoke(step.revoke))
        else if ('compact' in step) both(machine => machine.compact(step.compact))
        else {
          database.exec('SAVEPOINT one')
          both(machine => machine.transact(step as Transaction))
          database.exec('RELEASE one')
        }
        both(machine => [machine.revision, machine.compacted, machine.range({ prefix: '' })])
      }
      const [{ revision, compacted }] = machines
      for (let at = compacted; at <= revision; at++) both(machine => machine.range({ prefix: '' }, { revision: at }))
      // What was there before what was compacted is told by memory alone.
      both(machine => machine.since(compacted + 1, { prefix: '' }))
      database.close()
    }),
    { numRuns: 150 },
  )
})

/** Bytes of whatever class are the same. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null, (_, part) => (part instanceof Uint8Array ? [...part] : part)))

test('a lease of another process is not known after it was revoked', async t => {
  const path = join(folderOf(t), 'store.db')
  await using a = await open(`file:${path}`)
  await using b = await open(`file:${path}`)
  const lease = await a.lease({ ttlMs: 5000 })
  await b.put('x', '1', { lease: lease.id })
  assert.equal((await a.get('x'))!.lease, lease.id)
  await lease.revoke()
  assert.equal(await b.get('x'), undefined)
  await assert.rejects(b.put('x', '1', { lease: lease.id }), LeaseNotFoundError)
})
