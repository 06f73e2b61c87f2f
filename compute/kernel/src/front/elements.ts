/** Elements of arrays: what one is when it is read, and what assigning to one stores. */
import type { Element, Value } from '../ir/ir.ts'
import type { ArrayRef, Lowering } from './context.ts'
import { roundToHalf } from './half.ts'
import { IR_TYPE, isBig, isFloat, KIND_NAME, type Kind, type Typed } from './kinds.ts'
import { arrayName } from './signature.ts'
import type { Tree } from './source.ts'

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
