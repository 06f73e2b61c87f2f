/**
 * `nd.fft`: discrete Fourier transforms, as the `fft` extension of the array API standard says. Of any length, along any axis; what is in front and behind is a batch. float32 and complex64 are
 * computed as such, float64 and complex128 likewise; float16 as float32, whole numbers and booleans as float64. Lengths of primes up to 13 take time in proportion to n·log n, others
 * several times as much. An element's error is a few units of rounding, relative to the largest.
 */

import { ArgumentError } from '@skein/base'
import { type ComplexType, complexOf, type DType, type FloatType, isComplex, partOf } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import { type Runs, runAll } from '../expression/launch.ts'
import { asLeaf, type Node, type View, wholeOf } from '../expression/node.ts'
import { transformingReals, transformingToReals } from '../fourier/real.ts'
import { transforming } from '../fourier/transform.ts'
import { viewAt } from '../indexing/basic.ts'
import { arrayOf, NDArray } from '../ndarray.ts'
import { checkAxis, checkShape, sizeOf } from '../shape.ts'
import { zeros } from './creation.ts'
import { conj, real } from './elementwise.ts'
import { concat } from './joining.ts'
import { type Operand, toArray } from './operands.ts'
import { flip } from './shaping.ts'

type Along = Readonly<Record<'axis' | 'n', number>>

/** Where 1/n stands: before the inverse (`backward`), before the other one (`forward`), or √(1/n) before both. */
export type Norm = 'backward' | 'ortho' | 'forward'

export interface FourierOptions {
  /** The length to which the axis is cut off, or filled with zeros. Default its own. */
  n?: number
  /** Default −1, the last. */
  axis?: number
  /** Default `backward`. */
  norm?: Norm
}

/** What a function does when nothing is said. */
interface Usual {
  readonly call: string
  /** Results are divided by n. */
  readonly divides: boolean
  /** The length of a signal, given that of its axis. */
  readonly length?: (axis: number) => number
}

function scaleOf(norm: unknown, n: number, { call, divides }: Usual): number {
  if (norm === undefined || norm === 'backward') return divides ? 1 / n : 1
  if (norm === 'forward') return divides ? 1 : 1 / n
  if (norm === 'ortho') return 1 / Math.sqrt(n)
  throw new ArgumentError(call, 'norm', "'backward', 'ortho' or 'forward'", norm)
}

interface Signal {
  readonly array: NDArray
  readonly axis: number
  /** Its length. */
  readonly n: number
  /** Of its transform. */
  readonly dtype: ComplexType
  readonly scale: number
}

function signalOf(x: Operand, { n, axis = -1, norm }: FourierOptions, usual: Usual): Signal {
  const { call, length = (own: number) => own } = usual
  const array = toArray(x, call)
  const d = checkAxis(axis, array.shape, call)
  if (n !== undefined && (!Number.isSafeInteger(n) || n < 1))
    throw new ArgumentError(call, 'n', 'a whole number from 1', n)
  const found = n ?? length(array.shape[d])
  if (found < 1)
    throw new ShapeError(
      call,
      `axis ${axis} of the shape ${shapeText(array.shape)} has ${array.shape[d]} elements, too few for a transform.`,
      [array.shape],
      'Name the length: n.',
    )
  const [most] = checkShape([found], call)
  return { array, axis: d, n: most, dtype: complexOf(array.dtype), scale: scaleOf(norm, found, usual) }
}

/** Up to so many elements that are there are transformed at once: to write down what is to be done takes as long as to do it. */
const mostAtOnce = 4096

/** An array that is computed as a whole. */
function computed<D extends DType>(dtype: D, x: NDArray, lengths: Along, evaluating: (x: Node) => Runs<View>) {
  const { node } = x
  const shape = checkShape(x.shape.with(lengths.axis, lengths.n), 'fft')
  if (x.size <= mostAtOnce && sizeOf(shape) <= mostAtOnce && asLeaf(node) !== undefined)
    return arrayOf(runAll(evaluating(node))) as NDArray<D>
  return new NDArray<D>(wholeOf(dtype, shape, [node], () => evaluating(node)))
}

function complexTransform({ array, axis, n, dtype, scale }: Signal, forward: boolean): NDArray<ComplexType> {
  const along = { axis, n, scale, forward }
  return computed(dtype, array, along, node => transforming(node, dtype, along))
}

/** The first half of the transform of reals. */
function realTransform(signal: Signal, call: string): NDArray<ComplexType> {
  const { array, axis, n, dtype, scale } = signal
  if (isComplex(array.dtype))
    throw new DTypeError(call, 'real numbers', [array.dtype], 'Take nd.real(x), or a transform of complex numbers.')
  const half = { axis, n: Math.floor(n / 2) + 1 }
  if (n % 2 === 1) return firstOf(complexTransform(signal, true), half) as NDArray<ComplexType>
  return computed(dtype, array, half, node => transformingReals(node, dtype, { axis, n, scale }))
}

/** The reals whose transform an array is the first half of. */
function toReals(signal: Signal, call: string): NDArray<FloatType> {
  const { array, axis, n, dtype, scale } = signal
  const along = { axis, n, scale }
  const reals = partOf(dtype)
  if (n % 2 === 0) return computed(reals, array, along, node => transformingToReals(node, dtype, along))
  // The other half: conjugate, the other way around. Of zeros where there is no first one.
  const half = (n + 1) / 2
  const has = Math.min(half, array.shape[axis])
  const given = firstOf(array, { axis, n: has })
  const filled = has < half ? [given, zeros(array.shape.with(axis, half - has), { dtype })] : [given]
  const first = concat(filled, { axis })
  const later = conj(flip(arrayOf(viewAt(first.view, [...spans(axis), { begin: 1 }], call)), axis))
  return real(complexTransform({ ...signal, array: concat([first, later], { axis }) }, false)) as NDArray<FloatType>
}

const spans = (axis: number) => Array.from({ length: axis }, () => ({}))

const firstOf = (x: NDArray, { axis, n }: Along): NDArray =>
  arrayOf(viewAt(x.view, [...spans(axis), { begin: 0, end: n }], 'fft'))

const halved = (length: number) => 2 * (length - 1)

/** X[k] = Σ x[j]·e^(−2πi·jk/n). @throws ShapeError, ArgumentError */
export const fft = (x: Operand, options: FourierOptions = {}): NDArray<ComplexType> =>
  complexTransform(signalOf(x, options, { call: 'fft', divides: false }), true)

/** Its inverse: x[j] = 1/n · Σ X[k]·e^(2πi·jk/n). @throws ShapeError, ArgumentError */
export const ifft = (x: Operand, options: FourierOptions = {}): NDArray<ComplexType> =>
  complexTransform(signalOf(x, options, { call: 'ifft', divides: true }), false)

/** The first ⌊n/2⌋ + 1 elements of the transform of reals; the others are their conjugates. @throws DTypeError for complex numbers; ShapeError, ArgumentError */
export const rfft = (x: Operand, options: FourierOptions = {}): NDArray<ComplexType> =>
  realTransform(signalOf(x, options, { call: 'rfft', divides: false }), 'rfft')

/**
 * Its inverse: n reals, of the first ⌊n/2⌋ + 1 elements of their transform. Default for n: an even number, twice the length less 2. Imaginary parts that the transform of reals has not, of the first
 * element and of an even n's middle one, are not looked at. @throws ShapeError, ArgumentError
 */
export const irfft = (x: Operand, options: FourierOptions = {}): NDArray<FloatType> =>
  toReals(signalOf(x, options, { call: 'irfft', divides: true, length: halved }), 'irfft')

/** The transform, which is real, of a signal that is its own conjugate backwards, given its first ⌊n/2⌋ + 1 elements. Default for n: an even number, twice the length less 2. */
export const hfft = (x: Operand, options: FourierOptions = {}): NDArray<FloatType> =>
  toReals(signalOf(conj(x), options, { call: 'hfft', divides: false, length: halved }), 'hfft')

/** Its inverse: of n reals the first ⌊n/2⌋ + 1 elements of a signal that is its own conjugate backwards. @throws DTypeError for complex numbers */
export const ihfft = (x: Operand, options: FourierOptions = {}): NDArray<ComplexType> =>
  conj(realTransform(signalOf(x, options, { call: 'ihfft', divides: true }), 'ihfft')) as NDArray<ComplexType>
