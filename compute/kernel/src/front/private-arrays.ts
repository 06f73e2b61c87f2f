/** Arrays of an iteration's own, of a fixed size. */
import type { Element, Value } from '../ir/ir.ts'
import type { ArrayRef, Lowering } from './context.ts'
import { storeAt } from './elements.ts'
import { lowerExpression } from './expressions.ts'
import { join, type Kind, type Typed } from './kinds.ts'
import { elementOf } from './signature.ts'
import type { Tree } from './source.ts'

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
