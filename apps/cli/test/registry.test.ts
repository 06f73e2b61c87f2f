// `skein registry`: services of processes, by a hub and over its store.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, type TestContext, test } from 'node:test'
import { bin, plainEnvironment, skein } from './skein.ts'

const work = mkdtempSync(join(tmpdir(), 'skein-registry-'))
after(() => rmSync(work, { recursive: true, force: true }))
const windows = process.platform === 'win32' && 'signals are a matter of POSIX'
const file = (name: string): string => join(work, name)
const env = { SKEIN_STORE: `file:${file('store.db')}` }

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<unknown[]>
  line(): Promise<string | undefined>
}

/** A command whose lines are read one by one. */
const start = (t: TestContext, ...args: string[]): Running => {
  const stdio = ['ignore', 'pipe', 'inherit'] as ['ignore', 'pipe', 'inherit']
  const child = spawn(process.execPath, [bin, 'registry', ...args], { env: plainEnvironment(env), stdio })
  t.after(() => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  return { child, ended: once(child, 'exit'), line: async () => (await lines.next()).value }
}

const registry = (...args: string[]) => skein(['registry', ...args], { env })

/** Prints what it is told, and stays. */
const service = [
  '--',
  process.execPath,
  '-e',
  'console.log(JSON.stringify([process.env.PORT, process.env.SKEIN_REGISTRY_ID])); setInterval(() => {}, 1000)',
]

test('a service is registered as long as it runs, by those who may, and found', { skip: windows }, async t => {
  const made = registry('keygen', file('web.pem'), 'web', 'api')
  assert.equal(made.status, 0, made.stderr)
  assert.match(made.stdout, /^web ([\w-]{43})\napi \1\n$/)
  assert.match(readFileSync(file('web.pem'), 'utf8'), /PRIVATE KEY/)
  assert.equal(statSync(file('web.pem')).mode & 0o777, 0o600)
  assert.equal(registry('keygen', file('web.pem')).status, 1, 'a key is never lost')
  writeFileSync(file('who.txt'), `# who may\n${made.stdout}`)

  const hub = start(t, 'serve', '--keys', file('who.txt'))
  const address = (await hub.line())!
  assert.match(address, /^127\.0\.0\.1:\d+$/)
  const at = ['--hub', address]
  const waiting = start(t, 'get', 'web@^1.2', ...at)
  const watching = start(t, 'ls', '--watch', ...at)
  const signed = ['--key', file('web.pem'), '--metadata', '{"zone":"a"}']
  const web = start(t, 'register', 'web@1.2.3', ...at, ...signed, ...service)
  const [port, id] = JSON.parse((await web.line())!)
  assert.equal(await waiting.line(), `127.0.0.1:${port}`)
  assert.deepEqual(await waiting.ended, [0, null])
  assert.equal(await watching.line(), `registered\tweb@1.2.3\t127.0.0.1:${port}\t${id}`)
  const [listed] = JSON.parse(registry('ls', '--json', '--keys', file('who.txt')).stdout)
  assert.deepEqual([listed.id, listed.metadata], [id, { zone: 'a' }])
  assert.ok(made.stdout.includes(listed.key))
  assert.match(
    registry('ls', 'web', ...at).stdout,
    new RegExp(`^web@1\\.2\\.3 +127\\.0\\.0\\.1:${port} +${id} +2.*{"zone":"a"}$`, 'm'),
  )

  const unsigned = registry('register', 'web@1.2.3', ...at, '--port', '80')
  assert.equal(unsigned.status, 1)
  assert.match(unsigned.stderr, /not accepted: it is unsigned/)
  assert.equal(registry('free', id, ...at).status, 1, 'nor may they free it')

  web.child.kill('SIGTERM')
  assert.deepEqual(await web.ended, [null, 'SIGTERM'])
  assert.equal(await watching.line(), `freed\tweb@1.2.3\t127.0.0.1:${port}\t${id}`)
  const none = registry('get', 'web', '--wait', '0.1', ...at)
  assert.deepEqual([none.status, none.stdout], [1, ''])
  assert.match(none.stderr, /there is no web/)
  hub.child.kill('SIGINT')
  assert.deepEqual(await hub.ended, [0, null])
})

test('what runs already is registered until it is freed', { skip: windows }, async t => {
  const web = start(t, 'register', 'db@2.0.0', '--port', '5432')
  const [id, address] = (await web.line())!.split('\t')
  assert.equal(address, '127.0.0.1:5432')
  assert.equal(registry('free', id).status, 0)
  assert.deepEqual(await web.ended, [75, null])
  assert.equal(registry('free', id).status, 1)
  assert.equal(registry('ls').stdout, '')
})

test('a command line that cannot be followed', () => {
  for (const [words, says] of [
    [['sell'], /Allowed choices are serve, ls, get/],
    [['get'], /it is given as: skein registry get name@range/],
    [['get', 'web@'], /name@range with a range/],
    [['register', 'web@1', '--port', '80'], /name@version with a version such as 1\.2\.3/],
    [['register', 'web@1.0.0'], /--port says where/],
    [['register', 'web@1.0.0', '--port', '80', '--metadata', '{'], /--metadata is no JSON/],
    [['serve', '--keys', file('nowhere')], /--keys cannot be read/],
    [['ls', '--hub', 'nowhere'], /host:port/],
  ] as [string[], RegExp][]) {
    const { status, stdout, stderr } = registry(...words)
    assert.deepEqual([status, stdout], [2, ''], words.join(' '))
    assert.match(stderr, says)
  }
})
