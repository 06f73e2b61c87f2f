// gRPC to one endpoint, over HTTP/2 (github.com/grpc/grpc, `doc/PROTOCOL-HTTP2.md`): a call is a stream; a message five bytes of head and itself; how it ended stands in the trailers. Where calls go, and what is
// done when they fail, is `endpoints.ts`.
import type { ClientHttp2Session, ClientHttp2Stream, SecureClientSessionOptions } from 'node:http2'
import { nodeModule } from '@skein/base'
import type { Clock, Timer } from '@skein/world'
import { Code, RpcFailure } from './failures.ts'

export interface ConnectionOptions {
  readonly clock: Clock
  readonly tls: SecureClientSessionOptions | undefined
  /** How long the other side may be silent while something is asked of it, before it is asked for a sign of life; and how long that may take. */
  readonly silenceMs: number
}

export interface StreamHandlers {
  message(bytes: Uint8Array): void
  /** Whether no message is to come any more. */
  isComplete?(): boolean
  /** The last that is called; undefined: as it should. */
  ended(failure: RpcFailure | undefined): void
}

/** Larger ones are none: whatever listens there is no etcd. */
const largestBytes = 2 ** 30
const windowBytes = 2 ** 24
const headBytes = 5
/** How often a connection that is in use is looked at. */
const lookMs = 50

/** A message with its head, which is made room for. */
export const framed = (bytes: Uint8Array): Uint8Array => {
  // 0: it is not compressed.
  bytes[0] = 0
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(1, bytes.length - headBytes)
  return bytes
}

export class Connection {
  readonly endpoint: string
  private readonly session: ClientHttp2Session
  private readonly clock: Clock
  private readonly silenceMs: number
  private readonly headers = new Map<string, Record<string, string>>()
  private token: string | undefined
  private active = 0
  private readonly limits = new Map<RpcStream, { dueMs: number; limitMs: number }>()
  /** While it is in use. */
  private look: Timer | undefined
  private lookAtMs = Number.POSITIVE_INFINITY
  private hasHeard = false
  private quietSinceMs = 0
  /** When it was asked for a sign of life that has not come. */
  private askedAtMs: number | undefined
  /** Why it is of no use any more. */
  private broken: Error | undefined
  /** Streams after it were never looked at by the other side. */
  private lastStream = Number.POSITIVE_INFINITY

  private constructor(endpoint: string, session: ClientHttp2Session, { clock, silenceMs }: ConnectionOptions) {
    this.endpoint = endpoint
    this.session = session
    this.clock = clock
    this.silenceMs = silenceMs
    session.on('error', error => this.break(error))
    session.on('close', () => this.break(new Error('it was closed by the other side')))
    session.on('goaway', (code, lastStream) => {
      this.lastStream = lastStream
      this.broken ??= new Error(`the other side is leaving (${code})`)
    })
  }

  /** Resolves when the other side has said that it speaks HTTP/2. Rejects with RpcFailure. */
  static connect(endpoint: string, options: ConnectionOptions, limitMs: number): Promise<Connection> {
    const { clock, tls } = options
    const http2 = nodeModule<typeof import('node:http2')>('node:http2')!
    return new Promise((resolve, reject) => {
      const session = http2.connect(`${tls ? 'https' : 'http'}://${endpoint}`, {
        ...tls,
        // Else 100 at a time, until the other side says otherwise, which it may not.
        peerMaxConcurrentStreams: 2 ** 31 - 1,
        maxSessionMemory: 1024,
        settings: { initialWindowSize: windowBytes, enablePush: false },
      })
      const connection = new Connection(endpoint, session, options)
      const settle = (failure?: RpcFailure): void => {
        timer.cancel()
        session.off('error', fail)
        session.off('close', close)
        if (failure === undefined) resolve(connection)
        else {
          session.destroy()
          reject(failure)
        }
      }
      const fail = (error: Error): void => {
        const isOther = (error as { code?: string }).code?.startsWith('ERR_HTTP2') ?? false
        const failure = isOther
          ? new RpcFailure(Code.unimplemented, `it does not speak HTTP/2 (${error.message})`, true, error)
          : new RpcFailure(Code.unavailable, error.message, false, error)
        settle(failure)
      }
      const close = (): void => settle(new RpcFailure(Code.unavailable, 'it closed the connection at once', false))
      const timer = clock.after(limitMs, () =>
        settle(new RpcFailure(Code.unavailable, `it did not answer within ${Math.round(limitMs)} ms`, false)),
      )
      session.once('error', fail)
      session.once('close', close)
      session.once('remoteSettings', () => {
        session.setLocalWindowSize(windowBytes)
        session.unref()
        settle()
      })
    })
  }

  get isUsable(): boolean {
    return this.broken === undefined && !this.session.closed && !this.session.destroyed
  }

  /** One question, one answer. Rejects with RpcFailure. */
  unary(path: string, message: Uint8Array, token: string | undefined, limitMs: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      let answer: Uint8Array | undefined
      const stream = this.open(path, token, {
        message: bytes => (answer = bytes),
        isComplete: () => answer !== undefined,
        ended: failure => {
          this.limits.delete(stream)
          if (failure) reject(failure)
          else if (answer) resolve(answer)
          else reject(new RpcFailure(Code.internal, 'it ended the call without an answer', true))
        },
      })
      const dueMs = this.clock.monotonicMs() + limitMs
      this.limits.set(stream, { dueMs, limitMs })
      if (dueMs < this.lookAtMs) this.lookAt(dueMs)
      stream.send(message, true)
    })
  }

  /** A call whose answers come as they come. Nothing is told after it was failed, but for its end. */
  open(path: string, token: string | undefined, handlers: StreamHandlers): RpcStream {
    if (!this.isUsable) return refused(this.broken, handlers)
    const stream = this.session.request(this.headersOf(path, token))
    this.begun()
    return new RpcStream(stream, this, handlers)
  }

  /** Of its streams: whether the other side has surely not looked at it. */
  wasPassedOver(stream: ClientHttp2Stream): boolean {
    return stream.id === undefined || stream.id > this.lastStream || stream.rstCode === refusedStream
  }

  heard(): void {
    this.hasHeard = true
  }

  ended(): void {
    this.active--
  }

  close(): void {
    this.break(new Error('it was closed'))
  }

  private headersOf(path: string, token: string | undefined): Record<string, string> {
    if (token !== this.token) this.headers.clear()
    this.token = token
    let headers = this.headers.get(path)
    if (headers === undefined) {
      headers = {
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        // etcd then refuses to do what it cannot for want of a leader, instead of trying for as long as it likes.
        hasleader: 'true',
        ...(token !== undefined && { token }),
      }
      this.headers.set(path, headers)
    }
    return headers
  }

  private begun(): void {
    this.active++
    if (this.look !== undefined) return
    this.session.ref()
    this.quietSinceMs = this.clock.monotonicMs()
    this.lookAt(this.quietSinceMs + lookMs)
  }

  private lookAt(dueMs: number): void {
    this.look?.cancel()
    this.lookAtMs = dueMs
    const run = (): void => this.looks()
    this.look = this.clock.after(Math.max(0, dueMs - this.clock.monotonicMs()), run, { background: true })
  }

  /** Now and then, since a timer for each call would cost more than the rest of it: whose time is over, whether the other side lives, and whether the program may end. */
  private looks(): void {
    const nowMs = this.clock.monotonicMs()
    let nextMs = nowMs + lookMs
    for (const [stream, { dueMs, limitMs }] of [...this.limits])
      if (dueMs > nowMs) nextMs = Math.min(nextMs, dueMs)
      else stream.fail(new RpcFailure(Code.deadline, `it did not answer within ${Math.round(limitMs)} ms`, true))
    if (this.broken) return
    if (this.active === 0) {
      this.look = undefined
      this.lookAtMs = Number.POSITIVE_INFINITY
      this.session.unref()
      return
    }
    if (this.hasHeard) {
      this.hasHeard = false
      this.quietSinceMs = nowMs
    }
    // From when it was asked: this side may have been paused before.
    if (this.askedAtMs !== undefined) {
      if (nowMs - this.askedAtMs >= this.silenceMs) return this.break(new Error('it is silent'))
    } else if (nowMs - this.quietSinceMs >= this.silenceMs) {
      this.askedAtMs = nowMs
      this.session.ping(error => {
        this.askedAtMs = undefined
        this.hasHeard ||= !error
      })
    }
    this.lookAt(nextMs)
  }

  private break(error: Error): void {
    this.broken ??= error
    this.look?.cancel()
    if (!this.session.destroyed) this.session.destroy()
  }

  get reason(): string {
    return this.broken?.message ?? 'the connection broke'
  }
}

const refusedStream = 7

const refused = (broken: Error | undefined, handlers: StreamHandlers): RpcStream => {
  queueMicrotask(() => handlers.ended(new RpcFailure(Code.unavailable, broken?.message ?? 'it is closed', false)))
  return { send: () => {}, fail: () => {} } as unknown as RpcStream
}

export class RpcStream {
  private readonly stream: ClientHttp2Stream
  private readonly connection: Connection
  private readonly handlers: StreamHandlers
  /** Of a message that is not all there yet. */
  private parts: Uint8Array[] = []
  private partsBytes = 0
  private neededBytes = headBytes
  private outcome: { failure: RpcFailure | undefined } | undefined
  private hasEnded = false

  constructor(stream: ClientHttp2Stream, connection: Connection, handlers: StreamHandlers) {
    this.stream = stream
    this.connection = connection
    this.handlers = handlers
    stream.on('response', headers => this.responded(headers))
    stream.on('trailers', trailers => this.judge(trailers))
    stream.on('data', (bytes: Uint8Array) => this.received(bytes))
    stream.on('error', error => this.broke(error))
    stream.on('close', () => this.broke(undefined))
  }

  /** The message is framed already. */
  send(message: Uint8Array, isLast: boolean): void {
    if (isLast) this.stream.end(message)
    else this.stream.write(message)
  }

  /** Nobody waits for it any more. */
  fail(failure: RpcFailure | undefined): void {
    this.end(failure)
    this.stream.close(cancel)
  }

  private responded(headers: Record<string, unknown>): void {
    const type = String(headers['content-type'] ?? '')
    if (type.startsWith('application/grpc')) {
      if (headers['grpc-status'] !== undefined) this.judge(headers)
      return
    }
    const found = `it answers with HTTP status ${headers[':status']} and ${type || 'no content'}, which is not gRPC`
    this.fail(new RpcFailure(Code.unimplemented, found, true))
  }

  private judge(trailers: Record<string, unknown>): void {
    const code = Number(trailers['grpc-status'] ?? Code.unknown)
    if (code === 0) {
      this.outcome = { failure: undefined }
      // All has come: the stream need not be waited for.
      if (this.handlers.isComplete?.()) this.end(undefined)
    } else {
      const message = decoded(String(trailers['grpc-message'] ?? `status ${code}`))
      this.outcome = { failure: new RpcFailure(code, message, true) }
    }
  }

  /** Messages may come in parts, and several at once. */
  private received(bytes: Uint8Array): void {
    this.connection.heard()
    this.parts.push(bytes)
    this.partsBytes += bytes.length
    if (this.partsBytes < this.neededBytes) return
    const all = this.parts.length === 1 ? bytes : Buffer.concat(this.parts)
    let at = 0
    this.neededBytes = headBytes
    while (all.length - at >= headBytes && !this.hasEnded) {
      const length = new DataView(all.buffer, all.byteOffset + at).getUint32(1)
      if (all[at] !== 0 || length > largestBytes) {
        this.fail(new RpcFailure(Code.unimplemented, 'its messages are not those of etcd', true))
        return
      }
      const end = at + headBytes + length
      if (end > all.length) {
        this.neededBytes = headBytes + length
        break
      }
      this.handlers.message(all.subarray(at + headBytes, end))
      at = end
    }
    this.parts = at < all.length ? [all.subarray(at)] : []
    this.partsBytes = all.length - at
  }

  private broke(error: Error | undefined): void {
    if (this.outcome) return this.end(this.outcome.failure)
    const wasSent = !this.connection.wasPassedOver(this.stream)
    const message = this.connection.isUsable ? (error?.message ?? 'it ended the call') : this.connection.reason
    this.end(new RpcFailure(Code.unavailable, message, wasSent, error))
  }

  private end(failure: RpcFailure | undefined): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.connection.ended()
    this.handlers.ended(failure)
  }
}

const cancel = 8

/** As gRPC writes it: percent signs and two digits for what is not plain. */
const decoded = (message: string): string => {
  try {
    return decodeURIComponent(message)
  } catch {
    return message
  }
}
