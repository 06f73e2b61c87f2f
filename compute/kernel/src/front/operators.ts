/** Operators of two operands that have been lowered: each one's typing rule stands with it. */
import type { Value } from '../ir/ir.ts'
import type { Lowering } from './context.ts'
import { isBig, isFloat, isWeak, join, KIND_NAME, type Kind, type Typed } from './kinds.ts'
import type { Tree } from './source.ts'

/** Operands of an arithmetic operator, both in the kind in which they meet. */
function meet(L: Lowering, a: Typed, c: Typed, node: Tree): { x: Value; y: Value; k: Kind } {
  let k = join(a.k, c.k, L.options.float)
  if (k === 'bool') k = 'i32'
  if (!k)
    L.mistyped(
      node,
      `${KIND_NAME[a.k]} meets ${KIND_NAME[c.k]} in ${L.text(node)}`,
      'BigInt and number do not mix: convert with BigInt(x) or Number(x).',
    )
  // Literals and parameters that no 32-bit integer holds make a float of the integer they meet.
  return { x: L.convert(a, k, node).v, y: L.convert(c, k, node).v, k }
}

/**
 * As {@link meet}, for operators where a number beyond an integer's range must not be taken modulo 2^32: a literal that does
 * not fit makes a float64 of the integer, what was computed among parameters is clamped to the integer's range.
 */
export function meetExactly(L: Lowering, a: Typed, c: Typed, node: Tree): { x: Value; y: Value; k: Kind } {
  const met = meet(L, a, c, node)
  if (met.k !== 'i32' && met.k !== 'u32') return met
  const unsigned = met.k === 'u32'
  const fits = (x: number) => (unsigned ? x >= 0 && x <= 4294967295 : (x | 0) === x)
  if ([a, c].some(t => t.k === 'wi' && t.v.op === 'const' && !fits(t.v.attr)))
    return { x: L.convert(a, 'f64', node).v, y: L.convert(c, 'f64', node).v, k: 'f64' }
  const clamped = (t: Typed, v: Value) =>
    t.k === 'wi' && t.v.op !== 'const' ? L.b.cvt(unsigned ? 'ftoui' : 'ftosi', t.v, 'i32') : v
  return { x: clamped(a, met.x), y: clamped(c, met.y), k: met.k }
}

export function binary(L: Lowering, operator: string, left: Typed, right: Typed, node: Tree): Typed {
  const b = L.b
  b.loc = L.loc(node)
  switch (operator) {
    case '+':
    case '-':
    case '*': {
      const { x, y, k } = meet(L, left, right, node)
      const v = operator === '+' ? b.add(x, y) : operator === '-' ? b.sub(x, y) : b.mul(x, y)
      return { v, k }
    }
    case '/': {
      let { x, y, k } = meet(L, left, right, node)
      if (isBig(k)) return { v: b.op(k === 'u64' ? 'udiv' : 'sdiv', 'i64', [x, y]), k }
      if (!isFloat(k)) {
        // A division of integers is a float; (a / b) | 0 becomes an integer division in the `|` below.
        const f: Kind = isWeak(left.k) && isWeak(right.k) ? 'wf' : L.options.float
        x = L.convert(left, f === 'wf' ? 'f64' : f, node).v
        y = L.convert(right, f === 'wf' ? 'f64' : f, node).v
        k = f
      }
      return { v: b.div(x, y), k }
    }
    case '%': {
      const { x, y, k } = meetExactly(L, left, right, node)
      if (isBig(k)) return { v: b.op(k === 'u64' ? 'urem' : 'srem', 'i64', [x, y]), k }
      if (k === 'i32' || k === 'u32') return { v: b.op(k === 'u32' ? 'urem' : 'srem', 'i32', [x, y]), k }
      return { v: b.op('frem', x.type, [x, y]), k }
    }
    case '**': {
      const { x, y, k } = meet(L, left, right, node)
      if (isBig(k)) L.unsupported(node, '** on BigInts', 'Multiply.')
      const f: Kind = isFloat(k) ? k : isWeak(k) ? 'wf' : L.options.float
      const base = L.convert({ v: x, k }, f, node).v
      if (y.op === 'const' && Number(y.attr) === 2) return { v: b.mul(base, base), k: f }
      return { v: b.op('math', base.type, [base, L.convert({ v: y, k }, f, node).v], 'pow'), k: f }
    }
    case '|':
    case '&':
    case '^':
    case '<<':
    case '>>':
    case '>>>':
      return bitwise(L, operator, left, right, node)
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compare(L, operator, left, right, node)
    case '===':
    case '==':
      return equal(L, operator, left, right, node)
    case '!==':
    case '!=': {
      const t = equal(L, operator, left, right, node)
      return { v: b.not(t.v), k: 'bool' }
    }
    default:
      return L.unsupported(
        node,
        `the operator '${operator}'`,
        'Kernels know arithmetic, comparison, bit and logical operators.',
      )
  }
}

function bitwise(L: Lowering, operator: string, left: Typed, right: Typed, node: Tree): Typed {
  const b = L.b
  if (isBig(left.k) || isBig(right.k)) {
    const { x, y, k } = meet(L, left, right, node)
    if (operator === '>>>')
      L.unsupported(node, '>>> on BigInts', 'JavaScript has none either; use >> on a BigUint64Array value.')
    const op = { '|': 'or', '&': 'and', '^': 'xor', '<<': 'shl', '>>': k === 'u64' ? 'ushr' : 'sshr' }[operator]!
    return { v: b.op(op, 'i64', [x, y]), k }
  }
  if (left.k === 'bool' && right.k === 'bool' && '|&^'.includes(operator)) {
    const op = { '|': 'or', '&': 'and', '^': 'xor' }[operator]!
    const v = b.op(op, 'i1', [left.v, right.v])
    return { v, k: 'bool' }
  }
  if (operator === '|' && right.v.op === 'const' && Number(right.v.attr) === 0) {
    const whole = integerDivision(L, left)
    if (whole) return whole
  }
  const x = L.convert(left, 'i32', node).v
  const y = L.convert(right, 'i32', node).v
  switch (operator) {
    case '|':
      return { v: b.or(x, y), k: 'i32' }
    case '&':
      return { v: b.and(x, y), k: 'i32' }
    case '^':
      return { v: b.xor(x, y), k: 'i32' }
    case '<<':
      return { v: b.shl(x, y), k: 'i32' }
    case '>>':
      return { v: b.sshr(x, y), k: 'i32' }
    default:
      return { v: b.ushr(x, y), k: 'u32' }
  }
}

/** `(a / b) | 0` of two integers, without the detour through floats. */
function integerDivision(L: Lowering, t: Typed): Typed | undefined {
  const d = t.v
  if (d.op !== 'div') return undefined
  const whole = (v: Value): { v: Value; unsigned: boolean } | undefined => {
    if ((v.op === 'sitof' || v.op === 'uitof') && v.args[0].type === 'i32')
      return { v: v.args[0], unsigned: v.op === 'uitof' }
    if (v.op === 'const' && Number.isInteger(v.attr) && Math.abs(v.attr) <= 2147483647 && !Object.is(v.attr, -0)) {
      return { v: L.b.const('i32', v.attr), unsigned: false }
    }
    return undefined
  }
  // Of integers made float32 by Math.fround, the float quotient was asked for.
  if (d.type === 'f32' && L.options.float === 'f64') return undefined
  const [x, y] = d.args.map(whole)
  // In f32 the quotient of large integers is not the integer quotient; what was asked for is.
  if (!x || !y || (x.v.op === 'const' && y.v.op === 'const')) return undefined
  if (!x.unsigned && !y.unsigned) return { v: L.b.op('sdiv', 'i32', [x.v, y.v]), k: 'i32' }
  const positive = (o: { v: Value; unsigned: boolean }) => o.unsigned || (o.v.op === 'const' && o.v.attr >= 0)
  if (positive(x) && positive(y)) return { v: L.b.op('udiv', 'i32', [x.v, y.v]), k: 'i32' }
  return undefined
}

function compare(L: Lowering, operator: string, left: Typed, right: Typed, node: Tree): Typed {
  const b = L.b
  if (operator === '>' || operator === '>=') return compare(L, operator === '>' ? '<' : '<=', right, left, node)
  const strict = operator === '<'
  const mixed = (left.k === 'i32' && right.k === 'u32') || (left.k === 'u32' && right.k === 'i32')
  if (mixed || ((left.k === 'u32' || right.k === 'u32') && (left.k === 'wi' || right.k === 'wi'))) {
    // Exact as JavaScript compares: -1 is below 4294967295.
    const x = L.convert(left, 'f64', node).v
    const y = L.convert(right, 'f64', node).v
    const simple = unsignedConstant(L, left, right, strict)
    return simple ?? { v: strict ? b.lt(x, y) : b.le(x, y), k: 'bool' }
  }
  const integers = saturated(L, left, right, strict)
  if (integers) return integers
  const { x, y, k } = comparable(L, left, right, node)
  if (k === 'u32' || k === 'u64') return { v: strict ? b.ult(x, y) : b.ule(x, y), k: 'bool' }
  if (k === 'i32' || k === 'i64' || k === 'wb') return { v: strict ? b.slt(x, y) : b.sle(x, y), k: 'bool' }
  return { v: strict ? b.lt(x, y) : b.le(x, y), k: 'bool' }
}

/** A u32 against a literal that a u32 can hold is an unsigned comparison. */
function unsignedConstant(L: Lowering, left: Typed, right: Typed, strict: boolean): Typed | undefined {
  const fits = (t: Typed) =>
    t.k === 'u32' || (t.k === 'wi' && t.v.op === 'const' && t.v.attr >= 0 && t.v.attr <= 4294967295)
  if (!fits(left) || !fits(right)) return undefined
  const as = (t: Typed) => (t.k === 'u32' ? t.v : L.b.const('i32', t.v.attr))
  return { v: strict ? L.b.ult(as(left), as(right)) : L.b.ule(as(left), as(right)), k: 'bool' }
}

/** A whole number that was computed among parameters: it may exceed an int32. */
const beyond = (t: Typed): boolean =>
  t.k === 'wi' && t.v.op !== 'scalar' && !(t.v.op === 'const' && (t.v.attr | 0) === t.v.attr)

/** Sums and products of parameters and whole constants: never NaN. */
const isPolynomial = (v: Value): boolean =>
  v.op === 'scalar' || v.op === 'const' || (/^(add|sub|mul)$/.test(v.op) && v.args.every(isPolynomial))

/**
 * An int32 against a whole number that may exceed it, such as `col < width - 1`: the number, which is the same for all
 * lanes, is brought into int32 range by saturation, so that lanes compare integers.
 */
function saturated(L: Lowering, left: Typed, right: Typed, strict: boolean): Typed | undefined {
  const b = L.b
  const limit = (w: Value) => b.cvt('ftosi', w, 'i32')
  if (left.k === 'i32' && beyond(right) && isPolynomial(right.v)) {
    return { v: b.op('sle', 'i1', [left.v, limit(strict ? b.sub(right.v, 1) : right.v)]), k: 'bool' }
  }
  if (right.k === 'i32' && beyond(left) && isPolynomial(left.v)) {
    return { v: b.op('slt', 'i1', [limit(strict ? left.v : b.sub(left.v, 1)), right.v]), k: 'bool' }
  }
  return undefined
}

/** Operands of a comparison. What was computed among parameters may exceed an int32: it is compared as a float, not wrapped. */
function comparable(L: Lowering, left: Typed, right: Typed, node: Tree): { x: Value; y: Value; k: Kind } {
  if ((left.k === 'i32' && beyond(right)) || (right.k === 'i32' && beyond(left))) {
    return { x: L.convert(left, 'f64', node).v, y: L.convert(right, 'f64', node).v, k: 'f64' }
  }
  return meet(L, left, right, node)
}

function equal(L: Lowering, operator: string, left: Typed, right: Typed, node: Tree): Typed {
  if (operator.length === 3 && (left.k === 'bool') !== (right.k === 'bool')) {
    L.mistyped(
      node,
      `${KIND_NAME[left.k]} is compared with ${KIND_NAME[right.k]} by ${operator}`,
      `In JavaScript they are never the same; write ${operator.slice(0, 2)}, or convert with Number(x) or Boolean(x).`,
    )
  }
  if (left.k === 'bool' && right.k === 'bool') return { v: L.b.not(L.b.op('xor', 'i1', [left.v, right.v])), k: 'bool' }
  const mixed = left.k !== right.k && (left.k === 'u32' || right.k === 'u32') && !isFloat(left.k) && !isFloat(right.k)
  if (mixed) return { v: L.b.eq(L.convert(left, 'f64', node).v, L.convert(right, 'f64', node).v), k: 'bool' }
  const { x, y } = comparable(L, left, right, node)
  return { v: L.b.eq(x, y), k: 'bool' }
}
