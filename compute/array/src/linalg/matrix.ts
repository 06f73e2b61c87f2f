/** Matrices in typed arrays, rows one behind the other, as linear algebra works on them. */

export type Reals = Float32Array | Float64Array

/** Element (i, j) is `array[at + i * stride + j]`; of a complex matrix it is the pair at twice that. A block of a larger matrix is one too. */
export interface Matrix {
  readonly array: Reals
  readonly at: number
  readonly rows: number
  readonly columns: number
  readonly stride: number
  /** Numbers of an element: 2 of a complex matrix, real and imaginary part. */
  readonly parts: 1 | 2
}

export const matrixOf = (
  array: Reals,
  rows: number,
  columns: number,
  at = 0,
  stride = columns,
  parts: 1 | 2 = 1,
): Matrix => ({ array, at, rows, columns, stride, parts })

/** Rows from i, columns from j, so many of each. They share memory. */
export const block = (m: Matrix, i: number, j: number, rows: number, columns: number): Matrix =>
  matrixOf(m.array, rows, columns, m.at + i * m.stride + j, m.stride, m.parts)

/** The numbers of a matrix: of a complex one a real matrix of twice as many columns. What combines rows by real factors works on it as it is. They share memory. */
export const numbersOf = (m: Matrix): Matrix =>
  m.parts === 1 ? m : matrixOf(m.array, m.rows, 2 * m.columns, 2 * m.at, 2 * m.stride)

/** A matrix of zeros of the same kind of numbers. */
export function zerosLike(m: Matrix, rows: number, columns: number): Matrix {
  const Reals = m.array.constructor as Float64ArrayConstructor
  return matrixOf(new Reals(rows * columns * m.parts), rows, columns, 0, columns, m.parts)
}

/** Aᵀ, a copy; of complex numbers, too, without conjugation. */
export function transposed(m: Matrix): Matrix {
  const t = zerosLike(m, m.columns, m.rows)
  const { array, at, rows, columns, stride, parts } = m
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      for (let p = 0; p < parts; p++) t.array[(j * rows + i) * parts + p] = array[(at + i * stride + j) * parts + p]
  return t
}

/** Conjugates elements in place; real ones stay. */
export function conjugate({ array, at, rows, columns, stride, parts }: Matrix): void {
  if (parts === 1) return
  for (let i = 0; i < rows; i++) {
    const row = 2 * (at + i * stride) + 1
    for (let j = 0; j < columns; j++) array[row + 2 * j] = -array[row + 2 * j]
  }
}

/** The largest relative error of one rounding. */
export const epsilonOf = (array: Reals): number => (array instanceof Float32Array ? 2 ** -24 : 2 ** -53)
