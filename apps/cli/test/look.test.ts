// `skein tasks` and `skein dashboard`: looking at a program that runs. What they show is tested with the rooms they call.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { commands } from '../src/commands.ts'
import { bindOptional, declare } from '../src/program.ts'
import { bin, fixture, plainEnvironment, skein } from './skein.ts'

const runtime = mkdtempSync(join(tmpdir(), 'skein-look-'))
after(() => rmSync(runtime, { recursive: true, force: true }))
const env = { XDG_RUNTIME_DIR: runtime }
const windows = process.platform === 'win32' && 'there are no doors'

async function program() {
  const child = spawn(process.execPath, [fixture('tasks.ts')], {
    env: plainEnvironment(env),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  await once(child.stdout, 'data')
  return {
    pid: child.pid!,
    async end() {
      child.stdin.end()
      await ended
    },
  }
}

test('a program’s tasks as a table, and as JSON', { skip: windows }, async () => {
  const { status, stderr } = skein(['tasks'], { env })
  assert.equal(status, 1)
  assert.match(stderr, /none of your programs runs tasks now/)
  const one = await program()
  const told = skein(['tasks', '--for', '0.3'], { env })
  assert.equal(told.status, 0, told.stderr)
  assert.match(told.stdout, new RegExp(`tasks\\.ts +process ${one.pid}`))
  assert.match(told.stdout, /tasks a second +waiting +ready +running +done/)
  assert.match(told.stdout, /worker +state +busy +ran +runs\n +1 +\w+ +\d+ %/)
  const json = JSON.parse(skein(['tasks', String(one.pid), '--json'], { env }).stdout)
  assert.deepEqual([json.pid, json.stats.done, json.stats.failed], [one.pid, 5, 1])

  const other = await program()
  const which = skein(['tasks'], { env })
  assert.equal(which.status, 1)
  for (const { pid } of [one, other]) assert.match(which.stderr, new RegExp(`^  ${pid}  .*tasks\\.ts`, 'm'))
  await Promise.all([one.end(), other.end()])
  const gone = skein(['tasks', String(one.pid)], { env })
  assert.equal(gone.status, 1)
  assert.match(gone.stderr, /cannot be looked at/)
})

test('the dashboard of a program that runs, until it ends', { skip: windows }, async () => {
  const one = await program()
  const child = spawn(process.execPath, [bin, 'dashboard', String(one.pid)], {
    env: plainEnvironment(env),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const [line] = await once(child.stdout, 'data')
  const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(String(line))![0]
  assert.match(await (await fetch(url)).text(), /<div id="app">/)
  await one.end()
  assert.deepEqual(await ended, [0, null])
})

test('an option whose value may be left out takes it behind = only', () => {
  const root = declare(commands, async () => {})
  const table: [words: string, bound: string][] = [
    ['run --dashboard main.ts', 'run --dashboard= main.ts'],
    ['run --dashboard=4180 main.ts', 'run --dashboard=4180 main.ts'],
    ['run -t 2 --dashboard main.ts', 'run -t 2 --dashboard= main.ts'],
    ['run main.ts --dashboard x', 'run main.ts --dashboard x'],
    ['run --trace --dashboard main.ts', 'run --trace --dashboard main.ts'],
    ['run --watch -- --dashboard', 'run --watch -- --dashboard'],
    ['--help', '--help'],
  ]
  for (const [words, bound] of table) assert.equal(bindOptional(root, words.split(' ')).join(' '), bound)
  assert.equal(skein(['run', '--dashboard=99999', fixture('echo.ts')]).status, 2)
})

test('a port that is taken is told before the program runs', async () => {
  const { createServer } = await import('node:net')
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const { status, stderr, stdout } = skein(['run', `--dashboard=${port}`, fixture('echo.ts')])
  server.close()
  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, /another program listens there/)
})

test('arguments behind the file are the program’s under the dashboard too, and its output', () => {
  const { status, stdout, stderr } = skein(['run', '--dashboard', fixture('echo.ts'), '--dashboard', 'a'])
  assert.equal(status, 0, stderr)
  assert.deepEqual(JSON.parse(stdout).args, ['--dashboard', 'a'])
  assert.match(stderr, /^skein: dashboard at http:\/\/127\.0\.0\.1:\d+\/\n$/)
})
