/**
 * The functions that programs call most often, by way of a call block: the same functions as koffi's, for whoever calls them. What a
 * block cannot take, memory whose address is not known, they hand to koffi's.
 */

import type { CallBlock } from './call-block.ts'
import type { Argument, Call, Calls } from './functions.ts'
import type { MpiLibrary } from './library.ts'

const perTwo32 = 2 ** -32

/** An array that calls write into, and where it is. */
interface Output {
  readonly view: Int32Array
  readonly address: number
}

/** Memory that koffi is asked for the address of is remembered up to this size; beyond, asking costs little of the call. */
const smallBytes = 1 << 16
const remembered = 8

/**
 * Addresses of the buffers used last. They do not change: V8 does not move the memory of an array that was once asked for it. One that was
 * detached has length 0, and so is not the one remembered.
 */
class Addresses {
  readonly #views: (Argument | undefined)[] = Array(remembered).fill(undefined)
  readonly #bytes = new Float64Array(remembered)
  readonly #addresses = new Float64Array(remembered)
  readonly #ask: (view: ArrayBufferView) => bigint
  #misses = 0

  constructor(ask: (view: ArrayBufferView) => bigint) {
    this.#ask = ask
  }

  /** 0: not known. */
  of(argument: Argument): number {
    const views = this.#views
    for (let i = 0; i < remembered; i++) {
      if (views[i] === argument) {
        return this.#bytes[i] === (argument as ArrayBufferView).byteLength ? this.#addresses[i] : 0
      }
    }
    this.#missed(argument)
    return 0
  }

  /** Asking costs as much as a call: a program that goes through many buffers should not pay for it each time. */
  #missed(argument: Argument): void {
    if (typeof argument !== 'object' || argument === null) return
    const misses = this.#misses++
    if ((misses & 3) !== 0) return
    const { byteLength } = argument
    if (byteLength === 0 || byteLength > smallBytes) return
    const place = (misses >> 2) % remembered
    this.#views[place] = argument
    this.#bytes[place] = byteLength
    this.#addresses[place] = Number(this.#ask(argument))
  }
}

export const directCalls = (
  calls: Calls,
  { koffi, handle: library }: MpiLibrary,
  block: CallBlock,
  { int, cell, status }: { readonly [output in 'int' | 'cell' | 'status']: Output },
): Partial<Calls> => {
  const { words, call } = block
  const addresses = new Addresses(koffi.address)

  const put = (argument: number, value: number): void => {
    words[2 * argument] = value
    words[2 * argument + 1] = value * perTwo32
  }

  /** (buffer, count, datatype, rank, tag, communicator, status or request) */
  const message = (name: keyof Calls, output?: Output): Call => {
    const target = Number(library.symbol(name))
    const plain = calls[name] as Call
    const where = output?.address ?? 0
    return (buffer, count, datatype, rank, tag, comm, out) => {
      const address = addresses.of(buffer)
      if (address === 0) {
        return output === undefined
          ? plain(buffer, count, datatype, rank, tag, comm)
          : plain(buffer, count, datatype, rank, tag, comm, out)
      }
      put(0, target)
      put(1, address)
      words[4] = count as number
      put(3, datatype as number)
      words[8] = rank as number
      words[10] = tag as number
      put(6, comm as number)
      put(7, where)
      return call()
    }
  }

  const allreduce = Number(library.symbol('MPI_Allreduce'))
  const bcast = Number(library.symbol('MPI_Bcast'))
  const barrier = Number(library.symbol('MPI_Barrier'))
  const wait = Number(library.symbol('MPI_Wait'))
  const test = Number(library.symbol('MPI_Test'))

  return {
    MPI_Send: message('MPI_Send'),
    MPI_Ssend: message('MPI_Ssend'),
    MPI_Recv: message('MPI_Recv', status),
    MPI_Isend: message('MPI_Isend', cell),
    MPI_Irecv: message('MPI_Irecv', cell),
    MPI_Wait: () => {
      put(0, wait)
      put(1, cell.address)
      put(2, status.address)
      return call()
    },
    MPI_Test: () => {
      put(0, test)
      put(1, cell.address)
      put(2, int.address)
      put(3, status.address)
      return call()
    },
    MPI_Barrier: comm => {
      put(0, barrier)
      put(1, comm as number)
      return call()
    },
    MPI_Bcast: (buffer, count, datatype, root, comm) => {
      const address = addresses.of(buffer)
      if (address === 0) return calls.MPI_Bcast(buffer, count, datatype, root, comm)
      put(0, bcast)
      put(1, address)
      words[4] = count as number
      put(3, datatype as number)
      words[8] = root as number
      put(5, comm as number)
      return call()
    },
    MPI_Allreduce: (send, recv, count, datatype, op, comm) => {
      const from = addresses.of(send)
      const to = addresses.of(recv)
      if (from === 0 || to === 0) return calls.MPI_Allreduce(send, recv, count, datatype, op, comm)
      put(0, allreduce)
      put(1, from)
      put(2, to)
      words[6] = count as number
      put(4, datatype as number)
      put(5, op as number)
      put(6, comm as number)
      return call()
    },
  }
}
