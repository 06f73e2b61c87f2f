// Following a range for as long as somebody wants to know: over what a store has forgotten, and over times in which it cannot be reached.
import { CancelledError } from '@skein/base'
import { sleep } from '@skein/world'
import { CompactedError, StoreClosedError } from './errors.ts'
import type { Entry, Range, Store, WatchEvent } from './store.ts'

export interface FollowOptions {
  signal?: AbortSignal
  /** Told why the store cannot be read; it is asked again, and what is known is what was there last. */
  onAway?: (error: unknown) => void
}

/** What is there, and what has changed since the last time. */
export interface Followed {
  /** Valid until the next one is asked for. */
  readonly entries: ReadonlyMap<string, Entry>
  readonly events: readonly WatchEvent[]
  readonly revision: number
}

const [firstPauseMs, longestPauseMs] = [50, 2000]

/**
 * What is there, and then each change. Where some are forgotten or not heard of, what they came to is one change. Rejects if what is there cannot be read at first; later with CancelledError by the
 * signal, and with StoreClosedError.
 */
export async function* follow(
  store: Store,
  range: Range,
  { signal, onAway }: FollowOptions = {},
): AsyncGenerator<Followed, void> {
  CancelledError.check(signal, 'follow')
  const entries = new Map<string, Entry>()
  let revision = await readAnew(store, range, entries, [])
  yield { entries, events: [...entries.values()].map(entry => ({ type: 'put', entry, previous: undefined })), revision }
  for (let failures = 0; ; ) {
    try {
      for await (const batch of store.watch(range, { from: revision + 1, signal })) {
        failures = 0
        revision = batch.revision
        yield { entries, events: batch.events.map(event => take(entries, event)), revision }
      }
      throw new StoreClosedError(store.url)
    } catch (error) {
      if (signal?.aborted) throw new CancelledError('follow', signal.reason)
      if (error instanceof StoreClosedError) throw error
      if (!(error instanceof CompactedError)) {
        onAway?.(error)
        const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** failures++) * (0.5 + store.chance.uniform() / 2)
        await sleep(store.clock, pauseMs, { signal }).catch(() => CancelledError.check(signal, 'follow'))
      }
    }
    const events: WatchEvent[] = []
    try {
      revision = await readAnew(store, range, entries, events)
    } catch {
      // The watch that follows says why.
      continue
    }
    if (events.length > 0) yield { entries, events, revision }
  }
}

/** Brings the entries up to date, and tells in what. */
const readAnew = async (
  store: Store,
  range: Range,
  entries: Map<string, Entry>,
  events: WatchEvent[],
): Promise<number> => {
  const found = await store.range(range)
  const there = new Set(found.entries.map(({ key }) => key))
  for (const key of [...entries.keys()])
    if (!there.has(key))
      events.push(take(entries, { type: 'delete', key, revision: found.revision, previous: undefined }))
  for (const entry of found.entries)
    if (entries.get(entry.key)?.modified !== entry.modified)
      events.push(take(entries, { type: 'put', entry, previous: undefined }))
  return found.revision
}

/** The event, with what was there before. */
const take = (entries: Map<string, Entry>, event: WatchEvent): WatchEvent => {
  const key = event.type === 'put' ? event.entry.key : event.key
  const previous = entries.get(key)
  if (event.type === 'put') entries.set(key, event.entry)
  else entries.delete(key)
  return { ...event, previous }
}
