// What only processes can show: that ports of one machine are given out once, and that one that is killed is forgotten.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { open, registry } from '../../src/index.ts'

const program = fileURLToPath(new URL('process.ts', import.meta.url))

const storeOf = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'skein-registry-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'store.db')
}

/** What the process prints until it says that it is done. */
const start = async (t: TestContext, ...args: string[]): Promise<{ child: ChildProcess; printed: unknown[] }> => {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const printed: unknown[] = []
  for await (const line of createInterface({ input: child.stdout! })) {
    const value: unknown = JSON.parse(line)
    if (value === 'done') return { child, printed }
    printed.push(value)
  }
  throw new Error(`${args.join(' ')} has ended after ${JSON.stringify(printed)}`)
}

test('eight processes that take ports at once have different ones', async t => {
  const path = storeOf(t)
  const processes = await Promise.all(Array.from({ length: 8 }, () => start(t, path, 'ports', '6')))
  const ports = processes.flatMap(({ printed }) => printed)
  assert.equal(ports.length, 48)
  assert.equal(new Set(ports).size, 48)
})

test('what a killed process has registered is freed within the lease, and its port with it', async t => {
  const path = storeOf(t)
  const { child, printed } = await start(t, path, 'web@1.2.3')
  await using store = await open(`file:${path}`)
  await using services = registry(store)
  const events = services.watch('web')
  const { value: registered } = await events.next()
  assert.deepEqual([registered.type, registered.service.id], ['registered', printed[0]])
  assert.equal(registered.service.metadata.pid, child.pid)
  child.kill('SIGKILL')
  const { value: freed } = await events.next()
  assert.deepEqual([freed.type, freed.service.id], ['freed', printed[0]])
  assert.equal((await store.range({ prefix: '' })).count, 0)
})
