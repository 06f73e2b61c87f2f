export { NotCloneableError } from '@skein/values'
export type { Bag, Frequencies, JoinOptions, ShuffleOptions } from './bag/bag.ts'
export type { BagOptions } from './bag/evaluation.ts'
export type { ReadLinesOptions } from './bag/files.ts'
export type { SourceOptions } from './bag/source.ts'
export { bag, files } from './bag/source.ts'
export { current } from './calls/current.ts'
export type { GetOptions, Waited, WaitOptions } from './client.ts'
export { cancel, free, get, getActor, kill, put, stats, stop, wait } from './client.ts'
export type { Actor, ActorHandle, Given, ResultOf, Task } from './definition.ts'
export { actor, task } from './definition.ts'
export type { DependClauses, Dependence } from './depend/depend.ts'
export { depend, taskWait } from './depend/depend.ts'
export { allMemory } from './depend/dependences.ts'
export { taskGroup } from './depend/task-group.ts'
export { taskLoop } from './depend/task-loop.ts'
export type { CancelOptions, EngineStats, PutOptions } from './engine.ts'
export {
  ActorDiedError,
  CycleError,
  DefinitionError,
  EngineClosedError,
  FreedError,
  ItemError,
  NotPortableError,
  ObjectLostError,
  PlacementError,
  SpillError,
  TaskError,
  WorkerLostError,
} from './errors.ts'
export { distribute } from './farm/distribute.ts'
export { publish, type Subscription, subscribe } from './farm/topics.ts'
export { type Graph, graph } from './graph/graph.ts'
export type { GraphOptions, GraphProgress, GraphRun } from './graph/run.ts'
export type { Lazy } from './lazy.ts'
export type { ParallelMapOptions } from './map/parallel-map.ts'
export { parallelMap } from './map/parallel-map.ts'
export type { ActorOptions, Resources, TaskOptions } from './options.ts'
export type { PlacementGroup, PlacementOptions } from './placement.ts'
export { placementGroup } from './placement.ts'
export { Ref } from './ref.ts'
export { start } from './runtime.ts'
