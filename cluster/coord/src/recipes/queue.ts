// A queue: each item is taken by one, the first of the most urgent first.
//
// Items are keys, numbered by a key that says which was the last. An item that is claimed stays where it is; a key with the claimer's lease, of the same number, says that it is: when that goes, by death or otherwise, the
// item is at its place again, and nothing had to be brought back. Who finds nothing stands in line, and the first of the line alone is told of what comes.
import { ArgumentError } from '@skein/base'
import { checkName } from '../core/keys.ts'
import { LeaseLostError, LeaseNotFoundError, StoredValueError } from '../errors.ts'
import { type Held, lastOf, standInLine } from '../locks/line.ts'
import type { Compare, Entry, Lease, Operation, RangeResult, Store, WatchBatch } from '../store.ts'
import { untilChange, type WaitOptions, waiting } from '../waiting.ts'
import { Batches, type Request } from './batches.ts'
import { compareAndSet, type Known, pauseAfter } from './compare-and-set.ts'
import { decode, encode } from './json.ts'
import { KeptLease, type Share } from './kept-lease.ts'

export interface QueueOptions {
  /** How long after a claimer was last heard of its items are others' again. Default 10,000. */
  ttlMs?: number
}

export interface ItemOptions {
  /** The more urgent has the larger one: a whole number from -32,768 to 32,767. Default 0. */
  priority?: number
}

/** An item that others do not get, as long as this one is heard of. Disposed of without having been done, it goes back. */
export interface Claim<T> extends AsyncDisposable {
  /** Throws StoredValueError. */
  readonly value: T
  /** Aborted with LeaseLostError before others can have it. */
  readonly signal: AbortSignal
  /** Holds in a transaction of the same store as long as the item is claimed. */
  readonly owner: Compare
  /** It is gone for good. Rejects with LeaseLostError if it may be another's. */
  done(): Promise<void>
  /** It goes back to its place. */
  release(): Promise<void>
}

/** Of one transaction: etcd takes 128 operations. */
const mostPuts = 100
const mostTakes = 40
/** Items that are looked at together. */
const window = 64

const digits = (number: number, count: number): string => String(number).padStart(count, '0')

/** An item that is this one's, since a revision. */
interface Taken {
  readonly entry: Entry
  readonly number: string
  readonly revision: number
}

export class Queue<T = unknown> implements AsyncIterable<T> {
  readonly name: string
  private readonly store: Store
  private readonly prefix: string
  private readonly items: string
  private readonly claims: string
  /** Holds the number of the last item. */
  private readonly tail: string
  private known: Known | undefined
  private readonly lease: KeptLease
  private readonly puts = new Batches<{ value: string; priority: number }, void>(
    requests => this.putAll(requests),
    mostPuts,
  )
  /** Each gets an item, or the revision at which there was none for it. */
  private readonly takes = new Batches<undefined, Taken | number>(requests => this.takeAll(requests), mostTakes)
  private readonly claimings = new Batches<Lease, Taken | number>(requests => this.takeAll(requests), mostTakes)

  /** Throws ArgumentError. */
  constructor(store: Store, name: string, { ttlMs = 10_000 }: QueueOptions = {}) {
    this.name = checkName('queue', name)
    if (!(ttlMs > 0)) throw new ArgumentError('queue', 'ttlMs', 'milliseconds above 0', ttlMs)
    this.store = store
    this.prefix = `skein/queues/${name}/`
    this.items = `${this.prefix}items/`
    this.claims = `${this.prefix}claims/`
    this.tail = `${this.prefix}tail`
    this.lease = new KeptLease(store, ttlMs)
  }

  /** Puts it behind those of its priority. What one object is asked to put at once is one change of the store. If that fails, nobody knows whether it was put. Rejects with ArgumentError, StoredValueError. */
  async put(value: T, { priority = 0 }: ItemOptions = {}): Promise<void> {
    if (!(Number.isInteger(priority) && priority >= -0x8000 && priority <= 0x7fff))
      throw new ArgumentError('queue.put', 'priority', 'a whole number from -32,768 to 32,767', priority)
    return this.puts.add({ value: encode('queue.put', value), priority })
  }

  /**
   * Waits for the first item, and takes it for good: if this process, or the store's answer, is lost then, so is the item. What is no JSON is gone, too. Rejects with CancelledError, TimeoutError,
   * StoredValueError.
   */
  async take(options: WaitOptions = {}): Promise<T> {
    const { entry } = await this.first('queue.take', options, () => this.takes.add(undefined))
    return decode(entry)
  }

  /** The first item; undefined if there is none now. */
  async tryTake(): Promise<T | undefined> {
    const taken = await this.takes.add(undefined)
    return typeof taken === 'number' ? undefined : decode(taken.entry)
  }

  /** Waits for the first item, which is others' again unless `done()` is called: each is done once, but may be begun more often. Rejects with CancelledError, TimeoutError. */
  claim(options: WaitOptions = {}): Promise<Claim<T>> {
    return this.first('queue.claim', options, () => this.claimNow())
  }

  /** The same, if there is one now. */
  async tryClaim(): Promise<Claim<T> | undefined> {
    const claim = await this.claimNow()
    return typeof claim === 'number' ? undefined : claim
  }

  /** Items that nobody has claimed. */
  async size(): Promise<number> {
    const { results } = await this.store.transact({
      do: [
        { op: 'range', range: { prefix: this.items }, limit: 0 },
        { op: 'range', range: { prefix: this.claims }, limit: 0 },
      ],
    })
    const [items, claims] = results as RangeResult[]
    return items.count - claims.count
  }

  /** What would be taken next; undefined: nothing. Rejects with StoredValueError. */
  async peek(): Promise<T | undefined> {
    for (;;) {
      const { numbers } = await this.find(1)
      if (numbers.length === 0) return undefined
      const entry = await this.store.get(this.items + numbers[0])
      if (entry) return decode(entry)
    }
  }

  /** Takes one after another, for as long as it is iterated over. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void> {
    return this.values()
  }

  /** The same, until its signal is aborted: by CancelledError. */
  async *values(options: { signal?: AbortSignal } = {}): AsyncGenerator<T, void> {
    for (;;) yield await this.take(options)
  }

  /** Forgets all items, claimed ones too. */
  async clear(): Promise<void> {
    await this.store.transact({
      do: [
        { op: 'deleteRange', range: { prefix: this.items } },
        { op: 'deleteRange', range: { prefix: this.claims } },
      ],
    })
  }

  private async putAll(requests: readonly Request<{ value: string; priority: number }, void>[]): Promise<void> {
    const { tail, known } = this
    this.known = undefined
    let last = 0
    const number = (entry: Known | undefined): readonly Operation[] => {
      last = entry ? decode(entry) : 0
      if (!Number.isSafeInteger(last)) throw new StoredValueError(tail, 'it is no whole number')
      const puts = requests.map(({ item: { value, priority } }): Operation => {
        last++
        return { op: 'put', key: `${this.items}${digits(0x7fff - priority, 5)}-${digits(last, 16)}`, value }
      })
      return [{ op: 'put', key: tail, value: String(last) }, ...puts]
    }
    const done = await compareAndSet('queue.put', this.store, tail, number, { known })
    this.known = { key: tail, value: new TextEncoder().encode(String(last)), modified: done!.revision }
    for (const { resolve } of requests) resolve()
  }

  /** The first of those that nobody has claimed, as many as wanted and there are. */
  private async find(wanted: number): Promise<{ numbers: string[]; revision: number }> {
    const { results, revision } = await this.store.transact({
      do: [
        { op: 'range', range: { prefix: this.items }, limit: window, keysOnly: true },
        { op: 'range', range: { prefix: this.claims }, keysOnly: true },
      ],
    })
    let [{ entries }, { entries: claims }] = results as RangeResult[]
    const claimed = new Set(claims.map(({ key }) => key.slice(this.claims.length)))
    const numbers: string[] = []
    for (;;) {
      for (const { key } of entries) {
        const number = key.slice(this.items.length)
        if (numbers.length < wanted && !claimed.has(number)) numbers.push(number)
      }
      if (numbers.length === wanted || entries.length < window) return { numbers, revision }
      const range = { from: `${entries.at(-1)!.key}\0`, to: `${this.items.slice(0, -1)}0` } // '0' follows '/'
      // What comes meanwhile comes after the revision.
      ;({ entries } = await this.store.range(range, { limit: window, keysOnly: true }))
    }
  }

  private async takeAll(requests: readonly Request<Lease | undefined, Taken | number>[]): Promise<void> {
    for (let failures = 0; ; failures++) {
      const { numbers, revision: lookedAt } = await this.find(requests.length)
      const { succeeded, results, revision } = await this.store.transact({
        if: numbers.flatMap((number): Compare[] => [
          { key: this.items + number, target: 'version', is: '>', value: 0 },
          { key: this.claims + number, target: 'version', is: '=', value: 0 },
        ]),
        do: numbers.flatMap((number, i): Operation[] => {
          const lease = requests[i].item
          if (lease === undefined) return [{ op: 'delete', key: this.items + number }]
          return [
            { op: 'put', key: this.claims + number, value: '', lease: lease.id },
            { op: 'get', key: this.items + number },
          ]
        }),
      })
      if (!succeeded) {
        await pauseAfter('queue.take', this.store, failures)
        continue
      }
      const entries = results.filter((_, i) => requests[0].item === undefined || i % 2 === 1) as Entry[]
      for (const [i, { resolve }] of requests.entries())
        resolve(i < entries.length ? { entry: entries[i], number: numbers[i], revision } : lookedAt)
      return
    }
  }

  private async claimNow(): Promise<Claim<T> | number> {
    for (;;) {
      const share = await this.lease.share()
      try {
        const taken = await this.claimings.add(share.lease)
        if (typeof taken === 'number') {
          share.leave()
          return taken
        }
        // The answer may be old: what was claimed by a lease that is over goes back with it.
        if (!share.lease.signal.aborted) return this.claimOf(taken, share)
        share.abandon()
      } catch (error) {
        // Nobody knows whether something was claimed: with this lease it must not stay so.
        share.abandon()
        if (!(error instanceof LeaseNotFoundError)) throw error
      }
    }
  }

  private claimOf({ entry, number, revision }: Taken, { lease, leave }: Share): Claim<T> {
    const key = this.claims + number
    const owner: Compare = { key, target: 'created', is: '=', value: revision }
    let state: 'claimed' | 'done' | 'gone' = 'claimed'
    const end = async (operations: readonly Operation[], ended: 'done' | 'gone'): Promise<void> => {
      const { succeeded } = await this.store.transact({ if: [owner], do: operations })
      if (state !== 'claimed') return
      state = succeeded ? ended : 'gone'
      leave()
    }
    const release = async (): Promise<void> => {
      if (state === 'claimed') await end([{ op: 'delete', key }], 'gone')
    }
    return {
      get value() {
        return decode<T>(entry)
      },
      get signal() {
        return lease.signal
      },
      owner,
      done: async () => {
        const gone: Operation[] = [
          { op: 'delete', key },
          { op: 'delete', key: this.items + number },
        ]
        if (state === 'claimed') await end(gone, 'done')
        if (state === 'gone')
          throw new LeaseLostError(lease.id, `item ${number} of queue ${this.name} went back to its place`)
      },
      release,
      [Symbol.asyncDispose]: release,
    }
  }

  /** Tries, and then stands in line to try again whenever there may be something. */
  private first<R extends object>(call: string, options: WaitOptions, attempt: () => Promise<R | number>): Promise<R> {
    const { store } = this
    return waiting(call, store.clock, options, async ends => {
      let given = await attempt()
      while (typeof given === 'number') {
        const place = await this.place(call, ends)
        try {
          for (given = await attempt(); typeof given === 'number'; given = await attempt()) {
            if (ends.aborted) throw ends.reason
            await untilChange(store, { prefix: this.prefix }, given, ends, batch => this.brings(batch))
          }
        } finally {
          // What was taken must not be lost for this; the lease ends anyhow.
          await place.release().catch(() => {})
        }
      }
      return given
    })
  }

  private async place(call: string, ends: AbortSignal): Promise<Held> {
    for (;;) {
      try {
        return await standInLine(call, this.store, `skein/queue-lines/${this.name}/`, 'taker', lastOf, { signal: ends })
      } catch (error) {
        // Who was paused for too long has lost its place, and nothing else.
        if (!(error instanceof LeaseLostError)) throw error
      }
    }
  }

  /** Whether there may be something since then: an item was put, or one that was claimed is free again. */
  private brings({ events }: WatchBatch): boolean {
    const deleted = new Set(events.map(event => (event.type === 'delete' ? event.key : '')))
    return events.some(event => {
      if (event.type === 'put') return event.entry.key.startsWith(this.items)
      return event.key.startsWith(this.claims) && !deleted.has(this.items + event.key.slice(this.claims.length))
    })
  }
}
