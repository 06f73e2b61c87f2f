/** Each case as a job of plain JavaScript: its arrays, and the part that one of several threads does in each phase. */
import {
  type Allocate,
  alive,
  batchCount,
  bodies,
  brainOf,
  byteA,
  byteB,
  distances,
  fill,
  generations,
  hash01,
  matrixA,
  matrixB,
  options,
  pathBlock,
  poisson,
  type Real,
  type Reals,
  smallWhole,
  streamX,
  streamY,
  sumX,
  warm,
  withoutPadding,
} from './data.ts'
import * as plain from './plainmath.ts'

export interface Job<A extends object> {
  /** Everything the parts share; allocated shared when there is more than one part. */
  arrays: (n: number, allocate: Allocate, parts: number) => A
  /** Phases are separated by barriers; 1 when not given. */
  phases?: (n: number, parts: number) => number
  part: (a: A, n: number, phase: number, index: number, parts: number) => void
  before?: (a: A, n: number) => void
  outputs: (a: A) => ArrayLike<number>[]
  /** The result as one number where it is not an array. */
  value?: (a: A) => number
}

const job = <A extends object>(kind: Job<A>) => kind as unknown as Job<object>
const cut = (length: number, k: number, parts: number) => Math.floor((length * k) / parts)

const streams = (dtype: Real) => ({
  [`copy_${dtype}`]: job({
    arrays: (n, allocate) => ({ x: fill(allocate(dtype, n), streamX), y: allocate(dtype, n) }),
    part: (a, n, _, k, of) => plain.copy(cut(n, k, of), cut(n, k + 1, of), a.x, a.y),
    outputs: a => [a.y],
  }),
  [`triad_${dtype}`]: job({
    arrays: (n, allocate) => ({
      x: fill(allocate(dtype, n), streamX),
      y: fill(allocate(dtype, n), streamY),
      z: allocate(dtype, n),
    }),
    part: (a, n, _, k, of) => plain.triad(cut(n, k, of), cut(n, k + 1, of), a.x, a.y, a.z),
    outputs: a => [a.z],
  }),
  [`saxpy_${dtype}`]: job({
    arrays: (n, allocate) => ({ x: fill(allocate(dtype, n), streamX), y: fill(allocate(dtype, n), streamY) }),
    part: (a, n, _, k, of) => plain.saxpy(cut(n, k, of), cut(n, k + 1, of), a.x, a.y),
    outputs: a => [a.y],
  }),
  [`sum_${dtype}`]: job({
    arrays: (n, allocate, parts) => ({ x: fill(allocate(dtype, n), sumX), sums: allocate('f64', parts) }),
    part: (a, n, _, k, of) => {
      a.sums[k] = plain.sum(cut(n, k, of), cut(n, k + 1, of), a.x)
    },
    outputs: () => [],
    value: a => a.sums.reduce((s, v) => s + v, 0),
  }),
})

const byDtype = (dtype: Real) => ({
  [`fused_${dtype}`]: job({
    arrays: (n, allocate) => ({
      x: fill<Reals>(allocate(dtype, n), streamX),
      y: fill<Reals>(allocate(dtype, n), streamY),
      out: allocate(dtype, n),
    }),
    part: (a, n, _, k, of) => plain.fused(cut(n, k, of), cut(n, k + 1, of), a.x, a.y, a.out),
    outputs: a => [a.out],
  }),
  [`n-body_${dtype}`]: job({
    arrays: (n, allocate) => {
      const { x, y, z, m } = bodies(n, allocate, dtype)
      return { bodies: [x, y, z, m], pull: [0, 1, 2].map(() => allocate(dtype, n)) }
    },
    part: (a, n, _, k, of) => plain.nBody(cut(n, k, of), cut(n, k + 1, of), n, a.bodies, a.pull),
    outputs: a => a.pull,
  }),
  [`black-scholes_${dtype}`]: job({
    arrays: (n, allocate) => {
      const { spot, strike, years } = options(n, allocate, dtype)
      return { given: [spot, strike, years], prices: [allocate(dtype, n), allocate(dtype, n)] }
    },
    part: (a, n, _, k, of) => plain.blackScholes(cut(n, k, of), cut(n, k + 1, of), a.given, a.prices),
    outputs: a => a.prices,
  }),
  [`heat_${dtype}`]: job({
    arrays: (n, allocate) => {
      const [now, next, first] = [0, 1, 2].map(() => fill<Reals>(allocate(dtype, n * n), warm))
      return { now, next, first }
    },
    before: a => a.now.set(a.first),
    phases: () => generations,
    part: (a, n, phase, k, of) => {
      const [from, to] = phase % 2 ? [a.next, a.now] : [a.now, a.next]
      plain.heat(cut(n, k, of), cut(n, k + 1, of), n, from, to)
    },
    outputs: a => [a.now],
  }),
  [`gemm_${dtype}`]: products(dtype, () => 1),
  [`batch_${dtype}`]: products(dtype, batchCount),
  [`gemv_${dtype}`]: withVector(dtype, false),
  [`gemv-turned_${dtype}`]: withVector(dtype, true),
})

const products = (dtype: Real, count: (n: number) => number) =>
  job({
    arrays: (n, allocate) => ({
      a: fill<Reals>(allocate(dtype, n * n * count(n)), matrixA),
      b: fill<Reals>(allocate(dtype, n * n * count(n)), matrixB),
      c: allocate(dtype, n * n * count(n)),
    }),
    part: ({ a, b, c }, n, _, k, of) => plain.gemm(cut(n * count(n), k, of), cut(n * count(n), k + 1, of), n, a, b, c),
    outputs: ({ c }) => [c],
  })

const withVector = (dtype: Real, isTurned: boolean) =>
  job({
    arrays: (n, allocate) => ({
      a: fill<Reals>(allocate(dtype, n * n), matrixA),
      x: fill<Reals>(allocate(dtype, n), matrixB),
      y: allocate(dtype, n),
    }),
    part: ({ a, x, y }, n, _, k, of) => {
      const [from, to] = [cut(n, k, of), cut(n, k + 1, of)]
      if (isTurned) plain.gemvTurned(from, to, n, a, x, y)
      else plain.gemv(from, to, n, a, x, y)
    },
    outputs: ({ y }) => [y],
  })

const complexProduct = (dtype: Real) =>
  job({
    arrays: (n, allocate) => ({
      a: fill<Reals>(allocate(dtype, 2 * n * n), matrixA),
      b: fill<Reals>(allocate(dtype, 2 * n * n), matrixB),
      c: allocate(dtype, 2 * n * n),
    }),
    part: ({ a, b, c }, n, _, k, of) => plain.gemmComplex(cut(n, k, of), cut(n, k + 1, of), n, a, b, c),
    outputs: ({ c }) => [c],
  })

const bytesProduct = job({
  arrays: (n, allocate) => ({
    a: fill(allocate('i8', n * n), byteA),
    b: fill(allocate('i8', n * n), byteB),
    c: allocate('i32', n * n),
  }),
  part: ({ a, b, c }, n, _, k, of) => plain.gemm(cut(n, k, of), cut(n, k + 1, of), n, a, b, c),
  outputs: ({ c }) => [c],
})

/** JavaScript has no brain floats: these are widened before. */
const brainProduct = job({
  arrays: (n, allocate) => ({
    a: fill(allocate('f32', n * n), i => brainOf(matrixA(i))),
    b: fill(allocate('f32', n * n), i => brainOf(matrixB(i))),
    c: allocate('f32', n * n),
  }),
  part: ({ a, b, c }, n, _, k, of) => plain.gemm(cut(n, k, of), cut(n, k + 1, of), n, a, b, c),
  outputs: ({ c }) => [c],
})

const mandelbrot = job({
  arrays: (n, allocate) => ({ out: allocate('i32', n * n) }),
  part: (a, n, _, k, of) => plain.mandelbrot(k, of, n, a.out),
  outputs: a => [a.out],
})

export const jobs: Record<string, Job<object>> = {
  ...streams('f32'),
  ...streams('f64'),
  ...byDtype('f32'),
  ...byDtype('f64'),
  gemm_c64: complexProduct('f32'),
  gemm_c128: complexProduct('f64'),
  gemm_i8: bytesProduct,
  gemm_bf16: brainProduct,
  // Numbers in JavaScript are f64: the same loop stands beside both.
  mandelbrot_f32: mandelbrot,
  mandelbrot_f64: mandelbrot,
  histogram_f32: job({
    arrays: (n, allocate, parts) => ({
      x: fill(allocate('f32', n), i => hash01(i, 0)),
      own: Array.from({ length: parts }, () => allocate('i32', 256)),
    }),
    phases: (_, parts) => (parts === 1 ? 1 : 2),
    part: (a, n, phase, k, of) => {
      if (phase === 0) plain.histogram(cut(n, k, of), cut(n, k + 1, of), a.x, a.own[k])
      else if (k === 0) for (const bins of a.own.slice(1)) for (let b = 0; b < 256; b++) a.own[0][b] += bins[b]
    },
    outputs: a => [a.own[0]],
  }),
  'prefix-sum_f32': job({
    arrays: (n, allocate, parts) => ({
      x: fill(allocate('f32', n), i => hash01(i, 0)),
      out: allocate('f32', n),
      sums: allocate('f64', parts),
    }),
    phases: (_, parts) => (parts === 1 ? 1 : 2),
    // With several parts: first the sum of each, then each part from the sum of those before it.
    part: (a, n, phase, k, of) => {
      if (of > 1 && phase === 0) a.sums[k] = plain.sum(cut(n, k, of), cut(n, k + 1, of), a.x)
      else {
        const carry = a.sums.subarray(0, k).reduce((s, v) => s + v, 0)
        plain.prefixSum(cut(n, k, of), cut(n, k + 1, of), a.x, a.out, carry)
      }
    },
    outputs: a => [a.out],
  }),
  'prefix-sum_i32': job({
    arrays: (n, allocate, parts) => ({
      x: fill(allocate('i32', n), smallWhole),
      out: allocate('i32', n),
      sums: allocate('i32', parts),
    }),
    phases: (_, parts) => (parts === 1 ? 1 : 2),
    part: (a, n, phase, k, of) => {
      if (of > 1 && phase === 0) {
        let s = 0
        for (let i = cut(n, k, of); i < cut(n, k + 1, of); i++) s = (s + a.x[i]) | 0
        a.sums[k] = s
      } else {
        const carry = a.sums.subarray(0, k).reduce((s, v) => (s + v) | 0, 0)
        plain.prefixSumWhole(cut(n, k, of), cut(n, k + 1, of), a.x, a.out, carry)
      }
    },
    outputs: a => [a.out],
  }),
  spmv_f64: job({
    arrays: (n, allocate) => ({ ...poisson(n, allocate), out: allocate('f64', n ** 3) }),
    part: (a, _n, _, k, of) =>
      plain.spmv(cut(a.rows, k, of), cut(a.rows, k + 1, of), a.start, a.column, a.value, a.vector, a.out),
    outputs: a => [a.out],
  }),
  'floyd-warshall_f32': job({
    arrays: (n, allocate) => ({ d: distances(n, allocate), first: distances(n, allocate), n }),
    before: a => a.d.set(a.first),
    phases: n => (3 * n) / pathBlock,
    part: (a, n, phase, k, of) => plain.floydPhase(phase % 3, Math.floor(phase / 3) * pathBlock, k, of, n, a.d),
    outputs: a => [withoutPadding(a.n, a.d)],
  }),
  life_u8: job({
    arrays: (n, allocate) => ({
      now: allocate('u8', n * n),
      next: allocate('u8', n * n),
      first: fill(allocate('u8', n * n), alive(n)),
    }),
    before: a => a.now.set(a.first),
    phases: () => generations,
    part: (a, n, phase, k, of) => {
      const [from, to] = phase % 2 ? [a.next, a.now] : [a.now, a.next]
      plain.life(cut(n, k, of), cut(n, k + 1, of), n, from, to)
    },
    // An even number of generations ends where it began.
    outputs: a => [a.now],
  }),
  'empty-awake': job({ arrays: () => ({}), part: () => {}, outputs: () => [] }),
  'empty-parked': job({ arrays: () => ({}), part: () => {}, outputs: () => [] }),
}
