// Ranks that are started later, on threads: how many, and how they end. What they do on every engine is in the conformance suite.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { heap } from '@skein/heap'
import { plainForm } from '../src/threads/rank-output.ts'
import { Ranks } from '../src/threads/ranks.ts'
import { ended, endWorld, layoutOf, makeWorld, rankAt, running, state } from '../src/threads/world-block.ts'

const programs = join(import.meta.dirname, 'programs')

async function run(...words: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, words, { cwd: programs, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', piece => (output += piece))
  child.stderr.on('data', piece => (output += piece))
  const [code] = await once(child, 'close')
  return { code, output }
}

const onThreads = (file: string, ranks: number) => run('start.ts', join(programs, file), String(ranks))

test('numbers of ranks that have ended are given out again, and there is room for so many at once', async () => {
  const { code, output } = await onThreads('spawn-limits.ts', 2)
  assert.equal(code, 0, output)
  assert.equal(output, 'ok spawn-limits\n')
})

test('a child that fails ends its parent', async () => {
  const { code, output } = await onThreads('spawn-fails.ts', 1)
  assert.equal(code, 1, output)
  assert.match(output, /the child has failed/)
})

test('parents and children that wait for each other are told so', async () => {
  const { code, output } = await onThreads('spawn-stuck.ts', 1)
  assert.equal(code, 0, output)
  assert.match(output, /rank 0 waits in recv from rank 1, tag 5.*\n.*rank 1 waits in recv from rank 0, tag 5/)
})

test('a program that nobody launched starts ranks itself', async () => {
  const { code, output } = await run('spawn.ts')
  assert.equal(code, 0, output)
  assert.equal(output, 'ok spawn\n')
})

test('a rank that got its number from one whose thread ends later is there, and is known', async () => {
  process.env.SKEIN_MPI_UNIVERSE = '2'
  const world = makeWorld(1)
  delete process.env.SKEIN_MPI_UNIVERSE
  const layout = layoutOf(world)
  const c = heap.view(Int32Array, layout.address, layout.words)
  const stateAt = rankAt(layout, 1) + state
  const ranks = new Ranks(world, plainForm)
  const start = (): Worker => {
    const program = { file: join(programs, 'told-to-end.ts'), args: [], ranks: 1 }
    assert.equal(ranks.spawn({ programs: [program], parent: { context: 12, members: [0] }, env: process.env }), 1)
    return ranks.running.get(1)!
  }
  const gone = async (worker: Worker): Promise<void> => {
    const exit = once(worker, 'exit')
    worker.postMessage('end')
    await exit
  }
  const first = start()
  // As it says when it begins to end.
  Atomics.store(c, stateAt, ended)
  const second = start()
  await gone(first)
  assert.equal(ranks.running.get(1), second)
  assert.equal(Atomics.load(c, stateAt), running)
  await gone(second)
  assert.equal(ranks.running.size, 0)
  assert.equal(Atomics.load(c, stateAt), ended)
  endWorld(world)
})
