import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { heap } from '@skein/heap'
import { createTeam, type Team } from '@skein/team'
import { addressOf } from '../src/x64/run/addresses.ts'
import { processGates } from '../src/x64/run/gates.ts'
import { skip, testCode } from './x64-code.ts'

const bodyOf = (team: Team) => team.native({ functions: testCode().addresses, gates: processGates().address })

test('every schedule gives every index to machine code once', { skip }, async () => {
  await using team = createTeam({ threads: 3 })
  const body = bodyOf(team)
  for (const schedule of ['static', 'dynamic', 'guided', 'auto'] as const) {
    for (const chunk of [undefined, 1, 7]) {
      const words = new Int32Array(new SharedArrayBuffer(4 * 1000))
      const options = { args: addressOf(words), begin: 0, end: 1000, schedule, ...(chunk && { chunk }) }
      assert.equal(team.run(body, 'mark', options), 0)
      assert.equal(await team.runAsync(body, 'mark', options), 0)
      assert.ok(words.every(count => count === 2))
    }
  }
})

test('two threads are in machine code at once', { skip }, async () => {
  await using team = createTeam({ threads: 2 })
  const body = bodyOf(team)
  const word = Int32Array.of(0)
  const options = { args: addressOf(word), begin: 0, end: 2, chunk: 1, schedule: 'static' } as const
  for (let k = 0; k < 100; k++) assert.equal(team.run(body, 'meet', options), 0)
  assert.equal(await team.runAsync(body, 'meet', options), 0)
  assert.equal(word[0], 202)
})

test('a status ends the call', { skip }, async () => {
  await using team = createTeam({ threads: 2 })
  const body = bodyOf(team)
  const options = { args: addressOf(Int32Array.of(77)), begin: 0, end: 100, chunk: 1 }
  assert.equal(team.run(body, 'fails', options), 7)
  assert.equal(await team.runAsync(body, 'fails', options), 7)
})

test('a fault on any thread is a status that tells of it, and the team goes on', { skip }, async () => {
  await using team = createTeam({ threads: 3 })
  const body = bodyOf(team)
  for (let k = 0; k < 20; k++) {
    const status = k % 2 ? team.run(body, 'reads', faulty) : await team.runAsync(body, 'reads', faulty)
    const fault = processGates().fault(status)!
    assert.deepEqual([fault.signal, fault.address], [11, 0x48])
  }
  assert.equal(team.stats().replaced, 0)
})
const faulty = { args: 0x48, begin: 0, end: 30, chunk: 1 }

test('an endless loop is broken off by a signal, and its thread lives on', { skip }, async () => {
  await using team = createTeam({ threads: 2 })
  const body = bodyOf(team)
  for (let k = 0; k < 5; k++) {
    const word = new Int32Array(1)
    const controller = new AbortController()
    const options = { args: addressOf(word), begin: 0, end: 2, chunk: 1, graceMs: 1, signal: controller.signal }
    const call = assert.rejects(team.runAsync(body, 'endless', options), { name: 'CancelledError' })
    while (word[0] < 2) await turn()
    controller.abort()
    await call
    assert.equal(word[0], 2)
    assert.equal(await team.runAsync(body, 'empty', { begin: 0, end: 100 }), 0)
  }
  assert.equal(team.stats().replaced, 0)
  const words = new Int32Array(1)
  const stuck = team.runAsync(body, 'endless', { args: addressOf(words), begin: 0, end: 2, chunk: 1 })
  const outcome = assert.rejects(stuck, { name: 'TeamClosedError' })
  while (words[0] < 2) await turn()
  await Promise.all([team.close(), outcome])
})

test('cancelling one call leaves others alone', { skip }, async () => {
  await using team = createTeam({ threads: 2 })
  const body = bodyOf(team)
  const marks = new Int32Array(10_000)
  for (let k = 0; k < 10; k++) {
    const controller = new AbortController()
    const word = new Int32Array(1)
    const options = { args: addressOf(word), begin: 0, end: 1, threads: 1, graceMs: 0, signal: controller.signal }
    const endless = assert.rejects(team.runAsync(body, 'endless', options), { name: 'CancelledError' })
    const mark = team.runAsync(body, 'mark', { args: addressOf(marks), begin: 0, end: 10_000, chunk: 10 })
    while (word[0] === 0) await turn()
    controller.abort()
    assert.equal(await mark, 0)
    await endless
  }
  assert.ok(marks.every(count => count === 10))
})

test('bodies made and unloaded leave nothing behind', { skip }, async () => {
  await using team = createTeam({ threads: 2 })
  const gates = processGates().address
  const { empty } = testCode().addresses
  await team.runAsync(bodyOf(team), 'empty', { begin: 0, end: 100 })
  const before = heap.stats().inUseBytes
  for (let k = 0; k < 10_000; k++) {
    const body = team.native({ functions: { empty }, gates })
    if (k % 100 === 0) assert.equal(team.run(body, 'empty', { begin: 0, end: 100 }), 0)
    body.unload()
  }
  assert.equal(heap.stats().inUseBytes, before)
})

const here = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href)
const run = (text: string) =>
  spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { createTeam } from ${JSON.stringify(import.meta.resolve('@skein/team'))}
       import { processGates } from ${here('../src/x64/run/gates.ts')}
       import { addressOf } from ${here('../src/x64/run/addresses.ts')}
       import { testCode } from ${here('./x64-code.ts')}
       const team = createTeam({ threads: 2 })
       const body = team.native({ functions: testCode().addresses, gates: processGates().address })
       const word = new Int32Array(1)
       const options = { args: addressOf(word), begin: 0, end: 2, chunk: 1 }\n${text}`,
    ],
    { encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL' },
  )

test('a process ends though threads are in an endless loop of machine code', { skip }, () => {
  const text = `team.runAsync(body, 'endless', options)
    while (word[0] < 2) await new Promise(resolve => setTimeout(resolve, 1))
    process.exit(5)`
  const { status, signal, stderr } = run(text)
  assert.deepEqual([status, signal], [5, null], stderr)
})

test('a process ends while threads start', { skip }, () => {
  const { status, signal, stderr } = run(`team.run(body, 'empty', { begin: 0, end: 100 })`)
  assert.deepEqual([status, signal], [0, null], stderr)
})

test('no thread is terminated while one loads what calls machine code', { skip }, () => {
  const { stdout, stderr } = spawnSync(process.execPath, [new URL('./x64-loading.ts', import.meta.url).pathname], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.equal(stdout, 'survived\n', stderr)
})

test('arguments that are no addresses are refused', { skip }, async () => {
  await using team = createTeam({ threads: 1 })
  const gates = processGates().address
  assert.throws(() => team.native({ functions: { f: 1.5 }, gates }), { name: 'ArgumentError' })
  assert.throws(() => team.native({ functions: { f: 4096 }, gates: 0 }), { name: 'ArgumentError' })
  const body = bodyOf(team)
  assert.throws(() => team.run(body, 'none', { begin: 0, end: 1 }), { name: 'ArgumentError' })
  assert.throws(() => team.run(body, 99, { begin: 0, end: 1 }), { name: 'ArgumentError' })
  body.unload()
  assert.throws(() => team.run(body, 0, { begin: 0, end: 1 }), /has been unloaded/)
})
