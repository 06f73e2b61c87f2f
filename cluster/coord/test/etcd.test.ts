import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { EtcdCluster, needs } from '@skein/testing'
import { realClock, sleep } from '@skein/world'
import { TcpProxy } from '../../../testing/src/tcp-proxy.ts'
import { generateKeys, open, type Store } from '../src/index.ts'
import { cases } from './conformance.ts'
import { recipeCases } from './recipe-cases.ts'

const skip = needs('etcd')

describe('etcd', { skip }, () => {
  let cluster: EtcdCluster
  before(async () => {
    cluster = await EtcdCluster.start()
  })
  after(() => cluster.stop())

  let number = 0
  for (const [name, run] of Object.entries(cases))
    test(name, async () => {
      // Cases want a store that is empty.
      await using store = await open(`${cluster.url}/case-${number++}/`)
      await run({ store, ttlMs: 1000, sleep: ms => sleep(realClock, ms) })
    })

  test('a lock is handed over in two round trips: one to let go of it, one to look who is next', async () => {
    const [a, b] = await Promise.all([open(`${cluster.url}/lock/`), open(`${cluster.url}/lock/`)])
    const asked = async (): Promise<number[]> => {
      const methods = ['KV.Range', 'KV.Put', 'KV.Txn', 'KV.DeleteRange', 'Lease.LeaseGrant', 'Lease.LeaseRevoke']
      const names = methods
        .map(method => method.split('.'))
        .map(
          ([service, method]) =>
            `grpc_server_msg_received_total{grpc_method="${method}",grpc_service="etcdserverpb.${service}",grpc_type="unary"}`,
        )
      return Promise.all(names.map(name => cluster.metric(0, name)))
    }
    const first = await a.lock('x', { ttlMs: 60_000 })
    let hasSecond = false
    const waiting = b.lock('x', { ttlMs: 60_000 }).finally(() => (hasSecond = true))
    // Waits when it watches.
    while ((await cluster.metric(0, 'etcd_debugging_mvcc_watcher_total')) === 0) await sleep(realClock, 10)
    assert.equal(hasSecond, false)
    const before = await asked()
    await first.release()
    const second = await waiting
    const after = await asked()
    assert.deepEqual(
      after.map((count, i) => count - before[i]),
      [1, 0, 0, 0, 0, 1],
    )
    assert.ok(second.token > first.token)
    await second.release()
    await Promise.all([a.close(), b.close()])
  })

  test('a registry does over it what it does elsewhere', async () => {
    const stores = await Promise.all([1, 2].map(() => open(`${cluster.url}/registry/`)))
    const { privateKey, publicKey } = generateKeys()
    const options = { authorized: { web: [publicKey] }, key: privateKey, host: '10.0.0.1', ttlMs: 2000 }
    const [a, b] = stores.map(store => store.registry(options))
    const waiting = b.get('web@^1.2')
    const events = b.watch('web')
    const web = await a.register('web@1.2.3', { metadata: { zone: 'a' } })
    const [found] = await waiting
    assert.deepEqual([found.id, found.address, found.key], [web.id, `10.0.0.1:${web.port}`, publicKey])
    assert.equal((await events.next()).value.type, 'registered')
    const ports = await Promise.all(Array.from({ length: 8 }, (_, i) => stores[i % 2].registry(options).takePort()))
    assert.equal(new Set([web, ...ports].map(({ port }) => port)).size, 9)
    assert.equal(await b.free(found), true)
    assert.equal((await events.next()).value.type, 'freed')
    if (!web.signal.aborted) await once(web.signal, 'abort')
    await events.return!()
    await Promise.all([a.close(), b.close(), ...ports.map(port => port.free())])
    assert.equal((await stores[0].range({ prefix: '' })).count, 0)
    await assert.rejects(stores[0].registry().register('web@1.0.0'), { name: 'ArgumentError', argument: 'host' })
    await Promise.all(stores.map(store => store.close()))
  })

  test('locks and elections do over it what they do elsewhere', async () => {
    const stores = await Promise.all([1, 2, 3].map(() => open(`${cluster.url}/recipes/`)))
    let tokens = 0
    const count = async (store: (typeof stores)[number]): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        await using held = await store.lock('count', { ttlMs: 5000 })
        assert.ok(held.token > tokens)
        tokens = held.token
        const found = await store.get('n')
        await store.put('n', String(Number(found ? new TextDecoder().decode(found.value) : 0) + 1))
      }
    }
    await Promise.all(stores.map(count))
    assert.equal(new TextDecoder().decode((await stores[0].get('n'))!.value), '15')
    const reading = await Promise.all([stores[0].readLock('rw'), stores[1].readLock('rw')])
    assert.equal(await stores[2].tryLock('rw'), undefined)
    for (const held of reading) await held.release()
    const led = await stores[0].campaign('chief', { ttlMs: 5000 })
    const follows = stores[1].campaign('chief', { ttlMs: 5000 })
    assert.equal((await stores[2].leader('chief'))!.token, led.token)
    await led.release()
    assert.ok((await follows).token > led.token)
    for (const store of stores) await store.close()
  })

  test('more than it takes is refused, and nothing is done', async () => {
    await using store = await open(`${cluster.url}/limits/`)
    const many = Array.from({ length: 200 }, (_, i) => ({ op: 'put' as const, key: `${i}`, value: '' }))
    await assert.rejects(store.transact({ do: many }), { name: 'StoreLimitError' })
    await assert.rejects(store.put('large', new Uint8Array(2_000_000)), { name: 'StoreLimitError' })
    assert.equal((await store.range({ prefix: '' })).count, 0)
    const values = Array.from({ length: 30 }, (_, i) => new Uint8Array(500_000).fill(i))
    await Promise.all(values.map((value, i) => store.put(`v${i}`, value)))
    const { entries } = await store.range({ prefix: 'v' })
    assert.ok(entries.every(({ key, value }) => value.length === 500_000 && value[7] === Number(key.slice(1))))
  })

  test('a store sees its prefix and nothing beside it', async () => {
    await using all = await open(cluster.url)
    await using one = await open(`${cluster.url}/one%2F`)
    await using other = await open(`${cluster.url}/one0`)
    const watch = one.watch({ prefix: '' }, { from: (await one.revision()) + 1 })
    await other.put('x', 'beside')
    await all.put('one/y', 'within')
    const { events } = (await watch.next()).value
    assert.equal(events[0].entry.key, 'y')
    for (const range of [{ prefix: '' }, { from: '' }, { from: 'a' }, { from: '', to: 'z' }])
      assert.deepEqual(
        (await one.range(range)).entries.map(({ key }) => key),
        ['y'],
      )
    assert.equal((await one.deleteRange({ prefix: '' })).deleted.length, 1)
    assert.equal((await other.get('x'))!.key, 'x')
  })

  for (const [name, run] of Object.entries(recipeCases))
    test(name, async () => {
      const url = `${cluster.url}/recipes-${number++}/`
      await run(() => open(url))
    })
})

describe('an etcd that is cut off', { skip }, () => {
  let cluster: EtcdCluster
  let proxy: TcpProxy
  let direct: Store
  before(async () => {
    cluster = await EtcdCluster.start()
    proxy = await TcpProxy.before(cluster.endpoints[0])
    direct = await open(cluster.url)
  })
  after(async () => {
    await direct.close()
    await proxy.close()
    await cluster.stop()
  })

  test('of a change that was not answered nobody says that it was not done; a read is asked again', async () => {
    await using store = await open(`etcd://${proxy.address}`, { timeoutMs: 300, silenceMs: 100 })
    await store.put('a', '1')
    proxy.hold()
    await assert.rejects(store.put('a', '2'), { name: 'UnknownOutcomeError' })
    await assert.rejects(store.get('a'), { name: 'StoreUnavailableError', hasNoQuorum: false })
    proxy.heal()
    await direct.put('a', '3')
    assert.ok((await store.get('a'))!.version >= 2)
    proxy.break()
    await assert.rejects(store.put('a', '4'), /StoreUnavailableError|UnknownOutcomeError/)
    const asked = store.get('a')
    proxy.heal()
    assert.equal((await asked)!.key, 'a')
  })

  test('a watch whose past is forgotten while it is cut off says so; another goes on', async () => {
    await using store = await open(`etcd://${proxy.address}`, { silenceMs: 100 })
    const [watch, later] = [store.watch({ prefix: 'w' }), store.watch({ prefix: 'w' })]
    const { revision } = await store.put('w', '1')
    assert.equal((await watch.next()).value.revision, revision)
    assert.equal((await later.next()).value.revision, revision)
    proxy.break()
    await direct.put('w', '2')
    const told = direct.watch({ prefix: 'w' }, { from: revision + 1 })
    assert.equal((await told.next()).value.revision, revision + 1)
    await later.return!()
    await direct.compact((await direct.put('w', '3')).revision)
    proxy.heal()
    await assert.rejects(watch.next(), { name: 'CompactedError', asked: revision + 1 })
  })

  test('who holds a lease knows that it is over while etcd stands still; a watch goes on when etcd was started anew', async () => {
    await using store = await open(cluster.url, { timeoutMs: 500, silenceMs: 200 })
    const lease = await store.lease({ ttlMs: 1000 })
    await store.put('held', '', { lease: lease.id })
    const watch = store.watch({ prefix: 'r' })
    await store.put('r', '1')
    assert.equal((await watch.next()).done, false)
    cluster.pause(0)
    while (!lease.signal.aborted) await sleep(realClock, 10)
    assert.equal((lease.signal.reason as Error).name, 'LeaseLostError')
    await cluster.kill(0)
    await assert.rejects(store.put('r', '2'), { name: 'StoreUnavailableError' })
    await cluster.restart(0)
    await cluster.healthy()
    const { revision } = await store.put('r', '3')
    assert.equal((await watch.next()).value.revision, revision)
  })
})

test('users show who they are, again when their token is forgotten, and see what they may', { skip }, async () => {
  await using cluster = await EtcdCluster.start({ arguments: ['--bcrypt-cost=4'] })
  const ask = async (path: string, body: object): Promise<void> => {
    const answer = await fetch(`${cluster.clientUrls[0]}/v3/auth/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    })
    assert.equal(answer.status, 200, await answer.text())
  }
  // Whoever gives a name where nobody is asked for one is let in.
  await using early = await open(`${cluster.url}/app/`, { user: 'jo', password: 'secret@:/' })
  for (const name of ['root', 'jo']) await ask('user/add', { name, password: name === 'jo' ? 'secret@:/' : 'root' })
  await ask('role/add', { name: 'root' })
  await ask('user/grant', { user: 'root', role: 'root' })
  await ask('role/add', { name: 'app' })
  const [key, rangeEnd] = ['app/', 'app0'].map(text => Buffer.from(text).toString('base64'))
  await ask('role/grant', { name: 'app', perm: { permType: 'READWRITE', key, range_end: rangeEnd } })
  await ask('user/grant', { user: 'jo', role: 'app' })
  await ask('enable', {})
  await early.put('early', '')
  await assert.rejects(open(`${cluster.url}/app/`, { user: 'jo', password: 'wrong' }), {
    name: 'StoreAccessError',
    reason: 'wrong credentials',
  })
  const [host] = cluster.endpoints
  await using store = await open(`etcd://jo:secret%40%3A%2F@${host}/app/`, { silenceMs: 200 })
  assert.ok(!store.url.includes('secret'))
  const watch = store.watch({ prefix: '' })
  await store.put('a', '1')
  assert.equal((await watch.next()).done, false)
  assert.ok((await store.revision()) > 0)
  await using nobody = await open(`etcd://${host}/app/`)
  await assert.rejects(nobody.get('a'), { name: 'StoreAccessError', reason: 'no credentials' })
  await assert.rejects(nobody.watch({ prefix: '' }, { from: 1 }).next(), { name: 'StoreAccessError' })
  await using beside = await open(`etcd://${host}/other/`, { user: 'jo', password: 'secret@:/' })
  await assert.rejects(beside.put('a', '1'), { name: 'StoreAccessError', reason: 'not permitted' })
  await assert.rejects(beside.watch({ prefix: '' }, { from: 1 }).next(), { name: 'StoreAccessError' })
  // Tokens are in its memory alone.
  await cluster.restart(0)
  await cluster.healthy()
  await store.put('a', '2')
  const { value: batch } = await watch.next()
  assert.equal(batch.events[0].entry.version, 2)
})

test('over TLS, trusting who was named and nobody else', { skip }, async () => {
  await using cluster = await EtcdCluster.start({ tls: true })
  const { cert, key } = cluster.certificate()
  await using store = await open(cluster.url, { tls: { ca: cert } })
  await store.put('a', '1')
  await using same = await open(cluster.url.replace('etcds:', 'etcd:'), { tls: { ca: [cert], cert, key } })
  assert.equal((await same.get('a'))!.version, 1)
  await assert.rejects(open(cluster.url, { timeoutMs: 300 }), { name: 'StoreUnavailableError', message: /certificate/ })
  await assert.rejects(open(cluster.url.replace('etcds:', 'etcd:'), { timeoutMs: 300 }), /StoreUnavailable|WrongServer/)
})

describe('what is no etcd', () => {
  const listening = async (server: Server): Promise<string> => {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const servers: Record<string, [server: () => Server, name: string]> = {
    'speaks HTTP/1': [() => createHttpServer((_, response) => void response.end('hello')), 'WrongServerError'],
    'speaks HTTP/2, but not gRPC': [
      () => createHttp2Server((_, response) => void response.end('hello')) as unknown as Server,
      'WrongServerError',
    ],
    'is gRPC of something else': [
      () =>
        createHttp2Server().on('stream', (stream: ServerHttp2Stream) => {
          stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': 12 }, { endStream: true })
        }) as unknown as Server,
      'WrongServerError',
    ],
    'answers with other messages': [
      () =>
        createHttp2Server().on('stream', (stream: ServerHttp2Stream) => {
          stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
          stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': 0 }))
          stream.end(Buffer.from([0, 0, 0, 0, 3, 0x12, 0x7f, 1]))
        }) as unknown as Server,
      'WrongServerError',
    ],
    'greets in words of its own': [() => createServer(socket => void socket.write('220 mail\r\n')), 'WrongServerError'],
    'says nothing': [() => createServer(() => {}), 'StoreUnavailableError'],
    'hangs up': [() => createServer(socket => socket.destroy()), 'StoreUnavailableError'],
  }
  for (const [what, [make, name]] of Object.entries(servers))
    test(what, async () => {
      const server = make()
      const sockets = new Set<{ destroy(): void }>()
      server.on('connection', socket => void sockets.add(socket.on('error', () => {})))
      const address = await listening(server)
      await assert.rejects(open(`etcd://${address}`, { timeoutMs: 200 }), { name })
      for (const socket of sockets) socket.destroy()
      server.close()
    })

  test('nobody listens, or the address is none', async () => {
    const server = createServer()
    const address = await listening(server)
    await new Promise(resolve => server.close(resolve))
    await assert.rejects(open(`etcd://${address}`, { timeoutMs: 100 }), {
      name: 'StoreUnavailableError',
      message: /ECONNREFUSED/,
    })
    for (const url of [
      'etcd:',
      'etcd://',
      'etcd://a:b:c',
      'etcd://a,',
      'etcd://a:0',
      'etcd://a:99999',
      'etcd://a/%zz',
      'etcd://a?x=1',
      'etcd://u:secret@a:0',
    ])
      await assert.rejects(
        open(url),
        (error: Error) => error.name === 'ArgumentError' && !error.message.includes('secret'),
      )
    for (const options of [
      { timeoutMs: 0 },
      { timeoutMs: Number.NaN },
      { silenceMs: -1 },
      { password: 'x' },
      { user: 5 as never },
      { tls: 5 as never },
      { tls: { cert: 'x' } },
    ])
      await assert.rejects(open('etcd://localhost:1', options), { name: 'ArgumentError' }, JSON.stringify(options))
  })
})
