/** Ordered sets of processes. A group is a value: its operations make others, and nobody but this rank is asked. */

import { ArgumentError } from '@skein/base'

export type Comparison = 'identical' | 'congruent' | 'similar' | 'unequal'

/** First rank, last rank, and stride. */
export type Range = readonly [first: number, last: number, stride?: number]

export class Group {
  /** Processes in the order of ranks, by numbers that are the same everywhere. */
  readonly members: readonly number[]
  /** Of this process in the group; undefined: it is no member. */
  readonly rank: number | undefined
  readonly #me: number

  /** For this room; users have `comm.group` and `Group.empty`. */
  constructor(members: readonly number[], me: number) {
    this.members = members
    this.#me = me
    const rank = members.indexOf(me)
    this.rank = rank < 0 ? undefined : rank
  }

  /** Of no process. */
  static get empty(): Group {
    return emptyGroup
  }

  get size(): number {
    return this.members.length
  }

  #with(members: readonly number[], other?: Group): Group {
    return new Group(members, this.#me < 0 && other !== undefined ? other.#me : this.#me)
  }

  #check(call: string, ranks: readonly number[]): void {
    const wrong = ranks.find(rank => !Number.isInteger(rank) || rank < 0 || rank >= this.size)
    if (wrong !== undefined) throw new ArgumentError(`group.${call}`, 'a rank', `from 0 to ${this.size - 1}`, wrong)
    if (new Set(ranks).size < ranks.length) throw new ArgumentError(`group.${call}`, 'ranks', 'each named once', ranks)
  }

  /** All of this, then those of the other that are not in it. */
  union(other: Group): Group {
    const mine = new Set(this.members)
    return this.#with([...this.members, ...other.members.filter(member => !mine.has(member))], other)
  }

  /** Those of this that are in the other too. */
  intersection(other: Group): Group {
    const theirs = new Set(other.members)
    return this.#with(
      this.members.filter(member => theirs.has(member)),
      other,
    )
  }

  /** Those of this that are not in the other. */
  difference(other: Group): Group {
    const theirs = new Set(other.members)
    return this.#with(
      this.members.filter(member => !theirs.has(member)),
      other,
    )
  }

  /** These ranks, in this order. */
  incl(ranks: readonly number[]): Group {
    this.#check('incl', ranks)
    return this.#with(ranks.map(rank => this.members[rank]))
  }

  /** All but these ranks. */
  excl(ranks: readonly number[]): Group {
    this.#check('excl', ranks)
    const left = new Set(ranks)
    return this.#with(this.members.filter((_, rank) => !left.has(rank)))
  }

  rangeIncl(ranges: readonly Range[]): Group {
    return this.incl(ranksOf('rangeIncl', ranges))
  }

  rangeExcl(ranges: readonly Range[]): Group {
    return this.excl(ranksOf('rangeExcl', ranges))
  }

  /** The ranks in another group of ranks of this one; undefined of those that are not in it. */
  translateRanks(ranks: readonly number[], other: Group): (number | undefined)[] {
    this.#check('translateRanks', [...new Set(ranks)])
    return ranks.map(rank => {
      const found = other.members.indexOf(this.members[rank])
      return found < 0 ? undefined : found
    })
  }

  /** Identical: the same in the same order; similar: the same in another order. */
  compare(other: Group): 'identical' | 'similar' | 'unequal' {
    if (this.size !== other.size) return 'unequal'
    if (this.members.every((member, rank) => member === other.members[rank])) return 'identical'
    return this.intersection(other).size === this.size ? 'similar' : 'unequal'
  }
}

function ranksOf(call: string, ranges: readonly Range[]): number[] {
  return ranges.flatMap(([first, last, stride = 1]) => {
    if (![first, last, stride].every(Number.isInteger) || stride === 0) {
      throw new ArgumentError(`group.${call}`, 'a range', 'first rank, last rank and a stride that is not 0', [
        first,
        last,
        stride,
      ])
    }
    const count = Math.max(0, Math.floor((last - first) / stride) + 1)
    return Array.from({ length: count }, (_, i) => first + i * stride)
  })
}

const emptyGroup = new Group([], -1)
