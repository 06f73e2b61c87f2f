/**
 * Pools of worker threads as they come from npm, messages by hand, and no worker at all: `pools.ts <peer> [tuned]`. Tuned are the
 * options by which each was fastest with short tasks.
 */
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { serve, type Work } from '../harness/serve.ts'
import { findNpmPeer, requirePeer } from '../harness/toolchain.ts'
import { type Counts, checksumOf, countRoutes, countWords, flightsFile } from './flights.ts'
import { afterRest, bytesQueued, oneByOne } from './timing.ts'
import { arrayLength, fillArray, type Job, run, spinSteps } from './work.ts'

const [name, tuned] = process.argv.slice(2)

type Call = (job: Job) => Promise<unknown>

const workerFile = (file: string) => fileURLToPath(new URL(`workers/${file}.ts`, import.meta.url))

/** A worker's answers find their promises by number. */
function post(threads: number, batched: boolean): Call {
  const waiting = new Map<number, (value: unknown) => void>()
  type Answer = { id: number; value: unknown }
  const settle = ({ id, value }: Answer) => {
    waiting.get(id)!(value)
    waiting.delete(id)
  }
  const workers = Array.from({ length: threads }, () => new Worker(workerFile('post')))
  for (const worker of workers) {
    worker.on('message', (answer: Answer | Answer[]) => {
      if (Array.isArray(answer)) for (const one of answer) settle(one)
      else settle(answer)
    })
  }
  let next = 0
  const held: { id: number; job: Job }[][] = workers.map(() => [])
  let isHeld = false
  /** The calls of one turn, at most so many in a message. */
  const mostInMessage = 1024
  const flush = () => {
    isHeld = false
    held.forEach((jobs, k) => {
      for (let i = 0; i < jobs.length; i += mostInMessage) workers[k].postMessage(jobs.slice(i, i + mostInMessage))
      held[k] = []
    })
  }
  return job =>
    new Promise(resolve => {
      const id = next++
      waiting.set(id, resolve)
      if (!batched) return workers[id % threads].postMessage({ id, job })
      held[id % threads].push({ id, job })
      if (!isHeld) queueMicrotask(flush)
      isHeld = true
    })
}

function open(threads: number): Call {
  const sizes = { minThreads: threads, maxThreads: threads, idleTimeout: 1e9 }
  switch (name) {
    case 'piscina': {
      const options = tuned ? { concurrentTasksPerWorker: 64, recordTiming: false, atomics: 'disabled' } : {}
      const { Piscina } = requirePeer('piscina')
      const piscina = new Piscina({ ...sizes, ...options, filename: workerFile('function') })
      return job => piscina.run(job)
    }
    case 'tinypool': {
      const options = tuned ? { concurrentTasksPerWorker: 64, useAtomics: false } : {}
      const found = requirePeer('tinypool')
      const tinypool = new (found.Tinypool ?? found.default)({ ...sizes, ...options, filename: workerFile('function') })
      return job => tinypool.run(job)
    }
    case 'poolifier': {
      const { FixedThreadPool } = requirePeer('poolifier')
      const poolifier = new FixedThreadPool(threads, workerFile('poolifier'), { errorHandler: console.error })
      return job => poolifier.execute(job)
    }
    case 'workerpool': {
      const options = { minWorkers: threads, maxWorkers: threads, workerType: 'thread' }
      const workerpool = requirePeer('workerpool').pool(workerFile('workerpool'), options)
      return job => workerpool.exec('run', [job])
    }
    case 'comlink': {
      // It has no pool: its workers in turn.
      const comlink = requirePeer('comlink')
      const adapter = requirePeer('comlink/dist/umd/node-adapter.js')
      const remotes = Array.from({ length: threads }, () => {
        const worker = new Worker(workerFile('comlink')).setMaxListeners(0)
        return comlink.wrap((adapter.default ?? adapter)(worker))
      })
      let next = 0
      return job => remotes[next++ % threads].run(job)
    }
    case 'postMessage':
      return post(threads, tuned !== undefined)
    default:
      return async job => run(job)
  }
}

const shared = (length: number) => new Float64Array(new SharedArrayBuffer(length * 8))

/** The pool, and the one worker that stands for an actor. */
let pool: Call | undefined
let single: Call | undefined

async function prepare(id: string, n: number, threads: number): Promise<Work | { skip: string }> {
  if (id.startsWith('bag')) return name === 'none' ? counted(id, n) : { skip: 'it has no bags' }
  if (name === 'none' && !/^(array|spin)/.test(id)) return { skip: 'there is nothing to measure without a worker' }
  // An object in one worker is the nearest that one of these has to an actor.
  if (id.startsWith('actor') && name !== 'comlink') return { skip: 'it has no actors' }
  if (id === 'tree') return { skip: 'it has no references' }
  const here = id.startsWith('actor') ? (single ??= open(1)) : (pool ??= open(threads))
  const noop = () => here({ op: 'noop' })
  const checksum = () => null
  switch (id) {
    case 'noop':
    case 'actor':
      return { run: () => Promise.all(Array.from({ length: n }, noop)), checksum }
    case 'noop-one':
    case 'actor-one':
      return { run: noop, time: oneByOne(noop), checksum }
    case 'noop-parked':
      return { run: noop, time: afterRest(noop), checksum }
    case 'array-heap_f64':
    case 'array_f64': {
      const x = fillArray(id === 'array_f64' ? new Float64Array(arrayLength) : shared(arrayLength))
      let total = 0
      const run = async () => {
        total = (await here({ op: 'sum', x })) as number
      }
      return { run, checksum: () => total, threads: name === 'none' ? 1 : threads }
    }
    case 'spin': {
      const job: Job = { op: 'spin', n: spinSteps }
      const run = () => Promise.all(Array.from({ length: n }, () => here(job)))
      return { run, checksum, threads: name === 'none' ? 1 : threads }
    }
    case 'queued': {
      // The slowest would need minutes for a million, and the bytes of one are the same.
      const some = Math.min(n, 50_000)
      const time = () => bytesQueued(threads, some, flag => here({ op: 'hold', flag }), noop)
      return { run: () => {}, time, checksum }
    }
  }
  return { skip: `not written for ${name}` }
}

async function counted(id: string, n: number): Promise<Work> {
  const path = await flightsFile(n)
  const count = id === 'bag-routes' ? countRoutes : countWords
  let counts: Counts = []
  const run = () => {
    counts = count(path)
  }
  return { run, checksum: () => checksumOf(counts), threads: 1 }
}

const who = {
  none: 'plain JS, no worker',
  postMessage: `postMessage (Node ${process.versions.node})${tuned ? ' batched' : ''}`,
}
await serve(who[name as 'none'] ?? `${name} ${findNpmPeer(name)?.version}${tuned ? ' tuned' : ''}`, prepare)
