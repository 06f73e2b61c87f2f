// The store as a state machine: a request and the time in, an answer and events out. It knows neither clocks nor files nor promises. The memory engine calls it; other engines are held against it.
//
// What is kept of a key is its history since the last compaction: each change with its revision. What is there now is the last of them, unless that is a deletion. `Tables` keeps it,
// in memory or in a file.
import { CompactedError, FutureRevisionError, LeaseNotFoundError } from '../errors.ts'
import type {
  Compare,
  Comparison,
  Entry,
  Operation,
  OperationResult,
  Range,
  RangeOptions,
  RangeResult,
  Transaction,
  TransactionResult,
  WatchBatch,
  WatchEvent,
} from '../store.ts'
import { bytesOf, checkKey, compareBytes, isIn } from './keys.ts'
import { checkRangeRequest, checkRevision, checkTransaction, checkTtl } from './requests.ts'
import { type LeaseRow, MemoryTables, type Tables } from './tables.ts'

export class Machine {
  private readonly tables: Tables
  /** Told of each revision as it happens. */
  onChange: ((batch: WatchBatch) => void) | undefined

  constructor(tables: Tables = new MemoryTables()) {
    this.tables = tables
  }

  get revision(): number {
    return this.tables.revision
  }

  /** Changes before this revision are forgotten. */
  get compacted(): number {
    return this.tables.compacted
  }

  get(key: string, revision?: number): Entry | undefined {
    return this.at(checkKey('get', key), this.checkRevision(revision))
  }

  range(range: Range, options: RangeOptions = {}): RangeResult {
    checkRangeRequest(range, options)
    const { limit = Number.POSITIVE_INFINITY, descending = false, keysOnly = false } = options
    const revision = this.checkRevision(options.revision)
    const found: Entry[] = []
    for (const entry of this.tables.entriesIn(range, revision))
      found.push(keysOnly ? { ...entry, value: empty } : entry)
    if (descending) found.reverse()
    return { entries: found.slice(0, limit), count: found.length, revision: revision ?? this.revision }
  }

  /** One change, or none: what it gives is what a transaction of this operation alone would. */
  apply(operation: Operation): { revision: number; result: OperationResult } {
    const { revision, results } = this.transact({ do: [operation] })
    return { revision, result: results[0] }
  }

  /** All of it or, when it throws, nothing. */
  transact(transaction: Transaction): TransactionResult {
    const { if: compares, do: wanted, else: otherwise } = checkTransaction(transaction)
    const succeeded = compares.every(compare => this.holds(compare))
    const operations = succeeded ? wanted : otherwise
    this.check(operations)
    const revision = this.revision + 1
    const events: WatchEvent[] = []
    const results = operations.map(operation => this.run(operation, revision, events))
    this.commit(revision, events)
    return { succeeded, revision: this.revision, results }
  }

  /** Without an id the tables give one. */
  grant(ttlMs: number, nowMs: number, id?: string): string {
    checkTtl(ttlMs)
    return this.tables.addLease(ttlMs, nowMs + ttlMs, id)
  }

  /** Throws LeaseNotFoundError. */
  renew(id: string, nowMs: number): void {
    this.tables.prolong(id, nowMs + this.leaseOf(id).ttlMs)
  }

  /** Ends a lease and its keys. Throws LeaseNotFoundError. */
  revoke(id: string): void {
    this.leaseOf(id)
    const revision = this.revision + 1
    const events: WatchEvent[] = []
    for (const key of [...this.tables.keysOf(id)]) this.remove(key, revision, events)
    this.tables.removeLease(id)
    this.commit(revision, events)
  }

  /** Ends the leases whose time is over, each as a revision of its own. Returns when the next one's is. */
  expire(nowMs: number): number {
    for (;;) {
      const first = this.tables.firstLease()
      if (first === undefined) return Number.POSITIVE_INFINITY
      if (first.untilMs > nowMs) return first.untilMs
      this.revoke(first.id)
    }
  }

  /** What changed in the range from the revision on. Throws CompactedError. */
  since(revision: number, range: Range): WatchBatch[] {
    if (revision < this.compacted) throw new CompactedError(revision, this.compacted)
    const batches: WatchBatch[] = []
    for (const batch of this.tables.batchesSince(revision)) {
      const within = inRange(batch, range)
      if (within) batches.push(within)
    }
    return batches
  }

  /** Forgets changes before the revision. Throws CompactedError, FutureRevisionError. */
  compact(revision: number): void {
    checkRevision('compact', 'revision', revision)
    if (revision < this.compacted) throw new CompactedError(revision, this.compacted)
    if (revision > this.revision) throw new FutureRevisionError(revision, this.revision)
    this.tables.compact(revision)
  }

  private leaseOf(id: string): LeaseRow {
    const lease = this.tables.lease(id)
    if (lease === undefined) throw new LeaseNotFoundError(id)
    return lease
  }

  private checkRevision(revision: number | undefined): number | undefined {
    checkRevision('read', 'revision', revision)
    if (revision === undefined) return undefined
    if (revision < this.compacted) throw new CompactedError(revision, this.compacted)
    if (revision > this.revision) throw new FutureRevisionError(revision, this.revision)
    return revision
  }

  /** What was there after the revision; without one, what is. */
  private at(key: string, revision?: number): Entry | undefined {
    return this.tables.entry(key, revision)
  }

  private holds(compare: Compare): boolean {
    const entry = this.at(compare.key)
    switch (compare.target) {
      case 'value':
        return (
          entry !== undefined && compares(compareBytes(entry.value, bytesOf('transact', compare.value)), compare.is)
        )
      case 'lease':
        return compares((entry?.lease ?? '') === compare.value ? 0 : 1, compare.is)
      default:
        return compares((entry?.[compare.target] ?? 0) - compare.value, compare.is)
    }
  }

  /** Refuses what cannot be done, before anything is. */
  private check(operations: readonly Operation[]): void {
    for (const operation of operations)
      if (operation.op === 'put' && operation.lease !== undefined) this.leaseOf(operation.lease)
      else if (operation.op === 'range') this.checkRevision(operation.revision)
  }

  private run(operation: Operation, revision: number, events: WatchEvent[]): OperationResult {
    switch (operation.op) {
      case 'get':
        return this.at(operation.key)
      case 'range': {
        const found = this.range(operation.range, operation)
        // What the transaction has changed before is seen.
        return operation.revision === undefined && events.length > 0 ? { ...found, revision } : found
      }
      case 'put':
        return this.put(operation.key, bytesOf('put', operation.value), operation.lease, revision, events)
      case 'delete':
        return this.remove(operation.key, revision, events)
      case 'deleteRange':
        return [...this.tables.entriesIn(operation.range)].flatMap(
          ({ key }) => this.remove(key, revision, events) ?? [],
        )
    }
  }

  private put(
    key: string,
    value: Uint8Array,
    lease: string | undefined,
    revision: number,
    events: WatchEvent[],
  ): Entry | undefined {
    const previous = this.at(key)
    const entry: Entry = {
      key,
      value: value.slice(),
      created: previous?.created ?? revision,
      modified: revision,
      version: (previous?.version ?? 0) + 1,
      lease,
    }
    this.tables.append(key, { revision, entry })
    events.push({ type: 'put', entry, previous })
    return previous
  }

  private remove(key: string, revision: number, events: WatchEvent[]): Entry | undefined {
    const previous = this.at(key)
    if (previous === undefined) return undefined
    this.tables.append(key, { revision, entry: undefined })
    events.push({ type: 'delete', key, revision, previous })
    return previous
  }

  private commit(revision: number, events: readonly WatchEvent[]): void {
    if (events.length === 0) return
    const batch = { revision, events }
    this.tables.commit(batch)
    this.onChange?.(batch)
  }
}

const empty = new Uint8Array(0)

/** Of a batch what is in the range; undefined: nothing. */
export const inRange = (batch: WatchBatch, range: Range): WatchBatch | undefined => {
  const events = batch.events.filter(event => isIn(event.type === 'put' ? event.entry.key : event.key, range))
  return events.length === 0 ? undefined : { revision: batch.revision, events }
}

const compares = (order: number, is: Comparison): boolean =>
  is === '=' ? order === 0 : is === '!=' ? order !== 0 : is === '<' ? order < 0 : order > 0
