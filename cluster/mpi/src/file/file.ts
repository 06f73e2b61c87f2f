/**
 * Files that all ranks of a communicator read and write (MPI-4.0, chapter 14). Arguments are checked here, and here alone; what is left is a
 * transfer: elements of a buffer, and where in the view of the file they go.
 */

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ArgumentError } from '@skein/base'
import { errorsAbort, errorsThrow } from '../comm/error-handlers.ts'
import type { Group } from '../comm/group.ts'
import type { Member } from '../comm/roots.ts'
import { byte } from '../datatype/basic.ts'
import type { Datatype } from '../datatype/datatype.ts'
import { MpiError } from '../errors.ts'
import { type Hints, hintsOf, type Info } from '../info.ts'
import { checkKept, checkType, type Data, partOf } from '../message/part.ts'
import { type Caller, refusal } from '../message/refusal.ts'
import { type Owner, Request } from '../request/request.ts'
import { Status } from '../status.ts'
import type { Part } from '../transfer.ts'
import { checkedMode, type FileMode } from './mode.ts'
import type { DataRepresentation, FileFlag, FilePort, FileView, Place, Transfer, Whence } from './port.ts'
import { FileMap } from './view.ts'

/** Whose ranks open it. */
interface Members extends Member {
  readonly group: Group
  failed(error: unknown): unknown
}

/** A function hears of the error before the call throws it. */
export type FileErrorHandler = typeof errorsThrow | typeof errorsAbort | ((file: MpiFile, error: unknown) => void)

type Kind = Pick<Transfer, 'is' | 'place' | 'isCollective'>

const kind = (is: Kind['is'], place: Place, isCollective = false): Kind => ({ is, place, isCollective })

const kinds = {
  readAt: kind('read', 'explicit'),
  readAtAll: kind('read', 'explicit', true),
  writeAt: kind('write', 'explicit'),
  writeAtAll: kind('write', 'explicit', true),
  read: kind('read', 'individual'),
  readAll: kind('read', 'individual', true),
  write: kind('write', 'individual'),
  writeAll: kind('write', 'individual', true),
  readShared: kind('read', 'shared'),
  readOrdered: kind('read', 'shared', true),
  writeShared: kind('write', 'shared'),
  writeOrdered: kind('write', 'shared', true),
}
type Name = keyof typeof kinds

const datareps: readonly DataRepresentation[] = ['native', 'internal', 'external32']

export class MpiFile implements Owner {
  /** As it was given. */
  readonly path: string
  readonly rank: number
  /** What errors call it. */
  readonly name: string
  /** The ranks that have it open. */
  readonly group: Group
  /** How it was opened, in MPI's words. */
  readonly flags: readonly FileFlag[]
  readonly #comm: Members
  #port: FilePort | undefined
  #view: FileView = { displacement: 0, etype: byte, filetype: byte, datarep: 'native' }
  #map = new FileMap(this.#view)
  #isAtomic = false
  #errorHandler: FileErrorHandler = errorsThrow
  /** A collective transfer between its halves. */
  #half: Transfer | undefined

  /** For this room; users have `comm.openFile`. */
  constructor(comm: Members, path: string, flags: readonly FileFlag[], port: FilePort) {
    this.#comm = comm
    this.path = path
    this.rank = comm.rank
    this.name = nameOf(path, comm)
    this.group = comm.group
    this.flags = flags
    this.#port = port
  }

  /** All ranks have left it. */
  get isClosed(): boolean {
    return this.#port === undefined
  }

  /** The hints in use, which an engine may have added to. */
  get info(): Hints {
    return this.#open('info').hints
  }

  /** Hints for what comes, besides those there are; all ranks call it. An engine may heed some only when the file is opened. */
  setInfo(info: Info): void {
    const port = this.#open('setInfo')
    const hints = hintsOf(this, 'setInfo', info)
    this.#engine(() => port.setHints(hints))
  }

  get errorHandler(): FileErrorHandler {
    return this.#errorHandler
  }

  /** `errorsThrow`, `errorsAbort`, or a function that hears of each error before it is thrown. */
  set errorHandler(handler: FileErrorHandler) {
    if (handler !== errorsThrow && handler !== errorsAbort && typeof handler !== 'function') {
      throw new ArgumentError('file.errorHandler', 'the handler', 'errorsThrow, errorsAbort or a function', handler)
    }
    this.#errorHandler = handler
  }

  /** For this room: tells the error handler; gives what is to be thrown. */
  failed(error: unknown): unknown {
    const handler = this.#errorHandler
    if (handler === errorsAbort) {
      process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
      this.#comm.port.abort(1)
    }
    if (typeof handler === 'function') handler(this, error)
    return error
  }

  // Reading and writing. Each call fills as much of the buffer as the file holds, and says in the status how much that was. Offsets and
  // pointers count etypes of the view, which are bytes until `setView`.

  /** Reads from an offset on. */
  readAt(offset: number, buffer: Data, status?: Status): Status {
    return this.#run('readAt', buffer, status, offset)
  }

  /** The same of all ranks, each with its own offset and buffer. */
  readAtAll(offset: number, buffer: Data, status?: Status): Status {
    return this.#run('readAtAll', buffer, status, offset)
  }

  writeAt(offset: number, buffer: Data, status?: Status): Status {
    return this.#run('writeAt', buffer, status, offset)
  }

  writeAtAll(offset: number, buffer: Data, status?: Status): Status {
    return this.#run('writeAtAll', buffer, status, offset)
  }

  /** Reads from the rank's own pointer on, which moves on behind it. */
  read(buffer: Data, status?: Status): Status {
    return this.#run('read', buffer, status)
  }

  readAll(buffer: Data, status?: Status): Status {
    return this.#run('readAll', buffer, status)
  }

  write(buffer: Data, status?: Status): Status {
    return this.#run('write', buffer, status)
  }

  writeAll(buffer: Data, status?: Status): Status {
    return this.#run('writeAll', buffer, status)
  }

  /** Reads from the pointer on that all ranks share: whoever comes next reads what is behind. Their views must be the same. */
  readShared(buffer: Data, status?: Status): Status {
    return this.#run('readShared', buffer, status)
  }

  /** All ranks, each behind those before it. */
  readOrdered(buffer: Data, status?: Status): Status {
    return this.#run('readOrdered', buffer, status)
  }

  writeShared(buffer: Data, status?: Status): Status {
    return this.#run('writeShared', buffer, status)
  }

  writeOrdered(buffer: Data, status?: Status): Status {
    return this.#run('writeOrdered', buffer, status)
  }

  ireadAt(offset: number, buffer: Data): Request<Status> {
    return this.#start('ireadAt', 'readAt', buffer, offset)
  }

  ireadAtAll(offset: number, buffer: Data): Request<Status> {
    return this.#start('ireadAtAll', 'readAtAll', buffer, offset)
  }

  iwriteAt(offset: number, buffer: Data): Request<Status> {
    return this.#start('iwriteAt', 'writeAt', buffer, offset)
  }

  iwriteAtAll(offset: number, buffer: Data): Request<Status> {
    return this.#start('iwriteAtAll', 'writeAtAll', buffer, offset)
  }

  /** The pointer moves at once. */
  iread(buffer: Data): Request<Status> {
    return this.#start('iread', 'read', buffer)
  }

  ireadAll(buffer: Data): Request<Status> {
    return this.#start('ireadAll', 'readAll', buffer)
  }

  iwrite(buffer: Data): Request<Status> {
    return this.#start('iwrite', 'write', buffer)
  }

  iwriteAll(buffer: Data): Request<Status> {
    return this.#start('iwriteAll', 'writeAll', buffer)
  }

  ireadShared(buffer: Data): Request<Status> {
    return this.#start('ireadShared', 'readShared', buffer)
  }

  iwriteShared(buffer: Data): Request<Status> {
    return this.#start('iwriteShared', 'writeShared', buffer)
  }

  // Collective transfers in two halves, of which a file has one at a time: between them the buffer belongs to the file.

  readAtAllBegin(offset: number, buffer: Data): void {
    this.#begin('readAtAllBegin', 'readAtAll', buffer, offset)
  }

  readAtAllEnd(status?: Status): Status {
    return this.#end('readAtAllEnd', 'readAtAll', status)
  }

  writeAtAllBegin(offset: number, buffer: Data): void {
    this.#begin('writeAtAllBegin', 'writeAtAll', buffer, offset)
  }

  writeAtAllEnd(status?: Status): Status {
    return this.#end('writeAtAllEnd', 'writeAtAll', status)
  }

  readAllBegin(buffer: Data): void {
    this.#begin('readAllBegin', 'readAll', buffer)
  }

  readAllEnd(status?: Status): Status {
    return this.#end('readAllEnd', 'readAll', status)
  }

  writeAllBegin(buffer: Data): void {
    this.#begin('writeAllBegin', 'writeAll', buffer)
  }

  writeAllEnd(status?: Status): Status {
    return this.#end('writeAllEnd', 'writeAll', status)
  }

  readOrderedBegin(buffer: Data): void {
    this.#begin('readOrderedBegin', 'readOrdered', buffer)
  }

  readOrderedEnd(status?: Status): Status {
    return this.#end('readOrderedEnd', 'readOrdered', status)
  }

  writeOrderedBegin(buffer: Data): void {
    this.#begin('writeOrderedBegin', 'writeOrdered', buffer)
  }

  writeOrderedEnd(status?: Status): Status {
    return this.#end('writeOrderedEnd', 'writeOrdered', status)
  }

  #run(name: Name, buffer: Data, status = new Status(), offset?: number): Status {
    const port = this.#open(name)
    const transfer = this.#transfer(name, name, buffer, offset)
    this.#engine(() => port.run(transfer, status))
    return status
  }

  #start(call: string, name: Name, buffer: Data, offset?: number): Request<Status> {
    const port = this.#open(call)
    const transfer = this.#transfer(call, name, buffer, offset)
    checkKept(this, call, transfer.part.view)
    return new Request(
      this,
      call,
      this.#engine(() => port.start(transfer)),
      true,
      new Status(),
    )
  }

  #begin(call: string, name: Name, buffer: Data, offset?: number): void {
    const port = this.#open(call)
    if (this.#half !== undefined)
      throw this.#error('MPI_ERR_OTHER', call, `${this.#half.call} has begun and must be ended first`)
    const transfer = this.#transfer(call, name, buffer, offset)
    checkKept(this, call, transfer.part.view)
    this.#engine(() => port.begin(transfer))
    this.#half = transfer
  }

  #end(call: string, name: Name, status = new Status()): Status {
    const port = this.#open(call)
    const half = this.#half
    if (half?.call !== `${name}Begin`)
      throw this.#error('MPI_ERR_OTHER', call, `${half === undefined ? 'nothing' : half.call} has begun`)
    this.#half = undefined
    this.#engine(() => port.end({ ...half, call }, status))
    return status
  }

  #transfer(call: string, name: Name, buffer: Data, given: number | undefined): Transfer {
    const { is, place, isCollective } = kinds[name]
    const { flags } = this
    if (is === 'read' && flags.includes('wronly'))
      throw this.#error('MPI_ERR_ACCESS', call, 'the file was opened for writing alone')
    if (is === 'write' && flags.includes('rdonly'))
      throw this.#error('MPI_ERR_READ_ONLY', call, 'the file was opened for reading alone')
    if (place !== 'shared' && flags.includes('sequential')) {
      const problem = 'a file that was opened as sequential has only its shared pointer'
      throw this.#error('MPI_ERR_UNSUPPORTED_OPERATION', call, problem)
    }
    const offset = place === 'explicit' ? this.#checkedOffset(call, 'offset', given) : 0
    const part = partOf(this, call, 'buffer', buffer)
    this.#checkElements(call, part)
    if (place === 'explicit') this.#checkReach(call, offset, part)
    return { call, is, place, isCollective, offset, part }
  }

  #checkedOffset(call: string, argument: string, offset: number | undefined): number {
    if (Number.isSafeInteger(offset) && offset! >= 0) return offset!
    throw refusal(this, call, 'MPI_ERR_ARG', argument, 'a whole number from 0 on', offset)
  }

  /** What is transferred are whole etypes. */
  #checkElements(call: string, { count, type }: Part): void {
    const { etype, filetype } = this.#view
    const bytes = count * type.size
    if (bytes === 0) return
    if (filetype.size === 0)
      throw refusal(this, call, 'MPI_ERR_COUNT', 'count of buffer', '0, as the view shows nothing of the file', count)
    if (bytes % etype.size !== 0) {
      const expected = `a whole number of ${etype}, the etype of the view`
      throw refusal(this, call, 'MPI_ERR_COUNT', 'count of buffer', expected, `${count} of ${type}`)
    }
    if (etype.signature === 0 || type.signature === 0 || etype.signature === type.signature) return
    throw refusal(this, call, 'MPI_ERR_TYPE', 'type of buffer', `of ${etype}, the etype of the view`, String(type))
  }

  /** Bytes of a file are counted by numbers that a float holds. */
  #checkReach(call: string, offset: number, { count, type }: Part): void {
    const last = this.#map.byteOf(offset * this.#view.etype.size + count * type.size)
    if (Number.isSafeInteger(last)) return
    throw refusal(this, call, 'MPI_ERR_ARG', 'offset', 'of a byte below 2^53', offset)
  }

  // Pointers.

  /**
   * Moves the rank's own pointer.
   *
   * @param offset in etypes
   * @param whence from the begin of the view, from where the pointer is, or from the file's end
   */
  seek(offset: number, whence: Whence = 'set'): void {
    this.#seek('seek', 'individual', offset, whence)
  }

  /** Moves the shared pointer: all ranks give the same. */
  seekShared(offset: number, whence: Whence = 'set'): void {
    this.#seek('seekShared', 'shared', offset, whence)
  }

  #seek(call: string, place: 'individual' | 'shared', offset: number, whence: Whence): void {
    const port = this.#open(call)
    if (this.flags.includes('sequential'))
      throw this.#error('MPI_ERR_UNSUPPORTED_OPERATION', call, 'the file was opened as sequential')
    if (whence !== 'set' && whence !== 'current' && whence !== 'end')
      throw refusal(this, call, 'MPI_ERR_ARG', 'whence', "'set', 'current' or 'end'", whence)
    if (whence === 'set') this.#checkedOffset(call, 'offset', offset)
    if (!Number.isSafeInteger(offset)) throw refusal(this, call, 'MPI_ERR_ARG', 'offset', 'a whole number', offset)
    this.#engine(() => port.seek(place, offset, whence))
  }

  /** Of the rank's own pointer. */
  get position(): number {
    const port = this.#open('position')
    return this.#engine(() => port.position('individual'))
  }

  get positionShared(): number {
    const port = this.#open('positionShared')
    return this.#engine(() => port.position('shared'))
  }

  /** The byte of the file that an offset in the view is. */
  byteOffset(offset: number): number {
    this.#open('byteOffset')
    this.#checkedOffset('byteOffset', 'offset', offset)
    return this.#map.byteOf(offset * this.#view.etype.size)
  }

  /** Bytes from one element of a type to the next in the file, in the representation of the view. */
  typeExtent(type: Datatype): number {
    this.#open('typeExtent')
    checkType(this, 'typeExtent', 'type', type)
    return type.extent
  }

  // Views.

  get view(): FileView {
    return this.#view
  }

  /**
   * What this rank sees of the file from now on; all ranks call it, and both pointers go to the begin of the view.
   *
   * @param displacement bytes of the file before the view
   * @param etype what offsets count; of the same extent on all ranks
   * @param filetype made of etypes, with displacements that are not negative and do not decrease: it is laid over the file again and again, and what
   * lies in its gaps is not seen
   * @throws MpiError MPI_ERR_TYPE for types that do not go together, MPI_ERR_UNSUPPORTED_DATAREP for an unknown representation
   */
  setView(
    displacement = 0,
    etype: Datatype = byte,
    filetype: Datatype = etype,
    options: { readonly datarep?: DataRepresentation; readonly info?: Info } = {},
  ): void {
    const port = this.#open('setView')
    const { datarep = 'native', info } = options
    this.#checkedOffset('setView', 'displacement', displacement)
    checkType(this, 'setView', 'etype', etype)
    checkType(this, 'setView', 'filetype', filetype)
    if (!datareps.includes(datarep)) {
      const expected = `one of ${datareps.join(', ')}`
      throw refusal(this, 'setView', 'MPI_ERR_UNSUPPORTED_DATAREP', 'datarep', expected, datarep)
    }
    this.#checkTypes(etype, filetype)
    const hints = hintsOf(this, 'setView', info)
    if (this.#half !== undefined) throw this.#error('MPI_ERR_OTHER', 'setView', `${this.#half.call} has begun`)
    const view = { displacement, etype, filetype, datarep }
    this.#engine(() => port.setView(view, hints))
    this.#view = view
    this.#map = new FileMap(view)
  }

  #checkTypes(etype: Datatype, filetype: Datatype): void {
    const refuse = (argument: string, expected: string, found: Datatype) =>
      refusal(this, 'setView', 'MPI_ERR_TYPE', argument, expected, String(found))
    if (etype.size === 0) throw refuse('etype', 'of at least a byte', etype)
    if (filetype.size % etype.size !== 0) throw refuse('filetype', `made of ${etype}, the etype`, filetype)
    if (etype.signature !== 0 && filetype.signature !== 0 && etype.signature !== filetype.signature)
      throw refuse('filetype', `made of ${etype}, the etype`, filetype)
    if (filetype.size === 0) return
    const { offsets } = filetype
    for (let r = 0; r < offsets.length; r++) {
      if (offsets[r] >= (r === 0 ? 0 : offsets[r - 1])) continue
      throw refuse('filetype', 'one whose displacements are not negative and do not decrease', filetype)
    }
    if (filetype.extent <= 0) throw refuse('filetype', 'one whose extent is more than 0', filetype)
  }

  // The file as a whole.

  /** In bytes. */
  get size(): number {
    const port = this.#open('size')
    return this.#engine(() => port.size())
  }

  /** Cuts or extends the file, as all ranks say. */
  setSize(bytes: number): void {
    const port = this.#writable('setSize')
    this.#checkedOffset('setSize', 'bytes', bytes)
    this.#engine(() => port.setSize(bytes))
  }

  /** Makes sure that there is room for so many bytes, as all ranks say; a shorter file becomes as long. */
  preallocate(bytes: number): void {
    const port = this.#writable('preallocate')
    this.#checkedOffset('preallocate', 'bytes', bytes)
    this.#engine(() => port.preallocate(bytes))
  }

  /** Whether a transfer is seen as a whole or not at all by the others that have the file open here. */
  get atomicity(): boolean {
    this.#open('atomicity')
    return this.#isAtomic
  }

  /** All ranks call it. */
  setAtomicity(isAtomic: boolean): void {
    const port = this.#open('setAtomicity')
    if (typeof isAtomic !== 'boolean')
      throw refusal(this, 'setAtomicity', 'MPI_ERR_ARG', 'isAtomic', 'true or false', isAtomic)
    this.#engine(() => port.setAtomicity(isAtomic))
    this.#isAtomic = isAtomic
  }

  /** What was written is on the device when it returns, and seen by whoever reads afterwards. All ranks call it. */
  sync(): void {
    const port = this.#open('sync')
    this.#engine(() => port.sync())
  }

  /** All ranks call it. Requests must be complete. */
  close(): void {
    const port = this.#open('close')
    if (this.#half !== undefined)
      throw this.#error('MPI_ERR_OTHER', 'close', `${this.#half.call} has begun and must be ended first`)
    this.#port = undefined
    this.#engine(() => port.close())
  }

  [Symbol.dispose](): void {
    if (!this.isClosed) this.close()
  }

  #open(call: string): FilePort {
    if (this.#port !== undefined) return this.#port
    throw this.#error('MPI_ERR_FILE', call, 'the file was closed')
  }

  #writable(call: string): FilePort {
    const port = this.#open(call)
    if (!this.flags.includes('rdonly')) return port
    throw this.#error('MPI_ERR_READ_ONLY', call, 'the file was opened for reading alone')
  }

  #error(errorClass: MpiError['errorClass'], call: string, problem: string): MpiError {
    return new MpiError(errorClass, { call, rank: this.rank, comm: this.name }, problem)
  }

  /** What the engine fails with goes to the error handler. */
  #engine<T>(does: () => T): T {
    try {
      return does()
    } catch (error) {
      throw this.failed(error)
    }
  }
}

const nameOf = (path: string, comm: Caller): string => `${path} of ${comm.name}`

/** A path as a string, absolute: an engine may take a word before a colon for the kind of a file system. */
function checkedPath(caller: Caller, call: string, path: string | URL): { given: string; absolute: string } {
  const given = path instanceof URL && path.protocol === 'file:' ? fileURLToPath(path) : path
  if (typeof given !== 'string' || given === '' || given.includes('\0'))
    throw refusal(caller, call, 'MPI_ERR_BAD_FILE', 'path', 'a string or a URL of a file', path)
  return { given, absolute: resolve(given) }
}

/** For this room; users have `comm.openFile`. */
export function openFile(
  comm: Members,
  path: string | URL,
  mode: FileMode | readonly FileFlag[],
  options: { readonly info?: Info } = {},
): MpiFile {
  const { given, absolute } = checkedPath(comm, 'openFile', path)
  const { flags, isEmptied } = checkedMode(comm, 'openFile', mode)
  const hints = hintsOf(comm, 'openFile', options.info)
  const port = comm.port.openFile(absolute, flags, hints, nameOf(given, comm))
  const file = new MpiFile(comm, given, flags, port)
  if (isEmptied) file.setSize(0)
  return file
}

/** For this room; users have `deleteFile`. */
export function pathToDelete(caller: Caller, path: string | URL): string {
  return checkedPath(caller, 'deleteFile', path).absolute
}
