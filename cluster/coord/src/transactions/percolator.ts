// Snapshot isolation over several stores by timestamps: D. Peng and F. Dabek, "Large-scale incremental processing using distributed transactions and notifications", OSDI 2010, section 2.2.
//
// A transaction reads as of a timestamp that it gets when it begins, and writes as of one that it gets when it commits. Of each key there are (cells.ts) its versions, the paper's columns `data` and `write` in one, and a
// cell that is locked or says when it was last written.
//   prewrite  in each store, at once: no cell is locked, none was written since the transaction began; lock them, with what is to be written
//   commit    a timestamp; in the store of the primary, the first key written: the process lives, the primary's lock is there; put its version, unlock. This is the commit
//   apply     the others likewise, whoever does it first
// Whoever meets a lock of an earlier transaction looks at its primary: a version that it made: committed, and when. Its process lives no more (sessions.ts): it can never commit, and the lock goes. Otherwise it
// waits. The paper asks Chubby who lives; here it is a lease in the primary's store.
import { ArgumentError, NotSupportedError } from '@skein/base'
import { RevisionOracle } from '../clocks/oracle.ts'
import { pauseAfter } from '../recipes/compare-and-set.ts'
import type { Compare, Entry, Operation, Range, RangeResult } from '../store.ts'
import { Cells, type Lock, type Version } from './cells.ts'
import { CommitUnknownError, TransactionConflictError } from './errors.ts'
import type { Session } from './sessions.ts'
import { lockAll, type ShardOptions, Shards } from './shards.ts'
import {
  type Attempt,
  type KeyValue,
  mayBeDone,
  runTransaction,
  type TransactionOptions,
  type Transactions,
  type Tx,
} from './transactions.ts'

export interface PercolatorOptions extends ShardOptions {
  /** Gives the timestamps: the same for all processes. Default: revisions of the first store. */
  oracle?: { now(): Promise<number> }
  /** `serializable`: one that writes locks what it has read as well, so that there is no write skew. Default 'snapshot'. */
  isolation?: 'snapshot' | 'serializable'
}

export interface PercolatorTransactions extends Transactions {
  /**
   * Forgets versions that no transaction that begins at `before` or later can see, and clears away what dead processes have left. Transactions that began earlier and still go on are tried again, so
   * `before` is better a timestamp that the oracle gave a while ago. Default: one of now. Resolves to how many versions are gone. Anybody may call it, now and then.
   */
  collect(before?: number): Promise<number>
}

type Writes = ReadonlyMap<string, Uint8Array | undefined>

/** Transactions over the keys of several stores that each see one moment. Only such transactions see what they write. Throws ArgumentError. */
export const percolator = (stores: Shards['stores'], options: PercolatorOptions = {}): PercolatorTransactions => {
  const { isolation = 'snapshot', oracle: given, ...rest } = options
  const shards = new Shards('percolator', stores, rest)
  if (isolation !== 'snapshot' && isolation !== 'serializable')
    throw new ArgumentError('percolator', 'isolation', "'snapshot' or 'serializable'", isolation)
  const oracle = given ?? new RevisionOracle(stores[0], options.name)
  const space: Space = { shards, oracle, cells: new Cells(shards), isSerializable: isolation === 'serializable' }
  const begin = async (signal: AbortSignal | undefined): Promise<Attempt> =>
    new PercolatorAttempt(space, await oracle.now(), signal)
  const close = (): Promise<void> => shards.close()
  return {
    isolation: isolation === 'snapshot' ? 'snapshot' : 'strict-serializable',
    transaction: <T>(run: (tx: Tx) => T | Promise<T>, options?: TransactionOptions) =>
      runTransaction(begin, shards, run, options),
    collect: async before => space.cells.collect(before ?? (await oracle.now())),
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface Space {
  readonly shards: Shards
  readonly oracle: { now(): Promise<number> }
  readonly cells: Cells
  readonly isSerializable: boolean
}

class PercolatorAttempt implements Attempt {
  private readonly space: Space
  private readonly start: number
  private readonly signal: AbortSignal | undefined
  /** Whether the keys that were read have cells. */
  private readonly seen = new Map<string, boolean>()

  constructor(space: Space, start: number, signal: AbortSignal | undefined) {
    this.space = space
    this.start = start
    this.signal = signal
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    const { shards, cells } = this.space
    const shard = shards.of(key)
    for (let tries = 0; ; tries++) {
      const { results } = await shards.stores[shard].transact({
        do: [
          { op: 'get', key: cells.keyOf(key) },
          { op: 'range', range: cells.versions(key, 0, this.start), limit: 1, descending: true },
          { op: 'get', key: cells.safeKey },
        ],
      })
      const [cell, found, safe] = results as [Entry | undefined, RangeResult, Entry | undefined]
      cells.checkSafe(safe, this.start)
      const lock = this.inTheWay(cell)
      if (!lock) {
        this.seen.set(key, cell !== undefined)
        return found.entries.length === 0 ? undefined : cells.version(found.entries[0]).value
      }
      if (!(await cells.resolve(shard, cell!, lock))) await pauseAfter('transaction', shards, tries, this.signal)
    }
  }

  async readRange(range: Range): Promise<readonly KeyValue[]> {
    if (this.space.isSerializable)
      throw new NotSupportedError(
        'percolator',
        'range',
        'to be serializable it locks keys, and no ranges',
        'Read the keys one by one, or take snapshot isolation.',
      )
    const parts = await Promise.all(this.space.shards.stores.map((_, shard) => this.readPart(shard, range)))
    return parts.flat()
  }

  /** What it has read is of one moment. */
  async validate(): Promise<void> {}

  async commit(writes: Writes): Promise<void> {
    if (writes.size === 0) return
    const { shards, isSerializable } = this.space
    const keys = isSerializable ? [...writes.keys(), ...this.seen.keys()] : writes.keys()
    const primary = writes.keys().next().value!
    const session = await shards.session(shards.of(primary))
    const commit = new Commit(this.space, this.start, session, primary, writes, shards.split(keys))
    const prewritten = await commit.prewrite(this.seen)
    if (prewritten === 'locked') return commit.commit()
    await commit.withdraw()
    if (prewritten instanceof Error) throw prewritten
    for (const { shard, cell } of prewritten) await this.space.cells.resolveWait(shard, cell, this.signal)
    throw new TransactionConflictError('others have written what it writes since it began, or are about to')
  }

  /** The lock of one that may have committed before this one began. */
  private inTheWay(cell: Entry | undefined): Lock | undefined {
    const lock = cell && this.space.cells.lock(cell)
    return lock && lock.start <= this.start && lock.does !== 'read' ? lock : undefined
  }

  private async readPart(shard: number, range: Range): Promise<KeyValue[]> {
    const { shards, cells } = this.space
    for (let tries = 0; ; tries++) {
      const { results } = await shards.stores[shard].transact({
        do: [
          { op: 'range', range: cells.cellsIn(range) },
          { op: 'range', range: cells.versionsIn(range) },
          { op: 'get', key: cells.safeKey },
        ],
      })
      const [locked, versions, safe] = results as [RangeResult, RangeResult, Entry | undefined]
      cells.checkSafe(safe, this.start)
      const cell = locked.entries.find(entry => this.inTheWay(entry))
      if (!cell) return this.newest(versions.entries)
      if (!(await cells.resolve(shard, cell, this.inTheWay(cell)!)))
        await pauseAfter('transaction', shards, tries, this.signal)
    }
  }

  /** Of each key the last version that was there when this began. */
  private newest(entries: readonly Entry[]): KeyValue[] {
    const last = new Map<string, Version>()
    for (const entry of entries) {
      const version = this.space.cells.version(entry)
      if (version.commit <= this.start) last.set(version.key, version)
    }
    return [...last.values()].flatMap(({ key, value }) => (value === undefined ? [] : [{ key, value }]))
  }
}

interface Found {
  readonly shard: number
  readonly cell: Entry
}

class Commit {
  private readonly space: Space
  private readonly start: number
  private readonly session: Session
  private readonly primary: string
  private readonly writes: Writes
  private readonly parts: ReadonlyMap<number, readonly string[]>
  /** The revision at which the cells of a store were locked. */
  private readonly made = new Map<number, number>()
  /** A store may have locked, or may yet: its answer was lost. */
  private isDoubtful = false

  constructor(
    space: Space,
    start: number,
    session: Session,
    primary: string,
    writes: Writes,
    parts: ReadonlyMap<number, readonly string[]>,
  ) {
    this.space = space
    this.start = start
    this.session = session
    this.primary = primary
    this.writes = writes
    this.parts = parts
  }

  /** In all stores; or what was in the way. */
  async prewrite(seen: ReadonlyMap<string, boolean>): Promise<'locked' | readonly Found[] | Error> {
    const { outcome, isDoubtful } = await lockAll(this.parts, (shard, keys) =>
      this.prewritePart(shard, keys, key => seen.get(key) ?? true),
    )
    this.isDoubtful = isDoubtful
    return outcome
  }

  /** Resolves when it is committed. */
  async commit(): Promise<void> {
    const { shards, oracle } = this.space
    const at = shards.of(this.primary)
    let commit: number | undefined
    let cause: unknown
    try {
      commit = await oracle.now()
    } catch (error) {
      await this.withdraw()
      throw error
    }
    try {
      const { succeeded } = await shards.stores[at].transact({
        if: [this.session.lives, ...this.parts.get(at)!.map(key => this.isOurs(at, key))],
        do: this.finishing(this.parts.get(at)!, commit),
      })
      if (!succeeded) commit = undefined
    } catch (error) {
      cause = error
      commit = mayBeDone(error) ? await this.whenCommitted(error) : undefined
    }
    if (commit === undefined) {
      await this.withdraw()
      throw new TransactionConflictError('its process was taken for dead, or its commit was lost on the way', 1, {
        cause,
      })
    }
    const committed = commit
    const apply = (): Promise<void> => this.apply(committed)
    shards.after(shards.insist(apply, shards.unknownMs, shards.signal))
  }

  /** Takes back what was locked, so that nobody meets it. */
  async withdraw(): Promise<void> {
    // What may yet be locked is told by a record.
    if (this.isDoubtful) return this.settleLater()
    try {
      await this.unlock()
    } catch {
      this.settleLater()
    }
  }

  /** `true`, or the cells that are locked by others. Throws TransactionConflictError. */
  private async prewritePart(
    shard: number,
    keys: readonly string[],
    hasCell: (key: string) => boolean,
  ): Promise<true | readonly Found[]> {
    const { shards, cells } = this.space
    const free = (key: string, has: boolean): Compare =>
      has ? cells.freeSince(key, this.start) : { key: cells.keyOf(key), target: 'created', is: '=', value: 0 }
    await cells.ready(shard)
    // That a cell is there is a guess where the key was not read.
    let has = keys.map(hasCell)
    for (let tries = 0; ; tries++) {
      const { succeeded, revision, results } = await shards.stores[shard].transact({
        if: [...keys.map((key, i) => free(key, has[i])), cells.stillSeen(this.start)],
        do: keys.map(key => ({
          op: 'put',
          key: cells.keyOf(key),
          value: cells.locked(this.lock(key), this.writes.get(key)),
        })),
        else: [
          { op: 'get', key: cells.safeKey },
          ...keys.map((key): Operation => ({ op: 'get', key: cells.keyOf(key) })),
        ],
      })
      if (succeeded) {
        this.made.set(shard, revision)
        return true
      }
      const [safe, ...found] = results as (Entry | undefined)[]
      cells.checkSafe(safe, this.start)
      const others = found.flatMap(cell => (cell && cells.lock(cell) ? [{ shard, cell }] : []))
      const isGuessedRight = found.every((cell, i) => (cell !== undefined) === has[i])
      if (others.length > 0 || isGuessedRight || tries === 2) return others
      has = found.map(cell => cell !== undefined)
    }
  }

  /** Goes on until it is decided and nothing is left of it, or the session is over: then others can do it. */
  private settleLater(): void {
    const { shards } = this.space
    const settle = async (): Promise<void> => {
      const commit = await this.decided()
      if (commit !== undefined) await this.apply(commit)
      else await this.unlock()
    }
    const ends = AbortSignal.any([this.session.lease.signal, shards.signal])
    shards.after(shards.insist(settle, Number.POSITIVE_INFINITY, ends))
  }

  /** The answer was lost: either it is committed, or is made sure never to be. Rejects with CommitUnknownError. */
  private async whenCommitted(cause: unknown): Promise<number | undefined> {
    const { shards } = this.space
    let commit: number | undefined
    const ask = async (): Promise<void> => void (commit = await this.decided())
    if (await shards.insist(ask, shards.unknownMs, shards.signal)) return commit
    this.settleLater()
    throw new CommitUnknownError([...this.writes.keys()], cause)
  }

  /** Sees to it that it is decided: the time of its commit, or undefined for never. */
  private async decided(): Promise<number | undefined> {
    const { shards, cells } = this.space
    const at = shards.of(this.primary)
    const revision = this.made.get(at)
    const { succeeded, results } = await shards.stores[at].transact({
      // Nobody has committed it; nor can it be, when its primary is unlocked or the session is over.
      if: revision === undefined ? [this.session.lives] : [this.session.lives, this.isOurs(at, this.primary)],
      do: [
        { op: 'put', key: cells.abortedKey(this.session.key, this.start), value: '', lease: this.session.lease.id },
        ...(revision === undefined ? [] : [cells.free(this.primary, this.start)]),
      ],
      else: [{ op: 'range', range: cells.versions(this.primary, this.start, Number.MAX_SAFE_INTEGER) }],
    })
    return succeeded ? undefined : cells.commitOf(results[0] as RangeResult, this.start)
  }

  private async apply(commit: number): Promise<void> {
    const { shards, cells } = this.space
    const at = shards.of(this.primary)
    const parts = [...this.parts].map(async ([shard, keys]) => {
      if (shard === at) return
      const { succeeded, results } = await shards.stores[shard].transact({
        if: keys.map(key => this.isOurs(shard, key)),
        do: this.finishing(keys, commit),
        else: keys.map(key => ({ op: 'get', key: cells.keyOf(key) })),
      })
      if (succeeded) return
      // Some were finished by those who met them.
      for (const cell of results as (Entry | undefined)[])
        if (cell && cell.modified === this.made.get(shard)) await cells.finish(shard, cell, commit)
    })
    await Promise.all(parts)
  }

  /** Each key by itself: others may have unlocked some. */
  private async unlock(): Promise<void> {
    const { shards, cells } = this.space
    const parts = [...this.made.keys()].flatMap(shard =>
      this.parts
        .get(shard)!
        .map(key =>
          shards.stores[shard].transact({ if: [this.isOurs(shard, key)], do: [cells.free(key, this.start)] }),
        ),
    )
    await Promise.all(parts)
  }

  private finishing(keys: readonly string[], commit: number): Operation[] {
    return keys.flatMap(key => this.space.cells.finishing(this.lock(key), this.writes.get(key), commit))
  }

  private lock(key: string): Lock {
    const value = this.writes.get(key)
    const does = this.writes.has(key) ? (value === undefined ? 'delete' : 'put') : 'read'
    return { key, start: this.start, primary: this.primary, session: this.session.key, does }
  }

  private isOurs(shard: number, key: string): Compare {
    return { key: this.space.cells.keyOf(key), target: 'modified', is: '=', value: this.made.get(shard)! }
  }
}
