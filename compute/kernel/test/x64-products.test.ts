/** Which kernels are matrix products, and what product one is in a launch: a plain loop over that gives what the reference gives, to the bit. Runs without machine code. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Random } from '@skein/base'
import type { Launch } from '../src/backend.ts'
import { compileProgram, optimise } from '../src/compile.ts'
import { parseFunction } from '../src/front/source.ts'
import type { MatrixProduct, Operand } from '../src/gemm/product.ts'
import type { KernelIR } from '../src/ir/ir.ts'
import { verify } from '../src/ir/verify.ts'
import { sizeOf } from '../src/launch/size.ts'
import { extentsOf, type Range } from '../src/range.ts'
import { reference } from '../src/reference/index.ts'
import { bindArguments, type Definition, lowerFor, typesOf } from '../src/specialise.ts'
import { kernelAfter, kernelBefore } from '../src/x64/products/around.ts'
import { Refusal } from '../src/x64/products/axes.ts'
import { ProductLaunches, productOf } from '../src/x64/products/launch.ts'
import { type Product, recogniseProduct } from '../src/x64/products/recognise.ts'

interface Made {
  readonly ir: KernelIR
  readonly launch: Launch
}

function make(source: string, range: Range, args: unknown[], fast = false): Made {
  const fn = new Function(`return ${source}`)()
  const d: Definition = {
    kind: 'kernel',
    fn: parseFunction(fn, 'test'),
    use: {},
    float: 'f64',
    fast,
    unsafe: false,
    call: 'test',
    operator: undefined,
  }
  const types = typesOf(d, args)
  const { lowered } = lowerFor(d, types, undefined)
  const rank = lowered.ir.rank
  const launch: Launch = {
    extents: extentsOf(range, rank, 'test'),
    scalars: [],
    arrays: [],
    threads: 1,
    schedule: 'static',
    chunk: undefined,
  }
  bindArguments(types, args, { bound: lowered.bound } as never, launch)
  return { ir: optimise(lowered.ir, { fast }), launch }
}

function runReference(ir: KernelIR, launch: Launch): void {
  verify(ir)
  const program = compileProgram(ir, undefined, reference, { fast: false, unsafe: false, source: [] })
  assert.deepEqual(program.run(launch), { value: undefined })
  program.dispose()
}

/** Addresses of arrays as if each buffer lay by itself. */
function addressesOf(arrays: readonly ArrayBufferView[]): number[] {
  const buffers = [...new Set(arrays.map(a => a.buffer))]
  return arrays.map(a => (buffers.indexOf(a.buffer) + 1) * 2 ** 40 + a.byteOffset)
}

function placed({ ir, launch }: Made, least?: number): MatrixProduct | string {
  const found = recogniseProduct(ir)
  if (found === undefined) return 'nothing like a product'
  if (found instanceof Refusal) return `never: ${found.reason}`
  const plan = new ProductLaunches(found, least).place(launch, sizeOf(launch), addressesOf(launch.arrays))
  return plan instanceof Refusal ? `not here: ${plan.reason}` : productOf(plan, launch)
}

type Numbers = Record<number, number>

function multiply(p: MatrixProduct): void {
  const round = p.dtype === 'f32' ? Math.fround : p.dtype === 'i8' ? (x: number) => x | 0 : (x: number) => x
  const [a, b, c] = [p.a, p.b, p.c].map(o => o.array as unknown as Numbers)
  const at = (o: Operand, batch: number, i: number, j: number) =>
    (o.offset ?? 0) + batch * (o.batchStride ?? 0) + i * o.rowStride + j * o.columnStride
  for (let q = 0; q < (p.batch ?? 1); q++)
    for (let i = 0; i < p.m; i++)
      for (let j = 0; j < p.n; j++) {
        const to = at(p.c, q, i, j)
        let s = p.start === 'c' ? c[to] : 0
        for (let k = 0; k < p.k; k++) s = round(s + round(a[at(p.a, q, i, k)] * b[at(p.b, q, k, j)]))
        if (p.scale) {
          const [alpha, beta] = [p.scale.alpha as number, p.scale.beta as number | undefined]
          s = round(Math.fround(alpha) === alpha || p.dtype === 'f64' ? alpha * s : Number.NaN)
          if (beta !== undefined) s = round(s + round(beta * c[to]))
        }
        c[to] = s
      }
}

const sum = 'let s = 0; for (let k = 0; k < K; k++) s += a[i * K + k] * b[k * N + j];'

/** Of sizes M, N, K in arrays that hold two batches. */
const forms: [what: string, source: string, range: (m: number, n: number) => Range][] = [
  ['rows times columns', `([i, j], M, N, K, a, b, c) => { ${sum} c[i * N + j] = s }`, (m, n) => [m, n]],
  ['the range the other way', `([j, i], M, N, K, a, b, c) => { ${sum} c[i * N + j] = s }`, (m, n) => [n, m]],
  [
    'transposed operands',
    '([i, j], M, N, K, a, b, c) => { let s = 0; for (let k = 0; k < K; k++) s += a[k * M + i] * b[j * K + k]; c[i * N + j] = s }',
    (m, n) => [m, n],
  ],
  [
    'a transposed result, the sum from behind',
    '([i, j], M, N, K, a, b, c) => { let s = 0; for (let k = K - 1; k >= 0; k--) s += b[k + j * K] * a[i + k * M]; c[j * M + i] = s }',
    (m, n) => [m, n],
  ],
  [
    'added to what is there',
    '([i, j], M, N, K, a, b, c) => { let s = c[i * N + j]; for (let k = 0; k < K; k++) s += a[i * K + k] * b[k * N + j]; c[i * N + j] = s }',
    (m, n) => [m, n],
  ],
  [
    'added in memory',
    '([i, j], M, N, K, a, b, c) => { for (let k = 0; k < K; k++) c[i * N + j] += a[i * K + k] * b[k * N + j] }',
    (m, n) => [m, n],
  ],
  [
    'rows of the range, the result along the inner loop',
    '(i, M, N, K, a, b, c) => { for (let k = 0; k < K; k++) { const f = a[i * K + k]; for (let j = 0; j < N; j++) c[i * N + j] += f * b[k * N + j] } }',
    m => m,
  ],
  [
    'the same from zeros',
    '(i, M, N, K, a, b, c) => { for (let j = 0; j < N; j++) c[i * N + j] = 0; for (let k = 0; k < K; k++) for (let j = 0; j < N; j++) c[i * N + j] += a[i * K + k] * b[k * N + j] }',
    m => m,
  ],
  [
    'one element, made 0 first',
    '([i, j], M, N, K, a, b, c) => { c[i * N + j] = 0; for (let k = 0; k < K; k++) c[i * N + j] += a[i * K + k] * b[k * N + j] }',
    (m, n) => [m, n],
  ],
  ['columns in a loop', `(i, M, N, K, a, b, c) => { for (let j = 0; j < N; j++) { ${sum} c[i * N + j] = s } }`, m => m],
  [
    'all of it in one iteration',
    `(z, M, N, K, a, b, c) => { for (let i = 0; i < M; i++) for (let j = 0; j < N; j++) { ${sum} c[i * N + j] = s } }`,
    () => 1,
  ],
  [
    'a batch',
    '([p, i, j], M, N, K, a, b, c) => { let s = 0; for (let k = 0; k < K; k++) s += a[(p * M + i) * K + k] * b[(p * K + k) * N + j]; c[(p * M + i) * N + j] = s }',
    (m, n) => [2, m, n],
  ],
  [
    'a batch with one right side',
    '([p, i, j], M, N, K, a, b, c) => { let s = 0; for (let k = 0; k < K; k++) s += a[(p * M + i) * K + k] * b[k * N + j]; c[(p * M + i) * N + j] = s }',
    (m, n) => [2, m, n],
  ],
  [
    'running indices, by strides of a power of two',
    '([i, j], M, N, K, a, b, c) => { let s = 0; let p = i << 5; let q = j; for (let k = 0; k < K; k++) { s += a[p] * b[q]; p++; q += N }; c[i * N + j] = s }',
    (m, n) => [m, n],
  ],
  [
    'every second of them, up to and with the last',
    '([i, j], M, N, K, a, b, c) => { let s = 0; for (let k = 1; k <= K - 1; k += 2) s += a[i * K + k] * b[k * N + j]; c[i * N + j] = s }',
    (m, n) => [
      { begin: m - 1, end: -1, step: -2 },
      { begin: 1, end: n, step: 3 },
    ],
  ],
]

/** Forms that only floats have. */
const scaled: typeof forms = [
  ['alpha', `([i, j], M, N, K, a, b, c) => { ${sum} c[i * N + j] = s * 1.7 }`, (m, n) => [m, n]],
  [
    'alpha and beta',
    `([i, j], M, N, K, a, b, c) => { ${sum} c[i * N + j] = c[i * N + j] * 0.3 + (M / 7) * s }`,
    (m, n) => [m, n],
  ],
  ['beta', `([i, j], M, N, K, a, b, c) => { ${sum} c[i * N + j] = s + 0.6 * c[i * N + j] }`, (m, n) => [m, n]],
  [
    'something made of the sum',
    `([i, j], M, N, K, a, b, c) => { ${sum} const f = s * a[i]; c[i * N + j] = Math.max(f + b[j + 3], 0) / (j + 1) }`,
    (m, n) => [m, n],
  ],
  [
    'from something else, in a loop',
    `(i, M, N, K, a, b, c) => { for (let j = 0; j < N; j++) { ${sum.replace('s = 0', 's = b[i] + a[j]')} c[i * N + j] = s * s } }`,
    m => m,
  ],
  ['a sum added to what is there', `([i, j], M, N, K, a, b, c) => { ${sum} c[i * N + j] += s }`, (m, n) => [m, n]],
]

const random = new Random(11)
const arrays = {
  f32: (n: number) => Float32Array.from({ length: n }, () => random.uniform() - 0.5),
  f64: (n: number) => Float64Array.from({ length: n }, () => random.uniform() - 0.5),
  i8: (n: number) => Int8Array.from({ length: n }, () => random.uniform() * 256 - 128),
  i32: (n: number) => Int32Array.from({ length: n }, () => random.uniform() * 2 ** 32 - 2 ** 31),
}

describe('a plain loop over what is recognised gives what the reference gives', () => {
  for (const dtype of ['f32', 'f64', 'i8'] as const)
    for (const [what, source, range] of [...forms, ...(dtype === 'i8' ? [] : scaled)])
      it(`${what}, ${dtype}`, () => {
        for (const [m, n, k] of [
          [8, 9, 17],
          [13, 6, 32],
          [5, 40, 7],
        ]) {
          const [a, b, c] = [arrays[dtype](2048), arrays[dtype](4096), arrays[dtype === 'i8' ? 'i32' : dtype](2048)]
          const right = c.slice()
          const whole = make(source, range(m, n), [m, n, k, a, b, right])
          runReference(whole.ir, whole.launch)
          const made = make(source, range(m, n), [m, n, k, a, b, c])
          const product = placed(made, 0)
          assert(typeof product === 'object', `${product}`)
          const { summed, isBefore, isAfter } = recogniseProduct(made.ir) as Product
          if (isBefore) runReference(kernelBefore(made.ir, summed!), made.launch)
          multiply(product)
          if (isAfter) runReference(kernelAfter(made.ir, summed!), made.launch)
          assert.deepEqual(c, right)
          assert(product.c.columnStride <= Math.abs(product.c.rowStride), 'rows lie one behind the other')
        }
      })
})

describe('what is no matrix product', () => {
  const [a, b, c] = [new Float32Array(4096), new Float32Array(4096), new Float32Array(4096)]
  const found = (source: string, range: Range, ...args: unknown[]) => placed(make(source, range, args))
  const plain = `([i, j], N, K, a, b, c) => { ${sum} c[i * N + j] = s }`
  const table: [source: string, range: Range, args: unknown[], expected: string | RegExp][] = [
    ['(i, a, b, c) => { c[i] = a[i] * b[i] + c[i] }', 64, [a, b, c], 'nothing like a product'],
    [
      '(i, a, c) => { let s = 0; for (let k = 0; k < 8; k++) s += a[i + k]; c[i] = s }',
      64,
      [a, c],
      'nothing like a product',
    ],
    [plain, [32, 32], [32, 32, a, a, a], 'not here: the result shares memory with what is read'],
    [plain, [32, 32], [32, 32, a, b, c.subarray(1)], /^\[object/],
    [plain, [64, 64], [64, 65, a, b, c], 'not here: an index is out of range'],
    [plain, [32, 32], [31, 32, a, b, c], 'not here: an element is written more than once'],
    [plain, [32, 32], [32, 0, a, b, c], 'not here: there is nothing to add up'],
    [plain, [1, 32], [32, 8, a, b, c], 'not here: it is a matrix times a vector'],
    [
      '(i, K, a, b, c) => { let s = 0; for (let k = 0; k < K; k++) s += a[i * K * 2 + 2 * k] * b[k]; c[i] = s }',
      32,
      [32, a, b, c],
      'not here: it is a matrix times a vector',
    ],
    [plain, [2, 2], [2, 2, a, b, c], 'not here: it is small'],
    [plain.replace('a[i * K + k]', 'a[i * i + k]'), [32, 32], [32, 32, a, b, c], /^never: an index of a is not linear/],
    [plain.replace('k < K', 'k < i'), [32, 32], [32, 32, a, b, c], /^never: the rounds of a loop depend/],
    [plain.replace('= s }', '= s + a[j] }'), [32, 32], [32, 32, a, b, c], /^\[object/],
    [plain.replace('= s }', '= s * c[i] }'), [32, 32], [32, 32, a, b, c], /^never: elements of the result are read/],
    [plain.replace('= s }', '= s + b[4090 + j] }'), [32, 32], [32, 32, a, b, c], 'not here: an index is out of range'],
    [plain.replace('= s }', '= s + a[b[j] | 0] }'), [32, 32], [32, 32, a, b, c], /^never: an index of a is not linear/],
    [
      plain.replace('= s }', '= s + d[j] }').replace('b, c', 'b, c, d'),
      [32, 32],
      [32, 32, a, b, c, c.subarray(1)],
      'not here: the result shares memory with what is read',
    ],
    [plain.replace('s +=', 'if (k !== 3) s +='), [32, 32], [32, 32, a, b, c], 'nothing like a product'],
    [plain.replace('* b[', '* c[i] * b['), [32, 32], [32, 32, a, b, c], 'nothing like a product'],
    [plain, [32, 32], [32, 32, a, b, new Float64Array(4096)], /^never: there is no block code for f32 · f32 into f64/],
    [
      plain,
      [32, 32],
      [32, 32, new Int32Array(4096), new Int32Array(4096), new Int32Array(4096)],
      /^never: there is no block code/,
    ],
    [
      '([i, k], K, a, b, c) => { for (let j = 0; j < K; j++) c[i * K + j] += a[i * K + k] * b[k * K + j] }',
      [32, 32],
      [32, a, b, c],
      'never: not one loop is summed over',
    ],
    [
      '(i, N, a, b, c) => { for (let k = 0; k < N; k++) { for (let j = 0; j < N; j++) c[i * N + j] = 0; for (let j = 0; j < N; j++) c[i * N + j] += a[i * N + k] * b[k * N + j] } }',
      32,
      [32, a, b, c],
      'never: it makes elements 0 more than once',
    ],
    [
      '(i, N, a, b, c) => { for (let j = 1; j < N; j++) c[i * N + j] = 0; for (let k = 0; k < N; k++) for (let j = 0; j < N; j++) c[i * N + j] += a[i * N + k] * b[k * N + j] }',
      32,
      [32, a, b, c],
      'not here: other elements are made 0 than written',
    ],
    [
      '(i, N, a, b, c) => { for (let k = 0; k < N; k++) for (let j = 0; j < N; j++) c[i * N + j] = c[i * N + j - 1] + a[i * N + k] * b[k * N + j] }',
      { begin: 1, end: 32 },
      [32, a, b, c],
      'not here: another element is read than written',
    ],
  ]
  for (const [source, range, args, expected] of table)
    it(`${source} of ${JSON.stringify(range)}`, () => {
      const result = found(source, range, ...args)
      if (typeof expected === 'string') assert.equal(result, expected)
      else assert.match(String(result), expected)
    })
})
