/** Differences of neighbours. */

import { ArgumentError } from '@skein/base'
import { ShapeError, shapeText } from '../errors.ts'
import { viewAt } from '../indexing/basic.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { checkAxis } from '../shape.ts'
import { asarray, type Nested } from './creation.ts'
import { notEqual, subtract } from './elementwise.ts'
import { concat } from './joining.ts'
import { type Operand, toArray } from './operands.ts'
import { broadcastTo } from './shaping.ts'

export interface DiffOptions {
  /** Default −1, the last. */
  axis?: number
  /** How often differences are taken, of differences from the second time on. */
  n?: number
  /** Elements before or behind those of the array, along the axis. */
  prepend?: Operand | Nested
  append?: Operand | Nested
}

/** Each element minus the one before it along an axis, which is shorter by one; of booleans whether they differ. */
export function diff(x: Operand, { axis = -1, n = 1, prepend, append }: DiffOptions = {}): NDArray {
  const given = toArray(x, 'diff')
  if (given.ndim === 0) throw new ShapeError('diff', `takes arrays with an axis, not of shape ${shapeText([])}.`, [[]])
  const d = checkAxis(axis, given.shape, 'diff')
  if (!Number.isSafeInteger(n) || n < 0) throw new ArgumentError('diff', 'n', 'a whole number from 0', n)
  let array = widened(given, d, prepend, append)
  for (let k = 0; k < n; k++) {
    const span = (begin: number, end?: number) => {
      const indices = [...array.shape.slice(0, d).map(() => ({})), { begin, end }]
      return arrayOf(viewAt(array.view, indices, 'diff'))
    }
    const [later, earlier] = [span(1), span(0, Math.max(0, array.shape[d] - 1))]
    array = array.dtype === 'bool' ? notEqual(later, earlier) : subtract(later, earlier)
  }
  return array
}

function widened(x: NDArray, d: number, prepend: DiffOptions['prepend'], append: DiffOptions['append']): NDArray {
  if (prepend === undefined && append === undefined) return x
  const beside = (y: Operand | Nested): NDArray => {
    const array = typeof y === 'number' ? asarray(y, { dtype: x.dtype }) : asarray(y as Nested)
    return array.ndim === 0 ? broadcastTo(array, x.shape.with(d, 1)) : array
  }
  const list = [...(prepend === undefined ? [] : [beside(prepend)]), x]
  if (append !== undefined) list.push(beside(append))
  return concat(list, { axis: d })
}
