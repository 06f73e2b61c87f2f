/** What a program does with references and actors. */

import { ArgumentError, CancelledError, TimeoutError } from '@skein/base'
import { after } from './after.ts'
import type { ActorHandle } from './definition.ts'
import { type CancelOptions, type EngineStats, engineHere, engineIfAny, type PutOptions, setEngine } from './engine.ts'
import { ObjectLostError } from './errors.ts'
import { Handle } from './handle.ts'
import { checkKeys, checkSignal } from './options.ts'
import { Ref, type Source } from './ref.ts'

type Values<R extends readonly unknown[]> = { -readonly [K in keyof R]: R[K] extends Ref<infer T> ? T : R[K] }

export interface GetOptions {
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface WaitOptions extends GetOptions {
  /** How many must have settled; default 1. */
  readonly count?: number
}

const getKeys = new Set(['timeoutMs', 'signal'])
const waitKeys = new Set(['count', 'timeoutMs', 'signal'])
const putKeys = new Set(['mutable', 'label'])
const cancelKeys = new Set(['graceMs'])

/**
 * Keeps a value where every worker can see it, for arguments that many tasks share. An array of the heap is kept as it is, and
 * immutable by convention from then on; anything else is copied.
 *
 * @throws ArgumentError, NotCloneableError
 */
export function put<T>(value: T, options: PutOptions = {}): Ref<T> {
  checkKeys('put', options, putKeys)
  const { mutable, label } = options
  if (mutable !== undefined && typeof mutable !== 'boolean') {
    throw new ArgumentError('put', 'mutable', 'true or false', mutable)
  }
  if (label !== undefined && typeof label !== 'string') throw new ArgumentError('put', 'label', 'a string', label)
  return engineHere().put(value, options) as Ref<T>
}

/**
 * The value of a reference, or the values of many, in order. Fails with the first that fails.
 *
 * @throws ArgumentError; (rejects with) what the task failed with; TimeoutError; CancelledError
 */
export function get<T>(ref: Ref<T>, options?: GetOptions): Promise<T>
export function get<const R extends readonly Ref<unknown>[]>(refs: R, options?: GetOptions): Promise<Values<R>>
export function get(refs: Ref<unknown> | readonly Ref<unknown>[], options: GetOptions = {}): Promise<unknown> {
  checkKeys('get', options, getKeys)
  if (refs instanceof Ref) {
    return options.timeoutMs === undefined && !options.signal
      ? refs.promise
      : settled('get', [refs], 1, options).then(() => refs.promise)
  }
  checkRefs('get', refs)
  return settled('get', refs, refs.length, options, true).then(() => {
    try {
      return refs.map(outcomeOf)
    } catch (error) {
      if (!(error instanceof ObjectLostError)) throw error
      // It may be made again.
      return Promise.all(refs.map(ref => ref.promise))
    }
  })
}

function outcomeOf({ source }: Ref<unknown>): unknown {
  const outcome = source.outcome()
  if (source.settlement === 'rejected') throw outcome
  return outcome
}

function checkRefs(call: string, refs: unknown): asserts refs is readonly Ref<unknown>[] {
  if (!Array.isArray(refs)) throw new ArgumentError(call, 'refs', 'a reference or an array of references', refs)
  const wrong = refs.findIndex(ref => !(ref instanceof Ref))
  if (wrong >= 0) throw new ArgumentError(call, `refs[${wrong}]`, 'a reference', refs[wrong])
}

/** Resolves when so many have settled, or, if asked, one has failed. One listener and one promise for all. */
function settled(
  call: string,
  refs: readonly Ref<unknown>[],
  count: number,
  { timeoutMs, signal }: GetOptions,
  failFast = false,
): Promise<void> {
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs >= 0)) {
    throw new ArgumentError(call, 'timeoutMs', 'a number from 0', timeoutMs)
  }
  checkSignal(call, signal)
  CancelledError.check(signal, call)
  return new Promise((resolve, reject) => {
    let left = count
    let disarm: (() => void) | undefined
    const stop = () => reject(new CancelledError(call, signal!.reason))
    const finish = () => {
      disarm?.()
      signal?.removeEventListener('abort', stop)
      resolve()
    }
    const note = (source: Source) => {
      if (--left === 0 || (failFast && source.settlement === 'rejected')) finish()
    }
    for (const { source } of refs) {
      if (source.settlement !== 'pending') note(source)
      else source.whenSettled(note)
    }
    if (left <= 0) return finish()
    signal?.addEventListener('abort', stop, { once: true })
    if (timeoutMs === undefined) return
    disarm = after(timeoutMs, () => {
      signal?.removeEventListener('abort', stop)
      const what =
        count === 1
          ? `${call} of ${refs.length === 1 ? refs[0].label : `one of ${refs.length}`}`
          : `${call} of ${count}`
      reject(new TimeoutError(what, timeoutMs, 'The tasks go on; cancel them if they are not needed'))
    })
  })
}

/** Those that have settled, and the others; in the order given. */
export interface Waited<T> {
  readonly ready: Ref<T>[]
  readonly pending: Ref<T>[]
}

async function waitFor<T>(refs: readonly Ref<T>[], options: WaitOptions = {}): Promise<Waited<T>> {
  checkRefs('wait', refs)
  checkKeys('wait', options, waitKeys)
  const { count = Math.min(1, refs.length) } = options
  if (!(Number.isInteger(count) && count >= 0 && count <= refs.length)) {
    throw new ArgumentError('wait', 'count', `a whole number from 0 to ${refs.length}, the number of references`, count)
  }
  try {
    if (count > 0) await settled('wait', refs, count, options)
  } catch (error) {
    // Time is up: an answer, not a failure.
    if (!(error instanceof TimeoutError)) throw error
  }
  const isReady = (ref: Ref<T>) => ref.source.settlement !== 'pending'
  return { ready: refs.filter(isReady), pending: refs.filter(ref => !isReady(ref)) }
}

/** References as they settle, each once. */
function each<T>(refs: Iterable<Ref<T>>): AsyncIterableIterator<Ref<T>> {
  const all = [...refs]
  checkRefs('wait.each', all)
  const ready: Ref<T>[] = []
  let left = all.length
  let wake: (() => void) | undefined
  const note = (ref: Ref<T>) => {
    ready.push(ref)
    wake?.()
  }
  for (const ref of all) {
    if (ref.source.settlement !== 'pending') note(ref)
    else ref.source.whenSettled(() => note(ref))
  }
  // Not a generator, which would await the references it yields.
  return {
    async next() {
      while (left > 0 && ready.length === 0) await new Promise<void>(resolve => (wake = resolve))
      if (left === 0) return { value: undefined, done: true }
      left--
      return { value: ready.shift()!, done: false }
    },
    async return() {
      left = 0
      return { value: undefined, done: true }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/**
 * `wait(refs, { count, timeoutMs })`: resolves when so many have settled (by success or failure) or the time is up.
 * `wait.each(refs)`: an async iterator over references as they settle.
 */
export const wait = Object.assign(waitFor, { each })

/**
 * Stops a task. One that has not started never will; one that runs is told by its signal, and its worker is ended when it does
 * not stop within `graceMs`. Its reference fails with a CancelledError. False when it had settled before.
 */
export function cancel(ref: Ref<unknown>, options: CancelOptions = {}): boolean {
  if (!(ref instanceof Ref)) throw new ArgumentError('cancel', 'ref', 'a reference', ref)
  checkKeys('cancel', options, cancelKeys)
  const { graceMs } = options
  if (graceMs !== undefined && !(typeof graceMs === 'number' && graceMs >= 0)) {
    throw new ArgumentError('cancel', 'graceMs', 'a number from 0', graceMs)
  }
  return engineHere().cancel(ref, options)
}

/** Gives values up: whoever asks for one of them later gets a FreedError. */
export function free(refs: Ref<unknown> | readonly Ref<unknown>[]): void {
  const all = refs instanceof Ref ? [refs] : refs
  checkRefs('free', all)
  for (const ref of all) engineHere().free(ref)
}

/** The actor that was created under a name. @throws (rejects with) ArgumentError when there is none */
export async function getActor<T = Record<string, (...args: any[]) => unknown>>(
  name: string,
  namespace = '',
): Promise<ActorHandle<T>> {
  const found = await engineHere().named(name, namespace)
  if (!found) throw new ArgumentError('getActor', 'name', 'that of a living actor', name)
  return new Handle(found.actor, found.definition, found.methods) as ActorHandle<T>
}

/** Ends an actor. Its calls that have not finished fail with an ActorDiedError. */
export async function kill(handle: Handle, reason = 'it was killed'): Promise<void> {
  if (!(handle instanceof Handle)) throw new ArgumentError('kill', 'handle', "an actor's handle", handle)
  await engineHere().kill(handle.actor, reason)
}

/** Numbers of this program's engine. */
export const stats = (): EngineStats => engineHere().stats()

/** Ends the engine: tasks that have not settled fail with an EngineClosedError. The next call starts another. */
export async function stop(): Promise<void> {
  const engine = engineIfAny()
  setEngine(undefined)
  await engine?.close()
}
