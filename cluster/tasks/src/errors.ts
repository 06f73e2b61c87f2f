/** What can go wrong with a task, an actor, or a value on its way. */

import { describe, describeBytes, registerError, SkeinError } from '@skein/base'

/** An error in a sentence about another one. */
export const told = (cause: unknown): string =>
  cause instanceof Error ? `${cause.name}: ${cause.message}` : describe(cause)

/** A task's function threw. `cause` is what it threw, with the worker's stack; this error's own stack is the submitting side's. */
export class TaskError extends SkeinError {
  static {
    registerError(TaskError, 'TaskError')
  }
  declare readonly task: string
  /** The worker that ran it last, from 1. */
  declare readonly worker: number
  declare readonly attempts: number

  constructor(task: string, worker: number, attempts: number, cause: unknown) {
    const tries = attempts > 1 ? ` after ${attempts} attempts` : ''
    super(
      'SKEIN_TASK',
      `Task '${task}' failed on worker ${worker}${tries}: ${told(cause)}`,
      { task, worker, attempts },
      { cause },
    )
  }
}

/** The worker that ran a task ended before the task did. */
export class WorkerLostError extends SkeinError {
  static {
    registerError(WorkerLostError, 'WorkerLostError')
  }
  declare readonly task: string
  declare readonly worker: number
  declare readonly attempts: number
  declare readonly reason: string

  constructor(task: string, worker: number, attempts: number, reason: string) {
    const tries = attempts === 1 ? 'Its only attempt ended so' : `Each of its ${attempts} attempts ended so`
    super(
      'SKEIN_WORKER_LOST',
      `Worker ${worker} ended while it ran task '${task}': ${reason}. ${tries}; 'retries' allows more.`,
      { task, worker, attempts, reason },
    )
  }
}

/** A task or an actor cannot be found where it should run, or is defined in a way that could not be found. */
export class DefinitionError extends SkeinError {
  static {
    registerError(DefinitionError, 'DefinitionError')
  }
  declare readonly definition: string
  declare readonly module: string

  constructor(definition: string, module: string, problem: string, cause?: unknown) {
    super(
      'SKEIN_DEFINITION',
      `'${definition}' of ${module} ${problem}`,
      { definition, module },
      cause === undefined ? undefined : { cause },
    )
  }
}

/** A function that should go to a worker as text needs more than its text. */
export class NotPortableError extends SkeinError {
  static {
    registerError(NotPortableError, 'NotPortableError')
  }
  declare readonly call: string
  /** Its name, or its first line. */
  declare readonly function: string
  declare readonly problem: string

  constructor(call: string, name: string, problem: string, advice: string) {
    super('SKEIN_NOT_PORTABLE', `${call}: the function '${name}' ${problem}. ${advice}`, {
      call,
      function: name,
      problem,
    })
  }
}

/** A function failed on one of many items. `cause` is what it threw, with the worker's stack. */
export class ItemError extends SkeinError {
  static {
    registerError(ItemError, 'ItemError')
  }
  declare readonly call: string
  /** Which item, from 0. */
  declare readonly index: number

  constructor(call: string, index: number, cause: unknown) {
    super('SKEIN_ITEM', `${call}: item ${index} failed: ${told(cause)}`, { call, index }, { cause })
  }
}

/** An actor is not there any more. */
export class ActorDiedError extends SkeinError {
  static {
    registerError(ActorDiedError, 'ActorDiedError')
  }
  declare readonly actor: string
  declare readonly reason: string

  constructor(actor: string, reason: string, cause?: unknown) {
    super(
      'SKEIN_ACTOR_DIED',
      `Actor '${actor}' has died: ${reason}. Calls that had not finished are lost; 'restarts' lets it come back.`,
      { actor, reason },
      cause === undefined ? undefined : { cause },
    )
  }
}

/** Resources that were to be set aside cannot be had, or are not set aside any more. */
export class PlacementError extends SkeinError {
  static {
    registerError(PlacementError, 'PlacementError')
  }
  declare readonly group: number
  declare readonly problem: string

  constructor(group: number, problem: string) {
    super('SKEIN_PLACEMENT', `Placement group ${group}: ${problem}.`, { group, problem })
  }
}

/** A reference whose value was freed. */
export class FreedError extends SkeinError {
  static {
    registerError(FreedError, 'FreedError')
  }
  declare readonly ref: string

  constructor(ref: string) {
    super(
      'SKEIN_FREED',
      `The value of ${ref} was freed and is gone. Free a reference when nothing needs it any more.`,
      { ref },
    )
  }
}

/** A value could not be written to disk. `cause` says why; the value stays in memory. */
export class SpillError extends SkeinError {
  static {
    registerError(SpillError, 'SpillError')
  }
  declare readonly file: string
  declare readonly bytes: number

  constructor(file: string, bytes: number, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause)
    super(
      'SKEIN_SPILL',
      `${describeBytes(bytes)} could not go to disk at ${file}: ${why}. start({ spill: { folder, bytes } }) says where, and how much.`,
      { file, bytes },
      { cause },
    )
  }
}

/** A value that was there is no more, and could not be made again. `cause` is what went wrong with it, if something did. */
export class ObjectLostError extends SkeinError {
  static {
    registerError(ObjectLostError, 'ObjectLostError')
  }
  declare readonly ref: string
  declare readonly reason: string

  constructor(ref: string, reason: string, cause?: unknown) {
    super(
      'SKEIN_OBJECT_LOST',
      `The value of ${ref} is lost: ${reason}.`,
      { ref, reason },
      cause === undefined ? undefined : { cause },
    )
  }
}

/** A reference that would have to wait for itself. */
export class CycleError extends SkeinError {
  static {
    registerError(CycleError, 'CycleError')
  }
  declare readonly ref: string

  constructor(ref: string) {
    super('SKEIN_CYCLE', `${ref} resolves to itself, so it would never have a value.`, { ref })
  }
}

/** The engine is at its end: nothing can be submitted, and what was under way is lost. */
export class EngineClosedError extends SkeinError {
  static {
    registerError(EngineClosedError, 'EngineClosedError')
  }
  constructor(what: string) {
    super('SKEIN_ENGINE_CLOSED', `${what}: the engine has been closed.`)
  }
}
