// A double barrier: so many begin together, and end together (P. Hunt and others, "ZooKeeper: wait-free coordination for Internet-scale systems", USENIX ATC 2010, section 2.4).
//
// Who comes puts a key with a lease. Once there are enough, a round is written down: the keys of those that came first. Who is in it begins; the others wait until all of it have left, or died, and are of the next.
import { ArgumentError } from '@skein/base'
import { checkName } from '../core/keys.ts'
import { LeaseLostError } from '../errors.ts'
import { inOrder } from '../locks/line.ts'
import type { Entry, Lease, RangeResult, Store } from '../store.ts'
import { only, untilChange, type WaitOptions, waiting } from '../waiting.ts'
import { unchanged } from './compare-and-set.ts'
import { decode, encode } from './json.ts'

export interface DoubleBarrierOptions {
  /** How many begin together; the same for all. */
  count: number
  /** How long after one was last heard of the others go on without it. Default 10,000. */
  ttlMs?: number
}

/** Being between the two. */
export interface Inside extends AsyncDisposable {
  /** Which of those that began together: from 0, in the order in which they came. */
  readonly rank: number
  /** The same for all that began together, and larger than that of those before. */
  readonly round: number
  /** Aborted with LeaseLostError before the others can go on without this one. */
  readonly signal: AbortSignal
  /** Resolves when all that began together have left, or died. Rejects with CancelledError, TimeoutError: it has left nevertheless. */
  leave(options?: WaitOptions): Promise<void>
}

export class DoubleBarrier {
  readonly name: string
  private readonly store: Store
  private readonly count: number
  private readonly ttlMs: number
  private readonly members: string
  /** Keys of those that are inside, while they are. */
  private readonly round: string

  /** Throws ArgumentError. */
  constructor(store: Store, name: string, { count, ttlMs = 10_000 }: DoubleBarrierOptions) {
    this.name = checkName('doubleBarrier', name)
    if (!(Number.isSafeInteger(count) && count > 0))
      throw new ArgumentError('doubleBarrier', 'count', 'a whole number from 1', count)
    if (!(ttlMs > 0)) throw new ArgumentError('doubleBarrier', 'ttlMs', 'milliseconds above 0', ttlMs)
    this.store = store
    this.count = count
    this.ttlMs = ttlMs
    this.members = `skein/double-barriers/${name}/members/`
    this.round = `skein/double-barriers/${name}/round`
  }

  /** Resolves when `count` have come. Rejects with CancelledError, TimeoutError, LeaseLostError. */
  enter(options: WaitOptions = {}): Promise<Inside> {
    const { store, ttlMs } = this
    return waiting('doubleBarrier.enter', store.clock, options, async (ends, end) => {
      const lease = await store.lease({ ttlMs })
      const lose = (): void => end(lease.signal.reason)
      lease.signal.addEventListener('abort', lose)
      try {
        const key = `${this.members}${lease.id}`
        await store.put(key, '', { lease: lease.id })
        for (;;) {
          const { round, members, revision } = await this.look()
          if (lease.signal.aborted || ends.aborted) throw ends.aborted ? ends.reason : lease.signal.reason
          if (!members.some(member => member.key === key))
            throw new LeaseLostError(lease.id, 'its key is gone from the barrier')
          const of = round && decode<string[]>(round)
          if (of?.includes(key)) return this.inside(key, of, round!.modified, lease)
          const still = of?.findLast(other => members.some(({ key }) => key === other))
          if (still !== undefined) await untilChange(store, only(still), revision, ends)
          else if (members.length >= this.count) await this.begin(round, members.slice(0, this.count))
          else await untilChange(store, only(this.round), revision, ends, ({ events }) => events[0].type === 'put')
        }
      } catch (error) {
        lease.signal.removeEventListener('abort', lose)
        await lease.revoke().catch(() => {})
        throw error
      } finally {
        lease.signal.removeEventListener('abort', lose)
      }
    })
  }

  private async look(): Promise<{ round: Entry | undefined; members: Entry[]; revision: number }> {
    const { results, revision } = await this.store.transact({
      do: [
        { op: 'get', key: this.round },
        { op: 'range', range: { prefix: this.members }, keysOnly: true },
      ],
    })
    return { round: results[0] as Entry | undefined, members: inOrder((results[1] as RangeResult).entries), revision }
  }

  /** Writes a round down, if there is no other meanwhile and all of it are still there. */
  private async begin(before: Entry | undefined, members: readonly Entry[]): Promise<void> {
    const value = encode(
      'doubleBarrier.enter',
      members.map(({ key }) => key),
    )
    await this.store.transact({
      if: [unchanged(this.round, before), ...members.map(member => unchanged(member.key, member))],
      do: [{ op: 'put', key: this.round, value }],
    })
  }

  private inside(key: string, members: readonly string[], round: number, lease: Lease): Inside {
    const { store } = this
    const leave = (options: WaitOptions = {}): Promise<void> =>
      waiting('doubleBarrier.leave', store.clock, options, async ends => {
        await lease.revoke()
        for (;;) {
          const { members: there, revision } = await this.look()
          const still = members.findLast(other => other !== key && there.some(({ key }) => key === other))
          if (still === undefined) return
          if (ends.aborted) throw ends.reason
          await untilChange(store, only(still), revision, ends)
        }
      })
    return {
      rank: members.indexOf(key),
      round,
      get signal() {
        return lease.signal
      },
      leave,
      [Symbol.asyncDispose]: () => leave(),
    }
  }
}
