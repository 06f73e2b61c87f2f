/** Private arrays: element k of lane l at (k · lanes + l) · slot of the thread's scratch. */
import { ELEMENT_BYTES, type Element, type Value } from '../ir/ir.ts'
import type { Access } from '../lanes/accesses.ts'
import { isUniform } from '../lanes/shape.ts'
import { checkedIndex } from './checks.ts'
import { eachActive, pushIndexLane, SCALAR_LOAD, setParts, wide } from './elements.ts'
import { gatherPart } from './loads.ts'
import type { Operands } from './operands.ts'
import { wasmType } from './scalar.ts'
import { storeLane } from './stores.ts'

/** Private arrays keep elements of up to 4 bytes in 4. */
const slotOf = (e: Element): Element => (wide(e) || e === 'f32' ? e : 'i32')

export function privateAccess(E: Operands, v: Value): void {
  const { f, frame } = E
  const a = v.attr as Access
  const element = slotOf(a.element)
  const size = ELEMENT_BYTES[element]
  const { length } = E.ir.buffers[a.buffer]
  const index = v.args[0]
  const isLoad = v.op === 'lload'
  const at = frame.privateOffset(a.buffer)
  const add = frame.memory64 ? 'i64.add' : 'i32.add'
  /** Pushes scratch + index·lanes·size. */
  const slot = (push: () => void) => {
    push()
    f.i32(E.lanes * size).op('i32.mul')
    if (frame.memory64) f.op('i64.extend_i32_u')
    frame.pushScratch()
    f.op(add)
  }
  const step = E.shapes.of(index)
  if (index.op === 'const' || isUniform(step)) {
    const known = index.op === 'const' && index.attr >= 0 && index.attr < length!
    const push = () => E.pushScalar(index)
    if (!known && !E.options.unsafe) {
      push()
      f.i32(length!).op('i32.ge_u').unlikely().if()
      push()
      E.fail(a.site)
      f.end()
    }
    if (E.lanes === 1) {
      slot(push)
      if (isLoad) {
        f.load(SCALAR_LOAD[element], at)
        const l = f.local(wasmType(v.type))
        f.set(l)
        E.finishScalar(v, l)
      } else {
        E.pushScalar(v.args[1])
        f.store(SCALAR_LOAD[element].replace('load', 'store'), at)
      }
      return
    }
    const pointer = E.temporary(frame.memory64 ? 'i64' : 'i32')
    slot(push)
    f.set(pointer)
    const n = E.partCount(size === 8 ? 64 : 32)
    if (isLoad) {
      setParts(E, v, p => f.load('v128.load', E.pushAddress(pointer, at + p * 16), 2), n)
      return
    }
    const value = v.args[1]
    for (let p = 0; p < n; p++) {
      const offset = E.pushAddress(pointer, at + p * 16)
      E.pushPart(value, p)
      if (E.mask) {
        f.load('v128.load', E.pushAddress(pointer, at + p * 16), 2)
        E.pushMaskPart(E.mask, p, size === 8 ? 64 : 32)
        f.op('v128.bitselect')
      }
      f.store('v128.store', offset, 2)
    }
    return
  }
  const safe = checkedIndex(E, a, index, () => f.i32(length!))
  const perPart = size === 8 ? 2 : 4
  const pointer = E.temporary(frame.memory64 ? 'i64' : 'i32')
  const addressOf = (lane: number) => {
    slot(() => pushIndexLane(E, safe, lane))
    f.set(pointer)
    return E.pushAddress(pointer, at + lane * size)
  }
  if (isLoad) {
    setParts(E, v, p => gatherPart(E, element, p, addressOf, perPart), E.partCount(size === 8 ? 64 : 32))
    return
  }
  eachActive(E, lane => storeLane(E, element, v.args[1], lane, addressOf(lane)))
}
