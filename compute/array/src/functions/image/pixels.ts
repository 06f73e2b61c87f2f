/**
 * Images as arrays: rows and columns are the first two axes. Axes behind them are channels, or images of a stack, each of which is worked on for itself.
 */

import { ArgumentError } from '@skein/base'
import { type DType, infoOf, isFloat, isInteger } from '../../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../../errors.ts'
import type { NDArray } from '../../ndarray.ts'
import { type Shape, sizeOf } from '../../shape.ts'
import { astype } from '../astype.ts'
import { type Operand, toArray } from '../operands.ts'
import type { Lines } from './borders.ts'

export interface Pixels {
  /** Of a dtype that kernels read as it is: booleans are uint8, a float16 float32. */
  readonly array: NDArray
  readonly shape: Shape
  readonly rows: number
  readonly columns: number
  /** Elements behind a pixel's place. */
  readonly inner: number
  /** As given. */
  readonly dtype: DType
  /** The float that sums are made in: float32 holds integers of 16 bits and less. */
  readonly work: 'float32' | 'float64'
}

/** @throws ShapeError for fewer than two axes; DTypeError for complex numbers and integers of 64 bits */
export function pixelsOf(x: Operand, call: string, argument = 'x'): Pixels {
  const array = toArray(x, call, argument)
  const { dtype, shape } = array
  if (array.ndim < 2)
    throw new ShapeError(
      call,
      `${argument} must have rows and columns as its first axes, not the shape ${shapeText(shape)}.`,
      [shape],
    )
  const { type, kind, bits } = infoOf(dtype)
  if (kind === 'complex' || type === 'i64')
    throw new DTypeError(call, 'booleans, integers of up to 32 bits and floats', [dtype])
  const work = dtype === 'float64' || (kind !== 'float' && bits > 16) ? 'float64' : 'float32'
  const stored = dtype === 'bool' ? 'uint8' : dtype === 'float16' ? 'float32' : dtype
  return {
    array: stored === dtype ? array : astype(array, stored),
    shape,
    rows: shape[0],
    columns: shape[1],
    inner: sizeOf(shape.slice(2)),
    dtype,
    work,
  }
}

/** The same as floats. */
export function floatPixels(x: Operand, call: string): Pixels {
  const pixels = pixelsOf(x, call)
  return { ...pixels, array: astype(pixels.array, pixels.work, { copy: false }) }
}

/** @throws ShapeError unless there are rows and columns alone */
export function checkPlane({ shape }: Pixels, call: string): void {
  if (shape.length !== 2)
    throw new ShapeError(
      call,
      `takes images of two axes, not of shape ${shapeText(shape)}.`,
      [shape],
      'Take a channel, or nd.image.rgb2gray.',
    )
}

/** How rows (0) or columns (1) lie in C order. */
export const linesAlong = ({ rows, columns, inner }: Pixels, axis: 0 | 1): Lines =>
  axis === 0 ? { outer: 1, n: rows, inner: columns * inner } : { outer: rows, n: columns, inner }

/** @throws ArgumentError */
export function checkAlong(axis: unknown, call: string): 0 | 1 {
  if (axis !== 0 && axis !== 1) throw new ArgumentError(call, 'axis', '0 (down the rows) or 1 (along them)', axis)
  return axis
}

/** Of one number or two, for rows and columns. @throws ArgumentError */
export function pairOf(
  given: unknown,
  call: string,
  name: string,
  isRight: (x: number) => boolean,
  expected: string,
): readonly [number, number] {
  const pair = Array.isArray(given) ? given : [given, given]
  if (pair.length !== 2 || !pair.every(x => typeof x === 'number' && isRight(x)))
    throw new ArgumentError(call, name, `${expected}, or a pair of such, for rows and columns`, given)
  return pair as unknown as [number, number]
}

/** The most weights along an axis. */
export const mostWeights = 2 ** 20

export const isCount = (x: number): boolean => Number.isSafeInteger(x) && x >= 1

/** How sums of floats become elements of a dtype: whole numbers are rounded, halves up, and kept in its range. */
export interface Storing {
  readonly whole: boolean
  readonly low: number
  readonly high: number
}

export function storingOf(dtype: DType): Storing {
  if (dtype === 'bool' || !isInteger(dtype)) return { whole: false, low: 0, high: 0 }
  const { bits, kind } = infoOf(dtype)
  return kind === 'signed'
    ? { whole: true, low: -(2 ** (bits - 1)), high: 2 ** (bits - 1) - 1 }
    : { whole: true, low: 0, high: 2 ** bits - 1 }
}

/** In which filters give their results: booleans are numbers from 0 to 1. */
export const filteredType = (dtype: DType): DType => (dtype === 'bool' ? 'float32' : dtype)

/** Which array a kernel writes for it. */
export const storedAs = (dtype: DType): DType => (dtype === 'float16' ? 'float32' : dtype === 'bool' ? 'uint8' : dtype)

export const isFloating = (dtype: DType): boolean => isFloat(dtype)
