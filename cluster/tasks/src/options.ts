/** Options of tasks and actors: what they are, and what they may be. */

import { ArgumentError } from '@skein/base'
import { Ref } from './ref.ts'

/** What a task holds while it runs. */
export interface Resources {
  /** Default 1 for a task, 0 for an actor; fractions let several share a worker. */
  readonly cpus?: number
  readonly gpus?: number
  readonly memoryBytes?: number
  /** Any other name, counted as the engine was told: `{ licences: 1 }`. */
  readonly [name: string]: number | undefined
}

export interface TaskOptions {
  /** How often it may be run again after its worker was lost, or after an error that `retryOn` accepts. Default 3. */
  readonly retries?: number
  /** Which errors of the function itself are worth another attempt: true for all, or a predicate. Default: none. */
  readonly retryOn?: boolean | ((error: unknown) => boolean)
  /** An attempt that takes longer fails with a TimeoutError. */
  readonly timeoutMs?: number
  readonly resources?: Resources
  /** Higher ones first; default 0. */
  readonly priority?: number
  /** For people, in place of the definition's name. */
  readonly name?: string
  /** Cancels it. */
  readonly signal?: AbortSignal
  /** The number of a worker, from 1, where it must run. */
  readonly runOn?: number
  readonly placement?: Placement
  /** It starts when these are done as well, and fails when one of them does; their values are not sent. */
  readonly after?: readonly Ref<unknown>[]
}

/**
 * Where a task or an actor goes: `'pack'`, the fullest worker where it fits; `'spread'`, the emptiest; or what a placement group has
 * set aside, in any of its bundles or the one with that number.
 */
export type Placement = 'pack' | 'spread' | { readonly group: GroupLike; readonly bundle?: number }

/** The part of a PlacementGroup that is needed. */
export interface GroupLike {
  readonly id: number
  readonly bundles: readonly Resources[]
}

/** One object for all calls without options, by which they are known. */
export const noOptions: TaskOptions = Object.freeze({})

export interface ConcurrencyGroup {
  readonly methods: readonly string[]
  /** How many of their asynchronous calls may be under way at once. */
  readonly maxConcurrency: number
}

export interface ActorOptions {
  /** By which `getActor` finds it. */
  readonly name?: string
  readonly namespace?: string
  /** It lives on when no handle is left anywhere, until it is killed; default false: it ends then, as soon as its calls have. */
  readonly detached?: boolean
  /**
   * How often it may be created again after its worker was lost. Default 0. A class with `save()` and `restore(state)` comes back
   * with the state it had after the last call whose result was delivered.
   */
  readonly restarts?: number
  /** Its state is saved after each so many calls. Default 1; with n, the last n - 1 calls may be missing after a crash. */
  readonly saveEvery?: number
  /** How many of its asynchronous calls may be under way at once; default 1000. Synchronous methods run one at a time. */
  readonly maxConcurrency?: number
  /** Methods that are limited by themselves, so that they and the others do not wait for each other. */
  readonly concurrencyGroups?: { readonly [name: string]: ConcurrencyGroup }
  /** What it holds as long as it lives: its creation waits until that is there. */
  readonly resources?: Resources
  /** The number of a worker, from 1, where it must live. */
  readonly runOn?: number
  readonly placement?: Placement
}

const isCount = (x: unknown, least: number): boolean => Number.isSafeInteger(x) && (x as number) >= least

/** @throws ArgumentError */
export function checkResources(call: string, resources: unknown): void {
  if (resources === undefined) return
  if (resources === null || typeof resources !== 'object' || Array.isArray(resources)) {
    throw new ArgumentError(call, 'resources', 'an object of amounts, as { cpus: 1 }', resources)
  }
  for (const [name, amount] of Object.entries(resources)) {
    if (amount !== undefined && !(typeof amount === 'number' && amount >= 0 && Number.isFinite(amount))) {
      throw new ArgumentError(call, `resources.${name}`, 'a number from 0', amount)
    }
  }
}

const taskKeys = new Set([
  'retries',
  'retryOn',
  'timeoutMs',
  'resources',
  'priority',
  'name',
  'signal',
  'runOn',
  'placement',
  'after',
])
const actorKeys = new Set([
  'name',
  'namespace',
  'detached',
  'restarts',
  'saveEvery',
  'maxConcurrency',
  'concurrencyGroups',
  'resources',
  'runOn',
  'placement',
])

/** @throws ArgumentError for options that are no object, or a name that is not known */
export function checkKeys(call: string, options: unknown, known: ReadonlySet<string>): void {
  if (options === null || typeof options !== 'object') throw new ArgumentError(call, 'options', 'an object', options)
  for (const key of Object.keys(options)) {
    if (!known.has(key)) {
      throw new ArgumentError(call, 'options', `made of ${[...known].join(', ')}`, key, `There is no option '${key}'`)
    }
  }
}

/** @throws ArgumentError */
export function checkSignal(call: string, signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new ArgumentError(call, 'signal', 'an AbortSignal', signal)
  }
}

/** @throws ArgumentError naming the option */
export function checkTaskOptions(call: string, options: TaskOptions): void {
  checkKeys(call, options, taskKeys)
  const { retries, retryOn, timeoutMs, resources, priority, name, signal, runOn, after } = options
  if (retries !== undefined && !isCount(retries, 0) && retries !== Number.POSITIVE_INFINITY) {
    throw new ArgumentError(call, 'retries', 'a whole number from 0, or Infinity', retries)
  }
  if (retryOn !== undefined && typeof retryOn !== 'boolean' && typeof retryOn !== 'function') {
    throw new ArgumentError(call, 'retryOn', 'true, false or a function of the error', retryOn)
  }
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs > 0)) {
    throw new ArgumentError(call, 'timeoutMs', 'a number above 0', timeoutMs)
  }
  if (priority !== undefined && !Number.isFinite(priority)) {
    throw new ArgumentError(call, 'priority', 'a finite number', priority)
  }
  if (name !== undefined && typeof name !== 'string') throw new ArgumentError(call, 'name', 'a string', name)
  checkSignal(call, signal)
  if (runOn !== undefined && !isCount(runOn, 1)) {
    throw new ArgumentError(call, 'runOn', 'the number of a worker, from 1', runOn)
  }
  if (after !== undefined && !(Array.isArray(after) && after.every(ref => ref instanceof Ref))) {
    throw new ArgumentError(call, 'after', 'an array of references', after)
  }
  checkResources(call, resources)
  checkPlacement(call, options.placement)
}

/** @throws ArgumentError naming the option */
export function checkActorOptions(call: string, options: ActorOptions, methods: readonly string[]): void {
  checkKeys(call, options, actorKeys)
  const { name, namespace, detached, restarts, saveEvery, maxConcurrency, resources, runOn } = options
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw new ArgumentError(call, 'name', 'a string that is not empty', name)
  }
  if (namespace !== undefined && typeof namespace !== 'string') {
    throw new ArgumentError(call, 'namespace', 'a string', namespace)
  }
  if (detached !== undefined && typeof detached !== 'boolean') {
    throw new ArgumentError(call, 'detached', 'true or false', detached)
  }
  if (restarts !== undefined && !isCount(restarts, 0) && restarts !== Number.POSITIVE_INFINITY) {
    throw new ArgumentError(call, 'restarts', 'a whole number from 0, or Infinity', restarts)
  }
  if (saveEvery !== undefined && !isCount(saveEvery, 1)) {
    throw new ArgumentError(call, 'saveEvery', 'a whole number from 1', saveEvery)
  }
  if (maxConcurrency !== undefined && !isCount(maxConcurrency, 1)) {
    throw new ArgumentError(call, 'maxConcurrency', 'a whole number from 1', maxConcurrency)
  }
  if (options.concurrencyGroups !== undefined) checkGroups(call, options.concurrencyGroups, methods)
  if (runOn !== undefined && !isCount(runOn, 1)) {
    throw new ArgumentError(call, 'runOn', 'the number of a worker, from 1', runOn)
  }
  checkResources(call, resources)
  checkPlacement(call, options.placement)
}

function checkGroups(call: string, groups: unknown, methods: readonly string[]): void {
  if (groups === null || typeof groups !== 'object') {
    throw new ArgumentError(
      call,
      'concurrencyGroups',
      "an object, as { io: { methods: ['read'], maxConcurrency: 4 } }",
      groups,
    )
  }
  const grouped = new Map<string, string>()
  for (const [name, group] of Object.entries(groups as { [name: string]: ConcurrencyGroup })) {
    const option = `concurrencyGroups.${name}`
    if (group === null || typeof group !== 'object' || !Array.isArray(group.methods)) {
      throw new ArgumentError(call, option, "a group, as { methods: ['read'], maxConcurrency: 4 }", group)
    }
    if (!isCount(group.maxConcurrency, 1)) {
      throw new ArgumentError(call, `${option}.maxConcurrency`, 'a whole number from 1', group.maxConcurrency)
    }
    for (const method of group.methods) {
      if (!methods.includes(method)) {
        throw new ArgumentError(call, `${option}.methods`, `made of ${methods.join(', ')}`, method)
      }
      const other = grouped.get(method)
      if (other !== undefined) {
        throw new ArgumentError(call, `${option}.methods`, `methods of no other group`, method, `It is in '${other}'`)
      }
      grouped.set(method, name)
    }
  }
}

function checkPlacement(call: string, placement: unknown): void {
  if (placement === undefined || placement === 'pack' || placement === 'spread') return
  const { group, bundle } = (placement ?? {}) as { group?: GroupLike; bundle?: unknown }
  if (!Array.isArray(group?.bundles) || typeof group.id !== 'number') {
    throw new ArgumentError(
      call,
      'placement',
      "'pack', 'spread' or { group, bundle } with a placement group",
      placement,
    )
  }
  if (bundle !== undefined && !(isCount(bundle, 0) && (bundle as number) < group.bundles.length)) {
    const most = group.bundles.length - 1
    throw new ArgumentError(call, 'placement.bundle', `the number of a bundle, from 0 to ${most}`, bundle)
  }
}
