export type { GetOptions, Waited, WaitOptions } from './client.ts'
export { cancel, free, get, getActor, kill, put, stats, stop, wait } from './client.ts'
export type { Actor, ActorHandle, Given, ResultOf, Task } from './definition.ts'
export { actor, task } from './definition.ts'
export type { CancelOptions, EngineStats, PutOptions } from './engine.ts'
export {
  ActorDiedError,
  CycleError,
  DefinitionError,
  EngineClosedError,
  FreedError,
  NotCloneableError,
  TaskError,
  WorkerLostError,
} from './errors.ts'
export type { ActorOptions, Resources, TaskOptions } from './options.ts'
export { Ref } from './ref.ts'
export { start } from './runtime.ts'
export { current } from './threads/current.ts'
