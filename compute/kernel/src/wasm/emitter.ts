/**
 * Emits the body of a kernel for a strip of lanes, or for one lane.
 *
 * Uniform values live in scalar locals, affine ones as the scalar of their first lane, varying ones in one vector local per
 * part. Control that is uniform becomes branches; where lanes may part ways a mask says which are active: both sides of
 * an `if` run under their masks and results are selected, a loop runs until no lane is left in it.
 */
import { EFFECTS, isPure, type KernelIR, type Region, type Value, walk } from '../ir/ir.ts'
import type { FunctionBuilder } from './encode/index.ts'
import type { Helpers } from './helpers.ts'
import { emitPart, type LaneContext, partWidth, SHAPE_OF, type Width, words } from './lanes.ts'
import { accessGroups, checkTogether, emitMemory } from './memory.ts'
import { emitScalar, wasmType } from './scalar.ts'
import { isAffine, isUniform, isVarying, type Shapes } from './shape.ts'
import { type Key, keyOf, type Uses } from './uses.ts'

/** Where a value is. `scalar`: its uniform value or the first lane of an affine one. `parts`: its lanes. */
export interface Rep {
  scalar?: number
  parts?: number[]
  /** Width of a mask's lanes. */
  width?: Width
  /** All lanes are alike: one part stands for all, and for masks of any width. */
  alike?: true
}

/** What the function around the body provides. */
export interface Frame {
  f: FunctionBuilder
  helpers: Helpers
  memory64: boolean
  pushArgs(): void
  pushPool(): void
  pushScratch(): void
  /** Address of an array's element 0. */
  pushArray(buffer: number): void
  pushLength(buffer: number): void
  /** max(0, length - lanes + 1): first lanes below it start a whole strip. */
  pushLimit(buffer: number, lanes: number): void
  /** The least length, or limit, of several arrays; known beforehand from `accessGroups`. */
  pushLeast(what: 'length' | 'limit', buffers: readonly number[]): void
  /** Bytes from the scratch address: where private arrays and slow accesses keep their lanes. */
  privateOffset(buffer: number): number
  laneScratchOffset: number
  failureOffset: number
}

export interface EmitOptions {
  unsafe: boolean
  /** Two arrays may overlap, one of them written: no store may rewrite a lane that is not active. */
  overlap: boolean
}

const UNROLL = 4

export class Emitter {
  readonly frame: Frame
  readonly f: FunctionBuilder
  readonly ir: KernelIR
  readonly lanes: number
  readonly shapes: Shapes
  readonly uses: Uses
  readonly options: EmitOptions
  readonly reps: Map<Key, Rep>
  /** Active lanes; undefined: all. */
  mask: Rep | undefined
  /** Accesses known to be in range. */
  checked = new Set<number>()
  /** Values not emitted because their parts stand for them: the `and`s of a loop's test. */
  private readonly skip = new Set<number>()
  private temps: ['v128' | 'i32' | 'i64' | 'f32' | 'f64', number][] = []

  constructor(
    frame: Frame,
    ir: KernelIR,
    lanes: number,
    shapes: Shapes,
    uses: Uses,
    options: EmitOptions,
    reps: Map<Key, Rep>,
  ) {
    this.frame = frame
    this.f = frame.f
    this.ir = ir
    this.lanes = lanes
    this.shapes = shapes
    this.uses = uses
    this.options = options
    this.reps = reps
  }

  partCount(width: Width): number {
    return (this.lanes * width) / 128
  }

  rep(v: Value): Rep {
    const r = this.reps.get(keyOf(v))
    if (!r) throw new Error(`wasm: %${v.id} (${v.op}) has no place yet`)
    return r
  }

  set(v: Value, rep: Rep): void {
    this.reps.set(keyOf(v), rep)
  }

  temporary(type: 'v128' | 'i32' | 'i64' | 'f32' | 'f64'): number {
    const l = this.f.local(type)
    this.temps.push([type, l])
    return l
  }

  // Operands

  pushScalar(v: Value): void {
    const { f } = this
    if (v.op === 'const') return this.literal(v)
    const { scalar } = this.rep(v)
    if (scalar === undefined) throw new Error(`wasm: %${v.id} (${v.op}) is not uniform`)
    f.get(scalar)
  }

  private literal(v: Value): void {
    const { f } = this
    if (v.type === 'f32') f.f32(v.attr)
    else if (v.type === 'f64') f.f64(v.attr)
    else if (v.type === 'i64') f.i64(v.attr)
    else f.i32(Number(v.attr))
  }

  /** Pushes a constant spread over lanes. From memory: V8 builds a v128.const anew wherever it stands. */
  pushConstant(type: Value['type'], value: number | bigint | boolean): void {
    const { f, frame } = this
    const bytes = new Uint8Array(16)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < 16; i += type === 'f64' || type === 'i64' ? 8 : 4) {
      if (type === 'f64') view.setFloat64(i, value as number, true)
      else if (type === 'i64') view.setBigInt64(i, value as bigint, true)
      else if (type === 'f32') view.setFloat32(i, value as number, true)
      else view.setInt32(i, type === 'i1' ? (value ? -1 : 0) : (value as number), true)
    }
    if (bytes.every(b => b === 0) || bytes.every(b => b === 255)) {
      f.v128const(bytes)
      return
    }
    frame.pushPool()
    f.load('v128.load', frame.helpers.constant(bytes), 4)
  }

  /** Pushes part p of a value, spreading it over lanes where that was not done before. */
  pushPart(v: Value, p: number, width?: Width): void {
    if (v.op === 'const') return this.pushConstant(v.type, v.attr)
    const rep = this.rep(v)
    if (rep.parts) {
      if (v.type === 'i1' && width && rep.width && rep.width !== width) this.pushMaskPart(rep, p, width)
      else this.f.get(rep.parts[rep.alike ? 0 : p])
      return
    }
    this.spread(v, rep, p)
  }

  /** Part p of a mask at another width. */
  pushMaskPart(rep: Rep, p: number, width: Width): void {
    const { f } = this
    const parts = rep.parts!
    if (rep.alike) f.get(parts[0])
    else if (rep.width === width) f.get(parts[p])
    else if (width === 64) f.get(parts[p >> 1]).op(`i64x2.extend_${p & 1 ? 'high' : 'low'}_i32x4_s`)
    else
      f.get(parts[2 * p])
        .get(parts[2 * p + 1])
        .shuffle(words(0, 2, 4, 6))
  }

  private spread(v: Value, rep: Rep, p: number): void {
    const { f } = this
    const step = this.shapes.of(v)
    if (v.type === 'i1') f.i32(0)
    f.get(rep.scalar!)
    if (v.type === 'i1') f.op('i32.sub')
    f.op(`${SHAPE_OF[v.type]}.splat`)
    if (isAffine(step)) {
      const bytes = new Uint8Array(16)
      new Int32Array(bytes.buffer).set([0, 1, 2, 3].map(l => (4 * p + l) * step))
      this.frame.pushPool()
      f.load('v128.load', this.frame.helpers.constant(bytes), 4).op('i32x4.add')
    }
  }

  /** After a uniform or affine value got its scalar: spreads it over lanes once if lane code reads it. */
  finishScalar(v: Value, scalar: number): void {
    const rep: Rep = { scalar }
    if (this.lanes > 1 && this.uses.lanes.has(keyOf(v))) {
      const n = isAffine(this.shapes.of(v)) ? this.partCount(32) : 1
      const parts: number[] = []
      for (let p = 0; p < n; p++) {
        this.spread(v, rep, p)
        const l = this.f.local('v128')
        this.f.set(l)
        parts.push(l)
      }
      rep.parts = parts
      if (!isAffine(this.shapes.of(v))) rep.alike = true
      if (v.type === 'i1') rep.width = 32
    }
    this.set(v, rep)
  }

  /** The width at which the lanes of a mask are made. */
  maskWidth(v: Value, depth = 0): Width {
    switch (v.op) {
      case 'and':
      case 'or':
      case 'xor':
      case 'not':
      case 'select': {
        const from = (v.op === 'select' ? v.args.slice(1) : v.args).find(
          a => a.op !== 'const' && isVarying(this.shapes.of(a)),
        )
        return from && depth < 20 ? this.maskWidth(from, depth + 1) : 32
      }
      case 'const':
      case 'arg':
      case 'scalar':
        return this.reps.get(keyOf(v))?.width ?? 32
      case 'result': {
        const known = this.reps.get(keyOf(v))?.width
        if (known) return known
        const [first, second] = v.args[0].regions!
        const r =
          v.args[0].op === 'if' && first.results[v.attr].op !== 'const' ? first.results[v.attr] : second.results[v.attr]
        return r && r.op !== 'const' && depth < 20 ? this.maskWidth(r, depth + 1) : 32
      }
      default:
        return v.args.length ? partWidth(v.args[0]) : 32
    }
  }

  widthOf(v: Value): Width {
    return v.type === 'i1' ? this.maskWidth(v) : partWidth(v)
  }

  // Masks

  pushAny(mask: Rep): void {
    mask.parts!.forEach((l, i) => {
      this.f.get(l)
      if (i) this.f.op('v128.or')
    })
    this.f.op('v128.any_true')
  }

  /** Active lanes as the bits of an i32, lane 0 lowest. */
  pushBits(mask: Rep | undefined): void {
    const { f } = this
    if (!mask) {
      f.i32(this.lanes === 32 ? -1 : 2 ** this.lanes - 1)
      return
    }
    const each = mask.width === 64 ? 2 : 4
    mask.parts!.forEach((l, i) => {
      f.get(l).op(mask.width === 64 ? 'i64x2.bitmask' : 'i32x4.bitmask')
      if (i)
        f.i32(i * each)
          .op('i32.shl')
          .op('i32.or')
    })
  }

  /** The active lanes for which `cond` holds (or does not). */
  private narrowed(cond: Value, negate: boolean): Rep {
    const { f } = this
    const width = this.mask?.width ?? this.widthOf(cond)
    const parts: number[] = []
    for (let p = 0; p < this.partCount(width); p++) {
      if (this.mask) f.get(this.mask.parts![p])
      this.pushPart(cond, p, width)
      if (this.mask) f.op(negate ? 'v128.andnot' : 'v128.and')
      else if (negate) f.op('v128.not')
      const l = f.local('v128')
      f.set(l)
      parts.push(l)
    }
    return { parts, width }
  }

  // Failure

  /** Stops this thread's part of the range: the failed index is on the stack. */
  fail(site: number): void {
    const { f, frame } = this
    const index = this.temporary('i32')
    f.set(index)
    frame.pushArgs()
    f.get(index)
      .op('i64.extend_i32_u')
      .i64(BigInt(site + 1) << 32n)
      .op('i64.or')
    f.store('i64.store', frame.failureOffset)
    f.i32(site + 1).return()
  }

  // Regions

  region(r: Region): void {
    this.list(r.ops)
  }

  /** Operations that run one after the other. Accesses at one index are checked together, at the first of them. */
  list(ops: readonly Value[]): void {
    const groups = this.options.unsafe ? undefined : accessGroups(ops, this.shapes)
    const checked = this.checked
    this.checked = new Set(checked)
    for (const v of ops) {
      const group = groups?.get(v.id)
      if (group && checkTogether(this, group)) for (const a of group) this.checked.add(a.id)
      this.emit(v)
    }
    this.checked = checked
  }

  emit(v: Value): void {
    if (v.op === 'const' || this.skip.has(v.id) || (this.reps.has(v.id) && PLACED.has(v.op))) return
    if (isPure(v) && !this.uses.count.has(v.id)) return
    const { f } = this
    if (v.loc && !v.loc.unit) f.mark({ line: v.loc.line, column: v.loc.column })
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
      case 'atomic':
        emitMemory(this, v)
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
    for (const [, l] of this.temps) f.release(l)
    this.temps.length = 0
  }

  private context(v: Value): LaneContext {
    return {
      f: this.f,
      helpers: this.frame.helpers,
      part: (i, p, width) => this.pushPart(v.args[i], p, width),
      scalar: i => this.pushScalar(v.args[i]),
      isUniform: i => v.args[i].op === 'const' || isUniform(this.shapes.of(v.args[i])),
      splat: (type, value) => this.pushConstant(type, value),
      temporary: type => this.temporary(type),
      parts: width => this.partCount(width),
    }
  }

  private emitLanes(v: Value): void {
    const { f } = this
    const width = this.widthOf(v)
    const context = this.context(v)
    const parts: number[] = []
    for (let p = 0; p < this.partCount(width); p++) {
      if (!emitPart(v, p, width, context)) return this.emitLaneByLane(v)
      const l = f.local('v128')
      f.set(l)
      parts.push(l)
    }
    this.set(v, v.type === 'i1' ? { parts, width } : { parts })
  }

  /** An operation that SIMD does not have: each lane through scalar code. */
  private emitLaneByLane(v: Value): void {
    const { f } = this
    const width = this.widthOf(v)
    const perPart = 128 / width
    const parts: number[] = []
    for (let p = 0; p < this.partCount(width); p++) {
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
      parts.push(out)
    }
    this.set(v, v.type === 'i1' ? { parts, width } : { parts })
  }

  /** A uniform value as a scalar, also where only its lanes were kept. */
  pushScalarOrLane(v: Value): void {
    if (v.op === 'const' || this.rep(v).scalar !== undefined) return this.pushScalar(v)
    this.f.get(this.rep(v).parts![0]).laneOp(`${SHAPE_OF[v.type]}.extract_lane`, 0)
  }

  /** Every operation of the kernel that writes an array. */
  writesOf(buffer: number): Value[] {
    return [...walk(this.ir.body)].filter(v => (v.op === 'store' || v.op === 'atomic') && v.attr.buffer === buffer)
  }

  /** Pushes one lane of a value as a scalar (an i1 as 0 or 1). */
  pushLane(v: Value, lane: number): void {
    const { f } = this
    if (v.op === 'const' || isUniform(this.shapes.of(v))) return this.pushScalarOrLane(v)
    if (isAffine(this.shapes.of(v)) && v.type === 'i32') {
      f.get(this.rep(v).scalar!)
        .i32(lane * this.shapes.of(v))
        .op('i32.add')
      return
    }
    const rep = this.rep(v)
    const width = v.type === 'i1' ? rep.width! : partWidth(v)
    const perPart = 128 / width
    f.get(rep.parts![Math.floor(lane / perPart)])
    const shape = v.type === 'i1' ? (width === 64 ? 'i64x2' : 'i32x4') : SHAPE_OF[v.type]
    f.laneOp(`${shape}.extract_lane`, lane % perPart)
    if (v.type === 'i1') {
      if (width === 64) f.op('i32.wrap_i64')
      f.i32(1).op('i32.and')
    }
  }

  private emitAssert(v: Value): void {
    const { f } = this
    const cond = v.args[0]
    if (!isVarying(this.shapes.of(cond))) {
      this.pushScalar(cond)
      f.op('i32.eqz').if()
    } else {
      this.pushAny(this.narrowed(cond, true))
      f.if()
    }
    f.i32(0)
    this.fail(v.attr)
    f.end()
  }

  // Structure

  private newLocals(v: Value, shape: number): Rep {
    if (!isVarying(shape)) return { scalar: this.f.local(wasmType(v.type)) }
    const width = this.widthOf(v)
    const parts = Array.from({ length: this.partCount(width) }, () => this.f.local('v128'))
    return v.type === 'i1' ? { parts, width } : { parts }
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
    const used = a.results.map((x, i) => x !== b.results[i] && this.uses.count.has(`${v.id}:${i}`))
    const key = (i: number) => `${v.id}:${i}`
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
        if (rep.parts) this.reps.set(key(i), rep)
        else this.finishScalar(resultOf(v, i, a.results[i].type), rep.scalar!)
      })
      return
    }
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
      this.reps.set(key(i), x.type === 'i1' ? { parts, width } : { parts })
    })
  }

  private emitLoop(v: Value): void {
    const { f, shapes } = this
    const [test, body] = v.regions!
    const divergent = shapes.divergent(v)
    const outer = this.mask
    const cond = test.results[0]
    const exits = shapes.exits(v)
    const next = exits?.next ?? body.results
    const isFlag = (i: number) => exits?.flags.some(x => x.index === i) === true
    const observed = test.params.map((_, i) => this.uses.count.has(`${v.id}:${i}`))
    const carried = test.params.map((p, i) => {
      if (isFlag(i) && !observed[i]) return undefined
      return this.newLocals(p.type === 'i1' && next[i].op !== 'arg' ? next[i] : p, isFlag(i) ? Number.NaN : shapes.of(p))
    })
    this.assign(carried.flatMap((rep, i) => (rep ? [[rep, v.args[i]] as [Rep, Value]] : [])))
    // What leaves the loop lane by lane although it is uniform inside.
    const frozen = test.params.map((p, i) => {
      if (!divergent || !observed[i] || isFlag(i) || isVarying(shapes.of(p)) || body.results[i] === p) return undefined
      const width = this.widthOf(p)
      const parts = Array.from({ length: this.partCount(width) }, (_, k) => {
        const l = f.local('v128')
        this.pushPart(v.args[i], k, p.type === 'i1' ? width : undefined)
        f.set(l)
        return l
      })
      return { parts, width } as Rep
    })
    let live: Rep | undefined
    if (divergent) {
      // Of the test, or where that is uniform of the exits.
      const decisive = isVarying(shapes.of(cond)) ? cond : (exits?.flags.find(x => isVarying(shapes.of(x.cond)))?.cond ?? cond)
      const width = this.maskWidth(decisive)
      const parts = Array.from({ length: this.partCount(width) }, (_, p) => {
        const l = f.local('v128')
        if (outer) this.pushMaskPart(outer, p, width)
        else this.pushConstant('i1', true)
        f.set(l)
        return l
      })
      live = { parts, width }
    }
    const conjuncts = divergent ? this.conjuncts(cond, test) : []
    // Without effects, lanes that are done may go round a few more times before anybody looks.
    const times = divergent && isPlain(test) && isPlain(body) && size(test) + size(body) <= 40 ? UNROLL : 1
    const out = f.block()
    const top = f.loop()
    for (let copy = 0; copy < times; copy++) {
      this.mask = divergent ? live : outer
      test.params.forEach((p, i) => {
        const rep = carried[i]
        // No active lane has left.
        if (isFlag(i)) this.reps.set(p.id, this.never())
        else if (rep!.parts) this.reps.set(p.id, rep!)
        else this.finishScalar(p, rep!.scalar!)
      })
      this.region(test)
      if (!divergent) {
        this.pushScalar(cond)
        f.op('i32.eqz').brIf(out)
      } else {
        for (const c of conjuncts) {
          if (c.op === 'not' && exits?.flags.some(x => x.param === c.args[0])) continue
          if (!isVarying(shapes.of(c))) {
            this.pushScalar(c)
            f.op('i32.eqz').brIf(out)
          } else {
            live!.parts!.forEach((l, p) => {
              f.get(l)
              this.pushPart(c, p, live!.width)
              f.op('v128.and').set(l)
            })
          }
        }
        if (copy === 0) {
          this.pushAny(live!)
          f.op('i32.eqz').brIf(out)
        }
      }
      this.region(body)
      // Lanes that leave now are still written by what stands before their exit.
      const stay = exits ? this.staying(live!, exits.flags.map(x => x.cond)) : live
      frozen.forEach((rep, i) => {
        if (rep) this.freeze(rep, test.params[i], next[i], exits?.guarded[i] ? stay! : live!)
      })
      const moving = [...carried.keys()].filter(i => carried[i] && next[i] !== test.params[i])
      this.assign(
        moving.map(i => [carried[i]!, next[i]]),
        divergent ? k => (observed[moving[k]] ? (exits?.guarded[moving[k]] ? stay : live) : undefined) : undefined,
      )
      if (exits) {
        for (const l of stay!.parts!) f.get(l)
        for (const l of live!.parts!.toReversed()) f.set(l)
      }
    }
    f.br(top)
    f.end()
    f.end()
    this.mask = outer
    test.params.forEach((p, i) => {
      if (!observed[i]) return
      if (frozen[i]) this.reps.set(`${v.id}:${i}`, frozen[i])
      else if (carried[i]!.parts) this.reps.set(`${v.id}:${i}`, carried[i]!)
      else this.finishScalar(resultOf(v, i, p.type), carried[i]!.scalar!)
    })
  }

  /** A mask without lanes, and false as a scalar. */
  private never(): Rep {
    const scalar = this.f.local('i32')
    const part = this.f.local('v128')
    this.f.i32(0).set(scalar).v128const(new Uint8Array(16)).set(part)
    return { scalar, parts: [part], alike: true, width: 32 }
  }

  /** The lanes of a mask for which none of the conditions holds. */
  private staying(live: Rep, conds: Value[]): Rep {
    const { f } = this
    const parts = live.parts!.map((l, p) => {
      f.get(l)
      for (const c of conds) {
        this.pushPart(c, p, live.width)
        f.op('v128.andnot')
      }
      const stay = f.local('v128')
      f.set(stay)
      return stay
    })
    return { parts, width: live.width! }
  }

  private freeze(rep: Rep, param: Value, next: Value, live: Rep): void {
    const { f } = this
    const counts =
      next.type === 'i32' &&
      next.op === 'add' &&
      next.args.some(a => a.op === 'const' && a.attr === 1) &&
      next.args.includes(param)
    rep.parts!.forEach((l, p) => {
      if (counts) {
        // For live lanes it equals the counter; all ones is -1.
        f.get(l)
        this.pushMaskPart(live, p, 32)
        f.op('i32x4.sub').set(l)
        return
      }
      this.pushPart(next, p, next.type === 'i1' ? rep.width : undefined)
      f.get(l)
      this.pushMaskPart(live, p, rep.width!)
      f.op('v128.bitselect').set(l)
    })
  }

  /** The terms of a test that all must hold; the `and`s that only join them are not emitted. */
  private conjuncts(cond: Value, test: Region): Value[] {
    if (cond.op === 'and' && test.ops.includes(cond) && this.uses.count.get(cond.id) === 1) {
      this.skip.add(cond.id)
      return cond.args.flatMap(a => this.conjuncts(a, test))
    }
    return [cond]
  }
}

/** Values whose place the function around the body gave them. */
const PLACED = new Set(['scalar', 'index', 'length'])

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
