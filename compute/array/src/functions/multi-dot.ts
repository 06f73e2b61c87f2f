/** Products of many matrices, in the order that costs the fewest multiplications. */

import { ArgumentError } from '@skein/base'
import { ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { type Operand, toArray } from './operands.ts'
import { matmul } from './products.ts'
import { expandDims, reshape } from './shaping.ts'

/** Where the chain from one matrix to another is divided first. By dynamic programming (T. Cormen et al., Introduction to Algorithms, 15.2): n³ steps. */
function divisions(sizes: readonly number[]): (from: number, to: number) => number {
  const n = sizes.length - 1
  const cost = Array.from({ length: n }, () => new Float64Array(n))
  const at = Array.from({ length: n }, () => new Int32Array(n))
  for (let length = 1; length < n; length++) {
    for (let i = 0; i + length < n; i++) {
      const j = i + length
      cost[i][j] = Infinity
      for (let k = i; k < j; k++) {
        const found = cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1]
        if (found < cost[i][j]) {
          cost[i][j] = found
          at[i][j] = k
        }
      }
    }
  }
  return (from, to) => at[from][to]
}

/**
 * A·B·…: the first and the last may be vectors, a row and a column.
 * @param x two arrays or more, of shapes [n0, n1], [n1, n2], …
 * @throws ArgumentError; ShapeError where neighbours do not go together
 */
export function multiDot(x: readonly Operand[]): NDArray {
  if (!Array.isArray(x) || x.length < 2) throw new ArgumentError('multiDot', 'x', 'a list of two arrays or more', x)
  const given = x.map((y, k) => toArray(y, 'multiDot', `x[${k}]`))
  const [first, last] = [given[0], given[given.length - 1]]
  const chain = given.map((y, k) => {
    if (y.ndim === 1 && k === 0) return expandDims(y, 0)
    if (y.ndim === 1 && k === given.length - 1) return expandDims(y, 1)
    if (y.ndim !== 2)
      throw new ShapeError('multiDot', `x[${k}] must be a matrix, not of shape ${shapeText(y.shape)}.`, [y.shape])
    return y
  })
  for (let k = 1; k < chain.length; k++)
    if (chain[k - 1].shape[1] !== chain[k].shape[0])
      throw new ShapeError(
        'multiDot',
        `${shapeText(given[k - 1].shape)} and ${shapeText(given[k].shape)} cannot be multiplied: ${chain[k - 1].shape[1]} columns, ${chain[k].shape[0]} rows.`,
        [given[k - 1].shape, given[k].shape],
      )
  const division = divisions([...chain.map(y => y.shape[0]), chain[chain.length - 1].shape[1]])
  const product = (from: number, to: number): NDArray => {
    if (from === to) return chain[from]
    const k = division(from, to)
    return matmul(product(from, k), product(k + 1, to))
  }
  const found = product(0, chain.length - 1)
  return reshape(found, [...first.shape.slice(0, first.ndim - 1), ...last.shape.slice(1)])
}
