// Transactions over many keys, whatever the protocol: what a program reads and writes in one, the writes that wait for the commit, and trying again.
//
// A protocol is an `Attempt`: it reads for the program, and commits what was written. What it throws when others were in the way is a TransactionConflictError; then the program is run again, after a
// pause that grows and is not the same for all.
import { ArgumentError, CancelledError } from '@skein/base'
import { bytesOf, checkKey, checkName, checkRange, compareKeys, isIn } from '../core/keys.ts'
import { StoreAccessError, StoreLimitError, StoreUnavailableError } from '../errors.ts'
import { pauseAfter } from '../recipes/compare-and-set.ts'
import type { Range, Store } from '../store.ts'
import { TransactionConflictError } from './errors.ts'

/** What one transaction sees and does. Of no use after the program has returned. */
export interface Tx {
  /** What is there, or what this transaction has put there. */
  get(key: string): Promise<Uint8Array | undefined>
  /** All keys in order. Two-phase commit, and Percolator when it is serializable, lock keys and no ranges: NotSupportedError. */
  range(range: Range): Promise<readonly KeyValue[]>
  put(key: string, value: Uint8Array | string): void
  delete(key: string): void
}

export interface KeyValue {
  readonly key: string
  readonly value: Uint8Array
}

export interface TransactionOptions {
  /** Ends it before it is committed. */
  signal?: AbortSignal
  /** After so many conflicts it rejects with TransactionConflictError. Default 50. */
  maxAttempts?: number
}

export interface Transactions extends AsyncDisposable {
  /**
   * `strict-serializable`: as if one were done after another, in an order in which none comes after one that began when it had ended. `snapshot`: each sees the state of one moment, and no two that overlap
   * write the same key; two may each write what the other has read (write skew).
   */
  readonly isolation: 'strict-serializable' | 'snapshot'
  /**
   * Runs a program, and commits what it has written; runs it again when others were in the way, so it should do nothing else that matters. An error that it throws ends it, and nothing is written.
   * Rejects with TransactionConflictError, CommitUnknownError, CancelledError, and what the stores reject with: then nothing was written, unless it is CommitUnknownError.
   */
  transaction<T>(run: (tx: Tx) => T | Promise<T>, options?: TransactionOptions): Promise<T>
  /** Finishes what goes on after commits. The stores stay open. */
  close(): Promise<void>
}

/** One try. */
export interface Attempt {
  read(key: string): Promise<Uint8Array | undefined>
  readRange(range: Range): Promise<readonly KeyValue[]>
  /** Rejects with TransactionConflictError if what was read was not there at one moment. */
  validate(): Promise<void>
  /** `undefined`: deleted. Rejects with TransactionConflictError: nothing was done, and nothing is left behind that is in anybody's way. */
  commit(writes: ReadonlyMap<string, Uint8Array | undefined>): Promise<void>
}

/** Runs a program by a protocol until it is through. */
export const runTransaction = async <T>(
  begin: (signal: AbortSignal | undefined) => Attempt | Promise<Attempt>,
  place: Pick<Store, 'clock' | 'chance'>,
  run: (tx: Tx) => T | Promise<T>,
  options: TransactionOptions = {},
): Promise<T> => {
  const { signal, maxAttempts = 50 } = options
  if (typeof run !== 'function') throw new ArgumentError('transaction', 'run', 'a function', run)
  if (!(maxAttempts >= 1)) throw new ArgumentError('transaction', 'maxAttempts', 'a number from 1', maxAttempts)
  for (let attempts = 1; ; attempts++) {
    CancelledError.check(signal, 'transaction')
    try {
      return await runOnce(await begin(signal), run, signal)
    } catch (error) {
      if (!(error instanceof TransactionConflictError)) throw error
      if (attempts >= maxAttempts) throw new TransactionConflictError(error.reason, attempts, { cause: error })
    }
    await pauseAfter('transaction', place, attempts, signal)
  }
}

const runOnce = async <T>(
  attempt: Attempt,
  run: (tx: Tx) => T | Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> => {
  const view = new View(attempt)
  let result: T
  try {
    result = await run(view)
  } catch (error) {
    // What it saw may never have been there at once; then its complaint is none.
    if (!view.conflict && !(error instanceof TransactionConflictError)) await attempt.validate()
    throw view.conflict ?? error
  } finally {
    view.isOver = true
  }
  if (view.conflict) throw view.conflict
  CancelledError.check(signal, 'transaction')
  await attempt.commit(view.writes)
  return result
}

/** What the program has of an attempt: what it wrote itself is seen before what is there. */
class View implements Tx {
  readonly writes = new Map<string, Uint8Array | undefined>()
  conflict: TransactionConflictError | undefined
  isOver = false
  private readonly attempt: Attempt
  /** A key is read once: the same answer each time. */
  private readonly reads = new Map<string, Promise<Uint8Array | undefined>>()

  constructor(attempt: Attempt) {
    this.attempt = attempt
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.check('get', key)
    if (this.writes.has(key)) return this.writes.get(key)?.slice()
    let read = this.reads.get(key)
    if (!read) this.reads.set(key, (read = this.noting(this.attempt.read(key))))
    return (await read)?.slice()
  }

  async range(range: Range): Promise<readonly KeyValue[]> {
    this.check('range')
    checkRange('range', range)
    const found = new Map<string, Uint8Array>()
    for (const { key, value } of await this.noting(this.attempt.readRange(range))) found.set(key, value)
    for (const [key, value] of this.writes)
      if (!isIn(key, range)) continue
      else if (value === undefined) found.delete(key)
      else found.set(key, value)
    return [...found].map(([key, value]) => ({ key, value: value.slice() })).sort((a, b) => compareKeys(a.key, b.key))
  }

  put(key: string, value: Uint8Array | string): void {
    this.check('put', key)
    this.writes.set(key, bytesOf('put', value).slice())
  }

  delete(key: string): void {
    this.check('delete', key)
    this.writes.set(key, undefined)
  }

  private check(call: string, key?: string): void {
    if (this.isOver)
      throw new ArgumentError(
        call,
        'tx',
        'that of a transaction that goes on',
        'one that is over',
        'Await every call within the transaction.',
      )
    if (call === 'range') return
    checkKey(call, key)
    if (key!.startsWith(ownPrefix) || key!.includes('\0'))
      throw new ArgumentError(call, 'key', `a text without U+0000 that does not begin with ${ownPrefix}`, key)
  }

  /** A program may swallow a conflict; the transaction does not. */
  private async noting<T>(reading: Promise<T>): Promise<T> {
    try {
      return await reading
    } catch (error) {
      if (error instanceof TransactionConflictError) this.conflict ??= error
      throw error
    }
  }
}

/** Where transactions keep what is theirs. */
export const ownPrefix = 'skein/transactions/'

/** Throws ArgumentError. */
export const prefixOf = (call: string, name: unknown): string => {
  if (checkName(call, name).includes('\0')) throw new ArgumentError(call, 'name', 'a text without U+0000', name)
  return `${ownPrefix}${name}/`
}

/** Of what a store rejects a change with: whether it may have been done all the same. */
export const mayBeDone = (error: unknown): boolean =>
  ![ArgumentError, StoreAccessError, StoreLimitError, StoreUnavailableError].some(kind => error instanceof kind)
