/**
 * The functions of a scan. Memory is passed once, and no thread ever waits for another.
 *
 *     local(args, b0, b1, thread)        scans blocks by themselves (scan-block.ts), into the output, and notes their totals
 *     advance(args, b0, b1, carry)       the carry behind blocks, from that before them
 *     propagate(args, b0, b1, carry)     combines what is carried into blocks with what `local` left in the output
 *
 *     scan(args, n, m, thread)           m - n batches of blocks, taken in order: local; then, while the batch is in the cache, propagate, if the totals of all batches before are known by now
 *     rest(args, n, m, thread)           propagate for those that are left, of batches n to m
 *     carries(args, batches)             on one thread: how many batches are left, and what is carried into each
 *
 * This is the decoupled look-back of Merrill and Garland ("Single-pass parallel prefix scan with decoupled look-back", 2016) with two differences. Carries are combined from the left alone, so that
 * rounding does not depend on who was first. And a thread that finds a total missing looks for it a moment only, then leaves its batch to `rest`: threads need not make progress together, and one
 * that sleeps, fails or dies holds up nobody. With threads on cores of their own little is left.
 */

import { type Combination, SCANNED } from '../../backend.ts'
import * as layout from '../../launch/layout.ts'
import { Memory, type Register } from '../encode/operands.ts'
import { Code, view } from '../machine/code.ts'
import { Combiner, loadScalar, moveScalar, setInitial, storeScalar } from './combiner.ts'
import type { Lowered, Lowering } from './function.ts'
import type { VectorBits } from './operands.ts'
import { addLocal, NO_HEAD, outputRow, partial } from './scan-block.ts'
import { eachSegment } from './segments.ts'
import { partBits, widthOf } from './target.ts'

/** A batch's state. */
const HAS_TOTALS = 1
const HAS_CARRY = 2

/** How often a thread looks for the totals of a batch before it leaves its own: some 10 µs, less than a batch takes. */
const LOOKS = 10_000

export function lowerScan(lowering: Lowering): Lowered {
  const local = addLocal(lowering)
  const s = new Scan(lowering)
  const advance = s.advance()
  const propagate = s.propagate()
  const exported = [s.scan(local, advance, propagate), s.rest(propagate), s.carries(advance)]
  const { functions, ...others } = lowering.finish()
  return { functions: [...exported, ...functions.filter(code => !exported.includes(code))], ...others }
}

type Names = readonly string[]

class Scan {
  readonly #lowering: Lowering
  readonly #combination: Combination
  /** Bytes of a value. */
  readonly #size: 4 | 8

  constructor(lowering: Lowering) {
    this.#lowering = lowering
    this.#combination = lowering.combination!
    this.#size = layout.typeBytes(this.#combination.type) as 4 | 8
  }

  #function(name: string, wholes: Names, isInner: boolean, takesCarry: boolean): Code {
    const { type } = this.#combination
    const isFloat = type === 'f32' || type === 'f64'
    const parameters = wholes.map(name => ({ bank: 'gpr' as 'gpr' | 'vector', bits: 64, name }))
    if (takesCarry) parameters.push({ bank: isFloat ? 'vector' : 'gpr', bits: isFloat ? 128 : 64, name: 'carry' })
    return this.#lowering.add(new Code(name, this.#lowering.constants, parameters, isInner))
  }

  /** A new variable for a value. */
  #variable(code: Code, name: string): Register {
    const { type } = this.#combination
    if (type === 'f32' || type === 'f64') return code.register(128, name)
    return code.gpr(type === 'i64' ? 64 : 32, name)
  }

  /** The parameter behind three others, in a variable. */
  #carryOf(code: Code): Register {
    const carry = this.#variable(code, 'carry')
    moveScalar(code, carry, view(code.parameters[3], carry.bits), this.#combination.type)
    return carry
  }

  // Between blocks

  advance(): Code {
    const code = this.#function('advance', ['args', 'b0', 'b1'], true, true)
    const [args, b0, b1] = code.parameters
    const combiner = new Combiner(this.#lowering, this.#lowering.plainFrame(code))
    const carry = this.#carryOf(code)
    const [at, end] = [code.gpr(64), code.gpr(64)]
    for (const [to, from] of [
      [at, b0],
      [end, b1],
    ]) {
      code.general('mov', [to, from])
      code.general('shl', [to, Math.log2(layout.SCAN_PARTIAL)])
      code.general('add', [to, new Memory({ base: args, disp: layout.PARTIALS })])
    }
    const [next, out] = [code.label(), code.label()]
    code.inLoop(() => {
      code.bind(next)
      code.general('cmp', [at, end])
      code.jump(out, 'ae')
      this.#carryOn(code, combiner, at, carry)
      code.general('add', [at, layout.SCAN_PARTIAL])
      code.jump(next)
    })
    code.bind(out)
    code.return(carry)
    return code
  }

  /** What is carried out of a block: behind a head nothing that came before. */
  #carryOn(code: Code, combiner: Combiner, block: Register, carry: Register): void {
    const { type, segmented } = this.#combination
    const total = loadScalar(code, new Memory({ base: block }), type)
    const [headed, over] = [code.label(), code.label()]
    if (segmented) {
      code.general('cmp', [new Memory({ base: block, disp: layout.FIRST_HEAD }), NO_HEAD], 32)
      code.jump(headed, 'ne')
    }
    moveScalar(code, carry, combiner.combineScalars(carry, total), type)
    if (!segmented) return
    code.jump(over)
    code.bind(headed)
    moveScalar(code, carry, total, type)
    code.bind(over)
  }

  propagate(): Code {
    const { type, segmented, exclusive } = this.#combination
    const lowering = this.#lowering
    const code = this.#function('propagate', ['args', 'b0', 'b1'], true, true)
    const [args, b0, b1] = code.parameters
    const combiner = new Combiner(lowering, lowering.plainFrame(code))
    const carry = this.#carryOf(code)
    const read = (name: string, offset: number, bits: 32 | 64): Register => {
      const to = code.gpr(bits, name)
      code.general('mov', [to, new Memory({ base: args, disp: offset })])
      return to
    }
    const partials = read('partials', layout.PARTIALS, 64)
    const array = read('array', layout.arrayOffset(lowering.ir, 0), 64)
    const row = read('row_length', layout.ROW, 32)
    const argument = (name: string, offset: number) => (offset === layout.ROW ? row : read(name, offset, 32))
    eachSegment({ code, argument }, view(b0, 32), view(b1, 32), segment => {
      const block = partial(code, partials, segment)
      const out = outputRow(code, lowering, segment, array, row)
      const k = code.gpr(32, 'k')
      const end = code.gpr(32, 'end')
      const at = (disp = 0) => new Memory({ base: out, index: view(k, 64), scale: this.#size, disp })
      code.general('mov', [k, segment.begin])
      code.general('mov', [end, segment.end])
      if (segmented) {
        // Up to the first head.
        const head = code.gpr(32)
        code.general('mov', [head, new Memory({ base: block, disp: layout.FIRST_HEAD })])
        code.general('cmp', [head, NO_HEAD])
        code.general('cmovne', [end, head])
      }
      const over = code.label()
      if (exclusive) {
        code.general('cmp', [k, end])
        code.jump(over, 'ge')
        storeScalar(code, at(), carry, type)
        code.general('add', [k, 1])
      }
      this.#groups(code, combiner, carry, k, end, at)
      const [next, done] = [code.label(), code.label()]
      code.inLoop(() => {
        code.bind(next)
        code.general('cmp', [k, end])
        code.jump(done, 'ge')
        storeScalar(code, at(), combiner.combineScalars(carry, loadScalar(code, at(), type)), type)
        code.general('add', [k, 1])
        code.jump(next)
      })
      code.bind(done)
      code.bind(over)
      this.#carryOn(code, combiner, block, carry)
    })
    code.return(0)
    return code
  }

  /** Combines what is carried with groups of elements, as long as they are whole. */
  #groups(
    code: Code,
    combiner: Combiner,
    carry: Register,
    k: Register,
    end: Register,
    at: (disp: number) => Memory,
  ): void {
    const { type } = this.#combination
    const { target } = this.#lowering.options
    const width = widthOf(type)
    const bits: VectorBits = partBits(target, SCANNED, width)
    const slot = code.stackMemory(8)
    const lanes = code.register(bits, 'carry')
    const last = code.gpr(32)
    storeScalar(code, slot.memory(), carry, type)
    code.vector(width === 64 ? 'vbroadcastsd' : 'vbroadcastss', [lanes, slot.memory()])
    code.general('mov', [last, end])
    code.general('sub', [last, SCANNED])
    const [next, done] = [code.label(), code.label()]
    code.general('cmp', [k, last])
    code.jump(done, 'g')
    code.inLoop(() => {
      code.bind(next, 32)
      const parts = Array.from({ length: (SCANNED * width) / bits }, (_, p) => {
        const to = code.register(bits)
        code.vector('vmovups', [to, at((p * bits) / 8)])
        return to
      })
      const sums = combiner.combine({ parts: parts.map(() => lanes) }, { parts }, SCANNED).parts!
      for (const [p, sum] of sums.entries()) code.vector('vmovups', [at((p * bits) / 8), sum])
      code.general('add', [k, SCANNED])
      code.general('cmp', [k, last])
      code.jump(next, 'le')
    })
    code.bind(done)
  }

  // Between batches

  /** What a function over batches works with. */
  #batches(code: Code) {
    const [args] = code.parameters
    const chain = code.gpr(64, 'chain')
    code.general('mov', [chain, new Memory({ base: args, disp: layout.CHAIN })])
    const [blocks, each] = [code.gpr(32, 'blocks'), code.gpr(32, 'blocks_each')]
    code.general('mov', [blocks, new Memory({ base: args, disp: layout.BATCHES })])
    code.general('mov', [each, new Memory({ base: args, disp: layout.BATCHES + 4 })])
    return {
      chain,
      /** Memory at an offset of a batch's entry. */
      entry: (batch: Register) => {
        const at = code.gpr(64)
        code.general('mov', [view(at, 32), batch])
        code.general('shl', [at, Math.log2(layout.BATCH_BYTES)])
        code.general('add', [at, chain])
        return (offset: number) => new Memory({ base: at, disp: offset })
      },
      /** A batch's blocks, from one to before another. */
      range: (batch: Register): [Register, Register] => {
        const [first, end] = [code.gpr(32), code.gpr(32)]
        code.general('mov', [first, batch])
        code.general('imul', [first, each])
        code.general('mov', [end, first])
        code.general('add', [end, each])
        code.general('cmp', [end, blocks])
        code.general('cmova', [end, blocks])
        return [first, end]
      },
    }
  }

  scan(local: Code, advance: Code, propagate: Code): Code {
    const { type } = this.#combination
    const code = this.#function('scan', ['args', 'n', 'm', 'thread'], false, false)
    const [args, , m, thread] = code.parameters
    const n = code.gpr(32, 'n')
    code.general('mov', [n, view(code.parameters[1], 32)])
    const { chain, entry, range } = this.#batches(code)
    const [batch, h, looks, status] = ['batch', 'h', 'looks', 'status'].map(name => code.gpr(32, name))
    const carry = this.#variable(code, 'carry')
    const locked = (name: string, at: Memory, value: number) => {
      const word = code.gpr(32)
      code.general('mov', [word, value])
      code.general(name, [at, word])
    }
    const set = (of: Register, bit: number) => locked('lock_or', entry(of)(layout.STATE), bit)
    const [next, out] = [code.label(), code.label()]
    const advanced = (of: Register) => {
      const made = this.#variable(code, 'carry')
      code.call(advance, [args, ...range(of), carry], made)
      return made
    }
    code.inLoop(() => {
      code.bind(next)
      code.general('cmp', [n, view(m, 32)])
      code.jump(out, 'ge')
      code.general('add', [n, 1])
      code.general('mov', [batch, 1])
      code.general('lock_xadd', [new Memory({ base: chain, disp: layout.NEXT }), batch])
      code.general('mov', [h, batch])
      code.call(local, [args, ...range(batch), thread], status)
      const well = code.label()
      code.general('test', [status, status])
      code.jump(well, 'e')
      code.return(status)
      code.bind(well)
      set(batch, HAS_TOTALS)
      // Back to the nearest batch of which it is known what is carried into it; that is init for the first.
      const [back, forward, reached, found] = Array.from({ length: 4 }, () => code.label())
      setInitial(code, carry, this.#combination)
      code.inLoop(() => {
        code.bind(back)
        code.general('test', [h, h])
        code.jump(forward, 'e')
        const at = entry(h)
        code.general('test', [at(layout.STATE), HAS_CARRY], 32)
        code.jump(found, 'ne')
        code.general('sub', [h, 1])
        code.jump(back)
        code.bind(found)
        moveScalar(code, carry, loadScalar(code, at(layout.CARRY), type), type)
      })
      // And forward over the totals in between.
      code.inLoop(() => {
        const [look, there] = [code.label(), code.label()]
        code.bind(forward)
        code.general('cmp', [h, batch])
        code.jump(reached, 'e')
        code.general('xor', [looks, looks])
        const at = entry(h)
        code.inLoop(() => {
          code.bind(look)
          code.general('test', [at(layout.STATE), HAS_TOTALS], 32)
          code.jump(there, 'ne')
          code.general('add', [looks, 1])
          code.general('cmp', [looks, LOOKS])
          code.jump(look, 'b')
        })
        locked('lock_add', new Memory({ base: chain, disp: layout.LEFT }), 1)
        code.jump(next)
        code.bind(there)
        moveScalar(code, carry, advanced(h), type)
        code.general('add', [h, 1])
        code.jump(forward)
      })
      code.bind(reached)
      // Tell the next batch before anything else is done.
      const after = code.gpr(32)
      code.general('mov', [after, batch])
      code.general('add', [after, 1])
      storeScalar(code, entry(after)(layout.CARRY), advanced(batch), type)
      set(after, HAS_CARRY)
      code.call(propagate, [args, ...range(batch), carry], code.gpr(32))
      code.general('mov', [entry(batch)(layout.DONE), 1], 32)
      code.jump(next)
    })
    code.bind(out)
    code.return(0)
    return code
  }

  carries(advance: Code): Code {
    const { type } = this.#combination
    const code = this.#function('carries', ['args', 'batches'], false, false)
    const [args, batches] = code.parameters
    const { chain, entry, range } = this.#batches(code)
    const left = code.gpr(32)
    const carry = this.#variable(code, 'carry')
    const batch = code.gpr(32, 'batch')
    const [next, out] = [code.label(), code.label()]
    code.general('mov', [left, new Memory({ base: chain, disp: layout.LEFT })])
    code.general('test', [left, left])
    code.jump(out, 'e')
    setInitial(code, carry, this.#combination)
    code.general('xor', [batch, batch])
    code.inLoop(() => {
      code.bind(next)
      storeScalar(code, entry(batch)(layout.CARRY), carry, type)
      const made = this.#variable(code, 'carry')
      code.call(advance, [args, ...range(batch), carry], made)
      moveScalar(code, carry, made, type)
      code.general('add', [batch, 1])
      code.general('cmp', [batch, view(batches, 32)])
      code.jump(next, 'l')
    })
    code.bind(out)
    code.return(left)
    return code
  }

  rest(propagate: Code): Code {
    const { type } = this.#combination
    const code = this.#function('rest', ['args', 'n', 'm', 'thread'], false, false)
    const [args, n, m] = code.parameters
    const { entry, range } = this.#batches(code)
    const batch = code.gpr(32, 'batch')
    const [next, done, out] = [code.label(), code.label(), code.label()]
    code.general('mov', [batch, view(n, 32)])
    code.inLoop(() => {
      code.bind(next)
      code.general('cmp', [batch, view(m, 32)])
      code.jump(out, 'ge')
      const at = entry(batch)
      code.general('cmp', [at(layout.DONE), 0], 32)
      code.jump(done, 'ne')
      code.call(propagate, [args, ...range(batch), loadScalar(code, at(layout.CARRY), type)], code.gpr(32))
      code.bind(done)
      code.general('add', [batch, 1])
      code.jump(next)
    })
    code.bind(out)
    code.return(0)
    return code
  }
}
