/** The threads of a world's ranks, those it begins with and those that are spawned. */

import { getCompileCacheDir } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setEnvironmentData, Worker } from 'node:worker_threads'
import { packInUse } from '@skein/base/pack'
import { heap } from '@skein/heap'
import { endsThreads, terminateThread } from '@skein/team/loading'
import { type OutputForm, release } from './rank-output.ts'
import type { RankSettings } from './rank-start.ts'
import type { SpawnRequest } from './spawn/request.ts'
import { absent, ended, enterRank, layoutOf, type RankStart, rankAt, state, type WorldStart } from './world-block.ts'

/** What becomes of a thread. */
export interface RankThread {
  /** Absolute. */
  readonly file: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** Of the launcher's first ranks 1; of those that were spawned, 2 and on. */
  readonly job: number
  /** In its world. */
  readonly rank: number
  readonly size: number
  /** Fed: it gets what the launcher writes. */
  readonly stdin: 'own' | 'fed' | 'none'
  /** It waits until it is tied to its cores. */
  readonly isBound: boolean
}

export class Ranks {
  /** By number in the universe. */
  readonly running = new Map<number, Worker>()
  /** First the lock of the output; then a word for each rank: see `RankSettings`. */
  readonly board: Int32Array<SharedArrayBuffer>
  /** It threw, and nothing caught it. */
  onError: (rank: number, error: unknown) => void = () => {}
  onExit: (rank: number, code: number) => void = () => {}
  /** No more are started. */
  isOver = false
  readonly #world: WorldStart
  readonly #form: OutputForm
  readonly #ownCache = process.env.NODE_COMPILE_CACHE === undefined
  #jobs = 1

  constructor(world: WorldStart, form: OutputForm) {
    this.#world = world
    this.#form = form
    endsThreads()
    this.board = new Int32Array(new SharedArrayBuffer(4 * (1 + world.universe)))
  }

  start(start: RankStart, { file, args, env, job, rank, size, stdin, isBound }: RankThread): void {
    const id = start.rank
    if (isBound) this.board[1 + id] = 1
    const told: RankSettings = {
      ...{ file, id, job, rank, size, board: this.board, form: this.#form, ownCache: this.#ownCache },
      readsStdin: stdin === 'own',
      pack: packInUse(),
    }
    setEnvironmentData('skein.mpi', start as unknown as string)
    setEnvironmentData('skein.mpi.launch', told as unknown as string)
    const worker = new Worker(new URL('./rank-entry.ts', import.meta.url), {
      argv: [...args],
      env: { ...compileCache(), ...env, SKEIN_MPI_RANK: String(rank), SKEIN_MPI_SIZE: String(size) },
      name: `rank ${rank}`,
      stdin: stdin === 'fed',
    })
    // Threads that this one starts later are no ranks.
    setEnvironmentData('skein.mpi', undefined as unknown as string)
    setEnvironmentData('skein.mpi.launch', undefined as unknown as string)
    this.running.set(id, worker)
    worker.on('error', error => this.onError(id, error))
    worker.on('exit', code => {
      // It said that it ends some time before its thread is gone; another may have its number since.
      if (this.running.get(id) === worker) this.#isGone(id)
      this.onExit(id, code)
    })
  }

  /** Ends them all. */
  async terminate(): Promise<void> {
    await Promise.all([...this.running.values()].map(worker => terminateThread(worker)))
  }

  get #words(): Int32Array {
    const { address, words } = layoutOf(this.#world)
    return heap.view(Int32Array, address, words)
  }

  #isGone(id: number): void {
    this.running.delete(id)
    // It was ended in the middle of a line, which is over now.
    if (release(this.board, id)) process.stdout.write('\n')
    if (this.isOver) return
    // It may not have said so itself: a program need not use message passing.
    Atomics.store(this.#words, rankAt(layoutOf(this.#world), id) + state, ended)
  }

  /**
   * Starts ranks as a world of their own.
   *
   * @returns the number of the first of them; the others have the next
   * @throws Error when there is no room for so many
   */
  spawn({ programs, parent, env }: SpawnRequest): number {
    const threads = programs.flatMap((program, appNumber) => Array(program.ranks).fill({ ...program, appNumber }))
    const first = this.#room(threads.length)
    const members = threads.map((_, rank) => first + rank)
    const layout = layoutOf(this.#world)
    const c = this.#words
    const job = ++this.#jobs
    for (const member of members) enterRank(c, layout, member)
    for (const [rank, { file, args, appNumber }] of threads.entries()) {
      const start = { ...this.#world, rank: members[rank], members, appNumber, parent }
      const size = threads.length
      this.start(start, { file, args, env, job, rank, size, stdin: 'none', isBound: false })
    }
    return first
  }

  /** So many numbers, one after the other, that nobody has; rather such that nobody ever had. */
  #room(count: number): number {
    const layout = layoutOf(this.#world)
    const { size, universe } = layout
    const c = this.#words
    const states = Array.from({ length: universe }, (_, rank) => Atomics.load(c, rankAt(layout, rank) + state))
    for (const free of [[absent], [absent, ended]]) {
      for (let first = size; first + count <= universe; first++)
        if (states.slice(first, first + count).every(each => free.includes(each))) return first
    }
    const left = states.slice(size).filter(each => each === absent || each === ended).length
    throw new Error(
      `there is room for ${left} more ranks, not for ${count}: a universe of ${universe}, which SKEIN_MPI_UNIVERSE sets`,
    )
  }
}

/** Without it each rank would drop the types of each file anew: 100 ms for four ranks on two cores, or 40. */
function compileCache(): Record<string, string> {
  const used = getCompileCacheDir?.()
  return { NODE_COMPILE_CACHE: used === undefined ? join(tmpdir(), 'node-compile-cache') : dirname(used) }
}
