// Who can do something, by calls: a role is a service that is served by `@skein/rpc`. Who calls names the role, not the machine, and goes to another one that has it when the one is lost. After airport
// (github.com/substack/airport).
import { ArgumentError } from '@skein/base'
import {
  type Listening,
  type ListenOptions,
  listen,
  type Offer,
  type Retry,
  type Session,
  type Up,
  type UpOptions,
  up,
} from '@skein/rpc'
import { WorldError } from '@skein/world'
import { StoreClosedError } from '../errors.ts'
import { NotAHubError, RegistryClosedError } from './errors.ts'
import { type RangeOptions, versionedName, wantedBy } from './names.ts'
import type { PortRange } from './ports.ts'
import type { Registration } from './registration.ts'
import type { RegisterOptions, Registry, TakenPort } from './registry.ts'
import type { Service } from './service.ts'

/**
 * Which of those that have the role: any, by chance, so that clients spread; each in turn; the newest version, any of them by chance; or what a function says, of those that are there. Whoever has just failed is not among
 * them as long as there is another.
 */
export type Strategy = 'random' | 'round-robin' | 'newest' | ((services: readonly Service[]) => Service)

export interface RoleListenOptions extends RegisterOptions, Omit<ListenOptions, 'onSession'> {
  /** The interface to listen on. Default: 127.0.0.1 where that is how it is reached, else all. */
  interface?: string
  /** Of these ports one is taken. Default: the system gives any that is free; `port` is one that is given. */
  ports?: PortRange
  onSession?: (session: Session) => void
}

export interface RoleConnectOptions<Api extends object> extends UpOptions<Api>, RangeOptions {
  /** Default `random`. */
  strategy?: Strategy
}

/** A role that is served here. */
export interface ServedRole extends AsyncDisposable {
  readonly registration: Registration
  /** As it listens. */
  readonly address: string
  /** Frees it, then ends its sessions. */
  close(): Promise<void>
}

export interface Roles {
  /** Serves `offer` as `mul@1.0.0`, and registers it. Rejects with WorldError, and as `register` does; throws ArgumentError. */
  listen(role: string, offer: Offer, options?: RoleListenOptions): Promise<ServedRole>
  /**
   * Whoever has the role (`mul@1.x`), over all failures: calls wait while there is nobody. A call is made once at most: if the connection is lost before it was answered it rejects with ConnectionLostError, unless `retry` names
   * it. Returns at once. Throws ArgumentError.
   */
  connect<Api extends object = Record<string, any>>(role: string, options?: RoleConnectOptions<Api>): Up<Api>
}

/** How it is listened and connected: over sockets, or over the network of a simulated world. */
export interface Doors {
  listen(address: string, offer: Offer, options: ListenOptions): Promise<Pick<Listening, 'address' | 'close'>>
  up<Api extends object>(to: (attempt: { signal: AbortSignal }) => Promise<string>, options: UpOptions<Api>): Up<Api>
}

/** Roles in a registry, of a store or of a hub. */
export const roles = (registry: Registry): Roles => rolesBy({ listen, up }, registry)

/** @internal */
export const rolesBy = (doors: Doors, registry: Registry): Roles => ({
  listen: (role, offer, options = {}) => serve(doors, registry, role, offer, options),
  connect: (role, options = {}) => reach(doors, registry, role, options),
})

/** Others may come between a port's being taken and its being listened at; that often. */
const portTrials = 5

const serve = async (
  doors: Doors,
  registry: Registry,
  role: string,
  offer: Offer,
  options: RoleListenOptions,
): Promise<ServedRole> => {
  versionedName('listen', role)
  const { metadata, ttlMs, keep, ports, port, tls } = options
  if (port !== undefined && ports !== undefined)
    throw new ArgumentError('listen', 'ports', 'left out where port is given', ports)
  const host = options.host ?? (await registry.host())
  const on = options.interface ?? (isLoopback(host) ? '127.0.0.1' : '0.0.0.0')
  const { server, taken } = await listenSomewhere(
    async port => {
      const address = `${tls ? 'tls:' : ''}${on.includes(':') ? `[${on}]` : on}:${port}`
      // Who has lost this one goes to another, to whom the session says nothing: calls in flight end at once.
      return doors.listen(address, offer, { resume: false, ...options })
    },
    registry,
    options,
  )
  const close = async (): Promise<void> => {
    await server.close()
    await taken?.free()
  }
  try {
    const registration = await registry.register(role, {
      host,
      port: Number(server.address.slice(server.address.lastIndexOf(':') + 1)),
      metadata: tls ? { ...metadata, transport: 'tls' } : metadata,
      ttlMs,
      keep,
    })
    const end = async (): Promise<void> => {
      // Nobody is sent here any more, before those who are here are sent away.
      await registration.free().finally(close)
    }
    return { registration, address: server.address, close: end, [Symbol.asyncDispose]: end }
  } catch (error) {
    await close()
    throw error
  }
}

const listenSomewhere = async <Server>(
  listen: (port: number) => Promise<Server>,
  registry: Registry,
  { port = 0, ports, ttlMs }: RoleListenOptions,
): Promise<{ server: Server; taken?: TakenPort }> => {
  if (ports === undefined) return { server: await listen(port) }
  for (let trial = 1; ; trial++) {
    const taken = await registry.takePort({ ports, ttlMs })
    try {
      return { server: await listen(taken.port), taken }
    } catch (error) {
      await taken.free()
      if (trial === portTrials || !(error instanceof WorldError && error.kind === 'address in use')) throw error
    }
  }
}

const reach = <Api extends object>(
  doors: Doors,
  registry: Registry,
  role: string,
  { strategy = 'random', prerelease, ...options }: RoleConnectOptions<Api>,
): Up<Api> => {
  wantedBy('connect', role)
  const choose = chooser('connect', strategy, () => registry.chance.uniform())
  /** Since one was reached last. */
  const failed = new Set<string>()
  let tried: string | undefined
  const fail = (retry: Retry): void => {
    if (tried !== undefined) failed.add(tried)
    tried = undefined
    options.onRetry?.(retry)
  }
  const next = async ({ signal }: { signal: AbortSignal }): Promise<string> => {
    const there = await registry.get(role, { signal, prerelease })
    const others = there.filter(({ id }) => !failed.has(id))
    // All have failed; perhaps not for good.
    if (others.length === 0) failed.clear()
    const chosen = choose(others.length > 0 ? others : there)
    tried = chosen.id
    return chosen.metadata.transport === 'tls' ? `tls:${chosen.address}` : chosen.address
  }
  return doors.up<Api>(next, {
    ...options,
    backOff: { initialMs: 50, maxMs: 1000, ...options.backOff },
    isFatal: error => final.some(type => error instanceof type) || options.isFatal?.(error) === true,
    onRetry: fail,
    onUp: (remote, session) => {
      failed.clear()
      options.onUp?.(remote, session)
    },
  })
}

/** Nobody is found any more, however often one asks. */
const final = [RegistryClosedError, StoreClosedError, NotAHubError, ArgumentError]

/** Throws ArgumentError. */
const chooser = (
  call: string,
  strategy: unknown,
  uniform: () => number,
): ((services: readonly Service[]) => Service) => {
  const any = (services: readonly Service[]): Service => services[Math.floor(uniform() * services.length)]
  if (strategy === 'random') return any
  if (strategy === 'newest') return services => any(services.filter(({ version }) => version === services[0].version))
  if (strategy === 'round-robin') {
    let last = ''
    return services => {
      const inOrder = [...services].sort((a, b) => (a.id < b.id ? -1 : 1))
      const chosen = inOrder.find(({ id }) => id > last) ?? inOrder[0]
      last = chosen.id
      return chosen
    }
  }
  if (typeof strategy === 'function')
    return services => {
      const chosen: unknown = strategy(services)
      if (!services.includes(chosen as Service))
        throw new ArgumentError(call, 'strategy', 'a function that gives one of the services it was given', chosen)
      return chosen as Service
    }
  throw new ArgumentError(call, 'strategy', 'random, round-robin, newest or a function', strategy)
}

const isLoopback = (host: string): boolean => /^(127\.\d+\.\d+\.\d+|localhost|::1)$/.test(host)
