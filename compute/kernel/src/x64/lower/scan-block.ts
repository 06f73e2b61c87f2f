/**
 * A block of a scan by itself, in the order that backend.ts states: groups of 16 by shifts (Hillis and Steele, "Data parallel algorithms", 1986), so that of 16 combinations with the value before
 * only one waits for another. The result goes to the output, the total and the first head to the block's partial result.
 */

import { SCANNED } from '../../backend.ts'
import type { Element } from '../../ir/ir.ts'
import * as layout from '../../launch/layout.ts'
import { Memory, type Register } from '../encode/operands.ts'
import { type Code, view } from '../machine/code.ts'
import { Combiner, storeLane } from './combiner.ts'
import { bytesOf } from './constants.ts'
import { type At, storePart } from './contiguous.ts'
import type { Emitter } from './emitter.ts'
import type { Lowering } from './function.ts'
import * as masks from './masks.ts'
import type { VectorBits } from './operands.ts'
import type { Rows } from './rows.ts'
import type { Segment } from './segments.ts'
import { partBits, type Width, widthOf } from './target.ts'

/** A block's first head is a position of its row, or this. */
export const NO_HEAD = -1

/** `local(args, begin, end, thread)`: scans these blocks. */
export const addLocal = (lowering: Lowering): Code =>
  lowering.addRows('local', rows => new BlockScan(lowering, rows).emit(), true)

class BlockScan {
  readonly #rows: Rows
  readonly #code: Code
  readonly #lowering: Lowering
  readonly #combiner: Combiner
  readonly #width: Width
  readonly #bits: VectorBits
  readonly #init: Register
  /** What groups before came to, in every lane. */
  readonly #running: Register
  readonly #head: Register
  /** AVX-512: lanes from so many on, by their number. */
  readonly #lanesFrom = new Map<number, Register>()
  #out!: Register

  constructor(lowering: Lowering, rows: Rows) {
    const { target } = lowering.options
    const { type, init } = lowering.combination!
    this.#rows = rows
    this.#code = rows.code
    this.#lowering = lowering
    this.#combiner = new Combiner(lowering, rows.frame)
    this.#width = widthOf(type)
    this.#bits = partBits(target, SCANNED, this.#width)
    this.#init = rows.code.constantRegister(bytesOf(type, init), this.#bits)
    this.#running = rows.code.register(this.#bits, 'running')
    this.#head = rows.code.gpr(32, 'head')
  }

  emit(): void {
    const code = this.#code
    const rows = this.#rows
    code.vector('vmovaps', [this.#running, this.#init])
    code.general('mov', [this.#head, NO_HEAD])
    this.#out = outputRow(code, this.#lowering, rows.segment, rows.frame.array(0), rows.argument('row', layout.ROW))
    rows.strips(E => this.#strip(E))
    const total = partial(code, rows.argument('partials', layout.PARTIALS, 64), rows.segment)
    storeLane(code, new Memory({ base: total }), this.#running, this.#width)
    code.general('mov', [new Memory({ base: total, disp: layout.FIRST_HEAD }), this.#head])
  }

  /** A group of 16. */
  #strip(E: Emitter): void {
    const code = this.#code
    const { ir, combination } = this.#lowering
    const width = this.#width
    const [value, isHead] = ir.body.results
    const all = Array.from({ length: SCANNED / E.perPart(width) }, (_, p) => E.part(value, p, width))
    // Lanes behind the last are combined as well: with what does no harm.
    const x = E.mask
      ? all.map((part, p) => masks.select(E, combination!.type, E.maskPart(E.mask!, p, width), part, this.#init, width))
      : all
    if (!combination!.segmented) return this.#group(E, x)
    const heads = masks.bits(E, { parts: x.map((_, p) => E.part(isHead, p, width)), width })
    if (E.mask) {
      const own = code.gpr(32)
      code.general('mov', [own, heads])
      code.general('and', [own, masks.bits(E, E.mask)])
      this.#heads(E, x, own)
    } else this.#heads(E, x, heads)
  }

  /** A group that may have heads; most often there are none. */
  #heads(E: Emitter, x: readonly Register[], heads: Register): void {
    const code = this.#code
    const [none, known, end] = [code.label(), code.label(), code.label()]
    code.general('test', [heads, heads])
    code.jump(none, 'e')
    code.general('cmp', [this.#head, NO_HEAD])
    code.jump(known, 'ne')
    code.general('tzcnt', [this.#head, heads])
    code.general('add', [this.#head, this.#rows.k])
    code.bind(known)
    this.#group(E, x, heads)
    code.jump(end)
    code.bind(none)
    this.#group(E, x)
    code.bind(end)
  }

  #group(E: Emitter, values: readonly Register[], heads?: Register): void {
    const code = this.#code
    const { exclusive, type } = this.#lowering.combination!
    const width = this.#width
    let x = values
    // Elements whose segment began in the group, as far as the shifts up to now tell.
    let began = heads
    for (let d = 1; d < SCANNED; d *= 2) {
      x = this.#step(E, x, d, began)
      if (began !== undefined) {
        const more = code.gpr(32)
        code.general('mov', [more, began])
        code.general('shl', [more, d])
        code.general('or', [more, began])
        began = more
      }
    }
    const left = x.map((_, p) =>
      began === undefined
        ? this.#running
        : masks.select(E, type, masks.ofBits(E, began, p, width), this.#init, this.#running, width),
    )
    x = this.#combiner.combine({ parts: left }, { parts: x }, SCANNED).parts!
    const at: At = { base: this.#out, index: view(this.#rows.k, 64), scale: (width / 8) as 4 | 8 }
    for (const [p, part] of x.entries()) {
      let result = part
      if (exclusive) {
        result = shiftUp(E, p > 0 ? x[p - 1] : this.#running, part, 1, width)
        if (heads !== undefined)
          result = masks.select(E, type, masks.ofBits(E, heads, p, width), this.#init, result, width)
      }
      storePart(E, elementOf[type as 'f32'], at, p, result, E.mask)
    }
    if (E.mask) this.#runOnFromLast(x)
    else spreadLast(E, this.#running, x[x.length - 1], width)
  }

  /** Element k becomes combine(element k - d, element k), unless a head lies between. */
  #step(E: Emitter, x: readonly Register[], d: number, began: Register | undefined): readonly Register[] {
    const code = this.#code
    const width = this.#width
    const { type } = this.#lowering.combination!
    const each = E.perPart(width)
    const isWhole = d % each === 0
    /** Parts in which nothing changes. */
    const before = Math.floor(d / each)
    const left = x.map((part, p) => {
      if (p < before) return part
      return isWhole ? x[p - before] : shiftUp(E, x[Math.max(0, p - 1)], part, d, width)
    })
    // So many parts as a strip may have: a power of two.
    const first = x.length === 4 ? before & 2 : before
    const lanes = SCANNED - first * each
    const combined = this.#combiner.combine({ parts: left.slice(first) }, { parts: x.slice(first) }, lanes).parts!
    let changes: Register | undefined
    if (began !== undefined) {
      changes = code.gpr(32)
      code.general('mov', [changes, began])
      code.general('not', [changes])
      code.general('and', [changes, (0xffff << d) & 0xffff])
    }
    return x.map((old, p) => {
      if (p < before) return old
      const made = combined[p - first]
      if (changes !== undefined) return masks.select(E, type, masks.ofBits(E, changes, p, width), made, old, width)
      return isWhole || p > 0 ? made : masks.select(E, type, this.#from(E, d), made, old, width)
    })
  }

  /** Of the first part the lanes from d on. */
  #from(E: Emitter, d: number): Register {
    const code = this.#code
    if (E.target.isa !== 'avx512') {
      const each = E.perPart(this.#width)
      const lanes = Int32Array.from({ length: this.#bits / 32 }, (_, i) => -Number((i * each * 32) / this.#bits >= d))
      return code.constantRegister(new Uint8Array(lanes.buffer), this.#bits)
    }
    let found = this.#lanesFrom.get(d)
    if (found === undefined) {
      const made = code.mask()
      code.atEntry(() => {
        const word = code.gpr(32)
        code.general('mov', [word, (0xffff << d) & 0xffff])
        code.vector('kmovw', [made, word])
      })
      this.#lanesFrom.set(d, (found = made))
    }
    return found
  }

  /** The total of a group of which only some elements are there. */
  #runOnFromLast(x: readonly Register[]): void {
    const code = this.#code
    const { k, segment } = this.#rows
    const slot = code.stackMemory((SCANNED * this.#width) / 8, 64)
    for (const [p, part] of x.entries()) code.vector('vmovups', [slot.memory((p * this.#bits) / 8), part])
    const [last, most, address] = [code.gpr(32), code.gpr(32), code.gpr(64)]
    code.general('mov', [last, segment.end])
    code.general('sub', [last, k])
    code.general('sub', [last, 1])
    code.general('mov', [most, SCANNED - 1])
    code.general('cmp', [last, most])
    code.general('cmova', [last, most])
    code.general('lea', [address, slot.memory()])
    const from = new Memory({ base: address, index: view(last, 64), scale: (this.#width / 8) as 4 | 8 })
    code.vector(this.#width === 64 ? 'vbroadcastsd' : 'vbroadcastss', [this.#running, from])
  }
}

const elementOf = { f32: 'f32', f64: 'f64', i32: 'i32', i64: 'i64' } as const satisfies Record<string, Element>

/** `part` moved up by so many lanes, fewer than it has, with the last ones of the part before in front. */
function shiftUp(E: Emitter, before: Register, part: Register, lanes: number, width: Width): Register {
  const { code } = E
  const bits = part.bits as VectorBits
  const to = code.register(bits)
  if (E.target.isa === 'avx512') {
    code.vector(width === 64 ? 'valignq' : 'valignd', [to, part, before, bits / width - lanes])
    return to
  }
  // The upper half of the one before, the lower one of the other.
  code.vector('vperm2i128', [to, before, part, 0x21])
  const bytes = (lanes * width) / 8
  if (bytes === 16) return to
  const shifted = code.register(bits)
  code.vector('vpalignr', [shifted, part, to, 16 - bytes])
  return shifted
}

/** Sets all lanes to the last one of a part. */
function spreadLast(E: Emitter, to: Register, part: Register, width: Width): void {
  const bits = part.bits as VectorBits
  if (width === 32) E.code.vector('vpermd', [to, E.spread('i32', bits / 32 - 1, bits), part])
  else if (bits === 256) E.code.vector('vpermq', [to, part, 0xff])
  else E.code.vector('vpermq', [to, E.spread('i64', 7n, bits), part])
}

/** Address of the output for position 0 of a segment's row: elements are numbered through all rows. */
export function outputRow(
  code: Code,
  lowering: Lowering,
  { row }: Segment,
  array: Register,
  rowLength: Register,
): Register {
  const out = code.gpr(64, 'out')
  code.general('mov', [view(out, 32), row!])
  code.general('imul', [out, view(rowLength, 64)])
  code.general('shl', [out, Math.log2(layout.typeBytes(lowering.combination!.type))])
  code.general('add', [out, array])
  return out
}

/** Address of a block's partial result. */
export function partial(code: Code, partials: Register, { number }: Segment): Register {
  const at = code.gpr(64)
  code.general('mov', [view(at, 32), number!])
  code.general('shl', [at, Math.log2(layout.SCAN_PARTIAL)])
  code.general('add', [at, partials])
  return at
}
