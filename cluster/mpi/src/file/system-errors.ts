/** Errors of the system's calls, as MPI has them. */

import { type ErrorClass, MpiError } from '../errors.ts'
import type { Caller } from '../message/refusal.ts'

/** What the system says, as MPI's classes. */
const classes: { readonly [code: string]: ErrorClass } = {
  ENOENT: 'MPI_ERR_NO_SUCH_FILE',
  EEXIST: 'MPI_ERR_FILE_EXISTS',
  EACCES: 'MPI_ERR_ACCESS',
  EPERM: 'MPI_ERR_ACCESS',
  EROFS: 'MPI_ERR_READ_ONLY',
  ENOSPC: 'MPI_ERR_NO_SPACE',
  EDQUOT: 'MPI_ERR_QUOTA',
  EISDIR: 'MPI_ERR_BAD_FILE',
  ENOTDIR: 'MPI_ERR_BAD_FILE',
  ENAMETOOLONG: 'MPI_ERR_BAD_FILE',
  ELOOP: 'MPI_ERR_BAD_FILE',
  EBUSY: 'MPI_ERR_FILE_IN_USE',
  ETXTBSY: 'MPI_ERR_FILE_IN_USE',
  ENOMEM: 'MPI_ERR_NO_MEM',
}

export const classOf = (code: string | undefined): ErrorClass => classes[code ?? ''] ?? 'MPI_ERR_IO'

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).errno === 'number'

/** An error of the system as one of MPI; others stay as they are. */
export const named = (error: unknown, call: string, { rank, name }: Caller): unknown => {
  if (!isSystemError(error)) return error
  return new MpiError(classOf(error.code), { call, rank, comm: name }, error.message, { cause: error })
}

/** Its number, 0 if nothing went wrong. */
export const errnoOf = (does: () => void): number => {
  try {
    does()
    return 0
  } catch (error) {
    if (isSystemError(error)) return error.errno!
    throw error
  }
}
