/**
 * Files that all ranks of a communicator read and write (MPI-4.0, chapter 14). Arguments are checked here, and here alone; what is left is a
 * transfer: elements of a buffer, and where in the view of the file they go.
 */

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { byte } from '../datatype/basic.ts'
import type { Datatype } from '../datatype/datatype.ts'
import { type Hints, hintsOf, type Info } from '../info.ts'
import { checkType } from '../message/part.ts'
import { type Caller, refusal } from '../message/refusal.ts'
import { nameOf, type Openers } from './base.ts'
import { checkedMode, type FileMode } from './mode.ts'
import type { DataRepresentation, FileFlag, FilePort, FileView, Whence } from './port.ts'
import { FileTransfers } from './transfers.ts'
import { FileMap } from './view.ts'

const datareps: readonly DataRepresentation[] = ['native', 'internal', 'external32']

export class MpiFile extends FileTransfers {
  #isAtomic = false

  /** The hints in use, which an engine may have added to. */
  get info(): Hints {
    return this.open('info').hints
  }

  /** Hints for what comes, besides those there are; all ranks call it. An engine may heed some only when the file is opened. */
  setInfo(info: Info): void {
    const port = this.open('setInfo')
    const hints = hintsOf(this, 'setInfo', info)
    this.engine(() => port.setHints(hints))
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
    const port = this.open(call)
    if (this.flags.includes('sequential'))
      throw this.error('MPI_ERR_UNSUPPORTED_OPERATION', call, 'the file was opened as sequential')
    if (whence !== 'set' && whence !== 'current' && whence !== 'end')
      throw refusal(this, call, 'MPI_ERR_ARG', 'whence', "'set', 'current' or 'end'", whence)
    if (whence === 'set') this.checkedOffset(call, 'offset', offset)
    if (!Number.isSafeInteger(offset)) throw refusal(this, call, 'MPI_ERR_ARG', 'offset', 'a whole number', offset)
    this.engine(() => port.seek(place, offset, whence))
  }

  /** Of the rank's own pointer. */
  get position(): number {
    const port = this.open('position')
    return this.engine(() => port.position('individual'))
  }

  get positionShared(): number {
    const port = this.open('positionShared')
    return this.engine(() => port.position('shared'))
  }

  /** The byte of the file that an offset in the view is. */
  byteOffset(offset: number): number {
    this.open('byteOffset')
    this.checkedOffset('byteOffset', 'offset', offset)
    return this.map.byteOf(offset * this.shown.etype.size)
  }

  /** Bytes from one element of a type to the next in the file, in the representation of the view. */
  typeExtent(type: Datatype): number {
    this.open('typeExtent')
    checkType(this, 'typeExtent', 'type', type)
    return type.extent
  }

  // Views.

  get view(): FileView {
    return this.shown
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
    const port = this.open('setView')
    const { datarep = 'native', info } = options
    this.checkedOffset('setView', 'displacement', displacement)
    checkType(this, 'setView', 'etype', etype)
    checkType(this, 'setView', 'filetype', filetype)
    if (!datareps.includes(datarep)) {
      const expected = `one of ${datareps.join(', ')}`
      throw refusal(this, 'setView', 'MPI_ERR_UNSUPPORTED_DATAREP', 'datarep', expected, datarep)
    }
    this.#checkTypes(etype, filetype)
    const hints = hintsOf(this, 'setView', info)
    if (this.half !== undefined) throw this.error('MPI_ERR_OTHER', 'setView', `${this.half.call} has begun`)
    const view = { displacement, etype, filetype, datarep }
    this.engine(() => port.setView(view, hints))
    this.shown = view
    this.map = new FileMap(view)
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
    const port = this.open('size')
    return this.engine(() => port.size())
  }

  /** Cuts or extends the file, as all ranks say. */
  setSize(bytes: number): void {
    const port = this.#writable('setSize')
    this.checkedOffset('setSize', 'bytes', bytes)
    this.engine(() => port.setSize(bytes))
  }

  /** Makes sure that there is room for so many bytes, as all ranks say; a shorter file becomes as long. */
  preallocate(bytes: number): void {
    const port = this.#writable('preallocate')
    this.checkedOffset('preallocate', 'bytes', bytes)
    this.engine(() => port.preallocate(bytes))
  }

  /** Whether a transfer is seen as a whole or not at all by the others that have the file open here. */
  get atomicity(): boolean {
    this.open('atomicity')
    return this.#isAtomic
  }

  /** All ranks call it. */
  setAtomicity(isAtomic: boolean): void {
    const port = this.open('setAtomicity')
    if (typeof isAtomic !== 'boolean')
      throw refusal(this, 'setAtomicity', 'MPI_ERR_ARG', 'isAtomic', 'true or false', isAtomic)
    this.engine(() => port.setAtomicity(isAtomic))
    this.#isAtomic = isAtomic
  }

  /** What was written is on the device when it returns, and seen by whoever reads afterwards. All ranks call it. */
  sync(): void {
    const port = this.open('sync')
    this.engine(() => port.sync())
  }

  /** All ranks call it. Requests must be complete. */
  close(): void {
    const port = this.open('close')
    if (this.half !== undefined)
      throw this.error('MPI_ERR_OTHER', 'close', `${this.half.call} has begun and must be ended first`)
    this.port = undefined
    this.engine(() => port.close())
  }

  [Symbol.dispose](): void {
    if (!this.isClosed) this.close()
  }

  #writable(call: string): FilePort {
    const port = this.open(call)
    if (!this.flags.includes('rdonly')) return port
    throw this.error('MPI_ERR_READ_ONLY', call, 'the file was opened for reading alone')
  }
}

/** A path as a string, absolute: an engine may take a word before a colon for the kind of a file system. */
function checkedPath(caller: Caller, call: string, path: string | URL): { given: string; absolute: string } {
  const given = path instanceof URL && path.protocol === 'file:' ? fileURLToPath(path) : path
  if (typeof given !== 'string' || given === '' || given.includes('\0'))
    throw refusal(caller, call, 'MPI_ERR_BAD_FILE', 'path', 'a string or a URL of a file', path)
  return { given, absolute: resolve(given) }
}

/** For this room; users have `comm.openFile`. */
export function openFile(
  comm: Openers,
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
