/**
 * P·A·Pᵀ = L·D·Lᴴ of a symmetric or Hermitian matrix, D of blocks of one and two rows, with the pivots of J. Bunch and L. Kaufman (Some Stable Methods for Calculating Inertia and Solving Symmetric Linear
 * Systems, 1977), by panels, as LAPACK's dlasyf and zlahef take them: what a panel's columns do to those behind it is one product.
 */

import { block, conjugate, type Matrix, type Reals, zerosLike } from '../matrix.ts'
import { divide } from './complex.ts'
import { subtractProduct } from './products.ts'

/** Columns of a panel. */
const wide = 32
/** At which growth of elements two rows are taken: (1 + √17) / 8 */
const alpha = (1 + Math.sqrt(17)) / 8

export interface LDL {
  /** Row k is column k of L, with its one on the diagonal. */
  readonly columns: Matrix
  readonly d: Matrix
  /** Row k of P·A·Pᵀ is row order[k] of A. */
  readonly order: Int32Array
}

/** Both triangles of A are read and overwritten. @param hermitian else a complex matrix is symmetric */
export function factorLDL(a: Matrix, hermitian: boolean): LDL {
  const n = a.rows
  const found = {
    columns: zerosLike(a, n, n),
    d: zerosLike(a, n, n),
    order: Int32Array.from({ length: n }, (_, i) => i),
  }
  let k = 0
  while (k < n) {
    const { end, products } = new Panel(a, found, k, hermitian).eliminate()
    subtractPanel(a, found.columns, products, k, end, hermitian)
    k = end
  }
  return found
}

/** What is left of A behind a panel: A − L·(L·D)ᴴ. */
function subtractPanel(a: Matrix, columns: Matrix, products: Matrix, begin: number, end: number, hermitian: boolean) {
  const rest = a.rows - end
  if (rest === 0) return
  const l = block(columns, begin, end, end - begin, rest)
  const w = block(products, 0, end, end - begin, rest)
  // The transposed factor is conjugated once more.
  conjugate(l)
  if (hermitian) conjugate(w)
  subtractProduct(block(a, end, end, rest, rest), { matrix: l, transposed: true }, { matrix: w })
  conjugate(l)
}

class Panel {
  readonly #a: Matrix
  readonly #found: LDL
  readonly #begin: number
  readonly #sign: 1 | -1
  /** Row p is column begin + p of L·D, as far as the panel goes. */
  readonly #products: Matrix
  readonly #quotient = { re: 0, im: 0 }

  constructor(a: Matrix, found: LDL, begin: number, hermitian: boolean) {
    this.#a = a
    this.#found = found
    this.#begin = begin
    this.#sign = hermitian && a.parts === 2 ? -1 : 1
    this.#products = zerosLike(a, Math.min(wide + 1, a.rows - begin) + 1, a.rows)
  }

  eliminate(): { end: number; products: Matrix } {
    const n = this.#a.rows
    const most = Math.min(this.#begin + wide, n)
    let k = this.#begin
    while (k < most) k += this.#step(k)
    return { end: k, products: this.#products }
  }

  /** @returns how many columns it was */
  #step(k: number): 1 | 2 {
    const n = this.#a.rows
    this.#columnOf(k, k, 0)
    const own = this.#sizeAt(k, k, 0, true)
    const far = this.#largest(k, k, 0)
    const most = far < 0 ? 0 : this.#sizeAt(k, far, 0)
    if (own >= alpha * most) {
      if (own > 0) this.#takeOne(k)
      else this.#found.columns.array[(k * n + k) * this.#a.parts] = 1
      return 1
    }
    this.#columnOf(k, far, 1)
    const other = this.#largest(k, far, 1)
    const beside = this.#sizeAt(k, other, 1)
    if (own >= alpha * most * (most / beside)) {
      this.#takeOne(k)
      return 1
    }
    if (this.#sizeAt(k, far, 1, true) >= alpha * beside) {
      const { array, parts } = this.#products
      const at = (k - this.#begin) * n * parts
      array.copyWithin(at, at + n * parts, at + 2 * n * parts)
      this.#exchange(k, far, k - this.#begin + 1)
      this.#takeOne(k)
      return 1
    }
    this.#exchange(k + 1, far, k - this.#begin + 2)
    this.#takeTwo(k)
    return 2
  }

  /** Column `from` of what is left of A, from row k on, into products, so many rows behind those of earlier columns. */
  #columnOf(k: number, from: number, further: 0 | 1): void {
    const { array, at, stride, parts, rows: n } = this.#a
    const { array: products } = this.#products
    const { array: columns } = this.#found.columns
    const into = (k - this.#begin + further) * n * parts
    const row = (at + from * stride) * parts
    for (let j = k * parts; j < n * parts; j += parts) {
      products[into + j] = array[row + j]
      if (parts === 2) products[into + j + 1] = this.#sign * array[row + j + 1]
    }
    for (let p = this.#begin; p < k; p++) {
      const place = (p * n + from) * parts
      const [re, im] = [columns[place], parts === 2 ? this.#sign * columns[place + 1] : 0]
      const w = (p - this.#begin) * n * parts
      subtractTimes(products, into, w, k * parts, n * parts, re, im, parts)
    }
    if (this.#sign === -1) products[into + 2 * from + 1] = 0
  }

  /** |re| + |im| of a column's element; of the diagonal of a Hermitian matrix the imaginary part is nothing. */
  #sizeAt(k: number, i: number, further: 0 | 1, isDiagonal = false): number {
    const { array, parts, columns: n } = this.#products
    const place = ((k - this.#begin + further) * n + i) * parts
    const im = parts === 1 || (isDiagonal && this.#sign === -1) ? 0 : Math.abs(array[place + 1])
    return Math.abs(array[place]) + im
  }

  /** Where the largest element is, but for that of row `except`; −1: there are no others. */
  #largest(k: number, except: number, further: 0 | 1): number {
    let [place, most] = [-1, -1]
    for (let i = k; i < this.#a.rows; i++) {
      const size = i === except ? -1 : this.#sizeAt(k, i, further)
      if (size > most) [place, most] = [i, size]
    }
    return place
  }

  /** Exchanges rows and columns i and j of what is left of A, and rows of L, and of the first so many columns of L·D. */
  #exchange(i: number, j: number, count: number): void {
    if (i === j) return
    const { rows: n, parts } = this.#a
    const { columns, order } = this.#found
    const { array, at, stride } = this.#a
    exchangeColumns(this.#products.array, 0, count, n, i, j, parts)
    exchangeColumns(columns.array, 0, i, n, i, j, parts)
    exchangeColumns(array, at, n, stride, i, j, parts)
    const [x, y] = [(at + i * stride) * parts, (at + j * stride) * parts]
    const kept = array.slice(x, x + n * parts)
    array.copyWithin(x, y, y + n * parts)
    array.set(kept, y)
    ;[order[i], order[j]] = [order[j], order[i]]
  }

  /** Column k of L is that of L·D by the pivot. */
  #takeOne(k: number): void {
    const { array: products, columns: n, parts } = this.#products
    const { columns, d } = this.#found
    const [from, own] = [(k - this.#begin) * n * parts, k * parts]
    const [re, im] = [products[from + own], parts === 2 ? products[from + own + 1] : 0]
    put(d, k, k, re, im)
    put(columns, k, k, 1, 0)
    for (let j = k + 1; j < n; j++) {
      const place = from + j * parts
      if (parts === 1) columns.array[k * n + j] = products[place] / re
      else {
        divide(products[place], products[place + 1], re, im, this.#quotient)
        put(columns, k, j, this.#quotient.re, this.#quotient.im)
      }
    }
  }

  /** Columns k and k + 1 of L are those of L·D by a block [[f, e], [b, g]]: scaled by b and e, so that nothing overflows that is not large. */
  #takeTwo(k: number): void {
    const { array: products, columns: n, parts } = this.#products
    const { columns, d } = this.#found
    const at = (k - this.#begin) * n * parts
    const next = at + n * parts
    const read = (place: number): Pair => [products[place], parts === 2 ? products[place + 1] : 0]
    const [f, b, g] = [read(at + k * parts), read(at + (k + 1) * parts), read(next + (k + 1) * parts)]
    const e: Pair = [b[0], this.#sign * b[1]]
    put(d, k, k, ...f)
    put(d, k + 1, k, ...b)
    put(d, k, k + 1, ...e)
    put(d, k + 1, k + 1, ...g)
    put(columns, k, k, 1, 0)
    put(columns, k + 1, k + 1, 1, 0)
    const [overE, overB] = [quotient(f, e), quotient(g, b)]
    const [re, im] = times(overE, overB)
    const scale = quotient([1, 0], [re - 1, im])
    const [left, right] = [quotient(scale, e), quotient(scale, b)]
    for (let j = k + 2; j < n; j++) {
      const [x, y] = [read(at + j * parts), read(next + j * parts)]
      put(columns, k, j, ...times(left, less(times(overB, x), y)))
      put(columns, k + 1, j, ...times(right, less(times(overE, y), x)))
    }
  }
}

type Pair = [re: number, im: number]

const times = (x: Pair, y: Pair): Pair => [x[0] * y[0] - x[1] * y[1], x[0] * y[1] + x[1] * y[0]]
const less = (x: Pair, y: Pair): Pair => [x[0] - y[0], x[1] - y[1]]
function quotient(x: Pair, y: Pair): Pair {
  const into = { re: 0, im: 0 }
  divide(x[0], x[1], y[0], y[1], into)
  return [into.re, into.im]
}

function put({ array, columns, parts }: Matrix, i: number, j: number, re: number, im: number): void {
  const place = (i * columns + j) * parts
  array[place] = re
  if (parts === 2) array[place + 1] = im
}

/** Numbers of a row, from `begin` to `end`, lose those of another by a factor. */
function subtractTimes(
  x: Reals,
  into: number,
  from: number,
  begin: number,
  end: number,
  re: number,
  im: number,
  parts: 1 | 2,
): void {
  if (parts === 1) for (let j = begin; j < end; j++) x[into + j] -= re * x[from + j]
  else
    for (let j = begin; j < end; j += 2) {
      const [wr, wi] = [x[from + j], x[from + j + 1]]
      x[into + j] -= re * wr - im * wi
      x[into + j + 1] -= re * wi + im * wr
    }
}

function exchangeColumns(x: Reals, at: number, rows: number, stride: number, i: number, j: number, parts: 1 | 2): void {
  for (let k = 0; k < rows; k++) {
    for (let p = 0; p < parts; p++) {
      const [a, b] = [(at + k * stride + i) * parts + p, (at + k * stride + j) * parts + p]
      const kept = x[a]
      x[a] = x[b]
      x[b] = kept
    }
  }
}
