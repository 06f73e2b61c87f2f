/**
 * Words of 32 or 64 bits as this code sorts them, 512 bits at a time. A word's key is in order as an unsigned number: bits of floats are turned so that they count as whole numbers, NaN is the largest
 * key of all in either direction; of what is to descend other keys are inverted.
 */

import type { Assembler } from '../encode/assembler.ts'
import { gpr, Memory, mask, type Operand, type Register, vector } from '../encode/operands.ts'

export type WordKind = 'float' | 'signed' | 'unsigned'

/** What code is made for. */
export interface WordType {
  readonly bytes: 4 | 8
  readonly kind: WordKind
  readonly descending: boolean
}

export const lanesOf = (bytes: 4 | 8): 8 | 16 => (bytes === 4 ? 16 : 8)

export const at = (base: Register, disp = 0, index?: Register, scale: 1 | 2 | 4 | 8 = 1): Memory =>
  new Memory({ base, disp, ...(index && { index, scale }) })

/** Registers that hold the same from beginning to end; masks 1 to 4 have lanes whose number has bit 0 to 3. */
export const fixed = {
  pivot: vector[512][24],
  /** Lanes mirrored, and mirrored in either half. */
  mirror: vector[512][25],
  mirrorHalves: vector[512][26],
  /** 0, 1, 2 … of 32 bits. */
  count: vector[512][27],
  /** What tells a word from its key, for floats the sign. */
  turn: vector[512][28],
  none: vector[512][29],
  ones: vector[512][30],
} as const

/** All others but zmm31. */
export const working: readonly Register[] = vector[512].slice(0, 24)
const scratch = vector[512][31]
const isNone = mask[6]

/** Instructions on words of one width. */
export class WordCode {
  readonly code: Assembler
  readonly type: WordType
  readonly bytes: 4 | 8
  readonly lanes: 8 | 16

  constructor(code: Assembler, type: WordType) {
    this.code = code
    this.type = type
    this.bytes = type.bytes
    this.lanes = lanesOf(type.bytes)
  }

  /** An instruction that has the width at the end of its name. @param by lanes that are written; others keep what they hold, or become 0 */
  lane(name: string, operands: readonly Operand[], by?: Register, zeroes = false): void {
    const options = by && { predicate: { mask: by, zeroes } }
    this.code.vector(`${name}${this.bytes === 4 ? 'd' : 'q'}`, operands, options)
  }

  move(to: Register | Memory, from: Register | Memory, by?: Register): void {
    const options = by && { predicate: { mask: by, zeroes: false } }
    this.code.vector(`vmovdqu${8 * this.bytes}`, [to, from], options)
  }

  /** Bits of a mask, to or from a general register of 32 bits. */
  maskBits(to: Register, from: Register): void {
    this.code.vector(this.lanes === 16 ? 'kmovw' : 'kmovb', [to, from])
  }

  /** Loads what is fixed. It changes rax. */
  emitConstants(): void {
    const { code, lanes, bytes } = this
    const numbers = Array.from({ length: lanes }, (_, l) => l)
    for (let bit = 1, k = 1; bit < lanes; bit *= 2, k++) {
      code.general('mov', [gpr[32][0], numbers.reduce((bits, l) => bits | ((l & bit) === 0 ? 0 : 1 << l), 0)])
      this.maskBits(mask[k], gpr[32][0])
    }
    const each = (of: (lane: number) => bigint) => {
      const words = numbers.map(l => BigInt.asUintN(8 * bytes, of(l)))
      const array = bytes === 4 ? Uint32Array.from(words, Number) : BigUint64Array.from(words)
      return code.constant(new Uint8Array(array.buffer))
    }
    const { kind, descending } = this.type
    const sign = kind === 'unsigned' ? 0n : 1n << BigInt(8 * bytes - 1)
    const flip = descending && kind !== 'float' ? -1n : 0n
    this.move(
      fixed.mirror,
      each(l => BigInt(lanes - 1 - l)),
    )
    this.move(
      fixed.mirrorHalves,
      each(l => BigInt(l ^ (lanes / 2 - 1))),
    )
    const count = new Uint8Array(Uint32Array.from({ length: 16 }, (_, l) => l).buffer)
    code.vector('vmovdqu32', [fixed.count, code.constant(count)])
    this.move(
      fixed.turn,
      each(() => sign ^ flip),
    )
    this.move(
      fixed.none,
      each(() => (bytes === 4 ? 0x7fc00000n : 0x7ff8000000000000n)),
    )
    this.lane('vpternlog', [fixed.ones, fixed.ones, fixed.ones, 0xff])
  }

  /** Lanes whose numbers have this bit. */
  withBit = (bit: number): Register => mask[1 + Math.log2(bit)]

  /** What stood in lane l ^ `by`. */
  exchange(to: Register, from: Register, by: number): void {
    const { code, lanes } = this
    if (by === lanes - 1) this.lane('vperm', [to, fixed.mirror, from])
    else if (by === lanes / 2 - 1 && lanes === 16) this.lane('vperm', [to, fixed.mirrorHalves, from])
    else if (lanes === 16 && by < 4) code.vector('vpshufd', [to, from, [0, 0xb1, 0x4e, 0x1b][by]])
    else if (lanes === 8 && by === 1) code.vector('vpshufd', [to, from, 0x4e])
    else if (lanes === 8 && by < 4) code.vector('vpermq', [to, from, by === 2 ? 0x4e : 0x1b])
    else code.vector('vshufi64x2', [to, from, from, by === lanes / 2 ? 0x4e : 0xb1])
  }

  /** Keys of words, in place. */
  encode(x: Register): void {
    const { code, bytes } = this
    if (this.type.kind !== 'float') return this.#turn(x)
    code.vector(bytes === 4 ? 'vfpclassps' : 'vfpclasspd', [isNone, x, 0x81])
    this.lane('vpsra', [scratch, x, 8 * bytes - 1])
    // x ^ (all bits if it is negative, else the sign)
    this.lane('vpternlog', [x, scratch, fixed.turn, this.type.descending ? 0xe1 : 0x1e])
    this.move(x, fixed.ones, isNone)
  }

  /** Words of keys, in place. */
  decode(x: Register): void {
    if (this.type.kind !== 'float') return this.#turn(x)
    this.lane('vpcmpu', [isNone, x, fixed.ones, 0])
    this.lane('vpsra', [scratch, x, 8 * this.bytes - 1])
    this.lane('vpternlog', [x, scratch, fixed.turn, this.type.descending ? 0xe1 : 0x4b])
    this.move(x, fixed.none, isNone)
  }

  #turn(x: Register): void {
    if (this.type.kind === 'unsigned' && !this.type.descending) return
    this.lane('vpxor', [x, x, fixed.turn])
  }
}
