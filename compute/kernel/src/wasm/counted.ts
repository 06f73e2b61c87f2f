/** Looks before a counted loop whether all its rounds stay in range; `lanes/counted.ts` says which loops those are. */
import type { Value } from '../ir/ir.ts'
import { groupBuffers } from '../lanes/accesses.ts'
import { type Counted, linear } from '../lanes/counted.ts'
import { isUniform } from '../lanes/shape.ts'
import type { Label } from './encode/index.ts'
import type { Operands } from './operands.ts'

/**
 * Leaves for `otherwise` unless every access of a counted loop is in range in all its rounds, of which there is one. Returns
 * a local: how far the last counter may be from the first.
 */
export function leaveUnlessInRange(E: Operands, c: Counted, otherwise: Label): number {
  const { f, frame } = E
  // Exact as an unsigned number.
  const span = f.local('i32')
  E.pushScalarOrLane(c.end)
  f.i32(1).op('i32.sub')
  E.pushScalarOrLane(c.begin)
  f.op('i32.sub').set(span)
  const leave = () => f.unlikely().brIf(otherwise)
  if (c.step > 1) {
    // The counter must not wrap on its way past the end.
    E.pushScalarOrLane(c.end)
    f.i32(2147483648 - c.step).op('i32.gt_s')
    leave()
  }
  for (const [index, group] of c.accesses) {
    const length = () => frame.pushLeast(groupBuffers(group), isUniform(E.shapes.of(index)) ? 1 : E.lanes)
    const first = f.local('i32')
    pushAt(E, c, index, 'i32', () => E.pushScalarOrLane(c.begin))
    f.set(first)
    const { factor } = linear(index, c.counter, c.isOutside)
    // Unsigned: a negative index is huge.
    f.get(first)
    length()
    f.op('i32.ge_u')
    leave()
    if (factor === 0) continue
    if (factor === 1) {
      f.get(span)
      length()
      f.get(first).op('i32.sub').op('i32.ge_u')
      leave()
      continue
    }
    if (factor === -1) {
      f.get(span).get(first).op('i32.gt_u')
      leave()
      continue
    }
    // Between the ends the index may wrap more than once: it is what it is without wrapping, or the loop checks it.
    const ends: (() => void)[] = [
      () => {
        E.pushScalarOrLane(c.begin)
        f.op('i64.extend_i32_s')
      },
      () => {
        E.pushScalarOrLane(c.end)
        f.op('i64.extend_i32_s').i64(1).op('i64.sub')
      },
    ]
    for (const end of ends) {
      pushAt(E, c, index, 'i64', end)
      length()
      f.op('i64.extend_i32_u').op('i64.ge_u')
      leave()
    }
  }
  return span
}

/** Pushes a linear expression for a value of the counter, computed in 32 bits as it is, or in 64. */
function pushAt(E: Operands, c: Counted, v: Value, type: 'i32' | 'i64', counter: () => void): void {
  const { f } = E
  if (v === c.counter) counter()
  else if (c.isOutside(v)) {
    E.pushScalarOrLane(v)
    if (type === 'i64') f.op('i64.extend_i32_s')
  } else {
    for (const a of v.args) pushAt(E, c, a, type, counter)
    f.op(`${type}.${v.op}`)
  }
}
