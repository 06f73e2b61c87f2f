/** The page: what a program's tasks do, as it goes. */

import { render } from 'preact'
import { useEffect, useReducer, useState } from 'preact/hooks'
import { Chart } from './chart.tsx'
import { bytes, count, ms, percent } from './format.ts'
import { Graphs } from './graph.tsx'
import { follow, Model } from './model.ts'
import { Actors, Functions, Logs, Memory, Moved, Objects, Task } from './tables.tsx'
import { Timeline } from './timeline.tsx'

const model = new Model()
const dark = matchMedia('(prefers-color-scheme: dark)')
const themeNow = (): string => document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light')

function App() {
  const [, update] = useReducer((n: number) => n + 1, 0)
  const [theme, setTheme] = useState(themeNow())
  const [shown, show] = useState<string | undefined>(undefined)
  const [chosen, choose] = useState<number | undefined>(undefined)
  useEffect(() => model.listen(() => update(undefined)), [])
  useEffect(() => {
    const change = () => setTheme(themeNow())
    dark.addEventListener('change', change)
    return () => dark.removeEventListener('change', change)
  }, [])
  const turn = () => {
    document.documentElement.dataset.theme = theme === 'dark' ? 'light' : 'dark'
    setTheme(themeNow())
  }
  const { glance, hello } = model
  const stats = glance?.stats
  const program = hello?.program.split(/[\\/]/).at(-1) ?? ''
  const state = { connecting: 'connecting …', live: 'live', ended: 'the program has ended' }[model.connection]
  document.title = program === '' ? 'Skein' : `${program} – Skein`
  const heap = glance?.holders?.reduce((sum, holder) => sum + holder.bytes, 0) ?? 0
  const rate = model.throughput.columns[0].at(-1) ?? 0
  const tiles: readonly (readonly [name: string, title: string, value: string, bad?: boolean])[] = [
    ['rate', 'tasks / s', count(rate)],
    ['queued', 'queued', count((stats?.waiting ?? 0) + (stats?.ready ?? 0))],
    ['running', 'running', count(stats?.running ?? 0)],
    ['done', 'done', count(stats?.done ?? 0)],
    ['failed', 'failed', count(stats?.failed ?? 0), (stats?.failed ?? 0) > 0],
    ['cancelled', 'cancelled', count(stats?.cancelled ?? 0)],
    ['retried', 'retried', count(stats?.retried ?? 0)],
    ['workers', 'workers', count(stats?.workers ?? 0)],
    ['busy', 'busy', percent(model.busy)],
    ['actors', 'actors', count(stats?.actors ?? 0)],
    ['heap', 'shared heap', bytes(heap)],
    ['resident', 'process', bytes(glance?.residentBytes ?? 0)],
  ]
  return (
    <>
      <header class="top">
        <h1>
          {program || 'Skein'} <small class="dim">{hello && `process ${hello.pid}, Node ${hello.node.slice(1)}`}</small>
        </h1>
        <output id="state" class={model.connection}>
          {state}
        </output>
        <button type="button" onClick={turn} aria-label={`Change to ${theme === 'dark' ? 'light' : 'dark'} colours`}>
          {theme === 'dark' ? '☀' : '☾'}
        </button>
      </header>
      <main>
        <dl class="tiles">
          {tiles.map(([name, title, value, bad]) => (
            <div key={name} class="card">
              <dt>{title}</dt>
              <dd data-stat={name} class={bad ? 'bad' : undefined}>
                {value}
              </dd>
            </div>
          ))}
        </dl>
        <div class="charts">
          <Chart
            model={model}
            theme={theme}
            series={model.throughput}
            title="Throughput"
            labels={['tasks a second']}
            format={short}
          />
          <Chart
            model={model}
            theme={theme}
            series={model.queue}
            title="Tasks"
            labels={['queued', 'running']}
            format={short}
          />
          <Chart
            model={model}
            theme={theme}
            series={model.lag}
            title="Event-loop lag"
            labels={['longest']}
            format={ms}
          />
        </div>
        <Timeline model={model} theme={theme} shown={shown} chosen={chosen} choose={choose} />
        {model.rowsMissed > 0 && (
          <p class="dim">
            {count(model.rowsMissed)} of {count(glance?.written ?? 0)} attempts are not in the timeline: of many at once
            it has the longest, the failed and an even share. The table of functions counts all.
          </p>
        )}
        <Graphs model={model} choose={choose} />
        <Functions model={model} shown={shown} show={show} />
        <Task model={model} chosen={chosen} choose={choose} />
        <div class="pair">
          <Actors model={model} />
          <Memory model={model} />
        </div>
        <Objects model={model} />
        <Moved model={model} />
        <Logs model={model} />
      </main>
    </>
  )
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const short = (n: number): string => compact.format(n)

render(<App />, document.getElementById('app')!)
follow(model)
