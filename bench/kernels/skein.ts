/**
 * Skein's side of the suite: `skein.ts <backend> [fast | avx2 | copies | compile <tag>]`. With `copies` nothing is computed: it times how long
 * the arrays of the `-outside` cases take to be copied into the shared heap and back.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type BackendName, heap } from 'skein'
import { serve, type Work } from '../harness/serve.ts'
import { timeAfterRest } from './apart.ts'
import {
  type Allocate,
  alive,
  batchCount,
  bodies,
  checksum,
  distances,
  fill,
  generations,
  hash01,
  matrixA,
  matrixB,
  type Numbers,
  onHeap,
  pathBlock,
  pathStride,
  plainId,
  poisson,
  type Real,
  type Reals,
  riskFree,
  saxpyScale,
  smallWhole,
  options as stockOptions,
  streamX,
  streamY,
  sumX,
  triadScale,
  volatility,
  warm,
  waveStep,
  withoutPadding,
} from './data.ts'
import * as skein from './skeinkernels.ts'
import { otherProduct } from './skeinproducts.ts'

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
  const work = prepareCase(plainId(id), n, threads, allocate)
  return 'skip' in work ? work : { ...work, threads, free }
}

function prepareCase(id: string, n: number, threads: number, allocate: Allocate): Work | { skip: string } {
  const [name, dtype] = id.split('_')
  const real = dtype as Real
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
      const x = fill<Reals>(allocate(real, n), streamX)
      const y = fill<Reals>(allocate(real, n), streamY)
      const out = allocate(real, n)
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
      const { x, y, z, m } = bodies(n, allocate, real)
      const [ax, ay, az] = [0, 1, 2].map(() => allocate(real, n))
      return { run: () => k(n, n, x, y, z, m, ax, ay, az), checksum: () => checksum(ax, ay, az) }
    }
    case 'black-scholes': {
      const k = skein.blackScholes(options).on(backend).with({ threads })
      const { spot, strike, years } = stockOptions(n, allocate, real)
      const call = allocate(real, n)
      const put = allocate(real, n)
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
    case 'heat': {
      const k = skein.heat(options).on(backend).with({ threads })
      const first = fill<Reals>(onHeap(real, n * n), warm)
      const [from, to] = [0, 1].map(() => fill<Reals>(allocate(real, n * n), i => first[i]))
      const size = [n - 2, n - 2] as [number, number]
      const run = () => {
        for (let g = 0; g < generations; g += 2) {
          k(size, n, from, to)
          k(size, n, to, from)
        }
      }
      return { run, before: () => from.set(first), checksum: () => checksum(from) }
    }
    case 'gemm': {
      if (dtype !== 'f32' && dtype !== 'f64')
        return otherProduct(dtype, n, { backend, isFast: kind === 'fast', threads }, allocate)
      const k = skein.gemm(options).on(backend).with({ threads })
      const a = fill<Reals>(allocate(real, n * n), matrixA)
      const b = fill<Reals>(allocate(real, n * n), matrixB)
      const c = allocate(real, n * n)
      return { run: () => k([n, n], n, a, b, c), checksum: () => checksum(c) }
    }
    case 'batch': {
      const k = skein.batch(options).on(backend).with({ threads })
      const count = batchCount(n)
      const a = fill<Reals>(allocate(real, n * n * count), matrixA)
      const b = fill<Reals>(allocate(real, n * n * count), matrixB)
      const c = allocate(real, n * n * count)
      return { run: () => k([count, n, n], n, a, b, c), checksum: () => checksum(c) }
    }
    case 'gemv':
    case 'gemv-turned': {
      const k = (name === 'gemv' ? skein.gemv : skein.gemvTurned)(options).on(backend).with({ threads })
      const a = fill<Reals>(allocate(real, n * n), matrixA)
      const x = fill<Reals>(allocate(real, n), matrixB)
      const y = allocate(real, n)
      return { run: () => k(n, n, a, x, y), checksum: () => checksum(y) }
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
    case 'first-call-from-disk':
    case 'cached-call': {
      if (name === 'first-call-from-disk' && named !== 'x64') return { skip: 'it keeps nothing on disk' }
      const out = allocate('f32', n)
      const x = fill(allocate('f32', n), streamX)
      const y = fill(allocate('f32', n), streamY)
      // Hardly another process has seen these before, so nothing of them lies on the disk.
      const base = Math.floor(Math.random() * (2 ** 23 - onDisk))
      if (name === 'first-call-from-disk') compileElsewhere(base)
      let tag = 0
      const make = () =>
        skein
          .wave(base + tag++, options)
          .on(backend)
          .with({ threads })
      const known = name === 'cached-call' ? make() : undefined
      return { run: () => (known ?? make())(n, out, x, y, waveStep), checksum: () => checksum(out) }
    }
  }
  return { skip: 'not written for Skein' }
}

/** How many functions wait on the disk; a run with more measurements would find the later ones not there. */
const onDisk = 200

/** Another process compiles the functions of these tags, so that this one finds their code on the disk. */
function compileElsewhere(base: number): void {
  const args = [fileURLToPath(import.meta.url), backend, 'compile', String(base), ...(kind === 'fast' ? ['fast'] : [])]
  const done = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`compiling in another process failed: ${done.stderr}`)
}

function compile(base: number, options: skein.KernelOptions): void {
  const [out, x, y] = [0, 1, 2].map(() => heap.f32(16))
  for (let tag = 0; tag < onDisk; tag++) skein.wave(base + tag, options).on(backend)(16, out, x, y, waveStep)
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
      for (let k = 0; k < pathBlock; k++) diagonal(pathBlock, stride, k0, k, d)
      ofRows([pathBlock / 4, n], stride, k0, d, rows)
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

if (kind === 'compile') compile(Number(process.argv[4]), process.argv[5] === 'fast' ? { fast: true } : {})
else if (kind === 'copies') await serve(`skein:${backend}(copies alone)`, prepareCopies)
else await serve(`skein:${backend}${kind ? `(${kind})` : ''}`, prepare)
