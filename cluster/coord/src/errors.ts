import { registerError, SkeinError } from '@skein/base'

/** A revision that the store has forgotten. */
export class CompactedError extends SkeinError {
  static {
    registerError(CompactedError, 'CompactedError')
  }
  declare readonly asked: number
  declare readonly compacted: number
  constructor(asked: number, compacted: number) {
    const message = `Revision ${asked} was asked for, but what was before revision ${compacted} is forgotten. Read what is there now, and watch from its revision on.`
    super('SKEIN_COORD_COMPACTED', message, { asked, compacted })
  }
}

/** A revision that is yet to come. */
export class FutureRevisionError extends SkeinError {
  static {
    registerError(FutureRevisionError, 'FutureRevisionError')
  }
  declare readonly asked: number
  declare readonly revision: number
  constructor(asked: number, revision: number) {
    super(
      'SKEIN_COORD_FUTURE',
      `Revision ${asked} was asked for, but the last one is ${revision}. Is it another store's?`,
      { asked, revision },
    )
  }
}

/** A lease that is not there: it ran out, was revoked, or is another store's. */
export class LeaseNotFoundError extends SkeinError {
  static {
    registerError(LeaseNotFoundError, 'LeaseNotFoundError')
  }
  declare readonly lease: string
  constructor(lease: string) {
    super(
      'SKEIN_COORD_NO_LEASE',
      `There is no lease ${lease}: it ran out or was revoked. Take another, and put its keys again.`,
      { lease },
    )
  }
}

/** A lease that was held may have ended: whoever relied on it must stop. */
export class LeaseLostError extends SkeinError {
  static {
    registerError(LeaseLostError, 'LeaseLostError')
  }
  declare readonly lease: string
  constructor(lease: string, reason: string, options?: ErrorOptions) {
    super(
      'SKEIN_COORD_LEASE_LOST',
      `Lease ${lease} is lost: ${reason}. Stop what depends on it; others may have begun.`,
      { lease },
      options,
    )
  }
}

/** What is stored under a key is not what belongs there. */
export class StoredValueError extends SkeinError {
  static {
    registerError(StoredValueError, 'StoredValueError')
  }
  declare readonly key: string
  constructor(key: string, reason: string, options?: ErrorOptions) {
    const message = `What is stored under ${key} is not what belongs there: ${reason}. Look what wrote it; put it right, or delete it.`
    super('SKEIN_COORD_VALUE', message, { key }, options)
  }
}

/** The store was closed. */
export class StoreClosedError extends SkeinError {
  static {
    registerError(StoreClosedError, 'StoreClosedError')
  }
  constructor(url: string, options?: ErrorOptions) {
    super('SKEIN_COORD_CLOSED', `The store ${url} was closed. Open it again.`, {}, options)
  }
}

/** The file of a store: what SQLite says of it, and what to do. */
export class StoreFileError extends SkeinError {
  static {
    registerError(StoreFileError, 'StoreFileError')
  }
  declare readonly path: string
  /** SQLite's number: 11 and 26 is a file that is none, 13 a disk that is full, 5 another process that holds it too long. */
  declare readonly sqliteCode: number
  constructor(path: string, asked: string, cause: Error) {
    const sqliteCode = ((cause as { errcode?: number }).errcode ?? 0) & 0xff
    const advice = advices[sqliteCode] ?? 'Check the path, its permissions and the disk.'
    super(
      'SKEIN_COORD_FILE',
      `Store ${path}: could not ${asked}: ${cause.message}. ${advice}`,
      { path, sqliteCode },
      { cause },
    )
  }
}

const advices: Record<number, string> = {
  5: 'Another process holds it for too long; look which one, and whether it stands still.',
  8: 'It cannot be written; check its permissions and those of its folder.',
  11: 'It is damaged. Move it away, and restore it from a copy, or begin with a new one.',
  13: 'The disk is full. What was not acknowledged was not done; make room, and try again.',
  14: 'It cannot be opened; check that its folder is there, and its permissions.',
  26: 'It is a file of something else. Give another path.',
}

/** No server of the store did what was asked in time; it was not done, or it only read. */
export class StoreUnavailableError extends SkeinError {
  static {
    registerError(StoreUnavailableError, 'StoreUnavailableError')
  }
  declare readonly url: string
  declare readonly asked: string
  declare readonly limitMs: number
  /** What was found at each server that was asked, by its address. */
  declare readonly reasons: Readonly<Record<string, string>>
  /** Whether a server said that there is no leader: it does not reach a majority of the others. */
  declare readonly hasNoQuorum: boolean
  constructor(
    url: string,
    asked: string,
    limitMs: number,
    reasons: Readonly<Record<string, string>>,
    hasNoQuorum: boolean,
  ) {
    const found = Object.entries(reasons).map(([address, reason]) => `${address}: ${reason}`)
    const advice = hasNoQuorum
      ? 'It has no quorum: a majority of its servers must run and reach each other.'
      : found.some(reason => reason.includes('certificate'))
        ? 'Give who signed its certificate (tls.ca), and the name that is in it (tls.serverName).'
        : 'Check that its servers run, that they can be reached from here, and on both sides whether TLS is spoken.'
    super(
      'SKEIN_COORD_UNAVAILABLE',
      `Store ${url} could not ${asked} within ${Math.round(limitMs)} ms (${found.join('; ')}). ${advice}`,
      { url, asked, limitMs, reasons, hasNoQuorum },
    )
  }
}

/** A change was sent, and then nothing was heard of it. */
export class UnknownOutcomeError extends SkeinError {
  static {
    registerError(UnknownOutcomeError, 'UnknownOutcomeError')
  }
  declare readonly url: string
  declare readonly asked: string
  declare readonly address: string
  constructor(url: string, asked: string, address: string, cause: Error) {
    super(
      'SKEIN_COORD_UNKNOWN_OUTCOME',
      `Store ${url}: ${address} was asked to ${asked}, and it is not known whether it has, or will: ${cause.message}. Look at what is there before it is asked for again, or compare revisions in a transaction.`,
      { url, asked, address },
      { cause },
    )
  }
}

/** The store does not let this user do that. */
export class StoreAccessError extends SkeinError {
  static {
    registerError(StoreAccessError, 'StoreAccessError')
  }
  declare readonly address: string
  declare readonly asked: string
  declare readonly reason: 'no credentials' | 'wrong credentials' | 'not permitted'
  constructor(
    address: string,
    asked: string,
    reason: 'no credentials' | 'wrong credentials' | 'not permitted',
    cause: Error,
  ) {
    const advice = {
      'no credentials': 'It wants to know who asks: give user and password.',
      'wrong credentials': 'Check user and password.',
      'not permitted': 'Ask for keys that the user may see and change, or have its role changed.',
    }[reason]
    super(
      'SKEIN_COORD_ACCESS',
      `The store at ${address} refused to ${asked}: ${cause.message}. ${advice}`,
      { address, asked, reason },
      { cause },
    )
  }
}

/** Something answers at the address, but not as a store of the kind that the URL names. */
export class WrongServerError extends SkeinError {
  static {
    registerError(WrongServerError, 'WrongServerError')
  }
  declare readonly address: string
  declare readonly found: string
  constructor(address: string, found: string) {
    super('SKEIN_COORD_WRONG_SERVER', `What listens at ${address} is no etcd: ${found}. Check host and port.`, {
      address,
      found,
    })
  }
}

/** More than the store takes: of operations in a transaction, of bytes in a request, or of all that it keeps. Nothing was done. */
export class StoreLimitError extends SkeinError {
  static {
    registerError(StoreLimitError, 'StoreLimitError')
  }
  declare readonly address: string
  declare readonly asked: string
  constructor(address: string, asked: string, found: string, cause: Error) {
    const advice = found.includes('space exceeded')
      ? 'Compact and defragment it, or give it more (--quota-backend-bytes), and disarm its alarm.'
      : 'Ask for less at a time, or raise its limit (--max-txn-ops, --max-request-bytes).'
    super(
      'SKEIN_COORD_LIMIT',
      `The store at ${address} does not ${asked}: ${found}. ${advice}`,
      { address, asked },
      { cause },
    )
  }
}

/** etcd said no, and for none of the reasons that have an error of their own. */
export class EtcdError extends SkeinError {
  static {
    registerError(EtcdError, 'EtcdError')
  }
  declare readonly address: string
  declare readonly asked: string
  /** gRPC's number. */
  declare readonly status: number
  constructor(address: string, asked: string, status: number, found: string, cause: Error) {
    super(
      'SKEIN_COORD_ETCD',
      `etcd at ${address} was asked to ${asked}, and answered: ${found} (gRPC status ${status}).`,
      { address, asked, status },
      { cause },
    )
  }
}
