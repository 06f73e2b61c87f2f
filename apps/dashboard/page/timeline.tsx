/**
 * What each worker ran when, on a canvas: a hundred thousand tasks are a few thousand rectangles, for what falls on the same pixels
 * is drawn once. Tasks that overlap on one worker, as asynchronous ones do, lie in lanes below each other.
 */

import { useEffect, useRef, useState } from 'preact/hooks'
import { clock, hueOf, ms } from './format.ts'
import { capacity, type Model } from './model.ts'

const workerHeight = [30, 64] as const
const mostLanes = 4
const gutter = 74
const axisHeight = 20
const [shortestMs, longestMs] = [0.01, 24 * 3600e3]

interface View {
  /** The right edge, in milliseconds since the epoch; undefined: now. */
  endMs: number | undefined
  spanMs: number
}

interface Drawn {
  readonly row: number
  readonly lane: number
}

export interface TimelineProps {
  readonly model: Model
  readonly theme: string
  /** Only tasks of this function in colour. */
  readonly shown: string | undefined
  readonly chosen: number | undefined
  readonly choose: (task: number) => void
}

export function Timeline({ model, theme, shown, chosen, choose }: TimelineProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const view = useRef<View>({ endMs: undefined, spanMs: 10_000 })
  const [hover, setHover] = useState('')
  const [live, setLive] = useState(true)
  const hit = useRef<(x: number, y: number) => number>(() => -1)
  const redraw = useRef(() => {})

  const nowMs = () => model.glance?.atMs ?? Date.now()
  const endOf = () => view.current.endMs ?? nowMs()

  useEffect(() => {
    const element = canvas.current!
    let asked = 0
    const draw = () => {
      asked = 0
      hit.current = paint(element, model, { endMs: endOf(), spanMs: view.current.spanMs }, shown, chosen)
    }
    redraw.current = () => {
      asked ||= requestAnimationFrame(draw)
    }
    const stop = model.listen(redraw.current)
    const resize = new ResizeObserver(redraw.current)
    resize.observe(element)
    draw()
    return () => {
      stop()
      resize.disconnect()
      cancelAnimationFrame(asked)
    }
  }, [model, theme, shown, chosen])

  const look = (next: View) => {
    const spanMs = Math.min(longestMs, Math.max(shortestMs, next.spanMs))
    const endMs = next.endMs === undefined || next.endMs >= nowMs() ? undefined : next.endMs
    view.current = { endMs, spanMs }
    setLive(endMs === undefined)
    redraw.current()
  }
  /** @param at where to zoom, as a share of the width from the left */
  const zoom = (factor: number, at = 1) => {
    const { spanMs, endMs } = view.current
    const fixed = endOf() - (1 - at) * spanMs
    const span = Math.min(longestMs, Math.max(shortestMs, spanMs * factor))
    look({ endMs: endMs === undefined && at > 0.9 ? undefined : fixed + (1 - at) * span, spanMs: span })
  }
  const pan = (share: number) => look({ ...view.current, endMs: endOf() + share * view.current.spanMs })
  const all = () => {
    let first = nowMs()
    for (const row of model.latest()) first = Math.min(first, model.startedMs[row])
    look({ endMs: undefined, spanMs: Math.max(1000, nowMs() - first) })
  }
  const step = (by: number) => {
    const rows = [...model.latest()]
      .filter(row => model.worker[row] > 0)
      .sort((a, b) => model.startedMs[a] - model.startedMs[b])
    if (rows.length === 0) return
    const at = rows.findIndex(row => model.task[row] === chosen)
    const row = rows[at < 0 ? rows.length - 1 : Math.min(rows.length - 1, Math.max(0, at + by))]
    const middle = model.startedMs[row] + model.tookMs[row] / 2
    const { spanMs } = view.current
    if (middle < endOf() - spanMs || middle > endOf()) look({ endMs: middle + spanMs / 2, spanMs })
    choose(model.task[row])
  }
  const keys: { readonly [key: string]: () => void } = {
    ArrowLeft: () => pan(-0.2),
    ArrowRight: () => pan(0.2),
    '+': () => zoom(0.5, live ? 1 : 0.5),
    '=': () => zoom(0.5, live ? 1 : 0.5),
    '-': () => zoom(2, live ? 1 : 0.5),
    Home: all,
    End: () => look({ ...view.current, endMs: undefined }),
    ',': () => step(-1),
    '.': () => step(1),
  }

  const shareAt = (event: MouseEvent) => {
    const { left, width } = canvas.current!.getBoundingClientRect()
    return Math.min(1, Math.max(0, (event.clientX - left - gutter) / (width - gutter)))
  }
  // The page listens to the wheel itself: only so can it keep from scrolling.
  useEffect(() => {
    const element = canvas.current!
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey && !event.shiftKey && document.activeElement !== element) return
      event.preventDefault()
      if (event.deltaX !== 0 && Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan(event.deltaX / 1000)
      else zoom(1.002 ** event.deltaY, shareAt(event))
    }
    element.addEventListener('wheel', wheel, { passive: false })
    return () => element.removeEventListener('wheel', wheel)
  })

  const drag = useRef<{ x: number; endMs: number; moved: boolean } | undefined>(undefined)
  const point = (event: MouseEvent) => {
    const { left, top } = canvas.current!.getBoundingClientRect()
    return hit.current(event.clientX - left, event.clientY - top)
  }
  const workers = model.glance?.workers?.length ?? 0
  const [least, most] = workerHeight
  const height = axisHeight + Math.max(1, workers) * Math.max(least, Math.min(most, 480 / Math.max(1, workers)))
  return (
    <section class="card" aria-labelledby="timeline-title">
      <header>
        <h2 id="timeline-title">Timeline</h2>
        <span class="dim">{hover || 'wheel or + − to zoom, drag or ← → to move, , and . from task to task'}</span>
        <span class="buttons">
          <button type="button" onClick={() => zoom(0.5, live ? 1 : 0.5)} aria-label="Zoom in">
            +
          </button>
          <button type="button" onClick={() => zoom(2, live ? 1 : 0.5)} aria-label="Zoom out">
            −
          </button>
          <button type="button" onClick={all}>
            All
          </button>
          <button type="button" aria-pressed={live} onClick={() => look({ ...view.current, endMs: undefined })}>
            Live
          </button>
        </span>
      </header>
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it takes keys of its own, as applications do */}
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label={`Tasks of ${workers} workers over time`}
        aria-keyshortcuts="ArrowLeft ArrowRight + - Home End , ."
        style={`height: ${height}px`}
        onKeyDown={event => {
          const act = keys[event.key]
          if (!act || event.ctrlKey || event.metaKey) return
          event.preventDefault()
          act()
        }}
        onPointerDown={event => {
          canvas.current!.setPointerCapture(event.pointerId)
          drag.current = { x: event.clientX, endMs: endOf(), moved: false }
        }}
        onPointerMove={event => {
          const from = drag.current
          if (from && Math.abs(event.clientX - from.x) > 3) from.moved = true
          if (from?.moved) {
            const width = canvas.current!.clientWidth - gutter
            look({ ...view.current, endMs: from.endMs - ((event.clientX - from.x) / width) * view.current.spanMs })
            return
          }
          const row = point(event)
          setHover(
            row < 0
              ? ''
              : `${model.names[model.name[row]]}#${model.task[row]}: ${ms(model.tookMs[row])} at ${clock(model.startedMs[row])}`,
          )
        }}
        onPointerUp={event => {
          const row = drag.current?.moved ? -1 : point(event)
          drag.current = undefined
          if (row >= 0) choose(model.task[row])
        }}
        onPointerLeave={() => setHover('')}
      />
    </section>
  )
}

/** Draws, and gives what finds the row under a place. */
function paint(
  element: HTMLCanvasElement,
  model: Model,
  { endMs, spanMs }: { endMs: number; spanMs: number },
  shown: string | undefined,
  chosen: number | undefined,
): (x: number, y: number) => number {
  const { clientWidth: width, clientHeight: height } = element
  const ratio = devicePixelRatio
  if (element.width !== width * ratio || element.height !== height * ratio) {
    element.width = width * ratio
    element.height = height * ratio
  }
  const context = element.getContext('2d')!
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const [text, dim, line, bad] = ['--text', '--dim', '--line', '--bad'].map(colour)
  const [onTask, lightness] = ['--on-task', '--task-lightness'].map(colour)
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, width, height)
  context.font = '11px system-ui, sans-serif'
  context.textBaseline = 'middle'
  const startMs = endMs - spanMs
  const scale = (width - gutter) / spanMs
  const xOf = (t: number) => gutter + (t - startMs) * scale

  const workers = Math.max(1, model.glance?.workers?.length ?? 0)
  const rowHeight = (height - axisHeight) / workers
  const lanesThatFit = Math.min(mostLanes, Math.max(1, Math.floor((rowHeight - 4) / 13)))

  context.strokeStyle = line
  context.fillStyle = dim
  for (let t = Math.ceil(startMs / stepFor(spanMs)) * stepFor(spanMs); t <= endMs; t += stepFor(spanMs)) {
    const x = Math.round(xOf(t)) + 0.5
    if (x < gutter) continue
    context.beginPath()
    context.moveTo(x, axisHeight - 4)
    context.lineTo(x, height)
    context.stroke()
    context.fillText(stepFor(spanMs) >= 1000 ? clock(t).slice(0, 8) : clock(t).slice(3), x + 3, axisHeight / 2)
  }
  for (let worker = 0; worker < workers; worker++) {
    const y = axisHeight + worker * rowHeight
    context.fillStyle = text
    context.fillText(`worker ${worker + 1}`, 4, y + rowHeight / 2)
    context.fillStyle = line
    context.fillRect(0, y, width, 1)
  }

  // In the order of their starts a task takes the first lane that is free; rows come nearly so.
  const inView: number[] = []
  for (let n = Math.max(0, model.rows - capacity); n < model.rows; n++) {
    const row = n % capacity
    const from = model.startedMs[row]
    if (model.worker[row] > 0 && from < endMs && from + model.tookMs[row] > startMs) inView.push(row)
  }
  inView.sort((a, b) => model.startedMs[a] - model.startedMs[b])
  const freeAt = new Float64Array(workers * lanesThatFit)
  let lanes = 1
  /** The lane of its worker that is free first. */
  const laneFor = (worker: number, from: number, until: number): number => {
    const first = (worker - 1) * lanesThatFit
    let lane = 0
    while (lane < lanesThatFit - 1 && freeAt[first + lane] > from + 1e-3) lane++
    freeAt[first + lane] = Math.max(freeAt[first + lane], until)
    lanes = Math.max(lanes, lane + 1)
    return lane
  }
  const drawn: Drawn[] = inView
    .filter(row => model.worker[row] <= workers)
    .map(row => {
      const from = model.startedMs[row]
      return { row, lane: laneFor(model.worker[row], from, from + model.tookMs[row]) }
    })
  const running = (model.glance?.running ?? [])
    .filter(one => one.worker <= workers && one.startedMs < endMs)
    .map(one => ({ ...one, lane: laneFor(one.worker, one.startedMs, Number.POSITIVE_INFINITY) }))

  const thickness = (rowHeight - 4) / lanes
  const box = (worker: number, lane: number, from: number, until: number): [number, number, number, number] => {
    const x = Math.max(gutter, xOf(from))
    const y = axisHeight + (worker - 1) * rowHeight + 3 + lane * thickness
    return [x, y, Math.max(1, xOf(until) - x), thickness - 1]
  }
  const boxOf = ({ row, lane }: Drawn) => {
    const from = model.startedMs[row]
    return box(model.worker[row], lane, from, from + model.tookMs[row])
  }
  const colours = model.names.map(name => `hsl(${hueOf(name)} 60% ${lightness})`)
  const lastX = new Float64Array(workers * mostLanes).fill(-1)
  for (const one of drawn) {
    const { row, lane } = one
    const [x, y, w, h] = boxOf(one)
    const isChosen = model.task[row] === chosen
    const place = (model.worker[row] - 1) * mostLanes + lane
    // What ends on a pixel that is painted already would not be seen.
    if (x + w <= lastX[place] + 0.5 && model.outcome[row] === 0 && !isChosen) continue
    lastX[place] = x + w
    context.globalAlpha = shown === undefined || model.names[model.name[row]] === shown ? 1 : 0.15
    context.fillStyle = model.outcome[row] === 0 ? colours[model.name[row]] : bad
    context.fillRect(x, y, w, h)
    context.globalAlpha = 1
    if (isChosen) {
      context.strokeStyle = text
      context.lineWidth = 2
      context.strokeRect(x, y, w, h)
      context.lineWidth = 1
    }
    if (w < 40) continue
    context.save()
    context.beginPath()
    context.rect(x, y, w, h)
    context.clip()
    context.fillStyle = onTask
    context.fillText(model.names[model.name[row]], x + 4, y + h / 2)
    context.restore()
  }
  for (const { name, worker, startedMs, lane } of running) {
    context.globalAlpha = 0.5
    context.fillStyle = `hsl(${hueOf(name)} 60% ${lightness})`
    context.fillRect(...box(worker, lane, startedMs, endMs))
    context.globalAlpha = 1
  }

  return (x, y) => {
    const hit = drawn.findLast(one => {
      const [left, top, w, h] = boxOf(one)
      return x >= left - 1 && x <= left + w + 1 && y >= top && y <= top + h
    })
    return hit?.row ?? -1
  }
}

/** Between two lines of the axis: a round number, some eight of them in view. */
function stepFor(spanMs: number): number {
  const rough = spanMs / 8
  const power = 10 ** Math.floor(Math.log10(rough))
  return power * ([1, 2, 5, 10].find(n => n * power >= rough) ?? 10)
}
