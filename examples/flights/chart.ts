/**
 * Charts as SVG text: linear scales, axes, and the few marks the report needs. Coordinates are CSS pixels, y downwards.
 */

export interface Frame {
  readonly width: number
  readonly height: number
  readonly margin: { readonly top: number; readonly right: number; readonly bottom: number; readonly left: number }
}

export type Scale = (value: number) => number

export const linear = (from: number, to: number, start: number, end: number): Scale => {
  const slope = (end - start) / (to - from)
  return value => start + (value - from) * slope
}

export const logarithmic = (from: number, to: number, start: number, end: number): Scale => {
  const inner = linear(Math.log10(from), Math.log10(to), start, end)
  return value => inner(Math.log10(Math.max(value, from)))
}

/** About `count` round values from `from` to `to`: steps of 1, 2 or 5 times a power of ten. */
export const ticks = (from: number, to: number, count: number): number[] => {
  const raw = (to - from) / count
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = power * [1, 2, 5, 10].find(multiple => raw / power <= multiple + 1e-9)!
  const found: number[] = []
  for (let k = Math.ceil(from / step); k * step <= to + 1e-9; k++) found.push(Number((k * step).toPrecision(12)))
  return found
}

export const escapeText = (text: string): string =>
  text.replace(/[&<>"]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!)

/** Coordinates with one decimal: the eye sees no more, and the file stays small. */
export const px = (value: number): string => (Math.round(value * 10) / 10).toString()

export const text = (x: number, y: number, words: string, attributes = ''): string =>
  `<text x="${px(x)}" y="${px(y)}" ${attributes}>${escapeText(words)}</text>`

export const svg = (frame: { width: number; height: number }, label: string, ...parts: string[]): string =>
  `<svg viewBox="0 0 ${frame.width} ${frame.height}" role="img" aria-label="${escapeText(label)}">${parts.join('')}</svg>`

type Point = readonly [number, number]

const polyline = (points: readonly Point[]): string => points.map(([x, y]) => `${px(x)},${px(y)}`).join('L')

/** A line through the points; it breaks where y is not a number. */
export const line = (points: readonly Point[], attributes: string): string => {
  const runs: Point[][] = [[]]
  for (const point of points) {
    if (Number.isFinite(point[1])) runs.at(-1)!.push(point)
    else if (runs.at(-1)!.length > 0) runs.push([])
  }
  const d = runs.filter(run => run.length > 1).map(run => `M${polyline(run)}`)
  return `<path d="${d.join('')}" fill="none" ${attributes}/>`
}

/** The area between two lines over the same x. */
export const band = (xs: readonly number[], low: readonly number[], high: readonly number[], attributes: string) => {
  const runs: { top: Point[]; bottom: Point[] }[] = [{ top: [], bottom: [] }]
  for (const [k, x] of xs.entries()) {
    const run = runs.at(-1)!
    if (Number.isFinite(low[k]) && Number.isFinite(high[k])) {
      run.top.push([x, high[k]])
      run.bottom.unshift([x, low[k]])
    } else if (run.top.length > 0) runs.push({ top: [], bottom: [] })
  }
  const d = runs.filter(run => run.top.length > 1).map(run => `M${polyline([...run.top, ...run.bottom])}Z`)
  return `<path d="${d.join('')}" ${attributes}/>`
}

/** Horizontal grid lines with their values at the left. */
export const yAxis = (frame: Frame, y: Scale, values: readonly number[], format: (v: number) => string = String) =>
  values
    .map(value => {
      const at = y(value)
      const { left, right } = frame.margin
      return (
        `<line class="${value === 0 ? 'zero' : 'grid'}" x1="${left}" x2="${frame.width - right}" y1="${px(at)}" y2="${px(at)}"/>` +
        text(left - 6, at + 3.5, format(value), 'class="tick" text-anchor="end"')
      )
    })
    .join('')

/** Values along the bottom. */
export const xAxis = (frame: Frame, x: Scale, values: readonly number[], format: (v: number) => string = String) =>
  values
    .map(value =>
      text(x(value), frame.height - frame.margin.bottom + 16, format(value), 'class="tick" text-anchor="middle"'),
    )
    .join('')

let clips = 0

/** Keeps marks within the frame's margins. */
export const clipped = ({ width, height, margin }: Frame, ...parts: string[]): string => {
  const id = `clip${clips++}`
  const w = width - margin.left - margin.right
  const h = height - margin.top - margin.bottom
  return (
    `<clipPath id="${id}"><rect x="${margin.left}" y="${margin.top}" width="${w}" height="${h}"/></clipPath>` +
    `<g clip-path="url(#${id})">${parts.join('')}</g>`
  )
}

export interface Bar {
  readonly label: string
  readonly value: number
  /** Written at the end of the bar. */
  readonly note: string
  /** A second, paler value drawn behind. */
  readonly behind?: number
}

/** Horizontal bars from the left, one below the other. */
export const bars = (label: string, rows: readonly Bar[], colour: string, width = 520, labelWidth = 150): string => {
  const step = 23
  const height = rows.length * step + 6
  const most = Math.max(1e-9, ...rows.map(row => Math.max(row.value, row.behind ?? 0)))
  const x = linear(0, most, labelWidth, width - 110)
  const parts = rows.map((row, k) => {
    const top = k * step + 3
    const rect = (value: number, attributes: string) =>
      `<rect x="${labelWidth}" y="${top}" width="${px(Math.max(0, x(value) - labelWidth))}" height="16" rx="2" ${attributes}/>`
    const behind = row.behind === undefined ? '' : rect(row.behind, `fill="${colour}" opacity=".25"`)
    return (
      text(labelWidth - 8, top + 12, row.label, 'class="name" text-anchor="end"') +
      behind +
      rect(row.value, `fill="${colour}"`) +
      text(x(Math.max(row.value, row.behind ?? 0)) + 6, top + 12, row.note, 'class="note"')
    )
  })
  return svg({ width, height }, label, ...parts)
}

/** Colours of a scale of stops, for t from 0 to 1. */
export const ramp = (stops: readonly (readonly [number, number, number])[]) => {
  const at = (t: number): [number, number, number] => {
    const scaled = Math.min(1, Math.max(0, t)) * (stops.length - 1)
    const k = Math.min(stops.length - 2, Math.floor(scaled))
    const mix = (c: 0 | 1 | 2) => Math.round(stops[k][c] + (stops[k + 1][c] - stops[k][c]) * (scaled - k))
    return [mix(0), mix(1), mix(2)]
  }
  return {
    at,
    css: (t: number): string =>
      `#${at(t)
        .map(c => c.toString(16).padStart(2, '0'))
        .join('')}`,
  }
}

export const night = ramp([
  [4, 6, 18],
  [20, 22, 62],
  [50, 36, 104],
  [112, 52, 124],
  [186, 70, 98],
  [238, 120, 62],
  [252, 190, 90],
  [255, 252, 224],
])
export const heatRamp = ramp([
  [240, 243, 244],
  [253, 226, 176],
  [247, 168, 92],
  [220, 92, 60],
  [140, 32, 62],
  [70, 12, 54],
])
