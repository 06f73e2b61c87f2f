/**
 * What differs between MPI libraries that have the same functions: how wide a handle is, what the predefined ones are, the numbers
 * of the constants, and where things lie in a status. One table a family:
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

const two32 = 2 ** 32

// The first have the same numbers in all of them.
const firstClasses: { readonly [number: number]: ErrorClass } = {
  1: 'MPI_ERR_BUFFER',
  2: 'MPI_ERR_COUNT',
  3: 'MPI_ERR_TYPE',
  4: 'MPI_ERR_TAG',
  5: 'MPI_ERR_COMM',
  6: 'MPI_ERR_RANK',
}

/** Those of ROMIO, which both libraries have kept. */
const romio: Family['files'] = {
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

const openMpi: Family = {
  name: 'openmpi',
  handle: 'intptr_t',
  commWorld: 'ompi_mpi_comm_world',
  commSelf: 'ompi_mpi_comm_self',
  commNull: 'ompi_mpi_comm_null',
  requestNull: 'ompi_request_null',
  infoNull: 'ompi_mpi_info_null',
  errorsReturn: 'ompi_mpi_errors_return',
  datatypes: {
    int8: 'ompi_mpi_int8_t',
    uint8: 'ompi_mpi_uint8_t',
    int16: 'ompi_mpi_int16_t',
    uint16: 'ompi_mpi_uint16_t',
    int32: 'ompi_mpi_int32_t',
    uint32: 'ompi_mpi_uint32_t',
    int64: 'ompi_mpi_int64_t',
    uint64: 'ompi_mpi_uint64_t',
    float32: 'ompi_mpi_float',
    float64: 'ompi_mpi_double',
    complex64: 'ompi_mpi_c_float_complex',
    complex128: 'ompi_mpi_c_double_complex',
    bool: 'ompi_mpi_c_bool',
    byte: 'ompi_mpi_byte',
    packed: 'ompi_mpi_packed',
    object: 'ompi_mpi_byte',
    floatInt: 'ompi_mpi_float_int',
    doubleInt: 'ompi_mpi_double_int',
    longInt: 'ompi_mpi_long_int',
    shortInt: 'ompi_mpi_short_int',
    twoInt: 'ompi_mpi_2int',
    twoDouble: 'ompi_mpi_2dblprec',
    twoFloat: 'ompi_mpi_2real',
  },
  ops: {
    sum: 'ompi_mpi_op_sum',
    prod: 'ompi_mpi_op_prod',
    max: 'ompi_mpi_op_max',
    min: 'ompi_mpi_op_min',
    land: 'ompi_mpi_op_land',
    band: 'ompi_mpi_op_band',
    lor: 'ompi_mpi_op_lor',
    bor: 'ompi_mpi_op_bor',
    lxor: 'ompi_mpi_op_lxor',
    bxor: 'ompi_mpi_op_bxor',
    maxloc: 'ompi_mpi_op_maxloc',
    minloc: 'ompi_mpi_op_minloc',
    replace: 'ompi_mpi_op_replace',
    noOp: 'ompi_mpi_op_no_op',
  },
  anySource: -1,
  anyTag: -1,
  procNull: -2,
  root: -4,
  undefined: -32766,
  inPlace: 1n,
  unweighted: 2n,
  weightsEmpty: 3n,
  commTypeShared: 0,
  mostInfo: { key: 36, value: 256 },
  files: romio,
  tagUb: 0,
  universeSize: 6,
  appNumber: 4,
  mostPortName: 1024,
  orders: { C: 0, F: 1 },
  distributions: { block: 0, cyclic: 1, none: 2 },
  defaultArgument: -1,
  threadLevels: [0, 1, 2, 3],
  // { int MPI_SOURCE, MPI_TAG, MPI_ERROR, _cancelled; size_t _ucount }
  status: {
    ints: 6,
    source: 0,
    tag: 1,
    short: [4, 5, 3],
    bytes: ints => (ints[4] >>> 0) + ints[5] * two32,
    isCancelled: ints => ints[3] !== 0,
  },
  errorClasses: {
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
    19: 'MPI_ERR_PENDING',
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
    46: 'MPI_ERR_RMA_CONFLICT',
    47: 'MPI_ERR_RMA_SYNC',
    48: 'MPI_ERR_SERVICE',
    49: 'MPI_ERR_SIZE',
    50: 'MPI_ERR_SPAWN',
    51: 'MPI_ERR_UNSUPPORTED_DATAREP',
    52: 'MPI_ERR_UNSUPPORTED_OPERATION',
    53: 'MPI_ERR_WIN',
    68: 'MPI_ERR_RMA_RANGE',
    69: 'MPI_ERR_RMA_ATTACH',
    70: 'MPI_ERR_RMA_FLAVOR',
    71: 'MPI_ERR_RMA_SHARED',
    // From version 5 on.
    75: 'MPI_ERR_PROC_FAILED',
    76: 'MPI_ERR_PROC_FAILED',
    77: 'MPI_ERR_REVOKED',
    78: 'MPI_ERR_SESSION',
  },
}

/** Handles of 32 bits; koffi takes them as signed. */
const signed = <T extends { readonly [name: string]: number }>(table: T): T =>
  Object.fromEntries(Object.entries(table).map(([name, handle]) => [name, handle | 0])) as T

const mpich: Family = {
  name: 'mpich',
  handle: 'int',
  commWorld: 0x44000000,
  commSelf: 0x44000001,
  commNull: 0x04000000,
  requestNull: 0x2c000000,
  infoNull: 0x1c000000,
  errorsReturn: 0x54000001,
  datatypes: signed({
    int8: 0x4c000137,
    uint8: 0x4c00013b,
    int16: 0x4c000238,
    uint16: 0x4c00023c,
    int32: 0x4c000439,
    uint32: 0x4c00043d,
    int64: 0x4c00083a,
    uint64: 0x4c00083e,
    float32: 0x4c00040a,
    float64: 0x4c00080b,
    complex64: 0x4c000840,
    complex128: 0x4c001041,
    bool: 0x4c00013f,
    byte: 0x4c00010d,
    packed: 0x4c00010f,
    object: 0x4c00010d,
    floatInt: 0x8c000000,
    doubleInt: 0x8c000001,
    longInt: 0x8c000002,
    shortInt: 0x8c000003,
    twoInt: 0x4c000816,
    twoDouble: 0x4c001023,
    twoFloat: 0x4c000821,
  }),
  ops: {
    max: 0x58000001,
    min: 0x58000002,
    sum: 0x58000003,
    prod: 0x58000004,
    land: 0x58000005,
    band: 0x58000006,
    lor: 0x58000007,
    bor: 0x58000008,
    lxor: 0x58000009,
    bxor: 0x5800000a,
    minloc: 0x5800000b,
    maxloc: 0x5800000c,
    replace: 0x5800000d,
    noOp: 0x5800000e,
  },
  anySource: -2,
  anyTag: -1,
  procNull: -1,
  root: -3,
  undefined: -32766,
  inPlace: 0xffff_ffff_ffff_ffffn,
  unweighted: 'MPI_UNWEIGHTED',
  weightsEmpty: 'MPI_WEIGHTS_EMPTY',
  commTypeShared: 1,
  mostInfo: { key: 255, value: 1024 },
  files: romio,
  tagUb: 0x64400001,
  universeSize: 0x64400009,
  appNumber: 0x6440000d,
  mostPortName: 256,
  orders: { C: 56, F: 57 },
  distributions: { block: 121, cyclic: 122, none: 123 },
  defaultArgument: -49767,
  threadLevels: [0, 1, 2, 3],
  // { int count_lo, count_hi_and_cancelled, MPI_SOURCE, MPI_TAG, MPI_ERROR }
  status: {
    ints: 5,
    source: 2,
    tag: 3,
    short: [0, 1, 1],
    bytes: ints => (ints[0] >>> 0) + (ints[1] >>> 1) * two32,
    isCancelled: ints => (ints[1] & 1) !== 0,
  },
  errorClasses: {
    ...firstClasses,
    7: 'MPI_ERR_ROOT',
    8: 'MPI_ERR_GROUP',
    9: 'MPI_ERR_OP',
    10: 'MPI_ERR_TOPOLOGY',
    11: 'MPI_ERR_DIMS',
    12: 'MPI_ERR_ARG',
    13: 'MPI_ERR_UNKNOWN',
    14: 'MPI_ERR_TRUNCATE',
    15: 'MPI_ERR_OTHER',
    16: 'MPI_ERR_INTERN',
    18: 'MPI_ERR_PENDING',
    19: 'MPI_ERR_REQUEST',
    20: 'MPI_ERR_ACCESS',
    21: 'MPI_ERR_AMODE',
    22: 'MPI_ERR_BAD_FILE',
    23: 'MPI_ERR_CONVERSION',
    24: 'MPI_ERR_DUP_DATAREP',
    25: 'MPI_ERR_FILE_EXISTS',
    26: 'MPI_ERR_FILE_IN_USE',
    27: 'MPI_ERR_FILE',
    28: 'MPI_ERR_INFO',
    29: 'MPI_ERR_INFO_KEY',
    30: 'MPI_ERR_INFO_VALUE',
    31: 'MPI_ERR_INFO_NOKEY',
    32: 'MPI_ERR_IO',
    34: 'MPI_ERR_NO_MEM',
    35: 'MPI_ERR_NOT_SAME',
    36: 'MPI_ERR_NO_SPACE',
    37: 'MPI_ERR_NO_SUCH_FILE',
    33: 'MPI_ERR_NAME',
    38: 'MPI_ERR_PORT',
    39: 'MPI_ERR_QUOTA',
    40: 'MPI_ERR_READ_ONLY',
    41: 'MPI_ERR_SERVICE',
    42: 'MPI_ERR_SPAWN',
    43: 'MPI_ERR_UNSUPPORTED_DATAREP',
    44: 'MPI_ERR_UNSUPPORTED_OPERATION',
    45: 'MPI_ERR_WIN',
    46: 'MPI_ERR_BASE',
    47: 'MPI_ERR_LOCKTYPE',
    49: 'MPI_ERR_RMA_CONFLICT',
    50: 'MPI_ERR_RMA_SYNC',
    51: 'MPI_ERR_SIZE',
    52: 'MPI_ERR_DISP',
    53: 'MPI_ERR_ASSERT',
    55: 'MPI_ERR_RMA_RANGE',
    56: 'MPI_ERR_RMA_ATTACH',
    57: 'MPI_ERR_RMA_SHARED',
    58: 'MPI_ERR_RMA_FLAVOR',
    75: 'MPI_ERR_SESSION',
    101: 'MPI_ERR_PROC_FAILED',
    102: 'MPI_ERR_PROC_FAILED',
    103: 'MPI_ERR_REVOKED',
  },
}

const abi: Family = {
  name: 'mpi',
  handle: 'intptr_t',
  commWorld: 0x101,
  commSelf: 0x102,
  commNull: 0x100,
  requestNull: 0x180,
  infoNull: 0x130,
  errorsReturn: 0x142,
  datatypes: {
    int8: 0x240,
    uint8: 0x241,
    int16: 0x248,
    uint16: 0x249,
    int32: 0x250,
    uint32: 0x251,
    int64: 0x258,
    uint64: 0x259,
    float32: 0x210,
    float64: 0x214,
    complex64: 0x212,
    complex128: 0x216,
    bool: 0x238,
    byte: 0x247,
    packed: 0x207,
    object: 0x247,
    floatInt: 0x228,
    doubleInt: 0x229,
    longInt: 0x22a,
    shortInt: 0x22c,
    twoInt: 0x22b,
    twoDouble: 0x231,
    twoFloat: 0x230,
  },
  ops: {
    sum: 0x21,
    min: 0x22,
    max: 0x23,
    prod: 0x24,
    band: 0x28,
    bor: 0x29,
    bxor: 0x2a,
    land: 0x30,
    lor: 0x31,
    lxor: 0x32,
    minloc: 0x38,
    maxloc: 0x39,
    replace: 0x3c,
    noOp: 0x3d,
  },
  anySource: -1,
  anyTag: -2,
  procNull: -3,
  root: -4,
  undefined: -32766,
  inPlace: 1n,
  unweighted: 10n,
  weightsEmpty: 11n,
  commTypeShared: 221,
  mostInfo: { key: 256, value: 1024 },
  files: {
    flags: {
      append: 1,
      create: 2,
      deleteOnClose: 4,
      excl: 8,
      rdonly: 16,
      rdwr: 32,
      sequential: 64,
      uniqueOpen: 128,
      wronly: 256,
    },
    whence: { set: 401, current: 402, end: 403 },
  },
  tagUb: 501,
  universeSize: 505,
  appNumber: 506,
  mostPortName: 1024,
  orders: { C: 12, F: 15 },
  distributions: { none: 16, block: 17, cyclic: 18 },
  defaultArgument: 19,
  threadLevels: [0, 1024, 2048, 4096],
  // { int MPI_SOURCE, MPI_TAG, MPI_ERROR, MPI_internal[5] }
  status: { ints: 8, source: 0, tag: 1, short: undefined, bytes: undefined, isCancelled: undefined },
  errorClasses: {
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
    18: 'MPI_ERR_PENDING',
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
    46: 'MPI_ERR_RMA_ATTACH',
    47: 'MPI_ERR_RMA_CONFLICT',
    48: 'MPI_ERR_RMA_RANGE',
    49: 'MPI_ERR_RMA_SHARED',
    50: 'MPI_ERR_RMA_SYNC',
    51: 'MPI_ERR_SERVICE',
    52: 'MPI_ERR_SIZE',
    53: 'MPI_ERR_SPAWN',
    54: 'MPI_ERR_UNSUPPORTED_DATAREP',
    55: 'MPI_ERR_UNSUPPORTED_OPERATION',
    56: 'MPI_ERR_WIN',
    57: 'MPI_ERR_RMA_FLAVOR',
    58: 'MPI_ERR_PROC_FAILED',
    60: 'MPI_ERR_SESSION',
  },
}

export const families = { openmpi: openMpi, mpich, mpi: abi }
