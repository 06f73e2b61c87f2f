/**
 * sin, cos, tan.
 *
 * sin and cos: x = q π + r with |r| <= π/2 (for cos q is a half-integer), one odd polynomial of r, and the parity of q
 * as the sign. q π is subtracted in three parts of which two have so few bits that q times them is exact; that keeps
 * the result accurate relative to itself, near multiples of π too, up to a limit; beyond it Payne–Hanek reduces.
 */
import type { Builder } from '../ir/builder.ts'
import type { Value } from '../ir/ir.ts'
import { beyond, constant, F64, type Format, flipSign, horner, integer, polynomial, toBits } from './format.ts'
import { type Angle, MIDDLE, PERIODS, type Period, reduceAny, reduceMiddle } from './reduction.ts'

/** π and π/2 in three parts. All are positive: 0 times each is then +0, and -0 survives the subtraction. */
const PI = {
  f32: [3.14154052734375, 5.212612450122833e-5, 1.215420125655342e-10],
  f64: [3.1415926535846666, 5.1266883031679116e-12, 2.1125998133974855e-23],
}
const HALF_PI = {
  f32: [1.570770263671875, 2.6063062250614166e-5, 6.07710062827671e-11],
  f64: [1.5707963267923333, 2.5633441515839558e-12, 1.0562999066987428e-23],
}
/** Largest |x| for which three parts are enough. */
const REDUCIBLE = { f32: 350, f64: 2e5 }

/** (1 - sin(r) / r) / r² as a polynomial in r², |r| <= π/2. */
const SIN = {
  f32: [0.166666612, -0.00833307579, 0.000198095906, -2.60539741e-6],
  f64: [
    0.16666666666666666, -0.008333333333333194, 0.00019841269841209183, -2.7557319211130876e-6, 2.5052106872196485e-8,
    -1.6058939674546297e-10, 7.642990651999791e-13, -2.721165936595307e-15,
  ],
}
/** (tan(r) / r - 1) / r² in r², |r| <= π/4: a polynomial for f32, a quotient for f64. */
const TAN32 = [0.333331585, 0.133388281, 0.053408388, 0.0244406741, 0.00310273888, 0.00939562544]
const TAN64_TOP = [0.33333333333333137, -0.020538603758888673, 0.00020094959999704948]
const TAN64_BOTTOM = [1, -0.461615811276842, 0.023344411407702464, -0.0002084321630387864]

/**
 * The sine of the angle. With low bits of f64's reduction the error of r = high - low is rounding alone, and counts cos r
 * times. f32 has high rounded already: it takes low off at the end instead, where it counts once, and is too small to
 * matter in the rest. The subtrahend is never -0: so the sine of -0 is -0.
 */
function sine(b: Builder, f: Format, { high, low }: Angle): Value {
  const r = f.type === 'f32' ? high : b.sub(high, low)
  const s = b.mul(r, r)
  const rest = b.mul(b.mul(r, s), polynomial(b, s, SIN[f.type]))
  return b.sub(r, f.type === 'f32' ? b.add(low, rest) : b.add(rest, 0))
}

/** x less q times the sum of the parts. `exact`: `high` is not rounded, for three operations more. */
function subtract(b: Builder, x: Value, q: Value, [p1, p2, p3]: readonly number[], exact: boolean): Angle {
  const first = b.sub(x, b.mul(q, p1))
  const second = b.mul(q, p2)
  const high = b.sub(first, second)
  const low = b.mul(q, p3)
  return { high, low: exact ? b.add(low, b.sub(second, b.sub(first, high))) : low }
}

/** Beyond what the fast path reduces. */
const huge = (b: Builder, f: Format, x: Value, limit = REDUCIBLE[f.type]): Value => beyond(b, f, x, limit)

const finite = (b: Builder, f: Format, x: Value, y: Value): Value =>
  b.select(b.lt(b.abs(x), Infinity), y, constant(b, f, NaN))

/** Moves the lowest bit to the sign. */
const parity = (b: Builder, f: Format, t: Value): Value => b.shl(toBits(b, f, t), f.int === 'i32' ? 31 : 63)

/** The sine of the angle, its sign turned where `odd` has its sign bit set. */
const signedSine = (b: Builder, f: Format, angle: Angle, odd: Value): Value => flipSign(b, f, sine(b, f, angle), odd)

/** The sine of an angle that has no low bits: those of f64's reduction are off, and f32 has rounded once only. */
const sineOf = (b: Builder, f: Format, angle: Value): Value => sine(b, f, { high: angle, low: constant(b, f, 0) })

/** The sine of x, or of x + π/2, beyond what three parts reduce; `far` names what gives the angle of a far x. */
function hugeSine(b: Builder, f: Format, x: Value, period: Period, far: string): Value {
  const angleOfFar = () => [b.op('math', f.type, [x], far)]
  if (f === F64) return sineOf(b, f, angleOfFar()[0])
  // The sine is odd, to the bit: where it is turned the angle may be.
  const [angle] = b.if(b.lt(constant(b, f, MIDDLE), b.abs(x)), angleOfFar, () => {
    const { angle, odd } = reduceMiddle(b, x, period)
    return [flipSign(b, f, angle.high, odd)]
  })
  return sineOf(b, f, angle)
}

export function sin(b: Builder, f: Format, x: Value): Value {
  const t = b.add(b.mul(x, constant(b, f, 1 / Math.PI)), f.magic)
  const r = subtract(b, x, b.sub(t, f.magic), PI[f.type], f.type === 'f64')
  const fast = signedSine(b, f, r, parity(b, f, t))
  return b.if(
    huge(b, f, x),
    () => [hugeSine(b, f, x, PERIODS.sin, 'farSin')],
    () => [fast],
  )[0]
}

/** cos x = sin(x + π/2) = (-1)^q sin r where x + π/2 = q π + r. */
export function cos(b: Builder, f: Format, x: Value): Value {
  const t = b.add(b.add(b.mul(x, constant(b, f, 1 / Math.PI)), 0.5), f.magic)
  const r = subtract(b, x, b.sub(b.sub(t, f.magic), 0.5), PI[f.type], f.type === 'f64')
  const fast = signedSine(b, f, r, parity(b, f, t))
  return b.if(
    huge(b, f, x),
    () => [hugeSine(b, f, x, PERIODS.cos, 'farCos')],
    () => [fast],
  )[0]
}

/** An angle whose sine is that of x, or of x + π/2, for x of magnitude 1 or more; NaN for infinities. */
function farAngle(b: Builder, f: Format, x: Value, period: Period): Value {
  const { angle, odd } = reduceAny(b, f, x, period)
  const r = f === F64 ? b.sub(angle.high, angle.low) : angle.high
  return finite(b, f, x, flipSign(b, f, r, odd))
}

export const farSin = (b: Builder, f: Format, x: Value): Value => farAngle(b, f, x, PERIODS.sin)
export const farCos = (b: Builder, f: Format, x: Value): Value => farAngle(b, f, x, PERIODS.cos)

/** The tangent of the angle, or -1 over it where `odd` has its sign bit set. */
function tangent(b: Builder, f: Format, angle: Angle, odd: Value): Value {
  const r = b.sub(angle.high, angle.low)
  const s = b.mul(r, r)
  const ratio = f.type === 'f32' ? horner(b, s, TAN32) : b.div(horner(b, s, TAN64_TOP), horner(b, s, TAN64_BOTTOM))
  const rest = b.sub(b.mul(b.mul(r, s), ratio), angle.low)
  const y = b.add(angle.high, rest)
  // What y lost by rounding is given back to its inverse.
  const lost = b.sub(rest, b.sub(y, angle.high))
  const inverse = b.div(constant(b, f, -1), y)
  const corrected = b.add(inverse, b.mul(b.mul(inverse, inverse), lost))
  return b.select(b.slt(odd, integer(b, f, 0)), corrected, y)
}

/** The tangent of x beyond what three parts reduce. */
function hugeTangent(b: Builder, f: Format, x: Value): Value {
  const far = () => [b.op('math', f.type, [x], 'farTan')]
  if (f === F64) return far()[0]
  return b.if(b.lt(constant(b, f, MIDDLE), b.abs(x)), far, () => {
    const { angle, odd } = reduceMiddle(b, x, PERIODS.tan)
    return [tangent(b, f, angle, odd)]
  })[0]
}

export function tan(b: Builder, f: Format, x: Value): Value {
  const t = b.add(b.mul(x, constant(b, f, 2 / Math.PI)), f.magic)
  const r = subtract(b, x, b.sub(t, f.magic), HALF_PI[f.type], true)
  const fast = tangent(b, f, r, parity(b, f, t))
  return b.if(
    huge(b, f, x, REDUCIBLE[f.type] / 2),
    () => [hugeTangent(b, f, x)],
    () => [fast],
  )[0]
}

/** tan x for x of magnitude 1 or more; NaN for infinities. */
export function farTan(b: Builder, f: Format, x: Value): Value {
  const { angle, odd } = reduceAny(b, f, x, PERIODS.tan)
  return finite(b, f, x, tangent(b, f, angle, odd))
}
