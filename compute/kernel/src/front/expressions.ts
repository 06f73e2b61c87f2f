/** Expressions to IR. Evaluation order is JavaScript's. */
import type { Value } from '../ir/ir.ts'
import { ELEMENT_BYTES } from '../ir/ir.ts'
import type { ArrayRef, Binding, Lowering, ViewRef } from './context.ts'
import { arrayOf, loadAt, storeAt } from './elements.ts'
import { isBig, isFloat, type Typed } from './kinds.ts'
import { binary } from './operators.ts'
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

export function loadElement(L: Lowering, array: ArrayRef, node: Tree): Typed {
  return loadAt(L, array, elementIndex(L, node), node)
}

function elementIndex(L: Lowering, node: Tree): Value {
  return L.index(lowerExpression(L, node.property), node.property)
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
