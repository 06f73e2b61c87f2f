import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { heap } from '@skein/heap'
import { createTeam, defaultTeam, type Team } from '../src/index.ts'
import { bodies, bodyNames } from './modules.ts'

const source = { bytes: bodies(heap.memory64), exports: bodyNames }
const words = heap.i32(1024)
const args = heap.addressOf(words)

const asleep = async (team: Team, count: number): Promise<void> => {
  while (team.stats().sleeping < count) await turn()
}

test('no thread before the first call, all asleep after the last', async () => {
  await using team = createTeam({ threads: 3 })
  const body = team.load(source)
  assert.deepEqual(team.stats().workers, [])
  assert.equal(team.run(body, 'empty', { begin: 0, end: 1 }), 0)
  assert.deepEqual(team.stats().workers, [], 'a single call of the body needs none')
  team.run(body, 'empty', { begin: 0, end: 100 })
  assert.equal(team.stats().workers.length, 2)
  await asleep(team, 2)
  assert.deepEqual(
    team.stats().workers.map(({ state }) => state),
    ['sleeping', 'sleeping'],
  )
  // Still asleep, and none the worse for it, a while later: nothing but a call wakes them.
  const before = process.cpuUsage()
  for (let i = 0; i < 50; i++) await turn()
  assert.equal(team.stats().sleeping, 2)
  assert.ok(process.cpuUsage(before).user < 5_000_000)
  await team.runAsync(body, 'empty', { begin: 0, end: 100 })
  await asleep(team, 3)
})

test('closing ends the threads, and calls under way', async () => {
  const count = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/task').length : 0)
  const before = count()
  for (let round = 0; round < 3; round++) {
    const team = createTeam({ threads: 3 })
    const body = team.load(source)
    await team.runAsync(body, 'empty', { begin: 0, end: 100 })
    const stuck = team.runAsync(body, 'endless', { begin: 0, end: 3, chunk: 1 })
    const outcome = assert.rejects(stuck, { name: 'TeamClosedError' })
    await Promise.all([team.close(), team.close(), outcome])
    assert.throws(() => team.run(body, 'empty', { begin: 0, end: 1 }), { name: 'TeamClosedError' })
    await assert.rejects(team.runAsync(body, 'empty', { begin: 0, end: 1 }), { name: 'TeamClosedError' })
    assert.deepEqual(
      team.stats().workers.map(({ state }) => state),
      ['gone', 'gone', 'gone'],
    )
  }
  assert.ok(count() <= before, 'as many threads as before')
  const idle = createTeam({ threads: 2 })
  await idle.close()
})

const heapUrl = JSON.stringify(import.meta.resolve('@skein/heap'))
const teamUrl = JSON.stringify(new URL('../src/index.ts', import.meta.url).href)
const bodiesUrl = JSON.stringify(new URL('./bodies.ts', import.meta.url).href)
const modulesUrl = JSON.stringify(new URL('./modules.ts', import.meta.url).href)

/** What a program prints that uses a team; it must end by itself. */
const program = (text: string, env: Record<string, string> = {}): string =>
  execFileSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { heap } from ${heapUrl}; import { createTeam, defaultTeam } from ${teamUrl};
       import { bodies, bodyNames } from ${modulesUrl};
       const source = { bytes: bodies(heap.memory64), exports: bodyNames };\n${text}`,
    ],
    { encoding: 'utf8', env: { ...process.env, ...env }, timeout: 60_000, stdio: ['ignore', 'pipe', 'inherit'] },
  )

test('a process ends with its team idle', () => {
  const text = `const team = createTeam({ threads: 3 }); const body = team.load(source);
    team.run(body, 'empty', { begin: 0, end: 100 });
    await team.runAsync(body, 'empty', { begin: 0, end: 100 });
    while (team.stats().sleeping < 3) await new Promise(setImmediate);
    console.log('done')`
  assert.equal(program(text), 'done\n')
})

test('a process ends with its team only just started, or spinning', () => {
  assert.equal(
    program(`const team = createTeam({ threads: 3 }); team.run(team.load(source), 0, { begin: 0, end: 100 })`),
    '',
  )
  const text = `const team = createTeam({ threads: 3 }); const body = team.load(source);
    await team.runAsync(body, 'empty', { begin: 0, end: 100 }); process.exitCode = 0`
  assert.equal(program(text), '')
})

test('a process stays alive for an asynchronous call', () => {
  const text = `const team = createTeam({ threads: 2 }); const body = team.load(source);
    team.runAsync(body, 'mark', { args: heap.allocate(4000), begin: 0, end: 1000 }).then(status => console.log('status', status))`
  assert.equal(program(text), 'status 0\n')
})

test('what JavaScript bodies print comes out, though threads do nothing else afterwards', () => {
  const text = `const team = createTeam({ threads: 2 }); const alive = setInterval(() => {}, 1000); let lines = 0;
    const write = process.stdout.write; process.stdout.write = function (text, ...rest) {
      lines += String(text).split('\\n').length - 1; if (lines === 40) clearInterval(alive);
      return write.call(this, text, ...rest) };
    await team.runAsync(team.module(${bodiesUrl}, 'printing'), 0, { begin: 0, end: 40, chunk: 1 })`
  const lines = program(text).trim().split('\n')
  assert.deepEqual(lines.sort(), Array.from({ length: 40 }, (_, i) => `index ${i}`).sort())
})

test('threads work while the event loop stands still', () => {
  // The caller never turns its loop between starting the threads and hearing from one.
  const text = `const team = createTeam({ threads: 2 }); const body = team.load(source);
    const x = heap.i32(1000); const args = heap.addressOf(x);
    for (let runs = 0; !x.includes(2); runs++) team.run(body, 'owner', { args, begin: 0, end: 1000, schedule: 'static' });
    console.log('both')`
  assert.equal(program(text), 'both\n')
})

test('SKEIN_THREADS', () => {
  const text = 'console.log(defaultTeam().threads, defaultTeam() === defaultTeam())'
  assert.equal(program(text, { SKEIN_THREADS: '3' }), '3 true\n')
  assert.throws(() =>
    program('try { defaultTeam() } catch (e) { console.log(e.name); process.exit(1) }', { SKEIN_THREADS: 'x' }),
  )
})

test('the default team has a thread per usable core', async () => {
  const { machine } = await import('@skein/base')
  if (process.env.SKEIN_THREADS === undefined) assert.equal(defaultTeam().threads, machine().cpu.usableCores)
  const body = defaultTeam().load(source)
  words.fill(0)
  assert.equal(defaultTeam().run(body, 'mark', { args, begin: 0, end: 1000 }), 0)
  assert.ok(words.subarray(0, 1000).every(count => count === 1))
  body.unload()
})
