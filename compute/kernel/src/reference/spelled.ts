/**
 * How the reference backend writes each operation: as the JavaScript expression that a reader would write, where that is
 * obvious; a call of its {@link SEMANTICS} entry for the rest. A test runs every line here beside its entry.
 */
import { SEMANTICS } from '../ir/semantics.ts'

/** Expressions of the operands `a`, `b`, `c`, keyed as {@link SEMANTICS} is. */
export const SPELLED: Readonly<Record<string, string>> = {
  'add.f32': 'Math.fround(a + b)',
  'sub.f32': 'Math.fround(a - b)',
  'mul.f32': 'Math.fround(a * b)',
  'div.f32': 'Math.fround(a / b)',
  'frem.f32': 'Math.fround(a % b)',
  'add.f64': 'a + b',
  'sub.f64': 'a - b',
  'mul.f64': 'a * b',
  'div.f64': 'a / b',
  'frem.f64': 'a % b',
  'add.i32': '(a + b) | 0',
  'sub.i32': '(a - b) | 0',
  'mul.i32': 'Math.imul(a, b)',
  'add.i64': 'BigInt.asIntN(64, a + b)',
  'sub.i64': 'BigInt.asIntN(64, a - b)',
  'mul.i64': 'BigInt.asIntN(64, a * b)',
  'sdiv.i32': '(a / b) | 0',
  'udiv.i32': '((a >>> 0) / (b >>> 0)) | 0',
  'srem.i32': '(a % b) | 0',
  'urem.i32': '((a >>> 0) % (b >>> 0)) | 0',
  'min.f32': 'Math.min(a, b)',
  'max.f32': 'Math.max(a, b)',
  'min.f64': 'Math.min(a, b)',
  'max.f64': 'Math.max(a, b)',
  'pmin.f32': 'b < a ? b : a',
  'pmax.f32': 'a < b ? b : a',
  'pmin.f64': 'b < a ? b : a',
  'pmax.f64': 'a < b ? b : a',
  'smin.i32': 'Math.min(a, b)',
  'smax.i32': 'Math.max(a, b)',
  'umin.i32': 'Math.min(a >>> 0, b >>> 0) | 0',
  'umax.i32': 'Math.max(a >>> 0, b >>> 0) | 0',
  'smin.i64': 'a < b ? a : b',
  'smax.i64': 'a > b ? a : b',
  'and.i1': 'a && b',
  'or.i1': 'a || b',
  'xor.i1': 'a !== b',
  'not.i1': '!a',
  'and.i32': 'a & b',
  'or.i32': 'a | b',
  'xor.i32': 'a ^ b',
  'not.i32': '~a',
  'shl.i32': 'a << b',
  'sshr.i32': 'a >> b',
  'ushr.i32': '(a >>> b) | 0',
  'and.i64': 'a & b',
  'or.i64': 'a | b',
  'xor.i64': 'a ^ b',
  'not.i64': '~a',
  'shl.i64': 'BigInt.asIntN(64, a << (b & 63n))',
  'sshr.i64': 'a >> (b & 63n)',
  'ushr.i64': 'BigInt.asIntN(64, BigInt.asUintN(64, a) >> (b & 63n))',
  'neg.f32': '-a',
  'neg.f64': '-a',
  'abs.f32': 'Math.abs(a)',
  'abs.f64': 'Math.abs(a)',
  'abs.i32': 'Math.abs(a) | 0',
  'sqrt.f32': 'Math.fround(Math.sqrt(a))',
  'sqrt.f64': 'Math.sqrt(a)',
  'rsqrt.f32': 'Math.fround(1 / Math.fround(Math.sqrt(a)))',
  'rsqrt.f64': '1 / Math.sqrt(a)',
  'floor.f32': 'Math.floor(a)',
  'floor.f64': 'Math.floor(a)',
  'ceil.f32': 'Math.ceil(a)',
  'ceil.f64': 'Math.ceil(a)',
  'trunc.f32': 'Math.trunc(a)',
  'trunc.f64': 'Math.trunc(a)',
  'clz.i32': 'Math.clz32(a)',
  eq: 'a === b',
  ne: 'a !== b',
  'lt.f32': 'a < b',
  'le.f32': 'a <= b',
  'lt.f64': 'a < b',
  'le.f64': 'a <= b',
  'slt.i32': 'a < b',
  'sle.i32': 'a <= b',
  'ult.i32': 'a >>> 0 < b >>> 0',
  'ule.i32': 'a >>> 0 <= b >>> 0',
  'slt.i64': 'a < b',
  'sle.i64': 'a <= b',
  'ult.i64': 'BigInt.asUintN(64, a) < BigInt.asUintN(64, b)',
  'ule.i64': 'BigInt.asUintN(64, a) <= BigInt.asUintN(64, b)',
  select: 'a ? b : c',
  'sitof.i32.f32': 'Math.fround(a)',
  'sitof.i32.f64': 'a',
  'uitof.i32.f32': 'Math.fround(a >>> 0)',
  'uitof.i32.f64': 'a >>> 0',
  'sitof.i64.f64': 'Number(a)',
  'uitof.i64.f64': 'Number(BigInt.asUintN(64, a))',
  'toint32.f32.i32': 'a | 0',
  'toint32.f64.i32': 'a | 0',
  'promote.f32.f64': 'a',
  'demote.f64.f32': 'Math.fround(a)',
  'sext.i32.i64': 'BigInt(a)',
  'zext.i32.i64': 'BigInt(a >>> 0)',
  'wrap.i64.i32': 'Number(BigInt.asIntN(32, a))',
  'booltoint.i1.i32': 'a ? 1 : 0',
}

/** The name under which generated code calls the entry of an operation that has no spelling: `ftosi_f64_i32`. */
export const semanticsName = (key: string): string => key.replaceAll('.', '_')

/**
 * The expression of an operation on operands that are names or literals.
 * @param called gets the key when the expression calls the SEMANTICS entry
 * @returns undefined when SEMANTICS has no such operation
 */
export function spell(key: string, operands: readonly string[], called: (key: string) => void): string | undefined {
  const text = SPELLED[key]
  if (text !== undefined) return text.replace(/\b[abc]\b/g, letter => operands[letter.charCodeAt(0) - 97])
  if (!Object.hasOwn(SEMANTICS, key)) return undefined
  called(key)
  return `${semanticsName(key)}(${operands.join(', ')})`
}
