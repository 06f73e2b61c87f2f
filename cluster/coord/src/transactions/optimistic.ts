// Optimistic transactions within one store: all is read as of one revision; the commit is one request that names the revision of each key that was read, and does nothing if one has changed
// (H. Kung and J. Robinson, "On optimistic methods for concurrency control", ACM Transactions on Database Systems 6, 1981).
//
// A request can name keys, and no ranges. So each commit puts one key besides, and one that has read ranges names that: when it has changed, the ranges are read again, and if they are what they were the
// commit is tried as of that later revision.
import { CompactedError } from '../errors.ts'
import type { Compare, Entry, Operation, Range, RangeResult, Store } from '../store.ts'
import { only } from '../waiting.ts'
import { CommitUnknownError, TransactionConflictError } from './errors.ts'
import {
  type Attempt,
  type KeyValue,
  mayBeDone,
  ownPrefix,
  prefixOf,
  runTransaction,
  type TransactionOptions,
  type Transactions,
  type Tx,
} from './transactions.ts'

export interface OptimisticOptions {
  /** Those that read ranges see commits of the same name only. Default 'default'. */
  name?: string
}

/** Transactions over the keys of a store, strictly serializable: one request for what is read at a time, one for the commit, none if nothing is written. Throws ArgumentError. */
export const optimistic = (store: Store, options: OptimisticOptions = {}): Transactions => {
  const lastKey = `${prefixOf('optimistic', options.name ?? 'default')}last`
  return {
    isolation: 'strict-serializable',
    transaction: <T>(run: (tx: Tx) => T | Promise<T>, given?: TransactionOptions) =>
      runTransaction(() => new OptimisticAttempt(store, lastKey), store, run, given),
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}

/** How often ranges are read again for one commit. */
const mostLooks = 5

class OptimisticAttempt implements Attempt {
  private readonly store: Store
  private readonly lastKey: string
  /** As of which all is read. */
  private revision: Promise<number> | undefined
  private readonly keys = new Map<string, number>()
  private readonly asked: {
    readonly range: Range
    resolve(entries: readonly Entry[]): void
    reject(error: unknown): void
  }[] = []
  private readonly ranges: { readonly range: Range; readonly entries: readonly Entry[] }[] = []

  constructor(store: Store, lastKey: string) {
    this.store = store
    this.lastKey = lastKey
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    const [entry] = await this.entries(only(key))
    this.keys.set(key, entry?.modified ?? 0)
    return entry?.value
  }

  async readRange(range: Range): Promise<readonly KeyValue[]> {
    const entries = await this.entries(range)
    this.ranges.push({ range, entries })
    return entries
  }

  async validate(): Promise<void> {}

  async commit(writes: ReadonlyMap<string, Uint8Array | undefined>): Promise<void> {
    if (writes.size === 0) return
    const changes = [...writes].map(
      ([key, value]): Operation => (value === undefined ? { op: 'delete', key } : { op: 'put', key, value }),
    )
    changes.push({ op: 'put', key: this.lastKey, value: '' })
    let revision = (await this.revision) ?? 0
    for (let looks = 0; ; looks++) {
      const compares = [...this.keys].map(([key, value]): Compare => ({ key, target: 'modified', is: '=', value }))
      if (this.ranges.length > 0) compares.push({ key: this.lastKey, target: 'modified', is: '<', value: revision + 1 })
      if (await this.ask(compares, changes, writes)) return
      if (this.ranges.length === 0 || looks === mostLooks) throw new TransactionConflictError(changed)
      revision = await this.lookAgain()
    }
  }

  private async ask(
    compares: readonly Compare[],
    changes: readonly Operation[],
    writes: ReadonlyMap<string, unknown>,
  ): Promise<boolean> {
    try {
      const { succeeded } = await this.store.transact({ if: compares, do: changes })
      return succeeded
    } catch (error) {
      throw mayBeDone(error) ? new CommitUnknownError([...writes.keys()], error) : error
    }
  }

  /** Whether the ranges are still what they were; as of which revision. Throws TransactionConflictError. */
  private async lookAgain(): Promise<number> {
    let revision: number | undefined
    for (const { range, entries } of this.ranges) {
      const now = await this.store.range(range, revision === undefined ? {} : { revision })
      revision ??= now.revision
      const others = now.entries.filter(isForeign)
      const isSame =
        others.length === entries.length &&
        others.every(({ key, modified }, i) => key === entries[i].key && modified === entries[i].modified)
      if (!isSame) throw new TransactionConflictError(changed)
    }
    return revision!
  }

  /** What is asked for in one turn is one request. */
  private entries(range: Range): Promise<readonly Entry[]> {
    return new Promise((resolve, reject) => {
      this.asked.push({ range, resolve, reject })
      if (this.asked.length === 1) queueMicrotask(() => void this.askAll(this.asked.splice(0)))
    })
  }

  private async askAll(asked: typeof this.asked): Promise<void> {
    try {
      // The first to read says as of when the others do.
      const isFirst = this.revision === undefined
      const of = this.revision === undefined ? {} : { revision: await this.revision }
      const request = this.store.transact({ do: asked.map(({ range }) => ({ op: 'range', range, ...of })) })
      if (isFirst) {
        this.revision = request.then(({ revision }) => revision)
        this.revision.catch(() => {})
      }
      const { results } = await request
      for (const [i, { resolve }] of asked.entries()) resolve((results[i] as RangeResult).entries.filter(isForeign))
    } catch (error) {
      const told =
        error instanceof CompactedError ? new TransactionConflictError('what it reads was compacted meanwhile') : error
      for (const { reject } of asked) reject(told)
    }
  }
}

const changed = 'others have changed what it had read'
const isForeign = ({ key }: Entry): boolean => !key.startsWith(ownPrefix)
