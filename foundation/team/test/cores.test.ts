import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { openCores, processorIn, systemThreadId } from '../src/cores.ts'

test('the core stands in field 39, whatever the name holds', () => {
  const after = `R 1 ${Array.from({ length: 34 }, (_, i) => i + 100).join(' ')} 7 0 0`
  assert.equal(processorIn(`12 (node) ${after}`), 7)
  assert.equal(processorIn(`12 (a) b) (c d) ${after}`), 7)
  assert.equal(processorIn('12 (node) R 1 2'), -1)
  assert.equal(processorIn(''), -1)
})

const cores = openCores()
const skip =
  cores === undefined &&
  'no cores to choose from: this needs Linux, the package koffi (npm install koffi) and two cores'
const allowed = (): string | undefined =>
  /Cpus_allowed:\s*(\S+)/.exec(readFileSync(`/proc/self/task/${systemThreadId()}/status`, 'latin1'))?.[1]

test('a thread leaves a core that is taken, and may go anywhere afterwards', { skip }, () => {
  const before = allowed()
  for (let i = 0; i < 20; i++) {
    const mine = cores!.current()
    let after = mine
    // In the moment between, another program may have pushed it back.
    for (let attempt = 0; attempt < 10 && after === mine; attempt++) {
      cores!.leave(new Set([mine]))
      after = cores!.current()
    }
    assert.notEqual(after, mine)
    assert.equal(allowed(), before)
  }
})

test('where every core is taken, a thread stays', { skip }, () => {
  const before = allowed()
  cores!.leave(new Set(Array.from({ length: 1024 }, (_, core) => core)))
  cores!.leave(new Set([-1, 1024, Number.NaN]))
  assert.equal(allowed(), before)
})

test('a thread knows where another is, and that it does not for one there is not', { skip }, () => {
  const core = cores!.of(systemThreadId())
  assert.ok(core >= 0 && core < 1024, `core ${core}`)
  assert.equal(cores!.of(0), -1)
  assert.equal(cores!.of(2 ** 30), -1)
})
