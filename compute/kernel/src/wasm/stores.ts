/** Stores: uniform, of a fixed step, scattered; under a mask only what is active. */
import { ELEMENT_BYTES, type Element, type Value } from '../ir/ir.ts'
import type { Access } from '../lanes/accesses.ts'
import { isUniform, isVarying } from '../lanes/shape.ts'
import { checkedIndex, checkScalar, isProved, laneScratch, slowLanes, wholeInRange } from './checks.ts'
import { type At, address, eachActive, pushIndexLane, scalarStore, stepOffset, stepPointer } from './elements.ts'
import { partWidth } from './lanes.ts'
import { loadContiguous } from './loads.ts'
import type { Operands, Rep } from './operands.ts'

export function store(E: Operands, v: Value): void {
  const a = v.attr as Access
  const [index, value] = v.args
  const { f } = E
  const step = E.shapes.of(index)
  if (isUniform(step) && isUniform(E.shapes.of(value))) {
    const push = () => E.pushScalar(index)
    if (!E.checked.has(v.id)) checkScalar(E, a, push)
    address(E, a.buffer, a.element, push)
    E.pushScalar(value)
    f.store(scalarStore(a.element))
    return
  }
  if (isVarying(step)) return scatter(E, v, a)
  if (isUniform(step)) {
    // All lanes write one element: the last active one is seen, as in a sequential loop.
    const base = E.temporary('i32')
    E.pushScalar(index)
    f.set(base)
    toScratch(E, a.element, value)
    return slowLanes(E, 'store', a, base, 0, () => E.pushBits(E.mask))
  }
  const base = E.rep(index).scalar!
  const slow = () => {
    toScratch(E, a.element, value)
    slowLanes(E, 'store', a, base, step, () => E.pushBits(E.mask))
  }
  if (E.mask && !(step === 1 && ownsStrip(E, a, index))) return slow()
  const proved = isProved(E, v)
  if (!proved) {
    wholeInRange(E, a, base, step)
    f.likely().if()
  }
  const at = stepPointer(E, v, a, step)
  if (step === 1) storeContiguous(E, a.element, value, at, E.mask)
  else {
    for (let lane = 0; lane < E.lanes; lane++) storeLane(E, a.element, value, lane, at(stepOffset(E, a, step, lane)))
  }
  if (!proved) {
    f.else()
    slow()
    f.end()
  }
}

/**
 * Whether the elements of a strip are written by this strip alone, so that lanes which are not active may be written back as
 * they were: the array's only accesses for writing have this one index, it holds every range index as a plain term, and no
 * other array overlaps it.
 */
function ownsStrip(E: Operands, a: Access, index: Value): boolean {
  if (E.options.overlap) return false
  const terms = new Set<number>()
  if (!linearIndices(index, terms) || terms.size !== E.ir.rank) return false
  return E.writesOf(a.buffer).every(w => w.op === 'store' && w.args[0] === index)
}

function linearIndices(v: Value, terms: Set<number>): boolean {
  switch (v.op) {
    case 'index':
      terms.add(v.attr)
      return true
    case 'add':
    case 'sub':
      return v.args.every(a => linearIndices(a, terms))
    case 'mul':
      return v.args.some(a => !dependsOnIndex(a)) && v.args.every(a => linearIndices(a, terms))
    default:
      return !dependsOnIndex(v)
  }
}

function dependsOnIndex(v: Value): boolean {
  return v.op === 'index' || v.op === 'arg' || v.op === 'result' || v.args.some(dependsOnIndex)
}

/** Pushes a value's lane and stores it at the address below it on the stack. */
export function storeLane(E: Operands, element: Element, value: Value, lane: number, offset: number): void {
  const { f } = E
  const bytes = ELEMENT_BYTES[element]
  if (value.op === 'const' || isUniform(E.shapes.of(value))) {
    E.pushScalarOrLane(value)
    f.store(scalarStore(element), offset)
    return
  }
  const perPart = 128 / partWidth(value)
  E.pushPart(value, Math.floor(lane / perPart))
  f.storeLane(`v128.store${bytes * 8}_lane`, (lane % perPart) * (bytes < 4 ? 4 / bytes : 1), offset)
}

function storeContiguous(E: Operands, element: Element, value: Value, at: At, mask: Rep | undefined): void {
  const { f } = E
  const bytes = ELEMENT_BYTES[element]
  const n = E.partCount(partWidth(value))
  const width = partWidth(value)
  let old: number[] | undefined
  if (mask) {
    old = Array.from({ length: n }, () => E.temporary('v128'))
    loadContiguous(E, value, element, at, old)
  }
  const part = (p: number) => {
    E.pushPart(value, p)
    if (!mask) return
    f.get(old![p])
    E.pushMaskPart(mask, p, width)
    f.op('v128.bitselect')
  }
  if (bytes >= 4) {
    for (let p = 0; p < n; p++) {
      const offset = at(p * 16)
      part(p)
      f.store('v128.store', offset, 2)
    }
    return
  }
  // The low bytes of each 32-bit lane, side by side.
  for (let p = 0; p < n; p += 2) {
    const single = p + 1 >= n
    const offset = at(p * 4 * bytes)
    part(p)
    if (single) part(p)
    else part(p + 1)
    if (bytes === 1) {
      f.shuffle([0, 4, 8, 12, 16, 20, 24, 28, 0, 0, 0, 0, 0, 0, 0, 0])
      f.storeLane(single ? 'v128.store32_lane' : 'v128.store64_lane', 0, offset, 0)
    } else {
      f.shuffle([0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29])
      if (single) f.storeLane('v128.store64_lane', 0, offset, 0)
      else f.store('v128.store', offset, 0)
    }
  }
}

function toScratch(E: Operands, element: Element, value: Value): void {
  const pointer = E.temporary(E.frame.memory64 ? 'i64' : 'i32')
  laneScratch(E)
  E.f.set(pointer)
  storeContiguous(E, element, value, offset => E.pushAddress(pointer, offset), undefined)
}

function scatter(E: Operands, v: Value, a: Access): void {
  const [, value] = v.args
  const index = checkedIndex(E, a, v.args[0], () => E.frame.pushLength(a.buffer))
  eachActive(E, lane => {
    address(E, a.buffer, a.element, () => pushIndexLane(E, index, lane))
    storeLane(E, a.element, value, lane, 0)
  })
}
