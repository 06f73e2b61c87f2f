// A machine of the simulation with one process on it: its clock, its disk, and how often it was started. A process that crashed is gone, but what it
// had begun may still be on its way: every event knows the incarnation it was meant for, and one for an earlier incarnation does not happen.
import { checkDelay } from '../asked.ts'
import type { Chance, Clock, World } from '../world.ts'
import type { DecisionStream } from './decisions.ts'
import type { Disk, DiskOptions } from './disk.ts'
import type { Loop, Party } from './loop.ts'

/** Starts the program on a node; again at each restart, with what the disk has kept. */
export type Boot = (world: World, version: string) => void | Promise<void>

export interface NodeOptions {
  /** Handed to `boot`: which of several versions of the program runs here. */
  version?: string
  /** How wrong the node's clock is at first. Default 0. */
  clockOffsetMs?: number
  /** Parts per million by which its clock is too fast. Default 0. */
  driftPpm?: number
  disk?: DiskOptions
}

/** What the simulation does for its nodes. */
export interface Surroundings {
  readonly loop: Loop
  /** What a process finds when it starts. */
  world(incarnation: Incarnation): World
  /** The process has ended; with `reset`, those at the other ends of its connections are told so. */
  disconnect(incarnation: Incarnation, reset: boolean): void
  tell(text: string): void
}

/** One life of a node's process. */
export class Incarnation implements Party {
  alive = true
  paused = false
  /** The process does one thing after another: until then it is at the last one. */
  busyUntilMs = 0
  /** What would have happened while it was paused. */
  readonly held: (() => unknown)[] = []

  readonly node: SimulatedNode

  constructor(node: SimulatedNode) {
    this.node = node
  }

  get number(): number {
    return this.node.number
  }

  hold(run: () => unknown): void {
    this.held.push(run)
  }
}

export class SimulatedNode {
  /** Undefined while the process is down. */
  incarnation: Incarnation | undefined
  /** Power is on: the host answers even if no process runs. */
  powered = true
  /** The name by which others reach it. */
  host: string
  version: string
  readonly name: string
  readonly number: number
  readonly disk: Disk
  private readonly surroundings: Surroundings
  private boot: Boot
  private clockAtMs = 0
  private clockBaseMs = 0
  private offsetMs: number
  private driftPpm: number

  constructor(name: string, number: number, boot: Boot, disk: Disk, surroundings: Surroundings, options: NodeOptions) {
    this.name = name
    this.number = number
    this.boot = boot
    this.disk = disk
    this.surroundings = surroundings
    this.host = name
    this.version = options.version ?? '1'
    this.offsetMs = options.clockOffsetMs ?? 0
    this.driftPpm = options.driftPpm ?? 0
    this.clockAtMs = surroundings.loop.timeMs
  }

  get isUp(): boolean {
    return this.incarnation !== undefined
  }

  /** Milliseconds of the node's monotonic clock. */
  get localMs(): number {
    return this.clockBaseMs + (this.surroundings.loop.timeMs - this.clockAtMs) * this.rate
  }

  get wallMs(): number {
    return epochMs + this.localMs + this.offsetMs
  }

  private get rate(): number {
    return 1 + this.driftPpm * 1e-6
  }

  /** True milliseconds that pass while the node's clock counts `localMs`. */
  trueMs(localMs: number): number {
    return localMs / this.rate
  }

  /** Moves the wall clock, as an operator or NTP does. */
  jumpClock(byMs: number): void {
    this.surroundings.tell(`clock of ${this.name} jumps by ${byMs} ms`)
    this.offsetMs += byMs
  }

  /** From now on the clock runs too fast by that many parts per million. */
  driftClock(ppm: number): void {
    this.surroundings.tell(`clock of ${this.name} drifts by ${ppm} ppm`)
    this.clockBaseMs = this.localMs
    this.clockAtMs = this.surroundings.loop.timeMs
    this.driftPpm = ppm
  }

  /** Another program, or another version of it, may be given. */
  start(change: { boot?: Boot; version?: string } = {}): void {
    if (this.incarnation) return
    if (change.boot) this.boot = change.boot
    if (change.version !== undefined) this.version = change.version
    this.powered = true
    const incarnation = new Incarnation(this)
    this.incarnation = incarnation
    this.surroundings.tell(
      `${this.name} starts${change.version === undefined ? '' : ` with version ${change.version}`}`,
    )
    this.surroundings.loop.schedule(0, incarnation, () => this.boot(this.surroundings.world(incarnation), this.version))
  }

  /** The process ends at once, as by `kill -9`. With `power`, the host goes down too: nobody is told, and writes that were not synced may be lost. */
  crash(options: { power?: boolean } = {}): void {
    const { incarnation } = this
    if (!incarnation) return
    incarnation.alive = false
    this.incarnation = undefined
    this.powered = !options.power
    const lost = options.power ? this.disk.crash() : []
    this.surroundings.tell(
      `${this.name} ${options.power ? 'loses power' : 'is killed'}${lost.length > 0 ? `; ${lost.join('; ')}` : ''}`,
    )
    this.surroundings.disconnect(incarnation, !options.power)
  }

  restart(change: { boot?: Boot; version?: string; host?: string } = {}): void {
    this.crash()
    if (change.host !== undefined) this.host = change.host
    this.start(change)
  }

  /** The process stands still, as by SIGSTOP or a long collection of garbage; its clock runs on. */
  pause(): void {
    const { incarnation } = this
    if (!incarnation || incarnation.paused) return
    this.surroundings.tell(`${this.name} pauses`)
    incarnation.paused = true
  }

  /** All that was due happens now. */
  resume(): void {
    const { incarnation } = this
    if (!incarnation?.paused) return
    this.surroundings.tell(`${this.name} goes on`)
    incarnation.paused = false
    // One event, so that what was held keeps its order.
    const held = incarnation.held.splice(0)
    const next = (): unknown => {
      const run = held.shift()
      if (held.length > 0) this.surroundings.loop.schedule(0, incarnation, next)
      return run?.()
    }
    this.surroundings.loop.schedule(0, incarnation, next)
  }
}

/** Simulated time begins at 2024-01-01. */
const epochMs = Date.UTC(2024, 0, 1)

export const clockOf = (node: SimulatedNode, incarnation: Incarnation, loop: Loop): Clock => ({
  wallMs: () => node.wallMs,
  monotonicMs: () => node.localMs,
  after: (delayMs, run, options) => {
    const trueMs = node.trueMs(checkDelay(delayMs))
    if (trueMs === Number.POSITIVE_INFINITY) return { cancel: () => {} }
    const event = loop.schedule(trueMs, incarnation, run, options?.background)
    return { cancel: () => loop.cancel(event) }
  },
})

export const chanceOf = (stream: DecisionStream): Chance => ({
  uniform: () => stream.next().at(0),
  integer: (low, high) => low + Math.floor(stream.next().at(0) * (high - low)),
  bytes: length => Uint8Array.from({ length }, () => stream.next().choose(0, 256)),
})
