/** Stores past the caches: what large launches get, here forced on small ones, so that every alignment and every size of what is left comes up. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileProgram } from '../src/compile.ts'
import { kernel } from '../src/index.ts'
import { bindArguments } from '../src/specialise.ts'
import { x64 } from '../src/x64/index.ts'
import { goesOn, storeOf } from '../src/x64/past.ts'
import { lowered, type Numbers } from './x64-agree.ts'
import { Rooms } from './x64-rooms.ts'
import { targets } from './x64-targets.ts'

const skip = x64.unavailable() ?? false
const threads = [1, 3]
const rooms = new Rooms(2, 2)

/** Runs a kernel whose last argument is what is written, of `rows` rows of n positions. */
function run(source: string, rows: number | undefined, n: number, args: unknown[], options: object, threads: number) {
  const { types, lowered: l } = lowered(source, args) as any
  const program = compileProgram(l.ir, undefined, x64, {
    fast: false,
    unsafe: false,
    source: [],
    ...options,
  } as never)
  try {
    const extents = [...(rows === undefined ? [] : [rows]), n].map(end => ({ begin: 0, end, step: 1 }))
    const launch: any = { extents, scalars: [], arrays: [], threads, schedule: 'dynamic', chunk: 40 }
    bindArguments(types, args, { bound: l.bound } as never, launch)
    return { outcome: program.run(launch), listing: program.listing() }
  } finally {
    program.dispose()
  }
}

const kernels: { readonly [name: string]: string } = {
  copy: '(i, x, y) => { y[i] = x[i] }',
  shifted: '(i, x, y) => { y[i + 3] = x[i] }',
  'under a condition of its own': '(i, x, y) => { y[i] = x[i] > 2 ? x[i] : -x[i] }',
  rows: '([r, i], x, y) => { y[r * 37 + i] = x[r * 37 + i] + 1 }',
}

for (const [name, source] of Object.entries(kernels)) {
  test(`${name}: every alignment, every length, and nothing beside it`, { skip }, () => {
    const rows = source.startsWith('([') ? 3 : undefined
    for (const target of targets()) {
      for (const make of [Float32Array, Float64Array, Int32Array] as (typeof Float32Array)[]) {
        for (const offset of [0, 1, 3, 7, 8, 13]) {
          for (const n of rows ? [37] : [1, 15, 16, 17, 31, 64, 97, 200]) {
            const x = new make(240).map((_, i) => (i % 7) - 1)
            const [right, found] = [0, 1].map(() => new make(280).fill(99).subarray(offset, offset + 240))
            const [a, b] = [{ leastPast: Number.MAX_VALUE }, { leastPast: 0 }]
            run(source, rows, n, [x, right], { ...a, target }, 1)
            run(source, rows, n, [x, found], { ...b, target }, threads[n % 2])
            assert.deepEqual(
              new make(found.buffer),
              new make(right.buffer),
              `${name}, ${target.isa} ${target.bits}, ${make.name}, offset ${offset}, n = ${n}`,
            )
          }
        }
      }
    }
  })
}

test('an array that ends, or begins, at a page that cannot be touched', { skip }, () => {
  for (const target of targets())
    for (const atEnd of [false, true])
      for (const n of [5, 100, 1001]) {
        const [x, y] = [0, 1].map(() => rooms.guarded(Float32Array, 4, n, atEnd))
        for (let i = 0; i < n; i++) x[i] = i
        run(kernels.copy, undefined, n, [x, y], { leastPast: 0, target }, 2)
        assert.deepEqual([...y], [...x])
        const { outcome } = run(kernels.shifted, undefined, n, [x, y], { leastPast: 0, target }, 1)
        assert.ok('failure' in outcome)
      }
})

test('which stores go past: one, for every position, of an array that is not read', () => {
  const table: [source: string, isPast: boolean][] = [
    ['(i, x, y) => { y[i] = x[i] }', true],
    ['(i, x, y) => { y[i + 5] = x[2 * i] }', true],
    ['([r, i], x, y) => { y[r * 10 + i] = x[i] }', true],
    ['(i, x, y) => { y[i] += x[i] }', false],
    ['(i, x, y) => { if (x[i] > 0) y[i] = x[i] }', false],
    ['(i, x, y) => { y[2 * i] = x[i] }', false],
    ['([r, i], x, y) => { y[i * 10 + r] = x[i] }', false],
    ['(i, x, y) => { y[i] = x[i]; x[i] = 0 }', false],
    ['(i, x, y) => { let s = 0; for (let k = 0; k < 3; k++) s += x[k]; y[i] = s }', false],
  ]
  for (const [source, isPast] of table) {
    const { ir } = lowered(source, [new Float32Array(100), new Float32Array(100)]).lowered
    assert.equal(storeOf(ir) !== undefined, isPast, source)
  }
  const bytes = lowered('(i, x, y) => { y[i] = x[i] }', [new Uint8Array(100), new Uint8Array(100)]).lowered
  assert.equal(storeOf(bytes.ir), undefined)
})

test('large outputs do, small ones do not, and explain says so', { skip }, () => {
  const copy = () => kernel((i, x: Float32Array, y: Float32Array) => void (y[i] = x[i]), { cache: false }).on('x64')
  const large = 4 << 20
  const [x, y]: Numbers[] = [new Float32Array(large).fill(3), new Float32Array(large)]
  const little = copy()
  little(large - 1, x as Float32Array, y as Float32Array)
  assert.doesNotMatch(little.explain('code', 1, x as Float32Array, y as Float32Array), /vmovnt/)
  assert.equal(y[large - 2], 3)
  assert.equal(y[large - 1], 0)
  const { listing } = run(kernels.copy, undefined, large, [x, y], {}, 2)
  assert.match(listing, /vmovntps .*\n.*sfence/s)
  assert.match(listing, /store y +contiguous, past the caches, proved in range/)
  assert.ok((y as Float32Array).every(value => value === 3))
})

test('steps from one array into another and back stay in the caches', () => {
  const arrays = [0, 1, 2].map(() => new Float64Array(8))
  const at = [4096, 8192, 12288]
  const steps = (order: readonly (readonly number[])[]): boolean[] =>
    order.map(which => {
      const launch: any = { arrays: which.map(k => arrays[k]) }
      const addresses = which.map(k => at[k])
      // The last array is written, unless there is only one.
      const written = which.map((_, k) => k > 0 && k === which.length - 1)
      return goesOn(launch, addresses, written)
    })
  assert.deepEqual(
    steps([
      [0, 1],
      [0, 1],
      [1, 0],
      [0, 1],
      [1, 0],
    ]),
    [false, false, true, true, true],
  )
  // A sum in between writes nothing; it reads what was written.
  steps([[0, 2]])
  assert.deepEqual(steps([[0, 1], [1], [1, 0]]), [false, true, true])
  // Three in turn, two of them read.
  steps([[0, 2]])
  assert.deepEqual(
    steps([
      [0, 1, 2],
      [1, 2, 0],
      [2, 0, 1],
    ]),
    [false, true, true],
  )
  steps([[1, 2]])
  assert.deepEqual(
    steps([
      [0, 1],
      [0, 2],
      [0, 1],
    ]),
    [false, false, false],
  )
})
