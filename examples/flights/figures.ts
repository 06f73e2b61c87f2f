/** The report's pictures, each made from one step's answer. */

import { createRequire } from 'node:module'
import { geoAlbersUsa, geoPath } from 'd3-geo'
import { mesh } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import { type Certainty, RESAMPLES } from './bootstrap.ts'
import {
  type Bar,
  band,
  bars,
  clipped,
  escapeText,
  type Frame,
  heatRamp,
  line,
  linear,
  logarithmic,
  night,
  px,
  svg,
  text,
  ticks,
  xAxis,
  yAxis,
} from './chart.ts'
import type { Airport, Flights } from './data.ts'
import { BINS, type Delays, FIRST, SLOTS, shares } from './delays.ts'
import type { Density } from './density.ts'
import { mapHeight, mapWidth } from './geo.ts'
import { encodePng } from './png.ts'
import { CHANGE_MINUTES, FAR, type Network, pathBetween } from './routes.ts'
import { type Spread, STEPS, shocks } from './spread.ts'
import type { Traffic } from './traffic.ts'
import type { Ran } from './watch.ts'

export const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
export const clock = (minutes: number): string =>
  `${Math.floor(Math.round(minutes) / 60)}:${String(Math.round(minutes) % 60).padStart(2, '0')}`
const signed = (value: number): string => (value > 0 ? `+${value}` : String(value)).replace('-', '−')

// --- Maps -----------------------------------------------------------------------------------------------------------

const projection = geoAlbersUsa()
  .scale(1300)
  .translate([mapWidth / 2, mapHeight / 2])
const drawn = geoPath(projection).digits(1)

const pointOf = (airport: Airport): [number, number] | null => projection([airport.longitude, airport.latitude])

/** The states' borders, to be put into the page once; maps refer to it. */
export const borders = (): string => {
  const atlas = createRequire(import.meta.url)('us-atlas/states-albers-10m.json') as Topology<{
    states: GeometryCollection
  }>
  const path = geoPath().digits(1)(mesh(atlas, atlas.objects.states))
  return `<svg width="0" height="0" style="position:absolute"><defs><path id="states" d="${path}"/></defs></svg>`
}

const arc = (a: Airport, b: Airport, attributes: string): string => {
  const coordinates = [
    [a.longitude, a.latitude],
    [b.longitude, b.latitude],
  ]
  return `<path d="${drawn({ type: 'LineString', coordinates }) ?? ''}" fill="none" ${attributes}/>`
}

const map = (label: string, ...parts: string[]): string =>
  svg({ width: mapWidth, height: mapHeight }, label, '<use href="#states" class="states"/>', ...parts)

/** Airports by number of departures, busiest first. */
export const busiest = (flights: Flights): { order: number[]; departures: Int32Array } => {
  const departures = new Int32Array(flights.airports.length)
  for (let i = 0; i < flights.count; i++) departures[flights.origin[i]]++
  return { order: [...departures.keys()].sort((a, b) => departures[b] - departures[a]), departures }
}

export const densityMap = (flights: Flights, { width, height, tone }: Density): string => {
  const palette = new Uint8Array(256 * 3)
  for (let k = 0; k < 256; k++) palette.set(night.at(k / 255), 3 * k)
  const png = encodePng(width, height, tone, palette).toString('base64')
  // Labels of the busiest, but not on top of each other.
  const placed: [number, number][] = []
  const labels = busiest(flights)
    .order.slice(0, 40)
    .map(number => {
      const at = pointOf(flights.airports[number])
      if (!at || placed.some(([x, y]) => Math.abs(x - at[0]) < 46 && Math.abs(y - at[1]) < 22)) return ''
      placed.push(at)
      return text(at[0] + 6, at[1] - 5, flights.airports[number].code, 'class="city"')
    })
  const image = `<image href="data:image/png;base64,${png}" width="${mapWidth}" height="${mapHeight}"/>`
  const size = { width: mapWidth, height: mapHeight }
  const states = '<use href="#states" class="states dark"/>'
  return svg(size, 'Density of flights over the United States', image, states, ...labels)
}

// --- Delay ----------------------------------------------------------------------------------------------------------

/** A quantile through the day. */
const quantile = ({ quantiles, columns }: Delays, q: number, airport: number): number[] =>
  Array.from({ length: SLOTS }, (_, slot) => quantiles[(q * SLOTS + slot) * columns + airport])

const fanColours = ['#dbe4ee', '#b4c8dd', '#7fa3c7']

/** Bands between quantiles through the day, from five in the morning on. */
export const fan = (delays: Delays, airport: number, title: string, frame: Frame, most: number): string => {
  const from = 5
  const { margin, width, height } = frame
  const x = linear(from, 24, margin.left, width - margin.right)
  const y = linear(-30, most, height - margin.bottom, margin.top)
  const slots = [...Array(SLOTS).keys()].filter(slot => slot >= from * 4)
  const xs = slots.map(slot => x((slot + 0.5) / 4))
  const of = (q: number): number[] => {
    const values = quantile(delays, q, airport)
    return slots.map(slot => y(values[slot]))
  }
  const bands = [0, 1, 2].map(q => band(xs, of(q), of(6 - q), `fill="${fanColours[q]}"`))
  const median = line(
    of(3).map((v, k) => [xs[k], v] as const),
    'stroke="#1c3d63" stroke-width="2"',
  )
  const small = width < 400
  const hours = small ? [6, 12, 18, 24] : [6, 8, 10, 12, 14, 16, 18, 20, 22, 24]
  return svg(
    frame,
    `Quantiles of delay through the day: ${title}`,
    clipped(frame, ...bands),
    yAxis(frame, y, ticks(-30, most, small ? 4 : 6), signed),
    clipped(frame, median),
    xAxis(frame, x, hours, h => `${h}:00`),
    text(margin.left, margin.top - 7, title, 'class="title"'),
  )
}

/** The delay that `share` of an airport's flights stay below, all day, in whole minutes. */
const allDay = (delays: Delays, airport: number, share: number): number => {
  const bins = new Float64Array(BINS)
  let total = 0
  for (let slot = 0; slot < SLOTS; slot++) {
    for (let bin = 0; bin < BINS; bin++) bins[bin] += delays.count(airport, slot, bin)
  }
  for (const count of bins) total += count
  let below = 0
  for (let bin = 0; bin < BINS; bin++) {
    below += bins[bin]
    if (below >= share * total) return FIRST + bin
  }
  return Number.NaN
}

export const place = ({ code, city }: Airport): string => `${city} ${code}`

export const worstAirports = (flights: Flights, delays: Delays): string => {
  const { departures } = busiest(flights)
  const least = flights.count / 600
  const rows: Bar[] = flights.airports
    .map((airport, number) => ({ airport, number, value: allDay(delays, number, 0.9) }))
    .filter(({ number }) => departures[number] >= least)
    .sort((a, b) => b.value - a.value)
    .slice(0, 16)
    .map(({ airport, value, number }) => ({
      label: place(airport),
      value,
      note: `${value} min · ${whole(departures[number])}`,
    }))
  return bars('Airports with the longest delays', rows, '#c2573a', 520, 170)
}

/** Busy airports by hours of the day, coloured by the delay that one flight in ten exceeds. */
export const hourMap = (flights: Flights, delays: Delays): string => {
  const order = busiest(flights).order.slice(0, 26)
  const cell = { width: 17, height: 15 }
  const left = 44
  const top = 20
  const hours = [...Array(19).keys()].map(h => h + 5)
  const most = 100
  const cells = order.flatMap((number, row) => {
    const values = quantile(delays, shares.indexOf(0.9), number)
    const name = text(
      left - 6,
      top + row * cell.height + 11,
      flights.airports[number].code,
      'class="tick" text-anchor="end"',
    )
    const squares = hours.map((hour, column) => {
      const value = values[hour * 4 + 2]
      const fill = Number.isFinite(value) ? heatRamp.css((value + 5) / most) : '#fff'
      const x = left + column * cell.width
      const y = top + row * cell.height
      return `<rect x="${x}" y="${y}" width="${cell.width - 1}" height="${cell.height - 1}" fill="${fill}"/>`
    })
    return [name, ...squares]
  })
  const head = [6, 9, 12, 15, 18, 21].map(hour =>
    text(left + (hour - 5 + 0.5) * cell.width, top - 6, `${hour}:00`, 'class="tick" text-anchor="middle"'),
  )
  const width = left + hours.length * cell.width + 118
  const height = top + order.length * cell.height + 4
  const legend = [0, 20, 40, 60, 80, 100].map((value, k) => {
    const x = left + hours.length * cell.width + 22
    const y = top + k * 22
    return `<rect x="${x}" y="${y}" width="16" height="16" fill="${heatRamp.css((value + 5) / most)}"/>${text(x + 22, y + 12, `${value} min`, 'class="tick"')}`
  })
  return svg(
    { width, height },
    'Delay that one flight in ten exceeds, by airport and hour',
    ...cells,
    ...head,
    ...legend,
  )
}

// --- Routes ---------------------------------------------------------------------------------------------------------

const pathColours = ['#c2573a', '#2f6f9f', '#4d8a57', '#8a5aa8', '#b8892b', '#3b8f8f']
const wanted = [
  ['EYW', 'BRW'],
  ['LWB', 'YAK'],
  ['BTV', 'SBA'],
  ['DLH', 'BRO'],
  ['MSO', 'SAV'],
  ['AVL', 'LIH'],
] as const

/** A few long trips, on a map and in a table. */
export const trips = (flights: Flights, network: Network): { map: string; table: string } => {
  const { airports } = flights
  const number = (code: string): number => airports.findIndex(airport => airport.code === code)
  const { side, paths } = network
  const found = wanted
    .map(([a, b]) => [number(a), number(b)] as const)
    .filter(([a, b]) => a >= 0 && b >= 0 && paths[side * side + a * side + b] < FAR)
  const all = [...network.routeOf.keys()]
    .filter(pair => network.routeOf[pair] >= 0)
    .map(pair => [Math.floor(pair / airports.length), pair % airports.length] as const)
    .filter(([a, b]) => a < b)
    .map(([a, b]) => arc(airports[a], airports[b], 'class="route"'))
  const shown = new Set<number>()
  const drawnTrips = found.map(([a, b], k) => {
    const path = pathBetween(network, 1, a, b)
    for (const stop of path) shown.add(stop)
    const legs = path
      .slice(1)
      .map((to, leg) => arc(airports[path[leg]], airports[to], `stroke="${pathColours[k]}" stroke-width="2.6"`))
    return legs.join('')
  })
  const stops = [...shown].map(stop => {
    const at = pointOf(airports[stop])
    if (!at) return ''
    return `<circle cx="${px(at[0])}" cy="${px(at[1])}" r="3.4" class="stop"/>${text(at[0] + 6, at[1] - 5, airports[stop].code, 'class="stopname"')}`
  })
  const name = (path: readonly number[]): string => path.map(stop => airports[stop].code).join(' – ')
  const rows = found.map(([a, b], k) => {
    const at = a * side + b
    const short = pathBetween(network, 0, a, b)
    const quick = pathBetween(network, 1, a, b)
    // A trip has one change fewer than it has flights.
    const minutes = paths[side * side + at] - CHANGE_MINUTES
    return `<tr><td><i style="background:${pathColours[k]}"></i>${escapeText(airports[a].city)} to ${escapeText(airports[b].city)}</td>
      <td class="n">${whole(paths[at] / 1000)} km</td><td>${name(short)}</td>
      <td class="n">${clock(minutes)}</td><td>${name(quick)}</td></tr>`
  })
  const table = `<table><thead><tr><th>trip</th><th class="n">shortest</th><th>by way of</th><th class="n">quickest, h</th><th>by way of</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
  return { map: map('Quickest trips', ...all, ...drawnTrips, ...stops), table }
}

/** What closing each busy airport costs the others. */
export const closures = (flights: Flights, network: Network): string => {
  const { airports, side, paths, closed } = network
  const size = side * side
  const rows = [...closed].map((gone, c) => {
    let pairs = 0
    let more = 0
    let lost = 0
    for (let from = 0; from < airports; from++) {
      for (let to = 0; to < airports; to++) {
        if (from === gone || to === gone || from === to) continue
        const before = paths[size + from * side + to]
        const after = paths[(2 + c) * size + from * side + to]
        if (before >= FAR) continue
        if (after >= FAR) lost++
        else {
          pairs++
          more += after - before
        }
      }
    }
    return { airport: flights.airports[gone], minutes: more / Math.max(1, pairs), lost }
  })
  const shown = rows
    .sort((a, b) => b.minutes - a.minutes)
    .slice(0, 14)
    .map(({ airport, minutes, lost }) => ({
      label: place(airport),
      value: minutes,
      note: `${minutes.toFixed(1)} min${lost > 0 ? ` · ${whole(lost)} cut` : ''}`,
    }))
  return bars('Minutes that an average trip gains when an airport is closed', shown, '#2f6f9f', 520, 170)
}

// --- Spread ---------------------------------------------------------------------------------------------------------

const shockColours = ['#e3b04b', '#d97b3c', '#b8413d', '#6d1f47']

const shockLabel = (minutes: number): string => (minutes < 100 ? `${minutes} min` : `${minutes / 60} h`)

/** Late departures per draw, by time since the first, the first left out. */
export const spreadCurve = ({ curve, draws }: Spread): string => {
  const frame: Frame = { width: 520, height: 300, margin: { top: 16, right: 14, bottom: 40, left: 44 } }
  const steps = Math.min(STEPS, 64)
  const per = (shock: number, step: number): number => curve[shock * STEPS + step] / (draws / shocks.length)
  let most = 0
  for (const shock of shocks.keys()) for (let step = 1; step < steps; step++) most = Math.max(most, per(shock, step))
  const x = linear(0, steps / 4, frame.margin.left, frame.width - frame.margin.right)
  const y = linear(0, most * 1.05, frame.height - frame.margin.bottom, frame.margin.top)
  const lines = shocks.map((_, shock) => {
    const points = [...Array(steps).keys()].slice(1).map(step => [x((step + 0.5) / 4), y(per(shock, step))] as const)
    return line(points, `stroke="${shockColours[shock]}" stroke-width="2.2" stroke-linejoin="round"`)
  })
  const legend = shocks.map((minutes, shock) => {
    const top = frame.margin.top + 12 + shock * 18
    const left = frame.width - 130
    return `<rect x="${left}" y="${top - 8}" width="16" height="4" fill="${shockColours[shock]}"/>${text(left + 22, top - 2, `${shockLabel(minutes)} late at first`, 'class="tick"')}`
  })
  return svg(
    frame,
    'Late departures a quarter of an hour, by time since the first',
    yAxis(frame, y, ticks(0, most * 1.05, 5)),
    ...lines,
    xAxis(frame, x, [0, 2, 4, 6, 8, 10, 12, 14, 16]),
    text(
      frame.width / 2,
      frame.height - 6,
      'hours since the first late departure',
      'class="tick" text-anchor="middle"',
    ),
    ...legend,
  )
}

/** How many flights a delay reaches, as shares of the draws, on a logarithmic scale. */
export const spreadSizes = ({ size, draws }: Spread): string => {
  const frame: Frame = { width: 520, height: 300, margin: { top: 16, right: 14, bottom: 40, left: 52 } }
  const most = 36
  const counts = shocks.map(() => new Float64Array(most + 1))
  for (let i = 0; i < draws; i++) counts[i & 3][Math.min(size[i], most)]++
  const x = linear(1, most, frame.margin.left + 6, frame.width - frame.margin.right)
  const y = logarithmic(1e-5, 1, frame.height - frame.margin.bottom, frame.margin.top)
  const lines = counts.map((count, shock) => {
    // As far as there are draws; the last bin counts all that is beyond, and is not a point of the line.
    const end = Math.max(
      2,
      [...count.keys()].findIndex(k => k > 0 && (k === most || count[k] === 0)),
    )
    const points = [...Array(end).keys()]
      .slice(1)
      .map(k => [x(k), count[k] === 0 ? Number.NaN : y((count[k] * shocks.length) / draws)] as const)
    return line(points, `stroke="${shockColours[shock]}" stroke-width="2.2" stroke-linejoin="round"`)
  })
  const share = (v: number): string => `${Number((v * 100).toPrecision(1))} %`
  return svg(
    frame,
    'Share of draws by number of flights made late',
    yAxis(frame, y, [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1], share),
    ...lines,
    xAxis(frame, x, [1, 5, 10, 15, 20, 25, 30, 35]),
    text(frame.width / 2, frame.height - 6, 'flights made late by one delay', 'class="tick" text-anchor="middle"'),
  )
}

/** Where the late arrivals are felt. */
export const spreadMap = (flights: Flights, { hits }: Spread): string => {
  const most = hits.reduce((a, b) => Math.max(a, b), 1)
  const order = [...hits.keys()].filter(number => hits[number] > 0).sort((a, b) => hits[b] - hits[a])
  const named: [number, number][] = []
  const names: string[] = []
  const circles = order.map((number, rank) => {
    const at = pointOf(flights.airports[number])
    if (!at) return ''
    if (rank < 30 && !named.some(([x, y]) => Math.abs(x - at[0]) < 28 && Math.abs(y - at[1]) < 11)) {
      named.push(at)
      names.push(text(at[0], at[1] + 3.5, flights.airports[number].code, 'class="hitname"'))
    }
    const radius = Math.max(1, 30 * Math.sqrt(hits[number] / most))
    return `<circle cx="${px(at[0])}" cy="${px(at[1])}" r="${px(radius)}" class="hit"/>`
  })
  return map('Late arrivals by airport', ...circles, ...names)
}

export const shockTable = ({ size, lost, draws }: Spread): string => {
  const rows = shocks.map((minutes, shock) => {
    let flights = 0
    let late = 0
    let alone = 0
    for (let i = shock; i < draws; i += shocks.length) {
      flights += size[i]
      late += lost[i]
      if (size[i] === 1) alone++
    }
    const per = draws / shocks.length
    return `<tr><td><i style="background:${shockColours[shock]}"></i>${shockLabel(minutes)}</td><td class="n">${(flights / per).toFixed(1)}</td>
      <td class="n">${whole(late / per)} min</td><td class="n">${((100 * alone) / per).toFixed(0)} %</td></tr>`
  })
  return `<table><thead><tr><th>first delay</th><th class="n">flights late</th><th class="n">minutes in all</th><th class="n">ends with the first</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}

// --- Tasks ----------------------------------------------------------------------------------------------------------

const mostShown = 24

/** The busiest airports of a statistic, with its bounds and its middle, the largest first. */
const certain = (flights: Flights, { samples, airports, low, high }: Certainty, statistic: number) =>
  busiest(flights)
    .order.slice(0, mostShown)
    .map(number => {
      const row = statistic * airports + number
      const values = samples.slice(row * RESAMPLES, (row + 1) * RESAMPLES).sort()
      return { number, low: low[row], middle: values[RESAMPLES >> 1], high: high[row] }
    })
    .filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high))
    .sort((a, b) => b.middle - a.middle)

/** A line from bound to bound for each airport. */
export const intervals = (flights: Flights, certainty: Certainty): string => {
  const rows = certain(flights, certainty, 0)
  const margin = { top: 6, right: 20, bottom: 24, left: 170 }
  const frame: Frame = { width: 520, height: margin.top + rows.length * 19 + margin.bottom, margin }
  const least = Math.min(0, ...rows.map(row => row.low))
  const most = Math.max(1, ...rows.map(row => row.high))
  const x = linear(least, most, margin.left, frame.width - margin.right)
  const values = ticks(least, most, 5)
  const bottom = frame.height - margin.bottom
  const grid = values.map(v => {
    const at = px(x(v))
    return `<line class="${v === 0 ? 'zero' : 'grid'}" x1="${at}" x2="${at}" y1="${margin.top}" y2="${bottom}"/>`
  })
  const lines = rows.map(({ number, low, middle, high }, k) => {
    const y = margin.top + k * 19 + 10
    return (
      text(margin.left - 10, y + 4, place(flights.airports[number]), 'class="name" text-anchor="end"') +
      `<line x1="${px(x(low))}" x2="${px(x(high))}" y1="${y}" y2="${y}" stroke="#c2573a" stroke-width="3" stroke-linecap="round"/>` +
      `<circle cx="${px(x(middle))}" cy="${y}" r="3.6" fill="#7d2430"/>`
    )
  })
  const label = 'Mean delay of the busiest airports with bounds of 95 of 100 resamples'
  return svg(frame, label, ...grid, ...lines, xAxis(frame, x, values, signed))
}

export const certaintyTable = (flights: Flights, certainty: Certainty): string => {
  const shares = new Map(certain(flights, certainty, 2).map(row => [row.number, row]))
  const percent = (share: number): string => (100 * share).toFixed(1)
  const rows = certain(flights, certainty, 0).flatMap(({ number, low, middle, high }) => {
    const late = shares.get(number)
    if (late === undefined) return []
    return `<tr><td>${escapeText(place(flights.airports[number]))}</td>
      <td class="n">${middle.toFixed(2)}</td><td class="n">${low.toFixed(2)} to ${high.toFixed(2)}</td>
      <td class="n">${percent(late.middle)} %</td><td class="n">${percent(late.low)} to ${percent(late.high)}</td></tr>`
  })
  return `<table><thead><tr><th>airport</th><th class="n">mean, min</th><th class="n">95 of 100</th><th class="n">late</th><th class="n">95 of 100</th></tr></thead>
    <tbody>${rows.slice(0, 14).join('')}</tbody></table>`
}

/** Which of the busiest airports is the latest on average, and in how many resamples it still is. */
export const latestAirport = (flights: Flights, { samples }: Certainty): string => {
  const order = busiest(flights).order.slice(0, mostShown)
  const wins = new Map<number, number>()
  for (let r = 0; r < RESAMPLES; r++) {
    const mean = (airport: number): number => samples[airport * RESAMPLES + r]
    const first = order.reduce((best, airport) => (mean(airport) > mean(best) ? airport : best))
    wins.set(first, (wins.get(first) ?? 0) + 1)
  }
  const [[first, won], second] = [...wins].sort((a, b) => b[1] - a[1])
  const name = (airport: number): string => escapeText(place(flights.airports[airport]))
  const other = second ? `; in ${whole(second[1])}, ${name(second[0])}` : ''
  return `Of the ${order.length} busiest airports, ${name(first)} is the one with the latest flights in ${whole(won)} of ${whole(RESAMPLES)} draws${other}.`
}

export const traffics = ({ counts }: Traffic): string => {
  const rows: Bar[] = [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, 16)
    .map(([route, value]) => ({ label: route, value, note: whole(value) }))
  return bars('Routes with the most flights', rows, '#2f6f9f', 520, 90)
}

const spanOf = (ran: readonly Ran[]): [from: number, to: number] => [
  Math.min(...ran.map(({ fromMs }) => fromMs)),
  Math.max(...ran.map(({ toMs }) => toMs)),
]

/** How many tasks ran on how many workers, and how busy these were from the first task to the last. */
export const workersBusy = (ran: readonly Ran[]): string => {
  const [from, to] = spanOf(ran)
  const workers = new Set(ran.map(({ worker }) => worker)).size
  const busy = ran.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0) / (workers * Math.max(to - from, 1e-3))
  return `${ran.length} tasks on ${workers} ${workers === 1 ? 'worker' : 'workers'}, busy ${Math.round(100 * Math.min(1, busy))} % of the time`
}

/** What each worker ran when, coloured by function. */
export const workerTimeline = (ran: readonly Ran[], width = 1100): string => {
  const [row, margin] = [26, { top: 24, right: 30, bottom: 24, left: 70 }]
  const workers = [...new Set(ran.map(({ worker }) => worker))].sort((a, b) => a - b)
  const names = [...new Set(ran.map(({ name }) => name))]
  const frame: Frame = { width, height: margin.top + workers.length * row + margin.bottom, margin }
  const x = linear(0, spanOf(ran)[1], margin.left, width - margin.right)
  const tasks = ran.map(({ name, worker, fromMs, toMs }) => {
    const y = margin.top + workers.indexOf(worker) * row + 2
    const w = Math.max(0.5, x(toMs) - x(fromMs) - 0.4)
    const what = `${name}, ${(toMs - fromMs).toFixed(1)} ms`
    return `<rect x="${px(x(fromMs))}" y="${y}" width="${px(w)}" height="${row - 5}" fill="${pathColours[names.indexOf(name) % pathColours.length]}"><title>${escapeText(what)}</title></rect>`
  })
  let left = margin.left
  const legend = names.map((name, k) => {
    const at = left
    left += 34 + name.length * 6.2
    return `<rect x="${px(at)}" y="4" width="11" height="11" rx="2" fill="${pathColours[k % pathColours.length]}"/>${text(at + 16, 13.5, name, 'class="tick"')}`
  })
  const labels = workers.map((worker, k) =>
    text(margin.left - 8, margin.top + k * row + 16, `worker ${worker}`, 'class="tick" text-anchor="end"'),
  )
  const axis = xAxis(frame, x, ticks(0, spanOf(ran)[1], width > 800 ? 8 : 5), ms => `${whole(ms)} ms`)
  return svg(frame, 'What each worker ran when', ...legend, ...labels, ...tasks, axis)
}
