/** Expressions to IR. Evaluation order is JavaScript's; each operator's typing rule stands with it. */
import type { Element, Value } from '../ir/ir.ts'
import { ELEMENT_BYTES } from '../ir/ir.ts'
import type { ArrayRef, Binding, Lowering, ViewRef } from './context.ts'
import { roundToHalf } from './half.ts'
import { IR_TYPE, isBig, isFloat, isWeak, join, KIND_NAME, type Kind, type Typed } from './kinds.ts'
import { arrayName, elementOf } from './signature.ts'
import type { Tree } from './source.ts'

const MATH_CONSTANTS = new Set(['PI', 'E', 'LN2', 'LN10', 'LOG2E', 'LOG10E', 'SQRT2', 'SQRT1_2'])
const NUMBER_CONSTANTS = new Set([
  'EPSILON',
  'MAX_VALUE',
  'MIN_VALUE',
  'MAX_SAFE_INTEGER',
  'MIN_SAFE_INTEGER',
  'POSITIVE_INFINITY',
  'NEGATIVE_INFINITY',
  'NaN',
])

export function lowerExpression(L: Lowering, node: Tree): Typed {
  L.b.loc = L.loc(node)
  switch (node.type) {
    case 'Literal':
      return literal(L, node)
    case 'Identifier':
      return identifier(L, node)
    case 'MemberExpression': {
      const plain = L.imported(node)
      return plain.type === 'Identifier' ? identifier(L, plain) : member(L, plain)
    }
    case 'BinaryExpression': {
      const absent = comparedWithNothing(L, node)
      if (absent) return absent
      const left = lowerExpression(L, node.left)
      const right = lowerExpression(L, node.right)
      return binary(L, node.operator, left, right, node)
    }
    case 'LogicalExpression':
      return logical(L, node)
    case 'UnaryExpression':
      return unary(L, node)
    case 'ConditionalExpression': {
      const cond = L.truth(lowerExpression(L, node.test), node.test)
      const t = L.alternatives(
        cond,
        () => L.inScope(() => lowerExpression(L, node.consequent)),
        () => L.inScope(() => lowerExpression(L, node.alternate)),
        node,
      )
      return t!
    }
    case 'AssignmentExpression':
      return assignment(L, node)
    case 'UpdateExpression':
      return update(L, node)
    case 'CallExpression':
      return L.rules.call(L, node) ?? L.unsupported(node, `${L.text(node)} gives no value`, 'Use it as a statement.')
    case 'SequenceExpression': {
      let t!: Typed
      for (const e of node.expressions as Tree[]) t = lowerExpression(L, e)
      return t
    }
    case 'TemplateLiteral':
      return L.unsupported(node, 'a string inside a kernel', 'Strings may stand only in console.log and assert.')
    case 'ArrayExpression':
    case 'ObjectExpression':
      return L.unsupported(
        node,
        `${node.type === 'ArrayExpression' ? 'an array' : 'an object'} made inside an expression`,
        'Declare a private array with a fixed size: const a = new Float32Array(8), or const a = [1, 2, 3].',
      )
    case 'NewExpression':
      return L.unsupported(node, `${L.text(node)} inside an expression`, 'Declare it: const a = new Float32Array(8).')
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return L.unsupported(node, 'a function used as a value', 'Declare a helper with const and call it by name.')
    case 'AwaitExpression':
    case 'YieldExpression':
      return L.unsupported(
        node,
        `${node.type === 'AwaitExpression' ? 'await' : 'yield'} inside a kernel`,
        'A kernel cannot wait.',
      )
    case 'ThisExpression':
      return L.unsupported(node, `'this' inside a kernel`, 'Pass what it needs as arguments.')
    default:
      return L.unsupported(
        node,
        `${node.type} is not part of the kernel language`,
        'docs/kernel-language.md lists what is.',
      )
  }
}

function literal(L: Lowering, node: Tree): Typed {
  if (node.bigint !== undefined && node.bigint !== null) return bigConstant(L, BigInt(node.bigint), node)
  switch (typeof node.value) {
    case 'number':
      // 2.0 and 1e3 read as whole numbers too: JavaScript cannot tell them from 2 and 1000.
      return L.number(node.value)
    case 'boolean':
      return L.bool(node.value)
  }
  return L.unsupported(node, `${L.text(node)} inside a kernel`, 'Kernels know numbers, booleans and BigInts.')
}

function bigConstant(L: Lowering, x: bigint, node: Tree): Typed {
  if (x !== BigInt.asIntN(64, x) && x !== BigInt.asUintN(64, x))
    L.unsupported(node, `${L.text(node)} has more than 64 bits`, 'BigInts in a kernel are int64 or uint64.')
  return { v: L.b.const('i64', BigInt.asIntN(64, x)), k: x === BigInt.asIntN(64, x) ? 'wb' : 'u64' }
}

function identifier(L: Lowering, node: Tree): Typed {
  const found = L.lookup(node.name)
  if (!found) {
    if (node.name === 'undefined')
      L.unsupported(node, 'undefined inside a kernel', 'Kernels know numbers, booleans and BigInts.')
    if (node.name === 'NaN') return { v: L.b.const('f64', NaN), k: 'wf' }
    if (node.name === 'Infinity') return { v: L.b.const('f64', Infinity), k: 'wf' }
    L.unknown(node, node.name)
  }
  return bound(L, found, node)
}

function bound(L: Lowering, found: Binding, node: Tree): Typed {
  switch (found.is) {
    case 'variable':
      return L.read(found)
    case 'typed':
      return found.t
    case 'constant': {
      const value = found.value
      if (typeof value === 'number') return L.number(value)
      if (typeof value === 'bigint') return bigConstant(L, value, node)
      if (typeof value === 'boolean') return L.bool(value)
      return L.unsupported(
        node,
        `'${L.text(node)}' is ${value === null ? 'null' : typeof value} and not a number`,
        'Give numbers, booleans, BigInts, typed arrays or functions in use.',
      )
    }
    case 'array':
    case 'view':
      return L.unsupported(node, `the array '${L.text(node)}' is used as a value`, 'Read an element: x[i].')
    case 'function':
      return L.unsupported(node, `the function '${L.text(node)}' is used as a value`, 'Call it.')
  }
}

function member(L: Lowering, node: Tree): Typed {
  const direct = L.resolve(node)
  if (direct && direct.is !== 'array') return bound(L, direct, node)
  if (!node.computed) {
    const name: string = node.property.name
    if (node.object.type === 'Identifier' && !L.lookup(node.object.name)) {
      if (node.object.name === 'Math' && MATH_CONSTANTS.has(name))
        return { v: L.b.const('f64', (Math as any)[name]), k: 'wf' }
      if (node.object.name === 'Number' && NUMBER_CONSTANTS.has(name))
        return { v: L.b.const('f64', (Number as any)[name]), k: 'wf' }
    }
    const owner = L.resolve(node.object)
    if (owner?.is === 'array') {
      const buffer = L.buffers[owner.buffer]
      if (name === 'length') {
        if (buffer.length !== undefined) return L.number(buffer.length)
        return { v: L.b.op('length', 'i32', [], owner.buffer), k: 'i32' }
      }
      if (name === 'BYTES_PER_ELEMENT') return L.number(ELEMENT_BYTES[buffer.element])
      L.unsupported(node, `.${name} of an array`, 'A kernel reads elements, x[i], and x.length.')
    }
    if (owner?.is === 'view') {
      if (name === 'offset') return owner.offset ?? L.number(0)
      L.unsupported(node, `.${name} of a view`, 'A view has data, shape, strides and offset.')
    }
    if (node.object.type === 'MemberExpression' && !node.object.computed) {
      const view = L.resolve(node.object.object)
      if (view?.is === 'view' && name === 'length') return L.number(view.shape.length)
    }
  } else {
    if (node.object.type === 'MemberExpression' && !node.object.computed) {
      const view = L.resolve(node.object.object)
      if (view?.is === 'view' && (node.object.property.name === 'shape' || node.object.property.name === 'strides')) {
        return viewPart(L, view, node)
      }
    }
    const array = arrayOf(L, node.object)
    return loadElement(L, array, node)
  }
  if (node.object.type === 'Identifier' && !L.lookup(node.object.name)) {
    if (node.object.name === 'Math' || node.object.name === 'Number')
      L.unsupported(node, L.text(node), `It is no number of ${node.object.name} that kernels know.`)
    L.unknown(node.object, node.object.name)
  }
  if (node.object.type === 'ThisExpression')
    L.unsupported(node, "'this' inside a kernel", 'Pass what it needs as arguments.')
  return L.unsupported(node, `${L.text(node)}`, 'This property is not part of the kernel language.')
}

function viewPart(L: Lowering, view: ViewRef, node: Tree): Typed {
  const parts = node.object.property.name === 'shape' ? view.shape : view.strides
  const d = lowerExpression(L, node.property).v
  if (d.op !== 'const')
    L.unsupported(node, `the dimension in ${L.text(node)} is not a constant`, 'Write shape[0], shape[1], …')
  const part = parts[Number(d.attr)]
  if (!part) L.unsupported(node, `${L.text(node)}: the view has ${parts.length} dimensions`, 'Dimensions count from 0.')
  return part
}

export function arrayOf(L: Lowering, node: Tree): ArrayRef {
  const found = L.resolve(node)
  if (found?.is === 'array') return found
  if (!found && node.type === 'Identifier') L.unknown(node, node.name)
  return L.mistyped(node, `'${L.text(node)}' is not an array`, 'Only typed arrays (and private arrays) have elements.')
}

function kindOf(element: Element): Kind {
  switch (element) {
    case 'f16':
    case 'bf16':
    case 'f32':
      return 'f32'
    case 'f64':
    case 'i64':
    case 'u64':
    case 'u32':
      return element
    default:
      return 'i32'
  }
}

export function loadElement(L: Lowering, array: ArrayRef, node: Tree): Typed {
  return loadAt(L, array, elementIndex(L, node), node)
}

export function elementIndex(L: Lowering, node: Tree): Value {
  return L.index(lowerExpression(L, node.property), node.property)
}

export function loadAt(L: Lowering, array: ArrayRef, index: Value, node: Tree): Typed {
  const { element, space } = L.buffers[array.buffer]
  L.b.loc = L.loc(node)
  const site = L.site(node, 'index', { buffer: array.buffer, ...(index.op === 'toindex' && { float: true }) })
  const k = kindOf(element)
  if (space === 'local') return { v: L.b.op('lload', IR_TYPE[k], [index], { buffer: array.buffer, element, site }), k }
  return { v: L.b.load(array.buffer, element, index, site), k }
}

/** The value that an array of this element type stores for `t`: what assigning to it does in JavaScript. */
export function stored(L: Lowering, t: Typed, element: Element, node: Tree): Value {
  if (element === 'i64' || element === 'u64') {
    if (!isBig(t.k))
      L.mistyped(node, `${KIND_NAME[t.k]} is stored in a ${arrayName(element)}`, 'Convert with BigInt(x).')
    return t.v
  }
  // Through a float32 a float64 would be rounded twice.
  const isHalf = element === 'f16' || element === 'bf16'
  if (isHalf && IR_TYPE[t.k] === 'f64') return roundToHalf(L.b, t.v, element)
  if (element === 'f64' || element === 'f32' || isHalf) return L.convert(t, element === 'f64' ? 'f64' : 'f32', node).v
  if (element === 'u8c') {
    const b = L.b
    if (isFloat(t.k) || t.k === 'wi') {
      // NaN gives 0: max(NaN, 0) by comparison.
      const v = t.v
      const low = b.op('pmax', v.type, [b.const(v.type, 0), v])
      const within = b.op('pmin', v.type, [b.const(v.type, 255), low])
      return b.cvt('ftosi', b.nearest(within), 'i32')
    }
    const v = L.convert(t, 'i32', node).v
    if (t.k === 'u32') return b.op('umin', 'i32', [v, b.const('i32', 255)])
    return b.op('smin', 'i32', [b.op('smax', 'i32', [v, b.const('i32', 0)]), b.const('i32', 255)])
  }
  return L.convert(t, 'i32', node).v
}

export function storeAt(L: Lowering, array: ArrayRef, index: Value, t: Typed, node: Tree): void {
  const { element, space } = L.buffers[array.buffer]
  const v = stored(L, t, element, node)
  L.b.loc = L.loc(node)
  const site = L.site(node, 'index', { buffer: array.buffer, ...(index.op === 'toindex' && { float: true }) })
  if (space === 'local') L.b.op('lstore', 'void', [index, v], { buffer: array.buffer, element, site })
  else L.b.store(array.buffer, element, index, v, site)
}

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

/** `x != null`, as compilers write `x ?? y` and `x?.y`: nothing in a kernel is null. */
function comparedWithNothing(L: Lowering, { operator, left, right }: Tree): Typed | undefined {
  const nothing = (n: Tree) =>
    (n.type === 'Literal' && n.value === null && n.raw === 'null') ||
    (n.type === 'UnaryExpression' && n.operator === 'void' && n.argument.type === 'Literal') ||
    (n.type === 'Identifier' && n.name === 'undefined' && !L.lookup('undefined'))
  if (!/^[!=]==?$/.test(operator) || nothing(left) === nothing(right)) return undefined
  const other: Tree = nothing(left) ? right : left
  if (!L.resolveAny(other)) lowerExpression(L, other)
  return L.bool(operator[0] === '!')
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

function logical(L: Lowering, node: Tree): Typed {
  return shortCircuit(L, node.operator, lowerExpression(L, node.left), node.left, node.right, node)
}

function shortCircuit(L: Lowering, operator: string, left: Typed, at: Tree, then: Tree, node: Tree): Typed {
  if (operator === '??') return left
  const and = operator === '&&'
  const right = () => L.inScope(() => lowerExpression(L, then))
  const cond = L.truth(left, at)
  return L.alternatives(
    cond,
    and ? right : () => left,
    and ? () => (left.k === 'bool' ? L.bool(false) : left) : right,
    node,
  )!
}

function unary(L: Lowering, node: Tree): Typed {
  const b = L.b
  if (node.operator === 'typeof' || node.operator === 'void' || node.operator === 'delete') {
    L.unsupported(node, `'${node.operator}' inside a kernel`, 'Kernels know numbers, booleans and BigInts.')
  }
  // The least int64 is written as the negative of what only a uint64 holds.
  if (node.operator === '-' && node.argument.type === 'Literal' && node.argument.bigint)
    return bigConstant(L, -BigInt(node.argument.bigint), node)
  const t = lowerExpression(L, node.argument)
  b.loc = L.loc(node)
  switch (node.operator) {
    case '-':
      if (isBig(t.k)) return { v: b.sub(b.const('i64', 0n), t.v), k: t.k }
      // A whole number stays whole: -0 matters to floats, and 0 written out is a literal.
      if (t.k === 'wi' && t.v.op === 'const')
        return t.v.attr === 0 ? { v: b.const('f64', -0), k: 'wf' } : { v: b.const('f64', -t.v.attr), k: 'wi' }
      if (isFloat(t.k) || t.k === 'wi') return { v: b.neg(t.v), k: t.k }
      return { v: b.sub(b.const('i32', 0), L.convert(t, 'i32', node).v), k: t.k === 'u32' ? 'u32' : 'i32' }
    case '+':
      if (isBig(t.k)) L.mistyped(node, '+ on a BigInt', 'Convert with Number(x).')
      return t.k === 'bool' ? L.convert(t, 'i32', node) : t
    case '!':
      return { v: b.not(L.truth(t, node.argument)), k: 'bool' }
    default:
      if (isBig(t.k)) return { v: b.not(t.v), k: t.k }
      return { v: b.not(L.convert(t, 'i32', node).v), k: 'i32' }
  }
}

/** What can be assigned to, with its index already evaluated (once, also for `x[f(i)] += 1`). */
interface Target {
  read: () => Typed
  write: (t: Typed) => void
}

export function target(L: Lowering, node: Tree): Target {
  if (node.type === 'Identifier') {
    const found = L.lookup(node.name)
    if (!found) L.unknown(node, node.name)
    if (found.is !== 'variable' || !found.mutable) {
      L.unsupported(
        node,
        `'${node.name}' is assigned`,
        found.is === 'variable'
          ? 'It is a constant; declare it with let.'
          : 'Only locals declared with let can be assigned; write results into an array.',
      )
    }
    return { read: () => L.read(found), write: t => L.assign(found, t, node) }
  }
  if (node.type === 'MemberExpression' && node.computed) {
    const array = arrayOf(L, node.object)
    const index = elementIndex(L, node)
    return { read: () => loadAt(L, array, index, node), write: t => storeAt(L, array, index, t, node) }
  }
  return L.unsupported(node, `an assignment to ${L.text(node)}`, 'Assign to a local or to an element: x[i] = …')
}

function assignment(L: Lowering, node: Tree): Typed {
  const operator: string = node.operator
  const t = target(L, node.left)
  if (operator === '&&=' || operator === '||=' || operator === '??=') {
    // Where JavaScript would not assign, the old value is written back.
    const value = shortCircuit(L, operator.slice(0, -1), t.read(), node.left, node.right, node)
    t.write(value)
    return value
  }
  if (operator === '=') {
    const value = lowerExpression(L, node.right)
    t.write(value)
    return value
  }
  const old = t.read()
  const value = binary(L, operator.slice(0, -1), old, lowerExpression(L, node.right), node)
  t.write(value)
  return value
}

function update(L: Lowering, node: Tree): Typed {
  const t = target(L, node.argument)
  const old = t.read()
  const one: Typed = isBig(old.k) ? { v: L.b.const('i64', 1n), k: 'wb' } : L.number(1)
  const value = binary(L, node.operator === '++' ? '+' : '-', old, one, node)
  t.write(value)
  return node.prefix ? value : old
}

/** `new Float32Array(8)` or `[1, 2, 3]`: a private array; undefined when the expression is neither. */
export function privateArray(L: Lowering, node: Tree, name: string): ArrayRef | undefined {
  const make = (element: Element, length: number): ArrayRef => {
    L.buffers.push({ name, element, space: 'local', length })
    return { is: 'array', buffer: L.buffers.length - 1 }
  }
  if (node.type === 'NewExpression' && node.callee.type === 'Identifier') {
    const element = elementOf(node.callee.name)
    if (!element)
      return L.unsupported(node, `new ${node.callee.name}`, 'Private arrays are typed arrays: new Float32Array(8).')
    const size = node.arguments[0]
    if (size?.type === 'ArrayExpression')
      return fill(
        L,
        make(element, size.elements.length),
        size.elements.map((e: Tree) => lowerExpression(L, e)),
        node,
      )
    const n = size ? lowerExpression(L, size).v : undefined
    if (n?.op !== 'const' || !Number.isInteger(Number(n.attr)) || n.attr < 0 || n.attr > 65536) {
      L.unsupported(
        node,
        `the size in ${L.text(node)} is not a constant from 0 to 65536`,
        'Private arrays have a fixed size; give it in use.',
      )
    }
    const array = make(element, Number(n.attr))
    // An iteration starts with zeros; in a loop each round makes the array anew.
    if (L.loops > 0) zero(L, array, node)
    return array
  }
  if (node.type === 'ArrayExpression') {
    const values = (node.elements as Tree[]).map(e => {
      if (!e || e.type === 'SpreadElement')
        return L.unsupported(node, 'a hole or a spread in an array', 'Write the elements out.')
      return lowerExpression(L, e)
    })
    if (values.length === 0) L.unsupported(node, 'an empty array', 'Give it a size: new Float32Array(8).')
    let k: Kind = values[0].k
    for (const t of values)
      k = join(k, t.k, L.options.float) ?? L.mistyped(node, 'BigInts and numbers in one array', 'Use one of them.')
    const element: Element =
      k === 'wi' || k === 'bool' ? 'i32' : k === 'wf' ? L.options.float : k === 'wb' ? 'i64' : (k as Element)
    return fill(L, make(element, values.length), values, node)
  }
  return undefined
}

function fill(L: Lowering, array: ArrayRef, values: Typed[], node: Tree): ArrayRef {
  values.forEach((t, i) => storeAt(L, array, L.b.const('i32', i), t, node))
  return array
}

function zero(L: Lowering, array: ArrayRef, node: Tree): void {
  const { length = 0, element } = L.buffers[array.buffer]
  const zeroOf: Typed = element === 'i64' || element === 'u64' ? { v: L.b.const('i64', 0n), k: 'wb' } : L.number(0)
  const put = (i: Value) => storeAt(L, array, i, zeroOf, node)
  if (length <= 16) for (let i = 0; i < length; i++) put(L.b.const('i32', i))
  else {
    L.b.loop(
      [L.b.const('i32', 0)],
      ([i]) => L.b.slt(i, length),
      ([i]) => (put(i), [L.b.add(i, 1)]),
      ['zero'],
    )
  }
}
