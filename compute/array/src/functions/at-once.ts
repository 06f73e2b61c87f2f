/**
 * Products and norms of small arrays whose elements are there, computed at once: to make a tree and its kernel takes longer than to look through the elements. What is
 * computed element by element here has the bits that kernels give: each step is rounded to the dtype.
 */

import { kernel } from '@skein/kernel'
import type { View } from '../expression/node.ts'
import { onBackend } from '../expression/plain.ts'
import { rowProducts } from '../expression/row-products.ts'
import type { Reals } from '../linalg/matrix.ts'
import { allocate, Memory } from '../memory.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import type { Shape } from '../shape.ts'
import { fresh } from './creation.ts'

/** Of what is looked at or written; from so many elements on a kernel is sooner done. */
const most = 1 << 13
/** Of what a kernel writes: beyond, a tree costs little beside it, and others can be computed with it. */
const mostWritten = 1 << 16

/** Floats that are there, and not many; undefined: it is something else. */
function atHand(x: NDArray): View | undefined {
  if ((x.dtype !== 'float64' && x.dtype !== 'float32') || x.size > most) return undefined
  const { node } = x
  return node.is === 'leaf' ? node.view : undefined
}

const elementsOf = ({ memory }: View): Reals => memory.elements as unknown as Reals

/** An array of one element. */
function numberOf(value: number, dtype: View['dtype']): NDArray {
  const elements = dtype === 'float32' ? Float32Array.of(value) : Float64Array.of(value)
  return arrayOf({ dtype, shape: [], strides: [], offset: 0, memory: new Memory(elements) })
}

/** A new array in C order, and its elements, all of which are to be written. */
function toWrite(dtype: View['dtype'], shape: Shape, call: string): [NDArray, Reals] {
  const { array, memory } = fresh(dtype, shape, call, 'unset')
  return [array, memory.elements as unknown as Reals]
}

/** Four sums side by side where elements are neighbours: the next product does not wait for the last sum. */
function sumOfProducts(a: Reals, i: number, s: number, b: Reals, j: number, t: number, n: number): number {
  let p = 0
  let k = 0
  if (s === 1 && t === 1) {
    let q = 0
    let r = 0
    let u = 0
    for (; k < n - 3; k += 4) {
      p += a[i + k] * b[j + k]
      q += a[i + k + 1] * b[j + k + 1]
      r += a[i + k + 2] * b[j + k + 2]
      u += a[i + k + 3] * b[j + k + 3]
    }
    p += q + (r + u)
  }
  for (; k < n; k++) p += a[i + k * s] * b[j + k * t]
  return p
}

/** Of neighbours. */
function sumOfSquares(a: Reals, i: number, n: number): number {
  let p = 0
  let q = 0
  let r = 0
  let u = 0
  let k = 0
  for (; k < n - 3; k += 4) {
    const x0 = a[i + k]
    const x1 = a[i + k + 1]
    const x2 = a[i + k + 2]
    const x3 = a[i + k + 3]
    p += x0 * x0
    q += x1 * x1
    r += x2 * x2
    u += x3 * x3
  }
  for (; k < n; k++) p += a[i + k] * a[i + k]
  return p + q + (r + u)
}

/** The sum of products of two vectors of one dtype, as long as each other; undefined: it is not for here. */
export function dotAtOnce(x: NDArray, y: NDArray): NDArray | undefined {
  const [a, b] = [atHand(x), atHand(y)]
  if (a === undefined || b === undefined) return undefined
  const sum = sumOfProducts(elementsOf(a), a.offset, a.strides[0], elementsOf(b), b.offset, b.strides[0], a.shape[0])
  return numberOf(sum, x.dtype)
}

/** Sums of products of rows of a matrix and another, or of all of them and one vector. */
export function dotsOfRowsAtOnce(x: NDArray, y: NDArray): NDArray | undefined {
  if (x.ndim !== 2 || x.size > mostWritten || x.dtype !== y.dtype) return undefined
  const [a, b] = [x.node, y.node]
  if (a.is !== 'leaf' || b.is !== 'leaf') return undefined
  const found = rowProducts(a.view, b.view)
  return found && arrayOf(found)
}

/** The sum of elements, that go on by a step. */
export function traceAtOnce(diagonal: NDArray): NDArray | undefined {
  const a = diagonal.ndim === 1 ? atHand(diagonal) : undefined
  if (a === undefined) return undefined
  const elements = elementsOf(a)
  const [step] = a.strides
  let sum = 0
  for (let k = 0, at = a.offset; k < a.shape[0]; k++, at += step) sum += elements[at]
  return numberOf(sum, a.dtype)
}

/** The root of the sum of squares of all elements of a vector or a matrix. */
export function lengthAtOnce(x: NDArray): NDArray | undefined {
  const a = x.ndim === 1 || x.ndim === 2 ? atHand(x) : undefined
  if (a === undefined) return undefined
  const elements = elementsOf(a)
  const { shape, strides, offset } = a
  const [rows, columns] = x.ndim === 1 ? [1, shape[0]] : shape
  const [down, along] = x.ndim === 1 ? [0, strides[0]] : strides
  let squares = 0
  if (along === 1 && (rows === 1 || down === columns)) {
    squares = sumOfSquares(elements, offset, rows * columns)
  } else
    for (let i = 0; i < rows; i++)
      squares += sumOfProducts(elements, offset + i * down, along, elements, offset + i * down, along, columns)
  const isInRange = squares > leastSquares && squares < Infinity
  return numberOf(isInRange ? Math.sqrt(squares) : scaledLength(elements, a, rows, columns), a.dtype)
}

/** Below it, squares may have lost bits to underflow. */
const leastSquares = 2 ** -900

/** The length of elements whose squares are out of range: in units of the largest. */
function scaledLength(elements: Reals, { shape, strides, offset }: View, rows: number, columns: number): number {
  const down = shape.length === 1 ? 0 : strides[0]
  const along = strides[strides.length - 1]
  const fold = (start: number, take: (found: number, size: number) => number): number => {
    let found = start
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) found = take(found, Math.abs(elements[offset + i * down + j * along]))
    return found
  }
  const most = fold(0, Math.max)
  // Of nothing but zeros, or with NaN or an infinity.
  if (!(most > 0 && most < Infinity)) return most
  return most * Math.sqrt(fold(0, (found, x) => found + (x / most) ** 2))
}

/** Vector products of rows of three elements of two matrices, or of two vectors, of the same shape and dtype. */
export function crossAtOnce(x: NDArray, y: NDArray): NDArray | undefined {
  if (x.ndim > 2 || x.ndim !== y.ndim || x.shape[0] !== y.shape[0]) return undefined
  const [a, b] = [atHand(x), atHand(y)]
  if (a === undefined || b === undefined) return undefined
  const [found, out] = toWrite(x.dtype, x.shape, 'cross')
  const [p, q] = [elementsOf(a), elementsOf(b)]
  const rounded = x.dtype === 'float32' ? Math.fround : same
  const [s, t] = [a.strides[a.strides.length - 1], b.strides[b.strides.length - 1]]
  const [down, downY] = x.ndim === 1 ? [0, 0] : [a.strides[0], b.strides[0]]
  let [i, j] = [a.offset, b.offset]
  for (let k = 0; k < out.length; k += 3) {
    const a0 = p[i]
    const a1 = p[i + s]
    const a2 = p[i + 2 * s]
    const b0 = q[j]
    const b1 = q[j + t]
    const b2 = q[j + 2 * t]
    out[k] = rounded(a1 * b2) - rounded(a2 * b1)
    out[k + 1] = rounded(a2 * b0) - rounded(a0 * b2)
    out[k + 2] = rounded(a0 * b1) - rounded(a1 * b0)
    i += down
    j += downY
  }
  return found
}

const same = (x: number) => x

const multiplyColumnByRow = kernel(
  ([i, j], n: number, x: Reals, xAt: number, xStep: number, y: Reals, yAt: number, out: Reals) => {
    out[i * n + j] = x[xAt + i * xStep] * y[yAt + j]
  },
  { name: 'outer' },
)

/** All products of an element of one vector with one of another, whose elements lie one behind the other. */
export function outerAtOnce(x: NDArray, y: NDArray): NDArray | undefined {
  if (x.ndim !== 1 || y.ndim !== 1 || x.size * y.size > mostWritten) return undefined
  const [a, b] = [atHand(x), atHand(y)]
  if (a === undefined || b === undefined || b.strides[0] !== 1) return undefined
  const [found, out] = toWrite(x.dtype, [x.size, y.size], 'outer')
  const [from, step] = [elementsOf(a), a.strides[0]]
  if (out.length > 0)
    onBackend(multiplyColumnByRow)([x.size, y.size], y.size, from, a.offset, step, elementsOf(b), b.offset, out)
  return found
}

const multiplyRows = kernel(
  ([i, p, j], rows: number, n: number, x: Reals, y: Reals, out: Reals) => {
    out[(i * rows + p) * n + j] = x[i * n + j] * y[p * n + j]
  },
  { name: 'kron' },
)

/** Each element of one matrix times the whole of another: rows of the one, each element as often as the other has columns, times rows of the other, as often as the one has columns. */
export function kronAtOnce(x: NDArray, y: NDArray): NDArray | undefined {
  if (x.ndim !== 2 || y.ndim !== 2 || x.size * y.size > mostWritten) return undefined
  const [a, b] = [atHand(x), atHand(y)]
  if (a === undefined || b === undefined) return undefined
  const [[m, n], [rows, columns]] = [x.shape, y.shape]
  const width = n * columns
  const [found, out] = toWrite(x.dtype, [m * rows, width], 'kron')
  if (out.length === 0) return found
  const wide = allocate(x.dtype, (m + rows) * width, 'kron', 'unset')
  const both = wide.elements as unknown as Reals
  const repeated = both.subarray(m * width)
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++)
      both.fill(
        elementsOf(a)[a.offset + i * a.strides[0] + j * a.strides[1]],
        i * width + j * columns,
        i * width + (j + 1) * columns,
      )
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++)
      repeated[i * width + j] = elementsOf(b)[b.offset + i * b.strides[0] + j * b.strides[1]]
    for (let j = 1; j < n; j++) repeated.copyWithin(i * width + j * columns, i * width, i * width + columns)
  }
  onBackend(multiplyRows)([m, rows, width], rows, width, both, repeated, out)
  wide.release()
  return found
}

/** Neighbours, of float64: what `slopesAtOnce` and `areaAtOnce` look at. */
function lineAtHand(x: NDArray): { elements: Float64Array; offset: number; apart: number } | undefined {
  const view = x.ndim === 1 && x.dtype === 'float64' ? atHand(x) : undefined
  return view && { elements: view.memory.elements as Float64Array, offset: view.offset, apart: view.strides[0] }
}

/** Slopes of a line of at least two elements that are `step` from each other; undefined: it is something else. */
export function slopesAtOnce(x: NDArray, step: number): NDArray | undefined {
  const line = lineAtHand(x)
  if (line === undefined) return undefined
  const { elements, offset, apart } = line
  const last = x.size - 1
  const [array, to] = toWrite('float64', x.shape, 'gradient')
  const twice = 2 * step
  to[0] = (elements[offset + apart] - elements[offset]) / step
  for (let k = 1, at = offset + apart; k < last; k++, at += apart)
    to[k] = (elements[at + apart] - elements[at - apart]) / twice
  const end = offset + last * apart
  to[last] = (elements[end] - elements[end - apart]) / step
  return array
}

/** The area below a line of at least two elements that are `step` from each other; undefined: it is something else. */
export function areaAtOnce(y: NDArray, step: number): NDArray | undefined {
  const line = lineAtHand(y)
  if (line === undefined) return undefined
  const { elements, offset, apart } = line
  const last = y.size - 1
  const end = offset + last * apart
  let [p, q, r, u] = [0, 0, 0, 0]
  let k = 1
  let at = offset + apart
  for (; k < last - 3; k += 4, at += 4 * apart) {
    p += elements[at]
    q += elements[at + apart]
    r += elements[at + 2 * apart]
    u += elements[at + 3 * apart]
  }
  for (; k < last; k++, at += apart) p += elements[at]
  return numberOf((p + q + (r + u) + (elements[offset] + elements[end]) / 2) * step, 'float64')
}
