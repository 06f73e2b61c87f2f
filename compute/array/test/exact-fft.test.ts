/** Fourier transforms against their definition in 256 bits: ‖error‖ / ‖result‖ below 8 log2(n)·u (N. J. Higham, 2002, theorem 24.2, for all radices). */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as nd from '../src/index.ts'
import {
  add,
  dtypes,
  type Exact,
  exactOf,
  extremes,
  type Inexact,
  isPair,
  multiply,
  none,
  ratio,
  seed,
  spread,
  spreads,
  subtract,
  sum,
  unit,
} from './oracle.ts'
import { runners } from './runners.ts'

const bits = 256n
const one = 1n << bits

/** 2^bits times exp(−2πi/n): by the series of a 2^20th of the angle, squared again. */
function root(n: number): [bigint, bigint] {
  const inverseTangent = (x: bigint) => {
    let [term, total, k] = [(one << 40n) / x, 0n, 1n]
    for (let sign = 1n; term !== 0n; term /= x * x, k += 2n, sign = -sign) total += (sign * term) / k
    return total
  }
  const pi = (4n * (4n * inverseTangent(5n) - inverseTangent(239n))) >> 40n
  const angle = (-2n * pi) / BigInt(n)
  let [re, im, power] = [0n, 0n, one]
  for (let k = 1n; power !== 0n; k++) {
    if (k % 2n === 1n) re += k % 4n === 1n ? power : -power
    else im += k % 4n === 2n ? power : -power
    power = (power * angle) / (one * k)
  }
  return [re, im]
}

/** The powers of the root; what rounding adds up to in them is far below any float. */
const powers = new Map<number, Exact[]>()
function rootsOf(n: number): Exact[] {
  let list = powers.get(n)
  if (list === undefined) {
    const [c, s] = n === 1 ? [one, 0n] : root(n)
    let [re, im] = [one, 0n]
    list = Array.from({ length: n }, () => {
      const w: Exact = { re: { m: re, e: -Number(bits) }, im: { m: im, e: -Number(bits) } }
      ;[re, im] = [(re * c - im * s) >> bits, (re * s + im * c) >> bits]
      return w
    })
    powers.set(n, list)
  }
  return list
}

const transform = (x: readonly Exact[]): Exact[] => {
  const roots = rootsOf(x.length)
  return x.map((_, k) => sum(x.map((v, j) => multiply(v, roots[(j * k) % x.length]))))
}
const square = (x: readonly Exact[]): Exact =>
  x.reduce((s, { re, im }) => {
    const [a, b] = [
      { re, im: none.im },
      { re: im, im: none.im },
    ]
    return add(s, add(multiply(a, a), multiply(b, b)))
  }, none)

function isNear(what: string, found: nd.NDArray, wanted: readonly Exact[], dtype: Inexact): void {
  const items = exactOf(found)
  const off = Math.sqrt(ratio(square(items.map((v, k) => subtract(v, wanted[k]))), square(wanted)))
  const share = off / (unit(dtype) * Math.log2(2 * wanted.length))
  assert.ok(share < 8, `${what} of ${wanted.length} ${dtype}: ${share}`)
}

const kinds = [...Object.keys(spreads), ...Object.keys(extremes).filter(kind => kind !== 'subnormal')]
const lengths = [1, 2, 3, 5, 8, 11, 16, 17, 30, 31, 49, 60, 64, 97, 101, 128, 131, 143]

for (const { name, skip, on } of runners.filter(runner => runner.name !== 'lapack')) {
  describe(`exact Fourier transforms on ${name}`, { skip }, () => {
    for (const dtype of dtypes)
      test(
        dtype,
        on(() => {
          const n = fc.constantFrom(...lengths.filter(length => name !== 'reference' || length < 40))
          fc.assert(
            fc.property(fc.constantFrom(...kinds), n, fc.nat(), (kind, length, start) => {
              const x = spread(kind, [length], dtype, start)
              const wanted = transform(exactOf(x))
              isNear(`fft ${kind}`, nd.fft.fft(x), wanted, dtype)
              if (!isPair(dtype)) isNear(`rfft ${kind}`, nd.fft.rfft(x), wanted.slice(0, (length >> 1) + 1), dtype)
              isNear(`ifft ${kind}`, nd.fft.ifft(nd.fft.fft(x)), exactOf(x), dtype)
            }),
            { seed, numRuns: name === 'reference' ? 10 : 25 },
          )
        }),
      )
  })
}
