/** What is known of a message: whose it was, and how much of it came. */

import type { Datatype } from './datatype/datatype.ts'
import { countIn, elementsIn } from './datatype/packing.ts'

export class Status {
  source = -1
  tag = -1
  /** Bytes that came. */
  bytes = 0
  isCancelled = false
  /** Elements that came, of the type it was received with; undefined when they are not a whole number of them. */
  count: number | undefined = 0

  /** Elements of a type in what came, or what a probe found (MPI_Get_count); undefined when they are not a whole number of them. */
  countOf(type: Datatype): number | undefined {
    return countIn(this.bytes, type)
  }

  /** Basic elements of a type in what came (MPI_Get_elements); undefined when it ends within one. */
  elementsOf(type: Datatype): number | undefined {
    return elementsIn(this.bytes, type)
  }
}
