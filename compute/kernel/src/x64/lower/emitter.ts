/**
 * Lowers the body of a kernel for a strip of lanes, or for one lane.
 *
 * Control that is uniform becomes branches; where lanes may part ways a mask says which are active: both sides of an `if` run under their masks and results are selected, a loop runs until no lane
 * is left in it.
 */

import { EFFECTS, isPure, type Region, type Value, walk } from '../../ir/ir.ts'
import { countedLoop } from '../../lanes/counted.ts'
import type { Exits } from '../../lanes/exits.ts'
import { isVarying, type Shapes } from '../../lanes/shape.ts'
import { type Condition, conditions } from '../encode/general-forms.ts'
import type { Label, Register } from '../encode/operands.ts'
import { emitAtomic } from './atomics.ts'
import { leaveUnlessInRange } from './counted.ts'
import * as masks from './masks.ts'
import { emitMemory } from './memory.ts'
import type { Place } from './operands.ts'
import { emitCompare, isComparison } from './scalar.ts'
import { isStraight, type Step, Straight } from './straight.ts'
import { type Width, widthOf } from './target.ts'

/** Most rounds of a divergent loop between two looks at whether any lane is left, and most operations in them. */
const unroll = 4
const unrolled = 64
/** Operations of a side of an `if` that is worth a branch around. */
const dear = 10

export class Emitter extends Straight {
  region(r: Region): void {
    this.list(r.ops)
  }

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

  /** Jumps where a uniform condition holds. */
  jumpIf(cond: Value, label: Label): void {
    const { code } = this
    if (cond.op === 'const') {
      if (cond.attr) code.jump(label)
      return
    }
    const { compare } = this.place(cond)
    if (compare) {
      const { ifNot } = emitCompare(compare, i => this.scalar(compare.args[i]), this)
      if (ifNot.length === 1) return code.jump(label, opposite(ifNot[0]))
      const over = code.label()
      for (const c of ifNot) code.jump(over, c)
      code.jump(label)
      return code.bind(over)
    }
    const x = this.scalar(cond)
    code.general('test', [x, x])
    code.jump(label, 'ne')
  }

  /** Jumps where a uniform condition is false. */
  jumpUnless(cond: Value, label: Label): void {
    const { code } = this
    if (cond.op === 'const') {
      if (!cond.attr) code.jump(label)
      return
    }
    const { compare } = this.place(cond)
    if (compare) {
      for (const c of emitCompare(compare, i => this.scalar(compare.args[i]), this).ifNot) code.jump(label, c)
      return
    }
    const x = this.scalar(cond)
    code.general('test', [x, x])
    code.jump(label, 'e')
  }

  override list(steps: readonly Step[]): void {
    for (const s of steps) {
      const asks = typeof s !== 'function' && ((s.op === 'if' && !this.shapes.divergent(s)) || s.op === 'assert')
      if (asks) this.forBranches([s.args[0]])
    }
    super.list(steps)
  }

  /** Says that only branches ask for these conditions, so that they are compared there. */
  private forBranches(conditions: readonly Value[]): void {
    for (const c of conditions)
      if (isComparison(c) && !isVarying(this.shapes.of(c)) && this.uses.isReadOnce(c)) this.forBranch.add(c.id)
  }

  /** Writes values into places, all read before any is written. */
  private assign(pairs: readonly (readonly [Place, Value])[], blend?: Place): void {
    const scalars: [Place, Value][] = []
    for (const [place, v] of pairs) if (!place.parts) scalars.push([place, v])
    const written = new Set(scalars.map(([place]) => place.scalar!))
    const late: (() => void)[] = []
    for (const [place, v] of scalars) {
      const to = place.scalar!
      let from = this.scalar(v)
      if (from === to) continue
      if (written.has(from)) {
        const kept = this.scalarRegister(v.type)
        this.moveScalar(kept, from, v.type)
        from = kept
      }
      late.push(() => this.moveScalar(to, from, v.type))
    }
    const moves = pairs.flatMap(([place, v]) => {
      if (!place.parts) return []
      const width = place.width ?? this.laneWidth(v.type)
      return place.parts.map((to, p) => ({ to, from: this.part(v, p, width), mask: blend, p, width }))
    })
    for (const move of late) move()
    this.moveAll(moves)
  }

  private emitIf(v: Value): void {
    const { shapes } = this
    const [cond] = v.args
    const [a, b] = v.regions!
    const used = a.results.map((x, i) => x !== b.results[i] && this.uses.isResultRead(v, i))
    if (shapes.divergent(v)) return this.emitDivergentIf(v, used)
    const { code } = this
    const outs = a.results.map((x, i) => {
      if (!used[i]) return undefined
      const s = shapes.of(x)
      return this.newPlace(x.op === 'const' ? b.results[i] : x, s === shapes.of(b.results[i]) ? s : Number.NaN)
    })
    const settle = (r: Region) => {
      this.region(r)
      this.assign(r.results.flatMap((x, i) => (outs[i] ? [[outs[i], x] as const] : [])))
    }
    const [otherwise, end] = [code.label(), code.label()]
    const hasElse = b.ops.length > 0 || outs.some(Boolean)
    this.jumpUnless(cond, hasElse ? otherwise : end)
    settle(a)
    if (hasElse) {
      code.jump(end)
      code.bind(otherwise)
      settle(b)
    }
    code.bind(end)
    outs.forEach((place, i) => {
      if (!place) return
      if (place.parts) this.places.setResult(v, i, place)
      else this.finishScalar(resultOf(v, i, a.results[i].type), place.scalar!)
    })
  }

  private emitDivergentIf(v: Value, used: readonly boolean[]): void {
    const { code, shapes } = this
    const [cond] = v.args
    const [a, b] = v.regions!
    const isDear = (r: Region) => !isCheap(r, shapes)
    const lone = [a, b].findIndex((r, i) => isDear(r) && [a, b][1 - i].ops.length === 0)
    if (lone >= 0 && a.results.every((x, i) => !used[i] || x.type !== 'i1')) return this.emitLoneSide(v, lone, used)
    if (![a, b].some(isDear)) return this.emitSelects(v, used)
    const outs = a.results.map((x, i) =>
      used[i] ? this.newPlace(x.op === 'const' ? b.results[i] : x, Number.NaN) : undefined,
    )
    // Lanes that a side which is branched around would have written are read by nobody.
    for (const place of outs) for (const part of place?.parts ?? []) code.undefine(part)
    const outer = this.mask
    const side = (r: Region, negate: boolean) => {
      this.mask = outer
      const over = code.label()
      const inner = this.narrowed(cond, negate)
      if (isDear(r)) this.jumpUnlessAny(inner, over)
      this.mask = inner
      this.region(r)
      this.mask = outer
      this.assign(
        outs.flatMap((place, i) => (place ? [[place, r.results[i]] as const] : [])),
        negate ? inner : undefined,
      )
      code.bind(over)
    }
    side(a, false)
    side(b, true)
    outs.forEach((place, i) => {
      if (place) this.places.setResult(v, i, place)
    })
  }

  /** An `if` whose sides are cheap and may run for all lanes. */
  private emitSelects(v: Value, used: readonly boolean[]): void {
    const [cond] = v.args
    const [a, b] = v.regions!
    const outer = this.mask
    for (const [r, negate] of [
      [a, false],
      [b, true],
    ] as const) {
      this.mask = r.ops.some(o => o.regions || o.op === 'load') ? this.narrowed(cond, negate) : outer
      this.region(r)
      this.mask = outer
    }
    a.results.forEach((x, i) => {
      if (!used[i]) return
      const y = b.results[i]
      const width = x.type === 'i1' ? this.widthOf(x.op === 'const' ? y : x) : this.laneWidth(x.type)
      const parts = Array.from({ length: this.partCount(width) }, (_, p) =>
        x.type === 'i1'
          ? this.eitherMask(cond, x, y, p, width)
          : masks.select(
              this,
              x.type,
              this.part(cond, p, width),
              this.part(x, p, width),
              this.part(y, p, width),
              width,
            ),
      )
      this.places.setResult(v, i, x.type === 'i1' ? { parts, width } : { parts })
    })
  }

  /** Part of a mask: of one in the lanes of a condition, of another elsewhere. */
  private eitherMask(cond: Value, x: Value, y: Value, p: number, width: Width): Register {
    const part = (v: Value) => this.part(v, p, width)
    const is = (v: Value, value: boolean) => v.op === 'const' && v.attr === value
    if (is(y, false)) return masks.and(this, part(cond), part(x))
    if (is(x, false)) return masks.andNot(this, part(y), part(cond))
    if (is(x, true) || x === cond) return masks.or(this, part(cond), part(y))
    return masks.select(this, 'i1', part(cond), part(x), part(y), width)
  }

  /**
   * A divergent `if` with one side worth a branch beside one where nothing is computed, as of rare cases: what the empty side yields is there beforehand, and only behind the branch it is
   * overridden.
   */
  private emitLoneSide(v: Value, lone: number, used: readonly boolean[]): void {
    const { code } = this
    const [cond] = v.args
    const region = v.regions![lone]
    const empty = v.regions![1 - lone]
    const outs = used.map((u, i) => (u ? this.newPlace(empty.results[i], Number.NaN) : undefined))
    this.assign(outs.flatMap((place, i) => (place ? [[place, empty.results[i]] as const] : [])))
    const outer = this.mask
    const inner = this.narrowed(cond, lone === 1)
    const over = code.label()
    this.jumpUnlessAny(inner, over)
    this.mask = inner
    this.region(region)
    this.mask = outer
    this.assign(
      outs.flatMap((place, i) => (place ? [[place, region.results[i]] as const] : [])),
      inner,
    )
    code.bind(over)
    outs.forEach((place, i) => {
      if (place) this.places.setResult(v, i, place)
    })
  }

  private emitUniformLoop(v: Value): void {
    const { code, shapes } = this
    const [test, body] = v.regions!
    const carried = test.params.map((p, i) =>
      this.newPlace(p.type === 'i1' && body.results[i].op !== 'arg' ? body.results[i] : p, shapes.of(p)),
    )
    this.assign(carried.map((place, i) => [place, v.args[i]]))
    const { uniform } = this.terms(test.results[0], test, undefined)
    const moving = [...carried.keys()].filter(i => body.results[i] !== test.params[i])
    const begin = () => {
      test.params.forEach((p, i) => {
        if (carried[i].parts) this.places.set(p, carried[i])
        else this.finishScalar(p, carried[i].scalar!)
      })
    }
    const enter = () => {
      begin()
      this.region(test)
    }
    // What the test computes is not wanted by the body: so it may stand in front of the loop and again at its end.
    const isApart = !readsAny(body, new Set(test.ops)) && test.ops.every(isPure)
    const rounds = () => {
      const [top, out] = [code.label(), code.label()]
      const leave = () => {
        for (const c of uniform) this.jumpUnless(c, out)
      }
      const step = () => {
        this.region(body)
        this.assign(moving.map(i => [carried[i], body.results[i]]))
      }
      if (isApart) {
        enter()
        leave()
      }
      code.inLoop(() => {
        code.bind(top, 32)
        if (!isApart) {
          enter()
          leave()
          step()
          code.jump(top)
          return
        }
        // Scalars are spread over lanes in every round.
        begin()
        step()
        enter()
        const [last] = uniform.slice(-1)
        for (const c of uniform.slice(0, -1)) this.jumpUnless(c, out)
        if (last) this.jumpIf(last, top)
        else code.jump(top)
      })
      code.bind(out)
    }
    const counted = this.options.unsafe ? undefined : countedLoop(v, shapes, this.mask !== undefined)
    if (counted) {
      const { checked } = this
      const [slow, done] = [code.label(), code.label()]
      leaveUnlessInRange(this, counted, slow)
      this.checked = new Set([...checked, ...[...counted.accesses.values()].flatMap(group => group.map(a => a.id))])
      rounds()
      this.checked = checked
      code.bind(done)
      code.cold(() => {
        code.bind(slow)
        rounds()
        code.jump(done)
      })
    } else rounds()
    test.params.forEach((p, i) => {
      if (!this.uses.isResultRead(v, i)) return
      if (carried[i].parts) this.places.setResult(v, i, carried[i])
      else this.finishScalar(resultOf(v, i, p.type), carried[i].scalar!)
    })
  }

  private emitDivergentLoop(v: Value): void {
    const { code, shapes } = this
    const [test, body] = v.regions!
    const outer = this.mask
    const cond = test.results[0]
    const exits = shapes.exits(v)
    const next = exits?.next ?? body.results
    const isFlag = (i: number) => exits?.flags.some(x => x.index === i) === true
    const observed = test.params.map((_, i) => this.uses.isResultRead(v, i))
    const carried = test.params.map((p, i) => {
      if (isFlag(i) && !observed[i]) return undefined
      return this.newPlace(p.type === 'i1' && next[i].op !== 'arg' ? next[i] : p, isFlag(i) ? Number.NaN : shapes.of(p))
    })
    this.assign(carried.flatMap((place, i) => (place ? [[place, v.args[i]] as const] : [])))
    // What leaves the loop lane by lane although it is uniform inside.
    const frozen = test.params.map((p, i) => {
      if (!observed[i] || isFlag(i) || isVarying(shapes.of(p)) || body.results[i] === p) return undefined
      const place = this.newPlace(p, Number.NaN)
      this.assign([[place, v.args[i]]])
      return place
    })
    // Of the test, or where that is uniform of the exits.
    const decisive = isVarying(shapes.of(cond))
      ? cond
      : (exits?.flags.find(x => isVarying(shapes.of(x.cond)))?.cond ?? cond)
    const width = this.maskWidth(decisive)
    const live: Place = {
      width,
      parts: Array.from({ length: this.partCount(width) }, (_, p) => {
        const part = this.newPart('i1', width)
        this.movePart(part, outer ? this.maskPart(outer, p, width) : masks.constant(this, true, width))
        return part
      }),
    }
    const { uniform, varying } = this.terms(cond, test, exits)
    // Without effects, lanes that are done may go round a few more times before anybody looks.
    const size = isPlain(test) && isPlain(body) ? sizeOf(test) + sizeOf(body) : unrolled
    const times = Math.max(1, Math.min(unroll, Math.floor(unrolled / size)))
    const moving = [...carried.keys()].filter(i => carried[i] && next[i] !== test.params[i])
    const out = code.label()
    const leaveUnlessUniform = () => {
      for (const c of uniform) this.jumpUnless(c, out)
    }
    const narrow = (slice: number) => {
      for (const c of varying)
        for (const p of this.partsOf(slice, width)) masks.andInto(this, live.parts![p], this.part(c, p, width))
    }
    const advance = (slice: number) => {
      // Lanes that leave now are still written by what stands before their exit.
      const stay = exits ? this.staying(live, exits, slice) : live
      const maskOf = (i: number) => (exits?.guarded[i] ? stay : live)
      frozen.forEach((place, i) => {
        if (place) this.freeze(place, test.params[i], next[i], maskOf(i), slice)
      })
      this.assignSlice(
        moving
          .filter(i => carried[i]!.parts)
          .map(i => [carried[i]!, next[i], observed[i] ? maskOf(i) : undefined] as const),
        slice,
      )
      if (exits) for (const p of this.partsOf(slice, width)) this.movePart(live.parts![p], stay.parts![p])
    }
    const top = code.label()
    code.inLoop(() => {
      code.bind(top, 32)
      for (let copy = 0; copy < times; copy++) {
        this.mask = live
        test.params.forEach((p, i) => {
          const place = carried[i]
          // No active lane has left.
          if (isFlag(i)) this.places.set(p, this.never())
          else if (place!.parts) this.places.set(p, place!)
          else this.finishScalar(p, place!.scalar!)
        })
        if (times > 1 && test.ops.every(isStraight)) {
          // One round is one straight list. That no lane is left is found one look later than it could be.
          const isScalar = (x: Value) => !isVarying(shapes.of(x))
          if (copy === 0) this.jumpUnlessAny(live, out)
          this.list(test.ops.filter(isScalar))
          leaveUnlessUniform()
          this.list([...test.ops.filter(x => !isScalar(x)), narrow, ...body.ops, advance])
        } else {
          this.list([...test.ops, narrow])
          leaveUnlessUniform()
          if (copy === 0) this.jumpUnlessAny(live, out)
          this.list([...body.ops, advance])
        }
        this.assign(moving.filter(i => !carried[i]!.parts).map(i => [carried[i]!, next[i]]))
      }
      code.jump(top)
    })
    code.bind(out)
    this.mask = outer
    test.params.forEach((p, i) => {
      if (!observed[i]) return
      if (frozen[i]) this.places.setResult(v, i, frozen[i])
      else if (carried[i]!.parts) this.places.setResult(v, i, carried[i]!)
      else this.finishScalar(resultOf(v, i, p.type), carried[i]!.scalar!)
    })
  }

  /** The lanes of a mask for which none of the exits' conditions holds, of one slice. */
  private staying(live: Place, exits: Exits, slice: number): Place {
    const width = live.width!
    const parts = [...live.parts!]
    for (const p of this.partsOf(slice, width))
      for (const { cond } of exits.flags) parts[p] = masks.andNot(this, parts[p], this.part(cond, p, width))
    return { parts, width }
  }

  private freeze(place: Place, param: Value, next: Value, live: Place, slice: number): void {
    const counts =
      next.type === 'i32' &&
      next.op === 'add' &&
      next.args.some(a => a.op === 'const' && a.attr === 1) &&
      next.args.includes(param)
    if (!counts) return this.assignSlice([[place, next, live]], slice)
    // For live lanes it equals the counter.
    for (const p of this.partsOf(slice, 32)) masks.increment(this, place.parts![p], this.maskPart(live, p, 32))
  }

  /** The terms of a test that all must hold, but for flags that are false among active lanes. The `and`s that only join them are not emitted. */
  private terms(cond: Value, test: Region, exits: Exits | undefined): { uniform: Value[]; varying: Value[] } {
    const of = (c: Value): Value[] => {
      if (c.op === 'and' && test.ops.includes(c) && this.uses.isReadOnce(c)) {
        this.skip.add(c.id)
        return c.args.flatMap(of)
      }
      return c.op === 'not' && exits?.flags.some(x => x.param === c.args[0]) ? [] : [c]
    }
    const all = of(cond)
    const uniform = all.filter(c => !isVarying(this.shapes.of(c)))
    this.forBranches(uniform)
    return { uniform, varying: all.filter(c => isVarying(this.shapes.of(c))) }
  }
}

/** Those that exclude each other are neighbours. */
const opposite = (condition: Condition): Condition => conditions[conditions.indexOf(condition) ^ 1]

const resultOf = (owner: Value, index: number, type: Value['type']): Value =>
  ({ id: -1, op: 'result', type, args: [owner], attr: index, loc: undefined, regions: undefined }) as Value

/** No memory, no effects, no loops: may run for lanes that are not active. @param also what may run as well */
function isPlain(r: Region, also: (v: Value) => boolean = () => false): boolean {
  return r.ops.every(
    v =>
      also(v) ||
      (!EFFECTS.has(v.op) &&
        v.op !== 'load' &&
        v.op !== 'loop' &&
        v.op !== 'lload' &&
        !v.regions?.some(x => !isPlain(x, also))),
  )
}

/** Whether an operation of a region, or of one nested in it, reads one of these values. */
function readsAny(r: Region, values: ReadonlySet<Value>): boolean {
  const wants = (v: Value) => values.has(v) || (v.op === 'result' && values.has(v.args[0]))
  return (
    r.results.some(wants) ||
    walk(r).some(v => v.args.some(wants) || v.regions?.some(inner => inner.results.some(wants)) === true)
  )
}

const sizeOf = (r: Region): number =>
  r.ops.reduce((n, v) => n + 1 + (v.regions?.reduce((m, x) => m + sizeOf(x), 0) ?? 0), 0)

/** Not worth a branch around, and allowed to run without an active lane, as a load of lanes side by side is under its mask. */
const isCheap = (r: Region, shapes: Shapes): boolean =>
  isPlain(r, v => v.op === 'load' && shapes.of(v.args[0]) === 1) && sizeOf(r) <= dear
