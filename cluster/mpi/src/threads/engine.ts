/** Ranks as threads of one process. */

import { hostname } from 'node:os'
import { heap } from '@skein/heap'
import type { Engine } from '../engine.ts'
import { Exchange } from './exchange.ts'
import { deleteFile } from './file.ts'
import { ThreadPort } from './port.ts'
import { Views } from './views.ts'
import type { WorldStart } from './world-block.ts'

/** Contexts of the world and of each rank by itself: those that are given out begin behind them. */
const [worldContext, selfContext] = [0, 2]

class ThreadsEngine implements Engine {
  readonly name = 'threads'
  readonly version = 'threads of one process'
  readonly standard = [4, 0] as const
  readonly threadLevel = 'single'
  readonly world: ThreadPort
  readonly self: ThreadPort
  readonly tagUb = 2 ** 30
  readonly processorName = hostname()
  readonly wtick = 1e-9
  #isFinalized = false

  constructor(start: WorldStart, rank: number) {
    const exchange = new Exchange(new Views(start, rank))
    const all = Array.from({ length: start.size }, (_, member) => member)
    this.world = new ThreadPort(exchange, worldContext, all)
    this.self = new ThreadPort(exchange, selfContext, [rank])
    process.once('exit', () => exchange.ended())
  }

  wtime(): number {
    return performance.now() / 1000
  }

  allocate(bytes: number): Uint8Array {
    return heap.u8(bytes)
  }

  deleteFile(path: string): void {
    deleteFile(path, { rank: this.world.rank, name: path })
  }

  /** Messages that are under way come first. */
  finalize(): void {
    if (this.#isFinalized) return
    this.world.run({ is: 'barrier' })
    this.#isFinalized = true
  }

  get isFinalized(): boolean {
    return this.#isFinalized
  }
}

export const openThreadsEngine = (start: WorldStart, rank: number): Engine => new ThreadsEngine(start, rank)
