// Several stores as one space of keys: which key lies where, whose transactions live, and what goes on after a commit.
import { ArgumentError } from '@skein/base'
import type { Chance, Clock } from '@skein/world'
import { pauseAfter } from '../recipes/compare-and-set.ts'
import type { Store } from '../store.ts'
import { TransactionConflictError } from './errors.ts'
import { Sessions } from './sessions.ts'
import { mayBeDone, prefixOf } from './transactions.ts'

export interface ShardOptions {
  /** Transactions of different names do not see each other's locks. Default 'default'. */
  name?: string
  /** In which of the stores a key lies: the same for all processes, for ever. Default: by a hash of the key. */
  shardOf?: (key: string) => number
  /** How long after a process was last heard of what it has not committed is cleared away. Default 10,000. */
  ttlMs?: number
  /** For how long an answer that was lost is asked for again before a commit rejects with CommitUnknownError. Default 10,000. */
  unknownMs?: number
}

export class Shards {
  readonly stores: readonly Store[]
  readonly prefix: string
  readonly unknownMs: number
  readonly clock: Clock
  readonly chance: Chance
  private readonly shardOf: (key: string) => number
  private readonly sessions: readonly Sessions[]
  private readonly going = new Set<Promise<void>>()
  private readonly closing = new AbortController()

  /** Throws ArgumentError. */
  constructor(call: string, stores: readonly Store[], options: ShardOptions) {
    if (!Array.isArray(stores) || stores.length === 0)
      throw new ArgumentError(call, 'stores', 'an array of at least one store', stores)
    const { name = 'default', ttlMs = 10_000, unknownMs = 10_000, shardOf = byHash(stores.length) } = options
    if (!(ttlMs > 0)) throw new ArgumentError(call, 'ttlMs', 'milliseconds above 0', ttlMs)
    if (!(unknownMs >= 0)) throw new ArgumentError(call, 'unknownMs', 'milliseconds from 0', unknownMs)
    this.stores = [...stores]
    this.prefix = prefixOf(call, name)
    this.unknownMs = unknownMs
    this.clock = stores[0].clock
    this.chance = stores[0].chance
    this.shardOf = shardOf
    this.sessions = this.stores.map(store => new Sessions(store, this.prefix, ttlMs))
  }

  /** Throws ArgumentError: it is no number of a store. */
  of(key: string): number {
    const shard = this.shardOf(key)
    if (this.stores[shard] === undefined)
      throw new ArgumentError('shardOf', 'shard', `a whole number below ${this.stores.length}`, shard)
    return shard
  }

  /** Keys by where they lie. */
  split(keys: Iterable<string>): Map<number, string[]> {
    return Map.groupBy(new Set(keys), key => this.of(key))
  }

  session(shard: number): ReturnType<Sessions['get']> {
    return this.sessions[shard].get()
  }

  /** Aborted when what goes on after commits should end. */
  get signal(): AbortSignal {
    return this.closing.signal
  }

  /** Tries again and again until it works; false: the time is over. */
  async insist(run: () => Promise<unknown>, forMs: number, signal?: AbortSignal): Promise<boolean> {
    const untilMs = this.clock.monotonicMs() + forMs
    for (let tries = 0; ; tries++) {
      try {
        await run()
        return true
      } catch {
        if (this.clock.monotonicMs() >= untilMs || signal?.aborted) return false
      }
      try {
        await pauseAfter('transaction', this, tries, signal)
      } catch {
        return false
      }
    }
  }

  /** Goes on by itself: nobody waits for it but `close`. What it cannot do others will find, and do. */
  after(run: Promise<unknown>): void {
    const going: Promise<void> = run.then(
      () => void this.going.delete(going),
      () => void this.going.delete(going),
    )
    this.going.add(going)
  }

  async close(): Promise<void> {
    this.closing.abort()
    await Promise.all(this.going)
    await Promise.all(this.sessions.map(sessions => sessions.close()))
  }
}

/**
 * Has each store lock its keys: `lock` gives true, or what was in the way. `isDoubtful`: a store may have locked, or may yet, for its answer was lost.
 */
export const lockAll = async <Found>(
  parts: ReadonlyMap<number, readonly string[]>,
  lock: (shard: number, keys: readonly string[]) => Promise<true | readonly Found[]>,
): Promise<{ outcome: 'locked' | readonly Found[] | Error; isDoubtful: boolean }> => {
  let failure: Error | undefined
  let found: Found[] | undefined
  let isDoubtful = false
  const each = [...parts].map(async ([shard, keys]) => {
    try {
      const locked = await lock(shard, keys)
      if (locked !== true) found = [...(found ?? []), ...locked]
    } catch (error) {
      if (mayBeDone(error) && !(error instanceof TransactionConflictError)) isDoubtful = true
      failure ??= error as Error
    }
  })
  await Promise.all(each)
  return { outcome: failure ?? found ?? 'locked', isDoubtful }
}

/** FNV-1a of the key's UTF-16, which every process computes alike. */
const byHash =
  (count: number) =>
  (key: string): number => {
    let hash = 0x811c9dc5
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
    return (hash >>> 0) % count
  }

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A head of JSON on a line of its own, and bytes. */
export const packed = (head: object, bytes: Uint8Array = new Uint8Array(0)): Uint8Array => {
  const line = encoder.encode(`${JSON.stringify(head)}\n`)
  const all = new Uint8Array(line.length + bytes.length)
  all.set(line)
  all.set(bytes, line.length)
  return all
}

export const unpacked = <Head>(all: Uint8Array): { head: Head; bytes: Uint8Array } => {
  const end = all.indexOf(10)
  return { head: JSON.parse(decoder.decode(all.subarray(0, end))), bytes: all.subarray(end + 1) }
}
