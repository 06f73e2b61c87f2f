import { ArgumentError } from '@skein/base'
import type { Entry, Store } from '../store.ts'
import { checkLock, type Held, type LockOptions, standInLine } from './line.ts'

const prefixOf = (name: string): string => `skein/locks/${name}/`
const kindOf = ({ key }: Entry): string => key.slice(key.lastIndexOf('/') + 1, key.lastIndexOf('-'))

const lastOf = (before: readonly Entry[]) => (before.length === 0 ? undefined : { others: before.slice(-1), leave: 1 })

/**
 * Waits for a lock that one holds at a time. What is done under it should carry its token: a holder that was paused for longer than its lease acts before it can notice.
 * Rejects with CancelledError, LeaseLostError; throws ArgumentError.
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

/** Waits for one of `permits` places. */
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
  const stop = new AbortController()
  try {
    return await standInLine(
      'tryLock',
      store,
      prefixOf(name),
      'write',
      before => {
        if (before.length > 0) stop.abort()
        return lastOf(before)
      },
      { ...options, signal: stop.signal },
    )
  } catch (error) {
    if (stop.signal.aborted) return undefined
    throw error
  }
}
