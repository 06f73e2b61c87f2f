// Who serves what, and where. Who serves registers, with a name and a version, as long as its process lives; who needs it asks by name and range, and waits if need be. After seaport (github.com/substack/seaport), whose
// names it keeps.
import { ArgumentError, CancelledError, nodeModule, TimeoutError } from '@skein/base'
import { type Chance, sleep } from '@skein/world'
import type { Lease, Store } from '../store.ts'
import type { Place, RegistryBackend } from './backend.ts'
import { type Acceptance, accepted, Catalogue, type RegistryEvent } from './catalogue.ts'
import { Endable } from './endable.ts'
import { RegistrationRefusedError, RegistryClosedError } from './errors.ts'
import { type Authorized, checkAuthorized, isAuthorized, type Signer, signerOf } from './keys.ts'
import { newestFirst, type RangeOptions, versionedName, type Wanted, wantedBy } from './names.ts'
import { checkPorts, defaultPorts, findPort, isPortFree, type PortRange } from './ports.ts'
import { HeldRegistration, type Registration } from './registration.ts'
import { checkHost, checkMetadata, checkPort, type Service, writeService } from './service.ts'
import { StoreBackend } from './store-backend.ts'

export interface RegistryOptions {
  /** By which others reach what is registered here. Default: 127.0.0.1 on stores of one machine, what a hub sees; else it must be given. */
  host?: string
  /** The private key (`generateKeys`, PEM) that signs what is registered here. Default: it is not signed. */
  key?: string
  /** Who may register what. What others have registered is not seen. Default: everybody, everything. */
  authorized?: Authorized
  /** Told of registrations that are not accepted, once of each. */
  onRefused?: (error: RegistrationRefusedError) => void
  /** How long after a process was last heard of what it has registered is freed. Default 10,000. */
  ttlMs?: number
  /** Of ports that are taken. Default 10,000 to 32,767. */
  ports?: PortRange
  /** Processes with the same share their ports. Default: the host's name. */
  machine?: string
  /** Whether nobody listens at a port. Default: it is listened there for a moment. */
  isPortFree?: (port: number) => boolean | Promise<boolean>
}

export interface RegisterOptions {
  /** Default: that of the registry. */
  host?: string
  /** Default: one that is free is taken. */
  port?: number
  /** What others are told besides, as JSON carries it; it is no place for secrets. Default {}. */
  metadata?: Readonly<Record<string, unknown>>
  /** Default: that of the registry. */
  ttlMs?: number
  /** Whether it is registered again when its lease was lost. Default true. */
  keep?: boolean
}

export interface WaitOptions extends RangeOptions {
  /** Default: as long as it takes. */
  timeoutMs?: number
  signal?: AbortSignal
}

export interface WatchServicesOptions extends RangeOptions {
  signal?: AbortSignal
}

/** A port that nobody else gets from the registry. */
export interface TakenPort extends AsyncDisposable {
  readonly port: number
  /** Aborted with LeaseLostError before anybody else can get it. */
  readonly signal: AbortSignal
  free(): Promise<void>
}

export interface Registry extends AsyncDisposable {
  /** Of the store, or of the hub. */
  readonly url: string
  /** For what is chosen by chance. */
  readonly chance: Chance
  /** By which others reach what is registered here. Rejects with ArgumentError where that must be given. */
  host(): Promise<string>
  /** `web@1.2.3` or `web`. Rejects with RegistrationRefusedError, NoPortError, and what the store rejects with; throws ArgumentError. */
  register(service: string, options?: RegisterOptions): Promise<Registration>
  /** All that are wanted (`web@^1.2`, `web`), the newest first, once there is one. Rejects with TimeoutError, CancelledError; throws ArgumentError. */
  get(wanted: string, options?: WaitOptions): Promise<readonly Service[]>
  /** All that are there and wanted, the newest first. Default: all. */
  query(wanted?: string, options?: RangeOptions): Promise<readonly Service[]>
  /** What is there, as registered, and then what happens. Ends by the signal, with CancelledError. */
  watch(wanted?: string, options?: WatchServicesOptions): AsyncIterableIterator<RegistryEvent>
  /** Frees what anybody has registered, by its id. False: there is none. */
  free(service: string | { readonly id: string; readonly name: string }): Promise<boolean>
  /** A port of this machine. Rejects with NoPortError. */
  takePort(options?: { ports?: PortRange; ttlMs?: number }): Promise<TakenPort>
  /** Frees what was registered here, and ends what is watched. A store stays open. What a store that is away is not told of ends with its lease. */
  close(): Promise<void>
}

/** The registry in a store: with all that others have registered there. Throws ArgumentError, KeyFormatError. */
export const registry = (store: Store, options: RegistryOptions = {}): Registry =>
  new RegistryOn('registry', new StoreBackend(store), options)

export class RegistryOn implements Registry {
  private readonly backend: RegistryBackend
  private readonly options: RegistryOptions
  private readonly ttlMs: number
  private readonly ports: PortRange
  private readonly machine: string
  private readonly signer: Signer | undefined
  private readonly acceptance: Acceptance
  private readonly closing = new AbortController()
  private readonly held = new Set<Registration | TakenPort>()

  constructor(call: string, backend: RegistryBackend, options: RegistryOptions) {
    this.backend = backend
    this.options = options
    const { host, key, authorized, ttlMs = 10_000, ports = defaultPorts, machine } = options
    if (host !== undefined) checkHost(call, host)
    this.ttlMs = checkTtl(call, ttlMs)
    this.ports = checkPorts(call, ports)
    this.machine = checkMachine(call, machine ?? hostName())
    this.signer = key === undefined ? undefined : signerOf(key)
    this.acceptance = {
      authorized: authorized && checkAuthorized(call, authorized),
      refused: tellOnce(options.onRefused),
    }
  }

  get url(): string {
    return this.backend.url
  }

  get chance(): Chance {
    return this.backend.chance
  }

  async host(): Promise<string> {
    return checkHost('registry', this.options.host ?? (await this.backend.host()))
  }

  async register(service: string, options: RegisterOptions = {}): Promise<Registration> {
    const call = 'register'
    this.checkOpen()
    const { name, version } = versionedName(call, service)
    const { port, metadata = {}, keep: isKept = true } = options
    const ttlMs = checkTtl(call, options.ttlMs ?? this.ttlMs)
    if (port !== undefined) checkPort(call, 'port', port)
    const copy = checkMetadata(call, metadata)
    const host = options.host === undefined ? await this.host() : checkHost(call, options.host)
    const id = Buffer.from(this.backend.chance.bytes(12)).toString('hex')
    this.checkMayRegister(name, id)
    const { backend, signer } = this
    const record = { id, name, version, host, port: port ?? 0, metadata: copy, since: backend.clock.wallMs() }
    const registration = new HeldRegistration(record, {
      backend,
      ttlMs,
      isKept,
      takePort: async (lease, before) => port ?? this.takePortFor(id, lease, before, this.ports),
      write: (record, lease) => writeService(call, record, lease, signer),
      checkMetadata: metadata => checkMetadata('update', metadata),
      ended: registration => this.held.delete(registration),
    })
    await registration.enter()
    return this.hold(registration)
  }

  async get(wanted: string, options: WaitOptions = {}): Promise<readonly Service[]> {
    const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options
    this.checkOpen()
    if (!(timeoutMs > 0)) throw new ArgumentError('get', 'timeoutMs', 'milliseconds above 0', timeoutMs)
    if (signal?.aborted) throw new CancelledError('get', signal.reason)
    const catalogue = this.catalogue(wantedBy('get', wanted, options))
    const late = new AbortController()
    const timer = this.backend.clock.after(timeoutMs, () => late.abort())
    const ends = [late.signal, this.closing.signal, ...(signal ? [signal] : [])]
    try {
      for await (const told of this.backend.follow(placeOf(catalogue.wanted), AbortSignal.any(ends))) {
        catalogue.take(told)
        if (catalogue.size > 0) return catalogue.all
      }
    } catch (error) {
      if (signal?.aborted) throw new CancelledError('get', signal.reason)
      if (late.signal.aborted)
        throw new TimeoutError(`Waiting for ${wanted}`, timeoutMs, 'Nobody has registered it: is it started?')
      if (!this.closing.signal.aborted) throw error
    } finally {
      timer.cancel()
    }
    throw this.closing.signal.reason
  }

  async query(wanted?: string, options: RangeOptions = {}): Promise<readonly Service[]> {
    this.checkOpen()
    const { matches, ...place } = wantedBy('query', wanted, options)
    const found = await this.backend.list(place)
    const services = found.map(one => accepted(one, this.acceptance)).filter(service => service !== undefined)
    return newestFirst(services.filter(matches))
  }

  watch(wanted?: string, options: WatchServicesOptions = {}): AsyncIterableIterator<RegistryEvent> {
    this.checkOpen()
    const catalogue = this.catalogue(wantedBy('watch', wanted, options))
    const { backend, closing } = this
    const { signal } = options
    return new Endable(
      'watch',
      async function* (ends) {
        for await (const told of backend.follow(placeOf(catalogue.wanted), ends)) yield* catalogue.take(told)
      },
      { signal, closing: closing.signal },
    )
  }

  async free(service: string | { readonly id: string; readonly name: string }): Promise<boolean> {
    this.checkOpen()
    if (typeof service === 'object' && service !== null && typeof service.id === 'string')
      return this.backend.remove(service.name, service.id)
    if (typeof service !== 'string' || service === '')
      throw new ArgumentError('free', 'service', 'a service, a registration, or the id of one', service)
    // What is not accepted can be freed as well.
    const found = (await this.backend.list({})).find(({ id }) => id === service)
    return found !== undefined && this.backend.remove(found.name, found.id)
  }

  async takePort(options: { ports?: PortRange; ttlMs?: number } = {}): Promise<TakenPort> {
    this.checkOpen()
    const range = options.ports === undefined ? this.ports : checkPorts('takePort', options.ports)
    const lease = await this.backend.lease(checkTtl('takePort', options.ttlMs ?? this.ttlMs))
    try {
      const owner = Buffer.from(this.backend.chance.bytes(12)).toString('hex')
      const port = await this.takePortFor(owner, lease.id, undefined, range)
      return this.hold(takenPort(port, lease, taken => this.held.delete(taken)))
    } catch (error) {
      await lease.revoke().catch(() => {})
      throw error
    }
  }

  async close(): Promise<void> {
    if (this.closing.signal.aborted) return
    this.closing.abort(new RegistryClosedError(this.url))
    const freed = Promise.allSettled([...this.held].map(one => one.free()))
    // Who cannot be told need not be for long: leases end by themselves.
    const patience = new AbortController()
    const enough = sleep(this.backend.clock, 1000, { signal: patience.signal, background: true }).catch(() => {})
    await Promise.race([freed, enough])
    patience.abort()
    await this.backend.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  private catalogue(wanted: Wanted): Catalogue {
    return new Catalogue(wanted, this.acceptance)
  }

  /** The port that it had before, or one that nobody has. */
  private async takePortFor(
    owner: string,
    lease: string,
    before: number | undefined,
    range: PortRange,
  ): Promise<number> {
    const { backend, machine, options } = this
    if (before !== undefined && (await backend.claimPort({ machine, port: before, owner }, lease))) return before
    // It is listened at the port that it had: another one would be of no use.
    if (before !== undefined) range = [before, before]
    return findPort(backend, { machine, range, owner, lease, isFree: options.isPortFree ?? isPortFree })
  }

  /** Closing may have come between. */
  private async hold<T extends Registration | TakenPort>(one: T): Promise<T> {
    if (this.closing.signal.aborted) {
      await one.free()
      this.checkOpen()
    }
    this.held.add(one)
    return one
  }

  /** Who reads with the same list would not see it. */
  private checkMayRegister(name: string, id: string): void {
    const { authorized } = this.acceptance
    if (authorized === undefined) return
    if (this.signer === undefined) throw new RegistrationRefusedError(name, id, 'unsigned')
    const { publicKey } = this.signer
    if (!isAuthorized(authorized, name, publicKey))
      throw new RegistrationRefusedError(name, id, 'not authorized', publicKey)
  }

  private checkOpen(): void {
    this.closing.signal.throwIfAborted()
  }
}

const placeOf = ({ name }: Wanted): Place => ({ name })

const takenPort = (port: number, lease: Lease, ended: (taken: TakenPort) => void): TakenPort => {
  const taken: TakenPort = {
    port,
    get signal() {
      return lease.signal
    },
    free: () => lease.revoke(),
    [Symbol.asyncDispose]: () => lease.revoke(),
  }
  lease.signal.addEventListener('abort', () => ended(taken), { once: true })
  return taken
}

/** Each entry once, as it stands there. */
const tellOnce = (tell: RegistryOptions['onRefused']): Acceptance['refused'] => {
  const told = new Map<string, string>()
  return (error, { name, id, text, lease }) => {
    const [place, what] = [`${name}/${id}`, `${lease} ${text}`]
    if (tell === undefined || told.get(place) === what) return
    // Who fills a store with what is not accepted does not fill this process.
    if (told.size >= 10_000) told.clear()
    told.set(place, what)
    tell(error)
  }
}

const checkTtl = (call: string, ttlMs: unknown): number => {
  if (typeof ttlMs !== 'number' || !(ttlMs > 0)) throw new ArgumentError(call, 'ttlMs', 'milliseconds above 0', ttlMs)
  return ttlMs
}

const checkMachine = (call: string, machine: unknown): string => {
  if (typeof machine !== 'string' || machine === '' || machine.includes('/') || !machine.isWellFormed())
    throw new ArgumentError(call, 'machine', 'a text of at least one character, without /', machine)
  return machine
}

const hostName = (): string =>
  nodeModule<typeof import('node:os')>('node:os')!.hostname().replaceAll('/', '-') || 'localhost'
