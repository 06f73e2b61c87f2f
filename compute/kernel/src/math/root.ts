/**
 * cbrt and hypot.
 */
import type { Builder } from '../ir/builder.ts'
import type { Value } from '../ir/ir.ts'
import { bitsOf, constant, type Format, fromBits, integer, notNormal, toBits, withSignOf } from './format.ts'

/** Bits of a^(-1/3) are about these less a third of a's bits, for bits are a number's linear logarithm. */
const FIRST = { f32: 0x548c2b4bn, f64: 0x553ef0ffn << 32n }

/** a^(-1/3) to about 4 %. A third of the bits is taken in floating point, of their upper half for f64. */
function inverseGuess(b: Builder, f: Format, a: Value): Value {
  const bits = toBits(b, f, a)
  if (f.type === 'f32') {
    // The sum is rounded to a multiple of 2^8, whose number is in its low bits.
    const t = b.add(b.mul(b.cvt('sitof', bits, 'f32'), -1 / 3), 1.5 * 2 ** 31)
    const offset = FIRST.f32 - (bitsOf(f, 1.5 * 2 ** 31) << 8n)
    return fromBits(b, f, b.add(b.shl(toBits(b, f, t), 8), integer(b, f, offset)))
  }
  const upper = b.sub(fromBits(b, f, b.or(b.ushr(bits, 32), integer(b, f, bitsOf(f, 2 ** 52)))), 2 ** 52)
  const t = b.add(b.mul(upper, -1 / 3), f.magic)
  return fromBits(b, f, b.add(b.shl(toBits(b, f, t), 32), integer(b, f, FIRST.f64)))
}

/** Multiplies y by 1 + h/3 + 2h²/9 + 14h³/81, h = 1 - a y³: the error's fourth power is left. */
function improve(b: Builder, f: Format, a: Value, y: Value): Value {
  const h = b.sub(constant(b, f, 1), b.mul(b.mul(a, y), b.mul(y, y)))
  const series = b.add(b.mul(b.add(b.mul(h, 14 / 81), 2 / 9), h), 1 / 3)
  return b.add(y, b.mul(b.mul(series, h), y))
}

function cubeRoot(b: Builder, f: Format, a: Value): Value {
  let y = improve(b, f, a, inverseGuess(b, f, a))
  if (f.type === 'f64') y = improve(b, f, a, y)
  else {
    const h = b.sub(constant(b, f, 1), b.mul(b.mul(a, y), b.mul(y, y)))
    y = b.add(y, b.mul(b.mul(h, 1 / 3), y))
  }
  const y2 = b.mul(y, y)
  const c = b.mul(a, y2)
  const excess = b.sub(b.mul(b.mul(c, c), c), a)
  return b.sub(c, b.mul(excess, b.mul(y2, 1 / 3)))
}

export function cbrt(b: Builder, f: Format, x: Value): Value {
  const a = b.abs(x)
  const fast = withSignOf(b, f, cubeRoot(b, f, a), x)
  return b.if(
    // The largest are rare too: their root's cube may be rounded to infinity.
    notNormal(b, f, a, 2 ** f.bias),
    () => {
      const small = b.lt(a, 1)
      const factor = b.select(small, constant(b, f, 2 ** 54), constant(b, f, 2 ** -54))
      const back = b.select(small, constant(b, f, 2 ** -18), constant(b, f, 2 ** 18))
      const root = withSignOf(b, f, b.mul(cubeRoot(b, f, b.mul(a, factor)), back), x)
      const ordinary = b.and(b.lt(constant(b, f, 0), a), b.lt(a, Infinity))
      return [b.select(ordinary, root, x)]
    },
    () => [fast],
  )[0]
}

/** √(x² + y² …) without overflow; infinite if any operand is, even beside NaN. f32 squares in f64, where all fits. */
export function hypot(b: Builder, f: Format, xs: Value[]): Value {
  if (xs.length === 0) return constant(b, f, 0)
  const wide = f.type === 'f32' ? xs.map(x => b.cvt('promote', x, 'f64')) : xs
  const sum = (vs: Value[]): Value => vs.map(v => b.mul(v, v)).reduce((p, q) => b.add(p, q))
  const anyInfinite = (): Value => wide.map(v => b.eq(b.abs(v), Infinity)).reduce((p, q) => b.or(p, q))
  const s = sum(wide)
  const fast = b.sqrt(s)
  if (f.type === 'f32') {
    const y = b.if(
      b.ne(s, s),
      () => [b.select(anyInfinite(), constantF64(b, Infinity), s)],
      () => [fast],
    )[0]
    return b.cvt('demote', y, 'f32')
  }
  // Below 2^-900 a square that matters may have been lost.
  const lowest = 2 ** -900
  return b.if(
    b.not(b.and(b.lt(constant(b, f, lowest), s), b.lt(s, Infinity))),
    () => {
      const small = b.lt(s, lowest)
      const up = constant(b, f, 2 ** 600)
      const down = constant(b, f, 2 ** -600)
      const factor = b.select(small, up, down)
      const root = b.mul(b.sqrt(sum(wide.map(v => b.mul(v, factor)))), b.select(small, down, up))
      return [b.select(anyInfinite(), constant(b, f, Infinity), root)]
    },
    () => [fast],
  )[0]
}

const constantF64 = (b: Builder, x: number): Value => b.const('f64', x)
