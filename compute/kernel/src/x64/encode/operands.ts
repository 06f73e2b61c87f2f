/**
 * What instructions take: registers, memory, immediate numbers. Registers of general purpose have a width by which they are called (`eax`, `rax`), vectors have
 * theirs; the machine has sixteen of the one, and sixteen (AVX2) or 32 (AVX-512) of the other.
 */

import { InternalError } from '@skein/base'

export type Bank = 'gpr' | 'vector' | 'mask'

export class Register {
  readonly bank: Bank
  readonly number: number
  /** 8 to 64 of a general one, 128 to 512 of a vector, 64 of a mask. */
  readonly bits: number
  readonly #name: string

  constructor(bank: Bank, number: number, bits: number, name: string) {
    this.bank = bank
    this.number = number
    this.bits = bits
    this.#name = name
  }

  get name(): string {
    return this.#name
  }
}

const oldNames = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di']

const generalName = (number: number, bits: number): string => {
  if (number >= 8) return `r${number}${{ 8: 'b', 16: 'w', 32: 'd' }[bits] ?? ''}`
  const name = oldNames[number]
  if (bits === 8) return number < 4 ? `${name[0]}l` : `${name}l`
  return bits === 16 ? name : `${bits === 32 ? 'e' : 'r'}${name}`
}

const bankOf = (bank: Bank, count: number, bits: number, name: (number: number) => string): readonly Register[] =>
  Array.from({ length: count }, (_, number) => new Register(bank, number, bits, name(number)))

const general = (bits: number) => bankOf('gpr', 16, bits, number => generalName(number, bits))

/** By width and number: `gpr[64][0]` is rax. */
export const gpr = { 8: general(8), 16: general(16), 32: general(32), 64: general(64) } as const
export const vector = {
  128: bankOf('vector', 32, 128, number => `xmm${number}`),
  256: bankOf('vector', 32, 256, number => `ymm${number}`),
  512: bankOf('vector', 32, 512, number => `zmm${number}`),
} as const
/** k0 as a predicate stands for all lanes. */
export const mask = bankOf('mask', 8, 64, number => `k${number}`)

/** A place in the code: an instruction, or a constant behind it. */
export class Label {
  readonly name: string
  /** From the code's start; undefined until it is known. */
  at: number | undefined

  constructor(name: string) {
    this.name = name
  }
}

export interface MemoryParts {
  readonly base?: Register
  /** A vector, in gathers and scatters. */
  readonly index?: Register
  readonly scale?: 1 | 2 | 4 | 8
  readonly disp?: number
  /** Instead of base and index: relative to the next instruction. */
  readonly label?: Label
  /** Bytes of one element, which all lanes get. */
  readonly broadcast?: 2 | 4 | 8
}

/** `[base + index·scale + disp]`, or a label. */
export class Memory {
  readonly base: Register | undefined
  readonly index: Register | undefined
  readonly scale: 1 | 2 | 4 | 8
  readonly disp: number
  readonly label: Label | undefined
  readonly broadcast: 2 | 4 | 8 | undefined

  constructor({ base, index, scale = 1, disp = 0, label, broadcast }: MemoryParts) {
    // Its code as an index says that there is none.
    if (index?.bank === 'gpr' && index.number === 4) throw new InternalError('rsp cannot be an index')
    if (disp !== (disp | 0)) throw new InternalError(`a displacement of ${disp} does not fit in 32 bits`)
    this.base = base
    this.index = index
    this.scale = scale
    this.disp = disp
    this.label = label
    this.broadcast = broadcast
  }
}

/** How the instruction's result goes to its destination. */
export interface Predicate {
  readonly mask: Register
  /** Lanes whose bit is 0 become 0; else they stay. */
  readonly zeroes: boolean
}

export type Operand = Register | Memory | number | bigint
