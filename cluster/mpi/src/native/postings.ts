/**
 * Who has exposed a window to whom, for a library that only counts it. MPICH (4.0 to 5.0, `MPIDIG_mpi_win_start`) waits until as many ranks have posted as the group has: a post that
 * belongs to a later epoch, with another rank, counts too, so that an epoch begins too soon, or never. Here each post is an empty message, which the start that it belongs to receives
 * from that rank; the library is told that nothing is to be checked.
 */

import type { Caller } from './binding.ts'
import type { Runtime } from './runtime.ts'

const tag = 0

export class Postings {
  readonly #runtime: Runtime
  /** Of these messages alone. */
  readonly #comm: number

  /** A call of all ranks of the communicator. */
  constructor(runtime: Runtime, comm: number, call: string, caller: Caller) {
    this.#runtime = runtime
    const code = runtime.calls.MPI_Comm_dup(comm, runtime.cell)
    if (code !== 0) runtime.fail(code, call, caller)
    this.#comm = runtime.readHandle()
  }

  /** Does not wait: the library completes the messages by itself. */
  tell(ranks: readonly number[], caller: Caller): void {
    const { calls, cell, types } = this.#runtime
    for (const rank of ranks) {
      const code = calls.MPI_Isend(null, 0, types.basic('uint8'), rank, tag, this.#comm, cell)
      if (code !== 0) this.#runtime.fail(code, 'post', caller)
      calls.MPI_Request_free(cell)
    }
  }

  /** Returns once each of them has posted. */
  awaitAll(ranks: readonly number[], caller: Caller): void {
    const { calls, status, types } = this.#runtime
    for (const rank of ranks) {
      const code = calls.MPI_Recv(null, 0, types.basic('uint8'), rank, tag, this.#comm, status)
      if (code !== 0) this.#runtime.fail(code, 'start', caller)
    }
  }

  free(): void {
    this.#runtime.writeHandle(this.#comm)
    this.#runtime.calls.MPI_Comm_free(this.#runtime.cell)
  }
}
