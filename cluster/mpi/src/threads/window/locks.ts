/**
 * Locks of a window's ranks, for reading or writing, first come first served: who asks takes a ticket, and is called up.
 *
 * A lock of all ranks takes none of the single ones, which others might hold in another order: who has exclusive locks and who has locks of all keep each other out at one
 * door. Through it too one goes in the order of tickets; but who is inside with one exclusive lock gets the next without queueing, or the two would wait for each other.
 */

import type { LockType } from '../../window/port.ts'
import type { Exchange } from '../exchange.ts'
import * as at from './block.ts'

// What a rank has of another's lock.
const [nothing, reads, writes, waits] = [0, 1, 2, 3]
/** Beyond the door, it has one of these. */
const [exclusives, all] = [1, 2]

export class WindowLocks {
  readonly #block: at.WindowBlock
  readonly #exchange: Exchange
  readonly #rank: number
  readonly #members: readonly number[]
  /** Exclusive locks that this rank holds. */
  #exclusive = 0

  constructor(block: at.WindowBlock, exchange: Exchange, rank: number, members: readonly number[]) {
    this.#block = block
    this.#exchange = exchange
    this.#rank = rank
    this.#members = members
  }

  #holdAt(rank: number): number {
    const { holds, size } = this.#block
    return holds + rank * size + this.#rank
  }

  lock(type: LockType, rank: number, where: string): void {
    const { b, c } = this.#block
    if (type === 'exclusive') this.#enter(1, `lock of rank ${this.#members[rank]} of ${where}`)
    const place = this.#block.placeOf(rank)
    const ticket = Atomics.add(c, place + at.nextTicket, 1)
    const turn = place + (type === 'exclusive' ? at.writersTicket : at.readersTicket)
    if (Atomics.load(c, turn) !== ticket) {
      Atomics.store(b, this.#holdAt(rank), waits)
      this.#exchange.waitUntil(
        () => Atomics.load(c, turn) === ticket,
        () => `waits in lock of rank ${this.#members[rank]} of ${where}, ${this.#holders(rank)}`,
      )
    }
    Atomics.store(b, this.#holdAt(rank), type === 'exclusive' ? writes : reads)
    if (type === 'exclusive') return
    // Whoever reads next may come too.
    Atomics.add(c, turn, 1)
    this.#wakeWaiting(rank)
  }

  unlock(rank: number): void {
    const { b, c } = this.#block
    const place = this.#block.placeOf(rank)
    const hold = this.#holdAt(rank)
    const isExclusive = Atomics.load(b, hold) === writes
    Atomics.store(b, hold, nothing)
    if (isExclusive) Atomics.add(c, place + at.readersTicket, 1)
    Atomics.add(c, place + at.writersTicket, 1)
    this.#wakeWaiting(rank)
    if (isExclusive) this.#leave(1)
  }

  lockAll(where: string): void {
    this.#enter(-1, `lockAll of ${where}`)
  }

  unlockAll(): void {
    this.#leave(-1)
  }

  /** @param way 1 for who has exclusive locks, -1 for who has locks of all */
  #enter(way: 1 | -1, call: string): void {
    const { b, c, doors } = this.#block
    if (way === 1 && this.#exclusive++ > 0) return
    const ticket = Atomics.add(c, at.nextEntry, 1)
    const isMine = () => Atomics.load(c, at.calledEntry) === ticket && Atomics.load(c, at.inside) * way >= 0
    if (!isMine()) {
      this.#exchange.waitUntil(isMine, () => `waits in ${call}, ${this.#insiders(way)}`)
    }
    Atomics.store(b, doors + this.#rank, way === 1 ? exclusives : all)
    Atomics.add(c, at.inside, way)
    Atomics.add(c, at.calledEntry, 1)
    // Who stands behind may be let in with this one.
    if (Atomics.load(c, at.nextEntry) !== Atomics.load(c, at.calledEntry)) this.#wakeAll()
  }

  #leave(way: 1 | -1): void {
    const { b, c, doors } = this.#block
    if (way === 1 && --this.#exclusive > 0) return
    Atomics.store(b, doors + this.#rank, nothing)
    Atomics.sub(c, at.inside, way)
    if (Atomics.load(c, at.nextEntry) !== Atomics.load(c, at.calledEntry)) this.#wakeAll()
  }

  #wakeAll(): void {
    for (const member of this.#members) if (member !== this.#exchange.rank) this.#exchange.views.wake(member)
  }

  #wakeWaiting(rank: number): void {
    const { b, c, holds, size } = this.#block
    const place = this.#block.placeOf(rank)
    // Nobody waits if all tickets that were given out are called up for readers.
    if (Atomics.load(c, place + at.nextTicket) === Atomics.load(c, place + at.readersTicket)) return
    const row = holds + rank * size
    for (let other = 0; other < size; other++)
      if (Atomics.load(b, row + other) === waits) this.#exchange.views.wake(this.#members[other])
  }

  #holders(rank: number): string {
    const { b, holds, size } = this.#block
    const row = holds + rank * size
    const found = this.#members.filter((_, other) => [reads, writes].includes(Atomics.load(b, row + other)))
    return found.length === 0 ? 'which nobody holds' : `which rank ${found.join(', ')} holds`
  }

  /** Who keeps it out. */
  #insiders(way: 1 | -1): string {
    const { b, doors } = this.#block
    const theirs = way === 1 ? all : exclusives
    const found = this.#members.filter((_, other) => Atomics.load(b, doors + other) === theirs)
    if (found.length === 0) return 'behind others'
    return `while rank ${found.join(', ')} has ${way === 1 ? 'locks of all' : 'exclusive locks'}`
  }
}
