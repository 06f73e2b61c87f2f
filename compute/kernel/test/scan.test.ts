/** Scans: inclusive, exclusive, segmented; every kind of output; in the stated order, equal for any threads. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CancelledError } from '@skein/base'
import { heap } from '@skein/heap'
import { IndexError, KernelSyntaxError, type RunOptions, scan } from '../src/index.ts'
import { f32, f64, i32, i64, indices, u32, u64 } from './agree.ts'
import { scanInOrder } from './order.ts'

process.env.SKEIN_THREADS ??= '4'

const text = (source: string): Function => new Function(`return ${source}`)()
const bytesOf = (a: ArrayBufferView) => new Uint8Array(a.buffer, a.byteOffset, a.byteLength)
const SIZES = [0, 1, 2, 3, 5, 16, 17, 33, 100, 1000, 16383, 16384, 16385, 32769, 50_001]

async function everywhere(made: any, range: any, out: any, args: unknown[], expected: any[]): Promise<void> {
  const blank = out.slice()
  const check = (how: string) => {
    for (let i = 0; i < expected.length; i++)
      if (!Object.is(out[i], expected[i])) assert.fail(`${how}: out[${i}] is ${out[i]}, not ${expected[i]}`)
    for (let i = expected.length; i < out.length; i++) assert.equal(out[i], blank[i], `${how}: out[${i}] was changed`)
    out.set(blank)
  }
  made.on('reference')(range, out, ...args)
  check('reference')
  made(range, out, ...args)
  check('wasm')
  for (const threads of [1, 2, 4]) {
    for (const schedule of ['static', 'dynamic', 'guided', 'auto'] as const) {
      await made.with({ threads, schedule }).async(range, out, ...args)
      check(`${threads} threads, ${schedule}`)
    }
  }
}

const KINDS: { name: string; data: (n: number) => any; wrap: (x: any) => any; big?: true }[] = [
  { name: 'float64', data: f64, wrap: x => x },
  { name: 'float32', data: f32, wrap: Math.fround },
  { name: 'int32', data: i32, wrap: x => x | 0 },
  { name: 'uint32', data: u32, wrap: x => x >>> 0 },
  { name: 'int64', data: i64, wrap: x => BigInt.asIntN(64, x), big: true },
  { name: 'uint64', data: u64, wrap: x => BigInt.asUintN(64, x), big: true },
]

for (const { name, data, wrap, big } of KINDS) {
  describe(`scans of ${name}`, () => {
    const zero: any = big ? 0n : 0
    for (const exclusive of [false, true]) {
      for (const segmented of [false, true]) {
        it(`${exclusive ? 'exclusive' : 'inclusive'}${segmented ? ', segmented' : ''}`, async () => {
          const fn = text('(i, x) => x[i]') as any
          const reset = text('(i, x) => i % 37 === 5 || i > 16384 && i % 9001 === 0') as any
          const made = scan('+', fn, { exclusive, ...(segmented && { reset }) }) as any
          for (const n of SIZES) {
            const x = data(n)
            const rows = [[...x].map((v, i) => ({ x: v, head: segmented && reset(i) }))]
            const expected = scanInOrder<any>(rows, zero, (a, b) => wrap(a + b), exclusive)
            await everywhere(made, n, data(n + 3), [x], expected)
          }
        })
      }
    }
    it('by min, max and an operator of the user', async () => {
      const operators: [any, any, (a: any, b: any) => any][] = [
        [
          'max',
          { int32: -2147483648, uint32: 0, int64: -(2n ** 63n), uint64: 0n }[name] ?? -Infinity,
          (a, b) => (b > a ? b : a),
        ],
        [
          big
            ? { init: 0n, combine: (a: bigint, b: bigint) => a ^ b }
            : { init: 0, combine: (a: number, b: number) => (a < b ? a : b) },
          zero,
          big ? (a, b) => a ^ b : (a, b) => (a < b ? a : b),
        ],
      ]
      for (const [op, init, combine] of operators) {
        const made = scan(op, text('(i, x) => x[i]') as any) as any
        for (const n of [0, 1, 33, 16385]) {
          const x = data(n)
          const rows = [[...x].map(v => ({ x: v, head: false }))]
          await everywhere(
            made,
            n,
            data(n),
            [x],
            scanInOrder<any>(rows, init, (a, b) => wrap(combine(a, b)), false),
          )
        }
      }
    })
  })
}

describe('scans on several threads', () => {
  const n = 40 * 16384 + 1234
  const schedules = ['static', 'dynamic', 'guided', 'auto'] as const
  const isHead = (i: number) => i % 50_000 === 49_999

  async function onThreads(run: (settings: RunOptions) => unknown): Promise<void> {
    for (const threads of [2, 3, 4]) for (const schedule of schedules) await run({ threads, schedule })
  }

  for (const exclusive of [false, true]) {
    for (const segmented of [false, true]) {
      it(`wait for no block: ${exclusive ? 'exclusive' : 'inclusive'}${segmented ? ', segmented' : ''}`, async () => {
        // The first element takes so long that the other blocks are done before anybody knows what is carried into them.
        const fn = `(i, x, long) => {
          let s = 0
          if (i === 0) for (let k = 0; k < long; k++) s = Math.sqrt(s + k)
          return x[i] + s * 0
        }`
        const reset = text('(i, x, long) => i % 50000 === 49999') as any
        const made = scan('+', text(fn) as any, { exclusive, ...(segmented && { reset }) }) as any
        const [x, out] = [heap.f32(f32(n)), heap.f32(n)]
        const row = [...x].map((v, i) => ({ x: v, head: segmented && isHead(i) }))
        const expected = Float32Array.from(scanInOrder<number>([row], 0, (a, b) => Math.fround(a + b), exclusive))
        await onThreads(settings => {
          made.with(settings)(n, out.fill(NaN), x, 2_000_000)
          assert.equal(Buffer.compare(bytesOf(out), bytesOf(expected)), 0, JSON.stringify(settings))
        })
        heap.release(x)
        heap.release(out)
      })
    }
  }

  it('fail wherever an index is out of range, and work on', async () => {
    const made = scan('+', text('(i, x, at) => x[at[i]]') as any) as any
    const [x, out] = [heap.i32(i32(n)), heap.i32(n)]
    const at = heap.i32(n).map((_, i) => i)
    const expected = new Int32Array(n)
    made.on('reference')(n, expected, x, at)
    for (const place of [0, 16384 * 3, n >> 1, n - 1]) {
      await onThreads(async settings => {
        at[place] = n + place
        const failed = (e: IndexError) => e instanceof IndexError && e.index === n + place
        assert.throws(() => made.with(settings)(n, out, x, at), failed)
        await assert.rejects(made.with(settings).async(n, out, x, at), failed)
        at[place] = place
        made.with(settings)(n, out, x, at)
        assert.equal(Buffer.compare(bytesOf(out), bytesOf(expected)), 0)
      })
    }
    for (const a of [x, out]) heap.release(a)
  })

  it('are cancelled where one element never ends', async () => {
    const made = scan('+', text('(i, x) => { let a = x[i]; while (a === 0) a *= 2; return a }') as any) as any
    const x = heap.f64(n).fill(1)
    const out = heap.f64(n)
    for (const place of [0, n >> 1, n - 1]) {
      x[place] = 0
      const stop = new AbortController()
      const done = made.with({ signal: stop.signal }).async(n, out, x)
      setTimeout(() => stop.abort(), 20)
      await assert.rejects(done, CancelledError)
      x[place] = 1
      made(n, out, x)
      assert(out.every((v: number, i: number) => v === i + 1))
    }
    for (const a of [x, out]) heap.release(a)
  })
})

describe('scans', () => {
  it('take a fraction into whole outputs, and whole values into float outputs', async () => {
    const half = scan('+', text('(i, x) => x[i] * 0.5') as any) as any
    const x = i32(100)
    const rows = [[...x].map(v => ({ x: (v * 0.5) | 0, head: false }))]
    await everywhere(
      half,
      100,
      new Int32Array(100),
      [x],
      scanInOrder<any>(rows, 0, (a, b) => (a + b) | 0, false),
    )
    const count = scan('+', text('(i, x) => x[i] > 0') as any) as any
    const heads = [[...x].map(v => ({ x: Number(v > 0), head: false }))]
    await everywhere(
      count,
      100,
      new Float32Array(100),
      [x],
      scanInOrder<any>(heads, 0, (a, b) => a + b, false),
    )
  })

  it('number the elements through the rows', async () => {
    const fn = text('([r, c], x, w) => x[r * w + c]')
    const reset = text('([r, c]) => c === 0') as any
    const x = f64(20 * 30)
    for (const range of [
      [20, 30],
      [
        { begin: 19, end: -1, step: -2 },
        { begin: 2, end: 30, step: 3 },
      ],
      [0, 5],
      [5, 0],
    ] as any[]) {
      const rows = [...Map.groupBy(indices(range) as Iterable<number[]>, ([r]) => r).values()]
      for (const segmented of [false, true]) {
        const made = scan('+', fn as any, segmented ? { reset } : {}) as any
        const values = rows.map(row => row.map(at => ({ x: fn(at, x, 30), head: segmented && reset(at) })))
        await everywhere(
          made,
          range,
          f64(600),
          [x, 30],
          scanInOrder<any>(values, 0, (a, b) => a + b, false),
        )
      }
    }
  })

  it('that are exclusive give the inclusive result moved by one, rounding and all', () => {
    const range = [3, 20_001]
    const x = f32(60_003)
    const [before, after] = [new Float32Array(x.length), new Float32Array(x.length)]
    const fn = text('([r, c], x) => x[r * 20001 + c]') as any
    ;(scan('+', fn, { exclusive: true }) as any)(range, before, x)
    ;(scan('+', fn) as any)(range, after, x)
    assert.equal(before[0], 0)
    assert.equal(Buffer.compare(bytesOf(before.subarray(1)), bytesOf(after.subarray(0, -1))), 0)
  })

  it('in place', () => {
    for (const make of [(n: number) => i32(n), (n: number) => heap.i32(i32(n))]) {
      const x = make(40_000)
      const sums = x.slice()
      for (let i = 1; i < sums.length; i++) sums[i] += sums[i - 1]
      ;(scan('+', text('(i, x) => x[i]') as any) as any)(x.length, x, x)
      assert.deepEqual([...x], [...sums])
    }
  })

  it('compaction: an exclusive scan of a truth gives each its place', () => {
    const place = scan('+', text('(i, x) => x[i] > 0') as any, { exclusive: true }) as any
    const x = f64(1000)
    const at = new Int32Array(1000)
    place(1000, at, x)
    const kept = x.filter(v => v > 0)
    x.forEach((v, i) => {
      if (v > 0) assert.equal(kept[at[i]], v)
    })
  })

  it('refuse functions that change arrays', () => {
    const fn = text('(i, x) => { x[i] = 1; return x[i] }') as any
    assert.throws(
      () => (scan('+', fn) as any)(10, new Float64Array(10), new Float64Array(10)),
      (e: KernelSyntaxError) =>
        e instanceof KernelSyntaxError && /changes an array/.test(e.message) && /\^/.test(e.message),
    )
  })
})
