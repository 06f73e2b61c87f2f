/**
 * Loads and stores, with their bounds checks.
 *
 * An index decides the access: uniform (one scalar), step 1 (whole vectors), anything else (gather, scatter). A strip of a fixed step is checked once, by its first lane; under a mask each lane
 * counts for itself, and those that are not active never touch memory.
 */

import { ELEMENT_BYTES, type Element, type Value } from '../../ir/ir.ts'
import { type Access, groupBuffers } from '../../lanes/accesses.ts'
import { isUniform, isVarying } from '../../lanes/shape.ts'
import { Memory, type Register } from '../encode/operands.ts'
import { view } from '../machine/code.ts'
import {
  type At,
  fetchAhead,
  hasMasked,
  laneWidthOf,
  loadElement,
  loadParts,
  memoryAt,
  storeElement,
  storePart,
  widthOfElement,
} from './contiguous.ts'
import { loadEverySecond, storeEverySecond, takesEverySecond } from './every-second.ts'
import { gatherPart, scatterPart } from './gather.ts'
import * as masks from './masks.ts'
import { lanesByWord, type Operands, type Place } from './operands.ts'

export function emitMemory(E: Operands, v: Value): void {
  switch (v.op) {
    case 'load':
      return load(E, v)
    case 'store':
      return store(E, v)
    default:
      return privateAccess(E, v)
  }
}

// Checks

/** The element of an array at an index of 32 bits that is in range. */
export function elementAt(E: Operands, { buffer, element }: Access, index: Register): At {
  const scale = ELEMENT_BYTES[element] as 1 | 2 | 4 | 8
  return { base: E.frame.array(buffer), index: view(index, 64), scale }
}

/** Fails if a scalar index is not below the length. */
export function checkScalar(E: Operands, a: Access, index: Register, length: Register | number): void {
  if (E.options.unsafe) return
  E.code.general('cmp', [index, length])
  E.failIf('ae', () => E.fail(a.site, index))
}

/** The lanes that are active and not below a length. */
function outside(E: Operands, index: Value, length: Register): Place {
  const { code, mask } = E
  const bits = E.bits(32)
  const limit = code.register(bits)
  if (E.target.isa === 'avx512') code.vector('vpbroadcastd', [limit, length])
  else {
    code.vector('vmovd', [view(limit, 128), length])
    code.vector('vpbroadcastd', [limit, view(limit, 128)])
  }
  const parts = Array.from({ length: E.partCount(32) }, (_, p) => {
    const i = E.part(index, p)
    if (E.target.isa === 'avx512') {
      const to = code.mask()
      // Not less than, unsigned: so negative ones are outside.
      code.vector('vpcmpud', [to, i, limit, 5], E.predicate(p, 32, false))
      return to
    }
    const most = code.register(bits)
    code.vector('vpmaxud', [most, i, limit])
    code.vector('vpcmpeqd', [most, most, i])
    return mask ? masks.and(E, most, E.maskPart(mask, p, 32)) : most
  })
  return { parts, width: 32 }
}

/** Fails with the index of the first of these lanes; there is one. */
function failFirst(E: Operands, a: Access, index: Value, lanes: Place): void {
  const { code } = E
  const slot = E.laneSlot(32)
  E.partsToStack(index, slot, 32)
  const first = code.gpr(64)
  const found = code.label()
  const groups = lanesByWord(E, lanes.parts, 32)
  for (const { first: from, parts } of groups) {
    const bits = view(masks.bits(E, { parts: parts!, width: 32 }), 64)
    code.general('tzcnt', [first, bits])
    if (from > 0) code.general('add', [first, from])
    if (groups.length === 1) continue
    code.general('test', [bits, bits])
    code.jump(found, 'ne')
  }
  code.bind(found)
  const address = code.gpr(64)
  code.general('lea', [address, slot.memory()])
  const failed = code.gpr(32)
  code.general('mov', [failed, new Memory({ base: address, index: first, scale: 4 })])
  E.fail(a.site, failed)
}

/** Fails if an active lane of an index is not below a length. */
export function checkLanes(E: Operands, a: Access, index: Value, length: Register): void {
  if (E.options.unsafe) return
  const lanes = outside(E, index, length)
  const condition = masks.jumpIfAny(E, lanes.parts!, 32, false)
  const settle = E.unsettled.get(index.id)
  if (settle === undefined) return E.failIf(condition, () => failFirst(E, a, index, lanes))
  const { code } = E
  const [some, back] = [code.label(), code.label()]
  code.jump(some, condition)
  code.cold(() => {
    code.bind(some)
    settle()
    const settled = outside(E, index, length)
    E.failIf(masks.jumpIfAny(E, settled.parts!, 32, false), () => failFirst(E, a, index, settled))
    code.jump(back)
  })
  code.bind(back)
}

/**
 * Checks lanes of a fixed step. All of them at once by the first; if that fails, some lane is out of range, which matters where it is active.
 */
function checkStrip(E: Operands, a: Access, index: Value, step: number): void {
  const { code, frame } = E
  const base = E.scalar(index)
  const [some, back] = [code.label(), code.label()]
  if (step === 1) {
    code.general('cmp', [base, frame.limit([a.buffer], E.lanes)])
    code.jump(some, 'ae')
  } else {
    const length = frame.length(a.buffer)
    code.general('cmp', [base, length])
    code.jump(some, 'ae')
    // The last lane's index in 64 bits: it must not wrap into range.
    const last = code.gpr(64)
    code.general('movsxd', [last, base])
    code.general('add', [last, (E.lanes - 1) * step])
    const most = code.gpr(64)
    code.general('mov', [view(most, 32), length])
    code.general('cmp', [last, most])
    code.jump(some, 'ae')
  }
  code.cold(() => {
    code.bind(some)
    checkLanes(E, a, index, frame.length(a.buffer))
    code.jump(back)
  })
  code.bind(back)
}

/** Checks a group against its shortest array; only if that fails each access is looked at. False: not done. */
export function checkTogether(E: Operands, group: readonly Value[]): boolean {
  const { code, frame } = E
  const [index] = group[0].args
  const step = E.shapes.of(index)
  const buffers = groupBuffers(group)
  const [some, back] = [code.label(), code.label()]
  if (isUniform(step)) {
    const i = E.scalar(index)
    // Of one array the first access fails, or none does.
    if (buffers.length === 1) {
      checkScalar(E, group[0].attr, i, frame.length(buffers[0]))
      return true
    }
    code.general('cmp', [i, frame.limit(buffers, 1)])
    code.jump(some, 'ae')
    code.cold(() => {
      code.bind(some)
      for (const v of group) checkScalar(E, v.attr, i, frame.length(v.attr.buffer))
      code.jump(back)
    })
    code.bind(back)
    return true
  }
  if (step !== 1) return false
  code.general('cmp', [E.scalar(index), frame.limit(buffers, E.lanes)])
  code.jump(some, 'ae')
  code.cold(() => {
    code.bind(some)
    for (const v of group) checkLanes(E, v.attr, index, frame.length(v.attr.buffer))
    code.jump(back)
  })
  code.bind(back)
  return true
}

const isChecked = (E: Operands, v: Value): boolean => E.options.unsafe || E.checked.has(v.id)

/** The address of a strip's first lane. Under a mask it may lie before the array, or behind it. */
function stripAt(E: Operands, a: Access, index: Value): At {
  const base = E.scalar(index)
  if (!E.mask) return elementAt(E, a, base)
  const signed = E.code.gpr(64)
  E.code.general('movsxd', [signed, base])
  return elementAt(E, a, signed)
}

// Loads

function load(E: Operands, v: Value): void {
  const a = v.attr as Access
  const [index] = v.args
  const step = E.shapes.of(index)
  if (isUniform(step)) return loadUniform(E, v, a)
  if (!isChecked(E, v)) {
    if (isVarying(step)) checkLanes(E, a, index, E.frame.length(a.buffer))
    else checkStrip(E, a, index, step)
  }
  const { mask } = E
  const isContiguous = step === 1
  if (takesEverySecond(E, a.element, step as number)) {
    E.note(v, 'every second one')
    return E.set(v, { parts: loadEverySecond(E, a.element, stripAt(E, a, index)) })
  }
  E.note(v, isContiguous ? 'contiguous' : `gathered${strideOf(step)}`)
  if (isContiguous && mask && !hasMasked(E, a.element)) return loadSmall(E, v, a, index)
  if (isContiguous) {
    const at = stripAt(E, a, index)
    const { ahead } = E.options
    if (ahead?.loads.has(v) && !mask) fetchAhead(E, a.element, at, ahead)
    return E.set(v, { parts: loadParts(E, a.element, at, mask) })
  }
  const base = E.frame.array(a.buffer)
  E.set(v, {
    parts: Array.from({ length: E.partCount(widthOfElement(a.element)) }, (_, p) =>
      gatherPart(E, a, { base }, lanesPart(E, index), p),
    ),
  })
}

/**
 * AVX2 has no masked loads of one and two bytes. Where all lanes are in range they are all read, whichever are active; where not, the active ones in turn.
 */
function loadSmall(E: Operands, v: Value, a: Access, index: Value): void {
  const { code, frame } = E
  const base = E.scalar(index)
  const [some, back] = [code.label(), code.label()]
  code.general('cmp', [base, frame.limit([a.buffer], E.lanes)])
  code.jump(some, 'ae')
  const parts = loadParts(E, a.element, elementAt(E, a, base), undefined)
  code.cold(() => {
    code.bind(some)
    const width = laneWidthOf(E, a.element)
    const slot = E.laneSlot(width)
    E.eachActiveInTurn(lane => {
      const i = code.gpr(32)
      code.general('lea', [i, new Memory({ base: view(base, 64), index: lane, scale: 1 })])
      const element = loadElement(E, a.element, memoryAt(elementAt(E, a, i)))
      const to = slot.element(lane, width / 8)
      if (a.element === 'f16') code.vector('vmovss', [to, element])
      else code.general('mov', [to, view(element, width)])
    })
    for (const [p, part] of parts.entries()) code.vector('vmovups', [part, slot.memory((p * E.bits(width)) / 8)])
    code.jump(back)
  })
  code.bind(back)
  E.set(v, { parts })
}

const strideOf = (step: number): string => (isVarying(step) ? '' : ` in steps of ${step}`)

/** Part p of an index. */
const lanesPart = (E: Operands, index: Value) => (p: number) => E.part(index, p)

function loadUniform(E: Operands, v: Value, a: Access): void {
  const { code } = E
  const [index] = v.args
  const i = E.scalar(index)
  if (!isChecked(E, v)) checkScalar(E, a, i, E.frame.length(a.buffer))
  E.note(v, E.lanes > 1 && E.uses.byLanes(v) ? 'broadcast' : 'scalar')
  const from = memoryAt(elementAt(E, a, i))
  const bytes = ELEMENT_BYTES[a.element]
  if (E.lanes > 1 && E.uses.byLanes(v) && !E.uses.byScalars(v) && bytes >= 4) {
    const to = code.register(E.target.bits)
    code.vector(bytes === 8 ? 'vbroadcastsd' : 'vbroadcastss', [to, from])
    return E.set(v, { parts: [to], alike: true })
  }
  E.finishScalar(v, loadElement(E, a.element, from))
}

// Stores

function store(E: Operands, v: Value): void {
  const a = v.attr as Access
  const [index, value] = v.args
  const step = E.shapes.of(index)
  if (isUniform(step)) {
    const i = E.scalar(index)
    if (!isChecked(E, v)) checkScalar(E, a, i, E.frame.length(a.buffer))
    const to = memoryAt(elementAt(E, a, i))
    E.note(v, isUniform(E.shapes.of(value)) ? 'scalar' : 'scalar, of the last lane')
    if (isUniform(E.shapes.of(value))) return storeElement(E, a.element, to, E.scalar(value))
    return storeLast(E, a.element, to, value)
  }
  if (!isChecked(E, v)) {
    if (isVarying(step)) checkLanes(E, a, index, E.frame.length(a.buffer))
    else checkStrip(E, a, index, step)
  }
  const { mask } = E
  const width = laneWidthOf(E, a.element)
  const isContiguous = step === 1 && (!mask || hasMasked(E, a.element))
  const past = v === E.past
  if (takesEverySecond(E, a.element, step as number)) {
    E.note(v, 'every second one')
    return storeEverySecond(E, a.element, stripAt(E, a, index), p => E.part(value, p, width))
  }
  E.note(
    v,
    isContiguous
      ? past
        ? 'contiguous, past the caches'
        : 'contiguous'
      : `${hasScatter(E, a.element) ? 'scattered' : 'lane by lane'}${strideOf(step)}`,
  )
  if (isContiguous) {
    const at = stripAt(E, a, index)
    for (let p = 0; p < E.partCount(width); p++) storePart(E, a.element, at, p, E.part(value, p, width), mask, past)
    return
  }
  scatter(E, a.element, { base: E.frame.array(a.buffer) }, index, value)
}

/** All lanes write one element: the last active one is seen, as in a sequential loop. */
function storeLast(E: Operands, element: Element, to: Memory, value: Value): void {
  const { code } = E
  const width = widthOfElement(element)
  const slot = E.laneSlot(width)
  E.partsToStack(value, slot, width)
  const type = value.type
  if (!E.mask) return storeElement(E, element, to, E.laneFromStack(type, slot, E.lanes - 1, width))
  const last = code.gpr(64)
  code.general('lzcnt', [last, view(masks.bits(E, E.mask), 64)])
  code.general('xor', [last, 63])
  const address = code.gpr(64)
  code.general('lea', [address, slot.memory()])
  const from = new Memory({ base: address, index: last, scale: (width / 8) as 4 | 8 })
  const scalar = E.scalarRegister(type)
  if (type === 'f32' || type === 'f64') code.vector(type === 'f32' ? 'vmovss' : 'vmovsd', [scalar, from])
  else code.general('mov', [scalar, from])
  storeElement(E, element, to, scalar)
}

const hasScatter = (E: Operands, element: Element): boolean => E.target.isa === 'avx512' && ELEMENT_BYTES[element] >= 4

/** Each active lane to an element of its own, in the order of lanes. */
function scatter(E: Operands, element: Element, at: At, index: Value, value: Value): void {
  const width = laneWidthOf(E, element)
  if (hasScatter(E, element)) {
    for (let p = 0; p < E.partCount(width); p++)
      scatterPart(E, element, at, lanesPart(E, index), p, E.part(value, p, width))
    return
  }
  const { code } = E
  const [indices, values] = [E.laneSlot(32), E.laneSlot(width)]
  E.partsToStack(index, indices, 32)
  E.partsToStack(value, values, width)
  const one = (lane: number | Register) => {
    const i = code.gpr(64)
    code.general('movsxd', [i, indices.element(lane, 4)])
    const to = memoryAt({ ...at, index: i, scale: ELEMENT_BYTES[element] as 1 })
    storeElement(E, element, to, E.laneFromStack(value.type, values, lane, width))
  }
  if (E.word < 32) E.eachActiveInTurn(one)
  else E.eachActive(one)
}

// Private arrays: element k of lane l at (k · lanes + l) · slot

function privateAccess(E: Operands, v: Value): void {
  const { code } = E
  const a = v.attr as Access
  const bytes = ELEMENT_BYTES[a.element]
  const { length } = E.ir.buffers[a.buffer]
  const [index, value] = v.args
  const { base, offset } = E.frame.privateArray(a.buffer)
  const isLoad = v.op === 'lload'
  if (isUniform(E.shapes.of(index))) {
    const i = E.scalar(index)
    const isKnown = index.op === 'const' && index.attr >= 0 && index.attr < length!
    if (!isKnown) checkScalar(E, a, i, length!)
    const row = code.gpr(32)
    code.general('imul', [row, i, E.lanes * bytes])
    const at: At = { base, index: view(row, 64), scale: 1, disp: offset }
    if (E.lanes === 1) {
      if (isLoad) E.finishScalar(v, loadElement(E, a.element, memoryAt(at)))
      else storeElement(E, a.element, memoryAt(at), E.scalar(value))
      return
    }
    // Each lane has room of its own: all may be read.
    if (isLoad) return E.set(v, { parts: loadParts(E, a.element, at, undefined) })
    const width = widthOfElement(a.element)
    for (let p = 0; p < E.partCount(width); p++) storePart(E, a.element, at, p, E.part(value, p, width), E.mask)
    return
  }
  if (!E.options.unsafe) {
    const most = code.gpr(32)
    code.general('mov', [most, length!])
    checkLanes(E, a, index, most)
  }
  const lanes = (p: number) => {
    const bits = E.bits(32)
    const to = code.register(bits)
    code.vector('vpmulld', [to, E.part(index, p), E.spread('i32', E.lanes, bits)])
    code.vector('vpaddd', [to, to, E.steps(1, p * E.perPart(32), bits)])
    return to
  }
  const at: At = { base, disp: offset }
  const width = widthOfElement(a.element)
  if (isLoad) {
    const parts = Array.from({ length: E.partCount(width) }, (_, p) => gatherPart(E, a, at, lanes, p))
    return E.set(v, { parts })
  }
  if (E.target.isa === 'avx512') {
    for (let p = 0; p < E.partCount(width); p++) scatterPart(E, a.element, at, lanes, p, E.part(value, p, width))
    return
  }
  const [indices, values] = [E.laneSlot(32), E.laneSlot(width)]
  for (let p = 0; p < E.partCount(32); p++) code.vector('vmovups', [indices.memory((p * E.bits(32)) / 8), lanes(p)])
  E.partsToStack(value, values, width)
  E.eachActive(lane => {
    const i = code.gpr(64)
    code.general('movsxd', [i, indices.memory(4 * lane)])
    const to = memoryAt({ ...at, index: i, scale: bytes as 4 | 8 })
    storeElement(E, a.element, to, E.laneFromStack(value.type, values, lane, width))
  })
}
