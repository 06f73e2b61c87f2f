import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import { registry } from '../../src/index.ts'
import { isPortFree } from '../../src/registry/ports.ts'
import { simulated } from '../simulated.ts'

describe('ports', () => {
  test('taken by many at once are never the same, and all of them are used', async () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
      await simulated(seed, async ({ store, simulation, sleep }) => {
        const { chance } = simulation
        const taken = new Set<number>()
        // Of thirty two are somebody else's, who does not ask.
        const isFree = (port: number) => port !== 20_003 && port !== 20_029
        const take = registry(store, { machine: 'm', isPortFree: isFree, ports: [20_000, 20_029] })
        await Promise.all(
          Array.from({ length: 28 }, async () => {
            for (let n = 0; n < 4; n++) {
              await sleep(20 * chance.uniform())
              const one = await take.takePort()
              assert.ok(!taken.has(one.port) && isFree(one.port))
              taken.add(one.port)
              await sleep(20 * chance.uniform())
              if (n === 3) continue
              taken.delete(one.port)
              await one.free()
            }
          }),
        )
        assert.equal(taken.size, 28)
        await assert.rejects(take.takePort(), { name: 'NoPortError', low: 20_000, high: 20_029 })
        // Another machine's are others.
        const elsewhere = registry(store, { machine: 'n', isPortFree: isFree, ports: [20_000, 20_000] })
        assert.equal((await elsewhere.takePort()).port, 20_000)
        await elsewhere.close()
        await take.close()
        assert.equal((await store.range({ prefix: '' })).count, 0)
      })
  })

  test('end with their lease', async () => {
    await simulated(1, async ({ store, sleep }) => {
      const silent = Object.create(store)
      silent.lease = (options: object) => store.lease({ ttlMs: 1000, ...options, keepAlive: false })
      const options = { machine: 'm', isPortFree: () => true, ports: [5, 5] } as const
      const [a, b] = [registry(silent, options), registry(store, options)]
      const first = await a.takePort({ ttlMs: 1000 })
      await assert.rejects(b.takePort(), { name: 'NoPortError' })
      await sleep(2000)
      assert.ok(first.signal.aborted)
      assert.equal((await b.takePort()).port, 5)
      await b.close()
      await a.close()
    })
  })

  test('at which somebody listens are not free', async () => {
    for (const host of ['127.0.0.1', undefined]) {
      const server = createServer()
      await new Promise<void>(resolve => server.listen(0, host, resolve))
      const { port } = server.address() as { port: number }
      assert.equal(await isPortFree(port), false)
      await new Promise(resolve => server.close(resolve))
      assert.equal(await isPortFree(port), true)
    }
  })
})
