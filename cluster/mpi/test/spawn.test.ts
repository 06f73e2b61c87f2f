// Ranks that are started later, on threads: how many, and how they end. What they do on every engine is in the conformance suite.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'

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
  assert.match(output, /rank 0 waits in probe for rank 1, tag 5.*\n.*rank 1 waits in probe for rank 0, tag 5/)
})

test('a program that nobody launched starts ranks itself', async () => {
  const { code, output } = await run('spawn.ts')
  assert.equal(code, 0, output)
  assert.equal(output, 'ok spawn\n')
})
