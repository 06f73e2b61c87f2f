/** Arrays as stacks of matrices, and back: what functions of linear algebra take and give. */

import { type DType, type Elements, infoOf, isComplex, isFloat, partOf } from '../dtypes.ts'
import { DTypeError, LinearAlgebraError, ShapeError, shapeText } from '../errors.ts'
import { type Matrix, matrixOf, numbersOf, type Reals } from '../linalg/matrix.ts'
import { allocate, Memory } from '../memory.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { promote } from '../promotion.ts'
import { type Shape, sizeOf, stridesOf } from '../shape.ts'
import { astype, copyOf } from './astype.ts'
import { type Operand, toArray } from './operands.ts'

export type Real = 'float32' | 'float64'
/** What linear algebra computes in. */
export type Computed = Real | 'complex64' | 'complex128'

export function computedIn(dtype: DType, call: string): Computed {
  if (dtype === 'float16') throw new DTypeError(call, 'float32, float64, complex64, complex128 and integers', [dtype])
  return isComplex(dtype) ? dtype : isFloat(dtype) ? (dtype as Real) : 'float64'
}

/** Of sizes of elements: norms, singular values. */
export const realOf = (dtype: Computed): Real => (isComplex(dtype) ? partOf(dtype) : dtype)

/** Matrices one behind the other, copied, so that they can be overwritten. */
export class Stack {
  readonly dtype: Computed
  readonly batch: Shape
  readonly rows: number
  readonly columns: number
  readonly elements: Reals
  readonly #memory: Memory

  constructor(x: NDArray, call: string, argument = 'x') {
    if (x.ndim < 2)
      throw new ShapeError(call, `${argument} must have two axes or more, not the shape ${shapeText(x.shape)}.`, [
        x.shape,
      ])
    this.dtype = computedIn(x.dtype, call)
    const own = x.dtype === this.dtype ? copyOf(x) : copyOf(astype(x, this.dtype))
    this.#memory = own.view.memory
    this.elements = this.#memory.elements as unknown as Reals
    this.batch = x.shape.slice(0, -2)
    ;[this.rows, this.columns] = x.shape.slice(-2)
  }

  /** The matrices as an array, which has the memory from then on. */
  toArray(): NDArray {
    const shape = [...this.batch, this.rows, this.columns]
    return arrayOf({ dtype: this.dtype, shape, strides: stridesOf(shape), offset: 0, memory: this.#memory })
  }

  /** Gives the memory back, of which nothing is read any more. */
  release(): void {
    this.#memory.release()
  }

  *[Symbol.iterator](): Generator<Matrix> {
    const { elements, rows, columns, batch } = this
    const { parts } = infoOf(this.dtype)
    for (let k = 0; k < sizeOf(batch); k++) yield matrixOf(elements, rows, columns, k * rows * columns, columns, parts)
  }
}

/** Square ones. */
export function squares(x: Operand, call: string, argument = 'x'): Stack {
  const array = toArray(x, call, argument)
  const stack = new Stack(array, call, argument)
  if (stack.rows !== stack.columns)
    throw new ShapeError(call, `${argument} must be square, not of shape ${shapeText(array.shape)}.`, [array.shape])
  return stack
}

/** A new array of the matrices that are written into it; of zeros, or `unset`, for who writes all elements. */
export function made(
  dtype: Computed,
  batch: Shape,
  rows: number,
  columns: number,
  content: 'zeros' | 'unset' = 'zeros',
): { array: NDArray; matrices: Matrix[] } {
  const shape = [...batch, rows, columns]
  const memory = allocate(dtype, sizeOf(shape), 'linalg', content)
  const elements = memory.elements as unknown as Reals
  const { parts } = infoOf(dtype)
  const matrices = Array.from({ length: sizeOf(batch) }, (_, k) =>
    matrixOf(elements, rows, columns, k * rows * columns, columns, parts),
  )
  return { array: arrayOf({ dtype, shape, strides: stridesOf(shape), offset: 0, memory }), matrices }
}

export const overElements = (stack: Stack): NDArray => stack.toArray()

/** An array over elements. */
export const reshapeOf = (elements: Reals, shape: Shape, dtype: Computed): NDArray =>
  arrayOf({ dtype, shape, strides: stridesOf(shape), offset: 0, memory: new Memory(elements as unknown as Elements) })

/** Copies a matrix that has no gaps into one of an array. */
export const put = (from: Matrix, into: Matrix): void => into.array.set(from.array, into.at * into.parts)

/** The dtype in which two operands are computed. */
export const met = (a: DType, b: DType, call: string): Computed =>
  promote(computedIn(a, call), computedIn(b, call)) as Computed

export const endless = (call: string) => new LinearAlgebraError(call, 'the iteration did not converge.')

/** Scales a matrix by a power of two if its elements are so large or small that products of them overflow or vanish. @returns what values are to be multiplied by */
export function bringNearOne(matrix: Matrix, call: string): number {
  const { array, at, rows, columns, stride } = numbersOf(matrix)
  let most = 0
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const size = Math.abs(array[at + i * stride + j])
      if (!(size <= Number.MAX_VALUE))
        throw new LinearAlgebraError(call, `the matrix has an element that is ${array[at + i * stride + j]}.`, i)
      if (size > most) most = size
    }
  }
  const exponent = Math.max(-1000, Math.floor(Math.log2(most)))
  if (most === 0 || Math.abs(exponent) < (array instanceof Float32Array ? 20 : 200)) return 1
  const factor = 2 ** -exponent
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) array[at + i * stride + j] *= factor
  return 2 ** exponent
}

/** Makes a matrix symmetric, or Hermitian: one triangle is copied to the other. */
export function mirror({ array, at, rows, stride, parts }: Matrix, upper: boolean, hermitian = true): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < i; j++) {
      const [below, above] = [(at + i * stride + j) * parts, (at + j * stride + i) * parts]
      const [from, to] = upper ? [above, below] : [below, above]
      array[to] = array[from]
      if (parts === 2) array[to + 1] = hermitian ? -array[from + 1] : array[from + 1]
    }
    if (parts === 2 && hermitian) array[2 * (at + i * (stride + 1)) + 1] = 0
  }
}
