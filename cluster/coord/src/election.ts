// Elections: those who stand are in line, and who is first leads. The line is that of locks, so a leader has a token that grows from one to the next, and knows that it leads no more before another one does.
import { checkLock, type Held, type LockOptions, standInLine } from './locks/line.ts'
import type { Entry, Store } from './store.ts'

/** Who leads. */
export interface Leader {
  /** What it said of itself. */
  readonly value: string
  /** Larger than that of every leader before. */
  readonly token: number
}

export interface CampaignOptions extends Omit<LockOptions, 'note'> {
  /** What others are told of the leader, such as where it is reached. Default: nothing. */
  value?: string
}

const prefixOf = (name: string): string => `skein/elections/${name}/`
const decoder = new TextDecoder()

/** Stands, and resolves when elected; `release()` resigns. Rejects with CancelledError, LeaseLostError; throws ArgumentError. */
export const campaign = async (store: Store, name: string, options: CampaignOptions = {}): Promise<Held> => {
  checkLock('campaign', name, options)
  const { value = '', ...rest } = options
  const lastOf = (before: readonly Entry[]) =>
    before.length === 0 ? undefined : { others: before.slice(-1), leave: 1 }
  return standInLine('campaign', store, prefixOf(name), 'candidate', lastOf, { ...rest, note: value })
}

/** Who leads now; undefined: nobody. */
export const leader = async (store: Store, name: string): Promise<Leader | undefined> => {
  checkLock('leader', name, {})
  return leaderOf((await store.range({ prefix: prefixOf(name) })).entries)
}

/** Who leads now, and each leader that follows; undefined while there is none. Ends with the signal, by CancelledError. */
export async function* leaders(
  store: Store,
  name: string,
  options: { signal?: AbortSignal } = {},
): AsyncGenerator<Leader | undefined> {
  checkLock('leaders', name, {})
  const prefix = prefixOf(name)
  const { entries, revision } = await store.range({ prefix })
  const line = new Map(entries.map(entry => [entry.key, entry]))
  let last = leaderOf(entries)
  yield last
  for await (const { events } of store.watch({ prefix }, { from: revision + 1, ...options })) {
    for (const event of events)
      if (event.type === 'put') line.set(event.entry.key, event.entry)
      else line.delete(event.key)
    const now = leaderOf([...line.values()])
    if (now?.token === last?.token) continue
    last = now
    yield now
  }
}

const leaderOf = (line: readonly Entry[]): Leader | undefined => {
  if (line.length === 0) return undefined
  const first = line.reduce((a, b) => (b.created < a.created ? b : a))
  return { value: decoder.decode(first.value), token: first.created }
}
