/** Tasks with large values, for the tests. */
import { task } from '../src/index.ts'

const MiB = 2 ** 20

export const filled = task(import.meta, 'filled', (n: number, x: number) => new Float64Array(n).fill(x))
export const table = task(import.meta, 'table', (n: number) => ({
  name: 'table',
  columns: [new Float32Array(n).fill(1.5), 'x'.repeat(n)],
}))
export const describes = task(
  import.meta,
  'describes',
  (t: any) => `${t.name} ${t.columns[0].length} ${t.columns[0][7]} ${t.columns[1].length}`,
)
export const overlaps = task(import.meta, 'overlaps', (most: Int32Array) => {
  const now = Atomics.add(most, 0, 1) + 1
  if (now > Atomics.load(most, 1)) Atomics.store(most, 1, now)
  const until = performance.now() + 5
  while (performance.now() < until);
  Atomics.sub(most, 0, 1)
})
export const opens = task(import.meta, 'opens', (gate: Int32Array) => Atomics.store(gate, 1, 1))
export const counted = task(import.meta, 'counted', (runs: Int32Array, at: number, n: number, x: number) => {
  Atomics.add(runs, at, 1)
  return new Float64Array(n).fill(x)
})
export const plusOne = task(import.meta, 'plusOne', (runs: Int32Array, at: number, x: Float64Array) => {
  Atomics.add(runs, at, 1)
  return x.map(value => value + 1)
})
export const weighs = task(import.meta, 'weighs', (a: Float64Array, b: Float64Array) => a.length * (a[0] + b[0]))
export const secondTimeThrows = task(import.meta, 'secondTimeThrows', (runs: Int32Array, at: number) => {
  if (Atomics.add(runs, at, 1) > 0) throw new Error('only once')
  return new Float64Array(MiB / 8)
})
export const waitsWith = task(import.meta, 'waitsWith', (gate: Int32Array, x: Float64Array) => {
  Atomics.store(gate, 0, 1)
  while (Atomics.load(gate, 1) === 0);
  let sum = 0
  for (const value of x) sum += value
  return sum
})
