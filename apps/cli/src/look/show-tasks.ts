/** A program's tasks as tables, after looking at it for a while. */
import { programAt } from '@skein/dashboard'
import type { Glance, Hello, Message } from '@skein/tasks/observe'
import { CommandError, exitCode } from '../errors.ts'
import { styleFor } from '../style.ts'
import { table } from '../table.ts'
import { chooseProgram } from './programs.ts'

export interface TasksSettings {
  /** Seconds. */
  readonly for?: number
  readonly json?: boolean
}

interface Seen {
  readonly hello: Hello
  readonly first: Glance
  readonly last: Glance
}

export async function showTasks(pid: number | undefined, settings: TasksSettings): Promise<number> {
  const program = chooseProgram('tasks', pid)
  const seen = await lookAt(program, settings.for ?? 1)
  console.log(settings.json ? JSON.stringify({ ...seen.hello, ...seen.last }, null, 2) : tell(seen))
  return exitCode.ok
}

async function lookAt(pid: number, seconds: number): Promise<Seen> {
  const source = await programAt(pid)
  return new Promise((resolve, reject) => {
    let hello: Hello | undefined
    let first: Glance | undefined
    const take = (message: Message) => {
      if (message.is === 'hello') hello = message
      if (message.is !== 'glance') return
      first ??= message
      if (message.atMs - first.atMs < 1000 * seconds) return
      leave()
      resolve({ hello: hello!, first, last: message })
    }
    const leave = source.follow({ ready: () => true, send: text => take(JSON.parse(text) as Message) }, () =>
      reject(new CommandError('tasks', `process ${pid} has ended.`)),
    )
  })
}

const mostFunctions = 20

function tell({ hello, first, last }: Seen): string {
  const style = styleFor(process.stdout)
  const head = (...titles: string[]) => titles.map(title => style('dim', title))
  const { stats } = last
  const ms = (t: number) =>
    t < 1 ? `${(1000 * t).toFixed(1)} µs` : t < 1000 ? `${t.toFixed(2)} ms` : `${(t / 1000).toFixed(2)} s`
  const seconds = (last.atMs - first.atMs) / 1000
  const title = `${hello.program} ${hello.arguments.join(' ')}`.trim()
  const parts = [`${style('bold', title)}  process ${hello.pid}, Node ${hello.node.slice(1)}`]
  if (!stats) return `${parts[0]}\nIt has no engine of tasks at present.`
  const settled = (s: NonNullable<Glance['stats']>) => s.done + s.failed + s.cancelled
  const rate = first.stats ? (settled(stats) - settled(first.stats)) / seconds : 0
  const { waiting, ready, running, done, failed, cancelled, retried, replaced, actors } = stats
  const counts = { waiting, ready, running, done, failed, cancelled, retried, actors, 'workers lost': replaced }
  parts.push(
    table([head('tasks a second', ...Object.keys(counts)), [rate.toFixed(0), ...Object.values(counts).map(String)]], {
      right: [...Array(10).keys()],
    }),
  )
  const busy = (worker: number) =>
    Math.min(1, ((last.busyMs[worker] ?? 0) - (first.busyMs[worker] ?? 0)) / 1000 / seconds)
  const workers = (last.workers ?? []).map(({ worker, state, ran }) => {
    const runs = last.running?.filter(one => one.worker === worker).map(one => `${one.name}#${one.task}`) ?? []
    return [String(worker), state, `${(100 * busy(worker)).toFixed(0)} %`, String(ran), runs.slice(0, 3).join(', ')]
  })
  parts.push(table([head('worker', 'state', 'busy', 'ran', 'runs'), ...workers], { right: [0, 2, 3] }))
  const functions = last.functions
    .slice(0, mostFunctions)
    .map(f => [
      f.name,
      ...[f.done, f.failed, f.cancelled, f.lost].map(String),
      ...[f.sumMs, f.p50Ms, f.p95Ms, f.mostMs].map(ms),
    ])
  const titles = head('function', 'done', 'failed', 'cancelled', 'lost', 'total', 'p50', 'p95', 'longest')
  const since = (last.atMs - hello.observedMs) / 1000
  parts.push(
    functions.length === 0
      ? style('dim', `No task has finished in the last ${since.toFixed(1)} s.`)
      : `${table([titles, ...functions], { right: [1, 2, 3, 4, 5, 6, 7, 8] })}\n${style('dim', `Functions: the last ${since.toFixed(1)} s.`)}`,
  )
  return parts.join('\n\n')
}
