/** What a report advises: rules over what was measured, each with its figures. */

import { addCounts, type FunctionSummary, noCounts, type TransferCounts, type Transfers } from '@skein/tasks/observe'
import { bytes, count, ms, percent } from './words.ts'

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
  readonly transfers: Transfers
}

/** The same arrays copied again: less is not worth a word. */
const mostAgainBytes = 1 << 24

type Rule = (measured: Measured) => string | undefined

const serialMs = ({ packMs, unpackMs }: TransferCounts): number => packMs + unpackMs
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
  ({ transfers: { client, workers, calls }, spanMs, busyMs }) => {
    const [main, there] = [client, workers.reduce(addCounts, noCounts)].map(serialMs)
    const [shareOfMain, shareThere] = [main / spanMs, there / (sum(busyMs) || 1)]
    if (Math.max(shareOfMain, shareThere) < 0.1) return undefined
    const where =
      shareOfMain >= shareThere
        ? `${percent(shareOfMain)} of the main program's time`
        : `${percent(shareThere)} of the time of tasks`
    const most = calls.toSorted((a, b) => serialMs(b) - serialMs(a))[0]
    const [what, times, size] =
      most === undefined || most.packMs < most.unpackMs
        ? ['returns', most?.unpacked ?? 0, most?.unpackedBytes ?? 0]
        : ['is given', most.packed, most.packedBytes]
    const whose =
      times === 0 ? '' : `, most of it for what '${most.name}' ${what} (${count(times)} times, ${bytes(size)})`
    return `Values were turned into bytes and back for ${ms(main + there)}, ${where}${whose}. Numbers in typed arrays of the heap (heap.f64(n) …) are passed as they lie; what many calls are given can be put() once, and its reference given to them.`
  },
  ({ transfers: { client, workers, calls }, spanMs, busyMs }) => {
    const again = calls.find(call => call.copiedAgainBytes >= mostAgainBytes)
    if (again !== undefined) {
      return `Arrays that '${again.name}' was given had been copied before, and were copied again ${count(again.copiedAgain)} times, ${bytes(again.copiedAgainBytes)} in all. put() such an array once and give its reference, or make it in the heap (heap.f64(n) …).`
    }
    const there = workers.reduce(addCounts, noCounts)
    const isMuch = client.copyMs > 0.1 * spanMs || there.copyMs > 0.1 * sum(busyMs)
    const { copiedBytes, copyMs } = addCounts(client, there)
    return isMuch
      ? `${bytes(copiedBytes)} of typed arrays were copied into the heap, in ${ms(copyMs)}. Those that are made there (heap.f64(n) …) are passed as they lie.`
      : undefined
  },
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
