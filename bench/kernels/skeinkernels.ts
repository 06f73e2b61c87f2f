/** The cases as Skein's users write them: one function per element, and the loop is the call. */
import { atomic, kernel, reduce, scan } from 'skein'
import { type Reals, waveSource } from './data.ts'

/** Everything is made anew for each set of options, as a user would write `kernel(f, options)`. */
export interface KernelOptions {
  fast?: boolean
}

export const streams = (options: KernelOptions) => ({
  copy: kernel((i, x: Reals, y: Reals) => {
    y[i] = x[i]
  }, options),
  triad: kernel((i, s: number, x: Reals, y: Reals, z: Reals) => {
    z[i] = x[i] + s * y[i]
  }, options),
  saxpy: kernel((i, a: number, x: Reals, y: Reals) => {
    y[i] = a * x[i] + y[i]
  }, options),
  sum: reduce('+', (i, x: Reals) => x[i], options),
})

export const fused = (options: KernelOptions) =>
  kernel((i, x: Reals, y: Reals, out: Reals) => {
    out[i] = Math.sin(x[i]) * Math.exp(-y[i]) + Math.sqrt(Math.abs(x[i] * y[i]))
  }, options)

export const mandelbrot = (options: KernelOptions & { float: 'f32' | 'f64' }) =>
  kernel(([row, col], out: Int32Array, n: number) => {
    const cx = -2 + (2.5 * col) / n
    const cy = -1.25 + (2.5 * row) / n
    let x = 0
    let y = 0
    let k = 0
    for (; k < 256; k++) {
      const x2 = x * x
      const y2 = y * y
      if (x2 + y2 > 4) break
      y = 2 * x * y + cy
      x = x2 - y2 + cx
    }
    out[row * n + col] = k
  }, options)

export const nBody = (options: KernelOptions) =>
  kernel((i, n: number, x: Reals, y: Reals, z: Reals, m: Reals, ax: Reals, ay: Reals, az: Reals) => {
    let sx = 0
    let sy = 0
    let sz = 0
    for (let j = 0; j < n; j++) {
      const dx = x[j] - x[i]
      const dy = y[j] - y[i]
      const dz = z[j] - z[i]
      const inverse = 1 / Math.sqrt(dx * dx + dy * dy + dz * dz + 1e-3)
      const s = m[j] * inverse * inverse * inverse
      sx += s * dx
      sy += s * dy
      sz += s * dz
    }
    ax[i] = sx
    ay[i] = sy
    az[i] = sz
  }, options)

function normal(d: number) {
  const k = 1 / (1 + 0.2316419 * Math.abs(d))
  const series = k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))
  const tail = 0.3989422804014327 * Math.exp(-0.5 * d * d) * series
  return d > 0 ? 1 - tail : tail
}

export const blackScholes = (options: KernelOptions) =>
  kernel(
    (i, rate: number, volatility: number, spot: Reals, strike: Reals, years: Reals, call: Reals, put: Reals) => {
      const s = spot[i]
      const x = strike[i]
      const t = years[i]
      const rootT = volatility * Math.sqrt(t)
      const d1 = (Math.log(s / x) + (rate + 0.5 * volatility * volatility) * t) / rootT
      const d2 = d1 - rootT
      const n1 = normal(d1)
      const n2 = normal(d2)
      const discounted = x * Math.exp(-rate * t)
      call[i] = s * n1 - discounted * n2
      put[i] = discounted * (1 - n2) - s * (1 - n1)
    },
    { ...options, use: { normal } },
  )

export const histogram = (options: KernelOptions) =>
  kernel(
    (i, x: Float32Array, bins: Int32Array) => {
      atomic.add(bins, (x[i] * 256) | 0, 1)
    },
    { ...options, use: { atomic } },
  )

export const prefixSum = (options: KernelOptions) => scan('+', (i, x: Float32Array | Int32Array) => x[i], options)

export const spmv = (options: KernelOptions) =>
  kernel((r, start: Int32Array, column: Int32Array, value: Float64Array, vector: Float64Array, out: Float64Array) => {
    let s = 0
    for (let p = start[r]; p < start[r + 1]; p++) s += value[p] * vector[column[p]]
    out[r] = s
  }, options)

/**
 * Blocked Floyd–Warshall: nodes k0 … k0 + 63 as intermediate stops. First among themselves (a call per stop, because
 * each builds on the one before), then their rows and columns, which are copied so that no iteration reads what another
 * writes, then everything. Rows of `d` and `rows` are `stride` apart.
 */
export const floydWarshall = (options: KernelOptions) => ({
  diagonal: kernel((j, stride: number, k0: number, k: number, d: Float32Array) => {
    const block = k0 * stride + k0
    const row = d[block + k * stride + j]
    for (let i = 0; i < 64; i++) {
      const through = d[block + i * stride + k] + row
      const best = d[block + i * stride + j]
      d[block + i * stride + j] = through < best ? through : best
    }
  }, options),
  // rows[i][j] = min over k of diagonal[i][k] + d[k][j]: the diagonal block is closed, so old values of d serve.
  // Four rows at once: each element of the block's rows that is loaded serves four sums.
  rows: kernel(([quarter, j], stride: number, k0: number, d: Float32Array, rows: Float32Array) => {
    const to = quarter * 4 * stride
    const from = k0 * stride + to
    let a = d[from + j]
    let b = d[from + stride + j]
    let c = d[from + 2 * stride + j]
    let e = d[from + 3 * stride + j]
    for (let k = 0; k < 64; k++) {
      const row = d[(k0 + k) * stride + j]
      const ta = d[from + k0 + k] + row
      const tb = d[from + stride + k0 + k] + row
      const tc = d[from + 2 * stride + k0 + k] + row
      const te = d[from + 3 * stride + k0 + k] + row
      a = ta < a ? ta : a
      b = tb < b ? tb : b
      c = tc < c ? tc : c
      e = te < e ? te : e
    }
    rows[to + j] = a
    rows[to + stride + j] = b
    rows[to + 2 * stride + j] = c
    rows[to + 3 * stride + j] = e
  }, options),
  columns: kernel(([i, j], stride: number, k0: number, d: Float32Array, columns: Float32Array) => {
    let best = d[i * stride + k0 + j]
    for (let k = 0; k < 64; k++) {
      const through = d[i * stride + k0 + k] + d[(k0 + k) * stride + k0 + j]
      best = through < best ? through : best
    }
    columns[i * 64 + j] = best
  }, options),
  // Four rows at once here, too.
  rest: kernel(([quarter, j], stride: number, d: Float32Array, rows: Float32Array, columns: Float32Array) => {
    const i = quarter * 4
    const at = i * stride + j
    let a = d[at]
    let b = d[at + stride]
    let c = d[at + 2 * stride]
    let e = d[at + 3 * stride]
    for (let k = 0; k < 64; k++) {
      const row = rows[k * stride + j]
      const ta = columns[i * 64 + k] + row
      const tb = columns[i * 64 + 64 + k] + row
      const tc = columns[i * 64 + 128 + k] + row
      const te = columns[i * 64 + 192 + k] + row
      a = ta < a ? ta : a
      b = tb < b ? tb : b
      c = tc < c ? tc : c
      e = te < e ? te : e
    }
    d[at] = a
    d[at + stride] = b
    d[at + 2 * stride] = c
    d[at + 3 * stride] = e
  }, options),
})

export const life = (options: KernelOptions) =>
  kernel(([row, col], n: number, now: Uint8Array, next: Uint8Array) => {
    const p = (row + 1) * n + col + 1
    const above = now[p - n - 1] + now[p - n] + now[p - n + 1]
    const below = now[p + n - 1] + now[p + n] + now[p + n + 1]
    // A byte, as in C: lanes need no more.
    const around = (above + now[p - 1] + now[p + 1] + below) & 255
    next[p] = around === 3 || (around === 2 && now[p] === 1) ? 1 : 0
  }, options)

export const heat = (options: KernelOptions) =>
  kernel(([row, col], n: number, from: Reals, to: Reals) => {
    const p = (row + 1) * n + col + 1
    to[p] = 0.25 * (from[p - n] + from[p - 1] + from[p + 1] + from[p + n])
  }, options)

export const gemm = (options: KernelOptions) =>
  kernel(([row, col], n: number, a: Reals, b: Reals, c: Reals) => {
    let s = 0
    for (let k = 0; k < n; k++) s += a[row * n + k] * b[k * n + col]
    c[row * n + col] = s
  }, options)

export const bytesGemm = (options: KernelOptions) =>
  kernel(([row, col], n: number, a: Int8Array, b: Int8Array, c: Int32Array) => {
    let s = 0
    for (let k = 0; k < n; k++) s += a[row * n + k] * b[k * n + col]
    c[row * n + col] = s
  }, options)

export const batch = (options: KernelOptions) =>
  kernel(([p, row, col], n: number, a: Reals, b: Reals, c: Reals) => {
    let s = 0
    for (let k = 0; k < n; k++) s += a[(p * n + row) * n + k] * b[(p * n + k) * n + col]
    c[(p * n + row) * n + col] = s
  }, options)

export const gemv = (options: KernelOptions) =>
  kernel((row, n: number, a: Reals, x: Reals, y: Reals) => {
    let s = 0
    for (let k = 0; k < n; k++) s += a[row * n + k] * x[k]
    y[row] = s
  }, options)

export const gemvTurned = (options: KernelOptions) =>
  kernel((col, n: number, a: Reals, x: Reals, y: Reals) => {
    let s = 0
    for (let k = 0; k < n; k++) s += x[k] * a[k * n + col]
    y[col] = s
  }, options)

export const empty = (options: KernelOptions) =>
  kernel((i, a: Int32Array) => {
    if (i < 0) a[0] = i
  }, options)

type Wave = (i: number, out: Float32Array, x: Float32Array, y: Float32Array, dt: number) => void

/** A function that no one has seen before, for each `tag`. */
export const wave = (tag: number, options: KernelOptions) =>
  kernel(new Function(`return ${waveSource(tag)}`)() as Wave, options)
