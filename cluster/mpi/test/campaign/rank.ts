/**
 * One rank of the campaign, over the calls that users have: reads its programs, `plan.RANK` of a folder, and writes what came into its buffers,
 * `log.RANK`. `interpreter.c` does the same in C. A line of a plan is a call, in words and numbers.
 */

import { openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as mpi from '@skein/mpi'
import {
  allocate,
  type Comm,
  Datatype,
  finalize,
  type Intracomm,
  inPlace,
  Op,
  procNull,
  Request,
  Status,
  world,
} from '@skein/mpi'
import { fill, hash } from './memory.ts'
import { after, mingle, opNames } from './reductions.ts'
import { basicEntries, byteEntry } from './types.ts'

const [folder, isDumped] = process.argv.slice(2)
const log = openSync(join(folder, `log.${world.rank}`), 'w')
const show = (bytes: Uint8Array): string => (isDumped === 'dump' ? Buffer.from(bytes).toString('hex') : hash(bytes))

const ops: readonly Op[] = opNames.map(name => {
  switch (name) {
    case 'after':
      return Op.create(after)
    case 'afterArrays':
      return Op.createForArrays((a: Uint32Array, b: Uint32Array, count: number) => {
        for (let i = 0; i < count; i++) b[i] = after(a[i], b[i])
      })
    case 'mingle':
      return Op.create(mingle, { commutative: true })
    case 'afterPairs':
      return Op.createForArrays((a: Uint32Array, b: Uint32Array, count: number) => {
        for (let i = 0; i < 2 * count; i += 2) {
          b[i + 1] += Math.imul(b[i], a[i + 1])
          b[i] = Math.imul(a[i], b[i])
        }
      })
    default:
      return (mpi as any)[name]
  }
})

/** A buffer, and what a call is given of it. */
interface Filled {
  readonly bytes: Uint8Array
  readonly data: any
  readonly type: Datatype
}

/** What is to be logged once a call is complete. */
interface Under {
  readonly request: Request<any>
  finish(value: any): void
}

class Program {
  readonly #types: Datatype[] = basicEntries.map(({ type }) => type)
  readonly #comms: Comm[] = []
  readonly #under = new Map<number, Under>()
  #words: string[] = []
  #at = 0
  #out: string[] = []

  constructor(comm: Comm) {
    this.#comms[0] = comm
  }

  get log(): string {
    return this.#out.join('')
  }

  #word(): string {
    return this.#words[this.#at++]
  }

  #number(): number {
    return Number(this.#word())
  }

  #numbers(n: number): number[] {
    return Array.from({ length: n }, () => this.#number())
  }

  #say(label: number, text: string): void {
    this.#out.push(`${label} ${text}\n`)
  }

  async run(line: string): Promise<void> {
    this.#words = line.split(/ +/)
    this.#at = 1
    switch (this.#words[0]) {
      case 'type':
        return void this.#types.push(this.#type())
      case 'send':
        return this.#send()
      case 'recv':
        return this.#recv()
      case 'flood':
        return this.#flood()
      case 'sendrecv':
        return this.#sendrecv()
      case 'psend': {
        const [id, comm, dest, tag, partitions] = this.#numbers(5)
        const order = this.#numbers(partitions)
        const request = this.#comms[comm].psendInit(partitions, this.#buffer(1)!.data, dest, tag).start()
        for (const partition of order) request.ready(partition)
        return this.#open(id, request, () => request.free())
      }
      case 'precv': {
        const [id, label, comm, source, tag, partitions] = this.#numbers(6)
        const { bytes, data, type } = this.#buffer(1)!
        const request = this.#comms[comm].precvInit(partitions, data, source, tag).start()
        request.arrived(partitions - 1)
        return this.#open(id, request, (status: Status) => {
          this.#received(label, status, bytes, type)
          request.free()
        })
      }
      case 'complete':
        return this.#complete()
      case 'barrier':
        return this.#comms[this.#number()].barrier()
      case 'coll':
        return this.#collective()
      default:
        return this.#communicator()
    }
  }

  /** Constructors take their type from a stack. */
  #type(): Datatype {
    const stack: Datatype[] = []
    for (let word = this.#word(); word !== 'end'; word = this.#word()) {
      const list = () => this.#numbers(n)
      let n = 0
      switch (word) {
        case 'contiguous':
          stack.push(stack.pop()!.contiguous(this.#number()))
          break
        case 'vector':
          stack.push(stack.pop()!.vector(this.#number(), this.#number(), this.#number()))
          break
        case 'indexed':
          n = this.#number()
          stack.push(stack.pop()!.indexed(list(), list()))
          break
        case 'indexedBlock': {
          n = this.#number()
          const length = this.#number()
          stack.push(stack.pop()!.indexedBlock(length, list()))
          break
        }
        case 'struct': {
          n = this.#number()
          const [lengths, displs] = [list(), list()]
          stack.push(Datatype.struct(lengths, displs, stack.splice(-n)))
          break
        }
        case 'subarray': {
          n = this.#number()
          const [sizes, subsizes, starts] = [list(), list(), list()]
          stack.push(stack.pop()!.subarray(sizes, subsizes, starts, this.#number() === 1 ? 'C' : 'F'))
          break
        }
        case 'resized':
          stack.push(stack.pop()!.resized(this.#number(), this.#number()))
          break
        default:
          stack.push((mpi as any)[word])
      }
    }
    return stack[0]
  }

  // Buffers.

  /** @param shares how often the count is there; undefined: no buffer */
  #buffer(shares: number): Filled | undefined {
    switch (this.#word()) {
      case 'none':
        return undefined
      case 'inplace':
        return { bytes: new Uint8Array(0), data: inPlace, type: byteEntry.type }
      case 'part': {
        const [length, seed, from, count, index, form] = this.#numbers(6)
        const bytes = memory(length, seed, form)
        return {
          bytes,
          data: dataOf(bytes, from, count * shares, this.#types[index], index, form),
          type: this.#types[index],
        }
      }
      case 'parts': {
        const [length, seed, from, index, form, n] = this.#numbers(6)
        const bytes = memory(length, seed, form)
        const [counts, displs] = [this.#numbers(n), this.#numbers(n)]
        const type = this.#types[index]
        return { bytes, data: { buffer: bytes, offset: from, counts, displs, type }, type }
      }
      default: {
        const [length, seed, form, n] = this.#numbers(4)
        const bytes = memory(length, seed, form)
        const [counts, displs] = [this.#numbers(n), this.#numbers(n)]
        const types = this.#numbers(n).map(index => this.#types[index])
        return { bytes, data: { buffer: bytes, counts, displs, types }, type: byteEntry.type }
      }
    }
  }

  // Messages.

  #open(id: number, request: Request<any>, finish: (value: any) => void): void {
    this.#under.set(id, { request, finish })
  }

  #received(label: number, { source, tag, bytes, count }: Status, buffer: Uint8Array, _type: Datatype): void {
    this.#say(label, `${source} ${tag} ${bytes} ${count ?? -1} ${show(buffer)}`)
  }

  #send(): void {
    const [how, mode] = [this.#word(), this.#word()]
    const [id, index, dest, tag, isValue] = this.#numbers(5)
    const comm = this.#comms[index] as any
    const { bytes, data } = this.#buffer(1)!
    const given = isValue === 1 ? asValue(data) : data
    void bytes
    const letter = { standard: '', synchronous: 's', buffered: 'b', ready: 'r' }[mode]
    if (how === 'now') comm[`${letter}send`](given, dest, tag)
    else if (how === 'start') this.#open(id, comm[`i${letter}send`](given, dest, tag), () => {})
    else {
      const request = comm[`${letter}sendInit`](given, dest, tag).start()
      this.#open(id, request, () => request.free())
    }
  }

  #recv(): void {
    const how = this.#word()
    const [id, label, index, source, tag, isValue] = this.#numbers(6)
    const comm = this.#comms[index]
    const { bytes, data, type } = this.#buffer(1)!
    const log = (status: Status) => this.#received(label, status, bytes, type)
    const logValue = ({ source, tag }: Status, value: any) =>
      this.#say(label, `${source} ${tag} ${show(bytesOf(value))}`)
    switch (how) {
      case 'now': {
        const status = new Status()
        if (isValue === 1) return logValue(status, comm.recv(source, tag, status))
        return log(comm.recv(data, source, tag))
      }
      case 'probe': {
        const found = comm.probe(source, tag)
        return log(comm.recv(data, found.source, found.tag))
      }
      case 'iprobe': {
        let found: Status | undefined
        while ((found = comm.iprobe(source, tag)) === undefined);
        return log(comm.recv(data, found.source, found.tag))
      }
      case 'mprobe':
      case 'improbe':
      case 'imrecv': {
        let message = how === 'mprobe' || how === 'imrecv' ? comm.mprobe(source, tag) : comm.improbe(source, tag)
        while (message === undefined) message = comm.improbe(source, tag)
        if (how === 'imrecv' && isValue === 1) {
          const request = message.irecv()
          return this.#open(id, request, value => logValue(request.status, value))
        }
        if (how === 'imrecv') return this.#open(id, message.irecv(data), log)
        return isValue === 1 ? logValue(message.status, message.recv()) : log(message.recv(data))
      }
      case 'start': {
        const request: Request<any> = isValue === 1 ? comm.irecv(source, tag) : comm.irecv(data, source, tag)
        return this.#open(id, request, value => (isValue === 1 ? logValue(request.status, value) : log(value)))
      }
      default: {
        const request = isValue === 1 ? comm.recvInit(source, tag) : comm.recvInit(data, source, tag)
        request.start()
        return this.#open(id, request, value => {
          if (isValue === 1) logValue(request.status, value)
          else log(value)
          request.free()
        })
      }
    }
  }

  #flood(): void {
    const [how, label, index, n, most] = this.#numbers(5)
    const comm = this.#comms[index]
    const came: { source: number; text: string }[] = []
    for (let i = 0; i < n; i++) {
      const buffer = fill(most, label)
      let status: Status
      if (how === 0) status = comm.recv(buffer)
      else if (how === 1) status = comm.mprobe().recv(buffer)
      else {
        const found = comm.probe()
        status = comm.recv(buffer, found.source, found.tag)
      }
      came.push({ source: status.source, text: `${status.source} ${status.tag} ${status.bytes} ${show(buffer)}` })
    }
    this.#say(
      label,
      came
        .toSorted((a, b) => a.source - b.source)
        .map(({ text }) => text)
        .join('; '),
    )
  }

  #sendrecv(): void {
    const how = this.#word()
    const [id, label, index, dest, sendTag, source, tag] = this.#numbers(7)
    const comm = this.#comms[index]
    const send = this.#buffer(1)!
    if (how === 'replace') {
      return this.#received(label, comm.sendrecvReplace(send.data, dest, sendTag, source, tag), send.bytes, send.type)
    }
    const recv = this.#buffer(1)!
    if (how === 'values') {
      const status = new Status()
      const value = comm.sendrecv(asValue(send.data), dest, sendTag, source, tag, status)
      if (source === procNull) return this.#say(label, value === undefined ? 'nothing' : 'something')
      return this.#say(label, `${status.source} ${status.tag} ${show(bytesOf(value))}`)
    }
    const log = (status: Status) => this.#received(label, status, recv.bytes, recv.type)
    if (how === 'sendrecv') log(comm.sendrecv(send.data, dest, sendTag, recv.data, source, tag))
    else this.#open(id, comm.isendrecv(send.data, dest, sendTag, recv.data, source, tag), log)
  }

  async #complete(): Promise<void> {
    const how = this.#word()
    const list = this.#numbers(this.#number()).map(id => {
      const under = this.#under.get(id)!
      this.#under.delete(id)
      return under
    })
    const requests = list.map(({ request }) => request)
    const mustBe = (is: boolean) => {
      if (!is) throw new Error(`${how} tells of a request that is not complete, or was not active`)
    }
    switch (how) {
      case 'wait':
        for (const request of requests) request.wait()
        break
      case 'waitAll':
        Request.waitAll(requests)
        break
      case 'waitAny':
        for (let n = 0; n < requests.length; n++) mustBe(Request.waitAny(requests) !== undefined)
        mustBe(Request.waitAny(requests) === undefined)
        break
      case 'waitSome':
        for (let n = 0; n < requests.length; ) n += Request.waitSome(requests).length
        mustBe(Request.waitSome(requests).length === 0)
        break
      case 'test':
        for (const request of requests) while (!request.test());
        break
      case 'testAll':
        while (!Request.testAll(requests));
        break
      case 'testAny':
        for (let n = 0; n < requests.length; ) if (Request.testAny(requests) !== undefined) n++
        break
      case 'testSome':
        for (let n = 0; n < requests.length; ) n += Request.testSome(requests).length
        break
      default:
        for (const request of requests) await request
    }
    for (const { request, finish } of list) finish(request.wait())
  }

  // Collectives.

  #collective(): void {
    const [name, how, form] = [this.#word(), this.#word(), this.#word()]
    const [id, label, index, root, op] = this.#numbers(5)
    const comm = this.#comms[index]
    // Of all shares one after another a call is given the count.
    const shares = (isSend: boolean) => {
      if (name === 'allgather' || name === 'gather') return isSend ? 1 : comm.peers
      if (name === 'scatter') return isSend ? comm.peers : 1
      if (name === 'alltoall') return comm.peers
      if (name === 'neighborAllgather') return isSend ? 1 : comm.sources!.length
      if (name === 'neighborAlltoall') return isSend ? comm.destinations!.length : comm.sources!.length
      return 1
    }
    const send = this.#buffer(shares(true))
    const recv = this.#buffer(shares(false))
    this.#word()
    const counts = this.#numbers(this.#number())
    const args = this.#arguments(name, form, comm, root, op, send, recv, counts)
    const isLogged =
      recv !== undefined &&
      recv.data !== inPlace &&
      !(name === 'exscan' && comm.rank === 0) &&
      !(name === 'bcast' && ((root === comm.rank && !comm.isInter) || root === -4))
    const log = (value: any) => {
      if (isLogged) this.#say(label, show(resultOf(name, form, value, recv, send, counts[comm.rank])))
    }
    const calls = comm as any
    if (how === 'now') return log(calls[name](...args))
    if (how === 'start') return this.#open(id, calls[`i${name}`](...args), log)
    const request = calls[`${name}Init`](...args)
    request.start().wait()
    log(request.start().wait())
    request.free()
  }

  #arguments(
    name: string,
    form: string,
    comm: Comm,
    root: number,
    op: number,
    send: Filled | undefined,
    recv: Filled | undefined,
    counts: readonly number[],
  ): unknown[] {
    const isRooted = ['bcast', 'gather', 'gatherv', 'scatter', 'scatterv', 'reduce'].includes(name)
    const end = [...(op >= 0 ? [ops[op]] : []), ...(isRooted ? [root] : [])]
    if (name === 'barrier') return []
    if (form === 'values') {
      if (name === 'bcast') return [isFrom(comm, root) ? asValue(recv!.data) : undefined, root]
      const values = () => (send === undefined ? undefined : sharesOf(send).map(bytes => ({ bytes })))
      if (name.startsWith('scatter')) return [values(), root]
      if (name.startsWith('alltoall')) return [values()]
      if (op >= 0)
        return [
          send && new Uint32Array(bytesOf(asValue(send.data)).slice().buffer)[0],
          op === 12 ? after : ops[op],
          ...end.slice(1),
        ]
      return [send && asValue(send.data), ...end]
    }
    if (name === 'bcast') return [recv?.data ?? new Uint8Array(0), root]
    if (name.startsWith('reduceScatter')) {
      const middle = name === 'reduceScatter' ? [counts] : []
      if (send!.data === inPlace) return [inPlace, recv!.data, ...middle, ...end]
      return form === 'new' ? [send!.data, ...middle, ...end] : [send!.data, recv!.data, ...middle, ...end]
    }
    return form === 'new' ? [send?.data, ...end] : [send?.data, recv?.data, ...end]
  }

  // Communicators.

  #communicator(): void {
    const what = this.#words[0]
    if (what === 'who') {
      const [label, index] = this.#numbers(2)
      const { rank, size, remoteSize } = this.#comms[index]
      return this.#say(label, `${rank} ${size} ${remoteSize}`)
    }
    const comm = this.#comms[this.#number()] as any
    if (what === 'free') return comm.free()
    const id = this.#number()
    const keep = (made: Comm | undefined) => {
      if ((made === undefined) !== id < 0) throw new Error(`${what} gives ${made} for ${id}`)
      if (made !== undefined) this.#comms[id] = made
    }
    switch (what) {
      case 'dup':
        return keep(comm.dup())
      case 'split': {
        const [color, key] = this.#numbers(2)
        return keep(comm.split(color < 0 ? undefined : color, key))
      }
      case 'create':
      case 'createGroup': {
        const tag = this.#number()
        const group = comm.group.incl(this.#numbers(this.#number()))
        return keep(what === 'create' ? comm.create(group) : comm.createGroup(group, tag))
      }
      case 'intercomm': {
        const [leader, peer, remote, tag] = this.#numbers(4)
        return keep(comm.intercomm(leader, this.#comms[peer] as Intracomm, remote, tag))
      }
      case 'merge':
        return keep(comm.merge(this.#number() === 1))
      case 'cart': {
        const n = this.#number()
        const dims = this.#numbers(n)
        return keep(comm.cart(dims, { periods: this.#numbers(n).map(Boolean) }))
      }
      default: {
        const sources = this.#numbers(this.#number())
        return keep(comm.distGraphAdjacent({ sources, destinations: this.#numbers(this.#number()) }))
      }
    }
  }
}

const isFrom = (comm: Comm, root: number): boolean => (comm.isInter ? root === -4 : root === comm.rank)

function memory(length: number, seed: number, form: number): Uint8Array {
  const room =
    form === 3 || form === 4
      ? allocate(Uint8Array, length)
      : form === 5
        ? new Uint8Array(new SharedArrayBuffer(length))
        : new Uint8Array(length)
  room.set(fill(length, seed))
  return room
}

const arrays = [
  ...[Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[BigInt64Array, BigUint64Array, Float32Array, Float64Array],
]

/** In one of the ways to name elements of a buffer. */
function dataOf(bytes: Uint8Array, from: number, count: number, type: Datatype, index: number, form: number): unknown {
  const Kind = arrays[index] as Float64ArrayConstructor | undefined
  const { buffer, byteOffset } = bytes
  if (Kind === undefined || form === 2 || form === 3 || form === 5) return { buffer: bytes, offset: from, count, type }
  if (form === 1) {
    const all = new Kind(buffer, byteOffset, Math.floor(bytes.length / Kind.BYTES_PER_ELEMENT))
    return { buffer: all, offset: from / Kind.BYTES_PER_ELEMENT, count }
  }
  return new Kind(buffer, byteOffset + from, count)
}

/** The elements as a value. */
function asValue(data: any): { bytes: Uint8Array } {
  if (ArrayBuffer.isView(data)) return { bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
  const { buffer, offset = 0, count } = data
  const size = (data.type?.size ?? buffer.BYTES_PER_ELEMENT) as number
  return { bytes: new Uint8Array(buffer.buffer, buffer.byteOffset + offset * buffer.BYTES_PER_ELEMENT, count * size) }
}

const sharesOf = ({ bytes, data, type }: Filled): Uint8Array[] =>
  (data.counts as number[]).map((count, i) => {
    const at = data.offset + data.displs[i] * type.extent
    return bytes.subarray(at, at + count * type.size)
  })

const bytesOf = (value: any): Uint8Array =>
  ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : value.bytes

/** What the log is of: the buffer, the new array, or the values one after another. */
function resultOf(
  name: string,
  form: string,
  value: any,
  recv: Filled,
  send: Filled | undefined,
  count: number,
): Uint8Array {
  if (form === 'values') {
    if (typeof value === 'number') return new Uint8Array(Uint32Array.of(value).buffer)
    return Array.isArray(value) ? Buffer.concat(value.map(bytesOf)) : bytesOf(value)
  }
  if (form === 'new') return bytesOf(value)
  if (!name.startsWith('reduceScatter') || send?.data !== inPlace) return recv.bytes
  // Of what was given in place only the result is told of.
  const { data, type } = recv
  const from = ArrayBuffer.isView(data)
    ? data.byteOffset - recv.bytes.byteOffset
    : data.offset * data.buffer.BYTES_PER_ELEMENT
  return recv.bytes.subarray(from, from + count * type.size)
}

const text = readFileSync(join(folder, `plan.${world.rank}`), 'utf8')
let program: Program | undefined
let seed = ''
for (const line of text.split('\n')) {
  if (line === '') continue
  if (line.startsWith('program ')) {
    seed = line.slice(8)
    program = new Program(world.dup())
    continue
  }
  if (line !== 'end') {
    try {
      await program!.run(line)
    } catch (error) {
      writeSync(log, `${program!.log}program ${seed} fails in: ${line}\n${(error as Error).stack}\n`)
      throw error
    }
    continue
  }
  writeSync(log, `${program!.log}program ${seed} end\n`)
  // The engine may give back what nobody uses any more.
  await new Promise(resolve => setImmediate(resolve))
}
finalize()
