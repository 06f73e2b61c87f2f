/**
 * In which epochs a rank is (MPI-4.0, 12.5): of access, in which it may reach the memory of others, and of exposure, in which it has named those that may reach
 * its own. The rules are kept here, so that they are the same on every engine; a rule that is broken is told in words.
 *
 * A fence ends the epoch of the one before and may begin another: whether it has, only a call that uses it shows. Until then other epochs may begin.
 */

type Access = 'none' | 'fenced' | 'fence' | 'start' | 'lock' | 'lockAll'

export class Epochs {
  #access: Access = 'none'
  /** Of `start` and `lock`: whom it may reach. */
  readonly #targets: Set<number> = new Set()
  /** The one of them that was asked for last; -1: none. */
  #last = -1
  #isPosted = false

  /** Whether a call may reach this rank: undefined, or what is wrong. */
  reach(rank: number): string | undefined {
    switch (this.#access) {
      case 'fenced':
        this.#access = 'fence'
        return undefined
      case 'fence':
      case 'lockAll':
        return undefined
      case 'none':
        return 'there is no epoch: begin one by fence, start or lock'
      default:
        if (this.#isTarget(rank)) return undefined
        return this.#access === 'start'
          ? `rank ${rank} is not in the group that the epoch was started with`
          : `rank ${rank} is not locked`
    }
  }

  /** In an epoch of locks, of this rank at least: calls can be completed before its end. */
  isPassive(rank: number): boolean {
    return this.#access === 'lockAll' || (this.#access === 'lock' && this.#isTarget(rank))
  }

  /** Calls one after another are mostly about the same rank. */
  #isTarget(rank: number): boolean {
    if (rank === this.#last) return true
    if (!this.#targets.has(rank)) return false
    this.#last = rank
    return true
  }

  /** The same of any rank. */
  get isAnyPassive(): boolean {
    return this.#access === 'lockAll' || this.#access === 'lock'
  }

  /** What keeps an epoch of another kind from beginning. */
  get #inTheWay(): string | undefined {
    switch (this.#access) {
      case 'none':
      case 'fenced':
        return undefined
      case 'fence':
        return 'the epoch that fence began is not over: end it by fence with noSucceed'
      case 'start':
        return 'the epoch that start began is not over: end it by complete'
      case 'lock':
        return `${this.#locked} not unlocked`
      default:
        return 'lockAll is not over: end it by unlockAll'
    }
  }

  get #locked(): string {
    const ranks = [...this.#targets]
    return ranks.length === 1 ? `rank ${ranks[0]} is` : `ranks ${ranks.join(', ')} are`
  }

  /** @param isLast no epoch begins with it */
  fence(isFirst: boolean, isLast: boolean): string | undefined {
    if (this.#isPosted) return 'the window is exposed by post: end that by wait'
    if (this.#access !== 'fence' && this.#inTheWay !== undefined) return this.#inTheWay
    if (isFirst && this.#access === 'fence')
      return 'noPrecede says that no calls precede it, but this rank has made some since the last fence'
    this.#access = isLast ? 'none' : 'fenced'
    return undefined
  }

  start(ranks: readonly number[]): string | undefined {
    if (this.#inTheWay !== undefined) return this.#inTheWay
    this.#access = 'start'
    for (const rank of ranks) this.#targets.add(rank)
    return undefined
  }

  complete(): string | undefined {
    if (this.#access !== 'start') return 'there is no epoch that start began'
    this.#over()
    return undefined
  }

  post(): string | undefined {
    if (this.#isPosted) return 'the window is exposed already: end that by wait'
    if (this.#access === 'fence') return this.#inTheWay
    if (this.#access === 'fenced') this.#access = 'none'
    this.#isPosted = true
    return undefined
  }

  /** Whether there is an exposure that can be waited for. */
  exposed(): string | undefined {
    return this.#isPosted ? undefined : 'the window is not exposed: post comes first'
  }

  /** The exposure is over. */
  unpost(): void {
    this.#isPosted = false
  }

  lock(rank: number): string | undefined {
    if (this.#access !== 'lock' && this.#inTheWay !== undefined) return this.#inTheWay
    if (this.#targets.has(rank)) return `rank ${rank} is locked already`
    this.#access = 'lock'
    this.#targets.add(rank)
    return undefined
  }

  unlock(rank: number): string | undefined {
    if (this.#access !== 'lock' || !this.#targets.has(rank)) return `rank ${rank} is not locked`
    this.#targets.delete(rank)
    this.#last = -1
    if (this.#targets.size === 0) this.#access = 'none'
    return undefined
  }

  lockAll(): string | undefined {
    if (this.#inTheWay !== undefined) return this.#inTheWay
    this.#access = 'lockAll'
    return undefined
  }

  unlockAll(): string | undefined {
    if (this.#access !== 'lockAll') return 'there is no lockAll to end'
    this.#over()
    return undefined
  }

  free(): string | undefined {
    if (this.#isPosted) return 'the window is exposed by post: end that by wait'
    return this.#inTheWay
  }

  #over(): void {
    this.#access = 'none'
    this.#targets.clear()
    this.#last = -1
  }
}
