// Timestamps that are asked for: numbers that only grow, for all who ask, in the order of true time.
//
// Two ways to have them of a store. `RevisionOracle` asks the store each time: any number of processes may, and what is given out is a revision. `TimestampOracle` is the one of D. Peng and
// F. Dabek, "Large-scale incremental processing using distributed transactions and notifications", OSDI 2010, section 2.3: one process gives out numbers from memory, and has the store
// keep a ceiling above them; which process that is, a lock says.
import { ArgumentError } from '@skein/base'
import { checkName } from '../core/keys.ts'
import { LeaseLostError } from '../errors.ts'
import type { Held } from '../locks/line.ts'
import { lock } from '../locks/locks.ts'
import type { Entry, Store } from '../store.ts'
import { type EventClock, type Order, orderOf } from './clock.ts'
import { TimestampFormatError } from './errors.ts'

abstract class Oracle implements EventClock<number> {
  readonly order = 'total'
  readonly causality = 'consistent'

  abstract now(): Promise<number>

  /** Throws ArgumentError for what this oracle cannot have given out. */
  async observe(remote: number): Promise<number> {
    const stamp = await this.now()
    if (!(remote < stamp)) throw new ArgumentError('observe', 'remote', 'a timestamp of the same oracle', remote)
    return stamp
  }

  compare(a: number, b: number): Order {
    return orderOf(a - b)
  }

  encode(stamp: number): Uint8Array<ArrayBuffer> {
    if (!Number.isSafeInteger(stamp) || stamp < 0)
      throw new ArgumentError('encode', 'stamp', 'a whole number from 0', stamp)
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setBigUint64(0, BigInt(stamp))
    return bytes
  }

  decode(bytes: Uint8Array): number {
    if (bytes.length !== 8) throw new TimestampFormatError('oracle', bytes.length, 'it has eight')
    const stamp = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)
    if (stamp > BigInt(Number.MAX_SAFE_INTEGER))
      throw new TimestampFormatError('oracle', bytes.length, 'it is above 2^53')
    return Number(stamp)
  }
}

interface Waiting<T> {
  resolve(value: T): void
  reject(error: unknown): void
}

/** How many timestamps one revision makes at most. */
const perRevision = 1024

/** Timestamps made of a store's revisions: one request for all that are asked for while the one before it is on its way. */
export class RevisionOracle extends Oracle {
  private readonly store: Store
  private readonly key: string
  private waiting: Waiting<number>[] = []
  private isAsking = false

  /** `name`: oracles of different names share no key; their timestamps are in one order all the same. Throws ArgumentError. */
  constructor(store: Store, name = 'default') {
    super()
    this.store = store
    this.key = `skein/oracles/${checkName('RevisionOracle', name)}/revision`
  }

  /** Rejects with what the store rejects with. */
  now(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject })
      if (!this.isAsking) void this.ask()
    })
  }

  private async ask(): Promise<void> {
    this.isAsking = true
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, perRevision)
      try {
        const { revision } = await this.store.put(this.key, '')
        for (const [i, { resolve }] of batch.entries()) resolve(revision * perRevision + i)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.isAsking = false
  }
}

export interface TimestampOracleOptions {
  /** Default 'default'. */
  name?: string
  /** How many timestamps are reserved at a time; as many are lost when the process ends. Default 10,000. */
  block?: number
  /** How long after this process was last heard of another may take its place. Default 10,000. */
  ttlMs?: number
  /** Ends waiting for its place. */
  signal?: AbortSignal
}

/**
 * Gives out timestamps from memory, as the only process that does: others wait in `open` until it is closed, or its lease is over. Offer it to others by a remote call
 * (`listen(address, { take: n => oracle.take(n) })`).
 */
export class TimestampOracle extends Oracle implements AsyncDisposable {
  private readonly store: Store
  private readonly key: string
  private readonly block: number
  private readonly held: Held
  private next: number
  /** Reserved up to here: next <= ceiling. */
  private ceiling: number
  private modified: number
  private reserving: Promise<void> | undefined
  private isServing = false
  private readonly waiting: (Waiting<readonly [number, number]> & { count: number })[] = []

  private constructor(store: Store, key: string, block: number, held: Held, ceiling: number, modified: number) {
    super()
    this.store = store
    this.key = key
    this.block = block
    this.held = held
    this.next = ceiling
    this.ceiling = ceiling
    this.modified = modified
  }

  /** Waits until no other process is the oracle of that name. Rejects with CancelledError, LeaseLostError; throws ArgumentError. */
  static async open(store: Store, options: TimestampOracleOptions = {}): Promise<TimestampOracle> {
    const { name = 'default', block = 10_000, ttlMs, signal } = options
    checkName('TimestampOracle.open', name)
    checkCount('TimestampOracle.open', 'block', block)
    const held = await lock(store, `oracle-${name}`, { ttlMs, signal })
    try {
      const key = `skein/oracles/${name}/ceiling`
      const entry = await store.get(key)
      const [ceiling] = ceilingOf(entry)
      const oracle = new TimestampOracle(store, key, block, held, ceiling, entry?.modified ?? 0)
      // From here on nobody who was the oracle before can raise the ceiling.
      await oracle.reserve()
      return oracle
    } catch (error) {
      await held.release().catch(() => {})
      throw error
    }
  }

  /** Aborted when another process may be the oracle. */
  get signal(): AbortSignal {
    return this.held.signal
  }

  /** Rejects with LeaseLostError when this process is the oracle no more, and with what the store rejects with. */
  async now(): Promise<number> {
    return (await this.take(1))[0]
  }

  /** So many timestamps in a row: the first, and the last. Throws ArgumentError. */
  async take(count: number): Promise<readonly [first: number, last: number]> {
    checkCount('take', 'count', count)
    if (this.waiting.length === 0 && this.next + count <= this.ceiling) return this.give(count)
    return new Promise((resolve, reject) => {
      this.waiting.push({ count, resolve, reject })
      void this.serve()
    })
  }

  async close(): Promise<void> {
    await this.held.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  private give(count: number): readonly [number, number] {
    const first = this.next
    this.next += count
    // In good time; who needs it hears of its failure.
    if (this.ceiling - this.next < this.block / 2) this.reserveMore().catch(() => {})
    // Looked at after they were taken: they were taken while nobody else could.
    if (this.held.signal.aborted) throw this.held.signal.reason
    return [first, first + count - 1]
  }

  private async serve(): Promise<void> {
    if (this.isServing) return
    this.isServing = true
    while (this.waiting.length > 0) {
      const [{ count, resolve }] = this.waiting
      try {
        if (this.next + count > this.ceiling) await this.reserveMore()
        else {
          resolve(this.give(count))
          this.waiting.shift()
        }
      } catch (error) {
        for (const { reject } of this.waiting.splice(0)) reject(error)
      }
    }
    this.isServing = false
  }

  private reserveMore(): Promise<void> {
    return (this.reserving ??= this.reserve().finally(() => (this.reserving = undefined)))
  }

  /** Raises the ceiling, unless a later oracle has. */
  private async reserve(): Promise<void> {
    const asked = this.waiting.reduce((sum, { count }) => sum + count, 0)
    for (;;) {
      const to = Math.max(this.ceiling, this.next + asked) + this.block
      if (this.held.signal.aborted) throw this.held.signal.reason
      const { succeeded, revision, results } = await this.store.transact({
        if: [{ key: this.key, target: 'modified', is: '=', value: this.modified }],
        do: [{ op: 'put', key: this.key, value: `${to} ${this.held.token}` }],
        else: [{ op: 'get', key: this.key }],
      })
      if (succeeded) {
        this.ceiling = to
        this.modified = revision
        return
      }
      const entry = results[0] as Entry | undefined
      const [ceiling, token] = ceilingOf(entry)
      if (token > this.held.token) {
        await this.held.release().catch(() => {})
        throw new LeaseLostError(String(this.held.token), 'another process is the oracle')
      }
      this.modified = entry?.modified ?? 0
      this.ceiling = ceiling
      // A request of ours whose answer was lost; otherwise one of the oracle before this one, that came late.
      if (token === this.held.token) return
      this.next = Math.max(this.next, ceiling)
    }
  }
}

/** The ceiling, and the token of the oracle that raised it. */
const ceilingOf = (entry: Entry | undefined): [ceiling: number, token: number] => {
  if (entry === undefined) return [1, 0]
  const [ceiling, token] = new TextDecoder().decode(entry.value).split(' ').map(Number)
  return [ceiling, token]
}

const checkCount = (call: string, argument: string, count: unknown): void => {
  if (!Number.isSafeInteger(count) || (count as number) < 1 || (count as number) > 2 ** 40)
    throw new ArgumentError(call, argument, 'a whole number from 1 to 2^40', count)
}
