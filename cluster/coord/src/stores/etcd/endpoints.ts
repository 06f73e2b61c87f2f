// The nodes of an etcd, any of which does what is asked: calls stay with one until it fails, and then go to the next. What was not done is done there; what may have been done is asked again if that changes nothing,
// and else said to be unknown. Who asks shows a token, got for name and password, and gets another when it has run out.
import { type Chance, type Clock, sleep } from '@skein/world'
import {
  StoreAccessError,
  StoreClosedError,
  StoreUnavailableError,
  UnknownOutcomeError,
  WrongServerError,
} from '../../errors.ts'
import type { EtcdAddress } from './address.ts'
import { Connection, type ConnectionOptions, framed } from './connection.ts'
import { Code, isLeaderless, judge, RpcFailure } from './failures.ts'
import { type Call, calls } from './messages.ts'
import { type In, type Message, type Out, Reader, WireError, Writer } from './protobuf.ts'

export interface EndpointsOptions extends ConnectionOptions {
  readonly chance: Chance
  /** How long a call may take in all. */
  readonly timeoutMs: number
}

export interface Asked {
  /** What it is, for errors: `put a`. */
  readonly what: string
  /** Whether it may be done again when nobody knows whether it was done: it reads, or a second time changes nothing. */
  readonly isRepeatable: boolean
  /** Default: that of the options. */
  readonly timeoutMs?: number
  /** Waited for before it is asked; what is asked stands by then. */
  readonly after?: Promise<unknown>
}

const firstDelayMs = 20
const longestDelayMs = 500
/** Even where many are to be asked in a short time. */
const shortestAttemptMs = 100

interface Endpoint {
  readonly address: string
  connection: Promise<Connection> | undefined
  live: Connection | undefined
}

export class Endpoints {
  readonly url: string
  private readonly address: EtcdAddress
  readonly clock: Clock
  readonly chance: Chance
  private readonly options: EndpointsOptions
  private readonly endpoints: readonly Endpoint[]
  private current: number
  private token: Promise<string | undefined> | undefined
  private isClosed = false

  constructor(address: EtcdAddress, options: EndpointsOptions) {
    this.url = address.url
    this.address = address
    this.clock = options.clock
    this.chance = options.chance
    this.options = options
    this.endpoints = address.endpoints.map(address => ({ address, connection: undefined, live: undefined }))
    // So that many clients are not all one node's.
    this.current = options.chance.integer(0, this.endpoints.length)
  }

  /** Rejects with RpcFailure: etcd's answer; and with the errors of stores. */
  async call<Q extends Message<any>, R extends Message<any>>(
    call: Call<Q, R>,
    request: Q extends Message<infer F> ? In<F> : never,
    asked: Asked,
  ): Promise<R extends Message<infer F> ? Out<F> : never> {
    const writer = new Writer(5)
    call.request.write(writer, request)
    const message = framed(writer.finish())
    if (asked.after) await asked.after
    const answer = await this.attempts(call.path, message, asked)
    try {
      return call.response.read(new Reader(answer)) as any
    } catch (error) {
      if (error instanceof WireError) throw new WrongServerError(this.endpoints[this.current].address, error.message)
      throw error
    }
  }

  /** A connection to an endpoint for what goes on for long, with the token to show. Rejects with RpcFailure, StoreAccessError, StoreClosedError. */
  async connected(): Promise<{ connection: Connection; token: string | undefined }> {
    const endpoint = this.endpoints[this.current]
    const limitMs = this.options.timeoutMs / this.endpoints.length
    try {
      const connection = await this.connect(endpoint, limitMs)
      return { connection, token: await this.authenticated(connection, limitMs) }
    } catch (error) {
      if (error instanceof RpcFailure) this.leave(endpoint.address)
      throw error
    }
  }

  /** Calls go elsewhere from now on, if that is where they go. */
  leave(address: string): void {
    if (this.endpoints[this.current].address === address) this.current = (this.current + 1) % this.endpoints.length
  }

  /** The token is of no use any more. False: there is nothing to get another with. */
  forgetToken(): boolean {
    this.token = undefined
    return this.address.user !== undefined
  }

  close(): void {
    this.isClosed = true
    for (const { connection } of this.endpoints)
      connection?.then(
        connection => connection.close(),
        () => {},
      )
  }

  private async attempts(path: string, message: Uint8Array, asked: Asked): Promise<Uint8Array> {
    const { timeoutMs = this.options.timeoutMs, isRepeatable, what } = asked
    const deadlineMs = this.clock.monotonicMs() + timeoutMs
    const reasons = new Map<string, string>()
    let isLeaderlessHere = false
    let failures = 0
    let authentications = 0
    for (;;) {
      const endpoint = this.endpoints[this.current]
      const { address } = endpoint
      const leftMs = deadlineMs - this.clock.monotonicMs()
      try {
        // What can be asked again gives the others time, too.
        const limitMs = Math.min(leftMs, Math.max(shortestAttemptMs, timeoutMs / this.endpoints.length))
        const connection = endpoint.live?.isUsable ? endpoint.live : await this.connect(endpoint, limitMs)
        const token = this.address.user === undefined ? undefined : await this.authenticated(connection, limitMs)
        return await connection.unary(path, message, token, isRepeatable ? limitMs : leftMs)
      } catch (error) {
        if (this.isClosed) throw new StoreClosedError(this.url)
        if (!(error instanceof RpcFailure)) throw error
        const verdict = judge(error, address, what)
        if (verdict === 'answer') throw error
        if (verdict === 'authenticate') {
          if (!this.forgetToken()) throw new StoreAccessError(address, what, 'no credentials', error)
          if (authentications++ > 1) throw new StoreAccessError(address, what, 'wrong credentials', error)
          continue
        }
        if (verdict instanceof Error && !(verdict instanceof WrongServerError && this.endpoints.length > 1))
          throw verdict
        reasons.set(address, error.message)
        isLeaderlessHere ||= isLeaderless(error)
        this.leave(address)
        if (verdict === 'unknown' && !isRepeatable) throw new UnknownOutcomeError(this.url, what, address, error)
        failures++
      }
      // Each is asked at once, and then again after a while.
      const round = Math.floor(failures / this.endpoints.length)
      const delayMs = failures % this.endpoints.length > 0 ? 0 : Math.min(longestDelayMs, firstDelayMs * 2 ** round)
      if (this.clock.monotonicMs() + delayMs >= deadlineMs)
        throw new StoreUnavailableError(this.url, what, timeoutMs, Object.fromEntries(reasons), isLeaderlessHere)
      if (delayMs > 0) await sleep(this.clock, delayMs * (0.5 + 0.5 * this.options.chance.uniform()))
      if (this.isClosed) throw new StoreClosedError(this.url)
    }
  }

  private async connect(endpoint: Endpoint, limitMs: number): Promise<Connection> {
    if (this.isClosed) throw new StoreClosedError(this.url)
    if (endpoint.connection !== undefined) {
      const connection = await endpoint.connection
      if (connection.isUsable) return connection
    }
    const connecting = Connection.connect(endpoint.address, this.options, limitMs)
    endpoint.connection = connecting
    try {
      const connection = await connecting
      if (this.isClosed) connection.close()
      endpoint.live = connection
      return connection
    } catch (error) {
      if (endpoint.connection === connecting) endpoint.connection = undefined
      throw error
    }
  }

  /** Rejects with RpcFailure, StoreAccessError. */
  private authenticated(connection: Connection, limitMs: number): Promise<string | undefined> {
    if (this.address.user === undefined) return Promise.resolve(undefined)
    if (this.token !== undefined) return this.token
    const token = this.authenticate(connection, limitMs)
    this.token = token
    token.catch(() => {
      if (this.token === token) this.token = undefined
    })
    return token
  }

  private async authenticate(connection: Connection, limitMs: number): Promise<string | undefined> {
    const { path, request, response } = calls.authenticate
    const writer = new Writer(5)
    request.write(writer, { name: this.address.user, password: this.address.password ?? '' })
    try {
      const answer = await connection.unary(path, framed(writer.finish()), undefined, limitMs)
      return response.read(new Reader(answer)).token
    } catch (error) {
      if (!(error instanceof RpcFailure)) throw error
      // etcd asks nobody who they are.
      if (error.message === 'etcdserver: authentication is not enabled') return undefined
      const verdict = judge(error, connection.endpoint, 'authenticate')
      if (verdict instanceof Error) throw verdict
      // A token that was made and did not come is none: it can be asked for anew.
      throw new RpcFailure(Code.unavailable, error.message, false, error)
    }
  }
}
