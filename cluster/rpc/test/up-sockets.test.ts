// Over sockets: connections that are cut, and servers in processes of their own, that are killed and started anew.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { ConnectionLostError, listen, up } from '../src/index.ts'
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

/** Stands between clients and a port; `cut` ends all connections. */
const between = async (t: TestContext, port: number): Promise<{ port: number; cut(): void }> => {
  const sockets = new Set<net.Socket>()
  const proxy = net.createServer(socket => {
    const onward = net.connect(port, '127.0.0.1')
    const over = (): void => {
      for (const end of [socket, onward]) {
        end.destroy()
        sockets.delete(end)
      }
    }
    for (const end of [socket, onward]) {
      sockets.add(end)
      end.on('error', () => {}).on('close', over)
    }
    socket.pipe(onward).pipe(socket)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  t.after(() => {
    cut()
    proxy.close()
  })
  return { port: (proxy.address() as net.AddressInfo).port, cut }
}

for (const kind of ['127.0.0.1:0', 'ws://127.0.0.1:0/'])
  test(`a session outlives its connections: ${kind}`, async t => {
    const ran: number[] = []
    const api = {
      run: async (n: number, x: Float64Array, tell: (n: number) => unknown) => {
        ran.push(n)
        await tell(n)
        return x.length + n
      },
      *numbers() {
        for (let i = 0; i < 1000; i++) yield i
      },
    }
    await using server = await listen(kind, api)
    const port = /:(\d+)/.exec(server.address)![1]
    const proxy = await between(t, Number(port))
    const sessions = new Set<unknown>()
    let connections = 0
    using it = up<typeof api>(server.address.replace(port, String(proxy.port)), {
      backOff: { initialMs: 5, maxMs: 20 },
      onUp: (_, session) => {
        connections++
        sessions.add(session)
      },
    })
    await it.whenUp()
    const got: number[] = []
    const reading = (async () => {
      for await (const n of await it.remote.numbers()) got.push(n)
    })()
    const sizeOf = (n: number): number => (n % 10 === 0 ? 100_000 : 10)
    for (let n = 0; n < 200; n += 20) {
      const cutAt = n + 10
      const tell = (m: number): void => {
        if (m === cutAt) proxy.cut()
      }
      const answers = Array.from({ length: 20 }, (_, i) => it.remote.run(n + i, new Float64Array(sizeOf(n + i)), tell))
      assert.deepEqual(
        await Promise.all(answers),
        Array.from({ length: 20 }, (_, i) => n + i + sizeOf(n + i)),
      )
    }
    await reading
    assert.deepEqual(
      got,
      Array.from({ length: 1000 }, (_, i) => i),
    )
    assert.deepEqual(
      ran,
      Array.from({ length: 200 }, (_, i) => i),
    )
    assert.equal(sessions.size, 1)
    assert.ok(connections > 5, `${connections}`)
  })
