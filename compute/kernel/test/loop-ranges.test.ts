/**
 * Counted loops look at their indices once: arrays as long as needed, and an element shorter; loops without a round; counters
 * that step, that begin below 0, that come near the largest integer; loops with and without lanes, and with writes before them.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { heap } from '@skein/heap'
import { IndexError, kernel } from '../src/index.ts'
import { runHere } from './backends.ts'

const text = (source: string): Function => new Function(`return ${source}`)()

/** The index for a round, as 32-bit integers compute it. */
const INDICES: Record<string, (k: number, a: number) => number> = {
  k: k => k,
  'k + a': (k, a) => (k + a) | 0,
  'a - k': (k, a) => (a - k) | 0,
  '2 * k + 1': k => (2 * k + 1) | 0,
  'k * a': (k, a) => Math.imul(k, a),
  '3 * a': (_, a) => Math.imul(3, a),
  'k + k - a': (k, a) => (k + k - a) | 0,
  '(k << 1) - k': k => k,
}

/** Begin, end, step, a. */
const LOOPS = [
  [0, 7, 1, 1],
  [0, 40, 1, 3],
  [3, 3, 1, 5],
  [5, 2, 1, 2],
  [-4, 9, 1, 4],
  [0, 21, 2, 0],
  [1, 30, 7, 30],
  [-2, 1, 1, -1],
  [2147483600, 2147483647, 1, -2147483600],
  [2147483600, 2147483645, 3, -2147483600],
  [-2147483648, -2147483640, 1, -2147483648],
]

const SHAPES: Record<string, (step: number, index: string) => string> = {
  'for all lanes alike': (step, index) => `(i, b, e, a, x, y) => {
    let s = 0
    for (let k = b | 0; k < e; k += ${step}) s += x[${index}]
    y[i] = s
  }`,
  'for lanes side by side': (step, index) => `(i, b, e, a, x, y) => {
    let s = 0
    for (let k = b | 0; k < e; k += ${step}) s += x[(${index}) + i]
    y[i] = s
  }`,
  'one iteration at a time': (step, index) => `(i, b, e, a, x, y, at) => {
    let s = 0
    for (let k = b[at[i]]; k < e[at[i]]; k += ${step}) s += x[${index}]
    y[i] = s
  }`,
  'after a write': (step, index) => `(i, b, e, a, x, y, at) => {
    y[i] += 1
    let s = 0
    for (let k = b[at[i]]; k < e[at[i]]; k += ${step}) s += x[${index}]
    y[i] += s - 1
  }`,
}

for (const [shape, source] of Object.entries(SHAPES)) {
  for (const [index, at] of Object.entries(INDICES)) {
    it(`x[${index}] in a loop ${shape}`, () => {
      const scalars = !source(1, '').includes('at[')
      const moved = source(1, '').includes('+ i')
      for (const [begin, end, step, a] of LOOPS) {
        const run = kernel(text(source(step, index.replaceAll('a', '(a | 0)'))) as never) as any
        const rounds: number[] = []
        for (let k = begin; k < end; k += step) rounds.push(at(k, a))
        const rows = Array.from({ length: 37 }, (_, i) => rounds.map(j => (moved ? (j + i) | 0 : j)))
        const most = Math.max(-1, ...rows.flat())
        for (const length of new Set([0, most, most + 1, most + 2, 17].filter(l => l >= 0 && l < 1000))) {
          const wrong = new Set(rows.flat().filter(j => j < 0 || j >= length))
          const x = heap.f32(length)
          for (let j = 0; j < length; j++) x[j] = (j % 61) + 1
          const y = heap.f32(37)
          const bounds = scalars ? [begin, end] : [heap.i32(1).fill(begin), heap.i32(1).fill(end)]
          const told = `${begin} … ${end} by ${step}, a = ${a}, ${length} elements`
          const call = () => run(37, ...bounds, a, x, y, ...(scalars ? [] : [heap.i32(37)]))
          if (wrong.size > 0)
            assert.throws(call, (e: IndexError) => e instanceof IndexError && wrong.has(e.index), told)
          else {
            call()
            const sums = rows.map(row => row.reduce((s, j) => s + (j % 61) + 1, 0))
            assert.deepEqual([...y], sums, told)
          }
        }
      }
    })
  }
}

it('a counter that wraps on its way past the end goes on, and out of the array', () => {
  const sum = kernel((i, b: Int32Array, e: Int32Array, x: Float32Array, y: Float32Array) => {
    let s = 0
    for (let k = b[i]; k < e[i]; k += 4) s += x[k - 2147483600]
    y[i] = s
  })
  for (const backend of runHere) {
    const run = () =>
      sum.on(backend)(
        1,
        Int32Array.of(2147483600),
        Int32Array.of(2147483647),
        new Float32Array(47),
        new Float32Array(1),
      )
    assert.throws(run, (e: IndexError) => e.index === 48, backend)
  }
})

it('a row whose loop leaves its array fails, and rows with none do not', () => {
  const sums = kernel((r, start: Int32Array, x: Float64Array, out: Float64Array) => {
    let s = 0
    for (let k = start[r]; k < start[r + 1]; k++) s += x[k]
    out[r] = s
  })
  const start = Int32Array.from({ length: 101 }, (_, r) => 3 * Math.floor(r / 2))
  const x = new Float64Array(150).fill(1)
  const out = new Float64Array(100)
  sums(100, start, x, out)
  assert.deepEqual(
    [...out],
    Array.from({ length: 100 }, (_, r) => (r % 2 ? 3 : 0)),
  )
  for (const row of [1, 50, 99]) {
    const bad = start.slice()
    bad[row + 1] = 151
    assert.throws(
      () => sums(100, bad, x, out),
      (e: IndexError) => e.index === 150,
    )
    bad[row + 1] = start[row + 1]
    bad[row] = -1
    assert.throws(
      () => sums(100, bad, x, out),
      (e: IndexError) => e.index === -1 || bad[row - 1] > bad[row],
    )
  }
})

it('a loop that breaks before its end does not fail beyond', () => {
  const find = kernel((i, n: number, x: Int32Array, at: Int32Array, out: Int32Array) => {
    let found = -1
    for (let k = at[i]; k < n; k++) {
      if (x[k] === 7) {
        found = k
        break
      }
    }
    out[i] = found
  })
  const x = Int32Array.from({ length: 50 }, (_, k) => (k % 10 === 9 ? 7 : k))
  const out = new Int32Array(45)
  find(
    45,
    1000,
    x,
    Int32Array.from({ length: 45 }, (_, i) => i),
    out,
  )
  const expected = Array.from({ length: 45 }, (_, i) => [7, 9, 19, 29, 39, 49].find(k => k >= i && x[k] === 7)!)
  assert.deepEqual([...out], expected)
})
