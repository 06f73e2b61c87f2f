/**
 * A matrix times a vector, y = Mx, each sum in the order of k: `run(args, begin, end, place)` does units of rows of M (`vectorArgs`). The matrix is read once, so all depends on how it comes from memory.
 *
 *     columns   rows of M are neighbours in memory: some columns at a time are added to y, a unit of which stays in the first cache
 *     rows      columns are neighbours: as many rows as a vector has lanes are read 16 bytes at a time, and put in order among them, since every lane has a sum of its own
 */

import type { Assembler } from '../encode/assembler.ts'
import { gpr, Memory, mask, Register, vector } from '../encode/operands.ts'
import type { Isa } from '../run/cpu.ts'

export interface VectorProduct {
  readonly isa: Isa
  readonly type: 'f32' | 'f64'
  readonly order: 'columns' | 'rows'
  /** Rows that are left over of the last vector. Of `rows`; with `columns` any number is. */
  readonly rest: number
  readonly contract: boolean
}

export const elementBytes = { f32: 4, f64: 8 } as const

/** Slots of 8 bytes. */
export const vectorArgs = {
  /** M(0, 0), and the bytes from one row to the next, or with `columns` from one column. */
  m: 0,
  stride: 8,
  /** Neighbours in memory both. */
  x: 16,
  y: 24,
  /** Columns of M, at least `leastColumns`; rows; rows of a unit, a multiple of `rowsAtATime`. */
  k: 32,
  rows: 40,
  unit: 48,
  /** 1: sums go on from what stands in y; 0: they begin with 0. */
  start: 56,
  bytes: 64,
} as const

/** What is left over of k is read from its end backwards. */
export const leastColumns = 16

export const lanesOf = (isa: Isa, type: 'f32' | 'f64'): number => (isa === 'avx512' ? 64 : 32) / elementBytes[type]

/** Of columns that are added to y at a time, and vectors of y that they are added to. */
const columnsAtATime = 8
const columnVectors = 4
/** So that 16 rows are read at a time, and no more: a core fetches ahead of so many. */
const rowVectorsOf = (isa: Isa, type: 'f32' | 'f64'): number => Math.min(2, 16 / lanesOf(isa, type))
/** Bytes that each row is asked for ahead, onto its next page too: a core by itself stops at a page's end. */
const fetchedAhead = 512
const cacheLine = 64

export const rowsAtATime = (isa: Isa, type: 'f32' | 'f64', order: VectorProduct['order']): number =>
  lanesOf(isa, type) * (order === 'columns' ? columnVectors : rowVectorsOf(isa, type))

const [rax, rcx, rdx, rbx, , rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15] = gpr[64]
const [eax, ecx, edx, , , , esi] = gpr[32]
const saved = [rbx, rbp, r12, r13, r14, r15]

const at = (base: Register, disp = 0, index?: Register, scale: 1 | 2 | 4 | 8 = 1): Memory =>
  new Memory({ base, disp, ...(index && { index, scale }) })

const ahead = ({ base, index, scale, disp }: Memory): Memory => at(base!, disp + fetchedAhead, index, scale)

export function emitVectorProduct(code: Assembler, product: VectorProduct): void {
  const emitter = new VectorProductEmitter(code, product)
  for (const register of saved) code.general('push', [register])
  code.general('movsxd', [rsi, esi])
  code.general('movsxd', [rdx, edx])
  code.general('mov', [rax, at(rdi, vectorArgs.unit)])
  code.general('imul', [rsi, rax])
  code.general('imul', [rdx, rax])
  code.general('mov', [rax, at(rdi, vectorArgs.rows)])
  code.general('cmp', [rdx, rax])
  code.general('cmovg', [rdx, rax])
  if (product.order === 'columns') emitter.byColumns()
  else emitter.byRows()
  for (const register of saved.toReversed()) code.general('pop', [register])
  code.general('vzeroupper')
  code.general('xor', [eax, eax])
  code.general('ret')
}

class VectorProductEmitter {
  readonly #code: Assembler
  readonly #product: VectorProduct
  readonly #bytes: 4 | 8
  readonly #lanes: number
  readonly #vectorBytes: number
  readonly #suffix: 'ps' | 'pd'
  readonly #registers: readonly Register[]
  readonly #is512: boolean

  constructor(code: Assembler, product: VectorProduct) {
    const { isa, type } = product
    this.#code = code
    this.#product = product
    this.#is512 = isa === 'avx512'
    this.#bytes = elementBytes[type]
    this.#lanes = lanesOf(isa, type)
    this.#vectorBytes = this.#lanes * this.#bytes
    this.#suffix = type === 'f32' ? 'ps' : 'pd'
    this.#registers = vector[this.#is512 ? 512 : 256]
  }

  #move(to: Register | Memory, from: Register | Memory): void {
    this.#code.vector(`vmovu${this.#suffix}`, [to, from])
  }

  #clear(register: Register): void {
    this.#code.vector(this.#is512 ? 'vpxord' : 'vpxor', [register, register, register])
  }

  #broadcast(to: Register, from: Memory): void {
    this.#code.vector(`vbroadcast${this.#bytes === 4 ? 'ss' : 'sd'}`, [to, from])
  }

  #add(sum: Register, x: Register | Memory, m: Register | Memory, product: Register): void {
    const [first, second] = x instanceof Register ? [x, m] : [m, x]
    if (this.#product.contract) this.#code.vector(`vfmadd231${this.#suffix}`, [sum, first, second])
    else {
      this.#code.vector(`vmul${this.#suffix}`, [product, first, second])
      this.#code.vector(`vadd${this.#suffix}`, [sum, sum, product])
    }
  }

  /** rsi, rdx: the first row and the end. */
  byColumns(): void {
    const code = this.#code
    const { m, stride, x, y, k, unit, start } = vectorArgs
    const [nextUnit, done, begun, several, single, one, unitDone] = Array.from({ length: 7 }, () => code.label())
    // Of the unit, r14: M, r12: y, r13: rows; rbp: its first row, r15: the end of all.
    code.general('mov', [rbp, rsi])
    code.general('mov', [r15, rdx])
    code.general('mov', [r8, at(rdi, stride)])
    code.general('lea', [r9, at(r8, 0, r8, 2)])
    code.bind(nextUnit)
    code.general('mov', [r13, r15])
    code.general('sub', [r13, rbp])
    code.jump(done, 'le')
    code.general('cmp', [r13, at(rdi, unit)])
    code.general('cmovg', [r13, at(rdi, unit)])
    code.general('imul', [rax, rbp, this.#bytes])
    code.general('mov', [r14, at(rdi, m)])
    code.general('add', [r14, rax])
    code.general('mov', [r12, at(rdi, y)])
    code.general('add', [r12, rax])
    code.general('cmp', [at(rdi, start), 0], 64)
    code.jump(begun, 'ne')
    this.#zeroes()
    code.bind(begun)
    code.general('mov', [r10, at(rdi, k)])
    code.general('mov', [r11, at(rdi, x)])
    code.general('sub', [r10, columnsAtATime])
    code.jump(single, 'b')
    code.bind(several)
    this.#columns(columnsAtATime)
    code.general('sub', [r10, columnsAtATime])
    code.jump(several, 'ae')
    code.bind(single)
    code.general('add', [r10, columnsAtATime])
    code.bind(one)
    code.general('sub', [r10, 1])
    code.jump(unitDone, 'b')
    this.#columns(1)
    code.jump(one)
    code.bind(unitDone)
    code.general('add', [rbp, at(rdi, unit)])
    code.jump(nextUnit)
    code.bind(done)
  }

  /** Into all of a unit's y. */
  #zeroes(): void {
    const code = this.#code
    const [vectors, elements, tooFew, done] = Array.from({ length: 4 }, () => code.label())
    const [zero] = this.#registers
    this.#clear(zero)
    code.general('mov', [rcx, r13])
    code.general('mov', [rdx, r12])
    code.bind(vectors)
    code.general('sub', [rcx, this.#lanes])
    code.jump(tooFew, 'b')
    this.#move(at(rdx), zero)
    code.general('add', [rdx, this.#vectorBytes])
    code.jump(vectors)
    code.bind(tooFew)
    code.general('add', [rcx, this.#lanes])
    code.bind(elements)
    code.general('sub', [rcx, 1])
    code.jump(done, 'b')
    code.vector(this.#bytes === 4 ? 'vmovss' : 'vmovsd', [at(rdx), vector[128][0]])
    code.general('add', [rdx, this.#bytes])
    code.jump(elements)
    code.bind(done)
  }

  /** So many columns times their elements of x, added to a unit of y. */
  #columns(count: number): void {
    const code = this.#code
    const [several, tooFew, single, rest, done] = Array.from({ length: 5 }, () => code.label())
    for (let c = 0; c < count; c++) this.#broadcast(this.#x(c), at(r11, c * this.#bytes))
    code.general('mov', [rsi, r14])
    if (count > 4) {
      code.general('lea', [rbx, at(r14, 0, r8, 4)])
      code.general('add', [rbx, r8])
    }
    code.general('mov', [rdx, r12])
    code.general('mov', [rcx, r13])
    code.general('sub', [rcx, columnVectors * this.#lanes])
    code.jump(tooFew, 'b')
    code.align(32)
    code.bind(several)
    this.#columnPart(count, columnVectors, 'whole')
    code.general('sub', [rcx, columnVectors * this.#lanes])
    code.jump(several, 'ae')
    code.bind(tooFew)
    code.general('add', [rcx, columnVectors * this.#lanes])
    code.bind(single)
    code.general('sub', [rcx, this.#lanes])
    code.jump(rest, 'b')
    this.#columnPart(count, 1, 'whole')
    code.jump(single)
    code.bind(rest)
    code.general('add', [rcx, this.#lanes])
    code.jump(done, 'e')
    this.#mask()
    this.#columnPart(count, 1, 'part')
    code.bind(done)
    code.general('imul', [rax, r8, count])
    code.general('add', [r14, rax])
    code.general('add', [r11, count * this.#bytes])
  }

  #columnPart(count: number, vectors: number, kind: 'whole' | 'part'): void {
    const code = this.#code
    const isPart = kind === 'part'
    for (let v = 0; v < vectors; v++) this.#load(this.#registers[v], at(rdx, v * this.#vectorBytes), isPart)
    for (let c = 0; c < count; c++)
      for (let v = 0; v < vectors; v++) {
        const from = this.#ofColumn(c, v * this.#vectorBytes)
        const product = this.#registers[columnVectors + (v & 1)]
        if (isPart) this.#load(product, from, true)
        this.#add(this.#registers[v], this.#x(c), isPart ? product : from, product)
      }
    for (let v = 0; v < vectors; v++) this.#store(at(rdx, v * this.#vectorBytes), this.#registers[v], isPart)
    for (const pointer of count > 4 ? [rsi, rbx, rdx] : [rsi, rdx])
      code.general('add', [pointer, vectors * this.#vectorBytes])
  }

  /** x's elements stand in the last registers. */
  #x(column: number): Register {
    return this.#registers[(this.#is512 ? 32 : 16) - 1 - column]
  }

  #ofColumn(column: number, disp: number): Memory {
    const base = column > 4 ? rbx : rsi
    switch (column > 4 ? column - 5 : column) {
      case 0:
        return at(base, disp)
      case 1:
        return at(base, disp, r8)
      case 2:
        return at(base, disp, r8, 2)
      case 3:
        return at(base, disp, r9)
      default:
        return at(base, disp, r8, 4)
    }
  }

  /** rsi, rdx: the first row and the end. */
  byRows(): void {
    const code = this.#code
    const { m, stride, y } = vectorArgs
    const { rest, isa, type } = this.#product
    const rowVectors = rowVectorsOf(isa, type)
    const [several, tooFew, single, last, done] = Array.from({ length: 5 }, () => code.label())
    // r14: M, r12: y, of the rows to come; r13: how many rows are left; r9: three rows, r10: those of a vector.
    code.general('mov', [r13, rdx])
    code.general('sub', [r13, rsi])
    code.general('mov', [r8, at(rdi, stride)])
    code.general('lea', [r9, at(r8, 0, r8, 2)])
    code.general('imul', [r10, r8, this.#lanes])
    code.general('mov', [r14, rsi])
    code.general('imul', [r14, r8])
    code.general('add', [r14, at(rdi, m)])
    code.general('imul', [r12, rsi, this.#bytes])
    code.general('add', [r12, at(rdi, y)])
    code.general('sub', [r13, rowVectors * this.#lanes])
    code.jump(tooFew, 'b')
    code.bind(several)
    this.#rows(rowVectors, this.#lanes)
    code.general('sub', [r13, rowVectors * this.#lanes])
    code.jump(several, 'ae')
    code.bind(tooFew)
    code.general('add', [r13, rowVectors * this.#lanes])
    code.bind(single)
    code.general('sub', [r13, this.#lanes])
    code.jump(last, 'b')
    this.#rows(1, this.#lanes)
    code.jump(single)
    code.bind(last)
    if (rest > 0) {
      code.general('add', [r13, this.#lanes])
      code.jump(done, 'e')
      this.#rows(1, rest)
    }
    code.bind(done)
  }

  /** All of k for some vectors of rows, or for the rows that are left over. */
  #rows(vectors: number, rows: number): void {
    const code = this.#code
    const { k, x, start } = vectorArgs
    const isPart = rows < this.#lanes
    const block = 16 / this.#bytes
    const [begun, again, tooFew, single, rest, done] = Array.from({ length: 6 }, () => code.label())
    const [sums, stored] = [(v: number) => this.#sum(v), (v: number) => at(r12, v * this.#vectorBytes)]
    code.general('mov', [rsi, r14])
    code.general('mov', [r11, at(rdi, x)])
    code.general('mov', [rdx, at(rdi, k)])
    if (isPart) {
      code.general('mov', [ecx, rows])
      this.#mask()
    }
    for (let v = 0; v < vectors; v++) this.#clear(sums(v))
    code.general('cmp', [at(rdi, start), 0], 64)
    code.jump(begun, 'e')
    for (let v = 0; v < vectors; v++) this.#load(sums(v), stored(v), isPart)
    code.bind(begun)
    const step = this.#blocks * block
    code.general('sub', [rdx, step])
    code.jump(tooFew, 'b')
    code.align(32)
    code.bind(again)
    this.#block(vectors, rows, this.#blocks)
    code.general('sub', [rdx, step])
    code.jump(again, 'ae')
    code.bind(tooFew)
    code.general('add', [rdx, step])
    code.bind(single)
    code.general('sub', [rdx, block])
    code.jump(rest, 'b')
    this.#block(vectors, rows, 1)
    code.jump(single)
    code.bind(rest)
    code.general('add', [rdx, block])
    code.jump(done, 'e')
    // The last 16 bytes of k, of which the first columns are done.
    code.general('sub', [rdx, block])
    code.general('lea', [rsi, at(rsi, 0, rdx, this.#bytes)])
    code.general('lea', [r11, at(r11, 0, rdx, this.#bytes)])
    this.#block(vectors, rows, 1, rdx)
    code.bind(done)
    for (let v = 0; v < vectors; v++) this.#store(stored(v), sums(v), isPart)
    code.general('add', [r12, vectors * this.#vectorBytes])
    for (let v = 0; v < vectors; v++) code.general('add', [r14, r10])
  }

  /** Times 16 bytes that are read of a row one behind the other: as many as fit the registers, so that a line of the cache is read to its end. */
  get #blocks(): number {
    return this.#is512 || this.#bytes === 8 ? 4 : 2
  }

  #sum(v: number): Register {
    return this.#registers[(this.#is512 ? 32 : 16) - 1 - v]
  }

  /** @param skipped minus so many columns of the last block are not added */
  #block(vectors: number, rows: number, blocks: number, skipped?: Register): void {
    const code = this.#code
    const perBlock = 16 / this.#bytes
    const parts = this.#lanes / perBlock
    const read = (b: number, c: number): number => b * perBlock + c
    const free = blocks * perBlock
    code.general('mov', [rbx, rsi])
    for (let v = 0; v < vectors; v++) {
      for (let part = 0; part < parts; part++) {
        for (let c = 0; c < perBlock; c++)
          for (let b = 0; b < blocks; b++) {
            const to = read(b, c)
            if (part * perBlock + c >= rows) {
              if (part === 0) this.#clear(this.#registers[to])
              continue
            }
            const from = [at(rbx, b * 16), at(rbx, b * 16, r8), at(rbx, b * 16, r8, 2), at(rbx, b * 16, r9)][c]
            const whole = this.#registers[to]
            if (b === 0 && blocks * 16 === cacheLine) code.general('prefetcht0', [ahead(from)])
            if (part === 0) code.vector('vmovups', [vector[128][to], from])
            else code.vector(this.#is512 ? 'vinsertf32x4' : 'vinsertf128', [whole, whole, from, part])
          }
        const isLast = part === parts - 1 && v === vectors - 1
        if (!isLast) code.general('lea', [rbx, at(rbx, 0, r8, perBlock as 2 | 4)])
      }
      for (let b = 0; b < blocks; b++) {
        const columns = this.#transposed(
          Array.from({ length: perBlock }, (_, c) => read(b, c)),
          free,
        )
        const ends = columns.map(() => code.label())
        for (const [c, column] of columns.entries()) {
          if (skipped !== undefined) {
            if (c === 0) continue
            code.general('cmp', [skipped, -c])
            code.jump(ends[c], 'l')
          }
          this.#addColumn(this.#sum(v), column, at(r11, (b * perBlock + c) * this.#bytes), free + perBlock)
          if (skipped !== undefined) code.bind(ends[c])
        }
      }
    }
    code.general('add', [rsi, blocks * 16])
    code.general('add', [r11, blocks * perBlock * this.#bytes])
  }

  #addColumn(sum: Register, column: Register, x: Memory, free: number): void {
    if (this.#is512) {
      const { base, disp } = x
      const all = new Memory({ base: base!, disp, broadcast: this.#bytes })
      this.#add(sum, column, all, this.#registers[free])
      return
    }
    this.#broadcast(this.#registers[free], x)
    this.#add(sum, this.#registers[free], column, this.#registers[free])
  }

  /** Rows of 16 bytes in each part of some registers become columns, in the registers that are told. */
  #transposed(from: readonly number[], free: number): Register[] {
    const unpack = (name: string, to: number, x: number, y: number) =>
      this.#code.vector(name, [this.#registers[to], this.#registers[x], this.#registers[y]])
    if (this.#bytes === 8) {
      const [a, b] = from
      unpack('vunpcklpd', free, a, b)
      unpack('vunpckhpd', free + 1, a, b)
      return [this.#registers[free], this.#registers[free + 1]]
    }
    const [a, b, c, d] = from
    unpack('vunpcklps', free, a, b)
    unpack('vunpckhps', free + 1, a, b)
    unpack('vunpcklps', free + 2, c, d)
    unpack('vunpckhps', free + 3, c, d)
    unpack('vunpcklpd', a, free, free + 2)
    unpack('vunpckhpd', b, free, free + 2)
    unpack('vunpcklpd', c, free + 1, free + 3)
    unpack('vunpckhpd', d, free + 1, free + 3)
    return from.map(number => this.#registers[number])
  }

  /** The first lanes, as many as rcx says, are read and written where it is asked for. It changes rax and rcx. */
  #mask(): void {
    const code = this.#code
    if (this.#is512) {
      code.general('mov', [eax, 1])
      code.general('shl', [eax, gpr[8][1]])
      code.general('sub', [eax, 1])
      code.vector('kmovd', [mask[1], eax])
      return
    }
    // Ones, then zeros: as many of the ones are read.
    const ones = new Uint8Array(64).fill(0xff, 0, 32)
    code.general('lea', [rax, code.constant(ones)])
    code.general('imul', [rcx, rcx, -this.#bytes])
    code.vector('vmovdqu', [this.#maskVector, at(rax, 32, rcx)])
  }

  get #maskVector(): Register {
    return this.#registers[this.#product.order === 'columns' ? 6 : 13]
  }

  #load(to: Register, from: Memory, isPart: boolean): void {
    const name = `vmovu${this.#suffix}`
    if (!isPart) this.#code.vector(name, [to, from])
    else if (this.#is512) this.#code.vector(name, [to, from], { predicate: { mask: mask[1], zeroes: true } })
    else this.#code.vector(`vmaskmov${this.#suffix}`, [to, this.#maskVector, from])
  }

  #store(to: Memory, from: Register, isPart: boolean): void {
    const name = `vmovu${this.#suffix}`
    if (!isPart) this.#code.vector(name, [to, from])
    else if (this.#is512) this.#code.vector(name, [to, from], { predicate: { mask: mask[1], zeroes: false } })
    else this.#code.vector(`vmaskmov${this.#suffix}`, [to, this.#maskVector, from])
  }
}
