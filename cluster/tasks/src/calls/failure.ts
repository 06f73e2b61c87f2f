/** What is said of a call that went wrong, and whether it is made again. */

import { ArgumentError, CancelledError } from '@skein/base'
import type { Outcome } from '../observe/journal.ts'
import type { Record } from './record.ts'

/** What a task fails with that asks for what is not there. */
export function infeasible({ name, request }: Record): ArgumentError {
  const { cpus, amounts, group } = request!
  const asked = JSON.stringify({ cpus, ...Object.fromEntries(amounts) })
  return group === undefined
    ? new ArgumentError(name, 'resources', 'what the engine has', asked, "'start' says what there is")
    : new ArgumentError(name, 'resources', 'what a bundle of its group has', asked)
}

export const nameOf = (record: Record): string => record.owner

/** Of an attempt whose result, if it gave one, does not count. */
export const outcomeOf = ({ stopping }: Record): Outcome =>
  stopping instanceof CancelledError ? 'cancelled' : 'failed'

/** Whether what it threw is worth another attempt. A predicate that throws says no. */
export function isWorthAnother({ call: { options } }: Record, thrown: unknown): boolean {
  const { retryOn } = options
  if (typeof retryOn !== 'function') return retryOn === true
  try {
    return retryOn(thrown) === true
  } catch {
    return false
  }
}
