// The store as a state machine: a request and the time in, an answer and events out. It knows neither clocks nor files nor promises. The memory engine calls it; other engines are held against it.
//
// What is kept of a key is its history since the last compaction: each change with its revision. What is there now is the last of them, unless that is a deletion.
import { ArgumentError } from '@skein/base'
import { CompactedError, FutureRevisionError, LeaseNotFoundError } from '../errors.ts'
import type {
  Compare,
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
import { bytesOf, checkKey, checkRange, compareBytes, compareKeys, endsOf, isIn } from './keys.ts'

/** A change of a key: what it is since then, or that it is gone. */
interface Change {
  readonly revision: number
  readonly entry: Entry | undefined
}

interface LeaseState {
  readonly ttlMs: number
  untilMs: number
  readonly keys: Set<string>
}

export class Machine {
  private revisionNumber = 0
  private compactedAt = 0
  private readonly changes = new Map<string, Change[]>()
  /** Keys of `changes`, in order. */
  private readonly keys: string[] = []
  private readonly leases = new Map<string, LeaseState>()
  private lastLease = 0
  /** What each revision changed, from the compacted one on. */
  private readonly log: { revision: number; events: readonly WatchEvent[] }[] = []
  /** Told of each revision as it happens. */
  onChange: ((batch: WatchBatch) => void) | undefined

  get revision(): number {
    return this.revisionNumber
  }

  /** Changes before this revision are forgotten. */
  get compacted(): number {
    return this.compactedAt
  }

  get(key: string, revision?: number): Entry | undefined {
    return this.at(checkKey('get', key), this.checkRevision(revision))
  }

  range(range: Range, options: RangeOptions = {}): RangeResult {
    checkRange('range', range)
    const { limit = Number.POSITIVE_INFINITY, descending = false, keysOnly = false } = options
    if (!(limit >= 0)) throw new ArgumentError('range', 'limit', 'a number from 0', limit)
    const revision = this.checkRevision(options.revision)
    const found: Entry[] = []
    for (const key of this.keysIn(range)) {
      const entry = this.at(key, revision)
      if (entry) found.push(keysOnly ? { ...entry, value: empty } : entry)
    }
    if (descending) found.reverse()
    return { entries: found.slice(0, limit), count: found.length, revision: revision ?? this.revisionNumber }
  }

  /** One change, or none: what it gives is what a transaction of this operation alone would. */
  apply(operation: Operation): { revision: number; result: OperationResult } {
    const { revision, results } = this.transact({ do: [operation] })
    return { revision, result: results[0] }
  }

  /** All of it or, when it throws, nothing. */
  transact(transaction: Transaction): TransactionResult {
    const { if: compares = [], do: wanted = [], else: otherwise = [] } = transaction
    for (const [name, list] of Object.entries({ if: compares, do: wanted, else: otherwise }))
      if (!Array.isArray(list)) throw new ArgumentError('transact', name, 'an array', list)
    this.check(wanted)
    this.check(otherwise)
    const succeeded = compares.every(compare => this.holds(compare))
    const revision = this.revisionNumber + 1
    const events: WatchEvent[] = []
    const results = (succeeded ? wanted : otherwise).map(operation => this.run(operation, revision, events))
    this.commit(revision, events)
    return { succeeded, revision: this.revisionNumber, results }
  }

  grant(ttlMs: number, nowMs: number): string {
    if (!(ttlMs > 0)) throw new ArgumentError('lease', 'ttlMs', 'milliseconds above 0', ttlMs)
    const id = String(++this.lastLease)
    this.leases.set(id, { ttlMs, untilMs: nowMs + ttlMs, keys: new Set() })
    return id
  }

  /** Throws LeaseNotFoundError. */
  renew(id: string, nowMs: number): void {
    const lease = this.leaseOf(id)
    lease.untilMs = nowMs + lease.ttlMs
  }

  /** Ends a lease and its keys. Throws LeaseNotFoundError. */
  revoke(id: string): void {
    const lease = this.leaseOf(id)
    this.leases.delete(id)
    const revision = this.revisionNumber + 1
    const events: WatchEvent[] = []
    for (const key of [...lease.keys].sort(compareKeys)) this.remove(key, revision, events)
    this.commit(revision, events)
  }

  /** Ends the leases whose time is over, each as a revision of its own. Returns when the next one's is. */
  expire(nowMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY
    for (const [id, { untilMs }] of [...this.leases]) {
      if (untilMs <= nowMs) this.revoke(id)
      else nextMs = Math.min(nextMs, untilMs)
    }
    return nextMs
  }

  /** What changed in the range from the revision on. Throws CompactedError. */
  since(revision: number, range: Range): WatchBatch[] {
    if (revision < this.compactedAt) throw new CompactedError(revision, this.compactedAt)
    return this.log.flatMap(batch => (batch.revision < revision ? [] : (inRange(batch, range) ?? [])))
  }

  /** Forgets changes before the revision. Throws CompactedError, FutureRevisionError. */
  compact(revision: number): void {
    if (!Number.isSafeInteger(revision) || revision < 0)
      throw new ArgumentError('compact', 'revision', 'a whole number from 0', revision)
    if (revision < this.compactedAt) throw new CompactedError(revision, this.compactedAt)
    if (revision > this.revisionNumber) throw new FutureRevisionError(revision, this.revisionNumber)
    this.compactedAt = revision
    for (const [key, changes] of this.changes) {
      // The last one up to the revision says what was there then.
      const first = Math.max(
        0,
        changes.findLastIndex(change => change.revision <= revision),
      )
      changes.splice(0, first)
      if (changes.length === 1 && changes[0].entry === undefined && changes[0].revision <= revision) {
        this.changes.delete(key)
        this.keys.splice(this.placeOf(key), 1)
      }
    }
    const first = this.log.findIndex(batch => batch.revision >= revision)
    this.log.splice(0, first < 0 ? this.log.length : first)
  }

  private leaseOf(id: string): LeaseState {
    const lease = this.leases.get(id)
    if (lease === undefined) throw new LeaseNotFoundError(id)
    return lease
  }

  private checkRevision(revision: number | undefined): number | undefined {
    if (revision === undefined) return undefined
    if (!Number.isSafeInteger(revision) || revision < 0)
      throw new ArgumentError('read', 'revision', 'a whole number from 0', revision)
    if (revision < this.compactedAt) throw new CompactedError(revision, this.compactedAt)
    if (revision > this.revisionNumber) throw new FutureRevisionError(revision, this.revisionNumber)
    return revision
  }

  /** What was there after the revision; without one, what is. */
  private at(key: string, revision?: number): Entry | undefined {
    const changes = this.changes.get(key)
    if (changes === undefined) return undefined
    if (revision === undefined) return changes.at(-1)!.entry
    return changes.findLast(change => change.revision <= revision)?.entry
  }

  private *keysIn(range: Range): Generator<string> {
    const { from } = endsOf(range)
    for (let i = this.placeOf(from); i < this.keys.length && isIn(this.keys[i], range); i++) yield this.keys[i]
  }

  /** Where the key is, or would be. */
  private placeOf(key: string): number {
    let [low, high] = [0, this.keys.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareKeys(this.keys[middle], key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  private holds(compare: Compare): boolean {
    const entry = this.at(checkKey('transact', compare.key))
    switch (compare.target) {
      case 'value':
        return compares(compareBytes(entry?.value ?? empty, bytesOf('transact', compare.value)), compare.is)
      case 'lease':
        return compares((entry?.lease ?? '') === compare.value ? 0 : 1, compare.is)
      case 'created':
      case 'modified':
      case 'version':
        return compares((entry?.[compare.target] ?? 0) - compare.value, compare.is)
    }
    throw new ArgumentError(
      'transact',
      'target',
      'value, created, modified, version or lease',
      (compare as Compare).target,
    )
  }

  /** Refuses what cannot be done, before anything is. */
  private check(operations: readonly Operation[]): void {
    const changed = new Set<string>()
    const ranges: Range[] = []
    const twice = (key: string): never => {
      throw new ArgumentError(
        'transact',
        'operations',
        'changes of different keys',
        key,
        'One transaction changes a key once.',
      )
    }
    for (const operation of operations) {
      switch (operation.op) {
        case 'get':
          checkKey('get', operation.key)
          break
        case 'range':
          checkRange('range', operation.range)
          this.checkRevision(operation.revision)
          break
        case 'put':
        case 'delete': {
          const key = checkKey(operation.op, operation.key)
          if (changed.has(key) || ranges.some(range => isIn(key, range))) twice(key)
          changed.add(key)
          if (operation.op === 'delete') break
          bytesOf('put', operation.value)
          if (operation.lease !== undefined) this.leaseOf(operation.lease)
          break
        }
        case 'deleteRange': {
          const range = checkRange('deleteRange', operation.range)
          for (const key of changed) if (isIn(key, range)) twice(key)
          ranges.push(range)
          break
        }
        default:
          throw new ArgumentError(
            'transact',
            'op',
            'get, range, put, delete or deleteRange',
            (operation as Operation).op,
          )
      }
    }
  }

  private run(operation: Operation, revision: number, events: WatchEvent[]): OperationResult {
    switch (operation.op) {
      case 'get':
        return this.at(operation.key)
      case 'range':
        return this.range(operation.range, operation)
      case 'put':
        return this.put(operation.key, bytesOf('put', operation.value), operation.lease, revision, events)
      case 'delete':
        return this.remove(operation.key, revision, events)
      case 'deleteRange':
        return [...this.keysIn(operation.range)].flatMap(key => this.remove(key, revision, events) ?? [])
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
    if (previous?.lease !== undefined) this.leases.get(previous.lease)?.keys.delete(key)
    if (lease !== undefined) this.leases.get(lease)!.keys.add(key)
    this.note(key, { revision, entry })
    events.push({ type: 'put', entry, previous })
    return previous
  }

  private remove(key: string, revision: number, events: WatchEvent[]): Entry | undefined {
    const previous = this.at(key)
    if (previous === undefined) return undefined
    if (previous.lease !== undefined) this.leases.get(previous.lease)?.keys.delete(key)
    this.note(key, { revision, entry: undefined })
    events.push({ type: 'delete', key, revision, previous })
    return previous
  }

  private note(key: string, change: Change): void {
    const changes = this.changes.get(key)
    if (changes) changes.push(change)
    else {
      this.changes.set(key, [change])
      this.keys.splice(this.placeOf(key), 0, key)
    }
  }

  private commit(revision: number, events: readonly WatchEvent[]): void {
    if (events.length === 0) return
    this.revisionNumber = revision
    const batch = { revision, events }
    this.log.push(batch)
    this.onChange?.(batch)
  }
}

const empty = new Uint8Array(0)

/** Of a batch what is in the range; undefined: nothing. */
export const inRange = (batch: WatchBatch, range: Range): WatchBatch | undefined => {
  const events = batch.events.filter(event => isIn(event.type === 'put' ? event.entry.key : event.key, range))
  return events.length === 0 ? undefined : { revision: batch.revision, events }
}

const compares = (order: number, is: string): boolean => {
  switch (is) {
    case '=':
      return order === 0
    case '!=':
      return order !== 0
    case '<':
      return order < 0
    case '>':
      return order > 0
  }
  throw new ArgumentError('transact', 'is', '=, !=, < or >', is)
}
