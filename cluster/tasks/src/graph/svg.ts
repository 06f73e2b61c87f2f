/** Graphs as pictures: layers from top to bottom, laid out by dagre, drawn as plain SVG that follows a light or dark page. */

import { ArgumentError } from '@skein/base'
import type { PlannedTask } from './plan.ts'
import { callsOf, numbersOf } from './print.ts'

/** Beyond, laying out takes minutes and nobody can read it. */
const mostTasks = 2000

/** Of the monospaced font: so wide boxes hold their text. */
const [charPx, linePx, padPx] = [7.25, 18, 10]

interface Placed {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export async function drawn(plan: readonly PlannedTask[]): Promise<string> {
  if (plan.length > mostTasks) {
    throw new ArgumentError(
      'graph.toSVG',
      'the graph',
      `of at most ${mostTasks} tasks`,
      plan.length,
      'Draw a part: only(…)',
    )
  }
  // Few programs draw, and every worker loads this module.
  const { default: dagre } = await import('@dagrejs/dagre')
  const numbers = numbersOf(plan)
  const layout = new dagre.graphlib.Graph()
  layout.setGraph({ rankdir: 'TB', nodesep: 24, ranksep: 44, marginx: 12, marginy: 12 })
  layout.setDefaultEdgeLabel(() => ({}))
  const lines = plan.map(task => [...callsOf(task, numbers), ...task.outputs.map(name => `⇒ ${name}`)])
  plan.forEach(({ calls }, i) => {
    const width = Math.max(...lines[i].map(line => line.length)) * charPx + 2 * padPx
    layout.setNode(String(i + 1), { width: Math.round(width), height: lines[i].length * linePx + 2 * padPx - 6 })
    for (const dependency of calls[0].dependencies) layout.setEdge(String(numbers.get(dependency)), String(i + 1))
  })
  dagre.layout(layout)
  const { width, height } = layout.graph() as Placed
  const arrows = layout.edges().map((edge: { v: string; w: string }) => {
    const { points } = layout.edge(edge) as { points: readonly { x: number; y: number }[] }
    return `<path class="arrow" d="${curve(points)}" marker-end="url(#tip)"/>`
  })
  const boxes = plan.map((task, i) => box(layout.node(String(i + 1)) as Placed, i + 1, lines[i], task))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${px(width)}" height="${px(height)}" viewBox="0 0 ${px(width)} ${px(height)}" role="img" aria-label="a graph of ${plan.length} tasks">`,
    style,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>',
    ...arrows,
    ...boxes,
    '</svg>\n',
  ].join('\n')
}

const style = `<style>
  text { font: 12px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #1f2937; }
  .task { fill: #eef2ff; stroke: #6366f1; }
  .output { fill: #ecfdf5; stroke: #059669; stroke-width: 2; }
  .name { font-weight: 600; }
  .arrow { fill: none; stroke: #64748b; stroke-width: 1.2; }
  marker path { fill: #64748b; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e5e7eb; }
    .task { fill: #1e1b4b; stroke: #818cf8; }
    .output { fill: #052e2b; stroke: #34d399; }
    .arrow { stroke: #94a3b8; }
    marker path { fill: #94a3b8; }
  }
</style>`

function box({ x, y, width, height }: Placed, number: number, lines: readonly string[], task: PlannedTask): string {
  const [left, top] = [x - width / 2, y - height / 2]
  const texts = lines.map((line, i) => {
    const isOutput = i >= task.calls.length
    const at = `x="${px(left + padPx)}" y="${px(top + padPx + 9 + i * linePx)}"`
    return `<text ${at}${isOutput ? ' class="name"' : ''} xml:space="preserve">${escaped(line)}</text>`
  })
  const kind = task.outputs.length > 0 ? 'task output' : 'task'
  const place = `x="${px(left)}" y="${px(top)}" width="${px(width)}" height="${px(height)}"`
  return `<g><title>#${number}</title><rect class="${kind}" ${place} rx="6"/>${texts.join('')}</g>`
}

/** Straight through two points, else rounded at those between. */
function curve(points: readonly { x: number; y: number }[]): string {
  const at = (p: { x: number; y: number }) => `${px(p.x)} ${px(p.y)}`
  const [first, ...rest] = points
  const last = rest.pop()!
  const turns = rest.map((p, i) => {
    const next = rest[i + 1] ?? last
    return `Q${at(p)} ${at({ x: (p.x + next.x) / 2, y: (p.y + next.y) / 2 })}`
  })
  return `M${at(first)}${turns.join('')}L${at(last)}`
}

const px = (n: number): string => String(Math.round(n * 10) / 10)
const escaped = (text: string): string =>
  text.replace(/\p{Cc}/gu, ' ').replace(/[&<>]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]!)
