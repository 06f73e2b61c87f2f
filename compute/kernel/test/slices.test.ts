/** Arrays outside the heap that are touched at the range's index alone go through the heap a slice at a time. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { heap } from '@skein/heap'
import fc from 'fast-check'
import { atomic, IndexError, kernel } from '../src/index.ts'

// Machine code reads them where they are.
process.env.SKEIN_BACKEND = 'wasm'

/** Elements of 4 and of 8 bytes in a slice. */
const slice4 = 1 << 18
const slice8 = 1 << 17
const large = 5 * slice4 + 77

const numbers = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => (i * 7919) % 1009)

describe('arrays outside the heap, a slice at a time', () => {
  const axpy = kernel((i: number, a: number, x: Float32Array, y: Float32Array) => {
    y[i] = a * x[i] + y[i]
  })

  it('compute what arrays of the heap do', () => {
    for (const n of [slice4 - 1, slice4, slice4 + 1, 2 * slice4, large]) {
      const x = numbers(n)
      const y = numbers(n).reverse()
      const inside = heap.f32(n)
      inside.set(y)
      axpy(n, 0.3, heap.f32(n).fill(0), inside)
      axpy(n, 0.3, x, y)
      assert.deepEqual(
        y,
        numbers(n)
          .reverse()
          .map((v, i) => Math.fround(Math.fround(Math.fround(0.3) * x[i]) + v)),
      )
    }
  })

  it('over parts of a range', () => {
    const set = kernel((i: number, x: Float32Array, y: Float32Array) => {
      if (x[i] > 500) y[i] = x[i]
    })
    const x = numbers(large)
    const index = fc.integer({ min: 0, max: large })
    fc.assert(
      fc.property(index, index, (a, b) => {
        const y = new Float32Array(large).fill(-1)
        const [begin, end] = [Math.min(a, b), Math.max(a, b)]
        set({ begin, end }, x, y)
        assert.ok(y.every((v, i) => v === (i >= begin && i < end && x[i] > 500 ? x[i] : -1)))
      }),
      { numRuns: 12 },
    )
  })

  it('of several types, from any place in their buffers', () => {
    const mix = kernel((i: number, a: Uint8Array, b: Float64Array, c: Int16Array, out: BigInt64Array) => {
      b[i] = b[i] + a[i] * c[i]
      out[i] = BigInt(a[i]) - 3n
    })
    const n = 3 * slice8 + 5
    const a = new Uint8Array(n + 3).map((_, i) => i * 31).subarray(3)
    const b = new Float64Array(n + 1).map((_, i) => i).subarray(1)
    const c = new Int16Array(n + 7).map((_, i) => i * 17).subarray(7)
    const out = new BigInt64Array(n)
    mix(n, a, b, c, out)
    assert.ok(b.every((v, i) => v === i + 1 + a[i] * c[i]))
    assert.ok(out.every((v, i) => v === BigInt(a[i]) - 3n))
  })

  it('beside arrays of the heap, wherever those are touched', () => {
    const gather = kernel((i: number, at: Int32Array, table: Float32Array, out: Float32Array) => {
      out[i] = table[at[i]]
    })
    const table = heap.f32(1000)
    table.forEach((_, i) => {
      table[i] = i / 4
    })
    const at = Int32Array.from({ length: large }, (_, i) => (i * 31) % 1000)
    const out = new Float32Array(large)
    gather(large, at, table, out)
    assert.ok(out.every((v, i) => v === at[i] / 4))
  })

  it('counted into bins of the heap', () => {
    const count = kernel(
      (i: number, x: Float32Array, bins: Int32Array) => {
        atomic.add(bins, x[i] | 0, 1)
      },
      { use: { atomic } },
    )
    const x = numbers(4 * large)
    const bins = heap.i32(1009)
    count(x.length, x, bins)
    const expected = new Int32Array(1009)
    for (const v of x) expected[v]++
    assert.deepEqual([...bins], [...expected])
  })

  it('that share a buffer, or are the same', () => {
    const add = kernel((i: number, a: Float32Array, b: Float32Array, out: Float32Array) => {
      out[i] = a[i] + b[i]
    })
    const whole = numbers(3 * large)
    const [a, b, out] = [0, 1, 2].map(k => whole.subarray(k * large, (k + 1) * large))
    const expected = a.map((v, i) => v + b[i])
    add(large, a, b, out)
    assert.deepEqual(out, expected)
    add(large, a, a, out)
    assert.ok(out.every((v, i) => v === 2 * a[i]))
    add(large, a, b, a)
    assert.deepEqual(a, expected)
    // What overlaps by halves: who writes first wins, as with any threads; what is read elsewhere is right.
    const half = numbers(large + 10)
    const before = half.slice()
    add(large, half.subarray(10), half.subarray(10), half.subarray(10))
    assert.ok(half.every((v, i) => v === (i < 10 ? before[i] : 2 * before[i])))
  })

  it('an index out of range is told, and the slices before are done', () => {
    const double = kernel((i: number, x: Float32Array) => {
      x[i] = 2 * x[i]
    })
    const x = numbers(large)
    assert.throws(
      () => double(large + 10, x),
      (e: IndexError) => e instanceof IndexError && e.index >= large && e.index < large + 10 && e.length === large,
    )
    const before = numbers(large)
    assert.ok(x.subarray(0, 5 * slice4).every((v, i) => v === 2 * before[i]))
    assert.ok(x.subarray(5 * slice4).every((v, i) => [1, 2].includes(v / before[5 * slice4 + i]) || v === 0))
    assert.throws(() => double({ begin: -5, end: large }, numbers(large)), IndexError)
  })

  it('hold nothing afterwards', () => {
    const x = numbers(large)
    const y = numbers(large)
    axpy(large, 1, x, y)
    const before = heap.stats().inUseBytes
    for (let k = 0; k < 10; k++) axpy(large, 1, x, y)
    assert.throws(() => axpy(large + 1, 1, x, y), IndexError)
    assert.equal(heap.stats().inUseBytes, before)
  })
})
