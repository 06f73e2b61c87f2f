// What Percolator keeps of each key: a cell, and versions.
//
// A cell is free, and says since when, or locked, with what is to be written. Of a free one the text is `0`, and a time that is not before its last version's; of a locked one it begins with `1`. So one comparison
// of its value says that it is free and was not written since. Versions are keys of their own, by the time of their commit; each says as well when its transaction began, which is how that is known.
import { pauseAfter } from '../recipes/compare-and-set.ts'
import type { Compare, Entry, Operation, Range, RangeResult } from '../store.ts'
import { TransactionConflictError } from './errors.ts'
import { packed, type Shards, unpacked } from './shards.ts'

export interface Lock {
  readonly key: string
  /** When its transaction began. */
  readonly start: number
  /** The key by which it is decided. */
  readonly primary: string
  readonly session: string
  readonly does: 'put' | 'delete' | 'read'
}

export interface Version {
  readonly key: string
  readonly commit: number
  readonly start: number
  /** Undefined: deleted. */
  readonly value: Uint8Array | undefined
}

interface VersionHead {
  readonly start: number
  readonly does: 'put' | 'delete'
}

const encoder = new TextEncoder()
/** Of numbers up to 2^53: texts in the same order. */
const digits = (time: number): string => String(time).padStart(16, '0')
const timeOf = (text: Uint8Array): number => Number(new TextDecoder().decode(text))

/** Changes in one request, of those that are many. */
const perRequest = 50

export class Cells {
  private readonly shards: Shards
  private readonly prefix: string
  private readonly readied = new Map<number, Promise<void>>()

  constructor(shards: Shards) {
    this.shards = shards
    this.prefix = shards.prefix
  }

  keyOf(key: string): string {
    return `${this.prefix}cells/${key}`
  }

  /** Under it is the time before which nothing can be read, nor written by one that began before. */
  get safeKey(): string {
    return `${this.prefix}safe`
  }

  /** Put by a transaction that has given up; it goes with the session. */
  abortedKey(session: string, start: number): string {
    return `${session}/aborted/${start}`
  }

  versions(key: string, from: number, to: number): Range {
    const prefix = `${this.prefix}versions/${key}\0`
    return { from: prefix + digits(from), to: `${prefix}${digits(to)}\0` }
  }

  cellsIn(range: Range): Range {
    return within(`${this.prefix}cells/`, range)
  }

  versionsIn(range: Range): Range {
    return within(`${this.prefix}versions/`, range)
  }

  version({ key, value }: Entry): Version {
    const end = key.lastIndexOf('\0')
    const { head, bytes } = unpacked<VersionHead>(value)
    return {
      key: key.slice(`${this.prefix}versions/`.length, end),
      commit: Number(key.slice(end + 1)),
      start: head.start,
      value: head.does === 'put' ? bytes : undefined,
    }
  }

  locked(lock: Lock, value: Uint8Array | undefined): Uint8Array {
    const bytes = packed(lock, value)
    const cell = new Uint8Array(bytes.length + 1)
    cell[0] = locked
    cell.set(bytes, 1)
    return cell
  }

  /** Undefined: it is free. */
  lock(cell: Entry): Lock | undefined {
    return cell.value[0] === locked ? unpacked<Lock>(cell.value.subarray(1)).head : undefined
  }

  /** Unlocks, as of a time. */
  free(key: string, time: number): Operation {
    return { op: 'put', key: this.keyOf(key), value: `0${digits(time)}` }
  }

  /** A cell that is there is free, and was not written since. */
  freeSince(key: string, start: number): Compare {
    return { key: this.keyOf(key), target: 'value', is: '<', value: `0${digits(start + 1)}` }
  }

  /** What turns a lock into a version. */
  finishing({ key, start, does }: Lock, value: Uint8Array | undefined, commit: number): Operation[] {
    // Who began after this one did, and writes what it has read, comes after it.
    if (does === 'read') return [this.free(key, start)]
    const name = `${this.prefix}versions/${key}\0${digits(commit)}`
    return [
      this.free(key, commit),
      { op: 'put', key: name, value: packed({ start, does } satisfies VersionHead, value) },
    ]
  }

  /** Of versions from a start on: when the transaction that began then has committed. */
  commitOf({ entries }: RangeResult, start: number): number | undefined {
    return entries.map(entry => this.version(entry)).find(version => version.start === start)?.commit
  }

  /** Sees to it that there is a time before which nothing can be read: comparisons of values hold only of keys that are there. */
  ready(shard: number): Promise<void> {
    let ready = this.readied.get(shard)
    if (!ready) {
      const put: Operation = { op: 'put', key: this.safeKey, value: digits(0) }
      ready = this.shards.stores[shard]
        .transact({ if: [{ key: this.safeKey, target: 'created', is: '=', value: 0 }], do: [put] })
        .then(() => {})
      this.readied.set(shard, ready)
      ready.catch(() => this.readied.delete(shard))
    }
    return ready
  }

  /** Nothing that one that began then could have seen was forgotten. */
  stillSeen(start: number): Compare {
    return { key: this.safeKey, target: 'value', is: '<', value: digits(start + 1) }
  }

  /** Throws TransactionConflictError. */
  checkSafe(safe: Entry | undefined, start: number): void {
    if (safe && timeOf(safe.value) > start)
      throw new TransactionConflictError('what was there when it began is forgotten by now')
  }

  /** Finishes what a lock stands for, if that is decided; false: it is not. */
  async resolve(shard: number, cell: Entry, { start, primary, session }: Lock): Promise<boolean> {
    const at = this.shards.of(primary)
    const store = this.shards.stores[at]
    const { results } = await store.transact({
      do: [
        { op: 'range', range: this.versions(primary, start, Number.MAX_SAFE_INTEGER) },
        { op: 'get', key: session },
        { op: 'get', key: this.abortedKey(session, start) },
      ],
    })
    const [versions, life, aborted] = results as [RangeResult, Entry | undefined, Entry | undefined]
    const commit = this.commitOf(versions, start)
    if (commit === undefined && life && !aborted) return false
    await this.finish(shard, cell, commit)
    return true
  }

  /** Makes a version of a locked cell, or none, and unlocks it: unless somebody else has. */
  async finish(shard: number, cell: Entry, commit: number | undefined): Promise<void> {
    const { head, bytes } = unpacked<Lock>(cell.value.subarray(1))
    const changes = commit === undefined ? [this.free(head.key, head.start)] : this.finishing(head, bytes, commit)
    await this.shards.stores[shard].transact({
      if: [{ key: cell.key, target: 'modified', is: '=', value: cell.modified }],
      do: changes,
    })
  }

  /** Waits until a cell is not locked as it was. */
  async resolveWait(shard: number, cell: Entry, signal?: AbortSignal): Promise<void> {
    for (let tries = 0; ; tries++) {
      const now = await this.shards.stores[shard].get(cell.key)
      if (now?.modified !== cell.modified || (await this.resolve(shard, cell, this.lock(cell)!))) return
      await pauseAfter('transaction', this.shards, tries, signal)
    }
  }

  /** Forgets what nobody can see who begins at `safe` or later. */
  async collect(safe: number): Promise<number> {
    // First none that began before can read or write any more; then what they have begun is finished; then it is forgotten.
    await Promise.all(this.shards.stores.map((_, shard) => this.raiseSafe(shard, safe)))
    await Promise.all(this.shards.stores.map((_, shard) => this.finishBefore(shard, safe)))
    const gone = await Promise.all(this.shards.stores.map((_, shard) => this.forget(shard, safe)))
    return gone.reduce((sum, count) => sum + count, 0)
  }

  private async raiseSafe(shard: number, safe: number): Promise<void> {
    await this.ready(shard)
    await this.shards.stores[shard].transact({
      if: [{ key: this.safeKey, target: 'value', is: '<', value: digits(safe) }],
      do: [{ op: 'put', key: this.safeKey, value: digits(safe) }],
    })
  }

  private async finishBefore(shard: number, safe: number): Promise<void> {
    const { entries } = await this.shards.stores[shard].range({ prefix: `${this.prefix}cells/` })
    for (const cell of entries) {
      const lock = this.lock(cell)
      if (lock && lock.start < safe) await this.resolveWait(shard, cell, this.shards.signal)
    }
  }

  private async forget(shard: number, safe: number): Promise<number> {
    const store = this.shards.stores[shard]
    const { entries } = await store.range({ prefix: `${this.prefix}versions/` })
    const old: string[] = []
    for (const [i, entry] of entries.entries()) {
      const version = this.version(entry)
      const next = i + 1 < entries.length ? this.version(entries[i + 1]) : undefined
      const isReplaced = next?.key === version.key && next.commit <= safe
      if (version.commit <= safe && (isReplaced || version.value === undefined)) old.push(entry.key)
    }
    const forgotten = new Set(old)
    for (let i = 0; i < old.length; i += perRequest)
      await store.transact({ do: old.slice(i, i + perRequest).map(key => ({ op: 'delete', key })) })
    const kept = new Set(entries.filter(({ key }) => !forgotten.has(key)).map(entry => this.version(entry).key))
    const cells = (await store.range({ prefix: `${this.prefix}cells/` })).entries
    for (const cell of cells) {
      const isIdle = !this.lock(cell) && timeOf(cell.value.subarray(1)) <= safe
      if (!isIdle || kept.has(cell.key.slice(`${this.prefix}cells/`.length))) continue
      await store.transact({
        if: [{ key: cell.key, target: 'modified', is: '=', value: cell.modified }],
        do: [{ op: 'delete', key: cell.key }],
      })
    }
    return old.length
  }
}

/** `1` */
const locked = encoder.encode('1')[0]

const within = (prefix: string, range: Range): Range => {
  if ('prefix' in range) return { prefix: prefix + range.prefix }
  // One after all that begin with the prefix, whose last character is `/`.
  return { from: prefix + range.from, to: range.to === undefined ? `${prefix.slice(0, -1)}0` : prefix + range.to }
}
