/** Calls on windows by way of a call block: those that programs make often, and that take less time than their arguments would. */

import { type BlockCall, put } from './call-block.ts'
import type { Argument, Call, Calls } from './functions.ts'

/** The arguments of a put or a get: (buffer, count, datatype, rank, displacement, count, datatype, window). Those of the last one stay where they are. */
class MoveArguments {
  readonly #words: Int32Array
  readonly #addressOf: (argument: Argument) => number
  #buffer: Argument | undefined
  #type: Argument = -1
  #theirType: Argument = -1
  #win: Argument = -1

  constructor({ words }: BlockCall, addressOf: (argument: Argument) => number) {
    this.#words = words
    this.#addressOf = addressOf
  }

  /** @returns whether they could be: where the buffer is may not be known */
  write(
    buffer: Argument,
    count: Argument,
    type: Argument,
    rank: Argument,
    disp: Argument,
    theirCount: Argument,
    theirType: Argument,
    win: Argument,
  ): boolean {
    const words = this.#words
    if (buffer !== this.#buffer) {
      const address = this.#addressOf(buffer)
      if (address === 0) return false
      put(words, 1, address)
      this.#buffer = buffer
    }
    words[4] = count as number
    if (type !== this.#type) put(words, 3, (this.#type = type) as number)
    words[8] = rank as number
    put(words, 5, disp as number)
    words[12] = theirCount as number
    if (theirType !== this.#theirType) put(words, 7, (this.#theirType = theirType) as number)
    if (win !== this.#win) put(words, 8, (this.#win = win) as number)
    return true
  }
}

/** Those of a call that takes (rank or assertions, window). */
class WindowArguments {
  readonly #words: Int32Array
  #win: Argument = -1

  constructor({ words }: BlockCall) {
    this.#words = words
  }

  write(first: Argument, win: Argument): void {
    this.#words[2] = first as number
    if (win !== this.#win) put(this.#words, 2, (this.#win = win) as number)
  }
}

/**
 * @param to makes the call of a function
 * @param addressOf of the memory of a buffer; 0: not known
 */
export const directWindowCalls = (
  calls: Calls,
  to: (name: keyof Calls) => BlockCall,
  addressOf: (argument: Argument) => number,
): Partial<Calls> => {
  /** Arguments that are no buffers, from the first on. */
  const plain = (name: keyof Calls, count: number): Call => {
    const { words, call } = to(name)
    return (...given) => {
      for (let k = 0; k < count; k++) put(words, k + 1, given[k] as number)
      return call()
    }
  }

  const [putting, getting] = [to('MPI_Put'), to('MPI_Get')]
  const putGiven = new MoveArguments(putting, addressOf)
  const getGiven = new MoveArguments(getting, addressOf)
  const [flush, flushLocal] = [to('MPI_Win_flush'), to('MPI_Win_flush_local')]
  const [fence, unlock] = [to('MPI_Win_fence'), to('MPI_Win_unlock')]
  const flushGiven = new WindowArguments(flush)
  const flushLocalGiven = new WindowArguments(flushLocal)
  const fenceGiven = new WindowArguments(fence)
  const unlockGiven = new WindowArguments(unlock)
  const accumulate = to('MPI_Accumulate')
  const fetch = to('MPI_Fetch_and_op')
  const swap = to('MPI_Compare_and_swap')

  return {
    MPI_Put: (buffer, count, type, rank, disp, theirCount, theirType, win) =>
      putGiven.write(buffer, count, type, rank, disp, theirCount, theirType, win)
        ? putting.call()
        : calls.MPI_Put(buffer, count, type, rank, disp, theirCount, theirType, win),
    MPI_Get: (buffer, count, type, rank, disp, theirCount, theirType, win) =>
      getGiven.write(buffer, count, type, rank, disp, theirCount, theirType, win)
        ? getting.call()
        : calls.MPI_Get(buffer, count, type, rank, disp, theirCount, theirType, win),
    MPI_Accumulate: (buffer, count, type, rank, disp, theirCount, theirType, op, win) => {
      const address = addressOf(buffer)
      if (address === 0) return calls.MPI_Accumulate(buffer, count, type, rank, disp, theirCount, theirType, op, win)
      const { words, call } = accumulate
      put(words, 1, address)
      words[4] = count as number
      put(words, 3, type as number)
      words[8] = rank as number
      put(words, 5, disp as number)
      words[12] = theirCount as number
      put(words, 7, theirType as number)
      put(words, 8, op as number)
      put(words, 9, win as number)
      return call()
    },
    MPI_Fetch_and_op: (origin, result, type, rank, disp, op, win) => {
      const [from, into] = [addressOf(origin), addressOf(result)]
      if (from === 0 || into === 0) return calls.MPI_Fetch_and_op(origin, result, type, rank, disp, op, win)
      const { words, call } = fetch
      put(words, 1, from)
      put(words, 2, into)
      put(words, 3, type as number)
      words[8] = rank as number
      put(words, 5, disp as number)
      put(words, 6, op as number)
      put(words, 7, win as number)
      return call()
    },
    MPI_Compare_and_swap: (origin, compare, result, type, rank, disp, win) => {
      const [value, expected, into] = [addressOf(origin), addressOf(compare), addressOf(result)]
      if (value === 0 || expected === 0 || into === 0)
        return calls.MPI_Compare_and_swap(origin, compare, result, type, rank, disp, win)
      const { words, call } = swap
      put(words, 1, value)
      put(words, 2, expected)
      put(words, 3, into)
      put(words, 4, type as number)
      words[10] = rank as number
      put(words, 6, disp as number)
      put(words, 7, win as number)
      return call()
    },
    MPI_Win_flush: (rank, win) => {
      flushGiven.write(rank, win)
      return flush.call()
    },
    MPI_Win_flush_local: (rank, win) => {
      flushLocalGiven.write(rank, win)
      return flushLocal.call()
    },
    MPI_Win_fence: (assertions, win) => {
      fenceGiven.write(assertions, win)
      return fence.call()
    },
    MPI_Win_unlock: (rank, win) => {
      unlockGiven.write(rank, win)
      return unlock.call()
    },
    MPI_Win_lock: plain('MPI_Win_lock', 4),
  }
}
