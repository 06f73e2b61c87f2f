// Changing a key by what it is: read, compare and set, and again while others are faster. Who was too slow pauses for a time between nothing and a bound that doubles, so that those who met
// do not meet again (M. Brooker, "Exponential backoff and jitter", AWS, 2015: full jitter).
import { CancelledError } from '@skein/base'
import { sleep } from '@skein/world'
import type { Compare, Entry, Operation, Store, TransactionResult } from '../store.ts'

const [firstBoundMs, longestBoundMs] = [2, 200]

/** Of a key what a change of it depends on. */
export type Known = Pick<Entry, 'key' | 'value' | 'modified'>

/** Holds as long as the key is as it was. */
export const unchanged = (key: string, entry: Known | undefined): Compare => ({
  key,
  target: 'modified',
  is: '=',
  value: entry?.modified ?? 0,
})

/** Rejects with CancelledError. */
export const pauseAfter = async (
  call: string,
  store: Pick<Store, 'clock' | 'chance'>,
  failures: number,
  signal?: AbortSignal,
): Promise<void> => {
  const boundMs = Math.min(longestBoundMs, firstBoundMs * 2 ** failures)
  await sleep(store.clock, store.chance.uniform() * boundMs, { signal }).catch(() => {})
  CancelledError.check(signal, call)
}

/**
 * `decide` is given the key as it is, and says how to change it; more than once, if others were faster: the last time is what was done. With undefined nothing is done, and undefined
 * given. Begins with what is `known` of the key, if anything is. Rejects with CancelledError, what `decide` throws, and what the store rejects with.
 */
export const compareAndSet = async (
  call: string,
  store: Store,
  key: string,
  decide: (entry: Known | undefined) => readonly Operation[] | undefined,
  { known, signal }: { known?: Known; signal?: AbortSignal } = {},
): Promise<TransactionResult | undefined> => {
  let entry = known
  for (let failures = 0; ; failures++) {
    CancelledError.check(signal, call)
    const wanted = decide(entry)
    const done = await store.transact({ if: [unchanged(key, entry)], do: wanted ?? [], else: [{ op: 'get', key }] })
    if (done.succeeded) return wanted && done
    entry = done.results[0] as Known | undefined
    // What was known was a guess; who is wrong again has met others.
    if (failures > 0) await pauseAfter(call, store, failures, signal)
  }
}
