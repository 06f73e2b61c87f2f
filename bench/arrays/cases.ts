/** The cases of arrays: what memory limits, reductions and cumulative sums along axes, views, small arrays, products, linear algebra, order, Fourier transforms, random numbers, images. */
import type { BenchCase, Target } from '../harness/suite.ts'

const MiB = 1 << 20
const dtypes = ['f32', 'f64'] as const
const width = { f32: 4, f64: 8 }
const asNumPy: Target[] = [{ than: 'NumPy', atLeast: 1 }]
/** Float sums differ with the order of addition; everything else is one rounding. */
const rounding = { f32: 1e-6, f64: 1e-11 }
const summing = { f32: 2e-3, f64: 1e-11 }

const triads = dtypes.map(
  (dtype): BenchCase => ({
    name: 'triad',
    dtype,
    about: 'z[...] = x + s * y',
    n: (64 * MiB) / width[dtype],
    quick: 1 << 16,
    bytes: n => n * width[dtype] * 3,
    tolerance: rounding[dtype],
    targets: [{ than: 'C gcc -O3', atLeast: 0.9 }],
  }),
)

/** Of a square of n × n, of which each element is read once. */
const ofSquare = (name: string, about: string, operands: number, isSum: boolean): BenchCase => ({
  name,
  dtype: 'f32',
  about,
  n: 4096,
  quick: 256,
  bytes: n => n * n * 4 * operands,
  tolerance: isSum ? summing.f32 : rounding.f32,
  targets: asNumPy,
})

const products = dtypes.flatMap(dtype =>
  [256, 1024].map(
    (n): BenchCase => ({
      name: `gemm-${n}`,
      dtype,
      about: 'matmul of n × n',
      n,
      quick: 64,
      ...(n < 1000 && { inner: 5 }),
      isHot: true,
      flops: size => 2 * size ** 3,
      tolerance: dtype === 'f32' ? 1e-4 : 1e-11,
      targets: [
        { than: 'NumPy', atLeast: 0.85 },
        { skein: 'skein:wasm', than: 'NumPy', atLeast: 0.25 },
        { skein: 'skein:wasm', than: 'numpy-ts', atLeast: 1.5 },
        { skein: 'skein:lapack', than: 'NumPy', atLeast: 0.97 },
      ],
    }),
  ),
)

/** @param slower how many times as long as NumPy it may take */
const factorisation = (
  name: string,
  about: string,
  n: number,
  flops: (n: number) => number,
  slower = 1.5,
): BenchCase => ({
  name,
  dtype: 'f64',
  about,
  n,
  quick: 60,
  flops,
  tolerance: 1e-9,
  targets: [
    { than: 'NumPy', atLeast: 1 / slower },
    { skein: 'skein:lapack', than: 'NumPy', atLeast: 0.97 },
  ],
})

const ordering = (name: string, about: string, dtype: 'f32' | 'f64' | 'i32' = 'f64'): BenchCase => ({
  name,
  dtype,
  about,
  n: 4 * MiB,
  quick: 1 << 12,
  items: { name: 'elements', of: n => n },
  tolerance: 1e-12,
  targets: [{ than: 'NumPy', atLeast: 1.5 }],
})

/** Skein's machine code on one thread, a row of its own. */
export const alone = 'skein:x64(one thread)'

/** 5·n·log₂ n operations of a complex transform, as FFTW counts them, half of that for reals. */
const transform = (
  name: string,
  about: string,
  n: number,
  { dtype = 'f64', quick = 64, inner = 1, lines = 1, parts = 1 }: Partial<TransformOptions> = {},
): BenchCase => ({
  name,
  dtype,
  about,
  n,
  quick,
  ...(inner > 1 && { inner, isHot: true }),
  flops: size => 5 * parts * lines * size * Math.log2(size),
  tolerance: dtype === 'f32' ? 1e-5 : 1e-10,
  targets: [
    { than: 'NumPy', atLeast: 1 },
    { skein: alone, than: 'NumPy', atLeast: 0.8 },
  ],
})

interface TransformOptions {
  dtype: 'f32' | 'f64'
  quick: number
  inner: number
  lines: number
  /** Half for reals. */
  parts: number
}

const transforms: BenchCase[] = [
  transform('fft-1k', 'n complex numbers', 1 << 10, { inner: 500 }),
  transform('fft-64k', 'n complex numbers', 1 << 16, { inner: 5 }),
  transform('fft-1m', 'n complex numbers', 1 << 20),
  transform('fft-1m', 'n complex numbers', 1 << 20, { dtype: 'f32' }),
  transform('fft-4m', 'n complex numbers', 1 << 22),
  transform('fft-prime-10k', 'n complex numbers, a prime', 10_007, { inner: 10, quick: 67 }),
  transform('fft-prime-1m', 'n complex numbers, a prime', 1_000_003, { quick: 101 }),
  transform('fft-rows', 'each of 4096 rows of n complex numbers', 256, { lines: 4096, quick: 16 }),
  transform('rfft-1k', 'n reals', 1 << 10, { inner: 500, parts: 0.5 }),
  transform('rfft-1m', 'n reals', 1 << 20, { parts: 0.5 }),
  transform('rfft-rows', 'each of 4096 rows of n reals', 256, { lines: 4096, parts: 0.5, quick: 16 }),
]

const numbers = dtypes.map(
  (dtype): BenchCase => ({
    name: 'random-normal',
    dtype,
    about: 'n normal random numbers; compared by the mean of their squares',
    n: 16 * MiB,
    quick: 1 << 16,
    items: { name: 'numbers', of: n => n },
    // They are other numbers everywhere.
    tolerance: 0.05,
    targets: [{ than: 'NumPy', atLeast: 2 }],
  }),
)

/** Of a picture of n × n. */
const ofImage = (name: string, about: string): BenchCase => ({
  name,
  dtype: 'f32',
  about,
  n: 2048,
  quick: 64,
  items: { name: 'pixels', of: n => n * n },
  tolerance: 1e-5,
  targets: [{ than: 'SciPy', atLeast: 1 }],
})

const images = [
  ofImage('gauss', 'n × n pixels smoothed, standard deviation 2'),
  ofImage('resize', 'n × n pixels to three quarters of the rows and columns, bilinear'),
]

export const cases: BenchCase[] = [
  {
    name: 'limit',
    dtype: 'f64',
    about: 'triad in C, the bandwidth that others are a share of',
    n: 8 * MiB,
    quick: 1 << 16,
    bytes: n => n * 24,
    tolerance: 1e-11,
  },
  ...triads,
  {
    name: 'fused',
    dtype: 'f32',
    about: 'sin(x)*exp(-y)+sqrt(abs(x*y)), x in [-4,4), y in [-2,2)',
    n: 16 * MiB,
    quick: 1 << 16,
    bytes: n => n * 12,
    tolerance: 1e-5,
    targets: [{ than: 'NumPy', atLeast: 4 }],
  },
  ...dtypes.map(
    (dtype): BenchCase => ({
      name: 'sum',
      dtype,
      about: 'sum of x',
      n: (64 * MiB) / width[dtype],
      quick: 1 << 16,
      bytes: n => n * width[dtype],
      tolerance: summing[dtype],
      targets: asNumPy,
    }),
  ),
  ofSquare('sum-rows', 'sum of n × n along the last axis', 1, true),
  ofSquare('sum-columns', 'sum of n × n along the first axis', 1, true),
  ofSquare('sum-turned', 'sum of the transposed of n × n along its last axis', 1, true),
  ofSquare('add-turned', 'x + y transposed, n × n, into an array', 3, false),
  ofSquare('add-strided', 'x[::2, ::2] * 2.5 of n × n, into an array', 0.5, false),
  {
    name: 'prefix-sum',
    dtype: 'f32',
    about: 'cumulative sum of x',
    n: 16 * MiB,
    quick: 1 << 16,
    bytes: n => n * 8,
    tolerance: summing.f32,
    targets: asNumPy,
  },
  ofSquare('prefix-columns', 'cumulative sum of n × n along the first axis', 2, true),
  {
    name: 'small-add',
    dtype: 'f64',
    about: 'x + y of 4 elements, to the result in memory',
    n: 4,
    quick: 4,
    inner: 20_000,
    tolerance: 0,
    targets: [{ atMostSeconds: 1e-6 }],
  },
  ...products,
  factorisation('solve', 'a system of n equations, one right side', 1000, n => (2 / 3) * n ** 3),
  factorisation('cholesky', 'the lower factor of n × n', 1000, n => n ** 3 / 3),
  factorisation('qr', 'both factors of n × n; compared by |R|', 500, n => (8 / 3) * n ** 3),
  factorisation('eigh', 'eigenvalues and vectors of a symmetric n × n; compared by values', 500, n => 9 * n ** 3, 3),
  {
    ...factorisation('svd', 'singular values and both vectors of n × n; compared by values', 500, n => 21 * n ** 3),
    targets: [
      { than: 'NumPy', atLeast: 1 / 3 },
      { than: 'numpy-ts', atLeast: 20 },
      { skein: 'skein:lapack', than: 'NumPy', atLeast: 0.97 },
    ],
  },
  ordering('sort', 'n fractions, some equal'),
  ordering('sort', 'n fractions, some equal', 'f32'),
  ordering('sort-whole', 'n whole numbers of 24 bits, some equal', 'i32'),
  ordering('argsort', 'places of n fractions in order, none equal'),
  ordering('unique', 'different values of n fractions'),
  ordering('topk', 'the 100 largest of n fractions in order'),
  ordering('nonzero', 'places of n elements of which half are not 0'),
  ordering('where', 'the elements of n for which a mask holds, which is half of them'),
  ordering('take', 'n elements at places in no order'),
  { ...ofSquare('pad', 'n × n with a border of 8 zeros', 2, false), targets: asNumPy },
  ...transforms,
  ...numbers,
  ...images,
]
