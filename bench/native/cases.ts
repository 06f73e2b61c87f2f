/** The cases of native code: what compilers vectorise, what memory limits, what control flow divides, matrix products, compiling. Peers are those of `../kernels`, and C by hand. */
import type { BenchCase, Target } from '../harness/suite.ts'
import { batchCount } from '../kernels/data.ts'

const MiB = 1 << 20
const dtypes = ['f32', 'f64'] as const
const width = { f32: 4, f64: 8 }
const fast = 'skein:x64(fast)'

/** Arithmetic alone: as fast as the same by hand, and, where roundings do not count, as what gcc makes of it. */
const arithmetic: Target[] = [
  { than: 'C by hand strict', atLeast: 0.9 },
  { than: 'Numba', atLeast: 1 },
  { skein: fast, than: 'C gcc -Ofast', atLeast: 0.9 },
]
const asC: Target[] = [{ than: 'C gcc -O3', atLeast: 0.95 }]

const computing = dtypes.flatMap((dtype): BenchCase[] => [
  {
    name: 'mandelbrot',
    dtype,
    about: 'n × n pixels, at most 256 iterations',
    n: 1024,
    quick: 256,
    // Orbits near the boundary part ways over one rounding.
    tolerance: 1e-3,
    targets: [...arithmetic, { than: 'C gcc -O3', atLeast: 5 }],
  },
  {
    name: 'n-body',
    dtype,
    about: 'gravity of n bodies on each other, all pairs',
    n: 8192,
    quick: 512,
    flops: n => 20 * n * n,
    tolerance: 1e-4,
    targets: arithmetic,
  },
  {
    name: 'black-scholes',
    dtype,
    about: 'call and put prices of n options',
    n: 4 * MiB,
    quick: 1 << 14,
    bytes: n => n * 5 * width[dtype],
    tolerance: 1e-4,
    targets: arithmetic,
  },
  {
    name: 'fused',
    dtype,
    about: 'sin(x)*exp(-y)+sqrt(abs(x*y)), x in [-4,4), y in [-2,2)',
    n: 16 * MiB,
    quick: 1 << 16,
    bytes: n => n * 3 * width[dtype],
    tolerance: 1e-5,
    targets: arithmetic,
  },
  {
    name: 'fused-in-cache',
    dtype,
    about: 'the same on arrays that stay in the second cache',
    n: (1 << 17) / width[dtype],
    quick: 1 << 12,
    inner: 50,
    bytes: n => n * 3 * width[dtype],
    tolerance: 1e-5,
    targets: arithmetic,
  },
])

/** 64 MiB an operand, twice the last level cache of the machines that this is run on. */
const streams = (suffix: string, where: string, dtype: 'f32' | 'f64'): BenchCase[] =>
  [
    { name: 'copy', about: 'y[i] = x[i]', operands: 2 },
    { name: 'triad', about: 'z[i] = x[i] + s * y[i]', operands: 3 },
    { name: 'saxpy', about: 'y[i] = a * x[i] + y[i]', operands: 3 },
    { name: 'sum', about: 'sum of x[i]', operands: 1 },
  ].map(({ name, about, operands }) => ({
    name: name + suffix,
    dtype,
    about: `${about}, ${where}`,
    n: (64 * MiB) / width[dtype],
    quick: 1 << 16,
    bytes: n => n * width[dtype] * operands,
    tolerance: name === 'sum' && dtype === 'f32' ? 2e-3 : dtype === 'f32' ? 1e-6 : 1e-11,
    targets: [{ than: 'C gcc -O3', atLeast: 0.97 }],
  }))

const irregular: BenchCase[] = [
  {
    name: 'spmv',
    dtype: 'f64',
    about: 'sparse matrix (CSR, 7-point stencil on n³ points) times vector',
    n: 128,
    quick: 24,
    bytes: n => 7 * n ** 3 * 12 + n ** 3 * 20,
    flops: n => 14 * n ** 3,
    tolerance: 1e-11,
    targets: asC,
  },
  {
    name: 'histogram',
    dtype: 'f32',
    about: 'n values of [0,1) into 256 bins',
    n: 16 * MiB,
    quick: 1 << 16,
    bytes: n => n * 4,
    tolerance: 0,
    targets: asC,
  },
  ...(['f32', 'i32'] as const).map(
    (dtype): BenchCase => ({
      name: 'prefix-sum',
      dtype,
      about: 'inclusive prefix sum',
      n: 16 * MiB,
      quick: 1 << 16,
      bytes: n => n * 8,
      tolerance: dtype === 'f32' ? 2e-3 : 1e-12,
      targets: asC,
    }),
  ),
  {
    name: 'floyd-warshall',
    dtype: 'f32',
    about: 'all-pairs shortest paths of n nodes, in blocks of 64',
    n: 1024,
    quick: 128,
    flops: n => 2 * n ** 3,
    tolerance: 1e-5,
    targets: asC,
  },
  {
    name: 'life',
    dtype: 'u8',
    about: '10 generations of n × n cells, dead border',
    n: 4096,
    quick: 256,
    bytes: n => 20 * n * n,
    tolerance: 0,
    targets: asC,
  },
  {
    name: 'heat',
    dtype: 'f64',
    about: '10 steps of heat through a plate of n × n points (Jacobi)',
    n: 2048,
    quick: 128,
    bytes: n => 160 * n * n,
    tolerance: 1e-12,
    targets: asC,
  },
]

/** Of what it does by itself, and of its code for AVX-512. */
const ofOpenBlas = (atLeast: number): Target[] =>
  ['OpenBLAS', 'OpenBLAS SkylakeX'].map(than => ({ skein: fast, than, atLeast }))

const products = dtypes.flatMap((dtype): BenchCase[] => {
  const tolerance = dtype === 'f32' ? 1e-5 : 1e-12
  const flops = (n: number) => 2 * n ** 3
  return [
    ...[256, 512, 1024, 2048].flatMap(n =>
      [0, 1].map(
        (threads): BenchCase => ({
          name: `gemm-${n}${threads ? '-alone' : ''}`,
          dtype,
          about: `product of n × n matrices${threads ? ', one thread' : ''}`,
          n,
          quick: 72,
          // As many as take some milliseconds: a single one of the smaller ones ends before a second thread is up to speed.
          inner: Math.max(1, 2 ** 20 / n ** 2),
          ...(threads && { threads }),
          flops,
          tolerance,
          isHot: true,
          targets: ofOpenBlas(0.85),
        }),
      ),
    ),
    ...[8, 16, 32, 64].map(
      (n): BenchCase => ({
        name: `batch-${n}`,
        dtype,
        about: `${batchCount(n)} products of n × n matrices`,
        n,
        quick: n,
        inner: 20,
        flops: n => batchCount(n) * flops(n),
        tolerance,
        isHot: true,
        targets: ofOpenBlas(2),
      }),
    ),
  ]
})

const withVector = dtypes.flatMap((dtype): BenchCase[] =>
  ['gemv', 'gemv-turned'].map(
    (name): BenchCase => ({
      name,
      dtype,
      about: `n × n matrix times a vector, ${name === 'gemv' ? 'y = Ax' : 'y = xA'}, rows one behind the other`,
      n: 4096,
      quick: 74,
      flops: n => 2 * n * n,
      bytes: n => (dtype === 'f32' ? 4 : 8) * n * n,
      tolerance: dtype === 'f32' ? 1e-4 : 1e-12,
      isHot: true,
      targets: ofOpenBlas(0.85),
    }),
  ),
)

/** Complex numbers as BLAS has them; bytes into i32 and brain floats into f32, which it has not. */
const otherProducts = (['c64', 'c128', 'i8', 'bf16'] as const).flatMap(dtype => {
  const isComplex = dtype === 'c64' || dtype === 'c128'
  return (isComplex ? [256, 512, 1024, 2048] : [512, 1024]).flatMap(n =>
    [0, 1].map(
      (threads): BenchCase => ({
        name: `gemm-${n}${threads ? '-alone' : ''}`,
        dtype,
        about: `product of n × n matrices${threads ? ', one thread' : ''}`,
        n,
        quick: 72,
        inner: Math.max(1, 2 ** 20 / n ** 2),
        ...(threads && { threads }),
        flops: n => (isComplex ? 8 : 2) * n ** 3,
        tolerance: dtype === 'c64' || dtype === 'bf16' ? 1e-5 : 1e-12,
        isHot: true,
        targets: isComplex ? ofOpenBlas(0.85) : n === 512 ? [{ skein: fast, than: 'C gcc -O3', atLeast: 5 }] : [],
      }),
    ),
  )
})

const compiling: BenchCase[] = [
  {
    name: 'first-call',
    dtype: 'f32',
    about: 'a 20-line function never seen before: read, compiled, run on n elements',
    n: 1000,
    quick: 1000,
    tolerance: 1e-4,
    targets: [{ atMostSeconds: 8e-3 }],
  },
  {
    name: 'first-call-from-disk',
    dtype: 'f32',
    about: 'the same where another process has compiled it before',
    n: 1000,
    quick: 1000,
    tolerance: 1e-4,
    targets: [{ atMostSeconds: 1e-3 }],
  },
]

export const cases: BenchCase[] = [
  ...computing,
  ...streams('', 'arrays in the shared heap', 'f32'),
  ...streams('', 'arrays in the shared heap', 'f64'),
  ...streams('-outside', 'ordinary arrays', 'f64'),
  ...irregular,
  ...products,
  ...withVector,
  ...otherProducts,
  ...compiling,
]

const named = (list: readonly BenchCase[]) => {
  const names = new Set(list.map(c => c.name))
  return ({ name }: BenchCase) => names.has(name)
}
export const isArithmetic = named(computing)
export const isProduct = named([...products, ...otherProducts])
export const isWithVector = named(withVector)
export const isStream = (benchCase: BenchCase) => /^(copy|triad|saxpy|sum)(-|$)/.test(benchCase.name)
export const isFirstCall = named(compiling)
