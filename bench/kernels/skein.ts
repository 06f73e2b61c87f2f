/**
 * Skein's side of the suite: `skein.ts <backend> [fast | copies]`. With `copies` nothing is computed: it times how long
 * the arrays of the `-outside` cases take to be copied into the shared heap and back.
 */
import { type BackendName, heap } from 'skein'
import { serve, type Work } from '../harness/serve.ts'
import { timeAfterRest } from './apart.ts'
import {
  type Allocate,
  alive,
  bodies,
  checksum,
  distances,
  fill,
  generations,
  hash01,
  type Numbers,
  onHeap,
  pathBlock,
  pathStride,
  poisson,
  riskFree,
  saxpyScale,
  smallWhole,
  options as stockOptions,
  streamX,
  streamY,
  sumX,
  triadScale,
  volatility,
  waveStep,
  withoutPadding,
} from './data.ts'
import * as skein from './skeinkernels.ts'

const [named = 'wasm', kind] = process.argv.slice(2)
const backend = named as BackendName
const options: skein.KernelOptions = kind === 'fast' ? { fast: true } : {}

/** Allocates in the shared heap and remembers what to free. */
function inHeap(): { allocate: Allocate; free: () => void } {
  const held: Disposable[] = []
  const allocate: Allocate = (dtype, length) => {
    const array = heap[dtype](length)
    held.push(array)
    return array as never
  }
  return {
    allocate,
    free: () => {
      for (const array of held) array[Symbol.dispose]()
    },
  }
}

function prepare(id: string, n: number, threads: number): Work | { skip: string } {
  const outside = id.includes('-outside')
  const { allocate, free } = outside ? { allocate: onHeap, free: () => {} } : inHeap()
  const work = prepareCase(id.replace('-outside', ''), n, threads, allocate)
  return 'skip' in work ? work : { ...work, threads, free }
}

function prepareCase(id: string, n: number, threads: number, allocate: Allocate): Work | { skip: string } {
  const [name, dtype] = id.split('_')
  const real = dtype as 'f32' | 'f64'
  switch (name) {
    case 'copy': {
      const k = skein.streams(options).copy.on(backend).with({ threads })
      const x = fill(allocate(real, n), streamX)
      const y = allocate(real, n)
      return { run: () => k(n, x, y), checksum: () => checksum(y) }
    }
    case 'triad': {
      const k = skein.streams(options).triad.on(backend).with({ threads })
      const x = fill(allocate(real, n), streamX)
      const y = fill(allocate(real, n), streamY)
      const z = allocate(real, n)
      return { run: () => k(n, triadScale, x, y, z), checksum: () => checksum(z) }
    }
    case 'saxpy': {
      const k = skein.streams(options).saxpy.on(backend).with({ threads })
      const x = fill(allocate(real, n), streamX)
      const y = fill(allocate(real, n), streamY)
      return { run: () => k(n, saxpyScale, x, y), checksum: () => checksum(y) }
    }
    case 'sum': {
      const k = skein.streams(options).sum.on(backend).with({ threads })
      const x = fill(allocate(real, n), sumX)
      let total = 0
      const run = () => {
        total = Number(k(n, x))
      }
      return { run, checksum: () => total }
    }
    case 'fused': {
      const k = skein.fused(options).on(backend).with({ threads })
      const x = fill(allocate('f32', n), streamX)
      const y = fill(allocate('f32', n), streamY)
      const out = allocate('f32', n)
      return { run: () => k(n, x, y, out), checksum: () => checksum(out) }
    }
    case 'mandelbrot': {
      const k = skein
        .mandelbrot({ ...options, float: real })
        .on(backend)
        .with({ threads })
      const out = allocate('i32', n * n)
      return { run: () => k([n, n], out, n), checksum: () => checksum(out) }
    }
    case 'n-body': {
      const k = skein.nBody(options).on(backend).with({ threads })
      const { x, y, z, m } = bodies(n, allocate)
      const [ax, ay, az] = [0, 1, 2].map(() => allocate('f32', n))
      return { run: () => k(n, n, x, y, z, m, ax, ay, az), checksum: () => checksum(ax, ay, az) }
    }
    case 'black-scholes': {
      const k = skein.blackScholes(options).on(backend).with({ threads })
      const { spot, strike, years } = stockOptions(n, allocate)
      const call = allocate('f32', n)
      const put = allocate('f32', n)
      const run = () => k(n, riskFree, volatility, spot, strike, years, call, put)
      return { run, checksum: () => checksum(call, put) }
    }
    case 'histogram': {
      const k = skein.histogram(options).on(backend).with({ threads })
      const x = fill(allocate('f32', n), i => hash01(i, 0))
      const bins = allocate('i32', 256)
      const run = () => {
        bins.fill(0)
        k(n, x, bins)
      }
      return { run, checksum: () => checksum(bins) }
    }
    case 'prefix-sum': {
      const k = skein.prefixSum(options).on(backend).with({ threads })
      const whole = dtype === 'i32'
      const x = fill<Numbers>(
        allocate(whole ? 'i32' : 'f32', n),
        whole ? smallWhole : i => hash01(i, 0),
      ) as Float32Array
      const out = allocate(whole ? 'i32' : 'f32', n) as Float32Array
      return { run: () => k(n, out, x), checksum: () => checksum(out) }
    }
    case 'spmv': {
      const k = skein.spmv(options).on(backend).with({ threads })
      const { rows, start, column, value, vector } = poisson(n, allocate)
      const out = allocate('f64', rows)
      return { run: () => k(rows, start, column, value, vector, out), checksum: () => checksum(out) }
    }
    case 'floyd-warshall':
      return floydWarshall(n, threads, allocate)
    case 'life': {
      const k = skein.life(options).on(backend).with({ threads })
      const now = allocate('u8', n * n)
      const next = allocate('u8', n * n)
      const first = fill(onHeap('u8', n * n), alive(n))
      const size = [n - 2, n - 2] as [number, number]
      const run = () => {
        for (let g = 0; g < generations; g += 2) {
          k(size, n, now, next)
          k(size, n, next, now)
        }
      }
      return { run, before: () => now.set(first), checksum: () => checksum(now) }
    }
    case 'empty-awake':
    case 'empty-parked': {
      // Chunks of one index, so that each thread is called for its part.
      const k = skein.empty(options).on(backend).with({ threads, schedule: 'static', chunk: 1 })
      const a = allocate('i32', 1)
      const run = () => k(threads, a)
      return { run, checksum: () => 0, time: name === 'empty-parked' ? timeAfterRest(run) : undefined }
    }
    case 'first-call':
    case 'cached-call': {
      const out = allocate('f32', n)
      const x = fill(allocate('f32', n), streamX)
      const y = fill(allocate('f32', n), streamY)
      let tag = 0
      const make = () => skein.wave(tag++, options).on(backend).with({ threads })
      const known = make()
      const run = name === 'first-call' ? () => make()(n, out, x, y, waveStep) : () => known(n, out, x, y, waveStep)
      return { run, checksum: () => checksum(out) }
    }
  }
  return { skip: 'not written for Skein' }
}

function floydWarshall(n: number, threads: number, allocate: Allocate): Work {
  const kernels = skein.floydWarshall(options)
  const diagonal = kernels.diagonal.on(backend).with({ threads: 1 })
  const ofRows = kernels.rows.on(backend).with({ threads })
  const ofColumns = kernels.columns.on(backend).with({ threads })
  const rest = kernels.rest.on(backend).with({ threads })
  const d = distances(n, allocate)
  const stride = pathStride(n)
  const rows = allocate('f32', pathBlock * stride)
  const columns = allocate('f32', n * pathBlock)
  const first = distances(n, onHeap)
  const run = () => {
    for (let k0 = 0; k0 < n; k0 += pathBlock) {
      for (let k = 0; k < pathBlock; k++) diagonal([pathBlock, pathBlock], stride, k0, k, d)
      ofRows([pathBlock, n], stride, k0, d, rows)
      ofColumns([n, pathBlock], stride, k0, d, columns)
      rest([n / 4, n], stride, d, rows, columns)
    }
  }
  return { run, before: () => d.set(first), checksum: () => checksum(withoutPadding(n, d)) }
}

/** What the `-outside` cases spend on memory traffic that a heap array spares them. */
function prepareCopies(id: string, n: number): Work | { skip: string } {
  if (!id.includes('-outside')) return { skip: 'no copies to time' }
  const [name, dtype] = id.split('_') as [string, 'f32' | 'f64']
  const array = fill(onHeap(dtype, n), streamX)
  const held = heap[dtype](n)
  const [into, back] = { copy: [1, 1], triad: [2, 1], saxpy: [2, 1], sum: [1, 0] }[name.replace('-outside', '')]!
  const run = () => {
    for (let k = 0; k < into; k++) held.set(array)
    for (let k = 0; k < back; k++) array.set(held)
  }
  return { run, checksum: () => null, threads: 1, free: () => held[Symbol.dispose]() }
}

if (kind === 'copies') await serve(`skein:${backend}(copies alone)`, prepareCopies)
else await serve(`skein:${backend}${kind ? `(${kind})` : ''}`, prepare)
