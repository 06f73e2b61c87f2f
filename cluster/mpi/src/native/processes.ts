/**
 * Numbers of processes. Those of the world have their ranks; others, which were spawned or connected, get the next numbers as they become
 * known here. The library keeps the list: a group, which grows by union.
 */

import type { Binding, Caller } from './binding.ts'

export class Processes {
  readonly #runtime: Binding
  #known: number | undefined

  constructor(runtime: Binding) {
    this.#runtime = runtime
  }

  /** Of the processes of a group. */
  numbersOf(group: number, size: number, caller: Caller): readonly number[] {
    const runtime = this.#runtime
    const { calls, cell, library, family } = runtime
    const check = (code: number): void => {
      if (code !== 0) runtime.fail(code, 'group', caller)
    }
    if (this.#known === undefined) {
      check(calls.MPI_Comm_group(library.resolve(family.commWorld), cell))
      this.#known = runtime.readHandle()
    }
    const ranks = Int32Array.from({ length: size }, (_, rank) => rank)
    const numbers = new Int32Array(size)
    check(calls.MPI_Group_translate_ranks(group, size, ranks, this.#known, numbers))
    if (!numbers.includes(family.undefined)) return Array.from(numbers)
    const before = this.#known
    check(calls.MPI_Group_union(before, group, cell))
    this.#known = runtime.readHandle()
    runtime.writeHandle(before)
    check(calls.MPI_Group_free(cell))
    check(calls.MPI_Group_translate_ranks(group, size, ranks, this.#known, numbers))
    return Array.from(numbers)
  }

  /** Before MPI is finalized. */
  free(): void {
    if (this.#known === undefined) return
    this.#runtime.writeHandle(this.#known)
    this.#runtime.calls.MPI_Group_free(this.#runtime.cell)
    this.#known = undefined
  }
}
