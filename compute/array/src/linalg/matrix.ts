/** Matrices in typed arrays, rows one behind the other, as linear algebra works on them. */

export type Reals = Float32Array | Float64Array

/** Element (i, j) is `array[at + i * stride + j]`. A block of a larger matrix is one too. */
export interface Matrix {
  readonly array: Reals
  readonly at: number
  readonly rows: number
  readonly columns: number
  readonly stride: number
}

export const matrixOf = (array: Reals, rows: number, columns: number, at = 0, stride = columns): Matrix => ({
  array,
  at,
  rows,
  columns,
  stride,
})

/** Rows from i, columns from j, so many of each. They share memory. */
export const block = (m: Matrix, i: number, j: number, rows: number, columns: number): Matrix => ({
  array: m.array,
  at: m.at + i * m.stride + j,
  rows,
  columns,
  stride: m.stride,
})

/** A matrix of zeros of the same kind of numbers. */
export function zerosLike(m: Matrix, rows: number, columns: number): Matrix {
  const Reals = m.array.constructor as Float64ArrayConstructor
  return matrixOf(new Reals(rows * columns), rows, columns)
}

/** Aᵀ, a copy. */
export function transposed({ array, at, rows, columns, stride }: Matrix): Matrix {
  const Reals = array.constructor as Float64ArrayConstructor
  const t = new Reals(rows * columns)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) t[j * rows + i] = array[at + i * stride + j]
  return matrixOf(t, columns, rows)
}

/** The largest relative error of one rounding. */
export const epsilonOf = (array: Reals): number => (array instanceof Float32Array ? 2 ** -24 : 2 ** -53)
