/**
 * The study: two problems, each solved in several ways by processes that have one thread, two, three … or as many ranks. All processes live through the whole
 * study; each is asked in turn, round after round, so that a slow minute of the machine falls on all of them.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as rest } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Inputs, saveInputs } from './inputs.ts'
import type { Measured } from './serve.ts'

export type Engine = 'threads' | 'openmpi' | 'mpich'

export interface Way {
  /** What its process is asked: a problem, and how it is solved. */
  readonly name: string
  readonly by: 'threads' | 'ranks'
  /** Plain JavaScript has one thread, whatever there are. */
  readonly isPlain?: boolean
}

export const problems = [
  { name: 'paths', title: 'All-pairs shortest paths' },
  { name: 'join', title: 'Join of tables' },
] as const

export const ways: readonly Way[] = [
  { name: 'paths plain', by: 'threads', isPlain: true },
  { name: 'paths kernels', by: 'threads' },
  { name: 'paths ranks', by: 'ranks' },
  { name: 'paths ranks, kernels', by: 'ranks' },
  { name: 'paths bags', by: 'threads' },
  { name: 'join plain', by: 'threads', isPlain: true },
  { name: 'join kernels', by: 'threads' },
  { name: 'join ranks', by: 'ranks' },
  { name: 'join bags', by: 'threads' },
  { name: 'join bags, index', by: 'threads' },
]

/** A process of the study ended, or answered otherwise than all others. */
export class StudyError extends Error {
  override readonly name = 'StudyError'
}

export interface StudyOptions {
  /** Numbers of threads and ranks. */
  readonly sizes: readonly number[]
  /** Timed rounds. Before them all processes solve everything once. */
  readonly rounds: number
  readonly engine: Engine
  /** Told the share done, 0 to 1. */
  readonly progress: (share: number) => void
}

export interface Result {
  readonly way: Way
  /** Median milliseconds, by size; plain JavaScript has those of one thread only. */
  readonly ms: readonly number[]
}

const REST_MS = 10

/** Measures all ways. Rejects with a StudyError when a process fails or an answer differs. */
export async function study(inputs: Inputs, { sizes, rounds, engine, progress }: StudyOptions): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'skein-styles-'))
  const path = join(folder, 'inputs')
  const peers: Peer[] = []
  const start = (by: Way['by'], size: number): Peer => {
    const peer = new Peer(by, size, engine, path)
    peers.push(peer)
    return peer
  }
  try {
    saveInputs(path, inputs)
    const starts = sizes.map(size => ({ threads: start('threads', size), ranks: start('ranks', size) }))
    await Promise.all(peers.map(peer => peer.isReady))

    const asked = ways.flatMap(way =>
      (way.isPlain ? starts.slice(0, 1) : starts).map(at => ({ way, peer: at[way.by] })),
    )
    const taken = asked.map((): number[] => [])
    const digests = new Map<string, string>()
    const ask = async ({ way, peer }: (typeof asked)[number]): Promise<number> => {
      const { ms, digest } = await peer.ask(way.name)
      const [problem] = way.name.split(' ')
      if (!digests.has(problem)) digests.set(problem, digest)
      if (digest === digests.get(problem)) return ms
      throw new StudyError(`${way.name} on ${peer.title} has another answer than the ways before`)
    }
    // Compilers and threads get warm, all at once: nothing is timed.
    let steps = 0
    const step = (): void => progress(++steps / (asked.length * (1 + rounds)))
    await Promise.all(asked.map(async each => (await ask(each), step())))
    for (let round = 0; round < rounds; round++) {
      for (const [i, each] of asked.entries()) {
        // Threads that look for more work go to sleep meanwhile.
        await rest(REST_MS)
        taken[i].push(await ask(each))
        step()
      }
    }
    return ways.map(way => ({ way, ms: asked.flatMap((a, i) => (a.way === way ? [median(taken[i])] : [])) }))
  } finally {
    await Promise.all(peers.map(peer => peer.end()))
    rmSync(folder, { recursive: true })
  }
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

const command = fileURLToPath(new URL('../../skein/src/bin.mjs', import.meta.url))
const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Without it each process would drop the types of each file anew, and each worker of it: 0.5 s of a core instead of 0.2. */
const cache = join(tmpdir(), 'node-compile-cache')

/** A process, or a world of ranks, that waits to be asked. */
class Peer {
  readonly title: string
  readonly isReady: Promise<unknown>
  readonly #process: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #ended: Promise<unknown>
  #errors = ''

  constructor(by: Way['by'], size: number, engine: Engine, inputs: string) {
    this.title = `${size} ${size === 1 ? by.slice(0, -1) : by}`
    const words =
      by === 'threads'
        ? [program('threads.ts'), inputs]
        : [command, 'mpirun', '--engine', engine, '-n', String(size), program('ranks.ts'), inputs]
    const env = { NODE_COMPILE_CACHE: cache, ...process.env, SKEIN_THREADS: String(size), SKEIN_WORKERS: String(size) }
    this.#process = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'pipe'], env })
    this.#process.stderr!.setEncoding('utf8').on('data', text => {
      this.#errors += text
    })
    // It ended before it had read its question: its answer, which is missing, is the error.
    this.#process.stdin!.on('error', () => {})
    this.#ended = new Promise(resolve => this.#process.once('close', resolve).once('error', resolve))
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]()
    this.isReady = this.#line()
  }

  async ask(way: string): Promise<Measured> {
    this.#process.stdin!.write(`${way}\n`)
    return JSON.parse(await this.#line())
  }

  async #line(): Promise<string> {
    const { done, value } = await this.#lines.next()
    if (!done) return value
    await this.#ended
    throw new StudyError(`the process with ${this.title} ended (${this.#process.exitCode}): ${this.#errors.trim()}`)
  }

  /** It ends when there are no more questions. */
  async end(): Promise<void> {
    this.#process.stdin!.end()
    await this.#ended
  }
}
