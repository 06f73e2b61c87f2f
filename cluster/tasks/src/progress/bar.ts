/**
 * Progress in the terminal: a line on stderr for each call that asks for one, beneath each other while several are under way.
 * Where stderr is no terminal (a pipe, a file, a worker) nothing is written.
 */

import type { MultiBar, Options, Params, SingleBar } from 'cli-progress'

/** The lines that are shown together, until the last of them has ended. */
interface Shown {
  readonly bars: MultiBar
  open: number
}

let shown: Shown | undefined

export class Bar {
  readonly #label: string
  /** Undefined until the library is there, and where there is no terminal. */
  #line: SingleBar | undefined
  #done = 0
  #total: number | undefined
  #detail = ''
  #hasEnded = false

  /** @param total undefined: nobody knows */
  constructor(label: string, total: number | undefined) {
    this.#label = label
    this.#total = total
    if (process.stderr.isTTY) void this.#begin(performance.now())
  }

  async #begin(begun: number): Promise<void> {
    // Only who draws loads it: every worker imports this module.
    const { MultiBar } = await import('cli-progress')
    // Nothing was missed.
    if (this.#hasEnded) return
    shown ??= { bars: unhurried(new MultiBar(options)), open: 0 }
    shown.open++
    const state = { label: this.#label, begun, ended: 0, total: this.#total, detail: this.#detail } satisfies State
    this.#line = shown.bars.create(this.#total ?? 0, this.#done, state)
  }

  /** @param detail what it is at */
  update(done: number, total: number | undefined, detail = ''): void {
    this.#done = done
    this.#total = total
    this.#detail = detail
    this.#line?.setTotal(total ?? 0)
    this.#line?.update(done, { total, detail })
  }

  /** It stays as it is, with the time it took. */
  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    if (this.#line === undefined) return
    this.#line.update(this.#done, { ended: performance.now() })
    if (--shown!.open > 0) return
    shown!.bars.stop()
    shown = undefined
  }
}

/** What a line is drawn from, beside what the library keeps. */
interface State {
  readonly label: string
  readonly begun: number
  /** 0: it goes on. */
  readonly ended: number
  readonly total: number | undefined
  readonly detail: string
}

const options: Options = {
  stream: process.stderr,
  // Neither is changed, so a program that ends in the middle leaves nothing to restore.
  hideCursor: false,
  linewrap: true,
  format: (_, { value }: Params, state: State) => lineOf(value, state, performance.now()),
}

/** The timer that redraws should keep no program alive: what nobody goes on with never ends. */
function unhurried(bars: MultiBar): MultiBar {
  const unref = () => (bars as unknown as { timer: NodeJS.Timeout | null }).timer?.unref()
  return bars.on('start', unref).on('update-post', unref)
}

const [barWidth, labelWidth, detailWidth] = [24, 28, 40]

export function lineOf(done: number, { label, begun, ended, total, detail }: State, now: number): string {
  const seconds = ((ended || now) - begun) / 1000
  const isDone = done === total
  const parts = [shortened(label, labelWidth)]
  if (total !== undefined) {
    const share = total === 0 ? 1 : done / total
    const full = Math.floor(share * barWidth)
    parts.push('━'.repeat(full) + '─'.repeat(barWidth - full), `${String(Math.floor(100 * share)).padStart(3)}%`)
  }
  parts.push(total === undefined ? counted(done) : `${counted(done)} of ${counted(total)}`)
  if (seconds > 0 && done > 0) parts.push(`${rate(done / seconds)}/s`)
  if (ended) parts.push(`${total === undefined || isDone ? 'in' : 'stopped after'} ${duration(seconds)}`)
  else if (total !== undefined && done > 0 && !isDone) {
    parts.push(`${duration((seconds / done) * (total - done))} left`)
  }
  if (!ended && detail !== '') parts.push(shortened(detail, detailWidth))
  return parts.join('  ')
}

const counted = (n: number): string => n.toLocaleString('en')
const rate = (n: number): string => (n < 10 ? n.toPrecision(2) : counted(Math.round(n)))

function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  return whole < 3600 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${(whole / 3600).toFixed(1)} h`
}

const shortened = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text)
