/** Code of tallies: changes of a thread's own copies. `lanes/tallies.ts` says what they are. */

import type { Value } from '../../ir/ir.ts'
import { isUniform } from '../../lanes/shape.ts'
import { identity, isWide, KIND_OF, type Tally } from '../../lanes/tallies.ts'
import { Memory, type Operand, type Register } from '../encode/operands.ts'
import { type Code, view } from '../machine/code.ts'
import { bytesOf } from './constants.ts'
import * as masks from './masks.ts'
import { checkLanes, checkScalar } from './memory.ts'
import type { Operands, VectorBits } from './operands.ts'

/** Bytes of all copies of an element, as a power of two. */
export const copyShift = 4

/** An atomic operation on a tally, done in this thread's copies. */
export function emitTally(E: Operands, v: Value): void {
  const [index] = v.args
  if (E.lanes === 1) changeOne(E, v)
  else if (isUniform(E.shapes.of(index)) && vectorName(E, v)) changeTogether(E, v)
  else changeEach(E, v)
}

const bitsOf = (v: Value): 32 | 64 => (isWide(v.attr.element) ? 64 : 32)

/** The vector instruction that combines changes; AVX2 has none for the smaller and the larger of 64 bits. */
function vectorName(E: Operands, { attr: { kind, element } }: Value): string | undefined {
  const letter = isWide(element) ? 'q' : 'd'
  if (kind === 'add' || kind === 'sub') return `vpadd${letter}`
  if (kind !== 'min' && kind !== 'max') return `v${kind}ps`
  if (isWide(element) && E.target.isa !== 'avx512') return undefined
  return `vp${kind}${element[0] === 'u' ? 'u' : 's'}${letter}`
}

/** What a change adds, or a register: small numbers stand in the instruction. */
function operandOf(E: Operands, v: Value): Operand {
  const { op, attr } = v
  if (op === 'const' && -0x80000000 <= attr && attr <= 0x7fffffff) return Number(attr)
  return E.scalar(v)
}

/** Changes a copy in memory. */
function change(code: Code, { kind, element }: { kind: string; element: string }, at: Memory, value: Operand): void {
  const bits = isWide(element) ? 64 : 32
  if (kind !== 'min' && kind !== 'max') return code.general(kind, [at, value], bits)
  const old = code.gpr(bits)
  let by = value
  if (typeof value === 'number') code.general('mov', [(by = code.gpr(bits)), value])
  code.general('mov', [old, at])
  combine(code, kind, element, old, by as Register)
  code.general('mov', [at, old])
}

/** Sets a variable to the smaller, the larger and so on of it and another value. */
export function combine(code: Code, kind: string, element: string, to: Register, value: Register): void {
  if (kind !== 'min' && kind !== 'max') return code.general(kind, [to, value])
  const isUnsigned = element[0] === 'u'
  code.general('cmp', [to, value])
  code.general(`cmov${kind === 'min' ? (isUnsigned ? 'a' : 'g') : isUnsigned ? 'b' : 'l'}`, [to, value])
}

/** The copies of the element at an index that is in range. */
function copiesAt(E: Operands, v: Value, index: Register): Memory {
  const { code, frame } = E
  const offset = code.gpr(32)
  code.general('mov', [offset, index])
  code.general('shl', [offset, copyShift])
  return new Memory({ base: frame.array(v.attr.buffer), index: view(offset, 64), scale: 1 })
}

function changeOne(E: Operands, v: Value): void {
  const [index, value] = v.args
  const i = E.scalar(index)
  checkScalar(E, v.attr, i, E.frame.length(v.attr.buffer))
  change(E.code, v.attr, copiesAt(E, v, i), operandOf(E, value))
}

/** All lanes meet in one element: its copies are one vector, and so is what the parts of the values come to. */
function changeTogether(E: Operands, v: Value): void {
  const { code, mask } = E
  const { buffer, element, kind } = v.attr
  const [index, value] = v.args
  const i = E.scalar(index)
  checkScalar(E, v.attr, i, E.frame.length(buffer))
  const at = copiesAt(E, v, i)
  const width = bitsOf(v)
  const type = width === 64 ? 'i64' : 'i32'
  const name = vectorName(E, v)!
  const nothing = identity({ buffer, element, kind: KIND_OF[kind] })
  const both = (bits: VectorBits, a: Register, b: Register) => {
    const to = code.register(bits)
    code.vector(name, [to, a, b])
    return to
  }
  let parts = Array.from({ length: E.partCount(width) }, (_, p) => {
    const part = E.part(value, p, width)
    if (!mask) return part
    const none = E.spread(type, nothing, E.bits(width))
    return masks.select(E, type, E.maskPart(mask, p, width), part, none, width)
  })
  while (parts.length > 1) {
    const bits = E.bits(width)
    const halves = parts.slice(0, parts.length / 2)
    parts = halves.map((a, p) => both(bits, a, parts[p + halves.length]))
  }
  let [part] = parts
  while (part.bits > 128) {
    const half = (part.bits / 2) as 128 | 256
    const high = code.register(half)
    code.vector(half === 256 ? 'vextractf64x4' : 'vextractf128', [high, part, 1])
    part = both(half, view(part, half), high)
  }
  const old = code.register(128)
  code.vector('vmovups', [old, at])
  const sum = code.register(128)
  code.vector(kind === 'sub' ? name.replace('add', 'sub') : name, [sum, old, part])
  code.vector('vmovups', [at, sum])
}

/** Each lane at an element of its own, of which lanes take turns at the copies. The indices are checked and shifted together. */
function changeEach(E: Operands, v: Value): void {
  const { code, frame, mask } = E
  const { buffer } = v.attr
  const [index, value] = v.args
  const width = bitsOf(v)
  const length = frame.length(buffer)
  if (isUniform(E.shapes.of(index))) checkScalar(E, v.attr, E.scalar(index), length)
  else checkLanes(E, v.attr, index, length)
  const one = value.op === 'const' || isUniform(E.shapes.of(value)) ? operandOf(E, value) : undefined
  const values = one === undefined ? E.laneSlot(width) : undefined
  if (values) E.partsToStack(value, values, width)
  const base = frame.array(buffer)
  const bits = E.bits(32)
  for (let p = 0; p < E.partCount(32); p++) {
    let part = E.part(index, p)
    if (mask) {
      // Lanes that are not active change the element behind the last.
      const behind = code.register(bits)
      code.vector('vmovd', [view(behind, 128), length])
      code.vector('vpbroadcastd', [behind, view(behind, 128)])
      part = masks.select(E, 'i32', E.maskPart(mask, p, 32), part, behind, 32)
    }
    const offsets = code.register(bits)
    code.vector('vpslld', [offsets, part, copyShift])
    let lane = p * E.perPart(32)
    for (const offset of lanesOf(E, offsets)) {
      if (lane === E.lanes) break
      const copy = ((lane * width) / 8) & (2 ** copyShift - 1)
      const at = new Memory({ base, index: offset, scale: 1, disp: copy })
      change(code, v.attr, at, one ?? E.laneFromStack(value.type, values!, lane, width))
      lane++
    }
  }
}

/** The lanes of 32 bits of a vector, each in a register of 64, without a way through memory: that would be one more store. */
function* lanesOf(E: Operands, part: Register): Generator<Register> {
  const { code } = E
  for (let quarter = 0; quarter < part.bits / 128; quarter++) {
    const four = quarter === 0 ? view(part, 128) : code.register(128)
    if (quarter > 0) {
      const name = part.bits === 512 ? 'vextracti32x4' : 'vextracti128'
      code.vector(name, [four, part, quarter])
    }
    for (let lane = 0; lane < 4; lane++) {
      const one = code.gpr(32)
      if (lane === 0) code.vector('vmovd', [one, four])
      else code.vector('vpextrd', [one, four, lane])
      yield view(one, 64)
    }
  }
}

/** Fills a thread's copies, when it comes for the first time. @param copies where they are @param length of the array */
export function emitBegin(code: Code, t: Tally, copies: Register, length: Register, bits: 256 | 512): void {
  const [at, end] = [code.gpr(64), code.gpr(64)]
  const [next, filled] = [code.label(), code.label()]
  code.general('mov', [view(end, 32), length])
  code.general('shl', [end, copyShift])
  code.general('add', [end, copies])
  // Behind an element more, for lanes that are not active.
  const begun = new Memory({ base: end, disp: 2 ** copyShift })
  code.general('cmp', [begun, 0], 32)
  code.jump(filled, 'ne')
  const nothing = code.register(bits)
  const memory = code.constantMemory(bytesOf(isWide(t.element) ? 'i64' : 'i32', identity(t)))
  code.vector(isWide(t.element) ? 'vbroadcastsd' : 'vbroadcastss', [nothing, memory])
  code.general('mov', [at, copies])
  code.inLoop(() => {
    code.bind(next)
    // It may reach over the last element; there is room up to a cache line's end.
    code.vector('vmovups', [new Memory({ base: at }), nothing])
    code.general('add', [at, bits / 8])
    code.general('cmp', [at, end])
    code.jump(next, 'b')
  })
  code.general('mov', [begun, 1], 32)
  code.bind(filled)
}
