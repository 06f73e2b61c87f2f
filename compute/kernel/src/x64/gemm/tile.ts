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
import { job } from './layout.ts'

const [rax, rcx, rdx, rbx, , rbp, rsi, rdi, r8, r9, r10, r11, r12] = gpr[64]
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
  readonly type: 'f32' | 'f64'
  readonly bits: 256 | 512
  readonly rows: number
  readonly vectors: number
  /** Lanes of the last vector that are masked out are columns of the matrix no more. */
  readonly isMasked: boolean
  /** In A neighbours in memory are neighbours along k, or in a column. */
  readonly along: 'k' | 'rows'
  /** B is packed: its rows lie one behind the other, a vector's lanes all there. Else only lanes under the mask are read. */
  readonly isPacked: boolean
  readonly contract: boolean
  /** What becomes of the sums: they are stored, or multiplied by α first, and β times what is there added. */
  readonly finish: 'store' | 'alpha' | 'alphaBeta'
}

export const elementBytes = { f32: 4, f64: 8 } as const

const at = (base: Register, disp = 0, index?: Register, scale: 1 | 2 | 4 | 8 = 1): Memory =>
  new Memory({ base, disp, ...(index && { index, scale }) })

/** Rows that are reached from one base: at strides of 0, 1, 2, 3 (a register has three strides) and 4. */
const rowsOfBase = 5

export class TileEmitter {
  readonly #code: Assembler
  readonly #tile: Tile
  readonly #registers: readonly Register[]
  readonly #suffix: 'ps' | 'pd'
  readonly #bytes: number
  readonly #vectorBytes: number

  constructor(code: Assembler, tile: Tile) {
    this.#code = code
    this.#tile = tile
    this.#registers = vector[tile.bits]
    this.#suffix = tile.type === 'f32' ? 'ps' : 'pd'
    this.#bytes = elementBytes[tile.type]
    this.#vectorBytes = tile.bits / 8
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
    const { rows, along } = this.#tile
    const code = this.#code
    this.#begin()
    if (along === 'k') {
      if (rows > 3) code.general('lea', [rax, at(r8, 0, r8, 2)])
      for (let base = 1; base * rowsOfBase < rows; base++) {
        const before = [rdi, r11][base - 1]
        code.general('lea', [[r11, rbx][base - 1], at(before, 0, r8, 4)])
        code.general('add', [[r11, rbx][base - 1], r8])
      }
    }
    const unroll = 4
    const [rest, again, single, done] = ['rest', 'again', 'single', 'done'].map(() => code.label())
    code.general('sub', [rcx, unroll])
    code.jump(rest, 'b')
    code.align(32)
    code.bind(again)
    this.#steps(unroll)
    code.general('sub', [rcx, unroll])
    code.jump(again, 'ae')
    code.bind(rest)
    code.general('add', [rcx, unroll])
    code.jump(done, 'e')
    code.bind(single)
    this.#steps(1)
    code.general('sub', [rcx, 1])
    code.jump(single, 'ne')
    code.bind(done)
    this.#store()
    code.general('ret')
  }

  #operandOfRow(row: number, step: number): Memory {
    if (this.#tile.along === 'rows') return at(rdi, row * this.#bytes)
    const base = [rdi, r11, rbx][Math.floor(row / rowsOfBase)]
    const disp = step * this.#bytes
    switch (row % rowsOfBase) {
      case 0:
        return at(base, disp)
      case 1:
        return at(base, disp, r8)
      case 2:
        return at(base, disp, r8, 2)
      case 3:
        return at(base, disp, rax)
      default:
        return at(base, disp, r8, 4)
    }
  }

  #steps(count: number): void {
    const { rows, vectors, along, isPacked } = this.#tile
    const code = this.#code
    for (let step = 0; step < count; step++) {
      for (let v = 0; v < vectors; v++) {
        const disp = v * this.#vectorBytes + (isPacked ? step * vectors * this.#vectorBytes : 0)
        this.#move(this.#b(v), at(rsi, disp), v)
      }
      let next = 0
      for (let row = 0; row < rows; row++) {
        const element = this.#free(next++)
        this.#broadcast(element, this.#operandOfRow(row, step))
        for (let v = 0; v < vectors; v++) {
          const sum = this.#accumulator(row, v)
          if (this.#tile.contract) code.vector(`vfmadd231${this.#suffix}`, [sum, element, this.#b(v)])
          else {
            const product = v === vectors - 1 ? element : this.#free(next++)
            code.vector(`vmul${this.#suffix}`, [product, element, this.#b(v)])
            code.vector(`vadd${this.#suffix}`, [sum, sum, product])
          }
        }
      }
      if (!isPacked) code.general('add', [rsi, r9])
      if (along === 'rows') code.general('add', [rdi, r8])
    }
    if (isPacked) code.general('add', [rsi, count * vectors * this.#vectorBytes])
    if (along === 'k')
      for (let base = 0; base * rowsOfBase < rows; base++)
        code.general('add', [[rdi, r11, rbx][base], count * this.#bytes])
  }

  #broadcast(to: Register, from: Memory): void {
    this.#code.vector(this.#tile.type === 'f32' ? 'vbroadcastss' : 'vbroadcastsd', [to, from])
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
