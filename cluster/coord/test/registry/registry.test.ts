import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  generateKeys,
  RegistrationEndedError,
  type RegistrationRefusedError,
  type RegistryEvent,
  type Store,
} from '../../src/index.ts'
import { byHub, onStore, overStore } from './places.ts'

/** The store, with leases that end when their time is over as long as `isSilent`: as if nobody heard of their holder. */
const silenced = (store: Store): { store: Store; isSilent: boolean } => {
  const given = { store: Object.create(store) as Store, isSilent: true }
  given.store.lease = options => store.lease({ ...options, keepAlive: !given.isSilent })
  return given
}

const namesOf = (services: readonly { name: string; version: string | undefined }[]): string[] =>
  services.map(({ name, version }) => (version === undefined ? name : `${name}@${version}`))

const tellOf = ({ type, service }: RegistryEvent): string => `${type} ${namesOf([service])}`

for (const [kind, simulated] of Object.entries({ 'a registry over a store': overStore, 'a registry by a hub': byHub }))
  describe(kind, () => {
    test('tells where services are, by name and range, the newest first', async () => {
      await simulated(1, async place => {
        await using services = place.at({ host: '10.0.0.5' })
        await services.register('web@1.2.3', { port: 80, metadata: { zone: 'a' } })
        await services.register('web@1.10.0', { port: 81 })
        await services.register('web@2.0.0-rc.1', { port: 82 })
        await services.register('web', { port: 83 })
        await services.register('db@1.2.3', { port: 84, host: '::1' })
        assert.deepEqual(namesOf(await services.query('web@^1.2')), ['web@1.10.0', 'web@1.2.3'])
        assert.deepEqual(namesOf(await services.query('web')), ['web@2.0.0-rc.1', 'web@1.10.0', 'web@1.2.3', 'web'])
        assert.deepEqual(namesOf(await services.query('web@2', { prerelease: true })), ['web@2.0.0-rc.1'])
        assert.deepEqual(await services.query('web@3'), [])
        assert.deepEqual((await services.query()).length, 5)
        const [found] = await services.get('web@1.2')
        assert.deepEqual(
          { ...found, id: '', since: 0 },
          {
            id: '',
            name: 'web',
            version: '1.2.3',
            host: '10.0.0.5',
            port: 80,
            address: '10.0.0.5:80',
            metadata: { zone: 'a' },
            since: 0,
            key: undefined,
          },
        )
        assert.equal((await services.query('db'))[0].address, '[::1]:84')
      })
    })

    test('is waited for', async () => {
      await simulated(1, async place => {
        await using services = place.at()
        const waiting = services.get('web@1.x')
        await place.sleep(1000)
        await services.register('web@2.0.0')
        await place.sleep(1000)
        const registration = await services.register('web@1.2.3')
        const [found] = await waiting
        assert.equal(found.id, registration.id)
        assert.equal(found.host, place.host)
        assert.ok(found.port === registration.port && found.port >= 10_000 && found.port < 32_768)
        await assert.rejects(services.get('web@3', { timeoutMs: 500 }), { name: 'TimeoutError' })
        const stop = new AbortController()
        const stopped = services.get('web@3', { signal: stop.signal })
        await place.sleep(50)
        stop.abort(new Error('enough'))
        await assert.rejects(stopped, { name: 'CancelledError' })
        await assert.rejects(services.get('web@3', { signal: AbortSignal.abort() }), { name: 'CancelledError' })
      })
    })

    test('is watched: what is there, and what happens', async () => {
      await simulated(1, async place => {
        const services = place.at()
        const first = await services.register('web@1.0.0', { port: 80 })
        const events: string[] = []
        const watching = (async () => {
          for await (const event of services.watch('web')) events.push(tellOf(event))
        })()
        const later = place.at()
        await later.register('db@1.0.0', { port: 81 })
        const second = await later.register('web@1.1.0', { port: 81 })
        await second.update({ load: 0.5 })
        await second.update({ load: 0.5 })
        await first.free()
        await place.sleep(50)
        await later.close()
        await place.sleep(50)
        await services.close()
        await watching
        assert.deepEqual(events, [
          'registered web@1.0.0',
          'registered web@1.1.0',
          'changed web@1.1.0',
          'freed web@1.0.0',
          'freed web@1.1.0',
        ])
        assert.equal((await place.store.range({ prefix: '' })).count, 0)
        const stop = new AbortController()
        await using open = place.at()
        const next = open.watch('web', { signal: stop.signal }).next()
        await place.sleep(50)
        stop.abort()
        await assert.rejects(next, { name: 'CancelledError' })
        const ended = open.watch('web')
        const none = ended.next()
        await ended.return!()
        assert.deepEqual(await none, { done: true, value: undefined })
      })
    })

    test('what somebody else frees is over, and its holder is told', async () => {
      await simulated(1, async place => {
        await using services = place.at()
        await using other = place.at()
        const [a, b] = [await services.register('web@1.0.0'), await services.register('web@2.0.0')]
        assert.equal(await other.free(a.id), true)
        assert.equal(await other.free((await other.query('web@2'))[0]), true)
        assert.equal(await other.free(b), false)
        await place.sleep(50)
        for (const one of [a, b]) assert.ok(one.signal.reason instanceof RegistrationEndedError)
        await place.sleep(60_000)
        assert.deepEqual(await other.query(), [])
        assert.equal((await place.store.range({ prefix: '' })).count, 0, 'its port is free as well')
      })
    })

    test('survives that the past is forgotten', async () => {
      await simulated(1, async place => {
        await using services = place.at()
        const waiting = services.get('web')
        const watch = services.watch('web')
        const first = watch.next()
        for (let i = 0; i < 10; i++) await place.store.put('other', String(i))
        await place.store.compact(await place.store.revision())
        await services.register('web@1.0.0')
        assert.deepEqual(namesOf(await waiting), ['web@1.0.0'])
        assert.equal((await first).value.type, 'registered')
      })
    })

    test('arguments that are none are refused', async () => {
      await simulated(1, async place => {
        await using services = place.at()
        const circle: Record<string, unknown> = {}
        circle.circle = circle
        for (const call of [
          () => services.register('web@1'),
          () => services.register('web@1.0.0', { port: 0 }),
          () => services.register('web@1.0.0', { port: 1.5 }),
          () => services.register('web@1.0.0', { host: 'a b' }),
          () => services.register('web@1.0.0', { ttlMs: Number.NaN }),
          () => services.register('web@1.0.0', { metadata: circle }),
          () => services.register('web@1.0.0', { metadata: [] as never }),
          () => services.register('web@1.0.0', { metadata: { text: 'x'.repeat(70_000) } }),
          () => services.get('web@'),
          () => services.get('web', { timeoutMs: 0 }),
          () => services.query('web@x y'),
          () => services.free(''),
          () => services.free(5 as never),
          () => services.takePort({ ports: [5, 4] }),
          () => services.takePort({ ports: [0, 4] }),
          () => services.takePort({ ttlMs: -1 }),
        ])
          await assert.rejects(call, { name: 'ArgumentError' })
        assert.equal((await place.store.range({ prefix: '' })).count, 0, 'nothing is left behind')
        for (const options of [{ host: '' }, { ttlMs: 0 }, { ports: [1] }, { machine: 'a/b' }])
          assert.throws(() => place.at(options as never), { name: 'ArgumentError' })
      })
    })
  })

describe('over a store', () => {
  test('forgets who is silent for as long as the lease, and has it again when it is back: by the same id, at the same port', async () => {
    for (const seed of [1, 2, 3, 4, 5])
      await overStore(seed, async place => {
        const link = silenced(place.store)
        const services = onStore(link.store, { ttlMs: 1000 })
        await using reader = place.at()
        const events: string[] = []
        void (async () => {
          for await (const event of reader.watch()) events.push(tellOf(event))
        })()
        await place.sleep(50)
        const registration = await services.register('web@1.0.0')
        const once = await services.register('once@1.0.0', { keep: false })
        const { id, port } = registration
        await place.sleep(900 + 50 * place.simulation.chance.uniform())
        assert.ok(once.signal.aborted, 'who holds it knows before the others')
        assert.ok(once.signal.reason instanceof RegistrationEndedError)
        link.isSilent = false
        await place.sleep(5000)
        assert.ok(registration.isListed && !registration.signal.aborted)
        const found = await reader.query()
        assert.deepEqual(namesOf(found), ['web@1.0.0'])
        assert.deepEqual([found[0].id, found[0].port], [id, port])
        assert.ok(events.includes('freed once@1.0.0'))
        await registration.free()
        assert.ok(!registration.isListed && registration.signal.aborted)
        await assert.rejects(registration.update({}), { name: 'RegistrationEndedError' })
        await services.close()
        assert.equal((await place.store.range({ prefix: '' })).count, 0)
      })
  })

  test('many that come, go and fall silent: who watches knows at the end what is there, and nobody is there twice', async () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8])
      await overStore(seed, async place => {
        const { simulation, sleep, store } = place
        await using reader = place.at()
        const seen = new Map<string, string>()
        void (async () => {
          for await (const { type, service } of reader.watch()) {
            if (type === 'registered') assert.ok(!seen.has(service.id))
            else assert.ok(seen.has(service.id))
            if (type === 'freed') seen.delete(service.id)
            else seen.set(service.id, service.address)
          }
        })()
        await Promise.all(
          Array.from({ length: 6 }, async (_, i) => {
            const link = silenced(store)
            const mine = onStore(link.store, { ttlMs: 200 })
            for (let n = 0; n < 6; n++) {
              link.isSilent = simulation.chance.uniform() < 0.5
              const registration = await mine.register(`s${i % 3}@${n}.0.0`)
              await sleep(400 * simulation.chance.uniform())
              const others = (await reader.query()).filter(({ port }) => port === registration.port)
              assert.ok(others.length <= 1)
              if (simulation.chance.uniform() < 0.3)
                assert.equal(typeof (await reader.free(registration.id)), 'boolean')
              else if (simulation.chance.uniform() < 0.6) await registration.free()
            }
            link.isSilent = false
            await sleep(2000)
            if (i % 2 === 0) await mine.close()
          }),
        )
        await sleep(1000)
        const there = await reader.query()
        assert.ok(there.length > 0)
        assert.deepEqual([...seen].sort(), there.map(({ id, address }) => [id, address]).sort())
      })
  })

  test('ends with its store', async () => {
    await overStore(1, async place => {
      const { open } = await import('../../src/index.ts')
      const store = await open('memory:', { clock: place.store.clock })
      const services = onStore(store)
      const registration = await services.register('web@1.0.0')
      const waiting = services.get('db')
      await place.sleep(50)
      await store.close()
      await assert.rejects(waiting, { name: 'StoreClosedError' })
      await place.sleep(50)
      assert.ok(registration.signal.aborted)
      await assert.rejects(services.query(), { name: 'StoreClosedError' })
      await services.close()
      for (const call of [
        () => services.query(),
        () => services.register('a@1.0.0'),
        () => services.get('a'),
        () => services.takePort(),
      ])
        await assert.rejects(call, { name: 'RegistryClosedError' })
      assert.throws(() => services.watch(), { name: 'RegistryClosedError' })
    })
  })

  test('that machines share has no host by itself', async () => {
    await overStore(1, async place => {
      const shared = Object.create(place.store, { url: { value: 'etcd://a:1' } })
      await assert.rejects(onStore(shared).register('web@1.0.0'), { name: 'ArgumentError', argument: 'host' })
    })
  })
})

for (const [kind, simulated] of Object.entries({ 'with keys, over a store': overStore, 'with keys, by a hub': byHub }))
  describe(kind, () => {
    const [alice, bob] = [generateKeys(), generateKeys()]
    const authorized = { web: [alice.publicKey], '*': [bob.publicKey] }

    test('only those who may register are seen, and the others reported once', async () => {
      await simulated(1, async place => {
        const refused: RegistrationRefusedError[] = []
        await using reader = place.at({ authorized, onRefused: error => refused.push(error) })
        await using everybody = place.at()
        await using alices = place.at({ key: alice.privateKey })
        await using bobs = place.at({ key: bob.privateKey, authorized })
        const events: string[] = []
        void (async () => {
          for await (const event of reader.watch()) events.push(tellOf(event))
        })()
        await place.sleep(50)
        await everybody.register('web@1.0.0')
        await alices.register('web@1.1.0')
        await alices.register('db@1.1.0')
        await bobs.register('db@1.2.0')
        for (let i = 0; i < 3; i++) assert.deepEqual(namesOf(await reader.query()).sort(), ['db@1.2.0', 'web@1.1.0'])
        assert.deepEqual(
          (await reader.get('web')).map(({ key }) => key),
          [alice.publicKey],
        )
        await place.sleep(50)
        assert.deepEqual(events, ['registered web@1.1.0', 'registered db@1.2.0'])
        assert.deepEqual(
          refused.map(({ service, reason, key }) => [service, reason, key]),
          [
            ['web', 'unsigned', undefined],
            ['db', 'not authorized', alice.publicKey],
          ],
        )
        assert.equal((await everybody.query()).length, 4)
      })
    })

    test('who may not is told at once', async () => {
      await simulated(1, async place => {
        await using without = place.at({ authorized })
        await assert.rejects(without.register('web@1.0.0'), { name: 'RegistrationRefusedError', reason: 'unsigned' })
        await using alices = place.at({ authorized, key: alice.privateKey })
        await assert.rejects(alices.register('db@1.0.0'), {
          name: 'RegistrationRefusedError',
          reason: 'not authorized',
        })
        assert.equal((await place.store.range({ prefix: '' })).count, 0)
      })
    })

    test('what was copied is worth nothing when the lease is over', async () => {
      await simulated(1, async place => {
        const reasons: string[] = []
        await using reader = place.at({ authorized, onRefused: ({ reason }) => reasons.push(reason) })
        const alices = place.at({ key: alice.privateKey })
        await alices.register('web@1.0.0')
        const [entry] = (await place.store.range({ prefix: 'skein/registry/services/' })).entries
        await alices.close()
        const lease = await place.store.lease({ ttlMs: 10_000 })
        await place.store.put(entry.key, entry.value, { lease: lease.id })
        assert.deepEqual(await reader.query(), [])
        assert.deepEqual(reasons, ['of another lease'])
        // It can be cleared away.
        assert.equal(await reader.free(entry.key.split('/').at(-1)!), true)
        await lease.revoke()
      })
    })

    test('no private key and no part of one comes into the store', async () => {
      await simulated(1, async place => {
        await using services = place.at({ key: alice.privateKey, authorized })
        const watch = place.store.watch({ prefix: '' })
        const registration = await services.register('web@1.0.0')
        await registration.update({ more: 1 })
        await services.takePort()
        const secret = Buffer.from(alice.privateKey.split('\n')[1], 'base64').subarray(-32)
        const forms = [
          secret.toString('base64'),
          secret.toString('base64url'),
          secret.toString('hex'),
          secret.toString('latin1'),
        ]
        for (let i = 0; i < 4; i++)
          for (const event of (await watch.next()).value.events) {
            const text = event.entry.key + Buffer.from(event.entry.value).toString('latin1')
            for (const form of forms) assert.ok(!text.includes(form.slice(0, 16)))
            assert.ok(!text.includes('PRIVATE'))
          }
        await watch.return!()
      })
    })
  })
