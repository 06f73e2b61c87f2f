/** A session of the library. */

import type { Port, SessionPort } from '../engine.ts'
import type { Hints } from '../info.ts'
import type { Caller } from './binding.ts'
import { cString, takeHints, textIn, withInfo } from './info.ts'
import { NativePort } from './port.ts'
import type { Runtime } from './runtime.ts'

const worldSet = 'mpi://WORLD'

export class NativeSession implements SessionPort {
  readonly #runtime: Runtime
  readonly #caller: Caller
  readonly #handle: number
  #isOver = false

  constructor(runtime: Runtime, caller: Caller, hints: Hints) {
    this.#runtime = runtime
    this.#caller = caller
    this.#handle = withInfo(runtime, hints, 'Session', caller, info => {
      const errors = runtime.library.resolve(runtime.family.errorsReturn)
      this.#check(runtime.calls.MPI_Session_init(info, errors, runtime.cell), 'Session')
      return runtime.readHandle()
    })
    runtime.sessions.add(this)
  }

  #check(code: number, call: string): void {
    if (code !== 0) this.#runtime.fail(code, call, this.#caller)
  }

  psets(): readonly string[] {
    const { calls, int, infoNull } = this.#runtime
    this.#check(calls.MPI_Session_get_num_psets(this.#handle, infoNull, int), 'psets')
    return Array.from({ length: int[0] }, (_, nth) => {
      // Asked with no room, it says how much it needs.
      int[0] = 0
      this.#check(calls.MPI_Session_get_nth_pset(this.#handle, infoNull, nth, int, new Uint8Array(1)), 'psets')
      const name = new Uint8Array(int[0] + 1)
      int[0] = name.length
      this.#check(calls.MPI_Session_get_nth_pset(this.#handle, infoNull, nth, int, name), 'psets')
      return textIn(name)
    })
  }

  members(pset: string): readonly number[] {
    const { calls, int, processes } = this.#runtime
    const group = this.#groupOf(pset, 'group')
    try {
      this.#check(calls.MPI_Group_size(group, int), 'group')
      return processes.numbersOf(group, int[0], this.#caller)
    } finally {
      this.#freeGroup(group)
    }
  }

  info(pset: string): Hints {
    const runtime = this.#runtime
    this.#check(runtime.calls.MPI_Session_get_pset_info(this.#handle, cString(pset), runtime.cell), 'info')
    return takeHints(runtime, runtime.readHandle())
  }

  #groupOf(pset: string, call: string): number {
    const { calls, cell } = this.#runtime
    this.#check(calls.MPI_Group_from_session_pset(this.#handle, cString(pset), cell), call)
    return this.#runtime.readHandle()
  }

  #freeGroup(group: number): void {
    this.#runtime.writeHandle(group)
    this.#runtime.calls.MPI_Group_free(this.#runtime.cell)
  }

  /** The group must be one of this session's: the processes of the world are numbered as in its set. */
  comm(members: readonly number[], tag: string, hints: Hints): Port {
    const runtime = this.#runtime
    const { calls, cell, library, family } = runtime
    const all = this.#groupOf(worldSet, 'comm')
    let group: number | undefined
    try {
      this.#check(calls.MPI_Group_incl(all, members.length, Int32Array.from(members), cell), 'comm')
      group = runtime.readHandle()
      const made = group
      const comm = withInfo(runtime, hints, 'comm', this.#caller, info => {
        const errors = library.resolve(family.errorsReturn)
        this.#check(calls.MPI_Comm_create_from_group(made, cString(tag), info, errors, cell), 'comm')
        return runtime.readHandle()
      })
      return new NativePort(runtime, comm, 'a session')
    } finally {
      if (group !== undefined) this.#freeGroup(group)
      this.#freeGroup(all)
    }
  }

  finalize(): void {
    if (this.#isOver) return
    this.#isOver = true
    const runtime = this.#runtime
    runtime.sessions.delete(this)
    runtime.writeHandle(this.#handle)
    this.#check(runtime.calls.MPI_Session_finalize(runtime.cell), 'finalize')
  }
}
