/** The report's pictures of airports with days alike. */

import { escapeText, type Frame, line, linear, px, ramp, svg, text, ticks, xAxis, yAxis } from './chart.ts'
import { type Components, HOURS } from './components.ts'
import type { Flights } from './data.ts'
import { busiest, place } from './figures.ts'

const minus = (value: number): string => String(value).replace('-', '−')
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`
const componentColours = ['#c2573a', '#2f6f9f']
/** Correlations from −1 to 1. */
const correlationRamp = ramp([
  [33, 82, 128],
  [127, 163, 199],
  [245, 243, 238],
  [226, 140, 98],
  [148, 38, 44],
])

/** What the components hold of the variance: `15 % and 10 %`. */
export const shares = ({ explained }: Components): string => `${percent(explained[0])} and ${percent(explained[1])}`

/** Airports at the ends of the first component, and the hours that it sets against each other. */
export const tellsApart = ({ airports }: Flights, { kept, places, weights }: Components): string => {
  const order = [...kept.keys()].sort((a, b) => places[2 * b] - places[2 * a])
  const names = (ends: readonly number[]): string => ends.map(row => escapeText(place(airports[kept[row]]))).join(', ')
  const first = [...weights.subarray(0, HOURS).keys()].sort((a, b) => weights[b] - weights[a])
  const clock = (hours: readonly number[]): string => hours.map(hour => `${hour}:00`).join(', ')
  return `The first sets the hours from ${clock(first.slice(0, 3))} against those from ${clock(first.slice(-3).reverse())}: at one end lie ${names(order.slice(0, 4))}, at the other ${names(order.slice(-4).reverse())}.`
}

/** The airports by their first two components; codes where there is room, the busiest first. */
export const componentPlane = (flights: Flights, { kept, places, explained }: Components): string => {
  const { order, departures } = busiest(flights)
  const frame: Frame = { width: 520, height: 480, margin: { top: 10, right: 16, bottom: 40, left: 36 } }
  const { margin, width, height } = frame
  const reach = (component: 0 | 1): [number, number] => {
    const values = [...kept.keys()].map(row => places[2 * row + component])
    return [Math.min(-1, ...values) - 0.5, Math.max(1, ...values) + 0.5]
  }
  const x = linear(...reach(0), margin.left, width - margin.right)
  const y = linear(...reach(1), height - margin.bottom, margin.top)
  const rowOf = new Map([...kept].map((airport, row) => [airport, row]))
  const most = departures[order[0]]
  const named: [number, number][] = []
  const names: string[] = []
  const circles = order.map(airport => {
    const row = rowOf.get(airport)
    if (row === undefined) return ''
    const at = [x(places[2 * row]), y(places[2 * row + 1])] as const
    const radius = 1.5 + 7 * Math.sqrt(departures[airport] / most)
    const { code } = flights.airports[airport]
    if (!named.some(([a, b]) => Math.abs(a - at[0]) < 25 && Math.abs(b - at[1]) < 10)) {
      named.push([...at])
      names.push(text(at[0], at[1] + 3.5, code, 'class="hitname"'))
    }
    return `<circle cx="${px(at[0])}" cy="${px(at[1])}" r="${px(radius)}" class="alike"><title>${escapeText(place(flights.airports[airport]))}</title></circle>`
  })
  const axis = (component: 0 | 1): string =>
    `component ${component + 1}, ${percent(explained[component])} of the variance`
  const left = `rotate(-90 10 ${height / 2})`
  return svg(
    frame,
    'Airports by the first two principal components of their delays by hour',
    yAxis(frame, y, ticks(...reach(1), 6), minus),
    xAxis(frame, x, ticks(...reach(0), 8), minus),
    ...circles,
    ...names,
    text(width / 2, height - 6, axis(0), 'class="tick" text-anchor="middle"'),
    text(10, height / 2, axis(1), `class="tick" text-anchor="middle" transform="${left}"`),
  )
}

/** Correlations of the busiest airports' days, in the order of the first component. */
export const alikeMap = (flights: Flights, { kept, alike, places }: Components): string => {
  const { departures } = busiest(flights)
  const shown = [...kept.keys()]
    .sort((a, b) => departures[kept[b]] - departures[kept[a]])
    .slice(0, 36)
    .sort((a, b) => places[2 * b] - places[2 * a])
  const [cell, left, top] = [12, 32, 30]
  const code = (row: number): string => flights.airports[kept[row]].code
  const squares = shown.flatMap((row, i) =>
    shown.map((column, j) => {
      const value = alike[row * kept.length + column]
      return `<rect x="${left + j * cell}" y="${top + i * cell}" width="${cell}" height="${cell}" fill="${correlationRamp.css((value + 1) / 2)}"/>`
    }),
  )
  const names = shown.flatMap((row, k) => {
    const x = left + (k + 0.5) * cell + 3
    return [
      text(left - 4, top + k * cell + 9.5, code(row), 'class="tick code" text-anchor="end"'),
      text(x, top - 4, code(row), `class="tick code" transform="rotate(-90 ${x} ${top - 4})"`),
    ]
  })
  const end = left + shown.length * cell
  const legend = [1, 0.5, 0, -0.5, -1].map((value, k) => {
    const y = top + k * 20
    return `<rect x="${end + 12}" y="${y}" width="13" height="13" fill="${correlationRamp.css((value + 1) / 2)}"/>${text(end + 30, y + 11, minus(value), 'class="tick"')}`
  })
  const size = { width: end + 62, height: top + shown.length * cell + 4 }
  return svg(size, 'Correlation of delays by hour between the busiest airports', ...squares, ...names, ...legend)
}

/** How much each hour counts in each component. */
export const hourWeights = ({ weights }: Components): string => {
  const frame: Frame = { width: 1100, height: 190, margin: { top: 12, right: 20, bottom: 26, left: 40 } }
  const { margin, width, height } = frame
  const most = Math.max(...weights.map(Math.abs)) * 1.1
  const x = linear(0, HOURS, margin.left, width - margin.right)
  const y = linear(-most, most, height - margin.bottom, margin.top)
  const lines = componentColours.map((colour, component) => {
    const points = [...Array(HOURS).keys()].map(h => [x(h + 0.5), y(weights[component * HOURS + h])] as const)
    return line(points, `stroke="${colour}" stroke-width="2.2" stroke-linejoin="round"`)
  })
  const legend = componentColours.map((colour, component) => {
    const left = width - 230 + component * 115
    return `<rect x="${left}" y="14" width="16" height="4" fill="${colour}"/>${text(left + 22, 20, `component ${component + 1}`, 'class="tick"')}`
  })
  const hours = [...Array(9).keys()].map(k => 3 * k)
  return svg(
    frame,
    'Weights of the hours in the first two components',
    yAxis(frame, y, ticks(-most, most, 5), minus),
    ...lines,
    xAxis(frame, x, hours, h => `${h}:00`),
    ...legend,
  )
}
