/**
 * The calls that begin and end epochs: between them a rank may reach the memory of others, and what it does there is complete at their ends.
 * Three ways (MPI-4.0, 12.5): all ranks together by `fence`; groups that name each other by `post`, `start`, `complete` and `wait`; one rank by itself, by locks.
 */

import type { TypedArray } from '@skein/heap'
import { Group } from '../comm/group.ts'
import { refusal } from '../message/refusal.ts'
import { WindowBase } from './base.ts'
import type { Assertions, LockType } from './port.ts'

type Promises<K extends keyof Assertions> = Pick<Assertions, K>
const none: Assertions = {}

export abstract class Synchronization<T extends TypedArray | DataView = TypedArray> extends WindowBase<T> {
  /** All ranks call it: calls made since the last one are complete, here and by others on this rank's memory. */
  fence(promises: Promises<'noStore' | 'noPut' | 'noPrecede' | 'noSucceed'> = none): void {
    const given = this.#checked('fence', promises, ['noStore', 'noPut', 'noPrecede', 'noSucceed'])
    this.checkEpoch('fence', this.epochs.fence(given.noPrecede === true, given.noSucceed === true))
    this.does(() => this.port.fence(given))
  }

  /** Begins an epoch in which the memory of these ranks can be reached, once they have called `post`. */
  start(group: Group, promises: Promises<'noCheck'> = none): void {
    const given = this.#checked('start', promises, ['noCheck'])
    const ranks = this.#ranksOf('start', group)
    this.checkEpoch('start', this.epochs.start(ranks))
    this.does(() => this.port.start(ranks, given))
  }

  /** Ends the epoch that `start` began: its calls are complete here. */
  complete(): void {
    this.checkLive('complete')
    this.checkEpoch('complete', this.epochs.complete())
    this.does(() => this.port.complete())
  }

  /** Lets these ranks reach this rank's memory. It does not wait for them. */
  post(group: Group, promises: Promises<'noCheck' | 'noStore' | 'noPut'> = none): void {
    const given = this.#checked('post', promises, ['noCheck', 'noStore', 'noPut'])
    const ranks = this.#ranksOf('post', group)
    this.checkEpoch('post', this.epochs.post())
    this.does(() => this.port.post(ranks, given))
  }

  /** Waits until all to whom `post` opened this rank's memory have called `complete`. */
  wait(): void {
    this.checkLive('wait')
    this.checkEpoch('wait', this.epochs.exposed())
    this.does(() => this.port.wait())
    this.epochs.unpost()
  }

  /** Whether they have; then it is as if `wait` had been called. */
  test(): boolean {
    this.checkLive('test')
    this.checkEpoch('test', this.epochs.exposed())
    const isOver = this.does(() => this.port.test())
    if (isOver) this.epochs.unpost()
    return isOver
  }

  /** Begins an epoch in which the memory of one rank can be reached; that rank need not do anything. Exclusive: by this rank alone. */
  lock(rank: number, type: LockType = 'shared', promises: Promises<'noCheck'> = none): void {
    const given = this.#checked('lock', promises, ['noCheck'])
    this.#checkRank('lock', rank)
    if (type !== 'shared' && type !== 'exclusive')
      throw refusal(this, 'lock', 'MPI_ERR_LOCKTYPE', 'type', "'shared' or 'exclusive'", type)
    this.checkEpoch('lock', this.epochs.lock(rank))
    this.does(() => this.port.lock(type, rank, given))
  }

  /** Ends it: its calls are complete, here and there. */
  unlock(rank: number): void {
    this.checkLive('unlock')
    this.#checkRank('unlock', rank)
    this.checkEpoch('unlock', this.epochs.unlock(rank))
    this.does(() => this.port.unlock(rank))
  }

  /** Shared locks of all ranks. It is no collective: whoever needs it calls it. */
  lockAll(promises: Promises<'noCheck'> = none): void {
    const given = this.#checked('lockAll', promises, ['noCheck'])
    this.checkEpoch('lockAll', this.epochs.lockAll())
    this.does(() => this.port.lockAll(given))
  }

  unlockAll(): void {
    this.checkLive('unlockAll')
    this.checkEpoch('unlockAll', this.epochs.unlockAll())
    this.does(() => this.port.unlockAll())
  }

  /** Calls made so far to a rank that is locked are complete, here and there. */
  flush(rank: number): void {
    this.#checkPassive('flush', rank)
    try {
      this.port.flush(rank)
    } catch (error) {
      throw this.failed(error)
    }
  }

  /** They are complete here: buffers may be used again. */
  flushLocal(rank: number): void {
    this.#checkPassive('flushLocal', rank)
    this.does(() => this.port.flushLocal(rank))
  }

  /** The same for all ranks that are locked. */
  flushAll(): void {
    this.#checkAnyPassive('flushAll')
    this.does(() => this.port.flushAll())
  }

  flushLocalAll(): void {
    this.#checkAnyPassive('flushLocalAll')
    this.does(() => this.port.flushLocalAll())
  }

  /** What was stored into the window's memory here is seen by others, and what others have put there is seen here. Within locks. */
  sync(): void {
    this.#checkAnyPassive('sync')
    this.does(() => this.port.sync())
  }

  /** An error of the engine goes to the error handler. */
  protected does<R>(call: () => R): R {
    try {
      return call()
    } catch (error) {
      throw this.failed(error)
    }
  }

  #checkPassive(call: string, rank: number): void {
    this.checkLive(call)
    this.#checkRank(call, rank)
    if (!this.epochs.isPassive(rank)) this.checkEpoch(call, `rank ${rank} is not locked`)
  }

  #checkAnyPassive(call: string): void {
    this.checkLive(call)
    if (!this.epochs.isAnyPassive) this.checkEpoch(call, 'no rank is locked')
  }

  #checkRank(call: string, rank: number): void {
    if (rank >>> 0 === rank && rank < this.group.size) return
    throw refusal(this, call, 'MPI_ERR_RANK', 'rank', `a rank from 0 to ${this.group.size - 1}`, rank)
  }

  #checked(call: string, promises: Assertions, allowed: readonly (keyof Assertions)[]): Assertions {
    this.checkLive(call)
    if (promises === none) return promises
    const isObject = typeof promises === 'object' && promises !== null
    const known = isObject
      ? Object.entries(promises).every(
          ([name, value]) =>
            allowed.includes(name as keyof Assertions) && (value === undefined || typeof value === 'boolean'),
        )
      : false
    if (known) return promises
    throw refusal(this, call, 'MPI_ERR_ASSERT', 'the promises', `booleans named ${allowed.join(', ')}`, promises)
  }

  /** Ranks of the window, of a group that may have been made elsewhere. */
  #ranksOf(call: string, group: Group): number[] {
    if (!(group instanceof Group)) throw refusal(this, call, 'MPI_ERR_GROUP', 'group', 'a Group', group)
    const ranks = group.members.map(member => this.group.members.indexOf(member))
    const outside = ranks.findIndex(rank => rank < 0)
    if (outside < 0) return ranks
    const found = `one whose rank ${outside} is not in it`
    throw refusal(this, call, 'MPI_ERR_GROUP', 'group', "a subset of the window's", found)
  }
}
