// A history as a picture: a row for each client, a bar for each operation from its call to its answer; where it cannot be explained, the longest order that could be found, and what got stuck.
import type { Operation } from './history.ts'
import type { Model, Verdict } from './linearizable.ts'

export interface PictureOptions {
  title?: string
  /** Operations at most: those around where it got stuck. Default 200. */
  most?: number
}

const rowHeight = 34
const left = 90
const barHeight = 22

/** SVG of a history and its verdict. */
export const historyPicture = <Input, Output>(
  model: Pick<Model<unknown, Input, Output>, 'name' | 'describe'>,
  history: readonly Operation<Input, Output>[],
  verdict?: Verdict<Input, Output>,
  options: PictureOptions = {},
): string => {
  const isWrong = verdict?.linearizable === false
  const stuck = new Set(isWrong ? verdict.stuck : [])
  const place = new Map((isWrong ? verdict.longest : []).map((operation, i) => [operation, i + 1]))
  const part = isWrong ? verdict.part : history
  const shown = around(part, stuck, options.most ?? 200)
  const times = [...new Set(shown.flatMap(({ begin, end }) => [begin, end]))]
    .filter(Number.isFinite)
    .sort((a, b) => a - b)
  // Moments stand side by side, whatever lies between them: what counts is which came first.
  const step = Math.max(36, Math.min(90, 6000 / times.length))
  const xOf = (time: number): number => left + (Number.isFinite(time) ? times.indexOf(time) : times.length) * step
  const rows = [...new Set(shown.map(({ process }) => process))].sort((a, b) => (a < b ? -1 : 1))
  const width = left + (times.length + 1) * step
  const height = 60 + rows.length * rowHeight
  const bars = shown.map(operation => {
    const { process, input, output, begin, end } = operation
    const [x, y] = [xOf(begin), 50 + rows.indexOf(process) * rowHeight]
    const barWidth = Math.max(step * 0.8, xOf(end) - x - 4)
    const kind = stuck.has(operation) ? 'stuck' : place.has(operation) ? 'placed' : 'free'
    const words = model.describe?.(input, output) ?? `${JSON.stringify(input)}: ${JSON.stringify(output)}`
    const number = place.get(operation)
    const label = number === undefined ? words : `${number}. ${words}`
    return `<g class="${kind}"><title>${escaped(label)}</title><rect x="${x}" y="${y}" width="${barWidth}" height="${barHeight}" rx="4"/><text x="${x + 5}" y="${y + 15}">${escaped(cut(label, barWidth))}</text></g>`
  })
  const names = rows.map(
    (process, i) => `<text class="name" x="8" y="${65 + i * rowHeight}">${escaped(String(process))}</text>`,
  )
  const title = escaped(options.title ?? `${model.name}: ${verdictText(verdict)}`)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<style>rect{fill:#e8eef5;stroke:#8aa}.placed rect{fill:#cfe8cf;stroke:#6a6}.stuck rect{fill:#f6c9c4;stroke:#c33}.name{fill:#555}</style>
<text x="8" y="22" font-size="15">${title}</text>
${names.join('\n')}
${bars.join('\n')}
</svg>
`
}

/** The picture as a page that stands by itself. */
export const historyPage = (svg: string): string =>
  `<!doctype html><meta charset="utf-8"><title>history</title><body style="margin:0;overflow:auto">${svg}</body>`

/** A verdict in words. */
export const verdictText = <Input, Output>(verdict: Verdict<Input, Output> | undefined): string => {
  if (!verdict) return 'a history'
  if (verdict.linearizable === 'unknown') return verdict.reason
  if (verdict.linearizable) return `linearizable (${verdict.steps} steps)`
  return `not linearizable: ${verdict.longest.length} of ${verdict.part.length} operations can be put in order, then none of ${verdict.stuck.length} can come next`
}

/** The operations nearest to those that are stuck. */
function around<Input, Output>(
  history: readonly Operation<Input, Output>[],
  stuck: ReadonlySet<Operation<Input, Output>>,
  most: number,
): readonly Operation<Input, Output>[] {
  const byTime = [...history].sort((a, b) => a.begin - b.begin)
  if (byTime.length <= most) return byTime
  const last = Math.max(
    0,
    byTime.findLastIndex(operation => stuck.has(operation)),
  )
  const from = Math.max(0, Math.min(byTime.length - most, last - Math.floor(most * 0.8)))
  return byTime.slice(from, from + most)
}

const cut = (text: string, width: number): string => {
  const fits = Math.floor((width - 8) / 6.5)
  return text.length <= fits ? text : `${text.slice(0, Math.max(1, fits - 1))}…`
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
