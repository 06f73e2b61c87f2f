/**
 * A block of a scan by itself, in the order that backend.ts states: groups of 16 by shifts (Hillis and Steele, "Data parallel
 * algorithms", 1986), so that of 16 combinations with the value before only one waits for another. The result goes to the
 * output, the total and the first head to the block's partial result.
 */
import { SCANNED } from '../backend.ts'
import * as layout from '../launch/layout.ts'
import { Combiner, type Combining } from './combiner.ts'
import type { Emitter } from './emitter.ts'
import type { FunctionBuilder } from './encode/index.ts'
import { words } from './lanes.ts'
import type { Frame } from './operands.ts'
import { wasmType } from './scalar.ts'
import type { Segment } from './segments.ts'

/** A block's first head is a position of its row, or this. */
export const NO_HEAD = -1

/** Flags of an element of which others in its group are not there: it is a head; its segment began in the group. */
const IS_HEAD = 1
const BEGAN = 2

/** Scratch of `local` for the elements of such a group: values, then flags. */
const FLAGS = 8 * SCANNED
export const FEW_BYTES = FLAGS + 4 * SCANNED

/** The body of a kernel within a function over blocks. */
export interface BlockBody {
  readonly f: FunctionBuilder
  readonly frame: Frame
  readonly segment: Segment
  /** The position that is run. */
  readonly k: number
  /** Groups in lanes, if there are lanes; then the positions that are left. */
  strips(emit: (E: Emitter) => void): void
  singles(emit: (S: Emitter) => void): void
}

export class BlockScan {
  private readonly g: Combining
  /** Bytes of a value. */
  private readonly size: number
  private readonly segmented: boolean
  private readonly exclusive: boolean
  private readonly few: FunctionBuilder

  constructor(g: Combining) {
    this.g = g
    this.size = layout.typeBytes(g.combination!.type)
    this.segmented = g.combination!.segmented === true
    this.exclusive = g.combination!.exclusive === true
    this.few = this.addFew()
  }

  /** The body of `local`: one block. */
  local(body: BlockBody, scratchOffset: number): void {
    const { f, frame, segment, k } = body
    const { g, size, segmented } = this
    const c = new Combiner(g, f, frame)
    const out = outputRow(c, segment, () => frame.pushArray(0))
    const running = f.local(c.type, 'running')
    const head = f.local('i32', 'head')
    c.pushInit()
    f.set(running).i32(NO_HEAD).set(head)
    const inLanes = g.options.lanes > 1
    const lanes = inLanes ? f.local('v128', 'running') : -1
    const init = inLanes ? f.local('v128', 'init') : -1
    if (inLanes) f.get(running).op(`${c.shape}.splat`).tee(lanes).set(init)
    body.strips(E => this.strip(E, c, lanes, init, head, k, () => c.element(out, () => f.get(k), size)))
    if (inLanes) f.get(lanes).laneOp(`${c.shape}.extract_lane`, 0).set(running)
    const scratch = f.local(g.address, 'group')
    frame.pushScratch()
    f.addr(scratchOffset).op(`${g.address}.add`).set(scratch)
    const count = f.local('i32', 'count')
    const flush = () => {
      f.get(0).get(scratch).get(count)
      c.element(out, () => f.get(k).get(count).op('i32.sub'), size)
      f.get(running).call(this.few).set(running)
    }
    f.i32(0).set(count)
    body.singles(S => {
      f.get(count).i32(SCANNED).op('i32.eq').if()
      flush()
      f.i32(0).set(count)
      f.end()
      c.element(scratch, () => f.get(count), size)
      S.pushScalar(g.ir.body.results[0])
      c.store()
      if (segmented) {
        c.element(scratch, () => f.get(count), 4)
        f.i32(IS_HEAD | BEGAN).i32(0)
        S.pushScalar(g.ir.body.results[1])
        f.select().store('i32.store', FLAGS)
        S.pushScalar(g.ir.body.results[1])
        f.get(head).i32(NO_HEAD).op('i32.eq').op('i32.and').if()
        f.get(k).set(head)
        f.end()
      }
      f.get(count).i32(1).op('i32.add').set(count)
    })
    f.get(count).if()
    flush()
    f.end()
    const total = f.local(g.address, 'total')
    f.get(0).load(`${g.address}.load`, layout.PARTIALS)
    c.element(-1, () => f.get(segment.number), layout.SCAN_PARTIAL)
    f.tee(total).get(running)
    c.store()
    f.get(total).get(head).store('i32.store', layout.FIRST_HEAD)
  }

  /** A group of 16 in lanes. `running` has the value before it, and then the last, in every lane. */
  private strip(E: Emitter, c: Combiner, running: number, init: number, head: number, k: number, at: () => void): void {
    const { f } = E
    const width = this.size === 8 ? 64 : 32
    const [value, isHead] = this.g.ir.body.results
    const each = (push: (p: number) => void) =>
      Array.from({ length: E.partCount(width) }, (_, p) => {
        const l = f.local('v128')
        push(p)
        f.set(l)
        return l
      })
    const x = each(p => E.pushPart(value, p))
    const pointer = f.local(this.g.address)
    at()
    f.set(pointer)
    if (!this.segmented) return this.group(c, x, [], running, init, pointer)
    const heads = each(p => E.pushPart(isHead, p, width))
    E.pushAny({ parts: heads })
    f.if()
    f.get(head).i32(NO_HEAD).op('i32.eq').if()
    f.get(k)
    E.pushBits({ parts: heads, width })
    f.op('i32.ctz').op('i32.add').set(head)
    f.end()
    this.group(c, x, heads, running, init, pointer)
    f.else()
    this.group(c, x, [], running, init, pointer)
    f.end()
  }

  /** Scans lanes with heads or, most often, without any. */
  private group(c: Combiner, x: number[], heads: number[], running: number, init: number, pointer: number): void {
    const { f } = c
    let began = heads
    for (let d = 1; d < SCANNED; d *= 2) [x, began] = this.step(c, x, began, d)
    const left = x.map((_, p) => {
      if (began.length === 0) return running
      const l = f.local('v128')
      f.get(init).get(running).get(began[p]).op('v128.bitselect').set(l)
      return l
    })
    x = c.combineLanes({ parts: left }, { parts: x }, SCANNED)
    x.forEach((l, p) => {
      f.get(pointer)
      if (this.exclusive) {
        if (heads.length > 0) f.get(init)
        this.pushShifted(f, p ? x[p - 1] : running, l, this.size)
        if (heads.length > 0) f.get(heads[p]).op('v128.bitselect')
      } else f.get(l)
      f.store('v128.store', p * 16, 2)
    })
    const last = x[x.length - 1]
    f.get(last)
      .get(last)
      .shuffle(this.size === 8 ? words(2, 3, 2, 3) : words(3, 3, 3, 3))
      .set(running)
  }

  /** Element k becomes combine(element k - d, element k), unless a head lies between. */
  private step(c: Combiner, x: number[], began: number[], d: number): [number[], number[]] {
    const { f } = c
    const bytes = d * this.size
    const whole = bytes % 16 === 0
    /** Parts in which nothing changes. */
    const before = Math.floor(bytes / 16)
    const left = (from: number[]) =>
      from.map((l, p) => {
        if (whole) return from[Math.max(0, p - before)]
        const shifted = f.local('v128')
        this.pushShifted(f, from[Math.max(0, p - 1)], l, bytes)
        f.set(shifted)
        return shifted
      })
    // Lanes come in fours: whole parts of 32-bit values, pairs of parts of 64-bit ones.
    const first = before - (before % (this.size / 4))
    const lanes = SCANNED - (first * 16) / this.size
    const combined = c.combineLanes({ parts: left(x).slice(first) }, { parts: x.slice(first) }, lanes)
    const beganBefore = left(began)
    const settle = (p: number, old: number, push: () => void): number => {
      if (p < before) return old
      const l = f.local('v128')
      if (p > 0 || whole) push()
      else {
        f.get(old)
        push()
        f.shuffle(Array.from({ length: 16 }, (_, i) => (i < bytes ? i : 16 + i)))
      }
      f.set(l)
      return l
    }
    const values = x.map((old, p) =>
      settle(p, old, () => {
        if (began.length > 0)
          f.get(old)
            .get(combined[p - first])
            .get(began[p])
            .op('v128.bitselect')
        else f.get(combined[p - first])
      }),
    )
    const flags = began.map((old, p) => settle(p, old, () => f.get(old).get(beganBefore[p]).op('v128.or')))
    return [values, flags]
  }

  /** Pushes `part` moved up by some bytes, with the last ones of the part before in front. */
  private pushShifted(f: FunctionBuilder, before: number, part: number, bytes: number): void {
    f.get(before)
      .get(part)
      .shuffle(Array.from({ length: 16 }, (_, i) => 16 - bytes + i))
  }

  /**
   * `few(args, group, count, out, running) → running`: the same for a group of which only some positions are there, or that
   * does not come in lanes.
   */
  private addFew(): FunctionBuilder {
    const { g, size, segmented, exclusive } = this
    const type = wasmType(g.combination!.type)
    const f = g.module.addFunction('few', [g.address, g.address, 'i32', g.address, type], [type])
    const [group, count, out, running] = [1, 2, 3, 4]
    const c = new Combiner(g, f)
    const d = f.local('i32', 'd')
    const k = f.local('i32', 'k')
    const value = (index: () => void) => c.element(group, index, size)
    const flag = (index: () => void) => c.element(group, index, 4)
    f.i32(1).set(d)
    const done = f.block()
    const shift = f.loop()
    f.get(d).get(count).op('i32.ge_s').brIf(done)
    // From the last element down: what stands d before is still that of the last shift.
    f.get(count).i32(1).op('i32.sub').set(k)
    const next = f.loop()
    const before = () => f.get(k).get(d).op('i32.sub')
    if (segmented) {
      flag(() => f.get(k))
      f.load('i32.load', FLAGS).op('i32.eqz').if()
    }
    value(() => f.get(k))
    c.load(() => value(before), c.a)
    c.load(() => value(() => f.get(k)), c.b)
    c.combineScalars()
    c.store()
    if (segmented) {
      flag(() => f.get(k))
      flag(before)
      f.load('i32.load', FLAGS).i32(BEGAN).op('i32.and').store('i32.store', FLAGS)
      f.end()
    }
    f.get(k).i32(1).op('i32.sub').tee(k).get(d).op('i32.ge_s').brIf(next)
    f.end()
    f.get(d).i32(1).op('i32.shl').set(d)
    f.br(shift)
    f.end()
    f.end()
    const last = f.local(type, 'last')
    f.get(running).set(last)
    f.i32(0).set(k)
    const each = f.loop()
    if (segmented) {
      c.pushInit()
      f.get(running)
      flag(() => f.get(k))
      f.load('i32.load', FLAGS).select().set(c.a)
    } else f.get(running).set(c.a)
    c.load(() => value(() => f.get(k)), c.b)
    c.element(out, () => f.get(k), size)
    if (exclusive) {
      if (segmented) {
        c.pushInit()
        f.get(last)
        flag(() => f.get(k))
        f.load('i32.load', FLAGS).i32(IS_HEAD).op('i32.and').select()
      } else f.get(last)
      c.store()
      c.combineScalars()
      f.set(last)
    } else {
      c.combineScalars()
      f.tee(last)
      c.store()
    }
    f.get(k).i32(1).op('i32.add').tee(k).get(count).op('i32.lt_s').brIf(each)
    f.end()
    f.get(last)
    return f
  }
}

/** Address of the output for position 0 of a segment's row: elements are numbered through all rows. */
export function outputRow(c: Combiner, { row, rowLength }: Segment, array: () => void): number {
  const { f, g } = c
  const out = f.local(g.address, 'out')
  array()
  c.element(-1, () => f.get(row).get(rowLength).op('i32.mul'), layout.typeBytes(g.combination!.type))
  f.set(out)
  return out
}
