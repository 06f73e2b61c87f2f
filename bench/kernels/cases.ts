/**
 * Every case of the suite, described once. Inputs and checksum formulas are in data.ts; each peer implements what
 * it can and skips the rest.
 */
import type { BenchCase, Target } from '../harness/suite.ts'

const MiB = 1 << 20
/** 128 MiB an operand. STREAM's rule: four times the last level cache (32 MiB here) at least, or the cache is what is measured. */
const elements = { f32: 32 * MiB, f64: 16 * MiB }
const width = { f32: 4, f64: 8 }
const dtypes = ['f32', 'f64'] as const

const streaming = [
  { name: 'copy', about: 'y[i] = x[i]', operands: 2, flops: 0 },
  { name: 'triad', about: 'z[i] = x[i] + s * y[i]', operands: 3, flops: 2 },
  { name: 'saxpy', about: 'y[i] = a * x[i] + y[i]', operands: 3, flops: 2 },
  { name: 'sum', about: 'sum of x[i]', operands: 1, flops: 1 },
]

function stream(suffix: string, where: string, targets: Target[]): BenchCase[] {
  return streaming.flatMap(({ name, about, operands, flops }) =>
    dtypes.map(dtype => ({
      name: name + suffix,
      dtype,
      about: `${about}, ${where}`,
      n: elements[dtype],
      quick: 1 << 16,
      bytes: (n: number) => n * width[dtype] * operands,
      flops: flops ? (n: number) => n * flops : undefined,
      // Sums of 32 M numbers differ with the order of addition; everything else is one rounding.
      tolerance: name === 'sum' && dtype === 'f32' ? 2e-3 : dtype === 'f32' ? 1e-6 : 1e-11,
      targets,
    })),
  )
}

/** Within 1.25 times the time of the same kernel written by hand, each arithmetic against its own kind. */
const asByHand: Target[] = [
  { than: 'wasm SIMD by hand, strict', atLeast: 0.8 },
  { skein: 'skein:wasm(fast)', than: 'wasm SIMD by hand, relaxed', atLeast: 0.8 },
]

const mandelbrot = (dtype: 'f32' | 'f64', overPlain: number, overC: number): BenchCase => ({
  name: 'mandelbrot',
  dtype,
  about: 'n × n pixels, at most 256 iterations',
  n: 2048,
  quick: 256,
  // Orbits near the boundary part ways over one rounding.
  tolerance: 1e-3,
  targets: [{ than: 'plain JS', threads: 1, atLeast: overPlain }, { than: 'C gcc', atLeast: overC }, ...asByHand],
})

export const cases: BenchCase[] = [
  {
    name: 'limit',
    dtype: 'f64',
    about: 'triad in C, the bandwidth that others are a share of',
    n: elements.f64,
    quick: 1 << 16,
    bytes: n => n * 24,
    tolerance: 1e-11,
  },
  ...stream('', 'arrays in the shared heap', [{ than: 'C gcc', atLeast: 0.9 }]),
  ...stream('-outside', 'ordinary arrays, which Skein copies in and out', [
    { than: 'plain JS', threads: 1, atLeast: 1 },
  ]),
  {
    name: 'fused',
    dtype: 'f32',
    about: 'sin(x)*exp(-y)+sqrt(abs(x*y)), x in [-4,4), y in [-2,2)',
    n: 16 * MiB,
    quick: 1 << 16,
    bytes: n => n * 12,
    tolerance: 1e-5,
    targets: [{ than: 'NumPy', atLeast: 6 }, { than: 'plain JS', threads: 1, atLeast: 12 }, ...asByHand],
  },
  mandelbrot('f32', 12, 5.5),
  mandelbrot('f64', 6.5, 3),
  {
    name: 'n-body',
    dtype: 'f32',
    about: 'gravity of n bodies on each other, all pairs',
    n: 8192,
    quick: 512,
    flops: n => 20 * n * n,
    tolerance: 1e-4,
    targets: [{ than: 'plain JS', threads: 1, atLeast: 9 }, { than: 'Numba', atLeast: 2.5 }, ...asByHand],
  },
  {
    name: 'black-scholes',
    dtype: 'f32',
    about: 'call and put prices of n options',
    n: 4 * MiB,
    quick: 1 << 14,
    bytes: n => n * 20,
    tolerance: 1e-4,
    targets: [{ than: 'plain JS', threads: 1, atLeast: 4 }],
  },
  {
    name: 'histogram',
    dtype: 'f32',
    about: 'n values of [0,1) into 256 bins',
    n: 16 * MiB,
    quick: 1 << 16,
    bytes: n => n * 4,
    tolerance: 0,
    targets: [{ than: 'C gcc', atLeast: 0.8 }],
  },
  ...(['f32', 'i32'] as const).map(
    (dtype): BenchCase => ({
      name: 'prefix-sum',
      dtype,
      about: 'inclusive prefix sum',
      n: 16 * MiB,
      quick: 1 << 16,
      bytes: n => n * 8,
      // The whole numbers are exact; their weighted checksum is not.
      tolerance: dtype === 'f32' ? 2e-3 : 1e-12,
      targets: [{ than: 'C gcc', atLeast: 1 }],
    }),
  ),
  {
    name: 'spmv',
    dtype: 'f64',
    about: 'sparse matrix (CSR, 7-point stencil on n³ points) times vector',
    n: 128,
    quick: 24,
    // Values, columns, row pointers, result and the vector once.
    bytes: n => 7 * n ** 3 * 12 + n ** 3 * 20,
    flops: n => 14 * n ** 3,
    tolerance: 1e-11,
    targets: [{ than: 'C gcc', atLeast: 0.8 }],
  },
  {
    name: 'floyd-warshall',
    dtype: 'f32',
    about: 'all-pairs shortest paths of n nodes, in blocks of 64',
    n: 1024,
    quick: 128,
    flops: n => 2 * n ** 3,
    tolerance: 1e-5,
    targets: [{ than: 'plain JS', threads: 1, atLeast: 4 }],
  },
  {
    name: 'life',
    dtype: 'u8',
    about: '10 generations of n × n cells, dead border',
    n: 4096,
    quick: 256,
    bytes: n => 20 * n * n,
    tolerance: 0,
    targets: [{ than: 'plain JS', threads: 1, atLeast: 4 }],
  },
  {
    name: 'empty-awake',
    dtype: 'none',
    about: 'a call that does nothing on every thread, calls one after the other',
    n: 1,
    quick: 1,
    inner: 5000,
    tolerance: 0,
    targets: [{ atMostSeconds: 4e-6 }],
  },
  {
    name: 'empty-parked',
    dtype: 'none',
    about: 'the same after 50 ms of rest, when the threads sleep',
    n: 1,
    quick: 1,
    inner: 10,
    tolerance: 0,
    targets: [{ atMostSeconds: 60e-6 }],
  },
  {
    name: 'first-call',
    dtype: 'f32',
    about: 'a 20-line function never seen before: read, compiled, run on n elements',
    n: 1000,
    quick: 1000,
    tolerance: 1e-4,
    targets: [{ atMostSeconds: 5e-3 }],
  },
  {
    name: 'cached-call',
    dtype: 'f32',
    about: 'the same function again, on n elements',
    n: 16,
    quick: 16,
    inner: 5000,
    tolerance: 1e-4,
    targets: [{ atMostSeconds: 2e-6 }],
  },
]
