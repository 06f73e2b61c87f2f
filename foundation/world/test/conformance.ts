// What every world does, whether real or simulated. Each case has two nodes, a and b, and ends when its promise does.
import assert from 'node:assert/strict'
import { ArgumentError } from '@skein/base'
import {
  type Connection,
  type ConnectionHandlers,
  every,
  sleep,
  type World,
  WorldError,
  type WorldErrorKind,
} from '../src/index.ts'
import { bytes, text } from './text.ts'

export interface Place {
  readonly a: World
  readonly b: World
  /** Addresses of the two hosts, with the port left to be added. */
  readonly hostA: string
  readonly hostB: string
  /** The real world's tests may take longer. */
  readonly isReal: boolean
}

/** A promise and what settles it. */
const eventual = <T = void>() => Promise.withResolvers<T>()

/** Everything that an end of a connection is told, and promises of it. */
const ear = () => {
  const opened = eventual()
  const closed = eventual<WorldError | undefined>()
  const heard = { text: '', bytes: 0, opened: opened.promise, closed: closed.promise }
  const handlers: ConnectionHandlers = {
    opened: () => opened.resolve(),
    data: piece => {
      heard.text += text(piece)
      heard.bytes += piece.length
    },
    closed: error => closed.resolve(error),
  }
  return { heard, handlers }
}

const isKind = (error: WorldError | undefined, kind: WorldErrorKind): void => {
  assert.ok(error instanceof WorldError, String(error))
  assert.equal(error.kind, kind)
}

/** Listens on b at any port; each connection is answered by `answer`. */
const serve = async (
  place: Place,
  answer: (connection: Connection) => ConnectionHandlers,
): Promise<{ address: string; close(): void }> => {
  const ready = eventual<string>()
  const listener = place.b.network.listen(`${place.hostB}:0`, {
    connected: answer,
    listening: ready.resolve,
    failed: ready.reject,
  })
  const address = await ready.promise
  return { address, close: () => listener.close() }
}

export const cases: Record<string, (place: Place) => Promise<void>> = {
  'clock: timers fire in order, not early, and not when cancelled': async ({ a: { clock } }) => {
    const fired: number[] = []
    const begun = clock.monotonicMs()
    const done = eventual()
    for (const delay of [30, 10, 20]) clock.after(delay, () => fired.push(delay))
    clock.after(15, () => fired.push(15)).cancel()
    clock.after(60, () => done.resolve())
    assert.deepEqual(fired, [])
    await done.promise
    assert.deepEqual(fired, [10, 20, 30])
    assert.ok(clock.monotonicMs() - begun >= 60)
    assert.ok(Math.abs(clock.wallMs() - 1.7e12) < 5e11)
  },

  'clock: sleep ends by time or signal, every repeats until cancelled': async ({ a: { clock } }) => {
    await sleep(clock, 5)
    const reason = new Error('enough')
    await assert.rejects(sleep(clock, 1e6, { signal: AbortSignal.abort(reason) }), reason)
    const stop = new AbortController()
    clock.after(5, () => stop.abort(reason))
    await assert.rejects(sleep(clock, 1e6, { signal: stop.signal }), reason)
    let times = 0
    const enough = eventual()
    const timer = every(clock, 5, () => {
      if (++times === 3) {
        timer.cancel()
        enough.resolve()
      }
    })
    await enough.promise
    await sleep(clock, 30)
    assert.equal(times, 3)
  },

  'chance: uniform on [0, 1), whole numbers in their range, bytes': async ({ a: { chance } }) => {
    let sum = 0
    for (let i = 0; i < 1000; i++) {
      const u = chance.uniform()
      assert.ok(u >= 0 && u < 1)
      sum += u
    }
    assert.ok(Math.abs(sum / 1000 - 0.5) < 0.06)
    const seen = new Set(Array.from({ length: 200 }, () => chance.integer(3, 6)))
    assert.deepEqual([...seen].sort(), [3, 4, 5])
    assert.equal(chance.bytes(100_000).length, 100_000)
    assert.notDeepEqual(chance.bytes(16), chance.bytes(16))
  },

  'streams: what is sent at once arrives in order, both ways, and both ends close': async place => {
    const served = ear()
    const server = await serve(place, connection => ({
      ...served.handlers,
      data: piece => {
        served.handlers.data(piece)
        if (served.heard.text === 'hello, world') {
          connection.send(bytes('and '))
          connection.send(bytes('goodbye'))
          connection.close()
        }
      },
    }))
    const { heard, handlers } = ear()
    const connection = place.a.network.connect(server.address, handlers)
    connection.send(bytes('hello, '))
    connection.send(bytes('world'))
    await heard.opened
    assert.equal(await heard.closed, undefined)
    assert.equal(heard.text, 'and goodbye')
    assert.equal(await served.heard.closed, undefined)
    assert.equal(served.heard.text, 'hello, world')
    assert.equal(connection.send(bytes('too late')), false)
    server.close()
  },

  'streams: one that is not read fills up, and goes on when it is read': async place => {
    const { heard, handlers } = ear()
    let other: Connection | undefined
    const connected = eventual()
    const server = await serve(place, connection => {
      other = connection
      connection.pause()
      connected.resolve()
      return handlers
    })
    const drained = eventual()
    const piece = new Uint8Array(100_000)
    const connection = place.a.network.connect(server.address, { ...ear().handlers, drained: () => drained.resolve() })
    await connected.promise
    let sent = 0
    // Systems buffer much, but not without end.
    while (connection.send(piece) && sent < 1e9) sent += piece.length
    sent += piece.length
    await sleep(place.a.clock, 50)
    other!.resume()
    await drained.promise
    connection.close()
    assert.equal(await heard.closed, undefined)
    assert.equal(heard.bytes, sent)
    server.close()
  },

  'streams: one that is broken off says so at the other end': async place => {
    const { heard, handlers } = ear()
    const server = await serve(place, connection => {
      place.b.clock.after(5, () => connection.abort())
      return ear().handlers
    })
    place.a.network.connect(server.address, handlers)
    isKind(await heard.closed, 'reset')
    server.close()
  },

  'streams: where nobody listens they are refused; an address is taken once; a name must be known': async place => {
    const server = await serve(place, () => ear().handlers)
    const second = eventual<WorldError>()
    place.b.network.listen(server.address, { connected: () => ear().handlers, failed: second.resolve })
    isKind(await second.promise, 'address in use')
    server.close()
    await sleep(place.a.clock, 20)
    const refused = ear()
    place.a.network.connect(server.address, refused.handlers)
    isKind(await refused.heard.closed, 'refused')
    const lost = ear()
    place.a.network.connect('no-such-host.invalid:1', lost.handlers)
    isKind(await lost.heard.closed, 'no such host')
    for (const wrong of ['nonsense', 'a:65536', ':1', 'a:-1', 'unix:', 7 as never]) {
      assert.throws(() => place.a.network.connect(wrong, lost.handlers), ArgumentError)
      assert.throws(() => place.a.network.listen(wrong, { connected: () => lost.handlers }), ArgumentError)
      assert.throws(() => place.a.network.mailbox(wrong, { received: () => {} }), ArgumentError)
    }
  },

  'mailboxes: messages arrive whole, with the sender’s address, and are answered': async place => {
    const ready = [eventual<string>(), eventual<string>()]
    const done = eventual()
    const answers: number[] = []
    const long = new Uint8Array(300_000).fill(7)
    const b = place.b.network.mailbox(`${place.hostB}:0`, {
      received: (message, from) => b.send(from, message),
      ready: ready[1].resolve,
      failed: ready[1].reject,
    })
    const to = await ready[1].promise
    const a = place.a.network.mailbox(`${place.hostA}:0`, {
      received: (message, from) => {
        assert.equal(from, to)
        answers.push(message.length)
        assert.ok(message.every(byte => byte === 7))
        if (answers.length === 3) done.resolve()
      },
      ready: ready[0].resolve,
      failed: ready[0].reject,
    })
    await ready[0].promise
    // Nobody is there: nothing happens.
    a.send(`${place.hostB}:9`, long)
    for (const length of [0, 1, long.length]) a.send(to, long.subarray(0, length))
    await done.promise
    assert.deepEqual(
      answers.sort((x, y) => x - y),
      [0, 1, long.length],
    )
    a.close()
    b.close()
    a.send(to, long)
  },

  'storage: files are written, read, cut, renamed and removed': async ({ a: { storage } }) => {
    const file = storage.open('log')
    assert.equal(file.sizeBytes, 0)
    file.write(0, bytes('hello'))
    file.write(8, bytes('world'))
    assert.equal(file.sizeBytes, 13)
    assert.equal(text(file.read(0, 100)), 'hello\0\0\0world')
    assert.equal(file.read(13, 5).length, 0)
    assert.equal(file.read(100, 5).length, 0)
    file.truncate(3)
    assert.equal(text(file.read(0, 100)), 'hel')
    file.truncate(5)
    assert.deepEqual([...file.read(0, 9)], [104, 101, 108, 0, 0])
    const synced = eventual()
    file.sync(error => (error ? synced.reject(error) : synced.resolve()))
    await synced.promise
    storage.rename('log', 'old')
    assert.deepEqual(storage.list(), ['old'])
    const folder = eventual()
    storage.sync(error => (error ? folder.reject(error) : folder.resolve()))
    await folder.promise
    // An open file is the file, whatever its name.
    file.write(0, bytes('H'))
    assert.equal(text(storage.open('old').read(0, 3)), 'Hel')
    file.close()
    assert.throws(
      () => file.read(0, 1),
      (error: WorldError) => error.kind === 'closed',
    )
    for (const call of [() => storage.rename('none', 'x'), () => storage.remove('none')])
      assert.throws(call, (error: WorldError) => error instanceof WorldError && error.kind === 'no such file')
    storage.remove('old')
    assert.deepEqual(storage.list(), [])
  },

  'clock: delays below 0 are at once, without end never, and none are refused': async ({ a: { clock } }) => {
    const done = eventual()
    clock.after(Number.POSITIVE_INFINITY, () => done.reject(new Error('never is now'))).cancel()
    clock.after(Number.POSITIVE_INFINITY, () => done.reject(new Error('never is now')))
    for (const none of [Number.NaN, '5' as never, undefined as never])
      assert.throws(() => clock.after(none, () => {}), ArgumentError)
    clock.after(-5, () => done.resolve())
    await done.promise
  },

  'storage: what is no name, place or size is refused; what is closed stays closed': async ({ a: { storage } }) => {
    const file = storage.open('one')
    file.write(0, bytes('abc'))
    for (const none of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '0' as never])
      for (const call of [
        () => file.read(none, 1),
        () => file.read(0, none),
        () => file.write(none, bytes('x')),
        () => file.truncate(none),
      ])
        assert.throws(call, ArgumentError)
    for (const name of ['', '.', '..', '../one', 'a/b', 'a\0b', 5 as never])
      for (const call of [
        () => storage.open(name),
        () => storage.remove(name),
        () => storage.rename('one', name),
        () => storage.rename(name, 'one'),
      ])
        assert.throws(call, ArgumentError)
    // Nothing is written beyond the end.
    file.write(100, new Uint8Array(0))
    assert.equal(file.sizeBytes, 3)
    assert.equal(file.read(0, 2 ** 40).length, 3)
    // Onto itself, and onto one that is open and stays what it was.
    storage.rename('one', 'one')
    const other = storage.open('other')
    other.write(0, bytes('other'))
    storage.rename('one', 'other')
    assert.deepEqual(storage.list(), ['other'])
    assert.equal(text(other.read(0, 9)), 'other')
    assert.equal(text(storage.open('other').read(0, 9)), 'abc')
    file.close()
    // Its number may be that of the next one.
    const next = storage.open('next')
    next.write(0, bytes('next'))
    file.close()
    const closed = (error: WorldError): boolean => error instanceof WorldError && error.kind === 'closed'
    assert.throws(() => file.sizeBytes, closed)
    assert.throws(() => file.read(0, 1), closed)
    assert.throws(() => file.write(0, bytes('x')), closed)
    assert.throws(() => file.truncate(0), closed)
    assert.throws(() => file.sync(() => {}), closed)
    assert.equal(text(next.read(0, 9)), 'next')
    next.close()
    other.close()
  },
}
