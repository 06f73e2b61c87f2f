/**
 * The peer that everyone has: plain JavaScript on typed arrays, on one thread or on a few worker threads.
 * With the argument `set` it is TypedArray.set instead, the engine's own memory copy, for the cases that are no more.
 */
import { isMainThread, workerData } from 'node:worker_threads'
import { serve, type Work } from '../harness/serve.ts'
import { timeAfterRest } from './apart.ts'
import {
  checksum,
  fill,
  onHeap,
  plainId,
  sharedBetweenThreads,
  streamX,
  streamY,
  waveSource,
  waveStep,
} from './data.ts'
import { followCaller, forkJoin } from './forkjoin.ts'
import { jobs } from './plainjobs.ts'

if (!isMainThread) {
  const { control, index, parts, id, n, arrays, phaseCell } = workerData
  const { part } = jobs[id]
  followCaller(control, () => part(arrays, n, phaseCell[0], index, parts))
}

async function prepare(id: string, n: number, threads: number): Promise<Work | { skip: string }> {
  if (id === 'first-call_f32' || id === 'cached-call_f32')
    return threads === 1 ? wave(id, n) : { skip: 'one thread only' }
  const outside = id.includes('-outside')
  if (outside && threads > 1) return { skip: 'one thread only' }
  const name = plainId(id)
  const job = jobs[name]
  if (!job) return { skip: 'not written in plain JavaScript' }
  if (threads === 1 && id.startsWith('empty')) return { skip: 'nothing to measure on one thread' }

  const arrays = job.arrays(n, threads === 1 ? onHeap : sharedBetweenThreads, threads)
  const phases = job.phases?.(n, threads) ?? 1
  const sum = () => job.value?.(arrays) ?? checksum(...job.outputs(arrays))
  const before = () => job.before?.(arrays, n)
  if (threads === 1) {
    const run = () => {
      for (let phase = 0; phase < phases; phase++) job.part(arrays, n, phase, 0, 1)
    }
    return { run, before, checksum: sum, threads }
  }
  const phaseCell = sharedBetweenThreads('i32', 1)
  const team = await forkJoin(new URL(import.meta.url), threads - 1, { id: name, n, arrays, phaseCell })
  const run = () => {
    for (let phase = 0; phase < phases; phase++) {
      phaseCell[0] = phase
      team.run(() => job.part(arrays, n, phase, 0, threads))
    }
  }
  const time = id === 'empty-parked' ? timeAfterRest(run) : undefined
  return { run, before, time, checksum: sum, threads, free: team.stop }
}

type Wave = (i: number, out: Float32Array, x: Float32Array, y: Float32Array, dt: number) => void

/** What the engine itself needs to read, compile and run the function of the first-call case. */
function wave(id: string, n: number): Work {
  const out = onHeap('f32', n)
  const x = fill(onHeap('f32', n), streamX)
  const y = fill(onHeap('f32', n), streamY)
  let tag = 0
  const make = () => new Function(`return ${waveSource(tag++)}`)() as Wave
  const known = make()
  const call = (f: Wave) => {
    for (let i = 0; i < n; i++) f(i, out, x, y, waveStep)
  }
  return { run: () => call(id.startsWith('first') ? make() : known), checksum: () => checksum(out), threads: 1 }
}

function prepareSet(id: string, n: number): Work | { skip: string } {
  const [name, dtype] = id.split('_')
  if (!name.startsWith('copy')) return { skip: 'only copies' }
  const from = fill(onHeap(dtype as 'f32' | 'f64', n), streamX)
  const to = onHeap(dtype as 'f32' | 'f64', n)
  return { run: () => to.set(from), checksum: () => checksum(to), threads: 1 }
}

if (isMainThread) {
  if (process.argv[2] === 'set') await serve(`TypedArray.set (Node ${process.versions.node})`, prepareSet)
  else await serve(`plain JS (Node ${process.versions.node})`, prepare)
}
