/**
 * Asynchronous calls: each has a job of the control block to itself, as long as there are free ones, and waits in a queue
 * otherwise. A call that runs while others do shares the threads with them: whoever is free joins the first open job.
 */

import { CancelledError } from '@skein/base'
import { type Body, type ModuleBody, NativeBody } from './body.ts'
import * as at from './control.ts'
import type { Crew } from './crew.ts'
import { BodyError, ThreadLostError } from './errors.ts'
import type { Reply } from './mail.ts'
import type { RunOptions } from './schedule.ts'

export interface AsyncRunOptions extends RunOptions {
  readonly signal?: AbortSignal
  /** How long a thread may take to return from the body after an abort before it is terminated. Default: 100. */
  readonly graceMs?: number
}

type Placed = RunOptions & { readonly places: number }

/** What the team does for its asynchronous jobs. */
interface TeamSide {
  readonly describe: (j: number, body: Body, exported: number, options: Placed) => void
  readonly openJob: (j: number) => void
  readonly failure: (j: number, body: Body) => BodyError
}

interface Call {
  readonly body: Body
  readonly exported: number
  readonly options: AsyncRunOptions & Placed
  readonly resolve: (status: number) => void
  readonly reject: (error: unknown) => void
  /** Its job, once it has one. */
  number: number
  /** What it will be rejected with once no thread is in it any more. */
  failure: unknown
  onAbort: (() => void) | undefined
  timer: NodeJS.Timeout | undefined
}

/** An import on every thread, waited for. */
interface Import {
  readonly body: ModuleBody
  readonly waiting: Set<number>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

const labelOf = (call: Call): string => call.body.label(call.exported)

const defaultGraceMs = 100
const interruptEveryMs = 5

export class AsyncJobs {
  readonly #c: Int32Array
  readonly #layout: at.Layout
  readonly #crew: Crew
  readonly #announce: boolean
  readonly #team: TeamSide
  /** By job number; 0 is the synchronous one. */
  readonly #calls: (Call | undefined)[] = []
  readonly #queue: Call[] = []
  readonly #imports = new Set<Import>()

  constructor(c: Int32Array, layout: at.Layout, crew: Crew, announce: boolean, team: TeamSide) {
    this.#c = c
    this.#layout = layout
    this.#crew = crew
    this.#announce = announce
    this.#team = team
  }

  get running(): number {
    return this.#calls.filter(call => call !== undefined).length
  }

  get queued(): number {
    return this.#queue.length
  }

  async run(body: Body, exported: number, options: AsyncRunOptions, places: number): Promise<number> {
    CancelledError.check(options.signal, `team.runAsync of ${body.label(exported)}`)
    if (options.begin === options.end) return 0
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const placed = { ...options, places }
    const call: Call = {
      body,
      exported,
      options: placed,
      resolve,
      reject,
      number: -1,
      failure: undefined,
      onAbort: undefined,
      timer: undefined,
    }
    if (options.signal !== undefined) {
      call.onAbort = () => this.#abort(call)
      options.signal.addEventListener('abort', call.onAbort, { once: true })
    }
    this.#crew.hold()
    this.#queue.push(call)
    this.#dispatch()
    return promise
  }

  /** Gives free jobs to waiting calls. */
  #dispatch(): void {
    while (this.#queue.length > 0) {
      const number = this.#freeJob()
      if (number < 0) return
      const call = this.#queue.shift()!
      const j = at.jobAt(this.#layout, number)
      this.#crew.ensure(call.options.places)
      if (this.#crew.startFailure !== undefined && !this.#hasThreads()) {
        this.#end(
          call,
          new ThreadLostError(labelOf(call), 0, `no thread could be started (${this.#crew.startFailure})`),
        )
        continue
      }
      call.number = number
      this.#calls[number] = call
      this.#team.describe(j, call.body, call.exported, call.options)
      this.#team.openJob(j)
      this.#await(call, j)
    }
  }

  #hasThreads(): boolean {
    for (let t = 0; t < this.#layout.threads; t++) if (this.#crew.isPresent(t)) return true
    return false
  }

  #freeJob(): number {
    for (let number = 1; number < at.jobCount; number++) {
      if (this.#calls[number] === undefined && this.#c[at.jobAt(this.#layout, number) + at.phase] === at.idle)
        return number
    }
    return -1
  }

  /** Threads notify a job's phase when it is done, and only then. */
  #await(call: Call, j: number): void {
    if (this.#announce) return
    for (;;) {
      const phase = Atomics.load(this.#c, j + at.phase)
      if (phase === at.done) {
        this.#finish(call)
        return
      }
      const wait = Atomics.waitAsync(this.#c, j + at.phase, phase)
      if (wait.async) {
        wait.value.then(() => this.#calls[call.number] === call && this.#await(call, j))
        return
      }
    }
  }

  /** The job is done: no thread is in it, nor will be. */
  #finish(call: Call): void {
    const j = at.jobAt(this.#layout, call.number)
    const status = this.#c[j + at.status]
    if (call.failure === undefined && this.#c[j + at.thrower] !== 0) call.failure = this.#team.failure(j, call.body)
    this.#calls[call.number] = undefined
    Atomics.store(this.#c, j + at.phase, at.idle)
    this.#end(call, call.failure, status)
    this.#dispatch()
  }

  #end(call: Call, failure: unknown, status = 0): void {
    if (call.onAbort !== undefined) call.options.signal!.removeEventListener('abort', call.onAbort)
    clearTimeout(call.timer)
    this.#crew.release()
    if (failure === undefined) call.resolve(status)
    else call.reject(failure)
  }

  #abort(call: Call): void {
    this.#cancel(call, new CancelledError(`team.runAsync of ${labelOf(call)}`, call.options.signal!.reason))
  }

  #cancel(call: Call, failure: unknown): void {
    const waiting = this.#queue.indexOf(call)
    if (waiting >= 0) {
      this.#queue.splice(waiting, 1)
      this.#end(call, failure)
      return
    }
    if (call.failure !== undefined) return
    call.failure = failure
    this.#stop(call)
    call.timer = setTimeout(() => this.#terminate(call), call.options.graceMs ?? defaultGraceMs)
  }

  /** Lets no thread in any more, and those inside out at their next call of the body. */
  #stop(call: Call): void {
    const j = at.jobAt(this.#layout, call.number)
    Atomics.store(this.#c, j + at.stop, 1)
    Atomics.compareExchange(this.#c, j + at.phase, at.open, at.closed)
    this.#checkDone(call, j)
  }

  /** The threads that are still inside did not come back from the body. */
  #terminate(call: Call): void {
    const { gates } = call.body instanceof NativeBody ? call.body : {}
    for (let t = 0; t < this.#layout.threads; t++) {
      const line = at.threadAt(t)
      if (Atomics.load(this.#c, line + at.job) !== call.number + 1) continue
      // The engine cannot end a thread that is in machine code; but the code can be broken off, and the thread lives on.
      if (gates !== undefined) gates.interrupt(this.#c[line + at.systemId])
      else this.#crew.terminate(t, 'it was terminated')
    }
    // It may have been between two calls.
    if (gates !== undefined) call.timer = setTimeout(() => this.#terminate(call), interruptEveryMs)
  }

  #checkDone(call: Call, j: number): void {
    if (!at.completes(this.#c, this.#layout, call.number)) return
    // Wakes this thread's own wait, which finishes the call; where there is none, now.
    if (this.#announce) this.#finish(call)
    else Atomics.notify(this.#c, j + at.phase)
  }

  /** A thread died, in an asynchronous job (number from 1) or in none (-1). */
  gone(thread: number, number: number, reason: string): void {
    for (const waiting of this.#imports) this.#arrived(waiting, thread)
    const call = this.#calls[number]
    if (call !== undefined) {
      call.failure ??= new ThreadLostError(labelOf(call), thread, reason)
      this.#stop(call)
    }
    const open = this.#calls.filter(other => other !== undefined)
    if (open.length > 0) this.#crew.ensure(Math.max(...open.map(other => other.options.places)))
    if (this.#crew.startFailure !== undefined && !this.#hasThreads()) {
      for (const other of open) {
        other.failure ??= new ThreadLostError(labelOf(other), thread, reason)
        this.#stop(other)
      }
    }
  }

  reply(thread: number, reply: Reply): void {
    if ('done' in reply) {
      const call = this.#calls[reply.done]
      const isDone = call !== undefined && this.#c[at.jobAt(this.#layout, reply.done) + at.phase] === at.done
      if (isDone) this.#finish(call)
      return
    }
    for (const waiting of this.#imports) {
      if (waiting.body.index !== reply.loaded || waiting.body.version !== reply.version) continue
      if (reply.error !== undefined) {
        this.#imports.delete(waiting)
        waiting.reject(new BodyError(waiting.body.name, thread, 0, 0, reply.error))
      } else this.#arrived(waiting, thread)
    }
  }

  #arrived(waiting: Import, thread: number): void {
    if (!waiting.waiting.delete(thread) || waiting.waiting.size > 0) return
    this.#imports.delete(waiting)
    waiting.resolve()
  }

  /** Has the threads import a body; resolves when those alive have. */
  async importEverywhere(body: ModuleBody, threads: number): Promise<void> {
    if (threads === 1) return
    this.#crew.ensure(threads - 1)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiting = new Set<number>()
    this.#imports.add({ body, waiting, resolve, reject })
    const { index, version, url } = body
    for (let t = 0; t < this.#crew.size; t++) {
      if (!this.#crew.isPresent(t)) continue
      waiting.add(t)
      this.#crew.post(t, { index, version, url, exportName: body.exports[0] })
    }
    if (waiting.size === 0) resolve()
    Atomics.add(this.#c, at.epoch, 1)
    Atomics.notify(this.#c, at.epoch)
    this.#crew.hold()
    try {
      await promise
    } finally {
      this.#crew.release()
    }
  }

  /** Rejects everything; the threads are about to end. */
  close(error: unknown): void {
    for (const call of [...this.#queue]) this.#cancel(call, error)
    for (const call of this.#calls) if (call !== undefined) this.#cancel(call, error)
    for (const waiting of this.#imports) waiting.reject(error)
    this.#imports.clear()
  }
}
