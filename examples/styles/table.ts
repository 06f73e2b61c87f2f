/** The study's results as tables: milliseconds on one thread or rank, and how many times as fast more of them are. */

import { availableParallelism, cpus } from 'node:os'
import { escapeText } from '../flights/chart.ts'
import type { Inputs } from './inputs.ts'
import { type Engine, problems, type Result } from './study.ts'

export interface Study {
  readonly inputs: Inputs
  readonly results: readonly Result[]
  readonly sizes: readonly number[]
  readonly rounds: number
  readonly engine: Engine
}

const whole = (n: number): string => n.toLocaleString('en-US')
const milliseconds = (ms: number): string => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`

const sizeOf = ({ network, flights, airports }: Inputs, problem: string): string =>
  problem === 'paths'
    ? `${whole(network.side)} airports`
    : `${whole(flights.delay.length)} flights, ${whole(airports.code.length)} airports`

/** What a way is called: `plain`, `kernels`, `ranks`, `ranks, kernels` … */
const wayOf = ({ way }: Result): string =>
  way.name.slice(way.name.indexOf(' ') + 1).replace('plain', 'plain JavaScript')

/** A problem's rows: each way, its milliseconds, and its speed-up for each size after the first. */
const rowsOf = ({ results, sizes }: Study, problem: string): string[][] =>
  results
    .filter(({ way }) => way.name.startsWith(`${problem} `))
    .map(result => {
      const { ms } = result
      const cell = (_: number, i: number) => {
        if (ms[i] === undefined) return ''
        return i === 0 ? milliseconds(ms[0]) : `${milliseconds(ms[i])}  ${(ms[0] / ms[i]).toFixed(2)}×`
      }
      return [wayOf(result), ...sizes.map(cell)]
    })

/** What must be said of the figures. */
export const remarks = ({ sizes, rounds, engine }: Study): string => {
  const cores = availableParallelism()
  const over = sizes.filter(size => size > cores)
  const oversubscribed =
    over.length === 0
      ? ''
      : ` Columns of more threads than cores (${over.join(', ')}) show what that costs, not what more cores would give.`
  return `Medians of ${rounds} rounds, on ${cores} cores (${cpus()[0]?.model.trim() ?? 'unknown'}); ranks are ${engine === 'threads' ? 'threads of one process' : `processes of ${engine}`}.${oversubscribed} All answers are equal, to the bit.`
}

const heads = (sizes: readonly number[]): string[] =>
  sizes.map(size => `${size} thread${size === 1 ? '' : 's'} or rank${size === 1 ? '' : 's'}`)

/** For a terminal. */
export function lines(study: Study): string {
  const tables = problems.map(({ name, title }) => {
    const head = [`${title}, ${sizeOf(study.inputs, name)}`, ...study.sizes.map(size => `on ${size}`)]
    const all = [head, ...rowsOf(study, name).map(([way, ...cells]) => [`  ${way}`, ...cells])]
    return all.map(([first, ...cells]) => first.padEnd(52) + cells.map(cell => cell.padStart(17)).join('')).join('\n')
  })
  return `${tables.join('\n')}\n${remarks(study)}`
}

/** For a document. */
export function markdown(study: Study): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const tables = problems.map(({ name, title }) => {
    const head = [`${title}, ${sizeOf(study.inputs, name)}`, ...heads(study.sizes)]
    return [line(head), line(['---', ...study.sizes.map(() => '---:')]), ...rowsOf(study, name).map(line)].join('\n')
  })
  return `${tables.join('\n\n')}\n\n${remarks(study)}`
}

/** For the report. */
export function html(study: Study): string {
  const cells = (kind: string, [first, ...rest]: readonly string[]): string =>
    `<tr><${kind}>${escapeText(first)}</${kind}>${rest.map(cell => `<${kind} class="n">${cell}</${kind}>`).join('')}</tr>`
  const tables = problems.map(({ name, title }) => {
    const head = [`${title}, ${sizeOf(study.inputs, name)}`, ...heads(study.sizes)]
    const rows = rowsOf(study, name).map(row => cells('td', row))
    return `<table><thead>${cells('th', head)}</thead><tbody>${rows.join('')}</tbody></table>`
  })
  return `${tables.join('')}<p>${escapeText(remarks(study))}</p>`
}
