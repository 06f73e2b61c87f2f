// A hub: a registry for those who have no access to the store, by calls. It lets them do what a registry does and nothing else. What they have registered lives as long as they are heard of: leases are theirs to renew, not the hub's, and so end when
// they are silent, and go on over connections that are lost and made again.
import { ArgumentError } from '@skein/base'
import { type Limits, type Listening, listen, type Session } from '@skein/rpc'
import { LeaseLostError, LeaseNotFoundError } from '../errors.ts'
import type { Lease, Store } from '../store.ts'
import type { Place, PortClaim, RegistryBackend } from './backend.ts'
import { Endable } from './endable.ts'
import { HubLimitError, RegistrationRefusedError } from './errors.ts'
import { type HubApi, proofDomain } from './hub-api.ts'
import { type Authorized, checkAuthorized, isAuthorized, isSignedBy } from './keys.ts'
import { checkName } from './names.ts'
import { checkPort, type Found, readService } from './service.ts'
import { StoreBackend } from './store-backend.ts'

export interface HubOptions {
  /** `host:port` (0: any that is free), `unix:path` or `tls:host:port`. Default 127.0.0.1:0. */
  listen?: string
  /** Who may register what. Default: everybody, everything. */
  authorized?: Authorized
  /** For `tls:` addresses. */
  tls?: Parameters<typeof listen>[2] extends { tls?: infer T } | undefined ? T : never
  /** Of each session. Default: 1 MiB for a message; else those of `@skein/rpc`. */
  limits?: Partial<Limits>
  /** Leases that are alive at a time. Default 100,000. */
  maxLeases?: number
  /** The longest lease that is given. Default a day. */
  maxTtlMs?: number
}

export interface RegistryHub extends AsyncDisposable {
  /** Where clients connect to. */
  readonly address: string
  /** Ends it; the store stays open, and what is registered has its lease to go on elsewhere. */
  close(): Promise<void>
}

/** Serves the registry in a store to those who `connectRegistry`. Rejects with WorldError; throws ArgumentError, KeyFormatError. */
export const serveRegistry = async (store: Store, options: HubOptions = {}): Promise<RegistryHub> => {
  const { listen: address = '127.0.0.1:0', tls, limits } = options
  const hub = new Hub('serveRegistry', new StoreBackend(store), options)
  const server: Listening = await listen(address, (_: unknown, session: Session) => hub.offer(session), {
    tls,
    limits: { messageBytes: 2 ** 20, ...limits },
  })
  const close = async (): Promise<void> => {
    await server.close()
    hub.close()
  }
  return { address: server.address, close, [Symbol.asyncDispose]: close }
}

/** @internal */
export class Hub {
  private readonly backend: RegistryBackend
  private readonly authorized: Authorized | undefined
  private readonly maxLeases: number
  private readonly maxTtlMs: number
  private readonly closing = new AbortController()
  /** By handle. */
  private readonly leases = new Map<string, Lease>()

  constructor(call: string, backend: RegistryBackend, options: HubOptions) {
    const { authorized, maxLeases = 100_000, maxTtlMs = 86_400_000 } = options
    for (const [name, value] of Object.entries({ maxLeases, maxTtlMs }))
      if (typeof value !== 'number' || !(value > 0)) throw new ArgumentError(call, name, 'a number above 0', value)
    this.backend = backend
    this.authorized = authorized && checkAuthorized(call, authorized)
    this.maxLeases = maxLeases
    this.maxTtlMs = maxTtlMs
  }

  /** What a session may call. */
  offer(session: Pick<Session, 'peer'>): HubApi {
    const { backend, authorized } = this
    const nonce = this.secret()
    let key: string | undefined
    /** Who may not register this name, or anything, may not use what registering needs. */
    const check = (name: string | undefined, id: string): void => {
      const names = name === undefined ? Object.keys(authorized ?? {}) : [name]
      if (!authorized || (key !== undefined && names.some(one => isAuthorized(authorized, one, key!)))) return
      throw new RegistrationRefusedError(name ?? 'anything', id, key === undefined ? 'unsigned' : 'not authorized', key)
    }
    return {
      hello: () => ({ version: 1, host: hostOf(session.peer), nonce }),
      prove: (publicKey, signature) => {
        if (!isSignedBy(proofDomain + nonce, text('signature', signature), text('publicKey', publicKey)))
          throw new RegistrationRefusedError('anything', 'of this session', 'forged', publicKey)
        key = publicKey
      },
      lease: async ttlMs => {
        check(undefined, 'to be')
        return this.lease(ttlMs)
      },
      renew: async handle => {
        const lease = this.leaseOf(handle)
        await lease.renew().catch(error => {
          throw error instanceof LeaseLostError ? new LeaseNotFoundError(lease.id) : error
        })
      },
      revoke: async handle => this.leaseOf(handle).revoke(),
      put: async (name, id, entry, handle) => {
        checkEntry('put', name, id)
        const lease = this.leaseOf(handle)
        readService({ name, id, text: text('text', entry), lease: lease.id }, authorized)
        await this.checkOwner({ name, id, text: entry, lease: lease.id })
        await backend.put(name, id, entry, lease.id)
      },
      remove: async (name, id) => {
        checkEntry('remove', name, id)
        check(name, id)
        return backend.remove(name, id)
      },
      list: async place => backend.list(checkPlace('list', place)),
      follow: place => {
        const checked = checkPlace('follow', place)
        const follow = async function* (ends: AbortSignal) {
          yield* backend.follow(checked, ends)
        }
        return new Endable('follow', follow, { closing: this.closing.signal })
      },
      claimPort: async (claim, handle) => backend.claimPort(checkClaim(claim), this.leaseOf(handle).id),
      claimedPorts: async machine => backend.claimedPorts(checkMachine('claimedPorts', machine)),
    }
  }

  /** Nobody is told anything more. */
  close(): void {
    this.closing.abort()
  }

  private async lease(ttlMs: number): Promise<{ id: string; handle: string }> {
    if (typeof ttlMs !== 'number' || !(ttlMs >= 1 && ttlMs <= this.maxTtlMs))
      throw new ArgumentError('lease', 'ttlMs', `milliseconds from 1 to ${this.maxTtlMs}`, ttlMs)
    if (this.leases.size >= this.maxLeases) throw new HubLimitError('leases', this.maxLeases)
    const lease = await this.backend.lease(ttlMs, { keepAlive: false })
    const handle = this.secret()
    this.leases.set(handle, lease)
    lease.signal.addEventListener('abort', () => this.leases.delete(handle), { once: true })
    return { id: lease.id, handle }
  }

  /** Throws LeaseNotFoundError: it ran out, or is that of a hub before this one. */
  private leaseOf(handle: string): Lease {
    const lease = this.leases.get(handle)
    if (lease === undefined || lease.signal.aborted) throw new LeaseNotFoundError(lease?.id ?? 'of this client')
    return lease
  }

  /** What somebody has registered with a key only the same key may change. */
  private async checkOwner(entry: Found): Promise<void> {
    const [before] = await this.backend.list({ name: entry.name, id: entry.id })
    if (before === undefined) return
    let owner: string | undefined
    try {
      owner = readService(before, this.authorized).key
    } catch {
      // What is not accepted is nobody's.
      return
    }
    const { key } = readService(entry, this.authorized)
    if (owner !== undefined && owner !== key)
      throw new RegistrationRefusedError(entry.name, entry.id, 'not authorized', key)
  }

  private secret(): string {
    return Buffer.from(this.backend.chance.bytes(16)).toString('base64url')
  }
}

/** The other end without its port, and IPv4 as it is mostly written; who comes by a path is on this machine. */
const hostOf = (peer: string): string =>
  peer.startsWith('unix:') ? '127.0.0.1' : peer.slice(0, peer.lastIndexOf(':')).replace(/^::ffff:(?=\d+\.)/, '')

const text = (argument: string, value: unknown): string => {
  if (typeof value !== 'string' || value.length > 100_000)
    throw new ArgumentError('registry hub', argument, 'a text of at most 100,000 characters', value)
  return value
}

const checkEntry = (call: string, name: unknown, id: unknown): void => {
  checkName(call, 'name', name)
  if (typeof id !== 'string' || !/^[\w-]{1,64}$/.test(id))
    throw new ArgumentError(call, 'id', 'that of a registration', id)
}

/** Whatever else it says is not passed on. */
const checkPlace = (call: string, place: unknown): Place => {
  const { name, id } = (place ?? {}) as Place
  if (id !== undefined) checkEntry(call, name, id)
  else if (name !== undefined) checkName(call, 'name', name)
  return { name, id }
}

const checkMachine = (call: string, machine: unknown): string => {
  if (typeof machine !== 'string' || !/^[^/\p{Cc}]{1,255}$/u.test(machine) || !machine.isWellFormed())
    throw new ArgumentError(call, 'machine', 'a name without /', machine)
  return machine
}

const checkClaim = (claim: unknown): PortClaim => {
  const { machine, port, owner } = (claim ?? {}) as PortClaim
  return {
    machine: checkMachine('claimPort', machine),
    port: checkPort('claimPort', 'port', port),
    owner: text('owner', owner),
  }
}
