/** Charts as SVG: a document that stands alone. Coordinates are CSS pixels. */

import type { ScaleLinear, scaleLinear } from 'd3-scale'
import { type Cells, type Chart, type Numbers, type Series, shrunk, thinned } from './chart.ts'
import { css, rampOf, seriesColours } from './colours.ts'

type Scale = ScaleLinear<number, number>

/** Grids have at most so many cells a side, and so many colours. */
const mostCells = 160
const mostColours = 64

const escapeText = (text: string): string =>
  text.replace(/[&<>"]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!)

/** One decimal: the eye sees no more. */
const px = (value: number): string => String(Math.round(value * 10) / 10)

const text = (x: number, y: number, words: string, anchor: 'start' | 'middle' | 'end', attributes = ''): string =>
  `<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}"${attributes}>${escapeText(words)}</text>`

/** A point without neighbours is a line without length, which round ends make a dot. */
function path(series: Series, x: Scale, y: Scale): string {
  const [low, high] = x.domain()
  const [left, right] = x.range()
  const [xs, ys] = thinned(series, { low, high }, Math.max(1, Math.round(right - left)))
  let d = ''
  let isOpen = false
  for (let k = 0; k < ys.length; k++) {
    if (!Number.isFinite(xs[k]) || !Number.isFinite(ys[k])) {
      isOpen = false
      continue
    }
    const at = `${px(x(xs[k]))},${px(y(ys[k]))}`
    d += isOpen ? `L${at}` : `M${at}h0`
    isOpen = true
  }
  return d
}

/** Points on one place are drawn once. */
function points({ x: xs, y: ys }: Series, x: Scale, y: Scale): string {
  const drawn = new Set<string>()
  for (let k = 0; k < ys.length; k++) {
    if (Number.isFinite(xs[k]) && Number.isFinite(ys[k])) drawn.add(`M${px(x(xs[k]))},${px(y(ys[k]))}h0`)
  }
  return [...drawn].join('')
}

function bars(edges: Numbers, heights: Numbers, x: Scale, y: Scale): string {
  let d = ''
  for (let k = 0; k < heights.length; k++) {
    if (heights[k] > 0) d += `M${px(x(edges[k]))},${px(y(0))}V${px(y(heights[k]))}H${px(x(edges[k + 1]))}V${px(y(0))}Z`
  }
  return `<path d="${d}" fill="${css(seriesColours[0])}" stroke="#fff" stroke-width=".6"/>`
}

/** All cells of one colour are one path. */
function grid(given: Cells, x: Scale, y: Scale, ramp: (share: number) => string): string {
  const { rows, columns, values, range } = shrunk(given, mostCells, mostCells)
  const [left, right] = x.range()
  const [top, bottom] = y.range()
  const [w, h] = [(right - left) / columns, (bottom - top) / rows]
  const byColour = new Map<number, string>()
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const share = (values[i * columns + j] - range.low) / (range.high - range.low)
      if (!Number.isFinite(share)) continue
      const level = Math.min(mostColours - 1, Math.floor(share * mostColours))
      const [x0, y0] = [left + j * w, top + i * h]
      const cell = `M${px(x0)},${px(y0)}H${px(x0 + w)}V${px(y0 + h)}H${px(x0)}Z`
      byColour.set(level, (byColour.get(level) ?? '') + cell)
    }
  }
  return [...byColour]
    .map(([level, d]) => `<path d="${d}" fill="${ramp(level / (mostColours - 1))}" shape-rendering="crispEdges"/>`)
    .join('')
}

function legendOf(
  { range: { low, high } }: Cells,
  left: number,
  top: number,
  height: number,
  scale: typeof scaleLinear,
) {
  const ramp = rampOf(scale)
  const steps = 48
  const colours = Array.from({ length: steps }, (_, k) => {
    const at = top + height - ((k + 1) * height) / steps
    return `<rect x="${left}" y="${px(at)}" width="12" height="${px(height / steps + 0.5)}" fill="${css(ramp(k / (steps - 1)))}"/>`
  })
  const values = scale()
    .domain([low, high])
    .range([top + height, top])
  const format = values.tickFormat(5)
  const labels = values.ticks(5).map(value => text(left + 17, values(value) + 4, format(value), 'start'))
  return [...colours, ...labels].join('')
}

/** @param size in pixels */
export function drawSvg(chart: Chart, size: { width: number; height: number }, scale: typeof scaleLinear): string {
  const { title, marks } = chart
  const { width, height } = size
  const cells = marks[0]?.is === 'cells' ? marks[0] : undefined
  const labels = marks.flatMap((mark, k) => ('label' in mark && mark.label ? [{ label: mark.label, k }] : []))
  const top = 12 + (title === undefined ? 0 : 20) + (labels.length > 0 ? 18 : 0)
  const [left, right, bottom] = [58, width - (cells ? 66 : 16), height - 28]
  const x = scale().domain([chart.x.low, chart.x.high]).range([left, right])
  const y = scale()
    .domain(cells ? [chart.y.low, chart.y.high] : [chart.y.high, chart.y.low])
    .range([top, bottom])
  const [xCount, yCount] = [Math.max(2, Math.floor(width / 90)), Math.max(2, Math.floor((bottom - top) / 45))]
  const [xFormat, yFormat] = [x.tickFormat(xCount), y.tickFormat(yCount)]
  const ramp = rampOf(scale)
  const parts: string[] = []
  for (const value of y.ticks(yCount)) {
    const at = y(value)
    if (!cells) parts.push(`<path d="M${left},${px(at)}H${right}" stroke="#e3e5e8"/>`)
    parts.push(text(left - 7, at + 4, yFormat(value), 'end'))
  }
  for (const value of x.ticks(xCount)) parts.push(text(x(value), bottom + 17, xFormat(value), 'middle'))
  for (const [k, mark] of marks.entries()) {
    if (mark.is === 'cells') parts.push(grid(mark, x, y, share => css(ramp(share))))
    else if (mark.is === 'bars') parts.push(bars(mark.edges, mark.heights, x, y))
    else {
      const isLine = mark.is === 'line'
      const d = isLine ? path(mark, x, y) : points(mark, x, y)
      const stroke = `stroke="${css(seriesColours[k % seriesColours.length])}" stroke-width="${isLine ? 1.6 : 4}"`
      parts.push(`<path d="${d}" fill="none" ${stroke} stroke-linecap="round" stroke-linejoin="round"/>`)
    }
  }
  parts.push(`<path d="M${left},${top}V${bottom}H${right}" fill="none" stroke="#8d97a5"/>`)
  if (cells) parts.push(legendOf(cells, right + 14, top, bottom - top, scale))
  let from = left
  for (const { label, k } of labels) {
    parts.push(
      `<rect x="${px(from)}" y="${top - 17}" width="14" height="4" fill="${css(seriesColours[k % seriesColours.length])}"/>`,
      text(from + 19, top - 11, label, 'start'),
    )
    from += 36 + 6.5 * label.length
  }
  if (title !== undefined) parts.push(text(left, 20, title, 'start', ' font-weight="600" fill="#1c2431"'))
  const told = escapeText(title ?? 'chart')
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${told}" ` +
    `font-family="system-ui, sans-serif" font-size="11.5" fill="#4b5563"><rect width="${width}" height="${height}" fill="#fff"/>${parts.join('')}</svg>`
  )
}
