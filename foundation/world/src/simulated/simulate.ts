// One run, from a seed to an outcome. A run that fails says so in its outcome, and does not throw: what failed is what one wants to look at.
import { ArgumentError, registerError, SkeinError } from '@skein/base'
import type { Disturbance } from './decisions.ts'
import { type GlobalsPolicy, guarded, whileGuarded } from './globals.ts'
import { Simulation } from './simulation.ts'
import type { StoryLine } from './story.ts'

/** Sets up the nodes and what happens to them; `simulation.atEnd` says what must have come of it. */
export type Program = (simulation: Simulation) => void

export interface SimulateOptions {
  /** Simulated time after which the run ends. Default 60,000. */
  forMs?: number
  /** Events after which a run is taken for one that would not end. Default 10,000,000. */
  maxEvents?: number
  /** Disturbances of an earlier run of this seed that do not happen this time. */
  calmed?: Iterable<Disturbance>
  /** Keep what happens, for people. Default false. */
  story?: boolean
  /** List the disturbances of the run. Default false. */
  record?: boolean
  /** What the engine's own clock, timers and chance do while the program runs. Default 'refuse'. */
  globals?: GlobalsPolicy
}

export interface Outcome {
  readonly seed: number
  /** Undefined: all was well. */
  readonly failure: Failure | undefined
  /** Events that happened. */
  readonly events: number
  /** Simulated time that passed. */
  readonly timeMs: number
  /** The same for the same run; another, as good as always, for another. */
  readonly digest: number
  readonly story: readonly StoryLine[]
  readonly disturbances: readonly Disturbance[]
}

export interface Failure {
  readonly error: unknown
  /** When, of the simulated time. */
  readonly atMs: number
  /** Whose program it was, if it was a node's. */
  readonly node: string | undefined
}

/** A run did not come to an end. */
export class EndlessError extends SkeinError {
  static {
    registerError(EndlessError, 'EndlessError')
  }
  declare readonly events: number
  constructor(events: number, timeMs: number) {
    const message = `After ${events} events the simulated time is ${timeMs.toFixed(3)} ms: the program keeps itself busy. Give maxEvents if it is meant to.`
    super('SKEIN_ENDLESS', message, { events, timeMs })
  }
}

/**
 * Runs a program in a simulated world: the same seed gives the same run, event for event. Programs do all they do within the events of their nodes; those that
 * await promises want `simulateAsync`. Throws ArgumentError.
 */
export const simulate = (seed: number, program: Program, options: SimulateOptions = {}): Outcome => {
  const run = new Run(seed, program, options)
  return whileGuarded(run.simulation, options.globals, () => {
    while (run.step());
    return run.outcome()
  })
}

/**
 * The same for programs that await: after each event everything happens that promises have to do. About a tenth as fast. A program's promises may be of its world
 * (`sleep`) and of what it computes; those of the real world (files, sockets) end too late.
 */
export const simulateAsync = async (
  seed: number,
  program: (simulation: Simulation) => void | Promise<void>,
  options: SimulateOptions = {},
): Promise<Outcome> => {
  let begun: void | Promise<void>
  const run = new Run(seed, simulation => void (begun = program(simulation)), options)
  return guarded(run.simulation, options.globals, async () => {
    const rejected = (error: unknown): void => run.fail(error)
    process.on('unhandledRejection', rejected)
    try {
      begun?.catch(rejected)
      await settled()
      while (run.step()) await settled()
      return run.outcome()
    } finally {
      process.off('unhandledRejection', rejected)
    }
  })
}

const { setImmediate } = globalThis
/** Promises have nothing left to do. */
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

class Run {
  readonly simulation: Simulation
  private readonly options: Required<Pick<SimulateOptions, 'forMs' | 'maxEvents'>>
  private failure: Failure | undefined
  private isOver = false

  constructor(seed: number, program: Program, options: SimulateOptions) {
    if (!Number.isSafeInteger(seed)) throw new ArgumentError('simulate', 'seed', 'a whole number', seed)
    if (typeof program !== 'function') throw new ArgumentError('simulate', 'program', 'a function', program)
    const { forMs = 60_000, maxEvents = 10_000_000 } = options
    if (!(forMs >= 0)) throw new ArgumentError('simulate', 'forMs', 'milliseconds from 0', forMs)
    if (!(maxEvents >= 0)) throw new ArgumentError('simulate', 'maxEvents', 'a number from 0', maxEvents)
    this.options = { forMs, maxEvents }
    this.simulation = new Simulation(seed, options)
    this.simulation.loop.rejected = error => this.fail(error)
    this.attempt(() => program(this.simulation))
  }

  /** Lets one event happen. False: the run is over. */
  step(): boolean {
    if (this.isOver) return false
    const { loop, invariants, judges } = this.simulation
    this.attempt(() => {
      if (!loop.step(this.options.forMs)) {
        this.isOver = true
        for (const judge of judges) judge()
        return
      }
      for (const invariant of invariants) invariant()
      if (loop.count >= this.options.maxEvents) throw new EndlessError(loop.count, loop.timeMs)
    })
    return !this.isOver
  }

  fail(error: unknown): void {
    const { loop, nodes } = this.simulation
    const party = loop.failed
    const node = party === undefined ? undefined : [...nodes.values()].find(({ number }) => number === party.number)
    this.failure ??= { error, atMs: loop.timeMs, node: node?.name }
    this.simulation.story.tell(`FAILS: ${(error instanceof Error ? error.message : String(error)).split('\n', 1)[0]}`)
    this.isOver = true
  }

  outcome(): Outcome {
    const { seed, loop, story, decisions } = this.simulation
    const { count, timeMs, digest } = loop
    const { lines } = story
    return {
      seed,
      failure: this.failure,
      events: count,
      timeMs,
      digest,
      story: lines,
      disturbances: decisions.disturbances ?? [],
    }
  }

  private attempt(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.fail(error)
    }
  }
}
