/** What every part of a file stands on: its port, what the rank sees of it, and what becomes of its errors. */

import { checkedHandler, errorsThrow, type HandlerOf, handled } from '../comm/error-handlers.ts'
import type { Group } from '../comm/group.ts'
import type { Member } from '../comm/roots.ts'
import { byte } from '../datatype/basic.ts'
import { MpiError } from '../errors.ts'
import { type Caller, refusal } from '../message/refusal.ts'
import type { Owner } from '../request/request.ts'
import type { FileFlag, FilePort, FileView, Transfer } from './port.ts'
import { FileMap } from './view.ts'

/** Whose ranks open it. */
export interface Openers extends Member {
  readonly group: Group
  failed(error: unknown): unknown
}

export type FileErrorHandler = HandlerOf<FileBase>

/** What errors call a file. */
export const nameOf = (path: string, comm: Caller): string => `${path} of ${comm.name}`

export abstract class FileBase implements Owner {
  /** As it was given. */
  readonly path: string
  readonly rank: number
  /** What errors call it. */
  readonly name: string
  /** The ranks that have it open. */
  readonly group: Group
  /** How it was opened, in MPI's words. */
  readonly flags: readonly FileFlag[]
  readonly #comm: Openers
  protected port: FilePort | undefined
  /** What the rank sees of it. */
  protected shown: FileView = { displacement: 0, etype: byte, filetype: byte, datarep: 'native' }
  protected map: FileMap = new FileMap(this.shown)
  #errorHandler: FileErrorHandler = errorsThrow
  /** A collective transfer between its halves. */
  protected half: Transfer | undefined

  /** For this room; users have `comm.openFile`. */
  constructor(comm: Openers, path: string, flags: readonly FileFlag[], port: FilePort) {
    this.#comm = comm
    this.path = path
    this.rank = comm.rank
    this.name = nameOf(path, comm)
    this.group = comm.group
    this.flags = flags
    this.port = port
  }

  /** All ranks have left it. */
  get isClosed(): boolean {
    return this.port === undefined
  }

  get errorHandler(): FileErrorHandler {
    return this.#errorHandler
  }

  /** `errorsThrow`, `errorsAbort`, or a function that hears of each error before it is thrown. */
  set errorHandler(handler: FileErrorHandler) {
    this.#errorHandler = checkedHandler('file', handler)
  }

  /** For this room: tells the error handler; gives what is to be thrown. */
  failed(error: unknown): unknown {
    return handled(this.#errorHandler, this, error, () => this.#comm.port.abort(1))
  }

  protected open(call: string): FilePort {
    if (this.port !== undefined) return this.port
    throw this.error('MPI_ERR_FILE', call, 'the file was closed')
  }

  protected checkedOffset(call: string, argument: string, offset: number | undefined): number {
    if (Number.isSafeInteger(offset) && offset! >= 0) return offset!
    throw refusal(this, call, 'MPI_ERR_ARG', argument, 'a whole number from 0 on', offset)
  }

  protected error(errorClass: MpiError['errorClass'], call: string, problem: string): MpiError {
    return new MpiError(errorClass, { call, rank: this.rank, comm: this.name }, problem)
  }

  /** What the engine fails with goes to the error handler. */
  protected engine<T>(does: () => T): T {
    try {
      return does()
    } catch (error) {
      throw this.failed(error)
    }
  }
}
