/**
 * Code for a strip of lanes: a value of 32 bits is held in lanes/4 vectors of 128 bits ("parts"), one of 64 bits in
 * lanes/2. A mask (i1) has the width of what was compared; it is widened or narrowed where it meets the other width.
 */
import type { Type, Value } from '../ir/ir.ts'
import type { FunctionBuilder } from './encode/index.ts'
import type { Helpers } from './helpers.ts'

export type Width = 32 | 64

export const partWidth = (v: Value): Width => (v.type === 'f64' || v.type === 'i64' ? 64 : 32)

export const SHAPE_OF = { f32: 'f32x4', i32: 'i32x4', f64: 'f64x2', i64: 'i64x2', i1: 'i32x4', void: 'i32x4' } as const

/** Bytes of a shuffle that takes 32-bit words (numbered 0–7 over both operands). */
export const words = (...list: number[]): number[] => list.flatMap(w => [w * 4, w * 4 + 1, w * 4 + 2, w * 4 + 3])

const SIMPLE: Record<string, string> = {
  add: 'add',
  sub: 'sub',
  mul: 'mul',
  div: 'div',
  min: 'min',
  max: 'max',
  pmin: 'pmin',
  pmax: 'pmax',
  eq: 'eq',
  ne: 'ne',
  lt: 'lt',
  le: 'le',
  slt: 'lt_s',
  sle: 'le_s',
  smin: 'min_s',
  smax: 'max_s',
  umin: 'min_u',
  umax: 'max_u',
  neg: 'neg',
  abs: 'abs',
  sqrt: 'sqrt',
  floor: 'floor',
  ceil: 'ceil',
  trunc: 'trunc',
  nearest: 'nearest',
  mad: 'relaxed_madd',
  nmad: 'relaxed_nmadd',
}

const BITWISE = new Set(['and', 'or', 'xor', 'not'])
const SHIFTS: Record<string, string> = { shl: 'shl', sshr: 'shr_s', ushr: 'shr_u' }

/** What the emitter offers to the code of one operation. */
export interface LaneContext {
  f: FunctionBuilder
  helpers: Helpers
  /** Pushes part p of operand i, a mask at the given width. */
  part(i: number, p: number, width?: Width): void
  /** Pushes operand i as a scalar; only if it is uniform. */
  scalar(i: number): void
  isUniform(i: number): boolean
  /** Pushes a constant as a vector from the pool. */
  splat(type: 'i32' | 'f32' | 'f64' | 'i64', value: number | bigint): void
  /** A fresh local that may be used within one operation. */
  temporary(type: 'v128' | 'i32' | 'i64' | 'f32' | 'f64'): number
  parts(width: Width): number
}

/**
 * Pushes part p of the result of `v`. Returns false when there is no vector code: then the lanes are computed one by one.
 */
export function emitPart(v: Value, p: number, width: Width, c: LaneContext): boolean {
  const { f } = c
  const from = v.args[0]?.type ?? v.type
  const shape = SHAPE_OF[from]
  const all = (w?: Width) => v.args.forEach((_, i) => c.part(i, p, w))
  const op = v.op
  if (BITWISE.has(op)) {
    all(width)
    f.op(`v128.${op}`)
    return true
  }
  if (from === 'i1' && (op === 'eq' || op === 'ne')) {
    // Masks may be of different widths: bitwise at one of them.
    all(width)
    f.op('v128.xor')
    if (op === 'eq') f.op('v128.not')
    return true
  }
  if (op in SIMPLE) {
    if (op === 'mul' && (from === 'f32' || from === 'f64') && v.args.some(a => a.op === 'const' && a.attr === 2)) {
      // x + x is 2x, without a constant.
      const x = v.args[0].op === 'const' ? 1 : 0
      c.part(x, p)
      c.part(x, p)
      f.op(`${shape}.add`)
      return true
    }
    if (from === 'i64' && /^[su](min|max)$/.test(op)) {
      for (const i of op.endsWith('min') ? [0, 1] : [1, 0]) c.part(i, p)
      wideOperands(p, op[0], c)
      f.op('i64x2.lt_s').op('v128.bitselect')
      return true
    }
    all()
    f.op(`${shape}.${SIMPLE[op]}`)
    return true
  }
  if (op in SHIFTS) {
    if (!c.isUniform(1)) return false
    c.part(0, p)
    c.scalar(1)
    if (from === 'i64') f.op('i32.wrap_i64')
    f.op(`${shape}.${SHIFTS[op]}`)
    return true
  }
  switch (op) {
    case 'select':
      c.part(1, p, width)
      c.part(2, p, width)
      c.part(0, p, width)
      f.op('v128.bitselect')
      return true
    case 'ult':
    case 'ule':
      if (from === 'i32') {
        all()
        f.op(`i32x4.${op === 'ult' ? 'lt_u' : 'le_u'}`)
        return true
      }
      wideOperands(p, 'u', c)
      f.op(`i64x2.${op === 'ult' ? 'lt_s' : 'le_s'}`)
      return true
    case 'rsqrt':
      c.splat(from as 'f32', 1)
      all()
      f.op(`${shape}.sqrt`).op(`${shape}.div`)
      return true
    case 'mulhu': {
      const low = c.temporary('v128')
      all()
      f.op('i64x2.extmul_low_i32x4_u').set(low)
      f.get(low)
      all()
      f.op('i64x2.extmul_high_i32x4_u').shuffle(words(1, 3, 5, 7))
      return true
    }
    case 'popcnt':
      c.part(0, p)
      f.op('i8x16.popcnt').op('i16x8.extadd_pairwise_i8x16_u').op('i32x4.extadd_pairwise_i16x8_u')
      return true
    case 'sdiv':
    case 'udiv':
    case 'srem':
    case 'urem':
      if (from === 'i64') return false
      divide(v, p, c)
      return true
    case 'booltoint':
      c.part(0, p, 32)
      f.op('i32x4.neg')
      return true
    case 'bitcast':
      c.part(0, p)
      return true
    case 'sitof':
    case 'uitof': {
      const s = op[0]
      if (from === 'i64') return false
      if (v.type === 'f32') {
        c.part(0, p)
        f.op(`f32x4.convert_i32x4_${s}`)
      } else {
        half(p, c)
        f.op(`f64x2.convert_low_i32x4_${s}`)
      }
      return true
    }
    case 'promote':
      half(p, c)
      f.op('f64x2.promote_low_f32x4')
      return true
    case 'sext':
    case 'zext':
      c.part(0, p >> 1)
      f.op(`i64x2.extend_${p & 1 ? 'high' : 'low'}_i32x4_${op[0] === 's' ? 's' : 'u'}`)
      return true
    case 'demote':
      joined(p, c, () => f.op('f32x4.demote_f64x2_zero'))
      return true
    case 'wrap':
      c.part(0, 2 * p)
      c.part(0, 2 * p + 1)
      f.shuffle(words(0, 2, 4, 6))
      return true
    case 'ftosi':
    case 'ftoui': {
      if (v.type === 'i64') return false
      const s = op[3] === 's' ? 's' : 'u'
      if (from === 'f32') {
        c.part(0, p)
        f.op(`i32x4.trunc_sat_f32x4_${s}`)
      } else joined(p, c, () => f.op(`i32x4.trunc_sat_f64x2_${s}_zero`))
      return true
    }
    case 'toindex': {
      const within = (part: number) => {
        c.part(0, part)
        c.splat(from as 'f32', 0)
        f.op(`${shape}.ge`)
        c.part(0, part)
        c.splat(from as 'f32', 2147483648)
        f.op(`${shape}.lt`).op('v128.and')
      }
      truncated(p, c, from)
      if (from === 'f32') within(p)
      else {
        within(2 * p)
        within(2 * p + 1)
        f.shuffle(words(0, 2, 4, 6))
      }
      // i | ~within: all ones, -1, where it is no index.
      f.op('v128.not').op('v128.or')
      return true
    }
    default:
      return false
  }
}

/**
 * Pushes part p of a float as integers of 32 bits, exact where they can be. Elsewhere any of 0, the least or the largest
 * integer: which one depends on the machine, so who uses it looks at those lanes.
 */
function truncated(p: number, c: LaneContext, from: Type): void {
  if (from === 'f32') {
    c.part(0, p)
    c.f.op('i32x4.relaxed_trunc_f32x4_s')
  } else joined(p, c, () => c.f.op('i32x4.relaxed_trunc_f64x2_s_zero'))
}

/** Parts of a float as integers, right where they come out as neither the least nor the largest; see `settleToInt32`. */
export function emitToInt32(v: Value, c: LaneContext): number[] {
  return Array.from({ length: c.parts(32) }, (_, p) => {
    const l = c.f.local('v128')
    truncated(p, c, v.args[0].type)
    c.f.set(l)
    return l
  })
}

/** Pushes whether a lane of {@link emitToInt32} may be wrong. */
export function pushUnsettled(parts: number[], c: LaneContext): void {
  const { f } = c
  // Above the largest integer by 0 or 1: it or the least one.
  parts.forEach((l, p) => {
    f.get(l)
    c.splat('i32', 2147483647)
    f.op('i32x4.sub')
    if (p) f.op('i32x4.min_u')
  })
  f.i32(1).op('i32x4.shr_u').op('i32x4.all_true').op('i32.eqz')
}

/** Sets the parts of {@link emitToInt32} to the floats modulo 2^32, as JavaScript does; NaN and infinities become 0. */
export function settleToInt32(v: Value, parts: number[], c: LaneContext): void {
  const { f } = c
  const from = v.args[0].type as 'f32' | 'f64'
  const shape = SHAPE_OF[from]
  const t = c.temporary('v128')
  const sign = c.temporary('v128')
  const negative = (part: number) => {
    c.part(0, part)
    c.splat(from, 0)
    f.op(`${shape}.lt`)
  }
  /** Of the magnitude m, m - floor(m / 2^32) * 2^32 is exact. */
  const modulo = (part: number) => {
    c.part(0, part)
    f.op(`${shape}.abs`).op(`${shape}.trunc`).tee(t).get(t)
    c.splat(from, 2 ** -32)
    f.op(`${shape}.mul`).op(`${shape}.floor`)
    c.splat(from, 2 ** 32)
    f.op(`${shape}.mul`).op(`${shape}.sub`)
  }
  parts.forEach((l, p) => {
    if (from === 'f32') {
      negative(p)
      f.set(sign)
      modulo(p)
      f.op('i32x4.trunc_sat_f32x4_u')
    } else {
      negative(2 * p)
      negative(2 * p + 1)
      f.shuffle(words(0, 2, 4, 6)).set(sign)
      modulo(2 * p)
      f.op('i32x4.trunc_sat_f64x2_u_zero')
      modulo(2 * p + 1)
      f.op('i32x4.trunc_sat_f64x2_u_zero').shuffle(words(0, 1, 4, 5))
    }
    // (u ^ sign) - sign negates where the sign is all ones.
    f.get(sign).op('v128.xor').get(sign).op('i32x4.sub').set(l)
  })
}

/** Pushes two operands of 64 bits as signed numbers: for unsigned ones there are no comparisons, and flipped sign bits order them. */
function wideOperands(p: number, sign: string, c: LaneContext): void {
  for (const i of [0, 1]) {
    c.part(i, p)
    if (sign === 's') continue
    c.splat('i64', -(2n ** 63n))
    c.f.op('v128.xor')
  }
}

/** Pushes the two lanes that part p of a 64-bit result comes from, low. */
function half(p: number, c: LaneContext): void {
  c.part(0, p >> 1)
  if (p & 1) {
    const t = c.temporary('v128')
    c.f
      .tee(t)
      .get(t)
      .shuffle(words(2, 3, 2, 3))
  }
}

/** Pushes part p of a 32-bit result from two 64-bit parts, each turned into two low words by `narrow`. */
function joined(p: number, c: LaneContext, narrow: () => void): void {
  c.part(0, 2 * p)
  narrow()
  c.part(0, 2 * p + 1)
  narrow()
  c.f.shuffle(words(0, 1, 4, 5))
}

/**
 * 32-bit division through f64, whose 53 bits hold quotients of 32-bit integers exactly once truncated. A zero divisor
 * gives 0; the smallest integer by -1 gives itself.
 */
function divide(v: Value, p: number, c: LaneContext): void {
  const { f } = c
  const s = v.op[0] === 's' ? 's' : 'u'
  const a = c.temporary('v128')
  const b = c.temporary('v128')
  const q = c.temporary('v128')
  c.part(0, p)
  f.set(a)
  c.part(1, p)
  f.set(b)
  const side = (high: boolean) => {
    for (const x of [a, b]) {
      f.get(x)
      if (high) f.get(x).shuffle(words(2, 3, 2, 3))
      f.op(`f64x2.convert_low_i32x4_${s}`)
    }
    f.op('f64x2.div').op(`i32x4.trunc_sat_f64x2_${s}_zero`)
  }
  side(false)
  side(true)
  f.shuffle(words(0, 1, 4, 5))
  const nonzero = () => {
    if (v.args[1].op === 'const' && v.args[1].attr !== 0) return
    f.get(b)
    c.splat('i32', 0)
    f.op('i32x4.ne').op('v128.and')
  }
  nonzero()
  f.set(q)
  f.get(q)
  if (s === 's' && !(v.args[1].op === 'const' && v.args[1].attr !== -1)) {
    // 2^31 saturated to 2^31 - 1: flip it to -2^31.
    f.get(a)
    c.splat('i32', -2147483648)
    f.op('i32x4.eq').get(b)
    c.splat('i32', -1)
    f.op('i32x4.eq').op('v128.and').op('v128.xor')
  }
  if (v.op.endsWith('rem')) {
    f.set(q)
    f.get(a).get(q).get(b).op('i32x4.mul').op('i32x4.sub')
    nonzero()
  }
}
