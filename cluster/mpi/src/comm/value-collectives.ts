/** Collectives of values: over those of bytes, lengths first, where the call blocks; else over messages of a private port. */

import { InternalError } from '@skein/base'
import { object } from '../datatype/basic.ts'
import type { Parts, Pending, Port } from '../engine.ts'
import { pack, packedPart, unpack } from '../message/object.ts'
import { Elements, prefixSums } from '../message/part.ts'
import { sharedWaiter } from '../request/pendings.ts'
import { beginValue, type ComingValue, ValueQueue } from '../request/value-receive.ts'
import type { Status } from '../status.ts'
import type { Waiter } from '../transfer.ts'
import type { ValuePlan } from './plan.ts'
import { isRoot, isUnderRoot, type Member } from './roots.ts'

/** A broadcast's first message: the length, and the value itself if it is short. */
const firstBytes = 256
const firstValueBytes = firstBytes - 8

const packedParts = (view: Uint8Array, counts: number[]): Parts => ({
  view,
  counts,
  displs: prefixSums(counts),
  type: object,
})

const total = (lengths: Float64Array): number => lengths.reduce((a, b) => a + b, 0)

function unpackAll(bytes: Uint8Array, lengths: Float64Array): unknown[] {
  let at = 0
  return Array.from(lengths, length => unpack(bytes.subarray(at, (at += length))))
}

function packAll(comm: Member, call: string, values: readonly unknown[]): { bytes: Uint8Array; lengths: Float64Array } {
  const all = values.map(value => pack(comm, call, value))
  const lengths = Float64Array.from(all, bytes => bytes.length)
  const bytes = new Uint8Array(total(lengths))
  let at = 0
  for (const one of all) {
    bytes.set(one, at)
    at += one.length
  }
  return { bytes, lengths }
}

/** A length for each rank. */
const lengthsPart = (lengths: Float64Array) => new Elements(lengths, 8, object)

/** Does it, blocking. */
export function runValues<T>(comm: Member, call: string, plan: ValuePlan<T>): T {
  const { port } = comm
  switch (plan.pattern) {
    case 'bcast':
      return bcast(comm, call, plan)
    case 'gather':
      return gather(comm, call, plan)
    case 'scatter':
      return scatter(comm, call, plan)
    case 'allgather': {
      const mine = pack(comm, call, plan.given)
      const lengths = new Float64Array(comm.peers)
      const send = packedPart(Float64Array.of(mine.length))
      port.run({ is: 'allgather', send, recv: lengthsPart(lengths) })
      const bytes = new Uint8Array(total(lengths))
      port.run({ is: 'allgatherv', send: packedPart(mine), recv: packedParts(bytes, [...lengths]) })
      return plan.finish(unpackAll(bytes, lengths))
    }
    case 'alltoall': {
      const given = packAll(comm, call, plan.given as unknown[])
      const lengths = new Float64Array(comm.peers)
      port.run({ is: 'alltoall', send: lengthsPart(given.lengths), recv: lengthsPart(lengths) })
      const bytes = new Uint8Array(total(lengths))
      const send = packedParts(given.bytes, [...given.lengths])
      port.run({ is: 'alltoallv', send, recv: packedParts(bytes, [...lengths]) })
      return plan.finish(unpackAll(bytes, lengths))
    }
    default:
      throw new InternalError('values between neighbours go over messages', [call, plan.pattern])
  }
}

function bcast<T>(comm: Member, call: string, { given, root, finish }: ValuePlan<T>): T {
  const { port } = comm
  const first = new Uint8Array(firstBytes)
  const length = new DataView(first.buffer)
  const isSender = isRoot(comm, root)
  let bytes: Uint8Array = first.subarray(8, 8)
  if (isSender) {
    bytes = pack(comm, call, given)
    length.setFloat64(0, bytes.length)
    if (bytes.length <= firstValueBytes) first.set(bytes, 8)
  }
  port.run({ is: 'bcast', part: packedPart(first), root })
  const longBytes = length.getFloat64(0)
  // The root's own group, of two, cannot see how long the value was, and takes part in as many steps.
  if (longBytes <= firstValueBytes && !comm.isInter)
    return finish([isSender ? given : unpack(first.subarray(8, 8 + longBytes))])
  if (!isSender) bytes = new Uint8Array(longBytes)
  port.run({ is: 'bcast', part: packedPart(bytes), root })
  return finish([isSender || !isUnderRoot(comm, root) ? given : unpack(bytes)])
}

function gather<T>(comm: Member, call: string, { given, root, finish }: ValuePlan<T>): T {
  const { port } = comm
  const mine = isUnderRoot(comm, root) ? pack(comm, call, given) : new Uint8Array(0)
  const send = packedPart(Float64Array.of(mine.length))
  if (!isRoot(comm, root)) {
    port.run({ is: 'gather', send, root })
    port.run({ is: 'gatherv', send: packedPart(mine), root })
    return finish([])
  }
  const lengths = new Float64Array(comm.peers)
  port.run({ is: 'gather', send, recv: lengthsPart(lengths), root })
  const bytes = new Uint8Array(total(lengths))
  port.run({ is: 'gatherv', send: packedPart(mine), recv: packedParts(bytes, [...lengths]), root })
  return finish(unpackAll(bytes, lengths))
}

function scatter<T>(comm: Member, call: string, { given, root, finish }: ValuePlan<T>): T {
  const { port } = comm
  const length = new Float64Array(1)
  const recv = packedPart(length)
  if (isRoot(comm, root)) {
    const all = packAll(comm, call, given as unknown[])
    port.run({ is: 'scatter', send: lengthsPart(all.lengths), recv, root })
    const bytes = new Uint8Array(length[0])
    const send = packedParts(all.bytes, [...all.lengths])
    port.run({ is: 'scatterv', send, recv: packedPart(bytes), root })
    return finish(comm.isInter ? [] : [unpack(bytes)])
  }
  port.run({ is: 'scatter', recv, root })
  const bytes = new Uint8Array(length[0])
  port.run({ is: 'scatterv', recv: packedPart(bytes), root })
  return finish(isUnderRoot(comm, root) ? [unpack(bytes)] : [])
}

/** A port for values of one communicator that go beside its other messages. */
export class ValueChannel {
  readonly queue: ValueQueue
  readonly #tagUb: number
  #calls = 0

  constructor(port: Port, tagUb: number) {
    this.queue = new ValueQueue(port)
    this.#tagUb = tagUb
  }

  /**
   * Tags of one call are its own: all ranks make their calls in the same order. A call has 64 of them, for directions of a grid.
   */
  nextTags(): number {
    const tags = this.#calls * 64
    this.#calls = (this.#calls + 1) % Math.floor(this.#tagUb / 64)
    return tags
  }
}

/** Starts it: what this rank gives is under way at once, and nobody waits for a second step of it. */
export function startValues<T>(
  comm: Member,
  call: string,
  plan: ValuePlan<T>,
  channel: ValueChannel,
): ValueExchange<T> {
  const exchange = new ValueExchange(comm, call, plan.finish, channel)
  const { pattern, given, root } = plan
  const everyone = Array.from({ length: comm.peers }, (_, rank) => rank)
  switch (pattern) {
    case 'bcast':
      if (isRoot(comm, root)) {
        if (!comm.isInter) exchange.keep(given)
        for (const rank of everyone) if (comm.isInter || rank !== comm.rank) exchange.send(given, rank)
      } else if (isUnderRoot(comm, root)) exchange.receive(root)
      break
    case 'gather':
      if (isUnderRoot(comm, root)) exchange.send(given, root)
      if (isRoot(comm, root)) for (const rank of everyone) exchange.receive(rank)
      break
    case 'scatter':
      if (isRoot(comm, root)) for (const rank of everyone) exchange.send((given as unknown[])[rank], rank)
      if (isUnderRoot(comm, root)) exchange.receive(root)
      break
    case 'allgather':
      exchange.sendAll(given, everyone)
      for (const rank of everyone) exchange.receive(rank)
      break
    case 'alltoall':
      for (const rank of everyone) exchange.send((given as unknown[])[rank], rank)
      for (const rank of everyone) exchange.receive(rank)
      break
    default: {
      // What goes one way in a dimension of a grid comes from the other way: both may be the same rank.
      const isGrid = comm.sources === comm.destinations
      comm.destinations!.forEach((rank, i) => {
        if (rank < 0) return
        exchange.send(pattern === 'neighborAllgather' ? given : (given as unknown[])[i], rank, isGrid ? i ^ 1 : 0)
      })
      comm.sources!.forEach((rank, i) => (rank < 0 ? exchange.keep(undefined) : exchange.receive(rank, isGrid ? i : 0)))
    }
  }
  return exchange
}

/** Values under way, each in a message of its own. */
export class ValueExchange<T> implements Pending {
  readonly #comm: Member
  readonly #call: string
  readonly #finish: (came: unknown[]) => T
  readonly #queue: ValueQueue
  readonly #tags: number
  #sends: Pending[] = []
  /** In the order of the result. */
  readonly #receives: (ComingValue | { readonly value: unknown })[] = []
  #open: ComingValue[] = []

  constructor(comm: Member, call: string, finish: (came: unknown[]) => T, channel: ValueChannel) {
    this.#comm = comm
    this.#call = call
    this.#finish = finish
    this.#queue = channel.queue
    this.#tags = channel.nextTags()
  }

  send(value: unknown, rank: number, direction = 0): void {
    this.#sendBytes(pack(this.#comm, this.#call, value), rank, direction)
  }

  sendAll(value: unknown, ranks: readonly number[]): void {
    const bytes = pack(this.#comm, this.#call, value)
    for (const rank of ranks) this.#sendBytes(bytes, rank, 0)
  }

  #sendBytes(bytes: Uint8Array, rank: number, direction: number): void {
    this.#sends.push(this.#queue.port.isend('standard', packedPart(bytes), rank, this.#tags + direction))
  }

  receive(rank: number, direction = 0): void {
    const receive = beginValue(this.#queue, rank, this.#tags + direction)
    this.#receives.push(receive)
    this.#open.push(receive)
  }

  /** A value that is there already. */
  keep(value: unknown): void {
    this.#receives.push({ value })
  }

  get waiter(): Waiter | undefined {
    return sharedWaiter([...this.#sends, ...this.#open])
  }

  get about(): string {
    return `its ${this.#call}: ${(this.#open[0] ?? this.#sends[0])?.about}`
  }

  result(): T {
    return this.#finish(this.#receives.map(receive => receive.value))
  }

  test(status: Status): boolean {
    this.#sends = this.#sends.filter(send => !send.test(status))
    this.#open = this.#open.filter(receive => !receive.test(status))
    return this.#sends.length + this.#open.length === 0
  }

  wait(status: Status): void {
    for (const receive of this.#open) receive.wait(status)
    for (const send of this.#sends) send.wait(status)
    this.#sends = []
    this.#open = []
  }

  /** Others count on it: a collective cannot be cancelled. */
  cancel(): void {}

  free(): void {
    for (const pending of [...this.#sends, ...this.#open]) pending.free()
  }
}
