/** Bringing the copies of tallies together: `lanes/tallies.ts` says what they are. */

import { ELEMENT_BYTES } from '../../ir/ir.ts'
import { analyseShapes } from '../../lanes/shape.ts'
import { ValueTable } from '../../lanes/table.ts'
import { identity, isWide, type Tally } from '../../lanes/tallies.ts'
import { findUses } from '../../lanes/uses.ts'
import * as layout from '../../launch/layout.ts'
import { Memory } from '../encode/operands.ts'
import { Code, view } from '../machine/code.ts'
import { atomicUpdate } from './atomics.ts'
import { Emitter } from './emitter.ts'
import type { Lowering } from './function.ts'
import { combine, copyShift } from './tallies.ts'

/** `merge(args, begin, end, thread)`: brings elements begin to end of each array up to date with all threads' copies. */
export function addMerge(lowering: Lowering): void {
  const code = lowering.add(
    new Code(
      'merge',
      lowering.constants,
      ['args', 'begin', 'end'].map(name => ({ bank: 'gpr', bits: 64, name })),
    ),
  )
  const { ir, options } = lowering
  const shapes = analyseShapes(ir, false, true)
  const E = new Emitter(lowering.plainFrame(code), ir, 1, shapes, findUses(ir, shapes), options, new ValueTable())
  for (const t of options.tallies) mergeOne(E, t)
  code.return(0)
}

function mergeOne(E: Emitter, t: Tally): void {
  const { code, ir } = E
  const [args, begin, end] = code.parameters
  const { element, kind } = t
  const bits = isWide(element) ? 64 : 32
  const slot = layout.arrayOffset(ir, t.buffer)
  const word = (name: string, offset: number, wide = false) => {
    const to = code.gpr(wide ? 64 : 32, name)
    code.general('mov', [to, new Memory({ base: args, disp: offset })])
    return to
  }
  const array = word('array', slot, true)
  const length = word('length', slot + layout.ARRAY_LENGTH)
  const first = word('copies', slot + layout.ARRAY_COPIES, true)
  const bytes = word('copy_bytes', slot + layout.ARRAY_COPY_BYTES)
  const threads = word('threads', layout.THREADS)
  const [k, stop, begun] = [code.gpr(32, 'k'), code.gpr(32, 'stop'), code.gpr(64)]
  code.general('mov', [stop, view(end, 32)])
  code.general('cmp', [stop, length])
  code.general('cmova', [stop, length])
  code.general('mov', [k, view(begin, 32)])
  code.general('mov', [view(begun, 32), length])
  code.general('shl', [begun, copyShift])
  const nothing = code.gpr(bits)
  code.general('mov', [nothing, identity(t)])
  const [next, out] = [code.label(), code.label()]
  code.inLoop(() => {
    code.bind(next)
    code.general('cmp', [k, stop])
    code.jump(out, 'ge')
    const [sum, copies, at, left] = [code.gpr(bits, 'sum'), code.gpr(64), code.gpr(64), code.gpr(32)]
    code.general('mov', [sum, nothing])
    code.general('mov', [copies, first])
    code.general('mov', [left, threads])
    const [thread, absent] = [code.label(), code.label()]
    code.inLoop(() => {
      code.bind(thread)
      code.general('cmp', [new Memory({ base: copies, index: begun, scale: 1, disp: 2 ** copyShift }), 0], 32)
      code.jump(absent, 'e')
      code.general('mov', [view(at, 32), k])
      code.general('shl', [at, copyShift])
      code.general('add', [at, copies])
      for (let disp = 0; disp < 2 ** copyShift; disp += bits / 8) {
        const one = code.gpr(bits)
        code.general('mov', [one, new Memory({ base: at, disp })])
        combine(code, kind, element, sum, one)
      }
      code.bind(absent)
      code.general('add', [copies, view(bytes, 64)])
      code.general('sub', [left, 1])
      code.jump(thread, 'ne')
    })
    const same = code.label()
    code.general('cmp', [sum, nothing])
    code.jump(same, 'e')
    const to = new Memory({ base: array, index: view(k, 64), scale: ELEMENT_BYTES[element] as 4 | 8 })
    atomicUpdate(E, kind, element, to, [sum], false)
    code.bind(same)
    code.general('add', [k, 1])
    code.jump(next)
  })
  code.bind(out)
}
