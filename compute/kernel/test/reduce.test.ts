/** Reductions: every operator and kind, in the stated order, equal for any threads. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { heap } from '@skein/heap'
import { reduce, type UserOperator } from '../src/index.ts'
import { f32, f64, i32, i64, indices, u32, u64 } from './agree.ts'
import { fastHere } from './backends.ts'
import { reduceInOrder } from './order.ts'

process.env.SKEIN_THREADS ??= '4'

const text = (source: string): Function => new Function(`return ${source}`)()
const SIZES = [0, 1, 2, 3, 5, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 1000, 16383, 16384, 16385, 40_000, 100_003]
const FEW = [0, 1, 3, 33, 1000, 16385, 100_003]

/** Runs in every way and compares with the oracle, bit for bit. */
async function everywhere(made: any, range: any, args: unknown[], expected: unknown): Promise<void> {
  const check = (found: unknown, how: string) => assert(Object.is(found, expected), `${how}: ${found}, not ${expected}`)
  check(made.on('reference')(range, ...args), 'reference')
  for (const backend of fastHere) {
    const fast = made.on(backend)
    check(fast(range, ...args), backend)
    for (const threads of [1, 2, 3, 4]) {
      for (const schedule of ['static', 'dynamic', 'guided', 'auto'] as const) {
        check(
          await fast.with({ threads, schedule }).async(range, ...args),
          `${backend}, ${threads} threads, ${schedule}`,
        )
      }
    }
    check(await fast.with({ schedule: 'dynamic', chunk: 1 }).async(range, ...args), `${backend}, chunks of 1`)
    check(fast.with({ threads: 2, chunk: 3 })(range, ...args), `${backend}, chunks of 3`)
  }
}

const min = (a: any, b: any) => (b < a ? b : a)
const max = (a: any, b: any) => (b > a ? b : a)
const KINDS: {
  name: string
  data: (n: number) => any
  wrap: (x: any) => any
  big?: true
  float?: true
  long?: true
}[] = [
  { name: 'float64', data: f64, wrap: x => x, float: true, long: true },
  { name: 'float32', data: f32, wrap: Math.fround, float: true },
  { name: 'int32', data: i32, wrap: x => x | 0 },
  { name: 'uint32', data: u32, wrap: x => x >>> 0 },
  { name: 'int64', data: i64, wrap: x => BigInt.asIntN(64, x), big: true, long: true },
  { name: 'uint64', data: u64, wrap: x => BigInt.asUintN(64, x), big: true, long: true },
]

for (const { name, data, wrap, big, float, long } of KINDS) {
  const one = (x: number) => (big ? BigInt(x) : x)
  const least = { int32: -2147483648, uint32: 0, int64: -(2n ** 63n), uint64: 0n }[name] ?? -Infinity
  const most =
    { int32: 2147483647, uint32: 4294967295, int64: 2n ** 63n - 1n, uint64: 2n ** 64n - 1n }[name] ?? Infinity
  const times = name.endsWith('32') && !float ? Math.imul : (a: any, b: any) => a * b
  const operators: [string, unknown, (a: any, b: any) => any][] = [
    ['+', one(0), (a, b) => a + b],
    ['*', one(1), times],
    ['min', most, float ? Math.min : min],
    ['max', least, float ? Math.max : max],
    ...(float
      ? []
      : ([
          ['&', wrap(one(-1)), (a, b) => a & b],
          ['|', one(0), (a, b) => a | b],
          ['^', one(0), (a, b) => a ^ b],
        ] as [string, unknown, (a: any, b: any) => any][])),
  ]
  describe(`of ${name}`, () => {
    for (const [operator, init, combine] of operators) {
      it(`'${operator}' in the stated order, on any threads`, async () => {
        const made = reduce(operator as any, text('(i, x) => x[i]') as any) as any
        for (const n of operator === '+' ? SIZES : FEW) {
          const x = data(n)
          // A product stays finite.
          if (operator === '*' && float) x.forEach((v: number, i: number) => void (x[i] = 1 + v / 1e5))
          const expected = reduceInOrder<any>([[...x]], init, (a, b) => wrap(combine(a, b)), long ? 16 : 32)
          await everywhere(made, n, [x], expected)
        }
      })
    }
    it('with an operator of the user', async () => {
      const op = big
        ? { init: 0n, combine: (a: bigint, b: bigint) => (a > b ? a : b) }
        : { init: 0, combine: (a: number, b: number) => (a > b ? a : b) }
      const made = reduce(op as any, text('(i, x) => x[i]') as any) as any
      for (const n of FEW) {
        const x = data(n)
        await everywhere(made, n, [x], reduceInOrder<any>([[...x]], one(0), op.combine as any, long ? 16 : 32))
      }
    })
  })
}

describe('reductions', () => {
  it('count what is true', async () => {
    const made = reduce('+', text('(i, x) => x[i] > 0') as any) as any
    for (const n of FEW) await everywhere(made, n, [f64(n)], f64(n).filter(x => x > 0).length)
  })

  it("of truth values by '&&' and '||'", async () => {
    for (const n of [0, 1, 5, 1000]) {
      const x = f64(n)
      const test = (op: string, limit: number) => reduce(op as any, text(`(i, x) => x[i] > ${limit}`) as any) as any
      for (const limit of [-100, 0, 100]) {
        await everywhere(test('&&', limit), n, [x], x.every(v => v > limit) ? 1 : 0)
        await everywhere(test('||', limit), n, [x], x.some(v => v > limit) ? 1 : 0)
      }
    }
  })

  it('run over rows, steps and backwards', async () => {
    const fn = text('([r, c], x, w) => x[r * w + c]')
    const made = reduce('+', fn as any) as any
    const x = f64(50 * 60)
    for (const range of [
      [50, 60],
      [
        { begin: 3, end: 40, step: 4 },
        { begin: 59, end: 10, step: -7 },
      ],
      [0, 60],
      [50, 0],
      [1, 60],
      [50, 1],
    ] as any[]) {
      const rows = Map.groupBy(indices(range) as Iterable<number[]>, ([r]) => r)
      const values = [...rows.values()].map(row => row.map(at => fn(at, x, 60) as number))
      await everywhere(
        made,
        range,
        [x, 60],
        reduceInOrder(values, 0, (a, b) => a + b, 16),
      )
    }
    const three = reduce('max', text('([z, r, c], x) => x[(z * 5 + r) * 7 + c]') as any) as any
    await everywhere(three, [4, 5, 7], [f64(140)], Math.max(...f64(140)))
  })

  it('with bodies of several statements, early returns and effects', async () => {
    const fn = text(`(i, x, y) => {
      if (x[i] < -10) return 0
      let s = 0.5
      for (let k = 0; k < i % 5; k++) { if (k === 3) return s; s += x[i] * k }
      y[i] = s
      return s
    }`)
    const made = reduce('+', fn as any) as any
    for (const n of [0, 1, 7, 33, 1000]) {
      const x = f64(n)
      const plain = new Float64Array(n)
      const values = Array.from({ length: n }, (_, i) => fn(i, x, plain) as number)
      const y = new Float64Array(n)
      await everywhere(
        made,
        n,
        [x, y],
        reduceInOrder([values], 0, (a, b) => a + b, 16),
      )
      assert.deepEqual(y, plain)
    }
  })

  it('with combine functions that branch, loop and use what is given', async () => {
    const gain = 3
    const pick = (a: number, b: number) => (Math.abs(a) > Math.abs(b) ? a : b)
    const op: UserOperator = {
      init: 0,
      combine: (a, b) => {
        if (a === 0) return b
        if (b === 0) return a
        let s = pick(a, b)
        for (let k = 0; k < gain; k++) s += 0
        return s
      },
    }
    const made = reduce(op, text('(i, x) => x[i]') as any, { use: { gain, pick } }) as any
    for (const n of FEW) {
      const x = f64(n)
      await everywhere(made, n, [x], reduceInOrder([[...x]], 0, op.combine, 16))
    }
  })

  it('with NaN, -0 and infinities as Math.min and Math.max have it', async () => {
    for (const values of [[1, NaN, 2], [0, -0], [-0, 0], [-0, -0], [Infinity, -Infinity], [NaN]]) {
      for (const [op, of] of [
        ['min', Math.min],
        ['max', Math.max],
      ] as const) {
        const made = reduce(op, text('(i, x) => x[i]') as any) as any
        await everywhere(made, values.length, [Float64Array.from(values)], of(...values))
        await everywhere(made, values.length, [Float32Array.from(values)], of(...values))
      }
    }
  })

  it('over arrays of the heap and outside, with captured arrays and scalars', async () => {
    const w = f64(100)
    const made = reduce('+', text('(i, x, a) => x[i] * w[i] * a') as any, { use: { w } }) as any
    const x = heap.f64(f64(100))
    const values = [...x].map((v, i) => v * w[i] * 2.5)
    await everywhere(
      made,
      100,
      [x, 2.5],
      reduceInOrder([values], 0, (a, b) => a + b, 16),
    )
    heap.release(x)
  })

  it('tell init 0 from -0 and from 0n', () => {
    const fn = text('(i, x) => x[i]') as any
    const combine = (a: any, b: any) => (a > b ? a : b)
    assert(Object.is((reduce({ init: 0, combine }, fn) as any)(0, f64(0)), 0))
    assert(Object.is((reduce({ init: -0, combine }, fn) as any)(0, f64(0)), -0))
    assert.equal((reduce({ init: 0n, combine }, fn) as any)(0, i64(0)), 0n)
    assert.throws(() => (reduce({ init: 0, combine }, fn) as any)(0, i64(0)), /init must be a BigInt/)
  })
})
