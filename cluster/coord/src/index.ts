export { Coordinator } from './coordinator.ts'
export { compareKeys } from './core/keys.ts'
export { Machine } from './core/machine.ts'
export { type CampaignOptions, campaign, type Leader, leader, leaders } from './election.ts'
export {
  CompactedError,
  FutureRevisionError,
  LeaseLostError,
  LeaseNotFoundError,
  StoreClosedError,
  StoreFileError,
} from './errors.ts'
export type { Held, LockOptions } from './locks/line.ts'
export { lock, readLock, semaphore, tryLock } from './locks/locks.ts'
export { type OpenOptions, open } from './open.ts'
export type {
  Compare,
  Comparison,
  Entry,
  Lease,
  LeaseOptions,
  Operation,
  OperationResult,
  PutOptions,
  Range,
  RangeOptions,
  RangeResult,
  ReadOptions,
  Store,
  Transaction,
  TransactionResult,
  WatchBatch,
  WatchEvent,
  WatchOptions,
} from './store.ts'
