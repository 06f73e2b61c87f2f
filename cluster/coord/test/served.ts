// A store on a node of the simulation, for clients on others: by a session over streams that are delayed, cut and broken.
import { CancelledError } from '@skein/base'
import { limitsOf, type Session } from '@skein/rpc'
import type { Chance, Clock, World } from '@skein/world'
// The transport of worlds is of no use to programs outside of the simulator, and so is not exported.
import { sessionOver } from '../../rpc/src/transports/world.ts'
import { LeaseLostError, LeaseNotFoundError } from '../src/errors.ts'
import type {
  Lease,
  LeaseOptions,
  PutOptions,
  Range,
  RangeOptions,
  ReadOptions,
  Store,
  Transaction,
  WatchBatch,
  WatchOptions,
} from '../src/index.ts'
import { HeldLease } from '../src/leases.ts'
import { Watch } from '../src/watching.ts'

const options = { limits: limitsOf('test', {}) }

/** Offers the store at `<node>:1`. */
export const serve = (world: World, store: Store): void => {
  const leases = new Map<string, Lease>()
  const leaseOf = (id: string): Lease => {
    const lease = leases.get(id)
    if (!lease || lease.signal.aborted) throw new LeaseNotFoundError(id)
    return lease
  }
  const offer = {
    get: (key: string, o: ReadOptions) => store.get(key, o),
    range: (range: Range, o: RangeOptions) => store.range(range, o),
    put: (key: string, value: Uint8Array | string, o: PutOptions) => store.put(key, value, o),
    delete: (key: string) => store.delete(key),
    deleteRange: (range: Range) => store.deleteRange(range),
    transact: (transaction: Transaction) => store.transact(transaction),
    compact: (revision: number) => store.compact(revision),
    revision: () => store.revision(),
    watch: (range: Range, o: WatchOptions) => store.watch(range, o),
    async grant(ttlMs: number): Promise<string> {
      const lease = await store.lease({ ttlMs, keepAlive: false })
      leases.set(lease.id, lease)
      lease.signal.addEventListener('abort', () => leases.delete(lease.id), { once: true })
      return lease.id
    },
    async renew(id: string): Promise<void> {
      await leaseOf(id)
        .renew()
        .catch(error => {
          throw error instanceof LeaseLostError ? new LeaseNotFoundError(id) : error
        })
    },
    revoke: (id: string) => leaseOf(id).revoke(),
  }
  world.network.listen(`${world.name}:1`, {
    connected: connection => sessionOver(world.clock, connection, offer, options).handlers,
  })
}

/** The store that another node serves. Calls reject with ConnectionLostError when the session is over; then one needs another. */
export const reach = async (world: World, node: string): Promise<RemoteStore> => {
  const session = sessionOver.connect(world, `${node}:1`, {}, options)
  return new RemoteStore(world, session, await session.ready)
}

export class RemoteStore implements Store {
  readonly url = 'simulated:'
  readonly clock: Clock
  readonly chance: Chance
  readonly session: Session
  private readonly remote: any

  constructor({ clock, chance }: World, session: Session, remote: object) {
    this.clock = clock
    this.chance = chance
    this.session = session
    this.remote = remote
  }

  get(key: string, options: ReadOptions = {}) {
    return this.remote.get(key, options)
  }

  range(range: Range, options: RangeOptions = {}) {
    return this.remote.range(range, options)
  }

  put(key: string, value: Uint8Array | string, options: PutOptions = {}) {
    return this.remote.put(key, value, options)
  }

  delete(key: string) {
    return this.remote.delete(key)
  }

  deleteRange(range: Range) {
    return this.remote.deleteRange(range)
  }

  transact(transaction: Transaction) {
    return this.remote.transact(transaction)
  }

  compact(revision: number) {
    return this.remote.compact(revision)
  }

  revision() {
    return this.remote.revision()
  }

  async lease({ ttlMs, keepAlive = true }: LeaseOptions): Promise<Lease> {
    const askedAtMs = this.clock.monotonicMs()
    const id: string = await this.remote.grant(ttlMs)
    const { renew, revoke } = this.remote
    return new HeldLease(id, ttlMs, askedAtMs, this.clock, { renew, revoke }, keepAlive)
  }

  watch(range: Range, { signal, ...options }: WatchOptions = {}): AsyncIterableIterator<WatchBatch> {
    const stream: Promise<AsyncIterableIterator<WatchBatch>> = this.remote.watch(range, options)
    const leave = async (): Promise<void> => void (await (await stream).return?.())
    const watch = new Watch(range, { ...options, signal }, () => void leave().catch(() => {}))
    const feed = async (): Promise<void> => {
      for await (const batch of await stream) watch.feed(batch)
    }
    feed().then(
      () => watch.end(new CancelledError('watch', 'the server ended it')),
      error => watch.end(error),
    )
    return watch
  }

  async close(): Promise<void> {
    this.session.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.session.close()
  }
}
