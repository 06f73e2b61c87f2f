/** Ranks as threads of one process. */

import { hostname } from 'node:os'
import { heap } from '@skein/heap'
import type { Engine, SessionPort } from '../engine.ts'
import { Exchange } from './exchange.ts'
import { deleteFile } from './file/file.ts'
import { contextsEach } from './holdings.ts'
import { Meetings } from './meetings.ts'
import { ThreadPort } from './port.ts'
import { Views } from './views.ts'
import { firstRank, makeWorld, type RankStart, type WorldStart } from './world-block.ts'

/** Contexts of the world, of each rank by itself, and of what sessions agree on: those that are given out begin behind them. */
const [worldContext, selfContext, sessionsContext] = [0, contextsEach, 2 * contextsEach]

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

  readonly parent: ThreadPort | undefined
  readonly universeSize: number
  readonly appNumber: number
  readonly #meetings: Meetings

  constructor(start: RankStart) {
    const { rank, members, parent } = start
    const exchange = new Exchange(new Views(start, rank), members)
    this.#meetings = new Meetings(exchange)
    this.universeSize = start.universe
    this.appNumber = start.appNumber
    this.world = new ThreadPort(
      exchange,
      parent === undefined ? worldContext : parent.context + 3 * contextsEach,
      members,
    )
    this.self = new ThreadPort(exchange, selfContext, [rank])
    this.parent = parent && ThreadPort.toParent(exchange, members, parent)
    process.once('exit', () => exchange.ended())
  }

  openPort(): string {
    return this.#told('openPort', () => this.#meetings.open())
  }

  closePort(portName: string): void {
    this.#told('closePort', () => this.#meetings.close(portName))
  }

  publishName(service: string, _hints: unknown, portName: string): void {
    this.#told('publishName', () => this.#meetings.publish(service, portName))
  }

  unpublishName(service: string, _hints: unknown, portName: string): void {
    this.#told('unpublishName', () => this.#meetings.unpublish(service, portName))
  }

  lookupName(service: string): string {
    return this.#told('lookupName', () => this.#meetings.lookup(service))
  }

  openSession(): SessionPort {
    const [world, own] = [this.world.members, this.self.members]
    return {
      psets: () => ['mpi://WORLD', 'mpi://SELF'],
      members: pset => (pset === 'mpi://SELF' ? own : world),
      info: pset => new Map([['mpi_size', String(pset === 'mpi://SELF' ? 1 : world.length)]]),
      comm: (members, tag) => {
        // They have no communicator in common yet: what they agree on goes by a context that every rank has for this.
        const all = new ThreadPort(this.world.exchange, sessionsContext, members)
        const made = all.createGroup([...members.keys()], hashOf(tag))!
        all.free()
        return made
      },
      finalize: () => {},
    }
  }

  #told<T>(call: string, does: () => T): T {
    try {
      return does()
    } catch (error) {
      throw this.world.errorOf(error, call)
    }
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

/** A tag for a text (FNV-1a), of 30 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 2
}

/** One of the ranks that a world begins with. */
export const openThreadsEngine = (world: WorldStart, rank: number): Engine => new ThreadsEngine(firstRank(world, rank))

export const openRank = (start: RankStart): Engine => new ThreadsEngine(start)

/** A world of one rank, which nobody launched. */
export const openAlone = (): Engine => new ThreadsEngine(firstRank(makeWorld(1), 0))
