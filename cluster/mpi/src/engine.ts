/**
 * The contract between communicators and what carries their messages. Everything given to an engine has been checked by the caller; an
 * engine reports what only it can see: truncation, types or collectives that do not match, a rank that is gone, and what it cannot do.
 */

import type { Datatype } from './datatype/datatype.ts'
import type { FileFlag, FilePort } from './file/port.ts'
import type { Hints } from './info.ts'
import type { Op } from './op.ts'
import type { Status } from './status.ts'
import type { Part, Pending, Waiter } from './transfer.ts'
import type { WindowPlan, WindowPort } from './window/port.ts'

export type { Part, Pending }

/** A part for each rank: `counts[r]` of `type`, from `displs[r]` extents of the type into the view. */
export interface Parts {
  readonly view: ArrayBufferView
  readonly counts: readonly number[]
  readonly displs: readonly number[]
  readonly type: Datatype
}

/** The same with a type for each rank; displacements are in bytes. */
export interface TypedParts {
  readonly view: ArrayBufferView
  readonly counts: readonly number[]
  readonly displs: readonly number[]
  readonly types: readonly Datatype[]
}

export type SendMode = 'standard' | 'synchronous' | 'buffered' | 'ready'

/**
 * `send` is undefined in place, and where it is not significant; so is `recv` where it is not. As in MPI, the count of a part that holds a share for each
 * rank (or neighbour), as `recv` of a gather or `send` of a scatter, is that of one share; of `reduceScatter`, `send` holds all shares and `recv` its own.
 */
export type Collective =
  | { readonly is: 'barrier' }
  | { readonly is: 'bcast'; readonly part: Part; readonly root: number }
  | { readonly is: 'gather'; readonly send?: Part; readonly recv?: Part; readonly root: number }
  | { readonly is: 'gatherv'; readonly send?: Part; readonly recv?: Parts; readonly root: number }
  | { readonly is: 'scatter'; readonly send?: Part; readonly recv?: Part; readonly root: number }
  | { readonly is: 'scatterv'; readonly send?: Parts; readonly recv?: Part; readonly root: number }
  | {
      readonly is: 'allgather' | 'alltoall' | 'neighborAllgather' | 'neighborAlltoall'
      readonly send?: Part
      readonly recv: Part
    }
  | { readonly is: 'allgatherv' | 'neighborAllgatherv'; readonly send?: Part; readonly recv: Parts }
  | { readonly is: 'alltoallv' | 'neighborAlltoallv'; readonly send?: Parts; readonly recv: Parts }
  | { readonly is: 'alltoallw' | 'neighborAlltoallw'; readonly send?: TypedParts; readonly recv: TypedParts }
  | { readonly is: 'reduce'; readonly send?: Part; readonly recv?: Part; readonly op: Op; readonly root: number }
  | {
      readonly is: 'allreduce' | 'scan' | 'exscan' | 'reduceScatterBlock'
      readonly send?: Part
      readonly recv: Part
      readonly op: Op
    }
  | {
      readonly is: 'reduceScatter'
      readonly send?: Part
      readonly recv: Part
      readonly counts: readonly number[]
      readonly op: Op
    }

/** A value that comes; its bytes, once it is complete. */
export interface ValuePending extends Pending {
  readonly bytes: Uint8Array
}

export interface Persistent extends Pending {
  start(): void
}

export interface Partitioned extends Persistent {
  /** A partition to send may go. */
  ready(partition: number): void
  /** Whether a partition has come. */
  arrived(partition: number): boolean
}

/** A message that a matched probe has taken out of the queue. */
export interface Matched {
  recv(part: Part, status: Status): void
  irecv(part: Part): Pending
}

/**
 * A communicator as an engine has it. Ranks are those of its group, or of its remote group where it has one; messages to and from `procNull` never come here.
 */
export interface Port {
  /** What its errors call it; its communicator sets it. */
  name?: string
  /** Where its calls wait; absent: what they wait for is looked at now and then. */
  readonly waiter?: Waiter
  readonly rank: number
  readonly size: number
  /** Of an intercommunicator; else 0. */
  readonly remoteSize: number
  /** The processes of the local and the remote group, by numbers that are the same on every rank. */
  readonly members: readonly number[]
  readonly remoteMembers: readonly number[]

  send(mode: SendMode, part: Part, dest: number, tag: number): void
  isend(mode: SendMode, part: Part, dest: number, tag: number): Pending
  sendInit(mode: SendMode, part: Part, dest: number, tag: number): Persistent
  recv(part: Part, source: number, tag: number, status: Status): void
  /** A blocking receive of bytes of a value, where there is a short way: how many came, or -1 if it has to be done otherwise. */
  recvShort?(into: Uint8Array, source: number, tag: number, status: Status): number
  irecv(part: Part, source: number, tag: number): Pending
  /** Receives a value, however long it is. Engines that cannot lack it: then its message is looked for whenever the request is. */
  irecvValue?(source: number, tag: number): ValuePending
  recvInit(part: Part, source: number, tag: number): Persistent
  sendrecv(send: Part, dest: number, sendTag: number, recv: Part, source: number, recvTag: number, status: Status): void
  /** The part is all partitions, of equal length. */
  psendInit(partitions: number, part: Part, dest: number, tag: number): Partitioned
  precvInit(partitions: number, part: Part, source: number, tag: number): Partitioned

  /** Blocks until there is one. */
  probe(source: number, tag: number, status: Status): void
  /** Resolves when something may have come, or after so long; the event loop goes on. Left out: the engine cannot tell, and has to be asked. */
  awaken?(mostMs: number): Promise<void>
  iprobe(source: number, tag: number, status: Status): boolean
  /** @param part of which call it is a part, for reports */
  mprobe(source: number, tag: number, status: Status, part?: string): Matched
  improbe(source: number, tag: number, status: Status): Matched | undefined

  run(collective: Collective): void
  start(collective: Collective): Pending
  init(collective: Collective): Persistent

  /** Another of the same ranks for messages that are apart from these, of which nobody is asked; it goes with this one. Absent: it takes a `dup`. */
  beside?(): Port

  // All of these are collective over the port.
  /** @param info none: MPI_Comm_dup, else MPI_Comm_dup_with_info */
  dup(info?: Hints): Port
  /** @param color ranks of one color come together; undefined: into none */
  split(color: number | undefined, key: number): Port | undefined
  /** Ranks that share memory. */
  splitShared(key: number): Port
  /** @param ranks of this port, in the order of the new one; all ranks of the port call it */
  create(ranks: readonly number[]): Port | undefined
  /** Only the ranks of the group call it. */
  createGroup(ranks: readonly number[], tag: number): Port | undefined
  intercomm(localLeader: number, peer: Port | undefined, remoteLeader: number, tag: number): Port
  /** Of an intercommunicator: both groups in one. */
  merge(high: boolean): Port
  cart(dims: readonly number[], periods: readonly boolean[], reorder: boolean): Port | undefined
  distGraphAdjacent(topology: Neighbors, reorder: boolean): Port
  /** Ranks may give it memory of different sizes, and none; the flavor is the same on all. */
  openWindow(plan: WindowPlan): WindowPort
  /**
   * Opens a file of all ranks.
   *
   * @param path absolute
   * @param name what errors call it
   */
  openFile(path: string, flags: readonly FileFlag[], hints: Hints, name: string): FilePort
  free(): void
  abort(code: number): never

  // Dynamic processes. All ranks of the port call these; what is not the root's own is significant there alone.
  /** @returns the intercommunicator to the new ranks */
  spawn(programs: readonly SpawnedProgram[], root: number): Port
  accept(portName: string, hints: Hints, root: number): Port
  connect(portName: string, hints: Hints, root: number): Port
  /** `free`, once all communication on it is over. */
  disconnect(): void

  // Fault tolerance, where the engine has it.
  revoke(): void
  shrink(): Port
  agree(flag: number): number
  failed(): readonly number[]
}

export interface Neighbors {
  readonly sources: readonly number[]
  readonly destinations: readonly number[]
  readonly sourceWeights?: readonly number[]
  readonly destinationWeights?: readonly number[]
}

/** A session as an engine has it. */
export interface SessionPort {
  psets(): readonly string[]
  /** Processes of one of them. */
  members(pset: string): readonly number[]
  /** What the engine says of one. */
  info(pset: string): Hints
  /** Of these processes, which alone call it, with the same tag. */
  comm(members: readonly number[], tag: string, hints: Hints): Port
  finalize(): void
}

/** A program of which so many ranks are started. */
export interface SpawnedProgram {
  /** Absolute. */
  readonly file: string
  readonly args: readonly string[]
  readonly ranks: number
  readonly hints: Hints
}

export type ThreadLevel = 'single' | 'funneled' | 'serialized' | 'multiple'

export interface Engine {
  readonly name: 'threads' | 'openmpi' | 'mpich' | 'mpi'
  /** What the library calls itself. */
  readonly version: string
  /** Of MPI: [4, 0]. */
  readonly standard: readonly [number, number]
  readonly threadLevel: ThreadLevel
  readonly world: Port
  readonly self: Port
  /** The largest tag. */
  readonly tagUb: number
  /** The most elements of one buffer, if that is less than can be. */
  readonly mostCount?: number
  readonly processorName: string
  /** Seconds from some time on, and the resolution of that. */
  wtime(): number
  readonly wtick: number
  /** Zeros, from which messages go with the fewest copies; aligned for every kind of element. */
  allocate(bytes: number): Uint8Array

  /** To those who spawned this rank's world. */
  readonly parent: Port | undefined
  /** How many ranks there may be, where that is known. */
  readonly universeSize: number | undefined
  /** Which of the programs that were started together this is, where that is known. */
  readonly appNumber: number | undefined
  openPort(hints: Hints): string
  closePort(portName: string): void
  publishName(service: string, hints: Hints, portName: string): void
  unpublishName(service: string, hints: Hints, portName: string): void
  lookupName(service: string, hints: Hints): string
  openSession(hints: Hints): SessionPort
  /** @param path absolute */
  deleteFile(path: string, hints: Hints): void
  finalize(): void
  readonly isFinalized: boolean
}
