/** The contract between files as users see them and what carries them out. Everything given has been checked, as in `engine.ts`. */

import type { Datatype } from '../datatype/datatype.ts'
import type { Hints } from '../info.ts'
import type { Status } from '../status.ts'
import type { Part, Pending } from '../transfer.ts'

/** MPI's words for how a file is opened, without MPI_MODE_. */
export type FileFlag =
  | 'rdonly'
  | 'wronly'
  | 'rdwr'
  | 'create'
  | 'excl'
  | 'deleteOnClose'
  | 'uniqueOpen'
  | 'sequential'
  | 'append'

/** How numbers lie in the file: as in memory, or big-endian and the same on every machine (MPI-4.0, 14.5.2). */
export type DataRepresentation = 'native' | 'internal' | 'external32'

/** What a rank sees of a file: from byte `displacement` on the data of the filetype, laid end to end, in units of the etype. */
export interface FileView {
  readonly displacement: number
  readonly etype: Datatype
  readonly filetype: Datatype
  readonly datarep: DataRepresentation
}

/** Where a transfer begins: at an offset that is given, at the rank's own pointer, or at the one that all share. */
export type Place = 'explicit' | 'individual' | 'shared'

export interface Transfer {
  /** The user's call. */
  readonly call: string
  readonly is: 'read' | 'write'
  readonly place: Place
  /** All ranks make it; at the shared pointer, in their order. */
  readonly isCollective: boolean
  /** Of an explicit place: in etypes. */
  readonly offset: number
  readonly part: Part
}

export type Whence = 'set' | 'current' | 'end'

/** An open file. Offsets are in etypes of its view, sizes in bytes. */
export interface FilePort {
  /** Those that are in use. */
  readonly hints: Hints

  run(transfer: Transfer, status: Status): void
  start(transfer: Transfer): Pending
  /** The halves of a collective transfer: one at a time. */
  begin(transfer: Transfer): void
  end(transfer: Transfer, status: Status): void

  /** Of the rank's own pointer, or of the shared one, which all ranks set. */
  seek(place: 'individual' | 'shared', offset: number, whence: Whence): void
  position(place: 'individual' | 'shared'): number

  // All of these are collective, but `size`.
  setHints(hints: Hints): void
  setView(view: FileView, hints: Hints): void
  size(): number
  setSize(bytes: number): void
  preallocate(bytes: number): void
  setAtomicity(isAtomic: boolean): void
  sync(): void
  close(): void
}
