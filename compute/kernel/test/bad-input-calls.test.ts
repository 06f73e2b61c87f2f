/** Calls that cannot be: ranges, arguments, options; accesses out of range. Each case with the error it gives. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ArgumentError, NotSupportedError } from '@skein/base'
import { heap } from '@skein/heap'
import {
  type BackendName,
  IndexError,
  KernelAssertionError,
  KernelTypeError,
  kernel,
  reduce,
  scan,
} from '../src/index.ts'
import { runHere } from './backends.ts'
import { bad, text, worksOn } from './bad.ts'

process.env.SKEIN_THREADS ??= '4'

const A = ArgumentError
const f64 = (n = 10) => new Float64Array(n)
const fill = kernel(text('(i, y) => { y[i] = i }')) as any
const plane = kernel(text('([r, c], y, w) => { y[r * w + c] = 1 }')) as any
const over = (range: unknown) => () => fill(range, f64())
const on =
  (...args: unknown[]) =>
  () =>
    fill(10, ...args)

bad('ranges', [
  ['negative', over(-1), A, /range must be a whole number from 0 to 2\^31 - 1, but it is -1/],
  ['a fraction', over(1.5), A, /but it is 1\.5/],
  ['NaN', over(NaN), A, /but it is NaN/],
  ['infinite', over(Infinity), A, /but it is Infinity/],
  ['2^31', over(2 ** 31), A, /2147483648/],
  ['2^53', over(2 ** 53), A, /9007199254740992/],
  ['text', over('10'), A, /a number, or \{ begin, end, step \}/],
  ['a BigInt', over(10n), A, /10n/],
  ['null', over(null), A, /null/],
  ['nothing', over(undefined), A, /undefined/],
  ['a boxed number', over(new Number(5)), A, /range\.end/],
  ['without an end', over({ begin: 3 }), A, /range\.end/],
  ['a begin of text', over({ begin: '0', end: 5 }), A, /range\.begin/],
  ['an end that is NaN', over({ end: NaN }), A, /range\.end/],
  ['a step of 0', over({ end: 5, step: 0 }), A, /other than 0/],
  ['half a step', over({ end: 5, step: 0.5 }), A, /range\.step/],
  ['more than 2^31 - 1 iterations', over({ begin: -(2 ** 31), end: 2 ** 31 - 1 }), A, /iterations/],
  ['two dimensions for one', over([3, 4]), A, /the kernel has 1 dimension/],
  ['an empty list', over([]), A, /dimension/],
  ['one dimension for two', () => plane(5, f64(), 2), A, /\[rows, columns\].*2 dimensions/],
  ['three dimensions for two', () => plane([1, 2, 3], f64(), 2), A, /2 dimensions/],
  ['a bad second dimension', () => plane([2, -1], f64(), 2), A, /range\[1\]/],
  [
    'rows beyond 2^31 - 1',
    () => (kernel(text('([a, b, c], y) => { y[a] = 1 }')) as any)([2 ** 20, 2 ** 20, 1], f64()),
    A,
    /rows/,
  ],
])

bad('numbers and kinds of arguments', [
  ['none', on(), A, /\(range, y\), but it is '1 of them'/],
  ['too many', on(f64(), f64()), A, /3 of them/],
  ['a list', on([1, 2]), A, /y must be a typed array.*heap\.f64\(list\)/],
  ['null', on(null), A, /y must be a typed array/],
  ['nothing', on(undefined), A, /y must be/],
  ['text', on('abc'), A, /y must be/],
  ['a function', on(() => 1), A, /y must be/],
  ['a symbol', on(Symbol('s')), A, /y must be/],
  ['a DataView', on(new DataView(new ArrayBuffer(80))), A, /DataView/],
  ['an ArrayBuffer', on(new ArrayBuffer(80)), A, /ArrayBuffer/],
  ['a proxy of an array', on(new Proxy(f64(), {})), A, /y must be/],
  ['an object', on({}), A, /y must be/],
  ['a promise', on(Promise.resolve(f64())), A, /y must be/],
  ['a number for an array', on(5), KernelTypeError, /'y' is not an array/],
  [
    'an array for a number',
    () => (kernel(text('(i, y, a) => { y[i] = a }')) as any)(10, f64(), f64()),
    Error,
    /'a' is used as a value/,
  ],
  [
    'a BigInt of 70 bits',
    () => (kernel(text('(i, y, a) => { y[i] = Number(a) }')) as any)(10, f64(), 2n ** 70n),
    A,
    /64 bits/,
  ],
  [
    'a view with too few strides',
    on({ data: f64(), shape: [2, 5], strides: [1] }),
    A,
    /view \{ data, shape, strides \}/,
  ],
  ['a view with strides of half an element', on({ data: f64(), shape: [2], strides: [0.5] }), A, /view/],
  ['a view of a list', on({ data: [1], shape: [1], strides: [1] }), A, /view/],
  [
    'a dimension the view lacks',
    () => (kernel(text('(i, v) => { v.data[i] = v.shape[2] }')) as any)(1, { data: f64(), shape: [10], strides: [1] }),
    Error,
    /1 dimensions/,
  ],
  ['an output too short', () => (scan('+', text('i => i')) as any)(10, new Int32Array(9)), A, /at least 10 elements/],
  ['an output of bytes', () => (scan('+', text('i => i')) as any)(10, new Uint8Array(10)), A, /32- or 64-bit/],
  ['an output that is a number', () => (scan('+', text('i => i')) as any)(10, 5), A, /out must be/],
  [
    'no output',
    () => (scan('+', text('i => i'), { name: 'sums' }) as any)(10),
    A,
    /out must be .* The output comes first, right after the range: sums\(range, out\)\.$/,
  ],
  [
    'an input in place of the output',
    () => (scan('+', text('(i, x, a = 1) => a * x[i]'), { name: 'sums' }) as any)(10, f64()),
    A,
    /arguments must be \(range, out, x, a\), but it is '2 of them'\. The output comes first.*: sums\(range, out, x, a\)/,
  ],
  [
    'an output of another kind',
    () => (scan('+', text('i => i')) as any)(10, new BigInt64Array(10)),
    KernelTypeError,
    /BigInt/,
  ],
])

const detached = () => {
  const a = f64()
  structuredClone(a, { transfer: [a.buffer] })
  return a
}
bad('arrays that are gone', [
  ['detached', () => fill(10, detached()), A, /y must be.*attached.*detached/],
  ['detached, in an empty range', () => fill(0, detached()), A, /detached/],
  [
    'detached after a good call',
    () => {
      const a = f64()
      fill(10, a)
      structuredClone(a, { transfer: [a.buffer] })
      fill(10, a)
    },
    A,
    /detached/,
  ],
  [
    'detached inside a view',
    () => (kernel(text('(i, v) => { v.data[i] = 1 }')) as any)(10, { data: detached(), shape: [10], strides: [1] }),
    A,
    /detached/,
  ],
  [
    'cut short',
    () => {
      const b = new ArrayBuffer(80, { maxByteLength: 160 })
      const a = new Float64Array(b)
      fill(10, a)
      b.resize(40)
      fill(10, a)
    },
    IndexError,
    /has length 5/,
  ],
  [
    'cut off',
    () => {
      const b = new ArrayBuffer(80, { maxByteLength: 160 })
      const a = new Float64Array(b, 0, 10)
      b.resize(40)
      fill(10, a)
    },
    IndexError,
    /has length 0/,
  ],
  [
    'released',
    () => {
      const a = heap.f64(10)
      heap.release(a)
      fill(10, a)
    },
    Error,
    /release|free/,
  ],
])

const at =
  (source: string, ...more: unknown[]) =>
  (backend: BackendName, n = 100) =>
  () =>
    (kernel(text(`(i, y, a) => { ${source} }`)).on(backend) as any)(n, f64(100), ...more)
const accesses: [string, ReturnType<typeof at>, RegExp][] = [
  ['beyond the end', at('y[i + 1] = 1', 0), /y\[i \+ 1\] has index 100, but y has length 100/],
  ['before the beginning', at('y[i - 1] = 1', 0), /has index -1, but/],
  ['far out', at('y[i * 1000000] = 1', 0), /has index 1000000/],
  ['far out, wrapped', at('y[i * 2147483647 + 5] = y[0]', 0), /has index/],
  [
    'gathered',
    at(
      'y[i] = y[a[i]]',
      Int32Array.from({ length: 100 }, (_, i) => (i === 57 ? 1000 : i)),
    ),
    /y\[a\[i\]\] has index 1000/,
  ],
  [
    'gathered, negative',
    at(
      'y[i] = y[a[i]]',
      Int32Array.from({ length: 100 }, (_, i) => (i === 57 ? -3 : i)),
    ),
    /index -3/,
  ],
  [
    'scattered',
    at(
      'y[a[i]] = 1',
      Int32Array.from({ length: 100 }, (_, i) => (i === 99 ? 100 : i)),
    ),
    /y\[a\[i\]\] has index 100/,
  ],
  [
    'by a float that is NaN',
    at('y[i] = y[Math.floor(a[i])]', f64(100).fill(NaN)),
    /negative, beyond 2\^31 - 1 or not a number/,
  ],
  ['by a huge float', at('y[i] = y[Math.floor(a[i])]', f64(100).fill(1e20)), /beyond 2\^31/],
  ['by a number argument', at('y[a] = 1', 100), /y\[a\] has index 100/],
  ['of a private array', at('const t = [1, 2, 3]; y[i] = t[i]', 0), /t\[i\] has index 3, but t has length 3/],
  [
    'of a private array, stored',
    at('const t = new Int8Array(8); t[a - i] = 1; y[i] = t[0]', 5),
    /t\[a - i\] has index/,
  ],
  ['in a branch', at('if (i > 50) y[i] = y[i + 49]', 0), /y\[i \+ 49\] has index 100/],
  ['in a loop', at('for (let k = 0; k < 3; k++) y[i] += y[i + k]', 0), /y\[i \+ k\]/],
  ['in a helper', at('const f = k => y[k + 90]; y[i] = f(i)', 0), /y\[k \+ 90\] has index 100/],
  ['by an atomic', at('atomic.add(y, i + 1, 1)', 0), /has index 100/],
  ['of an empty array', at('y[i] = a[0]', new Float64Array(0)), /a\[0\] has index 0, but a has length 0/],
]
for (const backend of runHere) {
  bad(
    `accesses out of range, ${backend}`,
    accesses.map(([name, run, says]) => [name, run(backend), IndexError, says]),
  )
}

it('what lies beside an array is not touched by an access out of range', async () => {
  for (const shift of [-1, 1, 3, 17, 100000]) {
    for (const inHeap of [false, true]) {
      const whole = inHeap ? heap.f64(400) : f64(400)
      whole.fill(7)
      const part = whole.subarray(100, 300)
      const k = kernel(text(`(i, y) => { y[i + ${shift}] = 1 }`)) as any
      await assert.rejects(k.async(200, part), IndexError)
      assert.throws(() => k(200, part), IndexError)
      assert(whole.subarray(0, 100).every((x: number) => x === 7) && whole.subarray(300).every((x: number) => x === 7))
      if (inHeap) heap.release(whole)
    }
  }
})

it('the index that an error names is one that is out of range, whatever the threads', async () => {
  const k = kernel(text('(i, y, at) => { y[i] = y[at[i]] }')) as any
  const n = 50_000
  for (let round = 0; round < 20; round++) {
    const list = Int32Array.from({ length: n }, (_, i) => i)
    const wrong = new Set<number>()
    for (let w = 0; w <= round; w++) {
      const where = (w * 7919 + round * 104729) % n
      list[where] = n + w
      wrong.add(n + w)
    }
    await assert.rejects(k.async(n, new Float64Array(n), list), (e: IndexError) => {
      assert(e instanceof IndexError && wrong.has(e.index), `index ${e.index}`)
      assert.deepEqual([e.array, e.length, e.expression], ['y', n, 'y[at[i]]'])
      return true
    })
  }
})

bad('asserts', [
  [
    'false',
    () => (kernel(text('(i, y) => { assert(i < 5, "five at most"); y[i] = 1 }')) as any)(10, f64()),
    KernelAssertionError,
    /five at most/,
  ],
  [
    'false, without a message',
    () => (kernel(text('(i, y) => { assert(y[i] > 5) }')) as any)(10, f64()),
    KernelAssertionError,
    /y\[i\] > 5/,
  ],
  [
    'false in a reduction',
    () => (reduce('+', text('(i, y) => { assert(i !== 7); return y[i] }')) as any)(10, f64()),
    KernelAssertionError,
    /i !== 7/,
  ],
])

bad('backends and settings', [
  ['no such backend', () => fill.on('cuda'), A, /'wasm' or 'x64' or 'reference'/],
  ['no backend', () => fill.on(), A, /'wasm' or 'x64' or 'reference'/],
  ['what every object has', () => fill.on('toString'), A, /backend/],
  ['settings null', () => fill.with(null), A, /options must be an object/],
  ['settings with a slip', () => fill.with({ thread: 2 }), A, /threads, schedule, chunk/],
  ['settings with a backend', () => fill.with({ backend: {} }), A, /\{ backend \}/],
  ['no threads', () => fill.with({ threads: 0 }), A, /from 1/],
  ['a thread and a half', () => fill.with({ threads: 1.5 }), A, /from 1/],
  ['threads as text', () => fill.with({ threads: '2' }), A, /threads/],
  ['a chunk of 0', () => fill.with({ chunk: 0 }), A, /chunk/],
  ['a schedule there is none', () => fill.with({ schedule: 'fast' }), A, /'static', 'dynamic', 'guided' or 'auto'/],
  ['a signal that is none', () => fill.with({ signal: {} }), A, /an AbortSignal/],
  ['options null', () => (kernel as any)(text('i => {}'), null), A, /options must be an object/],
  ['options with a slip', () => (kernel as any)(text('i => {}'), { uses: {} }), A, /\{ uses \}/],
  ['a name that is none', () => (kernel as any)(text('i => {}'), { name: 5 }), A, /name must be a string/],
  ['a float that is none', () => (kernel as any)(text('i => {}'), { float: 'f16' }), A, /'f32' or 'f64'/],
  ['explain of nothing', () => (kernel(text('(i, y) => { y[i] = 0.375 }')) as any).explain('ir'), A, /arguments/],
  ['explain at no level', () => fill.explain('everything'), A, /'ir', 'passes', 'code' or 'all'/],
  [
    'console.log on threads',
    () => (kernel(text('(i, y) => { console.log(y[i]) }')) as any)(10, f64()),
    NotSupportedError,
    /\.on\('reference'\)/,
  ],
])

it('errors of getters and proxies are passed on as they are', async () => {
  const mine = new Error('mine')
  const thrower = {
    get: () => {
      throw mine
    },
    ownKeys: () => {
      throw mine
    },
  }
  const calls = [
    () =>
      fill(
        {
          get end() {
            throw mine
          },
        },
        f64(),
      ),
    () => plane(new Proxy([1, 2], thrower), f64(), 1),
    () =>
      fill(10, {
        get data() {
          throw mine
        },
      }),
    () =>
      kernel(text('i => {}'), {
        use: {
          get W(): number {
            throw mine
          },
        },
      }),
    () => kernel(text('i => {}'), { use: new Proxy({}, thrower) }),
    () =>
      kernel(text('i => {}'), {
        use: () => {
          throw mine
        },
      }),
  ]
  for (const call of calls) {
    await assert.rejects(
      async () => call(),
      (e: unknown) => e === mine,
    )
    await worksOn()
  }
})

it('a view that changes its mind between two looks does no harm', async () => {
  const k = kernel(text('(i, v) => { v.data[i * v.strides[0]] = i }')) as any
  for (const later of [undefined, null, 5, [1], new Uint8Array(3), new Float64Array(2), detached()]) {
    let looks = 0
    const v = {
      get data() {
        return looks++ < 3 ? f64() : later
      },
      shape: [10],
      strides: [1],
    }
    await Promise.resolve()
      .then(() => k(10, v))
      .catch((e: unknown) => assert(e instanceof Error))
    await worksOn()
  }
})
