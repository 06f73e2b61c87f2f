// Standing in line: what mutexes, read/write locks, semaphores and elections have in common. Who waits puts a key with a lease of its own; the line is in the order in which keys were made. Each waits for one
// that stands before it and no other, so that one who leaves wakes one who waits. The key's revision is the token: later holders have larger ones, and whoever is written to can refuse
// the smaller (M. Burrows, "The Chubby lock service", OSDI 2006, section 2.4, sequencers; B. Junqueira and others, ZooKeeper's recipes, for the line without a herd).
import { ArgumentError, CancelledError } from '@skein/base'
import { LeaseLostError } from '../errors.ts'
import type { Entry, Lease, Store } from '../store.ts'

export interface LockOptions {
  /** How long after a holder was last heard of others may have it. Default 10,000. */
  ttlMs?: number
  /** Ends waiting. */
  signal?: AbortSignal
  /** Told to those who ask who holds it. Default: nothing. */
  note?: string
}

/** A place at the head of a line. */
export interface Held extends AsyncDisposable {
  readonly name: string
  /** Larger than that of every holder before. What is written under the lock should carry it, and what is written to refuse smaller ones. */
  readonly token: number
  /** Aborted with LeaseLostError before anybody else can hold it. */
  readonly signal: AbortSignal
  /** Lets go of it. */
  release(): Promise<void>
}

/** Of those that came before (in order, the first first): of whom how many must leave; undefined: of nobody. */
export type WaitFor = (
  before: readonly Entry[],
) => { readonly others: readonly Entry[]; readonly leave: number } | undefined

const encoder = new TextEncoder()

/** Throws ArgumentError. */
export const checkLock = (
  call: string,
  name: unknown,
  { ttlMs = 10_000 }: LockOptions,
): { name: string; ttlMs: number } => {
  if (typeof name !== 'string' || name.length === 0 || name.includes('/'))
    throw new ArgumentError(call, 'name', 'a text of at least one character, without /', name)
  if (!(ttlMs > 0)) throw new ArgumentError(call, 'ttlMs', 'milliseconds above 0', ttlMs)
  return { name, ttlMs }
}

/** Stands in line at the prefix until there is nobody to wait for. Rejects with CancelledError, LeaseLostError, and what the store rejects with. */
export const standInLine = async (
  call: string,
  store: Store,
  prefix: string,
  kind: string,
  waitFor: WaitFor,
  options: LockOptions,
): Promise<Held> => {
  const { ttlMs } = checkLock(call, prefix.split('/').at(-2), options)
  const { signal, note = '' } = options
  if (signal?.aborted) throw new CancelledError(call, signal.reason)
  const lease = await store.lease({ ttlMs })
  try {
    const key = `${prefix}${kind}-${lease.id}`
    const { revision: token } = await store.put(key, encoder.encode(note), { lease: lease.id })
    const ends = AbortSignal.any(signal ? [signal, lease.signal] : [lease.signal])
    for (;;) {
      if (signal?.aborted) throw new CancelledError(call, signal.reason)
      if (lease.signal.aborted) throw lease.signal.reason
      const { entries, revision } = await store.range({ prefix })
      // The answer may be old: of who was paused meanwhile the lease is over, and others have come.
      if (lease.signal.aborted) throw lease.signal.reason
      if (!entries.some(entry => entry.key === key)) throw new LeaseLostError(lease.id, 'its key is gone from the line')
      const before = entries.filter(({ created }) => created < token).sort((a, b) => a.created - b.created)
      const wait = waitFor(before)
      if (wait === undefined) return held(prefix, token, lease)
      await gone(store, prefix, wait, revision, ends)
    }
  } catch (error) {
    await lease.revoke().catch(() => {})
    throw error
  }
}

/** Resolves when so many of them have left since the revision, or when the signal is aborted. */
const gone = async (
  store: Store,
  prefix: string,
  { others, leave }: NonNullable<ReturnType<WaitFor>>,
  revision: number,
  signal: AbortSignal,
): Promise<void> => {
  const [{ key }] = others
  const range = others.length === 1 ? { from: key, to: `${key}\0` } : { prefix }
  const keys = new Set(others.map(({ key }) => key))
  try {
    for await (const { events } of store.watch(range, { from: revision + 1, signal })) {
      for (const event of events) if (event.type === 'delete') keys.delete(event.key)
      if (keys.size <= others.length - leave) return
    }
  } catch (error) {
    // What is forgotten is looked at anew.
    if (!signal.aborted && (error as Error).name !== 'CompactedError') throw error
  }
}

const held = (prefix: string, token: number, lease: Lease): Held => ({
  name: prefix.split('/').at(-2)!,
  token,
  get signal() {
    return lease.signal
  },
  release: () => lease.revoke(),
  [Symbol.asyncDispose]: () => lease.revoke(),
})
