/**
 * Kernels as a user's module has them, to be sent through compilers, minifiers and instrumenters. `run` makes and calls all of
 * them and gives what they computed.
 */
import { atomic, kernel, random, reduce, scan } from '@skein/kernel'

const WIDTH = 7
const GAIN = Math.sqrt(2)
const TABLE = new Float64Array([0.25, 0.5, 0.25])
const config = { low: -5, high: 5 }

function clamp(x: number, low: number, high: number): number {
  if (x < low) return low
  return x > high ? high : x
}

const smooth = (x: Float64Array, i: number): number => {
  let sum = 0
  for (let k = 0; k < TABLE.length; k++) {
    const at = i + k - 1
    if (at < 0 || at >= x.length) continue
    sum += x[at] * TABLE[k]
  }
  return clamp(sum, config.low, config.high)
}

interface Options {
  n: number
}

export function run({ n }: Options = { n: 200 }): unknown[] {
  const results: unknown[] = []
  const x = Float64Array.from({ length: n }, (_, i) => Math.sin(i * 3) * 8)
  const whole = Int32Array.from({ length: n }, (_, i) => (i * 7919) % 101)

  const saxpy = kernel((i, a: number, x: Float64Array, y: Float64Array) => {
    y[i] = a * x[i] + y[i]
  })
  const y = new Float64Array(n).fill(1)
  saxpy(n, 2.5, x, y)
  results.push(y)

  const smoothed = kernel(
    (i, y: Float64Array, x: Float64Array) => {
      y[i] = smooth(x, i) * GAIN + (i % WIDTH)
    },
    { use: () => ({ smooth, clamp, TABLE, config, GAIN, WIDTH }) },
  )
  const z = new Float64Array(n)
  smoothed(n, z, x)
  results.push(z)

  const control = kernel((i, y: Int32Array, x: Int32Array) => {
    const half = (v: number) => Math.floor(v / 2)
    function weight(v: number, by = 3) {
      switch (v % 4) {
        case 0:
          return by
        case 1:
          return by + 1
        default:
          return -by
      }
    }
    let total = 0
    outer: for (let k = 0; k < 6; k++) {
      for (let j = 0; j < 6; j++) {
        if ((k * j + x[i]) % 5 === 4) continue outer
        if (total > 400) break outer
        total += k * 3 + j
      }
    }
    let left = x[i]
    while (left > 0) {
      left = half(left)
      if (left === 13) return
      total++
    }
    do {
      total -= 2
    } while (total > 300)
    y[i] = total > 50 ? total + weight(i) : weight(i, 7) ** 2
    if (x[i] % 2 === 0) y[i] += 1000
    else if (x[i] % 3 === 0) y[i] -= 1000
    else y[i] ^= 5
  })
  const c = new Int32Array(n)
  control(n, c, whole)
  results.push(c)

  const operators = kernel((i, y: Float64Array, x: Float64Array, k: Int32Array) => {
    let a = x[i]
    a **= 2
    a += 2 ** (k[i] % 5)
    let b = k[i] % 3
    b ||= 4
    b &&= b + 1
    y[i] = (a ?? 1) + b + (k[i] & 12) + (k[i] >>> 1) + ~k[i]
    y[i] += i > 3 && x[i] > 0 ? x[i] : 0
    if (a < b) [a, b] = [b, a]
    y[i] += a - b
  })
  const o = new Float64Array(n)
  results.push(o)
  operators(n, o, x, whole)

  const grid = kernel(([row, col], y: Float64Array, width: number) => {
    const t = new Float32Array(4)
    for (let k = 0; k < 4; k++) t[k] = row * k + col
    const w = [0.5, 1, 1.5, 2]
    y[row * width + col] = t[0] * w[3] + t[1] * w[2] + t[2] * w[1] + t[3] * w[0]
  })
  const g = new Float64Array(20 * 11)
  grid([20, 11], g, 11)
  results.push(g)

  const count = kernel(
    (i, bins: Int32Array, x: Int32Array, y: Float64Array) => {
      atomic.add(bins, x[i] % 10, 1)
      y[i] = random(42, i)
    },
    { use: () => ({ atomic, random }) },
  )
  const [bins, r] = [new Int32Array(10), new Float64Array(n)]
  count(n, bins, whole, r)
  results.push(bins, r)

  const big = kernel((i, y: BigInt64Array) => {
    let v = BigInt(i)
    while (v < 1000n) v = v * 3n + 1n
    y[i] = v
  })
  const b = new BigInt64Array(n)
  big(n, b)
  results.push(b)

  const dot = reduce('+', (i, x: Float64Array, y: Float64Array) => x[i] * y[i])
  results.push(dot(n, x, y))
  const furthest = reduce(
    { init: 0, combine: (a, b) => (Math.abs(a) > Math.abs(b) ? a : b) },
    (i, x: Float64Array) => x[i],
  )
  results.push(furthest(n, x))
  const runs = scan('+', (i, x: Int32Array) => x[i], {
    reset: (i: number) => i % 17 === 0,
  })
  const s = new Int32Array(n)
  runs(n, s, whole)
  results.push(s)
  return results
}
