/** Elements by index: views of some, selections by masks and numbers, and writing. */

import { ArgumentError } from '@skein/base'
import { type DType, isInteger } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import { evaluateInto } from '../expression/evaluate.ts'
import { apply, leafOf, type Node } from '../expression/node.ts'
import { astype as conversion } from '../expression/operations/astype.ts'
import { viewAt } from '../indexing/basic.ts'
import { type BasicIndex, parseIndices } from '../indexing/index-text.ts'
import { scatter, selected, selectionOf } from '../indexing/select.ts'
import type { Box } from '../memory.ts'
import { arrayOf, broadcastView, NDArray } from '../ndarray.ts'
import { broadcastShapes, checkAxis, type Shape, sameShape } from '../shape.ts'
import { astype, copyOf } from './astype.ts'
import { asarray, type Nested } from './creation.ts'
import type { Operand } from './operands.ts'
import { wholeNumbers } from './whole-numbers.ts'

/** Text of several indices, or one of them: a whole number, a span, a mask or list of numbers, a new axis (null), '...'. */
export type Index = string | BasicIndex | NDArray | readonly number[]

interface Chosen {
  /** Indices, the whole of an axis for each that the mask or the numbers choose of. */
  readonly basic: readonly BasicIndex[]
  readonly by: NDArray | undefined
  /** The first of those axes, in what `basic` gives. */
  readonly axis: number
}

/** @throws ArgumentError, DTypeError */
function choose(indices: readonly Index[], shape: Shape, call: string): Chosen {
  const basic: BasicIndex[] = []
  let by: NDArray | undefined
  let from = 0
  for (const index of indices) {
    if (typeof index === 'string') basic.push(...parseIndices(index, call))
    else if (index instanceof NDArray || Array.isArray(index)) {
      if (by) throw new ArgumentError(call, 'index', 'one mask or list of numbers', 'several', 'Index twice.')
      by = index instanceof NDArray ? index : wholeNumbers(index as Nested, call, 'index')
      if (by.dtype !== 'bool' && !isInteger(by.dtype))
        throw new DTypeError(call, 'booleans or integers as indices', [by.dtype])
      from = basic.length
      for (let d = 0; d < (by.dtype === 'bool' ? by.ndim : 1); d++) basic.push({})
    } else if (typeof index === 'number' || typeof index === 'object') basic.push(index as BasicIndex)
    else
      throw new ArgumentError(call, 'index', 'text, a whole number, a span, null, a mask or a list of numbers', index)
  }
  // Whole numbers take their axis away, '...' stands for those that are left.
  const rest = shape.length - basic.filter(i => i !== null && i !== '...').length
  const lengths = basic.slice(0, from).map((i): number => (typeof i === 'number' ? 0 : i === '...' ? rest : 1))
  return { basic, by, axis: lengths.reduce((sum, n) => sum + n, 0) }
}

/**
 * Elements by index. Whole numbers, spans and new axes give a view; a mask or a list of numbers a new array.
 * @throws ShapeError for too many indices and those out of range; ArgumentError; DTypeError
 */
export function at<D extends DType>(x: NDArray<D>, ...indices: Index[]): NDArray<D> {
  const { basic, by, axis } = choose(indices, x.shape, 'at')
  const view = viewAt(x.view, basic, 'at')
  return arrayOf<D>(by ? selected(view, by.view, axis, 'at') : view)
}

/** Elements at whole numbers along an axis, which becomes those of the numbers; without `axis` of an array of one axis. @throws ShapeError */
export function take<D extends DType>(
  x: NDArray<D>,
  indices: Operand | readonly number[],
  { axis }: { axis?: number } = {},
): NDArray<D> {
  if (axis === undefined && x.ndim !== 1)
    throw new ArgumentError('take', 'axis', `named for an array of ${x.ndim} axes`, axis)
  const d = checkAxis(axis ?? 0, x.shape, 'take')
  const numbers = wholeNumbers(indices as Nested, 'take')
  if (!isInteger(numbers.dtype)) throw new DTypeError('take', 'integers as indices', [numbers.dtype])
  return arrayOf<D>(selected(x.view, numbers.view, d, 'take'))
}

/** Values of an array's dtype, of a shape that broadcasts to another. @throws ShapeError */
function valuesFor(values: unknown, dtype: DType, shape: Shape, call: string) {
  const array = astype(asarray(values as Nested), dtype, { copy: false })
  if (!sameShape(broadcastShapes([array.shape, shape], call), shape))
    throw new ShapeError(call, `values of shape ${shapeText(array.shape)} do not fit into ${shapeText(shape)}.`, [
      array.shape,
      shape,
    ])
  return array
}

/**
 * Writes values into all elements of an array, or through a view into the array that it shows. They are broadcast, and converted as by `astype`.
 * @throws ShapeError, DTypeError
 */
export function assign<D extends DType>(x: NDArray<D>, values: Operand | Nested): NDArray<D> {
  const target = x.view
  const given = valuesFor(values, x.dtype, x.shape, 'assign')
  const { node } = given
  // A tree that does not read what is written is computed where it is to be.
  if (node.is === 'apply' && node.result === undefined && !reads(node, target.memory.box)) {
    const isSame = node.dtype === x.dtype && sameShape(node.shape, x.shape)
    evaluateInto(isSame ? node : apply(conversion(x.dtype), [node], x.dtype, x.shape), target)
    return x
  }
  // What is read and written at once is copied first.
  const source = given.view.memory === target.memory ? copyOf(given).view : given.view
  const leaf = leafOf(broadcastView(source, x.shape))
  evaluateInto(apply(conversion(x.dtype), [leaf], x.dtype, x.shape), target)
  return x
}

/** Whether a tree has elements of this memory, or may have: of what is computed before it. */
const reads = (node: Node, box: Box): boolean => {
  if (node.is === 'leaf') return node.box === box
  if (node.is === 'scalar') return false
  if (node.result !== undefined) return node.result.memory.box === box
  return node.is === 'whole' || node.operands.some(x => reads(x, box))
}

/** Writes values at an index, or several in a list: `set(x, '1:-1', 0)`, `set(x, nd.less(x, 0), 0)`, `set(x, [0, '::2'], y)`. @throws as `at` and `assign` */
export function set<D extends DType>(
  x: NDArray<D>,
  index: Index | readonly Index[],
  values: Operand | Nested,
): NDArray<D> {
  const isList = Array.isArray(index) && !index.every(i => typeof i === 'number')
  const { basic, by, axis } = choose((isList ? index : [index]) as Index[], x.shape, 'set')
  const part = viewAt(x.view, basic, 'set')
  if (by === undefined) {
    assign(arrayOf<D>(part), values)
    return x
  }
  const selection = selectionOf(part, by.view, axis, 'set')
  const shape = [...selection.shape, ...selection.inner.shape]
  const given = valuesFor(values, x.dtype, shape, 'set')
  const source = given.view.memory === part.memory ? copyOf(given) : given
  scatter(part, selection, broadcastView(source.view, shape))
  return x
}
