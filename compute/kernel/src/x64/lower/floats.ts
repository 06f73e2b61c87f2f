/** Arithmetic of floats: the same instructions for one number, in a vector of 128 bits, and for lanes. */

import type { Value } from '../../ir/ir.ts'
import type { Register } from '../encode/operands.ts'
import type { Code } from '../machine/code.ts'
import { bytesOf } from './constants.ts'
import type { Target } from './target.ts'

type FloatType = 'f32' | 'f64'

/** Of `vcmp`: none of them signals, and only the last two hold for a NaN. */
const comparisons = { eq: 0, lt: 0x11, le: 0x12, ge: 0x1d, ordered: 7, ne: 4, unordered: 3 } as const

/** Of `vround` and `vrndscale`, without an exception for what is not exact. */
const roundings = { nearest: 8, floor: 9, ceil: 10, trunc: 11 } as const

/** Writes instructions on floats of one type, of one number or of all lanes of a vector. */
export class Floats {
  readonly code: Code
  readonly target: Target
  readonly type: FloatType
  readonly bits: 128 | 256 | 512
  readonly isScalar: boolean

  constructor(code: Code, target: Target, type: FloatType, bits: 128 | 256 | 512, isScalar: boolean) {
    this.code = code
    this.target = target
    this.type = type
    this.bits = bits
    this.isScalar = isScalar
  }

  get hasMasks(): boolean {
    return this.target.isa === 'avx512'
  }

  register(): Register {
    return this.code.register(this.bits)
  }

  /** `add` as vaddss, vaddpd and so on. */
  name(name: string): string {
    return `v${name}${this.isScalar ? 's' : 'p'}${this.type === 'f64' ? 'd' : 's'}`
  }

  op(name: string, ...sources: (Register | number)[]): Register {
    const to = this.register()
    this.code.vector(this.name(name), [to, ...sources])
    return to
  }

  /** On bits, of the whole vector: `and`, `andn`, `or`, `xor`. */
  logic(name: string, a: Register, b: Register): Register {
    const to = this.register()
    this.code.vector(`v${name}${this.type === 'f64' ? 'pd' : 'ps'}`, [to, a, b])
    return to
  }

  copy(x: Register): Register {
    const to = this.register()
    this.code.vector('vmovaps', [to, x])
    return to
  }

  spread(x: number): Register {
    return this.code.constantRegister(bytesOf(this.type, x), this.bits)
  }

  /** The bit of the sign, or all others. */
  signBit(): Register {
    return this.spread(-0)
  }

  magnitude(): Register {
    const bytes = this.type === 'f64' ? bytesOf('i64', 2n ** 63n - 1n) : bytesOf('i32', 2 ** 31 - 1)
    return this.code.constantRegister(bytes, this.bits)
  }

  abs(x: Register): Register {
    return this.logic('and', x, this.magnitude())
  }

  round(x: Register, how: keyof typeof roundings): Register {
    const name = this.hasMasks ? 'rndscale' : 'round'
    return this.isScalar ? this.op(name, x, x, roundings[how]) : this.op(name, x, roundings[how])
  }

  /** Where a comparison holds: a mask register, or with AVX2 a vector of ones and zeros. */
  where(a: Register, how: keyof typeof comparisons, b: Register): Register {
    const to = this.hasMasks ? this.code.mask() : this.register()
    this.code.vector(this.name('cmp'), [to, a, b, comparisons[how]])
    return to
  }

  /** Writes another value into a variable where a mask has lanes. */
  setWhere(mask: Register, to: Register, from: Register): void {
    if (this.hasMasks)
      this.code.vector(this.type === 'f64' ? 'vmovapd' : 'vmovaps', [to, from], { mask, zeroes: false })
    else this.code.vector(this.type === 'f64' ? 'vblendvpd' : 'vblendvps', [to, to, from, mask])
  }
}

const constantOf = (v: Value, i: number): number | undefined =>
  v.args[i].op === 'const' ? (v.args[i].attr as number) : undefined

/** The code of an operation on floats with a float as its result; undefined: it is none. @param x operand i */
export function emitFloat(v: Value, f: Floats, x: (i: number) => Register): Register | undefined {
  switch (v.op) {
    case 'mul': {
      // x + x is 2x, without a constant.
      const two = v.args.findIndex(a => a.op === 'const' && a.attr === 2)
      if (two >= 0) {
        const other = x(1 - two)
        return f.op('add', other, other)
      }
      return f.op('mul', x(0), x(1))
    }
    case 'add':
    case 'sub':
    case 'div':
      return f.op(v.op, x(0), x(1))
    case 'pmin':
      // The instruction gives its second operand unless the first is below it.
      return f.op('min', x(1), x(0))
    case 'pmax':
      return f.op('max', x(1), x(0))
    case 'min':
    case 'max':
      return extremum(v, f, x)
    case 'neg':
      return f.logic('xor', x(0), f.signBit())
    case 'abs':
      return f.abs(x(0))
    case 'sqrt': {
      const only = x(0)
      return f.isScalar ? f.op('sqrt', only, only) : f.op('sqrt', only)
    }
    case 'rsqrt':
      return inverseRoot(f, x(0))
    case 'floor':
    case 'ceil':
    case 'trunc':
    case 'nearest':
      return f.round(x(0), v.op)
    case 'mad':
    case 'nmad': {
      const [a, b, c] = [x(0), x(1), x(2)]
      const to = f.copy(a)
      f.code.vector(f.name(v.op === 'mad' ? 'fmadd213' : 'fnmadd213'), [to, b, c])
      return to
    }
    default:
      return undefined
  }
}

/**
 * 1/√x. With AVX-512 from an estimate of 14 bits, which a step of Newton's doubles: y + y/2 · (1 - x·y·y). Where that is no number, as of 0 and infinity, the estimate is exact.
 */
function inverseRoot(f: Floats, x: Register): Register {
  const one = f.spread(1)
  if (!f.hasMasks) return f.op('div', one, f.isScalar ? f.op('sqrt', x, x) : f.op('sqrt', x))
  // Those of single numbers are estimated as lanes, too.
  const lanes = f.isScalar ? new Floats(f.code, f.target, f.type, 128, false) : f
  const found = lanes.op('rsqrt14', x)
  for (let step = f.type === 'f32' ? 1 : 2; step > 0; step--) {
    const rest = lanes.op('mul', x, found)
    f.code.vector(lanes.name('fnmadd213'), [rest, found, one])
    const half = lanes.op('mul', found, lanes.spread(0.5))
    f.code.vector(lanes.name('fmadd231'), [found, half, rest], {
      mask: lanes.where(rest, 'ordered', rest),
      zeroes: false,
    })
  }
  return found
}

/** Math.min and Math.max. The instructions give their second operand where one is NaN, and where both are zero. */
function extremum(v: Value, f: Floats, x: (i: number) => Register): Register {
  const op = v.op as 'min' | 'max'
  const known = [0, 1].find(i => constantOf(v, i) !== undefined && !Number.isNaN(constantOf(v, i)))
  if (known !== undefined) {
    const number = constantOf(v, known)!
    // The other is given where it is NaN. It may be given as a zero: the right one for a minimum with +0; that of a maximum becomes +0 by adding it.
    if (number !== 0 || Object.is(number, 0)) {
      const best = f.op(op, x(known), x(1 - known))
      return op === 'max' && number === 0 ? f.op('add', best, x(known)) : best
    }
  }
  const [a, b] = [x(0), x(1)]
  if (op === 'min') return f.logic('or', f.op('min', a, b), f.op('min', b, a))
  if (f.hasMasks && !f.isScalar) {
    // Of a number and a NaN this gives the number.
    const best = f.op('range', a, b, 0b0101)
    f.code.vector(f.name('add'), [best, a, b], { mask: f.where(a, 'unordered', b), zeroes: false })
    return best
  }
  // Both ways agree but where one is NaN, or zeros differ: then the sign is their only difference, and -0 - -0 is +0.
  const one = f.op('max', a, b)
  const other = f.op('max', b, a)
  const difference = f.logic('xor', one, other)
  return f.op('sub', f.logic('or', one, difference), difference)
}
