/** Calls of a window that the library makes of several of its own. */

import type { Datatype } from '../datatype/datatype.ts'
import { kinds } from '../datatype/kinds.ts'
import { gather } from '../datatype/packing.ts'
import type { Status } from '../status.ts'
import type { Part, Pending } from '../transfer.ts'
import type { Argument } from './functions.ts'

/** One call or several, and what is left to do once they are complete. */
export interface Pieces {
  readonly calls: readonly Argument[][]
  readonly unpack?: () => void
}

/** In place, if elements follow one another. */
export const packed = ({ view, count, type }: Part): Uint8Array =>
  type.isContiguous ? new Uint8Array(view.buffer, view.byteOffset, count * type.size) : gather(view, count, type)

/** Calls under way as one. */
export class All implements Pending {
  #left: readonly Pending[]
  readonly #after: (() => void) | undefined

  constructor(pendings: readonly Pending[], after: (() => void) | undefined) {
    this.#left = pendings
    this.#after = after
  }

  test(status: Status): boolean {
    if (this.#left.length > 0) {
      this.#left = this.#left.filter(pending => !pending.test(status))
      if (this.#left.length > 0) return false
      this.#after?.()
    }
    return true
  }

  wait(status: Status): void {
    for (const pending of this.#left) pending.wait(status)
    if (this.#left.length > 0) this.#after?.()
    this.#left = []
  }

  cancel(): void {}

  free(): void {
    for (const pending of this.#left) pending.free()
  }
}

export const hasGap = ({ kind }: Datatype): boolean => {
  const { pair, size, extent } = kinds[kind!]
  return pair !== undefined && size !== extent
}
