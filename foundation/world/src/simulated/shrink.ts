// From a run that fails to one that fails with less. What is left out are disturbances (decisions.ts), first all of a kind, then each: halves of them, quarters and so on down to single ones, as
// long as the run still fails in the same way (A. Zeller and R. Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE Transactions on Software
// Engineering 28, 2002: algorithm ddmin).
import type { Disturbance } from './decisions.ts'
import type { Outcome } from './simulate.ts'

export interface ShrinkOptions {
  /** Runs at most. Default 1000. */
  maxRuns?: number
  /** Whether a failure is the one that is looked for. Default: errors of the same class, whose messages differ in numbers alone. */
  same?: (error: unknown, first: unknown) => boolean
  /** Told after each run how many disturbances are left. */
  onProgress?: (progress: { runs: number; left: number }) => void
}

export interface Shrunk {
  readonly outcome: Outcome
  /** What was left out: `simulate` with these is that run. */
  readonly calmed: readonly Disturbance[]
  /** What is left: without any single one of them the run does not fail, unless the runs were used up. */
  readonly needed: readonly Disturbance[]
  readonly runs: number
}

/** `run` repeats the failing run without some of its disturbances, recording the others. */
export const shrink = (
  run: (calmed: readonly Disturbance[]) => Outcome,
  options: ShrinkOptions = {},
): Shrunk | undefined => {
  const runs = shrinking(options)
  let step = runs.next()
  while (!step.done) step = runs.next(run(step.value))
  return step.value
}

/** The same for runs that are awaited. */
export const shrinkAsync = async (
  run: (calmed: readonly Disturbance[]) => Promise<Outcome>,
  options: ShrinkOptions = {},
): Promise<Shrunk | undefined> => {
  const runs = shrinking(options)
  let step = runs.next()
  while (!step.done) step = runs.next(await run(step.value))
  return step.value
}

/** Asks for runs without some disturbances, and is given what came of them. */
function* shrinking(options: ShrinkOptions): Generator<readonly Disturbance[], Shrunk | undefined, Outcome> {
  const { maxRuns = 1000, same = alike, onProgress } = options
  let outcome = yield []
  if (outcome.failure === undefined) return undefined
  const first = outcome.failure.error
  let calmed: Disturbance[] = []
  let runs = 1
  // First all of a kind: of a run that goes another way the messages are others, and what befalls those is calmed as well.
  for (const unitsOf of [kinds, (left: readonly Disturbance[]) => left]) {
    for (let pieces = 1; runs < maxRuns; ) {
      const left = unitsOf(outcome.disturbances)
      if (left.length === 0) break
      const size = Math.max(1, Math.ceil(left.length / pieces))
      let hasShrunk = false
      for (let at = 0; at < left.length && runs < maxRuns && !hasShrunk; at += size) {
        const candidate = [...calmed, ...left.slice(at, at + size)]
        const tried = yield candidate
        runs++
        if (tried.failure === undefined || !same(tried.failure.error, first)) continue
        // What came after is another run, with disturbances of its own; those that were calmed stay so.
        outcome = tried
        calmed = candidate
        hasShrunk = true
        onProgress?.({ runs, left: outcome.disturbances.length })
      }
      if (hasShrunk) pieces = Math.max(1, pieces - 1)
      else if (size === 1) break
      else pieces = Math.min(left.length, pieces * 2)
    }
  }
  return { outcome, calmed, needed: outcome.disturbances, runs }
}

/** Each question of each stream that was answered otherwise than calmly, for all of its occasions. */
const kinds = (left: readonly Disturbance[]): Disturbance[] => {
  const asked = new Map(left.map(({ stream, ask }) => [`${ask} ${stream}`, { stream, n: '*' as const, ask }]))
  return [...asked.values()]
}

const alike = (error: unknown, first: unknown): boolean => kind(error) === kind(first)

const kind = (error: unknown): string =>
  error instanceof Error ? `${error.name} ${error.message.replace(/\d+(\.\d+)?/g, '#')}` : String(error)
