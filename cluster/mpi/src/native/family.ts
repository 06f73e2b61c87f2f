/**
 * What differs between MPI libraries that have the same functions: how wide a handle is, what the predefined ones are, the numbers
 * of the constants, and where things lie in a status. One table a family, in `families/`:
 *
 * - Open MPI: handles are pointers, predefined ones the addresses of exported variables;
 * - MPICH and what keeps its ABI (Intel MPI, MVAPICH, Cray): handles are ints, predefined ones fixed numbers;
 * - the ABI of MPI-5 (MPI-5.0, chapter 20): handles are pointers, predefined ones fixed small numbers.
 *
 * Handles are JavaScript numbers in all of them: addresses stay below 2^53.
 */

import type { Kind } from '../datatype/datatype.ts'
import type { ErrorClass } from '../errors.ts'
import type { FileFlag, Whence } from '../file/port.ts'
import type { OpName } from '../op.ts'

/** A number, or the name of the variable whose address it is. */
export type Predefined = number | string

export interface Family {
  /** The engine's name. */
  readonly name: 'openmpi' | 'mpich' | 'mpi'
  /** The C type of a handle. */
  readonly handle: 'intptr_t' | 'int'

  readonly commWorld: Predefined
  readonly commSelf: Predefined
  readonly commNull: Predefined
  readonly requestNull: Predefined
  readonly infoNull: Predefined
  readonly errorsReturn: Predefined
  /** Kinds that the library lacks are left out. */
  readonly datatypes: { readonly [kind in Exclude<Kind, 'float16'>]: Predefined } & { readonly float16?: Predefined }
  readonly ops: { readonly [name in OpName]: Predefined }

  // Ranks and tags that stand for none or any.
  readonly anySource: number
  readonly anyTag: number
  readonly procNull: number
  readonly root: number
  readonly undefined: number

  // Addresses that stand for something.
  readonly inPlace: bigint
  /** Names of variables that hold the address, or the address. */
  readonly unweighted: bigint | string
  readonly weightsEmpty: bigint | string

  readonly commTypeShared: number
  /** MPI_MAX_INFO_KEY and MPI_MAX_INFO_VAL. */
  readonly mostInfo: { readonly key: number; readonly value: number }
  /** What files are opened with, and from where pointers are moved. */
  readonly files: {
    readonly flags: { readonly [flag in FileFlag]: number }
    readonly whence: { readonly [whence in Whence]: number }
  }
  readonly tagUb: number
  readonly universeSize: number
  readonly appNumber: number
  /** Bytes of a port's name, with the zero at its end. */
  readonly mostPortName: number
  readonly orders: { readonly C: number; readonly F: number }
  readonly distributions: { readonly block: number; readonly cyclic: number; readonly none: number }
  readonly defaultArgument: number
  /** Thread levels, from single to multiple. */
  readonly threadLevels: readonly [number, number, number, number]

  readonly status: StatusLayout
  readonly errorClasses: { readonly [number: number]: ErrorClass }
}

/** A status as ints. */
export interface StatusLayout {
  readonly ints: number
  readonly source: number
  readonly tag: number
  /** The low half of how many bytes came, and what else is 0 of a short message that came. Undefined: only the library knows. */
  readonly short: readonly [bytes: number, zero: number, alsoZero: number] | undefined
  /** Undefined: the library is asked. */
  readonly bytes: ((ints: Int32Array) => number) | undefined
  readonly isCancelled: ((ints: Int32Array) => boolean) | undefined
}

/** The first have the same numbers in all families. */
export const firstClasses: { readonly [number: number]: ErrorClass } = {
  1: 'MPI_ERR_BUFFER',
  2: 'MPI_ERR_COUNT',
  3: 'MPI_ERR_TYPE',
  4: 'MPI_ERR_TAG',
  5: 'MPI_ERR_COMM',
  6: 'MPI_ERR_RANK',
}

/** What Open MPI and the ABI of MPI-5 number alike. */
export const openClasses: { readonly [number: number]: ErrorClass } = {
  ...firstClasses,
  7: 'MPI_ERR_REQUEST',
  8: 'MPI_ERR_ROOT',
  9: 'MPI_ERR_GROUP',
  10: 'MPI_ERR_OP',
  11: 'MPI_ERR_TOPOLOGY',
  12: 'MPI_ERR_DIMS',
  13: 'MPI_ERR_ARG',
  14: 'MPI_ERR_UNKNOWN',
  15: 'MPI_ERR_TRUNCATE',
  16: 'MPI_ERR_OTHER',
  17: 'MPI_ERR_INTERN',
  20: 'MPI_ERR_ACCESS',
  21: 'MPI_ERR_AMODE',
  22: 'MPI_ERR_ASSERT',
  23: 'MPI_ERR_BAD_FILE',
  24: 'MPI_ERR_BASE',
  25: 'MPI_ERR_CONVERSION',
  26: 'MPI_ERR_DISP',
  27: 'MPI_ERR_DUP_DATAREP',
  28: 'MPI_ERR_FILE_EXISTS',
  29: 'MPI_ERR_FILE_IN_USE',
  30: 'MPI_ERR_FILE',
  31: 'MPI_ERR_INFO_KEY',
  32: 'MPI_ERR_INFO_NOKEY',
  33: 'MPI_ERR_INFO_VALUE',
  34: 'MPI_ERR_INFO',
  35: 'MPI_ERR_IO',
  37: 'MPI_ERR_LOCKTYPE',
  38: 'MPI_ERR_NAME',
  39: 'MPI_ERR_NO_MEM',
  40: 'MPI_ERR_NOT_SAME',
  41: 'MPI_ERR_NO_SPACE',
  42: 'MPI_ERR_NO_SUCH_FILE',
  43: 'MPI_ERR_PORT',
  44: 'MPI_ERR_QUOTA',
  45: 'MPI_ERR_READ_ONLY',
}

/** Those of ROMIO, which both libraries have kept. */
export const romio: Family['files'] = {
  flags: {
    create: 1,
    rdonly: 2,
    wronly: 4,
    rdwr: 8,
    deleteOnClose: 16,
    uniqueOpen: 32,
    excl: 64,
    append: 128,
    sequential: 256,
  },
  whence: { set: 600, current: 602, end: 604 },
}
