/**
 * Operations in a row, without branches and accesses between them.
 *
 * They are independent from one slice of four lanes to the next, and no engine reorders vector code, so their order is
 * chosen here. Some slices together, operation by operation, hide each other's latency and share constants. One slice after
 * the other holds the fewest values at a time: for short loops, whose state should stay in registers.
 */
import { isPure, type Value } from '../ir/ir.ts'
import { accessGroups } from '../lanes/accesses.ts'
import { isUniform, isVarying } from '../lanes/shape.ts'
import { checkTogether } from './checks.ts'
import type { FunctionBuilder } from './encode/index.ts'
import type { Helpers } from './helpers.ts'
import { emitPart, type LaneContext, partWidth, SHAPE_OF, type Width } from './lanes.ts'
import { Operands, type Rep } from './operands.ts'
import { emitRemainder } from './remainder.ts'
import { emitScalar, wasmType } from './scalar.ts'

/** Lanes of a slice: those of one part of 32-bit values, of two of 64-bit values. */
const SLICE = 4
/** Vectors computed side by side. */
const TOGETHER = 4
/** In a loop, so many operations that a processor looks ahead over several slices of them. */
const SHORT = 40

/** Computed slice by slice, from the same slice of its operands, for all lanes. */
export const isStraight = (v: Value): boolean => isPure(v) && v.op !== 'toint32' && v.op !== 'math'

/** An operation, or code for each slice that stands behind the operations before it. */
export type Step = Value | ((slice: number) => void)

export abstract class Straight extends Operands {
  /** Values not emitted because their parts stand for them: the `and`s of a loop's test. */
  protected readonly skip = new Set<number>()
  protected inLoop = false

  abstract emit(v: Value): void

  /** Operations that run one after the other. Accesses at one index are checked together, at the first of them. */
  list(steps: readonly Step[]): void {
    const groups = this.options.unsafe
      ? undefined
      : accessGroups(
          steps.filter(s => typeof s !== 'function'),
          this.shapes,
        )
    const checked = this.checked
    if (groups?.size) this.checked = new Set(checked)
    let straight: Step[] = []
    const flush = () => {
      this.emitSlices(straight)
      straight = []
    }
    steps.forEach(s => {
      if (typeof s === 'function') straight.push(s)
      else if (isStraight(s)) {
        // What is uniform depends on nothing that varies.
        if (isVarying(this.shapes.of(s))) straight.push(s)
        else this.emit(s)
      } else {
        flush()
        const group = groups?.get(s.id)
        if (group && !group.every(a => this.checked.has(a.id)) && checkTogether(this, group))
          for (const a of group) this.checked.add(a.id)
        this.emit(s)
      }
    })
    flush()
    this.checked = checked
  }

  /** The parts of a value that belong to a slice. A combination of few elements may end in half a slice. */
  protected partsOf(slice: number, width: Width): number[] {
    if (width === 32) return [slice]
    return 2 * slice + 1 < this.partCount(64) ? [2 * slice, 2 * slice + 1] : [2 * slice]
  }

  protected isEmitted(v: Value): boolean {
    if (v.op === 'const' || this.skip.has(v.id) || (PLACED.has(v.op) && this.reps.get(v))) return false
    return !isPure(v) || this.uses.isRead(v)
  }

  protected mark(v: Value): void {
    if (v.loc && !v.loc.unit) this.f.mark(v.loc)
  }

  protected releaseTemporaries(): void {
    if (this.temps.length === 0) return
    this.temps.forEach(l => void this.f.release(l))
    this.temps.length = 0
  }

  /** Varying values, none of which reads a scalar made from the lanes of another. */
  protected emitSlices(steps: readonly Step[]): void {
    const widths: Width[] = []
    const made = steps.flatMap((s): ((slice: number) => void)[] => {
      if (typeof s === 'function') return [s]
      if (!this.isEmitted(s)) return []
      const width = this.widthOf(s)
      widths.push(width)
      return [this.maker(s, width)]
    })
    if (made.length === 0) return
    const slices = Math.ceil(this.lanes / SLICE)
    const short = this.inLoop && widths.length <= SHORT
    const together = Math.min(slices, short ? 1 : widths.includes(64) ? TOGETHER / 2 : TOGETHER)
    for (let first = 0; first < slices; first += together)
      for (const make of made) {
        for (let slice = first; slice < Math.min(slices, first + together); slice++) make(slice)
        this.releaseTemporaries()
      }
  }

  /** Gives a value its place; what is returned computes a slice of it. */
  private maker(v: Value, width: Width): (slice: number) => void {
    const context = new LaneCode(this, v)
    const parts: number[] = []
    this.set(v, v.type === 'i1' ? { parts, width } : { parts })
    return slice => {
      this.mark(v)
      for (const p of this.partsOf(slice, width)) {
        if (emitRemainder(v, p, context) || emitPart(v, p, width, context)) {
          parts[p] = this.f.local('v128')
          this.f.set(parts[p])
        } else parts[p] = this.partLaneByLane(v, p, width)
      }
    }
  }

  /** An operation that SIMD does not have: each lane of a part through scalar code. */
  private partLaneByLane(v: Value, p: number, width: Width): number {
    const { f } = this
    const perPart = 128 / width
    const out = f.local('v128')
    for (let l = 0; l < perPart; l++) {
      const lane = p * perPart + l
      const operands = v.args.map(a => {
        if (a.op === 'const' || isUniform(this.shapes.of(a))) return undefined
        const t = this.temporary(wasmType(a.type) as 'i32')
        this.pushLane(a, lane)
        f.set(t)
        return t
      })
      f.get(out)
      emitScalar(
        f,
        v,
        i => (operands[i] === undefined ? this.pushScalarOrLane(v.args[i]) : f.get(operands[i])),
        this.frame.helpers,
      )
      if (v.type === 'i1') {
        const t = this.temporary('i32')
        f.set(t)
        f.i32(0).get(t).op('i32.sub')
        if (width === 64) f.op('i64.extend_i32_s')
      }
      f.laneOp(`${v.type === 'i1' ? (width === 64 ? 'i64x2' : 'i32x4') : SHAPE_OF[v.type]}.replace_lane`, l).set(out)
    }
    return out
  }

  /**
   * Sets the parts of one slice to those of values, blended with what they were where a mask is given; all are read before
   * any is written.
   */
  protected assignSlice(list: readonly (readonly [Rep, Value, Rep | undefined])[], slice: number): void {
    const { f } = this
    const targets: number[] = []
    for (const [rep, v, mask] of list) {
      const width = rep.width ?? partWidth(v)
      for (const p of this.partsOf(slice, width)) {
        this.pushPart(v, p, width)
        if (mask) {
          f.get(rep.parts![p])
          this.pushMaskPart(mask, p, width)
          f.op('v128.bitselect')
        }
        targets.push(rep.parts![p])
      }
    }
    for (const l of targets.reverse()) f.set(l)
  }
}

/** What the code of one operation works with: its operands, as they were placed. */
export class LaneCode implements LaneContext {
  private readonly e: Operands
  private readonly v: Value
  readonly f: FunctionBuilder
  readonly helpers: Helpers

  constructor(e: Operands, v: Value) {
    this.e = e
    this.v = v
    this.f = e.f
    this.helpers = e.frame.helpers
  }

  part(i: number, p: number, width?: Width): void {
    this.e.pushPart(this.v.args[i], p, width)
  }

  scalar(i: number): void {
    this.e.pushScalar(this.v.args[i])
  }

  isUniform(i: number): boolean {
    const v = this.v.args[i]
    return v.op === 'const' || isUniform(this.e.shapes.of(v))
  }

  splat(type: 'i32' | 'f32' | 'f64' | 'i64', value: number | bigint): void {
    this.e.pushConstant(type, value)
  }

  temporary(type: 'v128' | 'i32' | 'i64' | 'f32' | 'f64'): number {
    return this.e.temporary(type)
  }

  parts(width: Width): number {
    return this.e.partCount(width)
  }
}

/** Values whose place the function around the body gave them. */
const PLACED = new Set(['scalar', 'index', 'length'])
