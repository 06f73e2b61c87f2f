/**
 * Arrays that a kernel only changes by atomic operations: each thread has copies of its own where that pays. What comes out is
 * what atomics give, and what one iteration after another gives.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CancelledError, Random } from '@skein/base'
import { heap } from '@skein/heap'
import { optimise } from '../src/compile.ts'
import { parseFunction } from '../src/front/source.ts'
import { atomic, IndexError, KernelAssertionError, kernel } from '../src/index.ts'
import { findTallies, identity, type Tally } from '../src/lanes/tallies.ts'
import { type Definition, lowerFor, typesOf } from '../src/specialise.ts'
import { runHere } from './backends.ts'
import { newArray, randomValue } from './random-values.ts'

process.env.SKEIN_THREADS ??= '4'

const text = (source: string): any => new Function('atomic', `return ${source}`)(atomic)
const made = (source: string): any => kernel(text(source), { use: { atomic } })

/** Whether the code of the last call changes copies of an array. */
const copied = (k: any, name: string) =>
  new RegExp(`\\$${name}_copies|atomic \\w+ ${name} +in copies`).test(k.explain('code'))

describe('which arrays are tallies', () => {
  const found = (source: string, ...args: unknown[]) => {
    const fn = text(source)
    const d: Definition = {
      kind: 'kernel',
      fn: parseFunction(fn, 'test'),
      use: { atomic },
      float: 'f64',
      fast: false,
      unsafe: false,
      call: 'test',
      operator: undefined,
    }
    const { lowered } = lowerFor(d, typesOf(d, args), undefined)
    const ir = optimise(lowered.ir, { fast: false })
    return findTallies(ir).map(t => `${ir.buffers[t.buffer].name} ${t.kind}`)
  }
  const [a, b, big, floats] = [new Int32Array(4), new Uint32Array(4), new BigInt64Array(4), new Float32Array(4)]
  const cases: [what: string, source: string, args: unknown[], tallies: string[]][] = [
    ['counts', '(i, a) => { atomic.add(a, i & 3, 1) }', [a], ['a add']],
    ['sums and differences', '(i, a) => { atomic.add(a, 0, i); atomic.sub(a, 1, i) }', [a], ['a add']],
    ['of 64 bits', '(i, a) => { atomic.xor(a, 0, BigInt(i)) }', [big], ['a xor']],
    ['two arrays', '(i, a, b) => { atomic.min(a, 0, i); atomic.max(b, 0, i) }', [a, b], ['a min', 'b max']],
    ['in loops and branches', '(i, a) => { for (let k = 0; k < i; k++) if (k & 1) atomic.or(a, 0, k) }', [a], ['a or']],
    ['beside its length', '(i, a) => { atomic.and(a, i % a.length, i) }', [a], ['a and']],
    ['of floats: their sum depends on the order', '(i, a) => { atomic.add(a, 0, 1) }', [floats], []],
    ['two kinds: they do not commute', '(i, a) => { atomic.add(a, 0, 1); atomic.xor(a, 1, 1) }', [a], []],
    ['an old value that is used', '(i, a, b) => { b[i] = atomic.add(a, 0, 1) }', [a, b], []],
    ['an old value that decides', '(i, a) => { if (atomic.add(a, 0, 1) > 3) atomic.add(a, 1, 1) }', [a], []],
    ['also read', '(i, a, b) => { atomic.add(a, 0, 1); b[i] = a[1] }', [a, b], []],
    ['also written', '(i, a) => { atomic.add(a, 0, 1); a[1] = 5 }', [a], []],
    ['exchanged', '(i, a) => { atomic.exchange(a, 0, i) }', [a], []],
    ['not changed', '(i, a, b) => { b[i] = a[i] }', [a, b], []],
  ]
  for (const [what, source, args, tallies] of cases) it(what, () => assert.deepEqual(found(source, ...args), tallies))

  it('the change that changes nothing', () => {
    const of = (element: Tally['element'], kind: Tally['kind']) => identity({ buffer: 0, element, kind })
    assert.deepEqual(
      (['add', 'or', 'xor', 'and', 'min', 'max'] as const).map(kind => [of('i32', kind), of('u32', kind)]),
      [
        [0, 0],
        [0, 0],
        [0, 0],
        [-1, -1],
        [2147483647, -1],
        [-2147483648, 0],
      ],
    )
    assert.deepEqual(
      [of('i64', 'min'), of('u64', 'min'), of('u64', 'max'), of('i64', 'and')],
      [2n ** 63n - 1n, -1n, 0n, -1n],
    )
  })
})

describe('copies', () => {
  const count = made('(i, x, bins) => { atomic.add(bins, (x[i] * 256) | 0, 1) }')
  const random = (n: number) => {
    const r = new Random(5)
    return Float32Array.from({ length: n }, () => r.uniform() * 0.999)
  }

  it('are made where the array is small and the range large', () => {
    const fresh = (n: number, length: number) => {
      const k = made('(i, x, counts) => { atomic.add(counts, x[i] | 0, 1) }')
      k(n, new Float32Array(n), new Int32Array(length))
      return copied(k, 'counts')
    }
    assert(fresh(100_000, 256))
    assert(fresh(600_000, 16_384))
    assert(!fresh(100, 256))
    assert(!fresh(1000, 1000))
    assert(!fresh(300_000, 70_000))
  })

  it('count what plain JavaScript counts, at awkward sizes, by every schedule', async () => {
    for (const n of [0, 1, 17, 1151, 1152, 1153, 5000, 99_999]) {
      const x = random(n)
      const plain = new Int32Array(256).fill(7)
      for (let i = 0; i < n; i++) plain[(x[i] * 256) | 0]++
      for (const backend of runHere) {
        const bins = new Int32Array(256).fill(7)
        count.on(backend)(n, x, bins)
        assert.deepEqual(bins, plain, `${backend}, n = ${n}`)
      }
      const shared = heap.f32(x)
      for (const schedule of ['auto', 'static', 'dynamic', 'guided'] as const) {
        for (const threads of [1, 2, 4]) {
          const bins = heap.i32(256).fill(7)
          const k = count.with({ schedule, threads, ...(schedule !== 'guided' && { chunk: 1000 }) })
          k(n, shared, bins)
          assert.deepEqual(Int32Array.from(bins), plain, `${schedule}, ${threads} threads, n = ${n}`)
          await k.async(n, shared, bins)
          assert.deepEqual(
            Int32Array.from(bins),
            plain.map(c => 2 * c - 7),
            `${schedule}, ${threads} threads, async, n = ${n}`,
          )
          heap.release(bins)
        }
      }
      heap.release(shared)
    }
  })

  it('of many elements are brought together by all threads', async () => {
    const k = made('(i, p, counts, sums) => { atomic.add(counts, p[i], 1); atomic.max(sums, p[i] & 15, i) }')
    const [n, length] = [1 << 20, 40_000]
    const p = heap.i32(n)
    const [plain, largest] = [new Int32Array(length), new Uint32Array(16)]
    for (let i = 0; i < n; i++) {
      p[i] = (i * 7919) % length
      plain[p[i]]++
      largest[p[i] & 15] = i
    }
    const [counts, sums] = [heap.i32(length), heap.u32(16)]
    k(n, p, counts, sums)
    assert.deepEqual(Int32Array.from(counts), plain)
    assert.deepEqual(Uint32Array.from(sums), largest)
    await k.async(n, p, counts, sums)
    assert.deepEqual(
      Int32Array.from(counts),
      plain.map(c => 2 * c),
    )
    assert(copied(k, 'counts') && copied(k, 'sums'))
    for (const x of [p, counts, sums]) heap.release(x)
  })

  it('take sums of rows and of columns, in two and three dimensions', async () => {
    const k = made(`([r, c], x, width, rows, columns, most) => {
      const v = x[r * width + c]
      atomic.add(rows, r, v)
      atomic.sub(columns, c, v)
      if (v > 20) atomic.max(most, r & 1, BigInt(v))
    }`)
    const [height, width] = [61, 1003]
    const x = heap.i32(height * width)
    for (let i = 0; i < x.length; i++) x[i] = ((i * 7919) % 4001) - 2000
    const counters = () => [new Int32Array(height), new Uint32Array(width), new BigInt64Array(2)]
    const plain = counters()
    const fn = (r: number, c: number) => {
      const v = x[r * width + c]
      plain[0][r] = (plain[0][r] as number) + v
      plain[1][c] = (plain[1][c] as number) - v
      if (v > plain[2][r & 1]) plain[2][r & 1] = BigInt(v)
    }
    for (let r = 0; r < height; r++) for (let c = 0; c < width; c++) fn(r, c)
    for (const backend of runHere) {
      const found = counters()
      await k.on(backend).async([height, width], x, width, ...found)
      assert.deepEqual(found, plain, backend)
    }
    k([height, width], x, width, ...counters())
    assert(copied(k, 'rows') && copied(k, 'columns') && copied(k, 'most'))

    const deep = made('([a, b, c], sums) => { atomic.add(sums, (a * 2 + b) & 3, c) }')
    for (const backend of runHere) {
      const sums = new Int32Array(4)
      deep.on(backend)([2, 2, { begin: 3000, end: -1, step: -3 }], sums)
      assert.deepEqual([...sums], Array(4).fill(1_501_500))
    }
    heap.release(x)
  })

  it('stay apart from the array where it is also another argument', () => {
    // What an iteration adds by one name it sees by the other.
    const k = made('(i, a, b, seen) => { atomic.add(a, i & 7, 1); seen[i] = atomic.add(b, i & 7, 0) > 0 ? 1 : 0 }')
    const n = 20_000
    for (const a of [new Int32Array(8), heap.i32(8)]) {
      const seen = new Int32Array(n)
      k(n, a, a, seen)
      assert.deepEqual([...a], Array(8).fill(n / 8))
      assert.equal(seen.indexOf(0), -1)
    }
    const whole = heap.i32(16)
    const seen = heap.i32(n)
    k(n, whole.subarray(4, 12), whole.subarray(4), seen)
    assert.equal(seen.indexOf(0), -1)
    assert(!copied(k, 'a'))
    k(n, whole.subarray(0, 8), whole.subarray(8), seen)
    assert.deepEqual(
      [...whole],
      [...Array(4).fill(n / 8), ...Array(4).fill(n / 4), ...Array(4).fill(n / 8), ...Array(4).fill(0)],
    )
    heap.release(whole)
    heap.release(seen)
  })

  it('add up what calls at once count into one array', async () => {
    const n = 50_000
    const x = heap.f32(random(n))
    const once = heap.i32(256)
    count(n, x, once)
    const bins = heap.i32(256)
    const calls = Array.from({ length: 12 }, () => count.async(n, x, bins))
    for (let k = 0; k < 4; k++) count(n, x, bins)
    await Promise.all(calls)
    assert.deepEqual(
      bins,
      once.map(c => 16 * c),
    )
  })

  it('hold what was counted when an index is out of range, and nothing beside the array', async () => {
    const n = 200_000
    for (const bad of [0, 5, n >> 1, n - 1]) {
      for (const value of [1, -0.01, 2, 1e12, NaN]) {
        const x = heap.f32(random(n))
        x[bad] = value
        const whole = heap.i32(256 + 64).fill(1000)
        const bins = whole.subarray(32, 256 + 32)
        const index = (Math.fround(value) * 256) | 0
        const within = index >= 0 && index < 256
        for (const k of [count.with({ threads: 1 }), count]) {
          for (const how of ['now', 'async'] as const) {
            bins.fill(0)
            const run = how === 'now' ? async () => k(n, x, bins) : () => k.async(n, x, bins)
            if (within) {
              await run()
              assert.equal(total(bins), n)
              continue
            }
            await assert.rejects(run, (e: any) => e instanceof IndexError && e.index === index && e.array === 'bins')
            assert(total(bins) < n)
            // One thread goes through the range in order, up to the strip in which it fails.
            if (k !== count && how === 'now') assert(total(bins) > bad - 64)
          }
        }
        assert(whole.every((v, i) => (i >= 32 && i < 288) || v === 1000))
        heap.release(x)
        heap.release(whole)
      }
    }
  })

  it('hold what was counted when an assertion fails', () => {
    const k = made("(i, x, a) => { atomic.add(a, i & 3, 1); assert(x[i] < 5, 'five') }")
    const x = new Int32Array(100_000)
    x[70_000] = 5
    const a = new Int32Array(4)
    assert.throws(() => k.with({ threads: 1 })(x.length, x, a), KernelAssertionError)
    assert(total(a) > 60_000 && total(a) <= 100_000)
  })

  it('hold what was counted when the call is cancelled, by a thread that does not come back as well', async () => {
    const k = made(`(i, seen, a) => {
      seen[i] = 1
      atomic.add(a, i & 7, 1)
      if (i % 50000 === 49999) {
        let s = i
        while (s !== 0) s |= 1
        seen[i] = s
      }
    }`)
    const n = 400_000
    for (let round = 0; round < 3; round++) {
      const [seen, a] = [heap.u8(n), heap.i32(8)]
      const stop = new AbortController()
      const done = k.with({ signal: stop.signal, schedule: 'dynamic', chunk: 1000 }).async(n, seen, a)
      while (Atomics.load(seen, 49_000) === 0) await new Promise(resolve => setImmediate(resolve))
      stop.abort()
      await assert.rejects(done, CancelledError)
      // A strip is seen before it is counted.
      const strips = 16 * 4
      assert(total(a) <= total(seen) && total(a) >= total(seen) - strips, `${total(a)} counted of ${total(seen)}`)
      heap.release(seen)
      heap.release(a)
    }
  })

  it('are left out by reductions, which may count besides', async () => {
    const { reduce } = await import('../src/index.ts')
    const sum = reduce('+', text('(i, a) => { atomic.add(a, i & 3, 1); return i & 1 }'), { use: { atomic } }) as any
    const a = new Int32Array(4)
    assert.equal(sum(40_000, a), 20_000)
    assert.deepEqual([...a], Array(4).fill(10_000))
  })

  it('are taken without checks by an unsafe kernel', () => {
    const x = random(50_000)
    const [bins, expected] = [new Int32Array(256), new Int32Array(256)]
    count(x.length, x, expected)
    count.with({ unsafe: true })(x.length, x, bins)
    assert.deepEqual(bins, expected)
  })

  it('leave no memory behind', async () => {
    const k = made('(i, x, bins) => { atomic.max(bins, x[i] & 4095, i) }')
    const x = heap.i32(100_000)
    const bins = heap.i32(4096)
    k(x.length, x, bins)
    await k.async(x.length, x, bins)
    const before = heap.stats().inUseBytes
    for (let round = 0; round < 30; round++) {
      k(x.length, x, bins)
      await k.async(x.length, x, bins)
    }
    // Less where the collector came by for kernels of other tests.
    assert(heap.stats().inUseBytes <= before)
    heap.release(x)
    heap.release(bins)
  })
})

const total = (a: Int32Array | Uint8Array) => [...a].reduce((s, v) => s + v, 0)

// Random kernels

const ARRAYS = { i32: Int32Array, u32: Uint32Array, i64: BigInt64Array, u64: BigUint64Array }

/** Places in counters of a given length, as text: some of lanes, some of fixed step, some the same for all. */
const PLACES = [
  'p[i]',
  '(p[i] & 7) % length',
  'Math.fround(f[i] * length) | 0',
  'Math.floor(Math.fround(f[i] * length))',
  'i % length',
  '(i & 3) % length',
  '0',
  'length - 1',
  '(i >> 4) % length',
  'p[(i * 7) % n]',
  'p[n - 1 - i]',
]

const SHAPES = [
  (change: string) => change,
  (change: string) => `if (f[i] < 0.4) { ${change} }`,
  (change: string) => `if ((p[i] & 3) !== 1) { ${change} } else { ${change} }`,
  (change: string) => `for (let k = 0; k < 3; k++) { ${change} }`,
  (change: string) => `for (let k = 0; k < (p[i] & 3); k++) { ${change} }`,
  (change: string) => `for (let k = 0; k < 9; k++) { if (k === (p[i] & 7)) break; ${change} }`,
  (change: string) => `if (f[i] > 2) return; ${change}; if (f[i] > 0.5) { ${change} }`,
]

describe('random tallies', () => {
  const seed = Number(process.env.SEED ?? 400)
  const cases = Number(process.env.CASES ?? 60)
  it(`agree with plain JavaScript (SEED=${seed} CASES=${cases})`, async () => {
    let copies = 0
    for (let s = seed; s < seed + cases; s++) copies += await judge(new Random(s), s)
    assert(copies > cases / 2, `${copies} of ${cases} made copies`)
  })
})

async function judge(random: Random, seed: number): Promise<number> {
  const pick = <T>(list: readonly T[]): T => list[random.integer(0, list.length)]
  const element = pick(['i32', 'u32', 'i64', 'u64'] as const)
  const wide = element.endsWith('64')
  const kind = pick(['add', 'sub', 'and', 'or', 'xor', 'min', 'max'])
  const length = pick([1, 2, 8, 9, 100, 256, 1000])
  const n = pick([1100, 5000, 12_345, 40_000])
  const values = wide ? ['1n', 'v[i]', 'v[p[i]]'] : ['1', 'v[i]', 'v[p[i]]', '-3', 'i']
  const change = () => {
    const value = pick(values)
    return `atomic.${kind}(counts, ${pick(PLACES)}, ${element[0] === 'u' && value === '-3' ? '3' : value})`
  }
  const body = pick(SHAPES)(change())
  const source = `(i, n, length, p, f, v, counts) => { ${body}${random.integer(0, 3) ? '' : `; ${change()}`} }`
  const f = Float32Array.from({ length: n }, () => random.uniform() * 0.9999)
  const p = Int32Array.from(f, () => random.integer(0, length))
  const data = () => newArray(element, length)
  const v = newArray(element, n)
  for (let i = 0; i < n; i++) v[i] = randomValue(random, element)
  const start = data()
  for (let i = 0; i < length; i++) start[i] = randomValue(random, element)
  const plain = new ARRAYS[element](start as any) as any
  const fn = text(source)
  for (let i = 0; i < n; i++) fn(i, n, length, p, f, v, plain)
  const k = kernel(fn, { use: { atomic } }) as any
  let isCopied = false
  for (const where of ['outside', 'heap'] as const) {
    const put = (x: any) => (where === 'heap' ? heap.array(x.constructor, x) : x)
    const args = [put(p), put(f), put(v)]
    for (const threads of [1, 3]) {
      const schedule = pick(['auto', 'static', 'dynamic', 'guided'] as const)
      const counts = put(new ARRAYS[element](start as any))
      const run = k.with({ threads, schedule })
      if (random.integer(0, 2)) run(n, n, length, ...args, counts)
      else await run.async(n, n, length, ...args, counts)
      isCopied ||= copied(run, 'counts')
      assert.deepEqual([...counts], [...plain], `seed ${seed}, ${where}, ${threads} threads, ${schedule}: ${source}`)
      if (where === 'heap') heap.release(counts)
    }
    if (where === 'heap') for (const x of args) heap.release(x)
  }
  return isCopied ? 1 : 0
}
