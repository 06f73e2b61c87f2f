/**
 * Deadlock. A rank that has slept for a while writes down what it waits for and where; while it goes on sleeping it looks at the others now and then.
 * When all that have not ended sleep so, and none of them has done anything between two looks, none ever will: whoever sleeps serves everyone, so nothing is
 * under way. All then fail with who waits for whom. One that was woken does not sleep, even if it has not had a core since.
 *
 * A rank that awaits a request in its event loop does not count as asleep: a timer or a socket may help it.
 */

import { DeadlockError } from '../errors.ts'
import type { Views } from './views.ts'
import * as at from './world-block.ts'

/** Milliseconds of sleep before a rank is suspected, and between two looks. */
const suspectMs = 250
const lookMs = 400

const ownFolder = new URL('..', import.meta.url).href
const encoder = new TextEncoder()
const decoder = new TextDecoder()

export class Standstill {
  readonly #views: Views
  #isSuspect = false
  /** What the ranks had done at the last look. */
  #before = ''

  constructor(views: Views) {
    this.#views = views
  }

  /** How long to sleep next. */
  get napMs(): number {
    return this.#isSuspect ? lookMs : suspectMs
  }

  /** It has slept so long and nothing came. @throws DeadlockError */
  slept(describe: () => string): void {
    const { c, me } = this.#views
    if (!this.#isSuspect) {
      this.#write(`${describe()}${placeHere()}`)
      Atomics.store(c, me + at.state, at.blocked)
      this.#isSuspect = true
    } else if (this.#nobodyMoves()) {
      Atomics.store(c, at.isDeadlocked, 1)
      for (const rank of this.#ranks()) this.#views.wake(rank)
    }
    this.check()
  }

  /** @throws DeadlockError once someone has found it */
  check(): void {
    if (Atomics.load(this.#views.c, at.isDeadlocked) === 0) return
    throw new DeadlockError(
      this.#views.rank,
      this.#ranks().map(other => this.#read(other)),
    )
  }

  /** Those that there are, or were. Numbers are given out one after the other. */
  #ranks(): number[] {
    const { c, layout } = this.#views
    const isThere = (rank: number): boolean => Atomics.load(c, at.rankAt(layout, rank) + at.state) !== at.absent
    return Array.from({ length: layout.universe }, (_, rank) => rank).filter(isThere)
  }

  /** It goes on. */
  awake(): void {
    if (!this.#isSuspect) return
    const { c, me } = this.#views
    this.#isSuspect = false
    this.#before = ''
    Atomics.add(c, me + at.taken, 1)
    Atomics.store(c, me + at.state, at.running)
  }

  ended(): void {
    const { c, me } = this.#views
    // After a deadlock the others may still have to read what it waited for.
    if (Atomics.load(c, at.isDeadlocked) === 0) this.#write('has ended')
    Atomics.store(c, me + at.state, at.ended)
  }

  #nobodyMoves(): boolean {
    const { c, layout, me } = this.#views
    const ranks = this.#ranks().map(rank => at.rankAt(layout, rank))
    const states = ranks.map(r => Atomics.load(c, r + at.state))
    const now = ranks.map((r, rank) => `${states[rank]}:${Atomics.load(c, r + at.taken)}`).join()
    const isAsleep = (r: number, index: number): boolean =>
      states[index] === at.ended || (states[index] === at.blocked && (r === me || Atomics.load(c, r + at.sleeps) === 1))
    // The launcher will wake whoever asked it for ranks.
    if (Atomics.load(c, at.launching) !== 0) return false
    const isSame = now === this.#before
    this.#before = now
    return isSame && ranks.every(isAsleep)
  }

  #write(text: string): void {
    const { b, c, layout, me, rank } = this.#views
    const from = at.textAt(layout, rank) * 4
    const { written } = encoder.encodeInto(text, b.subarray(from, from + at.mostTextBytes))
    Atomics.store(c, me + at.textBytes, written)
  }

  #read(rank: number): string {
    const { b, c, layout } = this.#views
    const r = at.rankAt(layout, rank)
    const from = at.textAt(layout, rank) * 4
    return decoder.decode(b.slice(from, from + Atomics.load(c, r + at.textBytes)))
  }
}

/** The user's line that the call under way was made at. */
function placeHere(): string {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 40
  const lines = new Error().stack?.split('\n').slice(1) ?? []
  Error.stackTraceLimit = limit
  const line = lines.find(text => !text.includes(ownFolder) && !text.includes('node:'))
  return line === undefined ? '' : ` (${line.trim().replace(/^at /, '')})`
}
