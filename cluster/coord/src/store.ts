// The contract of every store: keys and values with revisions, transactions, leases, and watches that miss nothing. Its words are etcd's (etcd.io/docs, "etcd API").
import type { Chance, Clock } from '@skein/world'

/** A key and its value, as of the revision that was asked for. */
export interface Entry {
  readonly key: string
  readonly value: Uint8Array
  /** The revision at which the key was made; it grows over deletions. */
  readonly created: number
  /** The revision of the last change. */
  readonly modified: number
  /** Changes since it was made, from 1. */
  readonly version: number
  /** The lease that it ends with; undefined: it stays. */
  readonly lease: string | undefined
}

/** All keys, those that begin with something, or those from one to before another; in the order of their UTF-8 bytes. */
export type Range = { readonly prefix: string } | { readonly from: string; readonly to?: string }

export interface ReadOptions {
  /** As it was after this revision. Default: as it is. Rejects with CompactedError or FutureRevisionError. */
  readonly revision?: number
}

export interface RangeOptions extends ReadOptions {
  /** Entries at most. Default: all. */
  readonly limit?: number
  readonly descending?: boolean
  /** Without values. */
  readonly keysOnly?: boolean
}

export interface RangeResult {
  readonly entries: readonly Entry[]
  /** Keys in the range, whatever the limit. */
  readonly count: number
  /** As of which revision. */
  readonly revision: number
}

export interface PutOptions {
  /** The key ends with the lease. Default: it stays. Rejects with LeaseNotFoundError. */
  readonly lease?: string
}

export type Compare = { readonly key: string } & (
  | { readonly target: 'value'; readonly is: Comparison; readonly value: Uint8Array | string }
  | { readonly target: 'created' | 'modified' | 'version'; readonly is: Comparison; readonly value: number }
  /** '' is none. */
  | { readonly target: 'lease'; readonly is: '=' | '!='; readonly value: string }
)
/** A key that is not there has version, created and modified 0, and no lease; no comparison of its value holds. */
export type Comparison = '=' | '!=' | '<' | '>'

export type Operation =
  | { readonly op: 'get'; readonly key: string }
  | ({ readonly op: 'range'; readonly range: Range } & RangeOptions)
  | ({ readonly op: 'put'; readonly key: string; readonly value: Uint8Array | string } & PutOptions)
  | { readonly op: 'delete'; readonly key: string }
  | { readonly op: 'deleteRange'; readonly range: Range }

/** Of a get the entry, of a range its result, of a put what was there before, of a delete what is gone. */
export type OperationResult = Entry | undefined | RangeResult | readonly Entry[]

export interface Transaction {
  /** All must hold. */
  readonly if?: readonly Compare[]
  /** Done if they do; one key is changed once at most. What would be done is checked: rejects with LeaseNotFoundError, CompactedError, FutureRevisionError. */
  readonly do?: readonly Operation[]
  /** Done if they do not. */
  readonly else?: readonly Operation[]
}

export interface TransactionResult {
  readonly succeeded: boolean
  /** Of the transaction's changes, or of the last before it. */
  readonly revision: number
  readonly results: readonly OperationResult[]
}

export interface WatchOptions {
  /** From this revision on, itself included. Default: what happens from now on. Rejects with CompactedError. */
  readonly from?: number
  /** With what was there before. */
  readonly previous?: boolean
  /**
   * Bytes that may wait to be read. What happens beyond them is read again from the store's history when it is asked for; if it was compacted meanwhile, the watch rejects with CompactedError. Default 1 MiB.
   */
  readonly maxUnreadBytes?: number
  readonly signal?: AbortSignal
}

export type WatchEvent =
  | { readonly type: 'put'; readonly entry: Entry; readonly previous: Entry | undefined }
  | { readonly type: 'delete'; readonly key: string; readonly revision: number; readonly previous: Entry | undefined }

/** What one revision changed in the range. */
export interface WatchBatch {
  readonly revision: number
  readonly events: readonly WatchEvent[]
}

/** Keys that were put with it are deleted when it ends, unless it is renewed in time. */
export interface Lease extends AsyncDisposable {
  readonly id: string
  readonly ttlMs: number
  /**
   * Aborted with LeaseLostError before the store can have ended the lease: counted from before it was last asked for, by the clock here, less a share for clocks that drift. Who was
   * paused finds it aborted when it next awaits anything.
   */
  readonly signal: AbortSignal
  /** Milliseconds for which it is surely there. */
  readonly remainingMs: number
  /** By itself at a third of its time; this does it now. Rejects with LeaseLostError. */
  renew(): Promise<void>
  /** Ends it and deletes its keys. */
  revoke(): Promise<void>
}

export interface LeaseOptions {
  ttlMs: number
  /** Whether it renews itself. Default true. */
  keepAlive?: boolean
}

export interface Store extends AsyncDisposable {
  /** `memory:`, `file:…` or `etcd://…`. */
  readonly url: string
  /** Of this side: by which it counts leases, and by which is waited for what is built on it. */
  readonly clock: Clock
  /** For delays that must not be the same for all. */
  readonly chance: Chance
  get(key: string, options?: ReadOptions): Promise<Entry | undefined>
  range(range: Range, options?: RangeOptions): Promise<RangeResult>
  put(
    key: string,
    value: Uint8Array | string,
    options?: PutOptions,
  ): Promise<{ revision: number; previous: Entry | undefined }>
  delete(key: string): Promise<{ revision: number; deleted: Entry | undefined }>
  deleteRange(range: Range): Promise<{ revision: number; deleted: readonly Entry[] }>
  transact(transaction: Transaction): Promise<TransactionResult>
  lease(options: LeaseOptions): Promise<Lease>
  /** A lease, and a transaction with it, in one step. Stores that would make two of it do not have it. Rejects as both do; then there is no lease. */
  leaseAnd?(
    options: LeaseOptions,
    transaction: (lease: string) => Transaction,
  ): Promise<{ lease: Lease; result: TransactionResult }>
  watch(range: Range, options?: WatchOptions): AsyncIterableIterator<WatchBatch>
  /** Forgets what was before the revision, but for what is there still. */
  compact(revision: number): Promise<void>
  /** The last revision. */
  revision(): Promise<number>
  close(): Promise<void>
}
