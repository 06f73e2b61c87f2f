/** What every part of a communicator stands on: its port, its name, and what becomes of its errors. */

import { ArgumentError } from '@skein/base'
import { MalformedValueError } from '@skein/values'
import type { Engine, Port } from '../engine.ts'
import { MpiError } from '../errors.ts'
import type { Owner } from '../request/request.ts'
import { ValueQueue } from '../request/value-receive.ts'
import { checkedHandler, type ErrorHandler, errorsThrow, handled } from './error-handlers.ts'
import { checkLive, type Member } from './roots.ts'
import { ValueChannel } from './value-collectives.ts'

export abstract class CommBase implements Member, Owner {
  readonly rank: number
  readonly size: number
  /** Of an intercommunicator the size of the other group; else 0. */
  readonly remoteSize: number
  readonly isInter: boolean
  /** For this room. */
  readonly port: Port
  /** For this room. */
  readonly engine: Engine
  /** The engine's, at hand. */
  protected readonly tagUb: number
  /** Whom messages go to: 0 once it is freed, so that no rank is in range. */
  peers: number
  readonly sources: readonly number[] | undefined = undefined
  readonly destinations: readonly number[] | undefined = undefined
  #name: string
  #isFree = false
  #errorHandler: ErrorHandler = errorsThrow
  #values: ValueChannel | undefined
  /** Receives of values that have no message yet. */
  protected readonly valueReceives: ValueQueue

  constructor(port: Port, engine: Engine, name: string) {
    this.port = port
    this.engine = engine
    this.tagUb = engine.tagUb
    this.rank = port.rank
    this.size = port.size
    this.remoteSize = port.remoteSize
    this.isInter = port.remoteSize > 0
    this.peers = this.isInter ? port.remoteSize : port.size
    this.#name = port.name = name
    this.valueReceives = new ValueQueue(port)
  }

  /** What errors call it. */
  get name(): string {
    return this.#name
  }

  set name(name: string) {
    if (typeof name !== 'string') throw new ArgumentError('comm.name', 'the name', 'a string', name)
    this.#name = this.port.name = name
  }

  get isFree(): boolean {
    return this.#isFree
  }

  get errorHandler(): ErrorHandler {
    return this.#errorHandler
  }

  /** `errorsThrow`, `errorsAbort`, or a function that hears of each error before it is thrown. */
  set errorHandler(handler: ErrorHandler) {
    this.#errorHandler = checkedHandler('comm', handler)
  }

  /** For this room: tells the error handler; gives what is to be thrown. @param call in which values are received */
  failed(error: unknown, call?: string): unknown {
    const told = call !== undefined && error instanceof MalformedValueError ? this.#noValue(call, error) : error
    return handled(this.#errorHandler, this, told, () => this.port.abort(1))
  }

  /** No library tells packed values from elements. */
  #noValue(call: string, cause: MalformedValueError): MpiError {
    const problem =
      'what came is no value, as it is when others give arrays to the call, or send an array. Give all the same form, or a buffer to receive into'
    return new MpiError('MPI_ERR_TYPE', { call, rank: this.rank, comm: this.name }, problem, { cause })
  }

  /** For this room: an error of a call on it. */
  error(errorClass: MpiError['errorClass'], call: string, problem: string): MpiError {
    return new MpiError(errorClass, { call, rank: this.rank, comm: this.name }, problem)
  }

  /** Ends all ranks. */
  abort(code = 1): never {
    checkLive(this, 'abort')
    return this.port.abort(code)
  }

  /** A port beside it, for values of calls that do not block. Where an engine has none at hand all ranks make it in their first such call. */
  protected valueChannel(): ValueChannel {
    return (this.#values ??= new ValueChannel(this.port.beside?.() ?? this.port.dup(), this.tagUb))
  }

  /** No call takes it from now on. @param end what becomes of its port */
  protected release(end: (port: Port) => void = port => port.free()): void {
    this.#isFree = true
    this.peers = 0
    this.#values?.queue.port.free()
    end(this.port)
  }
}
