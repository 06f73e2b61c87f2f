// The store in this process' memory: gone with it. For tests, for one process, and as what the others are compared with.
import type { Chance, Clock, Timer } from '@skein/world'
import { copied } from '../core/copies.ts'
import { Machine } from '../core/machine.ts'
import { checkWatch } from '../core/requests.ts'
import { StoreClosedError } from '../errors.ts'
import { HeldLease } from '../leases.ts'
import type { Lease, LeaseOptions, Range, Store, WatchBatch, WatchOptions } from '../store.ts'
import { Watch } from '../watching.ts'
import { type ChangeRequest, perform, type Request } from './asking.ts'
import { MachineStore } from './machine-store.ts'

export class MemoryStore extends MachineStore implements Store {
  readonly url = 'memory:'
  private readonly machine = new Machine()
  private readonly watches = new Set<Watch>()
  private readonly held = new Set<HeldLease>()
  private expiry: Timer | undefined
  private isClosed = false

  constructor(clock?: Clock, chance?: Chance) {
    super(clock, chance)
    this.machine.onChange = batch => {
      for (const watch of [...this.watches]) watch.feed(batch)
    }
  }

  async lease({ ttlMs, keepAlive = true }: LeaseOptions): Promise<Lease> {
    const nowMs = this.clock.monotonicMs()
    const id = await this.change<string>({ ask: 'grant', ttlMs })
    const calls = {
      renew: (id: string) => this.change<void>({ ask: 'renew', id }),
      revoke: (id: string) => this.change<void>({ ask: 'revoke', id }),
    }
    const lease = new HeldLease(id, ttlMs, nowMs, this.clock, calls, keepAlive)
    this.held.add(lease)
    lease.signal.addEventListener('abort', () => this.held.delete(lease), { once: true })
    this.expireLater(this.machine.expire(nowMs))
    return lease
  }

  watch(range: Range, options: WatchOptions = {}): AsyncIterableIterator<WatchBatch> {
    checkWatch(range, options)
    const { from } = options
    const again = (revision: number) => this.live().since(revision, range)
    const watch: Watch = new Watch(range, options, () => this.watches.delete(watch), { again, isShared: true })
    try {
      // What ends now is told once: as what was before.
      const machine = this.live()
      this.watches.add(watch)
      if (from !== undefined) for (const batch of machine.since(from, range)) watch.feed(batch)
    } catch (error) {
      watch.end(error)
    }
    return watch
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    this.expiry?.cancel()
    const error = new StoreClosedError(this.url)
    for (const lease of [...this.held]) lease.lose('the store was closed', error)
    for (const watch of [...this.watches]) watch.end(error)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  protected async read<T>(request: Request): Promise<T> {
    return copied(perform(this.live(), request, this.clock.monotonicMs()) as T)
  }

  protected change<T>(request: ChangeRequest): Promise<T> {
    return this.read(request)
  }

  /** The machine, as it is now: without leases whose time is over. Throws StoreClosedError. */
  private live(): Machine {
    if (this.isClosed) throw new StoreClosedError(this.url)
    this.machine.expire(this.clock.monotonicMs())
    return this.machine
  }

  /** Leases end by themselves, whether or not anybody asks. */
  private expireLater(atMs: number): void {
    this.expiry?.cancel()
    if (this.isClosed || atMs === Number.POSITIVE_INFINITY) return
    const expire = (): void => this.expireLater(this.machine.expire(this.clock.monotonicMs()))
    this.expiry = this.clock.after(Math.max(0, atMs - this.clock.monotonicMs()), expire, { background: true })
  }
}
