/**
 * The sums of long arrays that lie outside of the heap, where other ranks cannot see them. Each rank has a stage in the heap, small enough to stay in its
 * core's cache, over which the elements go a stretch at a time: all ranks copy theirs onto their stages, each combines its share of the stretch, and all
 * take the results of all shares. So memory is read once and written once, whatever the length.
 *
 * They do so in rounds: in round t a rank copies stretch t, combines its share of stretch t - 1, and takes stretch t - 2. A stage has room for three stretches
 * in turn: by then all have read what is written over, though one rank may be a round ahead of another.
 */

import { heap } from '@skein/heap'
import { copy } from '../../copy.ts'
import type { Datatype } from '../../datatype/datatype.ts'
import type { Op } from '../../op.ts'
import { reduceAll } from '../../reduce/reduce.ts'
import type { Board } from '../board.ts'

/** Stretches on a stage. */
const depth = 3
/** Of a share, and of a stretch. */
const mostShareBytes = 65536
const mostStretchBytes = 2 ** 18
/** Shares are multiples of so many elements, that copies find both sides aligned. */
const elementsAtOnce = 64

/** Views of the stages, by stretch modulo `depth`. */
interface Places {
  readonly shareBytes: number
  /** What this rank gives. */
  readonly given: readonly Uint8Array[]
  /** What each rank gives of this rank's share. */
  readonly operands: readonly Uint8Array[][]
  /** The result of each rank's share. */
  readonly results: readonly Uint8Array[][]
}

/** A call of all ranks, whose arguments agree but for where elements lie. */
export interface Reduction {
  readonly type: Datatype
  readonly op: Op
  readonly count: number
  readonly from: Uint8Array
  readonly to: Uint8Array
}

export class Stages {
  readonly #board: Board
  /** This rank's. */
  #own: Uint8Array = new Uint8Array(0)
  /** Of each rank, where its stage lies. */
  #addresses: readonly number[] = []
  #places: Places | undefined

  constructor(board: Board) {
    this.#board = board
  }

  /** Where this rank's stage lies, if it has one with room for such elements; or 0. */
  addressFor(type: Datatype): number {
    return this.#own.length < stageBytes(type, this.#board.size) ? 0 : heap.addressOf(this.#own)
  }

  /** Makes a stage with room for such elements. Nobody looks at the one before any more. @returns its address */
  open(type: Datatype): number {
    this.free()
    this.#own = heap.u8(stageBytes(type, this.#board.size), { label: 'mpi' })
    return heap.addressOf(this.#own)
  }

  /** @param addresses of the stages, by rank */
  reduce({ type, op, count, from, to }: Reduction, addresses: readonly number[]): void {
    const board = this.#board
    const { rank, size } = board
    const stretches = Math.ceil(count / (size * mostElements(type, size)))
    const share = roundUp(Math.ceil(count / (size * stretches)), elementsAtOnce)
    const { given, operands, results } = this.#placesFor(share * type.size, addresses)
    const shareBytes = share * type.size
    const stretchBytes = size * shareBytes
    const total = count * type.size
    for (let t = 0; t < stretches + depth - 1; t++) {
      const place = t % depth
      board.awaitRounds(1)
      const at = t * stretchBytes
      if (at < total) copy(given[place], 0, from, at, Math.min(stretchBytes, total - at))
      board.awaitRounds(0)
      const combined = (t - 1) * stretchBytes + rank * shareBytes
      if (t > 0 && combined < total) {
        const before = (t - 1) % depth
        const n = Math.min(share, (total - combined) / type.size)
        reduceAll(op, type, operands[before], results[before][rank], n)
      }
      for (let r = 0; t > 1 && r < size; r++) {
        const taken = (t - 2) * stretchBytes + r * shareBytes
        if (taken < total) copy(to, taken, results[(t - 2) % depth][r], 0, Math.min(shareBytes, total - taken))
      }
      board.endRound()
    }
    // Until then this rank's stage has to stay.
    board.awaitRounds(0)
  }

  #placesFor(shareBytes: number, addresses: readonly number[]): Places {
    const { rank, size } = this.#board
    const isSame = this.#places?.shareBytes === shareBytes && addresses.every((at, r) => at === this.#addresses[r])
    if (isSame) return this.#places!
    const stretchBytes = size * shareBytes
    // All that ranks give, and then their results.
    const given = (r: number, k: number) => addresses[r] + k * stretchBytes
    const result = (r: number, k: number) => addresses[r] + depth * stretchBytes + k * shareBytes
    const view = (address: number, bytes: number) => heap.view(Uint8Array, address, bytes)
    const each = <T>(of: (k: number) => T): T[] => Array.from({ length: depth }, (_, k) => of(k))
    this.#addresses = addresses
    this.#places = {
      shareBytes,
      given: each(k => view(given(rank, k), stretchBytes)),
      operands: each(k => addresses.map((_, r) => view(given(r, k) + rank * shareBytes, shareBytes))),
      results: each(k => addresses.map((_, r) => view(result(r, k), shareBytes))),
    }
    return this.#places
  }

  free(): void {
    if (this.#own.length > 0) heap.release(this.#own)
  }
}

const roundUp = (count: number, to: number): number => Math.ceil(count / to) * to

/** Elements of a share. */
const mostElements = (type: Datatype, size: number): number =>
  roundUp(Math.min(mostShareBytes, mostStretchBytes / size) / type.size, elementsAtOnce)

const stageBytes = (type: Datatype, size: number): number => depth * (size + 1) * mostElements(type, size) * type.size
