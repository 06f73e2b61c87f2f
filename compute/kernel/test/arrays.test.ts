/** Arrays of every kind, in the heap and outside, views of several dimensions, arrays that share memory. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { heap } from '@skein/heap'
import { atomic, kernel } from '../src/index.ts'
import { agree, f64, i32, i64, same, u32, u64 } from './agree.ts'
import { runHere } from './backends.ts'

process.env.SKEIN_THREADS ??= '4'

const text = (source: string): Function => new Function(`return ${source}`)()
const EDGES = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  127.5,
  255.5,
  256,
  -129,
  32768,
  65535.9,
  65536,
  2 ** 31,
  -(2 ** 31) - 1,
]
const FAR = [
  2 ** 32,
  2 ** 32 + 5.5,
  -(2 ** 33) - 7,
  2 ** 53,
  1e20,
  -1e20,
  NaN,
  Infinity,
  -Infinity,
  5e-324,
  1e-8,
  65519,
]
const HALVES = [65520, 1 + 2 ** -11, 1 + 2 ** -11 + 2 ** -40, 2 ** -24, 2 ** -25, 2 ** -25 + 2 ** -50, 6e-5, 3.0001]
const VALUES = [...EDGES, ...FAR, ...HALVES]
const doubles = (n: number) => Float64Array.from({ length: n }, (_, i) => VALUES[i % VALUES.length])

const KINDS = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  ...(typeof Float16Array === 'undefined' ? {} : { Float16Array }),
}
const made = (kind: any, n: number) => kind.from({ length: n }, (_: unknown, i: number) => VALUES[i % VALUES.length])
const SIZES = [0, 1, 2, 3, 7, 16, 17, 33, VALUES.length, 200]
const perKind = (make: (kind: any) => Parameters<typeof agree>[1][string]) =>
  Object.fromEntries(Object.entries(KINDS).map(([name, kind]) => [name, make(kind)]))

agree(
  'reading an element of',
  perKind(kind => ({
    fn: text('(i, y, x) => { y[i] = x[i] }'),
    args: n => [new Float64Array(n), made(kind, n)],
    sizes: SIZES,
  })),
)
agree(
  'storing a float64 in',
  perKind(kind => ({
    fn: text('(i, y, x) => { y[i] = x[i] }'),
    args: n => [made(kind, n), doubles(n)],
    sizes: SIZES,
  })),
)
agree(
  'storing a float32 in',
  perKind(kind => ({
    fn: text('(i, y, x) => { y[i] = x[i] }'),
    args: n => [made(kind, n), Float32Array.from(doubles(n))],
    sizes: SIZES,
  })),
)
agree(
  'storing an int32 in',
  perKind(kind => ({
    fn: text('(i, y, x) => { y[i] = x[i] }'),
    args: n => [made(kind, n), Int32Array.from(doubles(n))],
    sizes: SIZES,
  })),
)
agree(
  'storing a uint32 in',
  perKind(kind => ({
    fn: text('(i, y, x) => { y[i] = x[i] }'),
    args: n => [made(kind, n), Uint32Array.from(doubles(n))],
    sizes: SIZES,
  })),
)
agree(
  'reading and storing at odd places of',
  perKind(kind => ({
    fn: text('(i, y, x) => { if (i % 3) y[2 * i + 1] = x[3 * i + 2]; else y[2 * i] = x[i] }'),
    args: n => [made(kind, 2 * n + 2), made(kind, 3 * n + 3)],
    sizes: SIZES,
  })),
)
agree(
  'updating elements in place of',
  perKind(kind => ({
    fn: text('(i, y, x) => { if (i % 2) y[i]++; else y[i] = x[i] }'),
    args: n => [made(kind, n), i32(n)],
    sizes: SIZES,
  })),
)

agree('BigInts', {
  'arithmetic wraps at 64 bits': {
    fn: (i: number, y: BigInt64Array, x: BigInt64Array) => {
      const a = x[i]
      y[i] = (BigInt.asIntN(64, a * 3n - 1n + (a << 5n)) ^ ((a >> 2n) & ~a)) | 7n
    },
    args: n => [new BigInt64Array(n), i64(n)],
  },
  'division and remainder': {
    fn: (i: number, y: BigInt64Array, z: BigUint64Array, x: BigInt64Array, u: BigUint64Array) => {
      y[i] = x[i] / 7n + (x[i] % 1000n) * 3n
      z[i] = u[i] / 7n + (u[i] % 1000n)
    },
    args: n => [new BigInt64Array(n), new BigUint64Array(n), i64(n), u64(n)],
  },
  'comparison, signed and unsigned': {
    fn: (i: number, y: Int32Array, x: BigInt64Array, u: BigUint64Array) => {
      y[i] = (x[i] < 0n ? 1 : 0) + (u[i] < 9223372036854775808n ? 2 : 0) + (x[i] === -7n ? 4 : 0) + (u[i] >= 5n ? 8 : 0)
    },
    args: n => [new Int32Array(n), i64(n), u64(n)],
  },
  'from and to numbers': {
    fn: (i: number, y: BigInt64Array, z: Float64Array, x: Int32Array, u: Uint32Array, b: BigUint64Array) => {
      y[i] = BigInt(x[i]) * BigInt(u[i]) + BigInt(i)
      z[i] = Number(y[i]) + Number(b[i]) * 0.5
    },
    args: n => [new BigInt64Array(n), new Float64Array(n), i32(n), u32(n), u64(n)],
  },
  'asIntN and asUintN': {
    fn: (i: number, y: BigInt64Array, z: BigUint64Array, x: BigInt64Array) => {
      y[i] = BigInt.asIntN(17, x[i])
      z[i] = BigInt.asUintN(33, x[i])
    },
    args: n => [new BigInt64Array(n), new BigUint64Array(n), i64(n)],
  },
  'the least and the greatest': {
    fn: (i: number, y: BigInt64Array, z: BigUint64Array) => {
      y[i] = i % 2 ? -9223372036854775808n : 9223372036854775807n
      z[i] = 18446744073709551615n - BigInt(i)
    },
    args: n => [new BigInt64Array(n), new BigUint64Array(n)],
  },
  'scalars, ++ and --': {
    fn: (i: number, y: BigInt64Array, a: bigint, u: BigUint64Array) => {
      let k = a
      k++
      y[i] += k * BigInt(i)
      y[i]--
      u[i]++
    },
    args: n => [i64(n), 12345678901234n, u64(n)],
  },
})

const view = (data: ArrayBufferView, shape: number[], strides: number[], offset?: number) => ({
  data,
  shape,
  strides,
  ...(offset !== undefined && { offset }),
})
agree('views', {
  'rows and columns by strides': {
    fn: ([r, c]: number[], y: any, x: any) => {
      y.data[r * y.strides[0] + c * y.strides[1]] = x.data[r * x.strides[0] + c * x.strides[1]] * 2
    },
    range: n => [Math.min(n, 20), 13],
    // x is transposed.
    args: () => [view(new Float64Array(260), [20, 13], [13, 1]), view(f64(260), [20, 13], [1, 20])],
  },
  'shape, length and offset': {
    fn: (i: number, y: any, x: any) => {
      if (i < x.shape[0]) y.data[y.offset + i * y.strides[0]] = x.data[x.offset + i * x.strides[0]] + x.shape.length
    },
    args: n => [view(new Int32Array(2 * n + 5), [n], [2], 3), view(i32(n), [n], [-1], Math.max(0, n - 1))],
  },
  'of three dimensions, by a helper': {
    fn: ([z, r, c]: number[], y: any, x: any) => {
      const at = (v: any, a: number, b: number, d: number) => a * v.strides[0] + b * v.strides[1] + d * v.strides[2]
      y.data[at(y, z, r, c)] = x.data[at(x, z, r, c)]
    },
    range: n => [Math.min(n, 4), 5, 6],
    args: () => [view(new Float64Array(120), [4, 5, 6], [30, 6, 1]), view(f64(120), [4, 5, 6], [1, 4, 20])],
  },
  'named anew': {
    fn: (i: number, v: any) => {
      const d = v.data
      const { data } = v
      d[i] = data[i] + d.length
    },
    args: n => [view(f64(n), [n], [1])],
  },
})

agree('arrays that share memory', {
  'the same array twice': {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      y[i] = x[i] * 2 + 1
    },
    args: n => {
      const a = f64(n)
      return [a, a]
    },
  },
  'two arrays written, the same': {
    fn: (i: number, y: Float64Array, z: Float64Array) => {
      y[i] = z[i] + 1
      z[i] = y[i] * 2
      y[i] += z[i]
    },
    args: n => {
      const a = f64(n)
      return [a, a]
    },
  },
  'parts of one buffer, apart': {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      y[i] = x[i] + 1
    },
    args: n => {
      const a = f64(2 * n + 3)
      return [a.subarray(n + 3), a.subarray(1, n + 1)]
    },
    // Copied one by one, they share nothing.
  },
  'one buffer as two kinds': {
    fn: (i: number, y: Int32Array, x: Float32Array) => {
      y[i] = (y[i] & 0x7fffffff) | 0
      x[i] = x[i] + 1
      y[i] |= 0
    },
    args: n => {
      const a = Float32Array.from(f64(n))
      return [new Int32Array(a.buffer), a]
    },
  },
})

describe('arrays that overlap, in the heap', () => {
  // Within an iteration, what is stored through one name is read through the other.
  const fn = (i: number, y: Float64Array, z: Float64Array) => {
    y[i] = i
    z[i] = y[i] + z[i] * 10
    y[i] += z[i]
  }
  for (const shift of [0, 1, 2, 3, 5, 16]) {
    it(`shifted by ${shift}, on one thread in order`, () => {
      const n = 300
      const run = (backend: 'wasm' | 'reference') => {
        const a = heap.f64(n + shift)
        kernel(fn as any)
          .on(backend)
          .with({ threads: 1 })(n, ...([a.subarray(shift), a.subarray(0, n)] as any))
        const copy = a.slice()
        heap.release(a)
        return copy
      }
      // With a shift one iteration reads what another one stores: which comes first is not said. Without one it is.
      if (shift === 0) assert.deepEqual(run('wasm'), run('reference'))
      else assert(run('wasm').every(x => Number.isFinite(x)))
    })
  }
})

describe('arrays outside the heap', () => {
  it('are changed only where the kernel stores', () => {
    const whole = f64(100)
    const before = whole.slice()
    const k = kernel((i: number, y: Float64Array) => {
      y[i] = -1
    })
    k(10, whole.subarray(20, 40))
    before.fill(-1, 20, 30)
    assert.deepEqual(whole, before)
  })

  it('may be parts at odd offsets, Buffers, of a SharedArrayBuffer, resizable, or of a class of their own', () => {
    class Mine extends Float64Array {}
    const cases: [ArrayBufferView, ArrayBufferView][] = [
      [new Int16Array(new ArrayBuffer(64), 6, 20), new Int16Array(20)],
      [Buffer.alloc(20), new Uint8Array(20)],
      [Buffer.from('twenty letters or more'), new Uint8Array(Buffer.from('twenty letters or more'))],
      [new Float64Array(new SharedArrayBuffer(160)), new Float64Array(20)],
      [new Float64Array(new ArrayBuffer(160, { maxByteLength: 800 })), new Float64Array(20)],
      [new Mine(20), new Float64Array(20)],
    ]
    const k = kernel(text('(i, y) => { y[i] += i * 3 }') as any) as any
    for (const [a, b] of cases) {
      k(20, a)
      for (let i = 0; i < 20; i++) (b as any)[i] += i * 3
      same([b], [a], 'in place')
    }
  })

  it('that are only read are not written back', async () => {
    const x = f64(50)
    const y = new Float64Array(50)
    const k = kernel((i: number, y: Float64Array, x: Float64Array) => {
      y[i] = x[i]
    })
    const done = k.async(50, y, x)
    // Whether the kernel sees the change is not said; that the change stays is.
    x[3] = 1234
    await done
    assert.equal(x[3], 1234)
  })
})

describe('atomics', () => {
  const counted = (n: number) => Int32Array.from({ length: n }, (_, i) => (i * 7919) % 13)
  const kernels: [string, Function, (n: number) => any, (n: number) => unknown][] = [
    ['Int32Array', (i: number, c: any, k: any) => void atomic.add(c, k[i], i), () => new Int32Array(13), () => 0],
    ['Uint32Array', (i: number, c: any, k: any) => void atomic.sub(c, k[i], i), () => new Uint32Array(13), () => 0],
    [
      'BigInt64Array',
      (i: number, c: any, k: any) => void atomic.add(c, k[i], BigInt(i)),
      () => new BigInt64Array(13),
      () => 0,
    ],
    [
      'BigUint64Array',
      (i: number, c: any, k: any) => void atomic.xor(c, k[i], BigInt(i)),
      () => new BigUint64Array(13),
      () => 0,
    ],
    ['min', (i: number, c: any, k: any) => void atomic.min(c, k[i], 50 - i), () => new Int32Array(13), () => 0],
    ['max', (i: number, c: any, k: any) => void atomic.max(c, k[i], i), () => new Uint32Array(13), () => 0],
    ['and', (i: number, c: any, k: any) => void atomic.and(c, k[i], ~i), () => new Int32Array(13).fill(-1), () => 0],
    ['or', (i: number, c: any, k: any) => void atomic.or(c, k[i], i), () => new Int32Array(13), () => 0],
    ['xor', (i: number, c: any, k: any) => void atomic.xor(c, k[i], i), () => new Int32Array(13), () => 0],
    [
      'float64 of whole numbers',
      (i: number, c: any, k: any) => void atomic.add(c, k[i], i),
      () => new Float64Array(13),
      () => 0,
    ],
    ['float32 max', (i: number, c: any, k: any) => void atomic.max(c, k[i], i), () => new Float32Array(13), () => 0],
  ]
  for (const [name, fn, counters] of kernels) {
    it(`${name}: every iteration counts, on any threads`, async () => {
      for (const n of [0, 1, 2, 17, 1000, 50_000]) {
        const k = counted(n)
        const plain = counters(n)
        for (let i = 0; i < n; i++) fn(i, plain, k)
        const made = kernel(fn as any, { use: { atomic } }) as any
        for (const run of [
          made.on('reference'),
          made,
          made.async,
          made.with({ schedule: 'dynamic', chunk: 3 }).async,
        ]) {
          const c = counters(n)
          await run(n, c, k)
          assert.deepEqual(c, plain)
        }
      }
    })
  }

  it('give the old value, each one once', async () => {
    const k = kernel(
      (i: number, place: Int32Array, next: Int32Array) => {
        place[i] = atomic.add(next, 0, 1)
      },
      { use: { atomic } },
    )
    const n = 20_000
    const [place, next] = [new Int32Array(n), new Int32Array(1)]
    await k.async(n, place, next)
    assert.equal(next[0], n)
    assert.deepEqual(
      place.slice().sort(),
      Int32Array.from({ length: n }, (_, i) => i),
    )
  })

  it('exchange and compareExchange', async () => {
    const k = kernel(
      (i: number, old: Int32Array, a: Int32Array, won: Int32Array, b: BigInt64Array) => {
        old[i] = atomic.exchange(a, i, i + 1)
        if (atomic.compareExchange(won, 0, 0, i + 1) === 0) old[i] += 1000
        b[i] = atomic.compareExchange(b, i, BigInt(i), -1n)
      },
      { use: { atomic } },
    )
    for (const backend of runHere) {
      const n = 1000
      const [old, a, won] = [new Int32Array(n), new Int32Array(n).fill(5), new Int32Array(1)]
      const b = BigInt64Array.from({ length: n }, (_, i) => BigInt(i % 7))
      await k.on(backend).async(n, old, a, won, b)
      assert.deepEqual(
        a,
        Int32Array.from({ length: n }, (_, i) => i + 1),
      )
      assert.equal(old.filter(x => x === 1005).length, 1)
      assert.equal(old[won[0] - 1], 1005)
      assert.equal(b[500], BigInt(500 % 7))
    }
  })

  it('a spread over elements of a lane strip that collide', () => {
    const k = kernel(
      (i: number, c: Int32Array) => {
        atomic.add(c, i & 1, 1)
        atomic.max(c, 2 + (i & 1), i)
      },
      { use: { atomic } },
    )
    const c = new Int32Array(4)
    k(999, c)
    assert.deepEqual([...c], [500, 499, 998, 997])
  })
})
