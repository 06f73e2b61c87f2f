/** A chart against time: uPlot, in the colours of the page. */

import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { clock } from './format.ts'
import type { Model, Series } from './model.ts'

export interface ChartProps {
  readonly model: Model
  readonly series: Series
  readonly title: string
  readonly labels: readonly string[]
  readonly format: (value: number) => string
  /** Changes when the colours do. */
  readonly theme: string
}

const hues = ['--accent', '--second']
const height = 140

export function Chart({ model, series, title, labels, format, theme }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = place.current!
    const style = getComputedStyle(document.documentElement)
    const colour = (name: string) => style.getPropertyValue(name).trim()
    const axis = { stroke: colour('--dim'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } }
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height,
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false } },
        scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
        axes: [
          { ...axis, size: 30, values: (_, ticks) => ticks.map(at => clock(at * 1000).slice(0, 8)), space: 80 },
          { ...axis, size: 64, values: (_, ticks) => ticks.map(format) },
        ],
        series: [
          {},
          ...labels.map((label, i) => ({
            label,
            stroke: colour(hues[i]),
            width: 1.5,
            fill: i === 0 ? `${colour(hues[i])}22` : undefined,
          })),
        ],
      },
      [[], ...labels.map(() => [])],
      element,
    )
    const draw = () => plot.setData([series.seconds, ...series.columns] as uPlot.AlignedData)
    const stop = model.listen(draw)
    const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }))
    resize.observe(element)
    draw()
    return () => {
      stop()
      resize.disconnect()
      plot.destroy()
    }
  }, [model, series, theme])
  const latest = series.columns.map(column => column.at(-1) ?? 0)
  return (
    <figure class="card">
      <figcaption>
        {title}{' '}
        {labels.map((label, i) => (
          <span key={label} class="key" style={`--key: var(${hues[i]})`}>
            {labels.length > 1 && label} <b>{format(latest[i])}</b>
          </span>
        ))}
      </figcaption>
      <div ref={place} aria-hidden="true" />
    </figure>
  )
}
