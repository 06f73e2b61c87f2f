/**
 * Vector code of the operations on lanes. A value of 32 bits lies in parts of at most a vector, one of 64 bits in as many or twice as many; a mask is as wide as what was compared (`masks.ts`).
 */

import type { Type, Value } from '../../ir/ir.ts'
import { Memory, type Register } from '../encode/operands.ts'
import { emitFloat, Floats } from './floats.ts'
import type { LaneContext } from './lane-code.ts'
import { convertPart } from './lane-conversions.ts'
import { dividePart } from './lane-division.ts'
import { integerPart } from './lane-integers.ts'
import { wordPart } from './lane-words.ts'
import * as masks from './masks.ts'
import { half, join, make } from './parts.ts'
import { remainder } from './remainder.ts'
import { tableAddress, tableLength } from './table.ts'
import { type Width, widthOf } from './target.ts'

const isFloat = (type: Type): type is 'f32' | 'f64' => type === 'f32' || type === 'f64'

/**
 * Part p of the result of an operation, which may be a register of an operand. A mask is made at a width: that of its operands, or for operations on masks any.
 *
 * @returns undefined: there is no vector code for it, only lane by lane
 */
export function emitPart(v: Value, p: number, width: Width, c: LaneContext): Register | undefined {
  const type = v.op === 'select' ? v.type : (v.args[0]?.type ?? v.type)
  if (c.word < 32 && (v.type === 'i32' || type === 'i32')) return wordPart(v, p, c)
  if (v.op === 'select') return select(v, p, width, c)
  if (v.op === 'table') return lookUp(v, p, c)
  if (type === 'i1') return ofMasks(v, p, width, c)
  if (v.type === 'i1') return compare(v, p, type, c)
  if (isFloat(type) && v.op === 'frem') return remainderPart(p, type, c)
  if (isFloat(type)) {
    const f = new Floats(c.code, c.target, type, c.bits(widthOf(type)), false)
    const made = emitFloat(v, f, i => c.part(i, p))
    if (made !== undefined) return made
  } else {
    if (/^[su](div|rem)$/.test(v.op)) return type === 'i32' ? dividePart(v, p, c) : undefined
    const made = integerPart(v, p, type as 'i32' | 'i64', c)
    if (made !== undefined) return made
  }
  return convertPart(v, p, c)
}

function ofMasks(v: Value, p: number, width: Width, c: LaneContext): Register | undefined {
  const part = (i: number) => c.part(i, p, width)
  switch (v.op) {
    case 'and':
      return masks.and(c, part(0), part(1))
    case 'or':
      return masks.or(c, part(0), part(1))
    case 'xor':
    case 'ne':
      return masks.xor(c, part(0), part(1))
    case 'eq':
      return masks.not(c, masks.xor(c, part(0), part(1)), width)
    case 'not':
      return masks.not(c, part(0), width)
    case 'booltoint': {
      const mask = c.part(0, p, 32)
      const bits = c.bits(32)
      if (c.target.isa === 'avx2') return make(c.code, bits, 'vpsrld', mask, 31)
      const to = c.code.register(bits)
      c.code.vector('vmovdqa32', [to, c.spread('i32', 1, bits)], { mask, zeroes: true })
      return to
    }
    default:
      return undefined
  }
}

const isZero = (v: Value): boolean => v.op === 'const' && (v.type === 'i64' ? v.attr === 0n : Object.is(v.attr, 0))

function select(v: Value, p: number, width: Width, c: LaneContext): Register {
  const mask = c.part(0, p, width)
  const [, then, otherwise] = v.args
  if (v.type !== 'i1' && isZero(otherwise)) {
    const kept = c.part(1, p)
    const isWide = width === 64
    if (c.target.isa === 'avx2') return make(c.code, c.bits(width), 'vandps', kept, mask)
    const to = c.code.register(c.bits(width))
    c.code.vector(isWide ? 'vmovapd' : 'vmovaps', [to, kept], { mask, zeroes: true })
    return to
  }
  if (v.type !== 'i1' && isZero(then) && c.target.isa === 'avx2')
    return make(c.code, c.bits(width), 'vandnps', mask, c.part(2, p))
  return masks.select(c, v.type, mask, c.part(1, p, width), c.part(2, p, width), width)
}

// Comparisons.

const predicates: { readonly [op: string]: number } = { eq: 0, slt: 1, ult: 1, sle: 2, ule: 2, ne: 4 }

function compare(v: Value, p: number, type: Type, c: LaneContext): Register | undefined {
  const [a, b] = [c.part(0, p), c.part(1, p)]
  if (isFloat(type))
    return new Floats(c.code, c.target, type, c.bits(widthOf(type)), false).where(
      a,
      v.op as 'lt' | 'le' | 'eq' | 'ne',
      b,
    )
  if (!(v.op in predicates)) return undefined
  if (c.target.isa === 'avx512') {
    const to = c.code.mask()
    const name = `vpcmp${v.op[0] === 'u' ? 'u' : ''}${type === 'i64' ? 'q' : 'd'}`
    c.code.vector(name, [to, a, b, predicates[v.op]])
    return to
  }
  return type === 'i64' ? compareWide(v, p, a, b, c) : compareWords(v, p, a, b, c)
}

/** AVX2 compares for equal, and signed for greater. */
function compareWords(v: Value, p: number, a: Register, b: Register, c: LaneContext): Register {
  const op = (name: string, x: Register, y: Register) => make(c.code, c.bits(32), name, x, y)
  switch (v.op) {
    case 'eq':
      return op('vpcmpeqd', a, b)
    case 'ne':
      return masks.not(c, op('vpcmpeqd', a, b), 32)
    case 'slt':
      return op('vpcmpgtd', b, a)
    case 'sle':
      return op('vpcmpeqd', op('vpminsd', a, b), a)
    case 'ule':
      return op('vpcmpeqd', op('vpminud', a, b), a)
    default:
      return op('vpcmpgtd', biased(v, 1, p, 32, c), biased(v, 0, p, 32, c))
  }
}

function compareWide(v: Value, p: number, a: Register, b: Register, c: LaneContext): Register {
  const greater = (x: Register, y: Register) => make(c.code, c.bits(64), 'vpcmpgtq', x, y)
  const equal = () => make(c.code, c.bits(64), 'vpcmpeqq', a, b)
  switch (v.op) {
    case 'eq':
      return equal()
    case 'ne':
      return masks.not(c, equal(), 64)
    case 'slt':
      return greater(b, a)
    case 'sle':
      return masks.not(c, greater(a, b), 64)
    case 'ult':
      return greater(biased(v, 1, p, 64, c), biased(v, 0, p, 64, c))
    default:
      return masks.not(c, greater(biased(v, 0, p, 64, c), biased(v, 1, p, 64, c)), 64)
  }
}

/** An operand less 2^31 or 2^63: in the signed order as it was in the unsigned. */
export function biased(v: Value, i: number, p: number, width: Width, c: LaneContext): Register {
  const bits = c.bits(width)
  const known = v.args[i]
  if (width === 64) {
    if (known.op === 'const') return c.spread('i64', BigInt.asIntN(64, known.attr ^ (1n << 63n)), bits)
    return make(c.code, bits, 'vpxor', c.part(i, p), c.spread('i64', -(2n ** 63n), bits))
  }
  if (known.op === 'const') return c.spread('i32', known.attr ^ -(2 ** 31), bits)
  return make(c.code, bits, 'vpxor', c.part(i, p), c.spread('i32', -(2 ** 31), bits))
}

// What is not arithmetic of one width.

function remainderPart(p: number, type: 'f32' | 'f64', c: LaneContext): Register {
  const { code, target } = c
  const bits = c.bits(64)
  const f = new Floats(code, target, 'f64', bits, false)
  const [x, y] = [c.part(0, p), c.part(1, p)]
  if (type === 'f64') return remainder(f, x, y, false)
  // In doubles: their quotients take fewer steps, and no scaling.
  return join(c, p, q => {
    const [wideX, wideY] = [x, y].map(both =>
      make(
        code,
        bits,
        'vcvtps2pd',
        half(c, q, () => both),
      ),
    )
    return make(code, (bits / 2) as 128, 'vcvtpd2ps', remainder(f, wideX, wideY, true))
  })
}

/** An element of a constant array for each lane. */
function lookUp(v: Value, p: number, c: LaneContext): Register {
  const { code, target } = c
  const width = widthOf(v.type)
  const bits = c.bits(width)
  // Lanes that are not active may bring any index.
  const last = c.spread('i32', tableLength(v) - 1, c.bits(32))
  const clamped = (q: number) => make(code, c.bits(32), 'vpminud', c.part(0, q), last)
  const index = width === 64 ? half(c, p, clamped) : clamped(p)
  const memory = new Memory({ base: tableAddress(code, v), index, scale: (width / 8) as 4 | 8 })
  const name = width === 64 ? 'vgatherdpd' : 'vgatherdps'
  const to = code.register(bits)
  code.vector('vxorps', [to, to, to])
  if (target.isa === 'avx512') code.vector(name, [to, memory], { mask: masks.constant(c, true, width), zeroes: false })
  else {
    const all = code.register(bits)
    code.vector('vpcmpeqd', [all, all, all])
    code.vector(name, [to, memory, all])
  }
  return to
}
