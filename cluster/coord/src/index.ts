export { type EventClock, type Order, siblings } from './clocks/clock.ts'
export { type Climbing, DurableClock, fileMark, type Mark, storeMark } from './clocks/durable.ts'
export { ClockDriftError, ClockUncertaintyError, TimestampFormatError } from './clocks/errors.ts'
export { HybridClock, type HybridClockOptions, type HybridStamp } from './clocks/hybrid.ts'
export { type Interval, IntervalClock, type IntervalClockOptions } from './clocks/interval.ts'
export { LamportClock, type LamportStamp } from './clocks/lamport.ts'
export { RevisionOracle, TimestampOracle, type TimestampOracleOptions } from './clocks/oracle.ts'
export { VectorClock, type VectorStamp } from './clocks/vector.ts'
export { Coordinator } from './coordinator.ts'
export { compareKeys } from './core/keys.ts'
export { Machine } from './core/machine.ts'
export { type CampaignOptions, campaign, type Leader, type Leadership, leader, leaders } from './election.ts'
export {
  CompactedError,
  EtcdError,
  FutureRevisionError,
  LeaseLostError,
  LeaseNotFoundError,
  StoreAccessError,
  StoreClosedError,
  StoredValueError,
  StoreFileError,
  StoreLimitError,
  StoreUnavailableError,
  UnknownOutcomeError,
  WrongServerError,
} from './errors.ts'
export { type Followed, type FollowOptions, follow } from './following.ts'
export type { Held, LockOptions } from './locks/line.ts'
export { type Holder, holders, lock, readLock, semaphore, tryLock } from './locks/locks.ts'
export { type OpenOptions, open } from './open.ts'
export { Barrier } from './recipes/barrier.ts'
export { Config, type ConfigOptions } from './recipes/config.ts'
export { Counter, Sequence, type SequenceOptions } from './recipes/counter.ts'
export { DoubleBarrier, type DoubleBarrierOptions, type Inside } from './recipes/double-barrier.ts'
export { Latch, type LatchOptions } from './recipes/latch.ts'
export { type JoinOptions, type Member, type MemberEvent, Members, type Membership } from './recipes/members.ts'
export { once } from './recipes/once.ts'
export { type Claim, type ItemOptions, Queue, type QueueOptions } from './recipes/queue.ts'
export type { RegistryEvent } from './registry/catalogue.ts'
export {
  HubLimitError,
  KeyFormatError,
  NoPortError,
  NotAHubError,
  RegistrationEndedError,
  RegistrationRefusedError,
  RegistryClosedError,
} from './registry/errors.ts'
export { type HubOptions, type RegistryHub, serveRegistry } from './registry/hub.ts'
export { type ConnectRegistryOptions, connectRegistry } from './registry/hub-backend.ts'
export { type Authorized, generateKeys, type KeyPair, parseAuthorized } from './registry/keys.ts'
export type { Registration } from './registry/registration.ts'
export {
  type RegisterOptions,
  type Registry,
  type RegistryOptions,
  registry,
  type TakenPort,
} from './registry/registry.ts'
export {
  type RoleConnectOptions,
  type RoleListenOptions,
  type Roles,
  roles,
  type ServedRole,
  type Strategy,
} from './registry/roles.ts'
export type { Service } from './registry/service.ts'
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
export type { EtcdOptions, StoreTls } from './stores/etcd/options.ts'
export { CommitUnknownError, TransactionConflictError } from './transactions/errors.ts'
export { type OptimisticOptions, optimistic } from './transactions/optimistic.ts'
export { type PercolatorOptions, type PercolatorTransactions, percolator } from './transactions/percolator.ts'
export type { ShardOptions } from './transactions/shards.ts'
export type { KeyValue, TransactionOptions, Transactions, Tx } from './transactions/transactions.ts'
export { twoPhase } from './transactions/two-phase.ts'
export type { WaitOptions } from './waiting.ts'
