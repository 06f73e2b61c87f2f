/**
 * The functions that programs call most often, by way of a call block: the same functions as koffi's, for whoever calls them. What a
 * block cannot take, memory whose address is not known, they hand to koffi's.
 */

import { type CallBlock, put } from './call-block.ts'
import { directWindowCalls } from './direct-windows.ts'
import type { Argument, Call, Calls } from './functions.ts'
import type { MpiLibrary } from './library.ts'

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
 * detached has length 0, and so is not the one remembered. Other views of the same memory are known by it.
 */
class Addresses {
  readonly #views: (Argument | undefined)[] = Array(remembered).fill(undefined)
  readonly #bytes = new Float64Array(remembered)
  readonly #addresses = new Float64Array(remembered)
  readonly #buffers: (ArrayBufferLike | undefined)[] = Array(remembered).fill(undefined)
  readonly #begins = new Float64Array(remembered)
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
    if (typeof argument !== 'object' || argument === null || argument.byteLength === 0) return 0
    const { buffer } = argument
    for (let i = 0; i < remembered; i++) {
      if (this.#buffers[i] === buffer) return this.#begins[i] + argument.byteOffset
    }
    this.#missed(argument)
    return 0
  }

  /** Asking costs as much as a call: a program that goes through many buffers should not pay for it each time. */
  #missed(argument: ArrayBufferView): void {
    const misses = this.#misses++
    if ((misses & 3) !== 0) return
    const { buffer, byteLength, byteOffset } = argument
    if (buffer.byteLength > smallBytes && byteLength > smallBytes) return
    const place = (misses >> 2) % remembered
    const address = Number(this.#ask(argument))
    this.#views[place] = argument
    this.#bytes[place] = byteLength
    this.#addresses[place] = address
    this.#buffers[place] = buffer.byteLength > smallBytes ? undefined : buffer
    this.#begins[place] = address - byteOffset
  }
}

export const directCalls = (
  calls: Calls,
  { koffi, handle: library }: MpiLibrary,
  block: CallBlock,
  { int, cell, status }: { readonly [output in 'int' | 'cell' | 'status']: Output },
): Partial<Calls> => {
  const addresses = new Addresses(koffi.address)
  const to = (name: keyof Calls) => block.to(Number(library.symbol(name)))

  /** (buffer, count, datatype, rank, tag, communicator, status or request) */
  const message = (name: keyof Calls, output?: Output): Call => {
    const { words, call } = to(name)
    const plain = calls[name] as Call
    if (output !== undefined) put(words, 7, output.address)
    let last: Argument | undefined
    let lastType: Argument = -1
    let lastComm: Argument = -1
    return (buffer, count, datatype, rank, tag, comm, out) => {
      if (buffer !== last) {
        const address = addresses.of(buffer)
        if (address === 0) {
          return output === undefined
            ? plain(buffer, count, datatype, rank, tag, comm)
            : plain(buffer, count, datatype, rank, tag, comm, out)
        }
        put(words, 1, address)
        last = buffer
      }
      words[4] = count as number
      if (datatype !== lastType) put(words, 3, (lastType = datatype) as number)
      words[8] = rank as number
      words[10] = tag as number
      if (comm !== lastComm) put(words, 6, (lastComm = comm) as number)
      return call()
    }
  }

  /** Of the calls that always have the same arguments. */
  const fixed = (name: keyof Calls, ...outputs: Output[]): Call => {
    const { words, call } = to(name)
    for (const [k, { address }] of outputs.entries()) put(words, k + 1, address)
    return call
  }

  const mprobe = to('MPI_Mprobe')
  put(mprobe.words, 4, cell.address)
  put(mprobe.words, 5, status.address)
  const mrecv = to('MPI_Mrecv')
  put(mrecv.words, 4, cell.address)
  put(mrecv.words, 5, status.address)
  const barrier = to('MPI_Barrier')
  const bcast = to('MPI_Bcast')
  const allreduce = to('MPI_Allreduce')
  let [lastFrom, lastTo]: (Argument | undefined)[] = []
  let [lastType, lastOp, lastComm]: Argument[] = [-1, -1, -1]

  return {
    ...directWindowCalls(calls, to, argument => addresses.of(argument)),
    MPI_Send: message('MPI_Send'),
    MPI_Ssend: message('MPI_Ssend'),
    MPI_Recv: message('MPI_Recv', status),
    MPI_Isend: message('MPI_Isend', cell),
    MPI_Irecv: message('MPI_Irecv', cell),
    MPI_Wait: fixed('MPI_Wait', cell, status),
    MPI_Test: fixed('MPI_Test', cell, int, status),
    MPI_Mprobe: (source, tag, comm) => {
      const { words, call } = mprobe
      words[2] = source as number
      words[4] = tag as number
      put(words, 3, comm as number)
      return call()
    },
    MPI_Mrecv: (buffer, count, datatype, message, out) => {
      const address = addresses.of(buffer)
      if (address === 0) return calls.MPI_Mrecv(buffer, count, datatype, message, out)
      const { words, call } = mrecv
      put(words, 1, address)
      words[4] = count as number
      put(words, 3, datatype as number)
      return call()
    },
    MPI_Barrier: comm => {
      put(barrier.words, 1, comm as number)
      return barrier.call()
    },
    MPI_Bcast: (buffer, count, datatype, root, comm) => {
      const address = addresses.of(buffer)
      if (address === 0) return calls.MPI_Bcast(buffer, count, datatype, root, comm)
      const { words, call } = bcast
      put(words, 1, address)
      words[4] = count as number
      put(words, 3, datatype as number)
      words[8] = root as number
      put(words, 5, comm as number)
      return call()
    },
    MPI_Allreduce: (send, recv, count, datatype, op, comm) => {
      const { words, call } = allreduce
      if (send !== lastFrom || recv !== lastTo) {
        // A number stands for what is sent in place.
        const from = typeof send === 'number' ? send : addresses.of(send)
        const to = addresses.of(recv)
        if (from === 0 || to === 0) return calls.MPI_Allreduce(send, recv, count, datatype, op, comm)
        put(words, 1, from)
        put(words, 2, to)
        lastFrom = send
        lastTo = recv
      }
      words[6] = count as number
      if (datatype !== lastType) put(words, 4, (lastType = datatype) as number)
      if (op !== lastOp) put(words, 5, (lastOp = op) as number)
      if (comm !== lastComm) put(words, 6, (lastComm = comm) as number)
      return call()
    },
  }
}
