/** Transforms of an array along an axis. */

import { type ComplexType, type DType, isComplex, partOf } from '../dtypes.ts'
import { evaluateInto, evaluating } from '../expression/evaluate.ts'
import type { Run, Runs } from '../expression/launch.ts'
import { apply, leafOf, type Node, type View } from '../expression/node.ts'
import { astype } from '../expression/operations/astype.ts'
import { allocate, type Memory } from '../memory.ts'
import { isContiguous, type Shape, sizeOf, stridesOf } from '../shape.ts'
import { transformByChirps } from './bluestein.ts'
import { isSmooth } from './factors.ts'
import { inOrder, type Lines, type Work } from './lines.ts'
import type { Form, Points, Real, Reals } from './passes.ts'
import { isFew, transformFew } from './small.ts'
import { transformSmooth } from './stockham.ts'

/** Along an axis to a length: longer axes are cut off, shorter ones filled with zeros. */
export interface Along {
  readonly axis: number
  readonly n: number
  /** Of each result. */
  readonly scale: number
}

export const typeOf = (dtype: ComplexType): Real => (dtype === 'complex64' ? 'f32' : 'f64')

const none: readonly Run[] = []

/** The launches that transform lines; few points are transformed here and now. */
export function transformLines(work: Work): Iterable<Run> {
  if (isFew(work)) {
    transformFew(work)
    return none
  }
  return isSmooth(work.n) ? transformSmooth(work) : transformByChirps(work)
}

/** What a transform along an axis reads and writes: the lengths of axes in front and behind are put together. */
export const linesOf = (shape: Shape, axis: number, n: number): Lines => ({
  n,
  outer: sizeOf(shape.slice(0, axis)),
  inner: sizeOf(shape.slice(axis + 1)),
})

const over = (dtype: DType, shape: Shape, memory: Memory): View => ({
  dtype,
  shape,
  strides: stridesOf(shape),
  offset: 0,
  memory,
})

/** A new array in C order, of undefined elements. */
export const made = (dtype: DType, shape: Shape): View =>
  over(dtype, shape, allocate(dtype, sizeOf(shape), 'fft', 'unset'))

export const pointsOf = ({ memory, offset }: View, form: Form): Points => ({
  form,
  arrays: [memory.elements as unknown as Reals],
  offset,
})

/** The elements in C order and as `dtype`, at least n along the axis: as they lie, or a copy with zeros behind. */
export function prepared(view: View, dtype: DType, axis: number, n: number): View {
  const { shape } = view
  const isThere = shape[axis] >= n
  if (isThere && view.dtype === dtype && isContiguous(shape, view.strides)) return view
  const used = Math.min(n, shape[axis])
  const filled = shape.with(axis, n)
  const whole = isThere ? made(dtype, filled) : over(dtype, filled, allocate(dtype, sizeOf(filled), 'fft'))
  const source = leafOf({ ...view, shape: shape.with(axis, used) })
  const target = { ...whole, shape: source.shape }
  if (sizeOf(target.shape) === 0) return whole
  source.box.readers++
  evaluateInto(apply(astype(dtype), [source], dtype, target.shape), target)
  source.box.readers--
  return whole
}

/** A complex transform: forward e^(−2πi·jk/n), else e^(2πi·jk/n). @param dtype of the result */
export function* transforming(
  x: Node,
  dtype: ComplexType,
  { axis, n, scale, forward }: Along & { readonly forward: boolean },
): Runs<View> {
  const given = yield* evaluating(x)
  const isReal = !isComplex(given.dtype)
  const source = prepared(given, isReal ? partOf(dtype) : dtype, axis, n)
  const found = made(dtype, source.shape.with(axis, n))
  if (sizeOf(found.shape) === 0) return found
  const lines = linesOf(source.shape, axis, n)
  // Exchanging real and imaginary parts turns the direction around.
  const complex: Form = forward ? 'pairs' : 'swapped'
  const real: Form = forward ? 'reals' : 'imaginaries'
  const from = inOrder(pointsOf(source, isReal ? real : complex), lines, source.shape[axis])
  const to = inOrder(pointsOf(found, complex), lines)
  yield* transformLines({ ...lines, type: typeOf(dtype), from, to, scale })
  return found
}
