/** Loads: uniform, of a fixed step, gathered. */
import { ELEMENT_BYTES, type Element, type Value } from '../ir/ir.ts'
import type { Access } from '../lanes/accesses.ts'
import { isUniform, isVarying } from '../lanes/shape.ts'
import { checkedIndex, checkScalar, isProved, laneScratch, slowLanes, wholeInRange } from './checks.ts'
import { type At, address, pushIndexLane, SCALAR_LOAD, setParts, stepOffset, stepPointer, wide } from './elements.ts'
import { partWidth } from './lanes.ts'
import type { Operands } from './operands.ts'
import { wasmType } from './scalar.ts'

export function load(E: Operands, v: Value): void {
  const a = v.attr as Access
  const index = v.args[0]
  const step = E.shapes.of(index)
  if (isUniform(step)) return loadUniform(E, v, a)
  if (isVarying(step)) return gather(E, v, a)
  const { f, frame } = E
  const base = E.rep(index).scalar!
  const proved = isProved(E, v)
  if (step === 1) {
    if (proved) return loadContiguous(E, v, a.element, stepPointer(E, v, a, step))
    const pointer = E.temporary(frame.memory64 ? 'i64' : 'i32')
    wholeInRange(E, a, base, 1)
    f.likely().if(frame.memory64 ? 'i64' : 'i32')
    address(E, a.buffer, a.element, () => f.get(base))
    f.else()
    slowLanes(E, 'load', a, base, 1, () => E.pushBits(E.mask))
    laneScratch(E)
    f.end()
    f.set(pointer)
    return loadContiguous(E, v, a.element, offset => E.pushAddress(pointer, offset))
  }
  const parts = Array.from({ length: E.partCount(partWidth(v)) }, () => f.local('v128'))
  if (!proved) {
    wholeInRange(E, a, base, step)
    f.likely().if()
  }
  const at = stepPointer(E, v, a, step)
  const perPart = 128 / partWidth(v)
  parts.forEach((l, p) => {
    gatherPart(E, a.element, p, lane => at(stepOffset(E, a, step, lane)), perPart)
    f.set(l)
  })
  if (!proved) {
    f.else()
    slowLanes(E, 'load', a, base, step, () => E.pushBits(E.mask))
    const scratch = E.temporary(frame.memory64 ? 'i64' : 'i32')
    laneScratch(E)
    f.set(scratch)
    loadContiguous(E, v, a.element, offset => E.pushAddress(scratch, offset), parts)
    f.end()
  }
  E.set(v, { parts })
}

function loadUniform(E: Operands, v: Value, a: Access): void {
  const { f } = E
  const push = () => E.pushScalar(v.args[0])
  if (!E.checked.has(v.id)) checkScalar(E, a, push)
  address(E, a.buffer, a.element, push)
  const spread = E.lanes > 1 && E.uses.byLanes(v) && !E.uses.byScalars(v)
  if (spread && ELEMENT_BYTES[a.element] >= 4) {
    f.load(wide(a.element) ? 'v128.load64_splat' : 'v128.load32_splat')
    const l = f.local('v128')
    f.set(l)
    E.set(v, { parts: [l], alike: true })
    return
  }
  f.load(SCALAR_LOAD[a.element])
  const l = f.local(wasmType(v.type))
  f.set(l)
  E.finishScalar(v, l)
}

/** Loads lanes that lie side by side. */
export function loadContiguous(E: Operands, v: Value, element: Element, at: At, into?: number[]): void {
  const { f } = E
  const bytes = ELEMENT_BYTES[element]
  const n = E.partCount(partWidth(v))
  const parts = into ?? Array.from({ length: n }, () => f.local('v128'))
  const s = element === 'i8' || element === 'i16' ? 's' : 'u'
  if (bytes === 1 && n > 1) {
    const t = E.temporary('v128')
    for (let p = 0; p < n; p += 2) {
      f.load(`v128.load8x8_${s}`, at(p * 4), 0).tee(t)
      f.op(`i32x4.extend_low_i16x8_${s}`).set(parts[p])
      f.get(t)
        .op(`i32x4.extend_high_i16x8_${s}`)
        .set(parts[p + 1])
    }
  } else {
    for (let p = 0; p < n; p++) {
      const offset = at(p * 4 * Math.min(bytes, 4))
      if (bytes === 1)
        f.load('v128.load32_zero', offset, 0).op(`i16x8.extend_low_i8x16_${s}`).op(`i32x4.extend_low_i16x8_${s}`)
      else if (bytes === 2) f.load(`v128.load16x4_${s}`, offset, 0)
      else f.load('v128.load', offset, 2)
      f.set(parts[p])
    }
  }
  if (!into) E.set(v, { parts })
}

/** Pushes one part whose lanes come from single elements; `at` pushes an element's address and returns an offset to it. */
export function gatherPart(
  E: Operands,
  element: Element,
  p: number,
  at: (lane: number) => number,
  perPart: number,
): void {
  const { f } = E
  const bytes = ELEMENT_BYTES[element]
  for (let l = 0; l < perPart; l++) {
    const lane = p * perPart + l
    if (bytes >= 4) {
      const acc = E.temporary('v128')
      if (l) f.set(acc)
      const offset = at(lane)
      if (l === 0) f.load(bytes === 8 ? 'v128.load64_zero' : 'v128.load32_zero', offset)
      else f.get(acc).loadLane(bytes === 8 ? 'v128.load64_lane' : 'v128.load32_lane', l, offset)
    } else {
      f.load(SCALAR_LOAD[element], at(lane))
      if (l === 0) f.op('i32x4.splat')
      else f.laneOp('i32x4.replace_lane', l)
    }
  }
}

function gather(E: Operands, v: Value, a: Access): void {
  const index = checkedIndex(E, a, v.args[0], () => E.frame.pushLength(a.buffer))
  const perPart = 128 / partWidth(v)
  setParts(E, v, p =>
    gatherPart(E, a.element, p, lane => address(E, a.buffer, a.element, () => pushIndexLane(E, index, lane)), perPart),
  )
}
