/** Errors of message passing. Each carries MPI's name of its class, and which rank, call and communicator it befell. */

import { registerError, SkeinError } from '@skein/base'

/** MPI's error classes (MPI-4.0, 9.4), those that calls here can end with. */
export type ErrorClass =
  | 'MPI_ERR_BUFFER'
  | 'MPI_ERR_COUNT'
  | 'MPI_ERR_TYPE'
  | 'MPI_ERR_TAG'
  | 'MPI_ERR_COMM'
  | 'MPI_ERR_RANK'
  | 'MPI_ERR_REQUEST'
  | 'MPI_ERR_ROOT'
  | 'MPI_ERR_GROUP'
  | 'MPI_ERR_OP'
  | 'MPI_ERR_TOPOLOGY'
  | 'MPI_ERR_DIMS'
  | 'MPI_ERR_ARG'
  | 'MPI_ERR_UNKNOWN'
  | 'MPI_ERR_TRUNCATE'
  | 'MPI_ERR_OTHER'
  | 'MPI_ERR_INTERN'
  | 'MPI_ERR_PENDING'
  | 'MPI_ERR_WIN'
  | 'MPI_ERR_RMA_SYNC'
  | 'MPI_ERR_RMA_RANGE'
  | 'MPI_ERR_INFO'
  | 'MPI_ERR_INFO_KEY'
  | 'MPI_ERR_INFO_VALUE'
  | 'MPI_ERR_INFO_NOKEY'
  | 'MPI_ERR_NO_MEM'
  | 'MPI_ERR_RMA_CONFLICT'
  | 'MPI_ERR_RMA_ATTACH'
  | 'MPI_ERR_RMA_SHARED'
  | 'MPI_ERR_RMA_FLAVOR'
  | 'MPI_ERR_BASE'
  | 'MPI_ERR_SIZE'
  | 'MPI_ERR_DISP'
  | 'MPI_ERR_LOCKTYPE'
  | 'MPI_ERR_ASSERT'
  | 'MPI_ERR_FILE'
  | 'MPI_ERR_NO_SUCH_FILE'
  | 'MPI_ERR_FILE_EXISTS'
  | 'MPI_ERR_FILE_IN_USE'
  | 'MPI_ERR_BAD_FILE'
  | 'MPI_ERR_AMODE'
  | 'MPI_ERR_ACCESS'
  | 'MPI_ERR_READ_ONLY'
  | 'MPI_ERR_NO_SPACE'
  | 'MPI_ERR_QUOTA'
  | 'MPI_ERR_IO'
  | 'MPI_ERR_NOT_SAME'
  | 'MPI_ERR_CONVERSION'
  | 'MPI_ERR_UNSUPPORTED_DATAREP'
  | 'MPI_ERR_UNSUPPORTED_OPERATION'
  | 'MPI_ERR_DUP_DATAREP'
  | 'MPI_ERR_SPAWN'
  | 'MPI_ERR_PORT'
  | 'MPI_ERR_NAME'
  | 'MPI_ERR_SERVICE'
  | 'MPI_ERR_SESSION'
  | 'MPI_ERR_PROC_FAILED'
  | 'MPI_ERR_REVOKED'

/** A call on a communicator, window or file went wrong. */
export class MpiError extends SkeinError {
  static {
    registerError(MpiError, 'MpiError')
  }
  declare readonly errorClass: ErrorClass
  /** `recv` */
  declare readonly call: string
  /** In the communicator. */
  declare readonly rank: number
  /** `world`, or the name it was given. */
  declare readonly comm: string

  /** "recv on rank 1 of world: …" */
  constructor(
    errorClass: ErrorClass,
    { call, rank, comm }: { call: string; rank: number; comm: string },
    problem: string,
    options?: ErrorOptions,
  ) {
    super('SKEIN_MPI', `${call} on rank ${rank} of ${comm}: ${problem}`, { errorClass, call, rank, comm }, options)
  }
}

/** Every rank waits for another, so none will go on. */
export class DeadlockError extends SkeinError {
  static {
    registerError(DeadlockError, 'DeadlockError')
  }
  declare readonly rank: number
  /** By rank of the world: what it waits for, and where. */
  declare readonly waits: readonly string[]

  constructor(rank: number, waits: readonly string[]) {
    const lines = waits.map((wait, other) => `  rank ${other} ${wait}`)
    super('SKEIN_DEADLOCK', `Every rank waits for another:\n${lines.join('\n')}`, { rank, waits })
  }
}
