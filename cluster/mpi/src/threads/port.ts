/** A communicator of threads. */

import { NotSupportedError } from '@skein/base'
import { Grid } from '../comm/grid.ts'
import { object } from '../datatype/basic.ts'
import { countIn, gather } from '../datatype/packing.ts'
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
  ValuePending,
} from '../engine.ts'
import { MpiError } from '../errors.ts'
import type { FileFlag, FilePort } from '../file/port.ts'
import type { Hints } from '../info.ts'
import { Status } from '../status.ts'
import type { WindowPlan, WindowPort } from '../window/port.ts'
import { Board, newBoard } from './board.ts'
import { algorithmOf } from './collectives/algorithms.ts'
import { algorithmBetween } from './collectives/between.ts'
import { Kit, type Steps } from './collectives/kit.ts'
import { barrier } from './collectives/moves.ts'
import { algorithmAlong, type Edges, edgesOfGraph, edgesOfGrid } from './collectives/neighbors.ts'
import { Schedule } from './collectives/schedule.ts'
import { Shared } from './collectives/shared.ts'
import { allSay, checkRoom, firstSays, grouped, leaderSays, leadersSay, newContexts } from './communicators.ts'
import { type Exchange, Mismatch } from './exchange.ts'
import { ThreadFile } from './file/file.ts'
import { contextsEach, Holdings } from './holdings.ts'
import type { Context, Unexpected } from './matching.ts'
import { Meetings, type Met } from './meetings.ts'
import { PartitionedReceive, PartitionedSend, Pieces } from './partitioned.ts'
import { PersistentCall, TransferPending, ValueTransfer } from './pending.ts'
import { spawnRanks } from './spawn/spawn.ts'
import { bytesOf, Receiving, Sending } from './transfers.ts'
import { ThreadWindow } from './window/window.ts'
import type { Parent } from './world-block.ts'

export class ThreadPort implements Port {
  name?: string
  readonly exchange: Exchange
  readonly rank: number
  readonly size: number
  readonly members: readonly number[]
  readonly remoteMembers: readonly number[]
  /** Of messages between its ranks; the next number is that of its collectives. */
  readonly context: Context
  readonly collectives: Context
  /** Those it sends to: its members, or the remote ones. */
  readonly peers: readonly number[]
  /** Of an intercommunicator: its own group. */
  readonly #local: ThreadPort | undefined
  /** Of a topology. */
  #edges: Edges | undefined
  /** It holds nothing itself. */
  readonly #isBeside: boolean
  /** Collectives so far. */
  #calls = 0
  #shared: Shared | undefined
  readonly #holdings: Holdings
  /** Of partitioned messages. */
  readonly #pieces: Pieces
  // The bytes of the buffers that were used last: making such a view takes as long as sending a short message.
  #sent: ArrayBufferView | undefined
  #sentBytes: Uint8Array = new Uint8Array(0)
  #received: ArrayBufferView | undefined
  #receivedBytes: Uint8Array = new Uint8Array(0)

  /**
   * @param local of an intercommunicator: its own group, which nobody else uses
   * @param holdings of a port beside another: the other's
   */
  constructor(
    exchange: Exchange,
    context: number,
    members: readonly number[],
    remoteMembers: readonly number[] = [],
    local?: ThreadPort,
    holdings?: Holdings,
  ) {
    this.exchange = exchange
    for (const member of members) exchange.reach(member)
    for (const member of remoteMembers) exchange.reach(member)
    this.#local = local
    this.#isBeside = holdings !== undefined
    this.#holdings = holdings ?? new Holdings(context)
    if (holdings === undefined) exchange.holdings.add(this, this.#holdings)
    this.context = exchange.context(context)
    this.collectives = exchange.context(context + 1)
    this.#pieces = new Pieces(this.#holdings.first + 3)
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

  // Point to point.

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

  // Collectives.

  #kit(is: Collective['is']): Kit {
    return new Kit(this.exchange, this.collectives, this.rank, this.peers, this.#calls++, is)
  }

  #steps(collective: Collective): Steps {
    const kit = this.#kit(collective.is)
    if (collective.is.startsWith('neighbor')) return algorithmAlong(kit, this.#edges!, collective)
    return this.#local === undefined ? algorithmOf(kit, collective) : algorithmBetween(kit, collective, this.rank)
  }

  run(collective: Collective): void {
    if (this.size > 1 && this.#local === undefined && Shared.takes(collective, this.size)) {
      try {
        return this.#openShared(collective.is).run(collective)
      } catch (error) {
        throw this.errorOf(error, collective.is)
      }
    }
    const schedule = new Schedule(this, this.#steps(collective), collective.is)
    this.exchange.drive(schedule)
    schedule.wait(unseen)
  }

  /** The board is made when it is first needed, which all ranks see at the same call. */
  #openShared(call: string): Shared {
    if (this.#shared === undefined) {
      const address = firstSays(this, call, () => newBoard(this.size))
      this.#shared = new Shared(new Board(this.exchange, address, this.rank, this.members))
      this.#holdings.board = this.#shared
    }
    return this.#shared
  }

  start(collective: Collective): Pending {
    const schedule = new Schedule(this, this.#steps(collective), collective.is)
    this.exchange.drive(schedule)
    return schedule
  }

  init(collective: Collective): Persistent {
    return new PersistentCall(() => this.start(collective))
  }

  /** Carries out steps that all ranks take. */
  drive(is: Collective['is'], steps: (kit: Kit) => Steps, call: string = is): void {
    const schedule = new Schedule(this, steps(this.#kit(is)), call)
    this.exchange.drive(schedule)
    schedule.wait(unseen)
  }

  /** Carries out steps that only some ranks take, in a place of their own. */
  driveApart(tag: number, steps: (kit: Kit) => Steps): void {
    const kit = Kit.apart(this.exchange, this.collectives, this.rank, this.peers, tag)
    const schedule = new Schedule(this, steps(kit), 'createGroup')
    this.exchange.drive(schedule)
    schedule.wait(unseen)
  }

  // Communicators.

  beside(): ThreadPort {
    const { exchange, members, remoteMembers } = this
    return new ThreadPort(exchange, this.context.number + 2, members, remoteMembers, this.#local, this.#holdings)
  }

  #sub(context: number, ranks: readonly number[]): ThreadPort {
    return new ThreadPort(
      this.exchange,
      context,
      ranks.map(rank => this.members[rank]),
    )
  }

  dup(): ThreadPort {
    checkRoom(this, 'dup')
    if (this.#local !== undefined) return this.#between(this.#local, 0, this, 0)
    const context = firstSays(this, 'dup', () => newContexts(this, 1))
    const copy = new ThreadPort(this.exchange, context, this.members)
    copy.#edges = this.#edges
    return copy
  }

  split(color: number | undefined, key: number): ThreadPort | undefined {
    checkRoom(this, 'split')
    const groups = grouped(allSay(this.#own, 'split', [color === undefined ? 0 : 1, color ?? 0, key]))
    const first = firstSays(this.#own, 'split', () => newContexts(this, groups.length))
    const index = groups.findIndex(group => group.color === color)
    return index < 0 ? undefined : this.#own.#sub(first + contextsEach * index, groups[index].ranks)
  }

  /** Its own group. */
  get #own(): ThreadPort {
    return this.#local ?? this
  }

  splitShared(key: number): ThreadPort {
    return this.split(0, key)!
  }

  create(ranks: readonly number[]): ThreadPort | undefined {
    checkRoom(this, 'create')
    const context = firstSays(this.#own, 'create', () => newContexts(this, 1))
    return ranks.includes(this.rank) ? this.#own.#sub(context, ranks) : undefined
  }

  createGroup(ranks: readonly number[], tag: number): ThreadPort | undefined {
    if (!ranks.includes(this.rank)) return undefined
    checkRoom(this, 'createGroup')
    const context = new Int32Array([this.rank === ranks[0] ? newContexts(this, 1) : 0])
    const bytes = new Uint8Array(context.buffer)
    this.driveApart(tag, function* (kit) {
      if (kit.rank !== ranks[0]) yield kit.receive(ranks[0], bytes)
      else for (const rank of ranks.slice(1)) yield kit.send(rank, bytes)
    })
    return this.#sub(context[0], ranks)
  }

  intercomm(localLeader: number, peer: Port | undefined, remoteLeader: number, tag: number): ThreadPort {
    return this.#between(this, localLeader, peer as ThreadPort | undefined, remoteLeader, tag)
  }

  /** @param peer in which this group's leader finds the other's */
  #between(own: ThreadPort, leader: number, peer: ThreadPort | undefined, other: number, tag = 0): ThreadPort {
    checkRoom(this, 'intercomm')
    const mine = own.rank === leader
    let said: number[] = []
    if (mine) {
      // Of both groups' offers the smaller number is taken; three communicators: between them, and of each group by itself.
      const offer = newContexts(own, 3)
      const heard = leadersSay(peer!, other, tag, [offer, ...own.members])
      said = [Math.min(offer, heard[0]), offer < heard[0] ? 1 : 2, ...heard.slice(1)]
    }
    const [context, place, ...remote] = leaderSays(own, 'intercomm', leader, said)
    const local = new ThreadPort(this.exchange, context + contextsEach * place, own.members)
    return new ThreadPort(this.exchange, context, own.members, remote, local)
  }

  merge(high: boolean): ThreadPort {
    checkRoom(this, 'merge')
    const local = this.#local!
    let said: number[] = []
    if (local.rank === 0) {
      const offer = newContexts(this, 1)
      const [other, otherHigh, otherFirst] = leadersSay(this, 0, 0, [offer, high ? 1 : 0, this.members[0]])
      // Where both say the same, the group whose first process has the lower number comes first.
      const isFirst = (otherHigh === 1) === high ? this.members[0] < otherFirst : !high
      said = [Math.min(offer, other), isFirst ? 1 : 0]
    }
    const [context, isFirst] = leaderSays(local, 'merge', 0, said)
    const [mine, others] = [this.members, this.remoteMembers]
    return new ThreadPort(this.exchange, context, isFirst === 1 ? [...mine, ...others] : [...others, ...mine])
  }

  cart(dims: readonly number[], periods: readonly boolean[], _reorder: boolean): ThreadPort | undefined {
    const size = dims.reduce((product, dim) => product * dim, 1)
    const port = this.create(Array.from({ length: size }, (_, rank) => rank))
    if (port) port.#edges = edgesOfGrid(new Grid(dims, periods).neighbors(port.rank))
    return port
  }

  distGraphAdjacent({ sources, destinations }: Neighbors, _reorder: boolean): ThreadPort {
    const port = this.dup()
    port.#edges = edgesOfGraph(sources, destinations)
    return port
  }

  openWindow(plan: WindowPlan): WindowPort {
    return new ThreadWindow(this, plan)
  }

  openFile(path: string, flags: readonly FileFlag[], hints: Hints, name: string): FilePort {
    return new ThreadFile(this, this.exchange.views, path, flags, hints, name)
  }

  free(): void {
    if (this.#isBeside) return
    this.exchange.holdings.release(this.#holdings)
    this.#local?.free()
  }

  disconnect(): void {
    // All messages have been received then.
    this.drive(
      'barrier',
      this.#local === undefined ? barrier : kit => algorithmBetween(kit, { is: 'barrier' }, this.rank),
      'disconnect',
    )
    this.free()
  }

  /** The root asks for them, and tells the others who they are. */
  spawn(programs: readonly SpawnedProgram[], root: number): ThreadPort {
    let said: number[] = []
    let refused: unknown
    if (this.rank === root) {
      try {
        // Between both groups, of each by itself, and the new world.
        const context = newContexts(this, 4)
        said = [context, ...spawnRanks(this.exchange, programs, { context, members: this.members })]
      } catch (error) {
        refused = this.errorOf(error, 'spawn')
      }
    }
    const [context, ...children] = leaderSays(this, 'spawn', root, said)
    if (refused !== undefined) throw refused
    if (context === undefined) {
      throw this.errorOf(new Mismatch('MPI_ERR_SPAWN', `rank ${root} could not start the ranks`), 'spawn')
    }
    const local = new ThreadPort(this.exchange, context + contextsEach, this.members)
    return new ThreadPort(this.exchange, context, this.members, children, local)
  }

  /** What a rank that was spawned has of those who did it. */
  static toParent(exchange: Exchange, members: readonly number[], { context, members: parents }: Parent): ThreadPort {
    return new ThreadPort(
      exchange,
      context,
      members,
      parents,
      new ThreadPort(exchange, context + 2 * contextsEach, members),
    )
  }

  accept(portName: string, _hints: Hints, root: number): ThreadPort {
    return this.#meet('accept', portName, root)
  }

  connect(portName: string, _hints: Hints, root: number): ThreadPort {
    return this.#meet('connect', portName, root)
  }

  #meet(call: 'accept' | 'connect', portName: string, root: number): ThreadPort {
    if (this.rank !== root) {
      const [isMet] = leaderSays(this, call, root, [])
      if (isMet !== 1) throw this.errorOf(new Mismatch('MPI_ERR_PORT', `rank ${root} found nobody there`), call)
      return this.#between(this, root, undefined, 0)
    }
    const meetings = new Meetings(this.exchange)
    let met: Met
    try {
      met = meetings[call](portName, () => newContexts(this, 1))
    } catch (error) {
      leaderSays(this, call, root, [0])
      throw this.errorOf(error, call)
    }
    leaderSays(this, call, root, [1])
    const both = new ThreadPort(this.exchange, met.context, met.roots)
    const made = this.#between(this, root, both, 1 - both.rank)
    met.leave()
    both.free()
    return made
  }

  abort(code: number): never {
    process.exit(code)
  }

  // Fault tolerance: a rank that is lost ends the others, since all are one process.

  revoke(): never {
    return unsupported('revoke')
  }

  shrink(): never {
    return unsupported('shrink')
  }

  agree(): never {
    return unsupported('agree')
  }

  /** Those that have ended, well or not, while others go on. */
  failed(): readonly number[] {
    return [...this.peers.keys()].filter(rank => this.exchange.hasEnded(this.peers[rank]))
  }
}

const unsupported = (call: string): never => {
  throw new NotSupportedError('threads', call, 'ranks are threads of one process, and end with each other')
}

/** For calls whose status nobody sees. */
const unseen = new Status()
