// Who is there: a key with a lease each.
import { ArgumentError } from '@skein/base'
import { checkName } from '../core/keys.ts'
import { LeaseLostError, LeaseNotFoundError } from '../errors.ts'
import { type FollowOptions, follow } from '../following.ts'
import { inOrder } from '../locks/line.ts'
import type { Compare, Entry, Store, WatchEvent } from '../store.ts'
import { decode, encode } from './json.ts'

export interface Member<T> {
  readonly id: string
  /** What it says of itself. */
  readonly data: T
  /** Larger than that of every member that came before. */
  readonly token: number
}

export type MemberEvent<T> = { readonly type: 'joined' | 'changed' | 'left'; readonly member: Member<T> }

export interface JoinOptions {
  /** How long after it was last heard of it has left. Default 10,000. */
  ttlMs?: number
}

/** Being a member. */
export interface Membership<T> extends AsyncDisposable {
  readonly id: string
  readonly token: number
  /** Aborted with LeaseLostError before others can be told that it has left. */
  readonly signal: AbortSignal
  /** Holds in a transaction of the same store as long as it is a member. */
  readonly owner: Compare
  /** Tells something else of itself. Rejects with LeaseLostError. */
  update(data: T): Promise<void>
  leave(): Promise<void>
}

export class Members<T = unknown> {
  readonly group: string
  private readonly store: Store
  private readonly prefix: string

  /** Throws ArgumentError. */
  constructor(store: Store, group: string) {
    this.group = checkName('members', group)
    this.store = store
    this.prefix = `skein/members/${group}/`
  }

  /** Rejects with ArgumentError. */
  async join(data: T, { ttlMs = 10_000 }: JoinOptions = {}): Promise<Membership<T>> {
    if (!(ttlMs > 0)) throw new ArgumentError('members.join', 'ttlMs', 'milliseconds above 0', ttlMs)
    const { store } = this
    const value = encode('members.join', data)
    const lease = await store.lease({ ttlMs })
    const key = this.prefix + lease.id
    let token: number
    try {
      token = (await store.put(key, value, { lease: lease.id })).revision
    } catch (error) {
      await lease.revoke().catch(() => {})
      throw error
    }
    const owner: Compare = { key, target: 'created', is: '=', value: token }
    const update = async (data: T): Promise<void> => {
      const put = { op: 'put', key, value: encode('members.update', data), lease: lease.id } as const
      try {
        if ((await store.transact({ if: [owner], do: [put] })).succeeded) return
      } catch (error) {
        if (!(error instanceof LeaseNotFoundError)) throw error
      }
      throw new LeaseLostError(lease.id, `it is a member of ${this.group} no more`)
    }
    const leave = (): Promise<void> => lease.revoke()
    return {
      id: lease.id,
      token,
      get signal() {
        return lease.signal
      },
      owner,
      update,
      leave,
      [Symbol.asyncDispose]: leave,
    }
  }

  /** Who is there now, the first the longest. Rejects with StoredValueError. */
  async list(): Promise<Member<T>[]> {
    const { entries } = await this.store.range({ prefix: this.prefix })
    return inOrder(entries).map(entry => this.memberOf(entry))
  }

  /** Those who are there, as having joined, and then who joins, tells something else, or leaves. Over times in which the store cannot be read, as `follow`. Rejects with CancelledError by the signal, StoredValueError. */
  async *watch(options: FollowOptions = {}): AsyncGenerator<MemberEvent<T>, void> {
    let isFirst = true
    for await (const { events, entries } of follow(this.store, { prefix: this.prefix }, options)) {
      if (isFirst)
        for (const entry of inOrder([...entries.values()])) yield { type: 'joined', member: this.memberOf(entry) }
      else for (const event of events) yield* this.told(event)
      isFirst = false
    }
  }

  private *told(event: WatchEvent): Generator<MemberEvent<T>> {
    const { previous } = event
    if (event.type === 'delete') {
      if (previous) yield { type: 'left', member: this.memberOf(previous) }
    } else yield { type: previous ? 'changed' : 'joined', member: this.memberOf(event.entry) }
  }

  private memberOf(entry: Entry): Member<T> {
    return { id: entry.key.slice(this.prefix.length), data: decode(entry), token: entry.created }
  }
}
