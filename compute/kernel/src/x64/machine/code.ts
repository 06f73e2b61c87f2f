/**
 * Machine code before registers are chosen: the instructions of one function in their order, on as many registers as one likes. A register that is not chosen yet is a view of a
 * variable, which may be written more than once, such as what a loop carries. Jumps lead to labels; what is hardly ever run stands apart, behind everything else.
 *
 * A function is called as C does on Linux (System V AMD64 ABI): whole numbers in rdi, rsi, rdx, rcx, r8, r9, a whole number back in rax. A function that is only called from emitted code (`isInner`) has up
 * to four vectors or floats in xmm0 to xmm3, its result in xmm0, and changes no other register.
 */

import { InternalError } from '@skein/base'
import type { Location } from '../../ir/ir.ts'
import type { Condition } from '../encode/general-forms.ts'
import {
  type Bank,
  gpr,
  Label,
  Memory,
  mask,
  type Operand,
  type Predicate,
  Register,
  vector,
} from '../encode/operands.ts'

/** What a register will be chosen for. */
export class Variable {
  readonly id: number
  readonly bank: Bank
  readonly name: string | undefined
  /** Bits that a spilled one takes: the widest view of it. */
  bits = 0
  /** It holds this and is never written otherwise: where registers are short it is read from there again. */
  readonly constant: Memory | undefined
  /** Nearly all have one, hardly any more than two. */
  readonly #views: Virtual[] = []

  constructor(id: number, bank: Bank, name: string | undefined, constant: Memory | undefined) {
    this.id = id
    this.bank = bank
    this.name = name
    this.constant = constant
  }

  as(bits: number): Virtual {
    const views = this.#views
    for (let i = 0; i < views.length; i++) if (views[i].bits === bits) return views[i]
    const made = new Virtual(this, bits)
    views.push(made)
    if (bits > this.bits) this.bits = bits
    return made
  }
}

/** A variable as an operand, so many bits of it. A write of 32 bits of a general one clears the others, as a write of part of a vector does. */
export class Virtual extends Register {
  readonly variable: Variable

  constructor(variable: Variable, bits: number) {
    super(variable.bank, -1, bits, '')
    this.variable = variable
  }

  override get name(): string {
    const { name, bank, id } = this.variable
    return `${name ?? bank[0]}${id}`
  }
}

/** The same register by another width. */
export function view(register: Register, bits: number): Register {
  if (register.bits === bits) return register
  if (register instanceof Virtual) return register.variable.as(bits)
  if (register.bank === 'gpr') return gpr[bits as 64][register.number]
  return register.bank === 'vector' ? vector[bits as 512][register.number] : mask[register.number]
}

interface At {
  /** Loops around it; negative: hardly ever run. */
  readonly depth: number
  readonly loc: Location | undefined
}

export type Step = At &
  (
    | {
        readonly is: 'vector' | 'general'
        readonly name: string
        readonly operands: readonly Operand[]
        readonly predicate?: Predicate | undefined
        /** Width of a vector instruction where no register tells it, or of memory in a general one. */
        readonly bits?: number | undefined
      }
    | { readonly is: 'label'; readonly label: Label; readonly align?: number }
    | { readonly is: 'jump'; readonly label: Label; readonly condition?: Condition }
    | { readonly is: 'call'; readonly callee: Code; readonly args: readonly Register[]; readonly result: Register }
    /** From here on the register holds anything: what follows reads it where it does not matter what it finds. */
    | { readonly is: 'undefine'; readonly register: Register }
    /** Ends the function. */
    | { readonly is: 'return'; readonly value: Register | number | undefined }
  )

export interface Constant {
  readonly bytes: Uint8Array
  readonly label: Label
}

/** A key for bytes. */
const textOf = (bytes: Uint8Array): string => String.fromCharCode.apply(null, bytes as unknown as number[])

/** Constants that functions of one program share: of the same bytes there is one. */
export class Constants {
  readonly all = new Map<string, Constant>()
  readonly #at = new Map<Label, Uint8Array>()

  label(bytes: Uint8Array): Label {
    const key = textOf(bytes)
    let found = this.all.get(key)
    if (found === undefined) {
      found = { bytes: bytes.slice(), label: new Label(`.C${this.all.size}`) }
      this.all.set(key, found)
      this.#at.set(found.label, found.bytes)
    }
    return found.label
  }

  /** What lies at a label. */
  bytesAt(label: Label): Uint8Array {
    const found = this.#at.get(label)
    if (found === undefined) throw new InternalError(`${label.name} is no constant`)
    return found
  }
}

/** One function that is being written. */
export class Code {
  readonly name: string
  readonly isInner: boolean
  readonly constants: Constants
  readonly variables: Variable[] = []
  readonly #entry: Step[] = []
  readonly #body: Step[] = []
  /** What is hardly ever run, a list for each `cold`. */
  readonly #cold: Step[][] = []
  #into = this.#body
  /** Bytes of the stack that `stackMemory` gave out. */
  frameBytes = 0
  readonly parameters: readonly Virtual[]
  /** Where in the source what is written now comes from. */
  loc: Location | undefined
  #depth = 0
  #labels = 0
  readonly #constantVariables = new Map<string, Variable>()

  /** @param parameters of each the register: general ones of 64 bits, for an inner function vectors of so many bits */
  constructor(
    name: string,
    constants: Constants,
    parameters: readonly { bank: 'gpr' | 'vector'; bits: number; name?: string }[],
    isInner = false,
  ) {
    this.name = name
    this.constants = constants
    this.isInner = isInner
    this.parameters = parameters.map(p => this.#variable(p.bank, p.name).as(p.bits))
  }

  // Registers.

  #variable(bank: Bank, name?: string, constant?: Memory): Variable {
    const made = new Variable(this.variables.length, bank, name, constant)
    this.variables.push(made)
    return made
  }

  gpr(bits: 32 | 64, name?: string): Virtual {
    return this.#variable('gpr', name).as(bits)
  }

  register(bits: 128 | 256 | 512, name?: string): Virtual {
    return this.#variable('vector', name).as(bits)
  }

  mask(name?: string): Virtual {
    return this.#variable('mask', name).as(64)
  }

  /** Memory that holds these bytes. @param broadcast bytes of an element that stands for all lanes */
  constantMemory(bytes: Uint8Array, broadcast?: 2 | 4 | 8): Memory {
    return new Memory({ label: this.constants.label(bytes), ...(broadcast !== undefined && { broadcast }) })
  }

  /**
   * A vector constant, in a register if there is one for it, for the whole function: loaded where the function begins.
   *
   * @param bytes all of it, or of 4 or 8 one element, which all lanes are
   */
  constantRegister(bytes: Uint8Array, bits: 128 | 256 | 512): Virtual {
    const key = `${bits}:${textOf(bytes)}`
    let found = this.#constantVariables.get(key)
    if (found === undefined) {
      const isSpread = bytes.length < bits / 8
      const memory = this.constantMemory(bytes, isSpread ? (bytes.length as 4 | 8) : undefined)
      this.#constantVariables.set(key, (found = this.#variable('vector', undefined, memory)))
    }
    return found.as(bits)
  }

  /** Bytes of the stack that belong to this call of the function. They begin with no particular value. */
  stackMemory(bytes: number, align: 8 | 64 = 8): StackSlot {
    this.frameBytes = (this.frameBytes + align - 1) & -align
    const slot = new StackSlot(this.frameBytes)
    this.frameBytes += bytes
    return slot
  }

  // Instructions.

  /** All that was written: what is done at the beginning, the rest, and behind it what is hardly ever run. */
  get steps(): readonly Step[] {
    return this.#entry.concat(this.#body, ...this.#cold)
  }

  /** Depth of what is written now. */
  get #here(): number {
    return this.#into === this.#body ? this.#depth : this.#into === this.#entry ? 0 : -1
  }

  // Instructions have all fields in one order: so the engine takes them for things of one kind, of which it knows where the fields are.

  vector(name: string, operands: readonly Operand[], predicate?: Predicate, bits?: number): void {
    this.#into.push({ is: 'vector', name, operands, predicate, bits, depth: this.#here, loc: this.loc })
  }

  general(name: string, operands: readonly Operand[] = [], bits?: 8 | 16 | 32 | 64): void {
    this.#into.push({ is: 'general', name, operands, predicate: undefined, bits, depth: this.#here, loc: this.loc })
  }

  jump(label: Label, condition?: Condition): void {
    this.#into.push({ is: 'jump', label, ...(condition && { condition }), depth: this.#here, loc: this.loc })
  }

  call(callee: Code, args: readonly Register[], result: Register): void {
    this.#into.push({ is: 'call', callee, args, result, depth: this.#here, loc: this.loc })
  }

  undefine(register: Register): void {
    this.#into.push({ is: 'undefine', register, depth: this.#here, loc: this.loc })
  }

  return(value?: Register | number): void {
    this.#into.push({ is: 'return', value, depth: this.#here, loc: this.loc })
  }

  label(name?: string): Label {
    return new Label(name ?? `.${this.name}${this.#labels++}`)
  }

  /** The label stands here. @param align to a multiple of so many bytes */
  bind(label: Label, align?: number): void {
    this.#into.push({ is: 'label', label, ...(align && { align }), depth: this.#here, loc: this.loc })
  }

  /** What `emit` writes is run again and again: it binds its own labels. */
  inLoop(emit: () => void): void {
    this.#depth++
    emit()
    this.#depth--
  }

  /** What `emit` writes is hardly ever run. It stands apart and has to end in a jump or a return. */
  cold(emit: () => void): void {
    const apart: Step[] = []
    this.#cold.push(apart)
    this.#within(apart, emit)
  }

  /** What `emit` writes is done once, where the function begins, after what was written so before. It reads parameters and what was made so. */
  atEntry(emit: () => void): void {
    this.#within(this.#entry, emit)
  }

  #within(steps: Step[], emit: () => void): void {
    const outer = this.#into
    this.#into = steps
    emit()
    this.#into = outer
  }

  get isCold(): boolean {
    return this.#into !== this.#body && this.#into !== this.#entry
  }
}

/** A place in the stack frame; a Memory whose base is the frame, wherever that will be. */
export class StackSlot {
  readonly offset: number

  constructor(offset: number) {
    this.offset = offset
  }

  memory(disp = 0, broadcast?: 4 | 8): Memory {
    return new Memory({ base: frameBase, disp: this.offset + disp, ...(broadcast !== undefined && { broadcast }) })
  }

  /** Element of so many bytes by its number, which may be known to a register of 64 bits alone. */
  element(number: number | Register, bytes: number): Memory {
    if (typeof number === 'number') return this.memory(number * bytes)
    return new Memory({ base: frameBase, index: number, scale: bytes as 1 | 4 | 8, disp: this.offset })
  }
}

/** Stands for the stack frame's first byte until it is known: rsp and a distance. */
export const frameBase = new Register('gpr', 4, 64, 'rsp')
