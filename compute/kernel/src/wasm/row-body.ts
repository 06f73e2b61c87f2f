/** The body of a kernel within a function over rows: what is done once, per row, for strips of lanes and for what they leave over. */
import { accumulators } from '../backend.ts'
import { ELEMENT_BYTES, isPure, type Region, type Value } from '../ir/ir.ts'
import { accessGroups, groupBuffers } from '../lanes/accesses.ts'
import { levelsOf } from '../lanes/levels.ts'
import { analyseShapes, isVarying, type Shapes } from '../lanes/shape.ts'
import { ValueTable } from '../lanes/table.ts'
import { findUses } from '../lanes/uses.ts'
import * as layout from '../launch/layout.ts'
import type { ModuleContext } from './context.ts'
import { emitBegin } from './copies.ts'
import { Emitter } from './emitter.ts'
import type { FunctionBuilder, Label } from './encode/index.ts'
import type { Frame, Rep } from './operands.ts'
import { poolOf } from './plain-frame.ts'
import { wasmType } from './scalar.ts'
import type { BlockBody } from './scan-block.ts'
import type { Segment } from './segments.ts'

/** The body of a kernel within a function over rows. */
export class RowBody implements BlockBody {
  readonly g: ModuleContext
  readonly f: FunctionBuilder
  readonly frame: Frame
  readonly shapes: Shapes
  readonly lane1: Shapes
  readonly outer: number[] = []
  /** What this run of the body is for; of a reduction or scan, a block. */
  segment!: Segment
  readonly k: number
  private readonly lastBegin: number
  private readonly lastStep: number
  private readonly base = new ValueTable<Rep>()
  private readonly emitter: Emitter
  private rowValues: Value[] = []
  private stripValues: Value[] = []
  readonly scratch: number

  constructor(g: ModuleContext, f: FunctionBuilder) {
    this.g = g
    this.f = f
    const { ir, options } = g
    const global = ir.buffers.filter(b => b.space === 'global')
    const addressLocal = (name: string, offset: number) => {
      const l = f.local(g.address, name)
      f.get(0).load(`${g.address}.load`, offset).set(l)
      return l
    }
    const i32Local = (name: string, offset: number) => {
      const l = f.local('i32', name)
      f.get(0).load('i32.load', offset).set(l)
      return l
    }
    const pool = poolOf(g, f)
    const pushPool = () => void f.get(pool)
    g.helpers.enter(f, pushPool)
    const arrays = global.map((b, i) => {
      const at = layout.arrayOffset(ir, i)
      if (!options.tallies.some(t => t.buffer === i)) return addressLocal(b.name, at)
      const l = addressLocal(`${b.name}_copies`, at + layout.ARRAY_COPIES)
      f.get(3)
        .get(0)
        .load('i32.load', at + layout.ARRAY_COPY_BYTES)
        .op('i32.mul')
      if (options.memory64) f.op('i64.extend_i32_u')
      f.get(l).op(`${g.address}.add`).set(l)
      return l
    })
    const lengths = global.map((b, i) => i32Local(`${b.name}_length`, layout.arrayOffset(ir, i) + layout.ARRAY_LENGTH))
    const limitsOf = (lanes: number) =>
      global.map((b, i) => {
        const l = f.local('i32', `${b.name}_limit${lanes}`)
        f.get(lengths[i])
          .i32(lanes - 1)
          .op('i32.sub')
          .tee(l)
          .i32(0)
          .get(l)
          .i32(0)
          .op('i32.gt_s')
          .select()
          .set(l)
        return l
      })
    const limits = new Map(g.strips.map(lanes => [lanes, limitsOf(lanes)]))
    for (const t of options.tallies) emitBegin(f, t, arrays[t.buffer], lengths[t.buffer])
    const least = new Map<string, number>()
    this.scratch = f.local(g.address, 'scratch')
    f.get(3).get(0).load('i32.load', layout.SCRATCH_BYTES).op('i32.mul')
    if (options.memory64) f.op('i64.extend_i32_u')
    f.get(0).load(`${g.address}.load`, layout.SCRATCH).op(`${g.address}.add`).set(this.scratch)
    this.lastBegin = i32Local('begin', layout.LAST)
    this.lastStep = i32Local('step', layout.LAST + 4)
    this.k = f.local('i32', 'k')
    this.frame = {
      f,
      helpers: g.helpers,
      memory64: options.memory64,
      pushArgs: () => void f.get(0),
      pushPool,
      pushScratch: () => void f.get(this.scratch),
      pushArray: b => void f.get(arrays[b]),
      pushLength: b => void f.get(lengths[b]),
      pushLimit: (b, lanes) => void f.get(limits.get(lanes)![b]),
      pushLeast: (buffers, lanes) => {
        if (buffers.length === 1) f.get((lanes === 1 ? lengths : limits.get(lanes)!)[buffers[0]])
        else f.get(least.get(`${lanes}:${buffers.join()}`)!)
      },
      privateOffset: b => g.privates.get(b)!,
      laneScratchOffset: g.laneScratchOffset,
      failureOffset: layout.FAILURE,
    }
    this.lane1 = analyseShapes(ir, false, true)
    this.shapes = options.lanes > 1 ? options.shapes : this.lane1
    this.findLeast(least, lengths, limits)
    this.emitter = new Emitter(
      this.frame,
      ir,
      options.lanes,
      this.shapes,
      findUses(ir, this.shapes),
      options,
      this.base,
    )
    this.invariants(lengths)
  }

  /** The least length, and limits, of each set of arrays that are accessed at one index. */
  private findLeast(least: Map<string, number>, lengths: number[], limits: ReadonlyMap<number, number[]>): void {
    const { f, g } = this
    const among = (lanes: number, values: number[], buffers: number[]) => {
      const key = `${lanes}:${buffers.join()}`
      if (buffers.length === 1 || least.has(key)) return
      let l = values[buffers[0]]
      for (const b of buffers.slice(1)) {
        const next = f.local('i32', lanes === 1 ? 'least_length' : `least_limit${lanes}`)
        f.get(l).get(values[b]).get(l).get(values[b]).op('i32.lt_u').select().set(next)
        l = next
      }
      least.set(key, l)
    }
    const look = (r: Region, shapes: Shapes) => {
      for (const group of accessGroups(r.ops, shapes).values()) {
        const buffers = groupBuffers(group)
        among(1, lengths, buffers)
        for (const [lanes, values] of limits) among(lanes, values, buffers)
      }
      r.ops.forEach(v => v.regions?.forEach(inner => look(inner, shapes)))
    }
    look(g.ir.body, this.shapes)
    look(g.ir.body, this.lane1)
  }

  /** What depends on no index at all. */
  private invariants(lengths: number[]): void {
    const { f, g, emitter } = this
    const levels = levelsOf(g.ir)
    for (const v of g.ir.body.ops) {
      const level = levels[v.id]
      if (v.op === 'scalar') {
        const type = v.type
        const l = f.local(wasmType(type), g.ir.scalars[v.attr].name)
        const at = layout.scalarOffset(v.attr)
        f.get(0)
        if (type === 'i64') f.load('i64.load', at)
        else f.load('f64.load', at)
        if (type === 'i1') f.f64(0).op('f64.ne')
        else if (type === 'i32') f.op('i32.trunc_sat_f64_s')
        else if (type === 'f32') f.op('f32.demote_f64')
        f.set(l)
        emitter.finishScalar(v, l)
      } else if (v.op === 'length') emitter.finishScalar(v, lengths[v.attr])
      else if (v.op === 'index') (v.attr === g.ir.rank - 1 ? this.stripValues : this.rowValues).push(v)
      else if (level === 0) emitter.emit(v)
      else (level === 1 ? this.rowValues : this.stripValues).push(v)
    }
  }

  /** What depends on outer indices. */
  rowLevel(): void {
    for (const v of this.rowValues) {
      if (v.op === 'index') this.emitter.finishScalar(v, this.outer[v.attr])
      else this.emitter.emit(v)
    }
  }

  /** An emitter for strips of so many lanes, or for one, which knows what was emitted for all positions. */
  private fork(lanes: number): Emitter {
    const { g, frame } = this
    const known = new ValueTable(this.base)
    if (lanes === 1) return new Emitter(frame, g.ir, 1, this.lane1, findUses(g.ir, this.lane1), g.options, known)
    return new Emitter(frame, g.ir, lanes, this.shapes, this.emitter.uses, g.options, known)
  }

  /** Private arrays are zero at the start of each iteration. */
  private clearPrivates(lanes: number): void {
    const { f, g } = this
    g.ir.buffers.forEach((b, i) => {
      if (b.space !== 'local') return
      const bytes = b.length! * lanes * (ELEMENT_BYTES[b.element] === 8 ? 8 : 4)
      const at = g.privates.get(i)!
      if (bytes <= 512 && bytes % 4 === 0) {
        for (let k = 0; k < bytes; ) {
          f.get(this.scratch)
          if (bytes - k >= 16) {
            f.v128const(new Uint8Array(16)).store('v128.store', at + k, 2)
            k += 16
          } else {
            f.i32(0).store('i32.store', at + k)
            k += 4
          }
        }
        return
      }
      f.get(this.scratch).addr(at).op(`${g.address}.add`).i32(0).addr(bytes).op('memory.fill')
    })
  }

  /** Emits the body for the lanes that begin `offset` positions after k. */
  private strip(E: Emitter, offset = 0): void {
    const { f, g } = this
    this.clearPrivates(E.lanes)
    for (const v of this.stripValues) {
      if (v.op !== 'index') continue
      const first = f.local('i32', 'i')
      f.get(this.lastBegin).get(this.k)
      if (offset) f.i32(offset).op('i32.add')
      if (!g.options.unitStep) f.get(this.lastStep).op('i32.mul')
      f.op('i32.add').set(first)
      if (E.lanes === 1 || g.options.unitStep) E.finishScalar(v, first)
      else {
        const parts: number[] = []
        for (let p = 0; p < E.partCount(32); p++) {
          const bytes = new Uint8Array(16)
          new Int32Array(bytes.buffer).set([0, 1, 2, 3].map(l => 4 * p + l))
          const l = f.local('v128')
          f.get(first).op('i32x4.splat')
          this.frame.pushPool()
          f.load('v128.load', this.frame.helpers.constant(bytes), 4)
          f.get(this.lastStep).op('i32x4.splat').op('i32x4.mul').op('i32x4.add').set(l)
          parts.push(l)
        }
        E.set(v, { parts })
      }
    }
    E.list(this.stripValues.filter(v => v.op !== 'index'))
  }

  /** Whole strips, from the beginning. Each is emitted as one pass over the lanes; of a reduction, as several. */
  strips(emit: (E: Emitter, pass: number) => void): void {
    const { f, g, k, segment } = this
    const kinds = g.strips
    f.get(segment.begin).set(k)
    if (kinds.length === 0) return
    const passes = g.combination?.kind === 'reduce' ? accumulators(g.combination.type) / g.options.lanes : 1
    const last = f.local('i32', 'last_strip')
    const leaveIfFew = (lanes: number, label: Label) =>
      f
        .get(segment.end)
        .i32(lanes * passes)
        .op('i32.sub')
        .tee(last)
        .get(k)
        .op('i32.lt_s')
        .brIf(label)
    const out = f.block()
    leaveIfFew(kinds[kinds.length - 1], out)
    const proved = this.proveInRange(out)
    for (const lanes of kinds) {
      const done = f.block()
      if (kinds.length > 1) leaveIfFew(lanes, done)
      const next = f.loop()
      for (let pass = 0; pass < passes; pass++) {
        const E = this.fork(lanes)
        E.checked = proved
        this.strip(E, pass * lanes)
        emit(E, pass)
      }
      f.get(k)
        .i32(lanes * passes)
        .op('i32.add')
        .tee(k)
        .get(last)
        .op('i32.le_s')
        .brIf(next)
      f.end()
      f.end()
    }
    f.end()
  }

  /**
   * Looks once, before the strips, whether what every position accesses at an index of a fixed step is in range at both ends;
   * the strips then do without checks. If something is not, one of the positions fails: leaves for the single ones, which find
   * it. Returns the ids of the accesses.
   */
  private proveInRange(otherwise: Label): Set<number> {
    const { f, g, frame, segment } = this
    const { shapes } = g.options
    const known = new Set<Value>()
    const isKnown = (v: Value) => v.op === 'const' || known.has(v) || this.base.get(v) !== undefined
    const byIndex = new Map<Value, Value[]>()
    for (const v of this.stripValues) {
      if (v.op === 'index' ? g.options.unitStep : isPure(v) && v.args.every(isKnown)) known.add(v)
      const [index] = v.args
      if ((v.op === 'load' || v.op === 'store') && !isVarying(shapes.of(index)) && isKnown(index))
        byIndex.set(index, [...(byIndex.get(index) ?? []), v])
    }
    const proved = new Set([...byIndex.values()].flatMap(group => group.map(v => v.id)))
    if (proved.size === 0 || g.options.unsafe) return proved
    const P = this.fork(1)
    const emit = (v: Value): void => {
      if (!known.delete(v)) return
      v.args.forEach(emit)
      if (v.op !== 'index') return P.emit(v)
      const first = f.local('i32', 'first')
      f.get(this.lastBegin).get(this.k).op('i32.add').set(first)
      P.finishScalar(v, first)
    }
    // How far the last position is from the first.
    const span = f.local('i32', 'span')
    f.get(segment.end).get(this.k).op('i32.sub').i32(1).op('i32.sub').set(span)
    for (const [index, accesses] of byIndex) {
      emit(index)
      const step = shapes.of(index)
      const length = () => frame.pushLeast(groupBuffers(accesses), 1)
      P.pushScalar(index)
      length()
      f.op('i32.ge_u').unlikely().brIf(otherwise)
      if (step === 0) continue
      if (step === 1) {
        f.get(span)
        length()
        P.pushScalar(index)
        f.op('i32.sub').op('i32.ge_u')
      } else {
        f.get(span).op('i64.extend_i32_u').i64(step).op('i64.mul')
        P.pushScalar(index)
        f.op('i64.extend_i32_u').op('i64.add')
        length()
        f.op('i64.extend_i32_u').op('i64.ge_u')
      }
      f.unlikely().brIf(otherwise)
    }
    return proved
  }

  /** The positions that are left, one by one. */
  singles(emit: (S: Emitter) => void): void {
    const { f, k, segment } = this
    const S = this.fork(1)
    const out = f.block()
    const next = f.loop()
    f.get(k).get(segment.end).op('i32.ge_s').brIf(out)
    this.strip(S)
    emit(S)
    f.get(k).i32(1).op('i32.add').set(k)
    f.br(next)
    f.end()
    f.end()
  }

  plain(): void {
    if (this.g.options.lanes === 1) return this.alone()
    this.strips(() => {})
    this.singles(() => {})
  }

  /**
   * Positions of one lane: code without the checks that were done before, and beside it careful code, for the positions whose
   * loops may leave their arrays, or for all.
   */
  private alone(): void {
    const { f, k, segment, stripValues } = this
    f.get(segment.begin).set(k)
    const out = f.block()
    f.get(k).get(segment.end).op('i32.ge_s').brIf(out)
    const careful = f.local('i32', 'careful')
    f.i32(1).set(careful)
    const unproved = f.block()
    const proved = this.proveInRange(unproved)
    f.i32(0).set(careful)
    f.end()
    const next = f.loop()
    const done = f.block()
    const again = f.block()
    f.get(careful).unlikely().brIf(again)
    const S = this.fork(1)
    S.checked = proved
    if (mayRestart(stripValues)) S.restart = again
    this.strip(S)
    f.br(done)
    f.end()
    const C = this.fork(1)
    C.careful = true
    this.strip(C)
    f.end()
    f.get(k).i32(1).op('i32.add').tee(k).get(segment.end).op('i32.lt_s').brIf(next)
    f.end()
    f.end()
  }
}

/** Whether nothing is written before the last loop, nor in a loop. */
function mayRestart(ops: readonly Value[]): boolean {
  const last = ops.findLastIndex(v => contains(v, o => o.op === 'loop'))
  return !ops.slice(0, last + 1).some(v => contains(v, o => o.op === 'store' || o.op === 'atomic'))
}

const contains = (v: Value, what: (v: Value) => boolean): boolean =>
  what(v) || v.regions?.some(r => r.ops.some(o => contains(o, what))) === true
