/** What a report advises: rules over what was measured, each with its figures. */

import type { FunctionSummary } from '@skein/tasks/observe'
import { count, ms, percent } from './words.ts'

/** What the rules look at. Times in milliseconds. */
export interface Measured {
  readonly functions: readonly FunctionSummary[]
  readonly attempts: number
  /** From the first submission to the last end. */
  readonly spanMs: number
  /** By worker, from 0: how long it ran tasks. */
  readonly busyMs: readonly number[]
  readonly longest: { readonly name: string; readonly tookMs: number } | undefined
  readonly lagMs: number
}

type Rule = (measured: Measured) => string | undefined

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

const rules: readonly Rule[] = [
  ({ functions }) => {
    const tiny = functions.find(f => f.done >= 1000 && f.p50Ms < 0.02)
    return (
      tiny &&
      `${count(tiny.done)} tasks of '${tiny.name}' took ${ms(tiny.p50Ms)} each, hardly more than it costs to send one. Give each task several items.`
    )
  },
  ({ busyMs, spanMs, longest }) => {
    const share = longest ? longest.tookMs / spanMs : 0
    return busyMs.length > 1 && share > 0.3
      ? `One task of '${longest!.name}' took ${ms(longest!.tookMs)}, ${percent(share)} of the whole time: nothing can end sooner than it. Divide it.`
      : undefined
  },
  ({ busyMs, spanMs, attempts }) => {
    const idle = 1 - sum(busyMs) / (spanMs * busyMs.length)
    return attempts >= 10 && idle > 0.4
      ? `Workers were idle for ${percent(idle)} of the time. Submit more before awaiting, or use fewer workers.`
      : undefined
  },
  ({ busyMs, spanMs }) => {
    const [most, least] = [Math.max(...busyMs), Math.min(...busyMs)]
    return busyMs.length > 1 && most > 0.5 * spanMs && least < 0.6 * most
      ? `The busiest worker ran tasks for ${ms(most)}, the least busy one for ${ms(least)}. Smaller tasks share themselves out more evenly; actors and 'runOn' stay where they are.`
      : undefined
  },
  ({ lagMs }) =>
    lagMs > 200
      ? `The main program kept its event loop busy for up to ${ms(lagMs)} at a time, and sent and received no tasks meanwhile. Move that work into a task.`
      : undefined,
  ({ functions }) => {
    const lost = functions.filter(f => f.lost > 0)
    return lost.length > 0
      ? `Workers ended while they ran ${lost.map(f => `'${f.name}'`).join(', ')}: ${count(sum(lost.map(f => f.lost)))} attempts were lost and their time with them.`
      : undefined
  },
  ({ functions }) => {
    const failing = functions.filter(f => f.failed > 0.05 * (f.done + f.failed) && f.failed > 1)
    return failing.length > 0
      ? `${failing.map(f => `'${f.name}' failed ${count(f.failed)} times of ${count(f.done + f.failed)}`).join('; ')}.`
      : undefined
  },
]

export const adviceFor = (measured: Measured): string[] =>
  rules.map(rule => rule(measured)).filter(advice => advice !== undefined)
