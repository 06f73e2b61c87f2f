// Registrations at a hub, by calls that wait while there is no connection to it and are made again when it was lost: each does the same when it is done twice.
import { ArgumentError, CancelledError, TimeoutError } from '@skein/base'
import {
  ConnectionLostError,
  type ConnectOptions,
  type Remote,
  type Up,
  type UpOptions,
  up,
  WrongProtocolError,
  within,
} from '@skein/rpc'
import { type Chance, type Clock, realChance, realClock, sleep } from '@skein/world'
import { HeldLease } from '../leases.ts'
import type { Lease } from '../store.ts'
import type { LeaseTerms, Place, PortClaim, RegistryBackend, Told } from './backend.ts'
import { NotAHubError } from './errors.ts'
import { type HubApi, proofDomain } from './hub-api.ts'
import { type Signer, signerOf } from './keys.ts'
import { type Registry, RegistryOn, type RegistryOptions } from './registry.ts'
import type { Found } from './service.ts'

export interface ConnectRegistryOptions extends RegistryOptions, Pick<ConnectOptions, 'tls' | 'limits'> {
  /** How long a call waits for the hub before it rejects with TimeoutError; `get` and `watch` wait on. Default 10,000. */
  timeoutMs?: number
}

/**
 * The registry of a hub, or of several hubs over the same store, at `host:port`, `unix:path` or `tls:host:port`. Returns at once; connects again whenever the connection is lost. What was registered here stays registered if that takes less time than its
 * lease, and else is registered again. Throws ArgumentError, KeyFormatError.
 */
export const connectRegistry = (to: string | readonly string[], options: ConnectRegistryOptions = {}): Registry => {
  const { tls, limits } = options
  const connect: Connect = upOptions => up<HubApi>(to, { ...upOptions, tls, limits })
  return registryAt('connectRegistry', connect, String(to), realClock, realChance(), options)
}

export type Connect = (options: UpOptions<HubApi>) => Up<HubApi>

/** @internal */
export const registryAt = (
  call: string,
  connect: Connect,
  url: string,
  clock: Clock,
  chance: Chance,
  options: Omit<ConnectRegistryOptions, 'tls' | 'limits'>,
): Registry => {
  const { key, timeoutMs = 10_000 } = options
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0))
    throw new ArgumentError(call, 'timeoutMs', 'milliseconds above 0', timeoutMs)
  const signer = key === undefined ? undefined : signerOf(key)
  return new RegistryOn(call, new HubBackend(connect, url, clock, chance, timeoutMs, signer), options)
}

/** The address is that of something else: it will not do to ask again. */
const isWrong = (error: unknown): boolean =>
  error instanceof WrongProtocolError || (error instanceof Error && error.cause instanceof WrongProtocolError)

class HubBackend implements RegistryBackend {
  readonly url: string
  readonly clock: Clock
  readonly chance: Chance
  private readonly hub: Up<HubApi>
  private readonly timeoutMs: number
  private readonly signer: Signer | undefined
  private readonly closing = new AbortController()
  /** What shows the hub that a lease is ours, by the lease's id. */
  private readonly handles = new Map<string, string>()
  /** Why no more connections are made. */
  private broken: NotAHubError | undefined
  private lastFailure: unknown

  constructor(connect: Connect, url: string, clock: Clock, chance: Chance, timeoutMs: number, signer?: Signer) {
    this.url = url
    this.clock = clock
    this.chance = chance
    this.timeoutMs = timeoutMs
    this.signer = signer
    this.hub = connect({
      onConnect: remote => this.greet(remote),
      isFatal: error => {
        if (error instanceof NotAHubError) this.broken = error
        else if (isWrong(error)) this.broken = new NotAHubError(url, { cause: error })
        return this.broken !== undefined
      },
      onRetry: ({ cause }) => {
        this.lastFailure = cause
      },
      retry: true,
      backOff: { initialMs: 50, maxMs: 2000 },
    })
  }

  async host(): Promise<string> {
    return (await this.ask(hub => hub.hello())).host
  }

  async lease(ttlMs: number, { keepAlive = true }: LeaseTerms = {}): Promise<Lease> {
    const askedAtMs = this.clock.monotonicMs()
    const { id, handle } = await this.ask(hub => hub.lease(ttlMs))
    this.handles.set(id, handle)
    const calls = {
      // What is not answered in this time is asked again by the lease.
      renew: () => this.ask(hub => hub.renew(handle), ttlMs / 3),
      revoke: () => this.ask(hub => hub.revoke(handle)),
    }
    const lease = new HeldLease(id, ttlMs, askedAtMs, this.clock, calls, keepAlive)
    lease.signal.addEventListener('abort', () => this.handles.delete(id), { once: true })
    return lease
  }

  put(name: string, id: string, text: string, lease: string): Promise<void> {
    return this.ask(hub => hub.put(name, id, text, this.handleOf(lease)))
  }

  remove(name: string, id: string): Promise<boolean> {
    return this.ask(hub => hub.remove(name, id))
  }

  list(place: Place): Promise<readonly Found[]> {
    return this.ask(hub => hub.list(place))
  }

  async *follow(place: Place, signal?: AbortSignal): AsyncGenerator<Told> {
    const ends = signal ? AbortSignal.any([signal, this.closing.signal]) : this.closing.signal
    for (;;) {
      let stop = (): void => {}
      try {
        const stream = await this.hub.remote.follow(place, ends)
        stop = () => void Promise.resolve(stream[Symbol.asyncDispose]()).catch(() => {})
        ends.addEventListener('abort', stop, { once: true })
        if (ends.aborted) stop()
        yield* stream
      } catch (error) {
        if (!ends.aborted && (this.broken || !(error instanceof ConnectionLostError))) throw this.broken ?? error
      } finally {
        ends.removeEventListener('abort', stop)
        stop()
      }
      if (signal?.aborted) throw new CancelledError('follow', signal.reason)
      if (this.closing.signal.aborted) throw this.closing.signal.reason
      // The hub is closing, or was lost.
      await sleep(this.clock, 100 * this.chance.uniform(), { background: true })
    }
  }

  claimPort(claim: PortClaim, lease: string): Promise<boolean> {
    return this.ask(hub => hub.claimPort(claim, this.handleOf(lease)))
  }

  claimedPorts(machine: string): Promise<readonly number[]> {
    return this.ask(hub => hub.claimedPorts(machine))
  }

  async close(): Promise<void> {
    this.closing.abort(new CancelledError('registry', 'it was closed'))
    this.hub.close()
  }

  private async greet(remote: Remote<HubApi>): Promise<void> {
    if (typeof remote.hello !== 'function' || typeof remote.follow !== 'function') throw new NotAHubError(this.url)
    const { version, nonce } = await remote.hello()
    if (version !== 1) throw new NotAHubError(this.url)
    const { signer } = this
    if (signer) await remote.prove(signer.publicKey, signer.sign(proofDomain + nonce))
  }

  /** A lease that is over has none; the hub says so. */
  private handleOf(lease: string): string {
    return this.handles.get(lease) ?? ''
  }

  private async ask<T>(call: (hub: Remote<HubApi>) => Promise<T>, timeoutMs = this.timeoutMs): Promise<T> {
    try {
      return await within(timeoutMs, () => call(this.hub.remote), this.clock)
    } catch (error) {
      if (this.broken) throw this.broken
      if (!(error instanceof TimeoutError) || this.hub.isUp) throw error
      throw new TimeoutError(`A call of the hub at ${this.url}`, timeoutMs, 'It cannot be reached: is it started?', {
        cause: this.lastFailure ?? error,
      })
    }
  }
}
