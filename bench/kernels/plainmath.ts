/** The cases as plain loops over typed arrays, on the part of the range that belongs to one thread. */
import {
  type Numbers,
  pathBlock,
  pathStride,
  type Reals,
  riskFree,
  saxpyScale,
  triadScale,
  volatility,
} from './data.ts'

export function copy(from: number, to: number, x: Reals, y: Reals) {
  for (let i = from; i < to; i++) y[i] = x[i]
}

export function triad(from: number, to: number, x: Reals, y: Reals, z: Reals) {
  for (let i = from; i < to; i++) z[i] = x[i] + triadScale * y[i]
}

export function saxpy(from: number, to: number, x: Reals, y: Reals) {
  for (let i = from; i < to; i++) y[i] = saxpyScale * x[i] + y[i]
}

export function sum(from: number, to: number, x: Reals): number {
  let s = 0
  for (let i = from; i < to; i++) s += x[i]
  return s
}

export function fused(from: number, to: number, x: Reals, y: Reals, out: Reals) {
  for (let i = from; i < to; i++) out[i] = Math.sin(x[i]) * Math.exp(-y[i]) + Math.sqrt(Math.abs(x[i] * y[i]))
}

/** Every `step`-th row from `from`: neighbouring rows cost alike, halves of the picture do not. */
export function mandelbrot(from: number, step: number, n: number, out: Int32Array) {
  for (let row = from; row < n; row += step) {
    const cy = -1.25 + (2.5 * row) / n
    for (let col = 0; col < n; col++) {
      const cx = -2 + (2.5 * col) / n
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
    }
  }
}

export function nBody(
  from: number,
  to: number,
  n: number,
  [x, y, z, m]: readonly Reals[],
  [ax, ay, az]: readonly Reals[],
) {
  for (let i = from; i < to; i++) {
    const xi = x[i]
    const yi = y[i]
    const zi = z[i]
    let sx = 0
    let sy = 0
    let sz = 0
    for (let j = 0; j < n; j++) {
      const dx = x[j] - xi
      const dy = y[j] - yi
      const dz = z[j] - zi
      const inverse = 1 / Math.sqrt(dx * dx + dy * dy + dz * dz + 1e-3)
      const s = m[j] * inverse * inverse * inverse
      sx += s * dx
      sy += s * dy
      sz += s * dz
    }
    ax[i] = sx
    ay[i] = sy
    az[i] = sz
  }
}

/** Cumulative normal distribution after Abramowitz and Stegun 26.2.17. */
function normal(d: number): number {
  const k = 1 / (1 + 0.2316419 * Math.abs(d))
  const series = k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))
  const tail = 0.3989422804014327 * Math.exp(-0.5 * d * d) * series
  return d > 0 ? 1 - tail : tail
}

export function blackScholes(
  from: number,
  to: number,
  [spot, strike, years]: readonly Reals[],
  [call, put]: readonly Reals[],
) {
  for (let i = from; i < to; i++) {
    const s = spot[i]
    const x = strike[i]
    const t = years[i]
    const rootT = volatility * Math.sqrt(t)
    const d1 = (Math.log(s / x) + (riskFree + 0.5 * volatility * volatility) * t) / rootT
    const d2 = d1 - rootT
    const n1 = normal(d1)
    const n2 = normal(d2)
    const discounted = x * Math.exp(-riskFree * t)
    call[i] = s * n1 - discounted * n2
    put[i] = discounted * (1 - n2) - s * (1 - n1)
  }
}

export function histogram(from: number, to: number, x: Float32Array, bins: Int32Array) {
  bins.fill(0)
  for (let i = from; i < to; i++) bins[(x[i] * 256) | 0]++
}

/** Writes running sums that begin with `carry`, and returns the last. */
export function prefixSum(from: number, to: number, x: Float32Array, out: Float32Array, carry: number): number {
  let s = carry
  for (let i = from; i < to; i++) {
    s += x[i]
    out[i] = s
  }
  return s
}

export function prefixSumWhole(from: number, to: number, x: Int32Array, out: Int32Array, carry: number): number {
  let s = carry
  for (let i = from; i < to; i++) {
    s = (s + x[i]) | 0
    out[i] = s
  }
  return s
}

export function spmv(
  from: number,
  to: number,
  start: Int32Array,
  column: Int32Array,
  value: Float64Array,
  vector: Float64Array,
  out: Float64Array,
) {
  for (let r = from; r < to; r++) {
    let s = 0
    const end = start[r + 1]
    for (let p = start[r]; p < end; p++) s += value[p] * vector[column[p]]
    out[r] = s
  }
}

/** Relaxes the block (rows from i0, columns from j0) over the paths through the block of nodes from k0. */
function relax(d: Float32Array, stride: number, i0: number, j0: number, k0: number) {
  for (let k = k0; k < k0 + pathBlock; k++) {
    for (let i = i0; i < i0 + pathBlock; i++) relaxRow(d, stride, i, j0, k)
  }
}

/** The same where the three blocks differ, so that a row may be done at once. */
function relaxApart(d: Float32Array, stride: number, i0: number, j0: number, k0: number) {
  for (let i = i0; i < i0 + pathBlock; i++) {
    for (let k = k0; k < k0 + pathBlock; k++) relaxRow(d, stride, i, j0, k)
  }
}

function relaxRow(d: Float32Array, stride: number, i: number, j0: number, k: number) {
  const ik = d[i * stride + k]
  const row = i * stride
  const through = k * stride
  for (let j = j0; j < j0 + pathBlock; j++) {
    const sum = ik + d[through + j]
    if (sum < d[row + j]) d[row + j] = sum
  }
}

/** One phase (0 diagonal, 1 cross, 2 rest) of the blocked algorithm, on every `step`-th unit of work from `from`. */
export function floydPhase(phase: number, k0: number, from: number, step: number, n: number, d: Float32Array) {
  const stride = pathStride(n)
  if (phase === 0) {
    if (from === 0) relax(d, stride, k0, k0, k0)
    return
  }
  const blocks = n / pathBlock
  for (let b = from; b < blocks; b += step) {
    const at = b * pathBlock
    if (at === k0) continue
    if (phase === 1) {
      relax(d, stride, k0, at, k0)
      relax(d, stride, at, k0, k0)
    } else {
      for (let j = 0; j < n; j += pathBlock) if (j !== k0) relaxApart(d, stride, at, j, k0)
    }
  }
}

export function life(from: number, to: number, n: number, now: Uint8Array, next: Uint8Array) {
  for (let row = Math.max(1, from); row < Math.min(n - 1, to); row++) {
    for (let p = row * n + 1; p < row * n + n - 1; p++) {
      const around =
        now[p - n - 1] +
        now[p - n] +
        now[p - n + 1] +
        now[p - 1] +
        now[p + 1] +
        now[p + n - 1] +
        now[p + n] +
        now[p + n + 1]
      next[p] = around === 3 || (around === 2 && now[p] === 1) ? 1 : 0
    }
  }
}

export function heat(from: number, to: number, n: number, now: Reals, next: Reals) {
  for (let row = Math.max(1, from); row < Math.min(n - 1, to); row++) {
    for (let p = row * n + 1; p < row * n + n - 1; p++)
      next[p] = 0.25 * (now[p - n] + now[p - 1] + now[p + 1] + now[p + n])
  }
}

/** Rows of products of n × n matrices that lie one behind the other, in the order that reads rows of both. */
export function gemm(from: number, to: number, n: number, a: Numbers, b: Numbers, c: Numbers) {
  for (let row = from; row < to; row++) {
    const at = row * n
    const matrix = Math.floor(row / n) * n * n
    c.fill(0, at, at + n)
    for (let k = 0; k < n; k++) {
      const factor = a[at + k]
      const of = matrix + k * n
      for (let j = 0; j < n; j++) c[at + j] += factor * b[of + j]
    }
  }
}

/** Rows of a matrix times a vector. */
export function gemv(from: number, to: number, n: number, a: Reals, x: Reals, y: Reals) {
  for (let row = from; row < to; row++) {
    y[row] = 0
    for (let k = 0; k < n; k++) y[row] += a[row * n + k] * x[k]
  }
}

/** A vector times columns of a matrix. */
export function gemvTurned(from: number, to: number, n: number, a: Reals, x: Reals, y: Reals) {
  y.fill(0, from, to)
  for (let k = 0; k < n; k++) {
    const factor = x[k]
    for (let col = from; col < to; col++) y[col] += factor * a[k * n + col]
  }
}

/** The same of complex numbers, in pairs. */
export function gemmComplex(from: number, to: number, n: number, a: Reals, b: Reals, c: Reals) {
  for (let row = from; row < to; row++) {
    const at = 2 * row * n
    c.fill(0, at, at + 2 * n)
    for (let k = 0; k < n; k++) {
      const [re, im] = [a[at + 2 * k], a[at + 2 * k + 1]]
      for (let j = 0; j < 2 * n; j += 2) {
        const [x, y] = [b[2 * k * n + j], b[2 * k * n + j + 1]]
        c[at + j] += re * x - im * y
        c[at + j + 1] += re * y + im * x
      }
    }
  }
}
