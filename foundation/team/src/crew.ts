/**
 * The threads behind a team: started when first needed, unreferenced so that an idle team keeps no process alive, and
 * replaced when they die. A death is learnt in one of three ways: the 'exit' event, when the event loop turns; the
 * thread's own last word in the control block; or, on Linux, its absence from /proc/self/task. The latter two serve a
 * synchronous caller, whose event loop stands still.
 */

import { existsSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { inheritedFlags } from '@skein/base'
import * as at from './control.ts'
import type { Gates } from './gate.ts'
import { endsThreads, terminateThread } from './loading.ts'
import type { Mail, Reply, ThreadData } from './mail.ts'

/** From source in development, built when published: beside this very file either way. */
const workerUrl = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

/** Threads that die before they have come up once, in a row: something is wrong with starting them. */
const mostFailedStarts = 3

export interface CrewOptions {
  readonly control: SharedArrayBuffer
  readonly layout: at.Layout
  readonly memory: WebAssembly.Memory
  readonly memory64: boolean
  readonly announce: boolean
  readonly idleMs: number
  readonly execArgv: readonly string[] | undefined
}

/** At the end of the process, threads have so long to come out of what cannot be terminated. */
const exitMs = 2000
const exitLookMs = 1

/** Crews whose threads may be in machine code when the process ends. */
const callingNative = new Set<Crew>()
let isHooked = false

interface Member {
  readonly worker: Worker
  readonly exited: Promise<void>
  /** What it failed with, if it said so. */
  reason: string
}

export class Crew {
  readonly #options: CrewOptions
  readonly #c: Int32Array
  readonly #members: (Member | undefined)[] = []
  /** Reasons to keep the process alive: asynchronous jobs under way. */
  #holds = 0
  #failedStarts = 0
  /** Threads started to take a dead one's place. */
  replaced = 0
  /** Why threads cannot be started, once they cannot. */
  startFailure: string | undefined
  /** By which threads enter machine code. */
  readonly #gates = new Set<Gates>()
  /** No thread is started any more. */
  closed = false
  /** A thread ended by itself, or was terminated; its job, if any, is `job` (0 … or -1). */
  onGone: (thread: number, job: number, reason: string) => void = () => {}
  onReply: (thread: number, reply: Reply) => void = () => {}

  constructor(options: CrewOptions, c: Int32Array) {
    this.#options = options
    this.#c = c
  }

  get size(): number {
    return this.#members.length
  }

  isPresent(thread: number): boolean {
    return this.#members[thread] !== undefined
  }

  /** Makes sure that threads 0 to count - 1 exist or are on their way. */
  ensure(count: number): void {
    if (this.closed) return
    for (let thread = 0; thread < count; thread++) {
      // One that has ended for want of work may not have been buried yet.
      if (Atomics.load(this.#c, at.threadAt(thread) + at.state) === at.retired) this.bury(thread)
      if (this.#members[thread] === undefined && this.startFailure === undefined) this.#start(thread)
    }
  }

  #start(thread: number): void {
    const { execArgv = inheritedFlags(), ...options } = this.#options
    const line = at.threadAt(thread)
    if (this.#c[line + at.state] === at.gone) this.replaced++
    this.#c[line + at.systemId] = 0
    this.#c[line + at.mail] = 0
    Atomics.store(this.#c, line + at.job, 0)
    Atomics.store(this.#c, line + at.state, at.booting)
    endsThreads()
    const worker = new Worker(workerUrl, {
      name: `skein-team-${thread + 1}`,
      workerData: { ...options, thread, gates: [...this.#gates][0]?.address } satisfies ThreadData,
      trackUnmanagedFds: false,
      ...(execArgv && { execArgv: [...execArgv] }),
    })
    const { promise: exited, resolve } = Promise.withResolvers<void>()
    const member: Member = { worker, exited, reason: '' }
    this.#members[thread] = member
    worker.on('message', (reply: Reply) => this.onReply(thread, reply))
    worker.on('error', error => {
      member.reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    })
    worker.on('exit', code => {
      if (member.reason === '') member.reason = `it ended with exit code ${code}`
      this.bury(thread, member)
      resolve()
    })
    if (this.#holds === 0) worker.unref()
  }

  /** Clears what a dead thread left in the control block. Once per member, whoever learns of the death first. */
  bury(thread: number, member = this.#members[thread]): void {
    if (member === undefined || this.#members[thread] !== member) return
    const c = this.#c
    const line = at.threadAt(thread)
    const state = c[line + at.state]
    if (c[line + at.systemId] === 0 && state === at.booting) {
      if (++this.#failedStarts >= mostFailedStarts) this.startFailure = member.reason
    } else this.#failedStarts = 0
    if (state === at.sleeping) Atomics.sub(c, at.parked, 1)
    const job = Atomics.load(c, line + at.job) - 1
    Atomics.store(c, line + at.state, state === at.retired ? at.absent : at.gone)
    Atomics.store(c, line + at.job, 0)
    this.#members[thread] = undefined
    this.onGone(thread, job, member.reason || 'it ended')
  }

  /** Whether a thread is dead, without the event loop's help. */
  isDead(thread: number): boolean {
    const line = at.threadAt(thread)
    if (Atomics.load(this.#c, line + at.state) === at.gone) return true
    const id = this.#c[line + at.systemId]
    return id !== 0 && !existsSync(`/proc/self/task/${id}`)
  }

  /** Ends a thread wherever it is; resolves when it is gone. */
  async terminate(thread: number, reason: string): Promise<void> {
    const member = this.#members[thread]
    if (member === undefined) return
    member.reason = reason
    terminateThread(member.worker)
    await member.exited
  }

  post(thread: number, mail: Mail): void {
    this.#members[thread]?.worker.postMessage(mail)
    Atomics.store(this.#c, at.threadAt(thread) + at.mail, 1)
  }

  /** Keeps the process alive until as many `release` calls. */
  hold(): void {
    if (this.#holds++ === 0) for (const member of this.#members) member?.worker.ref()
  }

  release(): void {
    if (--this.#holds === 0) for (const member of this.#members) member?.worker.unref()
  }

  /** Resolves when every thread is gone; they have been told to close, and are terminated if they do not. */
  async close(graceMs: number): Promise<void> {
    this.closed = true
    const members = this.#members.filter(member => member !== undefined)
    for (const { worker } of members) worker.ref()
    const all = Promise.all(members.map(({ exited }) => exited))
    const timer = setTimeout(() => {
      for (const { worker } of members) terminateThread(worker)
    }, graceMs)
    await all
    clearTimeout(timer)
    callingNative.delete(this)
  }

  /** From now on threads may be in machine code that is entered by these gates. */
  callNative(gates: Gates): void {
    if (this.closed) return
    this.#gates.add(gates)
    callingNative.add(this)
    if (isHooked) return
    isHooked = true
    process.once('exit', () => {
      for (const crew of callingNative) crew.leaveMachineCode()
    })
  }

  /** The process ends, and with it its threads. The engine would wait for one that is in machine code, however long it takes. */
  leaveMachineCode(): void {
    const until = performance.now() + exitMs
    const lines = [...this.#members.keys()].filter(thread => this.isPresent(thread)).map(at.threadAt)
    for (let number = 0; number < at.jobCount; number++) {
      Atomics.store(this.#c, at.jobAt(this.#options.layout, number) + at.stop, 1)
    }
    const interruptAll = (): boolean =>
      [...this.#gates].flatMap(gates => lines.map(line => gates.interrupt(this.#c[line + at.systemId]))).some(Boolean)
    while (interruptAll() && performance.now() < until) Atomics.wait(this.#c, at.closing, 0, exitLookMs)
  }
}
