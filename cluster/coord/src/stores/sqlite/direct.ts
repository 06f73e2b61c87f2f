// Requests that are done on the program's thread. To hand a commit to another thread and be told of it takes some 90 µs, which is as long as the commit itself where the disk is quick; so while commits are quick,
// and no other process holds the file, they are done here, those of one turn of the event loop as one. When they are not, the thread that waits for the disk has them for a while.
import { StoreFileError } from '../../errors.ts'
import { isRead, type Request } from '../asking.ts'
import type { Bell } from './bell.ts'
import { FileEngine, type Settled } from './engine.ts'
import type { FileOptions } from './letters.ts'

export interface Waiting {
  readonly request: Request
  resolve(value: any): void
  reject(error: unknown): void
}

/** A commit that takes longer is slow, and so many in a row are a slow disk. */
const slowMs = 1
const slowInARow = 3
/** One that takes this long is enough. */
const tooSlowMs = 20
/** For how long the thread has everything after that, and after another process was found at work. */
const slowPauseMs = 1000
const busyPauseMs = 50

export class Direct {
  private readonly options: FileOptions
  private readonly bell: Bell
  private engine: FileEngine | undefined
  private queue: Waiting[] = []
  private slow = 0
  private againAtMs = 0
  private readonly instead: (all: readonly Waiting[]) => void

  /** `instead` is given what cannot be done here now. */
  constructor(options: FileOptions, bell: Bell, instead: (all: readonly Waiting[]) => void) {
    this.options = options
    this.bell = bell
    this.instead = instead
  }

  /** Requests wait to be done here. */
  get isWaiting(): boolean {
    return this.queue.length > 0
  }

  get isReady(): boolean {
    return performance.now() >= this.againAtMs
  }

  ask(waiting: Waiting): void {
    this.queue.push(waiting)
    if (this.queue.length === 1) setImmediate(() => this.run())
  }

  /** Does what waits. */
  run(): void {
    if (this.queue.length === 0) return
    const all = this.queue
    this.queue = []
    const changes = all.filter(({ request }) => !isRead(request))
    try {
      this.engine ??= this.open()
      if (changes.length > 0) {
        const settled = this.commit(this.engine, changes)
        if (!settled) return this.leave(all, busyPauseMs)
        for (const [i, outcome] of settled.entries()) {
          if ('error' in outcome) changes[i].reject(outcome.error)
          else changes[i].resolve(outcome.value)
        }
      } else if (this.engine.isLeaseDue()) return this.instead(all)
    } catch (error) {
      if (error instanceof StoreFileError && error.sqliteCode === busy) return this.leave(all, busyPauseMs)
      // What is wrong with the file is said by the thread that has it.
      return this.leave(all, slowPauseMs)
    }
    for (const { request, resolve, reject } of all) {
      if (!isRead(request)) continue
      try {
        resolve(this.engine.read(request))
      } catch (error) {
        reject(error)
      }
    }
  }

  close(): void {
    this.run()
    this.engine?.close()
  }

  private open(): FileEngine {
    const engine = new FileEngine(this.options, { waits: false })
    engine.onChange = () => this.bell.ring()
    return engine
  }

  /** Undefined: another process has the file. */
  private commit(engine: FileEngine, changes: readonly Waiting[]): Settled[] | undefined {
    const begunMs = performance.now()
    const settled = engine.commit(() => changes.map(({ request }) => request as never))
    const ms = performance.now() - begunMs
    this.slow = ms > slowMs ? this.slow + 1 : 0
    if (ms > tooSlowMs || this.slow >= slowInARow) this.pause(slowPauseMs)
    return settled
  }

  private leave(all: readonly Waiting[], pauseMs: number): void {
    this.pause(pauseMs)
    this.instead(all)
  }

  private pause(ms: number): void {
    this.slow = 0
    this.againAtMs = performance.now() + ms
  }
}

/** SQLite's number for what another process holds. */
const busy = 5
