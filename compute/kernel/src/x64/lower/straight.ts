/**
 * Operations in a row, without branches and accesses between them.
 *
 * They are independent from one slice of lanes to the next. They are written slice after slice: the processor reorders over several of them by itself, and one at a time holds the fewest values.
 */

import { isPure, type Type, type Value } from '../../ir/ir.ts'
import { accessGroups } from '../../lanes/accesses.ts'
import { isUniform, isVarying } from '../../lanes/shape.ts'
import type { Register } from '../encode/operands.ts'
import type { Code } from '../machine/code.ts'
import type { LaneContext } from './lane-code.ts'
import { emitPart } from './lanes.ts'
import * as masks from './masks.ts'
import { checkTogether } from './memory.ts'
import { Operands, type Place, type VectorBits } from './operands.ts'
import { emitScalar, isComparison } from './scalar.ts'
import type { Target, Width } from './target.ts'

/** Computed slice by slice, from the same slice of its operands, for all lanes. */
export const isStraight = (v: Value): boolean => isPure(v) && v.op !== 'math'

/** An operation, or code for each slice that stands behind the operations before it. */
export type Step = Value | ((slice: number) => void)

/** Values whose place the function around the body gave them. */
const placed = new Set(['scalar', 'index', 'length'])

export abstract class Straight extends Operands {
  /** Values not emitted because their parts stand for them: the `and`s of a loop's test. */
  protected readonly skip = new Set<number>()
  /** Conditions that a branch asks for, and nobody else: they are compared there. */
  protected readonly forBranch = new Set<number>()

  abstract emit(v: Value): void

  /** Operations that run one after the other. Accesses at one index are checked together, at the first of them. */
  list(steps: readonly Step[]): void {
    const groups = this.options.unsafe
      ? undefined
      : accessGroups(
          steps.filter(s => typeof s !== 'function'),
          this.shapes,
        )
    const { checked } = this
    let straight: Step[] = []
    const flush = () => {
      this.emitSlices(straight)
      straight = []
    }
    for (const s of steps) {
      if (typeof s === 'function') straight.push(s)
      else if (isStraight(s)) {
        // What is uniform depends on nothing that varies.
        if (isVarying(this.shapes.of(s))) straight.push(s)
        else this.emit(s)
      } else {
        flush()
        const group = groups?.get(s.id)
        if (group && !group.every(a => this.checked.has(a.id)) && checkTogether(this, group)) {
          for (const a of group) this.together.add(a.id)
          this.checked = new Set([...this.checked, ...group.map(a => a.id)])
        }
        this.emit(s)
      }
    }
    flush()
    this.checked = checked
  }

  /** How many slices there are: each is one part of 32-bit values, and one or two of 64-bit values. */
  get slices(): number {
    return this.partCount(this.word)
  }

  /** The parts of a value that belong to a slice. */
  protected partsOf(slice: number, width: Width): number[] {
    const each = this.partCount(width) / this.slices
    return Array.from({ length: each }, (_, i) => slice * each + i)
  }

  protected isEmitted(v: Value): boolean {
    if (v.op === 'const' || this.skip.has(v.id) || (placed.has(v.op) && this.places.get(v))) return false
    return !isPure(v) || this.uses.isRead(v)
  }

  protected mark(v: Value): void {
    if (this.isLocated && v.loc && !v.loc.unit) this.code.loc = v.loc
  }

  protected emitUniform(v: Value): void {
    if (this.forBranch.has(v.id) && isComparison(v)) return this.set(v, { compare: v })
    if (v.op === 'math') {
      const result = this.code.register(128)
      this.code.call(this.frame.routine(v), [this.scalar(v.args[0])], result)
      return this.finishScalar(v, result)
    }
    const scalar = emitScalar(v, i => this.scalar(v.args[i]), this)
    this.finishScalar(v, scalar)
  }

  /** Varying values, none of which reads a scalar made from the lanes of another. */
  protected emitSlices(steps: readonly Step[]): void {
    const made = steps.flatMap((s): ((slice: number) => void)[] => {
      if (typeof s === 'function') return [s]
      return this.isEmitted(s) ? [this.maker(s)] : []
    })
    if (made.length === 0) return
    for (let slice = 0; slice < this.slices; slice++) for (const make of made) make(slice)
  }

  /** Gives a value its place; what is returned computes a slice of it. */
  private maker(v: Value): (slice: number) => void {
    const width = this.widthOf(v)
    const context = new LaneCode(this, v)
    const parts: Register[] = []
    this.set(v, v.type === 'i1' ? { parts, width } : { parts })
    if (this.isTruncated(v)) {
      this.unsettled.set(v.id, () => {
        for (const [p, part] of parts.entries()) this.movePart(part, emitPart(v, p, width, context)!)
      })
      return slice => {
        this.mark(v)
        for (const p of this.partsOf(slice, width)) {
          parts[p] = this.code.register(this.bits(width))
          this.code.vector('vcvttps2dq', [parts[p], context.part(0, p)])
        }
      }
    }
    return slice => {
      this.mark(v)
      for (const p of this.partsOf(slice, width)) {
        const part = emitPart(v, p, width, context)
        if (part === undefined) {
          this.laneByLane(v, slice, width, parts)
          break
        }
        parts[p] = part
      }
    }
  }

  /** Whether a float is only truncated: out of range it becomes the least number, which no access takes for an index. */
  private isTruncated(v: Value): boolean {
    return v.op === 'toint32' && v.args[0].type === 'f32' && !this.options.unsafe && this.uses.isIndexOnly(v)
  }

  /** An operation that vectors do not have: each lane of a slice through scalar code, by way of the stack. */
  private laneByLane(v: Value, slice: number, width: Width, parts: Register[]): void {
    const { code } = this
    const each = this.bits(32) / 32
    const room = (w: Width) => code.stackMemory((each * w) / 8, 64)
    const operands = v.args.map(a => {
      if (a.op === 'const' || isUniform(this.shapes.of(a))) return undefined
      const w = this.widthOf(a)
      const slot = room(w)
      for (const [i, p] of this.partsOf(slice, w).entries())
        this.storePart(a, p, w, slot.memory((i * this.bits(w)) / 8))
      return { slot, width: w }
    })
    const out = room(width)
    for (let lane = 0; lane < Math.min(each, this.lanes); lane++) {
      const scalars = v.args.map((a, i) => {
        const operand = operands[i]
        return operand && this.laneFromStack(a.type, operand.slot, lane, operand.width)
      })
      const scalar = emitScalar(v, i => scalars[i] ?? this.scalar(v.args[i]), this)
      this.laneToStack(v.type, scalar, out, lane, width)
    }
    for (const [i, p] of this.partsOf(slice, width).entries())
      parts[p] = this.loadPart(v.type, out.memory((i * this.bits(width)) / 8), width)
  }

  /** Sets the parts of one slice to those of values, where a mask is given only its lanes; all are read before any is written. */
  protected assignSlice(list: readonly (readonly [Place, Value, Place | undefined])[], slice: number): void {
    const moves: { to: Register; from: Register; mask: Place | undefined; p: number; width: Width }[] = []
    for (const [place, v, mask] of list) {
      const width = place.width ?? this.laneWidth(v.type)
      for (const p of this.partsOf(slice, width))
        moves.push({ to: place.parts![p], from: this.part(v, p, width), mask, p, width })
    }
    this.moveAll(moves)
  }

  /** Moves at once: what one reads is what was there before any of them. */
  protected moveAll(
    moves: readonly { to: Register; from: Register; mask: Place | undefined; p: number; width: Width }[],
  ): void {
    const written = new Set(moves.map(m => m.to))
    const late: (() => void)[] = []
    for (const { to, from, mask, p, width } of moves) {
      if (to === from) continue
      let source = from
      // Another of these moves changes it.
      if (written.has(from)) {
        source = to.bank === 'mask' ? this.code.mask() : this.code.register(to.bits as VectorBits)
        this.movePart(source, from)
      }
      late.push(() => (mask ? this.blendInto(to, source, mask, p, width) : this.movePart(to, source)))
    }
    for (const move of late) move()
  }

  /** Sets variables to values, in the lanes that are active. */
  update(to: readonly Register[], from: readonly Register[], width: Width): void {
    this.moveAll(to.map((register, p) => ({ to: register, from: from[p], mask: this.mask, p, width })))
  }

  /** Sets the lanes of a mask in a variable. */
  private blendInto(to: Register, from: Register, mask: Place, p: number, width: Width): void {
    const active = this.maskPart(mask, p, width)
    if (to.bank === 'mask') masks.blendMasks(this, to, active, from, to)
    else if (this.target.isa === 'avx512')
      this.code.vector(masks.blends.moves[width], [to, from], { mask: active, zeroes: false })
    else this.code.vector(masks.blends.vectors[width], [to, to, from, active])
  }
}

/** What the code of one operation works with: its operands, as they were placed. */
export class LaneCode implements LaneContext {
  readonly #operands: Operands
  readonly #value: Value
  readonly code: Code
  readonly target: Target
  readonly lanes: number
  readonly word: 8 | 16 | 32

  constructor(operands: Operands, value: Value) {
    this.#operands = operands
    this.#value = value
    this.code = operands.code
    this.target = operands.target
    this.lanes = operands.lanes
    this.word = operands.word
  }

  areUnsigned(operands: readonly number[]): boolean {
    return this.#operands.options.words!.areUnsigned(operands.map(i => this.#value.args[i]))
  }

  bits(width: Width): VectorBits {
    return this.#operands.bits(width)
  }

  parts(width: Width): number {
    return this.#operands.partCount(width)
  }

  part(i: number, p: number, width?: Width): Register {
    return this.#operands.part(this.#value.args[i], p, width)
  }

  scalar(i: number): Register {
    return this.#operands.scalar(this.#value.args[i])
  }

  isUniform(i: number): boolean {
    const v = this.#value.args[i]
    return v.op === 'const' || isUniform(this.#operands.shapes.of(v))
  }

  spreadWord(value: number, bits: VectorBits): Register {
    return this.#operands.spreadWord(value, bits)
  }

  spread(type: Type, value: number | bigint, bits: VectorBits): Register {
    return this.#operands.spread(type, value, bits)
  }
}
