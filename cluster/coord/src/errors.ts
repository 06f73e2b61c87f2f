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

/** The store was closed. */
export class StoreClosedError extends SkeinError {
  static {
    registerError(StoreClosedError, 'StoreClosedError')
  }
  constructor(url: string) {
    super('SKEIN_COORD_CLOSED', `The store ${url} was closed. Open it again.`, {})
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
