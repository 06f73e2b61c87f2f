/**
 * Where values are while a body is emitted, and how to push them: the part of the emitter that the code of single operations
 * works with.
 *
 * Uniform values live in scalar locals, affine ones as the scalar of their first lane, varying ones in one vector local per
 * part. A mask is a varying i1 at the width of the lanes that were compared.
 */
import { type KernelIR, type Value, walk } from '../ir/ir.ts'
import { isAffine, isUniform, isVarying, type Shapes } from '../lanes/shape.ts'
import type { ValueTable } from '../lanes/table.ts'
import type { Tally } from '../lanes/tallies.ts'
import type { Uses } from '../lanes/uses.ts'
import type { FunctionBuilder, Label } from './encode/index.ts'
import { ALL_ONES, type Helpers } from './helpers.ts'
import { partWidth, SHAPE_OF, type Width, words } from './lanes.ts'
import { wasmType } from './scalar.ts'

const ZEROS = new Uint8Array(16)
const ONES = new Uint8Array(16).fill(255)

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
  /** The least limit of several arrays, for one lane their least length; known beforehand from `accessGroups`. */
  pushLeast(buffers: readonly number[], lanes: number): void
  /** Bytes from the scratch address: where private arrays and slow accesses keep their lanes. */
  privateOffset(buffer: number): number
  laneScratchOffset: number
  failureOffset: number
}

export interface EmitOptions {
  unsafe: boolean
  /** Two arrays may overlap, one of them written: no store may rewrite a lane that is not active. */
  overlap: boolean
  /** Arrays of which each thread has copies of its own. */
  tallies: readonly Tally[]
}

export class Operands {
  readonly frame: Frame
  readonly f: FunctionBuilder
  readonly ir: KernelIR
  readonly lanes: number
  readonly shapes: Shapes
  readonly uses: Uses
  readonly options: EmitOptions
  readonly reps: ValueTable<Rep>
  /** Active lanes; undefined: all. */
  mask: Rep | undefined
  /** Accesses known to be in range. */
  checked = new Set<number>()
  /** Every access looks for itself whether it is in range. */
  careful = false
  /** Where a loop goes that may leave its arrays: to careful code for all that is done here. */
  restart: Label | undefined
  /**
   * Indices whose lanes are right where they are below any length, and may be wrong where not: emits what puts them right. Who
   * finds such a lane out of range does so and looks again.
   */
  readonly unsettled = new Map<number, () => void>()
  protected readonly temps: number[] = []

  constructor(
    frame: Frame,
    ir: KernelIR,
    lanes: number,
    shapes: Shapes,
    uses: Uses,
    options: EmitOptions,
    reps: ValueTable<Rep>,
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
    const r = this.reps.get(v)
    if (!r) throw new Error(`wasm: %${v.id} (${v.op}) has no place yet`)
    return r
  }

  set(v: Value, rep: Rep): void {
    this.reps.set(v, rep)
  }

  temporary(type: 'v128' | 'i32' | 'i64' | 'f32' | 'f64'): number {
    const l = this.f.local(type)
    this.temps.push(l)
    return l
  }

  /**
   * Pushes pointer + offset for an access, and returns the offset that remains for the instruction. V8 compares each address of
   * a 64-bit memory with a bound less the instruction's offset: where that is always 0, one register holds the bound of all.
   */
  pushAddress(pointer: number, offset: number): number {
    this.f.get(pointer)
    if (!this.frame.memory64) return offset
    if (offset) this.f.addr(offset).op('i64.add')
    return 0
  }

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
    const at = frame.helpers.splat(type, value)
    if (at < 0) {
      f.v128const(at === ALL_ONES ? ONES : ZEROS)
      return
    }
    frame.pushPool()
    f.load('v128.load', at, 4)
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
    if (this.lanes > 1 && this.uses.byLanes(v)) {
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
        return this.reps.get(v)?.width ?? 32
      case 'result': {
        const known = this.reps.get(v)?.width
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
  protected narrowed(cond: Value, negate: boolean): Rep {
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

  /** A uniform value as a scalar, also where only its lanes were kept. */
  pushScalarOrLane(v: Value): void {
    if (v.op === 'const' || this.rep(v).scalar !== undefined) return this.pushScalar(v)
    this.f.get(this.rep(v).parts![0]).laneOp(`${SHAPE_OF[v.type]}.extract_lane`, 0)
  }

  /** Every operation of the kernel that writes an array. */
  writesOf(buffer: number): Value[] {
    return walk(this.ir.body).filter(v => (v.op === 'store' || v.op === 'atomic') && v.attr.buffer === buffer)
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

  protected newLocals(v: Value, shape: number): Rep {
    if (!isVarying(shape)) return { scalar: this.f.local(wasmType(v.type)) }
    const width = this.widthOf(v)
    const parts = Array.from({ length: this.partCount(width) }, () => this.f.local('v128'))
    return v.type === 'i1' ? { parts, width } : { parts }
  }

  /** A mask without lanes, and false as a scalar. */
  protected never(): Rep {
    const scalar = this.f.local('i32')
    const part = this.f.local('v128')
    this.f.i32(0).set(scalar).v128const(new Uint8Array(16)).set(part)
    return { scalar, parts: [part], alike: true, width: 32 }
  }
}
