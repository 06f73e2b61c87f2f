/** Loops: as such where all lanes leave together; else they run until no lane is left in them, and what those that have left carry stands still. */

import { isPure, type Region, type Value } from '../../ir/ir.ts'
import type { Access } from '../../lanes/accesses.ts'
import { countedLoop } from '../../lanes/counted.ts'
import type { Exits } from '../../lanes/exits.ts'
import { isVarying } from '../../lanes/shape.ts'
import { littleAhead, segmentsOf } from '../ahead.ts'
import { Branches } from './branches.ts'
import { fetchAhead } from './contiguous.ts'
import { leaveUnlessInRange } from './counted.ts'
import * as masks from './masks.ts'
import { elementAt } from './memory.ts'
import type { Place } from './operands.ts'
import { isPlain, readsAny, resultOf, sizeOf } from './regions.ts'
import { isStraight } from './straight.ts'

/** Most rounds of a divergent loop between two looks at whether any lane is left, and most operations in them. */
const unroll = 4
const unrolled = 64

export abstract class Loops extends Branches {
  protected emitUniformLoop(v: Value): void {
    const { code, shapes } = this
    const [test, body] = v.regions!
    const carried = test.params.map((p, i) =>
      this.newPlace(p.type === 'i1' && body.results[i].op !== 'arg' ? body.results[i] : p, shapes.of(p)),
    )
    this.assign(carried.map((place, i) => [place, v.args[i]]))
    this.#fetchSegments(v)
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

  /** Asks for what the loop of a later position reads. */
  #fetchSegments(v: Value): void {
    if (this.lanes > 1 || this.mask || !this.ir.body.ops.includes(v)) return
    for (const { loads, begin } of segmentsOf(v, this.ir.rank)) {
      for (const { attr } of loads) {
        const at = elementAt(this, attr as Access, this.scalar(begin))
        fetchAhead(this, (attr as Access).element, at, { bytes: littleAhead, into: 'first' })
      }
    }
  }

  protected emitDivergentLoop(v: Value): void {
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
  protected staying(live: Place, exits: Exits, slice: number): Place {
    const width = live.width!
    const parts = [...live.parts!]
    for (const p of this.partsOf(slice, width))
      for (const { cond } of exits.flags) parts[p] = masks.andNot(this, parts[p], this.part(cond, p, width))
    return { parts, width }
  }

  protected freeze(place: Place, param: Value, next: Value, live: Place, slice: number): void {
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
  protected terms(cond: Value, test: Region, exits: Exits | undefined): { uniform: Value[]; varying: Value[] } {
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
