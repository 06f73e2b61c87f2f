// Hubs: on networks and machines that fail, with keys, and for those who mean harm.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { limitsOf, listenOver, upOver } from '@skein/rpc'
import { sleep, type World } from '@skein/world'
import {
  connectRegistry,
  generateKeys,
  open,
  type Registration,
  type Registry,
  type Store,
  serveRegistry,
} from '../../src/index.ts'
import type { HubOptions } from '../../src/registry/hub.ts'
import { type HubApi, proofDomain } from '../../src/registry/hub-api.ts'
import { signerOf } from '../../src/registry/keys.ts'
import { writeService } from '../../src/registry/service.ts'
import { judgeRegistry } from '../campaign/registry.ts'
import { simulated } from '../simulated.ts'
import { atHub, serveHub } from './places.ts'

const ttlMs = 2000

describe('a hub', () => {
  test('whatever fails: in the end those who live are listed, each once, where they were, and the dead are not', async () => {
    // 10,000 seeds: npm run fuzz -- coord registry
    let sum = 0
    for (let seed = 1; seed <= 12; seed++) sum += (await judgeRegistry(seed)).found
    assert.ok(sum > 500, `${sum} were found meanwhile`)
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
      // What shows the hub whose a lease is is told to nobody else.
      for (const { key, value } of (await store.range({ prefix: '' })).entries)
        assert.ok(!`${key} ${new TextDecoder().decode(value)}`.includes(handle))
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

  test('may be one of several over the same store, of which one is closed', async () => {
    await using store = await open('memory:')
    const [a, b] = [await serveRegistry(store), await serveRegistry(store)]
    await using registry = connectRegistry([a.address, b.address])
    const registration = await registry.register('web@1.0.0', { ttlMs: 1000 })
    await using other = connectRegistry(b.address)
    const events = other.watch('web')
    assert.equal((await events.next()).value.type, 'registered')
    await a.close()
    assert.deepEqual(
      (await registry.query('web')).map(({ id }) => id),
      [registration.id],
    )
    // It asks the other hub to renew a lease that only the first knew, and registers again.
    for await (const { events } of store.watch({ prefix: 'skein/registry/services/' })) {
      assert.equal(events[0].type, 'put')
      break
    }
    await registration.free()
    const { value } = await events.next()
    assert.deepEqual([value.type, value.service.id], ['freed', registration.id], 'it was there all the time')
    await events.return!()
    await b.close()
  })

  test('may be reached by a path; when it is away it keeps nobody from closing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'skein-hub-'))
    await using store = await open('memory:')
    const hub = await serveRegistry(store, { listen: `unix:${join(folder, 'hub')}` })
    const registry = connectRegistry(hub.address)
    const registration = await registry.register('web@1.0.0', { ttlMs: 1000 })
    assert.equal(registration.host, '127.0.0.1')
    await hub.close()
    await registry.close()
    assert.ok(registration.signal.aborted)
    rmSync(folder, { recursive: true })
  })

  test('that is an HTTP server is none, and told so at once', async () => {
    const server = createServer((_, response) => response.end('hello'))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const registry = connectRegistry(`127.0.0.1:${port}`)
    await assert.rejects(registry.query(), { name: 'NotAHubError' })
    await assert.rejects(registry.get('web'), { name: 'NotAHubError' })
    await registry.close()
    server.close()
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
