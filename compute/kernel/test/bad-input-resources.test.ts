/** Kernels that are very large, and a heap that is very small: results, or typed errors and nothing held afterwards. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NotSupportedError, OutOfMemoryError } from '@skein/base'
import { heap } from '@skein/heap'
import { kernel, reduce, scan } from '../src/index.ts'
import { same } from './agree.ts'
import { noX64 } from './backends.ts'
import { text, worksOn } from './bad.ts'

// Both are read when they are first needed.
process.env.SKEIN_HEAP_MAX = String(96 << 20)
process.env.SKEIN_THREADS ??= '4'

const lines = (n: number, line: (k: number) => string) => Array.from({ length: n }, (_, k) => line(k)).join('\n')
const long = (body: string) => text(`(i, y, x) => {\nlet a = x[i]\n${body}\ny[i] = a\n}`)
const data = (n: number) => Float64Array.from({ length: n }, (_, i) => Math.sin(i) * 3)

describe('long kernels', () => {
  const cases: { [name: string]: Function } = {
    '500 lines of arithmetic': long(lines(500, k => `a = (a * ${k}.5 + ${k}) % 100.5`)),
    '500 locals alive at once': long(
      `${lines(500, k => `const b${k} = a * ${k}.5`)}\na = ${Array.from({ length: 500 }, (_, k) => `b${k}`).join(' + ')}`,
    ),
    '100 loops one after the other': long(
      lines(
        100,
        k => `for (let k = 0; k < i % ${k + 2}; k++) { if (k % 3 === 1) continue; a += x[(i + k) % x.length] }`,
      ),
    ),
    '200 branches': long(
      lines(200, k => `if (a > ${k}) { a -= x[(i + ${k}) % x.length] } else { a += Math.sqrt(k0) }`).replaceAll(
        'k0',
        '2.5',
      ),
    ),
    '60 branches in one another': long(`${lines(60, k => `if (a < ${100 - k}) { a += 0.5`)} ${'}'.repeat(60)}`),
    '12 loops in one another': long(
      `${lines(12, k => `for (let k${k} = 0; k${k} < 2; k${k}++) {`)} a += 0.5 ${'}'.repeat(12)}`,
    ),
    'values that share operands, 100 deep': long(
      `if (a > 0) { let f = x.length * 0.5\n${lines(100, () => 'f = f / 3 + f * f / (f + 1)')}\na += f }`,
    ),
    '200 arrays': text(
      `(i, ${Array.from({ length: 200 }, (_, k) => `x${k}`).join(', ')}) => { x0[i] = x199[i] + x100[i] * 2 }`,
    ),
    '40 large private arrays': long(
      lines(20, k => `const t${k} = new Float32Array(512); t${k}[i % 512] = ${k}.5; a += t${k}[i % 512]`),
    ),
  }
  for (const [name, fn] of Object.entries(cases)) {
    it(name, async () => {
      const args = () =>
        fn.length > 3
          ? Array.from({ length: 200 }, (_, k) => data(50).map(v => v + k))
          : [new Float64Array(50), data(50)]
      const plain = args()
      for (let i = 0; i < 50; i++) fn(i, ...plain)
      const made = kernel(fn as any) as any
      for (const run of [made.on('reference'), made, made.async]) {
        const found = args()
        await run(50, ...found)
        same(plain, found, name)
      }
      await worksOn()
    })
  }

  it('beyond the limits of the engine are an error, or fewer lanes', async () => {
    for (const count of [100, 600]) {
      const made = kernel(long(lines(count, k => `a = a * ${k}.5 + Math.sin(a + ${k})`))) as any
      const [found, expected] = [new Float64Array(20), new Float64Array(20)]
      try {
        made(20, found, data(20))
        made.on('reference')(20, expected, data(20))
        same([expected], [found], `${count} sines`)
      } catch (e) {
        assert(e instanceof NotSupportedError, String(e))
        assert.match(e.message, /larger than the engine takes|needs more stack/)
      }
      await worksOn()
    }
  })
})

describe('a small heap', () => {
  const big = 16 << 20
  const copy = kernel(text('(i, y, x) => { y[i] = x[i] }')).on('wasm') as any
  // Arrays touched at other places than the index itself have to be in the heap as a whole.
  const swap = kernel(text('(i, y, x) => { y[i] = x[i ^ 1] }')).on('wasm') as any
  const cases: { [name: string]: () => unknown } = {
    'has no room for the copies of arrays outside of it': () => swap(big, new Float64Array(big), new Float64Array(big)),
    'nor for those of an asynchronous call': () => copy.async(big, new Float64Array(big), new Float64Array(big)),
    'nor for those of a reduction': () =>
      (reduce('+', text('(i, x) => x[i]')).on('wasm') as any)(big, new Float64Array(big)),
    'nor for those of a scan': () =>
      (scan('+', text('(i, x) => x[i]')).on('wasm') as any)(big, new Float64Array(big), new Float64Array(1)),
    'nor for large private arrays': () =>
      (kernel(long(lines(40, k => `const t${k} = new Float64Array(65536); t${k}[i] = a; a += t${k}[0]`))) as any)(
        10,
        data(10),
        data(10),
      ),
    'nor for the totals of 2^31 rows': () =>
      (reduce('+', text('([a, b], x) => x[0]')) as any)([2 ** 31 - 1, 2], data(1)),
  }
  for (const [name, run] of Object.entries(cases)) {
    it(name, async () => {
      await worksOn()
      const before = heap.stats().inUseBytes
      for (let round = 0; round < 3; round++) {
        await assert.rejects(
          async () => run(),
          (e: OutOfMemoryError) => {
            assert(e instanceof OutOfMemoryError, String(e))
            assert.match(e.message, /no room for .* free/)
            return true
          },
        )
        await worksOn()
      }
      assert(heap.stats().inUseBytes <= before + 65536, `${heap.stats().inUseBytes - before} bytes are held`)
    })
  }

  it('has room for arrays that go through it a slice at a time', () => {
    const x = new Float64Array(big).map((_, i) => i)
    const y = new Float64Array(big)
    copy(big, y, x)
    assert(y.every((v, i) => v === i))
  })

  it('has room for any arrays outside of it, where machine code reads them in their places', {
    skip: noX64,
  }, async () => {
    const y = new Float64Array(big)
    const x = y.map((_, i) => i)
    swap.on('x64')(big, y, x)
    assert(y.every((v, i) => v === (i ^ 1)))
    await copy.on('x64').async(big, y, x)
    assert(y.every((v, i) => v === i))
    await worksOn()
  })

  it('that is full of arrays is told by whom, and goes on once they are released', async () => {
    const held: Float64Array[] = []
    try {
      for (;;) held.push(heap.f64(1 << 19, { label: 'hoard' }))
    } catch (e) {
      assert(e instanceof OutOfMemoryError)
      assert.match(e.message, /hoard/)
    }
    assert.throws(() => swap(1 << 20, new Float64Array(1 << 20), new Float64Array(1 << 20)), OutOfMemoryError)
    // What lies in the heap already needs no room.
    copy(1 << 19, held[0], held[1])
    for (const a of held) heap.release(a)
    copy(1 << 20, new Float64Array(1 << 20), new Float64Array(1 << 20))
    await worksOn()
  })

  it('holds nothing after many calls and many kernels', async () => {
    await worksOn()
    const before = heap.stats().inUseBytes
    const x = data(10_000)
    for (let round = 0; round < 300; round++) copy(x.length, new Float64Array(x.length), x)
    assert(heap.stats().inUseBytes - before < 65536, `${heap.stats().inUseBytes - before} bytes`)
    await Promise.all(Array.from({ length: 100 }, () => copy.async(x.length, new Float64Array(x.length), x)))
    assert(heap.stats().inUseBytes - before < 1 << 20)
  })
})
