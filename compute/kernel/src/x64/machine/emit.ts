/**
 * From machine code on variables to bytes: registers are chosen, each function gets its frame, and all of them lie one behind the other, with their constants at the end.
 *
 *     caller's frame | return address | pushed registers | [what aligns] | spills, arrays of this call  <- rsp
 */

import { InternalError } from '@skein/base'
import type { Location } from '../../ir/ir.ts'
import { Assembler, type ListedLine } from '../encode/assembler.ts'
import { type Bank, gpr, Label, Memory, mask, type Operand, type Register, vector } from '../encode/operands.ts'
import { allocate } from './allocate.ts'
import { type Code, type Constants, frameBase, type Step } from './code.ts'
import { placeNaively } from './naive.ts'
import type { Placed } from './placed.ts'

export interface AssembleOptions {
  readonly isa: 'avx2' | 'avx512'
  /** Keeps the text of every instruction. */
  readonly lists?: boolean
  /** Every variable on the stack. */
  readonly naive?: boolean
  /** After so many rounds without an end a function's variables all live on the stack. */
  readonly mostRounds?: number
}

export interface FunctionFigures {
  readonly name: string
  /** Different registers that the function changes. */
  readonly registers: { readonly [bank in Bank]: number }
  /** Variables that live on the stack. */
  readonly spills: number
  readonly frameBytes: number
  readonly instructions: number
}

export interface Program {
  /** Code, then constants. It may lie at any address that is a multiple of 64. */
  readonly bytes: Uint8Array
  readonly codeBytes: number
  /** Of each function, from the start. */
  readonly entries: readonly number[]
  /** Each line with the step it comes from, and where in the source that does. */
  readonly listing: readonly (ListedLine & { readonly loc: Location | undefined; readonly step: Step | undefined })[]
  readonly figures: readonly FunctionFigures[]
}

/** rbx, rbp, r12 to r15 belong to the caller (System V AMD64 ABI 3.2.1). */
const calleeSaved = (1 << 3) | (1 << 5) | (0xf << 12)
const [rsp, rbp] = [gpr[64][4], gpr[64][5]]
const stackAlignment = 16
const frameAlignment = 64

/** @throws InternalError: malformed code */
export function assemble(functions: readonly Code[], constants: Constants, options: AssembleOptions): Program {
  const out = new Assembler(options.lists, true)
  const entries = new Map<Code, Label>()
  for (const code of functions) entries.set(code, new Label(code.name))
  forget(functions, constants)
  const origins: (Step | undefined)[] = []
  const figures: FunctionFigures[] = []
  for (const code of functions) {
    const placed = options.naive ? placeNaively(code) : allocate(code, options.isa, options.mostRounds)
    out.align(32)
    out.bind(entries.get(code)!)
    figures.push(emitFunction(out, placed, options.isa, entries, origins))
  }
  for (const { bytes, label } of constants.all.values()) out.place(bytes, label)
  const { bytes, codeBytes, listing } = out.finish()
  return {
    bytes,
    codeBytes,
    entries: functions.map(code => entries.get(code)!.at!),
    listing: listing.map((line, i) => ({ ...line, loc: origins[i]?.loc, step: origins[i] })),
    figures,
  }
}

/** Where labels stood in another assembly. */
function forget(functions: readonly Code[], constants: Constants): void {
  for (const { label } of constants.all.values()) label.at = undefined
  for (const { steps } of functions)
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]
      if (step.is === 'label') step.label.at = undefined
    }
}

function emitFunction(
  out: Assembler,
  placed: Placed,
  isa: 'avx2' | 'avx512',
  entries: ReadonlyMap<Code, Label>,
  origins: (Step | undefined)[],
): FunctionFigures {
  const { code, steps, changed } = placed
  const frame = new Frame(placed, isa)
  let instructions = 0
  frame.enter(out)
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]
    for (let at = origins.length; at < out.lines; at++) origins.push(steps[i - 1])
    instructions++
    switch (step.is) {
      case 'label':
        if (step.align !== undefined) out.align(step.align)
        out.bind(step.label)
        instructions--
        break
      case 'jump': {
        const next = steps[i + 1]
        if (next?.is === 'label' && next.label === step.label) instructions--
        else out.jump(step.label, step.condition)
        break
      }
      case 'call': {
        const label = entries.get(step.callee)
        if (label === undefined)
          throw new InternalError(`${code.name} calls ${step.callee.name}, which is not assembled`)
        out.call(label)
        break
      }
      case 'undefine':
        instructions--
        break
      case 'return':
        frame.leave(out)
        break
      case 'vector':
        out.vector(step.name, step.operands, { predicate: step.predicate, length: step.bits })
        break
      default:
        out.general(step.name, step.operands, step.bits as 64 | undefined)
    }
  }
  for (let at = origins.length; at < out.lines; at++) origins.push(steps.at(-1))
  const count = (bits: number) => {
    let set = 0
    for (let rest = bits; rest !== 0; rest &= rest - 1) set++
    return set
  }
  return {
    name: code.name,
    registers: { gpr: count(changed.gpr), vector: count(changed.vector), mask: count(changed.mask) },
    spills: placed.spills,
    frameBytes: frame.bytes,
    instructions,
  }
}

/** What a function does before and after its own work. */
class Frame {
  /** Of spills, arrays and saved vectors. */
  readonly bytes: number
  readonly #pushed: readonly Register[]
  readonly #isAligned: boolean
  readonly #saved: readonly { readonly register: Register; readonly at: Memory }[]
  readonly #clearsUpper: boolean

  constructor({ code, steps, frameBytes, isAligned, changed }: Placed, isa: 'avx2' | 'avx512') {
    const results = code.isInner ? resultsOf(steps) : { gpr: 0, vector: 0 }
    const pushed = code.isInner ? changed.gpr & ~results.gpr : changed.gpr & calleeSaved
    this.#isAligned = isAligned
    // With an aligned frame rbp is pushed last: it then holds where the stack was.
    this.#pushed = gpr[64].filter(({ number }) => (pushed >> number) & 1 && !(isAligned && number === rbp.number))
    let bytes = (frameBytes + 7) & -8
    const saved: { register: Register; at: Memory }[] = []
    const save = (register: Register) => {
      saved.push({ register, at: new Memory({ base: frameBase, disp: bytes }) })
      bytes += register.bits / 8
    }
    if (code.isInner) {
      const widest = isa === 'avx512' ? vector[512] : vector[256]
      for (const register of widest) if (((changed.vector & ~results.vector) >>> register.number) & 1) save(register)
      for (const register of mask) if ((changed.mask >> register.number) & 1) save(register)
    }
    this.#saved = saved
    // The return address and what is pushed lie above.
    const above = 8 + 8 * this.#pushed.length
    const gap = -(above + bytes) & (stackAlignment - 1)
    this.bytes = bytes === 0 || isAligned ? bytes : bytes + gap
    this.#clearsUpper = !code.isInner && steps.some(usesUpper)
  }

  enter(out: Assembler): void {
    for (const register of this.#pushed) out.general('push', [register])
    if (this.#isAligned) {
      out.general('push', [rbp])
      out.general('mov', [rbp, rsp])
      out.general('sub', [rsp, this.bytes + 8])
      out.general('and', [rsp, -frameAlignment])
      out.general('mov', [this.#stackBefore, rbp])
    } else if (this.bytes > 0) out.general('sub', [rsp, this.bytes])
    for (const { register, at } of this.#saved) moveVector(out, at, register, register)
  }

  leave(out: Assembler): void {
    for (const { register, at } of this.#saved) moveVector(out, register, at, register)
    if (this.#clearsUpper) out.general('vzeroupper')
    if (this.#isAligned) {
      out.general('mov', [rsp, this.#stackBefore])
      out.general('pop', [rbp])
    } else if (this.bytes > 0) out.general('add', [rsp, this.bytes])
    for (const register of this.#pushed.toReversed()) out.general('pop', [register])
    out.general('ret')
  }

  get #stackBefore(): Memory {
    return new Memory({ base: frameBase, disp: this.bytes })
  }
}

const moveVector = (out: Assembler, to: Operand, from: Operand, { bank }: Register): void =>
  out.vector(bank === 'mask' ? 'kmovq' : 'vmovups', [to, from])

/** Registers in which an inner function's result goes back. */
function resultsOf(steps: readonly Step[]): { gpr: number; vector: number } {
  const results = { gpr: 0, vector: 0 }
  for (const step of steps)
    if (step.is === 'return' && typeof step.value === 'object')
      results[step.value.bank as 'gpr'] |= 1 << step.value.number
  return results
}

const usesUpper = (step: Step): boolean =>
  step.is === 'call' ||
  (step.is === 'vector' &&
    step.operands.some(
      operand => typeof operand === 'object' && 'bank' in operand && operand.bits > 128 && operand.bank === 'vector',
    ))
