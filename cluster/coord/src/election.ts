// Elections: those who stand are in line, and who is first leads. The line is that of locks, so a leader has a token that grows from one to the next, and knows that it leads no more before another one does.
import { ArgumentError } from '@skein/base'
import { LeaseLostError, LeaseNotFoundError } from './errors.ts'
import { type FollowOptions, follow } from './following.ts'
import { checkLock, type Held, type LockOptions, lastOf, standInLine } from './locks/line.ts'
import type { Entry, Store } from './store.ts'

/** Who leads. */
export interface Leader {
  /** What it says of itself. */
  readonly value: string
  /** Larger than that of every leader before. */
  readonly token: number
}

export interface CampaignOptions extends Omit<LockOptions, 'note'> {
  /** What others are told of the leader, such as where it is reached. Default: nothing. */
  value?: string
}

/** Leading: until it is released, which is to resign, or its signal is aborted. */
export interface Leadership extends Held {
  /** Tells others something else of the leader. Rejects with LeaseLostError, and nobody is told. */
  proclaim(value: string): Promise<void>
}

const prefixOf = (name: string): string => `skein/elections/${name}/`
const decoder = new TextDecoder()

/** Stands, and resolves when elected; `release()` resigns. Rejects with CancelledError, TimeoutError, LeaseLostError; throws ArgumentError. */
export const campaign = async (store: Store, name: string, options: CampaignOptions = {}): Promise<Leadership> => {
  const { value = '', ...rest } = options
  checkLock('campaign', name, rest)
  checkValue('campaign', value)
  const held = await standInLine('campaign', store, prefixOf(name), 'candidate', lastOf, { ...rest, note: value })
  const proclaim = async (value: string): Promise<void> => {
    checkValue('proclaim', value)
    const { owner, lease } = held
    try {
      const { succeeded } = await store.transact({ if: [owner], do: [{ op: 'put', key: owner.key, value, lease }] })
      if (succeeded) return
    } catch (error) {
      if (!(error instanceof LeaseNotFoundError)) throw error
    }
    throw new LeaseLostError(lease, 'its key is gone from the line')
  }
  // What it is has a signal that is looked at whenever it is asked for: it must stay itself.
  return Object.assign(held, { proclaim })
}

/** Who leads now; undefined: nobody. */
export const leader = async (store: Store, name: string): Promise<Leader | undefined> => {
  checkLock('leader', name, {})
  return leaderOf((await store.range({ prefix: prefixOf(name) })).entries)
}

/** Who leads now, and each leader that follows, or what it says of itself; undefined while there is none. Ends with the signal, by CancelledError. */
export async function* leaders(
  store: Store,
  name: string,
  options: FollowOptions = {},
): AsyncGenerator<Leader | undefined, void> {
  checkLock('leaders', name, {})
  let last: Leader | undefined
  let isFirst = true
  for await (const { entries } of follow(store, { prefix: prefixOf(name) }, options)) {
    const now = leaderOf([...entries.values()])
    if (!isFirst && now?.token === last?.token && now?.value === last?.value) continue
    isFirst = false
    last = now
    yield now
  }
}

const leaderOf = (line: readonly Entry[]): Leader | undefined => {
  if (line.length === 0) return undefined
  const first = line.reduce((a, b) => (b.created < a.created ? b : a))
  return { value: decoder.decode(first.value), token: first.created }
}

const checkValue = (call: string, value: unknown): void => {
  if (typeof value !== 'string') throw new ArgumentError(call, 'value', 'a text', value)
}
