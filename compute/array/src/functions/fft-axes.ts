/** Fourier transforms along several axes, one after the other. */

import { ArgumentError } from '@skein/base'
import type { ComplexType, FloatType } from '../dtypes.ts'
import type { NDArray } from '../ndarray.ts'
import { checkAxis } from '../shape.ts'
import { fft, ifft, irfft, type Norm, rfft } from './fft.ts'
import { type Operand, toArray } from './operands.ts'

export interface FourierAxesOptions {
  /** The length to which each axis is cut off, or filled with zeros; −1 its own. Default their own. */
  s?: readonly number[]
  /** Default: all; with `s` as many of the last as it has lengths. Those of the functions of two axes: the last two. */
  axes?: readonly number[]
  /** Default `backward`. */
  norm?: Norm
}

interface Axis {
  readonly axis: number
  readonly n: number | undefined
}

/** In order. @throws ArgumentError, ShapeError */
function axesOf(array: NDArray, { s, axes }: FourierAxesOptions, call: string, usual?: number): Axis[] {
  const { shape } = array
  if (s !== undefined && !(Array.isArray(s) && s.every(n => Number.isSafeInteger(n) && (n >= 1 || n === -1))))
    throw new ArgumentError(call, 's', 'a list of whole numbers from 1, or −1', s)
  const count = s?.length ?? usual ?? shape.length
  const last = () => Array.from({ length: count }, (_, k) => k - count)
  if (axes !== undefined && !Array.isArray(axes)) throw new ArgumentError(call, 'axes', 'a list of whole numbers', axes)
  const given = (axes ?? last()).map(axis => checkAxis(axis, shape, call, 'axes'))
  if (new Set(given).size !== given.length) throw new ArgumentError(call, 'axes', 'different axes', axes)
  if (s !== undefined && s.length !== given.length)
    throw new ArgumentError(call, 's', `as many lengths as there are axes: ${given.length}`, s)
  return given.map((axis, k) => ({ axis, n: s === undefined || s[k] === -1 ? undefined : s[k] }))
}

const needed = (axes: Axis[], call: string): Axis[] => {
  if (axes.length === 0) throw new ArgumentError(call, 'axes', 'at least one axis', [])
  return axes
}

type Transform = (x: Operand, options: { axis: number; n?: number; norm?: Norm }) => NDArray

const along = (x: NDArray, axes: readonly Axis[], transform: Transform, norm: Norm | undefined): NDArray =>
  axes.reduceRight((y, { axis, n }) => transform(y, { axis, n, norm }), x)

function complexAxes(x: Operand, options: FourierAxesOptions, call: string, transform: Transform, usual?: number) {
  const array = toArray(x, call)
  const axes = needed(axesOf(array, options, call, usual), call)
  return along(array, axes, transform, options.norm) as NDArray<ComplexType>
}

/** Of reals: the last axis first, which is then halved. */
function fromReals(x: Operand, options: FourierAxesOptions, call: string, usual?: number): NDArray<ComplexType> {
  const array = toArray(x, call)
  const axes = needed(axesOf(array, options, call, usual), call)
  const [rest, last] = [axes.slice(0, -1), axes[axes.length - 1]]
  const half = rfft(array, { ...last, norm: options.norm })
  return along(half, rest, fft, options.norm) as NDArray<ComplexType>
}

function toReals(x: Operand, options: FourierAxesOptions, call: string, usual?: number): NDArray<FloatType> {
  const array = toArray(x, call)
  const axes = needed(axesOf(array, options, call, usual), call)
  const [rest, last] = [axes.slice(0, -1), axes[axes.length - 1]]
  return irfft(along(array, rest, ifft, options.norm), { ...last, norm: options.norm })
}

/** The transform along several axes. @throws ShapeError, ArgumentError */
export const fftn = (x: Operand, options: FourierAxesOptions = {}): NDArray<ComplexType> =>
  complexAxes(x, options, 'fftn', fft)
/** Its inverse. */
export const ifftn = (x: Operand, options: FourierAxesOptions = {}): NDArray<ComplexType> =>
  complexAxes(x, options, 'ifftn', ifft)
/** Of reals: the last of the axes has the first ⌊n/2⌋ + 1 elements. @throws DTypeError for complex numbers */
export const rfftn = (x: Operand, options: FourierAxesOptions = {}): NDArray<ComplexType> =>
  fromReals(x, options, 'rfftn')
/** Its inverse, of reals. Default for the last of the axes: an even length, twice its own less 2. */
export const irfftn = (x: Operand, options: FourierAxesOptions = {}): NDArray<FloatType> =>
  toReals(x, options, 'irfftn')

/** `fftn` of the last two axes. */
export const fft2 = (x: Operand, options: FourierAxesOptions = {}): NDArray<ComplexType> =>
  complexAxes(x, options, 'fft2', fft, 2)
/** `ifftn` of the last two axes. */
export const ifft2 = (x: Operand, options: FourierAxesOptions = {}): NDArray<ComplexType> =>
  complexAxes(x, options, 'ifft2', ifft, 2)
/** `rfftn` of the last two axes. */
export const rfft2 = (x: Operand, options: FourierAxesOptions = {}): NDArray<ComplexType> =>
  fromReals(x, options, 'rfft2', 2)
/** `irfftn` of the last two axes. */
export const irfft2 = (x: Operand, options: FourierAxesOptions = {}): NDArray<FloatType> =>
  toReals(x, options, 'irfft2', 2)
