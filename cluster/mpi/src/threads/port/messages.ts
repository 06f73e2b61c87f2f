/** Point to point: what the ranks of a communicator of threads send each other, and whose number each has in it. */

import { object } from '../../datatype/basic.ts'
import { countIn, gather } from '../../datatype/packing.ts'
import type { Matched, Part, Partitioned, Pending, Persistent, SendMode, ValuePending } from '../../engine.ts'
import { MpiError } from '../../errors.ts'
import type { Status } from '../../status.ts'
import type { Exchange } from '../exchange.ts'
import { Holdings } from '../holdings.ts'
import type { Context, Unexpected } from '../matching.ts'
import { Mismatch } from '../mismatch.ts'
import { PartitionedReceive, PartitionedSend, Pieces } from '../partitioned.ts'
import { PersistentCall, TransferPending, ValueTransfer } from '../pending.ts'
import { bytesOf, Receiving, Sending } from '../transfers.ts'

export class Messages {
  name?: string
  readonly exchange: Exchange
  readonly rank: number
  readonly size: number
  readonly members: readonly number[]
  readonly remoteMembers: readonly number[]
  /** Of messages between its ranks; the next number is that of its collectives. */
  readonly context: Context
  /** Those it sends to: its members, or the remote ones. */
  readonly peers: readonly number[]
  protected readonly holdings: Holdings
  /** Of partitioned messages. */
  readonly #pieces: Pieces
  // The bytes of the buffers that were used last: making such a view takes as long as sending a short message.
  #sent: ArrayBufferView | undefined
  #sentBytes: Uint8Array = new Uint8Array(0)
  #received: ArrayBufferView | undefined
  #receivedBytes: Uint8Array = new Uint8Array(0)

  /** @param holdings of a port beside another: the other's */
  constructor(
    exchange: Exchange,
    context: number,
    members: readonly number[],
    remoteMembers: readonly number[],
    holdings: Holdings | undefined,
  ) {
    this.exchange = exchange
    for (const member of members) exchange.reach(member)
    for (const member of remoteMembers) exchange.reach(member)
    this.holdings = holdings ?? new Holdings(context)
    if (holdings === undefined) exchange.holdings.add(this, this.holdings)
    this.context = exchange.context(context)
    this.#pieces = new Pieces(this.holdings.first + 3)
    this.members = members
    this.remoteMembers = remoteMembers
    this.peers = remoteMembers.length > 0 ? remoteMembers : members
    this.rank = members.indexOf(exchange.rank)
    this.size = members.length
  }

  get remoteSize(): number {
    return this.remoteMembers.length
  }

  get waiter(): Exchange {
    return this.exchange
  }

  /** The number in this communicator of a rank of the world. */
  rankOf(member: number): number {
    return this.peers[member] === member ? member : this.peers.indexOf(member)
  }

  send(mode: SendMode, part: Part, dest: number, tag: number): void {
    const { type, view } = part
    if (mode !== 'synchronous' && type.isContiguous) {
      const length = part.count * type.size
      let bytes = this.#sentBytes
      if (view !== this.#sent || bytes.length !== length) {
        bytes = bytesOf(part)
        // A large buffer should not be kept for this.
        if (length <= 4096) {
          this.#sent = view
          this.#sentBytes = bytes
        }
      }
      if (this.exchange.putDirect(this.peers[dest], this.context.number, tag, type.signature, bytes)) return
    }
    const sending = this.#send(mode, part, dest, tag)
    // A buffered one has its own copy, and goes when it can.
    if (mode !== 'buffered') this.#wait(sending, 'send')
  }

  #send(mode: SendMode, part: Part, dest: number, tag: number): Sending {
    const { type } = part
    const isCopy = mode === 'buffered' || !type.isContiguous
    const bytes = isCopy ? gather(part.view, part.count, part.type) : bytesOf(part)
    const isSync = mode === 'synchronous'
    const sending = new Sending(bytes, this.peers[dest], this.context.number, tag, type.signature, isSync)
    this.exchange.send(sending)
    return sending
  }

  isend(mode: SendMode, part: Part, dest: number, tag: number): Pending {
    return new TransferPending(this, this.#send(mode, part, dest, tag), 'isend')
  }

  sendInit(mode: SendMode, part: Part, dest: number, tag: number): Persistent {
    return new PersistentCall(() => this.isend(mode, part, dest, tag))
  }

  recv(part: Part, source: number, tag: number, status: Status): void {
    const { type, view } = part
    const { context, exchange } = this
    if (
      source >= 0 &&
      tag >= 0 &&
      context.posted.length === 0 &&
      context.unexpected.length === 0 &&
      type.isContiguous
    ) {
      const length = part.count * type.size
      let bytes = this.#receivedBytes
      if (view !== this.#received || bytes.length !== length) {
        bytes = bytesOf(part)
        if (length <= 4096) {
          this.#received = view
          this.#receivedBytes = bytes
        }
      }
      const came = exchange.takeDirect(this.peers[source], context.number, tag, type.signature, bytes)
      if (came >= 0) {
        status.source = source
        status.tag = tag
        status.bytes = came
        status.count = came === length ? part.count : countIn(came, type)
        status.isCancelled = false
        return
      }
    }
    const receiving = this.#receive(part, source, tag)
    this.#wait(receiving, 'recv')
    this.tell(receiving, status, 'recv')
  }

  recvShort(into: Uint8Array, source: number, tag: number, status: Status): number {
    const { context } = this
    if (source < 0 || tag < 0 || context.posted.length > 0 || context.unexpected.length > 0) return -1
    const came = this.exchange.takeDirect(this.peers[source], context.number, tag, object.signature, into)
    if (came < 0) return -1
    status.source = source
    status.tag = tag
    status.bytes = came
    status.isCancelled = false
    return came
  }

  #receive(part: Part, source: number, tag: number): Receiving {
    const receiving = Receiving.of(part, source < 0 ? -1 : this.peers[source], tag)
    this.exchange.receive(receiving, this.context)
    return receiving
  }

  irecv(part: Part, source: number, tag: number): Pending {
    return new TransferPending(this, this.#receive(part, source, tag), 'irecv')
  }

  irecvValue(source: number, tag: number): ValuePending {
    const receiving = Receiving.ofAnyLength(object, source < 0 ? -1 : this.peers[source], tag)
    this.exchange.receive(receiving, this.context)
    return new ValueTransfer(this, receiving)
  }

  recvInit(part: Part, source: number, tag: number): Persistent {
    return new PersistentCall(() => this.irecv(part, source, tag))
  }

  sendrecv(
    send: Part,
    dest: number,
    sendTag: number,
    recv: Part,
    source: number,
    recvTag: number,
    status: Status,
  ): void {
    const receiving = this.#receive(recv, source, recvTag)
    const sending = this.#send('standard', send, dest, sendTag)
    this.#wait(receiving, 'sendrecv')
    this.#wait(sending, 'sendrecv')
    this.tell(receiving, status, 'sendrecv')
  }

  #wait(transfer: Sending | Receiving, call: string): void {
    this.exchange.waitUntil(
      () => transfer.isDone,
      () => `waits in ${call} ${transfer.about}`,
    )
  }

  /** Fills in the status. @throws MpiError for what went wrong */
  tell(transfer: Sending | Receiving, status: Status, call: string): void {
    transfer.tell(status)
    if (status.source >= 0) status.source = this.rankOf(status.source)
    if (transfer.error !== undefined) throw this.errorOf(transfer.error, call)
  }

  errorOf(error: unknown, call: string): unknown {
    if (!(error instanceof Mismatch)) return error
    return new MpiError(
      error.errorClass,
      { call, rank: this.rank, comm: this.name ?? 'its communicator' },
      error.problem,
    )
  }

  withdraw(receiving: Receiving): void {
    if (receiving.isMatched || !this.context.withdraw(receiving)) return
    receiving.isCancelled = true
    receiving.finish()
  }

  // Probes.

  awaken(mostMs: number): Promise<void> {
    return this.exchange.awaken(mostMs)
  }

  #find(source: number, tag: number): number {
    return this.context.find(source < 0 ? -1 : this.peers[source], tag)
  }

  #told({ source, tag, length }: Unexpected, status: Status): void {
    status.source = this.rankOf(source)
    status.tag = tag
    status.bytes = status.count = length
    status.isCancelled = false
  }

  /** Waits for a message, and gives its place among those that nobody has received. */
  #await(source: number, tag: number, call: string): number {
    let index = -1
    this.exchange.waitUntil(
      () => (index = this.#find(source, tag)) >= 0,
      () =>
        `waits in ${call} from ${source < 0 ? 'any rank' : `rank ${this.peers[source]}`}, ${tag < 0 ? 'any tag' : `tag ${tag}`}`,
    )
    return index
  }

  probe(source: number, tag: number, status: Status): void {
    this.#told(this.context.unexpected[this.#await(source, tag, 'probe')], status)
  }

  iprobe(source: number, tag: number, status: Status): boolean {
    this.exchange.poll()
    const index = this.#find(source, tag)
    if (index >= 0) this.#told(this.context.unexpected[index], status)
    return index >= 0
  }

  mprobe(source: number, tag: number, status: Status, part?: string): Matched {
    return this.#takeOut(this.#await(source, tag, part ?? 'mprobe'), status, part)
  }

  improbe(source: number, tag: number, status: Status): Matched | undefined {
    this.exchange.poll()
    const index = this.#find(source, tag)
    return index < 0 ? undefined : this.#takeOut(index, status)
  }

  #takeOut(index: number, status: Status, call = 'mrecv'): Matched {
    const message = this.context.takeOut(index)
    this.#told(message, status)
    const accept = (part: Part) => {
      const receiving = Receiving.of(part, message.source, message.tag)
      this.exchange.accept(receiving, message)
      return receiving
    }
    return {
      recv: (part, status) => {
        const receiving = accept(part)
        this.#wait(receiving, call)
        this.tell(receiving, status, call)
      },
      irecv: part => new TransferPending(this, accept(part), 'imrecv'),
    }
  }

  psendInit(partitions: number, part: Part, dest: number, tag: number): Partitioned {
    return new PartitionedSend(this, this.#pieces, partitions, part, this.peers[dest], tag)
  }

  precvInit(partitions: number, part: Part, source: number, tag: number): Partitioned {
    return new PartitionedReceive(this, this.#pieces, partitions, part, this.peers[source], tag)
  }
}
