/** The report: one HTML file with its pictures inside, readable without a network. */

import { cpus } from 'node:os'
import { html, type Study } from '../styles/table.ts'
import type { Certainty } from './bootstrap.ts'
import { RESAMPLES } from './bootstrap.ts'
import { escapeText } from './chart.ts'
import type { Components } from './components.ts'
import { dateOf, type Flights } from './data.ts'
import { type Delays, SLOTS, shares } from './delays.ts'
import type { Density } from './density.ts'
import {
  borders,
  busiest,
  certaintyTable,
  closures,
  densityMap,
  fan,
  hourMap,
  intervals,
  latestAirport,
  shockTable,
  spreadCurve,
  spreadMap,
  spreadSizes,
  traffics,
  trips,
  whole,
  workersBusy,
  workerTimeline,
  worstAirports,
} from './figures.ts'
import { alikeMap, componentPlane, hourWeights, shares as sharesOfVariance, tellsApart } from './figures-components.ts'
import type { Network } from './routes.ts'
import type { Spread } from './spread.ts'
import type { StepTimes } from './step.ts'
import type { Traffic } from './traffic.ts'

export interface Findings {
  readonly flights: Flights
  readonly delays: Delays
  readonly network: Network
  readonly spread: Spread
  readonly density: Density
  readonly certainty: Certainty
  readonly traffic: Traffic
  readonly components: Components
  /** Left out when it was not wanted. */
  readonly styles?: Study
  readonly times: readonly StepTimes[]
  readonly readMs: number
  readonly threads: number
}

const milliseconds = (ms: number | undefined): string =>
  ms === undefined ? '–' : ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
const ratio = (plain: number | undefined, kernel: number): string =>
  plain === undefined ? '–' : `${(plain / kernel).toFixed(1)}×`

/** Totals over all steps; `plainMs` only when every step ran plainly too. */
export const totals = (times: readonly StepTimes[]): { plainMs?: number; skeinMs: number } => {
  const skeinMs = times.reduce((sum, step) => sum + step.skeinMs, 0)
  if (times.some(step => step.plainMs === undefined)) return { skeinMs }
  return { skeinMs, plainMs: times.reduce((sum, step) => sum + step.plainMs!, 0) }
}

const timesTable = (times: readonly StepTimes[]): string => {
  const most = Math.max(...times.map(step => Math.max(step.plainMs ?? 0, step.skeinMs)))
  const bar = (ms: number | undefined, kind: string): string =>
    ms === undefined ? '' : `<b class="${kind}" style="width:${Math.max(0.4, (100 * ms) / most).toFixed(1)}%"></b>`
  const rows = times.map(step => {
    const phases = step.phases.map(
      phase =>
        `<tr class="phase"><td>${escapeText(phase.name)}</td><td></td><td class="n">${milliseconds(phase.plainMs)}</td>
        <td class="n">${milliseconds(phase.skeinMs)}</td><td class="n">${ratio(phase.plainMs, phase.skeinMs)}</td></tr>`,
    )
    const verdict = step.verdict
      ? `<tr class="verdict"><td colspan="5">Answers agree: ${escapeText(step.verdict.detail)}.</td></tr>`
      : ''
    return `<tr class="step"><td>${escapeText(step.title)}</td><td class="bars">${bar(step.plainMs, 'plain')}${bar(step.skeinMs, 'kernel')}</td>
      <td class="n">${milliseconds(step.plainMs)}</td><td class="n">${milliseconds(step.skeinMs)}</td>
      <td class="n">${ratio(step.plainMs, step.skeinMs)}</td></tr>${phases.join('')}${verdict}`
  })
  const all = totals(times)
  return `<table class="times"><thead><tr><th>step</th><th class="bars"></th><th class="n">plain</th><th class="n">Skein</th><th class="n">faster</th></tr></thead>
    <tbody>${rows.join('')}<tr class="step all"><td>All steps</td><td></td><td class="n">${milliseconds(all.plainMs)}</td>
    <td class="n">${milliseconds(all.skeinMs)}</td><td class="n">${ratio(all.plainMs, all.skeinMs)}</td></tr></tbody></table>`
}

/** A quantile over all airports at an hour, in whole minutes. */
const nationwide = ({ quantiles, columns }: Delays, share: (typeof shares)[number], hour: number): number =>
  Math.round(quantiles[(shares.indexOf(share) * SLOTS + hour * 4 + 1) * columns - 1])

const minutes = (value: number): string => {
  if (!Number.isFinite(value)) return 'an unknown time'
  const unit = Math.abs(value) === 1 ? 'minute' : 'minutes'
  return value < 0 ? `${-value} ${unit} early` : `${value} ${unit} late`
}

const longDay = (minute: number): string =>
  dateOf(minute).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })

const style = `
:root{--ink:#1c2431;--soft:#657084;--line:#dfe3e8;--paper:#fbfaf7;--accent:#c2573a;--blue:#1c3d63}
*{box-sizing:border-box}html{background:var(--paper)}
body{margin:0;color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif}
header{background:#04060f;color:#fff;padding:0 0 22px}
.wide{max-width:1160px;margin:0 auto;padding:0 28px}
header .head{padding:30px 0 4px}
h1{font-size:clamp(26px,4vw,46px);line-height:1.05;margin:0 0 6px;letter-spacing:-.02em;font-weight:680}
header p{margin:0;color:#c5cbdc;}
svg{display:block;width:100%;height:auto;font:11.5px system-ui,-apple-system,"Segoe UI",Roboto,Arial,"DejaVu Sans",sans-serif}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;background:#232a45;border:1px solid #232a45;border-radius:8px;overflow:hidden;margin-top:14px}
.tiles div{background:#0b1022;padding:13px 18px}.tiles strong{display:block;font-size:25px;font-weight:650;letter-spacing:-.01em}
.tiles span{color:#99a3bd;font-size:13.5px}.tiles .hot strong{color:#ffbf5e}
section{padding:40px 0 6px;border-bottom:1px solid var(--line)}section:last-of-type{border:0}
h2{font-size:25px;margin:0 0 6px;letter-spacing:-.012em}h3{font-size:15px;margin:22px 0 8px;font-weight:640}
section>p{max-width:74ch;margin:0 0 18px}
.two{display:grid;grid-template-columns:1fr 1fr;gap:12px 40px;align-items:start;margin-bottom:22px}
.two>div{min-width:0}.aside{grid-template-columns:2fr 3fr}
.small{display:grid;grid-template-columns:repeat(4,1fr);gap:14px 18px;margin:14px 0 22px}
@media(max-width:820px){.two{grid-template-columns:1fr}.small{grid-template-columns:1fr 1fr}}
table{border-collapse:collapse;width:100%;font-size:14.5px;margin:6px 0 22px}
th{text-align:left;color:var(--soft);font-weight:560;font-size:13px}th,td{padding:6px 10px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td i{display:inline-block;width:10px;height:10px;border-radius:5px;margin-right:8px}
.times .step td{font-weight:640;border-bottom:0;padding-top:13px}.times .phase td{color:var(--soft);border-bottom:0;padding:1px 10px 1px 0;font-size:13.5px}
.times .phase td:first-child{padding-left:16px}.times .verdict td{color:#4d7a57;font-size:12.5px;padding:3px 0 11px 16px}
.times .all td{border-top:2px solid var(--ink);padding-top:9px}.bars{width:30%;padding-right:28px}
.bars b{display:block;height:7px;border-radius:2px;margin:3px 0}.bars .plain{background:#b9c2ce}.bars .kernel{background:var(--accent)}
.legend span{margin-right:18px;font-size:13.5px;color:var(--soft)}.legend b{display:inline-block;width:14px;height:9px;border-radius:2px;margin-right:6px}
.note,.tick{fill:var(--soft)}.name{fill:var(--ink);font-size:12px}.title{font-weight:640;fill:var(--ink);font-size:12.5px}
.grid{stroke:#e6e8ea}.zero{stroke:#8d97a5}
.states{fill:none;stroke:#c9cdd2;stroke-width:.7;stroke-linejoin:round}.states.dark{stroke:#fff;opacity:.17;stroke-width:.6}
.city{fill:#fff;font-size:10.5px;font-weight:560;paint-order:stroke;stroke:#04060f;stroke-width:2.4px}
.route{stroke:#1c3d63;stroke-width:.5;opacity:.1}.stop{fill:#fff;stroke:var(--ink);stroke-width:1.5}
.stopname{font-size:12px;font-weight:640;fill:var(--ink);paint-order:stroke;stroke:#fbfaf7;stroke-width:3px}
.alike{fill:#7fa3c7;fill-opacity:.55;stroke:#1c3d63;stroke-width:.6}.code{font-size:9.5px}
.hit{fill:#b8413d;fill-opacity:.5;stroke:#7d2430;stroke-width:.8}.hitname{fill:#3a0d18;font-size:10.5px;font-weight:640;text-anchor:middle}
footer{color:var(--soft);font-size:13.5px;padding:26px 0 50px}code{font-size:.92em}
`

export const writeReport = (findings: Findings): string => {
  const { flights, delays, network, spread, density, certainty, traffic, components, styles, times } = findings
  const all = totals(times)
  const { order } = busiest(flights)
  const first = longDay(flights.minute[0])
  const last = longDay(flights.minute[flights.count - 1] - 1)
  const country = flights.airports.length
  const long = trips(flights, network)
  const wide = { width: 1100, height: 340, margin: { top: 26, right: 20, bottom: 26, left: 40 } }
  const little = { width: 270, height: 190, margin: { top: 24, right: 18, bottom: 22, left: 36 } }
  const tile = (figure: string, words: string, kind = ''): string =>
    `<div class="${kind}"><strong>${figure}</strong><span>${words}</span></div>`
  const faster =
    all.plainMs === undefined ? '' : tile(ratio(all.plainMs, all.skeinMs), 'faster than plain JavaScript', 'hot')
  const plainTile = all.plainMs === undefined ? '' : tile(milliseconds(all.plainMs), 'plain JavaScript, one thread')

  const introduction =
    all.plainMs === undefined
      ? '<h2>Seven questions</h2><p>Four were answered by kernels, plain TypeScript functions that Skein compiles for every SIMD lane and every core, two by tasks, functions that run on workers, one by arrays.</p>'
      : `<h2>The same questions, asked twice</h2>
<p>Each step ran as plain JavaScript on one thread, written with typed arrays, and by Skein: four as kernels, plain TypeScript functions that are
compiled for every SIMD lane and every core, two as tasks, which run the plain functions on workers, the last one by arrays. Both worked on the same data, once, warm-up and compilation included, and their answers were compared.</p>
<div class="legend"><span><b style="background:#b9c2ce"></b>plain JavaScript</span><span><b style="background:#c2573a"></b>Skein</span></div>`

  const threeStyles =
    styles === undefined
      ? ''
      : `<section><h2>Two problems in three styles</h2>
<p>Loops over memory that all threads see, as with OpenMP (kernels); processes that send each other what they need, as with MPI (ranks); items that are mapped and brought
together by key, as with MapReduce (bags). The same two problems in each, and what more threads or ranks bring: milliseconds, and how many times as fast as one.
These inputs are small; <code>node examples/styles/main.ts</code> takes larger ones.</p>
${html(styles)}</section>`

  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${whole(flights.count)} flights</title><style>${style}</style></head><body>${borders()}
<header><div class="wide"><div class="head"><h1>${whole(flights.count)} flights</h1>
<p>Domestic flights of the United States, ${first} to ${last}</p></div>
${densityMap(flights, density)}
<div class="tiles">${tile(whole(country), 'airports')}${tile(whole(network.routes), 'routes')}${plainTile}${tile(milliseconds(all.skeinMs), `Skein, ${findings.threads} ${findings.threads === 1 ? 'thread' : 'threads'}`)}${faster}</div></div></header>
<main class="wide">

<section>${introduction}
${timesTable(times)}</section>

<section><h2>A day gets later as it goes on</h2>
<p>At seven in the morning the median flight arrives ${minutes(nationwide(delays, 0.5, 7))}, and one in ten is more than ${minutes(nationwide(delays, 0.9, 7))}.
At eight in the evening the median is ${minutes(nationwide(delays, 0.5, 20))}, and one in ten is more than ${minutes(nationwide(delays, 0.9, 20))}.
The bands hold 90, 80 and 50 of a hundred flights by local time of departure; the line is the median, in minutes late at arrival.</p>
${fan(delays, country, 'All airports', wide, 120)}
<div class="small">${order
    .slice(0, 8)
    .map(number =>
      fan(delays, number, `${flights.airports[number].city} ${flights.airports[number].code}`, little, 120),
    )
    .join('')}</div>
<div class="two"><div><h3>The delay that one flight in ten exceeds, and flights</h3>${worstAirports(flights, delays)}</div>
<div><h3>The same by hour of departure, busiest airports first</h3>${hourMap(flights, delays)}</div></div></section>

<section><h2>The quickest way is not always the shortest</h2>
<p>Shortest paths between all pairs of airports, once by great-circle distance and once by time: 800 km/h, half an hour to
take off and land, the median delay of the route, and 45 minutes to change planes. Thin lines are all routes; the colours, the quickest trips.</p>
${long.map}${long.table}
<div class="two aside"><div><h3>What the country would miss an airport for</h3>
<p>How many minutes the average trip between two other airports gains when an airport is closed, and how many ordered pairs
of others it cuts off: the worst of the ${network.closed.length} busiest airports.</p>
<p>Each closed airport is a shortest-path problem of its own over all pairs: the kernels solve all ${network.closed.length + 2} graphs
together, ${whole(((network.closed.length + 2) * country ** 3) / 1e6)} million steps of Floyd and Warshall's algorithm.</p></div>
<div>${closures(flights, network)}</div></div></section>

<section><h2>How a delay spreads</h2>
<p>${whole(spread.draws)} times, one of the ${whole(spread.day.count)} flights of ${longDay(spread.day.day * 1440)} was made late, and its delay followed through the
day: to the aircraft's next flight, and at times to one that waits for its passengers. They made ${whole(spread.totals.flights)} flights late in all; the
worst draw, ${whole(spread.totals.most)}. The file does not name aircraft: who flies on with which is drawn at random among the flights that fit.</p>
${shockTable(spread)}
<div class="two"><div><h3>Late departures in each quarter of an hour, for each first delay</h3>${spreadCurve(spread)}</div>
<div><h3>How many flights one delay makes late, by share of the draws</h3>${spreadSizes(spread)}</div></div>
<h3>Where it is felt: late arrivals by airport</h3>${spreadMap(flights, spread)}</section>

<section><h2>How sure is that?</h2>
<p>Half a year is a sample. ${whole(RESAMPLES)} times, as many flights were drawn again from those there were, some twice and others not at all; 95 of 100 such
draws lie within the lines. ${latestAirport(flights, certainty)}</p>
<div class="two"><div><h3>Mean delay of the busiest airports</h3>${intervals(flights, certainty)}</div>
<div><h3>The same in figures, with the share of flights that are more than 15 minutes late</h3>${certaintyTable(flights, certainty)}</div></div>
<h3>What ran when: ${workersBusy(certainty.ran)}</h3>${workerTimeline(certainty.ran)}</section>

<section><h2>Flights by route, counted as words</h2>
<p>Each flight becomes the name of its route, and equal names are counted: a MapReduce over ${whole(flights.count)} items, in partitions that any worker takes, and
${whole(traffic.counts.size)} names whose counts then meet.</p>
<div class="two"><div><h3>The busiest routes</h3>${traffics(traffic)}</div>
<div><h3>What ran when: ${workersBusy(traffic.ran)}</h3>${workerTimeline(traffic.ran, 520)}</div></div></section>

<section><h2>Airports with days alike</h2>
<p>Of each of ${whole(components.kept.length)} airports the mean delay by hour of departure, each hour standardised over the airports: ${whole(components.kept.length)} points in 24 dimensions.
Their first two principal components make the plane that keeps most of what tells airports apart, ${sharesOfVariance(components)} of the variance. ${tellsApart(flights, components)}
Hours with few flights are drawn towards the mean of all airports.</p>
<div class="two"><div><h3>Airports in that plane, the busier the larger</h3>${componentPlane(flights, components)}</div>
<div><h3>How alike the busiest are: correlation of their days</h3>${alikeMap(flights, components)}</div></div>
<h3>Weights of the hours in the two components</h3>${hourWeights(components)}</section>
${threeStyles}
</main>
<footer class="wide">Data: U.S. Bureau of Transportation Statistics, by way of the npm package vega-datasets (flights-3m.parquet, airports.csv); state borders: us-atlas.
Read in ${milliseconds(findings.readMs)}. Run on ${escapeText(cpus()[0]?.model.trim() ?? 'an unknown processor')}, ${cpus().length} logical processors, Node ${process.versions.node}. Delays beyond seven hours are counted as seven hours.</footer>
</body></html>
`
}
