/** Messages between two ranks of a communicator. */

import { anySource, anyTag, procNull } from '../constants.ts'
import type { Datatype } from '../datatype/datatype.ts'
import type { Matched, Pending, SendMode } from '../engine.ts'
import { pack, packedPart } from '../message/object.ts'
import { checkKept, checkNoOverlap, type Data, Elements, isData, partAgain, partOf } from '../message/part.ts'
import { refusal } from '../message/refusal.ts'
import { Both, MatchedProbing, NoMessage, Probing, setNull } from '../request/pendings.ts'
import { PartitionedRequest, PersistentRequest, Remade } from '../request/persistent.ts'
import { Request } from '../request/request.ts'
import { beginValue, type ComingValue, receiveValue } from '../request/value-receive.ts'
import { Status } from '../status.ts'
import { CommBase } from './base.ts'
import { Message } from './message.ts'
import { checkLive } from './roots.ts'

export abstract class PointToPoint extends CommBase {
  /**
   * Sends a buffer, or a value. It returns when the buffer may be written again.
   *
   * @param dest `procNull`: to nobody
   */
  send(data: unknown, dest: number, tag = 0): void {
    this.#send('send', 'standard', data, dest, tag)
  }

  /** Synchronous: it returns when the message is being received. */
  ssend(data: unknown, dest: number, tag = 0): void {
    this.#send('ssend', 'synchronous', data, dest, tag)
  }

  /** Buffered: it returns at once. */
  bsend(data: unknown, dest: number, tag = 0): void {
    this.#send('bsend', 'buffered', data, dest, tag)
  }

  /** Ready: the receive must have been posted. */
  rsend(data: unknown, dest: number, tag = 0): void {
    this.#send('rsend', 'ready', data, dest, tag)
  }

  isend(data: unknown, dest: number, tag = 0): Request {
    return this.#isend('isend', 'standard', data, dest, tag)
  }

  issend(data: unknown, dest: number, tag = 0): Request {
    return this.#isend('issend', 'synchronous', data, dest, tag)
  }

  ibsend(data: unknown, dest: number, tag = 0): Request {
    return this.#isend('ibsend', 'buffered', data, dest, tag)
  }

  irsend(data: unknown, dest: number, tag = 0): Request {
    return this.#isend('irsend', 'ready', data, dest, tag)
  }

  /** What a buffer, or a value, holds at each start. */
  sendInit(data: unknown, dest: number, tag = 0): PersistentRequest {
    return this.#sendInit('sendInit', 'standard', data, dest, tag)
  }

  ssendInit(data: unknown, dest: number, tag = 0): PersistentRequest {
    return this.#sendInit('ssendInit', 'synchronous', data, dest, tag)
  }

  bsendInit(data: unknown, dest: number, tag = 0): PersistentRequest {
    return this.#sendInit('bsendInit', 'buffered', data, dest, tag)
  }

  rsendInit(data: unknown, dest: number, tag = 0): PersistentRequest {
    return this.#sendInit('rsendInit', 'ready', data, dest, tag)
  }

  #send(call: string, mode: SendMode, data: unknown, dest: number, tag: number): void {
    if (dest >>> 0 !== dest || dest >= this.peers || tag >>> 0 !== tag || tag > this.tagUb) {
      if (this.#isNull(call, 'dest', dest, tag)) return
    }
    const part =
      partAgain(data) ?? (isData(data) ? partOf(this, call, 'data', data) : packedPart(pack(this, call, data)))
    try {
      this.port.send(mode, part, dest, tag)
    } catch (error) {
      throw this.failed(error)
    }
  }

  #isend(call: string, mode: SendMode, data: unknown, dest: number, tag: number): Request {
    if (this.#isNull(call, 'dest', dest, tag)) return this.#request(call, new NoMessage())
    const part = isData(data) ? partOf(this, call, 'data', data) : packedPart(pack(this, call, data))
    checkKept(this, call, part.view)
    try {
      return this.#request(call, this.port.isend(mode, part, dest, tag))
    } catch (error) {
      throw this.failed(error)
    }
  }

  #request(call: string, pending: Pending): Request {
    return new Request<void>(this, call, pending, true, undefined)
  }

  #sendInit(call: string, mode: SendMode, data: unknown, dest: number, tag: number): PersistentRequest {
    if (this.#isNull(call, 'dest', dest, tag))
      return new PersistentRequest<void>(this, call, new NoMessage(), undefined)
    if (!isData(data)) {
      const remade = new Remade(() => this.port.isend(mode, packedPart(pack(this, call, data)), dest, tag))
      return new PersistentRequest<void>(this, call, remade, undefined)
    }
    const part = partOf(this, call, 'data', data)
    checkKept(this, call, part.view)
    try {
      return new PersistentRequest<void>(this, call, this.port.sendInit(mode, part, dest, tag), undefined)
    } catch (error) {
      throw this.failed(error)
    }
  }

  /**
   * Receives into a buffer.
   *
   * @param status filled in and returned; a new one, if it is left out
   */
  recv(buffer: Data, source?: number, tag?: number, status?: Status): Status
  /** Receives a value. */
  recv(source?: number, tag?: number, status?: Status): any
  recv(a?: unknown, b?: number, c?: number | Status, d?: Status): unknown {
    const again = partAgain(a)
    if (again === undefined && !isData(a)) return this.#recvValue(a as number | undefined, b, c as Status | undefined)
    const source = b ?? anySource
    const tag = (c as number | undefined) ?? anyTag
    const status = d ?? new Status()
    const part = again ?? partOf(this, 'recv', 'buffer', a as Data)
    if (source >>> 0 !== source || source >= this.peers || tag >>> 0 !== tag || tag > this.tagUb) {
      if (this.#isNullSource('recv', source, tag)) return setNull(status)
    }
    try {
      this.port.recv(part, source, tag, status)
    } catch (error) {
      throw this.failed(error)
    }
    return status
  }

  #recvValue(source = anySource, tag = anyTag, status = new Status()): unknown {
    if (this.#isNullSource('recv', source, tag)) return setNull(status), undefined
    try {
      return receiveValue(this.valueReceives, source, tag, status)
    } catch (error) {
      throw this.failed(error, 'recv')
    }
  }

  irecv(buffer: Data, source?: number, tag?: number): Request<Status>
  /** Of a value; how much came is the request's `status`. */
  irecv(source?: number, tag?: number): Request<any>
  irecv(a?: unknown, b?: number, c?: number): Request<any> {
    if (!isData(a)) return this.#irecvValue(a as number | undefined, b)
    const source = b ?? anySource
    const tag = c ?? anyTag
    const part = partOf(this, 'irecv', 'buffer', a)
    checkKept(this, 'irecv', part.view)
    const isNull = this.#isNullSource('irecv', source, tag)
    try {
      const pending = isNull ? new NoMessage() : this.port.irecv(part, source, tag)
      return new Request(this, 'irecv', pending, true, new Status())
    } catch (error) {
      throw this.failed(error)
    }
  }

  #irecvValue(source = anySource, tag = anyTag): Request<any> {
    if (this.#isNullSource('irecv', source, tag)) return this.#request('irecv', new NoMessage())
    const receive = beginValue(this.valueReceives, source, tag)
    return new Request<unknown>(this, 'irecv', receive, true, undefined, () => receive.value)
  }

  recvInit(buffer: Data, source?: number, tag?: number): PersistentRequest<Status>
  recvInit(source?: number, tag?: number): PersistentRequest<any>
  recvInit(a?: unknown, b?: number, c?: number): PersistentRequest<any> {
    const [source, tag] = isData(a)
      ? [b ?? anySource, c ?? anyTag]
      : [(a as number | undefined) ?? anySource, b ?? anyTag]
    const isNull = this.#isNullSource('recvInit', source, tag)
    if (!isData(a)) {
      if (isNull) return new PersistentRequest(this, 'recvInit', new NoMessage(), undefined)
      let receive: ComingValue | undefined
      const remade = new Remade(() => (receive = beginValue(this.valueReceives, source, tag)))
      return new PersistentRequest<unknown>(this, 'recvInit', remade, undefined, () => receive!.value)
    }
    const part = partOf(this, 'recvInit', 'buffer', a)
    checkKept(this, 'recvInit', part.view)
    try {
      const pending = isNull ? new NoMessage() : this.port.recvInit(part, source, tag)
      return new PersistentRequest(this, 'recvInit', pending, new Status())
    } catch (error) {
      throw this.failed(error)
    }
  }

  /** Sends and receives at the same time. */
  sendrecv(
    send: Data,
    dest: number,
    sendTag: number,
    recv: Data,
    source?: number,
    recvTag?: number,
    status?: Status,
  ): Status
  /** The same of values. */
  sendrecv(value: unknown, dest: number, sendTag?: number, source?: number, recvTag?: number, status?: Status): any
  sendrecv(
    data: unknown,
    dest: number,
    sendTag = 0,
    a?: unknown,
    b?: number,
    c?: number | Status,
    d?: Status,
  ): unknown {
    if (!isData(a)) {
      const request = this.#isend('sendrecv', 'standard', data, dest, sendTag)
      const value = this.#recvValue(a as number | undefined, b, c as Status | undefined)
      request.wait()
      return value
    }
    const source = b ?? anySource
    const recvTag = (c as number | undefined) ?? anyTag
    const status = d ?? new Status()
    const send = partOf(this, 'sendrecv', 'send', data as Data)
    const recv = partOf(this, 'sendrecv', 'recv', a)
    checkNoOverlap(this, 'sendrecv', send, recv)
    const isToNull = this.#isNull('sendrecv', 'dest', dest, sendTag)
    const isFromNull = this.#isNullSource('sendrecv', source, recvTag)
    try {
      if (isFromNull) setNull(status)
      if (isToNull && !isFromNull) this.port.recv(recv, source, recvTag, status)
      if (!isToNull && isFromNull) this.port.send('standard', send, dest, sendTag)
      if (!isToNull && !isFromNull) this.port.sendrecv(send, dest, sendTag, recv, source, recvTag, status)
    } catch (error) {
      throw this.failed(error)
    }
    return status
  }

  isendrecv(send: Data, dest: number, sendTag: number, recv: Data, source?: number, recvTag?: number): Request<Status>
  isendrecv(value: unknown, dest: number, sendTag?: number, source?: number, recvTag?: number): Request<any>
  isendrecv(data: unknown, dest: number, sendTag = 0, a?: unknown, b?: number, c?: number): Request<any> {
    if (!isData(a)) {
      const [source, tag] = [(a as number | undefined) ?? anySource, b ?? anyTag]
      const isFromNull = this.#isNullSource('isendrecv', source, tag)
      const sending = this.#sending('isendrecv', data, dest, sendTag)
      if (isFromNull) return this.#request('isendrecv', new Both(sending, new NoMessage()))
      const receive = beginValue(this.valueReceives, source, tag)
      return new Request<unknown>(this, 'isendrecv', new Both(sending, receive), true, undefined, () => receive.value)
    }
    const [source, tag] = [b ?? anySource, c ?? anyTag]
    const recv = partOf(this, 'isendrecv', 'recv', a)
    checkNoOverlap(this, 'isendrecv', partOf(this, 'isendrecv', 'send', data as Data), recv)
    checkKept(this, 'isendrecv', recv.view)
    const isFromNull = this.#isNullSource('isendrecv', source, tag)
    const sending = this.#sending('isendrecv', data, dest, sendTag)
    try {
      const receiving = isFromNull ? new NoMessage() : this.port.irecv(recv, source, tag)
      return new Request(this, 'isendrecv', new Both(sending, receiving), true, new Status())
    } catch (error) {
      throw this.failed(error)
    }
  }

  #sending(call: string, data: unknown, dest: number, tag: number): Pending {
    if (this.#isNull(call, 'dest', dest, tag)) return new NoMessage()
    const part = isData(data) ? partOf(this, call, 'send', data) : packedPart(pack(this, call, data))
    checkKept(this, call, part.view)
    try {
      return this.port.isend('standard', part, dest, tag)
    } catch (error) {
      throw this.failed(error)
    }
  }

  /** Sends what a buffer holds, and receives into it. */
  sendrecvReplace(
    buffer: Data,
    dest: number,
    sendTag = 0,
    source = anySource,
    recvTag = anyTag,
    status = new Status(),
  ): Status {
    const { view, count, type } = partOf(this, 'sendrecvReplace', 'buffer', buffer)
    const copy = copyOf(view, count, type)
    const isToNull = this.#isNull('sendrecvReplace', 'dest', dest, sendTag)
    const isFromNull = this.#isNullSource('sendrecvReplace', source, recvTag)
    try {
      const recv = new Elements(view, count, type)
      if (isFromNull) setNull(status)
      if (isToNull && !isFromNull) this.port.recv(recv, source, recvTag, status)
      if (!isToNull && isFromNull) this.port.send('standard', copy, dest, sendTag)
      if (!isToNull && !isFromNull) this.port.sendrecv(copy, dest, sendTag, recv, source, recvTag, status)
    } catch (error) {
      throw this.failed(error)
    }
    return status
  }

  isendrecvReplace(buffer: Data, dest: number, sendTag = 0, source = anySource, recvTag = anyTag): Request<Status> {
    const call = 'isendrecvReplace'
    const { view, count, type } = partOf(this, call, 'buffer', buffer)
    checkKept(this, call, view)
    const isToNull = this.#isNull(call, 'dest', dest, sendTag)
    const isFromNull = this.#isNullSource(call, source, recvTag)
    try {
      const copy = copyOf(view, count, type)
      const sending = isToNull ? new NoMessage() : this.port.isend('standard', copy, dest, sendTag)
      const recv = new Elements(view, count, type)
      const receiving = isFromNull ? new NoMessage() : this.port.irecv(recv, source, recvTag)
      return new Request(this, call, new Both(sending, receiving), true, new Status())
    } catch (error) {
      throw this.failed(error)
    }
  }

  /** Blocks until a message is there, and tells of it. */
  probe(source = anySource, tag = anyTag, status = new Status()): Status {
    if (this.#isNullSource('probe', source, tag)) return setNull(status)
    try {
      this.port.probe(source, tag, status)
    } catch (error) {
      throw this.failed(error)
    }
    return status
  }

  /** Undefined: none is there. */
  iprobe(source = anySource, tag = anyTag, status = new Status()): Status | undefined {
    if (this.#isNullSource('iprobe', source, tag)) return setNull(status)
    try {
      return this.port.iprobe(source, tag, status) ? status : undefined
    } catch (error) {
      throw this.failed(error)
    }
  }

  /** Takes a message out of the queue, for this rank's `recv` of it alone. */
  mprobe(source = anySource, tag = anyTag): Message {
    const status = new Status()
    if (this.#isNullSource('mprobe', source, tag)) return new Message(this, undefined, setNull(status))
    try {
      return new Message(this, this.port.mprobe(source, tag, status), status)
    } catch (error) {
      throw this.failed(error)
    }
  }

  improbe(source = anySource, tag = anyTag): Message | undefined {
    const status = new Status()
    if (this.#isNullSource('improbe', source, tag)) return new Message(this, undefined, setNull(status))
    let matched: Matched | undefined
    try {
      matched = this.port.improbe(source, tag, status)
    } catch (error) {
      throw this.failed(error)
    }
    return matched === undefined ? undefined : new Message(this, matched, status)
  }

  /** A matched probe as a request. For this room. */
  mprobing(source = anySource, tag = anyTag): Request<Message> {
    const isNull = this.#isNullSource('mprobe', source, tag)
    const probing = isNull ? new NoMessage() : new MatchedProbing(this.port, source, tag)
    const matched = () => (probing instanceof MatchedProbing ? probing.matched : undefined)
    return new Request<Message>(
      this,
      'mprobe',
      probing,
      true,
      undefined as unknown as Message,
      status => new Message(this, matched(), status),
    )
  }

  /** A probe as a request. For this room. */
  probing(source = anySource, tag = anyTag): Request<Status> {
    const isNull = this.#isNullSource('probe', source, tag)
    return new Request(
      this,
      'probe',
      isNull ? new NoMessage() : new Probing(this.port, source, tag),
      true,
      new Status(),
    )
  }

  /** A buffer in equal partitions, each of which is sent when it is `ready`. */
  psendInit(partitions: number, data: Data, dest: number, tag = 0): PartitionedRequest {
    const part = this.#partition('psendInit', partitions, data)
    const isNull = this.#isNull('psendInit', 'dest', dest, tag)
    try {
      const pending = isNull ? new NoMessage() : this.port.psendInit(partitions, part, dest, tag)
      return new PartitionedRequest<void>(this, 'psendInit', pending, partitions, undefined)
    } catch (error) {
      throw this.failed(error)
    }
  }

  /** From one rank, with one tag: partitioned receives take no others. */
  precvInit(partitions: number, buffer: Data, source: number, tag = 0): PartitionedRequest<Status> {
    const part = this.#partition('precvInit', partitions, buffer)
    const isNull = this.#isNull('precvInit', 'source', source, tag)
    try {
      const pending = isNull ? new NoMessage() : this.port.precvInit(partitions, part, source, tag)
      return new PartitionedRequest(this, 'precvInit', pending, partitions, new Status())
    } catch (error) {
      throw this.failed(error)
    }
  }

  #partition(call: string, partitions: number, data: Data): Elements {
    const { view, count, type } = partOf(this, call, 'data', data)
    checkKept(this, call, view)
    if (!Number.isInteger(partitions) || partitions < 1 || count % partitions !== 0) {
      throw refusal(
        this,
        call,
        'MPI_ERR_ARG',
        'partitions',
        `a whole number that ${count} elements can be divided by`,
        partitions,
      )
    }
    return new Elements(view, count, type)
  }

  /** Whether it goes nowhere; throws if there is no such rank, or tag. */
  #isNull(call: string, argument: string, rank: number, tag: number): boolean {
    checkLive(this, call)
    if (tag >>> 0 !== tag || tag > this.tagUb) {
      throw refusal(this, call, 'MPI_ERR_TAG', 'tag', `a whole number from 0 to ${this.tagUb}`, tag)
    }
    if (rank === procNull) return true
    if (rank >>> 0 === rank && rank < this.peers) return false
    throw refusal(this, call, 'MPI_ERR_RANK', argument, `a rank from 0 to ${this.peers - 1}, or procNull`, rank)
  }

  #isNullSource(call: string, source: number, tag: number): boolean {
    checkLive(this, call)
    if (tag !== anyTag && (tag >>> 0 !== tag || tag > this.tagUb)) {
      throw refusal(this, call, 'MPI_ERR_TAG', 'tag', `a whole number from 0 to ${this.tagUb}, or anyTag`, tag)
    }
    if (source === procNull) return true
    if (source === anySource || (source >>> 0 === source && source < this.peers)) return false
    throw refusal(
      this,
      call,
      'MPI_ERR_RANK',
      'source',
      `a rank from 0 to ${this.peers - 1}, anySource or procNull`,
      source,
    )
  }
}

/** From the start of its buffer, for types that reach below their origin. */
function copyOf(view: ArrayBufferView, count: number, type: Datatype): Elements {
  const whole = new Uint8Array(view.buffer).slice(0, view.byteOffset + view.byteLength)
  return new Elements(whole.subarray(view.byteOffset), count, type)
}
