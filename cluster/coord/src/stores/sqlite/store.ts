// The store in a file that processes of one machine share. SQLite writes ahead (WAL) and syncs at each commit: what was acknowledged is there after a loss of power. Requests that come in one turn of the event loop are one
// commit, for a sync takes as long for one as for many.
//
// Times of leases are those of the machine's monotonic clock, which its processes have in common; it begins anew when the machine does, and then leases have their whole time again.
import { NotSupportedError, nodeModule } from '@skein/base'
import { realClock, type Timer } from '@skein/world'
import { Machine } from '../../core/machine.ts'
import { checkWatch } from '../../core/requests.ts'
import { CompactedError, StoreClosedError, StoreFileError } from '../../errors.ts'
import { HeldLease } from '../../leases.ts'
import type { Lease, LeaseOptions, Range, Store, WatchBatch, WatchOptions } from '../../store.ts'
import { Watch } from '../../watching.ts'
import { MachineStore } from '../machine-store.ts'
import { formatVersion, SqliteTables, schema } from './tables.ts'

type Database = InstanceType<typeof import('node:sqlite').DatabaseSync>

/** How often a process that watches looks whether another one has written. */
const lookMs = 10
/** How long a process waits for another one's transaction. */
const busyMs = 10_000

interface Request {
  run(): unknown
  resolve(value: any): void
  reject(error: unknown): void
}

export class SqliteStore extends MachineStore implements Store {
  readonly url: string
  private readonly path: string
  private readonly database: Database
  private readonly tables: SqliteTables
  private readonly machine: Machine
  private readonly watches = new Set<Watch>()
  private readonly held = new Set<HeldLease>()
  /** Waiting for the next commit. */
  private requests: Request[] = []
  /** The last revision that watches were told of. */
  private told: number
  private look: Timer | undefined
  private isClosed = false

  /** Throws StoreFileError, NotSupportedError. */
  constructor(path: string) {
    super()
    this.url = `file:${path}`
    this.path = path
    const sqlite = nodeModule<typeof import('node:sqlite')>('node:sqlite')
    if (!sqlite)
      throw new NotSupportedError(
        'file',
        'open',
        'this engine has no node:sqlite',
        'Use Node 22.13 or newer, or memory: or etcd://',
      )
    let database: Database | undefined
    try {
      database = new sqlite.DatabaseSync(path, { timeout: busyMs })
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
      this.database = database
      this.tables = new SqliteTables(database)
      this.write(() => this.prepare())
    } catch (error) {
      database?.close()
      throw new StoreFileError(path, 'open it', error as Error)
    }
    this.machine = new Machine(this.tables)
    this.told = this.tables.revision
  }

  async lease({ ttlMs, keepAlive = true }: LeaseOptions): Promise<Lease> {
    const askedAtMs = realClock.monotonicMs()
    const id = await this.change(() => this.machine.grant(ttlMs, machineMs()))
    const calls = {
      renew: (id: string) => this.change(() => this.machine.renew(id, machineMs())),
      revoke: (id: string) => this.change(() => this.machine.revoke(id)),
    }
    const lease = new HeldLease(id, ttlMs, askedAtMs, realClock, calls, keepAlive)
    this.held.add(lease)
    lease.signal.addEventListener('abort', () => this.held.delete(lease), { once: true })
    return lease
  }

  watch(range: Range, options: WatchOptions = {}): AsyncIterableIterator<WatchBatch> {
    checkWatch(range, options)
    const { from } = options
    const watch: Watch = new Watch(range, options, () => {
      this.watches.delete(watch)
      if (this.watches.size === 0) this.look?.cancel()
    })
    const begin = (): void => {
      if (this.isClosed) throw new StoreClosedError(this.url)
      this.tell()
      if (from !== undefined) {
        if (from < this.tables.compacted) throw new CompactedError(from, this.tables.compacted)
        for (const batch of this.tables.batchesSince(from)) if (batch.revision <= this.told) watch.feed(batch)
      }
      this.watches.add(watch)
      if (this.watches.size === 1) this.lookLater()
    }
    try {
      begin()
    } catch (error) {
      watch.end(
        error instanceof StoreClosedError || error instanceof CompactedError ? error : this.explained(error, 'watch'),
      )
    }
    return watch
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    this.commit()
    this.isClosed = true
    this.look?.cancel()
    const error = new StoreClosedError(this.url)
    for (const lease of [...this.held]) lease.lose('the store was closed', error)
    for (const watch of [...this.watches]) watch.end(error)
    this.database.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** In a transaction that no other process sees half of. */
  private write<T>(run: () => T): T {
    this.database.exec('BEGIN IMMEDIATE')
    try {
      const result = run()
      this.database.exec('COMMIT')
      return result
    } catch (error) {
      // A failure of the disk has ended the transaction already.
      if (this.database.isTransaction) this.database.exec('ROLLBACK')
      throw error
    }
  }

  private prepare(): void {
    this.database.exec(schema)
    const found = this.tables.meta('format')
    if (found !== formatVersion) throw new Error(`it has format ${found}, this is Skein for format ${formatVersion}`)
    const boot = bootOf()
    const known = this.database.prepare("SELECT value FROM meta WHERE name = 'boot'").get()?.value
    if (known === boot) return
    this.tables.setMeta('boot', boot)
    this.database.prepare('UPDATE leases SET until_ms = ttl_ms + ?').run(machineMs())
  }

  protected async read<T>(run: (machine: Machine) => T): Promise<T> {
    if (this.isClosed) throw new StoreClosedError(this.url)
    try {
      this.expire()
      return run(this.machine)
    } catch (error) {
      throw this.explained(error, 'read')
    }
  }

  /** Changes wait for those that come in the same turn. */
  protected change<T>(run: (machine: Machine) => T): Promise<T> {
    if (this.isClosed) return Promise.reject(new StoreClosedError(this.url))
    return new Promise<T>((resolve, reject) => {
      this.requests.push({ run: () => run(this.machine), resolve, reject })
      if (this.requests.length === 1) setImmediate(() => this.commit())
    })
  }

  /** All that waits, as one transaction; what cannot be done is undone by itself, and the rest is done. */
  private commit(): void {
    const requests = this.requests
    if (requests.length === 0 || this.isClosed) return
    this.requests = []
    const settle: (() => void)[] = []
    try {
      this.write(() => {
        this.machine.expire(machineMs())
        for (const { run, resolve, reject } of requests) {
          if (requests.length > 1) this.database.exec('SAVEPOINT request')
          try {
            const result = run()
            settle.push(() => resolve(result))
          } catch (error) {
            if (requests.length > 1) this.database.exec('ROLLBACK TO request')
            if (isOfFile(error)) throw error
            settle.push(() => reject(error))
          }
          if (requests.length > 1) this.database.exec('RELEASE request')
        }
      })
    } catch (error) {
      const reason = this.explained(error, 'write')
      for (const { reject } of requests) reject(reason)
      return
    }
    for (const run of settle) run()
    this.tell()
  }

  /** Leases whose time is over end, whoever sees it first. */
  private expire(): void {
    const first = this.tables.firstLease()
    if (first !== undefined && first.untilMs <= machineMs()) this.write(() => this.machine.expire(machineMs()))
  }

  /** Watches are told what has happened, here or in another process. */
  private tell(): void {
    // Read first: what others do meanwhile is told now or the next time, and not passed over.
    const { revision } = this.tables
    if (this.watches.size > 0 && revision > this.told) {
      if (this.told + 1 < this.tables.compacted) {
        const error = new CompactedError(this.told + 1, this.tables.compacted)
        for (const watch of [...this.watches]) watch.end(error)
      }
      for (const batch of this.tables.batchesSince(this.told + 1)) {
        this.told = batch.revision
        for (const watch of [...this.watches]) watch.feed(batch)
      }
    }
    this.told = Math.max(this.told, revision)
  }

  private lookLater(): void {
    const again = (): void => {
      try {
        this.expire()
        this.tell()
      } catch (error) {
        const reason = this.explained(error, 'watch')
        for (const watch of [...this.watches]) watch.end(reason)
        return
      }
      if (this.watches.size > 0) this.lookLater()
    }
    this.look = realClock.after(lookMs, again)
  }

  private explained(error: unknown, asked: string): unknown {
    return isOfFile(error) ? new StoreFileError(this.path, asked, error as Error) : error
  }
}

/** Of SQLite: the file, the disk, another process; what a request does wrong is none of these. */
const isOfFile = (error: unknown): boolean => (error as { code?: string }).code === 'ERR_SQLITE_ERROR'

/** Milliseconds of the clock that all processes of the machine have in common. */
const machineMs = (): number => Number(process.hrtime.bigint()) / 1e6

/** Which life of the machine this is. */
const bootOf = (): string => {
  try {
    return nodeModule<typeof import('node:fs')>('node:fs')!
      .readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
      .trim()
  } catch {
    // Where there is none: when the machine began, to the minute.
    const { uptime } = nodeModule<typeof import('node:os')>('node:os')!
    return String(Math.round((Date.now() / 1000 - uptime()) / 60))
  }
}
