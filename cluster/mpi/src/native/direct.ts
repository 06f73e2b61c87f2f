/**
 * The functions that programs call most often, by way of a call block: the same functions as koffi's, for whoever calls them. What a
 * block cannot take, memory whose address is not known, they hand to koffi's.
 */

import { type BlockCall, type CallBlock, put } from './call-block.ts'
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

/** The arguments of a call on a message: (buffer, count, datatype, rank, tag, communicator, …). Those of the last one stay where they are. */
class MessageArguments {
  readonly #words: Int32Array
  readonly #addresses: Addresses
  #buffer: Argument | undefined
  #type: Argument = -1
  #comm: Argument = -1

  constructor({ words }: BlockCall, addresses: Addresses, output?: Output) {
    this.#words = words
    this.#addresses = addresses
    if (output !== undefined) put(words, 7, output.address)
  }

  /** @returns whether they could be: where the buffer is may not be known */
  write(buffer: Argument, count: Argument, type: Argument, rank: Argument, tag: Argument, comm: Argument): boolean {
    const words = this.#words
    if (buffer !== this.#buffer) {
      const address = this.#addresses.of(buffer)
      if (address === 0) return false
      put(words, 1, address)
      this.#buffer = buffer
    }
    words[4] = count as number
    if (type !== this.#type) put(words, 3, (this.#type = type) as number)
    words[8] = rank as number
    words[10] = tag as number
    if (comm !== this.#comm) put(words, 6, (this.#comm = comm) as number)
    return true
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

  const [send, ssend, recv] = [to('MPI_Send'), to('MPI_Ssend'), to('MPI_Recv')]
  const [isend, irecv] = [to('MPI_Isend'), to('MPI_Irecv')]
  const sent = new MessageArguments(send, addresses)
  const sentSynchronously = new MessageArguments(ssend, addresses)
  const received = new MessageArguments(recv, addresses, status)
  const isent = new MessageArguments(isend, addresses, cell)
  const ireceived = new MessageArguments(irecv, addresses, cell)

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
  const [alltoall, allgather] = [to('MPI_Alltoall'), to('MPI_Allgather')]
  /** (send, count, datatype, recv, count, datatype, communicator). False: where one of them is, or that it is in place, is koffi's to tell. */
  const writeShares = (words: Int32Array, given: readonly Argument[]): boolean => {
    const [send, count, type, recv, theirCount, theirType, comm] = given
    const [from, to] = [addresses.of(send), addresses.of(recv)]
    if (from === 0 || to === 0) return false
    put(words, 1, from)
    words[4] = count as number
    put(words, 3, type as number)
    put(words, 4, to)
    words[10] = theirCount as number
    put(words, 6, theirType as number)
    put(words, 7, comm as number)
    return true
  }

  let [lastFrom, lastTo]: (Argument | undefined)[] = []
  let [lastType, lastOp, lastComm]: Argument[] = [-1, -1, -1]

  return {
    ...directWindowCalls(calls, to, argument => addresses.of(argument)),
    // Each names its call itself: V8 puts a call in the place of its callee only where that is always the same one.
    MPI_Send: (buffer, count, type, rank, tag, comm) =>
      sent.write(buffer, count, type, rank, tag, comm)
        ? send.call()
        : calls.MPI_Send(buffer, count, type, rank, tag, comm),
    MPI_Ssend: (buffer, count, type, rank, tag, comm) =>
      sentSynchronously.write(buffer, count, type, rank, tag, comm)
        ? ssend.call()
        : calls.MPI_Ssend(buffer, count, type, rank, tag, comm),
    MPI_Recv: (buffer, count, type, rank, tag, comm, out) =>
      received.write(buffer, count, type, rank, tag, comm)
        ? recv.call()
        : calls.MPI_Recv(buffer, count, type, rank, tag, comm, out),
    MPI_Isend: (buffer, count, type, rank, tag, comm, out) =>
      isent.write(buffer, count, type, rank, tag, comm)
        ? isend.call()
        : calls.MPI_Isend(buffer, count, type, rank, tag, comm, out),
    MPI_Irecv: (buffer, count, type, rank, tag, comm, out) =>
      ireceived.write(buffer, count, type, rank, tag, comm)
        ? irecv.call()
        : calls.MPI_Irecv(buffer, count, type, rank, tag, comm, out),
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
    MPI_Alltoall: (...given) => (writeShares(alltoall.words, given) ? alltoall.call() : calls.MPI_Alltoall(...given)),
    MPI_Allgather: (...given) =>
      writeShares(allgather.words, given) ? allgather.call() : calls.MPI_Allgather(...given),
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
