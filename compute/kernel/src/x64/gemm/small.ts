/**
 * Products of small matrices: code for one shape, which multiplies any number of such products one after the other. Sizes and strides are in the instructions; nothing is packed, since all of B stays in the first cache.
 *
 * C is cut into panels of columns, and these into tiles of rows, as even as can be. A tile is in registers while k runs. Called as `run(args, begin, end, place)` with the products' numbers and, in slots of 8 bytes,
 * the first product's A, B, C, the bytes from one product to the next of each, alpha, beta.
 */

import type { Assembler } from '../encode/assembler.ts'
import { gpr, Memory, mask, type Register, vector } from '../encode/operands.ts'
import type { Isa } from '../run/cpu.ts'

export interface SmallShape {
  readonly isa: Isa
  readonly type: 'f32' | 'f64'
  readonly m: number
  readonly n: number
  readonly k: number
  /** Strides in bytes. Columns of B and C are neighbours. */
  readonly aRow: number
  readonly aColumn: number
  readonly bRow: number
  readonly cRow: number
  /** What sums begin with, and what is made of them. */
  readonly start: 'zero' | 'c'
  readonly scale: 'none' | 'alpha' | 'alpha and beta'
  readonly contract: boolean
}

/** Slots of the arguments. */
export const smallArgs = {
  a: 0,
  b: 8,
  c: 16,
  aBatch: 24,
  bBatch: 32,
  cBatch: 40,
  alpha: 48,
  beta: 56,
  bytes: 64,
} as const

const [, rcx, rdx, , , , rsi, rdi, r8, r9, r10, r11, r12, r13, r14] = gpr[64]
const [eax, ecx, edx, , , , esi] = gpr[32]
const saved = [r12, r13, r14]

/** Steps of k in a row; up to `unrolled` there is no loop. */
const unroll = 4
const unrolled = 8
/** Cycles until a sum can be added to. */
const latency = 4
/** Cycles of a tile beside its steps. */
const tileCycles = 10

const at = (base: Register, disp = 0, broadcast?: 4 | 8): Memory =>
  new Memory({ base, disp, ...(broadcast && { broadcast }) })

/** How C is cut. */
interface Cut {
  /** Vectors of each panel of columns. */
  readonly panels: readonly number[]
  /** Rows of each tile, the taller first. */
  readonly tiles: readonly number[]
}

/** Into so many parts, which differ by one at most, the larger first. */
const evenly = (whole: number, parts: number): number[] =>
  Array.from({ length: parts }, (_, i) => Math.ceil((whole - i) / parts))

export class SmallEmitter {
  readonly #code: Assembler
  readonly #shape: SmallShape
  readonly #bits: 256 | 512
  readonly #bytes: 4 | 8
  readonly #lanes: number
  /** Lanes of the last vector of a row, if not all. */
  readonly #rest: number
  readonly #suffix: 'ps' | 'pd'

  constructor(code: Assembler, shape: SmallShape) {
    this.#code = code
    this.#shape = shape
    this.#bytes = shape.type === 'f32' ? 4 : 8
    this.#bits = shape.isa === 'avx512' && shape.n * this.#bytes > 32 ? 512 : 256
    this.#lanes = this.#bits / 8 / this.#bytes
    this.#rest = shape.n % this.#lanes
    this.#suffix = shape.type === 'f32' ? 'ps' : 'pd'
  }

  emit(): void {
    const code = this.#code
    const { panels, tiles } = this.#cut()
    for (const register of saved) code.general('push', [register])
    this.#begin()
    const next = code.label()
    code.align(32)
    code.bind(next)
    let first = 0
    for (const [i, vectors] of panels.entries()) {
      const isMasked = this.#rest > 0 && i === panels.length - 1
      this.#panel(tiles, first * this.#lanes * this.#bytes, vectors, isMasked)
      first += vectors
    }
    for (const [base, batch] of [
      [r8, smallArgs.aBatch],
      [r9, smallArgs.bBatch],
      [r10, smallArgs.cBatch],
    ] as const)
      code.general('add', [base, at(rdi, batch)])
    code.general('sub', [r11, 1])
    code.jump(next, 'ne')
    for (const register of saved.toReversed()) code.general('pop', [register])
    code.general('vzeroupper')
    code.general('xor', [eax, eax])
    code.general('ret')
  }

  /** r8, r9, r10: the matrices of the first product; r11: how many. */
  #begin(): void {
    const code = this.#code
    code.general('movsxd', [rsi, esi])
    code.general('movsxd', [r11, edx])
    code.general('sub', [r11, rsi])
    for (const [base, from, batch] of [
      [r8, smallArgs.a, smallArgs.aBatch],
      [r9, smallArgs.b, smallArgs.bBatch],
      [r10, smallArgs.c, smallArgs.cBatch],
    ] as const) {
      code.general('mov', [base, at(rdi, batch)])
      code.general('imul', [base, rsi])
      code.general('add', [base, at(rdi, from)])
    }
    if (this.#rest > 0 && this.#shape.isa === 'avx512') {
      code.general('mov', [eax, 2 ** this.#rest - 1])
      code.vector('kmovd', [mask[1], eax])
    }
  }

  /** The way with the fewest cycles, by what registers hold and what a core loads and multiplies in one. */
  #cut(): Cut {
    const { m, n, k } = this.#shape
    const all = Math.ceil(n / this.#lanes)
    let best: { readonly cut: Cut; readonly cycles: number } | undefined
    for (let widest = 1; widest <= Math.min(4, all); widest++) {
      const panels = evenly(all, Math.ceil(all / widest))
      const tallest = Math.floor((this.#registers - this.#others - panels[0]) / panels[0])
      if (tallest < 1) continue
      const tiles = evenly(m, Math.ceil(m / tallest))
      let cycles = 0
      for (const vectors of panels)
        for (const rows of tiles)
          cycles += k * Math.max((rows * vectors) / 2, (rows + vectors) / 2, latency) + rows * vectors + tileCycles
      if (best === undefined || cycles < best.cycles) best = { cut: { panels, tiles }, cycles }
    }
    return best!.cut
  }

  get #registers(): number {
    return this.#shape.isa === 'avx512' ? 32 : 16
  }

  /** Registers that are neither sums nor rows of B: an element of A, products, a mask. */
  get #others(): number {
    return 3
  }

  #panel(tiles: readonly number[], columnBytes: number, vectors: number, isMasked: boolean): void {
    const code = this.#code
    const { aRow, cRow } = this.#shape
    code.general('mov', [r12, r8])
    code.general('lea', [r13, at(r10, columnBytes)])
    for (const rows of new Set(tiles)) {
      const count = tiles.filter(r => r === rows).length
      const again = code.label()
      if (count > 1) {
        code.general('mov', [gpr[32][14], count])
        code.align(32)
        code.bind(again)
      }
      this.#tile(rows, vectors, columnBytes, isMasked)
      code.general('add', [r12, rows * aRow])
      code.general('add', [r13, rows * cRow])
      if (count > 1) {
        code.general('sub', [r14, 1])
        code.jump(again, 'ne')
      }
    }
  }

  #tile(rows: number, vectors: number, columnBytes: number, isMasked: boolean): void {
    const code = this.#code
    const { k, aColumn, bRow, start, isa } = this.#shape
    const tile = new TileRegisters(vector[this.#bits], this.#registers, vectors)
    if (isMasked && isa === 'avx2') code.vector('vmovdqu', [tile.mask, this.#maskConstant()])
    for (let row = 0; row < rows; row++)
      for (let v = 0; v < vectors; v++) {
        const sum = tile.sum(row, v)
        if (start === 'c') this.#load(tile, sum, this.#ofC(row, v), isMasked && v === vectors - 1)
        else code.vector(isa === 'avx512' ? 'vpxord' : 'vpxor', [sum, sum, sum])
      }
    const isLoop = k > unrolled
    const [a, b] = isLoop ? [rsi, rdx] : [r12, r9]
    const steps = (from: number, count: number, bDisp: number) => {
      for (let step = from; step < from + count; step++)
        this.#step(tile, rows, vectors, isMasked, at(a, step * aColumn), at(b, bDisp + step * bRow))
    }
    if (isLoop) {
      const again = code.label()
      code.general('mov', [rsi, r12])
      code.general('lea', [rdx, at(r9, columnBytes)])
      code.general('mov', [ecx, Math.floor(k / unroll)])
      code.align(32)
      code.bind(again)
      steps(0, unroll, 0)
      code.general('add', [rsi, unroll * aColumn])
      code.general('add', [rdx, unroll * bRow])
      code.general('sub', [rcx, 1])
      code.jump(again, 'ne')
      steps(0, k % unroll, 0)
    } else steps(0, k, columnBytes)
    this.#finish(tile, rows, vectors, isMasked)
  }

  /** One column of A and one row of B. */
  #step(tile: TileRegisters, rows: number, vectors: number, isMasked: boolean, a: Memory, b: Memory): void {
    const code = this.#code
    const { aRow, contract, isa } = this.#shape
    const [multiply, add, fuse] = [`vmul${this.#suffix}`, `vadd${this.#suffix}`, `vfmadd231${this.#suffix}`]
    for (let v = 0; v < vectors; v++) {
      const from = at(b.base!, b.disp + v * this.#lanes * this.#bytes)
      this.#load(tile, tile.b(v), from, isMasked && v === vectors - 1)
    }
    for (let row = 0; row < rows; row++) {
      const disp = a.disp + row * aRow
      // An element that only one vector is multiplied by is loaded by the multiplication.
      const isDirect = isa === 'avx512' && vectors === 1
      const element = isDirect ? at(a.base!, disp, this.#bytes) : tile.element
      if (!isDirect) code.vector(`vbroadcast${this.#suffix === 'ps' ? 'ss' : 'sd'}`, [tile.element, at(a.base!, disp)])
      for (let v = 0; v < vectors; v++) {
        const sum = tile.sum(row, v)
        if (contract) code.vector(fuse, [sum, tile.b(v), element])
        else {
          const product = v === vectors - 1 && !isDirect ? tile.element : tile.product
          code.vector(multiply, [product, tile.b(v), element])
          code.vector(add, [sum, sum, product])
        }
      }
    }
  }

  /** Sums into C. */
  #finish(tile: TileRegisters, rows: number, vectors: number, isMasked: boolean): void {
    const code = this.#code
    const { scale, isa } = this.#shape
    const [alpha, beta] = [tile.b(0), tile.element]
    const spread = `vbroadcast${this.#suffix === 'ps' ? 'ss' : 'sd'}`
    if (scale !== 'none') code.vector(spread, [alpha, at(rdi, smallArgs.alpha)])
    if (scale === 'alpha and beta') code.vector(spread, [beta, at(rdi, smallArgs.beta)])
    for (let row = 0; row < rows; row++)
      for (let v = 0; v < vectors; v++) {
        const sum = tile.sum(row, v)
        const isPart = isMasked && v === vectors - 1
        const to = this.#ofC(row, v)
        if (scale !== 'none') code.vector(`vmul${this.#suffix}`, [sum, sum, alpha])
        if (scale === 'alpha and beta') {
          this.#load(tile, tile.product, to, isPart)
          code.vector(`vmul${this.#suffix}`, [tile.product, tile.product, beta])
          code.vector(`vadd${this.#suffix}`, [sum, sum, tile.product])
        }
        if (!isPart) code.vector(`vmovu${this.#suffix}`, [to, sum])
        else if (isa === 'avx2') code.vector(`vmaskmov${this.#suffix}`, [to, tile.mask, sum])
        else code.vector(`vmovu${this.#suffix}`, [to, sum], { predicate: { mask: mask[1], zeroes: false } })
      }
  }

  #ofC(row: number, v: number): Memory {
    return at(r13, row * this.#shape.cRow + v * this.#lanes * this.#bytes)
  }

  #load(tile: TileRegisters, to: Register, from: Memory, isPart: boolean): void {
    const code = this.#code
    if (!isPart) code.vector(`vmovu${this.#suffix}`, [to, from])
    else if (this.#shape.isa === 'avx2') code.vector(`vmaskmov${this.#suffix}`, [to, tile.mask, from])
    else code.vector(`vmovu${this.#suffix}`, [to, from], { predicate: { mask: mask[1], zeroes: true } })
  }

  #maskConstant(): Memory {
    const bytes = new Uint8Array(32).fill(0xff, 0, this.#rest * this.#bytes)
    return this.#code.constant(bytes)
  }
}

/** Which vectors a tile's values are in: B's row first, an element of A, a product and a mask, then sums. */
class TileRegisters {
  readonly #registers: readonly Register[]
  readonly #last: number
  readonly #vectors: number

  constructor(registers: readonly Register[], count: number, vectors: number) {
    this.#registers = registers
    this.#last = count - 1
    this.#vectors = vectors
  }

  b(v: number): Register {
    return this.#registers[v]
  }

  get element(): Register {
    return this.#registers[this.#vectors]
  }

  get product(): Register {
    return this.#registers[this.#vectors + 1]
  }

  get mask(): Register {
    return this.#registers[this.#vectors + 2]
  }

  sum(row: number, v: number): Register {
    return this.#registers[this.#last - (row * this.#vectors + v)]
  }
}
