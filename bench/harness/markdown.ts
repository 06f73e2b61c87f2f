/** A suite's results as a Markdown table, and its place between two markers of a document. */
import type { Row } from './results.ts'
import { duration, findRow, threeDigits } from './table.ts'

export interface Column {
  title: string
  /** Names that a row's peer may begin with; the first that has a row is shown. */
  who: string[]
  /** Threads of the row; those of the first column's when not given. */
  threads?: number
}

/** How many times faster the first column is than the column named, shown last. */
export interface Ratio {
  title: string
  over: Column
}

const caseKey = (row: Row) => `${row.case} ${row.dtype}`

/** `show` is what a cell says of its row. */
export function markdownTable(
  rows: readonly Row[],
  columns: readonly Column[],
  ratio: Ratio,
  show = (row: Row) => duration(row.seconds.median),
): string {
  const cases = [...new Set(rows.map(caseKey))]
  const lines: string[][] = []
  for (const key of cases) {
    const ofCase = rows.filter(row => caseKey(row) === key)
    const first = pick(ofCase, columns[0], undefined)
    if (!first) continue
    const cells = columns.map(column => {
      const row = pick(ofCase, column, column.threads ?? first.threads)
      return row ? show(row) : '–'
    })
    const other = pick(ofCase, ratio.over, ratio.over.threads ?? first.threads)
    const factor =
      other && first.seconds.median > 0 ? `${threeDigits(other.seconds.median / first.seconds.median)}×` : '–'
    lines.push([key.replace(/ none$/, ''), ...cells, factor])
  }
  const head = ['case', ...columns.map(c => c.title), ratio.title]
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'))
  return [head, rule, ...lines].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

/** A single-threaded peer counts whatever the others' threads are, where it has no row with as many. */
function pick(rows: readonly Row[], column: Column, threads: number | undefined): Row | undefined {
  for (const who of column.who) {
    const row = findRow(rows, who, threads) ?? (column.threads ? undefined : findRow(rows, who))
    if (row) return row
  }
}

/** Raised when a document lacks the pair of markers, so that nothing is written in a wrong place. */
export class MarkersMissing extends Error {
  override name = 'MarkersMissing'
  constructor(marker: string) {
    super(
      `Looked for <!-- ${marker} --> … <!-- /${marker} --> and did not find the pair; put both lines where the table belongs.`,
    )
  }
}

/** The document with what stands between the markers replaced. */
export function replaceBetween(document: string, marker: string, text: string): string {
  const open = `<!-- ${marker} -->`
  const close = `<!-- /${marker} -->`
  const from = document.indexOf(open)
  const to = document.indexOf(close)
  if (from < 0 || to < from) throw new MarkersMissing(marker)
  return `${document.slice(0, from + open.length)}\n${text}\n${document.slice(to)}`
}
