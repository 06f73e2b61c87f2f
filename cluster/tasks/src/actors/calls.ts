/** Calls of actors: constructors and methods. */

import { amountsOf, type Call, type GroupOf, placeOf } from '../calls/call.ts'
import type { Record } from '../calls/record.ts'
import { withSite } from '../calls/site.ts'
import { ActorDiedError } from '../errors.ts'
import { type ActorOptions, noOptions, type TaskOptions } from '../options.ts'
import type { Request } from '../schedule/place.ts'
import { type ActorEntry, deathOf } from './actor-table.ts'

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
