// A store, and what is built on its contract, as methods. What each does stands with the function of its name, which takes any store.
import type { Chance, Clock } from '@skein/world'
import { type CampaignOptions, campaign, type Leader, type Leadership, leader, leaders } from './election.ts'
import { type Followed, type FollowOptions, follow } from './following.ts'
import type { Held, LockOptions } from './locks/line.ts'
import { type Holder, holders, lock, readLock, semaphore, tryLock } from './locks/locks.ts'
import { Barrier } from './recipes/barrier.ts'
import { Config, type ConfigOptions } from './recipes/config.ts'
import { Counter, Sequence, type SequenceOptions } from './recipes/counter.ts'
import { DoubleBarrier, type DoubleBarrierOptions } from './recipes/double-barrier.ts'
import { Latch, type LatchOptions } from './recipes/latch.ts'
import { Members } from './recipes/members.ts'
import { once } from './recipes/once.ts'
import { Queue, type QueueOptions } from './recipes/queue.ts'
import { type Registry, type RegistryOptions, registry } from './registry/registry.ts'
import type {
  Entry,
  Lease,
  LeaseOptions,
  PutOptions,
  Range,
  RangeOptions,
  RangeResult,
  ReadOptions,
  Store,
  Transaction,
  TransactionResult,
  WatchBatch,
  WatchOptions,
} from './store.ts'
import { optimistic } from './transactions/optimistic.ts'
import type { TransactionOptions, Tx } from './transactions/transactions.ts'

export class Coordinator implements Store {
  readonly store: Store

  /** Takes the store over: `close()` closes it. */
  constructor(store: Store) {
    this.store = store
  }

  /** Waits for a lock that one holds at a time. */
  lock(name: string, options?: LockOptions): Promise<Held> {
    return lock(this.store, name, options)
  }

  /** The lock if it is free now; undefined if it is not. */
  tryLock(name: string, options?: LockOptions): Promise<Held | undefined> {
    return tryLock(this.store, name, options)
  }

  /** Waits to read what nobody writes meanwhile: who writes has `lock` of the name. */
  readLock(name: string, options?: LockOptions): Promise<Held> {
    return readLock(this.store, name, options)
  }

  /** Waits for one of `permits` places. */
  semaphore(name: string, permits: number, options?: LockOptions): Promise<Held> {
    return semaphore(this.store, name, permits, options)
  }

  /** Who holds a lock now: nobody, one that writes, or those that read. */
  holders(name: string): Promise<Holder[]> {
    return holders(this.store, name)
  }

  /** Stands for an election, and resolves when elected. */
  campaign(name: string, options?: CampaignOptions): Promise<Leadership> {
    return campaign(this.store, name, options)
  }

  /** Who leads now; undefined: nobody. */
  leader(name: string): Promise<Leader | undefined> {
    return leader(this.store, name)
  }

  /** Who leads now, and each leader that follows. */
  leaders(name: string, options?: FollowOptions): AsyncGenerator<Leader | undefined> {
    return leaders(this.store, name, options)
  }

  /** Who serves what, and where. */
  registry(options?: RegistryOptions): Registry {
    return registry(this.store, options)
  }

  /** What is in a range, and each change of it, over what is forgotten and times in which the store cannot be read. */
  follow(range: Range, options?: FollowOptions): AsyncGenerator<Followed, void> {
    return follow(this.store, range, options)
  }

  /** A gate: closed by one, for all who come until it is opened. */
  barrier(name: string): Barrier {
    return new Barrier(this.store, name)
  }

  /** So many begin together, and end together. */
  doubleBarrier(name: string, options: DoubleBarrierOptions): DoubleBarrier {
    return new DoubleBarrier(this.store, name, options)
  }

  /** Opens once it was counted down so often. */
  latch(name: string, options: LatchOptions): Latch {
    return new Latch(this.store, name, options)
  }

  /** Items of which each is taken by one, the first of the most urgent first. */
  queue<T = unknown>(name: string, options?: QueueOptions): Queue<T> {
    return new Queue<T>(this.store, name, options)
  }

  /** A number that many add to. */
  counter(name: string): Counter {
    return new Counter(this.store, name)
  }

  /** Numbers of which each is given to one. */
  sequence(name: string, options?: SequenceOptions): Sequence {
    return new Sequence(this.store, name, options)
  }

  /** A value that is kept up to date here. */
  config<T = unknown>(name: string, options?: ConfigOptions<T>): Promise<Config<T>> {
    return Config.open<T>(this.store, name, options)
  }

  /** Who is there. */
  members<T = unknown>(group: string): Members<T> {
    return new Members<T>(this.store, group)
  }

  /** Gives what `run` gave, here or in another process. */
  once<T>(name: string, run: (signal: AbortSignal) => Promise<T> | T, options?: LockOptions): Promise<T> {
    return once(this.store, name, run, options)
  }

  /** Reads and writes many keys as one, and again when others were in the way. */
  transaction<T>(run: (tx: Tx) => T | Promise<T>, options?: TransactionOptions): Promise<T> {
    return optimistic(this.store).transaction(run, options)
  }

  // The store's own calls.

  get url(): string {
    return this.store.url
  }

  get clock(): Clock {
    return this.store.clock
  }

  get chance(): Chance {
    return this.store.chance
  }

  get(key: string, options?: ReadOptions): Promise<Entry | undefined> {
    return this.store.get(key, options)
  }

  range(range: Range, options?: RangeOptions): Promise<RangeResult> {
    return this.store.range(range, options)
  }

  put(
    key: string,
    value: Uint8Array | string,
    options?: PutOptions,
  ): Promise<{ revision: number; previous: Entry | undefined }> {
    return this.store.put(key, value, options)
  }

  delete(key: string): Promise<{ revision: number; deleted: Entry | undefined }> {
    return this.store.delete(key)
  }

  deleteRange(range: Range): Promise<{ revision: number; deleted: readonly Entry[] }> {
    return this.store.deleteRange(range)
  }

  transact(transaction: Transaction): Promise<TransactionResult> {
    return this.store.transact(transaction)
  }

  lease(options: LeaseOptions): Promise<Lease> {
    return this.store.lease(options)
  }

  watch(range: Range, options?: WatchOptions): AsyncIterableIterator<WatchBatch> {
    return this.store.watch(range, options)
  }

  compact(revision: number): Promise<void> {
    return this.store.compact(revision)
  }

  revision(): Promise<number> {
    return this.store.revision()
  }

  close(): Promise<void> {
    return this.store.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close()
  }
}
