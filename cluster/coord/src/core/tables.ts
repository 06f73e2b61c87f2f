// What the machine keeps, and where: in memory, or in a file.
import type { Entry, Range, WatchBatch } from '../store.ts'
import { compareKeys, endsOf, isIn } from './keys.ts'

/** A change of a key: what it is since then, or that it is gone. */
export interface Change {
  readonly revision: number
  readonly entry: Entry | undefined
}

export interface LeaseRow {
  readonly id: string
  readonly ttlMs: number
  readonly untilMs: number
}

export interface Tables {
  /** The last revision. */
  readonly revision: number
  /** Changes before it are forgotten. */
  readonly compacted: number
  /** What is there; as of a revision, if one is given that is not forgotten. */
  entry(key: string, revision?: number): Entry | undefined
  /** The same of a range, in the order of keys; what was deleted costs nothing in the present. */
  entriesIn(range: Range, revision?: number): Iterable<Entry>
  append(key: string, change: Change): void
  /** All of one revision has been appended. */
  commit(batch: WatchBatch): void
  /** What each revision changed, from one on; with what was there before. */
  batchesSince(revision: number): Iterable<WatchBatch>
  /** Forgets changes that were followed by others up to the revision. */
  compact(revision: number): void

  /** Adds a lease, and gives its id: the one that is given, which no other lease has had, or its own choice. */
  addLease(ttlMs: number, untilMs: number, id?: string): string
  lease(id: string): LeaseRow | undefined
  prolong(id: string, untilMs: number): void
  removeLease(id: string): void
  /** Keys that are there and end with the lease. */
  keysOf(lease: string): Iterable<string>
  /** The lease that ends first. */
  firstLease(): LeaseRow | undefined
}

/** Of one process, gone with it. */
export class MemoryTables implements Tables {
  revision = 0
  compacted = 0
  private readonly changes = new Map<string, Change[]>()
  /** Of `changes`. */
  private readonly known = new SortedKeys()
  /** Of them those that are there now. */
  private readonly present = new SortedKeys()
  private readonly leases = new Map<string, { row: LeaseRow; keys: Set<string> }>()
  private lastLease = 0
  private readonly log: WatchBatch[] = []

  entry(key: string, revision?: number): Entry | undefined {
    const changes = this.changes.get(key)
    if (revision === undefined) return changes?.at(-1)?.entry
    return changes?.findLast(change => change.revision <= revision)?.entry
  }

  *entriesIn(range: Range, revision?: number): Generator<Entry> {
    for (const key of (revision === undefined ? this.present : this.known).within(range)) {
      const entry = this.entry(key, revision)
      if (entry) yield entry
    }
  }

  append(key: string, change: Change): void {
    const changes = this.changes.get(key)
    const before = changes?.at(-1)?.entry
    const { entry } = change
    if (before?.lease !== undefined) this.leases.get(before.lease)?.keys.delete(key)
    if (entry?.lease !== undefined) this.leases.get(entry.lease)?.keys.add(key)
    if (changes) changes.push(change)
    else {
      this.changes.set(key, [change])
      this.known.add(key)
    }
    if (entry && !before) this.present.add(key)
    else if (before && !entry) this.present.remove(key)
  }

  commit(batch: WatchBatch): void {
    this.revision = batch.revision
    this.log.push(batch)
  }

  batchesSince(revision: number): readonly WatchBatch[] {
    const first = this.log.findIndex(batch => batch.revision >= revision)
    return first < 0 ? [] : this.log.slice(first)
  }

  compact(revision: number): void {
    this.compacted = revision
    for (const [key, changes] of this.changes) {
      // The last one up to the revision says what was there then.
      changes.splice(
        0,
        Math.max(
          0,
          changes.findLastIndex(change => change.revision <= revision),
        ),
      )
      if (changes.length === 1 && changes[0].entry === undefined && changes[0].revision <= revision) {
        this.changes.delete(key)
        this.known.remove(key)
      }
    }
    const first = this.log.findIndex(batch => batch.revision >= revision)
    this.log.splice(0, first < 0 ? this.log.length : first)
  }

  addLease(ttlMs: number, untilMs: number, id = String(++this.lastLease)): string {
    this.leases.set(id, { row: { id, ttlMs, untilMs }, keys: new Set() })
    return id
  }

  lease(id: string): LeaseRow | undefined {
    return this.leases.get(id)?.row
  }

  prolong(id: string, untilMs: number): void {
    const lease = this.leases.get(id)!
    lease.row = { ...lease.row, untilMs }
  }

  removeLease(id: string): void {
    this.leases.delete(id)
  }

  keysOf(lease: string): string[] {
    return [...(this.leases.get(lease)?.keys ?? [])].sort(compareKeys)
  }

  firstLease(): LeaseRow | undefined {
    let first: LeaseRow | undefined
    for (const { row } of this.leases.values()) if (!first || row.untilMs < first.untilMs) first = row
    return first
  }
}

/** Texts in the order of their bytes. */
class SortedKeys {
  private readonly keys: string[] = []

  /** One that is not in it. */
  add(key: string): void {
    this.keys.splice(this.placeOf(key), 0, key)
  }

  /** One that is in it. */
  remove(key: string): void {
    this.keys.splice(this.placeOf(key), 1)
  }

  *within(range: Range): Generator<string> {
    const { from } = endsOf(range)
    for (let i = this.placeOf(from); i < this.keys.length && isIn(this.keys[i], range); i++) yield this.keys[i]
  }

  /** Where the key is, or would be. */
  private placeOf(key: string): number {
    let [low, high] = [0, this.keys.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareKeys(this.keys[middle], key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
