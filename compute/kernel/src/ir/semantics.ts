/**
 * What each pure operation means, on JavaScript values: f32 and f64 are numbers (f32 always rounded), i32 a number in
 * [-2^31, 2^31), i64 a BigInt in [-2^63, 2^63), i1 a boolean. Constant folding and the reference backend both use
 * this table, and every other backend is tested against it; so each line must be obviously right.
 */
import type { Type } from './ir.ts'

const f = Math.fround
const i64 = (x: any) => BigInt.asIntN(64, x)
const u64 = (x: bigint) => BigInt.asUintN(64, x)

const scratch = new DataView(new ArrayBuffer(8))

/** IEEE 754 roundToIntegralTiesToEven. */
export function nearest(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 4503599627370496) return x
  const down = Math.floor(x)
  const rest = x - down
  const r = rest < 0.5 ? down : rest > 0.5 ? down + 1 : down % 2 === 0 ? down : down + 1
  return r === 0 && (x < 0 || Object.is(x, -0)) ? -0 : r
}

const saturate = (x: number, lo: number, hi: number) => (x !== x ? 0 : x <= lo ? lo : x >= hi ? hi : Math.trunc(x))
const saturateBig = (x: number, lo: bigint, hi: bigint) =>
  x !== x ? 0n : x <= Number(lo) ? lo : x >= Number(hi) ? hi : BigInt(Math.trunc(x))

function popcount(x: number): number {
  let n = 0
  for (let bits = x >>> 0; bits !== 0; bits &= bits - 1) n++
  return n
}

type Fn = (...args: any[]) => any

/** Keyed `op` for what is alike in all types, `op.type` (operand type) otherwise; `op.from.to` for conversions. */
export const SEMANTICS: Record<string, Fn> = {
  'add.f32': (a, b) => f(a + b),
  'sub.f32': (a, b) => f(a - b),
  'mul.f32': (a, b) => f(a * b),
  'div.f32': (a, b) => f(a / b),
  'frem.f32': (a, b) => f(a % b),
  'add.f64': (a, b) => a + b,
  'sub.f64': (a, b) => a - b,
  'mul.f64': (a, b) => a * b,
  'div.f64': (a, b) => a / b,
  'frem.f64': (a, b) => a % b,
  'add.i32': (a, b) => (a + b) | 0,
  'sub.i32': (a, b) => (a - b) | 0,
  'mul.i32': (a, b) => Math.imul(a, b),
  'add.i64': (a, b) => i64(a + b),
  'sub.i64': (a, b) => i64(a - b),
  'mul.i64': (a, b) => i64(a * b),
  // As JavaScript's (a / b) | 0 and (a % b) | 0: a zero divisor gives 0, and nothing traps.
  'sdiv.i32': (a, b) => (a / b) | 0,
  'udiv.i32': (a, b) => ((a >>> 0) / (b >>> 0)) | 0,
  'srem.i32': (a, b) => (a % b) | 0,
  'urem.i32': (a, b) => ((a >>> 0) % (b >>> 0)) | 0,
  'sdiv.i64': (a, b) => (b === 0n ? 0n : i64(a / b)),
  'udiv.i64': (a, b) => (b === 0n ? 0n : i64(u64(a) / u64(b))),
  'srem.i64': (a, b) => (b === 0n ? 0n : i64(a % b)),
  'urem.i64': (a, b) => (b === 0n ? 0n : i64(u64(a) % u64(b))),
  'mulhu.i32': (a, b) => Number((BigInt(a >>> 0) * BigInt(b >>> 0)) >> 32n) | 0,
  // Math.min and Math.max: NaN wins, -0 is below +0.
  'min.f32': Math.min,
  'max.f32': Math.max,
  'min.f64': Math.min,
  'max.f64': Math.max,
  // The cheap ones of SIMD hardware: a comparison and a select, whatever that gives for NaN and zeros.
  'pmin.f32': (a, b) => (b < a ? b : a),
  'pmax.f32': (a, b) => (a < b ? b : a),
  'pmin.f64': (a, b) => (b < a ? b : a),
  'pmax.f64': (a, b) => (a < b ? b : a),
  // Fused where the hardware can; here rounded twice. Only `fast` kernels have them.
  'mad.f32': (a, b, c) => f(f(a * b) + c),
  'mad.f64': (a, b, c) => a * b + c,
  'nmad.f32': (a, b, c) => f(c - f(a * b)),
  'nmad.f64': (a, b, c) => c - a * b,
  // 1/√x, of which hardware has an estimate; here a root and a division. Only `fast` kernels have it.
  'rsqrt.f32': a => f(1 / f(Math.sqrt(a))),
  'rsqrt.f64': a => 1 / Math.sqrt(a),
  'smin.i32': Math.min,
  'smax.i32': Math.max,
  'umin.i32': (a, b) => Math.min(a >>> 0, b >>> 0) | 0,
  'umax.i32': (a, b) => Math.max(a >>> 0, b >>> 0) | 0,
  'smin.i64': (a, b) => (a < b ? a : b),
  'smax.i64': (a, b) => (a > b ? a : b),
  'umin.i64': (a, b) => (u64(a) < u64(b) ? a : b),
  'umax.i64': (a, b) => (u64(a) > u64(b) ? a : b),
  'and.i1': (a, b) => a && b,
  'or.i1': (a, b) => a || b,
  'xor.i1': (a, b) => a !== b,
  'not.i1': a => !a,
  'and.i32': (a, b) => a & b,
  'or.i32': (a, b) => a | b,
  'xor.i32': (a, b) => a ^ b,
  'not.i32': a => ~a,
  'shl.i32': (a, b) => a << b,
  'sshr.i32': (a, b) => a >> b,
  'ushr.i32': (a, b) => (a >>> b) | 0,
  'and.i64': (a, b) => a & b,
  'or.i64': (a, b) => a | b,
  'xor.i64': (a, b) => a ^ b,
  'not.i64': a => ~a,
  'shl.i64': (a, b) => i64(a << (b & 63n)),
  'sshr.i64': (a, b) => a >> (b & 63n),
  'ushr.i64': (a, b) => i64(u64(a) >> (b & 63n)),
  'neg.f32': a => -a,
  'neg.f64': a => -a,
  'abs.f32': Math.abs,
  'abs.f64': Math.abs,
  'abs.i32': a => Math.abs(a) | 0,
  'sqrt.f32': a => f(Math.sqrt(a)),
  'sqrt.f64': Math.sqrt,
  'floor.f32': Math.floor,
  'floor.f64': Math.floor,
  'ceil.f32': Math.ceil,
  'ceil.f64': Math.ceil,
  'trunc.f32': Math.trunc,
  'trunc.f64': Math.trunc,
  'nearest.f32': nearest,
  'nearest.f64': nearest,
  'clz.i32': Math.clz32,
  'ctz.i32': a => (a === 0 ? 32 : 31 - Math.clz32(a & -a)),
  'popcnt.i32': popcount,
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  'lt.f32': (a, b) => a < b,
  'le.f32': (a, b) => a <= b,
  'lt.f64': (a, b) => a < b,
  'le.f64': (a, b) => a <= b,
  'slt.i32': (a, b) => a < b,
  'sle.i32': (a, b) => a <= b,
  'ult.i32': (a, b) => a >>> 0 < b >>> 0,
  'ule.i32': (a, b) => a >>> 0 <= b >>> 0,
  'slt.i64': (a, b) => a < b,
  'sle.i64': (a, b) => a <= b,
  'ult.i64': (a, b) => u64(a) < u64(b),
  'ule.i64': (a, b) => u64(a) <= u64(b),
  select: (c, a, b) => (c ? a : b),
  'sitof.i32.f32': f,
  'sitof.i32.f64': a => a,
  'uitof.i32.f32': a => f(a >>> 0),
  'uitof.i32.f64': a => a >>> 0,
  'sitof.i64.f64': a => Number(a),
  'uitof.i64.f64': a => Number(u64(a)),
  'sitof.i64.f32': a => i64ToF32(a),
  'uitof.i64.f32': a => i64ToF32(u64(a)),
  'ftosi.f32.i32': a => saturate(a, -2147483648, 2147483647) | 0,
  'ftosi.f64.i32': a => saturate(a, -2147483648, 2147483647) | 0,
  'ftoui.f32.i32': a => saturate(a, 0, 4294967295) | 0,
  'ftoui.f64.i32': a => saturate(a, 0, 4294967295) | 0,
  'ftosi.f64.i64': a => saturateBig(a, -(2n ** 63n), 2n ** 63n - 1n),
  'ftosi.f32.i64': a => saturateBig(a, -(2n ** 63n), 2n ** 63n - 1n),
  // JavaScript's ToInt32: truncate, then modulo 2^32; NaN and infinities give 0.
  'toint32.f32.i32': a => a | 0,
  'toint32.f64.i32': a => a | 0,
  // A float used as an index: truncated; what no index can be (NaN, negative, huge) becomes -1, which is out of range.
  'toindex.f32.i32': a => (a >= 0 && a < 2147483648 ? Math.trunc(a) | 0 : -1),
  'toindex.f64.i32': a => (a >= 0 && a < 2147483648 ? Math.trunc(a) | 0 : -1),
  'promote.f32.f64': a => a,
  'demote.f64.f32': f,
  'sext.i32.i64': a => BigInt(a),
  'zext.i32.i64': a => BigInt(a >>> 0),
  'wrap.i64.i32': a => Number(BigInt.asIntN(32, a)),
  'booltoint.i1.i32': a => (a ? 1 : 0),
  'bitcast.f32.i32': a => (scratch.setFloat32(0, a), scratch.getInt32(0)),
  'bitcast.i32.f32': a => (scratch.setInt32(0, a), scratch.getFloat32(0)),
  'bitcast.f64.i64': a => (scratch.setFloat64(0, a), scratch.getBigInt64(0)),
  'bitcast.i64.f64': a => (scratch.setBigInt64(0, a), scratch.getFloat64(0)),
}

/** Round to nearest even once: through f64 a 64-bit integer would be rounded twice. */
function i64ToF32(a: bigint): number {
  const sign = a < 0n ? -1 : 1
  const m = a < 0n ? -a : a
  const bits = m.toString(2).length
  if (bits <= 53) return f(sign * Number(m))
  const drop = BigInt(bits - 26)
  const sticky = (m & ((1n << drop) - 1n)) !== 0n ? 1n : 0n
  return f(sign * Number((m >> drop) | sticky) * 2 ** Number(drop))
}

/** The key of an operation in {@link SEMANTICS}. */
export function semanticsKey(op: string, argType: Type, resultType: Type): string {
  if (op in SEMANTICS) return op
  const typed = `${op}.${argType}`
  return typed in SEMANTICS ? typed : `${op}.${argType}.${resultType}`
}
