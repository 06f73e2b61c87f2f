/** A file of the library. */

import { closeSync, constants, openSync } from 'node:fs'
import { NotSupportedError } from '@skein/base'
import { byte, float64 } from '../datatype/basic.ts'
import type { Collective, Pending, Port } from '../engine.ts'
import { type ErrorClass, MpiError } from '../errors.ts'
import type { DataRepresentation, FileFlag, FilePort, FileView, Transfer, Whence } from '../file/port.ts'
import { named } from '../file/system-errors.ts'
import { FileMap } from '../file/view.ts'
import type { Hints } from '../info.ts'
import { Elements } from '../message/part.ts'
import { refusal } from '../message/refusal.ts'
import { max, sum as plus } from '../op.ts'
import { Status } from '../status.ts'
import type { Caller } from './binding.ts'
import { type FileCalls, fileCalls, type TransferSuffix } from './file-calls.ts'
import { FileDone, FilePending, settle } from './file-pending.ts'
import type { Argument } from './functions.ts'
import { cString, takeHints, withInfo } from './info.ts'
import { NativePending } from './requests.ts'
import type { Runtime } from './runtime.ts'

/** The communicator whose ranks open it. */
interface Members extends Caller {
  readonly runtime: Runtime
  readonly comm: number
  dup(): Port
  run(collective: Collective): void
}

const datareps: readonly DataRepresentation[] = ['native', 'internal', 'external32']

const suffixes: { readonly [place in Transfer['place']]: readonly [one: TransferSuffix, all: TransferSuffix] } = {
  explicit: ['_at', '_at_all'],
  individual: ['', '_all'],
  shared: ['_shared', '_ordered'],
}

/** The hint by which a file has the library's own requests. */
const overlapHint = 'skein_overlap'

/** Counts are ints in MPI. */
const mostCount = 2 ** 31 - 1

const suffixOf = ({ place, isCollective }: Transfer): TransferSuffix => suffixes[place][isCollective ? 1 : 0]

export const deleteFile = (runtime: Runtime, path: string, hints: Hints, rank: number): void => {
  const caller = { rank, name: path }
  withInfo(runtime, hints, 'deleteFile', caller, info => {
    const code = fileCalls(runtime).MPI_File_delete(cString(path), info)
    if (code !== 0) runtime.fail(code, 'deleteFile', caller)
  })
}

export class NativeFile implements FilePort, Caller {
  readonly rank: number
  readonly name: string
  /** The same ranks, by themselves. */
  readonly #members: Port
  readonly #runtime: Runtime
  readonly #calls: FileCalls
  readonly #handle: number
  #map = new FileMap({ displacement: 0, etype: byte, filetype: byte, datarep: 'native' })
  /** Requests go on beside the program. */
  readonly #isOverlapping: boolean
  /** Of a transfer whose first half is over. */
  #half: Status | undefined
  /** An offset or a size that the library writes. */
  readonly #offset = new BigInt64Array(1)

  private constructor(
    members: Port,
    rank: number,
    name: string,
    runtime: Runtime,
    handle: number,
    isOverlapping: boolean,
  ) {
    this.#isOverlapping = isOverlapping
    this.rank = rank
    this.name = name
    this.#members = members
    this.#runtime = runtime
    this.#calls = fileCalls(runtime)
    this.#handle = handle
  }

  static open(comm: Members, path: string, flags: readonly FileFlag[], hints: Hints, name: string): NativeFile {
    const { runtime, rank } = comm
    const caller = { rank, name }
    const mode = flags.reduce((sum, flag) => sum + runtime.family.files.flags[flag], 0)
    checkSame(comm, caller, 'openFile', 'mode', mode)
    // A pointer in every family.
    const handle = new BigInt64Array(1)
    withInfo(runtime, hints, 'openFile', caller, info => {
      const code = fileCalls(runtime).MPI_File_open(comm.comm, cString(path), mode, info, handle)
      if (code === 0) return
      try {
        runtime.fail(code, 'openFile', caller)
      } catch (error) {
        throw explained(error, path, flags, caller)
      }
    })
    return new NativeFile(comm.dup(), rank, name, runtime, Number(handle[0]), hints.get(overlapHint) === 'true')
  }

  #same(call: string, argument: string, value: number): void {
    checkSame(this.#members, this, call, argument, value)
  }

  #check(code: number, call: string): void {
    if (code !== 0) this.#runtime.fail(code, call, this)
  }

  get hints(): Hints {
    const runtime = this.#runtime
    this.#check(this.#calls.MPI_File_get_info(this.#handle, runtime.cell), 'info')
    return takeHints(runtime, runtime.readHandle())
  }

  setHints(hints: Hints): void {
    if (hints.size === 0) return
    withInfo(this.#runtime, hints, 'setInfo', this, info => {
      this.#check(this.#calls.MPI_File_set_info(this.#handle, info), 'setInfo')
    })
  }

  // ---- transfers -------------------------------------------------------------------------------------------------

  /** Arguments up to the type. */
  #layout({ call, place, offset, part }: Transfer): Argument[] {
    const { view, count, type } = part
    if (count > mostCount) {
      const advice = 'Give a datatype of many elements (type.contiguous)'
      throw refusal(this, call, 'MPI_ERR_COUNT', 'count of buffer', `up to ${mostCount}`, count, advice)
    }
    const elements = [view, count, this.#runtime.types.of(type)]
    return place === 'explicit' ? [this.#handle, offset, ...elements] : [this.#handle, ...elements]
  }

  run(given: Transfer, status: Status): void {
    const { transfer, mostBytes } = this.#bounded(given)
    const code = this.#calls[`MPI_File_${transfer.is}${suffixOf(transfer)}`](
      ...this.#layout(transfer),
      this.#runtime.status,
    )
    this.#check(code, transfer.call)
    this.#fill(status, transfer, mostBytes)
  }

  #fill(status: Status, transfer: Transfer, mostBytes: number): void {
    this.#runtime.fill(status, transfer.part.type)
    settle(status, transfer, mostBytes, this)
  }

  /**
   * A read of no more than the file holds. Both libraries say of some short reads that all came that was asked for (Open MPI of collective ones, MPICH of
   * those, and of all through a view with gaps), and MPICH leaves what happened to lie in its own buffers in the user's. Only at the shared
   * pointer a rank cannot know where it is.
   */
  #bounded(transfer: Transfer): { readonly transfer: Transfer; readonly mostBytes: number } {
    const { is, place, isCollective, offset, part } = transfer
    if (is === 'write' || (place === 'shared' && !isCollective)) return { transfer, mostBytes: Infinity }
    const { view, count, type } = part
    const { etypeBytes } = this.#map
    const bytes = count * type.size
    const at =
      place === 'explicit'
        ? offset
        : place === 'individual'
          ? this.position('individual')
          : this.#ordered(bytes / etypeBytes)
    const mostBytes = Math.max(0, this.#map.bytesBefore(this.size()) - at * etypeBytes)
    if (mostBytes >= bytes || place === 'shared') return { transfer, mostBytes }
    let fewer = Math.ceil(mostBytes / type.size)
    while ((fewer * type.size) % etypeBytes !== 0) fewer++
    return { transfer: { ...transfer, part: { view, count: fewer, type } }, mostBytes }
  }

  /** Where this rank begins in a transfer in order: nobody has moved the shared pointer before the first rank takes part in it. */
  #ordered(etypes: number): number {
    const sum = Float64Array.of(etypes + (this.rank === 0 ? this.position('shared') : 0))
    this.#members.run({ is: 'scan', recv: new Elements(sum, 1, float64), op: plus })
    return sum[0] - etypes
  }

  /**
   * Done at once, unless a hint says otherwise: requests of the libraries cannot be trusted when a write fails. MPICH's then never complete, or say that all was
   * written; Open MPI's end the process. Nobody waits for other ranks in them: collective ones are made independently.
   */
  start(given: Transfer): Pending {
    if (!this.#isOverlapping) return this.#done({ ...given, isCollective: false })
    const runtime = this.#runtime
    // Reads of Open MPI never complete if the file ends before; and its collective ones are independent ones all the same.
    const mayHang = given.is === 'read' && runtime.family.name === 'openmpi'
    const { transfer, mostBytes } = this.#bounded(mayHang ? { ...given, isCollective: false } : given)
    const { is, place, part, call } = transfer
    if (mayHang && (place === 'shared' || mostBytes < given.part.count * part.type.size)) return this.#done(transfer)
    const code = this.#calls[`MPI_File_i${is}${suffixOf(transfer)}`](...this.#layout(transfer), runtime.cell)
    this.#check(code, call)
    return new FilePending(new NativePending(runtime, this, call, part, part.type).begin(), transfer, mostBytes, this)
  }

  #done(transfer: Transfer): Pending {
    const status = new Status()
    try {
      this.run(transfer, status)
      return new FileDone(status)
    } catch (error) {
      return new FileDone(status, error)
    }
  }

  /** All of it happens in the first half, as in MPICH; the halves of Open MPI are made of its requests (see `start`). */
  begin(transfer: Transfer): void {
    this.#half = new Status()
    this.run(transfer, this.#half)
  }

  end(_transfer: Transfer, status: Status): void {
    Object.assign(status, this.#half)
  }

  // ---- pointers --------------------------------------------------------------------------------------------------

  seek(place: 'individual' | 'shared', offset: number, whence: Whence): void {
    if (place === 'shared') this.#same('seekShared', 'offset', offset)
    if (whence === 'end') return this.#seekEnd(place, offset)
    const isShared = place === 'shared'
    const seek = isShared ? this.#calls.MPI_File_seek_shared : this.#calls.MPI_File_seek
    const code = seek(this.#handle, offset, this.#runtime.family.files.whence[whence])
    if (code === 0) return
    // Open MPI calls it another error.
    const where = { call: isShared ? 'seekShared' : 'seek', rank: this.rank, comm: this.name }
    throw new MpiError('MPI_ERR_ARG', where, `${offset} lies before the begin of the view`)
  }

  /** Of the end Open MPI thinks as if views had no gaps. */
  #seekEnd(place: 'individual' | 'shared', offset: number): void {
    // Of the shared pointer all have come here, have written what they will, and find the same.
    this.seek(place, this.#map.etypesBefore(this.size()) + offset, 'set')
  }

  position(place: 'individual' | 'shared'): number {
    const isShared = place === 'shared'
    const position = isShared ? this.#calls.MPI_File_get_position_shared : this.#calls.MPI_File_get_position
    this.#check(position(this.#handle, this.#offset), isShared ? 'positionShared' : 'position')
    return Number(this.#offset[0])
  }

  setView(view: FileView, hints: Hints): void {
    const { displacement, etype, filetype, datarep } = view
    const runtime = this.#runtime
    const { types } = runtime
    this.#same('setView', 'the extent of the etype', etype.extent)
    this.#same('setView', 'datarep', datareps.indexOf(datarep))
    withInfo(runtime, hints, 'setView', this, info => {
      const [e, f] = [types.of(etype), types.of(filetype)]
      // Open MPI has no word for its own representation, which is that of memory.
      const word = runtime.family.name === 'openmpi' && datarep === 'internal' ? 'native' : datarep
      this.#check(this.#calls.MPI_File_set_view(this.#handle, displacement, e, f, cString(word), info), 'setView')
    })
    this.#map = new FileMap(view)
  }

  // ---- the file as a whole ---------------------------------------------------------------------------------------

  size(): number {
    this.#check(this.#calls.MPI_File_get_size(this.#handle, this.#offset), 'size')
    return Number(this.#offset[0])
  }

  setSize(bytes: number): void {
    this.#same('setSize', 'bytes', bytes)
    this.#check(this.#calls.MPI_File_set_size(this.#handle, bytes), 'setSize')
  }

  preallocate(bytes: number): void {
    this.#same('preallocate', 'bytes', bytes)
    this.#check(this.#calls.MPI_File_preallocate(this.#handle, bytes), 'preallocate')
  }

  setAtomicity(isAtomic: boolean): void {
    const { family } = this.#runtime
    if (isAtomic && family.name === 'openmpi')
      throw new NotSupportedError(family.name, 'setAtomicity', 'OMPIO takes note of it, and writes as before')
    this.#same('setAtomicity', 'isAtomic', isAtomic ? 1 : 0)
    this.#check(this.#calls.MPI_File_set_atomicity(this.#handle, isAtomic ? 1 : 0), 'setAtomicity')
  }

  /** Once to write its own, and once to see the others' (MPI-4.0, 14.6.1): neither library lets ranks wait for each other in it. */
  sync(): void {
    this.#check(this.#calls.MPI_File_sync(this.#handle), 'sync')
    this.#members.run({ is: 'barrier' })
    this.#check(this.#calls.MPI_File_sync(this.#handle), 'sync')
  }

  close(): void {
    const handle = BigInt64Array.of(BigInt(this.#handle))
    this.#check(this.#calls.MPI_File_close(handle), 'close')
    this.#members.free()
  }
}

/** Whether all ranks give the same, which Open MPI does not see. */
function checkSame(
  members: { run(collective: Collective): void },
  { rank, name }: Caller,
  call: string,
  argument: string,
  value: number,
): void {
  const most = Float64Array.of(value, -value)
  members.run({ is: 'allreduce', recv: new Elements(most, 2, float64), op: max })
  if (most[0] === -most[1]) return
  throw new MpiError('MPI_ERR_NOT_SAME', { call, rank, comm: name }, `${argument} must be the same on all ranks`)
}

/** What a library says of a file that cannot be opened may be no more than that; the system is asked why. */
function explained(error: unknown, path: string, flags: readonly FileFlag[], caller: Caller): unknown {
  if (!(error instanceof MpiError) || !vague.has(error.errorClass)) return error
  const access = flags.includes('rdonly')
    ? constants.O_RDONLY
    : flags.includes('wronly')
      ? constants.O_WRONLY
      : constants.O_RDWR
  try {
    closeSync(openSync(path, access))
    return error
  } catch (cause) {
    return named(cause, 'openFile', caller)
  }
}

const vague: ReadonlySet<ErrorClass> = new Set(['MPI_ERR_OTHER', 'MPI_ERR_UNKNOWN', 'MPI_ERR_IO', 'MPI_ERR_FILE'])
