// The file, on the thread that waits for its disk. SQLite writes ahead (WAL) and syncs at each commit: what was acknowledged is there after a loss of power. Changes that wait together are one commit, for a sync takes as
// long for one as for many.
//
// SQLite itself waits for another process by sleeping ever longer, up to a tenth of a second, while a commit takes a fraction of a millisecond; so it is asked not to wait, and asked again soon. What comes meanwhile joins
// those who wait.
//
// Times of leases are those of the machine's monotonic clock, which its processes have in common; it begins anew when the machine does, and then leases have their whole time again.
import { NotSupportedError, nodeModule } from '@skein/base'
import { Machine } from '../../core/machine.ts'
import { StoreFileError } from '../../errors.ts'
import type { WatchBatch } from '../../store.ts'
import { type ChangeRequest, perform, type ReadRequest } from '../asking.ts'
import type { FileOptions } from './letters.ts'
import { formatVersion, SqliteTables, schema } from './tables.ts'

type Database = InstanceType<typeof import('node:sqlite').DatabaseSync>

/** How long one process waits for others. */
const busyMs = 10_000
/** Between two attempts, and how much longer after each. Who waits a while leaves the file to one who works, which is faster than that all take turns. */
const firstWaitMs = 1
const longestWaitMs = 8
const longer = 1.5

/** What became of a request. */
export type Settled = { readonly value: unknown } | { readonly error: unknown }

export class FileEngine {
  private readonly path: string
  private readonly database: Database
  private readonly tables: SqliteTables
  private readonly machine: Machine
  /** Called while another process is waited for. */
  whileWaiting: () => void = () => {}
  /** Called when a change is there to be seen. */
  onChange: () => void = () => {}
  private hasChanged = false
  private readonly waits: boolean

  /** `waits`: for other processes, as long as it takes. Throws StoreFileError, NotSupportedError. */
  constructor({ path, maxBytes }: FileOptions, { waits = true }: { waits?: boolean } = {}) {
    this.path = path
    this.waits = waits
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
      database = new sqlite.DatabaseSync(path)
      const made = database
      this.database = made
      this.tables = new SqliteTables(made)
      this.patiently(() => made.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL'))
      if (maxBytes !== undefined) this.limit(maxBytes)
      this.write(() => this.prepare())
    } catch (error) {
      database?.close()
      throw new StoreFileError(path, 'open it', error as Error)
    }
    this.machine = new Machine(this.tables)
    this.machine.onChange = () => {
      this.hasChanged = true
    }
  }

  get revision(): number {
    return this.patiently(() => this.tables.revision)
  }

  get compacted(): number {
    return this.patiently(() => this.tables.compacted)
  }

  /** Throws what the machine throws, and StoreFileError. */
  read(request: ReadRequest): unknown {
    return this.explaining('read', () => this.patiently(() => perform(this.machine, request, machineMs())))
  }

  /** What `gather` gives when the file is there to be written, as one transaction; what cannot be done is not, and the rest is. Undefined: it is not there, and not waited for. */
  commit(gather: () => readonly ChangeRequest[]): Settled[] | undefined {
    const settled: Settled[] = []
    let requests: readonly ChangeRequest[] | undefined
    try {
      this.write(() => {
        requests = gather()
        this.machine.expire(machineMs())
        for (const request of requests) settled.push(this.change(request, requests.length > 1))
      })
    } catch (error) {
      if (!this.waits && requests === undefined && codeOf(error) === busy) return undefined
      const reason = this.explained(error, 'write')
      return (requests ?? gather()).map(() => ({ error: reason }))
    }
    return settled
  }

  /** Ends leases whose time is over, whoever sees it first. Throws StoreFileError. */
  expire(): void {
    if (this.isLeaseDue()) this.explaining('read', () => this.write(() => this.machine.expire(machineMs())))
  }

  /** Throws StoreFileError. */
  isLeaseDue(): boolean {
    const first = this.explaining('read', () => this.patiently(() => this.tables.firstLease()))
    return first !== undefined && first.untilMs <= machineMs()
  }

  /** What each revision changed. Nothing is written while it is read. */
  batchesSince(revision: number): Iterable<WatchBatch> {
    return this.tables.batchesSince(revision)
  }

  close(): void {
    this.database.close()
  }

  /** What SQLite throws, in words; all else as it is. */
  explained(error: unknown, asked: string): unknown {
    return isOfFile(error) ? new StoreFileError(this.path, asked, error as Error) : error
  }

  private explaining<T>(asked: string, run: () => T): T {
    try {
      return run()
    } catch (error) {
      throw this.explained(error, asked)
    }
  }

  private change(request: ChangeRequest, isOneOfMany: boolean): Settled {
    if (isOneOfMany) this.tables.run('SAVEPOINT request')
    try {
      const value = perform(this.machine, request, machineMs())
      if (isOneOfMany) this.tables.run('RELEASE request')
      return { value }
    } catch (error) {
      // The disk's failure is everybody's.
      if (!isOneOfMany || isOfFile(error)) throw error
      this.database.exec('ROLLBACK TO request; RELEASE request')
      return { error }
    }
  }

  /** In a transaction that no other process sees half of. */
  private write<T>(run: () => T): T {
    this.patiently(() => this.tables.run('BEGIN IMMEDIATE'))
    try {
      this.hasChanged = false
      const result = run()
      this.tables.run('COMMIT')
      if (this.hasChanged) this.onChange()
      return result
    } catch (error) {
      // A failure of the disk has ended the transaction already.
      if (this.database.isTransaction) this.database.exec('ROLLBACK')
      throw error
    }
  }

  /** Again while another process has the file. */
  private patiently<T>(run: () => T): T {
    let until: number | undefined
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * longer, longestWaitMs)) {
      try {
        return run()
      } catch (error) {
        until ??= performance.now() + busyMs
        if (codeOf(error) !== busy || !this.waits || performance.now() > until) throw error
      }
      // Not all at the same time.
      Atomics.wait(nobody, 0, 0, waitMs * (0.5 + Math.random()))
      this.whileWaiting()
    }
  }

  private limit(bytes: number): void {
    const { page_size } = this.database.prepare('PRAGMA page_size').get() as { page_size: number }
    this.database.exec(`PRAGMA max_page_count = ${Math.floor(bytes / page_size)}`)
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
}

/** Never woken. */
const nobody = new Int32Array(new SharedArrayBuffer(4))

/** SQLite's number for what another process holds. */
const busy = 5

/** Of SQLite: the file, the disk, another process; what a request does wrong is none of these. */
const isOfFile = (error: unknown): boolean => (error as { code?: string }).code === 'ERR_SQLITE_ERROR'

const codeOf = (error: unknown): number | undefined =>
  isOfFile(error) ? ((error as { errcode?: number }).errcode ?? 0) & 0xff : undefined

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
