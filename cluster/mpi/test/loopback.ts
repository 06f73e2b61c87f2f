/** An engine of one rank that talks to itself, by the shortest way: for tests of what users see, which need no other rank. */

import { ArgumentError } from '@skein/base'
import { gather, scatterInto } from '../src/datatype/packing.ts'
import type {
  Collective,
  Engine,
  Matched,
  Neighbors,
  Part,
  Partitioned,
  Parts,
  Pending,
  Port,
  SendMode,
  TypedParts,
} from '../src/engine.ts'
import { MpiError } from '../src/errors.ts'
import type { Status } from '../src/status.ts'
import type { WindowPort } from '../src/window/port.ts'

interface Message {
  readonly tag: number
  readonly bytes: Uint8Array
  readonly signature: number
}

const takes = (wanted: number, tag: number): boolean => wanted === -1 || wanted === tag

function tell(status: Status, message: Message, typeSize: number): void {
  status.source = 0
  status.tag = message.tag
  status.bytes = message.bytes.length
  status.count = message.bytes.length / typeSize
  status.isCancelled = false
}

/** A call that may have to wait: with one rank nothing can come while it blocks. */
class Step implements Partitioned {
  readonly #begin: () => (status: Status) => boolean
  #test: ((status: Status) => boolean) | undefined
  readonly #withdraw: () => boolean
  #isCancelled = false

  constructor(begin: () => (status: Status) => boolean, withdraw: () => boolean = () => false) {
    this.#begin = begin
    this.#withdraw = withdraw
  }

  start(): this {
    this.#isCancelled = false
    this.#test = this.#begin()
    return this
  }

  test(status: Status): boolean {
    status.isCancelled = this.#isCancelled
    return this.#isCancelled || this.#test!(status)
  }

  wait(status: Status): void {
    if (!this.test(status)) throw new Error('a rank that is alone would wait for ever')
  }

  cancel(): void {
    this.#isCancelled = this.#withdraw()
  }

  free(): void {}
  ready(): void {}

  arrived(): boolean {
    return false
  }
}

export class Loopback implements Port {
  name?: string
  readonly rank = 0
  readonly size = 1
  readonly remoteSize = 0
  readonly members = [0]
  readonly remoteMembers = []
  /** What was asked of it, by name. */
  readonly calls: string[] = []
  readonly #messages: Message[] = []
  readonly #posted: { readonly tag: number; message: Message | undefined }[] = []

  #find(tag: number): number {
    return this.#messages.findIndex(message => takes(tag, message.tag))
  }

  send(mode: SendMode, part: Part, _dest: number, tag: number): void {
    this.calls.push(`send ${mode}`)
    const message = { tag, bytes: gather(part.view, part.count, part.type), signature: part.type.signature }
    const index = this.#posted.findIndex(receive => takes(receive.tag, tag))
    if (index < 0) this.#messages.push(message)
    else this.#posted.splice(index, 1)[0].message = message
  }

  isend(mode: SendMode, part: Part, dest: number, tag: number): Pending {
    return this.sendInit(mode, part, dest, tag).start()
  }

  sendInit(mode: SendMode, part: Part, dest: number, tag: number): Step {
    return new Step(() => {
      this.send(mode, part, dest, tag)
      return () => true
    })
  }

  recv(part: Part, source: number, tag: number, status: Status): void {
    this.recvInit(part, source, tag).start().wait(status)
  }

  irecv(part: Part, source: number, tag: number): Pending {
    return this.recvInit(part, source, tag).start()
  }

  recvInit(part: Part, _source: number, tag: number): Step {
    let receive: { readonly tag: number; message: Message | undefined }
    return new Step(
      () => {
        const index = this.#find(tag)
        receive = { tag, message: index < 0 ? undefined : this.#messages.splice(index, 1)[0] }
        if (index < 0) this.#posted.push(receive)
        return status => {
          if (receive.message !== undefined) this.#deliver(receive.message, part, status)
          return receive.message !== undefined
        }
      },
      () => {
        const index = this.#posted.indexOf(receive)
        if (index >= 0) this.#posted.splice(index, 1)
        return index >= 0
      },
    )
  }

  #deliver(message: Message, { view, count, type }: Part, status: Status): void {
    const where = { call: 'recv', rank: 0, comm: this.name ?? '' }
    const { bytes, signature } = message
    if (bytes.length > count * type.size) throw new MpiError('MPI_ERR_TRUNCATE', where, `${bytes.length} bytes came`)
    if (signature !== 0 && type.signature !== 0 && signature !== type.signature) {
      throw new MpiError('MPI_ERR_TYPE', where, 'a message of other elements came')
    }
    scatterInto(bytes, view, type)
    tell(status, message, type.size)
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
    this.send('standard', send, dest, sendTag)
    this.recv(recv, source, recvTag, status)
  }

  psendInit(_partitions: number, part: Part, dest: number, tag: number): Partitioned {
    return this.sendInit('standard', part, dest, tag)
  }

  precvInit(_partitions: number, part: Part, source: number, tag: number): Partitioned {
    return this.recvInit(part, source, tag)
  }

  probe(source: number, tag: number, status: Status): void {
    if (!this.iprobe(source, tag, status)) throw new Error('a rank that is alone would wait for ever')
  }

  iprobe(_source: number, tag: number, status: Status): boolean {
    const index = this.#find(tag)
    if (index >= 0) tell(status, this.#messages[index], 1)
    return index >= 0
  }

  mprobe(source: number, tag: number, status: Status): Matched {
    const matched = this.improbe(source, tag, status)
    if (matched === undefined) throw new Error('a rank that is alone would wait for ever')
    return matched
  }

  improbe(source: number, tag: number, status: Status): Matched | undefined {
    if (!this.iprobe(source, tag, status)) return undefined
    const message = this.#messages.splice(this.#find(tag), 1)[0]
    return {
      recv: (part, into) => this.#deliver(message, part, into),
      irecv: part =>
        new Step(() => into => {
          this.#deliver(message, part, into)
          return true
        }).start(),
    }
  }

  /** With one rank every collective gives back what was sent, and exscan nothing. */
  run(collective: Collective): void {
    this.calls.push(collective.is)
    if (collective.is === 'barrier' || collective.is === 'bcast' || collective.is === 'exscan') return
    const { send, recv } = collective
    if (send !== undefined && recv !== undefined) place(recv, taken(send))
  }

  start(collective: Collective): Pending {
    return this.init(collective).start()
  }

  init(collective: Collective): Step {
    return new Step(() => {
      this.run(collective)
      return () => true
    })
  }

  dup(): Port {
    return new Loopback()
  }

  split(color: number | undefined): Port | undefined {
    return color === undefined ? undefined : new Loopback()
  }

  splitShared(): Port {
    return new Loopback()
  }

  create(ranks: readonly number[]): Port | undefined {
    return ranks.length === 0 ? undefined : new Loopback()
  }

  createGroup(): Port | undefined {
    return new Loopback()
  }

  intercomm(): Port {
    throw new ArgumentError('loopback', 'an intercommunicator', 'of two ranks', 1)
  }

  merge(): Port {
    return this.intercomm()
  }

  cart(): Port | undefined {
    return new Loopback()
  }

  distGraphAdjacent(_topology: Neighbors): Port {
    return new Loopback()
  }

  openWindow(): WindowPort {
    throw new ArgumentError('loopback', 'a window', 'of an engine that has them', 1)
  }

  openFile(): never {
    throw new ArgumentError('loopback', 'a file', 'of an engine', 'none')
  }

  free(): void {
    this.calls.push('free')
  }

  abort(code: number): never {
    throw new Error(`aborted with ${code}`)
  }

  disconnect(): void {}

  spawn(): never {
    throw new Error('there is nobody to start ranks')
  }

  accept(): never {
    throw new Error('nobody connects')
  }

  connect(): never {
    throw new Error('nobody accepts')
  }

  revoke(): void {}

  shrink(): Port {
    return this
  }

  agree(flag: number): number {
    return flag
  }

  failed(): readonly number[] {
    return []
  }
}

type Shares = Part | Parts | TypedParts

function taken(shares: Shares): Uint8Array {
  const [view, count, type] = share(shares)
  return gather(view, count, type)
}

function place(shares: Shares, bytes: Uint8Array): void {
  const [view, , type] = share(shares)
  scatterInto(bytes, view, type)
}

/** Of rank 0. */
function share(shares: Shares) {
  if ('count' in shares) return [shares.view, shares.count, shares.type] as const
  const [type, bytes] =
    'types' in shares ? [shares.types[0], shares.displs[0]] : [shares.type, shares.displs[0] * shares.type.extent]
  const { buffer, byteOffset } = shares.view
  return [new Uint8Array(buffer, byteOffset + bytes), shares.counts[0], type] as const
}

export const loopback = (): Engine & { readonly world: Loopback } => ({
  name: 'threads',
  version: 'loopback',
  standard: [4, 0],
  threadLevel: 'serialized',
  world: new Loopback(),
  self: new Loopback(),
  tagUb: 2 ** 20,
  processorName: 'here',
  wtime: () => performance.now() / 1000,
  wtick: 1e-6,
  allocate: bytes => new Uint8Array(bytes),
  deleteFile: () => {},
  parent: undefined,
  universeSize: 1,
  appNumber: 0,
  openPort: () => 'port',
  closePort: () => {},
  publishName: () => {},
  unpublishName: () => {},
  lookupName: () => 'port',
  openSession: () => {
    throw new Error('there are no sessions')
  },
  finalize: () => {},
  isFinalized: false,
})
