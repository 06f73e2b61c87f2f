import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { heap } from '@skein/heap'
import { coresWhenNeeded } from '../src/cores.ts'
import { createTeam } from '../src/index.ts'
import { bodies, bodyNames } from './modules.ts'

const self = process.pid
const allowed = (thread: number | string = self): string | undefined =>
  /Cpus_allowed:\s*(\S+)/.exec(readFileSync(`/proc/self/task/${thread}/status`, 'latin1'))?.[1]

const first = coresWhenNeeded()
const cores = coresWhenNeeded()
const skip = cores === undefined && 'nothing is known about cores: this needs Linux and the package koffi (npm install)'

test('at first need nothing is loaded, at the second at once', { skip }, () => {
  assert.equal(first, undefined)
  assert.equal(coresWhenNeeded(), cores)
})

test('a thread is moved off a core, and may go anywhere afterwards', { skip }, t => {
  const before = allowed()!
  if (/^[0,]*[1248][0,]*$/.test(before)) return t.skip('this process is confined to one core')
  for (let i = 0; i < 20; i++) {
    const core = cores!.current()
    let after = core
    // In the moment between, another program may have pushed it back.
    for (let attempt = 0; attempt < 10 && after === core; attempt++) {
      cores!.moveOff(self, core)
      after = cores!.current()
    }
    assert.notEqual(after, core)
    assert.equal(allowed(), before)
  }
})

test('cores that are none and threads that are gone change nothing', { skip }, () => {
  const before = allowed()
  for (const core of [-1, 1024, 1e9, Number.NaN]) cores!.moveOff(self, core)
  cores!.moveOff(2 ** 30, 0)
  cores!.clear([2 ** 30, 0])
  cores!.clear([])
  assert.equal(allowed(), before)
})

test('threads are woken on other cores, may go anywhere afterwards, and what the waking gives or throws comes through', {
  skip,
}, async t => {
  if (/^[0,]*[1248][0,]*$/.test(allowed()!)) return t.skip('this process is confined to one core')
  const words = new Int32Array(new SharedArrayBuffer(8))
  const text = `const { workerData: words } = require('node:worker_threads')
    const status = require('node:fs').readlinkSync('/proc/thread-self').split('/').at(-1)
    Atomics.store(words, 1, Number(status)); Atomics.notify(words, 1); Atomics.wait(words, 0, 0)`
  const worker = new Worker(text, { eval: true, workerData: words })
  const ended = new Promise(resolve => worker.once('exit', resolve))
  await Atomics.waitAsync(words, 1, 0).value
  const before = allowed(words[1])!
  const [ids, core] = [[words[1], 0, 2 ** 30], cores!.current()]
  // This thread may have been moved meanwhile, to the core that is left out then.
  const inside = cores!.wakeApart(ids, () => allowed(words[1])!)
  if (cores!.current() === core) assert.notEqual(inside, before)
  assert.equal(allowed(words[1]), before)
  const refused = () => {
    throw new RangeError('no')
  }
  assert.throws(() => cores!.wakeApart(ids, refused), RangeError)
  assert.equal(allowed(words[1]), before)
  // It may not wait yet.
  let woken = 0
  while (woken === 0) woken = cores!.wakeApart(ids, () => Atomics.notify(words, 0))
  assert.equal(woken, 1)
  await ended
})

test('a thread that yields goes on where others stand in its queue and where none does', { skip }, async () => {
  const before = allowed()
  for (let i = 0; i < 1000; i++) cores!.yield()
  const text = 'const end = Date.now() + 300; while (Date.now() < end);'
  const others = Array.from({ length: 3 }, () => new Worker(text, { eval: true }))
  const ended = Promise.all(others.map(other => new Promise(resolve => other.once('exit', resolve))))
  const until = Date.now() + 300
  while (Date.now() < until) cores!.yield()
  await ended
  assert.equal(allowed(), before)
})

test('many short calls, with rests between some, leave every thread free to run anywhere', { skip }, async () => {
  const everywhere = allowed()
  await using team = createTeam({ threads: 3 })
  const body = team.load({ bytes: bodies(heap.memory64), exports: bodyNames })
  const word = heap.i32(1)
  for (let round = 0; round < 20; round++) {
    const until = performance.now() + 5
    while (performance.now() < until)
      team.run(body, 'empty', { begin: 0, end: 64, chunk: 1, args: heap.addressOf(word) })
    while (round % 4 === 0 && team.stats().sleeping < 2) await new Promise(resolve => setImmediate(resolve))
  }
  for (const thread of readdirSync('/proc/self/task')) assert.equal(allowed(thread), everywhere)
})

test('a worker thread does without', async () => {
  const text = `const { coresWhenNeeded } = await import(${JSON.stringify(import.meta.resolve('../src/cores.ts'))});
    coresWhenNeeded(); (await import('node:worker_threads')).parentPort.postMessage(coresWhenNeeded())`
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(text)}`))
  assert.equal(await new Promise(resolve => worker.once('message', resolve)), undefined)
})
