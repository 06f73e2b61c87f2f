/** Requests of the library. Each holds on to the buffers and lists that the library works on until it is complete. */

import type { Datatype } from '../datatype/datatype.ts'
import type { Matched, Part, Partitioned, Pending, Persistent } from '../engine.ts'
import { Status } from '../status.ts'
import type { Caller } from './binding.ts'
import type { Runtime } from './runtime.ts'

export class NativePending implements Pending {
  protected readonly runtime: Runtime
  protected readonly caller: Caller
  protected readonly call: string
  protected handle: number
  /** Of what is received. */
  readonly #type: Datatype | undefined
  /** What the library reads or writes: kept for its own sake. */
  readonly kept: unknown

  /** Takes the request that the call has written to the runtime's cell. */
  constructor(runtime: Runtime, caller: Caller, call: string, kept: unknown, type?: Datatype) {
    this.runtime = runtime
    this.caller = caller
    this.call = call
    this.handle = runtime.readHandle()
    this.kept = kept
    this.#type = type
  }

  /** What is under way is known to the runtime, and so is not collected. */
  begin(): this {
    this.runtime.open.add(this)
    return this
  }

  test(status: Status | undefined): boolean {
    const { runtime } = this
    if (this.handle === runtime.requestNull) return true
    runtime.writeHandle(this.handle)
    const code = runtime.calls.MPI_Test(runtime.cell, runtime.int, runtime.status)
    if (code === 0 && runtime.int[0] === 0) return false
    this.#end(code, status)
    return true
  }

  wait(status: Status | undefined): void {
    const { runtime } = this
    if (this.handle === runtime.requestNull) return
    runtime.writeHandle(this.handle)
    this.#end(runtime.calls.MPI_Wait(runtime.cell, runtime.status), status)
  }

  #end(code: number, status: Status | undefined): void {
    const { runtime } = this
    // Null, but of a persistent one.
    this.handle = runtime.readHandle()
    runtime.open.delete(this)
    if (status !== undefined) runtime.fill(status, this.#type)
    if (code !== 0 || runtime.hasThrown) runtime.fail(code, this.call, this.caller)
  }

  cancel(): void {
    const { runtime } = this
    if (this.handle === runtime.requestNull) return
    runtime.writeHandle(this.handle)
    const code = runtime.calls.MPI_Cancel(runtime.cell)
    if (code !== 0) runtime.fail(code, 'cancel', this.caller)
  }

  free(): void {
    // MPI_Request_free would leave no way to learn when the buffer is no longer used.
    if (!this.test(undefined)) this.runtime.leave(this)
  }
}

export class NativePersistent extends NativePending implements Persistent {
  start(): void {
    const { runtime } = this
    runtime.writeHandle(this.handle)
    const code = runtime.calls.MPI_Start(runtime.cell)
    if (code !== 0) runtime.fail(code, this.call, this.caller)
    this.begin()
  }

  override free(): void {
    const { runtime } = this
    if (this.handle === runtime.requestNull) return
    if (runtime.open.has(this)) {
      runtime.leave({
        test: status => {
          if (runtime.open.has(this) && !this.test(status)) return false
          this.#release()
          return true
        },
        wait: status => {
          this.wait(status)
          this.#release()
        },
      })
    } else this.#release()
  }

  #release(): void {
    const { runtime } = this
    if (this.handle === runtime.requestNull) return
    runtime.writeHandle(this.handle)
    const code = runtime.calls.MPI_Request_free(runtime.cell)
    this.handle = runtime.requestNull
    if (code !== 0) runtime.fail(code, 'free', this.caller)
  }
}

export class NativePartitioned extends NativePersistent implements Partitioned {
  ready(partition: number): void {
    const code = this.runtime.calls.MPI_Pready(partition, this.handle)
    if (code !== 0) this.runtime.fail(code, 'ready', this.caller)
  }

  arrived(partition: number): boolean {
    const code = this.runtime.calls.MPI_Parrived(this.handle, partition, this.runtime.int)
    if (code !== 0) this.runtime.fail(code, 'arrived', this.caller)
    return this.runtime.int[0] !== 0
  }
}

/** A send whose elements were copied: for the one who sent it is complete at once. */
export const complete: Pending = {
  test: status => {
    clear(status)
    return true
  },
  wait: status => clear(status),
  cancel: () => {},
  free: () => {},
}

const empty = new Status()
const clear = (status: Status | undefined): void => {
  if (status !== undefined) Object.assign(status, empty)
}

/** A persistent send that copies its elements each time it is started. */
export class BufferedSend implements Persistent {
  readonly #send: () => void

  constructor(send: () => void) {
    this.#send = send
  }

  start(): void {
    this.#send()
  }

  test(status: Status): boolean {
    clear(status)
    return true
  }

  wait(status: Status): void {
    clear(status)
  }

  cancel(): void {}
  free(): void {}
}

export class NativeMatched implements Matched {
  readonly #runtime: Runtime
  readonly #caller: Caller
  readonly #message: number

  constructor(runtime: Runtime, caller: Caller) {
    this.#runtime = runtime
    this.#caller = caller
    this.#message = runtime.readHandle()
  }

  recv(part: Part, status: Status): void {
    const runtime = this.#runtime
    runtime.writeHandle(this.#message)
    const type = runtime.types.of(part.type)
    const code = runtime.calls.MPI_Mrecv(part.view, part.count, type, runtime.cell, runtime.status)
    if (code !== 0) runtime.fail(code, 'recv', this.#caller)
    runtime.fill(status, part.type)
  }

  irecv(part: Part): Pending {
    const runtime = this.#runtime
    const type = runtime.types.of(part.type)
    const message = runtime.handleArray([this.#message])
    const code = runtime.calls.MPI_Imrecv(part.view, part.count, type, message, runtime.cell)
    if (code !== 0) runtime.fail(code, 'irecv', this.#caller)
    return new NativePending(runtime, this.#caller, 'irecv', part, part.type).begin()
  }
}
