/**
 * Skein's side of the suite. With the argument `Promise.all` results are awaited by it instead of `get`; with `1 worker` there is one,
 * for what the others are compared with; with `traced` it is recorded as by `skein run --trace`, and with `dashboard` a page looks on.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { here, serve as serveDashboard } from '@skein/dashboard'
import { feed } from '@skein/tasks/observe'
import { heap } from 'skein'
import { bag, files, get, type Ref, start } from 'skein/tasks'
import { serve, type Work } from '../harness/serve.ts'
import { type Counts, checksumOf, flightsFile, routeOf, wordsOf } from './flights.ts'
import * as tasks from './skeintasks.ts'
import { afterRest, bytesQueued, oneByOne } from './timing.ts'
import { arrayLength, fillArray, shortSpinSteps, spinSteps } from './work.ts'

const [how] = process.argv.slice(2)
let started = false
if (how === 'dashboard') await openPage()

async function prepare(id: string, n: number, threads: number): Promise<Work | { skip: string }> {
  if (!started) start({ workers: threads })
  started = true
  if (how === 'Promise.all' && id !== 'noop') return { skip: 'the same as with get' }
  if (how === '1 worker' && !id.startsWith('bag')) return { skip: 'measured with all workers' }
  if ((how === 'traced' || how === 'dashboard') && id !== 'busy') return { skip: 'only what it costs to be looked at' }
  const checksum = () => null
  switch (id) {
    case 'noop':
      return { run: () => atOnce(n, tasks.noop), checksum }
    case 'noop-one':
      return { run: tasks.noop, time: oneByOne(tasks.noop), checksum }
    case 'noop-parked':
      return { run: tasks.noop, time: afterRest(tasks.noop), checksum }
    case 'busy':
      return { run: () => get(Array.from({ length: n }, () => tasks.spin(shortSpinSteps))), checksum }
    case 'array-heap_f64':
    case 'array_f64': {
      const x = id === 'array_f64' ? new Float64Array(arrayLength) : heap.f64(arrayLength)
      fillArray(x)
      let total = 0
      const run = async () => {
        total = await tasks.sum(x)
      }
      return { run, checksum: () => total }
    }
    case 'spin':
      return { run: () => get(Array.from({ length: n }, () => tasks.spin(spinSteps))), checksum }
    case 'actor':
    case 'actor-one': {
      const idler = await tasks.Idler.create()
      const call = () => idler.noop()
      return {
        run: id === 'actor' ? () => atOnce(n, call) : call,
        time: id === 'actor' ? undefined : oneByOne(call),
        checksum,
      }
    }
    case 'tree': {
      let total = 0
      const run = async () => {
        total = await tree(n)
      }
      return { run, checksum: () => total }
    }
    case 'bag-routes':
    case 'bag-words': {
      const lines = bag(files.readLines(await flightsFile(n)))
      const words = id === 'bag-routes' ? lines.map(routeOf) : lines.flatMap(wordsOf)
      let counts: Counts = []
      const run = async () => {
        counts = await words.frequencies().toArray()
      }
      return { run, checksum: () => checksumOf(counts) }
    }
    case 'queued': {
      const flag = heap.i32(1)
      const time = () => bytesQueued(threads, n, flag => tasks.hold(flag), tasks.noop, flag)
      return { run: () => {}, time, checksum }
    }
  }
  return { skip: 'not written for Skein' }
}

/** Serves the dashboard, and has another process take what a page takes. */
async function openPage(): Promise<void> {
  feed().hold()
  const { url } = await serveDashboard(here, {})
  const page = spawn(process.execPath, [fileURLToPath(new URL('page.ts', import.meta.url)), url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  page.unref()
  await once(page.stdout, 'data')
  process.once('exit', () => page.kill())
}

async function atOnce(n: number, call: () => Ref<void>): Promise<void> {
  const refs = new Array<Ref<void>>(n)
  for (let i = 0; i < n; i++) refs[i] = call()
  if (how === undefined) await get(refs)
  else await Promise.all(refs)
}

/** Adds the numbers from 0 to n by n tasks, each taking two results. */
function tree(n: number): PromiseLike<number> {
  let level: (number | Ref<number>)[] = Array.from({ length: n + 1 }, (_, i) => i)
  while (level.length > 1) {
    const next: (number | Ref<number>)[] = []
    for (let i = 0; i + 1 < level.length; i += 2) next.push(tasks.add(level[i], level[i + 1]))
    if (level.length % 2 === 1) next.push(level[level.length - 1])
    level = next
  }
  return level[0] as Ref<number>
}

await serve(`skein:threads${how ? `(${how})` : ''}`, prepare)
