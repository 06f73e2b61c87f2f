/**
 * Operands that find errors: every exponent of both signs, multiples of π/2 and ln 2 / 2 and their neighbours, ends of
 * ranges, special values, and numbers known to be hard to reduce.
 */
import { Random } from '@skein/base'
import type { FloatType } from './accuracy.ts'

const view = new DataView(new ArrayBuffer(8))

/** A number from its exponent field, sign and 52 random bits. */
function assemble(exponent: number, negative: boolean, high: number, low: number, type: FloatType): number {
  if (type === 'f32') {
    view.setUint32(0, ((negative ? 1 : 0) << 31) | (exponent << 23) | (high >>> 9))
    return view.getFloat32(0)
  }
  view.setUint32(0, ((negative ? 1 : 0) << 31) | (exponent << 20) | (high >>> 12))
  view.setUint32(4, low)
  return view.getFloat64(0)
}

/** The number next to x, up or down in magnitude. */
export function neighbour(x: number, step: number, type: FloatType): number {
  if (type === 'f32') {
    view.setFloat32(0, x)
    view.setInt32(0, view.getInt32(0) + step)
    return view.getFloat32(0)
  }
  view.setFloat64(0, x)
  view.setBigInt64(0, view.getBigInt64(0) + BigInt(step))
  return view.getFloat64(0)
}

export const SPECIAL: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  -1.5,
  2,
  -2,
  2.5,
  3,
  -3,
  4,
  10,
  -10,
  100,
  0.49999997,
  -0.49999997,
  2 ** 23 + 1,
  2 ** 52 + 1,
  2 ** 24,
  2 ** 53,
  -(2 ** 53),
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  Number.MIN_VALUE,
  -Number.MIN_VALUE,
  2 ** -149,
  -(2 ** -149),
  2 ** -126,
  2 ** -1022,
  3.4028234663852886e38,
  -3.4028234663852886e38,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  88.72283,
  88.72284,
  -87.33654,
  -103.97208,
  -103.97209,
  709.782712893384,
  709.7827128933841,
  -708.3964185322641,
  -745.1332191019411,
  -745.1332191019412,
  127.99999,
  128,
  -149,
  -149.5,
  -150,
  1024,
  -1074,
  -1075,
  8.66,
  9.01,
  18.7,
  19.06,
  0.55,
]

/** The numbers nearest to a multiple of π/2 in their format, and other trouble. */
const HARD = {
  f32: [16367173 * 2 ** 72, 2 ** 127, 5.2e12, 350, 349.99997, 2 ** 24, 2 ** 24 + 2],
  f64: [6381956970095103 * 2 ** 797, 1e22, 2 ** 1023, 5e5, 2e5, 1e5, 2 ** 1000, 0.9999999999999999, 1.0000000000000002],
} as const

/**
 * @param each how many numbers for each exponent and sign; near 1 there are twenty times as many
 * @param multiples how many multiples of π/2, each with its neighbours
 */
export function strata(type: FloatType, seed: number, each: number, multiples: number): Float64Array {
  const random = new Random(seed)
  const out: number[] = [...SPECIAL, ...HARD[type]]
  const [bias, top] = type === 'f32' ? [127, 255] : [1023, 2047]
  const word = () => Math.floor(random.uniform() * 2 ** 32)
  for (let e = 0; e < top; e++) {
    const count = Math.abs(e - bias) < 12 ? each * 20 : e % 8 === 0 || type === 'f32' ? each : Math.ceil(each / 8)
    for (let k = 0; k < count; k++) out.push(assemble(e, k % 2 === 1, word(), word(), type))
  }
  const round = type === 'f32' ? Math.fround : (x: number) => x
  for (let k = 1; k <= multiples; k++) {
    // Densely at first, then ever more sparsely, as far as the format's integers go.
    const q = k <= 300 ? k : Math.floor(300 * (type === 'f32' ? 1e4 : 1e9) ** ((k - 300) / multiples))
    const x = round((q * Math.PI) / 2)
    for (const step of [-1, 0, 1]) out.push((k % 3 === 0 ? -1 : 1) * neighbour(x, step, type))
  }
  for (let k = -200; k <= 200; k++) if (k !== 0) out.push(neighbour(round((k * Math.LN2) / 2), (k & 3) - 1, type))
  return Float64Array.from(out, round)
}

/** Pairs for functions of two operands: all pairs of special values, and random ones where the result is moderate. */
export function pairs(name: string, type: FloatType, seed: number, count: number): [Float64Array, Float64Array] {
  const random = new Random(seed)
  const round = type === 'f32' ? Math.fround : (x: number) => x
  const bias = type === 'f32' ? 127 : 1023
  const word = () => Math.floor(random.uniform() * 2 ** 32)
  const any = (spread: number) =>
    assemble(
      Math.max(0, Math.min(2 * bias, bias + Math.floor((random.uniform() - 0.5) * 2 * spread))),
      random.uniform() < 0.5,
      word(),
      word(),
      type,
    )
  const xs: number[] = []
  const ys: number[] = []
  for (const x of SPECIAL)
    for (const y of SPECIAL) {
      xs.push(x)
      ys.push(y)
    }
  for (let k = 0; k < count; k++) {
    let x = any(k % 4 === 0 ? bias : k % 4 === 1 ? 10 : 2)
    let y = any(k % 4 === 0 ? bias : 4)
    if (name === 'pow' && k % 4 !== 0) {
      // An exponent that keeps the result in the range; now and then a whole one of a negative base.
      y = ((2 * random.uniform() - 1) * (bias + 20)) / Math.log2(Math.abs(x))
      if (k % 8 === 1) y = Math.round(y)
      else x = Math.abs(x)
    } else if (k % 4 === 3) y = x * (1 + (random.uniform() - 0.5) * 2 ** -Math.floor(random.uniform() * 20))
    xs.push(x)
    ys.push(y)
  }
  return [Float64Array.from(xs, round), Float64Array.from(ys, round)]
}
