/** Calls on windows by way of a call block: those that programs make often, and that take less time than their arguments would. */

import { type BlockCall, put } from './call-block.ts'
import type { Argument, Call, Calls } from './functions.ts'

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

  /** (rank or assertions, window) */
  const two = (name: keyof Calls): Call => {
    const { words, call } = to(name)
    return (first, win) => {
      words[2] = first as number
      put(words, 2, win as number)
      return call()
    }
  }

  /** (buffer, count, datatype, rank, displacement, count, datatype, window) */
  const move = (name: 'MPI_Put' | 'MPI_Get'): Call => {
    const { words, call } = to(name)
    const other = calls[name]
    return (buffer, count, type, rank, disp, theirCount, theirType, win) => {
      const address = addressOf(buffer)
      if (address === 0) return other(buffer, count, type, rank, disp, theirCount, theirType, win)
      put(words, 1, address)
      words[4] = count as number
      put(words, 3, type as number)
      words[8] = rank as number
      put(words, 5, disp as number)
      words[12] = theirCount as number
      put(words, 7, theirType as number)
      put(words, 8, win as number)
      return call()
    }
  }

  const accumulate = to('MPI_Accumulate')
  const fetch = to('MPI_Fetch_and_op')
  const swap = to('MPI_Compare_and_swap')

  return {
    MPI_Put: move('MPI_Put'),
    MPI_Get: move('MPI_Get'),
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
    MPI_Win_flush: two('MPI_Win_flush'),
    MPI_Win_flush_local: two('MPI_Win_flush_local'),
    MPI_Win_fence: two('MPI_Win_fence'),
    MPI_Win_unlock: two('MPI_Win_unlock'),
    MPI_Win_lock: plain('MPI_Win_lock', 4),
  }
}
