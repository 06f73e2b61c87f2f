/** Atomic changes of elements, lane by lane. */
import type { Value } from '../ir/ir.ts'
import type { Access } from '../lanes/accesses.ts'
import { isVarying } from '../lanes/shape.ts'
import { checkLanes, checkScalar } from './checks.ts'
import { address, eachActive } from './elements.ts'
import { partWidth, SHAPE_OF } from './lanes.ts'
import type { Operands } from './operands.ts'
import { wasmType } from './scalar.ts'

export function atomic(E: Operands, v: Value): void {
  const { f, frame } = E
  const a = v.attr as Access
  const type = wasmType(v.type) as 'i32'
  const update = frame.helpers.atomic(a.kind!, a.element)
  const index = E.temporary('i32')
  const varying = isVarying(E.shapes.of(v.args[0]))
  if (varying) checkLanes(E, a, v.args[0], () => frame.pushLength(a.buffer))
  const one = (lane: number | undefined) => {
    const push = (x: Value) => (lane === undefined ? E.pushScalar(x) : E.pushLane(x, lane))
    push(v.args[0])
    f.set(index)
    if (!varying) checkScalar(E, a, () => f.get(index))
    address(E, a.buffer, a.element, () => f.get(index))
    for (const x of v.args.slice(1)) push(x)
    f.call(update)
  }
  if (E.lanes === 1) {
    one(undefined)
    const l = f.local(type)
    f.set(l)
    E.finishScalar(v, l)
    return
  }
  const used = E.uses.isRead(v)
  const width = partWidth(v)
  const perPart = 128 / width
  const parts = used ? Array.from({ length: E.partCount(width) }, () => f.local('v128')) : []
  eachActive(E, lane => {
    one(lane)
    if (!used) {
      f.drop()
      return
    }
    const old = E.temporary(type)
    const part = parts[Math.floor(lane / perPart)]
    f.set(old)
    f.get(part)
      .get(old)
      .laneOp(`${SHAPE_OF[v.type]}.replace_lane`, lane % perPart)
      .set(part)
  })
  if (used) E.set(v, { parts })
}
