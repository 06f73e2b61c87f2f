// Hubs: on networks and machines that fail, with keys, and for those who mean harm.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { limitsOf, listenOver, upOver } from '@skein/rpc'
import { type Simulation, simulateAsync, sleep, type World } from '@skein/world'
import { generateKeys, type Registration, type Registry, type Service, type Store } from '../../src/index.ts'
import type { HubOptions } from '../../src/registry/hub.ts'
import { type HubApi, proofDomain } from '../../src/registry/hub-api.ts'
import { signerOf } from '../../src/registry/keys.ts'
import { writeService } from '../../src/registry/service.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { simulated } from '../simulated.ts'
import { atHub, serveHub } from './places.ts'

const ttlMs = 2000

/** A registration, and whether its process lives. */
interface Made {
  readonly registration: Registration
  /** At which it listens. */
  readonly port: number
  readonly lives: () => boolean
}

/** Clients that register at a hub while everything fails for a while; `keeps`: the hub's store outlives it. Gives what could be looked at meanwhile. */
const judgeSeed = async (seed: number, keeps: boolean): Promise<number> => {
  const made = new Map<string, Made>()
  const seen = new Map<string, Service>()
  let looked = 0
  let isJudged = false
  const clients = ['a', 'b', 'c', 'd']
  const outcome = await simulateAsync(
    seed,
    simulation => {
      let kept: Store | undefined
      simulation.node('keeper', ({ clock, chance }) => {
        kept = new MemoryStore(clock, chance)
      })
      simulation.after(1, () => {
        simulation.node('hub', world => serveHub(world, keeps ? kept! : new MemoryStore(world.clock, world.chance)))
      })
      for (const name of clients) simulation.node(name, world => client(world, simulation, made))
      simulation.node('reader', world => {
        const registry = atHub(world, 'hub', { timeoutMs: 1000 })
        void watch(registry, seen)
        void look(world, registry, count => {
          looked += count
        })
        simulation.after(40_000, async () => {
          isJudged = true
          judge(await registry.query(), made, seen)
        })
      })
      simulation.network.set({ latencyMs: [0.2, 20], cutRate: 0.1, lossRate: 0.02, streamTimeoutMs: 2000 })
      const faults = simulation.disturb({
        nodes: ['hub', ...clients],
        kinds: ['isolate', 'partition', 'one-way', 'kill', 'pause', 'clock-jump'],
        everyMs: [200, 3000],
        lastingMs: [50, 3000],
      })
      simulation.always(() => {
        const alive = [...made.values()].filter(({ registration, lives }) => lives() && !registration.signal.aborted)
        assert.equal(new Set(alive.map(({ registration }) => registration.port)).size, alive.length, 'ports differ')
      })
      simulation.after(20_000, () => {
        faults.cancel()
        simulation.calm()
      })
    },
    { forMs: 40_100 },
  )
  if (outcome.failure)
    throw new Error(`seed ${seed}, ${keeps ? 'kept' : 'forgotten'}`, { cause: outcome.failure.error })
  assert.ok(isJudged && made.size >= clients.length)
  return looked
}

/** Registers at each start. */
const client = async (world: World, simulation: Simulation, made: Map<string, Made>): Promise<void> => {
  const node = simulation.nodes.get(world.name)!
  const { incarnation } = node
  const lives = (): boolean => node.incarnation === incarnation
  const used = (port: number): boolean =>
    [...made.values()].some(({ registration, lives }) => lives() && registration.port === port)
  const options = { ttlMs, timeoutMs: 1000, ports: [1000, 1015], isPortFree: (port: number) => !used(port) } as const
  const registry = atHub(world, 'hub', options)
  while (lives())
    try {
      const registration = await registry.register('web@1.0.0', { metadata: { name: world.name } })
      if (lives()) made.set(registration.id, { registration, port: registration.port, lives })
      return
    } catch (error) {
      assert.ok(/TimeoutError|LeaseNotFoundError|LeaseLostError/.test((error as Error).name), String(error))
    }
}

const watch = async (registry: Registry, seen: Map<string, Service>): Promise<void> => {
  for await (const event of registry.watch()) {
    assert.equal(event.type !== 'registered', seen.has(event.service.id))
    if (event.type === 'freed') seen.delete(event.service.id)
    else seen.set(event.service.id, event.service)
  }
}

/** Asks again and again; counts what was found. */
const look = async (world: World, registry: Registry, found: (count: number) => void): Promise<void> => {
  for (;;) {
    await sleep(world.clock, 100)
    try {
      found((await registry.query('web@1')).length)
    } catch (error) {
      assert.equal((error as Error).name, 'TimeoutError')
    }
  }
}

const judge = (
  listed: readonly Service[],
  made: ReadonlyMap<string, Made>,
  seen: ReadonlyMap<string, Service>,
): void => {
  const alive = [...made.values()].filter(({ lives }) => lives())
  for (const { registration } of alive) assert.ok(registration.isListed && !registration.signal.aborted)
  const placesOf = (all: Iterable<{ id: string; port: number }>) =>
    [...all].map(({ id, port }) => `${id} ${port}`).sort()
  assert.deepEqual(placesOf(listed), placesOf(alive.map(({ registration, port }) => ({ id: registration.id, port }))))
  assert.deepEqual(placesOf(seen.values()), placesOf(listed))
}

describe('a hub', () => {
  test('whatever fails: in the end those who live are listed, each once, where they were, and the dead are not', async () => {
    let looked = 0
    for (let seed = 1; seed <= Number(process.env.SKEIN_SEEDS ?? 12); seed++)
      looked += await judgeSeed(seed, seed % 2 === 0)
    assert.ok(looked > 500, `${looked} were found meanwhile`)
  })

  test('forgets who dies within the lease, and keeps who is away for less', async () => {
    await simulated(1, async ({ store, simulation, sleep }) => {
      simulation.node('hub', world => serveHub(world, store))
      let mine: Registration | undefined
      const client = simulation.node('client', async world => {
        mine = await atHub(world, 'hub', { ttlMs }).register('web@1.0.0')
      })
      await sleep(1000)
      const listed = async () => (await store.range({ prefix: 'skein/registry/services/' })).count
      const { created } = (await store.range({ prefix: 'skein/registry/services/' })).entries[0]
      for (let i = 0; i < 5; i++) {
        simulation.network.partition([['client'], ['hub']])
        await sleep(900)
        simulation.network.heal()
        await sleep(2000)
      }
      assert.ok(mine!.isListed)
      const { entries } = await store.range({ prefix: 'skein/registry/services/' })
      assert.deepEqual(
        entries.map(entry => [entry.created, entry.version]),
        [[created, 1]],
        'it was there all the time',
      )
      client.crash()
      await sleep(ttlMs - 800)
      assert.equal(await listed(), 1)
      await sleep(900)
      assert.equal(await listed(), 0)
    })
  })

  const [alice, bob] = [generateKeys(), generateKeys()]
  const authorized = { web: [alice.publicKey], db: [alice.publicKey, bob.publicKey] }

  /** What a client can call that heeds no rules. */
  const withHub = (
    options: HubOptions,
    use: (place: {
      call: any
      as(key?: string): Registry
      prove(key: string): Promise<void>
      store: Store
    }) => Promise<void>,
  ): Promise<void> =>
    simulated(1, async ({ store, simulation }) => {
      simulation.node('hub', world => serveHub(world, store, options))
      const world = await new Promise<World>(resolve => void simulation.node('client', resolve))
      const raw = upOver<HubApi>(world, 'hub:1', {})
      const prove = async (key: string): Promise<void> => {
        const signer = signerOf(key)
        await raw.remote.prove(signer.publicKey, signer.sign(proofDomain + (await raw.remote.hello()).nonce))
      }
      await use({ call: raw.remote, as: key => atHub(world, 'hub', { key }), prove, store })
      raw.close()
    })

  test('lets those register who may, and tells the others why not', async () => {
    await withHub({ authorized }, async ({ as, store }) => {
      await assert.rejects(as().register('web@1.0.0'), { name: 'RegistrationRefusedError', reason: 'unsigned' })
      await assert.rejects(as().takePort(), { name: 'RegistrationRefusedError', reason: 'unsigned' })
      await assert.rejects(as(bob.privateKey).register('web@1.0.0'), {
        name: 'RegistrationRefusedError',
        reason: 'not authorized',
        key: bob.publicKey,
      })
      const stranger = as(generateKeys().privateKey)
      await assert.rejects(stranger.register('other@1.0.0'), { name: 'RegistrationRefusedError' })
      assert.equal((await store.range({ prefix: '' })).count, 0)
      const web = await as(alice.privateKey).register('web@1.0.0')
      assert.equal((await as().get('web'))[0].id, web.id, 'anybody may look')
      await assert.rejects(as().free(web), { name: 'RegistrationRefusedError', reason: 'unsigned' })
      await assert.rejects(as(bob.privateKey).free(web), { name: 'RegistrationRefusedError', reason: 'not authorized' })
      assert.ok(web.isListed)
      assert.equal(await as(alice.privateKey).free(web), true)
    })
  })

  test('believes nothing that is not signed as it stands', async () => {
    await withHub({ authorized }, async ({ call, prove }) => {
      await assert.rejects(call.lease(1000), { reason: 'unsigned' })
      const { nonce } = await call.hello()
      // A signature by another key, of something else, or of nothing.
      for (const signature of [
        signerOf(bob.privateKey).sign(proofDomain + nonce),
        signerOf(alice.privateKey).sign(nonce),
        '',
      ])
        await assert.rejects(call.prove(alice.publicKey, signature), {
          name: 'RegistrationRefusedError',
          reason: 'forged',
        })
      await assert.rejects(call.lease(1000), { reason: 'unsigned' })
      await prove(bob.privateKey)
      const { id, handle } = await call.lease(1000)
      const record = { id: 'x', name: 'web', version: '1.0.0', host: 'h', port: 1, metadata: {}, since: 0 }
      const put = (text: string, name = 'web') => call.put(name, 'x', text, handle)
      await assert.rejects(put(writeService('t', record, id)), { reason: 'unsigned' })
      await assert.rejects(put(writeService('t', record, id, signerOf(bob.privateKey))), { reason: 'not authorized' })
      const alices = writeService('t', record, 'another', signerOf(alice.privateKey))
      await assert.rejects(put(alices), { reason: 'of another lease' })
      await assert.rejects(put(alices.replace('another', id)), { reason: 'forged' })
      await assert.rejects(put(writeService('t', record, id, signerOf(bob.privateKey)), 'db'), { reason: 'malformed' })
    })
  })

  test('what somebody has registered with a key nobody else takes over, and nobody uses a lease that is not theirs', async () => {
    await withHub({ authorized }, async ({ call, as, prove, store }) => {
      const db = await as(alice.privateKey).register('db@1.0.0')
      await prove(bob.privateKey)
      const { id, handle } = await call.lease(1000)
      const record = { id: db.id, name: 'db', version: '9.0.0', host: 'evil', port: 1, metadata: {}, since: 0 }
      const text = writeService('t', record, id, signerOf(bob.privateKey))
      await assert.rejects(call.put('db', db.id, text, handle), { name: 'RegistrationRefusedError' })
      const lease = (await store.range({ prefix: 'skein/registry/services/' })).entries[0].lease!
      for (const guess of [lease, '', '__proto__', `${handle}x`, undefined, {}])
        for (const use of ['renew', 'revoke']) await assert.rejects(call[use](guess), { name: 'LeaseNotFoundError' })
      assert.ok(db.isListed)
      await call.renew(handle)
      await call.revoke(handle)
      await assert.rejects(call.renew(handle), { name: 'LeaseNotFoundError' })
    })
  })

  test('what is asked wrongly is refused, and reaches nothing but the registry', async () => {
    await withHub({ maxLeases: 3, maxTtlMs: 5000 }, async ({ call, store }) => {
      await store.put('secret', 'x')
      const { handle } = await call.lease(1000)
      for (const wrong of [
        () => call.lease(0),
        () => call.lease(6000),
        () => call.lease('x'),
        () => call.put('a/b', 'x', '{}', handle),
        () => call.put('a', '../x', '{}', handle),
        () => call.put('a', 'x', 5, handle),
        () => call.put('a', 'x', 'x'.repeat(200_000), handle),
        () => call.list({ name: '../' }),
        () => call.list({ id: 'x' }),
        () => call.list({ name: 'a', id: 'x/../../y' }),
        () => call.remove('a', undefined),
        () => call.remove(undefined, undefined),
        () => call.claimPort({ machine: 'a/b', port: 5, owner: 'x' }, handle),
        () => call.claimPort({ machine: 'a', port: 0, owner: 'x' }, handle),
        () => call.claimPort(undefined, handle),
        () => call.claimedPorts(''),
      ])
        await assert.rejects(wrong, { name: 'ArgumentError' }, String(wrong))
      assert.deepEqual(await call.list({ from: '', prefix: '' }), [])
      assert.deepEqual(await call.list(null), [])
      await assert.rejects(call.put('a', 'x', '{}', handle), { name: 'RegistrationRefusedError', reason: 'malformed' })
      await call.lease(1000)
      await call.lease(1000)
      await assert.rejects(call.lease(1000), { name: 'HubLimitError', most: 3 })
      assert.equal((await store.range({ prefix: '' })).count, 1)
    })
  })

  test('of another kind, or none at all, is told', async () => {
    await simulated(1, async ({ simulation }) => {
      simulation.node('hub', world => void listenOver(world, 'hub:1', { other: () => 1 }, { limits: limitsOf('test') }))
      const world = await new Promise<World>(resolve => void simulation.node('client', resolve))
      const wrong = atHub(world, 'hub')
      for (const call of [() => wrong.query(), () => wrong.get('web'), () => wrong.register('web@1.0.0')])
        await assert.rejects(call, { name: 'NotAHubError' })
      await wrong.close()
      const none = atHub(world, 'nowhere', { timeoutMs: 500 })
      await assert.rejects(none.query(), { name: 'TimeoutError' })
      await assert.rejects(none.get('web', { timeoutMs: 500 }), { name: 'TimeoutError' })
      const waiting = none.get('web')
      await sleep(world.clock, 100)
      await none.close()
      await assert.rejects(waiting, { name: 'RegistryClosedError' })
    })
  })
})
