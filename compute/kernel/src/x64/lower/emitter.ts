/** Lowers the body of a kernel for a strip of lanes, or for one lane: which operation is lowered by what. */

import type { Value } from '../../ir/ir.ts'
import { isVarying } from '../../lanes/shape.ts'
import { emitAtomic } from './atomics.ts'
import { Loops } from './loops.ts'
import * as masks from './masks.ts'
import { emitMemory } from './memory.ts'
import { widthOf } from './target.ts'

export class Emitter extends Loops {
  emit(v: Value): void {
    if (!this.isEmitted(v)) return
    this.mark(v)
    switch (v.op) {
      case 'if':
        this.emitIf(v)
        break
      case 'loop':
        if (this.shapes.divergent(v)) this.emitDivergentLoop(v)
        else this.emitUniformLoop(v)
        break
      case 'debugger':
        break
      case 'load':
      case 'store':
      case 'lload':
      case 'lstore':
        emitMemory(this, v)
        break
      case 'atomic':
        emitAtomic(this, v)
        break
      case 'assert':
        this.emitAssert(v)
        break
      default:
        if (!isVarying(this.shapes.of(v))) this.emitUniform(v)
        else if (v.op === 'math') this.emitCalls(v)
        else this.emitSlices([v])
    }
  }

  /** A rare case of a function of `Math`: each lane that is active calls it. */
  private emitCalls(v: Value): void {
    const { code } = this
    const width = widthOf(v.type)
    const [input, output] = [this.laneSlot(width), this.laneSlot(width)]
    this.partsToStack(v.args[0], input, width)
    const routine = this.frame.routine(v)
    const [rare, done] = [code.label(), code.label()]
    code.jump(rare)
    code.cold(() => {
      code.bind(rare)
      this.eachActiveInTurn(lane => {
        const result = code.register(128)
        code.call(routine, [this.laneFromStack(v.type, input, lane, width)], result)
        this.laneToStack(v.type, result, output, lane, width)
      })
      code.jump(done)
    })
    code.bind(done)
    this.set(v, { parts: this.partsFromStack(v.type, output, width) })
  }

  private emitAssert(v: Value): void {
    const [cond] = v.args
    const fail = () => this.fail(v.attr, 0)
    if (!isVarying(this.shapes.of(cond))) {
      const failed = this.code.label()
      this.jumpUnless(cond, failed)
      this.code.cold(() => {
        this.code.bind(failed)
        fail()
      })
      return
    }
    const { parts, width } = this.narrowed(cond, true)
    this.failIf(masks.jumpIfAny(this, parts!, width!, false), fail)
  }
}
