/**
 * Ranks as threads of this process: a world is made, a thread is started for each rank, and the first rank that fails ends them all.
 *
 * A rank fails when it throws and nothing catches it, or when it ends with an exit code other than 0. One that ends well while others go
 * on is none of theirs.
 */

import { getCompileCacheDir } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setEnvironmentData, Worker } from 'node:worker_threads'
import { type OutputForm, release } from './rank-output.ts'
import type { RankSettings } from './rank-start.ts'
import { endWorld, makeWorld } from './world-block.ts'

export { mostRanks } from './world-block.ts'

export interface RankProgram {
  readonly ranks: number
  /** Absolute. */
  readonly file: string
  readonly args: readonly string[]
  /** On top of this process's environment. */
  readonly env: Readonly<Record<string, string>>
}

export interface LaunchSettings {
  /** Ranks are numbered in their order. */
  readonly programs: readonly RankProgram[]
  readonly form?: OutputForm
  /** The rank that reads the standard input of this process; `all`: each reads the whole of it. */
  readonly stdin?: number | 'all' | 'none'
  readonly timeoutMs?: number
  /** The cores that each rank may run on, by the system's numbers. */
  readonly cores?: readonly (readonly number[])[]
}

export type Outcome =
  | { readonly is: 'done' }
  | { readonly is: 'late' }
  /** `error`: what it threw, unless it ended by itself with that exit code. */
  | {
      readonly is: 'failed'
      readonly rank: number
      readonly code: number
      readonly thrown?: { readonly error: unknown }
    }

/** A thread inside a call of the system cannot be ended before the call is over. */
const mostEndingMs = 700
const plain: OutputForm = { tag: false, timestamp: false, folder: undefined }

/**
 * Runs programs on threads, as ranks of one world.
 *
 * @returns once every rank has ended, and `stuck`: those that were told to, and could not within 0.7 s
 * @throws NotSupportedError when ranks cannot be tied to cores here
 */
export async function launch(settings: LaunchSettings): Promise<{ outcome: Outcome; stuck: readonly number[] }> {
  const { form = plain, stdin = 0, timeoutMs, cores } = settings
  const programs = settings.programs.flatMap(program => Array<RankProgram>(program.ranks).fill(program))
  const size = programs.length
  const board = new Int32Array(new SharedArrayBuffer(4 * (1 + size)))
  if (cores !== undefined) board.fill(1, 1)
  const world = makeWorld(size)
  const ownCache = process.env.NODE_COMPILE_CACHE === undefined
  const told: RankSettings = { files: programs.map(({ file }) => file), size, form, stdin, board, ownCache }
  setEnvironmentData('skein.mpi', world as unknown as string)
  setEnvironmentData('skein.mpi.launch', told as unknown as string)
  const workers = programs.map(
    ({ args, env }, rank) =>
      new Worker(new URL('./rank-start.ts', import.meta.url), {
        argv: [...args],
        env: { ...compileCache(), ...process.env, ...env, SKEIN_MPI_RANK: String(rank), SKEIN_MPI_SIZE: String(size) },
        name: `rank ${rank}`,
        stdin: stdin === 'all',
      }),
  )
  // Threads that this one starts later are no ranks.
  setEnvironmentData('skein.mpi', undefined as unknown as string)
  setEnvironmentData('skein.mpi.launch', undefined as unknown as string)
  if (stdin === 'all') feed(workers)
  const ended = await Promise.race([end(workers, board, timeoutMs), failure(cores && bind(board, cores), workers)])
  if (ended.stuck.length === 0) endWorld(world)
  return ended
}

function end(workers: readonly Worker[], board: Int32Array<SharedArrayBuffer>, timeoutMs: number | undefined) {
  const running = new Set(workers.keys())
  return new Promise<{ outcome: Outcome; stuck: readonly number[] }>(done => {
    let outcome: Outcome | undefined
    let timer: NodeJS.Timeout | undefined
    const stop = (because: Outcome): void => {
      if (outcome !== undefined) return
      outcome = because
      clearTimeout(timer)
      for (const rank of running) void workers[rank].terminate()
      timer = setTimeout(() => done({ outcome: because, stuck: [...running] }), mostEndingMs)
    }
    if (timeoutMs !== undefined) timer = setTimeout(stop, timeoutMs, { is: 'late' })
    for (const [rank, worker] of workers.entries()) {
      worker.on('error', error => stop({ is: 'failed', rank, code: 1, thrown: { error } }))
      worker.on('exit', code => {
        running.delete(rank)
        // It was ended in the middle of a line, which is over now.
        if (release(board, rank)) process.stdout.write('\n')
        if (code !== 0) stop({ is: 'failed', rank, code })
        if (running.size > 0) return
        clearTimeout(timer)
        done({ outcome: outcome ?? { is: 'done' }, stuck: [] })
      })
    }
  })
}

/** Without it each rank would drop the types of each file anew: 100 ms for four ranks on two cores, or 40. */
function compileCache(): Record<string, string> {
  const used = getCompileCacheDir?.()
  return { NODE_COMPILE_CACHE: used === undefined ? join(tmpdir(), 'node-compile-cache') : dirname(used) }
}

/** Standard input for each of them. A rank that does not read keeps none of the others from it. */
function feed(workers: readonly Worker[]): void {
  const each = (act: (stdin: NodeJS.WritableStream) => void): void => {
    for (const { stdin } of workers) if (stdin?.writable) act(stdin)
  }
  process.stdin.on('data', chunk => each(stdin => stdin.write(chunk)))
  process.stdin.on('end', () => each(stdin => stdin.end()))
  let left = workers.length
  for (const worker of workers) worker.on('exit', () => --left === 0 && process.stdin.destroy())
}

/** Rejects when that does, and ends the ranks then; never fulfils. */
function failure(work: Promise<void> | undefined, workers: readonly Worker[]): Promise<never> {
  return new Promise((_, fail) => {
    work?.catch(async error => {
      await Promise.all(workers.map(worker => worker.terminate()))
      fail(error)
    })
  })
}

/** Ties the threads to their cores from here: a thread that is ended while it loads the library for that takes the process with it. */
async function bind(board: Int32Array<SharedArrayBuffer>, cores: readonly (readonly number[])[]): Promise<void> {
  const { bindThread } = await import('./affinity.ts')
  await Promise.all(
    cores.map(async (mine, rank) => {
      const word = 1 + rank
      await Atomics.waitAsync(board, word, 1).value
      bindThread(Atomics.load(board, word), mine)
      Atomics.store(board, word, 0)
      Atomics.notify(board, word)
    }),
  )
}
