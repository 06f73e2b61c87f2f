/** Calls as an engine's records share them, and what is said of one that went wrong. */

import { ArgumentError, CancelledError } from '@skein/base'
import { ActorDiedError } from '../errors.ts'
import type { Outcome } from '../observe/journal.ts'
import { type ActorOptions, noOptions, type Placement, type TaskOptions } from '../options.ts'
import type { Group } from '../schedule/group.ts'
import type { Request } from '../schedule/place.ts'
import { type ActorEntry, deathOf } from './actor-table.ts'
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

export const amountsOf = (others: { readonly [name: string]: number | undefined }): [string, number][] =>
  Object.entries(others).filter((entry): entry is [string, number] => (entry[1] ?? 0) > 0)

type GroupOf = (id: number) => Group

/**
 * @param worker where it must run, or -1
 * @returns undefined for a plain task: one CPU, anywhere
 */
export function requestOf(
  { resources, placement }: Pick<TaskOptions, 'resources' | 'placement'>,
  worker: number,
  groupOf: GroupOf,
): Request | undefined {
  if (resources === undefined && placement === undefined && worker < 0) return undefined
  const { cpus = 1, ...others } = resources ?? {}
  const amounts = amountsOf(others)
  if (cpus === 1 && amounts.length === 0 && placement === undefined && worker < 0) return undefined
  return { cpus, amounts, worker, beside: false, ...placeOf(placement, groupOf) }
}

/** What an actor holds as long as it lives, or undefined: it lives anywhere, and holds nothing. */
export function lodgingOf(
  { resources, placement }: ActorOptions,
  worker: number,
  groupOf: GroupOf,
): Request | undefined {
  if (resources === undefined && placement === undefined) return undefined
  const { cpus = 0, ...others } = resources ?? {}
  const amounts = amountsOf(others)
  return { cpus, amounts, worker, beside: false, ...placeOf(placement, groupOf), keeps: true }
}

function placeOf(placement: Placement | undefined, groupOf: GroupOf): Pick<Request, 'prefer' | 'group' | 'bundle'> {
  if (placement === undefined) return {}
  if (typeof placement === 'string') return { prefer: placement }
  const { group, bundle } = placement
  return { group: groupOf(group.id), bundle }
}

/** An actor that comes back is made before its calls that have waited for it. */
export const callOfConstructor = (actor: ActorEntry): Call =>
  callOfActor(
    actor,
    -1,
    `${actor.name} (constructor)`,
    { priority: Number.POSITIVE_INFINITY, retries: actor.restartsLeft },
    isToLodge(actor) ? actor.lodging : actor.request,
  )

/** It has asked for a place to live and has none yet. */
export const isToLodge = ({ lodging, lodged }: ActorEntry): boolean => lodging !== undefined && lodged === undefined

export function callOfMethod(actor: ActorEntry, method: string, options: TaskOptions): Call {
  let call = options === noOptions ? actor.calls.get(method) : undefined
  if (call === undefined) {
    call = callOfActor(actor, actor.methods.indexOf(method), `${actor.name}.${method}`, options)
    if (options === noOptions) actor.calls.set(method, call)
  }
  return call
}

function callOfActor(
  { id, definition, tally, request: ofCalls }: ActorEntry,
  method: number,
  name: string,
  options: TaskOptions,
  request: Request | undefined = ofCalls,
): Call {
  const { priority = 0 } = options
  return { name, definition, options, priority, request, actor: id, method, streams: false, tally }
}

/** What a call fails with whose actor could not be made. */
export const unmade = (actor: ActorEntry, making: Record, { site }: Record): ActorDiedError =>
  withSite(
    actor.died ? deathOf(actor) : new ActorDiedError(actor.name, 'its constructor failed', making.outcome()),
    site,
  )

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
