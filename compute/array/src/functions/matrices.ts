/** Arrays as stacks of matrices, and back: what functions of linear algebra take and give. */

import { type DType, isComplex, isFloat } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import { type Matrix, matrixOf, type Reals } from '../linalg/matrix.ts'
import { allocate } from '../memory.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { type Shape, sizeOf, stridesOf } from '../shape.ts'
import { astype, copyOf } from './astype.ts'
import { type Operand, toArray } from './operands.ts'
import { reshape } from './shaping.ts'

export type Real = 'float32' | 'float64'

export function computedIn(dtype: DType, call: string): Real {
  if (isComplex(dtype) || dtype === 'float16') throw new DTypeError(call, 'float32, float64 and integers', [dtype])
  return isFloat(dtype) ? (dtype as Real) : 'float64'
}

/** Matrices one behind the other, copied, so that they can be overwritten. */
export class Stack {
  readonly dtype: Real
  readonly batch: Shape
  readonly rows: number
  readonly columns: number
  readonly elements: Reals

  constructor(x: NDArray, call: string, argument = 'x') {
    if (x.ndim < 2)
      throw new ShapeError(call, `${argument} must have two axes or more, not the shape ${shapeText(x.shape)}.`, [
        x.shape,
      ])
    this.dtype = computedIn(x.dtype, call)
    const own = x.dtype === this.dtype ? copyOf(x) : copyOf(astype(x, this.dtype))
    this.elements = own.view.memory.elements as unknown as Reals
    this.batch = x.shape.slice(0, -2)
    ;[this.rows, this.columns] = x.shape.slice(-2)
  }

  *[Symbol.iterator](): Generator<Matrix> {
    const size = this.rows * this.columns
    for (let k = 0; k < sizeOf(this.batch); k++) yield matrixOf(this.elements, this.rows, this.columns, k * size)
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

/** A new array of the matrices that are written into it. */
export function made(dtype: Real, batch: Shape, rows: number, columns: number): { array: NDArray; matrices: Matrix[] } {
  const shape = [...batch, rows, columns]
  const memory = allocate(dtype, sizeOf(shape), 'linalg')
  const elements = memory.elements as unknown as Reals
  const matrices = Array.from({ length: sizeOf(batch) }, (_, k) =>
    matrixOf(elements, rows, columns, k * rows * columns),
  )
  return { array: arrayOf({ dtype, shape, strides: stridesOf(shape), offset: 0, memory }), matrices }
}

export const overElements = (stack: Stack): NDArray => {
  const shape = [...stack.batch, stack.rows, stack.columns]
  return reshapeOf(stack.elements, shape, stack.dtype)
}

export function reshapeOf(elements: Reals, shape: Shape, dtype: Real): NDArray {
  const flat = toArray(elements, 'linalg')
  return reshape(astype(flat, dtype, { copy: false }), shape)
}
