// `skein run`: the program is as if it had been started by itself.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { byteCount } from '../src/option-values.ts'
import { isTypeScript, packagedNode, runtimeFor, stripsTypes, stripsTypesByFlag } from '../src/runtime.mjs'
import { bin, fixture, plainEnvironment, skein, started } from './skein.ts'

const work = mkdtempSync(join(tmpdir(), 'skein-run-'))
after(() => rmSync(work, { recursive: true, force: true }))
const windows = process.platform === 'win32' && 'signals are a matter of POSIX'

test('arguments after the file are the program’s, whatever they look like', () => {
  const args = ['a', '--threads', '9', '-h', '--', '', 'b c', '*', '"', '--verbose']
  const { status, stdout, stderr } = skein(['run', fixture('echo.ts'), ...args])
  assert.equal(status, 0, stderr)
  assert.deepEqual(JSON.parse(stdout).args, args)
})

test('options before it set Skein up', () => {
  const { stdout } = skein(['run', '--threads', '3', '--heap-max', '512M', fixture('echo.ts')])
  const told = JSON.parse(stdout)
  assert.equal(told.SKEIN_THREADS, '3')
  assert.equal(told.SKEIN_HEAP_MAX, String(2 ** 29))
})

test('the exit code is the program’s', () => {
  for (const code of [0, 1, 2, 7, 255]) {
    const { status } = skein(['run', fixture('echo.ts')], { env: { ENDS_WITH: String(code) } })
    assert.equal(status, code)
  }
})

test('a program that throws fails as under node', () => {
  writeFileSync(join(work, 'throws.mjs'), 'throw new Error("this is wrong")')
  const { status, stderr } = skein(['run', join(work, 'throws.mjs')])
  assert.equal(status, 1)
  assert.match(stderr, /this is wrong/)
})

test('standard input and output are the program’s, whole', () => {
  const input = Buffer.alloc(3_000_000, 'skein ')
  const { status, stdout } = skein(['run', fixture('copies.ts')], { input })
  assert.equal(status, 0)
  assert.ok(stdout === input.toString())
})

test('a signal reaches the program, which may handle it', { skip: windows }, async () => {
  const { child, line, ended } = await started(['run', fixture('waits.ts'), 'handles'])
  assert.match(line, /^ready/)
  child.kill('SIGTERM')
  assert.deepEqual(await ended, [5, null])
})

test('a program that a signal ends is seen to have ended by it', { skip: windows }, async () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
    const { child, ended } = await started(['run', fixture('waits.ts')])
    child.kill(signal)
    assert.deepEqual(await ended, [null, signal])
  }
})

test('the same where a process cannot become another', { skip: windows }, async t => {
  // What `follow` gives is told by a process that uses it.
  const follower = join(work, 'follower.mjs')
  writeFileSync(
    follower,
    `import { follow } from ${JSON.stringify(new URL('../src/runtime.mjs', import.meta.url).href)}
     process.exitCode = await follow(process.execPath, process.argv.slice(2))`,
  )
  const { once } = await import('node:events')
  const follow = async (args: string[], signal?: NodeJS.Signals) => {
    const child = spawn(process.execPath, [follower, ...args], {
      env: plainEnvironment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    await once(child.stdout!, 'data')
    if (signal) child.kill(signal)
    return ended
  }
  await t.test('exit code', async () => {
    assert.deepEqual(await follow(['-e', 'console.log(1); process.exitCode = 9']), [9, null])
  })
  await t.test('signal, handled', async () =>
    assert.deepEqual(await follow([fixture('waits.ts'), 'handles'], 'SIGTERM'), [5, null]),
  )
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    await t.test(`${signal}, not handled`, async () =>
      assert.deepEqual(await follow([fixture('waits.ts')], signal), [null, signal]),
    )
})

interface Event {
  readonly name: string
  readonly ph: string
  readonly args?: { readonly outcome?: string }
}
const traceOf = (file: string): Event[] => JSON.parse(readFileSync(file, 'utf8')).traceEvents

test('a trace is written when the program ends, and when a signal ends it', { skip: windows }, async () => {
  const file = join(work, 'trace.json')
  const { status, stderr } = skein(['run', '--trace', file, fixture('traced.ts')])
  assert.equal(status, 0, stderr)
  const spans = traceOf(file).filter(event => event.ph === 'X')
  assert.deepEqual(spans.map(event => event.name).sort(), ['inner', 'outer'])
  rmSync(file)
  const { child, ended } = await started(['run', '--trace', file, fixture('traced.ts'), 'waits'])
  child.kill('SIGTERM')
  assert.deepEqual(await ended, [null, 'SIGTERM'])
  assert.ok(traceOf(file).some(event => event.name === 'outer'))
})

test('tasks are in the trace and in the report, whichever way the program ends', { skip: windows }, async () => {
  const [trace, report] = [join(work, 'tasks.json'), join(work, 'tasks.html')]
  const flags = ['run', '--trace', trace, '--report', report, fixture('traced-tasks.ts')]
  const check = () => {
    const spans = traceOf(trace).filter(event => event.ph === 'X' && event.name === 'spin')
    assert.equal(spans.length, 20)
    const rows = traceOf(trace).filter(event => event.name === 'thread_name') as unknown as { args: { name: string } }[]
    // One worker may have run them all before the other was there.
    assert.ok(rows.some(({ args }) => /^tasks of worker [12]$/.test(args.name)))
    assert.match(readFileSync(report, 'utf8'), /attempts at tasks<\/dt><dd>20</)
    rmSync(trace)
    rmSync(report)
  }
  const { status, stderr } = skein(flags)
  assert.equal(status, 0, stderr)
  check()
  const { child, ended } = await started([...flags, 'waits'])
  child.kill('SIGINT')
  assert.deepEqual(await ended, [null, 'SIGINT'])
  check()
})

test('interrupted in the middle of its tasks, a program ends with exit code 130 and its trace', {
  skip: windows,
}, async () => {
  const file = join(work, 'interrupted.json')
  const command = [process.execPath, bin, 'run', '--trace', file, fixture('traced-tasks.ts'), 'busy']
  const shell = spawn('sh', ['-c', '"$@"; echo "code $?"', 'sh', ...command], {
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let told = ''
  for await (const chunk of shell.stdout) {
    told += chunk
    const pid = Number(/^\d+$/m.exec(String(chunk))?.[0])
    if (pid > 0) process.kill(pid, 'SIGINT')
  }
  assert.match(told, /^\d+\ncode 130\n$/)
  const spans = traceOf(file).filter(event => event.ph === 'X' && event.name === 'spin')
  const outcomes = Object.groupBy(spans, ({ args }) => String(args?.outcome))
  assert.deepEqual(
    Object.entries(outcomes).map(([outcome, spans]) => [outcome, spans!.length]),
    [
      ['done', 20],
      ['running', 2],
    ],
  )
})

test('the programs that a traced program starts do not write over its trace', () => {
  const file = join(work, 'own.json')
  const { stdout } = skein(['run', '--trace', file, fixture('echo.ts')])
  assert.equal(JSON.parse(stdout).SKEIN_TRACE, undefined)
  assert.ok(existsSync(file))
})

test('a file named without its ending is suggested', () => {
  const { status, stderr } = skein(['run', fixture('echo')])
  assert.equal(status, 2)
  assert.match(stderr, /There is .*echo\.ts\./)
})

test('which versions of Node run TypeScript', () => {
  const table: [version: string, strips: boolean, byFlag: boolean][] = [
    ['20.20.2', false, false],
    ['22.5.1', false, false],
    ['22.6.0', false, true],
    ['22.17.1', false, true],
    ['22.18.0', true, true],
    ['23.5.0', false, true],
    ['23.6.0', true, true],
    ['24.0.0', true, true],
    ['26.10.0', true, true],
  ]
  for (const [version, strips, byFlag] of table) {
    assert.equal(stripsTypes(version), strips, version)
    assert.equal(stripsTypesByFlag(version), byFlag, version)
  }
  for (const file of ['a.ts', 'a.mts', 'a.cts', 'A.TS', 'a.tsx']) assert.ok(isTypeScript(file), file)
  for (const file of ['a.js', 'a.mjs', 'ts', 'a.ts.js']) assert.ok(!isTypeScript(file), file)
  assert.deepEqual(runtimeFor(['a.js']), { node: process.execPath, flags: [] })
  // A folder whose project has no Node of its own.
  assert.equal(packagedNode([work]), undefined)
})

/** A Node of the system that is older than the one the tests run on. */
function olderNode(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(folder => !folder.includes('node_modules'))
  const node = folders.map(folder => join(folder, 'node')).find(existsSync)
  if (!node) return undefined
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim().slice(1)
  return stripsTypes(version) ? undefined : node
}
const older = olderNode()

test('started by a Node that cannot read TypeScript, the command goes on with the project’s', {
  skip: !older && 'every Node here can',
}, () => {
  const asked = skein(['run', fixture('echo.ts'), 'x'], { node: older })
  assert.deepEqual(JSON.parse(asked.stdout).args, ['x'], asked.stderr)
  assert.equal(skein(['run', fixture('echo.ts')], { node: older, env: { ENDS_WITH: '4' } }).status, 4)
  assert.equal(skein(['frobnicate'], { node: older }).status, 2)
})

test('the executable works through a link, as npm makes it', { skip: windows }, async () => {
  const { symlinkSync } = await import('node:fs')
  symlinkSync(bin, join(work, 'skein'))
  const run = spawnSync(process.execPath, [join(work, 'skein'), 'run', fixture('echo.ts'), 'y'], {
    encoding: 'utf8',
    env: plainEnvironment(),
  })
  assert.deepEqual(JSON.parse(run.stdout).args, ['y'], run.stderr)
})

test('sizes in bytes', () => {
  const table: [text: string, bytes: number][] = [
    ['1048576', 2 ** 20],
    ['1M', 2 ** 20],
    ['512MiB', 2 ** 29],
    ['8G', 2 ** 33],
    ['1.5g', 1.5 * 2 ** 30],
    ['2048 kB', 2 ** 21],
  ]
  for (const [text, bytes] of table) assert.equal(byteCount(text), bytes, text)
  for (const text of ['', '1', 'M', '-1M', '1X', '1e9', '0x10M', '99999999T'])
    assert.throws(() => byteCount(text), /number of bytes/, text)
})

test('the launcher can be imported without starting anything', async () => {
  const { launch } = await import(pathToFileURL(fixture('../../src/launch.mjs')).href)
  assert.equal(typeof launch, 'function')
})
