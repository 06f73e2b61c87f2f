import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { coresWhenNeeded } from '../src/cores.ts'

const self = process.pid
const allowed = (): string | undefined =>
  /Cpus_allowed:\s*(\S+)/.exec(readFileSync(`/proc/self/task/${self}/status`, 'latin1'))?.[1]

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

test('a worker thread does without', async () => {
  const text = `const { coresWhenNeeded } = await import(${JSON.stringify(import.meta.resolve('../src/cores.ts'))});
    coresWhenNeeded(); (await import('node:worker_threads')).parentPort.postMessage(coresWhenNeeded())`
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(text)}`))
  assert.equal(await new Promise(resolve => worker.once('message', resolve)), undefined)
})
