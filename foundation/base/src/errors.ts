/** The errors every room has a use for. Each room adds its own beside the code that throws them. */

import { describe, describeBytes } from './describe.ts'
import { registerError, SkeinError } from './error.ts'

/** Ends a clause as a sentence, whether or not its writer did. */
const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)
const paragraph = (...parts: (string | undefined)[]): string =>
  parts
    .filter(part => part !== undefined && part !== '')
    .map(part => sentence(part!))
    .join(' ')

/** A call was given an argument it cannot take: wrong kind, wrong range, wrong length. */
export class ArgumentError extends SkeinError {
  static {
    registerError(ArgumentError, 'ArgumentError')
  }
  declare readonly call: string
  declare readonly argument: string
  declare readonly expected: string
  /** The value in words; the value itself is not kept, for it may be large or unable to travel. */
  declare readonly found: string

  /**
   * `new ArgumentError('heap.f32', 'length', 'a whole number from 0 to 2^53 - 1', -1.5)` says
   * "heap.f32: length must be a whole number from 0 to 2^53 - 1, but it is -1.5."
   */
  constructor(
    call: string,
    argument: string,
    expected: string,
    found: unknown,
    advice?: string,
    options?: ErrorOptions,
  ) {
    const value = describe(found)
    const message = paragraph(`${call}: ${argument} must be ${expected}, but it is ${value}`, advice)
    super('SKEIN_ARGUMENT', message, { call, argument, expected, found: value }, options)
  }
}

/** An engine cannot do what another engine of its family can. */
export class NotSupportedError extends SkeinError {
  static {
    registerError(NotSupportedError, 'NotSupportedError')
  }
  declare readonly engine: string
  declare readonly call: string
  declare readonly reason: string

  /** "The wasm engine does not support atomic.add on f32: WebAssembly has no float atomics. Use i32, or …" */
  constructor(engine: string, call: string, reason: string, advice?: string, options?: ErrorOptions) {
    const message = paragraph(`The ${engine} engine does not support ${call}: ${reason}`, advice)
    super('SKEIN_NOT_SUPPORTED', message, { engine, call, reason }, options)
  }
}

/** Work stopped because its AbortSignal fired. `cause` is the signal's reason. */
export class CancelledError extends SkeinError {
  static {
    registerError(CancelledError, 'CancelledError')
  }
  declare readonly what: string
  declare readonly reason: string

  constructor(what: string, reason?: unknown) {
    const told =
      reason === undefined
        ? 'its signal was aborted'
        : reason instanceof Error || reason instanceof DOMException
          ? `${reason.name}: ${reason.message}`
          : typeof reason === 'string'
            ? reason
            : describe(reason)
    const cause = reason === undefined ? undefined : { cause: reason }
    super('SKEIN_CANCELLED', paragraph(`${what} was cancelled: ${told}`), { what, reason: told }, cause)
  }

  /** Throws a CancelledError if the signal has fired. */
  static check(signal: AbortSignal | undefined, what: string): void {
    if (signal?.aborted) throw new CancelledError(what, signal.reason)
  }
}

/** Something did not happen within its limit. */
export class TimeoutError extends SkeinError {
  static {
    registerError(TimeoutError, 'TimeoutError')
  }
  declare readonly what: string
  declare readonly limitMs: number

  constructor(what: string, limitMs: number, advice?: string, options?: ErrorOptions) {
    super('SKEIN_TIMEOUT', paragraph(`${what} took longer than ${limitMs} ms`, advice), { what, limitMs }, options)
  }
}

/** Who holds how much of a memory that ran out. */
export interface MemoryHolder {
  readonly who: string
  readonly bytes: number
}

/** An allocation did not fit. Says how much there is and who holds it, the largest first. */
export class OutOfMemoryError extends SkeinError {
  static {
    registerError(OutOfMemoryError, 'OutOfMemoryError')
  }
  declare readonly where: string
  declare readonly askedBytes: number
  declare readonly freeBytes: number
  declare readonly limitBytes: number
  declare readonly holders: readonly MemoryHolder[]

  constructor(
    where: string,
    askedBytes: number,
    freeBytes: number,
    limitBytes: number,
    holders: readonly MemoryHolder[] = [],
    advice?: string,
    options?: ErrorOptions,
  ) {
    const sorted = [...holders].sort((a, b) => b.bytes - a.bytes)
    const told = sorted.slice(0, 5).map(({ who, bytes }) => `${who} ${describeBytes(bytes)}`)
    const rest = sorted.length > 5 ? `, and ${sorted.length - 5} more` : ''
    const message = paragraph(
      `The ${where} has no room for ${describeBytes(askedBytes)}: ` +
        `${describeBytes(freeBytes)} of ${describeBytes(limitBytes)} are free`,
      told.length > 0 ? `Held by ${told.join(', ')}${rest}` : undefined,
      advice,
    )
    super('SKEIN_OUT_OF_MEMORY', message, { where, askedBytes, freeBytes, limitBytes, holders: sorted }, options)
  }
}

/** Skein broke its own rule. Carries the story of how it came to be, for the bug report. */
export class InternalError extends SkeinError {
  static {
    registerError(InternalError, 'InternalError')
  }
  declare readonly invariant: string
  declare readonly story: readonly string[]

  /** `invariant` is what should have held ("applied <= committed"), `story` the events that led here, oldest first. */
  constructor(invariant: string, story: readonly string[] = [], options?: ErrorOptions) {
    const told = story.length > 0 ? `\nHow it came to be:\n${story.map(line => `  ${line}`).join('\n')}\n` : ' '
    const message =
      `This should have held, and does not: ${sentence(invariant)}${told}` +
      'This is a bug in Skein: please report it with this message.'
    super('SKEIN_INTERNAL', message, { invariant, story: [...story] }, options)
  }
}
