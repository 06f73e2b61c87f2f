/** Calls as an engine's records share them, and what is said of one that went wrong. */

import { CancelledError } from '@skein/base'
import type { Outcome } from '../observe/journal.ts'
import { noOptions, type Resources, type TaskOptions } from '../options.ts'
import type { Request } from '../schedule/place.ts'
import type { ActorEntry } from './actor-table.ts'
import type { Call, Record } from './record.ts'

export const callOfPut: Call = {
  name: 'put',
  definition: -1,
  options: noOptions,
  priority: 0,
  request: undefined,
  actor: 0,
  method: 0,
  streams: false,
  tally: undefined,
}

/** @param worker where it must run, or -1 @returns undefined for a plain task: one CPU, anywhere */
export function requestOf(resources: Resources | undefined, worker: number): Request | undefined {
  if (resources === undefined && worker < 0) return undefined
  const { cpus = 1, ...others } = resources ?? {}
  const amounts = Object.entries(others).filter((entry): entry is [string, number] => (entry[1] ?? 0) > 0)
  return cpus === 1 && amounts.length === 0 && worker < 0 ? undefined : { cpus, amounts, worker, beside: false }
}

/** An actor that comes back is made before its calls that have waited for it. */
export const callOfConstructor = (actor: ActorEntry): Call =>
  callOfActor(actor, -1, `${actor.name} (constructor)`, {
    priority: Number.POSITIVE_INFINITY,
    retries: actor.restartsLeft,
  })

export function callOfMethod(actor: ActorEntry, method: string, options: TaskOptions): Call {
  let call = options === noOptions ? actor.calls.get(method) : undefined
  if (call === undefined) {
    call = callOfActor(actor, actor.methods.indexOf(method), `${actor.name}.${method}`, options)
    if (options === noOptions) actor.calls.set(method, call)
  }
  return call
}

function callOfActor(actor: ActorEntry, method: number, name: string, options: TaskOptions): Call {
  const { id, definition, worker, tally } = actor
  const request: Request = { cpus: 0, amounts: [], worker, beside: true }
  const { priority = 0 } = options
  return { name, definition, options, priority, request, actor: id, method, streams: false, tally }
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

/** Most calls of this room between the user's and a task's submission. */
const ownFrames = 15

/** Keeps the stack of the call under way. */
export function siteHere(): Error {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = limit + ownFrames
  const site = new Error('submitted here')
  Error.stackTraceLimit = limit
  return site
}

const ownFolder = new URL('..', import.meta.url).href

/** The error's own stack becomes that of the call, without the frames of this room. */
export function withSite<E extends Error>(error: E, site: Error | undefined): E {
  const lines = site?.stack
    ?.split('\n')
    .slice(1)
    .filter(line => !line.includes(ownFolder) && !/ \(<anonymous>\)$/.test(line))
  if (lines) error.stack = `${error.name}: ${error.message}\n${lines.join('\n')}`
  return error
}
