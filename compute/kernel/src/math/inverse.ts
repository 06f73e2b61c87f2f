/**
 * asin, acos, atan, atan2: odd polynomials near zero, and identities that bring the rest there.
 */
import type { Builder } from '../ir/builder.ts'
import type { Value } from '../ir/ir.ts'
import { constant, type Format, fromBits, integer, polynomial, signBit, toBits, withSignOf } from './format.ts'

/** (asin(r) / r - 1) / r² in r², |r| <= 1/2. */
const ASIN = {
  f32: [0.166667372, 0.0749525651, 0.0454783365, 0.0241429172, 0.0422520749],
  f64: [
    0.16666666666666763, 0.07499999999970242, 0.044642857175140285, 0.03038194268266628, 0.022372215687637777,
    0.017351599590669942, 0.01398096758245097, 0.011397724808604221, 0.010786821645470773, 0.0036819149335364297,
    0.02176629491763886, -0.02108132485952301, 0.032679459457270514,
  ],
}
/** (atan(r) / r - 1) / r² in r²; for f32 |r| <= 1, for f64 |r| <= tan(π/8). */
const ATAN = {
  f32: [-0.333331525, 0.199937642, -0.142110229, 0.106658719, -0.075519003, 0.0432078578, -0.0163652636, 0.00291996286],
  f64: [
    -0.333333333333332, 0.19999999999953205, -0.14285714280162037, 0.11111110781917112, -0.09090897718139324,
    0.07692059586762652, -0.0666309767645209, 0.05847847882194536, -0.05039137944447532, 0.03806077917420249,
    -0.017903521285135664,
  ],
}
/** π/4, π/2, π: nearest number and what it lacks. */
const QUARTER = [0.7853981633974483, 3.061616997868383e-17]
const HALF = { f32: [1.5707963705062866, -4.371138828673793e-8], f64: [1.5707963267948966, 6.123233995736766e-17] }
const WHOLE = { f32: [3.1415927410125732, -8.742277657347586e-8], f64: [Math.PI, 1.2246467991473532e-16] }

/** asin(r) - r for |r| <= 1/2, given r². */
const asinRest = (b: Builder, f: Format, r: Value, z: Value): Value =>
  b.mul(b.mul(r, z), polynomial(b, z, ASIN[f.type]))

/** Above 1/2: asin a = π/2 - 2 asin √((1 - a) / 2). Outside [-1, 1] the root is NaN. */
function halves(b: Builder, f: Format, x: Value): { a: Value; far: Value; r: Value; rest: Value } {
  const a = b.abs(x)
  const far = b.lt(constant(b, f, 0.5), a)
  const half = b.mul(b.sub(1, a), 0.5)
  const z = b.select(far, half, b.mul(a, a))
  const r = b.select(far, b.sqrt(half), a)
  return { a, far, r, rest: asinRest(b, f, r, z) }
}

export function asin(b: Builder, f: Format, x: Value): Value {
  const { far, r, rest } = halves(b, f, x)
  const [high, low] = HALF[f.type]
  const outer = b.sub(high, b.add(b.add(r, r), b.sub(b.add(rest, rest), low)))
  return withSignOf(b, f, b.select(far, outer, b.add(r, rest)), x)
}

export function acos(b: Builder, f: Format, x: Value): Value {
  const { far, r, rest } = halves(b, f, x)
  const inner = b.add(r, rest)
  const negative = b.lt(x, 0)
  // Near zero π/2 ∓ asin a; else 2 asin √… or π less that.
  const turned = fromBits(b, f, b.xor(toBits(b, f, inner), signBit(b, f, x)))
  const centre = b.sub(HALF[f.type][0], b.sub(turned, HALF[f.type][1]))
  const twice = b.add(inner, inner)
  const outer = b.select(negative, b.sub(WHOLE[f.type][0], b.sub(twice, WHOLE[f.type][1])), twice)
  return b.select(far, outer, centre)
}

/** atan q given the part of it beside q. */
const atanRest = (b: Builder, f: Format, q: Value): Value => {
  const z = b.mul(q, q)
  return b.mul(b.mul(q, z), polynomial(b, z, ATAN[f.type]))
}

/** atan(n / d) for n / d in [0, 1], or 0 / 0 and the like, which give NaN. */
function atanUnit(b: Builder, f: Format, n: Value, d: Value): Value {
  if (f.type === 'f32') {
    const q = b.div(n, d)
    return b.add(atanRest(b, f, q), q)
  }
  // Above tan(π/8): atan q = π/4 + atan((q - 1) / (q + 1)).
  const far = b.lt(b.mul(d, Math.SQRT2 - 1), n)
  const q = b.div(b.select(far, b.sub(n, d), n), b.select(far, b.add(n, d), d))
  const rest = atanRest(b, f, q)
  const [high, low] = QUARTER
  return b.select(far, b.add(b.add(q, high), b.add(rest, low)), b.add(q, rest))
}

export function atan(b: Builder, f: Format, x: Value): Value {
  const a = b.abs(x)
  const steep = b.lt(constant(b, f, 1), a)
  const one = constant(b, f, 1)
  const y = atanUnit(b, f, b.select(steep, one, a), b.select(steep, a, one))
  const [high, low] = HALF[f.type]
  return withSignOf(b, f, b.select(steep, b.sub(high, b.sub(y, low)), y), x)
}

/** The angle of the point (x, y), with JavaScript's answers for zeros and infinities. */
export function atan2(b: Builder, f: Format, y: Value, x: Value): Value {
  const ax = b.abs(x)
  const ay = b.abs(y)
  const steep = b.lt(ax, ay)
  const n = b.select(steep, ax, ay)
  const d = b.select(steep, ay, ax)
  const quadrant = (angle: Value): Value => {
    const [half, halfLow] = HALF[f.type]
    const [whole, wholeLow] = WHOLE[f.type]
    const first = b.select(steep, b.sub(half, b.sub(angle, halfLow)), angle)
    const left = b.slt(toBits(b, f, x), integer(b, f, 0))
    return withSignOf(b, f, b.select(left, b.sub(whole, b.sub(first, wholeLow)), first), y)
  }
  const angle = atanUnit(b, f, n, d)
  // d + n may overflow, and small denormal numbers lose bits in the comparison with tan(π/8): these are scaled.
  const fast = quadrant(angle)
  return b.if(
    outside(b, f, d),
    () => {
      const down = b.lt(constant(b, f, 1), d)
      const factor = b.select(down, constant(b, f, 2 ** (-f.mantissa - 3)), constant(b, f, 2 ** (f.mantissa + 3)))
      const scaled = atanUnit(b, f, b.mul(n, factor), b.mul(d, factor))
      const both = b.select(b.eq(n, Infinity), constant(b, f, Math.PI / 4), scaled)
      const zero = b.select(b.eq(d, 0), constant(b, f, 0), both)
      const any = quadrant(zero)
      return [b.select(b.eq(x, x), b.select(b.eq(y, y), any, y), x)]
    },
    () => [fast],
  )[0]
}

/** Whether d >= 0 is zero, close to the ends of the range, infinite or NaN. */
function outside(b: Builder, f: Format, d: Value): Value {
  const lowest = BigInt(f.mantissa + 2) << BigInt(f.mantissa)
  const highest = BigInt(2 * f.bias - 2) << BigInt(f.mantissa)
  const shifted = b.add(toBits(b, f, d), integer(b, f, f.sign - lowest))
  return b.slt(integer(b, f, f.sign + highest - lowest), shifted)
}
