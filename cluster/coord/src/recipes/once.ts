// Something that is done once, whoever comes to do it.
import { checkName } from '../core/keys.ts'
import { LeaseLostError } from '../errors.ts'
import type { LockOptions } from '../locks/line.ts'
import { lock } from '../locks/locks.ts'
import type { Store } from '../store.ts'
import { decode, encode } from './json.ts'

/**
 * Gives what `run` gave, here or in another process: one runs it, the others wait. If it throws or its process dies, another one that waits runs it. It may be begun more often, but one outcome counts: of who lost its
 * lease meanwhile, as `signal` says, it does not. Rejects with CancelledError, TimeoutError, LeaseLostError, StoredValueError, and what `run` throws; with ArgumentError if what it gave has no JSON (undefined is null).
 */
export const once = async <T>(
  store: Store,
  name: string,
  run: (signal: AbortSignal) => Promise<T> | T,
  options: LockOptions = {},
): Promise<T> => {
  const key = `skein/once/${checkName('once', name)}`
  const before = await store.get(key)
  if (before) return decode(before)
  const held = await lock(store, `once ${name}`, options)
  try {
    const meanwhile = await store.get(key)
    if (meanwhile) return decode(meanwhile)
    const value = encode('once', (await run(held.signal)) ?? null)
    const { succeeded } = await store.transact({ if: [held.owner], do: [{ op: 'put', key, value }] })
    if (!succeeded) throw new LeaseLostError(held.lease, 'another one may run it')
    // As all others are given it.
    return JSON.parse(value)
  } finally {
    // What came of it is known; the lock ends with its lease at the latest.
    await held.release().catch(() => {})
  }
}
