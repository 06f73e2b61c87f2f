/**
 * Micro-kernels of complex numbers. What tiles hold of C and of B's rows are vectors of real parts and vectors of imaginary parts, in pairs, so that every lane of a multiplication counts; each vector's sums are those of
 * `product.ts`, in their order.
 *
 * Two vectors of numbers from memory, x and y, become a pair by a shuffle within 16 bytes; another one takes the pair apart again. So lanes of a pair are in an order of their own, which nobody else sees: packed panels of B are such pairs.
 *
 * Called as the tiles of `tile.ts`. It changes the same registers.
 */

import type { Assembler } from '../encode/assembler.ts'
import { gpr, Memory, mask, type Register, vector } from '../encode/operands.ts'
import { elements } from './format.ts'
import { job } from './layout.ts'
import type { Tile } from './tile.ts'
import { TileRows } from './tile-rows.ts'

const [, , rdx, , , rbp, rsi, , , r9, r10, r11, r12] = gpr[64]
const [eax] = gpr[32]

export interface ComplexTile extends Omit<Tile, 'type' | 'isOffset'> {
  readonly type: 'c64' | 'c128'
  /** Whose conjugates are multiplied. */
  readonly conjugate: 'none' | 'a' | 'b' | 'both'
  /** The operands have changed places: of the products of an imaginary part, that of B's real one comes first. */
  readonly isTurned: boolean
}

/** Masks of the last pair: of its numbers x, and of y. */
const masks = [mask[1], mask[2]]

/** Which part of an element of A is multiplied, for which parts of the sums: 0 is real, 1 imaginary. */
interface Turn {
  readonly part: 0 | 1
  readonly targets: readonly (0 | 1)[]
}

const order: readonly Turn[] = [
  { part: 0, targets: [0, 1] },
  { part: 1, targets: [0, 1] },
]
const turnedOrder: readonly Turn[] = [
  { part: 0, targets: [0] },
  { part: 1, targets: [0, 1] },
  { part: 0, targets: [1] },
]

const at = (base: Register, disp = 0): Memory => new Memory({ base, disp })

/** Real and imaginary parts of two vectors of numbers. @param re may be x, and im y */
export function emitSplit(code: Assembler, type: 'c64' | 'c128', [re, im]: Pair, [x, y]: Pair, free: Register): void {
  const real = re === x || re === y ? free : re
  if (type === 'c64') {
    code.vector('vshufps', [real, x, y, 0x88])
    code.vector('vshufps', [im, x, y, 0xdd])
  } else {
    code.vector('vunpcklpd', [real, x, y])
    code.vector('vunpckhpd', [im, x, y])
  }
  if (real !== re) code.vector('vmovaps', [re, real])
}

type Pair = readonly [Register, Register]

export class ComplexTileEmitter {
  readonly #code: Assembler
  readonly #tile: ComplexTile
  readonly #suffix: 'ps' | 'pd'
  /** Of a part of a number. */
  readonly #bytes: number
  readonly #vectorBytes: number
  readonly #rows: TileRows
  readonly #last: number
  /** Registers that are neither sums nor B's: at least two. */
  readonly #free: readonly Register[]

  constructor(code: Assembler, tile: ComplexTile) {
    const { isa, type, bits, rows, vectors, along } = tile
    this.#code = code
    this.#tile = tile
    this.#suffix = type === 'c64' ? 'ps' : 'pd'
    this.#bytes = elements[type].bytes / 2
    this.#vectorBytes = bits / 8
    this.#rows = new TileRows(code, rows, along, elements[type].bytes)
    this.#last = isa === 'avx512' ? 31 : 15
    this.#free = vector[bits].slice(2 * vectors, this.#last + 1 - 2 * vectors * rows)
  }

  #sum(row: number, v: number): Pair {
    const first = this.#last - 2 * (row * this.#tile.vectors + v)
    const registers = vector[this.#tile.bits]
    return [registers[first], registers[first - 1]]
  }

  #b(v: number): Pair {
    const registers = vector[this.#tile.bits]
    return [registers[2 * v], registers[2 * v + 1]]
  }

  emit(): void {
    const code = this.#code
    if (this.#tile.isMasked && this.#tile.isa === 'avx512')
      code.vector('kshiftrq', [masks[1], masks[0], this.#vectorBytes / this.#bytes])
    this.#begin()
    this.#rows.emitLoop(count => this.#steps(count))
    this.#store()
    code.general('ret')
  }

  #steps(count: number): void {
    const { rows, vectors, isPacked } = this.#tile
    const code = this.#code
    const pairBytes = 2 * this.#vectorBytes
    for (let step = 0; step < count; step++) {
      for (let v = 0; v < vectors; v++) {
        const [re, im] = this.#b(v)
        if (isPacked) {
          const disp = (step * vectors + v) * pairBytes
          code.vector(`vmovu${this.#suffix}`, [re, at(rsi, disp)])
          code.vector(`vmovu${this.#suffix}`, [im, at(rsi, disp + this.#vectorBytes)])
        } else {
          const [x, other] = this.#free
          this.#loadNumbers([x, im], rsi, v, other)
          emitSplit(code, this.#tile.type, [re, im], [x, im], other)
        }
      }
      for (let row = 0; row < rows; row++) this.#row(row, step)
      if (!isPacked) code.general('add', [rsi, r9])
      this.#rows.emitAfterStep()
    }
    if (isPacked) code.general('add', [rsi, count * vectors * pairBytes])
    this.#rows.emitAfterSteps(count)
  }

  /** An element of A, its parts one after the other, times all of B's. */
  #row(row: number, step: number): void {
    const { vectors, conjugate, isTurned } = this.#tile
    const signs = { a: conjugate !== 'a' && conjugate !== 'both', b: conjugate !== 'b' && conjugate !== 'both' }
    for (const [turn, { part, targets }] of (isTurned ? turnedOrder : order).entries()) {
      const element = this.#free[turn % 2]
      this.#broadcast(element, this.#rows.element(row, step, part * this.#bytes))
      for (let v = 0; v < vectors; v++)
        for (const target of targets) {
          // The product of imaginary parts is taken off, unless one of them is negative.
          const isAdded = target === 0 ? part === 0 || signs.a !== signs.b : part === 0 ? signs.b : signs.a
          const isLast = v === vectors - 1 && target === targets.at(-1)
          this.#addProduct(this.#sum(row, v)[target], element, this.#b(v)[part ^ target], isAdded, isLast, v)
        }
    }
  }

  /** @param isLast the element is not needed any more */
  #addProduct(sum: Register, element: Register, b: Register, isAdded: boolean, isLast: boolean, v: number): void {
    const code = this.#code
    if (this.#tile.contract) {
      code.vector(`${isAdded ? 'vfmadd' : 'vfnmadd'}231${this.#suffix}`, [sum, element, b])
      return
    }
    const others = this.#free.filter(register => register !== element)
    const product = isLast ? element : others[v % others.length]
    code.vector(`vmul${this.#suffix}`, [product, element, b])
    code.vector(`${isAdded ? 'vadd' : 'vsub'}${this.#suffix}`, [sum, sum, product])
  }

  #broadcast(to: Register, from: Memory): void {
    this.#code.vector(this.#suffix === 'ps' ? 'vbroadcastss' : 'vbroadcastsd', [to, from])
  }

  /** Two vectors of numbers, those that are columns of the matrix. @param free for a mask */
  #loadNumbers(to: Pair, base: Register, v: number, free: Register): void {
    this.#eachHalf(v, (half, isMasked) => {
      const code = this.#code
      const from = at(base, (2 * v + half) * this.#vectorBytes)
      if (!isMasked) code.vector(`vmovu${this.#suffix}`, [to[half], from])
      else if (this.#tile.isa === 'avx512')
        code.vector(`vmovu${this.#suffix}`, [to[half], from], { predicate: { mask: masks[half], zeroes: true } })
      else {
        code.vector('vmovups', [free, at(r12, half * 32)])
        code.vector(`vmaskmov${this.#suffix}`, [to[half], free, from])
      }
    })
  }

  #storeNumbers(from: Pair, base: Register, v: number, free: Register): void {
    this.#eachHalf(v, (half, isMasked) => {
      const code = this.#code
      const to = at(base, (2 * v + half) * this.#vectorBytes)
      if (!isMasked) code.vector(`vmovu${this.#suffix}`, [to, from[half]])
      else if (this.#tile.isa === 'avx512')
        code.vector(`vmovu${this.#suffix}`, [to, from[half]], { predicate: { mask: masks[half], zeroes: false } })
      else {
        code.vector('vmovups', [free, at(r12, half * 32)])
        code.vector(`vmaskmov${this.#suffix}`, [to, free, from[half]])
      }
    })
  }

  #eachHalf(v: number, body: (half: 0 | 1, isMasked: boolean) => void): void {
    const isMasked = this.#tile.isMasked && v === this.#tile.vectors - 1
    body(0, isMasked)
    body(1, isMasked)
  }

  #each(body: (sum: Pair, v: number) => void, afterRow: () => void): void {
    const { rows, vectors } = this.#tile
    for (let row = 0; row < rows; row++) {
      for (let v = 0; v < vectors; v++) body(this.#sum(row, v), v)
      if (row < rows - 1) afterRow()
    }
  }

  #begin(): void {
    const code = this.#code
    const { type, isa } = this.#tile
    const [fromZero, begun] = [code.label(), code.label()]
    // B's are free yet.
    const [x, y, other] = vector[this.#tile.bits]
    code.general('mov', [r11, rdx])
    code.general('test', [eax, eax])
    code.jump(fromZero, 'e')
    this.#each(
      (sum, v) => {
        this.#loadNumbers([x, y], r11, v, other)
        emitSplit(code, type, sum, [x, y], other)
      },
      () => code.general('add', [r11, r10]),
    )
    code.jump(begun)
    code.bind(fromZero)
    this.#each(
      sum => {
        for (const part of sum) code.vector(isa === 'avx512' ? 'vpxord' : 'vpxor', [part, part, part])
      },
      () => {},
    )
    code.bind(begun)
  }

  #store(): void {
    const code = this.#code
    const { type, finish } = this.#tile
    const [x, y, other] = vector[this.#tile.bits]
    this.#each(
      (sum, v) => {
        if (finish !== 'store') this.#multiply(sum, sum, job.alpha)
        if (finish === 'alphaBeta') this.#addOld(sum, v)
        const [re, im] = sum
        const [low, high] = type === 'c64' ? ['vunpcklps', 'vunpckhps'] : ['vunpcklpd', 'vunpckhpd']
        code.vector(low, [x, re, im])
        code.vector(high, [y, re, im])
        this.#storeNumbers([x, y], rdx, v, other)
      },
      () => code.general('add', [rdx, r10]),
    )
  }

  /** β times what stands in C. */
  #addOld([re, im]: Pair, v: number): void {
    const code = this.#code
    const [x, y, third, fourth] = vector[this.#tile.bits]
    this.#loadNumbers([x, y], rdx, v, third)
    emitSplit(code, this.#tile.type, [third, fourth], [x, y], third)
    this.#products([x, y], [third, fourth], job.beta, 0)
    code.vector(`vadd${this.#suffix}`, [re, re, x])
    this.#products([x, y], [third, fourth], job.beta, 1)
    code.vector(`vadd${this.#suffix}`, [im, im, x])
  }

  /** @param factor where it is in the job */
  #multiply([re, im]: Pair, by: Pair, factor: number): void {
    const [x, y, third] = vector[this.#tile.bits]
    this.#products([x, y], by, factor, 0)
    this.#code.vector('vmovaps', [third, x])
    this.#products([x, y], by, factor, 1)
    this.#code.vector('vmovaps', [im, x])
    this.#code.vector('vmovaps', [re, third])
  }

  /** One part of a number times a factor, in x. */
  #products([x, y]: Pair, [re, im]: Pair, factor: number, part: 0 | 1): void {
    const code = this.#code
    this.#broadcast(x, at(rbp, factor))
    this.#broadcast(y, at(rbp, factor + this.#bytes))
    code.vector(`vmul${this.#suffix}`, [x, x, part === 0 ? re : im])
    code.vector(`vmul${this.#suffix}`, [y, y, part === 0 ? im : re])
    code.vector(`${part === 0 ? 'vsub' : 'vadd'}${this.#suffix}`, [x, x, y])
  }
}
