/** The compiler's own door: IR from elsewhere than a function, and reductions row by row. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  Builder,
  backends,
  type Combination,
  compileUnchecked,
  inline,
  type KernelIR,
  lowerFunction,
  readFunction,
} from '../src/compiler.ts'
import { runHere } from './backends.ts'

const site = { kind: 'index' as const, loc: { line: 1, column: 0, start: 0, end: 0 }, text: 'x' }

/** The sum of elements of a buffer, at row · length + column. */
function sumOf(element: 'f32' | 'f64' | 'i32', offset = 0): { ir: KernelIR; combination: Combination } {
  const b = new Builder()
  const width = b.cvt('toint32', b.op('scalar', 'f64', [], 0), 'i32')
  const at = b.add(b.add(b.mul(b.op('index', 'i32', [], 0), width), b.op('index', 'i32', [], 1)), offset)
  const value = b.load(0, element, at, 0)
  const { body } = b
  body.results = [value]
  const ir: KernelIR = {
    name: 'sum',
    rank: 2,
    buffers: [{ name: 'x', element, space: 'global' }],
    scalars: [{ name: 'width', type: 'f64' }],
    sites: [site],
    body,
    yields: element,
  }
  const c = new Builder()
  const [x, y] = [c.op('scalar', element, [], 0), c.op('scalar', element, [], 1)]
  const sum = c.add(x, y)
  const combined = c.body
  combined.results = [sum]
  const scalars = [
    { name: 'x', type: element },
    { name: 'y', type: element },
  ]
  const combine = { name: 'add', rank: 0, buffers: [], scalars, sites: [], body: combined, yields: element }
  return { ir, combination: { kind: 'reduce', type: element, init: 0, combine } }
}

const launch = (rows: number, length: number, x: ArrayBufferView, out?: ArrayBufferView) => ({
  extents: [
    { begin: 0, end: rows, step: 1 },
    { begin: 0, end: length, step: 1 },
  ],
  scalars: [length],
  arrays: [x],
  threads: 4,
  schedule: 'auto' as const,
  chunk: undefined,
  ...(out && { rows: out }),
})

for (const name of runHere) {
  const backend = backends[name]
  describe(`reductions row by row on ${name}`, () => {
    for (const [rows, length] of [
      [1, 1],
      [7, 100],
      [300, 33],
      [3, 16384],
      [3, 40_000],
      [5, 0],
    ]) {
      test(`${rows} rows of ${length}: each is what it is by itself`, async () => {
        const x = Float64Array.from({ length: rows * length }, (_, k) => Math.fround(Math.sin(k)) / 3)
        const { ir, combination } = sumOf('f64')
        const program = compileUnchecked(ir, combination, backend)
        const [out, later] = [new Float64Array(rows).fill(9), new Float64Array(rows).fill(9)]
        program.run(launch(rows, length, x, out))
        await program.runAsync(launch(rows, length, x, later))
        const alone = Array.from({ length: rows }, (_, r) => {
          const outcome = program.run(launch(1, length, x.slice(r * length, (r + 1) * length)))
          return 'value' in outcome ? outcome.value : undefined
        })
        assert.deepEqual([...out], alone)
        assert.deepEqual([...later], alone)
        program.dispose()
      })
    }
    test('into an array of unsigned numbers', () => {
      const { ir, combination } = sumOf('i32')
      const program = compileUnchecked(ir, combination, backend)
      const out = new Uint32Array(2)
      program.run(launch(2, 2, new Int32Array([-1, 0, 2 ** 31 - 1, 1]), out))
      assert.deepEqual([...out], [2 ** 32 - 1, 2 ** 31])
    })
    test('the value of all rows is as it was', () => {
      const { ir, combination } = sumOf('f32')
      const program = compileUnchecked(ir, combination, backend)
      assert.deepEqual(program.run(launch(2, 3, new Float32Array([1, 2, 3, 4, 5, 6]))), { value: 21 })
    })
  })
}

test('a plain function is built into other IR', () => {
  const gain = 3
  const read = readFunction((x: number, y: number) => (x > y ? x * gain : Math.sqrt(y)), { gain })
  assert.equal(read.parameters, 2)
  const { ir, kind } = lowerFunction(read, ['f64', 'f64'], 'test')
  assert.equal(kind, 'f64')
  const b = new Builder()
  const index = b.op('index', 'i32', [], 0)
  const x = b.load(0, 'f64', index, 0)
  const [value] = inline(b, ir, [x, b.const('f64', 2)])
  b.store(0, 'f64', index, value, 0)
  const made: KernelIR = {
    name: 'built',
    rank: 1,
    buffers: [{ name: 'x', element: 'f64', space: 'global' }],
    scalars: [],
    sites: [site],
    body: b.body,
  }
  const data = new Float64Array([1, 5])
  compileUnchecked(made).run({
    extents: [{ begin: 0, end: 2, step: 1 }],
    scalars: [],
    arrays: [data],
    threads: 1,
    schedule: 'auto',
    chunk: undefined,
  })
  assert.deepEqual([...data], [Math.SQRT2, 15])
})

test('functions of equal text and captured values are one', () => {
  const make = (gain: number) => readFunction((x: number) => x * gain, { gain }).key
  assert.equal(make(2), make(2))
  assert.notEqual(make(2), make(3))
})

test('a function that reads an array is refused', () => {
  const table = new Float64Array(2)
  const read = readFunction((x: number) => table[0] + x, { table })
  assert.throws(() => lowerFunction(read, ['f64'], 'map'), {
    name: 'ArgumentError',
    message: /a function of numbers alone/,
  })
})
