/** Graphs and bags as they run: boxes from left to right, each filled as its tasks end. */

import dagre from '@dagrejs/dagre'
import type { BoxCounts, GraphOutline } from '@skein/tasks/observe'
import { useMemo, useState } from 'preact/hooks'
import { count, ms } from './format.ts'
import type { Model } from './model.ts'

/** Of the monospaced font. */
const charPx = 7.25
const [linePx, padPx, barPx] = [15, 8, 4]
const boxHeight = 2 * linePx + padPx + barPx
const labelMost = 44

interface Placed {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

interface Drawn {
  readonly width: number
  readonly height: number
  readonly boxes: readonly Placed[]
  /** As paths. */
  readonly arrows: readonly string[]
}

export interface GraphsProps {
  readonly model: Model
  readonly choose: (task: number) => void
}

export function Graphs({ model, choose }: GraphsProps) {
  const [chosen, setChosen] = useState(0)
  const graphs = (model.glance?.graphs ?? []).filter(({ graph }) => model.outlines.has(graph))
  const look = graphs.find(({ graph }) => graph === chosen) ?? graphs.findLast(g => g.endedMs === 0) ?? graphs.at(-1)
  const outline = look && model.outlines.get(look.graph)
  const drawn = useMemo(() => outline && drawnOf(outline), [outline])
  if (look === undefined || outline === undefined || drawn === undefined) return null
  const all = sumOf(look.counts)
  const tookMs = (look.endedMs || model.glance!.atMs) - look.startedMs
  const summary = `${count(all.done)} of ${count(all.tasks)} tasks done${all.running > 0 ? `, ${count(all.running)} running` : ''}${
    all.failed > 0 ? `, ${count(all.failed)} failed` : ''
  }${all.cancelled > 0 ? `, ${count(all.cancelled)} cancelled` : ''}`
  return (
    <section class="card" aria-labelledby="graph-title">
      <header>
        <h2 id="graph-title">Graph</h2>
        {graphs.length > 1 && (
          <label>
            shown{' '}
            <select id="graphs" value={look.graph} onChange={event => setChosen(Number(event.currentTarget.value))}>
              {graphs.map(({ graph, title, endedMs }) => (
                <option key={graph} value={graph}>
                  {title} {graph}
                  {endedMs === 0 ? ' (under way)' : ''}
                </option>
              ))}
            </select>
          </label>
        )}
        <span id="graph-summary" class="dim">
          {summary}; {look.endedMs === 0 ? 'for' : 'in'} {ms(tookMs)}
        </span>
      </header>
      <div class="scroll graph">
        {/* biome-ignore lint/a11y/useSemanticElements: SVG has no fieldset */}
        <svg
          width={drawn.width}
          height={drawn.height}
          viewBox={`0 0 ${drawn.width} ${drawn.height}`}
          role="group"
          aria-label={`${look.title}: ${summary}`}
        >
          <defs>
            <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M0 0 8 4 0 8z" />
            </marker>
          </defs>
          {drawn.arrows.map(path => (
            <path key={path} class="arrow" d={path} marker-end="url(#tip)" />
          ))}
          {outline.boxes.map(({ label, task }, i) => (
            <Box
              key={i}
              number={i + 1}
              label={label}
              place={drawn.boxes[i]}
              counts={look.counts[i]}
              open={task === 0 ? undefined : () => choose(task)}
            />
          ))}
        </svg>
      </div>
    </section>
  )
}

interface BoxProps {
  readonly number: number
  readonly label: string
  readonly place: Placed
  readonly counts: BoxCounts
  /** Shows its task. */
  readonly open: (() => void) | undefined
}

const parts = ['done', 'failed', 'cancelled', 'running'] as const

function Box({ number, label, place: { x, y, width, height }, counts, open }: BoxProps) {
  const state = stateOf(counts)
  const text = counts.tasks === 1 ? state : `${count(counts.done)} of ${count(counts.tasks)}`
  let from = 0
  const bars = parts.map(part => {
    const share = counts[part] / Math.max(1, counts.tasks)
    const bar = (
      <rect key={part} class={part} x={from * width} y={height - barPx} width={share * width} height={barPx} />
    )
    from += share
    return bar
  })
  const does = open && {
    role: 'button' as const,
    tabindex: 0,
    onClick: open,
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== 'Enter' && event.key !== ' ') return
      event.preventDefault()
      open()
    },
  }
  return (
    <g
      class={`box ${state}`}
      data-box={label}
      transform={`translate(${x - width / 2} ${y - height / 2})`}
      aria-label={`${label}: ${text}`}
      {...does}
    >
      <title>{`#${number} ${label}: ${told(counts)}`}</title>
      <rect class="frame" width={width} height={height} rx={5} />
      <text x={padPx} y={padPx + 8}>
        {shortened(label)}
      </text>
      <text class="state" x={padPx} y={padPx + 8 + linePx}>
        {text}
      </text>
      {bars}
    </g>
  )
}

const shortened = (label: string): string => (label.length > labelMost ? `${label.slice(0, labelMost - 1)}…` : label)

function stateOf({ tasks, done, failed, cancelled, running }: BoxCounts): string {
  if (failed > 0) return 'failed'
  if (running > 0) return 'running'
  if (done === tasks) return 'done'
  if (done + cancelled === tasks) return 'cancelled'
  return done > 0 ? 'begun' : 'waiting'
}

const told = (counts: BoxCounts): string =>
  parts
    .filter(part => counts[part] > 0)
    .map(part => `${count(counts[part])} ${part}`)
    .join(', ') || 'waiting'

function sumOf(counts: readonly BoxCounts[]): BoxCounts {
  const sum = { tasks: 0, done: 0, failed: 0, cancelled: 0, running: 0 }
  for (const one of counts) {
    sum.tasks += one.tasks
    for (const part of parts) sum[part] += one[part]
  }
  return sum
}

function drawnOf({ boxes, arrows }: GraphOutline): Drawn {
  const layout = new dagre.graphlib.Graph()
  layout.setGraph({ rankdir: 'LR', nodesep: 10, ranksep: 40, marginx: 4, marginy: 4 })
  layout.setDefaultEdgeLabel(() => ({}))
  boxes.forEach(({ label }, i) => {
    const width = Math.round(Math.max(14, shortened(label).length) * charPx) + 2 * padPx
    layout.setNode(String(i), { width, height: boxHeight })
  })
  for (const [from, to] of arrows) layout.setEdge(String(from), String(to))
  dagre.layout(layout)
  const { width, height } = layout.graph() as Placed
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    boxes: boxes.map((_, i) => layout.node(String(i)) as Placed),
    arrows: layout.edges().map((edge: { v: string; w: string }) => {
      const { points } = layout.edge(edge) as { points: readonly Point[] }
      const [from, to] = [layout.node(edge.v), layout.node(edge.w)] as Placed[]
      // From side to side. Between layers that are not neighbours it goes past other boxes, by the points between.
      const between = points.length > 3 ? points.slice(1, -1) : []
      return curve([{ x: from.x + from.width / 2, y: from.y }, ...between, { x: to.x - to.width / 2, y: to.y }])
    }),
  }
}

interface Point {
  readonly x: number
  readonly y: number
}

/** Through all points, level at each. */
function curve([first, ...rest]: readonly Point[]): string {
  const at = (x: number, y: number) => `${Math.round(x)} ${Math.round(y)}`
  let before = first
  const pieces = rest.map(({ x, y }) => {
    const middle = (before.x + x) / 2
    const piece = `C${at(middle, before.y)} ${at(middle, y)} ${at(x, y)}`
    before = { x, y }
    return piece
  })
  return `M${at(first.x, first.y)}${pieces.join('')}`
}
