/** Reading ahead: of which kernels, which loads, and that nothing comes of it where there is nothing to read. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atomic, kernel, reduce } from '../src/index.ts'
import { analyseShapes } from '../src/lanes/shape.ts'
import { aheadOf, segmentsOf } from '../src/x64/ahead.ts'
import { x64 } from '../src/x64/index.ts'
import { lowered } from './x64-agree.ts'
import { Rooms } from './x64-rooms.ts'

const skip = x64.unavailable() ?? false
const rooms = new Rooms(2, 2)

/** Forty operations on a value. */
const math = (x: string): string => Array.from({ length: 20 }, (_, k) => k).reduce(s => `(${s} + 1) * ${x}`, x)

test('what is computed with at length, or goes anywhere, is asked for ahead, a stream once; else what is read alone', () => {
  const table: [source: string, near: string[], past: string[]][] = [
    [`(i, x, y, z) => { z[i] = ${math('x[i]')} + y[i] }`, ['x', 'y'], ['x', 'y']],
    [`(i, x, y, z) => { z[i] = ${math('x[i + 1]')} + x[i] + x[i + 2] + y[i] }`, ['x', 'y'], ['x', 'y']],
    [`([r, i], x, y, z) => { z[r * 9 + i] = ${math('x[r * 9 + i]')} + x[r * 9 + 9 + i] }`, ['x', 'x'], ['x', 'x']],
    [`(i, x, y, z) => { z[i] = ${math('x[3 * i]')} + y[0] }`, [], []],
    [`(i, x, y, z) => { if (y[i] > 0) z[i] = ${math('x[i]')} }`, ['y'], ['y']],
    [`(i, x, y, z) => { let s = y[i]; for (let k = 0; k < 9; k++) s = ${math('s')}; z[i] = s }`, [], []],
    ['(i, x, y, z) => { z[i] = x[y[i] | 0] }', ['y'], ['y']],
    ['(i, x, y, z) => { z[y[i] | 0] = x[i] }', ['y', 'x'], ['y', 'x']],
    ['(i, x, y) => { y[i] = x[i] * x[i] }', [], ['x']],
    ['(i, x, y) => { y[i] = x[i] + x[i + 1] }', [], []],
    ['(i, x, y) => { y[i] = x[i] + y[i] }', [], []],
    ['(i, x, y) => { if (y[0] > 3) y[i] = x[i] }', [], []],
    ['(i, x, y) => { let s = x[i]; for (let k = 0; k < 9; k++) s = s * 2; y[i] = s }', [], []],
  ]
  for (const [source, ...expected] of table) {
    const arrays = source.includes('z') ? 3 : 2
    const { ir } = lowered(
      source,
      Array.from({ length: arrays }, () => new Float32Array(100)),
    ).lowered
    const names = (isPast: boolean) => {
      const ahead = aheadOf(ir, undefined, analyseShapes(ir, true, true), isPast)
      return [...(ahead?.loads ?? [])].map(v => ir.buffers[(v.attr as { buffer: number }).buffer].name)
    }
    assert.deepEqual([names(false), names(true)], expected, source)
  }
})

test('of loops over segments that follow one another each array once', () => {
  const loop = (begin: string, inner: string, step = 'p++') =>
    `(i, s, k, v, x) => { let t = 0; for (let p = ${begin}; p < s[i + 1]; ${step}) { ${inner} } x[i] = t }`
  const table: [source: string, segments: string[]][] = [
    [loop('s[i]', 't += v[p] * x[k[p]]'), ['v', 'k']],
    [loop('s[i]', 't += v[p] * v[p + 1] + x[p + i]'), ['v']],
    [loop('s[i]', 'if (t < 9) t += v[p]'), []],
    [loop('s[i]', 't += v[p]', 'p += 2'), ['v']],
    [loop('s[3 * i]', 't += v[p]'), []],
    [loop('9 * i', 't += v[p]'), []],
    [loop('s[i]', 't += v[i]'), []],
  ]
  for (const [source, expected] of table) {
    const whole = () => new Int32Array(100)
    const { ir } = lowered(source, [whole(), whole(), new Float32Array(100), new Float32Array(100)]).lowered
    const loops = ir.body.ops.filter(v => v.op === 'loop')
    const loads = loops.flatMap(v => segmentsOf(v, ir.rank).flatMap(found => found.loads))
    assert.deepEqual(
      loads.map(v => ir.buffers[(v.attr as { buffer: number }).buffer].name),
      expected,
      source,
    )
  }
})

test('also to an end that cannot be touched', { skip }, () => {
  const sum = reduce('+', (i, x: Float32Array) => x[i], { cache: false }).on('x64')
  const count = kernel((i, x: Float32Array, bins: Int32Array) => void atomic.add(bins, x[i] | 0, 1), {
    cache: false,
    use: { atomic },
  }).on('x64')
  const exp = kernel((i, x: Float32Array, y: Float32Array) => void (y[i] = Math.exp(Math.sin(x[i]) - 1)), {
    cache: false,
  }).on('x64')
  for (const atEnd of [false, true])
    for (const n of [1, 31, 32, 33, 2048]) {
      const [x, y] = [0, 1].map(() => rooms.guarded(Float32Array, 4, n, atEnd).fill(1))
      assert.equal(sum(n, x), n)
      const bins = new Int32Array(2)
      count(n, x, bins)
      assert.deepEqual([...bins], [0, n])
      exp(n, x, y)
      assert.deepEqual(new Set(y), new Set([Math.fround(y[0])]))
    }
  const rows = kernel((r, start: Int32Array, column: Int32Array, x: Float64Array, out: Float64Array) => {
    let s = 0
    for (let p = start[r]; p < start[r + 1]; p++) s += x[column[p]]
    out[r] = s
  }).on('x64')
  for (const atEnd of [false, true]) {
    const start = rooms.guarded(Int32Array, 4, 101, atEnd)
    for (let r = 0; r <= 100; r++) start[r] = 3 * r
    const column = rooms.guarded(Int32Array, 4, 300, atEnd).fill(1)
    const out = new Float64Array(100)
    rows(100, start, column, new Float64Array([7, 2]), out)
    assert.deepEqual(new Set(out), new Set([6]))
    assert.match(rows.explain('code', 100, start, column, new Float64Array(2), out), /prefetcht0 .*\+2048\]/)
  }
  const one = new Float32Array(1)
  assert.match(sum.explain('code', 1, one), /prefetcht0 .*\+8192\]/)
  assert.match(count.explain('code', 1, one, new Int32Array(2)), /prefetcht0 .*\+2048\]/)
  assert.match(exp.explain('code', 1, one, one), /prefetcht0 .*\+2048\]/)
})
