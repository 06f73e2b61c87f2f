// Where connections come in, and what peers may say there; wires by hand.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Clock } from '@skein/world'
import { limitsOf, Session } from '../src/index.ts'
import { Reception, resumeOf } from '../src/reception.ts'
import type { Wire, WireHandlers } from '../src/wire.ts'

/** Time passes when it is told to. */
class ByHand implements Clock {
  nowMs = 0
  private readonly due: { atMs: number; run: () => void; isOver: boolean }[] = []

  wallMs = () => this.nowMs
  monotonicMs = () => this.nowMs

  after(delayMs: number, run: () => void) {
    const timer = { atMs: this.nowMs + delayMs, run, isOver: false }
    this.due.push(timer)
    return { cancel: () => void (timer.isOver = true) }
  }

  pass(ms: number): void {
    this.nowMs += ms
    for (const timer of this.due)
      if (!timer.isOver && timer.atMs <= this.nowMs) {
        timer.isOver = true
        timer.run()
      }
  }
}

/** One end of a connection, as a server has it. */
class End implements Wire {
  readonly peer = 'a client'
  sent = ''
  how: 'open' | 'closed' | 'aborted' = 'open'
  handlers: WireHandlers | undefined

  send(bytes: Uint8Array): boolean {
    this.sent += new TextDecoder('latin1').decode(bytes)
    return true
  }
  close(): void {
    this.how = 'closed'
  }
  abort(): void {
    this.how = 'aborted'
  }
  say(text: string): this {
    for (const byte of new TextEncoder().encode(text)) this.handlers!.receive(Uint8Array.of(byte))
    return this
  }
}

const id = '0123456789abcdef0123456789abcdef'
const methods = (resume: unknown): string =>
  `${JSON.stringify({ method: 'methods', arguments: [{}], callbacks: {}, links: [], skein: { version: 1, features: ['pings'], resume } })}\n`
const resume = (...args: unknown[]): string => `${JSON.stringify({ method: 'resume', arguments: args })}\n`

const reception = (given?: Parameters<typeof resumeOf>[1]) => {
  const clock = new ByHand()
  const sessions: Session[] = []
  const faults: Error[] = []
  const options = {
    limits: limitsOf('test'),
    clock,
    soon: (run: () => void) => run(),
    onFault: (e: Error) => faults.push(e),
  }
  const at = new Reception(
    clock,
    resumeOf('test', given),
    wire => {
      const session = new Session(wire, { hello: () => 1 }, options)
      sessions.push(session)
      return session
    },
    options.onFault,
  )
  const connect = (): End => {
    const end = new End()
    end.handlers = at.accept(end)
    return end
  }
  return { at, clock, sessions, faults, connect }
}

describe('a connection', () => {
  test('goes on with a session whose last one broke', () => {
    const { connect, sessions, at, clock } = reception()
    const first = connect().say(methods(id))
    assert.match(first.sent, /"method":"methods".*"resume":30000/)
    first.handlers!.end(new Error('gone'))
    assert.equal(at.waiting, 1)
    assert.equal(sessions[0].lost, undefined)
    clock.pass(20_000)
    const second = connect().say(resume(id, 1, first.sent.length - 5))
    assert.equal(second.sent, `{"method":"resumed","arguments":[${methods(id).length}]}\n${first.sent.slice(-5)}`)
    assert.deepEqual([sessions.length, at.waiting], [1, 0])
    clock.pass(40_000)
    assert.equal(sessions[0].lost, undefined)
    sessions[0].close()
    assert.equal(second.how, 'closed')
    assert.deepEqual([...new TextEncoder().encode(second.sent.slice(-6))], [0, 1, 0, 0, 0, 14], 'bye')
  })

  test('takes the place of one that is not known to be broken', () => {
    const { connect, sessions } = reception()
    const first = connect().say(methods(id))
    const second = connect().say(resume(id, 1, first.sent.length))
    assert.equal(first.how, 'aborted')
    // What still comes over the old one has been said over the new one as well.
    first.say('nonsense\n').handlers!.end()
    assert.equal(sessions[0].lost, undefined)
    assert.equal(second.how, 'open')
  })

  test('that comes too late is a new one', () => {
    for (const [most, laterMs] of [
      [1000, 30_001],
      [0, 0],
    ]) {
      const { connect, sessions, clock, at } = reception({ most })
      connect().say(methods(id)).handlers!.end()
      clock.pass(laterMs)
      assert.ok(sessions[0].lost)
      const second = connect().say(resume(id, 1, 0))
      assert.match(second.sent, /^\{"method":"methods"/)
      assert.deepEqual([sessions.length, at.waiting], [2, 0])
    }
  })

  test('that was given up, and arrives late, changes nothing', () => {
    const { connect, sessions } = reception()
    const first = connect().say(methods(id))
    const [late, last] = [connect(), connect()]
    last.say(resume(id, 2, first.sent.length))
    late.say(resume(id, 1, first.sent.length))
    assert.deepEqual([late.how, last.how, sessions[0].lost], ['aborted', 'open', undefined])
  })

  test('that says nonsense is ended, and the session stays', () => {
    for (const wrong of [
      resume(id, 1, 1e9),
      resume(id, 1, -1),
      resume(id, 1, 0.5),
      resume(id, 1),
      resume(id, 0, 0),
      resume(id, 'x', 0),
      resume(id, 1, 0, 'x'.repeat(300)),
      '{"method":"resume",}\n',
      '{"method":"resume","arguments":5}\n',
      `{"method":"resume",${' '.repeat(300)}`,
    ]) {
      const { connect, sessions, faults } = reception()
      const first = connect().say(methods(id))
      assert.equal(connect().say(wrong).how, 'aborted', wrong)
      assert.deepEqual(
        faults.map(({ name }) => name),
        ['MalformedMessageError'],
        wrong,
      )
      assert.deepEqual([first.how, sessions[0].lost], ['open', undefined], wrong)
    }
  })

  test('may not take the number of another', () => {
    const { connect, sessions, faults } = reception()
    connect().say(methods(id))
    const second = connect().say(methods(id))
    assert.equal(second.how, 'aborted')
    assert.ok(sessions[1].lost && !sessions[0].lost)
    connect().say(methods('1'))
    assert.deepEqual(
      faults.map(({ name }) => name),
      ['MalformedMessageError', 'MalformedMessageError'],
    )
  })

  test('of one that does not come back ends with it', () => {
    const { connect, sessions, at } = reception()
    for (const theirs of [undefined, null, 30_000]) {
      connect().say(methods(theirs)).handlers!.end()
      assert.ok(sessions.at(-1)!.lost)
      assert.equal(at.waiting, 0)
    }
  })

  test('that says nothing is ended in the end', () => {
    const { connect, clock, at } = reception()
    const silent = connect().say('{"me')
    clock.pass(60_000)
    assert.equal(silent.how, 'aborted')
    const other = connect()
    at.close()
    assert.equal(other.how, 'aborted')
  })
})

test('a peer that acknowledges what was not sent is told off', () => {
  const { connect, sessions, faults } = reception()
  // received: a frame of kind 13 and v 127.
  connect()
    .say(methods(id))
    .handlers!.receive(Uint8Array.of(0, 3, 0, 0, 0, 13, 0xff, 0x7f))
  assert.ok(sessions[0].lost)
  assert.equal(faults[0].name, 'MalformedMessageError')
})
