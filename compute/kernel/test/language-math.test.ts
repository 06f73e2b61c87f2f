/** Every function and number of Math, and what belongs to Number: of float64, float32 and integers, at the edges too. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { agree, type Case } from './agree.ts'

process.env.SKEIN_THREADS ??= '4'

const EDGES = [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 3, 1e-8, 1e-310, 5e-324, 1e10, 1e300, -1e300, 709.5, -745]
const ODD = [NaN, Infinity, -Infinity, 4503599627370495.5, 2 ** 53, -(2 ** 31), 2 ** 31, 2147483647.5, Math.PI, 1e22]
const VALUES = [...EDGES, ...ODD, ...Array.from({ length: 70 }, (_, i) => Math.sin(i * 7 + 1) * 1.2 ** (i - 35))]
const SIZES = [0, 1, 5, VALUES.length]
const doubles = (n: number) => Float64Array.from({ length: n }, (_, i) => VALUES[i])
const singles = (n: number) => Float32Array.from({ length: n }, (_, i) => VALUES[i])
const others = (n: number) => Float64Array.from({ length: n }, (_, i) => VALUES[(i * 31 + 7) % VALUES.length])

const EXACT = 'abs ceil floor trunc round sign sqrt fround f16round clz32'.split(' ')
const LIBRARY = 'acos acosh asin asinh atan atanh cbrt cos cosh exp expm1 log log10 log1p log2 sin sinh tan tanh'.split(
  ' ',
)
const OF_TWO = ['atan2', 'pow', 'hypot', 'max', 'min', 'imul']

/** What V8 and the kernel's own functions may lie apart: each is within 2 ULP of the truth. */
const FAR = 4

it('names every function of Math', () => {
  const known = [...EXACT, ...LIBRARY, ...OF_TWO, 'random']
  const all = Object.getOwnPropertyNames(Math).filter(name => typeof (Math as any)[name] === 'function')
  // Of several numbers at once: sumPrecise takes an iterable, which kernels do not have.
  assert.deepEqual(all.filter(name => !known.includes(name) && name !== 'sumPrecise').sort(), [])
})

const text = (source: string): Function => new Function(`return ${source}`)()
const cases = (make: (name: string) => Case, names: string[]) =>
  Object.fromEntries(names.map(name => [`Math.${name}`, make(name)]))
const has = (name: string) => typeof (Math as any)[name] === 'function'

agree(
  'of float64',
  cases(
    name => ({
      fn: text(`(i, y, x) => { y[i] = Math.${name}(x[i]) }`),
      args: n => [new Float64Array(n), doubles(n)],
      sizes: SIZES,
      plain: EXACT.includes(name) ? 0 : FAR,
    }),
    [...EXACT, ...LIBRARY].filter(has),
  ),
)

agree(
  'of float32',
  cases(
    name => ({
      fn: text(`(i, y, x) => { y[i] = Math.${name}(x[i]) }`),
      args: n => [new Float32Array(n), singles(n)],
      sizes: SIZES,
      plain: EXACT.includes(name) ? 0 : FAR,
    }),
    [...EXACT, ...LIBRARY].filter(has),
  ),
)

agree(
  'of two float64',
  cases(
    name => ({
      fn: text(`(i, y, a, b) => { y[i] = Math.${name}(a[i], b[i]) }`),
      args: n => [new Float64Array(n), doubles(n), others(n)],
      sizes: SIZES,
      plain: ['max', 'min', 'imul'].includes(name) ? 0 : FAR,
    }),
    OF_TWO,
  ),
)

agree(
  'of two float32',
  cases(
    name => ({
      fn: text(`(i, y, a, b) => { y[i] = Math.${name}(a[i], b[i]) }`),
      args: n => [new Float32Array(n), singles(n), Float32Array.from(others(n))],
      sizes: SIZES,
      plain: ['max', 'min', 'imul'].includes(name) ? 0 : FAR,
    }),
    OF_TWO,
  ),
)

const INTS = [0, 1, -1, 2, 3, 7, 100, -100, 65536, 2147483647, -2147483648, -2147483647]
agree(
  'of int32',
  cases(
    name => ({
      fn: text(`(i, y, x) => { y[i] = Math.${name}(x[i])${name === 'abs' ? ' | 0' : ''} }`),
      args: n => [new Float64Array(n), Int32Array.from({ length: n }, (_, i) => INTS[i])],
      sizes: [0, 1, INTS.length],
      plain: EXACT.includes(name) ? 0 : FAR,
    }),
    [...EXACT, ...LIBRARY].filter(has),
  ),
)

agree('with no, one or many arguments', {
  'max and min': {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      y[i] = Math.max(x[i], 3, i, -1.5) + Math.min(x[i], 3, i) + Math.max(x[i]) + (Math.min() > 5 ? 1 : 0)
    },
    args: n => [new Float64Array(n), doubles(n)],
    sizes: SIZES,
  },
  hypot: {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      y[i] = Math.hypot(x[i] / 8, i, 3) + Math.hypot(x[i]) + Math.hypot()
    },
    args: n => [new Float64Array(n), doubles(n)],
    sizes: SIZES,
    plain: FAR,
  },
  '** of floats': {
    fn: (i: number, y: Float64Array, a: Float64Array, b: Float64Array) => {
      y[i] = a[i] ** b[i]
    },
    args: n => [new Float64Array(n), doubles(n), others(n)],
    sizes: SIZES,
    plain: FAR,
  },
  '** of integers is a float': {
    fn: (i: number, y: Float64Array) => {
      y[i] = 2 ** (i % 40) + (i % 7) ** 2 + (i % 5) ** -1
    },
    args: n => [new Float64Array(n)],
    plain: FAR,
  },
})

agree('numbers', {
  'of Math': {
    fn: (i: number, y: Float64Array) => {
      y[i] = Math.PI + Math.E + Math.LN2 + Math.LN10 + Math.LOG2E + Math.LOG10E + Math.SQRT2 + Math.SQRT1_2
    },
    args: n => [new Float64Array(n)],
    sizes: [0, 1, 33],
  },
  'of Number': {
    fn: (i: number, y: Float64Array) => {
      const k = i % 8
      y[i] =
        k === 0
          ? Number.EPSILON
          : k === 1
            ? Number.MAX_VALUE
            : k === 2
              ? Number.MIN_VALUE
              : k === 3
                ? Number.MAX_SAFE_INTEGER
                : k === 4
                  ? Number.MIN_SAFE_INTEGER
                  : k === 5
                    ? Number.POSITIVE_INFINITY
                    : k === 6
                      ? Number.NEGATIVE_INFINITY
                      : Number.NaN
    },
    args: n => [new Float64Array(n)],
  },
  'isNaN, isFinite, isInteger, isSafeInteger': {
    fn: text(`(i, y, x) => {
      y[i] = (Number.isNaN(x[i]) ? 1 : 0) + (Number.isFinite(x[i]) ? 2 : 0) + (Number.isInteger(x[i]) ? 4 : 0) +
        (Number.isSafeInteger(x[i]) ? 8 : 0) + (isNaN(x[i]) ? 16 : 0) + (isFinite(x[i]) ? 32 : 0) +
        (Number.isInteger(i) ? 64 : 0)
    }`),
    args: n => [new Int32Array(n), doubles(n)],
    sizes: SIZES,
  },
  'Number and Boolean': {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      y[i] = Number(x[i] > 0) + Number(i) + (x[i] ? 10 : 20)
    },
    args: n => [new Float64Array(n), doubles(n)],
    sizes: SIZES,
  },
})
