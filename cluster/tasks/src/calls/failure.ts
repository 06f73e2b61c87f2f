/** What is said of a call that went wrong, and whether it is made again. */

import { inspect } from 'node:util'
import { ArgumentError, CancelledError } from '@skein/base'
import { TaskError } from '../errors.ts'
import type { Outcome } from '../observe/journal.ts'
import type { TaskOptions } from '../options.ts'
import type { Reason } from '../schedule/scheduler.ts'
import { removal } from './groups.ts'
import type { Record } from './record.ts'
import { withSite } from './site.ts'

/** What a task fails with that the scheduler gave up for this reason; undefined: each engine says it for itself. */
export function refusal(record: Record, reason: Reason, workers: number): unknown {
  if (reason === 'cancelled') return record.stopping
  if (reason === 'removed') return withSite(removal(record.request!.group!.id), record.site)
  return reason === 'infeasible' ? infeasible(record, workers) : undefined
}

/** It asks for what is not there. */
function infeasible({ owner, request }: Record, workers: number): ArgumentError {
  const { cpus, amounts, group } = request!
  const asked = JSON.stringify({ cpus, ...Object.fromEntries(amounts) })
  if (group === undefined && cpus > workers) {
    const most = `at most ${workers} cpus: there ${workers === 1 ? 'is 1 worker' : `are ${workers} workers`}, of one each`
    return new ArgumentError(owner, 'resources', most, asked, "'start({ workers })' says how many")
  }
  return group === undefined
    ? new ArgumentError(owner, 'resources', 'what the engine has', asked, "'start' says what there is")
    : new ArgumentError(owner, 'resources', 'what a bundle of its group has', asked)
}

/** Of an attempt whose result, if it gave one, does not count. */
export const outcomeOf = ({ stopping }: Record): Outcome =>
  stopping instanceof CancelledError ? 'cancelled' : 'failed'

/** Options whose `retryOn` has thrown, and was told of. */
const told = new WeakSet<TaskOptions>()

/** Whether what it threw is worth another attempt. A predicate that throws says no, and is told of once. */
export function isWorthAnother({ owner, call: { options } }: Record, thrown: unknown): boolean {
  const { retryOn } = options
  if (typeof retryOn !== 'function') return retryOn === true
  try {
    return retryOn(thrown) === true
  } catch (error) {
    // The task fails with what it threw itself.
    const what = `'retryOn' of task '${owner}' threw, so it is not run again: ${inspect(error)}`
    if (!told.has(options)) process.emitWarning(what, 'SkeinWarning')
    told.add(options)
    return false
  }
}

/** What a task failed with that threw. */
export const failureOf = (record: Record, worker: number, thrown: unknown): TaskError =>
  withSite(new TaskError(record.owner, worker + 1, record.attempts + 1, thrown), record.site)

export const cancelledBy = (signal: AbortSignal, record: Record): CancelledError =>
  new CancelledError(`task ${record.label}`, signal.reason)

/** When the signal fires while the task is not over, `stop` is called. */
export function stopWith(signal: AbortSignal, record: Record, stop: (error: CancelledError) => void): void {
  const fired = () => stop(cancelledBy(signal, record))
  signal.addEventListener('abort', fired, { once: true })
  record.whenOver(() => signal.removeEventListener('abort', fired))
}
