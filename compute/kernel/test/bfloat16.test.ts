/** Arrays of brain floats: conversions, all kinds of access, on every backend. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '@skein/base'
import { heap } from '@skein/heap'
import { fromBfloat, toBfloat } from '../src/bfloat16.ts'
import { BFloat16Array, kernel, reduce, scan } from '../src/index.ts'
import { runHere } from './backends.ts'
import { agree } from './x64-agree.ts'

const every = Uint16Array.from({ length: 65536 }, (_, half) => half)
const all = () => new BFloat16Array(every)
const one = new Float32Array(1)
const bits = new Uint32Array(one.buffer)

/** The nearest of the two around |x|, found by comparing distances, which doubles hold exactly for f32. */
function nearest(x: number): number {
  const sign = Object.is(Math.sign(x), -0) || x < 0 ? 0x8000 : 0
  one[0] = Math.abs(x)
  const below = bits[0] >>> 16
  if (below === 0x7f80) return sign | below
  const number = (half: number) => (half === 0x7f80 ? 2 ** 128 : fromBfloat(half))
  const [down, up] = [one[0] - number(below), number(below + 1) - one[0]]
  return sign | (down < up || (down === up && below % 2 === 0) ? below : below + 1)
}

/** What decides about rounding: each 16 bits with the lower half at its ends and in its middle, and anything. */
const hard = (() => {
  const random = new Random(5)
  const lower = [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff]
  const words = new Uint32Array(65536 * 2)
  for (let i = 0; i < words.length; i++)
    words[i] = i < 65536 ? (i << 16) | lower[random.integer(0, lower.length)] : random.u32()
  return new Float32Array(words.buffer)
})()

test('a number rounds to the nearest, ties to even, once', () => {
  for (const x of hard) {
    if (x !== x) assert.equal(toBfloat(x), 0x7fc0)
    else if (toBfloat(x) !== nearest(x)) assert.fail(`${x} rounds to ${toBfloat(x)}, not ${nearest(x)}`)
  }
  // As an f32 these would be halfway.
  for (const [x, rounded] of [
    [1 + 2 ** -8 + 2 ** -40, 1 + 2 ** -7],
    [1 + 3 * 2 ** -8 - 2 ** -40, 1 + 2 ** -7],
    [2 ** -134 + 2 ** -180, 2 ** -133],
    [2 ** -134, 0],
    [2 ** 128 - 2 ** 119 - 2 ** 80, 2 ** 128 - 2 ** 120],
    [2 ** 128 - 2 ** 119, Infinity],
    [1e300, Infinity],
    [5e-324, 0],
  ])
    for (const sign of [1, -1]) assert.ok(Object.is(fromBfloat(toBfloat(sign * x)), sign * rounded), `${sign * x}`)
  for (const half of every) assert.ok(toBfloat(fromBfloat(half)) === half || (half & 0x7fff) > 0x7f80)
})

test('the class converts', () => {
  const x = BFloat16Array.fromNumbers([1, -2.5, 0.1, 1e39])
  assert.deepEqual([...x], [0x3f80, 0xc020, 0x3dcd, 0x7f80])
  assert.deepEqual([...x.toNumbers()], [1, -2.5, 0.10009765625, Infinity])
  assert.ok(x.slice(1, 2) instanceof BFloat16Array && x.subarray(1) instanceof BFloat16Array)
  assert.equal(new BFloat16Array(x.buffer, 2, 2).toNumbers()[0], -2.5)
})

const widen = kernel((i, x: BFloat16Array, y: Float32Array) => {
  y[i] = x[i]
})
const narrow = kernel((i, x: Float32Array, y: BFloat16Array) => {
  y[i] = x[i]
})
const narrowDoubles = kernel((i, x: Float64Array, y: BFloat16Array) => {
  y[i] = x[i]
})
const isNaN16 = (half: number) => (half & 0x7fff) > 0x7f80

for (const backend of runHere) {
  test(`on ${backend} all numbers are read, and written to the nearest`, () => {
    const wide = new Float32Array(65536)
    widen.on(backend)(65536, all(), wide)
    for (const [half, x] of wide.entries())
      if (!Object.is(x, fromBfloat(half))) assert.fail(`${half} is read as ${x}, not ${fromBfloat(half)}`)
    const check = (out: BFloat16Array, x: ArrayLike<number>) => {
      for (let i = 0; i < out.length; i++) {
        const right = toBfloat(x[i])
        if (out[i] !== right && !(isNaN16(out[i]) && isNaN16(right)))
          assert.fail(`${x[i]} is written as ${out[i]}, not ${right}`)
        // A quiet NaN.
        if (isNaN16(out[i])) assert.ok(out[i] & 0x40)
      }
    }
    const out = new BFloat16Array(hard.length)
    narrow.on(backend)(hard.length, hard, out)
    check(out, hard)
    const doubles = Float64Array.from(hard, (x, i) => x * (1 + (i % 5) * 2 ** -45))
    doubles.set([1e300, -1e300, 5e-324, 1e-40, 2 ** 128 - 2 ** 119, 2 ** 128 - 2 ** 119 - 2 ** 80])
    narrowDoubles.on(backend)(doubles.length, doubles, out)
    check(out, doubles)
  })

  test(`on ${backend} they are summed, scanned, kept in the heap, in views and in private arrays`, () => {
    const x = BFloat16Array.fromNumbers([0.5, 1.5, -3, 100])
    const sum = reduce('+', (i, x: BFloat16Array) => x[i]).on(backend)
    assert.equal(sum(4, x), 99)
    const sums = new Float32Array(4)
    scan('+', (i, x: BFloat16Array) => x[i]).on(backend)(4, sums, x)
    assert.deepEqual([...sums], [0.5, 2, -1, 99])
    using y = heap.array(BFloat16Array, x)
    assert.equal(sum(4, y), 99)
    assert.equal(
      sum(4, new Uint16Array(x) as BFloat16Array),
      x.reduce((a, b) => a + b),
      'a Uint16Array holds integers, as ever',
    )
    const doubled = kernel((i, m: { data: BFloat16Array; shape: number[]; strides: number[] }, own: Float32Array) => {
      const kept = new BFloat16Array(2)
      kept[i & 1] = own[i]
      m.data[i * m.strides[0]] *= 2
      own[i] = kept[i & 1]
    }).on(backend)
    const own = Float32Array.of(1, 1 + 2 ** -9, 3, NaN)
    doubled(4, { data: y, shape: [4], strides: [1] }, own)
    assert.deepEqual([...y.toNumbers()], [1, 3, -6, 200])
    assert.deepEqual([...own], [1, 1, 3, NaN])
  })
}

test('they are no output of a scan', () => {
  const running = scan('+', (i, x: Float32Array) => x[i])
  assert.throws(() => running(1, new BFloat16Array(1) as never, new Float32Array(1)), /a BFloat16Array/)
})

const codes = {
  'one after the other': '(i, x, y) => { y[i] = x[i] * 1.5 }',
  'some of them': '(i, x, y) => { if (i % 3 !== 0) y[i] = x[i] + 1; else y[i] = -x[i] }',
  'backwards and by steps': '(i, x, y) => { y[76 - i] = x[(i * 2) % 77] * x[i] }',
  anywhere: '(i, x, y) => { y[(i * 5) % 77] = x[(i * i) % 77] }',
  'one for all': '(i, x, y) => { y[i] = x[3] + x[i] }',
}
const noMachineCode = runHere.includes('x64') ? false : 'no machine code here'
for (const [how, source] of Object.entries(codes))
  test(`the same in machine code: ${how}`, { skip: noMachineCode }, () => {
    const numbers = Float64Array.from({ length: 77 }, (_, i) => Math.sin(i * i) * 10 ** ((i % 9) - 4))
    for (const n of [1, 7, 16, 33, 77])
      agree(source, n, () => [BFloat16Array.fromNumbers(numbers), new BFloat16Array(77)], how)
  })
