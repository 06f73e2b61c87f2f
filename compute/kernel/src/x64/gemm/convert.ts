/**
 * Elements that tiles do not read as they are stored: brain floats and halves become f32; bytes and brain floats become words of four bytes (`format.ts`); complex numbers of B become pairs of vectors (`tile-complex.ts`).
 *
 * Of A a unit's part is copied and converted in place, of B a panel is packed. What is not row by row in memory, or narrower than a panel, is first copied so into the thread's own memory, since several threads may pack one panel:
 * they only ever write what is right.
 */

import { isComplex, type Stored, storedBytes } from '../../gemm/stored.ts'
import type { Assembler } from '../encode/assembler.ts'
import { gpr, Memory, type Register, vector } from '../encode/operands.ts'
import type { Isa } from '../run/cpu.ts'
import { emitCopy } from './copy.ts'
import { elements, lanesOf, type TileType } from './format.ts'
import { job, panel } from './layout.ts'
import { emitSplit } from './tile-complex.ts'
import { emitTranspose } from './transpose.ts'

const [rax, rcx, rdx, rbx, , rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14] = gpr[64]

const at = (base: Register, disp = 0): Memory => new Memory({ base, disp })

/** What is to be read: neighbours in memory are neighbours in a row, in a column, or nowhere. */
export type Order = 'along' | 'across' | 'any'

interface Conversion {
  readonly isa: Isa
  readonly bits: 256 | 512
  readonly type: TileType
  readonly stored: Stored
  readonly order: Order
}

export interface FactorCopy extends Conversion {
  /** The upper bit of bytes is turned. */
  readonly isOffset: boolean
}

/** Instructions that make elements twice as wide. */
const widening: { readonly [conversion: string]: string } = {
  'bf16 f32': 'vpmovzxwd',
  'f16 f32': 'vcvtph2ps',
  'i8 i16': 'vpmovsxbw',
  'u8 i16': 'vpmovzxbw',
}

const isWidened = ({ stored, type }: Conversion): boolean => `${stored} ${type}` in widening

function emitWiden(code: Assembler, { stored, type }: Conversion, to: Register, from: Register | Memory): void {
  code.vector(widening[`${stored} ${type}`], [to, from])
  if (stored === 'bf16') code.vector('vpslld', [to, to, 16])
}

function emitRaw(code: Assembler, { stored, order }: Conversion): void {
  if (order === 'across') emitTranspose(code, storedBytes[stored])
  else emitCopy(code, storedBytes[stored], order === 'along')
}

/** A's rows as tiles read them. Called with the registers of a copy; it changes these and those. */
export function emitFactorCopy(code: Assembler, copied: FactorCopy): void {
  const { bits, stored, type, isOffset } = copied
  const element = storedBytes[stored]
  const widens = isWidened(copied)
  const raw = code.label()
  for (const register of [rcx, rdx, rdi]) code.general('push', [register])
  if (widens) {
    // At the end of twice the room, so that it is widened from the front, which never comes by what is still to be read.
    code.general('imul', [rax, rdx, element])
    code.general('add', [rax, 31])
    code.general('and', [rax, -32])
    code.general('add', [rdi, rax])
  }
  code.general('mov', [r11, element])
  code.call(raw)
  for (const register of [rdi, rdx, rcx]) code.general('pop', [register])
  if (widens || isOffset || elements[type].group > 1) {
    const [nextRow, next] = [code.label(), code.label()]
    const [x, upperBits] = vector[bits]
    code.general('imul', [rdx, rdx, element])
    if (isOffset) code.vector('vmovups', [upperBits, code.constant(new Uint8Array(bits / 8).fill(0x80))])
    code.general('xor', [gpr[32][13], gpr[32][13]])
    code.bind(nextRow)
    if (widens) {
      code.general('lea', [rsi, at(rdx, 31)])
      code.general('and', [rsi, -32])
      code.general('add', [rsi, rdi])
    }
    // What is beside the last element is multiplied by zeros, and must be a number.
    if (type === 'bf16') code.general('mov', [new Memory({ base: rdi, index: rdx, scale: 1 }), gpr[16][13]])
    if (widens || isOffset) {
      const step = widens ? bits / 16 : bits / 8
      code.general('mov', [rax, rdx])
      code.general('mov', [rbx, rdi])
      code.bind(next)
      if (widens) {
        emitWiden(code, copied, x, at(rsi))
        code.general('add', [rsi, step])
      } else code.vector(bits === 512 ? 'vpxord' : 'vpxor', [x, upperBits, at(rbx)])
      code.vector('vmovups', [at(rbx), x])
      code.general('add', [rbx, bits / 8])
      code.general('sub', [rax, step])
      code.jump(next, 'a')
    }
    code.general('add', [rdi, r10])
    code.general('sub', [rcx, 1])
    code.jump(nextRow, 'ne')
  }
  code.general('ret')
  code.bind(raw)
  emitRaw(code, copied)
}

export interface ConvertedPacking extends Conversion {
  readonly vectors: number
  readonly isMasked: boolean
  /** The panel begins with what is added to sums for A's upper bits. */
  readonly isOffset: boolean
}

/** Packing of B, called with the panel in r14, the job in rbp, and the thread's copies in r13. */
export function emitConvertedPack(code: Assembler, packing: ConvertedPacking): void {
  const { bits, type, stored, vectors, isMasked, order } = packing
  const element = storedBytes[stored]
  const width = vectors * lanesOf(type, bits)
  const raw = code.label()
  if (order !== 'along' || isMasked) {
    code.general('mov', [rsi, at(r14, panel.source)])
    code.general('mov', [rdi, r13])
    code.general('add', [rdi, at(rbp, job.scratch)])
    code.general('mov', [rcx, at(rbp, job.sourceRows)])
    code.general('mov', [gpr[32][2], at(r14, panel.columns)])
    code.general('mov', [r8, at(rbp, job.sourceRow)])
    code.general('mov', [r9, at(rbp, job.sourceColumn)])
    code.general('mov', [r10, width * element])
    code.general('mov', [r11, element])
    code.general('push', [rdi])
    code.call(raw)
    code.general('pop', [rsi])
    code.general('mov', [rdx, width * element])
  } else {
    code.general('mov', [rsi, at(r14, panel.source)])
    code.general('mov', [rdx, at(rbp, job.sourceRow)])
  }
  code.general('mov', [rcx, at(rbp, job.sourceRows)])
  code.general('mov', [rdi, at(r14, panel.b)])
  if (elements[type].group > 1) emitGroups(code, packing, width)
  else emitRows(code, packing, width)
  code.general('ret')
  code.bind(raw)
  emitRaw(code, packing)
}

/** Row after row. */
function emitRows(code: Assembler, packing: ConvertedPacking, width: number): void {
  const { bits, type, vectors } = packing
  const bytes = bits / 8
  const registers = vector[bits]
  const next = code.label()
  code.align(32)
  code.bind(next)
  for (let v = 0; v < vectors; v++)
    if (isComplex(type)) {
      const [x, y, re, im] = registers.slice(4 * v)
      code.vector('vmovups', [x, at(rsi, 2 * v * bytes)])
      code.vector('vmovups', [y, at(rsi, (2 * v + 1) * bytes)])
      emitSplit(code, type, [re, im], [x, y], re)
      code.vector('vmovups', [at(rdi, 2 * v * bytes), re])
      code.vector('vmovups', [at(rdi, (2 * v + 1) * bytes), im])
    } else {
      emitWiden(code, packing, registers[v], at(rsi, (v * bytes) / 2))
      code.vector('vmovups', [at(rdi, v * bytes), registers[v]])
    }
  code.general('add', [rsi, rdx])
  code.general('add', [rdi, width * elements[type].bytes])
  code.general('sub', [rcx, 1])
  code.jump(next, 'ne')
}

/** Two or four rows at a time; those that are not there are zeros. */
function emitGroups(code: Assembler, packing: ConvertedPacking, width: number): void {
  const { bits, type, stored, vectors, isOffset } = packing
  const { group } = elements[type]
  const bytes = bits / 8
  const pointers = [rsi, r8, r9, r10].slice(0, group)
  const [zeros, next] = [r11, code.label()]
  const offsets = new Offsets(code, packing)
  code.general('lea', [zeros, code.constant(new Uint8Array(width * storedBytes[stored]))])
  if (isOffset) offsets.begin()
  code.align(32)
  code.bind(next)
  for (let row = 1; row < group; row++) {
    code.general('lea', [pointers[row], new Memory({ base: pointers[row - 1], index: rdx, scale: 1 })])
  }
  for (let row = 1; row < group; row++) {
    code.general('cmp', [rcx, row + 1])
    code.general('cmovb', [pointers[row], zeros])
  }
  for (let v = 0; v < vectors; v++) {
    const to = (part: number) => at(rdi, v * bytes + part)
    if (type === 'i16') emitWordPairs(code, packing, v, to)
    else if (type === 'bf16') emitBrainPairs(code, v, to)
    else
      for (const [part, quads] of emitQuads(code, v).entries()) {
        code.vector('vmovdqu', [to(16 * part), quads])
        if (isOffset) offsets.add(4 * v + part, quads)
      }
  }
  code.general('lea', [rsi, new Memory({ base: rsi, index: rdx, scale: group as 2 | 4 })])
  code.general('add', [rdi, width * 4])
  code.general('sub', [rcx, group])
  code.jump(next, 'a')
  if (isOffset) offsets.store()
}

/** Bytes of two rows, widened: lanes of words of two. */
function emitWordPairs(code: Assembler, packing: ConvertedPacking, v: number, to: (part: number) => Memory): void {
  const [x, y, low, high] = vector[128]
  const [wide] = vector[256].slice(4)
  const half = packing.bits === 256
  for (const [register, from] of [
    [x, rsi],
    [y, r8],
  ] as const)
    code.vector(half ? 'vmovq' : 'vmovdqu', [register, at(from, half ? 8 * v : 16 * v)])
  code.vector('vpunpcklbw', [low, x, y])
  if (!half) code.vector('vpunpckhbw', [high, x, y])
  for (const [part, bytes] of (half ? [low] : [low, high]).entries()) {
    emitWiden(code, packing, wide, bytes)
    code.vector('vmovdqu', [to(32 * part), wide])
  }
}

/** Two rows of 16 brain floats. */
function emitBrainPairs(code: Assembler, v: number, to: (part: number) => Memory): void {
  const [x, y, low, high] = vector[128]
  for (const part of [0, 16]) {
    code.vector('vmovdqu', [x, at(rsi, 32 * v + part)])
    code.vector('vmovdqu', [y, at(r8, 32 * v + part)])
    code.vector('vpunpcklwd', [low, x, y])
    code.vector('vpunpckhwd', [high, x, y])
    code.vector('vmovdqu', [to(2 * part), low])
    code.vector('vmovdqu', [to(2 * part + 16), high])
  }
}

/** Four rows of 16 bytes. */
function emitQuads(code: Assembler, v: number): readonly Register[] {
  const [a, b, c, d, lowAb, highAb, lowCd, highCd] = vector[128]
  for (const [i, from] of [rsi, r8, r9, r10].entries()) code.vector('vmovdqu', [vector[128][i], at(from, 16 * v)])
  code.vector('vpunpcklbw', [lowAb, a, b])
  code.vector('vpunpckhbw', [highAb, a, b])
  code.vector('vpunpcklbw', [lowCd, c, d])
  code.vector('vpunpckhbw', [highCd, c, d])
  code.vector('vpunpcklwd', [a, lowAb, lowCd])
  code.vector('vpunpckhwd', [b, lowAb, lowCd])
  code.vector('vpunpcklwd', [c, highAb, highCd])
  code.vector('vpunpckhwd', [d, highAb, highCd])
  return [a, b, c, d]
}

/**
 * What is added to the sums of a column since A's bytes have their upper bit turned: Σ a·b = Σ (a + 128)·b − 128·Σ b where a has a sign, and Σ (a − 128)·b + 128·Σ b where it has none.
 */
class Offsets {
  readonly #code: Assembler
  readonly #packing: ConvertedPacking
  readonly #ones = vector[128][8]

  constructor(code: Assembler, packing: ConvertedPacking) {
    this.#code = code
    this.#packing = packing
  }

  #sum(i: number): Register {
    return vector[128][9 + i]
  }

  get #count(): number {
    return 4 * this.#packing.vectors
  }

  begin(): void {
    const code = this.#code
    code.vector('vmovdqu', [this.#ones, code.constant(new Uint8Array(16).fill(1))])
    for (let i = 0; i < this.#count; i++) code.vector('vpxord', [this.#sum(i), this.#sum(i), this.#sum(i)])
    code.general('mov', [r12, rdi])
    code.general('add', [rdi, 16 * this.#count])
  }

  add(i: number, quads: Register): void {
    const isUnsigned = this.#packing.type === 's8u8'
    this.#code.vector('vpdpbusd', isUnsigned ? [this.#sum(i), quads, this.#ones] : [this.#sum(i), this.#ones, quads])
  }

  store(): void {
    const code = this.#code
    const [zero] = vector[128]
    code.vector('vpxor', [zero, zero, zero])
    for (let i = 0; i < this.#count; i++) {
      const sum = this.#sum(i)
      code.vector('vpslld', [sum, sum, 7])
      if (this.#packing.type === 'u8s8') code.vector('vpsubd', [sum, zero, sum])
      code.vector('vmovdqu32', [at(r12, 16 * i), sum])
    }
  }
}
