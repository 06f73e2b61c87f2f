/**
 * A peer is a long-lived child process that speaks lines on stdin and stdout:
 *
 *     (on start)                      {"who":"NumPy 2.1.0"}          and "pids":[…], where others than it do the work
 *     prepare triad_f32 16777216 2    {"checksum":1234.5,"threads":1}   or {"skip":"why"}
 *     rep 2 1                         {"seconds":0.0061}     two untimed runs, then the timed one; per inner call
 *     quit
 *
 * `prepare` drops what the case before held, makes the inputs, runs once and sums up the result; it may answer with a
 * `who` of its own where the peer is a different library for this case. One peer works at a time, so rounds over
 * peers are A B C A B C on an otherwise idle machine.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Sample } from './statistics.ts'
import { launchOf, type PeerSpec } from './suite.ts'

export type Prepared = { checksum: number | null; threads: number; who: string } | { skip: string }

/** Thrown when a peer died, answered nonsense or took too long. It says which and quotes the peer's last words. */
export class PeerFailed extends Error {
  override name = 'PeerFailed'
  constructor(label: string, asked: string, found: string, lastWords: string) {
    // Engines print where first and then what: the line that names an error tells it in one.
    const line = lastWords.split('\n').findLast(text => /^\w*(Error|error)\b/.test(text)) ?? lastWords
    super(`${label} was asked '${asked}': ${found}${line ? `; it said: ${line}` : ''}`)
  }
}

/** Seconds that all threads of some processes have been runnable but waiting for a core (Linux; 0 elsewhere). */
const runDelay = (pids: readonly number[]): number => pids.reduce((seconds, pid) => seconds + runDelayOf(pid), 0)

function runDelayOf(pid: number): number {
  let nanoseconds = 0
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      try {
        nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[1])
      } catch {
        // The thread ended between the listing and the reading: what it waited no longer matters.
      }
    }
  } catch {
    return 0
  }
  return nanoseconds * 1e-9
}

export class Peer {
  readonly spec: PeerSpec
  who: string
  #child: ChildProcess | undefined
  /** Of those that work. */
  #pids: number[] = []
  #lines: string[] = []
  #waiting: ((line: string | undefined) => void) | undefined
  #ended = false
  #spoke = false
  #lastWords = ''

  constructor(spec: PeerSpec) {
    this.spec = spec
    this.who = spec.label
  }

  /** Starts the process and waits for its name. A peer that is absent throws its reason. */
  async start(timeoutMs = 60_000) {
    const launch = launchOf(this.spec)
    if ('absent' in launch) throw new Error(launch.absent)
    const child = spawn(launch.command, launch.args, {
      env: { ...process.env, ...launch.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#ended = false
    this.#lines = []
    this.#lastWords = ''
    child.stderr!.on('data', data => {
      this.#lastWords = `${this.#lastWords}${data}`.slice(-600)
    })
    // A peer that dies closes its stdin; the missing answer tells the story, the broken pipe adds nothing.
    child.stdin!.on('error', () => {})
    createInterface({ input: child.stdout! }).on('line', line => this.#arrive(line))
    const end = () => {
      // A process that was killed may close after its successor has started.
      if (this.#child !== child) return
      this.#ended = true
      this.#arrive(undefined)
    }
    child.on('error', error => {
      this.#lastWords = error.message
      end()
    })
    child.on('close', end)
    const hello = await this.#answer('(its name)', timeoutMs)
    this.who = String(hello.who ?? this.spec.label)
    this.#pids = Array.isArray(hello.pids) ? hello.pids : [child.pid!]
    this.#spoke = true
  }

  /** Whether it ever came up: one that did may be started again after it died, one that did not never will. */
  get hopeless() {
    return this.#child !== undefined && this.#ended && !this.#spoke
  }

  get running() {
    return this.#child !== undefined && !this.#ended
  }

  async prepare(id: string, n: number, timeoutMs: number, threads = this.spec.threads): Promise<Prepared> {
    const answer = await this.#ask(`prepare ${id} ${n} ${Math.min(threads, this.spec.threads)}`, timeoutMs)
    if (typeof answer.skip === 'string') return { skip: answer.skip }
    return {
      checksum: typeof answer.checksum === 'number' ? answer.checksum : null,
      threads: Number(answer.threads ?? this.spec.threads),
      who: String(answer.who ?? this.who),
    }
  }

  /** One measurement: `warm` runs untimed, then `inner` runs timed together. */
  async rep(warm: number, inner: number, timeoutMs: number): Promise<Sample> {
    const delayBefore = runDelay(this.#pids)
    const from = performance.now()
    const answer = await this.#ask(`rep ${warm} ${inner}`, timeoutMs)
    const wall = (performance.now() - from) / 1e3
    const delay = runDelay(this.#pids) - delayBefore
    // The constant forgives waking up to read the request, which matters only to the shortest cases.
    return { seconds: Number(answer.seconds), delayed: Math.max(0, delay - 2e-4) / (wall * this.spec.threads) }
  }

  async quit() {
    const child = this.#child
    if (!child || this.#ended) return
    const closed = new Promise(resolve => child.once('close', resolve))
    child.stdin!.write('quit\n')
    const timer = setTimeout(() => child.kill('SIGKILL'), 3000)
    await closed
    clearTimeout(timer)
  }

  kill() {
    this.#child?.kill('SIGKILL')
    this.#ended = true
  }

  async #ask(request: string, timeoutMs: number) {
    this.#child!.stdin!.write(`${request}\n`)
    return this.#answer(request, timeoutMs)
  }

  async #answer(asked: string, timeoutMs: number): Promise<Record<string, unknown>> {
    const fail = (found: string) => {
      this.kill()
      return new PeerFailed(this.spec.label, asked, found, this.#lastWords.trim())
    }
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<null>(resolve => {
      timer = setTimeout(resolve, timeoutMs, null)
    })
    const line = await Promise.race([this.#nextLine(), timeout])
    clearTimeout(timer)
    if (line === null) throw fail(`no answer within ${timeoutMs / 1e3} s`)
    if (line === undefined) throw fail('it ended without an answer')
    let answer: Record<string, unknown>
    try {
      answer = JSON.parse(line)
    } catch {
      throw fail(`an answer that is not JSON: ${line.slice(0, 200)}`)
    }
    if (answer.error !== undefined) throw fail(String(answer.error))
    return answer
  }

  #nextLine(): Promise<string | undefined> {
    if (this.#lines.length > 0) return Promise.resolve(this.#lines.shift())
    if (this.#ended) return Promise.resolve(undefined)
    return new Promise(resolve => {
      this.#waiting = resolve
    })
  }

  #arrive(line: string | undefined) {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) waiting(line)
    else if (line !== undefined) this.#lines.push(line)
  }
}
