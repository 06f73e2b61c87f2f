/**
 * The remainder of floats in lanes, exactly, where quotients are not large: else, and of infinities, zeros and NaN, lane by lane.
 *
 * Of q = ⌊|x| / |y|⌋, below 2²⁶, a multiple of |y| is taken from |x| in two steps, y = yh + yl with 26 bits in yh and 27 in yl: both products are exact, and both differences. The first since q·yh is between half of |x| and
 * twice that, or q is 1 and both are multiples of a unit of which they have few enough (Sterbenz); the second since what is left is a multiple of the unit in y's last place, and no larger than y. Where the quotient was rounded up to q it is
 * negative, and y is added. Floats of 32 bits are done in 64, where products have room by themselves.
 */

import type { Value } from '../ir/ir.ts'
import { type LaneContext, words } from './lanes.ts'

/** Quotients below these are taken at once. */
const most = { f64: 2 ** 26, f32: 2 ** 29 }
/** Of the upper 26 bits of a float of 64. */
const upperBits = -(1n << 27n)

/** Pushes part p of x % y. Returns false for any other operation. */
export function emitRemainder({ op, type }: Value, p: number, c: LaneContext): boolean {
  if (op !== 'frem' || (type !== 'f32' && type !== 'f64')) return false
  const { f } = c
  const shape = type === 'f32' ? 'f32x4' : 'f64x2'
  const [x, y, rest] = [c.temporary('v128'), c.temporary('v128'), c.temporary('v128')]
  const halves = type === 'f32' ? [0, 1] : [0]
  const parts = halves.map(() => ({ x: c.temporary('v128'), y: c.temporary('v128'), q: c.temporary('v128') }))
  c.part(0, p)
  f.op(`${shape}.abs`).set(x)
  c.part(1, p)
  f.op(`${shape}.abs`).set(y)
  const half = (of: number, which: number) => {
    f.get(of)
    if (type === 'f64') return
    if (which === 1) f.get(of).shuffle(words(2, 3, 2, 3))
    f.op('f64x2.promote_low_f32x4')
  }
  parts.forEach((part, which) => {
    half(x, which)
    f.set(part.x)
    half(y, which)
    f.set(part.y)
    f.get(part.x).get(part.y).op('f64x2.div').op('f64x2.trunc').set(part.q)
    f.get(part.q)
    c.splat('f64', most[type])
    f.op('f64x2.lt').get(part.y)
    c.splat('f64', Number.POSITIVE_INFINITY)
    f.op('f64x2.lt').op('v128.and')
    if (which > 0) f.op('v128.and')
  })
  f.op('i64x2.all_true').likely().if()
  parts.forEach((part, which) => {
    if (type === 'f64') {
      f.get(part.y)
      c.splat('i64', upperBits)
      f.op('v128.and').set(rest)
      f.get(part.x).get(part.q).get(rest).op('f64x2.mul').op('f64x2.sub')
      f.get(part.q).get(part.y).get(rest).op('f64x2.sub').op('f64x2.mul').op('f64x2.sub')
    } else f.get(part.x).get(part.q).get(part.y).op('f64x2.mul').op('f64x2.sub')
    f.set(part.x)
    f.get(part.x).get(part.y).get(part.x)
    c.splat('f64', 0)
    f.op('f64x2.lt').op('v128.and').op('f64x2.add')
    if (type === 'f32') f.op('f32x4.demote_f64x2_zero')
    if (which > 0) f.shuffle(words(0, 1, 4, 5))
  })
  c.splat(type, -0)
  c.part(0, p)
  f.op('v128.and').op('v128.or').set(rest)
  f.else()
  c.part(0, p)
  c.part(1, p)
  f.call(c.helpers.remainders(type)).set(rest)
  f.end()
  f.get(rest)
  return true
}
