/** Charts as lines of text. Lines and points are drawn with Braille patterns, which have eight dots to a character; bars with eighths of blocks; grids with shades. */

import type { ScaleLinear, scaleLinear } from 'd3-scale'
import { type Cells, type Chart, type Numbers, type Series, type Span, shrunk, thinned } from './chart.ts'
import { type Rgb, rampOf, seriesColours } from './colours.ts'

export interface Page {
  /** In characters, axes included. */
  readonly width: number
  readonly height: number
  readonly colour: boolean
}

type Cell = { text: string; colour?: Rgb; behind?: Rgb }

const eighths = ' ▁▂▃▄▅▆▇█'
const shades = ' ░▒▓█'
const notFinite = '×'
/** Bits of a Braille pattern: [row][column]. */
const dots = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
]

/** The characters between the axes. */
class Plot {
  readonly cells: Cell[][]
  readonly width: number
  readonly height: number

  constructor(width: number, height: number) {
    this.width = width
    this.height = height
    this.cells = Array.from({ length: height }, () => Array.from({ length: width }, () => ({ text: ' ' })))
  }

  /** Sets one dot of a Braille pattern, of two to a character side by side and four on top of each other. */
  dot(x: number, y: number, colour: Rgb): void {
    if (!(x >= 0 && y >= 0 && x < 2 * this.width && y < 4 * this.height)) return
    const cell = this.cells[y >> 2][x >> 1]
    const before = cell.text === ' ' ? 0 : cell.text.charCodeAt(0) - 0x2800
    cell.text = String.fromCharCode(0x2800 + (before | dots[y & 3][x & 1]))
    cell.colour = colour
  }

  /** J. Bresenham's line. */
  segment(x0: number, y0: number, x1: number, y1: number, colour: Rgb): void {
    const [dx, dy] = [Math.abs(x1 - x0), -Math.abs(y1 - y0)]
    const [sx, sy] = [Math.sign(x1 - x0), Math.sign(y1 - y0)]
    let [x, y, error] = [x0, y0, dx + dy]
    for (;;) {
      this.dot(x, y, colour)
      if (x === x1 && y === y1) return
      const twice = 2 * error
      if (twice >= dy) {
        error += dy
        x += sx
      }
      if (twice <= dx) {
        error += dx
        y += sy
      }
    }
  }
}

function drawSeries(plot: Plot, series: Series, x: Span, y: Span, colour: Rgb): void {
  const [width, height] = [2 * plot.width, 4 * plot.height]
  const [xs, ys] = series.is === 'line' ? thinned(series, x, width) : [series.x, series.y]
  const column = (v: number): number => Math.round(((v - x.low) / (x.high - x.low)) * (width - 1))
  const row = (v: number): number => Math.round(((y.high - v) / (y.high - y.low)) * (height - 1))
  let before: [number, number] | undefined
  for (let k = 0; k < ys.length; k++) {
    if (!Number.isFinite(xs[k]) || !Number.isFinite(ys[k])) {
      before = undefined
      continue
    }
    const here: [number, number] = [column(xs[k]), row(ys[k])]
    if (before && series.is === 'line') plot.segment(...before, ...here, colour)
    else plot.dot(...here, colour)
    before = here
  }
}

function drawBars(plot: Plot, edges: Numbers, heights: Numbers, x: Span, y: Span): void {
  let bin = 0
  for (let c = 0; c < plot.width; c++) {
    const at = x.low + ((c + 0.5) / plot.width) * (x.high - x.low)
    if (at < edges[0] || at > edges[heights.length]) continue
    while (bin < heights.length - 1 && at >= edges[bin + 1]) bin++
    const filled = Math.round((heights[bin] / y.high) * plot.height * 8)
    for (let r = 0; r < plot.height; r++) {
      const part = Math.max(0, Math.min(8, filled - 8 * (plot.height - 1 - r)))
      if (part > 0) plot.cells[r][c] = { text: eighths[part], colour: seriesColours[0] }
    }
  }
}

function drawCells(plot: Plot, given: Cells, isColoured: boolean, ramp: (share: number) => Rgb): void {
  // With colours a character has two halves, one on top of the other.
  const height = isColoured ? 2 * plot.height : plot.height
  const { rows, columns, values, range } = shrunk(given, height, plot.width)
  const share = (r: number, c: number): number => {
    const [i, j] = [Math.floor((r * rows) / height), Math.floor((c * columns) / plot.width)]
    return (values[i * columns + j] - range.low) / (range.high - range.low)
  }
  const colour = (v: number): Rgb | undefined => (Number.isFinite(v) ? ramp(v) : undefined)
  for (let r = 0; r < plot.height; r++) {
    for (let c = 0; c < plot.width; c++) {
      if (isColoured) {
        const [upper, lower] = [colour(share(2 * r, c)), colour(share(2 * r + 1, c))]
        const half = lower && !upper ? { text: '▄', colour: lower } : { text: '▀', colour: upper, behind: lower }
        plot.cells[r][c] = upper || lower ? half : { text: notFinite }
        continue
      }
      const v = share(r, c)
      const shade = Math.min(shades.length - 1, Math.floor(v * shades.length))
      plot.cells[r][c] = { text: Number.isFinite(v) ? shades[shade] : notFinite }
    }
  }
}

const colourCode = (code: number, [r, g, b]: Rgb): string => `\u001b[${code};2;${r};${g};${b}m`

const lineOf = (cells: readonly Cell[], isColoured: boolean): string => {
  if (!isColoured) return cells.map(({ text }) => text).join('')
  return cells
    .map(({ text, colour, behind }) => {
      const before = `${colour ? colourCode(38, colour) : ''}${behind ? colourCode(48, behind) : ''}`
      return before === '' ? text : `${before}${text}\u001b[0m`
    })
    .join('')
}

/** Labels of ticks under the plot, where they do not meet each other. */
function underneath(scale: ScaleLinear<number, number>, width: number): string {
  const count = Math.max(2, Math.floor(width / 12))
  const format = scale.tickFormat(count)
  let line = ''
  for (const value of scale.ticks(count)) {
    const label = format(value)
    const from = Math.max(0, Math.round(scale(value) - label.length / 2))
    if (line !== '' && from < line.length + 2) continue
    if (from + label.length > width + 6) continue
    line = line.padEnd(from) + label
  }
  return line
}

/** @returns lines, separated by line feeds, none longer than the page is wide */
export function drawText(chart: Chart, page: Page, scale: typeof scaleLinear): string {
  const { title, x, y, marks } = chart
  const hasCells = marks[0]?.is === 'cells'
  const labels = marks.flatMap((mark, k) => ('label' in mark && mark.label ? [{ text: mark.label, k }] : []))
  const head = (title === undefined ? 0 : 1) + (labels.length > 0 ? 1 : 0)
  const height = Math.max(1, page.height - head - 2 - (hasCells ? 1 : 0))
  // Rows of a grid count downwards.
  const vertical = scale()
    .domain(hasCells ? [y.low, y.high] : [y.high, y.low])
    .range([0, height - 1])
  const count = Math.max(2, Math.floor(height / 3))
  const format = vertical.tickFormat(count)
  const ticks = new Map(vertical.ticks(count).map(value => [Math.round(vertical(value)), format(value)]))
  const margin = Math.max(1, ...[...ticks.values()].map(label => label.length))
  const plot = new Plot(Math.max(1, page.width - margin - 2), height)
  const ramp = rampOf(scale)
  for (const [k, mark] of marks.entries()) {
    if (mark.is === 'cells') drawCells(plot, mark, page.colour, ramp)
    else if (mark.is === 'bars') drawBars(plot, mark.edges, mark.heights, x, y)
    else drawSeries(plot, mark, x, y, seriesColours[k % seriesColours.length])
  }
  const lines: string[] = []
  if (title !== undefined) lines.push(title.slice(0, page.width))
  if (labels.length > 0) {
    const names = labels.map(({ text, k }) => {
      const mark = page.colour ? `${colourCode(38, seriesColours[k % seriesColours.length])}──\u001b[0m ` : ''
      return `${mark}${text}`
    })
    lines.push(names.join('   '))
  }
  for (const [r, cells] of plot.cells.entries()) {
    const label = ticks.get(r)
    lines.push(`${(label ?? '').padStart(margin)} ${label === undefined ? '│' : '┤'}${lineOf(cells, page.colour)}`)
  }
  lines.push(`${' '.repeat(margin)} └${'─'.repeat(plot.width)}`)
  const horizontal = scale()
    .domain([x.low, x.high])
    .range([margin + 2, margin + 1 + plot.width])
  lines.push(underneath(horizontal, page.width))
  if (marks[0]?.is === 'cells') {
    const { low, high } = marks[0].range
    const steps = page.colour
      ? lineOf(
          Array.from({ length: 20 }, (_, k) => ({ text: '█', colour: ramp(k / 19) })),
          true,
        )
      : shades
    lines.push(`${' '.repeat(margin + 2)}${low.toPrecision(4)} ${steps} ${high.toPrecision(4)}`)
  }
  return lines.map(line => line.trimEnd()).join('\n')
}
