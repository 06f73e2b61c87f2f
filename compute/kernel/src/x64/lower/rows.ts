/**
 * The body of a kernel within a function over a part of its range: rows, or segments of them.
 *
 *       once:     addresses, lengths, what depends on no index
 *       per row:  what depends on outer indices
 *       strips:   so many positions at a time, whose accesses at a fixed step were looked at beforehand
 *       rest:     so many at a time under a mask, each access looked at
 */

import { ELEMENT_BYTES, isPure, type Value } from '../../ir/ir.ts'
import { type Access, groupBuffers } from '../../lanes/accesses.ts'
import { levelsOf } from '../../lanes/levels.ts'
import { analyseShapes, isUniform, isVarying, type Shapes } from '../../lanes/shape.ts'
import { ValueTable } from '../../lanes/table.ts'
import { findUses, type Uses } from '../../lanes/uses.ts'
import * as layout from '../../launch/layout.ts'
import { type Label, Memory, type Register } from '../encode/operands.ts'
import { type Code, view } from '../machine/code.ts'
import { Arguments, type OfKernel } from './arguments.ts'
import { memoryAt } from './contiguous.ts'
import { Emitter } from './emitter.ts'
import { firstLanes } from './first-lanes.ts'
import type { Frame } from './frame.ts'
import { elementAt } from './memory.ts'
import type { EmitOptions, Place } from './operands.ts'
import { divide, type Segment } from './segments.ts'
import { partBits, type Target } from './target.ts'

export interface LowerOptions extends EmitOptions {
  readonly target: Target
  readonly lanes: number
  /** Lanes at a time of what strips leave over: as many, or fewer. */
  readonly restLanes: number
  /** There are no strips: all positions are what they leave over. */
  readonly isDraft: boolean
  /** Those of a strip of lanes. */
  readonly shapes: Shapes
  /** Neighbouring positions are 1 apart. */
  readonly unitStep: boolean
  /** A store that goes past the caches. */
  readonly past?: Value | undefined
}

export interface RowsKernel extends OfKernel {
  readonly options: LowerOptions
}

/** Bytes of private arrays that are cleared without a loop. */
const fewBytes = 512

export class Rows {
  readonly kernel: RowsKernel
  readonly code: Code
  readonly frame: Frame
  readonly shapes: Shapes
  readonly uses: Uses
  /** Position in the row. */
  readonly k: Register
  segment!: Segment
  readonly #arguments: Arguments
  readonly #base = new ValueTable<Place>()
  readonly #emitter: Emitter
  readonly #rowValues: Value[] = []
  readonly #stripValues: Value[] = []
  readonly #lastBegin: Register
  readonly #lastStep: Register

  constructor(kernel: RowsKernel, code: Code) {
    this.kernel = kernel
    this.code = code
    const { ir, options } = kernel
    this.#arguments = new Arguments(code, kernel)
    this.frame = this.#arguments.frame()
    this.shapes = options.lanes > 1 ? options.shapes : analyseShapes(ir, false, true)
    this.uses = findUses(ir, this.shapes)
    this.k = code.gpr(32, 'k')
    this.#lastBegin = this.argument('first_begin', layout.LAST)
    this.#lastStep = this.argument('first_step', layout.LAST + 4)
    this.#emitter = this.#emitterOf(this.#base)
    this.#invariants()
  }

  #emitterOf(places: ValueTable<Place>, lanes = this.kernel.options.lanes): Emitter {
    const { ir, options } = this.kernel
    return new Emitter(this.frame, ir, lanes, this.shapes, this.uses, options, places)
  }

  argument(name: string, offset: number, bits?: 32 | 64): Register {
    return this.#arguments.word(name, offset, bits)
  }

  /** What depends on no index at all. */
  #invariants(): void {
    const { code } = this
    const { ir } = this.kernel
    const levels = levelsOf(ir)
    for (const v of ir.body.ops) {
      if (v.op === 'scalar') this.#emitter.finishScalar(v, this.#scalar(v))
      else if (v.op === 'length') this.#emitter.finishScalar(v, this.frame.length(v.attr))
      else if (v.op === 'index') (v.attr === ir.rank - 1 ? this.#stripValues : this.#rowValues).push(v)
      else if (levels[v.id] === 0) this.#emitter.emit(v)
      else (levels[v.id] === 1 ? this.#rowValues : this.#stripValues).push(v)
    }
    code.loc = undefined
  }

  /** A scalar argument, which the block holds as an f64 or an i64. */
  #scalar(v: Value): Register {
    const { code } = this
    const from = new Memory({ base: code.parameters[0], disp: layout.scalarOffset(v.attr) })
    const to = this.#emitter.scalarRegister(v.type)
    if (v.type === 'i64') code.general('mov', [to, from])
    else if (v.type === 'f64') code.vector('vmovsd', [to, from])
    else if (v.type === 'f32') {
      const wide = code.register(128)
      code.vector('vmovsd', [wide, from])
      code.vector('vcvtsd2ss', [to, wide, wide])
    } else if (v.type === 'i32') {
      // The host passes whole numbers in range.
      const wide = code.register(128)
      code.vector('vmovsd', [wide, from])
      code.vector('vcvttsd2si', [to, wide])
    } else {
      // 0 or 1.
      const wide = code.register(128)
      code.vector('vmovsd', [wide, from])
      code.vector('vcvttsd2si', [to, wide])
    }
    return to
  }

  /** What depends on outer indices. */
  rowLevel(): void {
    for (const v of this.#rowValues) {
      if (v.op === 'index') this.#emitter.finishScalar(v, this.#outerIndex(v.attr))
      else this.#emitter.emit(v)
    }
    this.code.loc = undefined
  }

  #outerIndex(dimension: number): Register {
    const { code } = this
    const { rank } = this.kernel.ir
    let count = this.segment.row!
    if (rank === 3) {
      const { quotient, remainder } = divide(code, count, this.argument('second_count', layout.SECOND_COUNT))
      count = dimension === 0 ? quotient : remainder
    }
    const at = dimension === 0 ? layout.FIRST : layout.SECOND
    const index = code.gpr(32, 'outer')
    code.general('mov', [index, count])
    code.general('imul', [index, this.argument(`outer_step${dimension}`, at + 4)])
    code.general('add', [index, this.argument(`outer_begin${dimension}`, at)])
    return index
  }

  /** An emitter that knows what was emitted for all positions. */
  fork(lanes?: number): Emitter {
    return this.#emitterOf(new ValueTable(this.#base), lanes)
  }

  /** Private arrays are zero at the start of each iteration. */
  #clearPrivates(lanes: number): void {
    const { code, kernel } = this
    const { ir, options } = kernel
    const bits = options.target.bits
    for (const [i, b] of ir.buffers.entries()) {
      if (b.space !== 'local') continue
      const { base, offset } = this.frame.privateArray(i)
      const bytes = b.length! * lanes * (ELEMENT_BYTES[b.element] === 8 ? 8 : 4)
      const zero = code.register(bits)
      code.vector('vxorps', [view(zero, 128), view(zero, 128), view(zero, 128)])
      if (bytes <= fewBytes) {
        for (let k = 0; k < bytes; k += bits / 8) code.vector('vmovups', [new Memory({ base, disp: offset + k }), zero])
        continue
      }
      const [at, end, next] = [code.gpr(64), code.gpr(64), code.label()]
      code.general('lea', [at, new Memory({ base, disp: offset })])
      code.general('lea', [end, new Memory({ base, disp: offset + bytes })])
      code.inLoop(() => {
        code.bind(next)
        code.vector('vmovups', [new Memory({ base: at }), zero])
        code.general('add', [at, bits / 8])
        code.general('cmp', [at, end])
        code.jump(next, 'b')
      })
    }
  }

  /** Emits the body for the lanes that begin `offset` positions after k. */
  strip(E: Emitter, offset = 0): void {
    const { code } = this
    const { options } = this.kernel
    this.#clearPrivates(E.lanes)
    for (const v of this.#stripValues) {
      if (v.op !== 'index') continue
      const first = code.gpr(32, 'i')
      code.general('mov', [first, this.k])
      if (offset) code.general('add', [first, offset])
      if (!options.unitStep) code.general('imul', [first, this.#lastStep])
      code.general('add', [first, this.#lastBegin])
      if (E.lanes === 1 || options.unitStep) E.finishScalar(v, first)
      else E.set(v, { parts: this.#stepped(E, first) })
    }
    E.list(this.#stripValues.filter(v => v.op !== 'index'))
    code.loc = undefined
  }

  /** first + lane · step, for a step that is known to the launch alone. */
  #stepped(E: Emitter, first: Register): Register[] {
    const { code } = this
    const bits = E.bits(32)
    const [base, step] = [first, this.#lastStep].map(x => {
      const to = code.register(bits)
      const low = view(to, 128)
      code.vector('vmovd', [low, x])
      code.vector('vpbroadcastd', [to, low])
      return to
    })
    return Array.from({ length: E.partCount(32) }, (_, p) => {
      const to = code.register(bits)
      code.vector('vpmulld', [to, step, E.steps(1, p * E.perPart(32), bits)])
      code.vector('vpaddd', [to, to, base])
      return to
    })
  }

  /**
   * All positions of the segment. Each strip is emitted as so many passes over the lanes.
   *
   * @param emit what is done with a strip's values, whose lanes the mask tells (undefined: all)
   */
  strips(emit: (E: Emitter, pass: number) => void, passes = 1): void {
    const { code, k, segment } = this
    const { lanes, isDraft } = this.kernel.options
    const whole = lanes * passes
    const [rest, out, next] = [code.label(), code.label(), code.label()]
    code.general('mov', [k, segment.begin])
    if (isDraft) {
      if (lanes === 1) this.#singles(emit, out)
      else this.#masked(emit, passes, out)
      code.bind(out)
      return
    }
    const last = code.gpr(32, 'last')
    code.general('mov', [last, segment.end])
    code.general('sub', [last, whole])
    code.general('cmp', [k, last])
    code.jump(rest, 'g')
    const checked = this.#proveInRange(rest)
    const past = passes === 1 ? this.#aligned(emit, checked, last, rest) : undefined
    code.inLoop(() => {
      code.bind(next, 32)
      for (let pass = 0; pass < passes; pass++) {
        const E = this.fork()
        E.checked = checked
        E.past = past
        this.strip(E, pass * lanes)
        emit(E, pass)
      }
      code.general('add', [k, whole])
      code.general('cmp', [k, last])
      code.jump(next, 'le')
    })
    if (lanes === 1) {
      // Nothing is left over, unless something was not in range.
      code.jump(out)
      code.cold(() => {
        code.bind(rest)
        this.#singles(emit, out)
        code.jump(out)
      })
      code.bind(out)
      return
    }
    code.bind(rest)
    this.#masked(emit, passes, out)
    code.bind(out)
  }

  /** What is left, one position after the other. */
  #singles(emit: (E: Emitter, pass: number) => void, out: Label): void {
    const { code, k, segment } = this
    const again = code.label()
    code.general('cmp', [k, segment.end])
    code.jump(out, 'ge')
    code.bind(again)
    const E = this.fork()
    this.strip(E)
    emit(E, 0)
    code.general('add', [k, 1])
    code.general('cmp', [k, segment.end])
    code.jump(again, 'l')
  }

  /** What is left, under a mask. */
  #masked(emit: (E: Emitter, pass: number) => void, passes: number, out: Label): void {
    const { code, k, segment } = this
    const { restLanes: lanes } = this.kernel.options
    const again = code.label()
    code.bind(again)
    for (let pass = 0; pass < passes; pass++) {
      code.general('cmp', [k, segment.end])
      code.jump(out, 'ge')
      const E = this.fork(lanes)
      E.mask = firstLanes(E, k, segment.end)
      this.strip(E)
      emit(E, pass)
      code.general('add', [k, lanes])
    }
    code.jump(again)
  }

  /** Runs positions under a mask until a store that goes past the caches is at a whole vector. Returns the store, if there is one whose vectors can be. */
  #aligned(
    emit: (E: Emitter, pass: number) => void,
    checked: ReadonlySet<number>,
    last: Register,
    rest: Label,
  ): Value | undefined {
    const { code, k } = this
    const { past, lanes, restLanes } = this.kernel.options
    if (past === undefined || !checked.has(past.id) || lanes === 1) return undefined
    const { element } = past.attr as Access
    const bytes = ELEMENT_BYTES[element]
    const whole = this.fork()
    const vector = whole.bits(bytes === 8 ? 64 : 32) / 8
    if (restLanes * bytes < vector) return undefined
    const P = this.#alone()
    this.#startsAt(P)(past.args[0])
    const [until, next] = [code.gpr(64, 'until'), code.label()]
    code.general('lea', [until, memoryAt(elementAt(P, past.attr, P.scalar(past.args[0])))])
    code.general('neg', [until])
    code.general('and', [until, vector - 1])
    code.jump(next, 'e')
    code.general('shr', [until, Math.log2(bytes)])
    code.general('add', [view(until, 32), k])
    const E = this.fork(restLanes)
    E.checked = checked
    E.isTold = false
    E.mask = firstLanes(E, k, view(until, 32))
    this.strip(E)
    emit(E, 0)
    code.general('mov', [k, view(until, 32)])
    code.general('cmp', [k, last])
    code.jump(rest, 'g')
    code.bind(next)
    return past
  }

  plain(): void {
    this.strips(() => {})
  }

  /**
   * Looks once, before the strips, whether what every position accesses at an index of a fixed step is in range at both ends; the strips then do without checks. If something is not, one of the
   * positions fails: leaves for those that look. Returns the ids of the accesses.
   */
  #proveInRange(otherwise: Label): ReadonlySet<number> {
    const { code, frame, segment, shapes } = this
    const { options } = this.kernel
    // One lane is uniform, and its index moves by a step nobody can see here.
    const steps = options.lanes > 1 ? shapes : options.shapes
    const known = new Set<Value>()
    const isKnown = (v: Value) => v.op === 'const' || known.has(v) || this.#base.get(v) !== undefined
    const byIndex = new Map<Value, Value[]>()
    for (const v of this.#stripValues) {
      if (v.op === 'index' ? options.unitStep : isPure(v) && v.args.every(isKnown)) known.add(v)
      const [index] = v.args
      if ((v.op === 'load' || v.op === 'store') && !isVarying(steps.of(index)) && isKnown(index))
        byIndex.set(index, [...(byIndex.get(index) ?? []), v])
    }
    const proved = new Set([...byIndex.values()].flatMap(group => group.map(v => v.id)))
    if (proved.size === 0 || options.unsafe) return proved
    const P = this.#alone()
    const emit = this.#startsAt(P)
    // How far the last position is from the first.
    const span = code.gpr(64, 'span')
    code.general('mov', [view(span, 32), segment.end])
    code.general('sub', [view(span, 32), this.k])
    code.general('sub', [view(span, 32), 1])
    for (const [index, accesses] of byIndex) {
      emit(index)
      const step = steps.of(index)
      const length = frame.limit(groupBuffers(accesses), 1)
      const first = P.scalar(index)
      code.general('cmp', [first, length])
      code.jump(otherwise, 'ae')
      if (isUniform(step)) continue
      const end = code.gpr(64)
      const most = code.gpr(64)
      if (step === 1) code.general('mov', [end, span])
      else code.general('imul', [end, span, step])
      const wide = code.gpr(64)
      code.general('mov', [view(wide, 32), first])
      code.general('add', [end, wide])
      code.general('mov', [view(most, 32), length])
      code.general('cmp', [end, most])
      code.jump(otherwise, 'ae')
    }
    return proved
  }

  /** Gives values of the position k, neighbours being 1 apart, that depend on nothing but indices, to an emitter for one position. */
  #startsAt(P: Emitter): (v: Value) => void {
    const { code } = this
    const emit = (v: Value): void => {
      if (v.op === 'const' || P.places.get(v) !== undefined) return
      for (const a of v.args) emit(a)
      if (v.op !== 'index') return P.emit(v)
      const first = code.gpr(32, 'first')
      code.general('mov', [first, this.k])
      code.general('add', [first, this.#lastBegin])
      P.set(v, { scalar: first })
    }
    return emit
  }

  /** An emitter for one position, which knows what was emitted for all. */
  #alone(): Emitter {
    const { ir, options } = this.kernel
    const shapes = analyseShapes(ir, false, true)
    return new Emitter(this.frame, ir, 1, shapes, findUses(ir, shapes), options, new ValueTable(this.#base))
  }

  /** Bits of the accumulators of a reduction, and so on: whole vectors. */
  get bits(): 128 | 256 | 512 {
    const { target, lanes } = this.kernel.options
    return partBits(target, lanes, 32)
  }
}
