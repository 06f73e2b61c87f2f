/** A report of what a program's tasks did, as one HTML file that can be mailed: no script, nothing from elsewhere. */

import { machine } from '@skein/base'
import {
  addCounts,
  type FunctionSummary,
  noCounts,
  type Observation,
  type Row,
  type TransferCounts,
  type Transfers,
  transferMs,
} from '@skein/tasks/observe'
import { adviceFor } from './advice.ts'
import { bytes, count, escaped, ms, percent } from './words.ts'

export interface Told {
  readonly program: string
  readonly args: readonly string[]
  readonly endedMs: number
  /** The longest delays of the event loop, one for each quarter of a second. */
  readonly lagMs: readonly number[]
  /** What it cost to bring values from thread to thread. */
  readonly transfers: Transfers
}

const slowestShown = 20
const failuresShown = 10
const functionsShown = 50
const callsShown = 20
/** Functions with a colour of their own; the others share the last. */
const hues = [212, 28, 140, 280, 0, 180, 330]
const bins = 400

export function report(observation: Observation, told: Told): string {
  const { journal } = observation
  const functions = journal.functions()
  const { rows, missed } = journal.read()
  const ran = rows.filter(row => row.worker > 0)
  const startMs = ran.reduce((least, row) => Math.min(least, row.submittedMs), told.endedMs)
  const endMs = ran.reduce((most, row) => Math.max(most, row.endedMs), startMs)
  const spanMs = Math.max(1e-3, endMs - startMs)
  const slowest = ran.toSorted((a, b) => durationOf(b) - durationOf(a)).slice(0, slowestShown)
  // Asynchronous tasks overlap: a worker is busy for as long as any of its tasks runs.
  const busyMs = Array.from({ length: Math.max(0, journal.busyMs.length - 1) }, (_, i) => busyOf(ran, i + 1))
  const lagMs = Math.max(0, ...told.lagMs)
  const longest = slowest[0] && { name: slowest[0].name, tookMs: durationOf(slowest[0]) }
  const { transfers } = told
  const advice = adviceFor({ functions, attempts: journal.written, spanMs, busyMs, longest, lagMs, transfers })
  const busy = busyMs.reduce((a, b) => a + b, 0)
  const idle = busyMs.length === 0 ? 0 : 1 - busy / (spanMs * busyMs.length)
  const moved = [transfers.client, ...transfers.workers].reduce(addCounts, noCounts)
  const failed = functions.reduce((n, f) => n + f.failed + f.lost, 0)
  const { cpu, system } = machine()
  const place = `${cpu.model}, ${cpu.usableCores} cores, ${system.distribution ?? system.platform}`
  const name = told.program.split(/[\\/]/).at(-1) ?? 'program'
  const tiles: readonly (readonly [title: string, value: string])[] = [
    ['attempts at tasks', count(journal.written)],
    ['failed or lost', count(failed)],
    ['first call to last end', ms(spanMs)],
    ['workers', count(busyMs.length)],
    ['busy', percent(1 - idle)],
    ['idle', percent(idle)],
    ['longest lag of the main program', ms(lagMs)],
    ['serialization', ms(moved.packMs + moved.unpackMs)],
    ['arrays copied', `${bytes(moved.copiedBytes)} in ${ms(moved.copyMs)}`],
    ['arrays shared', bytes(moved.sharedBytes)],
  ]
  const failures = rows.filter(row => row.outcome === 'failed' || row.outcome === 'lost').slice(-failuresShown)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(name)}: report</title><style>${style}</style></head><body>
<h1>${escaped([name, ...told.args].join(' '))}</h1>
<p class="dim">${escaped(new Date(told.endedMs).toISOString())}, Node ${escaped(process.versions.node)}, ${escaped(place)}</p>
<dl>${tiles.map(([title, value]) => `<div><dt>${title}</dt><dd>${value}</dd></div>`).join('')}</dl>
<h2>Advice</h2>
${advice.length === 0 ? '<p>Nothing stands out.</p>' : `<ul>${advice.map(text => `<li>${escaped(text)}</li>`).join('')}</ul>`}
<h2>Workers over time</h2>
${timeline(ran, functions, startMs, spanMs, busyMs)}
${missed > 0 ? `<p class="dim">Of the ${count(missed)} earliest attempts only the sums by function are kept.</p>` : ''}
<h2>By function</h2>
${table(
  ['function', 'done', 'failed', 'cancelled', 'lost', 'total', 'share', 'p50', 'p95', 'longest', 'waited p50'],
  functions.slice(0, functionsShown).map(f => {
    const all = functions.reduce((total, other) => total + other.sumMs, 0) || 1
    const counts = [f.done, f.failed, f.cancelled, f.lost].map(count)
    return [
      f.name,
      ...counts,
      ms(f.sumMs),
      percent(f.sumMs / all),
      ...[f.p50Ms, f.p95Ms, f.mostMs, f.waitP50Ms].map(ms),
    ]
  }),
)}
<h2>Serialization and transfer</h2>
${movedTables(transfers, spanMs)}
<h2>Slowest tasks</h2>
${table(
  ['task', 'worker', 'started after', 'waited', 'took', 'outcome'],
  slowest.map(row => [
    `${row.name}#${row.task}`,
    String(row.worker),
    ms(row.startedMs - startMs),
    ms(row.startedMs - row.submittedMs),
    ms(durationOf(row)),
    row.outcome,
  ]),
)}
${failures.length === 0 ? '' : `<h2>Latest failures</h2>${failures.map(row => failure(observation, row)).join('')}`}
</body></html>
`
}

const durationOf = (row: Row): number => row.endedMs - row.startedMs

/** For how long any task ran on a worker. */
function busyOf(ran: readonly Row[], worker: number): number {
  const own = ran.filter(row => row.worker === worker).sort((a, b) => a.startedMs - b.startedMs)
  let [total, until] = [0, 0]
  for (const { startedMs, endedMs } of own) {
    total += Math.max(0, endedMs - Math.max(startedMs, until))
    until = Math.max(until, endedMs)
  }
  return total
}

function failure(observation: Observation, row: Row): string {
  const story = observation.story(row.task)
  const text = [story?.error, story?.submitted && `submitted\n${story.submitted}`].filter(Boolean).join('\n')
  const title = `${row.name}#${row.task}, ${row.outcome} on worker ${row.worker}`
  return `<details><summary>${escaped(title)}</summary><pre>${escaped(text || 'Its error is not kept any more.')}</pre></details>`
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = titles.map(title => `<th>${title}</th>`).join('')
  const body = rows.map(row => `<tr>${row.map(cell => `<td>${escaped(cell)}</td>`).join('')}</tr>`).join('')
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`
}

/** Where values became bytes and were made again from them, and where arrays were copied: by thread, and by function. */
function movedTables({ client, workers, calls }: Transfers, spanMs: number): string {
  const cells = (counts: TransferCounts) => [
    ms(counts.packMs),
    ms(counts.unpackMs),
    ms(counts.copyMs),
    `${count(counts.packed)}: ${bytes(counts.packedBytes)}`,
    `${count(counts.unpacked)}: ${bytes(counts.unpackedBytes)}`,
    `${count(counts.copied)}: ${bytes(counts.copiedBytes)}`,
  ]
  const threads: (readonly [who: string, counts: TransferCounts])[] = [
    ['main program', client],
    ...workers.map((counts, i) => [`worker ${i + 1}`, counts] as const),
  ]
  const titles = ['packing', 'unpacking', 'copying', 'packed', 'unpacked', 'arrays copied']
  const byThread = table(
    ['thread', 'share of the time', ...titles, 'arrays shared'],
    threads.map(([who, counts]) => {
      const shared = `${count(counts.shared)}: ${bytes(counts.sharedBytes)}`
      return [who, percent(transferMs(counts) / spanMs), ...cells(counts), shared]
    }),
  )
  const byCall = table(
    ['function', ...titles, 'of them again'],
    calls
      .slice(0, callsShown)
      .map(call => [call.name, ...cells(call), `${count(call.copiedAgain)}: ${bytes(call.copiedAgainBytes)}`]),
  )
  return `<p class="dim">Values that become bytes are packed, and unpacked where they arrive; arrays of the heap are shared, others are copied into it.</p>
${byThread}
${calls.length === 0 ? '' : `<p class="dim">Of it, what the main program gave to functions, and took of their results.</p>${byCall}`}`
}

/** What share of each moment a worker spent in which function: bars of a few pixels, so that any number of tasks is one picture. */
function timeline(
  ran: readonly Row[],
  functions: readonly FunctionSummary[],
  startMs: number,
  spanMs: number,
  busyMs: readonly number[],
): string {
  if (ran.length === 0) return '<p>No task ran.</p>'
  const colourOf = new Map(functions.slice(0, hues.length).map((f, i) => [f.name, i]))
  const kinds = hues.length + 1
  const shares = new Float64Array(busyMs.length * bins * kinds)
  const binMs = spanMs / bins
  for (const { name, worker, startedMs, endedMs } of ran) {
    const kind = colourOf.get(name) ?? hues.length
    const last = Math.min(bins - 1, Math.floor((endedMs - startMs) / binMs))
    for (let bin = Math.max(0, Math.floor((startedMs - startMs) / binMs)); bin <= last; bin++) {
      const from = Math.max(startedMs, startMs + bin * binMs)
      const until = Math.min(endedMs, startMs + (bin + 1) * binMs)
      shares[((worker - 1) * bins + bin) * kinds + kind] += Math.max(0, until - from) / binMs
    }
  }
  const [width, height, gap] = [1000, 36, 6]
  const colour = (kind: number) => (kind < hues.length ? `hsl(${hues[kind]} 60% 50%)` : '#888')
  const parts: string[] = []
  for (let worker = 0; worker < busyMs.length; worker++) {
    const top = worker * (height + gap)
    parts.push(`<rect x="0" y="${top}" width="${width}" height="${height}" class="back"/>`)
    for (let kind = 0; kind < kinds; kind++) {
      let path = ''
      for (let bin = 0; bin < bins; bin++) {
        const at = (worker * bins + bin) * kinds
        const all = shares.subarray(at, at + kinds).reduce((a, b) => a + b, 0)
        const share = shares[at + kind]
        if (share === 0) continue
        // Overlapping tasks fill a moment more than once.
        const scale = height / Math.max(1, all)
        const below = shares.subarray(at, at + kind).reduce((a, b) => a + b, 0)
        const bottom = top + height - below * scale
        const x = (bin * width) / bins
        path += `M${x.toFixed(1)} ${bottom.toFixed(1)}v${(-share * scale).toFixed(1)}h${(width / bins).toFixed(1)}V${bottom.toFixed(1)}z`
      }
      if (path !== '') parts.push(`<path d="${path}" fill="${colour(kind)}"/>`)
    }
    const label = `worker ${worker + 1}: ${percent(busyMs[worker] / spanMs)} busy`
    parts.push(`<text x="6" y="${top + 14}">${label}</text>`)
  }
  const total = busyMs.length * (height + gap)
  const keys = [...colourOf].map(
    ([name, kind]) => `<span><i style="background:${colour(kind)}"></i>${escaped(name)}</span>`,
  )
  if (functions.length > hues.length) keys.push(`<span><i style="background:${colour(hues.length)}"></i>others</span>`)
  return `<svg viewBox="0 0 ${width} ${total}" role="img" aria-label="What workers did over ${ms(spanMs)}">${parts.join('')}</svg>
<p class="keys">0 to ${ms(spanMs)}: ${keys.join(' ')}</p>`
}

const style = `:root{color-scheme:light dark;font:14px/1.5 system-ui,sans-serif}body{max-width:1040px;margin:24px auto;padding:0 16px}
h1{font-size:22px;margin:0}h2{font-size:16px;margin:28px 0 8px}.dim,dt,thead{color:light-dark(#62666d,#9a9fa8)}
dl{display:flex;flex-wrap:wrap;gap:8px 28px}dt{font-size:12px}dd{margin:0;font-size:20px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}td,th{text-align:right;padding:3px 8px;border-bottom:1px solid light-dark(#e3e3df,#32363e);font-weight:normal;overflow-wrap:anywhere}
td:first-child,th:first-child{text-align:left}svg{width:100%}.back{fill:light-dark(#eee,#2a2d33)}text{font-size:12px;fill:light-dark(#000,#fff)}
.keys span{margin-right:12px}.keys i{display:inline-block;width:10px;height:10px;margin-right:4px}pre{overflow:auto;font-size:12px}`
