// `skein lock` and `skein elect`: commands under a lock, with processes.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { after, type TestContext, test } from 'node:test'
import { open } from '@skein/coord'
import { storeUrl } from '../src/coord/store.ts'
import { bin, fixture, plainEnvironment, skein } from './skein.ts'

const work = mkdtempSync(join(tmpdir(), 'skein-lock-'))
after(() => rmSync(work, { recursive: true, force: true }))
const windows = process.platform === 'win32' && 'signals are a matter of POSIX'
const store = `file:${join(work, 'store.db')}`
const env = { SKEIN_STORE: store }

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>
  errors(): string
  line(): Promise<string>
}

/** A command whose lines are read one by one. */
const start = (t: TestContext, args: string[]): Running => {
  const child = spawn(process.execPath, [bin, ...args], {
    env: plainEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  let errors = ''
  child.stderr!.on('data', chunk => {
    errors += chunk
  })
  const reader: Interface = createInterface({ input: child.stdout! })
  const lines = reader[Symbol.asyncIterator]()
  return {
    child,
    ended: once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
    errors: () => errors,
    line: async () => (await lines.next()).value ?? '',
  }
}

const prints = (text: string): string[] => ['--', process.execPath, '-e', `console.log(${text})`]

test('the command has the token in its environment, and its exit code is the lock’s', () => {
  const told = '[process.env.SKEIN_LOCK_NAME, process.env.SKEIN_LOCK_TOKEN, process.env.SKEIN_STORE].join()'
  const first = skein(['lock', 'a', '--ttl', '5', ...prints(told)], { env })
  assert.equal(first.status, 0, first.stderr)
  const [name, token, url] = first.stdout.trim().split(',')
  assert.deepEqual([name, url], ['a', store])
  const second = skein(['lock', 'a', '--', process.execPath, '-e', 'process.exit(+process.env.SKEIN_LOCK_TOKEN + 7)'], {
    env,
  })
  assert.ok(second.status! > Number(token) + 7, second.stderr)
  assert.equal(skein(['lock', 'a', '--', 'cat'], { env, input: 'what it reads' }).stdout, 'what it reads')
})

test('the default store is a file of the user’s', () => {
  const { status, stderr } = skein(['lock', 'a', ...prints('1')], { env: { SKEIN_STORE: '', XDG_STATE_HOME: work } })
  assert.equal(status, 0, stderr)
  assert.ok(existsSync(join(work, 'skein', 'coord.db')))
  assert.equal(storeUrl('file:x.db', {}), `file:${join(process.cwd(), 'x.db')}`)
  assert.equal(storeUrl(undefined, { SKEIN_STORE: 'etcd://a:1' }), 'etcd://a:1')
})

test('what is held is not had: at once, after a time, shared, as a permit; who holds it is told', {
  skip: windows,
}, async t => {
  const holder = start(t, ['lock', 'b', '--', process.execPath, fixture('waits.ts')])
  assert.match(await holder.line(), /^ready/)
  const busy = skein(['lock', '--no-wait', 'b', ...prints('1')], { env })
  assert.equal(busy.status, 1)
  assert.equal(busy.stdout, '')
  assert.match(busy.stderr, /^skein lock: b is held by process \d+ of .*waits\.ts \(token \d+\)$/m)
  const late = skein(['lock', '-w', '0.1', '-E', '9', '--shared', 'b', ...prints('1')], { env })
  assert.equal(late.status, 9, late.stderr)
  holder.child.kill('SIGTERM')
  assert.deepEqual(await holder.ended, [null, 'SIGTERM'])
  // Gone with it at once: nobody waits for a lease.
  assert.equal(skein(['lock', '--no-wait', 'b', ...prints('1')], { env }).status, 0)

  const one = start(t, ['lock', '--permits', '2', 'c', '--', process.execPath, fixture('waits.ts')])
  await one.line()
  assert.equal(skein(['lock', '-n', '--permits', '2', 'c', ...prints('1')], { env }).status, 0)
  assert.equal(skein(['lock', '-n', '--permits', '1', 'c', ...prints('1')], { env }).status, 1)
  one.child.kill('SIGTERM')
  await one.ended
})

test('one that waits is ended by a signal, and leaves the line; the next has it when the holder ends', {
  skip: windows,
}, async t => {
  const holder = start(t, ['lock', 'd', '--', process.execPath, fixture('waits.ts'), 'handles'])
  await holder.line()
  const waiting = start(t, ['lock', 'd', ...prints('"waiting"')])
  const next = start(t, ['lock', 'd', ...prints('"next"')])
  await using c = await open(store)
  const standing = async (count: number): Promise<void> => {
    for await (const { entries } of c.follow({ prefix: 'skein/locks/d/' })) if (entries.size === count) return
  }
  await standing(3)
  waiting.child.kill('SIGINT')
  assert.deepEqual(await waiting.ended, [null, 'SIGINT'])
  await standing(2)
  holder.child.kill('SIGTERM')
  assert.deepEqual(await holder.ended, [5, null])
  assert.equal(await next.line(), 'next')
  assert.deepEqual(await next.ended, [0, null])
})

test('when the lock is lost, the command and what it has started are ended, one that does not listen too', {
  skip: windows,
}, async t => {
  const stubborn = `trap '' TERM; (trap '' TERM; sleep 100) & echo ready; wait; sleep 100`
  const holder = start(t, ['lock', 'e', '--ttl', '1', '--', 'sh', '-c', stubborn])
  assert.equal(await holder.line(), 'ready')
  await using c = await open(store)
  // Paused for longer than its lease, it finds that another one has the lock.
  holder.child.kill('SIGSTOP')
  await using other = await c.lock('e')
  assert.ok(other.token > 0)
  holder.child.kill('SIGCONT')
  // Its output ends when all are gone that could write there.
  const [code] = await holder.ended
  assert.equal(code, 75, holder.errors())
  assert.match(holder.errors(), /e was lost, and the command was ended/)
})

test('of those who stand for election one runs at a time, who watches is told, and the next one follows', {
  skip: windows,
}, async t => {
  const watcher = start(t, ['elect', '--observe', 'f'])
  assert.equal(await watcher.line(), 'nobody')
  const leads = (value: string) =>
    start(t, ['elect', '--value', value, '--ttl', '1', 'f', '--', process.execPath, fixture('waits.ts')])
  const first = leads('first')
  await first.line()
  const [token, value] = (await watcher.line()).split('\t')
  assert.equal(value, 'first')
  const second = leads('second')
  await using c = await open(store)
  for await (const { entries } of c.follow({ prefix: 'skein/elections/f/' })) if (entries.size === 2) break
  first.child.kill('SIGSTOP')
  assert.match(await second.line(), /^ready/)
  // Its lead is lost; it stands again, behind the other one.
  first.child.kill('SIGCONT')
  for await (const { entries } of c.follow({ prefix: 'skein/elections/f/' })) if (entries.size === 2) break
  const [later, followed] = (await watcher.line()).split('\t')
  assert.equal(followed, 'second')
  assert.ok(Number(later) > Number(token))
  second.child.kill('SIGTERM')
  assert.deepEqual(await second.ended, [null, 'SIGTERM'])
  assert.match(await first.line(), /^ready/)
  assert.match(first.errors(), /f is led by this one no more/)
  first.child.kill('SIGTERM')
  assert.deepEqual(await first.ended, [null, 'SIGTERM'])
  watcher.child.kill('SIGINT')
  assert.deepEqual(await watcher.ended, [null, 'SIGINT'])
})

test('what cannot be done is said', () => {
  const failing = skein(['lock', '--store', 'file:/no/such/folder/x.db', 'a', ...prints('1')], { env })
  assert.equal(failing.status, 1)
  assert.match(failing.stderr, /could not open it.*check that its folder is there/)
  const missing = skein(['lock', 'a', ...prints('1')], { env: { ...env, SKEIN_STORE_CA: '/no/such/file' } })
  assert.match(missing.stderr, /SKEIN_STORE_CA names \/no\/such\/file, which cannot be read/)
})
