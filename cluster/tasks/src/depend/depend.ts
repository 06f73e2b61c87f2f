/** Tasks in an order that follows from the objects they read and write, as in OpenMP. */

import { ArgumentError } from '@skein/base'
import { heap } from '@skein/heap'
import { type Context, contexts } from '../calls/context.ts'
import { wait } from '../client.ts'
import { type Given, type ResultOf, startTask, type Task } from '../definition.ts'
import type { Ref } from '../ref.ts'
import { type Access, allMemory, Dependences } from './dependences.ts'

/**
 * What tasks depend on: an object, by its identity, or a name. Arrays of the heap are known by where they begin, so that two views
 * of the same data are one; as in OpenMP, objects that overlap without being the same are not noticed.
 */
export type Dependence = object | string | symbol

/** An array stands for its items. */
type OneOrMore = Dependence | readonly Dependence[]

/** OpenMP's clause. A task comes after each earlier one of the same parent that names the same object, unless both only read it. */
export interface DependClauses {
  /** It reads them. */
  readonly in?: OneOrMore
  /** It writes them. The order is that of `inout`. */
  readonly out?: OneOrMore
  readonly inout?: OneOrMore
  /** It writes them beside others of the same set, which see to it themselves that they do not disturb each other. */
  readonly inoutset?: OneOrMore
  /** As `inout`: one at a time; the order, which the standard leaves open, is that in which they were started. */
  readonly mutexinoutset?: OneOrMore
}

const accessOf: { readonly [clause: string]: Access } = {
  in: 'in',
  out: 'out',
  inout: 'out',
  mutexinoutset: 'out',
  inoutset: 'inoutset',
}

const ofMain = new Dependences<Ref<unknown>>()
const ofTasks = new WeakMap<Context, Dependences<Ref<unknown>>>()

/** Those of the task that runs here, or of the main program: only tasks with the same parent depend on each other. */
function dependencesHere(): Dependences<Ref<unknown>> {
  const context = contexts.getStore()
  if (context === undefined) return ofMain
  let dependences = ofTasks.get(context)
  if (dependences === undefined) ofTasks.set(context, (dependences = new Dependences()))
  return dependences
}

/**
 * A task whose calls wait for earlier ones, by what they read and write.
 *
 *     const row = depend({ in: x, inout: y }, axpy)
 *     row(2, x, y)                              // after whoever writes x or touches y
 *
 * A task fails without running when one that it comes after fails before it. What has settled is forgotten when
 * the parent next awaits something: a task started later does not depend on it. In a `taskGroup`, a failure stops all that follow.
 *
 * @throws ArgumentError
 */
export function depend<A extends unknown[], R>(
  clauses: DependClauses,
  t: Task<A, R>,
): (...args: { [K in keyof A]: Given<A[K]> }) => Ref<ResultOf<R>> {
  const accesses = accessesOf('depend', clauses)
  if (t?.definition?.kind !== 'task') throw new ArgumentError('depend', 'the task', 'made by task()', t)
  const { definition, options } = t
  return (...args: unknown[]) => {
    const dependences = dependencesHere()
    const before = dependences.before(accesses)
    const after = [...(options.after ?? []), ...before]
    const ref = startTask(definition, args, after.length === 0 ? options : { ...options, after })
    dependences.enter(ref, accesses)
    // It may settle while its parent goes on starting tasks. What those depend on must not hang on how fast it was: it is
    // forgotten when the parent next awaits something, and before anyone who awaits this hears of it.
    const forget = () => queueMicrotask(() => dependences.settled(ref, ref.source.settlement === 'fulfilled'))
    if (ref.source.settlement === 'pending') ref.source.whenSettled(forget)
    else forget()
    return ref as Ref<ResultOf<R>>
  }
}

/**
 * Waits for the tasks that one with these clauses would come after, as OpenMP's `taskwait depend(…)`. Does not fail with them.
 *
 *     await taskWait({ in: y })      // y is complete
 */
export async function taskWait(clauses: DependClauses): Promise<void> {
  const before = dependencesHere().before(accessesOf('taskWait', clauses))
  await wait(before, { count: before.length })
}

/** What each object is used for; several uses of one are a write. @throws ArgumentError */
function accessesOf(call: string, clauses: DependClauses): ReadonlyMap<unknown, Access> {
  if (clauses === null || typeof clauses !== 'object') throw new ArgumentError(call, 'clauses', 'an object', clauses)
  const accesses = new Map<unknown, Access>()
  for (const [clause, given] of Object.entries(clauses) as [string, OneOrMore | undefined][]) {
    const access = accessOf[clause]
    if (access === undefined) {
      throw new ArgumentError(call, 'clauses', `made of ${Object.keys(accessOf).join(', ')}`, clause)
    }
    if (given === undefined) continue
    for (const object of Array.isArray(given) ? (given as readonly Dependence[]) : [given as Dependence]) {
      const key = keyOf(call, clause, object)
      if (key === allMemory && access !== 'out') {
        throw new ArgumentError(call, 'allMemory', 'in out or inout', clause)
      }
      const before = accesses.get(key)
      accesses.set(key, before === undefined || before === access ? access : 'out')
    }
  }
  // All of it includes whatever else is named.
  return accesses.has(allMemory) ? new Map([[allMemory, 'out']]) : accesses
}

function keyOf(call: string, clause: string, object: unknown): unknown {
  if (ArrayBuffer.isView(object) && heap.owns(object)) return heap.addressOf(object)
  if (typeof object === 'string' || typeof object === 'symbol') return object
  if ((typeof object === 'object' && object !== null) || typeof object === 'function') return object
  throw new ArgumentError(call, clause, 'objects, by their identity, or names', object)
}
