// Registrations in a store: `skein/registry/services/<name>/<id>` and `skein/registry/ports/<machine>/<port>`, each with a lease.
import type { Chance, Clock } from '@skein/world'
import { follow } from '../following.ts'
import type { Entry, Lease, Range, Store } from '../store.ts'
import type { LeaseTerms, Place, PortClaim, RegistryBackend, Told } from './backend.ts'
import type { Found } from './service.ts'

const services = 'skein/registry/services/'
const ports = 'skein/registry/ports/'
const decoder = new TextDecoder()

export class StoreBackend implements RegistryBackend {
  private readonly store: Store

  constructor(store: Store) {
    this.store = store
  }

  get url(): string {
    return this.store.url
  }

  get clock(): Clock {
    return this.store.clock
  }

  get chance(): Chance {
    return this.store.chance
  }

  /** Stores that only processes of one machine can share are reached on that machine. */
  async host(): Promise<string | undefined> {
    return /^(memory|file):/.test(this.url) ? '127.0.0.1' : undefined
  }

  lease(ttlMs: number, terms?: LeaseTerms): Promise<Lease> {
    return this.store.lease({ ttlMs, ...terms })
  }

  async put(name: string, id: string, text: string, lease: string): Promise<void> {
    await this.store.put(keyOf(name, id), text, { lease })
  }

  async remove(name: string, id: string): Promise<boolean> {
    return (await this.store.delete(keyOf(name, id))).deleted !== undefined
  }

  async list(place: Place): Promise<Found[]> {
    const { entries } = await this.store.range(rangeOf(place))
    return entries.map(foundIn)
  }

  async *follow(place: Place, signal?: AbortSignal): AsyncGenerator<Told> {
    let isFirst = true
    for await (const { entries, events } of follow(this.store, rangeOf(place), { signal })) {
      if (isFirst) yield { type: 'all', found: [...entries.values()].map(foundIn) }
      else
        for (const event of events)
          yield event.type === 'put'
            ? { type: 'put', found: foundIn(event.entry) }
            : { type: 'deleted', ...placeOf(event.key) }
      isFirst = false
    }
  }

  async claimPort({ machine, port, owner }: PortClaim, lease: string): Promise<boolean> {
    const key = `${ports}${machine}/${port}`
    const put = { op: 'put', key, value: owner, lease } as const
    const free = { key, target: 'created', is: '=', value: 0 } as const
    if ((await this.store.transact({ if: [free], do: [put] })).succeeded) return true
    const own = { key, target: 'value', is: '=', value: owner } as const
    return (await this.store.transact({ if: [own], do: [put] })).succeeded
  }

  async claimedPorts(machine: string): Promise<number[]> {
    const prefix = `${ports}${machine}/`
    const { entries } = await this.store.range({ prefix }, { keysOnly: true })
    return entries.map(({ key }) => Number(key.slice(prefix.length)))
  }

  async close(): Promise<void> {}
}

const keyOf = (name: string, id: string): string => `${services}${name}/${id}`

const rangeOf = ({ name, id }: Place): Range => {
  if (name === undefined) return { prefix: services }
  if (id === undefined) return { prefix: `${services}${name}/` }
  const key = keyOf(name, id)
  return { from: key, to: `${key}\0` }
}

const placeOf = (key: string): { name: string; id: string } => {
  const [name, ...id] = key.slice(services.length).split('/')
  return { name, id: id.join('/') }
}

const foundIn = ({ key, value, lease }: Entry): Found => ({ ...placeOf(key), text: decoder.decode(value), lease })
