// Registries in the simulated world: over a store, and by a hub that has it. No real port is listened at.
import { limitsOf, listenOver, type Session, upOver } from '@skein/rpc'
import type { World } from '@skein/world'
import { type Registry, type RegistryOptions, registry, type Store } from '../../src/index.ts'
import { Hub, type HubOptions } from '../../src/registry/hub.ts'
import { registryAt } from '../../src/registry/hub-backend.ts'
import { type Doors, type Roles, rolesBy } from '../../src/registry/roles.ts'
import { StoreBackend } from '../../src/registry/store-backend.ts'
import { type Place, simulated } from '../simulated.ts'

export interface RegistryPlace extends Place {
  /** Another registry, with all that the others have registered. */
  at(options?: RegistryOptions): Registry
  /** By which host it is reached. */
  readonly host: string
}

export type Simulated = (seed: number, use: (place: RegistryPlace) => Promise<void>) => Promise<void>

const real = { machine: 'm', isPortFree: () => true }

export const onStore = (store: Store, options?: RegistryOptions): Registry => registry(store, { ...real, ...options })

/** Offers the store's registry at `<node>:1`. */
export const serveHub = (world: World, store: Store, options: HubOptions = {}): void => {
  const hub = new Hub('test', new StoreBackend(store), options)
  listenOver(world, `${world.name}:1`, (_: unknown, session: Session) => hub.offer(session), {
    limits: limitsOf('test'),
  })
}

/** The registry of the hub on a node. */
export const atHub = (world: World, node: string, options: RegistryOptions & { timeoutMs?: number } = {}): Registry =>
  registryAt('test', upOptions => upOver(world, `${node}:1`, upOptions), `${node}:1`, world.clock, world.chance, {
    ...real,
    ...options,
  })

export const overStore: Simulated = (seed, use) =>
  simulated(seed, place => use({ ...place, host: '127.0.0.1', at: options => onStore(place.store, options) }))

export const byHub: Simulated = (seed, use) =>
  simulated(seed, async place => {
    place.simulation.node('hub', world => serveHub(world, place.store))
    const world = await new Promise<World>(resolve => void place.simulation.node('client', resolve))
    await use({ ...place, host: 'client', at: options => atHub(world, 'hub', options) })
  })

/** Over the network of a world. Hosts are nodes, each with one interface. */
const doorsOf = (world: World): Doors => ({
  listen: (address, offer, options) =>
    new Promise((resolve, reject) => {
      const listener = listenOver(world, `${world.name}:${address.split(':').at(-1)}`, offer, {
        limits: limitsOf('test'),
        onSession: options.onSession,
        onListening: address => resolve({ address, close: async () => listener.close() }),
        onFailed: reject,
      })
    }),
  up: (to, options) => upOver(world, to, options),
})

/** Roles in the registry of the hub on the node `hub`. */
export const rolesAt = (world: World, options: Parameters<typeof atHub>[2] = {}): Roles & { registry: Registry } => {
  const registry = atHub(world, 'hub', { ttlMs: 2000, ...options })
  return { registry, ...rolesBy(doorsOf(world), registry) }
}
