/** The library as the ports of this process share it: bound, with the handles made so far and the requests that are open. */

import { Binding } from './binding.ts'
import { TypeHandles } from './datatypes.ts'
import type { MpiLibrary } from './library.ts'
import { OpHandles } from './ops.ts'
import { Processes } from './processes.ts'

/** A request whose owner does not wait for it. */
interface LeftAlone {
  test(status: undefined): boolean
  wait(status: undefined): void
}

export class Runtime extends Binding {
  readonly types: TypeHandles
  readonly ops: OpHandles
  readonly processes: Processes
  /** Requests under way: they and their buffers must not be collected. */
  readonly open = new Set<object>()
  /** Of them, those nobody waits for: sends that were buffered, requests that were freed. */
  #left: LeftAlone[] = []

  constructor(library: MpiLibrary) {
    super(library)
    this.types = new TypeHandles(this)
    this.ops = new OpHandles(this, this.types)
    this.processes = new Processes(this)
  }

  leave(request: LeftAlone): void {
    this.#left = this.#left.filter(each => !each.test(undefined))
    this.#left.push(request)
  }

  /** Before MPI is finalized. */
  close(): void {
    for (const request of this.#left) request.wait(undefined)
    this.#left = []
    this.types.freeAll()
    this.ops.freeAll()
    this.processes.free()
  }
}
