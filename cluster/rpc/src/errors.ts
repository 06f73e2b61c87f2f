import { describe, registerError, SkeinError } from '@skein/base'

/** The other side sent what is no message. The connection is closed. */
export class MalformedMessageError extends SkeinError {
  static {
    registerError(MalformedMessageError, 'MalformedMessageError')
  }
  declare readonly part: string
  declare readonly expected: string
  declare readonly found: string

  constructor(part: string, expected: string, found: unknown, options?: ErrorOptions) {
    const value = describe(found)
    const message = `The other side sent a message that is none: ${part} must be ${expected}, but it is ${value}. Is it of the same protocol?`
    super('SKEIN_RPC_MALFORMED', message, { part, expected, found: value }, options)
  }
}

/** The connection ended before a call was answered, or had ended before it was made. */
export class ConnectionLostError extends SkeinError {
  static {
    registerError(ConnectionLostError, 'ConnectionLostError')
  }
  declare readonly peer: string
  declare readonly reason: string
  /** False: this call was not made, and can be made elsewhere without harm. True: nobody knows. */
  declare readonly mayHaveRun: boolean

  constructor(peer: string, reason: string, options: ErrorOptions & { mayHaveRun?: boolean } = {}) {
    const { mayHaveRun = true } = options
    const message = mayHaveRun
      ? `The connection to ${peer} is lost: ${reason}. Calls that were not answered may have been made or not. Connect again, or use up().`
      : `The connection to ${peer} is lost: ${reason}. This call was not made. Connect again, or use up().`
    super('SKEIN_RPC_LOST', message, { peer, reason, mayHaveRun }, options)
  }

  /** For a call that was not made because of it. */
  notMade(): ConnectionLostError {
    return new ConnectionLostError(this.peer, this.reason, { mayHaveRun: false, cause: this })
  }
}

/** What was called is not there (any more). */
export class NoSuchFunctionError extends SkeinError {
  static {
    registerError(NoSuchFunctionError, 'NoSuchFunctionError')
  }
  declare readonly called: string

  constructor(called: string, found: string) {
    super('SKEIN_RPC_NO_FUNCTION', `${called} was called, but ${found}.`, { called })
  }
}

/** The other side exceeded what it may; the connection is closed. */
export class LimitExceededError extends SkeinError {
  static {
    registerError(LimitExceededError, 'LimitExceededError')
  }
  declare readonly limit: string
  declare readonly most: number

  constructor(limit: string, most: number) {
    super(
      'SKEIN_RPC_LIMIT',
      `The other side exceeded ${limit}: ${most} are allowed. Raise limits.${limit} if that is meant to be.`,
      { limit, most },
    )
  }
}

/** What was to be sent is more than the other side takes at a time. Nothing of it was sent, and the connection goes on. */
export class MessageTooLargeError extends SkeinError {
  static {
    registerError(MessageTooLargeError, 'MessageTooLargeError')
  }
  declare readonly bytes: number
  declare readonly most: number

  constructor(bytes: number, most: number) {
    const message = `A message of ${bytes} bytes was not sent: the other side takes ${most} at most. Send it in parts, or as a stream; or raise limits.messageBytes over there.`
    super('SKEIN_RPC_TOO_LARGE', message, { bytes, most })
  }
}

/** The other side is an old peer, whose calls have no answers. */
export class NoAnswerError extends SkeinError {
  static {
    registerError(NoAnswerError, 'NoAnswerError')
  }
  declare readonly peer: string

  constructor(peer: string) {
    const message = `The call was sent, but ${peer} speaks dnode, in which calls have no answers. Give it a callback, or do not wait for it.`
    super('SKEIN_RPC_NO_ANSWER', message, { peer })
  }
}

/** More calls wait for a connection than may. This one was not made, and will not be. */
export class QueueFullError extends SkeinError {
  static {
    registerError(QueueFullError, 'QueueFullError')
  }
  declare readonly peer: string
  declare readonly most: number

  constructor(peer: string, most: number) {
    const message = `There is no connection to ${peer}, and ${most} calls wait for one already. Wait until some are made, or raise maxQueued.`
    super('SKEIN_RPC_QUEUE_FULL', message, { peer, most })
  }
}

/** What answers at the address is something else. */
export class WrongProtocolError extends SkeinError {
  static {
    registerError(WrongProtocolError, 'WrongProtocolError')
  }
  declare readonly peer: string
  declare readonly found: string

  /** `found` is `an HTTP server`, say. */
  constructor(peer: string, found: string, advice: string, options?: ErrorOptions) {
    super('SKEIN_RPC_WRONG_PROTOCOL', `At ${peer} is ${found}. ${advice}`, { peer, found }, options)
  }
}

/** The server is of the right kind, and does not want this connection. */
export class RefusedError extends SkeinError {
  static {
    registerError(RefusedError, 'RefusedError')
  }
  declare readonly peer: string
  /** As it was said: `HTTP 403 Forbidden`. */
  declare readonly status: string
  declare readonly reason: string

  constructor(peer: string, status: string, reason: string) {
    super('SKEIN_RPC_REFUSED', `${peer} refuses the connection (${status}): ${reason}`, { peer, status, reason })
  }
}

/** The two sides do not agree on TLS: a certificate is missing or not trusted, or there is no version that both speak. */
export class TlsError extends SkeinError {
  static {
    registerError(TlsError, 'TlsError')
  }
  declare readonly peer: string
  /** As OpenSSL or Node has it: `CERT_HAS_EXPIRED`. */
  declare readonly problem: string

  constructor(peer: string, problem: string, found: string, advice: string, options?: ErrorOptions) {
    super('SKEIN_RPC_TLS', `TLS with ${peer} failed: ${found}. ${advice}`, { peer, problem }, options)
  }
}
