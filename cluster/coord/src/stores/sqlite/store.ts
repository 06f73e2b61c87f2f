// The store in a file that processes of one machine share, as the program sees it. The file is with a thread of its own, so that the program never waits for a slow disk or for another process: requests go there, those of
// one turn of the event loop in one message; watches always do. While the disk is quick and nobody else holds the file, requests are done here (`direct.ts`), as long as the thread has none: what was asked first is done first.

import { Worker } from 'node:worker_threads'
import { inheritedFlags, SkeinError } from '@skein/base'
import { checkWatch } from '../../core/requests.ts'
import { StoreClosedError } from '../../errors.ts'
import { HeldLease } from '../../leases.ts'
import type {
  Lease,
  LeaseOptions,
  Range,
  Store,
  Transaction,
  TransactionResult,
  WatchBatch,
  WatchOptions,
} from '../../store.ts'
import { usualUnreadBytes, Watch } from '../../watching.ts'
import type { ChangeRequest, ReadRequest, Request } from '../asking.ts'
import { MachineStore } from '../machine-store.ts'
import { Bell } from './bell.ts'
import { Direct, type Waiting } from './direct.ts'
import type { FileOptions, Letter, Reply } from './letters.ts'
import { rangeOf, sendable } from './sendable.ts'

/** A lease's number is below this, which is exact, and drawn by lot: no other has ever had it. */
const leaseNumbers = 1e15

export class SqliteStore extends MachineStore implements Store {
  readonly url: string
  private readonly thread: Worker
  private readonly exited: Promise<void>
  private letters: Letter[] = []
  private lastId = 0
  private readonly asked = new Map<number, Waiting>()
  /** Watches of which it is not known yet from where on they are told: what is changed now is told to them. */
  private readonly beginning = new Set<number>()
  private readonly direct: Direct
  private readonly bell: Bell
  private readonly watches = new Map<number, Watch>()
  private readonly held = new Set<HeldLease>()
  private isClosed = false

  private constructor(options: FileOptions, thread: Worker) {
    super()
    this.url = `file:${options.path}`
    this.bell = new Bell(options.path)
    this.direct = new Direct(options, this.bell, all => {
      for (const waiting of all) this.hand(waiting)
    })
    this.thread = thread
    this.exited = new Promise(resolve => void thread.once('exit', () => resolve()))
    thread.on('message', (replies: Reply[]) => {
      for (const reply of replies) this.take(reply)
    })
    thread.once('error', error => this.end(error))
    thread.once('exit', () => this.end())
    thread.unref()
  }

  /** Rejects with StoreFileError, NotSupportedError. */
  static async open(options: FileOptions): Promise<SqliteStore> {
    const execArgv = inheritedFlags()
    const thread = new Worker(new URL('./thread.ts', import.meta.url), {
      name: 'skein-store',
      workerData: options,
      ...(execArgv && { execArgv }),
    })
    const reply = await new Promise<Reply>((resolve, reject) => {
      thread.once('message', ([first]) => resolve(first))
      thread.once('error', reject)
    })
    if (reply.is === 'refused') throw SkeinError.revive(reply.error)
    return new SqliteStore(options, thread)
  }

  async lease(options: LeaseOptions): Promise<Lease> {
    const { granted, held } = this.grant(options)
    await granted
    return held()
  }

  async leaseAnd(
    options: LeaseOptions,
    transaction: (lease: string) => Transaction,
  ): Promise<{ lease: Lease; result: TransactionResult }> {
    const { id, granted, held } = this.grant(options)
    // Asked in one turn, they are one commit.
    const [given, done] = await Promise.allSettled([granted, this.transact(transaction(id))])
    if (given.status === 'rejected') throw given.reason
    const lease = held()
    if (done.status === 'fulfilled') return { lease, result: done.value }
    await lease.revoke().catch(() => {})
    throw done.reason
  }

  watch(range: Range, options: WatchOptions = {}): AsyncIterableIterator<WatchBatch> {
    checkWatch(range, options)
    const { from, previous = false, maxUnreadBytes: windowBytes = usualUnreadBytes } = options
    const id = ++this.lastId
    let readBytes = 0
    const taken = (bytes: number): void => {
      readBytes += bytes
      if (readBytes < windowBytes / 2) return
      this.write({ is: 'read', id, bytes: readBytes })
      readBytes = 0
    }
    const leave = (): void => {
      if (!this.watches.delete(id)) return
      this.beginning.delete(id)
      this.write({ is: 'leave', id })
      this.letGo()
    }
    const watch = new Watch(range, options, leave, { taken, isShared: true })
    if (this.isClosed) watch.end(new StoreClosedError(this.url))
    else {
      // What was asked before it was begun is not told to it.
      this.direct.run()
      this.watches.set(id, watch)
      this.beginning.add(id)
      this.write({ is: 'watch', id, range: rangeOf(range), from, previous, windowBytes })
      this.thread.ref()
    }
    return watch
  }

  /** What was asked is done before. */
  async close(): Promise<void> {
    if (!this.isClosed) {
      this.leaveFile()
      this.write({ is: 'close' })
      this.isClosed = true
      const error = new StoreClosedError(this.url)
      for (const lease of [...this.held]) lease.lose('the store was closed', error)
      for (const watch of [...this.watches.values()]) watch.end(error)
      this.thread.ref()
    }
    await this.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  protected read<T>(request: ReadRequest): Promise<T> {
    return this.ask(request)
  }

  protected change<T>(request: ChangeRequest): Promise<T> {
    return this.ask(request)
  }

  private grant({ ttlMs, keepAlive = true }: LeaseOptions): {
    id: string
    granted: Promise<void>
    held: () => HeldLease
  } {
    const askedAtMs = this.clock.monotonicMs()
    const id = String(this.chance.integer(1, leaseNumbers))
    const granted = this.change<void>({ ask: 'grant', ttlMs, id })
    const calls = {
      renew: (id: string) => this.change<void>({ ask: 'renew', id }),
      revoke: (id: string) => this.change<void>({ ask: 'revoke', id }),
    }
    const held = (): HeldLease => {
      const lease = new HeldLease(id, ttlMs, askedAtMs, this.clock, calls, keepAlive)
      this.held.add(lease)
      lease.signal.addEventListener('abort', () => this.held.delete(lease), { once: true })
      if (this.isClosed) throw lease.lose('the store was closed', new StoreClosedError(this.url))
      return lease
    }
    return { id, granted, held }
  }

  private ask<T>(request: Request): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.isClosed) throw new StoreClosedError(this.url)
      const waiting = { request: sendable(request), resolve, reject }
      const isThreads = this.asked.size > 0 || this.beginning.size > 0 || !this.direct.isReady
      if (isThreads && !this.direct.isWaiting) this.hand(waiting)
      else this.direct.ask(waiting)
    })
  }

  /** To the thread. */
  private hand(waiting: Waiting): void {
    const id = ++this.lastId
    this.asked.set(id, waiting)
    if (this.asked.size === 1) this.thread.ref()
    this.write({ is: 'ask', id, request: waiting.request })
  }

  private write(letter: Letter): void {
    if (this.isClosed) return
    this.letters.push(letter)
    if (this.letters.length === 1)
      queueMicrotask(() => {
        this.thread.postMessage(this.letters)
        this.letters = []
      })
  }

  private take(reply: Reply): void {
    switch (reply.is) {
      case 'done':
        this.settle(reply.id)?.resolve(reply.value)
        break
      case 'failed':
        this.settle(reply.id)?.reject(SkeinError.revive(reply.error))
        break
      case 'watching':
        this.beginning.delete(reply.id)
        break
      case 'batch':
        this.watches.get(reply.id)?.feed(reply.batch)
        break
      case 'ended':
        this.beginning.delete(reply.id)
        this.watches.get(reply.id)?.end(SkeinError.revive(reply.error))
    }
  }

  private settle(id: number): Waiting | undefined {
    const asked = this.asked.get(id)
    this.asked.delete(id)
    this.letGo()
    return asked
  }

  /** While nobody waits the thread does not keep the program running. */
  private letGo(): void {
    if (this.asked.size === 0 && this.watches.size === 0 && !this.isClosed) this.thread.unref()
  }

  /** What waits here is done. */
  private leaveFile(): void {
    this.direct.close()
    this.bell.close()
  }

  /** The thread has ended, by itself or because it was closed. */
  private end(cause?: unknown): void {
    if (!this.isClosed) this.leaveFile()
    this.isClosed = true
    const error = new StoreClosedError(this.url, cause === undefined ? undefined : { cause })
    for (const lease of [...this.held]) lease.lose('the store was closed', error)
    for (const watch of [...this.watches.values()]) watch.end(error)
    for (const { reject } of this.asked.values()) reject(error)
    this.asked.clear()
  }
}
