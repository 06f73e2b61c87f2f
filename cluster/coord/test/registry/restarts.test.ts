// Calls by role, as they are in the world: a hub and servers that are processes, each of which is killed and started anew.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ConnectionLostError } from '@skein/rpc'
import { connectRegistry, roles } from '../../src/index.ts'

const program = fileURLToPath(new URL('role-process.ts', import.meta.url))

/** The first line that the process prints. */
const start = async (t: TestContext, ...args: string[]): Promise<{ child: ChildProcess; line: string }> => {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stdout! })) return { child, line }
  throw new Error(`${args.join(' ')} has ended`)
}

const kill = async (child: ChildProcess): Promise<void> => {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

test('a role is called through restarts of the hub and of those who have it', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'skein-roles-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'store.db')
  let hub = await start(t, 'hub', path, '127.0.0.1:0')
  const address = hub.line
  const [first, second] = await Promise.all([start(t, 'serve', address, '1'), start(t, 'serve', address, '2')])
  await using registry = connectRegistry(address)
  using mul = roles(registry).connect<{ who(): string; add(n: number): number }>('mul@^1.0', { retry: ['who'] })
  const who = await mul.remote.who()
  assert.ok(who === '1' || who === '2')

  // Without the hub those who know each other go on, and so does who has lost the one it knew, once the hub is there again.
  await kill(hub.child)
  assert.equal(await mul.remote.who(), who)
  const [gone, left] = who === '1' ? [first, '2'] : [second, '1']
  const last = mul.remote.add(1)
  await last
  const lost = mul.remote.add(-1)
  await kill(gone.child)
  await assert.rejects(lost, (error: ConnectionLostError) => error instanceof ConnectionLostError && error.mayHaveRun)
  const next = mul.remote.who()
  hub = await start(t, 'hub', path, address)
  assert.equal(await next, left)

  // Nobody has it for a while.
  await kill((who === '1' ? second : first).child)
  const waits = mul.remote.who()
  await start(t, 'serve', address, '3')
  assert.equal(await waits, '3')
  assert.equal(await mul.remote.add(5), 5)
})
