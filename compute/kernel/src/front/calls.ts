/** Calls: Math, helpers (inlined), atomics, randomness, conversions, assert, console.log. */
import type { Element, Type, Value } from '../ir/ir.ts'
import type { FunctionRef, Lowering } from './context.ts'
import { arrayOf, stored } from './elements.ts'
import { lowerExpression } from './expressions.ts'
import { roundToHalf } from './half.ts'
import { INTRINSICS } from './intrinsics.ts'
import { IR_TYPE, isBig, isFloat, isWeak, join, KIND_NAME, type Kind, type Typed } from './kinds.ts'
import { meetExactly } from './operators.ts'
import { uniformRandom } from './random.ts'
import { arrayName } from './signature.ts'
import type { Tree } from './source.ts'

/** Functions of Math with one or two float arguments that the math library computes. */
const LIBRARY: Record<string, number> = {
  sin: 1,
  cos: 1,
  tan: 1,
  asin: 1,
  acos: 1,
  atan: 1,
  atan2: 2,
  sinh: 1,
  cosh: 1,
  tanh: 1,
  asinh: 1,
  acosh: 1,
  atanh: 1,
  exp: 1,
  expm1: 1,
  log: 1,
  log2: 1,
  log10: 1,
  log1p: 1,
  pow: 2,
  cbrt: 1,
  round: 1,
  sign: 1,
}
/** Functions that are one operation of every backend. */
const DIRECT = new Set(['sqrt', 'floor', 'ceil', 'trunc'])
/** Of an integer these are the integer. */
const ROUNDINGS = new Set(['floor', 'ceil', 'trunc', 'round'])

/** Each call of a helper is a copy of it. */
const MAX_CALLS = 4000

export function lowerCall(L: Lowering, node: Tree): Typed | undefined {
  let callee: Tree = L.imported(node.callee)
  if (callee.type === 'MemberExpression') callee = { ...callee, object: L.imported(callee.object) } as Tree
  if (node.optional) L.unsupported(node, 'an optional call', 'Call the function.')
  if ((node.arguments as Tree[]).some(a => a.type === 'SpreadElement'))
    L.unsupported(node, 'a spread argument', 'Write the arguments out.')
  if (callee.type === 'ArrowFunctionExpression' || callee.type === 'FunctionExpression') {
    // Called where it stands.
    const { params, body } = callee
    return inline(L, { is: 'function', params, body, scope: L.scope, unit: L.frame.unit, name: 'a function' }, node)
  }
  const found = L.resolve(callee)
  if (found?.is === 'function') return inline(L, found, node)
  if (found?.is === 'constant') {
    const name = INTRINSICS.get(found.value)
    if (name) return intrinsic(L, name, node)
    L.unsupported(node, `'${L.text(callee)}' is not a function`, 'Give functions in use.')
  }
  if (callee.type === 'Identifier' && !found) {
    switch (callee.name) {
      case 'random':
      case 'assert':
        return intrinsic(L, callee.name, node)
      case 'BigInt':
      case 'Number':
      case 'Boolean':
        return conversion(L, callee.name, node)
      case 'isNaN':
      case 'isFinite':
        return classify(L, callee.name, node)
    }
    // A minifier's name for esbuild's __name(helper, 'helper').
    const [first, second] = node.arguments as Tree[]
    if (second?.type === 'Literal' && typeof second.value === 'string' && L.resolve(first)?.is === 'function') return
    L.unknown(callee, callee.name)
  }
  if (callee.type === 'MemberExpression' && !callee.computed && callee.object.type === 'Identifier') {
    const owner = L.lookup(callee.object.name)
    const name: string = callee.property.name
    if (!owner || (owner.is === 'constant' && INTRINSICS.get(owner.value) === callee.object.name)) {
      switch (callee.object.name) {
        case 'Math':
          return math(L, name, node)
        case 'atomic':
          return intrinsic(L, `atomic.${name}`, node)
        case 'Number':
          return classify(L, name, node)
        case 'BigInt':
          return bigWidth(L, name, node)
        case 'console':
          return log(L, node)
      }
      if (!owner) L.unknown(callee.object, callee.object.name)
    }
    if (owner?.is === 'constant' && INTRINSICS.get(owner.value) === 'atomic')
      return intrinsic(L, `atomic.${name}`, node)
    if (owner?.is === 'array') L.unsupported(node, `.${name}() of an array`, 'A kernel handles one element: x[i].')
  }
  return L.unsupported(
    node,
    `a call of ${L.text(callee)}`,
    'A kernel calls Math.*, helpers given in use, and helpers declared in it.',
  )
}

function values(L: Lowering, node: Tree): Typed[] {
  return (node.arguments as Tree[]).map(a => lowerExpression(L, a))
}

function inline(L: Lowering, fn: FunctionRef, node: Tree): Typed | undefined {
  if (L.inlining.includes(fn.body)) {
    L.unsupported(
      node,
      `'${fn.name}' calls itself`,
      'Helpers are compiled into the kernel, so none may be recursive: write a loop.',
    )
  }
  if (L.calls >= MAX_CALLS) {
    L.unsupported(
      node,
      `more than ${MAX_CALLS} calls of helpers are compiled in`,
      'A helper that calls others twice doubles with each level: keep values in locals, or write a loop.',
    )
  }
  return L.rules.helper(L, fn, node)
}

/** Float operand(s) of a Math function: floats as they are, integers as the default float. */
function floats(L: Lowering, list: Typed[], node: Tree): { v: Value[]; k: Kind } {
  let k: Kind = list.length ? list[0].k : 'wf'
  for (const t of list) {
    if (isBig(t.k)) L.mistyped(node, `${L.text(node)} of ${KIND_NAME[t.k]}`, 'Convert with Number(x).')
    k = join(k, t.k, L.options.float)!
  }
  if (!isFloat(k)) k = isWeak(k) ? 'wf' : L.options.float
  return { v: list.map(t => L.convert(t, k, node).v), k }
}

function math(L: Lowering, name: string, node: Tree): Typed {
  const b = L.b
  const args = values(L, node)
  b.loc = L.loc(node)
  const need = (n: number) => {
    if (args.length !== n) L.mistyped(node, `Math.${name} with ${args.length} arguments`, `It takes ${n}.`)
  }
  if (Object.hasOwn(LIBRARY, name)) {
    need(LIBRARY[name])
    if (!isFloat(args[0].k) && args[0].k !== 'wi' && !isBig(args[0].k)) {
      if (ROUNDINGS.has(name)) return args[0]
      if (name === 'sign' && args[0].k === 'i32') {
        const x = args[0].v
        return { v: b.sub(b.cvt('booltoint', b.slt(0, x), 'i32'), b.cvt('booltoint', b.slt(x, 0), 'i32')), k: 'i32' }
      }
    }
    const { v, k } = floats(L, args, node)
    if (v.every(x => x.op === 'const'))
      return {
        v: b.const(v[0].type, (Math as any)[name](...v.map(x => x.attr))),
        k: name === 'round' && k === 'wf' ? 'wi' : k,
      }
    if (name === 'pow' && v[1].op === 'const' && v[1].attr === 2) return { v: b.mul(v[0], v[0]), k }
    return { v: b.op('math', v[0].type, v, name), k }
  }
  if (DIRECT.has(name)) {
    need(1)
    if (ROUNDINGS.has(name) && !isFloat(args[0].k) && !isBig(args[0].k)) return args[0]
    const { v, k } = floats(L, args, node)
    return { v: b.op(name, v[0].type, v), k }
  }
  switch (name) {
    case 'abs': {
      need(1)
      const t = args[0].k === 'bool' ? L.convert(args[0], 'i32', node) : args[0]
      if (isBig(t.k)) L.mistyped(node, 'Math.abs of a BigInt', 'Write x < 0n ? -x : x.')
      if (t.k === 'u32') return t
      return { v: b.abs(t.v), k: t.k }
    }
    case 'min':
    case 'max': {
      if (args.length === 0) return { v: b.const('f64', name === 'min' ? Infinity : -Infinity), k: 'wf' }
      let t = args[0]
      for (const next of args.slice(1)) {
        if (isBig(t.k) || isBig(next.k)) L.mistyped(node, `Math.${name} of BigInts`, 'Write a < b ? a : b.')
        const mixed = (t.k === 'i32' && next.k === 'u32') || (t.k === 'u32' && next.k === 'i32')
        // Exact, as comparisons are.
        const [p, q] = mixed ? [L.convert(t, 'f64', node), L.convert(next, 'f64', node)] : [t, next]
        const { x, y, k: kind } = meetExactly(L, p, q, node)
        const op = kind === 'i32' ? `s${name}` : kind === 'u32' ? `u${name}` : name
        t = { v: b.op(op, x.type, [x, y]), k: kind }
      }
      return t
    }
    case 'hypot': {
      const { v, k } = floats(L, args, node)
      if (v.length === 0) return L.number(0)
      if (v.length === 1) return { v: b.abs(v[0]), k }
      return { v: b.op('math', v[0].type, v, 'hypot'), k }
    }
    case 'fround':
      need(1)
      return L.convert(args[0], 'f32', node)
    case 'f16round':
      need(1)
      return { v: roundToHalf(L.b, L.convert(args[0], 'f64', node).v), k: 'f32' }
    case 'imul':
      need(2)
      return { v: b.mul(L.convert(args[0], 'i32', node).v, L.convert(args[1], 'i32', node).v), k: 'i32' }
    case 'clz32':
      need(1)
      return { v: b.op('clz', 'i32', [L.convert(args[0], 'i32', node).v]), k: 'i32' }
    case 'random':
      return L.unsupported(
        node,
        'Math.random()',
        'Its order would depend on threads: use random(seed, i), which gives the same numbers everywhere.',
      )
    default:
      return L.unsupported(node, `Math.${name}`, 'It is no function of Math that kernels know.')
  }
}

function conversion(L: Lowering, name: string, node: Tree): Typed {
  const [t] = values(L, node)
  if (!t) return L.unsupported(node, `${name}() without an argument`, 'Pass a value.')
  const b = L.b
  if (name === 'Boolean') return L.convert(t, 'bool', node)
  if (name === 'Number') {
    // A JavaScript number is a float64: this is how a float32 becomes one.
    if (t.k === 'f32') return L.convert(t, 'f64', node)
    if (!isBig(t.k)) return t.k === 'bool' ? L.convert(t, 'i32', node) : t
    return { v: b.cvt(t.k === 'u64' ? 'uitof' : 'sitof', t.v, 'f64'), k: 'f64' }
  }
  if (isBig(t.k)) return t
  if (t.k === 'wi' && t.v.op === 'const') return { v: b.const('i64', BigInt(t.v.attr)), k: 'wb' }
  if (t.k === 'u32') return { v: b.cvt('zext', t.v, 'i64'), k: 'i64' }
  if (t.k === 'i32' || t.k === 'bool') return { v: b.cvt('sext', L.convert(t, 'i32', node).v, 'i64'), k: 'i64' }
  return { v: b.cvt('ftosi', t.v, 'i64'), k: 'i64' }
}

function bigWidth(L: Lowering, name: string, node: Tree): Typed {
  const [bits, t] = values(L, node)
  const n = bits?.v.op === 'const' ? Number(bits.v.attr) : NaN
  if ((name !== 'asIntN' && name !== 'asUintN') || !(n >= 1 && n <= 64) || !t || !isBig(t.k)) {
    return L.unsupported(
      node,
      L.text(node),
      'Kernels know BigInt.asIntN(bits, x) and BigInt.asUintN(bits, x) with 1 to 64 constant bits.',
    )
  }
  const unsigned = name === 'asUintN'
  const k: Kind = unsigned ? 'u64' : 'i64'
  if (n === 64) return { v: t.v, k }
  const by = L.b.const('i64', BigInt(64 - n))
  return { v: L.b.op(unsigned ? 'ushr' : 'sshr', 'i64', [L.b.shl(t.v, by), by]), k }
}

function classify(L: Lowering, name: string, node: Tree): Typed {
  const [t] = values(L, node)
  const b = L.b
  if (!t || isBig(t.k)) return L.unsupported(node, L.text(node), 'Pass a number.')
  const float = isFloat(t.k) || t.k === 'wi'
  const x = t.v
  switch (name) {
    case 'isNaN':
      return float ? { v: b.ne(x, x), k: 'bool' } : L.bool(false)
    case 'isFinite':
      return float ? { v: b.lt(b.abs(x), b.const(x.type, Infinity)), k: 'bool' } : L.bool(true)
    case 'isInteger':
      return float
        ? { v: b.and(b.eq(b.trunc(x), x), b.lt(b.abs(x), b.const(x.type, Infinity))), k: 'bool' }
        : L.bool(true)
    case 'isSafeInteger':
      return float
        ? { v: b.and(b.eq(b.trunc(x), x), b.le(b.abs(x), b.const(x.type, Number.MAX_SAFE_INTEGER))), k: 'bool' }
        : L.bool(true)
    default:
      return L.unsupported(node, `Number.${name}`, 'Kernels know Number.isNaN, isFinite, isInteger and isSafeInteger.')
  }
}

const ATOMICS = new Set(['add', 'sub', 'min', 'max', 'and', 'or', 'xor', 'exchange', 'compareExchange'])

function intrinsic(L: Lowering, name: string, node: Tree): Typed | undefined {
  const b = L.b
  if (name === 'random') {
    const args = values(L, node)
    if (args.length < 2 || args.length > 3)
      L.mistyped(
        node,
        `random with ${args.length} arguments`,
        'Write random(seed, index) or random(seed, index, draw).',
      )
    return uniformRandom(L, args, node)
  }
  if (name === 'assert') {
    const [cond, message] = node.arguments as Tree[]
    if (!cond) L.mistyped(node, 'assert without a condition', "Write assert(condition, 'message').")
    const c = L.truth(lowerExpression(L, cond), cond)
    b.loc = L.loc(node)
    const text = message?.type === 'Literal' && typeof message.value === 'string' ? message.value : undefined
    b.op('assert', 'void', [c], L.site(cond, 'assert', { message: text }))
    return undefined
  }
  const kind = name.replace(/^atomic\./, '')
  if (!ATOMICS.has(kind)) L.unsupported(node, `atomic.${kind}`, `Kernels know atomic.${[...ATOMICS].join(', ')}.`)
  const [where, at, ...rest] = node.arguments as Tree[]
  if (rest.length !== (kind === 'compareExchange' ? 2 : 1)) {
    L.mistyped(
      node,
      `atomic.${kind} with ${node.arguments.length} arguments`,
      kind === 'compareExchange'
        ? 'Write atomic.compareExchange(array, index, expected, value).'
        : `Write atomic.${kind}(array, index, value).`,
    )
  }
  const array = arrayOf(L, where)
  const { element, space } = L.buffers[array.buffer]
  if (space === 'local')
    L.unsupported(node, 'an atomic operation on a private array', 'No other iteration sees it; assign to it.')
  if (!['i32', 'u32', 'i64', 'u64', 'f32', 'f64'].includes(element)) {
    L.mistyped(node, `atomic.${kind} on a ${arrayName(element)}`, 'Atomics work on 32- and 64-bit elements.')
  }
  const float = element[0] === 'f'
  if (float && ['and', 'or', 'xor'].includes(kind))
    L.mistyped(node, `atomic.${kind} on floats`, 'Use an integer array.')
  const index = L.index(lowerExpression(L, at), at)
  const given = rest.map(r => stored(L, lowerExpression(L, r), element, r))
  const [value, expected] = kind === 'compareExchange' ? [given[1], given[0]] : given
  const type: Type = value.type
  b.loc = L.loc(node)
  const v = b.op('atomic', type, expected ? [index, value, expected] : [index, value], {
    buffer: array.buffer,
    element: element as Element,
    site: L.site(node, 'index', { buffer: array.buffer }),
    kind,
  })
  const k = element as Kind
  return { v, k: IR_TYPE[k] === type ? k : 'i32' }
}

function log(L: Lowering, node: Tree): undefined {
  const labels: (string | null)[] = []
  const args: Value[] = []
  const piece = (e: Tree) => {
    if (e.type === 'Literal' && typeof e.value === 'string') labels.push(e.value)
    else if (e.type === 'TemplateLiteral') {
      ;(e.quasis as Tree[]).forEach((q, i) => {
        if (q.value.cooked) labels.push(q.value.cooked)
        if (e.expressions[i]) piece(e.expressions[i])
      })
    } else {
      labels.push(null)
      const t = lowerExpression(L, e)
      args.push(t.k === 'u32' ? L.convert(t, 'f64', e).v : t.v)
    }
  }
  ;(node.arguments as Tree[]).forEach((a, i) => {
    if (i) labels.push(' ')
    piece(a)
  })
  L.b.loc = L.loc(node)
  L.b.op('log', 'void', args, labels)
  return undefined
}
