import { registerError, SkeinError } from '@skein/base'

/** A transaction and others stood in each other's way: it did nothing. Those that `transaction` runs are tried again before anybody is told. */
export class TransactionConflictError extends SkeinError {
  static {
    registerError(TransactionConflictError, 'TransactionConflictError')
  }
  /** What was in the way, in words. */
  declare readonly reason: string
  declare readonly attempts: number
  constructor(reason: string, attempts = 1, options?: ErrorOptions) {
    const message = `The transaction was tried ${attempts === 1 ? 'once' : `${attempts} times`} and did nothing: ${reason}. Try again later, or touch fewer keys that others change.`
    super('SKEIN_COORD_CONFLICT', message, { reason, attempts }, options)
  }
}

/** The store was asked to commit, and nobody has heard whether it did. */
export class CommitUnknownError extends SkeinError {
  static {
    registerError(CommitUnknownError, 'CommitUnknownError')
  }
  declare readonly keys: readonly string[]
  constructor(keys: readonly string[], cause: unknown) {
    const message = `Whether the transaction that writes ${keys.slice(0, 5).join(', ')}${keys.length > 5 ? ', …' : ''} was committed is not known: the store was asked, and its answer was lost. It was done wholly or not at all; read the keys to see.`
    super('SKEIN_COORD_COMMIT_UNKNOWN', message, { keys: [...keys] }, { cause })
  }
}
