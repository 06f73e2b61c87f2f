// Two-phase commit over several stores (J. Gray, "Notes on data base operating systems", 1978; strictly serializable by locks from the first prepared key to the decision).
//
// A key lies under its own name in the store of its shard; a lock of it, with what is to be written, under `locks/<key>` beside it. The program reads without locks and keeps what it wants to write.
//   prepare   in each store, at once: all that was read is as it was, nothing is locked; lock what is read and written
//   decide    in the coordinating store, that of the first key written: the process lives, and nobody has aborted it; put `records/<id>`, write, unlock. This is the commit
//   apply     in the others: write, unlock; then the record goes. Nobody waits for this
// Whoever finds a lock looks for the record in the coordinating store. It is there: the lock's write is done. The process lives no more (sessions.ts): it can never commit, and the lock goes. Otherwise there
// is nothing to do but to wait: that is the blocking of two-phase commit. One store alone needs one request.
import { NotSupportedError } from '@skein/base'
import { pauseAfter } from '../recipes/compare-and-set.ts'
import type { Compare, Entry, Operation } from '../store.ts'
import { CommitUnknownError, TransactionConflictError } from './errors.ts'
import type { Session } from './sessions.ts'
import { lockAll, packed, type ShardOptions, Shards, unpacked } from './shards.ts'
import {
  type Attempt,
  type KeyValue,
  mayBeDone,
  runTransaction,
  type TransactionOptions,
  type Transactions,
  type Tx,
} from './transactions.ts'

interface LockHead {
  /** The transaction's. */
  readonly id: string
  /** The coordinating store. */
  readonly at: number
  readonly session: string
  readonly does: 'put' | 'delete' | 'read'
}

interface RecordHead {
  readonly state: 'committed' | 'aborted'
  /** What is locked elsewhere. */
  readonly locks?: readonly (readonly [shard: number, keys: readonly string[]])[]
}

type Writes = ReadonlyMap<string, Uint8Array | undefined>

/** Transactions over the keys of several stores, strictly serializable. Throws ArgumentError. */
export const twoPhase = (stores: Shards['stores'], options: ShardOptions = {}): Transactions => {
  const shards = new Shards('twoPhase', stores, options)
  const close = (): Promise<void> => shards.close()
  return {
    isolation: 'strict-serializable',
    transaction: <T>(run: (tx: Tx) => T | Promise<T>, given?: TransactionOptions) =>
      runTransaction(signal => new TwoPhaseAttempt(shards, signal), shards, run, given),
    close,
    [Symbol.asyncDispose]: close,
  }
}

class TwoPhaseAttempt implements Attempt {
  private readonly shards: Shards
  private readonly locks: Locks
  private readonly signal: AbortSignal | undefined
  /** When each key that was read had last changed. */
  private readonly seen = new Map<string, number>()
  /** As of which revisions of how many stores it was read. */
  private readonly revisions = new Set<string>()

  constructor(shards: Shards, signal: AbortSignal | undefined) {
    this.shards = shards
    this.locks = new Locks(shards)
    this.signal = signal
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    const shard = this.shards.of(key)
    for (let tries = 0; ; tries++) {
      const { revision, results } = await this.shards.stores[shard].transact({
        do: [
          { op: 'get', key },
          { op: 'get', key: this.locks.keyOf(key) },
        ],
      })
      const [entry, lock] = results as (Entry | undefined)[]
      // A key that is locked by one that reads it is not about to change.
      if (!lock || unpacked<LockHead>(lock.value).head.does === 'read') {
        this.seen.set(key, entry?.modified ?? 0)
        this.revisions.add(`${shard} ${revision}`)
        return entry?.value
      }
      if (!(await this.locks.resolve(shard, key, lock)))
        await pauseAfter('transaction', this.shards, tries, this.signal)
    }
  }

  readRange(): Promise<readonly KeyValue[]> {
    throw new NotSupportedError(
      'two-phase commit',
      'range',
      'it locks keys, and no ranges',
      'Read the keys one by one, or use percolator or, within one store, optimistic.',
    )
  }

  /** What was read before the second look was all there when that began, if it is there still and nobody is about to change it. */
  async validate(): Promise<void> {
    if (this.revisions.size <= 1) return
    const looks = [...this.shards.split(this.seen.keys())].map(async ([shard, keys]) => {
      const { results } = await this.shards.stores[shard].transact({
        do: keys.flatMap((key): Operation[] => [
          { op: 'get', key },
          { op: 'get', key: this.locks.keyOf(key) },
        ]),
      })
      for (const [i, key] of keys.entries()) {
        const [entry, lock] = [results[2 * i], results[2 * i + 1]] as (Entry | undefined)[]
        const isFree = !lock || unpacked<LockHead>(lock.value).head.does === 'read'
        if (!isFree || (entry?.modified ?? 0) !== this.seen.get(key)) throw new TransactionConflictError(changed(key))
      }
    })
    await Promise.all(looks)
  }

  async commit(writes: Writes): Promise<void> {
    if (writes.size === 0) return this.validate()
    const parts = this.shards.split([...writes.keys(), ...this.seen.keys()])
    if (parts.size === 1) return this.commitWithin([...parts][0][0], writes)
    const at = this.shards.of(writes.keys().next().value!)
    const session = await this.shards.session(at)
    const id = `${session.id}-${session.next++}`
    const commit = new Commit(this.shards, this.locks, at, session, id, writes, parts)
    const prepared = await commit.prepare(this.compares([...parts.values()].flat()))
    if (prepared === 'locked') return commit.decide()
    await commit.withdraw()
    if (prepared instanceof Error) throw prepared
    await this.locks.resolveAll(prepared, this.signal)
    throw new TransactionConflictError('others have changed what it had read, or were about to write the same')
  }

  /** One store, and one request. */
  private async commitWithin(shard: number, writes: Writes): Promise<void> {
    const keys = [...new Set([...writes.keys(), ...this.seen.keys()])]
    const gets = keys.map((key): Operation => ({ op: 'get', key: this.locks.keyOf(key) }))
    const changes = [...writes].map(([key, value]) => change(key, value))
    const { succeeded, results } = await this.shards.stores[shard]
      .transact({ if: this.compares(keys), do: changes, else: gets })
      .catch(error => {
        throw mayBeDone(error) ? new CommitUnknownError([...writes.keys()], error) : error
      })
    if (succeeded) return
    const found = keys.flatMap((key, i) => (results[i] ? [{ shard, key, lock: results[i] as Entry }] : []))
    await this.locks.resolveAll(found, this.signal)
    throw new TransactionConflictError('others have changed what it had read, or were about to write the same')
  }

  private compares(keys: readonly string[]): Compare[] {
    return keys.flatMap((key): Compare[] => {
      const free: Compare = { key: this.locks.keyOf(key), target: 'created', is: '=', value: 0 }
      const seen = this.seen.get(key)
      return seen === undefined ? [free] : [free, { key, target: 'modified', is: '=', value: seen }]
    })
  }
}

interface Found {
  readonly shard: number
  readonly key: string
  readonly lock: Entry
}

/** The locks of all keys: what is done about those that are found. */
class Locks {
  private readonly shards: Shards

  constructor(shards: Shards) {
    this.shards = shards
  }

  keyOf(key: string): string {
    return `${this.shards.prefix}locks/${key}`
  }

  recordOf(id: string): string {
    return `${this.shards.prefix}records/${id}`
  }

  /** Finishes what a lock stands for, if that is decided; false: it is not. */
  async resolve(shard: number, key: string, lock: Entry): Promise<boolean> {
    const { id, at, session } = unpacked<LockHead>(lock.value).head
    const { results } = await this.shards.stores[at].transact({
      do: [
        { op: 'get', key: this.recordOf(id) },
        { op: 'get', key: session },
      ],
    })
    const [record, life] = results as (Entry | undefined)[]
    const state = record && unpacked<RecordHead>(record.value).head.state
    if (state === undefined && life) return false
    await this.finish(shard, key, lock, state === 'committed')
    return true
  }

  /** Writes what the lock says, or does not, and unlocks: unless somebody else has. */
  async finish(shard: number, key: string, lock: Entry, isCommitted: boolean): Promise<void> {
    const { head, bytes } = unpacked<LockHead>(lock.value)
    const operations: Operation[] = [{ op: 'delete', key: lock.key }]
    if (isCommitted && head.does !== 'read') operations.push(change(key, head.does === 'put' ? bytes : undefined))
    await this.shards.stores[shard].transact({
      if: [{ key: lock.key, target: 'created', is: '=', value: lock.created }],
      do: operations,
    })
  }

  /** Waits until each of them is finished. */
  async resolveAll(found: readonly Found[], signal: AbortSignal | undefined): Promise<void> {
    for (const { shard, key, lock } of found) {
      for (let tries = 0; ; tries++) {
        const now = await this.shards.stores[shard].get(lock.key)
        if (now?.created !== lock.created || (await this.resolve(shard, key, lock))) break
        await pauseAfter('transaction', this.shards, tries, signal)
      }
    }
  }
}

/** One commit over several stores. */
class Commit {
  private readonly shards: Shards
  private readonly locks: Locks
  private readonly at: number
  private readonly session: Session
  private readonly id: string
  private readonly writes: Writes
  private readonly parts: ReadonlyMap<number, readonly string[]>
  /** The revision at which the locks of a store were made. */
  private readonly made = new Map<number, number>()
  /** A store may have locked, or may yet: its answer was lost. */
  private isDoubtful = false

  constructor(
    shards: Shards,
    locks: Locks,
    at: number,
    session: Session,
    id: string,
    writes: Writes,
    parts: ReadonlyMap<number, readonly string[]>,
  ) {
    this.shards = shards
    this.locks = locks
    this.at = at
    this.session = session
    this.id = id
    this.writes = writes
    this.parts = parts
  }

  /** In all stores; or what was in the way. */
  async prepare(compares: readonly Compare[]): Promise<'locked' | readonly Found[] | Error> {
    const { outcome, isDoubtful } = await lockAll(this.parts, async (shard, keys) => {
      const own = new Set(keys.flatMap(key => [key, this.locks.keyOf(key)]))
      const { succeeded, revision, results } = await this.shards.stores[shard].transact({
        if: compares.filter(({ key }) => own.has(key)),
        do: keys.map(key => this.lock(key)),
        else: keys.map(key => ({ op: 'get', key: this.locks.keyOf(key) })),
      })
      if (!succeeded) return keys.flatMap((key, i) => (results[i] ? { shard, key, lock: results[i] as Entry } : []))
      this.made.set(shard, revision)
      return true
    })
    this.isDoubtful = isDoubtful
    return outcome
  }

  /** Resolves when it is committed. */
  async decide(): Promise<void> {
    const record = packed({ state: 'committed', locks: this.elsewhere } satisfies RecordHead)
    let isCommitted: boolean
    let cause: unknown
    try {
      const { succeeded } = await this.shards.stores[this.at].transact({
        if: [this.session.lives, this.undecided],
        do: [{ op: 'put', key: this.record, value: record }, ...this.finishing(this.parts.get(this.at)!)],
      })
      isCommitted = succeeded
    } catch (error) {
      cause = error
      isCommitted = mayBeDone(error) && (await this.wasCommitted(error))
    }
    if (isCommitted) {
      const apply = (): Promise<void> => this.apply()
      this.shards.after(this.shards.insist(apply, this.shards.unknownMs, this.shards.signal))
      return
    }
    await this.withdraw()
    throw new TransactionConflictError('its process was taken for dead, or its commit was lost on the way', 1, {
      cause,
    })
  }

  /** Takes back what was prepared, so that nobody meets it. */
  async withdraw(): Promise<void> {
    // What may yet be locked is told by a record.
    if (this.isDoubtful) return this.settleLater()
    try {
      await this.unlock()
    } catch {
      this.settleLater()
    }
  }

  /** Goes on until it is decided and nothing is left of it, or the session is over: then others can do it. */
  private settleLater(): void {
    const settle = async (): Promise<void> => {
      if ((await this.abort()) === 'committed') await this.apply()
      else await this.unlock()
    }
    const ends = AbortSignal.any([this.session.lease.signal, this.shards.signal])
    this.shards.after(this.shards.insist(settle, Number.POSITIVE_INFINITY, ends))
  }

  /** The answer was lost: either it is committed, or is made sure never to be. Rejects with CommitUnknownError. */
  private async wasCommitted(cause: unknown): Promise<boolean> {
    let state: RecordHead['state'] | undefined
    const ask = async (): Promise<void> => void (state = await this.abort())
    if (await this.shards.insist(ask, this.shards.unknownMs, this.shards.signal)) return state === 'committed'
    this.settleLater()
    throw new CommitUnknownError([...this.writes.keys()], cause)
  }

  /** Sees to it that it is decided: how. The record that says that it is aborted goes with the session, after which nothing can be committed either. */
  private async abort(): Promise<RecordHead['state']> {
    const { results } = await this.shards.stores[this.at].transact({
      if: [this.session.lives, this.undecided],
      do: [{ op: 'put', key: this.record, value: packed({ state: 'aborted' }), lease: this.session.lease.id }],
      else: [{ op: 'get', key: this.record }],
    })
    const found = results[0] as Entry | undefined
    return found ? unpacked<RecordHead>(found.value).head.state : 'aborted'
  }

  /** Writes and unlocks elsewhere; then nobody needs the record. */
  private async apply(): Promise<void> {
    const parts = this.elsewhere.map(async ([shard, keys]) => {
      const { succeeded, results } = await this.shards.stores[shard].transact({
        if: keys.map(key => this.isOurs(shard, key)),
        do: this.finishing(keys),
        else: keys.map(key => ({ op: 'get', key: this.locks.keyOf(key) })),
      })
      if (succeeded) return
      // Some were finished by those who met them.
      for (const [i, key] of keys.entries()) {
        const lock = results[i] as Entry | undefined
        if (lock && lock.created === this.made.get(shard)) await this.locks.finish(shard, key, lock, true)
      }
    })
    await Promise.all(parts)
    await this.shards.stores[this.at].delete(this.record)
  }

  /** Where somebody else has unlocked a part of it, anybody may unlock the rest. */
  private async unlock(): Promise<void> {
    const parts = [...this.made.keys()].map(shard => {
      const keys = this.parts.get(shard)!
      return this.shards.stores[shard].transact({
        if: keys.map(key => this.isOurs(shard, key)),
        do: keys.map(key => ({ op: 'delete', key: this.locks.keyOf(key) })),
      })
    })
    await Promise.all(parts)
  }

  private get elsewhere(): (readonly [shard: number, keys: readonly string[]])[] {
    return [...this.parts].filter(([shard]) => shard !== this.at)
  }

  private finishing(keys: readonly string[]): Operation[] {
    return keys.flatMap((key): Operation[] => [
      { op: 'delete', key: this.locks.keyOf(key) },
      ...(this.writes.has(key) ? [change(key, this.writes.get(key))] : []),
    ])
  }

  private lock(key: string): Operation {
    const value = this.writes.get(key)
    const does = this.writes.has(key) ? (value === undefined ? 'delete' : 'put') : 'read'
    const head: LockHead = { id: this.id, at: this.at, session: this.session.key, does }
    return { op: 'put', key: this.locks.keyOf(key), value: packed(head, value) }
  }

  private get record(): string {
    return this.locks.recordOf(this.id)
  }

  private get undecided(): Compare {
    return { key: this.record, target: 'created', is: '=', value: 0 }
  }

  private isOurs(shard: number, key: string): Compare {
    return { key: this.locks.keyOf(key), target: 'created', is: '=', value: this.made.get(shard)! }
  }
}

const change = (key: string, value: Uint8Array | undefined): Operation =>
  value === undefined ? { op: 'delete', key } : { op: 'put', key, value }

const changed = (key: string): string => `others have changed ${key}, or are about to`
