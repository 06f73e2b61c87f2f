// Servers in processes of their own, that are killed and started anew.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { ConnectionLostError, up } from '../src/index.ts'
import { startServer } from './processes.ts'

test('calls are made once and in order while their server is killed and started anew', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'skein-up-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'ran')
  let server = await startServer('127.0.0.1:0')
  const { address } = server
  t.after(() => server.child.kill('SIGKILL'))
  const sessions = new Set<unknown>()
  using it = up<{ run(n: number, file: string): number }>(address, {
    backOff: { initialMs: 10, maxMs: 50 },
    onUp: (_, session) => sessions.add(session),
  })
  const [answered, lost]: number[][] = [[], []]
  const calls: Promise<unknown>[] = []
  let n = 0
  const ask = (): void => {
    const number = n++
    const told = it.remote.run(number, file).then(
      () => answered.push(number),
      error => {
        assert.ok(error instanceof ConnectionLostError, String(error))
        lost.push(number)
      },
    )
    calls.push(told)
  }
  for (let kill = 0; kill < 3; kill++) {
    await it.whenUp()
    for (let i = 0; i < 200; i++) {
      if (i === 150) server.child.kill('SIGKILL')
      ask()
      if (i % 10 === 0) await pause(1)
    }
    server = await startServer(address)
  }
  await Promise.all(calls)
  await it.whenUp()
  const ran = readFileSync(file, 'utf8').trim().split('\n').map(Number)
  assert.deepEqual(
    ran,
    [...new Set(ran)].sort((a, b) => a - b),
  )
  const made = new Set(ran)
  assert.ok(answered.every(number => made.has(number)))
  assert.equal(answered.length + lost.length, n)
  assert.ok(sessions.size >= 4, `${sessions.size} sessions`)
})
