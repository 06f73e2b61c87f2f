// Many seeds; the first that fails is shrunk and told.
import { registerError, SkeinError } from '@skein/base'
import type { Disturbance } from './decisions.ts'
import { type ShrinkOptions, type Shrunk, shrink, shrinkAsync } from './shrink.ts'
import { type Outcome, type Program, type SimulateOptions, simulate, simulateAsync } from './simulate.ts'
import type { Simulation } from './simulation.ts'
import { printed } from './story.ts'

export interface ExploreOptions extends Omit<SimulateOptions, 'calmed' | 'story' | 'record'> {
  /** How many seeds. Default 1000. */
  seeds?: number
  /** The first of them. Default 0. */
  from?: number
  /** Run each of so many seeds twice, and compare: 10 is every tenth. 0: none. Default 100. */
  checkEvery?: number
  shrink?: ShrinkOptions
  signal?: AbortSignal
  /** Told after each run. */
  onProgress?: (progress: { runs: number; seeds: number; events: number }) => void
}

export interface Explored {
  readonly runs: number
  readonly events: number
  readonly simulatedMs: number
}

/** Runs of one seed differed: the program asks something that is not of its world. */
export class DivergenceError extends SkeinError {
  static {
    registerError(DivergenceError, 'DivergenceError')
  }
  declare readonly seed: number
  constructor(seed: number, first: Outcome, second: Outcome) {
    const message = `Two runs of seed ${seed} differ: ${first.events} and ${second.events} events, ${first.timeMs} and ${second.timeMs} ms. The program depends on something outside of its world: time, chance, or the order of a Set of what differs from run to run.`
    super('SKEIN_DIVERGENCE', message, { seed })
  }
}

/** A seed failed. The message tells what happened, with all left out that is not needed for it. */
export class SeedError extends SkeinError {
  static {
    registerError(SeedError, 'SeedError')
  }
  declare readonly seed: number
  /** `simulate(seed, program, { calmed })` is the shrunk run. */
  declare readonly calmed: readonly Disturbance[]
  declare readonly story: string

  constructor(seed: number, outcome: Outcome, calmed: readonly Disturbance[], needed: number, story: string) {
    const { error, atMs, node } = outcome.failure!
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const where = `${atMs.toFixed(1)} ms${node === undefined ? '' : ` on ${node}`}`
    const message = `Seed ${seed} fails at ${where}: ${reason}\n\nIts story, with the ${needed} disturbances that it needs:\n${story}\n`
    super('SKEIN_SEED', message, { seed, calmed: calmed as any, story }, { cause: error })
  }
}

/**
 * Simulates the program with one seed after another. Throws SeedError for the first that fails, shrunk, with its story; DivergenceError if a seed does not repeat.
 */
export const explore = (program: Program, options: ExploreOptions = {}): Explored => {
  const seeds = exploring(options)
  let step = seeds.next()
  while (!step.done) {
    const { seed, ...how } = step.value
    if (how.shrinks) {
      const run = (calmed: readonly Disturbance[]) => simulate(seed, program, { ...how, calmed, record: true })
      step = seeds.next(shrink(run, options.shrink))
    } else step = seeds.next(simulate(seed, program, how))
  }
  return step.value
}

/** The same for programs that await. */
export const exploreAsync = async (
  program: (simulation: Simulation) => void | Promise<void>,
  options: ExploreOptions = {},
): Promise<Explored> => {
  const seeds = exploring(options)
  let step = seeds.next()
  while (!step.done) {
    const { seed, ...how } = step.value
    if (how.shrinks) {
      const run = (calmed: readonly Disturbance[]) => simulateAsync(seed, program, { ...how, calmed, record: true })
      step = seeds.next(await shrinkAsync(run, options.shrink))
    } else step = seeds.next(await simulateAsync(seed, program, how))
  }
  return step.value
}

/** A run that is wanted; `shrinks`: as few disturbances of it as let it fail. */
interface Wanted extends SimulateOptions {
  readonly seed: number
  readonly shrinks?: boolean
}

/** Asks for runs, and is given what came of them. */
function* exploring(options: ExploreOptions): Generator<Wanted, Explored, Outcome | Shrunk | undefined> {
  const { seeds = 1000, from = 0, checkEvery = 100, shrink: _, signal, onProgress, ...rest } = options
  let [events, simulatedMs] = [0, 0]
  for (let i = 0; i < seeds; i++) {
    signal?.throwIfAborted()
    const seed = from + i
    const outcome = (yield { ...rest, seed }) as Outcome
    events += outcome.events
    simulatedMs += outcome.timeMs
    if (outcome.failure) throw yield* explaining(seed, rest)
    if (checkEvery > 0 && i % checkEvery === 0) {
      const again = (yield { ...rest, seed }) as Outcome
      if (again.digest !== outcome.digest || again.events !== outcome.events)
        throw new DivergenceError(seed, outcome, again)
    }
    onProgress?.({ runs: i + 1, seeds, events })
  }
  return { runs: seeds, events, simulatedMs }
}

function* explaining(seed: number, options: SimulateOptions): Generator<Wanted, Error, Outcome | Shrunk | undefined> {
  const shrunk = (yield { ...options, seed, shrinks: true }) as Shrunk | undefined
  const { calmed, needed } = shrunk ?? { calmed: [], needed: [] }
  const outcome = (yield { ...options, seed, calmed, story: true }) as Outcome
  if (outcome.failure) return new SeedError(seed, outcome, calmed, needed.length, printed(outcome.story))
  const first = (yield { ...options, seed }) as Outcome
  return new DivergenceError(seed, first, outcome)
}
