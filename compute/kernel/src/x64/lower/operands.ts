/**
 * Where values are while a body is lowered, and how to get at them: the part of the emitter that the code of single operations works with.
 *
 * Uniform values are scalars, affine ones the scalar of their first lane, varying ones have a vector for each part. A mask is a varying i1 at the width of the lanes that were compared.
 */

import { InternalError } from '@skein/base'
import type { KernelIR, Type, Value } from '../../ir/ir.ts'
import { isAffine, isUniform, isVarying, type Shapes } from '../../lanes/shape.ts'
import type { ValueTable } from '../../lanes/table.ts'
import type { Tally } from '../../lanes/tallies.ts'
import type { Uses } from '../../lanes/uses.ts'
import type { Words } from '../../lanes/words.ts'
import type { Ahead } from '../ahead.ts'
import type { Condition } from '../encode/general-forms.ts'
import type { Label, Predicate } from '../encode/operands.ts'
import { Memory, type Register } from '../encode/operands.ts'
import type { AccessNote } from '../explain/accesses.ts'
import { type Code, type StackSlot, view } from '../machine/code.ts'
import { bytesOf } from './constants.ts'
import type { Frame } from './frame.ts'
import * as masks from './masks.ts'
import { partBits, partCount, type Target, type Width, widthOf } from './target.ts'

/** Where a value is. `scalar`: its uniform value or the first lane of an affine one. `parts`: its lanes. */
export interface Place {
  readonly scalar?: Register
  readonly parts?: readonly Register[]
  /** Width of a mask's lanes. */
  readonly width?: Width
  /** All lanes are alike: one part, of the widest vectors, stands for all. */
  readonly alike?: true
  /** A comparison that is done where a branch asks for it. */
  readonly compare?: Value
}

export interface EmitOptions {
  readonly unsafe: boolean
  /** Arrays of which each thread has copies of its own. */
  readonly tallies: readonly Tally[]
  /** What whole numbers in lanes are, if less than 32 bits do. Then a strip has as many lanes as fill vectors with them, and what it leaves over fewer, of 32. */
  readonly words?: Words
  readonly ahead?: Ahead | undefined
  /** Gets a note of each access that is lowered. */
  readonly notes?: AccessNote[]
}

export type VectorBits = 128 | 256 | 512

export class Operands {
  readonly frame: Frame
  readonly code: Code
  readonly target: Target
  readonly ir: KernelIR
  readonly lanes: number
  readonly shapes: Shapes
  readonly uses: Uses
  readonly options: EmitOptions
  readonly places: ValueTable<Place>
  /** Bits of whole numbers in lanes. */
  readonly word: 8 | 16 | 32
  /** Active lanes; undefined: all. */
  mask: Place | undefined
  /** Accesses known to be in range, whichever lanes are active. */
  checked: ReadonlySet<number> = new Set<number>()
  /** Those of them that were compared in this round, at one index with others. */
  readonly together = new Set<number>()
  /** Indices made of floats that are right where an access is in range, by their id: what brings the others back modulo 2³². */
  readonly unsettled = new Map<number, () => void>()
  /** The store whose vectors go past the caches: where it begins it is aligned. */
  past: Value | undefined
  /** What it lowers stands in the kernel's own text. */
  isLocated = true
  /** How it does accesses is what `explain` tells. */
  isTold = true

  constructor(
    frame: Frame,
    ir: KernelIR,
    lanes: number,
    shapes: Shapes,
    uses: Uses,
    options: EmitOptions,
    places: ValueTable<Place>,
  ) {
    this.frame = frame
    this.code = frame.code
    this.target = frame.target
    this.ir = ir
    this.lanes = lanes
    this.shapes = shapes
    this.uses = uses
    this.options = options
    this.places = places
    const width = options.words?.width ?? 32
    this.word = lanes >= this.target.bits / width ? width : 32
  }

  bits(width: Width): VectorBits {
    return partBits(this.target, this.lanes, width)
  }

  partCount(width: Width): number {
    return partCount(this.target, this.lanes, width)
  }

  /** Lanes of a part. */
  perPart(width: Width): number {
    return Math.min(this.lanes, this.bits(width) / width)
  }

  place(v: Value): Place {
    const found = this.places.get(v)
    if (found === undefined) throw new InternalError(`x64: %${v.id} (${v.op}) has no place yet`)
    return found
  }

  set(v: Value, place: Place): void {
    this.places.set(v, place)
  }

  // Scalars.

  /** A new variable for a scalar. */
  scalarRegister(type: Type): Register {
    if (type === 'f32' || type === 'f64') return this.code.register(128)
    return this.code.gpr(type === 'i64' ? 64 : 32)
  }

  /** A uniform value, or the first lane of an affine one. */
  scalar(v: Value): Register {
    if (v.op === 'const') return this.literal(v.type, v.attr)
    const { scalar, parts, compare } = this.place(v)
    if (compare) throw new InternalError(`x64: %${v.id} (${v.op}) is wanted by more than a branch`)
    if (scalar !== undefined) return scalar
    if (!isUniform(this.shapes.of(v))) throw new InternalError(`x64: %${v.id} (${v.op}) is not uniform`)
    return this.firstLane(v.type, parts![0])
  }

  literal(type: Type, value: number | bigint | boolean): Register {
    const { code } = this
    if (type === 'f32' || type === 'f64') return code.constantRegister(bytesOf(type, value as number), 128)
    const register = this.scalarRegister(type)
    const number = typeof value === 'boolean' ? Number(value) : value
    if (number === 0 || number === 0n) code.general('xor', [view(register, 32), view(register, 32)])
    else code.general('mov', [register, number])
    return register
  }

  /** Lane 0 of a part of a value that is alike in all of them. */
  private firstLane(type: Type, part: Register): Register {
    if (type === 'f32' || type === 'f64') return view(part, 128)
    const { code } = this
    const to = this.scalarRegister(type)
    if (type === 'i1') {
      code.general('xor', [to, to])
      code.general(`set${masks.jumpIfAny(this, [part], 32, true)}`, [view(to, 8)])
    } else code.vector(type === 'i64' ? 'vmovq' : 'vmovd', [to, view(part, 128)])
    return to
  }

  /** Copies a scalar into a variable. */
  moveScalar(to: Register, from: Register, type: Type): void {
    if (to === from) return
    if (type === 'f32' || type === 'f64') this.code.vector('vmovaps', [view(to, 128), view(from, 128)])
    else this.code.general('mov', [to, from])
  }

  // Lanes.

  /** A vector of `bits` all of whose lanes are this number. */
  spread(type: Type, value: number | bigint | boolean, bits: VectorBits): Register {
    return this.code.constantRegister(bytesOf(type, value), bits)
  }

  /** A vector all of whose words are the lowest bits of a number. */
  spreadWord(value: number, bits: VectorBits): Register {
    return this.spread(
      'i32',
      this.word === 8 ? Math.imul(value & 0xff, 0x01010101) : Math.imul(value & 0xffff, 0x10001),
      bits,
    )
  }

  /** Part p of a value, a mask at a width; spread over lanes where that was not done before. */
  part(v: Value, p: number, width: Width = v.type === 'i1' ? 32 : this.widthOf(v)): Register {
    if (v.op === 'const')
      return v.type === 'i1'
        ? masks.constant(this, Boolean(v.attr), width)
        : width < 32
          ? this.spreadWord(v.attr, this.bits(width))
          : this.spread(v.type, v.attr, this.bits(width))
    const place = this.place(v)
    if (place.parts === undefined) return this.spreadScalar(v, this.scalar(v), p, width)
    if (v.type === 'i1') return this.maskPart(place, p, width)
    return place.alike && width < 32 ? this.spreadLow(place.parts[0], width) : this.ownPart(place, p, width)
  }

  private ownPart({ parts, alike }: Place, p: number, width: Width): Register {
    return alike ? view(parts![0], this.bits(width)) : parts![p]
  }

  /** A vector of the lowest word of another. */
  private spreadLow(from: Register, width: Width): Register {
    const to = this.code.register(this.bits(width))
    this.code.vector(width === 8 ? 'vpbroadcastb' : 'vpbroadcastw', [to, view(from, 128)])
    return to
  }

  /** Part p of a mask at a width. */
  maskPart(place: Place, p: number, width: Width): Register {
    const { parts, alike } = place
    if (alike) return masks.alikePart(this, parts![0], width)
    return place.width === width ? parts![p] : masks.maskPart(this, parts!, place.width!, width, p)
  }

  private spreadScalar(v: Value, scalar: Register, p: number, width: Width): Register {
    const { code, target } = this
    if (v.type === 'i1') return masks.ofScalar(this, scalar, width)
    const bits = this.bits(width)
    const to = code.register(bits)
    if (v.type === 'f32') code.vector('vbroadcastss', [to, view(scalar, 128)])
    else if (v.type === 'f64') code.vector(bits === 128 ? 'vmovddup' : 'vbroadcastsd', [to, view(scalar, 128)])
    else {
      const letter = v.type === 'i64' ? 'q' : width === 8 ? 'b' : width === 16 ? 'w' : 'd'
      const [broadcast, move] = [`vpbroadcast${letter}`, v.type === 'i64' ? 'vmovq' : 'vmovd']
      if (target.isa === 'avx512') code.vector(broadcast, [to, scalar])
      else {
        const low = view(to, 128)
        code.vector(move, [low, scalar])
        code.vector(broadcast, [to, low])
      }
    }
    const step = this.shapes.of(v)
    if (isAffine(step)) {
      const each = this.perPart(width)
      code.vector('vpaddd', [to, to, this.steps(step, p * each, bits)])
    }
    return to
  }

  /** (first + lane) · step, for the lanes of one part. */
  steps(step: number, first: number, bits: VectorBits): Register {
    const lanes = Int32Array.from({ length: bits / 32 }, (_, l) => Math.imul(first + l, step))
    return this.code.constantRegister(new Uint8Array(lanes.buffer), bits)
  }

  /** After a uniform or affine value got its scalar: spreads it over lanes once if lane code reads it. */
  finishScalar(v: Value, scalar: Register): void {
    if (this.lanes === 1 || !this.uses.byLanes(v)) return this.set(v, { scalar })
    const shape = this.shapes.of(v)
    const width = v.type === 'i1' ? 32 : widthOf(v.type)
    if (isAffine(shape)) {
      const parts = Array.from({ length: this.partCount(32) }, (_, p) => this.spreadScalar(v, scalar, p, width))
      return this.set(v, { scalar, parts })
    }
    const parts = [this.spreadScalar(v, scalar, 0, width)]
    this.set(v, { scalar, parts, alike: true, ...(v.type === 'i1' && { width: 32 as const }) })
  }

  /** The width at which the lanes of a mask are made. */
  maskWidth(v: Value, depth = 0): Width {
    if (this.word < 32) return this.word
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
        return this.places.get(v)?.width ?? 32
      case 'result': {
        const known = this.places.get(v)?.width
        if (known) return known
        const [first, second] = v.args[0].regions!
        const isFirst = v.args[0].op === 'if' && first.results[v.attr].op !== 'const'
        const r = isFirst ? first.results[v.attr] : second.results[v.attr]
        return r && r.op !== 'const' && depth < 20 ? this.maskWidth(r, depth + 1) : 32
      }
      default:
        return v.args.length > 0 ? widthOf(v.args[0].type) : 32
    }
  }

  widthOf(v: Value): Width {
    if (v.type === 'i32' && isVarying(this.shapes.of(v))) return this.word
    return v.type === 'i1' ? this.maskWidth(v) : widthOf(v.type)
  }

  /** Of lanes of a type, as they are computed with. */
  laneWidth(type: Type): Width {
    return type === 'i32' ? this.word : widthOf(type)
  }

  /** A place of its own for a value of a shape, to be written with {@link assign}. */
  protected newPlace(v: Value, shape: number): Place {
    if (!isVarying(shape)) return { scalar: this.scalarRegister(v.type) }
    const width = v.type === 'i1' ? this.maskWidth(v) : this.laneWidth(v.type)
    const parts = Array.from({ length: this.partCount(width) }, () => this.newPart(v.type, width))
    return { parts, width }
  }

  newPart(type: Type, width: Width): Register {
    return type === 'i1' && this.target.isa === 'avx512' ? this.code.mask() : this.code.register(this.bits(width))
  }

  /** Copies part of a value into a variable. */
  movePart(to: Register, from: Register): void {
    if (to === from) return
    if (to.bank === 'mask') this.code.vector('kmovq', [to, from])
    else this.code.vector('vmovaps', [to, from])
  }

  // Masks.

  /** The lanes of the mask for which `cond` holds (or does not). */
  protected narrowed(cond: Value, negate: boolean): Place {
    const width = this.mask?.width ?? this.widthOf(cond)
    const parts = Array.from({ length: this.partCount(width) }, (_, p) => {
      const c = this.part(cond, p, width)
      if (this.mask === undefined) return negate ? masks.not(this, c, width) : c
      const active = this.maskPart(this.mask, p, width)
      return negate ? masks.andNot(this, active, c) : masks.and(this, active, c)
    })
    return { parts, width }
  }

  /** Jumps if a mask has no lane. */
  jumpUnlessAny(mask: Place, label: Label): void {
    this.code.jump(label, masks.jumpIfAny(this, mask.parts!, mask.width!, mask.alike === true) === 'ne' ? 'e' : 'ne')
  }

  jumpIfAny(mask: Place, label: Label): void {
    this.code.jump(label, masks.jumpIfAny(this, mask.parts!, mask.width!, mask.alike === true) as Condition)
  }

  /** The predicate of an AVX-512 instruction for part p at a width; undefined: all lanes. */
  predicate(p: number, width: Width, zeroes: boolean, mask = this.mask): Predicate | undefined {
    return mask && { mask: this.maskPart(mask, p, width), zeroes }
  }

  // Lanes one by one, where there is no vector code.

  /** Writes part p of a value to memory; a mask as lanes of ones and zeros. */
  storePart(v: Value, p: number, width: Width, at: Memory): void {
    const part = this.part(v, p, width)
    this.code.vector('vmovups', [at, v.type === 'i1' ? masks.asVector(this, part, width) : part])
  }

  loadPart(type: Type, at: Memory, width: Width): Register {
    const part = this.code.register(this.bits(width))
    this.code.vector('vmovups', [part, at])
    return type === 'i1' ? masks.ofVector(this, part, width) : part
  }

  /** Writes all parts of a value to the stack, where lane l lies at l · width / 8. */
  partsToStack(v: Value, slot: StackSlot, width: Width): void {
    for (let p = 0; p < this.partCount(width); p++) this.storePart(v, p, width, slot.memory((p * this.bits(width)) / 8))
  }

  /** Room on the stack for all lanes of a value. */
  laneSlot(width: Width): StackSlot {
    return this.code.stackMemory((this.partCount(width) * this.bits(width)) / 8, 64)
  }

  /** One lane of a value as a scalar, from where `partsToStack` wrote it; an i1 as 0 or 1. */
  laneFromStack(type: Type, slot: StackSlot, lane: number | Register, width: Width): Register {
    const { code } = this
    const at = slot.element(lane, width / 8)
    const to = this.scalarRegister(type)
    if (type === 'f32') code.vector('vmovss', [to, at])
    else if (type === 'f64') code.vector('vmovsd', [to, at])
    else code.general('mov', [to, at])
    if (type === 'i1') code.general('and', [to, 1])
    return to
  }

  laneToStack(type: Type, scalar: Register, slot: StackSlot, lane: number | Register, width: Width): void {
    const { code } = this
    const at = slot.element(lane, width / 8)
    if (type === 'f32') code.vector('vmovss', [at, view(scalar, 128)])
    else if (type === 'f64') code.vector('vmovsd', [at, view(scalar, 128)])
    else if (type === 'i1') {
      const all = code.gpr(width as 32 | 64)
      code.general('mov', [view(all, 32), scalar])
      code.general('neg', [all])
      code.general('mov', [at, all])
    } else code.general('mov', [at, scalar])
  }

  /** The parts of a value whose lanes were written to the stack. */
  partsFromStack(type: Type, slot: StackSlot, width: Width): Register[] {
    return Array.from({ length: this.partCount(width) }, (_, p) =>
      this.loadPart(type, slot.memory((p * this.bits(width)) / 8), width),
    )
  }

  /** Runs `make` for each lane, behind a test of its bit where lanes are masked. */
  eachActive(make: (lane: number) => void): void {
    const { code } = this
    const bits = this.mask && masks.bits(this, this.mask)
    for (let lane = 0; lane < this.lanes; lane++) {
      const over = code.label()
      if (bits) {
        code.general('bt', [bits, lane])
        code.jump(over, 'ae')
      }
      make(lane)
      if (bits) code.bind(over)
    }
  }

  /** The same in a loop, which is slower and little code: for what is hardly ever done. @param make gets the lane's number, 64 bits */
  eachActiveInTurn(make: (lane: Register) => void): void {
    const { code, lanes, mask } = this
    const width = mask?.width ?? 32
    const parts = mask && Array.from({ length: this.partCount(width) }, (_, p) => this.maskPart(mask, p, width))
    for (const group of lanesByWord(this, parts, width)) {
      const [again, none] = [code.label(), code.label()]
      const left = code.gpr(64)
      const lane = code.gpr(64)
      const all = (1n << BigInt(Math.min(64, lanes - group.first))) - 1n
      if (group.parts) {
        const bits = masks.bits(this, { parts: group.parts, width })
        code.general('mov', [view(left, bits.bits), bits])
        // Of fewer lanes than a mask has there may be anything above.
        if (lanes < masks.lanesOf(this, 32)) code.general('and', [left, Number(all)])
        code.general('test', [left, left])
        code.jump(none, 'e')
      } else code.general('mov', [left, BigInt.asIntN(64, all)])
      code.inLoop(() => {
        code.bind(again)
        code.general('tzcnt', [lane, left])
        if (group.first > 0) code.general('add', [lane, group.first])
        make(lane)
        code.vector('blsr', [left, left])
        code.jump(again, 'ne')
      })
      code.bind(none)
    }
  }

  /** Notes how an access is done, where somebody wants to know. */
  note(access: Value, how: string): void {
    if (!this.isTold) return
    const { notes, unsafe } = this.options
    const isProved = this.checked.has(access.id)
    const check = unsafe
      ? 'not checked'
      : !isProved
        ? 'checked'
        : this.together.has(access.id)
          ? 'checked with others'
          : 'proved in range'
    notes?.push({ access, how: this.lanes === 1 ? 'one element' : how, isMasked: this.mask !== undefined, check })
  }

  // What happens to all.

  /** Stops this thread's part of the range. @param index that failed, 32 bits */
  fail(site: number, index: Register | number): void {
    const { code, frame } = this
    const packed = code.gpr(64)
    if (typeof index === 'number') code.general('mov', [packed, (BigInt(site + 1) << 32n) | BigInt(index >>> 0)])
    else {
      const low = code.gpr(64)
      code.general('mov', [packed, BigInt(site + 1) << 32n])
      code.general('mov', [view(low, 32), view(index, 32)])
      code.general('or', [packed, low])
    }
    code.general('mov', [new Memory({ base: frame.args, disp: frame.failureOffset }), packed])
    code.return(site + 1)
  }

  /** Jumps under the condition to code that stands apart and does not come back. */
  failIf(condition: Condition, emit: () => void): void {
    const { code } = this
    const label = code.label()
    code.jump(label, condition)
    code.cold(() => {
      code.bind(label)
      emit()
    })
  }

  /** A mask without lanes, and false as a scalar. */
  protected never(): Place {
    return {
      scalar: this.literal('i1', false),
      parts: [masks.constant(this, false, 32)],
      alike: true,
      width: 32,
    }
  }
}

/** So many lanes as a general register has bits, and the parts of a mask that are theirs. */
export function lanesByWord(
  c: masks.MaskContext,
  parts: readonly Register[] | undefined,
  width: Width,
): { readonly first: number; readonly parts: readonly Register[] | undefined }[] {
  const each = 64 / masks.lanesOf(c, width)
  return Array.from({ length: Math.ceil(c.lanes / 64) }, (_, g) => ({
    first: 64 * g,
    parts: parts?.slice(g * each, (g + 1) * each),
  }))
}
