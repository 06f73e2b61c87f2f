/** What happens when a call on a communicator, a window or a file fails. */

import { ArgumentError } from '@skein/base'
import type { Member } from './roots.ts'

/** The call throws: the default. */
export const errorsThrow: unique symbol = Symbol('errorsThrow')
/** All ranks end. */
export const errorsAbort: unique symbol = Symbol('errorsAbort')

/** Of a communicator, a window or a file: a function hears of each error before the call throws it. */
export type HandlerOf<Subject> = typeof errorsThrow | typeof errorsAbort | ((subject: Subject, error: unknown) => void)
export type ErrorHandler = HandlerOf<Member>

/** @param whose what it is assigned to, as `comm` @throws ArgumentError */
export function checkedHandler<Handler>(whose: string, handler: Handler): Handler {
  if (handler === errorsThrow || handler === errorsAbort || typeof handler === 'function') return handler
  throw new ArgumentError(`${whose}.errorHandler`, 'the handler', 'errorsThrow, errorsAbort or a function', handler)
}

/** Tells a handler of an error; gives what is to be thrown. @param abort ends all ranks */
export function handled<Subject>(
  handler: HandlerOf<Subject>,
  subject: Subject,
  error: unknown,
  abort: () => never,
): unknown {
  if (handler === errorsAbort) {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    abort()
  }
  if (typeof handler === 'function') handler(subject, error)
  return error
}
