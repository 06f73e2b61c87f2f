// The store in etcd, version 3.4 or later: each call is one of etcd's. It is asked over gRPC, which Node's HTTP/2 carries: twice as fast as etcd's gateway for JSON, which is a gRPC client itself.
import { type Chance, type Clock, realChance, realClock, sleep } from '@skein/world'
import { bytesOf, checkKey, checkRange } from '../../core/keys.ts'
import { checkRangeRequest, checkRevision, checkTransaction, checkTtl, checkWatch } from '../../core/requests.ts'
import { CompactedError, EtcdError, FutureRevisionError, LeaseNotFoundError, StoreClosedError } from '../../errors.ts'
import { HeldLease } from '../../leases.ts'
import type {
  Entry,
  Lease,
  LeaseOptions,
  PutOptions,
  Range,
  RangeOptions,
  RangeResult,
  ReadOptions,
  Store,
  Transaction,
  TransactionResult,
  WatchBatch,
  WatchOptions,
} from '../../store.ts'
import { Watch } from '../../watching.ts'
import { parseEtcdUrl } from './address.ts'
import { Endpoints } from './endpoints.ts'
import { RpcFailure } from './failures.ts'
import { calls } from './messages.ts'
import { checkEtcdOptions, type EtcdOptions } from './options.ts'
import { isLease, revisionOf, Translator } from './translate.ts'
import { WatchFeed } from './watch.ts'

/** etcd has no longer ones. */
const longestLeaseSeconds = 9e9

export class EtcdStore implements Store {
  readonly url: string
  readonly clock: Clock
  readonly chance: Chance
  private readonly endpoints: Endpoints
  private readonly translator: Translator
  private readonly held = new Set<HeldLease>()
  private readonly watches = new Set<Watch>()
  /** Watches that are finding out what is now; changes wait for them, so as to come after it. */
  private readonly beginning = new Set<Promise<unknown>>()
  private isClosed = false

  /** Resolves when a server has answered. Rejects with StoreUnavailableError, StoreAccessError, WrongServerError; throws ArgumentError. */
  static async open(url: string, options: EtcdOptions = {}): Promise<EtcdStore> {
    const store = new EtcdStore(url, options)
    try {
      await store.endpoints.call(calls.status, {}, { what: 'open', isRepeatable: true })
    } catch (error) {
      await store.close()
      throw error
    }
    return store
  }

  private constructor(url: string, options: EtcdOptions) {
    const { clock = realClock, chance = realChance() } = options
    const address = parseEtcdUrl(url)
    this.clock = clock
    this.chance = chance
    this.url = address.url
    this.endpoints = new Endpoints(...checkEtcdOptions(address, options, clock, chance))
    this.translator = new Translator(address.prefix)
  }

  async get(key: string, options: ReadOptions = {}): Promise<Entry | undefined> {
    const revision = checkRevision('get', 'revision', options.revision)
    const request = { key: this.translator.key(checkKey('get', key)), revision: revisionOf(revision) }
    const { entries } = await this.read(`get ${key}`, revision, () =>
      this.endpoints.call(calls.range, request, { what: `get ${key}`, isRepeatable: true }),
    )
    return entries[0] && this.translator.entry(entries[0])
  }

  async range(range: Range, options: RangeOptions = {}): Promise<RangeResult> {
    checkRangeRequest(range, options)
    const request = this.translator.rangeRequest(range, options)
    const answer = await this.read('read a range', options.revision, () =>
      this.endpoints.call(calls.range, request, { what: 'read a range', isRepeatable: true }),
    )
    return this.translator.rangeResult(answer, options.revision)
  }

  async put(
    key: string,
    value: Uint8Array | string,
    options: PutOptions = {},
  ): Promise<{ revision: number; previous: Entry | undefined }> {
    checkKey('put', key)
    if (typeof value !== 'string') bytesOf('put', value)
    const request = this.translator.put(key, value, options.lease)
    const { header, previous } = await this.change([options.lease], after =>
      this.endpoints.call(calls.put, request, { what: `put ${key}`, isRepeatable: false, after }),
    )
    return { revision: header!.revision, previous: previous && this.translator.entry(previous) }
  }

  async delete(key: string): Promise<{ revision: number; deleted: Entry | undefined }> {
    const request = { key: this.translator.key(checkKey('delete', key)), withPrevious: true }
    const { header, deleted } = await this.change([], after =>
      this.endpoints.call(calls.delete, request, { what: `delete ${key}`, isRepeatable: false, after }),
    )
    return { revision: header!.revision, deleted: deleted[0] && this.translator.entry(deleted[0]) }
  }

  async deleteRange(range: Range): Promise<{ revision: number; deleted: readonly Entry[] }> {
    const request = { ...this.translator.deletion(checkRange('deleteRange', range)), withPrevious: true }
    const { header, deleted } = await this.change([], after =>
      this.endpoints.call(calls.delete, request, { what: 'delete a range', isRepeatable: false, after }),
    )
    return { revision: header!.revision, deleted: deleted.map(entry => this.translator.entry(entry)) }
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    const { if: compares, do: wanted, else: otherwise } = checkTransaction(transaction)
    const all = [...wanted, ...otherwise]
    const request = {
      if: compares.map(compare => this.translator.compare(compare)),
      do: wanted.map(operation => this.translator.operation(operation)),
      else: otherwise.map(operation => this.translator.operation(operation)),
    }
    const changes = all.some(({ op }) => op !== 'get' && op !== 'range')
    const asked = { what: `run a transaction of ${all.length} operations`, isRepeatable: !changes }
    const revisions = all.flatMap(operation => (operation.op === 'range' ? (operation.revision ?? []) : []))
    const { header, succeeded, results } = await this.read(asked.what, Math.min(...revisions), () =>
      this.change(
        all.map(operation => (operation.op === 'put' ? operation.lease : undefined)),
        after => this.endpoints.call(calls.transact, request, { ...asked, after }),
      ),
    )
    const { revision } = header!
    const done = succeeded ? wanted : otherwise
    return {
      succeeded,
      revision,
      results: done.map((operation, i) => this.translator.result(operation, results[i], revision)),
    }
  }

  async lease({ ttlMs, keepAlive = true }: LeaseOptions): Promise<Lease> {
    checkTtl(ttlMs)
    const wanted = Math.min(longestLeaseSeconds, Math.ceil(ttlMs / 1000))
    const askedAtMs = this.clock.monotonicMs()
    // One that was given and not heard of has no keys, and ends by itself.
    const asked = { what: 'give a lease', isRepeatable: true }
    const { id, seconds } = await this.endpoints.call(calls.grant, { seconds: wanted }, asked)
    const lease = new HeldLease(
      id,
      seconds * 1000,
      askedAtMs,
      this.clock,
      { renew: id => this.renew(id, seconds * 1000), revoke: id => this.revoke(id) },
      keepAlive,
    )
    this.held.add(lease)
    lease.signal.addEventListener('abort', () => this.held.delete(lease), { once: true })
    if (this.isClosed) throw lease.lose('the store was closed', new StoreClosedError(this.url))
    return lease
  }

  watch(range: Range, options: WatchOptions = {}): AsyncIterableIterator<WatchBatch> {
    checkWatch(range, options)
    let feed: WatchFeed | undefined
    let hasEnded = false
    const watch: Watch = new Watch(range, options, () => {
      hasEnded = true
      this.watches.delete(watch)
      feed?.end()
    })
    if (this.isClosed) {
      watch.end(new StoreClosedError(this.url))
      return watch
    }
    this.watches.add(watch)
    if (this.translator.ends(range).isEmpty) return watch
    const begin = (from: number): void => {
      if (hasEnded) return
      feed = new WatchFeed(this.endpoints, this.translator, watch, range, {
        from: Math.max(1, from),
        withPrevious: options.previous ?? false,
      })
      void feed.run()
    }
    if (options.from !== undefined) begin(options.from)
    else {
      const now = this.revision().then(
        revision => begin(revision + 1),
        error => watch.end(error),
      )
      this.beginning.add(now)
      void now.then(() => this.beginning.delete(now))
    }
    return watch
  }

  async compact(revision: number): Promise<void> {
    checkRevision('compact', 'revision', revision)
    try {
      await this.read('compact', revision, () =>
        this.endpoints.call(calls.compact, { revision }, { what: 'compact', isRepeatable: true }),
      )
    } catch (error) {
      // It is done already.
      if (!(error instanceof CompactedError) || error.compacted > revision) throw error
    }
  }

  async revision(): Promise<number> {
    const { key } = this.translator.ends({ prefix: '' })
    const asked = { what: 'tell the revision', isRepeatable: true }
    return (await this.endpoints.call(calls.range, { key, countOnly: true }, asked)).header!.revision
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    const error = new StoreClosedError(this.url)
    for (const lease of [...this.held]) lease.lose('the store was closed', error)
    for (const watch of [...this.watches]) watch.end(error)
    this.endpoints.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Changes come after the watches that were begun before them. */
  private async change<T>(
    leases: readonly (string | undefined)[],
    run: (after: Promise<unknown> | undefined) => Promise<T>,
  ): Promise<T> {
    try {
      return await run(this.beginning.size > 0 ? Promise.all(this.beginning) : undefined)
    } catch (error) {
      if (error instanceof RpcFailure && error.message === 'etcdserver: requested lease not found')
        throw new LeaseNotFoundError(leases.find(lease => lease !== undefined) ?? '')
      throw error
    }
  }

  private async read<T>(what: string, asked: number | undefined, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      if (!(error instanceof RpcFailure)) throw error
      if (error.message.endsWith('required revision has been compacted'))
        throw new CompactedError(asked!, await this.compacted(asked!))
      if (error.message.endsWith('required revision is a future revision'))
        throw new FutureRevisionError(asked!, await this.revision())
      throw new EtcdError(this.url, what, error.code, error.message, error)
    }
  }

  /** Up to where is forgotten; etcd tells it to those who watch. */
  private async compacted(from: number): Promise<number> {
    const watch = this.watch({ from: '\u0001', to: '\u0002' }, { from: Math.max(0, from - 1) })
    const asked = new AbortController()
    const first = await Promise.race([
      watch.next().catch(error => error),
      // The first revision of all may be the last that is forgotten; nothing is told of that.
      sleep(this.clock, 1000, { signal: asked.signal }).catch(() => {}),
    ])
    asked.abort()
    await watch.return!()
    return first instanceof CompactedError ? first.compacted : from
  }

  private async renew(id: string, ttlMs: number): Promise<void> {
    // Each endpoint has its turn while there is time.
    const asked = { what: `renew lease ${id}`, isRepeatable: true, timeoutMs: ttlMs / 2 }
    const { seconds } = await this.endpoints.call(calls.keepAlive, { id }, asked)
    if (seconds <= 0) throw new LeaseNotFoundError(id)
  }

  private async revoke(id: string): Promise<void> {
    if (!isLease(id)) throw new LeaseNotFoundError(id)
    await this.change([id], after =>
      this.endpoints.call(calls.revoke, { id }, { what: `revoke lease ${id}`, isRepeatable: true, after }),
    )
  }
}
