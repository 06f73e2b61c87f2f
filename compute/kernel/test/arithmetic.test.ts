/** docs/arithmetic.md, sentence by sentence: what an expression gives on both backends, one lane and many. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { kernel, reduce } from '../src/index.ts'
import { runHere } from './backends.ts'

process.env.SKEIN_THREADS ??= '4'

const text = (source: string): any => new Function(`return ${source}`)()
const f32 = (...x: number[]) => Float32Array.from(x)
const f64 = (...x: number[]) => Float64Array.from(x)
const i8 = (...x: number[]) => Int8Array.from(x)
const i32 = (...x: number[]) => Int32Array.from(x)
const u8 = (...x: number[]) => Uint8Array.from(x)
const u32 = (...x: number[]) => Uint32Array.from(x)
const i64 = (...x: bigint[]) => BigInt64Array.from(x)
const u64 = (...x: bigint[]) => BigUint64Array.from(x)

/** An expression of x, y, z (arrays are read at 0), what it gives in an array of a kind, and options of the kernel. */
type Fact = [expression: string, args: unknown[], out: any, expected: number | bigint, options?: object]

function facts(rule: string, list: Fact[]): void {
  describe(rule, () => {
    for (const [expression, args, out, expected, options] of list) {
      it(`${expression}  of ${args.map(show).join(', ') || 'nothing'} is ${show(expected)}`, () => {
        const names = ['x', 'y', 'z'].slice(0, args.length)
        const element = (name: string, k: number) => (ArrayBuffer.isView(args[k]) ? `${name}[0]` : name)
        const body = expression.replace(/\b[xyz]\b(?![[.])/g, name => element(name, names.indexOf(name)))
        const made = kernel(text(`(i, out, ${names.join(', ')}) => { out[i] = ${body} }`), options) as any
        for (const backend of runHere) {
          for (const n of [1, 2, 37]) {
            const found = new out(n)
            made.on(backend)(n, found, ...args)
            const wrong = (found as any[]).findIndex((v: unknown) => !Object.is(v, expected))
            assert.equal(wrong, -1, `${backend}, n = ${n}: out[${wrong}] is ${show(found[wrong])}`)
          }
        }
      })
    }
  })
}

const show = (x: any): string =>
  ArrayBuffer.isView(x)
    ? `${x.constructor.name}[${show((x as any)[0])}]`
    : typeof x === 'bigint'
      ? `${x}n`
      : Object.is(x, -0)
        ? '-0'
        : String(x)

const D = Float64Array
const I = Int32Array
const TENTH = Math.fround(0.1)

facts('the data decides', [
  ['x * y', [0.1, f32(3)], D, Math.fround(TENTH * 3)],
  ['x * 0.1', [f32(3)], D, Math.fround(3 * TENTH)],
  ['x * 0.1', [f64(3)], D, 3 * 0.1],
  ['x + y', [f32(0.1), f64(0.1)], D, TENTH + 0.1],
  ['x + y', [f32(0.1), i32(16777217)], D, 16777216],
  ['x * 3 + x', [f32(0.1)], D, Math.fround(Math.fround(TENTH * 3) + TENTH)],
  ['Math.sqrt(x)', [f32(2)], D, Math.fround(Math.sqrt(2))],
  ['Math.fround(x) * 3', [0.1], D, Math.fround(TENTH * 3)],
  ['(x > 5 ? 0.1 : x)', [f32(9)], D, TENTH],
  ['x + y', [i8(127), u8(255)], D, 382],
  ['x + y', [true, i32(5)], D, 6],
  ['x * y', [2147483647, 2], D, 4294967294],
  ['x * 0.5', [i32(3)], D, 1.5],
  ['x * 0.1', [i32(3)], D, Math.fround(3 * TENTH), { float: 'f32' }],
  ['0.1 + 0.2', [], D, 0.1 + 0.2],
  ['x + 0.5', [16777217], D, 16777217.5],
])

facts('whole numbers meet integers as integers, others make floats of them', [
  ['x + y', [i32(2147483647), 1], D, -2147483648],
  ['x + y', [i32(2147483647), 1.5], D, 2147483648.5],
  ['x + y', [i32(2147483647), 3e9], D, 5147483647],
  ['x + 1', [i32(2147483647)], D, -2147483648],
  ['x + 1.5', [i32(2147483647)], D, 2147483648.5],
  ['x + 1e10', [i32(1)], D, 10000000001],
  ['x & 0xffffffff', [i32(-5)], D, -5],
  ['x | 4294967295', [i32(0)], D, -1],
])

facts('variables hold what all that is assigned meets in', [
  ['(() => { let s = 0; s += x; s += x; return s })()', [f32(0.1)], D, Math.fround(TENTH + TENTH)],
  ['x', [f32(0.1)], D, TENTH],
])

describe('variables', () => {
  const given = (body: string, args: unknown[], options?: object) => {
    const names = ['x', 'y'].slice(0, args.length)
    const made = kernel(text(`(i, out, ${names}) => { ${body} }`), options) as any
    const results = runHere.map(b => {
      const out = new Float64Array(1)
      made.on(b)(1, out, ...args)
      return out[0]
    })
    for (const found of results) assert(Object.is(found, results[0]))
    return results[0]
  }
  it('of whole literals are int32, and wrap', () => {
    assert.equal(given('let a = 2147483647; a += 1; out[i] = a', []), -2147483648)
    assert.equal(given('let a = 1; for (let k = 0; k < 40; k++) a *= 2; out[i] = a', []), 0)
  })
  it('that are never assigned again stay weak', () => {
    assert.equal(given('let a = 2147483647; out[i] = a + 1', []), 2147483648)
    assert.equal(given('let a = 0.1; out[i] = x[0] * a', [f32(3)]), Math.fround(3 * TENTH))
  })
  it('of fractions alone are the default float', () => {
    assert.equal(given('let a = 0.1; a += 0.2; out[i] = x[0] * a', [f32(1)]), 0.1 + 0.2)
    assert.equal(
      given('let a = 0.1; a += 0.2; out[i] = a', [], { float: 'f32' }),
      Math.fround(TENTH + Math.fround(0.2)),
    )
  })
  it('take the widest kind, before it is assigned too', () => {
    assert.equal(given('let a = 16777217; if (i > 5) a = x[0]; out[i] = a', [f32(0)]), 16777216)
    assert.equal(given('let a = 0; a = x[0]; a = y[0]; out[i] = a', [f32(0.1), f64(0.1)]), 0.1)
    assert.equal(given('let a = false; if (i === 0) a = 3; out[i] = a', []), 3)
  })
})

facts('int32 wraps', [
  ['x + y', [i32(2147483647), i32(1)], D, -2147483648],
  ['x - y', [i32(-2147483648), i32(1)], D, 2147483647],
  ['x * y', [i32(65537), i32(65537)], D, 131073],
  ['-x', [i32(-2147483648)], D, -2147483648],
  ['-x', [i32(0)], D, 0],
  ['Math.abs(x)', [i32(-2147483648)], D, -2147483648],
  ['x + y', [u32(4294967295), u32(1)], D, 0],
  ['x - y', [u32(0), u32(1)], D, 4294967295],
  ['x * y', [u32(4294967295), u32(4294967295)], D, 1],
  ['x + y', [i32(-1), u32(0)], D, 4294967295],
  ['-x', [u32(1)], D, 4294967295],
  ['x + y', [i64(2n ** 63n - 1n), i64(1n)], BigInt64Array, -(2n ** 63n)],
  ['x * y', [u64(2n ** 63n), u64(2n)], BigUint64Array, 0n],
  ['-x', [i64(-(2n ** 63n))], BigInt64Array, -(2n ** 63n)],
])

facts('/ on integers is a float', [
  ['x / y', [i32(7), i32(2)], D, 3.5],
  ['x / y', [i32(7), 2], D, 3.5],
  ['x / y', [u32(4294967295), i32(2)], D, 2147483647.5],
  ['x / 3', [i32(1)], D, 1 / 3],
  ['x / 3', [i32(1)], D, Math.fround(1 / 3), { float: 'f32' }],
  ['7 / 2', [], D, 3.5],
  ['x / 4294967295', [i32(1)], D, 1 / 4294967295],
])

facts('(a / b) | 0 is an integer division', [
  ['(x / y) | 0', [i32(7), i32(2)], D, 3],
  ['(x / y) | 0', [i32(-7), i32(2)], D, -3],
  ['(x / y) | 0', [i32(2147483647), i32(2)], D, 1073741823, { float: 'f32' }],
  ['(x / y) | 0', [u32(4294967295), u32(1)], D, -1],
  ['(x / y) | 0', [u32(4294967295), u32(3)], D, 1431655765],
  ['(x / y) | 0', [i32(-2147483648), i32(-1)], D, -2147483648],
  ['(x / 16) | 0', [i32(-33)], D, -2],
  ['(Math.fround(x) / 3) | 0', [i32(16783223)], D, (Math.fround(16783223) / 3) | 0],
  ['x / y', [i64(-7n), i64(2n)], BigInt64Array, -3n],
])

facts('division by zero', [
  ['x / y', [i32(1), i32(0)], D, Infinity],
  ['x / y', [i32(-1), i32(0)], D, -Infinity],
  ['x / y', [i32(0), i32(0)], D, NaN],
  ['(x / y) | 0', [i32(5), i32(0)], D, 0],
  ['x % y', [i32(5), i32(0)], D, 0],
  ['x % y', [u32(5), u32(0)], D, 0],
  ['x / y', [f64(-1), f64(-0)], D, Infinity],
  ['x % y', [f64(1), f64(0)], D, NaN],
  ['x / y', [i64(5n), i64(0n)], BigInt64Array, 0n],
  ['x % y', [i64(5n), i64(0n)], BigInt64Array, 0n],
  ['x / y', [u64(5n), u64(0n)], BigUint64Array, 0n],
  ['x / y', [i64(-(2n ** 63n)), i64(-1n)], BigInt64Array, -(2n ** 63n)],
  ['x % y', [i64(-(2n ** 63n)), i64(-1n)], BigInt64Array, 0n],
  ['x % y', [i32(-2147483648), i32(-1)], D, 0],
])

facts('% keeps the sign of the left side', [
  ['x % y', [i32(-7), i32(3)], D, -1],
  ['x % y', [i32(7), i32(-3)], D, 1],
  ['x % y', [i32(-6), i32(3)], D, 0],
  ['x % y', [f64(-6), f64(3)], D, -0],
  ['x % y', [f64(5.5), f64(2)], D, 1.5],
  ['x % y', [f64(1e300), f64(7)], D, 1e300 % 7],
  ['x % y', [f32(1e30), f32(0.7)], D, Math.fround(Math.fround(1e30) % Math.fround(0.7))],
  ['x % 4294967295', [i32(-50)], D, -50],
  ['x % 2.5', [i32(7)], D, 2],
  ['x % y', [u32(4294967295), u32(10)], D, 5],
  ['x % (y * y)', [i32(1000000), 70000], D, 1000000],
])

facts('powers', [
  ['x ** 2', [i32(100000)], D, 1e10],
  ['x ** 2', [f32(0.1)], D, Math.fround(TENTH * TENTH)],
  ['2 ** 10', [], D, 1024],
  ['x ** 0', [f64(NaN)], D, 1],
  ['x ** y', [f64(1), f64(Infinity)], D, NaN],
])

facts('bits', [
  ['x | 0', [f64(4294967297.9)], D, 1],
  ['x | 0', [f64(-4294967297.9)], D, -1],
  ['x | 0', [f64(2147483648)], D, -2147483648],
  ['x | 0', [f64(1e300)], D, 0],
  ['x | 0', [f64(NaN)], D, 0],
  ['x | 0', [f64(-Infinity)], D, 0],
  ['x | 0', [f32(4294967808)], D, 512],
  ['x >>> 0', [i32(-1)], D, 4294967295],
  ['x >>> 0', [f64(-1.5)], D, 4294967295],
  ['x << 33', [i32(1)], D, 2],
  ['x >> 33', [i32(-8)], D, -4],
  ['x << y', [i32(1), i32(-1)], D, -2147483648],
  ['x >> 1', [u32(4294967295)], D, -1],
  ['~x', [u32(0)], D, -1],
  ['x & y', [true, true], D, 1],
  ['x << 65n', [i64(1n)], BigInt64Array, 2n],
  ['x >> 1n', [u64(2n ** 64n - 1n)], BigUint64Array, 2n ** 63n - 1n],
  ['x >> 1n', [i64(-2n)], BigInt64Array, -1n],
])

facts('comparisons are of the values', [
  ['x < y', [i32(-1), u32(4294967295)], I, 1],
  ['x === y', [i32(-1), u32(4294967295)], I, 0],
  ['x == y', [u32(5), i32(5)], I, 1],
  ['x > -1', [u32(0)], I, 1],
  ['x < 4294967296', [u32(4294967295)], I, 1],
  ['x < 3000000000', [i32(2147483647)], I, 1],
  ['x < y * y', [i32(5), 100000], I, 1],
  ['x === 0.1', [f64(0.1)], I, 1],
  ['x === x', [f64(NaN)], I, 0],
  ['x !== x', [f64(NaN)], I, 1],
  ['x === y', [f64(0), f64(-0)], I, 1],
  ['x < y', [i64(-1n), i64(0n)], I, 1],
  ['x < y', [u64(2n ** 64n - 1n), u64(1n)], I, 0],
  ['x < 0.5', [i32(0)], I, 1],
  ['x == 1', [true], I, 1],
])

facts('min, max and roundings', [
  ['Math.min(x, y)', [f64(NaN), f64(1)], D, NaN],
  ['Math.min(x, y)', [f64(0), f64(-0)], D, -0],
  ['Math.max(x, y)', [f64(-0), f64(0)], D, 0],
  ['Math.min(x, 3000000000)', [i32(-5)], D, -5],
  ['Math.max(x, 4294967295)', [i32(-5)], D, 4294967295],
  ['Math.max(x, -1)', [u32(5)], D, 5],
  ['Math.max(x, y)', [i32(-1), u32(5)], D, 5],
  ['Math.min(x, y * y)', [i32(5), 100000], D, 5],
  ['Math.floor(x)', [i32(7)], D, 7],
  ['Math.round(x)', [f64(-0.5)], D, -0],
  ['Math.round(x)', [f64(2.5)], D, 3],
  ['Math.round(x)', [f64(0.49999999999999994)], D, 0],
  ['Math.round(x)', [f64(-2.5)], D, -2],
  ['Math.sign(x)', [f64(-0)], D, -0],
  ['Math.sign(x)', [i32(-7)], D, -1],
])

facts('NaN, infinities, -0 and denormals are those of IEEE 754', [
  ['x * y', [f64(5e-324), f64(0.5)], D, 0],
  ['x / 2', [f64(2.2250738585072014e-308)], D, 1.1125369292536007e-308],
  ['x * y', [f32(1.401298464324817e-45), f32(1)], D, 1.401298464324817e-45],
  ['x + y', [f32(1.1754943508222875e-38), f32(-1.401298464324817e-45)], D, 1.1754942106924411e-38],
  ['x - y', [f64(Infinity), f64(Infinity)], D, NaN],
  ['x * y', [f64(Infinity), f64(0)], D, NaN],
  ['x + y', [f64(-0), f64(-0)], D, -0],
  ['x - y', [f64(0), f64(0)], D, 0],
  ['-x', [f64(0)], D, -0],
  ['0 - x', [f64(0)], D, 0],
  ['x * -1', [f64(0)], D, -0],
  ['x + 0', [f64(-0)], D, 0],
  ['x * 1', [f64(-0)], D, -0],
  ['x - 0', [f64(-0)], D, -0],
  ['x * 0', [f64(NaN)], D, NaN],
  ['x * 0', [f64(-5)], D, -0],
])

facts('nothing is contracted', [
  [
    'x * y + z',
    [f64(134217729), f64(134217729), f64(-18014398777917440)],
    D,
    134217729 * 134217729 - 18014398777917440,
  ],
  ['x * y - x * y', [f32(0.1), f32(0.3)], D, 0],
])

const half = typeof Float16Array !== 'undefined'
facts('writing rounds as assigning does', [
  ['x', [f64(0.1)], Float32Array, TENTH],
  ['x', [f64(1e40)], Float32Array, Infinity],
  ['x', [f64(300.9)], Int8Array, 44],
  ['x', [f64(-1.9)], Uint8Array, 255],
  ['x', [f64(65537)], Uint16Array, 1],
  ['x', [f64(-(2 ** 31) - 1)], Int32Array, 2147483647],
  ['x', [f64(2 ** 32 + 5)], Uint32Array, 5],
  ['x', [f64(NaN)], Int32Array, 0],
  ['x', [f64(2.5)], Uint8ClampedArray, 2],
  ['x', [f64(3.5)], Uint8ClampedArray, 4],
  ['x', [f64(1e10)], Uint8ClampedArray, 255],
  ['x', [f64(-5)], Uint8ClampedArray, 0],
  ['x', [f64(NaN)], Uint8ClampedArray, 0],
  ['x', [i32(300)], Uint8ClampedArray, 255],
  ['x', [i32(-1)], Uint8ClampedArray, 0],
  ['x', [u32(4294967295)], Uint8ClampedArray, 255],
  ['x', [u32(4294967295)], Int32Array, -1],
  ['x', [u32(4294967295)], Float32Array, 4294967296],
  ['x', [true], Float64Array, 1],
  ['x', [i64(-1n)], BigUint64Array, 2n ** 64n - 1n],
  ...(half
    ? ([
        ['x', [f64(1 + 2 ** -11 + 2 ** -40)], Float16Array, 1 + 2 ** -10],
        ['x', [f32(65519)], Float16Array, 65504],
        ['x', [f64(65520)], Float16Array, Infinity],
        ['x', [i32(2049)], Float16Array, 2048],
        ['x * 3', [Float16Array.from([0.1])], D, Math.fround(Float16Array.from([0.1])[0] * 3)],
      ] as Fact[])
    : []),
])

facts('Number and BigInt', [
  ['Number(x) * 0.1', [f32(3)], D, 3 * 0.1],
  ['Number(x)', [i64(2n ** 53n + 1n)], D, 2 ** 53],
  ['Number(x)', [u64(2n ** 64n - 1n)], D, 2 ** 64],
  ['BigInt(x)', [u32(4294967295)], BigInt64Array, 4294967295n],
  ['BigInt(x)', [i32(-1)], BigInt64Array, -1n],
])

describe('reductions', () => {
  it('are those of the order on the page, whatever the threads', async () => {
    const n = 100_003
    const x = Float32Array.from({ length: n }, (_, i) => Math.sin(i) * 1000)
    const sum = reduce('+', text('(i, x) => x[i]')) as any
    const blocks: number[] = []
    for (let from = 0; from < n; from += 16384) {
      const acc = new Float32Array(32)
      for (let k = from; k < Math.min(n, from + 16384); k++) acc[(k - from) % 32] += x[k]
      for (let h = 16; h >= 1; h >>= 1) for (let j = 0; j < h; j++) acc[j] += acc[j + h]
      blocks.push(acc[0])
    }
    while (blocks.length > 1) {
      const pairs = blocks.splice(0)
      for (let k = 0; k < pairs.length; k += 2)
        blocks.push(k + 1 < pairs.length ? Math.fround(pairs[k] + pairs[k + 1]) : pairs[k])
    }
    assert.equal(sum(n, x), blocks[0])
    assert.equal(sum.on('reference')(n, x), blocks[0])
    for (const threads of [1, 2, 3, 4]) assert.equal(await sum.with({ threads }).async(n, x), blocks[0])
  })
})
