/** Products of matrices on WebAssembly: where the arrays are, which blocks there are, and who computes them. */

import { CancelledError, NotSupportedError } from '@skein/base'
import { heap } from '@skein/heap'
import { type Body, defaultTeam } from '@skein/team'
import { type Checked, check, type Placed } from '../../gemm/check.ts'
import type { AsyncProductOptions, Complex, MatrixProduct, ProductOptions } from '../../gemm/product.ts'
import * as L from './layout.ts'
import { productModule } from './module.ts'
import { mostLines } from './vector.ts'

/** Below so many multiplications of f64 the calling thread does a product by itself, in some 12 µs: half of that is saved by a thread that is awake, and to wake one takes 40. */
const smallProduct = 150_000
/** Blocks for each thread, where there is much to do: who is done early takes from others. */
const blocksOfThread = 4
const muchOfThread = 2 ** 21
/** Of a matrix times a vector: those of a block. */
const leastLines = 16

interface Code {
  readonly body: Body
  readonly entries: {
    readonly [name in Entry]: (args: number | bigint, begin: number, end: number, thread: number) => number
  }
}

/** What of a module is called: blocks of C, or of the lines of a matrix times a vector. */
type Entry = 'run' | 'lines'

const codes = new Map<string, Code>()

function codeFor(type: L.WasmType, fused: boolean): Code {
  const key = `${type} ${fused}`
  const known = codes.get(key)
  if (known?.body.isLoaded) return known
  const bytes = productModule(type, { memory64: heap.memory64, fused })
  const module = new WebAssembly.Module(bytes as BufferSource)
  const instance = new WebAssembly.Instance(module, { env: { memory: heap.memory } })
  const body = defaultTeam().load({
    bytes,
    exports: Object.keys(instance.exports),
    instance,
    name: `products of ${type}`,
  })
  const code = { body, entries: instance.exports as Code['entries'] }
  codes.set(key, code)
  return code
}

/** @throws ArgumentError for sizes, strides and arrays that do not go together; NotSupportedError for types that there is no code for */
export function gemm(product: MatrixProduct, options: ProductOptions = {}): void {
  const checked = check(product)
  if (checked === undefined) return
  const call = new Call(product, checked, options)
  try {
    for (const { entry, args, blocks } of call.passes())
      if (call.threads === 1) call.code.entries[entry](heap.memory64 ? BigInt(args) : args, 0, blocks, 0)
      else defaultTeam().run(call.code.body, entry, call.job(args, blocks))
    call.finish()
  } finally {
    call.release()
  }
}

/** @throws (rejects with) the same, and CancelledError */
export async function gemmAsync(product: MatrixProduct, options: AsyncProductOptions = {}): Promise<void> {
  const { signal } = options
  const checked = check(product)
  CancelledError.check(signal, 'gemm')
  if (checked === undefined) return
  const call = new Call(product, checked, options)
  try {
    for (const { entry, args, blocks } of call.passes())
      await defaultTeam().runAsync(call.code.body, entry, { ...call.job(args, blocks), ...(signal && { signal }) })
    call.finish()
  } catch (error) {
    if (signal?.aborted && error instanceof CancelledError) throw new CancelledError('gemm', signal.reason)
    throw error
  } finally {
    call.release()
  }
}

/** An operand's elements in the heap. */
interface At {
  readonly at: number
  readonly row: number
  readonly column: number
  readonly product: number
}

interface Pass {
  readonly entry: Entry
  readonly args: number
  readonly blocks: number
}

class Call {
  readonly code: Code
  readonly threads: number
  readonly #product: MatrixProduct
  readonly #batch: number
  readonly #format: L.Format
  readonly #operands: { readonly a: At; readonly b: At; readonly c: At }
  readonly #room: Room
  /** C lies outside of the heap: where its copy is. */
  #copyOfC: { readonly placed: Placed; readonly at: number } | undefined

  constructor(product: MatrixProduct, checked: Checked, { threads = Number.POSITIVE_INFINITY }: ProductOptions) {
    const { dtype, m, n, k } = product
    if (dtype !== 'f32' && dtype !== 'f64' && dtype !== 'c64' && dtype !== 'c128')
      throw new NotSupportedError(
        'gemm',
        `products of ${dtype} on WebAssembly`,
        'there is code for f32, f64, c64 and c128',
        'Multiply copies in f32, or run on x86-64.',
      )
    this.#product = product
    this.#batch = checked.batch
    this.#format = L.formatOf(dtype)
    const { parts, realBytes } = this.#format
    const work = (m * n * k * checked.batch * parts ** 2 * realBytes) / 8
    this.threads = work < smallProduct ? 1 : Math.max(1, Math.min(threads, defaultTeam().threads))
    this.code = codeFor(dtype, product.contract ?? false)
    this.#room = lendRoom()
    try {
      // Without steps along k nothing is read.
      const [a, b] = k === 0 ? [0, 0] : [this.#bring(checked.a, true), this.#bring(checked.b, true)]
      const isWhole = (checked.c.to - checked.c.from) / checked.c.elementBytes === m * n * checked.batch
      const readsC = product.start === 'c' || product.scale?.beta !== undefined
      const c = this.#bring(checked.c, readsC || !isWhole)
      if (!heap.owns(checked.c.array)) this.#copyOfC = { placed: checked.c, at: c }
      const at = (placed: Placed, first: number): At => ({
        at: first,
        row: placed.rowStride,
        column: placed.columnStride,
        product: placed.batchStride,
      })
      this.#operands = { a: at(checked.a, a), b: at(checked.b, b), c: at(checked.c, c) }
    } catch (error) {
      this.release()
      throw error
    }
  }

  /** The address of element (0, 0), of a copy if the array lies outside of the heap. */
  #bring({ array, offset, from, to }: Placed, isRead: boolean): number {
    if (heap.owns(array)) return heap.addressOf(array) + offset
    const at = this.#room.take(to - from)
    if (isRead) heap.view(Uint8Array, at, to - from).set(new Uint8Array(array.buffer, from, to - from))
    return at + array.byteOffset + offset - from
  }

  /** What is run one after the other: one pass, or where sums of many blocks of k are scaled, those sums in a place of their own and then what is made of them. */
  *passes(): Generator<Pass> {
    const { m, n, k, start, scale } = this.#product
    const { depth, elementBytes } = this.#format
    const { a, b, c } = this.#operands
    if (scale === undefined && (m === 1 || n === 1) && this.#format.parts === 1) {
      // yᵀ = xᵀ·B is y = Bᵀ·x.
      yield n === 1 ? this.#lines(m, a, b, c) : this.#lines(n, turned(b), turned(a), turned(c))
      return
    }
    if (scale === undefined || k <= depth) {
      yield this.#pass(c, c, k, start === 'c', scale)
      return
    }
    const row = n * elementBytes
    const sums: At = {
      at: this.#room.take(m * row * this.#batch),
      row,
      column: elementBytes,
      product: m * row,
    }
    yield this.#pass(sums, sums, k, false, undefined)
    yield this.#pass(c, sums, 0, true, scale)
  }

  /** A matrix times a vector. */
  #lines(count: number, matrix: At, x: At, y: At): Pass {
    const { k, start } = this.#product
    const blocks = this.threads === 1 ? 1 : this.threads * blocksOfThread
    const lines = Math.min(mostLines, Math.max(leastLines, evenly(count, blocks / this.#batch, leastLines)))
    const perProduct = Math.ceil(count / lines)
    const room = this.#room
    const args = room.take(L.BLOCK_BYTES)
    room.operand(args + L.A, matrix)
    room.operand(args + L.B, x)
    room.operand(args + L.C, y)
    room.operand(args + L.FROM, y)
    room.word(args + L.M, count)
    room.word(args + L.K, k)
    room.word(args + L.ROW_BLOCKS, perProduct)
    room.word(args + L.BLOCK_ROWS, lines)
    room.word(args + L.BEGINS, start === 'c' ? 1 : 0)
    return { entry: 'lines', args, blocks: perProduct * this.#batch }
  }

  #pass(c: At, from: At, k: number, begins: boolean, scale: MatrixProduct['scale']): Pass {
    const { m, n } = this.#product
    const { elementBytes } = this.#format
    const { a, b } = this.#operands
    const block = this.#blocks(k)
    const [rowBlocks, columnBlocks] = [Math.ceil(m / block.rows), Math.ceil(n / block.columns)]
    const room = this.#room
    const args = room.take(L.BLOCK_BYTES)
    room.operand(args + L.A, a)
    room.operand(args + L.B, b)
    room.operand(args + L.C, c)
    room.operand(args + L.FROM, from)
    const isDirect = c.column === elementBytes && scale === undefined && from === c
    const [alphaRe, alphaIm] = partsOf(scale?.alpha)
    const [betaRe, betaIm] = partsOf(scale?.beta)
    const words = [
      ...[m, n, k, rowBlocks, columnBlocks, block.rows, block.columns, begins ? 1 : 0],
      scale === undefined ? 0 : scale.beta === undefined ? 1 : 2,
      isDirect ? 1 : 0,
    ]
    words.forEach((value, i) => void room.word(args + L.M + 8 * i, value))
    const { a: left, b: right } = this.#product
    const numbers = [left.conjugate ? -1 : 1, right.conjugate ? -1 : 1, alphaRe, alphaIm, betaRe, betaIm]
    numbers.forEach((value, i) => void room.number(args + L.A_SIGN + 8 * i, value))
    return { entry: 'run', args, blocks: rowBlocks * columnBlocks * this.#batch }
  }

  /** Threads have columns of their own, so that each packs those alone; where there are few, rows. */
  #blocks(k: number): { readonly rows: number; readonly columns: number } {
    const { m, n } = this.#product
    const { columns, parts } = this.#format
    const most = L.panelTiles * columns
    const work = m * n * Math.max(k, 1) * this.#batch * parts ** 2
    const wanted =
      this.threads === 1 ? 1 : this.threads * Math.max(1, Math.min(blocksOfThread, work / this.threads / muchOfThread))
    const ofProduct = Math.max(1, wanted / this.#batch)
    const narrow = Math.max(8 * columns, evenly(n, ofProduct >= 4 ? ofProduct / 2 : ofProduct, columns))
    const across = Math.ceil(n / Math.min(most, narrow))
    const width = evenly(n, across, columns)
    return { rows: evenly(m, ofProduct / across, L.tileRows), columns: width }
  }

  job(args: number, end: number) {
    return { args, begin: 0, end, threads: this.threads, schedule: 'auto' as const, chunk: 1 }
  }

  /** C's copy goes back. */
  finish(): void {
    if (this.#copyOfC === undefined) return
    const { placed, at } = this.#copyOfC
    const { array, offset, from, to } = placed
    const copy = heap.view(Uint8Array, at - (array.byteOffset + offset - from), to - from)
    new Uint8Array(array.buffer, from, to - from).set(copy)
  }

  release(): void {
    giveBackRoom(this.#room)
  }
}

const turned = (operand: At): At => ({ ...operand, row: operand.column, column: operand.row })

/** The length of each of so many parts, a multiple of the unit. */
const evenly = (length: number, parts: number, unit: number): number =>
  Math.ceil(length / Math.max(1, Math.round(parts)) / unit) * unit

const partsOf = (x: number | Complex | undefined): Complex =>
  x === undefined ? [0, 0] : typeof x === 'number' ? [x, 0] : x

/** Memory of a call: its arguments, and copies of what lies outside of the heap. A piece of it is kept for the next one. */
class Room {
  readonly #first: number
  #used = 0
  readonly #more: number[] = []
  readonly #words: Int32Array
  readonly #numbers: Float64Array

  constructor() {
    this.#first = heap.allocate(roomBytes, { label: 'matrix products' })
    this.#words = heap.view(Int32Array, this.#first, roomBytes >> 2)
    this.#numbers = heap.view(Float64Array, this.#first, roomBytes >> 3)
  }

  take(bytes: number): number {
    const rounded = Math.ceil(bytes / 64) * 64
    if (this.#used + rounded > roomBytes - keptForArguments && bytes !== L.BLOCK_BYTES) {
      const at = heap.allocate(rounded, { label: 'matrix products' })
      this.#more.push(at)
      return at
    }
    const at = this.#first + this.#used
    this.#used += rounded
    return at
  }

  word(at: number, value: number): void {
    this.#words[(at - this.#first) >> 2] = value
  }

  /** An address, or a step between two. */
  long(at: number, value: number): void {
    const i = (at - this.#first) >> 2
    this.#words[i] = value
    this.#words[i + 1] = Math.floor(value / 2 ** 32)
  }

  number(at: number, value: number): void {
    this.#numbers[(at - this.#first) >> 3] = value
  }

  operand(at: number, operand: At): void {
    this.long(at, operand.at)
    this.long(at + L.ROW, operand.row)
    this.long(at + L.COLUMN, operand.column)
    this.long(at + L.PRODUCT, operand.product)
  }

  reset(): void {
    this.#used = 0
    for (const at of this.#more.splice(0)) heap.free(at)
  }

  free(): void {
    heap.free(this.#first)
  }
}

const roomBytes = 2 ** 16
const keptForArguments = 1024
const mostKept = 4
const kept: Room[] = []

const lendRoom = (): Room => kept.pop() ?? new Room()

function giveBackRoom(room: Room): void {
  room.reset()
  if (kept.length < mostKept) kept.push(room)
  else room.free()
}
