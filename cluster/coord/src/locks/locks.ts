// None of these is reentrant: who asks for a lock that it holds waits for itself. A read lock does not become a write lock: two that read would wait for each other.
import { ArgumentError, TimeoutError } from '@skein/base'
import type { Entry, Store } from '../store.ts'
import { checkLock, type Held, inOrder, type LockOptions, lastOf, standInLine } from './line.ts'

const prefixOf = (name: string): string => `skein/locks/${name}/`
const kindOf = ({ key }: Entry): string => key.slice(key.lastIndexOf('/') + 1, key.lastIndexOf('-'))

/**
 * Waits for a lock that one holds at a time. What is done under it should carry its token: a holder that was paused for longer than its lease acts before it can notice.
 * Rejects with CancelledError, TimeoutError, LeaseLostError; throws ArgumentError.
 */
export const lock = async (store: Store, name: string, options: LockOptions = {}): Promise<Held> => {
  checkLock('lock', name, options)
  return standInLine('lock', store, prefixOf(name), 'write', lastOf, options)
}

/** Waits to read what nobody writes meanwhile; others may read as well. Who waits to write is not passed by those who come later. */
export const readLock = async (store: Store, name: string, options: LockOptions = {}): Promise<Held> => {
  checkLock('readLock', name, options)
  const lastWriter = (before: readonly Entry[]) => lastOf(before.filter(entry => kindOf(entry) === 'write'))
  return standInLine('readLock', store, prefixOf(name), 'read', lastWriter, options)
}

/** Waits for one of `permits` places. Who asks for another number of the same name goes by its own. */
export const semaphore = async (
  store: Store,
  name: string,
  permits: number,
  options: LockOptions = {},
): Promise<Held> => {
  checkLock('semaphore', name, options)
  if (!Number.isSafeInteger(permits) || permits < 1)
    throw new ArgumentError('semaphore', 'permits', 'a whole number from 1', permits)
  // Any of them may leave first.
  const waitFor = (before: readonly Entry[]) =>
    before.length < permits ? undefined : { others: before, leave: before.length - permits + 1 }
  return standInLine('semaphore', store, `skein/semaphores/${name}/`, 'permit', waitFor, options)
}

/** The lock if it is free now; undefined if it is not. */
export const tryLock = async (store: Store, name: string, options: LockOptions = {}): Promise<Held | undefined> => {
  checkLock('tryLock', name, options)
  const { count } = await store.range({ prefix: prefixOf(name) }, { limit: 0 })
  if (count > 0) return undefined
  try {
    return await standInLine('tryLock', store, prefixOf(name), 'write', lastOf, { ...options, timeoutMs: 0 })
  } catch (error) {
    if (error instanceof TimeoutError) return undefined
    throw error
  }
}

/** Who holds a lock. */
export interface Holder {
  readonly kind: 'write' | 'read'
  /** What it said of itself. */
  readonly note: string
  readonly token: number
}

/** Who holds the lock now: nobody, one that writes, or those that read. */
export const holders = async (store: Store, name: string): Promise<Holder[]> => {
  checkLock('holders', name, {})
  const line = inOrder((await store.range({ prefix: prefixOf(name) })).entries)
  const firstWriter = line.findIndex(entry => kindOf(entry) === 'write')
  const holding = firstWriter < 0 ? line : line.slice(0, Math.max(1, firstWriter))
  return holding.map(entry => ({
    kind: kindOf(entry) as Holder['kind'],
    note: new TextDecoder().decode(entry.value),
    token: entry.created,
  }))
}
