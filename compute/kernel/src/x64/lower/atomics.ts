/** Atomic operations: each active lane by itself, in the order of lanes. */

import { ELEMENT_BYTES, type Element, type Type, type Value } from '../../ir/ir.ts'
import type { Access } from '../../lanes/accesses.ts'
import { isUniform, isVarying } from '../../lanes/shape.ts'
import { gpr, type Memory, type Register } from '../encode/operands.ts'
import { view } from '../machine/code.ts'
import { memoryAt, widthOfElement } from './contiguous.ts'
import { checkLanes, checkScalar, elementAt } from './memory.ts'
import type { Operands } from './operands.ts'
import { emitScalar } from './scalar.ts'
import { emitTally } from './tallies.ts'
import { widthOf } from './target.ts'

export function emitAtomic(E: Operands, v: Value): void {
  const { code } = E
  const a = v.attr as Access & { readonly kind: string }
  if (E.options.tallies.some(({ buffer }) => buffer === a.buffer)) {
    E.note(v, 'in copies of each thread')
    return emitTally(E, v)
  }
  E.note(v, 'lane by lane')
  const [index, ...values] = v.args
  const isRead = E.uses.isRead(v)
  const update = (i: Register, operands: readonly Register[]) =>
    atomicUpdate(E, a.kind, a.element, memoryAt(elementAt(E, a, i)), operands, isRead)
  const length = E.frame.length(a.buffer)
  if (E.lanes === 1) {
    const i = E.scalar(index)
    checkScalar(E, a, i, length)
    const old = update(
      i,
      values.map(x => E.scalar(x)),
    )
    if (old) E.finishScalar(v, old)
    return
  }
  if (isVarying(E.shapes.of(index))) checkLanes(E, a, index, length)
  const width = widthOfElement(a.element)
  const isOne = (x: Value) => x.op === 'const' || isUniform(E.shapes.of(x))
  const slots = v.args.map(x => {
    if (isOne(x)) return undefined
    const slot = E.laneSlot(widthOf(x.type))
    E.partsToStack(x, slot, widthOf(x.type))
    return slot
  })
  const lane = (x: Value, k: number, l: number) => {
    const slot = slots[k]
    return slot ? E.laneFromStack(x.type, slot, l, widthOf(x.type)) : E.scalar(x)
  }
  const out = isRead ? E.laneSlot(width) : undefined
  E.eachActive(l => {
    const i = lane(index, 0, l)
    if (!isVarying(E.shapes.of(index))) checkScalar(E, a, i, length)
    const old = update(
      i,
      values.map((x, k) => lane(x, k + 1, l)),
    )
    if (out && old) E.laneToStack(v.type, old, out, l, width)
  })
  if (out) E.set(v, { parts: E.partsFromStack(v.type, out, width) })
  else code.loc = v.loc
}

const floatOf = (element: Element): 'f32' | 'f64' | undefined =>
  element === 'f32' || element === 'f64' ? element : undefined

/** A float's bits as a whole number. */
function bitsOf(E: Operands, value: Register, element: Element): Register {
  if (!floatOf(element)) return value
  const bits = E.code.gpr(element === 'f64' ? 64 : 32)
  E.code.vector(element === 'f64' ? 'vmovq' : 'vmovd', [bits, view(value, 128)])
  return bits
}

function ofBits(E: Operands, bits: Register, element: Element): Register {
  if (!floatOf(element)) return bits
  const value = E.code.register(128)
  E.code.vector(element === 'f64' ? 'vmovq' : 'vmovd', [value, bits])
  return value
}

/**
 * Changes an element.
 *
 * @param operands a value, and what is expected where it is exchanged only then
 * @returns what it was, where that is wanted
 */
export function atomicUpdate(
  E: Operands,
  kind: string,
  element: Element,
  at: Memory,
  operands: readonly Register[],
  isRead: boolean,
): Register | undefined {
  const { code } = E
  const bits = ELEMENT_BYTES[element] === 8 ? 64 : 32
  const [value, expected] = operands
  const float = floatOf(element)
  const copy = (of: Register) => {
    const to = code.gpr(bits)
    code.general('mov', [to, of])
    return to
  }
  if (kind === 'exchange') {
    const old = copy(bitsOf(E, value, element))
    code.general('xchg', [at, old])
    return ofBits(E, old, element)
  }
  const rax = gpr[bits][0]
  if (kind === 'compareExchange') {
    code.general('mov', [rax, bitsOf(E, expected, element)])
    code.general('lock_cmpxchg', [at, bitsOf(E, value, element)])
    return ofBits(E, copy(rax), element)
  }
  if (!float && (kind === 'add' || kind === 'sub')) {
    const old = copy(value)
    if (kind === 'sub') code.general('neg', [old])
    code.general('lock_xadd', [at, old])
    return old
  }
  if (!float && !isRead && (kind === 'and' || kind === 'or' || kind === 'xor')) {
    code.general(`lock_${kind}`, [at, value])
    return undefined
  }
  const type: Type = float ?? (bits === 64 ? 'i64' : 'i32')
  const op = kind === 'min' || kind === 'max' ? (float ? kind : `${element[0] === 'u' ? 'u' : 's'}${kind}`) : kind
  const old = code.gpr(bits)
  const again = code.label()
  code.general('mov', [old, at])
  code.inLoop(() => {
    code.bind(again)
    const next = combined(E, op, type, ofBits(E, old, element), value)
    const wanted = bitsOf(E, next, element)
    code.general('mov', [rax, old])
    code.general('lock_cmpxchg', [at, wanted])
    code.general('mov', [old, rax])
    code.jump(again, 'ne')
  })
  return ofBits(E, old, element)
}

/** An operation of two scalars that stands in no body. */
export function combined(E: Operands, op: string, type: Type, a: Register, b: Register): Register {
  const operand = (id: number) =>
    ({ id, op: 'arg', type, args: [], attr: 0, loc: undefined, regions: undefined }) as Value
  const v = { ...operand(-1), op, args: [operand(-2), operand(-3)] }
  return emitScalar(v, i => (i === 0 ? a : b), E)
}
