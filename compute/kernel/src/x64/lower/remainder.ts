/**
 * The remainder of floats, exactly, of one number or of lanes.
 *
 * From |x| a multiple of |y| is taken, as many times as the rounded quotient says, until less than |y| is left. Each difference is exact: what is left is a multiple of the unit in the last place of the quotient times
 * that of y, and not above their product by more than a bit. Where the quotient was rounded up it is negative, which does not matter before the end. A step takes some 53 bits of the quotient.
 */

import type { Register } from '../encode/operands.ts'
import type { Floats } from './floats.ts'

/** Above this quotient it would overflow: first multiples of y times this are taken. Its square reaches as far as numbers do. */
const farther = 2 ** 600

/** @param isBounded quotients are below `farther` @param f of f64 */
export function remainder(f: Floats, x: Register, y: Register, isBounded: boolean): Register {
  const { code } = f
  const rest = f.abs(x)
  const divisor = f.abs(y)
  if (!isBounded) {
    const far = f.op('mul', divisor, f.spread(farther))
    const isFar = code.label()
    const isNear = code.label()
    code.jump(isFar, jumpWhere(f, f.abs(rest), far).some)
    code.bind(isNear)
    code.cold(() => {
      code.bind(isFar)
      reduce(f, rest, f.op('mul', far, f.spread(farther)))
      reduce(f, rest, far)
      code.jump(isNear)
    })
  }
  reduce(f, rest, divisor)
  const isNegative = f.where(rest, 'lt', f.code.constantRegister(new Uint8Array(f.type === 'f64' ? 8 : 4), f.bits))
  f.setWhere(isNegative, rest, f.op('add', rest, divisor))
  f.setWhere(f.where(y, 'unordered', y), rest, y)
  return f.logic('or', rest, f.logic('and', x, f.signBit()))
}

/** Takes multiples of the divisor until what is left is less in magnitude, or NaN. */
function reduce(f: Floats, rest: Register, divisor: Register): void {
  const { code } = f
  const out = code.label()
  const again = code.label()
  code.inLoop(() => {
    code.bind(again)
    const { mask, none } = jumpWhere(f, f.abs(rest), divisor)
    code.jump(out, none)
    const quotient = f.round(f.op('div', rest, divisor), 'trunc')
    if (f.hasMasks && mask !== undefined)
      code.vector(f.name('fnmadd231'), [rest, quotient, divisor], { mask, zeroes: false })
    else if (mask !== undefined) {
      const next = f.copy(rest)
      code.vector(f.name('fnmadd231'), [next, quotient, divisor])
      f.setWhere(mask, rest, next)
    } else code.vector(f.name('fnmadd231'), [rest, quotient, divisor])
    code.jump(again)
  })
  code.bind(out)
}

/** Compares: the flags tell whether a is at least b in some lane or in none; the mask in which. */
function jumpWhere(
  f: Floats,
  a: Register,
  b: Register,
): { readonly mask: Register | undefined; readonly some: 'ae' | 'ne'; readonly none: 'b' | 'e' } {
  const { code } = f
  if (f.isScalar) {
    code.vector(f.name('ucomi'), [a, b])
    return { mask: undefined, some: 'ae', none: 'b' }
  }
  const mask = f.where(a, 'ge', b)
  if (f.hasMasks) code.vector(f.bits === 512 && f.type === 'f32' ? 'kortestw' : 'kortestb', [mask, mask])
  else code.vector('vtestps', [mask, mask])
  return { mask, some: 'ne', none: 'e' }
}
