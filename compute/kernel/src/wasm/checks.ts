/** Bounds checks: of one index, of a strip of a fixed step by its first lane, of accesses at one index together, of each active lane. */
import type { Value } from '../ir/ir.ts'
import { type Access, groupBuffers } from '../lanes/accesses.ts'
import { isUniform } from '../lanes/shape.ts'
import type { Operands } from './operands.ts'

/** Checks a group against its shortest array; only if that fails each access is looked at. False: not done. */
export function checkTogether(E: Operands, group: Value[]): boolean {
  const { f, frame } = E
  const index = group[0].args[0]
  const step = E.shapes.of(index)
  const buffers = groupBuffers(group)
  if (isUniform(step)) {
    // Of one array the first access fails, or none does.
    if (buffers.length === 1) {
      checkScalar(E, group[0].attr, () => E.pushScalar(index))
      return true
    }
    E.pushScalar(index)
    frame.pushLeast(buffers, 1)
    f.op('i32.ge_u').unlikely().if()
    for (const v of group) checkScalar(E, v.attr, () => E.pushScalar(index))
    f.end()
    return true
  }
  if (step !== 1 || E.mask) return false
  const base = E.rep(index).scalar!
  f.get(base)
  frame.pushLeast(buffers, E.lanes)
  f.op('i32.ge_u').unlikely().if()
  for (const v of group) slowLanes(E, 'load', v.attr, base, 1, () => E.pushBits(undefined))
  f.end()
  return true
}

export function checkScalar(E: Operands, a: Access, push: () => void): void {
  if (E.options.unsafe) return
  const { f } = E
  push()
  E.frame.pushLength(a.buffer)
  f.op('i32.ge_u').unlikely().if()
  push()
  E.fail(a.site)
  f.end()
}

/** Whether all lanes of an access are known to be active and in range. */
export const isProved = (E: Operands, v: Value): boolean => !E.mask && (E.options.unsafe || E.checked.has(v.id))

/** Pushes whether the whole strip starting at `base` is in range. */
export function wholeInRange(E: Operands, a: Access, base: number, step: number): void {
  const { f, frame } = E
  f.get(base)
  if (step === 1) {
    frame.pushLimit(a.buffer, E.lanes)
    f.op('i32.lt_u')
    return
  }
  frame.pushLength(a.buffer)
  f.op('i32.lt_u')
  // The last lane's index in 64 bits: it must not wrap into range.
  f.get(base)
    .op('i64.extend_i32_s')
    .i64((E.lanes - 1) * step)
    .op('i64.add')
  frame.pushLength(a.buffer)
  f.op('i64.extend_i32_u').op('i64.lt_u').op('i32.and')
}

/** Pushes the address of a lane-sized scratch area. */
export function laneScratch(E: Operands): void {
  E.frame.pushScratch()
  const { laneScratchOffset, memory64 } = E.frame
  if (laneScratchOffset) E.f.addr(laneScratchOffset).op(memory64 ? 'i64.add' : 'i32.add')
}

/** Active lanes one by one through scratch; fails at the first index out of range. */
export function slowLanes(
  E: Operands,
  direction: 'load' | 'store',
  a: Access,
  base: number,
  step: number,
  bits: () => void,
): void {
  const { f, frame } = E
  const failed = E.temporary('i64')
  frame.pushArray(a.buffer)
  f.get(base).i32(step)
  frame.pushLength(a.buffer)
  bits()
  laneScratch(E)
  f.call(frame.helpers.lanes(direction, a.element)).tee(failed).i64(-1).op('i64.ne').unlikely().if()
  f.get(failed).op('i32.wrap_i64')
  E.fail(a.site)
  f.end()
}

/** Fails if an active lane of a varying index is not below a length. */
export function checkLanes(E: Operands, a: Access, index: Value, length: () => void): void {
  if (E.options.unsafe) return
  const { f, mask } = E
  const parts = E.rep(index).parts!
  const outside = (l: number, p: number) => {
    f.get(l)
    length()
    f.op('i32x4.splat').op('i32x4.ge_u')
    if (!mask) return
    E.pushMaskPart(mask, p, 32)
    f.op('v128.and')
  }
  const most = E.temporary('v128')
  const anyOutside = () => {
    if (mask) {
      parts.forEach((l, p) => {
        outside(l, p)
        if (p) f.op('v128.or')
      })
    } else {
      // The largest of all, as unsigned numbers.
      parts.forEach((l, p) => {
        f.get(l)
        if (p) f.op('i32x4.max_u')
      })
      f.set(most)
      outside(most, 0)
    }
    f.op('v128.any_true')
  }
  anyOutside()
  f.unlikely().if()
  const settle = E.unsettled.get(index.id)
  if (settle) {
    settle()
    anyOutside()
    f.if()
  }
  // Find the first lane that failed.
  const scratch = E.temporary(E.frame.memory64 ? 'i64' : 'i32')
  laneScratch(E)
  f.set(scratch)
  parts.forEach((l, p) => {
    f.get(scratch)
      .get(l)
      .store('v128.store', p * 16, 2)
  })
  f.get(scratch)
  parts.forEach((l, p) => {
    outside(l, p)
    f.op('i32x4.bitmask')
    if (p)
      f.i32(p * 4)
        .op('i32.shl')
        .op('i32.or')
  })
  f.op('i32.ctz').i32(2).op('i32.shl')
  if (E.frame.memory64) f.op('i64.extend_i32_u').op('i64.add')
  else f.op('i32.add')
  f.load('i32.load')
  E.fail(a.site)
  if (settle) f.end()
  f.end()
}

/** Checks the active lanes of a varying index. Returns the index parts to use: 0 in lanes that are not active. */
export function checkedIndex(E: Operands, a: Access, index: Value, length: () => void): number[] {
  const parts = E.rep(index).parts!
  checkLanes(E, a, index, length)
  const { f, mask } = E
  if (!mask) return parts
  return parts.map((l, p) => {
    const safe = E.temporary('v128')
    f.get(l)
    E.pushMaskPart(mask, p, 32)
    f.op('v128.and').set(safe)
    return safe
  })
}
