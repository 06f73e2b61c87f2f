export { AttributeKey, type Attributes, type KeyOptions } from './comm/attributes.ts'
export { Comm } from './comm/comm.ts'
export { Cartesian, type CartOptions, DistGraph, Graph, Intercomm, Intracomm } from './comm/communicators.ts'
export { type ErrorHandler, errorsAbort, errorsThrow } from './comm/error-handlers.ts'
export { dims } from './comm/grid.ts'
export { type Comparison, Group, type Range } from './comm/group.ts'
export type { Message } from './comm/message.ts'
export { anySource, anyTag, inPlace, procNull, root } from './constants.ts'
export {
  bool,
  byte,
  complex64,
  complex128,
  doubleInt,
  float16,
  float32,
  float64,
  floatInt,
  int8,
  int16,
  int32,
  int64,
  longInt,
  packed,
  shortInt,
  twoDouble,
  twoFloat,
  twoInt,
  uint8,
  uint16,
  uint32,
  uint64,
} from './datatype/basic.ts'
export { Datatype, type Kind } from './datatype/datatype.ts'
export type { SpawnOptions, SpawnProgram } from './dynamic/arguments.ts'
export {
  appNumber,
  closePort,
  lookupName,
  openPort,
  parent,
  publishName,
  universeSize,
  unpublishName,
} from './dynamic/ports.ts'
export { Session } from './dynamic/session.ts'
export type { Neighbors, ThreadLevel } from './engine.ts'
export {
  abort,
  allocate,
  deleteFile,
  finalize,
  isFinalized,
  processorName,
  tagUb,
  version,
  wtick,
  wtime,
} from './environment.ts'
export { DeadlockError, type ErrorClass, MpiError } from './errors.ts'
export type { FileErrorHandler } from './file/base.ts'
export { MpiFile } from './file/file.ts'
export type { FileMode } from './file/mode.ts'
export type { DataRepresentation, FileFlag, FileView, Whence } from './file/port.ts'
export type { Hints, Info } from './info.ts'
export { pack, packSize, reduceLocal, unpack } from './local.ts'
export type { Data, Memory, Slice, Slices, TypedSlices } from './message/part.ts'
export {
  band,
  bor,
  bxor,
  land,
  lor,
  lxor,
  max,
  maxloc,
  min,
  minloc,
  noOp,
  Op,
  type OpName,
  prod,
  replace,
  sum,
} from './op.ts'
export type { Future } from './pool/call-run.ts'
export { PoolClosedError, PoolTaskError } from './pool/errors.ts'
export { type PoolOptions, pool } from './pool/open.ts'
export type { ApplyOptions, MapOptions, Pool, PoolWorker, ShutdownOptions } from './pool/pool.ts'
export { type WorkerInfo, workerInfo } from './pool/worker.ts'
export type { PartitionedRequest, PersistentRequest } from './request/persistent.ts'
export { Request } from './request/request.ts'
export { Status } from './status.ts'
export type { TargetElements } from './window/arguments.ts'
export type { WindowErrorHandler } from './window/base.ts'
export type { SharedWindowOptions, WindowOptions } from './window/open.ts'
export type { Assertions, LockType, WindowFlavor, WindowModel } from './window/port.ts'
export { Window } from './window/window.ts'
export { self, world } from './world.ts'
