/**
 * Where the ranks of a communicator meet for collectives in which each waits for all: shared memory instead of messages. For a call each
 * writes into a place of its own what the others need (its elements if they are few, else where they lie), then the number of the call; and
 * reads the others' when theirs has come.
 *
 * There are two sets of places, for calls in turn. Whoever has finished call k knows that all have begun it, so they have finished
 * k - 1: its places are free for k + 1.
 */

import { heap } from '@skein/heap'
import { callNames } from './collectives/names.ts'
import type { Exchange } from './exchange.ts'
import { Mismatch } from './mismatch.ts'
import { line, lineBytes } from './world-block.ts'

/** Bytes of elements that a place holds, and of a place: what is written there fits into one line if it is short. */
export const placeDataBytes = 2032
const placeBytes = 2048
const placeWords = placeBytes / 4

// Words of a place; behind them the elements, or two addresses (floats).
const stamp = 0
/** Which call, and behind that as much of its elements' signature as there is room for. */
const what = 1
const kinds = 32
const signatures = 2 ** 26
/** A float: more than 2 GiB may go at a time. */
const length = 2
export const dataWord = 4

// Words of a rank's line behind the places.
/** The last call of two halves that it is through with; and rounds of calls that it has ended. */
const through = 0
const ended = 1

/** Behind the places: a line for each rank, and one that counts those who use the board. */
const boardBytes = (size: number): number => 2 * size * placeBytes + (size + 1) * lineBytes

/** In words. */
const usersAt = (size: number): number => 2 * size * placeWords + size * line

/** Makes the memory of a board. @returns its address */
export function newBoard(size: number): number {
  const address = heap.allocate(boardBytes(size), { align: lineBytes, label: 'mpi' })
  heap.view(Uint8Array, address, boardBytes(size)).fill(0)
  heap.view(Int32Array, address, boardBytes(size) / 4)[usersAt(size)] = size
  return address
}

/** A round is short: a rank that does not come for longer has lost its core, maybe to the one that waits for it. */
const roundLooks = 500

export class Board {
  readonly #address: number
  readonly size: number
  readonly rank: number
  readonly #exchange: Exchange
  readonly #members: readonly number[]
  readonly c: Int32Array
  readonly f: Float64Array
  readonly #b: Uint8Array
  /** In words: where each says that it is through with a call of two halves. */
  readonly #throughAt: number
  /** By half, then rank: the elements of a place. */
  readonly data: readonly Uint8Array[][]
  #calls = 0
  /** Of long calls, all of them together. */
  #rounds = 0

  constructor(exchange: Exchange, address: number, rank: number, members: readonly number[]) {
    const size = members.length
    const bytes = boardBytes(size)
    this.#address = address
    this.size = size
    this.rank = rank
    this.#exchange = exchange
    this.#members = members
    this.c = heap.view(Int32Array, address, bytes / 4)
    this.f = heap.view(Float64Array, address, bytes / 8)
    this.#b = heap.view(Uint8Array, address, bytes)
    this.#throughAt = 2 * size * placeWords
    this.data = [0, 1].map(half =>
      members.map((_, r) => {
        const at = (half * size + r) * placeBytes + 4 * dataWord
        return this.#b.subarray(at, at + placeDataBytes)
      }),
    )
  }

  /** The words of a rank's place in the call under way. */
  placeOf(rank: number): number {
    return ((this.#calls & 1) * this.size + rank) * placeWords
  }

  /** Begins a call: what the rank has to say is written into its place next, and then `post`. */
  begin(): number {
    this.#calls = (this.#calls + 1) | 0
    return this.placeOf(this.rank)
  }

  /** Elements of the call under way, by rank. */
  get elements(): readonly Uint8Array[] {
    return this.data[this.#calls & 1]
  }

  /**
   * Tells the others that the place is written, and waits for theirs.
   *
   * @param kind of the call; all say the same, and the same number of bytes
   * @param signature of the elements; 0: any
   */
  meet(kind: number, bytes: number, signature = 0): void {
    const { c, f } = this
    const mine = this.placeOf(this.rank)
    const mineIs = kind + kinds * (signature % signatures)
    c[mine + what] = mineIs
    f[(mine + length) >> 1] = bytes
    Atomics.store(c, mine + stamp, this.#calls)
    this.#wakeOthers()
    for (let rank = 0; rank < this.size; rank++) {
      if (rank === this.rank) continue
      const place = this.placeOf(rank)
      this.#await(place + stamp, rank, kind)
      if (c[place + what] !== mineIs || f[(place + length) >> 1] !== bytes) this.#compare(rank, mineIs, bytes, place)
    }
  }

  /** Says that this rank is through with its half of the call, and waits until all are. */
  finish(): void {
    Atomics.store(this.c, this.#throughAt + this.rank * line + through, this.#calls)
    this.#wakeOthers()
    for (let rank = 0; rank < this.size; rank++)
      if (rank !== this.rank)
        this.#await(this.#throughAt + rank * line + through, rank, this.c[this.placeOf(this.rank) + what] % kinds)
  }

  /** Says that this rank has ended a round of the call under way. Each has as many in a call as the others. */
  endRound(): void {
    this.#rounds = (this.#rounds + 1) | 0
    Atomics.store(this.c, this.#throughAt + this.rank * line + ended, this.#rounds)
    this.#wakeOthers()
  }

  /** Waits until all have ended the rounds that this rank has, but for so many. */
  awaitRounds(but: number): void {
    const { c } = this
    const least = (this.#rounds - but) | 0
    for (let rank = 0; rank < this.size; rank++) {
      if (rank === this.rank) continue
      const word = this.#throughAt + rank * line + ended
      const kind = c[this.placeOf(this.rank) + what] % kinds
      this.#until(() => ((Atomics.load(c, word) - least) | 0) >= 0, rank, kind, roundLooks)
    }
  }

  /** This rank has finished its calls. The last one gives the memory back. */
  leave(): void {
    if (Atomics.sub(this.c, usersAt(this.size), 1) === 1) heap.free(this.#address)
  }

  #wakeOthers(): void {
    const { views } = this.#exchange
    for (let rank = 0; rank < this.size; rank++) if (rank !== this.rank) views.wake(this.#members[rank])
  }

  /** Until the word has the number of this call. Nobody can be further: for that this rank would have to be. */
  #await(word: number, rank: number, kind: number): void {
    const { c } = this
    const { firstLooks } = this.#exchange
    for (let i = 0; i < firstLooks; i++) if (Atomics.load(c, word) === this.#calls) return
    this.#until(() => Atomics.load(c, word) === this.#calls, rank, kind)
  }

  #until(holds: () => boolean, rank: number, kind: number, most?: number): void {
    this.#exchange.waitUntil(holds, () => `waits in ${callNames[kind]} for rank ${this.#members[rank]}`, most)
  }

  /** What two ranks say of a call differs. @throws Mismatch unless one of them takes elements of any type */
  #compare(rank: number, mineIs: number, bytes: number, place: number): void {
    const [theirsIs, theirBytes] = [this.c[place + what], this.f[(place + length) >> 1]]
    const [kind, theirKind] = [mineIs % kinds, theirsIs % kinds]
    if (kind !== theirKind) throw new Mismatch('MPI_ERR_OTHER', `rank ${rank} is in ${callNames[theirKind]} meanwhile`)
    if (bytes !== theirBytes)
      throw new Mismatch('MPI_ERR_COUNT', `rank ${rank} gives ${theirBytes} bytes and this one ${bytes}`)
    if (mineIs >= kinds && theirsIs >= kinds)
      throw new Mismatch('MPI_ERR_TYPE', `rank ${rank} gives elements of another type`)
  }
}
