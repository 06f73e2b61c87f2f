/**
 * Ranks as threads of this process: a world is made, a thread is started for each rank, and the first rank that fails ends them all.
 *
 * A rank fails when it throws and nothing catches it, or when it ends with an exit code other than 0. One that ends well while others go
 * on is none of theirs.
 */

import { type OutputForm, plainForm } from './rank-output.ts'
import { Ranks } from './ranks.ts'
import { answerRequests } from './spawn/answers.ts'
import type { SpawnRequest } from './spawn/request.ts'
import { endWorld, firstRank, makeWorld, type WorldStart } from './world-block.ts'
import { beginWithMore } from './young-heap.ts'

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

/**
 * Runs programs on threads, as ranks of one world.
 *
 * @returns once every rank has ended, those that were spawned too, and `stuck`: those that were told to, and could not within 0.7 s
 * @throws NotSupportedError when ranks cannot be tied to cores here
 */
export async function launch(settings: LaunchSettings): Promise<{ outcome: Outcome; stuck: readonly number[] }> {
  const { form = plainForm, stdin = 0, timeoutMs, cores } = settings
  const programs = settings.programs.flatMap((program, appNumber) =>
    Array<RankProgram & { appNumber: number }>(program.ranks).fill({ ...program, appNumber }),
  )
  const size = programs.length
  const world = makeWorld(size, true)
  const ranks = new Ranks(world, form)
  const beginAsUsual = beginWithMore()
  for (const [rank, { file, args, env, appNumber }] of programs.entries()) {
    ranks.start(firstRank(world, rank, appNumber), {
      ...{ file, args, job: 1, rank, size },
      env: { ...process.env, ...env },
      stdin: stdin === 'all' ? 'fed' : stdin === rank ? 'own' : 'none',
      isBound: cores !== undefined,
    })
  }
  if (stdin === 'all') feed(ranks)
  const stopAnswering = answerRequests(world, ranks)
  const ended = await Promise.race([end(ranks, timeoutMs), failure(cores && bind(ranks.board, cores), ranks)])
  stopAnswering()
  beginAsUsual()
  if (ended.stuck.length === 0) endWorld(world)
  return ended
}

function end(ranks: Ranks, timeoutMs: number | undefined) {
  const { running } = ranks
  return new Promise<{ outcome: Outcome; stuck: readonly number[] }>(done => {
    let outcome: Outcome | undefined
    let timer: NodeJS.Timeout | undefined
    const stop = (because: Outcome): void => {
      if (outcome !== undefined) return
      outcome = because
      clearTimeout(timer)
      ranks.isOver = true
      void ranks.terminate()
      timer = setTimeout(() => done({ outcome: because, stuck: [...running.keys()] }), mostEndingMs)
    }
    if (timeoutMs !== undefined) timer = setTimeout(stop, timeoutMs, { is: 'late' })
    ranks.onError = (rank, error) => stop({ is: 'failed', rank, code: 1, thrown: { error } })
    ranks.onExit = (rank, code) => {
      if (code !== 0) stop({ is: 'failed', rank, code })
      if (running.size > 0) return
      ranks.isOver = true
      clearTimeout(timer)
      done({ outcome: outcome ?? { is: 'done' }, stuck: [] })
    }
  })
}

/** Worlds of one rank that nobody launched, by address. */
const here = new Map<number, Ranks>()

/** Starts ranks for a program without a launcher, which is rank 0. One that fails ends it, once its event loop turns. */
export function startHere(world: WorldStart, request: SpawnRequest): number {
  let ranks = here.get(world.address)
  if (ranks === undefined) {
    ranks = new Ranks(world, plainForm)
    here.set(world.address, ranks)
    ranks.onError = (_rank, error) => {
      console.error(error)
      process.exit(1)
    }
    ranks.onExit = (_rank, code) => {
      if (code !== 0) process.exit(code)
    }
  }
  return ranks.spawn(request)
}

/** Standard input for each of them. A rank that does not read keeps none of the others from it. */
function feed({ running }: Ranks): void {
  const workers = [...running.values()]
  const each = (act: (stdin: NodeJS.WritableStream) => void): void => {
    for (const { stdin } of workers) if (stdin?.writable) act(stdin)
  }
  process.stdin.on('data', chunk => each(stdin => stdin.write(chunk)))
  process.stdin.on('end', () => each(stdin => stdin.end()))
  let left = workers.length
  for (const worker of workers) worker.on('exit', () => --left === 0 && process.stdin.destroy())
}

/** Rejects when that does, and ends the ranks then; never fulfils. */
function failure(work: Promise<void> | undefined, ranks: Ranks): Promise<never> {
  return new Promise((_, fail) => {
    work?.catch(async error => {
      await ranks.terminate()
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
