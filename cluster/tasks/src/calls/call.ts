/** What calls have in common, and what they ask of the scheduler. */

import { ArgumentError } from '@skein/base'
import { noOptions, type Placement, type TaskOptions } from '../options.ts'
import type { Group } from '../schedule/group.ts'
import type { Request } from '../schedule/place.ts'

/** What all calls of one definition with the same options have in common: records share it, since a million may be queued. */
export interface Call {
  readonly name: string
  /** The definition's number; -1 for an object. */
  readonly definition: number
  readonly options: TaskOptions
  readonly priority: number
  readonly request: Request | undefined
  /** The actor it is a call of, or 0. */
  readonly actor: number
  /** The method's number; -1: the constructor. */
  readonly method: number
  readonly streams: boolean
  /** Of an actor: what all calls of it share. */
  readonly tally: Tally | undefined
}

/** Counts calls that have not settled. */
export interface Tally {
  open: number
  /** Called when there are none any more. */
  idle: (() => void) | undefined
}

/** Who submits: the main program is caller 0, a worker's tasks are its number from 1. */
export const main = 0

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

export type GroupOf = (id: number) => Group

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

/** The worker that a call must run on, or -1. @throws ArgumentError when there is no such worker */
export function workerFor(call: string, runOn: number | undefined, workers: number): number {
  if (runOn === undefined) return -1
  if (runOn <= workers) return runOn - 1
  throw new ArgumentError(call, 'runOn', `the number of a worker, from 1 to ${workers}`, runOn)
}

/** Where to, in the words of a request. */
export function placeOf(
  placement: Placement | undefined,
  groupOf: GroupOf,
): Pick<Request, 'prefer' | 'group' | 'bundle'> {
  if (placement === undefined) return {}
  if (typeof placement === 'string') return { prefer: placement }
  const { group, bundle } = placement
  return { group: groupOf(group.id), bundle }
}
