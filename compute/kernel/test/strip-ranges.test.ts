/**
 * Indices that move by a fixed step are looked at once for many iterations: arrays as long as needed, and an element shorter;
 * ranges that begin below 0; indices that wrap into the array on their way.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { heap } from '@skein/heap'
import { IndexError, kernel, reduce } from '../src/index.ts'
import './whole-code.ts'

const text = (source: string): Function => new Function(`return ${source}`)()

/** The index as 32-bit integers compute it. */
const INDICES: Record<string, (i: number, n: number) => number> = {
  i: i => i,
  'i - 1': i => i - 1,
  'i + 3': i => i + 3,
  '2 * i': i => 2 * i,
  '5 * i - 2': i => 5 * i - 2,
  'n - 1 - i': (i, n) => n - 1 - i,
  'n - 4 * i': (i, n) => n - 4 * i,
  '(n | 0) - 3': (_, n) => n - 3,
  '(i << 3) - i': i => 7 * i,
  '(i + 2147483000) - 2147483001': i => i - 1,
  '(i + 2147483640 + 2147483640) - n': (i, n) => (i + 2147483640 + 2147483640 - n) | 0,
  '4096 * i': i => 4096 * i,
}

const RANGES = [
  [0, 16],
  [0, 1],
  [0, 100],
  [1, 50],
  [-1, 40],
  [-20, 3],
  [7, 7],
]

for (const [source, at] of Object.entries(INDICES)) {
  it(`x[${source}]`, () => {
    const load = kernel(text(`(i, n, x, y) => { y[i + 32] = x[${source}] }`) as never) as any
    const store = kernel(text(`(i, n, x, y) => { x[${source}] = y[i + 32] }`) as never) as any
    const sum = reduce('+', text(`(i, n, x, y) => x[${source}]`) as never) as any
    for (const [begin, end] of RANGES) {
      for (const n of [begin, end - 1, end, 333]) {
        const indices = Array.from({ length: end - begin }, (_, k) => at(begin + k, n))
        const most = Math.min(500_000, Math.max(-1, ...indices))
        for (const length of new Set([0, most, most + 1, most + 2, 17].filter(l => l >= 0))) {
          const wrong = new Set(indices.filter(k => k < 0 || k >= length).map(k => k | 0))
          const x = heap.f32(length)
          for (let k = 0; k < length; k++) x[k] = k % 251
          const y = heap.f32(200)
          const told = `${begin} … ${end}, n = ${n}, ${length} elements`
          for (const [what, run] of Object.entries({ load, store, sum })) {
            const call = () => run({ begin, end }, n, x, y)
            if (wrong.size > 0) {
              assert.throws(call, (e: IndexError) => e instanceof IndexError && wrong.has(e.index), `${what}: ${told}`)
              continue
            }
            const result = call()
            if (what === 'load') for (const [k, j] of indices.entries()) assert.equal(y[begin + k + 32], j % 251, told)
            if (what === 'sum')
              assert.equal(
                result,
                indices.reduce((s, j) => s + (j % 251), 0),
                told,
              )
          }
          x[Symbol.dispose]()
          y[Symbol.dispose]()
        }
      }
    }
  })
}
