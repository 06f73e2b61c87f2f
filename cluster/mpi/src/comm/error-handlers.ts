/** What happens when a call on a communicator fails. */

import type { Member } from './roots.ts'

/** The call throws: the default. */
export const errorsThrow: unique symbol = Symbol('errorsThrow')
/** All ranks end. */
export const errorsAbort: unique symbol = Symbol('errorsAbort')

/** A function hears of the error before the call throws it. */
export type ErrorHandler = typeof errorsThrow | typeof errorsAbort | ((comm: Member, error: unknown) => void)
