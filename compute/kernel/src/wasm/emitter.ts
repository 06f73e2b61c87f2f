/**
 * Emits the body of a kernel for a strip of lanes, or for one lane.
 *
 * Control that is uniform becomes branches; where lanes may part ways a mask says which are active: both sides of an `if`
 * run under their masks and results are selected, a loop runs until no lane is left in it.
 */
import { EFFECTS, type Region, type Value } from '../ir/ir.ts'
import { type Counted, countedLoop } from '../lanes/counted.ts'
import type { Exits } from '../lanes/exits.ts'
import { isVarying } from '../lanes/shape.ts'
import { emitTally } from './copies.ts'
import { leaveUnlessInRange } from './counted.ts'
import type { Label } from './encode/index.ts'
import { emitToInt32, type LaneContext, partWidth, pushUnsettled, SHAPE_OF, settleToInt32 } from './lanes.ts'
import { emitMemory } from './memory.ts'
import type { Rep } from './operands.ts'
import { emitScalar, wasmType } from './scalar.ts'
import { isStraight, LaneCode, Straight } from './straight.ts'

/** Most rounds of a divergent loop between two looks at whether any lane is left, and most operations in them. */
const UNROLL = 4
const UNROLLED = 64

export class Emitter extends Straight {
  region(r: Region): void {
    this.list(r.ops)
  }

  emit(v: Value): void {
    if (!this.isEmitted(v)) return
    const { f } = this
    this.mark(v)
    switch (v.op) {
      case 'if':
        this.emitIf(v)
        break
      case 'loop':
        this.emitLoop(v)
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
        if (this.options.tallies.some(t => t.buffer === v.attr.buffer)) emitTally(this, v)
        else emitMemory(this, v)
        break
      case 'assert':
        this.emitAssert(v)
        break
      default:
        if (isVarying(this.shapes.of(v))) this.emitLanes(v)
        else {
          emitScalar(f, v, i => this.pushScalar(v.args[i]), this.frame.helpers)
          const l = f.local(wasmType(v.type))
          f.set(l)
          this.finishScalar(v, l)
        }
    }
    this.releaseTemporaries()
  }

  private emitLanes(v: Value): void {
    if (v.op === 'toint32') this.emitToInt32(v, new LaneCode(this, v))
    else if (v.op === 'math') this.emitCalls(v)
    else this.emitSlices([v])
  }

  /** Where all lanes are in range they are only truncated. Of an index the check of the access finds those that are not. */
  private emitToInt32(v: Value, context: LaneContext): void {
    const { f, uses } = this
    const parts = emitToInt32(v, context)
    this.set(v, { parts })
    const settle = () => settleToInt32(v, parts, context)
    if (!this.options.unsafe && uses.isIndexOnly(v)) {
      this.unsettled.set(v.id, settle)
      return
    }
    pushUnsettled(parts, context)
    f.unlikely().if()
    settle()
    f.end()
  }

  /** A rare case of a function of `Math`: each lane that is active calls it. */
  private emitCalls(v: Value): void {
    const { f } = this
    const perPart = 128 / partWidth(v)
    const active = this.mask && this.temporary('i32')
    if (active !== undefined) {
      this.pushBits(this.mask)
      f.set(active)
    }
    const parts: number[] = []
    for (let p = 0; p < this.partCount(partWidth(v)); p++) {
      const out = f.local('v128')
      for (let l = 0; l < perPart; l++) {
        const lane = p * perPart + l
        if (active !== undefined)
          f.get(active)
            .i32(1 << lane)
            .op('i32.and')
            .if()
        f.get(out)
        emitScalar(f, v, i => this.pushLane(v.args[i], lane), this.frame.helpers)
        f.laneOp(`${SHAPE_OF[v.type]}.replace_lane`, l).set(out)
        if (active !== undefined) f.end()
      }
      parts.push(out)
    }
    this.set(v, { parts })
  }

  private emitAssert(v: Value): void {
    const { f } = this
    const cond = v.args[0]
    if (!isVarying(this.shapes.of(cond))) {
      this.pushScalar(cond)
      f.op('i32.eqz').unlikely().if()
    } else {
      this.pushAny(this.narrowed(cond, true))
      f.unlikely().if()
    }
    f.i32(0)
    this.fail(v.attr)
    f.end()
  }

  /** Sets locals to values, all read before any is written. */
  private assign(pairs: [Rep, Value][], blend?: (i: number) => Rep | undefined): void {
    const { f } = this
    const targets: number[] = []
    pairs.forEach(([rep, v], i) => {
      if (rep.scalar !== undefined && !rep.parts) {
        this.pushScalar(v)
        targets.push(rep.scalar)
        return
      }
      const mask = blend?.(i)
      rep.parts!.forEach((l, p) => {
        const width = v.type === 'i1' ? rep.width : undefined
        this.pushPart(v, p, width)
        if (mask) {
          f.get(l)
          this.pushMaskPart(mask, p, rep.width ?? partWidth(v))
          f.op('v128.bitselect')
        }
        targets.push(l)
      })
    })
    for (const l of targets.reverse()) f.set(l)
  }

  private emitIf(v: Value): void {
    const { f, shapes } = this
    const cond = v.args[0]
    const [a, b] = v.regions!
    const used = a.results.map((x, i) => x !== b.results[i] && this.uses.isResultRead(v, i))
    if (!shapes.divergent(v)) {
      const outs = a.results.map((x, i) => {
        if (!used[i]) return undefined
        const s = shapes.of(x)
        const t = shapes.of(b.results[i])
        const both = s === t ? s : Number.NaN
        return this.newLocals(x, both)
      })
      const settle = (r: Region) => {
        this.region(r)
        this.assign(r.results.flatMap((x, i) => (outs[i] ? [[outs[i], x] as [Rep, Value]] : [])))
      }
      this.pushScalar(cond)
      f.if()
      settle(a)
      if (b.ops.length || outs.some(Boolean)) {
        f.else()
        settle(b)
      }
      f.end()
      outs.forEach((rep, i) => {
        if (!rep) return
        if (rep.parts) this.reps.setResult(v, i, rep)
        else this.finishScalar(resultOf(v, i, a.results[i].type), rep.scalar!)
      })
      return
    }
    const lone = [a, b].findIndex((r, i) => isDear(r) && [a, b][1 - i].ops.length === 0)
    if (lone >= 0 && a.results.every((x, i) => !used[i] || x.type !== 'i1')) return this.emitLoneSide(v, lone, used)
    const outer = this.mask
    const side = (r: Region, negate: boolean) => {
      if (r.ops.length === 0) return
      this.mask = outer
      const guarded = isDear(r)
      const inner = this.narrowed(cond, negate)
      if (guarded) {
        this.pushAny(inner)
        f.if()
      }
      this.mask = inner
      this.region(r)
      if (guarded) f.end()
    }
    side(a, false)
    side(b, true)
    this.mask = outer
    a.results.forEach((x, i) => {
      if (!used[i]) return
      const y = b.results[i]
      const width = x.type === 'i1' ? this.widthOf(x.op === 'const' ? y : x) : partWidth(x)
      const parts: number[] = []
      for (let p = 0; p < this.partCount(width); p++) {
        this.pushPart(x, p, width)
        this.pushPart(y, p, width)
        this.pushPart(cond, p, width)
        f.op('v128.bitselect')
        const l = f.local('v128')
        f.set(l)
        parts.push(l)
      }
      this.reps.setResult(v, i, x.type === 'i1' ? { parts, width } : { parts })
    })
  }

  /**
   * A divergent `if` with one side worth a branch beside one where nothing is computed, as of rare cases: what the empty side
   * yields is there beforehand, and only behind the branch it is overridden.
   */
  private emitLoneSide(v: Value, lone: number, used: boolean[]): void {
    const { f } = this
    const [cond] = v.args
    const region = v.regions![lone]
    const empty = v.regions![1 - lone]
    const outs = used.map((u, i): Rep | undefined => (u ? this.newLocals(empty.results[i], Number.NaN) : undefined))
    this.assign(outs.flatMap((rep, i) => (rep ? [[rep, empty.results[i]] as [Rep, Value]] : [])))
    const outer = this.mask
    const inner = this.narrowed(cond, lone === 1)
    this.pushAny(inner)
    f.if()
    this.mask = inner
    this.region(region)
    this.mask = outer
    this.assign(
      outs.flatMap((rep, i) => (rep ? [[rep, region.results[i]] as [Rep, Value]] : [])),
      () => inner,
    )
    f.end()
    outs.forEach((rep, i) => {
      if (rep) this.reps.setResult(v, i, rep)
    })
  }

  private emitLoop(v: Value): void {
    if (this.shapes.divergent(v)) this.emitDivergentLoop(v)
    else this.emitUniformLoop(v)
  }

  private emitUniformLoop(v: Value): void {
    const { f, shapes } = this
    const [test, body] = v.regions!
    const carried = test.params.map((p, i) =>
      this.newLocals(p.type === 'i1' && body.results[i].op !== 'arg' ? body.results[i] : p, shapes.of(p)),
    )
    this.assign(carried.map((rep, i) => [rep, v.args[i]]))
    const round = (out?: Label) => {
      test.params.forEach((p, i) => {
        if (carried[i].parts) this.reps.set(p, carried[i])
        else this.finishScalar(p, carried[i].scalar!)
      })
      this.region(test)
      if (out) {
        this.pushScalar(test.results[0])
        f.op('i32.eqz').brIf(out)
      }
      const { inLoop } = this
      this.inLoop = true
      this.region(body)
      this.inLoop = inLoop
      const moving = [...carried.keys()].filter(i => body.results[i] !== test.params[i])
      this.assign(moving.map(i => [carried[i], body.results[i]]))
    }
    const rounds = () => {
      const out = f.block()
      const top = f.loop()
      round(out)
      f.br(top)
      f.end()
      f.end()
    }
    const counted = this.options.unsafe || this.careful ? undefined : countedLoop(v, shapes, this.mask !== undefined)
    if (counted) {
      const { checked } = this
      const done = f.block()
      const slow = this.restart ?? f.block()
      this.pushScalarOrLane(counted.begin)
      this.pushScalarOrLane(counted.end)
      f.op('i32.ge_s').brIf(isPlain(test) ? done : slow)
      const span = leaveUnlessInRange(this, counted, slow)
      this.checked = new Set([...checked, ...[...counted.accesses.values()].flatMap(group => group.map(a => a.id))])
      if (counted.alone) this.emitBatches(counted, span, carried[test.params.indexOf(counted.counter)].scalar!, round)
      rounds()
      this.checked = checked
      if (!this.restart) {
        f.br(done)
        f.end()
        rounds()
      }
      f.end()
    } else rounds()
    test.params.forEach((p, i) => {
      if (!this.uses.isResultRead(v, i)) return
      if (carried[i].parts) this.reps.setResult(v, i, carried[i])
      else this.finishScalar(resultOf(v, i, p.type), carried[i].scalar!)
    })
  }

  /** Rounds of a short loop, several between two looks at its counter; fewer than that are left. */
  private emitBatches(c: Counted, span: number, counter: number, round: () => void): void {
    const { f } = this
    const work = c.operations * Math.max(1, this.lanes / 4)
    const times = work <= 16 ? 4 : work <= 64 ? 2 : 1
    const ahead = (times - 1) * c.step
    if (times === 1 || ahead > 2147483647) return
    const limit = f.local('i32')
    const few = f.block()
    f.get(span).i32(ahead).op('i32.lt_u').brIf(few)
    this.pushScalarOrLane(c.end)
    f.i32(ahead).op('i32.sub').set(limit)
    const top = f.loop()
    for (let i = 0; i < times; i++) round()
    f.get(counter).get(limit).op('i32.lt_s').brIf(top)
    f.end()
    f.end()
  }

  private emitDivergentLoop(v: Value): void {
    const { f, shapes } = this
    const [test, body] = v.regions!
    const outer = this.mask
    const cond = test.results[0]
    const exits = shapes.exits(v)
    const next = exits?.next ?? body.results
    const isFlag = (i: number) => exits?.flags.some(x => x.index === i) === true
    const observed = test.params.map((_, i) => this.uses.isResultRead(v, i))
    const carried = test.params.map((p, i) => {
      if (isFlag(i) && !observed[i]) return undefined
      return this.newLocals(
        p.type === 'i1' && next[i].op !== 'arg' ? next[i] : p,
        isFlag(i) ? Number.NaN : shapes.of(p),
      )
    })
    this.assign(carried.flatMap((rep, i) => (rep ? [[rep, v.args[i]] as [Rep, Value]] : [])))
    // What leaves the loop lane by lane although it is uniform inside.
    const frozen = test.params.map((p, i) => {
      if (!observed[i] || isFlag(i) || isVarying(shapes.of(p)) || body.results[i] === p) return undefined
      const width = this.widthOf(p)
      const parts = Array.from({ length: this.partCount(width) }, (_, k) => {
        const l = f.local('v128')
        this.pushPart(v.args[i], k, p.type === 'i1' ? width : undefined)
        f.set(l)
        return l
      })
      return { parts, width } as Rep
    })
    // Of the test, or where that is uniform of the exits.
    const decisive = isVarying(shapes.of(cond))
      ? cond
      : (exits?.flags.find(x => isVarying(shapes.of(x.cond)))?.cond ?? cond)
    const width = this.maskWidth(decisive)
    const parts = Array.from({ length: this.partCount(width) }, (_, p) => {
      const l = f.local('v128')
      if (outer) this.pushMaskPart(outer, p, width)
      else this.pushConstant('i1', true)
      f.set(l)
      return l
    })
    const live: Rep = { parts, width }
    const { uniform, varying } = this.conjuncts(cond, test, exits)
    // Without effects, lanes that are done may go round a few more times before anybody looks.
    const round = isPlain(test) && isPlain(body) ? size(test) + size(body) : UNROLLED
    const times = Math.max(1, Math.min(UNROLL, Math.floor(UNROLLED / round)))
    const moving = [...carried.keys()].filter(i => carried[i] && next[i] !== test.params[i])
    const out = f.block()
    const leaveUnlessAny = () => {
      this.pushAny(live)
      f.op('i32.eqz').brIf(out)
    }
    const leaveUnlessUniform = () => {
      for (const c of uniform) {
        this.pushScalar(c)
        f.op('i32.eqz').brIf(out)
      }
    }
    const narrow = (slice: number) => {
      for (const c of varying)
        for (const p of this.partsOf(slice, live.width!)) {
          f.get(live.parts![p])
          this.pushPart(c, p, live.width)
          f.op('v128.and').set(live.parts![p])
        }
    }
    const advance = (slice: number) => {
      // Lanes that leave now are still written by what stands before their exit.
      const stay = exits
        ? this.staying(
            live,
            exits.flags.map(x => x.cond),
            slice,
          )
        : live
      const maskOf = (i: number) => (exits?.guarded[i] ? stay : live)
      frozen.forEach((rep, i) => {
        if (rep) this.freeze(rep, test.params[i], next[i], maskOf(i), slice)
      })
      this.assignSlice(
        moving.filter(i => carried[i]!.parts).map(i => [carried[i]!, next[i], observed[i] ? maskOf(i) : undefined]),
        slice,
      )
      if (exits) for (const p of this.partsOf(slice, live.width!)) f.get(stay.parts![p]).set(live.parts![p])
    }
    const top = f.loop()
    const { inLoop } = this
    this.inLoop = true
    for (let copy = 0; copy < times; copy++) {
      this.mask = live
      test.params.forEach((p, i) => {
        const rep = carried[i]
        // No active lane has left.
        if (isFlag(i)) this.reps.set(p, this.never())
        else if (rep!.parts) this.reps.set(p, rep!)
        else this.finishScalar(p, rep!.scalar!)
      })
      if (times > 1 && test.ops.every(isStraight)) {
        // One round is one straight list. That no lane is left is found one look later than it could be.
        const isScalar = (v: Value) => !isVarying(shapes.of(v))
        if (copy === 0) leaveUnlessAny()
        this.list(test.ops.filter(isScalar))
        leaveUnlessUniform()
        this.list([...test.ops.filter(v => !isScalar(v)), narrow, ...body.ops, advance])
      } else {
        this.list([...test.ops, narrow])
        leaveUnlessUniform()
        if (copy === 0) leaveUnlessAny()
        this.list([...body.ops, advance])
      }
      this.assign(moving.filter(i => !carried[i]!.parts).map(i => [carried[i]!, next[i]]))
    }
    this.inLoop = inLoop
    f.br(top)
    f.end()
    f.end()
    this.mask = outer
    test.params.forEach((p, i) => {
      if (!observed[i]) return
      if (frozen[i]) this.reps.setResult(v, i, frozen[i])
      else if (carried[i]!.parts) this.reps.setResult(v, i, carried[i]!)
      else this.finishScalar(resultOf(v, i, p.type), carried[i]!.scalar!)
    })
  }

  /** The lanes of a mask for which none of the conditions holds, of one slice. */
  private staying(live: Rep, conds: Value[], slice: number): Rep {
    const { f } = this
    const parts: number[] = []
    for (const p of this.partsOf(slice, live.width!)) {
      f.get(live.parts![p])
      for (const c of conds) {
        this.pushPart(c, p, live.width)
        f.op('v128.andnot')
      }
      parts[p] = f.local('v128')
      f.set(parts[p])
    }
    return { parts, width: live.width! }
  }

  private freeze(rep: Rep, param: Value, next: Value, live: Rep, slice: number): void {
    const { f } = this
    const counts =
      next.type === 'i32' &&
      next.op === 'add' &&
      next.args.some(a => a.op === 'const' && a.attr === 1) &&
      next.args.includes(param)
    if (!counts) return this.assignSlice([[rep, next, live]], slice)
    for (const p of this.partsOf(slice, 32)) {
      // For live lanes it equals the counter; all ones is -1.
      f.get(rep.parts![p])
      this.pushMaskPart(live, p, 32)
      f.op('i32x4.sub').set(rep.parts![p])
    }
  }

  /** The terms of a test that all must hold, but for flags that are false among active lanes. The `and`s that only join them are not emitted. */
  private conjuncts(cond: Value, test: Region, exits: Exits | undefined): { uniform: Value[]; varying: Value[] } {
    const terms = (c: Value): Value[] => {
      if (c.op === 'and' && test.ops.includes(c) && this.uses.isReadOnce(c)) {
        this.skip.add(c.id)
        return c.args.flatMap(terms)
      }
      return c.op === 'not' && exits?.flags.some(x => x.param === c.args[0]) ? [] : [c]
    }
    const all = terms(cond)
    return {
      uniform: all.filter(c => !isVarying(this.shapes.of(c))),
      varying: all.filter(c => isVarying(this.shapes.of(c))),
    }
  }
}

const resultOf = (owner: Value, index: number, type: Value['type']): Value =>
  ({ id: -1, op: 'result', type, args: [owner], attr: index, loc: undefined, regions: undefined }) as Value

/** No memory, no effects, no loops: may run for lanes that are not active. */
function isPlain(r: Region): boolean {
  return r.ops.every(
    v =>
      !EFFECTS.has(v.op) &&
      v.op !== 'load' &&
      v.op !== 'loop' &&
      v.op !== 'lload' &&
      !v.regions?.some(x => !isPlain(x)),
  )
}

const size = (r: Region): number =>
  r.ops.reduce((n, v) => n + 1 + (v.regions?.reduce((m, x) => m + size(x), 0) ?? 0), 0)

/** Worth a branch around, or not allowed to run without an active lane. */
function isDear(r: Region): boolean {
  return !isPlain(r) || size(r) > 10
}
