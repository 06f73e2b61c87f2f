/** The numbers of one-sided communication, by family: from Open MPI's and MPICH's `mpi.h`, and from the ABI of MPI-5. */

import type { Assertions } from '../window/port.ts'
import type { Family } from './family.ts'

export interface WindowConstants {
  readonly exclusive: number
  readonly shared: number
  /** The key of the attribute that holds the memory model, and the value for the unified one. */
  readonly modelKey: number
  readonly unified: number
  readonly assertions: { readonly [name in keyof Assertions]-?: number }
}

export const windowConstants: { readonly [family in Family['name']]: WindowConstants } = {
  openmpi: {
    exclusive: 1,
    shared: 2,
    modelKey: 11,
    unified: 0,
    assertions: { noCheck: 1, noPrecede: 2, noPut: 4, noStore: 8, noSucceed: 16 },
  },
  mpich: {
    exclusive: 234,
    shared: 235,
    modelKey: 0x66000009,
    unified: 2,
    assertions: { noCheck: 1024, noStore: 2048, noPut: 4096, noPrecede: 8192, noSucceed: 16384 },
  },
  mpi: {
    exclusive: 301,
    shared: 302,
    modelKey: 605,
    unified: 321,
    assertions: { noCheck: 1024, noPrecede: 2048, noPut: 4096, noStore: 8192, noSucceed: 16384 },
  },
}

/** As the library has them: bits. */
export function assertionBits({ assertions }: WindowConstants, given: Assertions): number {
  let bits = 0
  for (const name in given) if (given[name as keyof Assertions] === true) bits |= assertions[name as keyof Assertions]
  return bits
}
