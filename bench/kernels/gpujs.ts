/**
 * gpu.js on the processor: `gpujs.ts cpu | webasm | webasm-async`. It returns fresh arrays and, in its wasm modes,
 * copies arguments and results on every call; that is how it is used.
 */
import { createRequire } from 'node:module'
import { serve, type Work } from '../harness/serve.ts'
import { findNpmPeer } from '../harness/toolchain.ts'
import { bodies, checksum, fill, onHeap, options, streamX, streamY, waveStep } from './data.ts'

const mode = process.argv[2] as 'cpu' | 'webasm' | 'webasm-async'
const runsAsync = mode === 'webasm-async'

type Kernel = ((...args: unknown[]) => unknown) & { destroy?: () => void }
const { GPU } = createRequire(new URL('../peers/package.json', import.meta.url))('gpu.js')

/** gpu.js reads the source of these functions; `this.thread` is its way to tell the index. */
interface Cell {
  thread: { x: number; y: number }
  constants: { n: number }
}

function create(cell: (this: Cell, ...args: never[]) => unknown, more: object, threads: number): Kernel {
  const gpu = new GPU({ mode: mode.replace('-async', '') })
  const pool = runsAsync ? { asyncMode: true, poolSize: threads } : {}
  return gpu.createKernel(cell, { precision: 'single', ...pool, ...more })
}

const side = (k: number, points: unknown) => (points as number[][]).map(point => point[k])

function prepare(id: string, n: number, threads: number): Work | { skip: string } {
  const used = runsAsync ? threads : 1
  const output = [n]
  const x = () => fill(onHeap('f32', n), streamX)
  const y = () => fill(onHeap('f32', n), streamY)
  let kernel: Kernel
  let args: unknown[] = []
  let sum = (result: unknown) => checksum(result as ArrayLike<number>)

  if (id === 'triad_f32') {
    const cell = function (this: Cell, a: number[], b: number[]) {
      return a[this.thread.x] + 2.5 * b[this.thread.x]
    }
    kernel = create(cell, { output }, used)
    args = [x(), y()]
  } else if (id === 'saxpy_f32') {
    const cell = function (this: Cell, a: number[], b: number[]) {
      return 1.5 * a[this.thread.x] + b[this.thread.x]
    }
    kernel = create(cell, { output }, used)
    args = [x(), y()]
  } else if (id === 'fused_f32') {
    const cell = function (this: Cell, a: number[], b: number[]) {
      const u = a[this.thread.x]
      const v = b[this.thread.x]
      return Math.sin(u) * Math.exp(-v) + Math.sqrt(Math.abs(u * v))
    }
    kernel = create(cell, { output }, used)
    args = [x(), y()]
  } else if (id === (mode === 'cpu' ? 'mandelbrot_f64' : 'mandelbrot_f32')) {
    const cell = function (this: Cell) {
      const cx = -2 + (2.5 * this.thread.x) / this.constants.n
      const cy = -1.25 + (2.5 * this.thread.y) / this.constants.n
      let x = 0
      let y = 0
      let count = 0
      for (let i = 0; i < 256; i++) {
        const x2 = x * x
        const y2 = y * y
        if (x2 + y2 > 4) break
        y = 2 * x * y + cy
        x = x2 - y2 + cx
        count += 1
      }
      return count
    }
    kernel = create(cell, { output: [n, n], constants: { n } }, used)
    sum = rows => {
      const image = new Float32Array(n * n)
      for (const [k, row] of (rows as Float32Array[]).entries()) image.set(row, k * n)
      return checksum(image)
    }
  } else if (id === 'n-body_f32') {
    const cell = function (this: Cell, X: number[], Y: number[], Z: number[], M: number[]) {
      const xi = X[this.thread.x]
      const yi = Y[this.thread.x]
      const zi = Z[this.thread.x]
      let ax = 0
      let ay = 0
      let az = 0
      for (let j = 0; j < this.constants.n; j++) {
        const dx = X[j] - xi
        const dy = Y[j] - yi
        const dz = Z[j] - zi
        const inverse = 1 / Math.sqrt(dx * dx + dy * dy + dz * dz + 0.001)
        const s = M[j] * inverse * inverse * inverse
        ax += s * dx
        ay += s * dy
        az += s * dz
      }
      return [ax, ay, az]
    }
    kernel = create(cell, { output, returnType: 'Array(3)', constants: { n } }, used)
    const given = bodies(n, onHeap)
    args = [given.x, given.y, given.z, given.m]
    sum = points => checksum(side(0, points), side(1, points), side(2, points))
  } else if (id === 'black-scholes_f32') {
    const cell = function (this: Cell, S: number[], X: number[], T: number[]) {
      const s = S[this.thread.x]
      const x = X[this.thread.x]
      const t = T[this.thread.x]
      const root = 0.3 * Math.sqrt(t)
      const d1 = (Math.log(s / x) + (0.02 + 0.5 * 0.3 * 0.3) * t) / root
      const d2 = d1 - root
      const k1 = 1 / (1 + 0.2316419 * Math.abs(d1))
      const k2 = 1 / (1 + 0.2316419 * Math.abs(d2))
      const s1 = k1 * (0.31938153 + k1 * (-0.356563782 + k1 * (1.781477937 + k1 * (-1.821255978 + k1 * 1.330274429))))
      const s2 = k2 * (0.31938153 + k2 * (-0.356563782 + k2 * (1.781477937 + k2 * (-1.821255978 + k2 * 1.330274429))))
      let n1 = 0.3989422804014327 * Math.exp(-0.5 * d1 * d1) * s1
      let n2 = 0.3989422804014327 * Math.exp(-0.5 * d2 * d2) * s2
      if (d1 > 0) n1 = 1 - n1
      if (d2 > 0) n2 = 1 - n2
      const discounted = x * Math.exp(-0.02 * t)
      return [s * n1 - discounted * n2, discounted * (1 - n2) - s * (1 - n1)]
    }
    kernel = create(cell, { output, returnType: 'Array(2)' }, used)
    const { spot, strike, years } = options(n, onHeap)
    args = [spot, strike, years]
    sum = points => checksum(side(0, points), side(1, points))
  } else if (id === 'first-call_f32' || id === 'cached-call_f32') {
    const make = () => create(wave, { output }, used)
    const known = make()
    let last: unknown
    const given = [x(), y(), waveStep]
    const keep = (result: unknown) => {
      last = result
    }
    const run = async () => keep(await (id === 'first-call_f32' ? make() : known)(...given))
    return { run, checksum: () => sum(last), threads: used }
  } else return { skip: 'not written for gpu.js' }

  let last: unknown
  const run = runsAsync
    ? async () => {
        last = await kernel(...args)
      }
    : () => {
        last = kernel(...args)
      }
  return { run, checksum: () => sum(last), threads: used, free: () => kernel.destroy?.() }
}

function wave(this: Cell, x: number[], y: number[], dt: number) {
  const a = x[this.thread.x]
  const b = y[this.thread.x]
  let u = a
  let v = b
  for (let steps = 0; steps < 8; steps++) {
    const r = Math.sqrt(u * u + v * v + 0.5)
    let f = 0.5 / r
    if (u > v) f = 1 / r
    u = u + dt * (v - u * f)
    v = v - dt * (u + v * f)
    if (u * u + v * v > 16) {
      u = u * 0.5
      v = v * 0.5
    }
  }
  const angle = Math.sin(u) * Math.cos(v)
  const decay = Math.exp(-Math.abs(u - v))
  return angle * decay + Math.abs(a - b)
}

await serve(`gpu.js ${findNpmPeer('gpu.js')?.version} ${mode}`, prepare)
