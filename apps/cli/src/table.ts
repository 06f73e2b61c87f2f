/** Tables of plain columns: no lines, no boxes, so that they read well and can be cut and searched. */
import { stripVTControlCharacters } from 'node:util'

export interface TableOptions {
  /** Blanks before every row. */
  indent?: number
  /** Blanks between columns. */
  gap?: number
  /** Columns of the terminal; the last column is wrapped to fit. Without it nothing is wrapped. */
  width?: number
  /** Columns whose cells stand on the right, as numbers do. */
  right?: readonly number[]
}

const widthOf = (text: string): number => stripVTControlCharacters(text).length

/** Wraps at blanks; a word longer than the width stands alone. Styles do not survive a break. */
export function wrap(text: string, width: number): string[] {
  if (widthOf(text) <= width) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of stripVTControlCharacters(text).split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** Rows as lines of text, each column as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[], options: TableOptions = {}): string {
  const { indent = 0, gap = 2, width, right = [] } = options
  const columns = Math.max(0, ...rows.map(row => row.length))
  const widths = Array.from({ length: columns }, (_, k) => Math.max(...rows.map(row => widthOf(row[k] ?? ''))))
  const before = indent + widths.slice(0, -1).reduce((sum, w) => sum + w + gap, 0)
  const room = width === undefined ? Number.POSITIVE_INFINITY : Math.max(24, width - before)
  const pad = (text: string, k: number): string => {
    const blanks = ' '.repeat(Math.max(0, widths[k] - widthOf(text)))
    return right.includes(k) ? blanks + text : text + blanks
  }
  const lines = rows.flatMap(row => {
    const cells = row.map(pad).slice(0, columns - 1)
    const [first = '', ...more] =
      row.length < columns
        ? []
        : right.includes(columns - 1)
          ? [pad(row[columns - 1], columns - 1)]
          : wrap(row[columns - 1], room)
    const head = ' '.repeat(indent) + [...cells, first].join(' '.repeat(gap))
    return [head, ...more.map(line => ' '.repeat(before) + line)]
  })
  return lines.map(line => line.trimEnd()).join('\n')
}

/** Columns to wrap to: of a terminal, and none elsewhere. */
export const terminalWidth = (stream: NodeJS.WriteStream): number | undefined =>
  stream.isTTY ? stream.columns : undefined
