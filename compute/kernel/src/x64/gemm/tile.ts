/**
 * Micro-kernels: a tile of C in registers, to which the products of k columns of A and k rows of B are added, one column and row after the other.
 *
 *     rows × vectors accumulators, a row of B in `vectors` registers, an element of A in all lanes of one
 *
 * Whoever calls one has put into registers: where the tile's rows of A, columns of B and elements of C are, k, and the strides. It changes rax, rcx, rdx, rsi, rdi, r11, rbx and vectors, no others.
 */

import type { Assembler } from '../encode/assembler.ts'
import { gpr, Memory, mask, type Operand, type Predicate, type Register, vector } from '../encode/operands.ts'
import type { Isa } from '../run/cpu.ts'
import type { WordType } from './format.ts'
import { job } from './layout.ts'
import { TileRows } from './tile-rows.ts'

const [, rcx, rdx, , , rbp, rsi, rdi, r8, r9, r10, r11, r12] = gpr[64]
const [eax] = gpr[32]

/** What a tile is called with. */
export const tileRegisters = {
  /** The tile's first element of A, of B and of C. */
  a: rdi,
  b: rsi,
  c: rdx,
  /** Columns of A and rows of B, at least one. */
  k: rcx,
  /** Bytes between rows of A (`along` 'k'), or between columns. */
  aStride: r8,
  /** Bytes between rows of B, where it is not packed. */
  bStride: r9,
  /** Bytes between rows of C. */
  cStride: r10,
  /** 1: the sums go on from what stands in C; 0: they begin with 0. */
  start: eax,
  /** Of the last vector: lanes that are columns. With AVX2 the address of a vector of ones and zeros. */
  mask: mask[1],
  maskAddress: r12,
  /** Where α and β are (`layout.ts`). */
  job: rbp,
} as const

export interface Tile {
  readonly isa: Isa
  readonly type: 'f32' | 'f64' | WordType
  readonly bits: 256 | 512
  readonly rows: number
  readonly vectors: number
  /** Lanes of the last vector that are masked out are columns of the matrix no more. */
  readonly isMasked: boolean
  /** In A neighbours in memory are neighbours along k, or in a column. */
  readonly along: 'k' | 'rows'
  /** B is packed: its rows lie one behind the other, a vector's lanes all there. Else only lanes under the mask are read. */
  readonly isPacked: boolean
  /** A panel of B begins with what is added to the sums (`isOffset`). */
  readonly isOffset: boolean
  readonly contract: boolean
  /** What becomes of the sums: they are stored, or multiplied by α first, and β times what is there added. */
  readonly finish: 'store' | 'alpha' | 'alphaBeta'
}

/** How products are added to sums: at once, or by two instructions. */
interface Instructions {
  readonly suffix: 'ps' | 'pd'
  readonly fuse?: string
  readonly multiply?: string
  readonly add?: string
  /** `fuse` wants the element of A as its last operand. */
  readonly isTurned?: boolean
}

const instructions: { readonly [type in Tile['type']]: Instructions } = {
  f32: { suffix: 'ps', fuse: 'vfmadd231ps', multiply: 'vmulps', add: 'vaddps' },
  f64: { suffix: 'pd', fuse: 'vfmadd231pd', multiply: 'vmulpd', add: 'vaddpd' },
  u8s8: { suffix: 'ps', fuse: 'vpdpbusd' },
  s8u8: { suffix: 'ps', fuse: 'vpdpbusd', isTurned: true },
  i16: { suffix: 'ps', multiply: 'vpmaddwd', add: 'vpaddd' },
  bf16: { suffix: 'ps', fuse: 'vdpbf16ps' },
}

const at = (base: Register, disp = 0, index?: Register, scale: 1 | 2 | 4 | 8 = 1): Memory =>
  new Memory({ base, disp, ...(index && { index, scale }) })

export class TileEmitter {
  readonly #code: Assembler
  readonly #tile: Tile
  readonly #registers: readonly Register[]
  readonly #suffix: 'ps' | 'pd'
  readonly #vectorBytes: number
  readonly #rows: TileRows

  constructor(code: Assembler, tile: Tile) {
    this.#code = code
    this.#tile = tile
    this.#registers = vector[tile.bits]
    this.#suffix = instructions[tile.type].suffix
    this.#vectorBytes = tile.bits / 8
    this.#rows = new TileRows(code, tile.rows, tile.along, this.#suffix === 'ps' ? 4 : 8)
  }

  #accumulator(row: number, v: number): Register {
    return this.#registers[this.#registersUsed - 1 - (row * this.#tile.vectors + v)]
  }

  get #registersUsed(): number {
    return this.#tile.isa === 'avx512' ? 32 : 16
  }

  #b(v: number): Register {
    return this.#registers[v]
  }

  /** Registers that are neither accumulators nor B's. */
  #free(k: number): Register {
    const { vectors, rows } = this.#tile
    const count = this.#registersUsed - vectors * (rows + 1) - (this.#keepsMask ? 1 : 0)
    return this.#registers[vectors + (k % count)]
  }

  emit(): void {
    this.#begin()
    this.#rows.emitLoop(count => this.#steps(count))
    this.#store()
    this.#code.general('ret')
  }

  #steps(count: number): void {
    const { rows, vectors, isPacked } = this.#tile
    const code = this.#code
    for (let step = 0; step < count; step++) {
      for (let v = 0; v < vectors; v++) {
        const disp = v * this.#vectorBytes + (isPacked ? step * vectors * this.#vectorBytes : 0)
        this.#move(this.#b(v), at(rsi, disp), v)
      }
      let next = 0
      for (let row = 0; row < rows; row++) {
        const element = this.#free(next++)
        this.#broadcast(element, this.#rows.element(row, step))
        for (let v = 0; v < vectors; v++)
          this.#addProduct(this.#accumulator(row, v), element, this.#b(v), () =>
            v === vectors - 1 ? element : this.#free(next++),
          )
      }
      if (!isPacked) code.general('add', [rsi, r9])
      this.#rows.emitAfterStep()
    }
    if (isPacked) code.general('add', [rsi, count * vectors * this.#vectorBytes])
    this.#rows.emitAfterSteps(count)
  }

  /** @param free a register for the product */
  #addProduct(sum: Register, element: Register, b: Register, free: () => Register): void {
    const code = this.#code
    const { fuse, multiply, add, isTurned } = instructions[this.#tile.type]
    if (fuse !== undefined && (this.#tile.contract || add === undefined)) {
      code.vector(fuse, isTurned ? [sum, b, element] : [sum, element, b])
      return
    }
    const product = free()
    code.vector(multiply!, [product, element, b])
    code.vector(add!, [sum, sum, product])
  }

  #broadcast(to: Register, from: Memory): void {
    this.#code.vector(this.#suffix === 'ps' ? 'vbroadcastss' : 'vbroadcastsd', [to, from])
  }

  /** Of B: a vector of its row. */
  #move(to: Register, from: Memory, v: number): void {
    const { isPacked, isMasked, vectors } = this.#tile
    if (isPacked || !isMasked || v < vectors - 1) this.#code.vector(`vmovu${this.#suffix}`, [to, from])
    else this.#loadMasked(to, from)
  }

  #loadMasked(to: Register, from: Memory): void {
    const { isa } = this.#tile
    if (isa === 'avx512') this.#vector(`vmovu${this.#suffix}`, [to, from], { mask: mask[1], zeroes: true })
    else this.#code.vector(`vmaskmov${this.#suffix}`, [to, this.#maskVector, from])
  }

  /** Of AVX2. */
  get #maskVector(): Register {
    const { vectors, rows } = this.#tile
    return this.#registers[this.#registersUsed - vectors * rows - 1]
  }

  /** Rows of B are read under it, too. */
  get #keepsMask(): boolean {
    return this.#needsMaskVector && !this.#tile.isPacked
  }

  #vector(name: string, operands: readonly Operand[], predicate?: Predicate): void {
    this.#code.vector(name, operands, predicate ? { predicate } : {})
  }

  #each(body: (row: number, v: number) => void, afterRow: () => void): void {
    const { rows, vectors } = this.#tile
    for (let row = 0; row < rows; row++) {
      for (let v = 0; v < vectors; v++) body(row, v)
      if (row < rows - 1) afterRow()
    }
  }

  get #needsMaskVector(): boolean {
    return this.#tile.isMasked && this.#tile.isa === 'avx2'
  }

  #begin(): void {
    const { vectors, isMasked } = this.#tile
    const code = this.#code
    const [fromZero, begun] = [code.label(), code.label()]
    code.general('mov', [r11, rdx])
    if (this.#needsMaskVector) code.vector('vmovdqu', [this.#maskVector, at(r12)])
    code.general('test', [eax, eax])
    code.jump(fromZero, 'e')
    this.#each(
      (row, v) => {
        const from = at(r11, v * this.#vectorBytes)
        const to = this.#accumulator(row, v)
        if (isMasked && v === vectors - 1) this.#loadMasked(to, from)
        else code.vector(`vmovu${this.#suffix}`, [to, from])
      },
      () => code.general('add', [r11, r10]),
    )
    code.jump(begun)
    code.bind(fromZero)
    this.#each(
      (row, v) => {
        const to = this.#accumulator(row, v)
        code.vector(this.#tile.isa === 'avx512' ? 'vpxord' : 'vpxor', [to, to, to])
      },
      () => {},
    )
    code.bind(begun)
    if (this.#tile.isOffset) this.#addOffsets()
  }

  #addOffsets(): void {
    const { vectors } = this.#tile
    for (let v = 0; v < vectors; v++) this.#code.vector('vmovups', [this.#b(v), at(rsi, v * this.#vectorBytes)])
    this.#each(
      (row, v) => {
        const sum = this.#accumulator(row, v)
        this.#code.vector('vpaddd', [sum, sum, this.#b(v)])
      },
      () => {},
    )
    this.#code.general('add', [rsi, vectors * this.#vectorBytes])
  }

  #store(): void {
    const { vectors, isMasked, isa, finish } = this.#tile
    const code = this.#code
    if (this.#needsMaskVector && !this.#keepsMask) code.vector('vmovdqu', [this.#maskVector, at(r12)])
    // Registers of B's are free now.
    const [alpha, beta, old] = this.#registers
    if (finish !== 'store') this.#broadcast(alpha, at(rbp, job.alpha))
    if (finish === 'alphaBeta') this.#broadcast(beta, at(rbp, job.beta))
    this.#each(
      (row, v) => {
        const to = at(rdx, v * this.#vectorBytes)
        const sum = this.#accumulator(row, v)
        const isMaskedHere = isMasked && v === vectors - 1
        if (finish !== 'store') code.vector(`vmul${this.#suffix}`, [sum, alpha, sum])
        if (finish === 'alphaBeta') {
          if (isMaskedHere) this.#loadMasked(old, to)
          else code.vector(`vmovu${this.#suffix}`, [old, to])
          code.vector(`vmul${this.#suffix}`, [old, beta, old])
          code.vector(`vadd${this.#suffix}`, [sum, sum, old])
        }
        if (!isMaskedHere) code.vector(`vmovu${this.#suffix}`, [to, sum])
        else if (isa === 'avx512') this.#vector(`vmovu${this.#suffix}`, [to, sum], { mask: mask[1], zeroes: false })
        else code.vector(`vmaskmov${this.#suffix}`, [to, this.#maskVector, sum])
      },
      () => code.general('add', [rdx, r10]),
    )
  }
}
