/** The tables of the page: functions, failures, actors, memory, objects, serialization and transfer, logs, and the story of one task. */

import type { FunctionSummary, Row, Story, TransferCounts } from '@skein/tasks/observe'
import { useEffect, useRef, useState } from 'preact/hooks'
import { bytes, clock, count, hueOf, ms } from './format.ts'
import { address, type Model } from './model.ts'

type Column = readonly [title: string, key: keyof FunctionSummary, format: (value: never) => string]

const columns: readonly Column[] = [
  ['done', 'done', count],
  ['failed', 'failed', count],
  ['cancelled', 'cancelled', count],
  ['lost', 'lost', count],
  ['total', 'sumMs', ms],
  ['p50', 'p50Ms', ms],
  ['p95', 'p95Ms', ms],
  ['longest', 'mostMs', ms],
  ['waited p50', 'waitP50Ms', ms],
]

export interface FunctionsProps {
  readonly model: Model
  readonly shown: string | undefined
  readonly show: (name: string | undefined) => void
}

export function Functions({ model, shown, show }: FunctionsProps) {
  const [by, setBy] = useState<keyof FunctionSummary>('sumMs')
  const functions = [...(model.glance?.functions ?? [])].sort((a, b) =>
    by === 'name' ? a.name.localeCompare(b.name) : Number(b[by]) - Number(a[by]),
  )
  const heading = (title: string, key: keyof FunctionSummary) => (
    <th key={key} scope="col" aria-sort={by === key ? (key === 'name' ? 'ascending' : 'descending') : undefined}>
      <button type="button" onClick={() => setBy(key)}>
        {title}
      </button>
    </th>
  )
  return (
    <section class="card" aria-labelledby="functions-title">
      <header>
        <h2 id="functions-title">Functions</h2>
        <span class="dim">attempts since looking began; choose one to see it alone in the timeline</span>
      </header>
      <div class="scroll">
        <table id="functions">
          <thead>
            <tr>
              {heading('function', 'name')}
              {columns.map(([title, key]) => heading(title, key))}
            </tr>
          </thead>
          <tbody>
            {functions.map(f => (
              <tr key={f.name} data-function={f.name}>
                <th scope="row">
                  <button
                    type="button"
                    aria-pressed={shown === f.name}
                    onClick={() => show(shown === f.name ? undefined : f.name)}
                  >
                    <i class="swatch" style={`--hue: ${hueOf(f.name)}`} />
                    {f.name}
                  </button>
                </th>
                {columns.map(([, key, format]) => (
                  <td key={key} data-column={key} class={key === 'failed' && f.failed > 0 ? 'bad' : undefined}>
                    {format(f[key] as never)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {functions.length === 0 && <p class="dim">No task has finished yet.</p>}
      </div>
    </section>
  )
}

export interface TaskProps {
  readonly model: Model
  readonly chosen: number | undefined
  readonly choose: (task: number | undefined) => void
}

const failuresShown = 20

/** One task's story; and a choice of those that went wrong. */
export function Task({ model, chosen, choose }: TaskProps) {
  const [story, setStory] = useState<Story | string | undefined>(undefined)
  useEffect(() => {
    setStory(undefined)
    if (chosen === undefined) return
    const stop = new AbortController()
    fetch(address(`/story?task=${chosen}`), { signal: stop.signal })
      .then(async response => setStory(response.ok ? await response.json() : (await response.json()).error))
      .catch(() => stop.signal.aborted || setStory('The program cannot be asked any more.'))
    return () => stop.abort()
  }, [chosen])
  const failures: number[] = []
  for (const row of model.latest()) {
    if (model.outcome[row] !== 0) failures.push(row)
    if (failures.length === failuresShown) break
  }
  return (
    <section class="card" aria-labelledby="task-title">
      <header>
        <h2 id="task-title">{chosen === undefined ? 'One task' : `Task ${chosen}`}</h2>
        <form
          onSubmit={event => {
            event.preventDefault()
            const task = Number(new FormData(event.currentTarget as HTMLFormElement).get('task'))
            if (task > 0) choose(task)
          }}
        >
          <label>
            number <input name="task" inputMode="numeric" pattern="[0-9]+" size={8} required />
          </label>
          <button type="submit">Show</button>
        </form>
      </header>
      <div id="story" aria-live="polite">
        {chosen === undefined && <p class="dim">Click a task in the timeline, or give its number.</p>}
        {typeof story === 'string' && <p>{story}</p>}
        {typeof story === 'object' && <StoryOf story={story} />}
      </div>
      {failures.length > 0 && (
        <details open={chosen === undefined}>
          <summary>The latest that did not end well</summary>
          <ul id="failures">
            {failures.map(row => (
              <li key={row}>
                <button type="button" onClick={() => choose(model.task[row])}>
                  {model.names[model.name[row]]}#{model.task[row]}
                </button>{' '}
                <span class="bad">{model.hello?.outcomes[model.outcome[row]]}</span> {clock(model.startedMs[row])}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  )
}

const caller = ({ caller }: Row): string => (caller === 0 ? 'the main program' : `a task on worker ${caller}`)

function Head({ titles }: { readonly titles: readonly string[] }) {
  return (
    <thead>
      <tr>
        {titles.map((title, i) => (
          <th key={`${title} ${i}`} scope="col">
            {title}
          </th>
        ))}
      </tr>
    </thead>
  )
}

function StoryOf({ story: { attempts, submitted, error } }: { readonly story: Story }) {
  return (
    <>
      {attempts.length > 0 && (
        <p>
          <b>{attempts[0].name}</b>, submitted by {caller(attempts[0])} at {clock(attempts[0].submittedMs)}
        </p>
      )}
      <table>
        <Head titles={['attempt', 'outcome', 'worker', 'waited', 'started', 'took']} />
        <tbody>
          {attempts.map((row, i) => (
            <tr key={row.number}>
              <td>{i + 1}</td>
              <td class={row.outcome === 'done' ? 'good' : 'bad'}>{row.outcome}</td>
              <td>{row.worker || 'never ran'}</td>
              <td>{ms(row.startedMs - row.submittedMs)}</td>
              <td>{clock(row.startedMs)}</td>
              <td>{ms(row.endedMs - row.startedMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {error !== '' && (
        <>
          <h3>What it failed with</h3>
          <pre>{error}</pre>
        </>
      )}
      {submitted !== '' && (
        <>
          <h3>Where it was submitted</h3>
          <pre>{submitted}</pre>
        </>
      )}
    </>
  )
}

export function Actors({ model }: { readonly model: Model }) {
  const actors = model.glance?.actors ?? []
  return (
    <section class="card" aria-labelledby="actors-title">
      <h2 id="actors-title">Actors</h2>
      {actors.length === 0 ? (
        <p class="dim">There are none.</p>
      ) : (
        <div class="scroll">
          <table id="actors">
            <Head titles={['actor', 'class', 'name', 'worker', 'restarts left', 'state']} />
            <tbody>
              {actors.map(a => (
                <tr key={a.actor}>
                  <td>{a.actor}</td>
                  <td>{a.definition}</td>
                  <td>{a.name || '–'}</td>
                  <td>{a.worker}</td>
                  <td>{a.restartsLeft ?? '∞'}</td>
                  <td class={a.died === '' ? 'good' : 'bad'}>{a.died === '' ? 'lives' : `died: ${a.died}`}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

export function Memory({ model }: { readonly model: Model }) {
  const holders = model.glance?.holders ?? []
  const most = Math.max(1, ...holders.map(holder => holder.bytes))
  return (
    <section class="card" aria-labelledby="memory-title">
      <h2 id="memory-title">Shared heap, by label</h2>
      {holders.length === 0 ? (
        <p class="dim">Nothing lies there.</p>
      ) : (
        <table id="memory">
          <Head titles={['label', 'blocks', 'bytes', 'share']} />
          <tbody>
            {holders.map(({ label, bytes: held, blocks }) => (
              <tr key={label} data-label={label}>
                <th scope="row">{label || 'without a label'}</th>
                <td>{count(blocks)}</td>
                <td>{bytes(held)}</td>
                <td class="bar">
                  <i style={`width: ${(100 * held) / most}%`} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

/** Results of tasks, and what was `put`: whose, from which call, and where they lie. */
export function Objects({ model }: { readonly model: Model }) {
  const objects = model.glance?.stats?.objects
  const holders = objects?.holders ?? []
  return (
    <section class="card" aria-labelledby="objects-title">
      <header>
        <h2 id="objects-title">Objects, by owner and call</h2>
        {objects && (
          <span class="dim" id="objects-summary">
            {count(objects.count)}: {bytes(objects.bytes)} in memory, {bytes(objects.diskBytes)} on disk;{' '}
            {count(objects.spilled)} written there, {count(objects.readBack)} read back, {count(objects.lost)} lost
          </span>
        )}
      </header>
      {holders.length === 0 ? (
        <p class="dim">No result and nothing that was put takes 4 KiB or more.</p>
      ) : (
        <div class="scroll">
          <table id="objects">
            <Head titles={['owner', 'call', 'objects', 'in memory', 'on disk']} />
            <tbody>
              {holders.map(holder => (
                <tr key={`${holder.owner} ${holder.site}`} data-owner={holder.owner}>
                  <th scope="row">{holder.owner}</th>
                  <td class="site">{holder.site || 'not known'}</td>
                  <td>{count(holder.count)}</td>
                  <td>{bytes(holder.bytes)}</td>
                  <td>{bytes(holder.diskBytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

const callsShown = 20

/** What it costs to bring values from thread to thread. */
export function Moved({ model }: { readonly model: Model }) {
  const { client, workers, calls } = model.glance?.transfers ?? { workers: [], calls: [] }
  const titles = ['packed', 'bytes', 'took', 'unpacked', 'bytes', 'took', 'arrays copied', 'bytes', 'took']
  return (
    <section class="card" aria-labelledby="moved-title">
      <header>
        <h2 id="moved-title">Serialization and transfer</h2>
        <span class="dim">
          values as bytes and back, and arrays, copied into the heap or shared as they lie there, since looking began
        </span>
      </header>
      <div class="scroll">
        <table id="moved">
          <Head titles={['thread', ...titles, 'arrays shared', 'bytes']} />
          <tbody>
            {client && <MovedRow name="main program" counts={client} shared />}
            {workers.map((counts, i) => (
              <MovedRow key={`worker ${i + 1}`} name={`worker ${i + 1}`} counts={counts} shared />
            ))}
          </tbody>
        </table>
        {calls.length > 0 && (
          <table id="moved-by-call">
            <Head titles={['function, from the main program', ...titles]} />
            <tbody>
              {calls.slice(0, callsShown).map(call => (
                <MovedRow key={call.name} name={call.name} counts={call} />
              ))}
            </tbody>
          </table>
        )}
      </div>
    </section>
  )
}

interface MovedRowProps {
  readonly name: string
  readonly counts: TransferCounts
  readonly shared?: boolean
}

function MovedRow({ name, counts: c, shared }: MovedRowProps) {
  return (
    <tr data-moved={name}>
      <th scope="row">{name}</th>
      <td data-column="packed">{count(c.packed)}</td>
      <td data-column="packedBytes">{bytes(c.packedBytes)}</td>
      <td>{ms(c.packMs)}</td>
      <td data-column="unpacked">{count(c.unpacked)}</td>
      <td data-column="unpackedBytes">{bytes(c.unpackedBytes)}</td>
      <td>{ms(c.unpackMs)}</td>
      <td data-column="copied">{count(c.copied)}</td>
      <td data-column="copiedBytes">{bytes(c.copiedBytes)}</td>
      <td>{ms(c.copyMs)}</td>
      {shared && <td data-column="shared">{count(c.shared)}</td>}
      {shared && <td data-column="sharedBytes">{bytes(c.sharedBytes)}</td>}
    </tr>
  )
}

const linesShown = 500

export function Logs({ model }: { readonly model: Model }) {
  const [worker, setWorker] = useState(0)
  const list = useRef<HTMLPreElement>(null)
  const follows = useRef(true)
  const lines = model.lines.filter(line => worker === 0 || line.worker === worker).slice(-linesShown)
  useEffect(() => {
    if (follows.current && list.current) list.current.scrollTop = list.current.scrollHeight
  })
  return (
    <section class="card" aria-labelledby="logs-title">
      <header>
        <h2 id="logs-title">Output of workers</h2>
        <label>
          from{' '}
          <select onChange={event => setWorker(Number(event.currentTarget.value))}>
            <option value={0}>all</option>
            {(model.glance?.workers ?? []).map(w => (
              <option key={w.worker} value={w.worker}>
                worker {w.worker}
              </option>
            ))}
          </select>
        </label>
        {model.linesMissed > 0 && <span class="dim">{count(model.linesMissed)} lines were not kept</span>}
      </header>
      <pre
        id="logs"
        ref={list}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard
        tabIndex={0}
        onScroll={({ currentTarget: e }) => {
          follows.current = e.scrollTop + e.clientHeight >= e.scrollHeight - 8
        }}
      >
        {lines.map((line, i) => (
          <div key={`${line.atMs} ${i}`} class={line.stream === 'stderr' ? 'bad' : undefined}>
            <span class="dim">
              {clock(line.atMs)} {line.worker}
            </span>{' '}
            {line.text}
          </div>
        ))}
      </pre>
      {lines.length === 0 && <p class="dim">Nothing has been printed.</p>}
    </section>
  )
}
