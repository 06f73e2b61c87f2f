/** Matrices that are known by name, and by few numbers. */

import { ArgumentError } from '@skein/base'
import type { DType } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { promote } from '../promotion.ts'
import { checkShape } from '../shape.ts'
import { astype } from './astype.ts'
import { asarray, eye, fromTypedArray, zeros } from './creation.ts'
import * as elementwise from './elementwise.ts'
import { assign, take } from './indexing.ts'
import { concat } from './joining.ts'
import { type Operand, toArray } from './operands.ts'
import { flip, reshape } from './shaping.ts'
import { kron } from './vector-products.ts'

function line(x: Operand, call: string, argument: string): NDArray {
  const array = toArray(x, call, argument)
  if (array.ndim !== 1)
    throw new ShapeError(call, `${argument} must have one axis, not the shape ${shapeText(array.shape)}.`, [
      array.shape,
    ])
  return array
}

function count(n: number, call: string): number {
  if (!Number.isSafeInteger(n) || n < 0) throw new ArgumentError(call, 'n', 'a whole number from 0', n)
  checkShape([n, n], call)
  return n
}

const conjugated = (x: NDArray): NDArray => (x.dtype.startsWith('complex') ? elementwise.conj(x) : x)

/** The matrix whose element (i, j) is element `place(i, j)` of a list. */
function gathered(list: NDArray, m: number, n: number, place: (i: number, j: number) => number): NDArray {
  checkShape([m, n], 'linalg')
  const places = new Int32Array(m * n)
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) places[i * n + j] = place(i, j)
  return reshape(take(list, fromTypedArray(places, [m * n])), [m, n])
}

/** With constant diagonals: `c` is the first column, `r` the first row, whose first element does not count. Without `r` it is that of a Hermitian matrix. @throws ShapeError */
export function toeplitz(c: Operand, r?: Operand): NDArray {
  const column = line(c, 'toeplitz', 'c')
  const row = r === undefined ? conjugated(column) : line(r, 'toeplitz', 'r')
  const dtype = promote(column.dtype, row.dtype)
  const [m, n] = [column.size, row.size]
  if (m * n === 0) return zeros([m, n], { dtype })
  const list = concat([flip(astype(column, dtype)), astype(row, dtype).at({ begin: 1 })])
  return gathered(list, m, n, (i, j) => m - 1 - i + j)
}

/** With constant diagonals from the left up: `c` is the first column, `r` the last row, whose first element does not count; without it zeros. @throws ShapeError */
export function hankel(c: Operand, r?: Operand): NDArray {
  const column = line(c, 'hankel', 'c')
  const row = r === undefined ? zeros([column.size], { dtype: column.dtype }) : line(r, 'hankel', 'r')
  const dtype = promote(column.dtype, row.dtype)
  const [m, n] = [column.size, row.size]
  if (m * n === 0) return zeros([m, n], { dtype })
  const list = concat([astype(column, dtype), astype(row, dtype).at({ begin: 1 })])
  return gathered(list, m, n, (i, j) => i + j)
}

/** Each column is the one before, turned down by one. @throws ShapeError */
export function circulant(c: Operand): NDArray {
  const column = line(c, 'circulant', 'c')
  const n = column.size
  return n === 0 ? zeros([0, 0], { dtype: column.dtype }) : gathered(column, n, n, (i, j) => (i - j + n) % n)
}

/** Matrices along the diagonal, zeros beside them; arrays of one axis are rows. @throws ShapeError */
export function blockDiag(...arrays: Operand[]): NDArray {
  const blocks = arrays.map((x, k) => {
    const array = toArray(x, 'blockDiag', `arrays[${k}]`)
    if (array.ndim > 2)
      throw new ShapeError('blockDiag', `takes matrices, not an array of shape ${shapeText(array.shape)}.`, [
        array.shape,
      ])
    return array.ndim === 2 ? array : reshape(array, [1, -1])
  })
  const dtype = blocks.reduce<DType>((d, b) => promote(d, b.dtype), blocks[0]?.dtype ?? 'float64')
  const [m, n] = [0, 1].map(axis => blocks.reduce((sum, b) => sum + b.shape[axis], 0))
  const found = zeros([m, n], { dtype })
  let [i, j] = [0, 0]
  for (const b of blocks) {
    const [rows, columns] = b.shape
    if (b.size > 0) assign(found.at({ begin: i, end: i + rows }, { begin: j, end: j + columns }), astype(b, dtype))
    i += rows
    j += columns
  }
  return found
}

/** The matrix whose eigenvalues are the roots of a polynomial: its coefficients, of which the first is not 0, from the highest power down. @throws ShapeError; ArgumentError */
export function companion(a: Operand): NDArray {
  const coefficients = line(a, 'companion', 'a')
  if (coefficients.size < 2)
    throw new ShapeError('companion', `takes two coefficients or more, not ${coefficients.size}.`, [coefficients.shape])
  const first = coefficients.at(0)
  if (elementwise.equal(first, 0).item())
    throw new ArgumentError('companion', 'a', 'a first coefficient other than 0', 0)
  const row = elementwise.negative(elementwise.divide(coefficients.at({ begin: 1 }), first)).eval()
  const n = row.size
  return concat([reshape(row, [1, n]), eye(n - 1, n, { dtype: row.dtype as 'float64' })])
}

const filled = (n: number, at: (i: number, j: number) => number): NDArray<'float64'> => {
  const values = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) values[i * n + j] = at(i, j)
  return fromTypedArray(values, [n, n], { dtype: 'float64' })
}

/** 1 / (i + j + 1): badly conditioned. float64 */
export const hilbert = (n: number): NDArray<'float64'> => filled(count(n, 'hilbert'), (i, j) => 1 / (i + j + 1))

/** Binomial coefficients, exact up to 2⁵³. */
function binomial(n: number, k: number): number {
  let found = 1
  for (let i = 1; i <= k; i++) found = (found * (n - k + i)) / i
  return found
}

/** The inverse of `hilbert`, of whole numbers; exact up to n = 12. float64 */
export const invhilbert = (n: number): NDArray<'float64'> =>
  filled(
    count(n, 'invhilbert'),
    (i, j) =>
      ((i + j) % 2 === 0 ? 1 : -1) *
      (i + j + 1) *
      binomial(n + i, n - j - 1) *
      binomial(n + j, n - i - 1) *
      binomial(i + j, i) ** 2,
  )

/** Pascal's triangle: with `kind: 'symmetric'` (the default) elements (i + j choose i), else of its lower or upper triangular factor. float64 */
export function pascal(
  n: number,
  { kind = 'symmetric' }: { kind?: 'symmetric' | 'lower' | 'upper' } = {},
): NDArray<'float64'> {
  if (!['symmetric', 'lower', 'upper'].includes(kind))
    throw new ArgumentError('pascal', 'kind', "'symmetric', 'lower' or 'upper'", kind)
  return filled(count(n, 'pascal'), (i, j) =>
    kind === 'symmetric'
      ? binomial(i + j, i)
      : kind === 'lower'
        ? j <= i
          ? binomial(i, j)
          : 0
        : i <= j
          ? binomial(j, i)
          : 0,
  )
}

/** Of ones and minus ones, with orthogonal rows (Sylvester's). @param n a power of 2 @throws ArgumentError */
export function hadamard(n: number): NDArray {
  if (!Number.isSafeInteger(n) || n < 1 || !Number.isInteger(Math.log2(n)))
    throw new ArgumentError('hadamard', 'n', 'a power of 2', n)
  checkShape([n, n], 'hadamard')
  let found: NDArray = asarray([[1]])
  const two = asarray([
    [1, 1],
    [1, -1],
  ])
  for (let k = 1; k < n; k *= 2) found = kron(two, found)
  return found
}

/** What takes fertilities and survivals to the next generation. @param f of shape [n] @param s [n − 1] @throws ShapeError */
export function leslie(f: Operand, s: Operand): NDArray {
  const [birth, life] = [line(f, 'leslie', 'f'), line(s, 'leslie', 's')]
  if (birth.size < 1 || life.size !== birth.size - 1)
    throw new ShapeError(
      'leslie',
      `s must have one element less than f: ${shapeText(life.shape)} and ${shapeText(birth.shape)}.`,
      [birth.shape, life.shape],
    )
  const n = birth.size
  const dtype = promote(birth.dtype, life.dtype)
  const found = zeros([n, n], { dtype })
  assign(found.at(0), astype(birth, dtype))
  for (let k = 1; k < n; k++) assign(found.at(k, k - 1), astype(life.at(k - 1), dtype))
  return found
}

/** The discrete Fourier transform as a matrix: exp(−2πi·j·k / n), divided by √n (`ortho`) or n (`forward`). complex128 */
export function dft(
  n: number,
  { norm = 'backward' }: { norm?: 'backward' | 'ortho' | 'forward' } = {},
): NDArray<'complex128'> {
  if (!['backward', 'ortho', 'forward'].includes(norm))
    throw new ArgumentError('dft', 'norm', "'backward', 'ortho' or 'forward'", norm)
  const by = norm === 'ortho' ? 1 / Math.sqrt(n) : norm === 'forward' ? 1 / n : 1
  const values = new Float64Array(2 * count(n, 'dft') ** 2)
  for (let j = 0; j < n; j++) {
    for (let k = 0; k < n; k++) {
      const angle = (-2 * Math.PI * ((j * k) % n)) / n
      values[2 * (j * n + k)] = Math.cos(angle) * by
      values[2 * (j * n + k) + 1] = Math.sin(angle) * by
    }
  }
  return fromTypedArray(values, [n, n], { dtype: 'complex128' })
}
