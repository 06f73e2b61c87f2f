/** Helpers declared in a kernel, helpers and values given in `use`, ranges, and Skein's own functions inside kernels. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NotSupportedError } from '@skein/base'
import { assert as holds, KernelAssertionError, kernel, random } from '../src/index.ts'
import { agree, f32, f64, i32, indices } from './agree.ts'
import { runHere } from './backends.ts'

process.env.SKEIN_THREADS ??= '4'

const text = (source: string, names = '', ...values: unknown[]): Function =>
  new Function(names, `return ${source}`)(...values)
const ints = (n: number) => [new Int32Array(n), i32(n)]
const floats = (n: number) => [new Float64Array(n), f64(n)]

agree('helpers declared in the kernel', {
  'an expression, a block, a hoisted function': {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      const square = (v: number) => v * v
      const scale = (v: number, by: number) => {
        const w = v * by
        return w + 1
      }
      y[i] = square(x[i]) + scale(x[i], 3) + half(i)
      function half(v: number) {
        return v / 2
      }
    },
    args: floats,
  },
  'that call each other': {
    fn: (i: number, y: Int32Array) => {
      const a = (v: number) => v + 1
      const b = (v: number) => a(v) * a(v + 1)
      const c = (v: number) => {
        const inner = (w: number) => b(w) + v
        return inner(v * 2)
      }
      y[i] = c(i)
    },
    args: n => [new Int32Array(n)],
  },
  'early return, from loops too': {
    fn: (i: number, y: Int32Array) => {
      const divisor = (n: number) => {
        for (let k = 2; k * k <= n; k++) {
          if (n % k === 0) return k
        }
        return n
      }
      const sign = (v: number) => {
        if (v > 10) return 1
        if (v > 5) return 0
        return -1
      }
      y[i] = divisor(i + 2) * 10 + sign(i)
    },
    args: n => [new Int32Array(n)],
  },
  'without a value': {
    fn: (i: number, y: Int32Array) => {
      const put = (v: number) => {
        for (let k = 0; k < 4; k++) {
          if (v % 3 === k) return
          y[i] += k + 1
        }
      }
      put(i)
      if (i % 2) put(i + 1)
    },
    args: n => [new Int32Array(n)],
  },
  'that change what is around them, in loops and tests': {
    fn: (i: number, y: Int32Array) => {
      let s = 0
      let k = 0
      const add = (v: number) => {
        s += v
      }
      const more = () => {
        k++
        return k < (i % 6) + 1
      }
      for (let j = 0; j < 3; j++) add(j + i)
      while (more()) s += 100
      if (i % 2) add(1000)
      y[i] = s + k
    },
    args: n => [new Int32Array(n)],
  },
  'that take arrays and functions by name': {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      const at = (a: Float64Array, k: number) => (k >= 0 && k < a.length ? a[k] : 0)
      const twice = (f: (v: number) => number, v: number) => f(f(v))
      y[i] = at(x, i - 1) + at(x, i) * 2 + at(x, i + 1) + twice(v => v * 3, x[i])
    },
    args: floats,
    plain: 0,
  },
  'with default values and parameters that are assigned': {
    fn: (i: number, y: Int32Array) => {
      const f = (a: number, b = 2, c = a + b) => {
        a *= b
        b++
        return a + b * 10 + c * 100
      }
      y[i] = f(i) + f(i, 3) + f(i, 3, 4)
    },
    args: n => [new Int32Array(n)],
  },
  'with private arrays of their own': {
    fn: (i: number, y: Int32Array) => {
      const f = (v: number) => {
        const t = new Int32Array(3)
        t[v % 3] += v
        t[0] += 1
        return t[0] + t[1] * 2 + t[2] * 3
      }
      let s = 0
      for (let k = 0; k < 4; k++) s += f(i + k)
      y[i] = s + f(i)
    },
    args: n => [new Int32Array(n)],
  },
  'called where they stand': {
    fn: text(
      '(i, y) => { let s = i; y[i] = (() => { if (i > 3) return 5; s++; return s })() + ((a, b) => a * b)(i, s) }',
    ),
    args: n => [new Int32Array(n)],
  },
  'that return from a switch': {
    fn: text(`(i, y) => {
      const f = k => { switch (k) { case 0: return 5; case 1: return 6; default: return 7 } }
      const g = k => { out: for (;;) { switch (k) { case 0: break out; case 1: return 1 } k-- } return 2 }
      y[i] = f(i % 4) * 10 + g(i % 3)
    }`),
    args: n => [new Int32Array(n)],
  },
  'BigInt through a loop without an end': {
    fn: text(
      '(i, y) => { const f = x => { while (true) { if (x > 100n) return x; x = x * 2n + 1n } }; y[i] = f(BigInt(i)) }',
    ),
    args: n => [new BigInt64Array(n)],
  },
})

const WIDTH = 7
const HALF = 0.5
const FLAG = true
const BIG = 12345678901n
const smooth = (a: Float64Array, k: number) => (k > 0 && k < a.length - 1 ? (a[k - 1] + a[k] * 2 + a[k + 1]) / 4 : a[k])
const offset = (v: number) => v + WIDTH
const weights = new Float64Array([0.25, 0.5, 0.25])
const config = {
  size: { w: 3, h: 4 },
  gains: [1.5, 2.5],
  scale: (v: number) => v * 1.25,
  table: new Int32Array([5, 6, 7]),
}

agree('values and helpers of use', {
  'numbers, booleans, BigInts': {
    fn: (i: number, y: Float64Array, z: BigInt64Array) => {
      y[i] = i * HALF + (FLAG ? WIDTH : 0) + (i % WIDTH)
      z[i] = BIG * BigInt(i)
    },
    use: { WIDTH, HALF, FLAG, BIG },
    args: n => [new Float64Array(n), new BigInt64Array(n)],
  },
  'functions that use others': {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      y[i] = smooth(x, i) + offset(i)
    },
    use: { smooth, offset, WIDTH },
    args: floats,
  },
  arrays: {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      let s = 0
      for (let k = 0; k < weights.length; k++) s += weights[k] * x[(i + k) % x.length]
      y[i] = s
    },
    use: { weights },
    args: floats,
  },
  'objects of these': {
    fn: (i: number, y: Float64Array) => {
      y[i] = config.size.w * config.size.h + config.gains[1] * config.scale(i) + config.table[i % 3]
    },
    use: { config },
    args: n => [new Float64Array(n)],
  },
  'a method': {
    fn: (i: number, y: Float64Array) => {
      y[i] = methods.twice(i) + methods.thrice(i)
    },
    get use() {
      return { methods }
    },
    args: n => [new Float64Array(n)],
  },
})
const methods = {
  twice(v: number) {
    return v * 2
  },
  thrice: (v: number) => v * 3,
}

describe('captured values', () => {
  it('make programs of their own, even where the text is one', () => {
    const made = (w: unknown) => kernel(text('(i, y) => { y[i] = W }') as any, { use: { W: w } })
    for (const w of [1, 2, -0, 0, 1.5, true, NaN]) {
      const y = new Float64Array(3)
      ;(made(w) as any)(3, y)
      assert(Object.is(y[2], Number(w)), `${String(w)} gave ${y[2]}`)
    }
  })

  it('are read when the kernel is made', () => {
    const use = { W: 1 }
    const k = kernel(text('(i, y) => { y[i] = W }') as any, { use }) as any
    use.W = 2
    const y = new Float64Array(1)
    k(1, y)
    assert.equal(y[0], 1)
  })

  it('far down in objects count', () => {
    const deep = (w: number) => ({ a: { b: { c: { d: { e: { f: { g: { h: { w } } } } } } } } })
    for (const w of [1, 2]) {
      const y = new Float64Array(1)
      ;(kernel(text('(i, y) => { y[i] = o.a.b.c.d.e.f.g.h.w }') as any, { use: { o: deep(w) } }) as any)(1, y)
      assert.equal(y[0], w)
    }
  })

  it("are told apart when they are Skein's own functions", async () => {
    const { atomic } = await import('../src/index.ts')
    for (const [op, expected] of [
      [atomic.add, 60],
      [atomic.max, 19],
    ] as const) {
      const y = new Int32Array([3])
      const k = kernel(text('(i, y) => { op(y, 0, i === 0 ? 19 : 2) }') as any, { use: { op } }) as any
      k(20, y)
      assert.equal(y[0], expected)
    }
  })
})

const grid = () => [new Int32Array(100 * 40), 40]
agree('ranges', {
  'begin and end': {
    fn: (i: number, y: Int32Array) => {
      y[i] = i + 1
    },
    range: n => ({ begin: n >> 1, end: n }),
    args: n => [new Int32Array(n)],
  },
  step: {
    fn: (i: number, y: Int32Array, x: Int32Array) => {
      y[i] = i + x[i]
    },
    range: n => ({ begin: 1, end: n, step: 3 }),
    args: ints,
  },
  'a negative step': {
    fn: (i: number, y: Int32Array, x: Int32Array) => {
      y[i] = i + x[i]
    },
    range: n => ({ begin: n - 1, end: -1, step: -2 }),
    args: ints,
  },
  'negative indices': {
    fn: (i: number, y: Int32Array) => {
      y[i + 10] = i
    },
    range: n => ({ begin: -10, end: n - 10 }),
    args: n => [new Int32Array(n)],
  },
  'an empty range': {
    fn: (i: number, y: Int32Array) => {
      y[i] = 1
    },
    range: n => ({ begin: n, end: 0 }),
    args: n => [new Int32Array(n)],
  },
  'one dimension in a list': {
    fn: ([i]: number[], y: Int32Array) => {
      y[i] = i
    },
    range: n => [n],
    args: n => [new Int32Array(n)],
  },
  'two dimensions': {
    fn: ([row, col]: number[], y: Int32Array, width: number) => {
      y[row * width + col] = row * 100 + col
    },
    range: n => [Math.min(n, 37), 40],
    args: grid,
  },
  'two dimensions with steps, one down': {
    fn: ([row, col]: number[], y: Int32Array, width: number) => {
      y[row * width + col] += row * 100 + col
    },
    range: n => [
      { begin: 50, end: 0, step: -3 },
      { begin: 1, end: Math.min(40, n + 1), step: 2 },
    ],
    args: grid,
  },
  'three dimensions': {
    fn: ([z, r, c]: number[], y: Int32Array) => {
      y[(z * 5 + r) * 7 + c] = z * 100 + r * 10 + c
    },
    range: n => [Math.min(n, 9), 5, 7],
    args: n => [new Int32Array(n * 35 + 35)],
  },
  'three dimensions with steps': {
    fn: ([z, r, c]: number[], y: Int32Array) => {
      y[(z * 5 + r) * 7 + c] += z * 100 + r * 10 + c
    },
    range: n => [
      { begin: 1, end: Math.min(n, 9), step: 2 },
      { begin: 4, end: -1, step: -1 },
      { begin: 0, end: 7, step: 3 },
    ],
    args: n => [new Int32Array(n * 35 + 35)],
  },
  'a dimension that is not used': {
    fn: ([, col]: number[], y: Int32Array) => {
      y[col] = col
    },
    range: n => [1, n],
    args: n => [new Int32Array(n)],
  },
  'no index at all': {
    fn: () => {},
    args: () => [],
    sizes: [0, 1, 5],
  },
})

agree('neighbours', {
  'a guarded stencil': {
    fn: ([r, c]: number[], y: Float64Array, x: Float64Array, w: number, h: number) => {
      const k = r * w + c
      if (r > 0 && r < h - 1 && c > 0 && c < w - 1) y[k] = (x[k - 1] + x[k + 1] + x[k - w] + x[k + w]) / 4
      else y[k] = x[k]
    },
    range: n => [Math.min(n, 30), 33],
    args: n => [new Float64Array(33 * 33), f64(33 * 33), 33, Math.min(n, 30)],
  },
  'clamped and wrapped': {
    fn: (i: number, y: Float64Array, x: Float64Array, n: number) => {
      y[i] = x[Math.max(0, i - 1)] + x[Math.min(n - 1, i + 1)] * 3 + x[(i + 1) % n] * 5 + x[(i + n - 1) % n] * 7
    },
    args: n => [new Float64Array(n), f64(n), n],
  },
  'gathers, and scatters by a permutation': {
    fn: (i: number, y: Float64Array, x: Float64Array, at: Int32Array) => {
      y[at[i]] = x[at[at[i]]] + x[i]
    },
    args: n => [new Float64Array(n), f64(n), Int32Array.from({ length: n }, (_, i) => n - 1 - i)],
  },
  'backwards and strided': {
    fn: (i: number, y: Float32Array, x: Float32Array, n: number) => {
      y[n - 1 - i] = x[2 * i] + x[3 * i + 1]
    },
    args: n => [new Float32Array(n), f32(3 * n + 2), n],
    plain: 'differs',
  },
})

describe('random', () => {
  it('gives in a kernel what it gives outside, at any index and draw', async () => {
    const fn = (i: number, y: Float64Array, seed: number) => {
      y[i] = random(seed, i) + random(seed, i, 1) * 2 + random(3, i * 1000 + 5)
    }
    for (const seed of [0, 1, 123456789, 2 ** 40 + 3]) {
      const k = kernel(fn as any, { use: { random } }) as any
      const [plain, slow, fast] = [new Float64Array(100), new Float64Array(100), new Float64Array(100)]
      for (const i of indices(100)) fn(i as number, plain, seed)
      k.on('reference')(100, slow, seed)
      await k.async(100, fast, seed)
      assert.deepEqual(slow, plain)
      assert.deepEqual(fast, plain)
    }
  })

  it('of float32 lies in [0, 1)', () => {
    const k = kernel(text('(i, y) => { y[i] = random(7, i) }') as any, { float: 'f32' }) as any
    const [y, z] = [new Float32Array(1000), new Float32Array(1000)]
    k(1000, y)
    k.on('reference')(1000, z)
    assert.deepEqual(y, z)
    assert(y.every(x => x >= 0 && x < 1))
    assert.equal(new Set(y).size, 1000)
  })
})

describe('assert', () => {
  it('stops the kernel, with its text and place', () => {
    const k = kernel(
      (i: number, y: Float64Array) => {
        holds(y[i] >= 0, 'no negative number')
        y[i] = Math.sqrt(y[i])
      },
      { use: { holds } },
    )
    for (const backend of runHere) {
      const y = new Float64Array(100).fill(4)
      k.on(backend)(100, y)
      assert.equal(y[99], 2)
      y[57] = -1
      assert.throws(
        () => k.on(backend)(100, y),
        (e: KernelAssertionError) => {
          assert(e instanceof KernelAssertionError)
          assert.match(e.message, /no negative number/)
          assert.match(e.message, /\^{3}/)
          assert.equal(e.expression, 'y[i] >= 0')
          return true
        },
      )
    }
  })
})

describe('console.log', () => {
  it('prints on the reference backend, in order, what was asked for, and is refused on others', t => {
    const lines: unknown[][] = []
    t.mock.method(console, 'log', (...line: unknown[]) => lines.push(line))
    const k = kernel((i: number, x: Float64Array, u: Uint32Array) => {
      console.log('x', x[i], `u=${u[i]} i=${i}`, i > 0)
    })
    const [x, u] = [new Float64Array([0.5, -1]), new Uint32Array([1, 4294967295])]
    k.on('reference')(2, x, u)
    assert.throws(() => k(2, x, u), NotSupportedError)
    t.mock.restoreAll()
    assert.deepEqual(
      lines.map(l => l.join(' ')),
      ['x 0.5 u=1 i=0 false', 'x -1 u=4294967295 i=1 true'],
    )
  })
})
