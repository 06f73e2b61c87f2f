/** Looks before a counted loop whether all its rounds stay in range; `lanes/counted.ts` says which loops those are. */

import type { Value } from '../../ir/ir.ts'
import { groupBuffers } from '../../lanes/accesses.ts'
import { type Counted, linear } from '../../lanes/counted.ts'
import { isUniform } from '../../lanes/shape.ts'
import type { Label, Register } from '../encode/operands.ts'
import { view } from '../machine/code.ts'
import type { Operands } from './operands.ts'

/** Leaves for `otherwise` unless every access of a counted loop is in range in all its rounds, of which there is one. */
export function leaveUnlessInRange(E: Operands, c: Counted, otherwise: Label): void {
  const { code, frame } = E
  const begin = E.scalar(c.begin)
  const end = E.scalar(c.end)
  // Without a round there is nothing to look at: the other copy finds that out as well.
  code.general('cmp', [begin, end])
  code.jump(otherwise, 'ge')
  if (c.step > 1) {
    // The counter must not wrap on its way past the end.
    code.general('cmp', [end, 2147483648 - c.step])
    code.jump(otherwise, 'g')
  }
  // How far the last counter may be from the first: exact as an unsigned number.
  const span = code.gpr(32)
  code.general('mov', [span, end])
  code.general('sub', [span, 1])
  code.general('sub', [span, begin])
  for (const [index, group] of c.accesses) {
    const length = frame.limit(groupBuffers(group), isUniform(E.shapes.of(index)) ? 1 : E.lanes)
    const first = at(E, c, index, 32, begin)
    const { factor } = linear(index, c.counter, c.isOutside)
    // Unsigned: a negative index is huge.
    code.general('cmp', [first, length])
    code.jump(otherwise, 'ae')
    if (factor === 0) continue
    if (factor === 1) {
      const room = code.gpr(32)
      code.general('mov', [room, length])
      code.general('sub', [room, first])
      code.general('cmp', [span, room])
      code.jump(otherwise, 'ae')
    } else if (factor === -1) {
      code.general('cmp', [span, first])
      code.jump(otherwise, 'a')
    } else {
      // Between the ends the index may wrap more than once: it is what it is without wrapping, or the loop checks it.
      const last = code.gpr(64)
      code.general('movsxd', [last, end])
      code.general('sub', [last, 1])
      const wideBegin = code.gpr(64)
      code.general('movsxd', [wideBegin, begin])
      for (const counter of [wideBegin, last]) {
        const wide = at(E, c, index, 64, counter)
        const most = code.gpr(64)
        code.general('mov', [view(most, 32), length])
        code.general('cmp', [wide, most])
        code.jump(otherwise, 'ae')
      }
    }
  }
}

/** A linear expression for a value of the counter, computed in 32 bits as it is, or in 64. */
function at(E: Operands, c: Counted, v: Value, bits: 32 | 64, counter: Register): Register {
  const { code } = E
  if (v === c.counter) return counter
  if (c.isOutside(v)) {
    const x = E.scalar(v)
    if (bits === 32) return x
    const wide = code.gpr(64)
    code.general('movsxd', [wide, x])
    return wide
  }
  const [a, b] = v.args.map(x => at(E, c, x, bits, counter))
  const to = code.gpr(bits)
  code.general('mov', [to, a])
  code.general(v.op === 'mul' ? 'imul' : v.op, [to, b])
  return to
}
