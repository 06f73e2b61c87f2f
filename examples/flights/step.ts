/**
 * A step is one question asked of the flights and answered twice: by plain JavaScript on one thread and by Skein, with kernels,
 * tasks or arrays, from the same data. Both answers are timed, phase by phase, and compared.
 *
 * Times are of the first and only run: they include what the engine's compiler and Skein's take to warm up.
 */

import { performance } from 'node:perf_hooks'
import { SingleBar } from 'cli-progress'

/** Told by a step where it is: `phase` begins a named part of it, `share` (0 to 1) is what is done of the whole step. */
export interface Track {
  phase(name: string): void
  share(done: number): void
}

/** What a comparison found. `detail` says what was compared and how closely. */
export interface Verdict {
  readonly agree: boolean
  readonly detail: string
}

export interface Step<Answer> {
  readonly title: string
  /** What of Skein answers it. */
  readonly by: 'kernels' | 'tasks' | 'arrays'
  plain(track: Track): Answer
  skein(track: Track): Answer | Promise<Answer>
  compare(plain: Answer, skein: Answer): Verdict
}

export interface PhaseTimes {
  readonly name: string
  readonly plainMs?: number
  readonly skeinMs: number
}

export interface StepTimes {
  readonly title: string
  readonly phases: readonly PhaseTimes[]
  readonly plainMs?: number
  readonly skeinMs: number
  readonly verdict?: Verdict
}

/** One progress bar, drawn only on a terminal. */
export class Progress implements Track {
  readonly #bar: SingleBar | undefined
  #phases = new Map<string, number>()
  #phase = ''
  #since = 0

  constructor(title: string, visible = process.stderr.isTTY === true) {
    if (!visible) return
    // Kernels and plain loops hold the event loop, so the bar is redrawn by the call that moves it, not by a timer.
    this.#bar = new SingleBar({
      format: `  {bar} {percentage}%  ${title}  {phase}`,
      barCompleteChar: '━',
      barIncompleteChar: '─',
      barsize: 28,
      hideCursor: true,
      clearOnComplete: true,
      synchronousUpdate: true,
      stream: process.stderr,
    })
    this.#bar.start(1000, 0, { phase: '' })
  }

  phase(name: string): void {
    this.#close()
    this.#phase = name
    this.#since = performance.now()
    this.#bar?.update({ phase: name })
  }

  share(done: number): void {
    this.#bar?.update(Math.round(1000 * Math.min(1, done)))
  }

  /** Ends the last phase and takes the bar away; gives each phase's milliseconds. */
  stop(): Map<string, number> {
    this.#close()
    this.#bar?.stop()
    return this.#phases
  }

  #close(): void {
    if (this.#phase) this.#phases.set(this.#phase, performance.now() - this.#since)
    this.#phase = ''
  }
}

const total = (phases: Map<string, number>): number => [...phases.values()].reduce((sum, ms) => sum + ms, 0)

/** The two answers of a step disagree. */
export class DisagreementError extends Error {
  override readonly name = 'DisagreementError'
}

/** Runs a step and gives Skein's answer. Throws (rejects with) DisagreementError when the plain answer is another. */
export const runStep = async <Answer>(
  step: Step<Answer>,
  withPlain: boolean,
): Promise<{ answer: Answer; times: StepTimes }> => {
  let plainAnswer: Answer | undefined
  let plain: Map<string, number> | undefined
  if (withPlain) {
    const progress = new Progress(`${step.title}: plain JavaScript`)
    plainAnswer = step.plain(progress)
    plain = progress.stop()
  }
  const progress = new Progress(`${step.title}: ${step.by}`)
  const answer = await step.skein(progress)
  const skein = progress.stop()
  const verdict = plain ? step.compare(plainAnswer as Answer, answer) : undefined
  if (verdict && !verdict.agree) {
    throw new DisagreementError(`${step.title}: plain JavaScript and ${step.by} disagree: ${verdict.detail}`)
  }
  const phases = [...skein].map(([name, skeinMs]) => ({ name, skeinMs, plainMs: plain?.get(name) }))
  return {
    answer,
    times: {
      title: step.title,
      phases,
      plainMs: plain ? total(plain) : undefined,
      skeinMs: total(skein),
      verdict,
    },
  }
}

/** Compares integers, which must be equal. */
export const compareExactly = (what: string, a: ArrayLike<number>, b: ArrayLike<number>): Verdict => {
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return { agree: false, detail: `${what}: element ${i} is ${a[i]} plain and ${b[i]} by Skein` }
  }
  return { agree: a.length === b.length, detail: `${a.length.toLocaleString('en-US')} ${what} equal` }
}

/** Compares floats; `tolerance` is absolute. Not-a-number equals itself. */
export const compareClosely = (
  what: string,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  tolerance: number,
): Verdict => {
  let worst = 0
  for (let i = 0; i < a.length; i++) {
    const difference = Object.is(a[i], b[i]) ? 0 : Math.abs(a[i] - b[i])
    if (!(difference <= tolerance)) {
      return { agree: false, detail: `${what}: element ${i} is ${a[i]} plain and ${b[i]} by Skein` }
    }
    if (difference > worst) worst = difference
  }
  const found = worst === 0 ? 'equal' : `within ${worst.toPrecision(2)}`
  return {
    agree: a.length === b.length,
    detail: `${a.length.toLocaleString('en-US')} ${what} ${found} (${tolerance.toPrecision(2)} allowed)`,
  }
}

/** All of several verdicts, or the first that disagrees. */
export const all = (...verdicts: readonly Verdict[]): Verdict =>
  verdicts.find(verdict => !verdict.agree) ?? { agree: true, detail: verdicts.map(v => v.detail).join('; ') }
