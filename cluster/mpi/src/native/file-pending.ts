/** Transfers of the library's files, and what is to be made of what it says of them. */

import { countIn } from '../datatype/packing.ts'
import { MpiError } from '../errors.ts'
import type { Transfer } from '../file/port.ts'
import type { Status } from '../status.ts'
import type { Pending } from '../transfer.ts'
import type { Caller } from './binding.ts'
import type { NativePending } from './requests.ts'

/** A file has no sources and no tags: a library leaves there what it will. */
export function settle(status: Status, { is, call, part }: Transfer, mostBytes: number, { rank, name }: Caller): void {
  status.source = status.tag = -1
  if (status.bytes > mostBytes) {
    status.bytes = mostBytes
    status.count = countIn(mostBytes, part.type)
  }
  // Open MPI says no more of a write that failed.
  const bytes = part.count * part.type.size
  if (is === 'read' || status.bytes >= bytes) return
  const problem = `only ${status.bytes} of ${bytes} bytes were written`
  throw new MpiError('MPI_ERR_IO', { call, rank, comm: name }, problem)
}

export class FilePending implements Pending {
  readonly #pending: NativePending
  readonly #transfer: Transfer
  readonly #mostBytes: number
  readonly #caller: Caller

  constructor(pending: NativePending, transfer: Transfer, mostBytes: number, caller: Caller) {
    this.#pending = pending
    this.#transfer = transfer
    this.#mostBytes = mostBytes
    this.#caller = caller
  }

  test(status: Status): boolean {
    const isDone = this.#pending.test(status)
    if (isDone) settle(status, this.#transfer, this.#mostBytes, this.#caller)
    return isDone
  }

  wait(status: Status): void {
    this.#pending.wait(status)
    settle(status, this.#transfer, this.#mostBytes, this.#caller)
  }

  cancel(): void {
    this.#pending.cancel()
  }

  free(): void {
    this.#pending.free()
  }
}

/** A transfer that was over when it began. */
export class FileDone implements Pending {
  readonly #status: Status
  readonly #error: unknown

  constructor(status: Status, error?: unknown) {
    this.#status = status
    this.#error = error
  }

  test(status: Status): boolean {
    this.wait(status)
    return true
  }

  wait(status: Status): void {
    Object.assign(status, this.#status)
    if (this.#error !== undefined) throw this.#error
  }

  cancel(): void {}
  free(): void {}
}
