/** What every part of a window stands on: its port, its name, what is attached to it, and what becomes of its errors. */

import { ArgumentError } from '@skein/base'
import type { TypedArray } from '@skein/heap'
import { Attributes } from '../comm/attributes.ts'
import { checkedHandler, errorsThrow, type HandlerOf, handled } from '../comm/error-handlers.ts'
import type { Group } from '../comm/group.ts'
import type { Engine } from '../engine.ts'
import { MpiError } from '../errors.ts'
import type { Owner } from '../request/request.ts'
import { Epochs } from './epochs.ts'
import type { WindowFlavor, WindowModel, WindowPort } from './port.ts'

export type WindowErrorHandler = HandlerOf<WindowBase<any>>

/** Of what a window is made, by the communicator that makes it. */
export interface WindowParts<T> {
  readonly port: WindowPort
  readonly engine: Engine
  readonly group: Group
  readonly name: string
  readonly flavor: WindowFlavor
  readonly base: T
}

export abstract class WindowBase<T extends TypedArray | DataView = TypedArray> implements Owner {
  /** In its group. */
  readonly rank: number
  /** The ranks whose memory it is, in the order of the communicator it was made by. */
  readonly group: Group
  /** How it was made (MPI_WIN_CREATE_FLAVOR). */
  readonly flavor: WindowFlavor
  readonly attributes: Attributes<this> = new Attributes(this)
  protected readonly port: WindowPort
  protected readonly engine: Engine
  protected readonly epochs: Epochs = new Epochs()
  readonly #base: T
  #name: string
  #isFree = false
  #errorHandler: WindowErrorHandler = errorsThrow

  /** For this room; users have `comm.window`, `comm.allocateWindow`, `comm.allocateSharedWindow` and `comm.dynamicWindow`. */
  constructor({ port, engine, group, name, flavor, base }: WindowParts<T>) {
    this.port = port
    this.engine = engine
    this.group = group
    this.rank = group.rank!
    this.flavor = flavor
    this.#base = base
    this.#name = port.name = name
  }

  /** This rank's memory (MPI_WIN_BASE). Of a dynamic window, an empty array. */
  get base(): T {
    this.checkLive('base')
    return this.#base
  }

  /** Bytes of this rank's memory (MPI_WIN_SIZE). */
  get sizeBytes(): number {
    return this.port.sizes[this.rank]
  }

  /** Bytes that a displacement to this rank counts (MPI_WIN_DISP_UNIT). */
  get dispUnit(): number {
    return this.port.dispUnits[this.rank]
  }

  /** MPI_WIN_MODEL. */
  get model(): WindowModel {
    return this.port.model
  }

  /** What errors call it. */
  get name(): string {
    return this.#name
  }

  set name(name: string) {
    if (typeof name !== 'string') throw new ArgumentError('window.name', 'the name', 'a string', name)
    this.#name = this.port.name = name
  }

  get isFree(): boolean {
    return this.#isFree
  }

  get errorHandler(): WindowErrorHandler {
    return this.#errorHandler
  }

  /** `errorsThrow`, `errorsAbort`, or a function that hears of each error before it is thrown. */
  set errorHandler(handler: WindowErrorHandler) {
    this.#errorHandler = checkedHandler('window', handler)
  }

  /** For this room: tells the error handler; gives what is to be thrown. */
  failed(error: unknown): unknown {
    return handled(this.#errorHandler, this, error, () => this.engine.world.abort(1))
  }

  protected error(errorClass: MpiError['errorClass'], call: string, problem: string): MpiError {
    return new MpiError(errorClass, { call, rank: this.rank, comm: this.#name }, problem)
  }

  protected checkLive(call: string): void {
    if (this.#isFree) throw this.error('MPI_ERR_WIN', call, 'the window was freed')
  }

  /** @throws MpiError MPI_ERR_RMA_SYNC: the epoch is none in which the call may be made */
  protected checkEpoch(call: string, problem: string | undefined): void {
    if (problem !== undefined) throw this.error('MPI_ERR_RMA_SYNC', call, problem)
  }

  /**
   * All its ranks call it, outside of epochs. The memory that was allocated with it must not be used any more; arrays over it are empty under a library.
   */
  free(): void {
    this.checkLive('free')
    this.checkEpoch('free', this.epochs.free())
    this.attributes.deleteAll()
    this.#isFree = true
    try {
      this.port.free()
    } catch (error) {
      throw this.failed(error)
    }
  }

  [Symbol.dispose](): void {
    if (!this.isFree && !this.engine.isFinalized) this.free()
  }
}
