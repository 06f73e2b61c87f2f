// TLS beneath sessions: who is trusted, and what is said when somebody is not, or when one side speaks TLS and the other does not. The certificates were made by `tls/make.sh`.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import tls from 'node:tls'
import {
  type ConnectionRequest,
  connect,
  type ListenOptions,
  listen,
  TlsError,
  WrongProtocolError,
} from '../src/index.ts'

const pem = (file: string): Buffer => readFileSync(new URL(`./tls/${file}`, import.meta.url))
const ca = pem('ca.pem')
const identity = (name: string) => ({ cert: pem(`${name}.pem`), key: pem(`${name}.key`) })
const trusting = { tls: { ca } }

const offer = { add: (a: number, b: number) => a + b, double: (x: Float64Array) => x.map(v => v * 2) }
type Api = typeof offer

for (const kind of ['tls:', 'wss://'])
  describe(kind, () => {
    const served = async (options: ListenOptions = {}) => {
      const faults: Error[] = []
      const asked = Promise.withResolvers<Error>()
      const onFault = (error: Error): void => {
        faults.push(error)
        asked.resolve(error)
      }
      const server = await listen(`${kind}127.0.0.1:0`, offer, { tls: identity('server'), onFault, ...options })
      return {
        server,
        faults,
        fault: asked.promise,
        address: server.address,
        [Symbol.asyncDispose]: () => server.close(),
      }
    }
    const fails = (address: string, options: object, problem: RegExp): Promise<void> =>
      assert.rejects(connect(address, options), (error: TlsError) => {
        assert.ok(error instanceof TlsError, String(error))
        assert.match(error.problem, problem)
        return true
      })

    test('who trusts the server may call it, by each of its names', async () => {
      await using served_ = await served()
      assert.match(served_.address, kind === 'tls:' ? /^tls:127\.0\.0\.1:\d+$/ : /^wss:\/\/127\.0\.0\.1:\d+\/$/)
      for (const address of [served_.address, served_.address.replace('127.0.0.1', 'localhost')]) {
        using connection = await connect<Api>(address, trusting)
        assert.equal(await connection.remote.add(1, 2), 3)
        const doubled = await connection.remote.double(new Float64Array(500_000).fill(1.5))
        assert.ok(doubled.every(x => x === 3))
      }
    })

    test('a certificate of nobody who is trusted, one that has expired, and one for another host', async () => {
      await using good = await served()
      await fails(good.address, {}, /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)$/)
      await fails(good.address, { tls: { ca, servername: 'other.example' } }, /^ERR_TLS_CERT_ALTNAME_INVALID$/)
      await using expired = await served({ tls: identity('expired') })
      await fails(expired.address, trusting, /^CERT_HAS_EXPIRED$/)
      await using stranger = await served({ tls: identity('stranger') })
      await fails(stranger.address, trusting, /^DEPTH_ZERO_SELF_SIGNED_CERT$/)
    })

    test('clients that must show a certificate', async () => {
      const seen: ConnectionRequest[] = []
      const options = {
        tls: { ...identity('server'), ca, requestCert: true },
        verify: (request: ConnectionRequest) => {
          seen.push(request)
          return request.certificate?.subject.CN === 'ada'
        },
      }
      await using strict = await served(options)
      using connection = await connect<Api>(strict.address, { tls: { ca, ...identity('client') } })
      assert.equal(await connection.remote.add(1, 2), 3)
      assert.deepEqual([seen.length, seen[0].isTrusted], [1, true])
      await fails(strict.address, trusting, /CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/)
      const fault = await strict.fault
      assert.ok(fault instanceof TlsError && /DID_NOT_RETURN_A_CERTIFICATE/.test(fault.problem), String(fault))
      await assert.rejects(connect(strict.address, { tls: { ca, ...identity('stranger') } }))
      assert.equal(seen.length, 1)
      // Trusted, and still not let in.
      await using picky = await served({ ...options, verify: () => false })
      const name = kind === 'tls:' ? 'WrongProtocolError' : 'RefusedError'
      await assert.rejects(connect(picky.address, { tls: { ca, ...identity('client') } }), { name })
      assert.equal(picky.server.sessions.size, 0)
    })

    test('one side speaks TLS, the other does not', async () => {
      await using good = await served()
      const plain = kind === 'tls:' ? '' : 'ws://'
      await assert.rejects(connect(good.address.replace(kind, plain)), (error: Error) => {
        assert.ok(error instanceof WrongProtocolError, String(error))
        assert.match(error.message, /speaks? TLS/)
        return true
      })
      assert.ok((await good.fault) instanceof WrongProtocolError, String(good.faults[0]))
      await using open = await listen(`${plain}127.0.0.1:0`, offer)
      const address = plain === '' ? `tls:${open.address}` : open.address.replace('ws:', 'wss:')
      await assert.rejects(connect(address, trusting), (error: Error) => {
        assert.ok(error instanceof WrongProtocolError, String(error))
        assert.match(error.message, /speaks no TLS/)
        return true
      })
    })

    test('versions that the two do not have in common', async () => {
      await using old = await served({ tls: { ...identity('server'), maxVersion: 'TLSv1.2' } })
      await fails(old.address, { tls: { ca, minVersion: 'TLSv1.3' } }, /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/)
    })
  })

test('an echo behind TLS', async (t: TestContext) => {
  const server = tls.createServer(identity('server'), socket => void socket.on('error', () => {}).pipe(socket))
  server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  await assert.rejects(connect(`tls:127.0.0.1:${(server.address() as AddressInfo).port}`, trusting), {
    name: 'WrongProtocolError',
    message: /an echo/,
  })
})
