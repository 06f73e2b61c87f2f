// Standing in line: what mutexes, read/write locks, semaphores and elections have in common. Who waits puts a key with a lease of its own; the line is in the order in which keys were made. Each waits for one
// that stands before it and no other, so that one who leaves wakes one who waits. The key's revision is the token: later holders have larger ones, and whoever is written to can refuse
// the smaller (M. Burrows, "The Chubby lock service", OSDI 2006, section 2.4, sequencers; B. Junqueira and others, ZooKeeper's recipes, for the line without a herd).
import { ArgumentError, TimeoutError } from '@skein/base'
import { checkName } from '../core/keys.ts'
import { LeaseLostError } from '../errors.ts'
import { leaseAnd } from '../leases.ts'
import type { Compare, Entry, Lease, RangeResult, Store } from '../store.ts'
import { only, untilChange, type WaitOptions, waiting } from '../waiting.ts'

export interface LockOptions extends WaitOptions {
  /** Ends waiting after so long: by TimeoutError. With 0 it is tried, and not waited for. Default: never. */
  timeoutMs?: number
  /** How long after a holder was last heard of others may have it. Default 10,000. */
  ttlMs?: number
  /** Told to those who ask who holds it. Default: nothing. */
  note?: string
}

/** A place at the head of a line. */
export interface Held extends AsyncDisposable {
  readonly name: string
  /** Larger than that of every holder before. What is written under the lock should carry it, and what is written to refuse smaller ones. */
  readonly token: number
  /** Keys that are put with it end with the place. */
  readonly lease: string
  /** Holds in a transaction of the same store as long as this place is there: what is done if it holds is done by the holder, however late it comes. */
  readonly owner: Compare
  /** Aborted with LeaseLostError before anybody else can hold it. */
  readonly signal: AbortSignal
  /** Lets go of it. */
  release(): Promise<void>
}

/** Of those that came before (in order, the first first): of whom how many must leave; undefined: of nobody. */
export type WaitFor = (
  before: readonly Entry[],
) => { readonly others: readonly Entry[]; readonly leave: number } | undefined

/** Waits for the one before, and so for all. */
export const lastOf: WaitFor = before => (before.length === 0 ? undefined : { others: before.slice(-1), leave: 1 })

/** Throws ArgumentError. */
export const checkLock = (call: string, name: unknown, { ttlMs = 10_000, note = '' }: LockOptions): void => {
  checkName(call, name)
  if (!(ttlMs > 0)) throw new ArgumentError(call, 'ttlMs', 'milliseconds above 0', ttlMs)
  if (typeof note !== 'string') throw new ArgumentError(call, 'note', 'a text', note)
}

export const inOrder = (line: readonly Entry[]): Entry[] => [...line].sort((a, b) => a.created - b.created)

/** Stands in line at the prefix until there is nobody to wait for. Rejects with CancelledError, TimeoutError, LeaseLostError, and what the store rejects with. */
export const standInLine = (
  call: string,
  store: Store,
  prefix: string,
  kind: string,
  waitFor: WaitFor,
  options: LockOptions,
): Promise<Held> => {
  const { ttlMs = 10_000, note = '' } = options
  // What is tried and not waited for takes the time that it takes to ask.
  const isTry = options.timeoutMs === 0
  return waiting(call, store.clock, isTry ? { signal: options.signal } : options, async (ends, end) => {
    const keyOf = (id: string): string => `${prefix}${kind}-${id}`
    const { lease, result: stood } = await leaseAnd(store, { ttlMs }, id => ({
      do: [
        { op: 'put', key: keyOf(id), value: note, lease: id },
        { op: 'range', range: { prefix } },
      ],
    }))
    const lose = (): void => end(lease.signal.reason)
    lease.signal.addEventListener('abort', lose)
    if (lease.signal.aborted) lose()
    try {
      const key = keyOf(lease.id)
      const token = stood.revision
      let { entries, revision } = stood.results[1] as RangeResult
      for (;;) {
        // The answer may be old: of who was paused meanwhile the lease is over, and others have come. The lease knows when it is asked.
        if (lease.signal.aborted || ends.aborted) throw ends.reason
        if (!entries.some(entry => entry.key === key && entry.created === token))
          throw new LeaseLostError(lease.id, 'its key is gone from the line')
        const wait = waitFor(inOrder(entries.filter(({ created }) => created < token)))
        if (wait === undefined) return held(prefix.split('/').at(-2)!, key, token, lease)
        if (isTry) throw new TimeoutError(call, 0)
        await gone(store, prefix, wait, revision, ends)
        ;({ entries, revision } = await store.range({ prefix }))
      }
    } catch (error) {
      lease.signal.removeEventListener('abort', lose)
      await lease.revoke().catch(() => {})
      throw error
    } finally {
      lease.signal.removeEventListener('abort', lose)
    }
  })
}

/** Resolves when so many of them have left since the revision. */
const gone = (
  store: Store,
  prefix: string,
  { others, leave }: NonNullable<ReturnType<WaitFor>>,
  revision: number,
  ends: AbortSignal,
): Promise<void> => {
  const keys = new Set(others.map(({ key }) => key))
  return untilChange(store, others.length === 1 ? only(others[0].key) : { prefix }, revision, ends, ({ events }) => {
    for (const event of events) if (event.type === 'delete') keys.delete(event.key)
    return keys.size <= others.length - leave
  })
}

const held = (name: string, key: string, token: number, lease: Lease): Held => ({
  name,
  token,
  lease: lease.id,
  owner: { key, target: 'created', is: '=', value: token },
  get signal() {
    return lease.signal
  },
  release: () => lease.revoke(),
  [Symbol.asyncDispose]: () => lease.revoke(),
})
