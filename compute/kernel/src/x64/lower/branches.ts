/** Branches: by jumps where a condition is the same for all lanes; else both sides run under their masks, and results are selected. */

import type { Region, Value } from '../../ir/ir.ts'
import { isVarying, type Shapes } from '../../lanes/shape.ts'
import { type Condition, conditions } from '../encode/general-forms.ts'
import type { Label, Register } from '../encode/operands.ts'
import * as masks from './masks.ts'
import type { Place } from './operands.ts'
import { isPlain, resultOf, sizeOf } from './regions.ts'
import { emitCompare, isComparison } from './scalar.ts'
import { type Step, Straight } from './straight.ts'
import type { Width } from './target.ts'

/** Operations of a side of an `if` that is worth a branch around. */
const dear = 10

export abstract class Branches extends Straight {
  region(r: Region): void {
    this.list(r.ops)
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
  protected forBranches(conditions: readonly Value[]): void {
    for (const c of conditions)
      if (isComparison(c) && !isVarying(this.shapes.of(c)) && this.uses.isReadOnce(c)) this.forBranch.add(c.id)
  }

  /** Writes values into places, all read before any is written. */
  protected assign(pairs: readonly (readonly [Place, Value])[], blend?: Place): void {
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

  protected emitIf(v: Value): void {
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

  protected emitDivergentIf(v: Value, used: readonly boolean[]): void {
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
  protected emitSelects(v: Value, used: readonly boolean[]): void {
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
  protected eitherMask(cond: Value, x: Value, y: Value, p: number, width: Width): Register {
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
  protected emitLoneSide(v: Value, lone: number, used: readonly boolean[]): void {
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
}

/** Those that exclude each other are neighbours. */
const opposite = (condition: Condition): Condition => conditions[conditions.indexOf(condition) ^ 1]

/** Not worth a branch around, and allowed to run without an active lane, as a load of lanes side by side is under its mask. */
const isCheap = (r: Region, shapes: Shapes): boolean =>
  isPlain(r, v => v.op === 'load' && shapes.of(v.args[0]) === 1) && sizeOf(r) <= dear && !isSlow(r)

/** Each takes as long as ten others or more; a routine of `math` is called for one lane after the other. */
const slow = new Set(['math', 'div', 'sqrt', 'frem', 'sdiv', 'udiv', 'srem', 'urem'])

const isSlow = (r: Region): boolean => r.ops.some(v => slow.has(v.op) || v.regions?.some(isSlow))
