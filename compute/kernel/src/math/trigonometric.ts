/**
 * sin, cos, tan.
 *
 * sin and cos: x = q π + r with |r| <= π/2 (for cos q is a half-integer), one odd polynomial of r, and the parity of q
 * as the sign. q π is subtracted in three parts of which two have so few bits that q times them is exact; that keeps
 * the result accurate relative to itself, near multiples of π too, up to a limit; beyond it Payne–Hanek reduces.
 */
import type { Builder } from '../ir/builder.ts'
import type { Value } from '../ir/ir.ts'
import { constant, type Format, flipSign, fromBits, horner, integer, polynomial, signBit, toBits } from './format.ts'
import { remainder, turns } from './reduction.ts'

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
const REDUCIBLE = { f32: 700, f64: 4e5 }

/** π less the double nearest to it. */
const PI_LOW = 1.2246467991473532e-16

/** (sin(r) / r - 1) / r² as a polynomial in r², |r| <= π/2. */
const SIN = {
  f32: [-0.16666659712791443, 0.008333065547049046, -0.0001980953966267407, 2.605631379992701e-6],
  f64: [
    -0.16666666666666666, 0.008333333333333194, -0.00019841269841209183, 2.7557319211130876e-6, -2.5052106872196485e-8,
    1.6058939674546297e-10, -7.642990651999791e-13, 2.721165936595307e-15,
  ],
}
/** (tan(r) / r - 1) / r² in r², |r| <= π/4: a polynomial for f32, a quotient for f64. */
const TAN32 = [
  0.33333155512809753, 0.13338834047317505, 0.053408388048410416, 0.02444065921008587, 0.0031027381774038076,
  0.009395744651556015,
]
const TAN64_TOP = [0.33333333333333137, -0.020538603758888673, 0.00020094959999704948]
const TAN64_BOTTOM = [1, -0.461615811276842, 0.023344411407702464, -0.0002084321630387864]

/** r as the product r (1 + …): so that the sine of -0 is -0. */
function sine(b: Builder, f: Format, r: Value): Value {
  const s = b.mul(r, r)
  return b.mul(b.add(b.mul(polynomial(b, s, SIN[f.type]), s), 1), r)
}

const subtract = (b: Builder, x: Value, q: Value, parts: readonly number[]): Value =>
  parts.reduce((r, part) => b.sub(r, b.mul(q, part)), x)

/** Finite and beyond what the fast path reduces; infinities are in, NaN is not. */
const huge = (b: Builder, f: Format, x: Value): Value => b.lt(constant(b, f, REDUCIBLE[f.type]), b.abs(x))

const finite = (b: Builder, f: Format, x: Value, y: Value): Value =>
  b.select(b.lt(b.abs(x), Infinity), y, constant(b, f, NaN))

/** Moves the lowest bit to the sign. */
const parity = (b: Builder, f: Format, t: Value): Value => b.shl(toBits(b, f, t), f.int === 'i32' ? 31 : 63)

export function sin(b: Builder, f: Format, x: Value): Value {
  const t = b.add(b.mul(x, constant(b, f, 1 / Math.PI)), f.magic)
  const r = subtract(b, x, b.sub(t, f.magic), PI[f.type])
  const fast = flipSign(b, f, sine(b, f, r), parity(b, f, t))
  return b.if(
    huge(b, f, x),
    () => {
      const { r, odd } = remainder(b, f, turns(b, f, x, 0), Math.PI, PI_LOW)
      const y = flipSign(b, f, sine(b, f, r), b.xor(odd, signBit(b, f, x)))
      return [finite(b, f, x, y)]
    },
    () => [fast],
  )[0]
}

/** cos x = sin(x + π/2) = (-1)^q sin r where x + π/2 = q π + r. */
export function cos(b: Builder, f: Format, x: Value): Value {
  const t = b.add(b.add(b.mul(x, constant(b, f, 1 / Math.PI)), 0.5), f.magic)
  const r = subtract(b, x, b.sub(b.sub(t, f.magic), 0.5), PI[f.type])
  const fast = flipSign(b, f, sine(b, f, r), parity(b, f, t))
  return b.if(
    huge(b, f, x),
    () => {
      const turn = turns(b, f, x, 0)
      turn.high = b.add(turn.high, b.const('i64', 1n << 62n))
      const { r, odd } = remainder(b, f, turn, Math.PI, PI_LOW)
      return [finite(b, f, x, flipSign(b, f, sine(b, f, r), odd))]
    },
    () => [fast],
  )[0]
}

/** tan r, or -1 / tan r where `odd` has its sign bit set. */
function tangent(b: Builder, f: Format, r: Value, odd: Value): Value {
  const s = b.mul(r, r)
  const ratio = f.type === 'f32' ? horner(b, s, TAN32) : b.div(horner(b, s, TAN64_TOP), horner(b, s, TAN64_BOTTOM))
  const y = b.add(r, b.mul(b.mul(r, s), ratio))
  return b.select(b.slt(odd, integer(b, f, 0)), b.div(constant(b, f, -1), y), y)
}

export function tan(b: Builder, f: Format, x: Value): Value {
  const t = b.add(b.mul(x, constant(b, f, 2 / Math.PI)), f.magic)
  const r = subtract(b, x, b.sub(t, f.magic), HALF_PI[f.type])
  const fast = tangent(b, f, r, parity(b, f, t))
  return b.if(
    b.lt(constant(b, f, REDUCIBLE[f.type] / 2), b.abs(x)),
    () => {
      const { r, odd } = remainder(b, f, turns(b, f, x, 1), Math.PI / 2, PI_LOW / 2)
      const y = tangent(b, f, r, odd)
      return [finite(b, f, x, fromBits(b, f, b.xor(toBits(b, f, y), signBit(b, f, x))))]
    },
    () => [fast],
  )[0]
}
