// Waiting for what others do: until it has happened, the caller's signal is aborted, or the time is over.
import { ArgumentError, CancelledError, TimeoutError } from '@skein/base'
import type { Clock } from '@skein/world'
import { CompactedError } from './errors.ts'
import type { Range, Store, WatchBatch } from './store.ts'

export interface WaitOptions {
  /** Ends waiting: by CancelledError. */
  signal?: AbortSignal
  /** Ends waiting after so long: by TimeoutError. Default: never. */
  timeoutMs?: number
}

/**
 * Runs what waits. `ends` is aborted, by `end` too, with the error that the call rejects with if `run` rejects after that; what it has got it may give all the same.
 * Rejects with CancelledError, TimeoutError; throws ArgumentError.
 */
export const waiting = async <T>(
  call: string,
  clock: Clock,
  { signal, timeoutMs = Number.POSITIVE_INFINITY }: WaitOptions,
  run: (ends: AbortSignal, end: (error: Error) => void) => Promise<T>,
): Promise<T> => {
  if (!(timeoutMs >= 0)) throw new ArgumentError(call, 'timeoutMs', 'milliseconds from 0', timeoutMs)
  CancelledError.check(signal, call)
  const ends = new AbortController()
  const cancel = (): void => ends.abort(new CancelledError(call, signal!.reason))
  signal?.addEventListener('abort', cancel, { once: true })
  const timer = clock.after(timeoutMs, () => ends.abort(new TimeoutError(call, timeoutMs)))
  try {
    return await run(ends.signal, error => ends.abort(error))
  } catch (error) {
    throw ends.signal.aborted ? ends.signal.reason : error
  } finally {
    timer.cancel()
    signal?.removeEventListener('abort', cancel)
  }
}

/**
 * Resolves when a batch after the revision is the one, or when what is between is forgotten and must be looked at anew. Rejects when `ends` is aborted, and with what the store
 * rejects with.
 */
export const untilChange = async (
  store: Store,
  range: Range,
  revision: number,
  ends: AbortSignal,
  isIt: (batch: WatchBatch) => boolean = () => true,
): Promise<void> => {
  try {
    for await (const batch of store.watch(range, { from: revision + 1, signal: ends })) if (isIt(batch)) return
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error
  }
}

/** One key, as a range. */
export const only = (key: string): Range => ({ from: key, to: `${key}\0` })
