/** Cartesian grids: which rank lies where (MPI-4.0, 8.5). The last coordinate varies fastest. */

import { ArgumentError } from '@skein/base'
import { procNull } from '../constants.ts'

export class Grid {
  readonly dims: readonly number[]
  /** Whether a dimension is closed to a ring. */
  readonly periods: readonly boolean[]

  constructor(dims: readonly number[], periods: readonly boolean[]) {
    this.dims = dims
    this.periods = periods
  }

  get size(): number {
    return this.dims.reduce((a, b) => a * b, 1)
  }

  coords(rank: number): number[] {
    const coords = new Array<number>(this.dims.length)
    for (let d = this.dims.length - 1; d >= 0; d--) {
      coords[d] = rank % this.dims[d]
      rank = Math.floor(rank / this.dims[d])
    }
    return coords
  }

  /** Undefined: outside, in a dimension that is no ring. */
  rankOf(coords: readonly number[]): number | undefined {
    let rank = 0
    for (let d = 0; d < this.dims.length; d++) {
      const length = this.dims[d]
      const inside = ((coords[d] % length) + length) % length
      if (inside !== coords[d] && !this.periods[d]) return undefined
      rank = rank * length + inside
    }
    return rank
  }

  /** The rank so many steps away in a dimension; `procNull`: there is none. */
  step(rank: number, dimension: number, steps: number): number {
    const coords = this.coords(rank)
    coords[dimension] += steps
    return this.rankOf(coords) ?? procNull
  }

  /** For each dimension the neighbour before and the one after. */
  neighbors(rank: number): number[] {
    return this.dims.flatMap((_, d) => [this.step(rank, d, -1), this.step(rank, d, 1)])
  }
}

/**
 * Dimensions of a grid of so many ranks, as near to each other as can be, falling (MPI_Dims_create).
 *
 * @param given those that are not 0 are kept
 */
export function dims(ranks: number, given: number | readonly number[]): number[] {
  if (!Number.isInteger(ranks) || ranks < 1) throw new ArgumentError('dims', 'ranks', 'a whole number from 1 on', ranks)
  const all = typeof given === 'number' ? new Array<number>(given).fill(0) : [...given]
  if (all.some(length => !Number.isInteger(length) || length < 0)) {
    throw new ArgumentError('dims', 'dims', 'whole numbers from 0 on', all)
  }
  const kept = all.filter(length => length > 0).reduce((a, b) => a * b, 1)
  const open = all.filter(length => length === 0).length
  if (ranks % kept !== 0 || (open === 0 && kept !== ranks)) {
    throw new ArgumentError('dims', 'dims', `of product ${open === 0 ? ranks : `that divides ${ranks}`}`, kept)
  }
  const made = balanced(ranks / kept, open)
  return all.map(length => (length > 0 ? length : made.shift()!))
}

/** So many factors of a number, falling, the largest and the smallest as near to each other as can be. */
function balanced(n: number, parts: number): number[] {
  let best: number[] | undefined
  const spread = (factors: readonly number[]) => factors[0] - factors[factors.length - 1]
  const search = (rest: number, left: number, most: number, found: number[]) => {
    if (left === 0) {
      if (rest === 1 && (best === undefined || spread(found) < spread(best))) best = found
      return
    }
    // The next is the largest of those that are left, thus no less than their mean.
    for (let factor = Math.min(most, rest); factor >= 1 && factor ** left >= rest; factor--) {
      if (rest % factor === 0) search(rest / factor, left - 1, factor, [...found, factor])
    }
  }
  if (parts === 0) return []
  search(n, parts, n, [])
  return best!
}
