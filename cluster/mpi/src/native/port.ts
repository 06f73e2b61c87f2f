/** A communicator of the library. Ranks, tags and types become the library's; what it says of errors becomes ours. */

import type {
  Collective,
  Matched,
  Neighbors,
  Part,
  Partitioned,
  Pending,
  Persistent,
  Port,
  SendMode,
  SpawnedProgram,
} from '../engine.ts'
import type { FileFlag, FilePort } from '../file/port.ts'
import type { Hints } from '../info.ts'
import type { Status } from '../status.ts'
import type { WindowPlan, WindowPort } from '../window/port.ts'
import * as collectives from './collectives.ts'
import * as dynamic from './dynamic.ts'
import { tellAbort } from './failure.ts'
import { NativeFile } from './file.ts'
import type { Argument, Call } from './functions.ts'
import { withInfo } from './info.ts'
import {
  BufferedSend,
  complete,
  NativeMatched,
  NativePartitioned,
  NativePending,
  NativePersistent,
} from './requests.ts'
import type { Runtime } from './runtime.ts'
import { openNativeWindow } from './window.ts'

export class NativePort implements Port {
  readonly runtime: Runtime
  readonly comm: number
  readonly name: string
  readonly rank: number
  readonly size: number
  readonly remoteSize: number
  #members: readonly number[] | undefined
  #remoteMembers: readonly number[] | undefined

  constructor(runtime: Runtime, comm: number, name: string) {
    const { calls, int, library, family } = runtime
    this.runtime = runtime
    this.comm = comm
    this.name = name
    calls.MPI_Comm_set_errhandler(comm, library.resolve(family.errorsReturn))
    calls.MPI_Comm_rank(comm, int)
    this.rank = int[0]
    calls.MPI_Comm_size(comm, int)
    this.size = int[0]
    calls.MPI_Comm_test_inter(comm, int)
    let remoteSize = 0
    if (int[0] !== 0) {
      calls.MPI_Comm_remote_size(comm, int)
      remoteSize = int[0]
    }
    this.remoteSize = remoteSize
  }

  get members(): readonly number[] {
    this.#members ??= this.#numbers('MPI_Comm_group', this.size)
    return this.#members
  }

  get remoteMembers(): readonly number[] {
    this.#remoteMembers ??= this.remoteSize > 0 ? this.#numbers('MPI_Comm_remote_group', this.remoteSize) : []
    return this.#remoteMembers
  }

  /** Of a group of this communicator, among the processes that are known. */
  #numbers(call: 'MPI_Comm_group' | 'MPI_Comm_remote_group', size: number): readonly number[] {
    const { runtime } = this
    const group = this.#made(call, runtime.calls[call], this.comm)
    try {
      return runtime.processes.numbersOf(group, size, this)
    } finally {
      this.#freeGroup(group)
    }
  }

  #check(code: number, call: string): void {
    if (code !== 0) this.runtime.fail(code, call, this)
  }

  /** Calls what makes a handle, and gives it. */
  #made(call: string, make: Call, ...args: Argument[]): number {
    this.#check(make(...args, this.runtime.cell), call)
    return this.runtime.readHandle()
  }

  #freeGroup(group: number): void {
    this.runtime.writeHandle(group)
    this.runtime.calls.MPI_Group_free(this.runtime.cell)
  }

  // ---- point to point --------------------------------------------------------------------------------------------

  send(mode: SendMode, part: Part, dest: number, tag: number): void {
    const { runtime } = this
    const { calls } = runtime
    const { view, count } = part
    const type = runtime.types.of(part.type)
    const to = dest >= 0 ? dest : runtime.rank(dest)
    let code: number
    if (mode === 'standard') code = calls.MPI_Send(view, count, type, to, tag, this.comm)
    else if (mode === 'synchronous') code = calls.MPI_Ssend(view, count, type, to, tag, this.comm)
    else if (mode === 'ready') code = calls.MPI_Rsend(view, count, type, to, tag, this.comm)
    else return this.#sendCopy(part, to, tag)
    if (code !== 0) runtime.fail(code, 'send', this)
  }

  isend(mode: SendMode, part: Part, dest: number, tag: number): Pending {
    const { runtime } = this
    const { calls } = runtime
    const to = runtime.rank(dest)
    if (mode === 'buffered') {
      this.#sendCopy(part, to, tag)
      return complete
    }
    const start = mode === 'standard' ? calls.MPI_Isend : mode === 'synchronous' ? calls.MPI_Issend : calls.MPI_Irsend
    const code = start(part.view, part.count, runtime.types.of(part.type), to, tag, this.comm, runtime.cell)
    if (code !== 0) runtime.fail(code, 'isend', this)
    return new NativePending(runtime, this, 'isend', part).begin()
  }

  sendInit(mode: SendMode, part: Part, dest: number, tag: number): Persistent {
    const { runtime } = this
    const { calls } = runtime
    const to = runtime.rank(dest)
    if (mode === 'buffered') return new BufferedSend(() => this.#sendCopy(part, to, tag))
    const init =
      mode === 'standard' ? calls.MPI_Send_init : mode === 'synchronous' ? calls.MPI_Ssend_init : calls.MPI_Rsend_init
    const code = init(part.view, part.count, runtime.types.of(part.type), to, tag, this.comm, runtime.cell)
    if (code !== 0) runtime.fail(code, 'sendInit', this)
    return new NativePersistent(runtime, this, 'sendInit', part)
  }

  /**
   * A buffered send is a standard one of a copy. MPI_Bsend would need a buffer attached beforehand, of a size that only the program as a whole
   * knows, and detaching it for a larger one blocks until all that is in it was received.
   */
  #sendCopy(part: Part, to: number, tag: number): void {
    const { runtime } = this
    const copy = this.#pack(part)
    const { calls, types } = runtime
    const code = calls.MPI_Isend(copy, copy.length, types.basic('packed'), to, tag, this.comm, runtime.cell)
    if (code !== 0) runtime.fail(code, 'send', this)
    runtime.leave(new NativePending(runtime, this, 'send', copy).begin())
  }

  #pack({ view, count, type }: Part): Uint8Array {
    const bytes = count * type.size
    if (type.isContiguous) return new Uint8Array(view.buffer, view.byteOffset, bytes).slice()
    const { calls, types, int } = this.runtime
    const handle = types.of(type)
    this.#check(calls.MPI_Pack_size(count, handle, this.comm, int), 'send')
    const packed = new Uint8Array(int[0])
    int[0] = 0
    this.#check(calls.MPI_Pack(view, count, handle, packed, packed.length, int, this.comm), 'send')
    return packed.subarray(0, int[0])
  }

  recv(part: Part, source: number, tag: number, status: Status): void {
    const { runtime } = this
    const from = source >= 0 ? source : runtime.rank(source)
    const kind = tag >= 0 ? tag : runtime.family.anyTag
    const type = runtime.types.of(part.type)
    const code = runtime.calls.MPI_Recv(part.view, part.count, type, from, kind, this.comm, runtime.status)
    if (code !== 0) runtime.fail(code, 'recv', this)
    runtime.fillReceived(status, part)
  }

  irecv(part: Part, source: number, tag: number): Pending {
    const { runtime } = this
    const type = runtime.types.of(part.type)
    const from = runtime.rank(source)
    const { view, count } = part
    const code = runtime.calls.MPI_Irecv(view, count, type, from, runtime.tag(tag), this.comm, runtime.cell)
    if (code !== 0) runtime.fail(code, 'irecv', this)
    return new NativePending(runtime, this, 'irecv', part, part.type).begin()
  }

  recvInit(part: Part, source: number, tag: number): Persistent {
    const { runtime } = this
    const type = runtime.types.of(part.type)
    const from = runtime.rank(source)
    const { view, count } = part
    const code = runtime.calls.MPI_Recv_init(view, count, type, from, runtime.tag(tag), this.comm, runtime.cell)
    if (code !== 0) runtime.fail(code, 'recvInit', this)
    return new NativePersistent(runtime, this, 'recvInit', part, part.type)
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
    const { runtime } = this
    const { types } = runtime
    const code = runtime.calls.MPI_Sendrecv(
      send.view,
      send.count,
      types.of(send.type),
      runtime.rank(dest),
      sendTag,
      recv.view,
      recv.count,
      types.of(recv.type),
      runtime.rank(source),
      runtime.tag(recvTag),
      this.comm,
      runtime.status,
    )
    if (code !== 0) runtime.fail(code, 'sendrecv', this)
    runtime.fill(status, recv.type)
  }

  psendInit(partitions: number, part: Part, dest: number, tag: number): Partitioned {
    const { runtime } = this
    this.#partitioned('psendInit', runtime.calls.MPI_Psend_init, partitions, part, dest, tag)
    return new NativePartitioned(runtime, this, 'psendInit', part)
  }

  precvInit(partitions: number, part: Part, source: number, tag: number): Partitioned {
    const { runtime } = this
    this.#partitioned('precvInit', runtime.calls.MPI_Precv_init, partitions, part, source, tag)
    return new NativePartitioned(runtime, this, 'precvInit', part, part.type)
  }

  /** The part is all partitions; MPI is given the count of one. */
  #partitioned(call: string, init: Call, partitions: number, part: Part, rank: number, tag: number): void {
    const { runtime } = this
    const { view, type } = part
    const count = part.count / partitions
    const args = [view, partitions, count, runtime.types.of(type), runtime.rank(rank), tag, this.comm, runtime.infoNull]
    this.#made(call, init, ...args)
  }

  // ---- probes ----------------------------------------------------------------------------------------------------

  probe(source: number, tag: number, status: Status): void {
    const { runtime } = this
    const code = runtime.calls.MPI_Probe(runtime.rank(source), runtime.tag(tag), this.comm, runtime.status)
    if (code !== 0) runtime.fail(code, 'probe', this)
    runtime.fill(status, undefined)
  }

  iprobe(source: number, tag: number, status: Status): boolean {
    const { runtime } = this
    const from = runtime.rank(source)
    const code = runtime.calls.MPI_Iprobe(from, runtime.tag(tag), this.comm, runtime.int, runtime.status)
    if (code !== 0) runtime.fail(code, 'iprobe', this)
    if (runtime.int[0] === 0) return false
    runtime.fill(status, undefined)
    return true
  }

  mprobe(source: number, tag: number, status: Status): Matched {
    const { runtime } = this
    const from = runtime.rank(source)
    const code = runtime.calls.MPI_Mprobe(from, runtime.tag(tag), this.comm, runtime.cell, runtime.status)
    if (code !== 0) runtime.fail(code, 'mprobe', this)
    runtime.fill(status, undefined)
    return new NativeMatched(runtime, this)
  }

  improbe(source: number, tag: number, status: Status): Matched | undefined {
    const { runtime } = this
    const { calls, int, cell } = runtime
    const code = calls.MPI_Improbe(runtime.rank(source), runtime.tag(tag), this.comm, int, cell, runtime.status)
    if (code !== 0) runtime.fail(code, 'improbe', this)
    if (int[0] === 0) return undefined
    runtime.fill(status, undefined)
    return new NativeMatched(runtime, this)
  }

  // ---- collectives -----------------------------------------------------------------------------------------------

  run(collective: Collective): void {
    collectives.run(this, collective)
  }

  start(collective: Collective): Pending {
    return collectives.start(this, collective)
  }

  init(collective: Collective): Persistent {
    return collectives.init(this, collective)
  }

  // ---- communicators ---------------------------------------------------------------------------------------------

  #port(comm: number, call: string): NativePort {
    return new NativePort(this.runtime, comm, `${call} of ${this.name}`)
  }

  #portUnlessNull(comm: number, call: string): NativePort | undefined {
    return comm === this.runtime.commNull ? undefined : this.#port(comm, call)
  }

  dup(hints?: Hints): Port {
    const { runtime } = this
    const { calls } = runtime
    if (hints === undefined) return this.#port(this.#made('dup', calls.MPI_Comm_dup, this.comm), 'dup')
    return withInfo(runtime, hints, 'dup', this, info =>
      this.#port(this.#made('dup', calls.MPI_Comm_dup_with_info, this.comm, info), 'dup'),
    )
  }

  split(color: number | undefined, key: number): Port | undefined {
    const { calls, family } = this.runtime
    const comm = this.#made('split', calls.MPI_Comm_split, this.comm, color ?? family.undefined, key)
    return this.#portUnlessNull(comm, 'split')
  }

  splitShared(key: number): Port {
    const { calls, family, infoNull } = this.runtime
    const { commTypeShared } = family
    return this.#port(
      this.#made('splitType', calls.MPI_Comm_split_type, this.comm, commTypeShared, key, infoNull),
      'splitType',
    )
  }

  create(ranks: readonly number[]): Port | undefined {
    const group = this.#groupOf(ranks)
    const comm = this.#made('create', this.runtime.calls.MPI_Comm_create, this.comm, group)
    this.#freeGroup(group)
    return this.#portUnlessNull(comm, 'create')
  }

  createGroup(ranks: readonly number[], tag: number): Port | undefined {
    const group = this.#groupOf(ranks)
    const comm = this.#made('createGroup', this.runtime.calls.MPI_Comm_create_group, this.comm, group, tag)
    this.#freeGroup(group)
    return this.#portUnlessNull(comm, 'createGroup')
  }

  #groupOf(ranks: readonly number[]): number {
    const { calls } = this.runtime
    const all = this.#made('group', calls.MPI_Comm_group, this.comm)
    const some = this.#made('group', calls.MPI_Group_incl, all, ranks.length, Int32Array.from(ranks))
    this.#freeGroup(all)
    return some
  }

  intercomm(localLeader: number, peer: Port | undefined, remoteLeader: number, tag: number): Port {
    const { calls, commNull } = this.runtime
    const bridge = peer === undefined ? commNull : (peer as NativePort).comm
    const comm = this.#made('intercomm', calls.MPI_Intercomm_create, this.comm, localLeader, bridge, remoteLeader, tag)
    return this.#port(comm, 'intercomm')
  }

  merge(high: boolean): Port {
    return this.#port(this.#made('merge', this.runtime.calls.MPI_Intercomm_merge, this.comm, high ? 1 : 0), 'merge')
  }

  cart(dims: readonly number[], periods: readonly boolean[], reorder: boolean): Port | undefined {
    const { calls } = this.runtime
    const sizes = Int32Array.from(dims)
    const wraps = Int32Array.from(periods, Number)
    const comm = this.#made('cart', calls.MPI_Cart_create, this.comm, dims.length, sizes, wraps, reorder ? 1 : 0)
    return this.#portUnlessNull(comm, 'cart')
  }

  distGraphAdjacent(topology: Neighbors, reorder: boolean): Port {
    const { calls, infoNull } = this.runtime
    const { sources, destinations, sourceWeights, destinationWeights } = topology
    const comm = this.#made(
      'distGraphAdjacent',
      calls.MPI_Dist_graph_create_adjacent,
      this.comm,
      sources.length,
      Int32Array.from(sources),
      this.#weights(sourceWeights),
      destinations.length,
      Int32Array.from(destinations),
      this.#weights(destinationWeights),
      infoNull,
      reorder ? 1 : 0,
    )
    return this.#port(comm, 'distGraph')
  }

  openFile(path: string, flags: readonly FileFlag[], hints: Hints, name: string): FilePort {
    return NativeFile.open(this, path, flags, hints, name)
  }

  #weights(weights: readonly number[] | undefined): Argument {
    const { family, library } = this.runtime
    if (weights !== undefined && weights.length > 0) return Int32Array.from(weights)
    const special = weights === undefined ? family.unweighted : family.weightsEmpty
    if (typeof special === 'bigint') return special
    return Number(library.koffi.decode(library.handle.symbol(special), 'intptr_t'))
  }

  openWindow(plan: WindowPlan): WindowPort {
    return openNativeWindow(this, plan)
  }

  free(): void {
    const { runtime } = this
    runtime.writeHandle(this.comm)
    this.#check(runtime.calls.MPI_Comm_free(runtime.cell), 'free')
  }

  disconnect(): void {
    const { runtime } = this
    runtime.writeHandle(this.comm)
    this.#check(runtime.calls.MPI_Comm_disconnect(runtime.cell), 'disconnect')
  }

  spawn(programs: readonly SpawnedProgram[], root: number): Port {
    return this.#port(dynamic.spawn(this, programs, root), 'spawn')
  }

  accept(portName: string, hints: Hints, root: number): Port {
    return this.#port(dynamic.meet(this, 'accept', portName, hints, root), 'accept')
  }

  connect(portName: string, hints: Hints, root: number): Port {
    return this.#port(dynamic.meet(this, 'connect', portName, hints, root), 'connect')
  }

  abort(code: number): never {
    tellAbort(code)
    this.runtime.calls.MPI_Abort(this.comm, code)
    process.exit(code)
  }

  // ---- fault tolerance -------------------------------------------------------------------------------------------

  #checkFaultTolerance(call: string): void {
    const reason = this.runtime.library.lacksFaultTolerance
    if (reason !== undefined) this.runtime.notSupported(call, reason)
  }

  revoke(): void {
    this.#checkFaultTolerance('revoke')
    this.#check(this.runtime.calls.MPIX_Comm_revoke(this.comm), 'revoke')
  }

  shrink(): Port {
    this.#checkFaultTolerance('shrink')
    return this.#port(this.#made('shrink', this.runtime.calls.MPIX_Comm_shrink, this.comm), 'shrink')
  }

  agree(flag: number): number {
    this.#checkFaultTolerance('agree')
    const { calls, int } = this.runtime
    int[0] = flag
    this.#check(calls.MPIX_Comm_agree(this.comm, int), 'agree')
    return int[0]
  }

  failed(): readonly number[] {
    this.#checkFaultTolerance('failed')
    const { calls, int } = this.runtime
    this.#check(calls.MPIX_Comm_failure_ack(this.comm), 'failed')
    const gone = this.#made('failed', calls.MPIX_Comm_failure_get_acked, this.comm)
    calls.MPI_Group_size(gone, int)
    const size = int[0]
    const all = this.#made('group', calls.MPI_Comm_group, this.comm)
    const ranks = new Int32Array(size)
    const places = Int32Array.from({ length: size }, (_, place) => place)
    this.#check(calls.MPI_Group_translate_ranks(gone, size, places, all, ranks), 'failed')
    this.#freeGroup(gone)
    this.#freeGroup(all)
    return Array.from(ranks)
  }
}
