// What a hostile peer may send: messages of a real conversation, changed by chance. Whatever comes, a session goes on or ends with an error that has a name.
import assert from 'node:assert/strict'
import { Random, SkeinError } from '@skein/base'
import { callContext } from '../../src/context.ts'
import { headerBytes } from '../../src/frames/format.ts'
import { ByHand, converse } from '../by-hand.ts'

/** Functions that were reached and must not be. */
const reached: string[] = []

class Base {
  inherited() {
    return 'by its class'
  }
  _hidden() {
    reached.push('_hidden')
  }
}

class Api extends Base {
  echo(...given: unknown[]) {
    return given
  }
  async later(given: unknown) {
    return { given, data: { list: [1, { deep: 'text' }] }, method: () => 7 }
  }
  fail() {
    throw Object.assign(new RangeError('no'), { detail: [1, { two: 2n }] })
  }
  async call(fn: any, ...given: unknown[]) {
    return typeof fn === 'function' ? await fn(...given) : fn
  }
  *count(n: unknown) {
    for (let i = 0; i < Math.min(Number(n) || 0, 1000); i++) yield i
  }
  *forever() {
    for (let i = 0; ; i++) yield i
  }
  async sum(items: AsyncIterable<unknown>) {
    let sum = 0
    for await (const item of items) sum += Number(item)
    return sum
  }
  never() {
    const { signal } = callContext()
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  ignore() {}
}

const limits = { calls: 500, functions: 500, streams: 100, signals: 100, answers: 2000, messageBytes: 1 << 20 }
const sessionOptions = { limits: limits as never }

/** One conversation in which everything is said that can be. */
const record = async (): Promise<Uint8Array[]> => {
  const client = new ByHand({ answer: (x: unknown) => x })
  const server = new ByHand(new Api(), sessionOptions)
  await converse(client, server)
  // The greeting was said before it could be kept.
  const remote: any = await client.session.ready
  const controller = new AbortController()
  const user = remote.later({ a: [1, null, 'x'.repeat(100)], f: () => 1 })
  const ignored: unknown[] = [
    remote.echo(1, 'two', { three: [3n, new Date(3), /x/g, new Map([[1, new Set([2])]])] }, new Error('an argument')),
    remote.echo(new Uint8Array(70_000), new Float32Array(5)),
    user.data.list[1].deep,
    user.method(),
    remote.echo(user.data, Promise.resolve(5), Promise.reject(new Error('a promise'))),
    remote.fail(),
    remote.call((x: number) => x + 1, 4),
    remote.call(() => {
      throw new TypeError('back')
    }),
    remote.sum([1, 2, 3].values()),
    remote.sum(
      (async function* () {
        yield 1
        throw new Error('in a stream')
      })(),
    ),
    remote.never(controller.signal),
    remote.ignore({ nested: remote.fail().deep }),
  ]
  for (const answer of ignored) (answer as Promise<unknown>).then(undefined, () => {})
  const said = [await converse(client, server)]
  const stream = await settled(client, server, said, remote.forever())
  for (let i = 0; i < 40; i++) await settled(client, server, said, stream.next())
  await settled(client, server, said, stream.return())
  for await (const _ of { [Symbol.asyncIterator]: () => iterating(client, server, said, remote.count(5)) });
  controller.abort(new Error('enough'))
  said.push(await converse(client, server))
  return messagesOf(Buffer.concat(said))
}

async function* iterating(client: ByHand, server: ByHand, said: Uint8Array[], answer: Promise<any>) {
  const stream = await settled(client, server, said, answer)
  for (;;) {
    const { done, value } = await settled(client, server, said, stream.next() as Promise<any>)
    if (done) return
    yield value
  }
}

const settled = async (client: ByHand, server: ByHand, said: Uint8Array[], answer: Promise<any>): Promise<any> => {
  answer.then(undefined, () => {})
  said.push(await converse(client, server))
  return answer
}

/** Lines and frames, each by itself. */
const messagesOf = (bytes: Uint8Array): Uint8Array[] => {
  const messages: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const end =
      bytes[at] === 0
        ? at + headerBytes + new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 1, true)
        : bytes.indexOf(10, at) + 1
    messages.push(Uint8Array.from(bytes.subarray(at, end)))
    at = end
  }
  return messages
}

const greetingOf = (skein: object): Uint8Array =>
  new TextEncoder().encode(
    `${JSON.stringify({ method: 'methods', arguments: [{ answer: 0 }], callbacks: { 0: [0, 'answer'] }, links: [], skein: { version: 1, features: [], ...skein } })}\n`,
  )

export const greeting = greetingOf({})

/** Peers that take little, and such as say what makes no sense. */
const oddGreetings = [
  { limits: { messageBytes: 0 } },
  { limits: { messageBytes: 2000 } },
  { limits: { messageBytes: 'many' }, features: { length: 7 }, nonce: {} },
  { limits: null, features: [[], null], resume: { a: 1 } },
].map(greetingOf)

/** A body in a frame whose length is right. */
export const framed = (kind: number, body: Uint8Array): Uint8Array => {
  const frame = new Uint8Array(headerBytes + 1 + body.length)
  new DataView(frame.buffer).setUint32(1, body.length + 1, true)
  frame[headerBytes] = kind
  frame.set(body, headerBytes + 1)
  return frame
}

const odd = [0, 1, 2, 0x7f, 0x80, 0xff]

const changed = (random: Random, message: Uint8Array, others: readonly Uint8Array[]): Uint8Array => {
  const below = (n: number): number => random.integer(0, Math.max(1, n))
  const isFrame = message[0] === 0
  if (!isFrame) {
    const text = Buffer.from(message)
    text[below(text.length)] = 32 + below(95)
    return text
  }
  const kind = message[headerBytes]
  const body = message.slice(headerBytes + 1)
  switch (below(9)) {
    case 0:
      for (let i = below(4); i >= 0; i--) body[below(body.length)] ^= 1 << below(8)
      return framed(kind, body)
    case 1:
      for (let i = below(4); i >= 0; i--) body[below(Math.min(body.length, 24))] = odd[below(odd.length)]
      return framed(kind, body)
    case 2:
      return framed(kind, body.subarray(0, below(body.length)))
    case 3:
      return framed(below(13), body)
    case 4: {
      // A number without end where one begins.
      const at = below(Math.min(body.length, 6))
      const many = new Uint8Array(1 + below(10)).fill(0xff)
      return framed(kind, Buffer.concat([body.subarray(0, at), many, body.subarray(at)]))
    }
    case 5: {
      const other = others[below(others.length)].subarray(headerBytes + 1)
      return framed(kind, Buffer.concat([body.subarray(0, below(body.length)), other.subarray(below(other.length))]))
    }
    case 6:
      return Uint8Array.from({ length: below(40) }, () => below(256))
    case 7: {
      const raw = message.slice()
      raw[below(raw.length)] = below(256)
      return raw
    }
    default:
      return framed(
        below(12),
        Uint8Array.from({ length: below(60) }, () => (below(2) ? below(256) : odd[below(odd.length)])),
      )
  }
}

const prototypes = () => [Object, Function, Array, Promise, Error].map(({ prototype }) => Reflect.ownKeys(prototype))

let recorded: Promise<Uint8Array[]> | undefined

/** One peer that sends some hundred messages, many of them changed. Throws if the session does what it must not. */
export const trial = async (seed: number): Promise<'ended' | 'went on'> => {
  const messages = await (recorded ??= record())
  const random = new Random(seed)
  const before = prototypes()
  const server = new ByHand((remote: object) => Object.assign(new Api(), { remote }), sessionOptions)
  const { session } = server
  const said = random.uniform() < 0.3 ? oddGreetings[random.integer(0, oddGreetings.length)] : greeting
  session.receive(random.uniform() < 0.05 ? changed(random, said, messages) : said)
  const rate = [0.002, 0.02, 0.2][seed % 3]
  for (const message of messages) {
    if (session.lost) break
    // Left out, said twice, changed, or as it was.
    if (random.uniform() < rate / 10) continue
    const given = random.uniform() < rate ? changed(random, message, messages) : message
    const cut = random.integer(0, given.length + 1)
    for (const part of random.uniform() < 0.2 ? [given.subarray(0, cut), given.subarray(cut)] : [given])
      session.receive(part)
    if (random.uniform() < rate / 4) session.receive(given)
    if (random.uniform() < 0.9) await server.settle()
    server.sent.length = 0
  }
  await server.settle()
  const outcome = session.lost ? 'ended' : 'went on'
  if (session.lost) {
    const cause = session.lost.cause as Error
    if (process.env.TELL) console.log(cause.message.slice(0, 200))
    assert.ok(cause instanceof SkeinError, `seed ${seed}: ended by what has no name: ${cause?.stack}`)
    assert.deepEqual(server.faults.at(-1), cause)
  }
  session.close()
  await server.settle()
  const { asked, serving, kept, streams, exported, imported } = session.counts
  assert.deepEqual([asked, serving, kept, streams, exported, imported], [0, 0, 0, 0, 0, 0], `seed ${seed}`)
  assert.equal(server.timers.size, 0, `seed ${seed}: timers are left`)
  assert.deepEqual(reached, [], `seed ${seed}`)
  const after = prototypes()
  assert.deepEqual(after, before, `seed ${seed}: a prototype was changed`)
  return outcome
}
