import { registerError, SkeinError } from '@skein/base'

/** A stamp of another machine that this one's clock cannot believe. */
export class ClockDriftError extends SkeinError {
  static {
    registerError(ClockDriftError, 'ClockDriftError')
  }
  declare readonly remoteMs: number
  declare readonly localMs: number
  declare readonly maxDriftMs: number
  constructor(remoteMs: number, localMs: number, maxDriftMs: number) {
    const aheadMs = Math.round(remoteMs - localMs)
    const message = `A stamp of ${new Date(remoteMs).toISOString()} was received, ${aheadMs} ms ahead of the clock here; ${maxDriftMs} ms are allowed. It was not taken over. Look which of the two clocks is wrong, and synchronize it.`
    super('SKEIN_COORD_CLOCK_DRIFT', message, { remoteMs, localMs, maxDriftMs })
  }
}

/** The clock's bound on its own error is too wide, or was found to be wrong. */
export class ClockUncertaintyError extends SkeinError {
  static {
    registerError(ClockUncertaintyError, 'ClockUncertaintyError')
  }
  declare readonly uncertaintyMs: number
  declare readonly maxUncertaintyMs: number
  constructor(uncertaintyMs: number, maxUncertaintyMs: number, reason: string) {
    super(
      'SKEIN_COORD_CLOCK_UNCERTAINTY',
      `What time it is is not known well enough: ${reason}. Nothing is stamped until the clock is synchronized: call synchronize with a bound that holds.`,
      { uncertaintyMs, maxUncertaintyMs },
    )
  }
}

/** Bytes that are no stamp of this kind of clock. */
export class TimestampFormatError extends SkeinError {
  static {
    registerError(TimestampFormatError, 'TimestampFormatError')
  }
  declare readonly kind: string
  declare readonly sizeBytes: number
  constructor(kind: string, sizeBytes: number, reason: string) {
    super(
      'SKEIN_COORD_TIMESTAMP',
      `${sizeBytes} bytes are no stamp of a ${kind} clock: ${reason}. Both sides need the same kind of clock.`,
      { kind, sizeBytes },
    )
  }
}
