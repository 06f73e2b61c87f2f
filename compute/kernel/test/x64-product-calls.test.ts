/** Calls of kernels that are matrix products: block code gives what the reference gives, and what it cannot do stays as it was. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CancelledError, Random } from '@skein/base'
import { heap } from '@skein/heap'
import type { Launch, Program } from '../src/backend.ts'
import { toBfloat } from '../src/bfloat16.ts'
import { compileProgram } from '../src/compile.ts'
import { parseFunction } from '../src/front/source.ts'
import { BFloat16Array, IndexError, kernel } from '../src/index.ts'
import { extentsOf, type Range } from '../src/range.ts'
import { reference } from '../src/reference/index.ts'
import { bindArguments, type Definition, lowerFor, typesOf } from '../src/specialise.ts'
import { x64 } from '../src/x64/index.ts'
import type { Target } from '../src/x64/lower/target.ts'
import { targets } from './x64-targets.ts'

process.env.SKEIN_THREADS ??= '3'

const skip = x64.unavailable() ?? false
const text = (source: string): any => new Function(`return ${source}`)()

/** A kernel's program for arguments of such types, and what launches it. */
function compiled(
  source: string,
  args: unknown[],
  target: Target | undefined,
): { program: Program; launch: (range: Range, args: unknown[]) => Launch } {
  const d: Definition = {
    kind: 'kernel',
    fn: parseFunction(text(source), 'test'),
    use: {},
    float: 'f64',
    fast: false,
    unsafe: false,
    call: 'test',
    operator: undefined,
  }
  const types = typesOf(d, args)
  const { lowered } = lowerFor(d, types, undefined)
  const options = { fast: false, unsafe: false, source: [], leastProduct: 0, ...(target && { target }) }
  return {
    program: compileProgram(lowered.ir, undefined, target ? x64 : reference, options),
    launch: (range, args) => {
      const launch: Launch = {
        extents: extentsOf(range, lowered.ir.rank, 'test'),
        scalars: [],
        arrays: [],
        threads: 3,
        schedule: 'auto',
        chunk: undefined,
      }
      bindArguments(types, args, { bound: lowered.bound } as never, launch)
      return launch
    },
  }
}

type Numbers = Float32Array | Float64Array | Int8Array | Uint8Array | Uint16Array | Int32Array

/** Where the engine has it. */
const { Float16Array } = globalThis as unknown as { Float16Array?: ArrayOf }
type ArrayOf = new (length: number) => any

const sum = 'for (let k = 0; k < K; k++) s += a[i * K + k] * b[k * N + j];'
const forms: [what: string, source: string, range: (m: number, n: number) => Range][] = [
  ['from 0', `([i, j], M, N, K, a, b, c) => { let s = 0; ${sum} c[i * N + j] = s }`, (m, n) => [m, n]],
  [
    'of transposed operands, into a transposed one',
    '([i, j], M, N, K, a, b, c) => { let s = 0; for (let k = 0; k < K; k++) s += a[k * M + i] * b[j * K + k]; c[j * M + i] = s }',
    (m, n) => [m, n],
  ],
  [
    'added in memory',
    '(i, M, N, K, a, b, c) => { for (let k = 0; k < K; k++) for (let j = 0; j < N; j++) c[i * N + j] += a[i * K + k] * b[k * N + j] }',
    m => m,
  ],
  [
    'a batch',
    '([p, i, j], M, N, K, a, b, c) => { let s = c[(p * M + i) * N + j]; for (let k = 0; k < K; k++) s += a[(p * M + i) * K + k] * b[(p * K + k) * N + j]; c[(p * M + i) * N + j] = s }',
    (m, n) => [3, m, n],
  ],
  [
    'with alpha and beta',
    `([i, j], M, N, K, a, b, c) => { let s = 0; ${sum} c[i * N + j] = 1.7 * s + -0.3 * c[i * N + j] }`,
    (m, n) => [m, n],
  ],
  [
    'a layer with its bias',
    `([i, j], M, N, K, a, b, c) => { let s = a[j]; ${sum} c[i * N + j] = Math.max(s * b[i], 0) }`,
    (m, n) => [m, n],
  ],
]

describe('block code gives what the reference gives', { skip }, () => {
  const random = new Random(23)
  const below = (n: number) => Math.floor(random.uniform() * n)
  const fill = (array: Numbers) => {
    const isBrain = array instanceof BFloat16Array
    const size = [Int8Array, Uint8Array, Int32Array].some(type => array instanceof type) ? 2 ** 31 : 1
    for (let i = 0; i < array.length; i++) {
      const x = (random.uniform() * 2 - 1) * size
      array[i] = isBrain ? toBfloat(x) : x
    }
    return array
  }
  const types: { readonly [name: string]: readonly [A: ArrayOf, B: ArrayOf, C: ArrayOf] } = {
    f32: [Float32Array, Float32Array, Float32Array],
    f64: [Float64Array, Float64Array, Float64Array],
    i8: [Int8Array, Int8Array, Int32Array],
    'u8 by i8': [Uint8Array, Int8Array, Int32Array],
    bf16: [BFloat16Array, BFloat16Array, Float32Array],
    ...(Float16Array && { f16: [Float16Array, Float16Array, Float32Array] }),
  }
  for (const [what, source, range] of forms)
    for (const [dtype, [Left, Right, Result]] of Object.entries(types)) {
      // That would make floats of sums of integers.
      if (Result === Int32Array && what === 'with alpha and beta') continue
      it(`${what}, ${dtype}`, () => {
        const like = [2, 2, 2, new Left(1), new Right(1), new Result(1)]
        const right = compiled(source, like, undefined)
        const block = targets().map(target => compiled(source, like, target))
        for (let round = 0; round < 12; round++) {
          const most = round < 9 ? 24 : 90
          const [m, n, k] = [2 + below(most), 2 + below(most), 1 + below(most)]
          const [a, b, c] = [new Left(3 * m * k + n), new Right(3 * k * n + m), new Result(3 * m * n)].map(fill)
          const expected = c.slice()
          const args = (c: Numbers) => [m, n, k, a, b, c]
          right.program.run(right.launch(range(m, n), args(expected)))
          for (const { program, launch } of block) {
            const found = c.slice()
            program.run(launch(range(m, n), args(found)))
            if (round === 0) assert.match(program.listing(), /^ {2}last call: block code, /m)
            assert.deepEqual(found, expected, `${m} × ${k} by ${k} × ${n}`)
          }
        }
        for (const { program } of [right, ...block]) program.dispose()
      })
    }
})

describe('a matrix times a vector', { skip }, () => {
  const forms = {
    'rows by a vector':
      '(i, M, K, a, x, y) => { let s = 0; for (let k = 0; k < K; k++) s += a[i * K + k] * x[k]; y[i] = s }',
    'columns by a vector': '(i, M, K, a, x, y) => { for (let k = 0; k < K; k++) y[i] += x[k] * a[k * M + i] }',
  }
  for (const [what, source] of Object.entries(forms))
    for (const Type of [Float32Array, Float64Array])
      it(`${what}, ${Type.name}`, () => {
        const random = new Random(29)
        const make = (length: number): Numbers => new Type(length).map(() => random.uniform() - 0.5)
        const [m, k] = [77, 41]
        const [a, x, y] = [make(m * k), make(k), make(m)]
        const args = (into: Numbers) => [m, k, a, x, into]
        const right = compiled(source, args(y), undefined)
        const expected = y.slice()
        right.program.run(right.launch(m, args(expected)))
        for (const target of targets()) {
          const { program, launch } = compiled(source, args(y), target)
          const found = y.slice()
          program.run(launch(m, args(found)))
          assert.match(program.listing(), /^ {2}last call: block code, /m)
          assert.deepEqual(found, expected)
          program.dispose()
        }
        right.program.dispose()
      })
})

describe('calls', { skip }, () => {
  const n = 96
  const source = `([i, j], n, a, b, c) => { let s = 0; for (let k = 0; k < n; k++) s += a[i * n + k] * b[k * n + j]; c[i * n + j] = s }`
  const matrix = (seed: number) => {
    const random = new Random(seed)
    return Float32Array.from({ length: n * n }, () => random.uniform() - 0.5)
  }
  const make = (options = {}): any => kernel(text(source), { name: 'product', ...options })
  const [a, b] = [matrix(1), matrix(2)]
  const right = new Float32Array(n * n)
  make().on('reference')([n, n], n, a, b, right)
  const lastCall = (k: any): string => /last call: (.*)/.exec(k.explain('code'))![1]

  it('asynchronous ones, of the heap as well', async () => {
    const k = make().on('x64')
    const [heapA, heapB, heapC] = [heap.f32(a), heap.f32(b), heap.f32(n * n)]
    await k.async([n, n], n, heapA, heapB, heapC)
    assert.deepEqual(Float32Array.from(heapC), right)
    assert.equal(lastCall(k), 'block code, 96 × 96 by 96 × 96')
    for (const x of [heapA, heapB, heapC]) heap.release(x)
    await assert.rejects(k.with({ signal: AbortSignal.abort() }).async([n, n], n, a, b, right.slice()), CancelledError)
  })

  it('with fused multiply-add where that is allowed', () => {
    const c = new Float32Array(n * n)
    const k = make({ fast: true }).on('x64')
    k([n, n], n, a, b, c)
    assert.match(k.explain('code'), /^matrix product: c = a · b, from 0, f32, fused multiply-add/m)
    for (const [i, x] of c.entries()) assert(Math.abs(x - right[i]) < 1e-5, `[${i}] is ${x}, not ${right[i]}`)
  })

  it('into what is read', () => {
    const k = make().on('x64')
    const [x, y] = [a.slice(), new Float32Array(2 * n * n)]
    k([n, n], n, x, b, x)
    assert.equal(lastCall(k), 'the code below, since the result shares memory with what is read')
    y.set(a)
    k([n, n], n, y.subarray(0, n * n), b, y.subarray(n * n))
    assert.equal(lastCall(k), 'block code, 96 × 96 by 96 × 96')
    assert.deepEqual(y.slice(n * n), right)
  })

  it('out of range: an error, at the line that reads', () => {
    const k = make().on('x64')
    const c = new Float32Array(n * n)
    assert.throws(
      () => k([n, n], n, a, b.subarray(0, n * n - 1), c),
      (error: unknown) => error instanceof IndexError && /b\[k \* n \+ j\]/.test(error.message),
    )
    assert.throws(() => k([n + 1, n], n, a, b, c), IndexError)
  })

  it('of no rounds write what the kernel writes', () => {
    const k = make().on('x64')
    const c = new Float32Array(n * n).fill(3)
    k([n, n], 0, a, b, c)
    assert.deepEqual([...c.subarray(0, n), c[n]], [...new Float32Array(n), 3])
  })
})

describe('explain', { skip }, () => {
  it('tells why a kernel is no product, and nothing where it is not like one', () => {
    const [x, y] = [new Float32Array(64), new Float32Array(64)]
    const triangle = kernel(
      text(
        '([i, j], x, y, z) => { let s = 0; for (let k = 0; k < i; k++) s += x[i * 8 + k] * y[k * 8 + j]; z[i * 8 + j] = s }',
      ),
    ) as any
    const shown = triangle.on('x64').explain('code', [8, 8], x, y, new Float32Array(64))
    assert.match(
      shown,
      /^── x64\nno matrix product, though it adds up products of elements: the rounds of a loop depend on the iteration$/m,
    )
    const other = kernel(text('(i, x, y) => { y[i] = x[i] * x[i] + y[i] }')) as any
    assert.doesNotMatch(other.on('x64').explain('code', 8, x, y), /matrix product/)
  })
})
