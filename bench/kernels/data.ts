/**
 * The same inputs for every peer, from a hash of the index; kernels.c and numerics.py hold the same formulas.
 *
 * Values are fractional on purpose: V8 guesses that whole numbers in a Float64Array are integers and compiles slow
 * conversions, so that a plain sum over them runs several times slower than over fractional ones.
 */

/** A case's name without what only says where its arrays lie, how large they are, how many threads it has. */
export const plainId = (id: string) => id.replace(/-(outside|in-cache|alone)/g, '').replace(/^(gemm|batch)-\d+/, '$1')

/** A number of [0,1) with 24 bits, so that it is the same in f32 and f64. */
export function hash01(i: number, seed: number): number {
  let h = Math.imul(i + seed, 2654435761)
  h ^= h >>> 15
  h = Math.imul(h, 0x2c1b3c6d)
  h ^= h >>> 12
  h = Math.imul(h, 0x297a2d39)
  h ^= h >>> 15
  return (h >>> 8) / 16777216
}

export type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array | Int8Array | Uint16Array
interface ByDtype {
  f32: Float32Array
  f64: Float64Array
  i32: Int32Array
  u8: Uint8Array
  i8: Int8Array
  u16: Uint16Array
}
const arrayTypes = {
  f32: Float32Array,
  f64: Float64Array,
  i32: Int32Array,
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
} as const
export type Dtype = keyof ByDtype
export type Real = 'f32' | 'f64'
export type Reals = Float32Array | Float64Array

/** Where a peer wants its arrays: the JS heap, a shared buffer, Skein's heap, a wasm memory. */
export type Allocate = <D extends Dtype>(dtype: D, length: number) => ByDtype[D]

export const onHeap: Allocate = (dtype, length) => new arrayTypes[dtype](length) as never

export const sharedBetweenThreads: Allocate = (dtype, length) => {
  const type = arrayTypes[dtype]
  const buffer: ArrayBufferLike = new SharedArrayBuffer(length * type.BYTES_PER_ELEMENT)
  return new (type as Float32ArrayConstructor)(buffer) as never
}

export function fill<A extends Numbers>(array: A, value: (i: number) => number): A {
  for (let i = 0; i < array.length; i++) array[i] = value(i)
  return array
}

/** Order matters in it: each value counts with a weight of its own place. */
export function checksum(...arrays: ArrayLike<number>[]): number {
  let sum = 0
  let place = 0
  for (const array of arrays) {
    for (let i = 0; i < array.length; i++) sum += Math.abs(array[i]) * hash01(place++, 99)
  }
  return sum
}

export const streamX = (i: number) => hash01(i, 0) * 8 - 4
export const streamY = (i: number) => hash01(i, 12345) * 4 - 2
export const sumX = (i: number) => hash01(i, 0) + 0.5
export const triadScale = 2.5
export const saxpyScale = 1.5

/** X, Y, Z in [-1,1) and mass of n bodies. */
export function bodies(n: number, allocate: Allocate, dtype: Real = 'f32') {
  const side = (seed: number) => fill<Reals>(allocate(dtype, n), i => hash01(i, seed) * 2 - 1)
  const m = fill<Reals>(allocate(dtype, n), i => hash01(i, 4444444) + 0.1)
  return { x: side(1), y: side(22222), z: side(333333), m }
}

/** Spot price, strike, years to maturity. */
export function options(n: number, allocate: Allocate, dtype: Real = 'f32') {
  return {
    spot: fill<Reals>(allocate(dtype, n), i => 5 + 25 * hash01(i, 1)),
    strike: fill<Reals>(allocate(dtype, n), i => 1 + 99 * hash01(i, 22222)),
    years: fill<Reals>(allocate(dtype, n), i => 0.25 + 9.75 * hash01(i, 333333)),
  }
}
export const riskFree = 0.02
export const volatility = 0.3

export const smallWhole = (i: number) => Math.floor(hash01(i, 0) * 16)

/** The 7-point stencil on g³ points as CSR, with fractional coefficients. */
export function poisson(g: number, allocate: Allocate) {
  const rows = g ** 3
  const entries = 7 * rows - 6 * g * g
  const start = allocate('i32', rows + 1)
  const column = allocate('i32', entries)
  const value = allocate('f64', entries)
  let p = 0
  const put = (c: number, v: number) => {
    column[p] = c
    value[p++] = v
  }
  for (let r = 0; r < rows; r++) {
    const i = r % g
    const j = Math.floor(r / g) % g
    const k = Math.floor(r / (g * g))
    start[r] = p
    if (k > 0) put(r - g * g, -1.0625)
    if (j > 0) put(r - g, -1.0625)
    if (i > 0) put(r - 1, -1.0625)
    put(r, 6.4375)
    if (i < g - 1) put(r + 1, -1.0625)
    if (j < g - 1) put(r + g, -1.0625)
    if (k < g - 1) put(r + g * g, -1.0625)
  }
  start[rows] = p
  return { rows, start, column, value, vector: fill(allocate('f64', rows), r => hash01(r, 7)) }
}

/**
 * Rows of the distance matrix are this far apart: with 1024 numbers a row, a column of a block would fall into one set
 * of the first-level cache, and every peer would measure that instead (ten times slower in C).
 */
export const pathStride = (n: number) => n + 16

/** Distances of a complete directed graph, 0 on the diagonal: n rows of n, `pathStride` apart. */
export function distances(n: number, allocate: Allocate): Float32Array {
  const stride = pathStride(n)
  const d = allocate('f32', n * stride)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) d[i * stride + j] = i === j ? 0 : 1 + 99 * hash01(i * n + j, 5)
  }
  return d
}

/** The n × n numbers without what lies between the rows. */
export function withoutPadding(n: number, d: Float32Array): Float32Array {
  const compact = new Float32Array(n * n)
  for (let i = 0; i < n; i++) compact.set(d.subarray(i * pathStride(n), i * pathStride(n) + n), i * n)
  return compact
}
export const pathBlock = 64

/** First generation: about a third alive, the border dead. */
export const alive = (n: number) => (p: number) => {
  const row = Math.floor(p / n)
  const col = p % n
  return row > 0 && row < n - 1 && col > 0 && col < n - 1 && hash01(p, 9) < 0.35 ? 1 : 0
}
export const generations = 10

/** Elements of the matrices, in [-1, 1). */
export const matrixA = (i: number) => hash01(i, 0) * 2 - 1
export const matrixB = (i: number) => hash01(i, 12345) * 2 - 1
/** Of matrices of bytes, with a sign. */
export const byteA = (i: number) => Math.floor(hash01(i, 0) * 256) - 128
export const byteB = (i: number) => Math.floor(hash01(i, 12345) * 256) - 128
/** The brain float that an f32 becomes when its lower half is cut off, and its bits. */
export const brainOf = (x: number) => new Float32Array(Uint32Array.of(brainBits(x) << 16).buffer)[0]
export const brainBits = (x: number) => new Uint32Array(Float32Array.of(x).buffer)[0] >>> 16
/** Matrices of n × n in a batch: as many as make 65536 numbers. */
export const batchCount = (n: number) => 65536 / (n * n)

/** Temperatures of a plate, its border too. */
export const warm = (i: number) => hash01(i, 9) * 100

export const waveStep = 0.05

/**
 * The 20-line function of the first-call case, as source, so that each peer can make it new by another `tag` below 2²³: by its names, and
 * by a number that it never meets, so that its code is new as well.
 * `math` is how the language names its functions.
 */
export const waveSource = (tag: number) => `(i, out, x, y, dt) => {
  const a${tag} = x[i]
  const b${tag} = y[i]
  let u = a${tag}
  let v = b${tag}
  let steps = 0
  if (u === ${1000 + tag}) v = 0
  while (steps < 8) {
    const r = Math.sqrt(u * u + v * v + 0.5)
    const f = u > v ? 1 / r : 0.5 / r
    u = u + dt * (v - u * f)
    v = v - dt * (u + v * f)
    if (u * u + v * v > 16) {
      u = u * 0.5
      v = v * 0.5
    }
    steps++
  }
  const angle = Math.sin(u) * Math.cos(v)
  const decay = Math.exp(-Math.abs(u - v))
  out[i] = angle * decay + Math.abs(a${tag} - b${tag})
}`
