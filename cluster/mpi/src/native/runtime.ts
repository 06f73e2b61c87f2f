/** The library as the ports of this process share it: bound, with the handles made so far and the requests that are open. */

import type { Collective, Part } from '../engine.ts'
import { keptBytes } from '../message/part.ts'
import type { Op } from '../op.ts'
import { Binding } from './binding.ts'
import { TypeHandles } from './datatypes.ts'
import type { MpiLibrary } from './library.ts'
import { OpHandles } from './ops.ts'
import { Processes } from './processes.ts'

type Reduction = Extract<Collective, { recv: Part; op: Op }>

/** A request whose owner does not wait for it. */
interface LeftAlone {
  test(status: undefined): boolean
  wait(status: undefined): void
}

export class Runtime extends Binding {
  readonly types: TypeHandles
  readonly ops: OpHandles
  readonly processes: Processes
  /** Those that are not over. */
  readonly sessions = new Set<{ finalize(): void }>()
  /** Those that nobody freed: MPICH's UCX ends a process that finalizes with one. */
  readonly windows = new Set<{ release(): void }>()
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

  /** Handles of the last one, which is often the next one too. */
  #reduction: { collective?: Reduction; type: number; op: number } = { type: 0, op: 0 }

  reductionOf(collective: Reduction): { readonly type: number; readonly op: number } {
    if (collective === this.#reduction.collective) return this.#reduction
    const { recv, op } = collective
    const handles = { type: this.types.of(recv.type), op: this.ops.of(op, recv.type) }
    // A long buffer should not be kept for this.
    if (recv.count * recv.type.size <= keptBytes) this.#reduction = { collective, ...handles }
    return handles
  }

  leave(request: LeftAlone): void {
    this.#left = this.#left.filter(each => !each.test(undefined))
    this.#left.push(request)
  }

  /** Before MPI is finalized. */
  close(): void {
    for (const request of this.#left) request.wait(undefined)
    this.#left = []
    for (const window of this.windows) window.release()
    this.types.freeAll()
    this.ops.freeAll()
    this.processes.free()
    for (const session of this.sessions) session.finalize()
  }
}
