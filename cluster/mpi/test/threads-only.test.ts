/** What ranks on threads do and a library does not, or not alike. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const programs = join(import.meta.dirname, 'programs')

async function runs(program: string, ranks: number, ...args: string[]): Promise<void> {
  const start = join(import.meta.dirname, 'campaign', 'start.ts')
  const child = spawn(process.execPath, [start, join(programs, `${program}.ts`), `${ranks}`, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', piece => (said += piece))
  const [code] = await once(child, 'close')
  assert.equal(code, 0, said)
  assert.match(said, new RegExp(`^ok ${program}$`, 'm'))
}

for (const ranks of [2, 3, 8])
  test(`long arrays of ${ranks} ranks, wherever they lie`, () => runs('threads-long-arrays', ranks))

for (const ranks of [2, 3]) test(`${ranks} ranks with different roots`, () => runs('threads-roots', ranks))

test('a partition is there before the others are ready', () => runs('threads-partitions', 2))

test('values that are received or gathered wait for nobody', () => runs('threads-values', 2))

test('4 000 communicators that are freed leave nothing', () => runs('threads-communicators', 2, 'freed', '4000'))

test('4 000 communicators that are dropped are given back when they are collected', () =>
  runs('threads-communicators', 2, 'dropped', '4000'))

test('of communicators there is an end, which is an error', () => runs('threads-communicators', 2, 'endless'))

test('more ranks than cores wait for each other thousands of times', () => runs('crowded', availableParallelism() + 3))

const lostWhileLoading = async (how: string) => {
  const program = join(programs, 'lost-while-loading.ts')
  const child = spawn(process.execPath, [program, how], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 60_000 })
  let said = ''
  child.stdout.on('data', piece => (said += piece))
  const [code] = await once(child, 'close')
  return { code, said }
}

test('no rank is ended while it loads a library, since that would take the process with it', async () => {
  assert.deepEqual(await lostWhileLoading('throw'), { code: 0, said: 'has loaded\nrank 0: RangeError: out of luck\n' })
  assert.deepEqual(await lostWhileLoading('exit'), { code: 3, said: 'has loaded\n' })
})
