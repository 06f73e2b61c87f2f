/** The worker threads: started, replaced when they end, kept from keeping an idle process alive. */

import { type ResourceLimits, Worker } from 'node:worker_threads'
import { inheritedFlags } from '@skein/base'
import { coresWhenNeeded } from '@skein/team/cores'
import { endsThreads, terminateThread } from '@skein/team/loading'
import type { WorkerLook } from '../observe/observer.ts'
import * as at from './board.ts'
import type { DefinitionNote, FromWorker, ToWorker, WorkerStart } from './mail.ts'

/** From source in development, built when published: beside this very file either way. */
const workerUrl = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

/** Workers that end before they have come up once, in a row: something is wrong with starting them. */
const mostFailedStarts = 3

/** How the reason begins why a worker has ended that took too much. */
export const outOfMemory = 'it reached the limit of its memory'

export interface CrewEvents {
  message(worker: number, message: FromWorker): void
  /** It has ended; `restarts` says whether another takes its place. */
  gone(worker: number, reason: string, restarts: boolean): void
}

type Listener = (worker: number, stream: 'stdout' | 'stderr', text: string) => void

/** In this process, so that an actor's number is that of no other, of an engine before either. */
let starts = 0

interface Member {
  readonly thread: Worker
  readonly exited: Promise<void>
  reason: string
}

export class Crew {
  readonly #board: SharedArrayBuffer
  readonly #c: Int32Array
  readonly #layout: at.Layout
  readonly #events: CrewEvents
  readonly #resourceLimits: ResourceLimits
  readonly #members: (Member | undefined)[] = []
  readonly #notes: DefinitionNote[] = []
  /** By worker, what is said to one that is about to be started. */
  readonly #letters: ToWorker[][] = []
  #held = false
  #failedStarts = 0
  #closed = false
  #listener: Listener | undefined
  /** Threads whose output is listened to: once begun it goes on, for whoever listens next. */
  readonly #heard = new WeakSet<Worker>()
  /** Workers started in the place of others. */
  replaced = 0

  constructor(board: SharedArrayBuffer, layout: at.Layout, resourceLimits: ResourceLimits, events: CrewEvents) {
    this.#board = board
    this.#c = new Int32Array(board)
    this.#layout = layout
    this.#resourceLimits = resourceLimits
    this.#events = events
  }

  start(): void {
    for (let worker = 0; worker < this.#layout.workers; worker++) {
      Atomics.store(this.#c, at.workerAt(worker) + at.mayTakeOpen, 1)
      this.#start(worker)
    }
  }

  #start(worker: number): void {
    const line = at.workerAt(worker)
    Atomics.store(this.#c, line + at.mail, 0)
    Atomics.store(this.#c, line + at.occupied, 0)
    Atomics.store(this.#c, line + at.owesOutput, 0)
    Atomics.store(this.#c, line + at.lentCpus, 0)
    Atomics.store(this.#c, line + at.systemId, 0)
    Atomics.store(this.#c, line + at.heapThread, 0)
    Atomics.store(this.#c, line + at.state, at.booting)
    const execArgv = inheritedFlags()
    endsThreads()
    const thread = new Worker(workerUrl, {
      name: `skein-worker-${worker + 1}`,
      workerData: {
        board: this.#board,
        layout: this.#layout,
        worker,
        definitions: this.#notes,
        firstActor: 2 ** 30 + (starts++ % 2 ** 14) * 2 ** 16,
        observed: this.#listener !== undefined,
      } satisfies WorkerStart,
      resourceLimits: this.#resourceLimits,
      ...(execArgv && { execArgv }),
    })
    const { promise: exited, resolve } = Promise.withResolvers<void>()
    const member: Member = { thread, exited, reason: '' }
    this.#members[worker] = member
    thread.on('message', (message: FromWorker) => this.#events.message(worker, message))
    thread.on('error', error => {
      member.reason ||= this.#reasonOf(error)
    })
    thread.on('exit', code => {
      this.#gone(worker, member, code)
      resolve()
    })
    if (!this.#held) thread.unref()
    if (this.#listener) this.#hear(worker, thread)
    for (const message of this.#letters[worker]?.splice(0) ?? []) this.post(worker, message)
  }

  #reasonOf(error: unknown): string {
    if (!(error instanceof Error)) return String(error)
    if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') return `${error.name}: ${error.message}`
    const { maxOldGenerationSizeMb: most } = this.#resourceLimits
    return `${outOfMemory}${most === undefined ? '' : ` of ${most} MiB`} (resourceLimits)`
  }

  /** Gives what workers print from now on to the listener as well, and lets them count what bringing values costs while there is one. */
  listen(listener: Listener | undefined): void {
    this.#listener = listener
    for (let worker = 0; worker < this.#members.length; worker++)
      this.post(worker, { is: 'observed', on: listener !== undefined })
    if (listener === undefined) return
    this.#members.forEach((member, worker) => member && this.#hear(worker, member.thread))
  }

  #hear(worker: number, thread: Worker): void {
    if (this.#heard.has(thread)) return
    this.#heard.add(thread)
    for (const stream of ['stdout', 'stderr'] as const) {
      thread[stream].on('data', (piece: Buffer | string) => this.#listener?.(worker, stream, String(piece)))
    }
  }

  look(): WorkerLook[] {
    return Array.from({ length: this.#layout.workers }, (_, worker) => {
      const line = at.workerAt(worker)
      const state = at.workerStates[this.#c[line + at.state]]
      const threadId = this.#members[worker]?.thread.threadId ?? 0
      return { worker: worker + 1, state, ran: this.#c[line + at.tasksRun], threadId }
    })
  }

  #gone(worker: number, member: Member, code: number): void {
    const line = at.workerAt(worker)
    const state = this.#c[line + at.state]
    if (this.#c[line + at.tasksRun] === 0 && state === at.booting) this.#failedStarts++
    else this.#failedStarts = 0
    Atomics.store(this.#c, line + at.state, at.gone)
    Atomics.store(this.#c, line + at.listensTold, 0)
    this.#members[worker] = undefined
    const restarts = !this.#closed && this.#failedStarts < mostFailedStarts
    this.#events.gone(worker, member.reason || `it ended with exit code ${code}`, restarts)
    if (!restarts || this.#closed) return
    this.replaced++
    this.#start(worker)
  }

  /** Every worker, those to come included, learns what a number stands for. */
  announce(note: DefinitionNote): void {
    this.#notes.push(note)
    for (let worker = 0; worker < this.#members.length; worker++) this.post(worker, { is: 'definition', note })
  }

  post(worker: number, message: ToWorker, transfer: ArrayBuffer[] = []): void {
    const member = this.#members[worker]
    if (member === undefined) {
      ;(this.#letters[worker] ??= []).push(message)
      return
    }
    member.thread.postMessage(message, transfer)
    Atomics.store(this.#c, at.workerAt(worker) + at.mail, 1)
    at.ring(this.#c, worker)
  }

  /** Ends a worker wherever it is. */
  async terminate(worker: number, reason: string): Promise<void> {
    const member = this.#members[worker]
    if (member === undefined) return
    member.reason ||= reason
    terminateThread(member.thread)
    await member.exited
  }

  /** How often each worker has told who listens to a topic: the messages may still be on their way. */
  get listensTold(): number[] {
    return Array.from({ length: this.#layout.workers }, (_, worker) =>
      Atomics.load(this.#c, at.workerAt(worker) + at.listensTold),
    )
  }

  /** What workers have printed is not all here. */
  get owesOutput(): boolean {
    return this.#members.some((member, worker) => member && this.#c[at.workerAt(worker) + at.owesOutput] !== 0)
  }

  /** Moves workers that are awake off the core of this thread: they may stand in its queue. */
  clearCore(): void {
    const ids = Array.from({ length: this.#layout.workers }, (_, worker) => {
      const line = at.workerAt(worker)
      return Atomics.load(this.#c, line + at.state) === at.awake ? this.#c[line + at.systemId] : 0
    })
    coresWhenNeeded()?.clear(ids)
  }

  /** Lets others run on the core of this thread, if any stand in its queue. False where that cannot be said. */
  yieldCore(): boolean {
    const cores = coresWhenNeeded()
    cores?.yield()
    return cores !== undefined
  }

  /** Whether work under way keeps the process alive. While the crew ends, its threads do, until the last is gone. */
  hold(held: boolean): void {
    if (this.#closed || this.#held === held) return
    this.#held = held
    for (const member of this.#members) held ? member?.thread.ref() : member?.thread.unref()
  }

  async close(graceMs: number): Promise<void> {
    this.#closed = true
    Atomics.store(this.#c, at.closing, 1)
    for (let worker = 0; worker < this.#layout.workers; worker++) at.ring(this.#c, worker)
    const members = this.#members.filter(member => member !== undefined)
    for (const { thread } of members) thread.ref()
    const timer = setTimeout(() => {
      for (const { thread } of members) terminateThread(thread)
    }, graceMs)
    await Promise.all(members.map(({ exited }) => exited))
    clearTimeout(timer)
  }
}
