/** Images turned, moved, and seen from elsewhere, as `scipy.ndimage` has them. Places are rows and columns, from 0 at the middle of the first pixel. */

import { ArgumentError } from '@skein/base'
import { ShapeError, shapeText } from '../../errors.ts'
import { viewAt } from '../../indexing/basic.ts'
import { arrayOf, type NDArray } from '../../ndarray.ts'
import { checkShape, type Shape } from '../../shape.ts'
import { astype } from '../astype.ts'
import { computed } from '../computing.ts'
import { asarray, type Nested } from '../creation.ts'
import { type Operand, toArray } from '../operands.ts'
import { elementsOf } from '../placing.ts'
import { solve } from '../systems.ts'
import { filteredType, type Pixels, pairOf, pixelsOf, storedAs, storingOf } from './pixels.ts'
import { type SamplingOptions, sampling, samplingOf, warping } from './sampling.ts'

/** The shape of results; an image without pixels gives none but empty ones. */
function shapeFor(pixels: Pixels, wanted: readonly [number, number], call: string): Shape {
  const shape = checkShape([...wanted, ...pixels.shape.slice(2)], call)
  if (pixels.rows * pixels.columns === 0 && wanted[0] * wanted[1] > 0)
    throw new ShapeError(call, `an image of shape ${shapeText(pixels.shape)} has no pixels to make others of.`, [
      pixels.shape,
    ])
  return shape
}

const typeFor = ({ dtype }: Pixels, order: number) => (order === 0 ? dtype : filteredType(dtype))

/** @param rows of a matrix of 3 × 3, one behind the other */
function warped(
  pixels: Pixels,
  rows: readonly number[],
  wanted: readonly [number, number],
  options: SamplingOptions,
  call: string,
): NDArray {
  const how = samplingOf(options, call)
  const shape = shapeFor(pixels, wanted, call)
  const result = typeFor(pixels, how.order)
  const made = computed(storedAs(result), shape, [pixels.array], ([from], to) =>
    warping(from, to, pixels, how, Float64Array.from(rows), wanted, storingOf(result)),
  )
  return astype(made, result, { copy: false })
}

function matrixOf(given: Operand | Nested, shapes: readonly string[], call: string): number[][] {
  const array = asarray(given as Nested)
  if (!shapes.includes(String(array.shape)))
    throw new ShapeError(
      call,
      `the matrix must be of shape [${shapes.join('] or [').replaceAll(',', ', ')}], not ${shapeText(array.shape)}.`,
      [array.shape],
    )
  return astype(array, 'float64').toList() as number[][]
}

const isLength = (n: number) => Number.isSafeInteger(n) && n >= 0

export interface WarpOptions extends SamplingOptions {
  /** Rows and columns of the result. Default those of the image. */
  outputShape?: readonly [number, number]
}

/**
 * The image at places that an affine map gives: pixel p of the result is that at matrix · p + offset.
 * @param matrix of shape [2, 2], or with the offset as a last column [2, 3], or [3, 3]
 * @returns of shape `outputShape`, of the same dtype; integers are rounded, of booleans float32 unless `order` is 0
 * @throws ShapeError, DTypeError, ArgumentError
 */
export function affineTransform(
  x: Operand,
  matrix: Operand | Nested,
  options: WarpOptions & { offset?: number | readonly [number, number] } = {},
): NDArray {
  const call = 'affineTransform'
  const pixels = pixelsOf(x, call)
  const [[a, b, c], [d, e, f], last = [0, 0, 1]] = matrixOf(matrix, ['2,2', '2,3', '3,3'], call)
  if (String(last) !== '0,0,1')
    throw new ArgumentError(call, 'matrix', 'one whose last row is 0, 0, 1', last, 'Other ones are for warp.')
  const offset = pairOf(options.offset ?? 0, call, 'offset', Number.isFinite, 'a finite number')
  const { outputShape = [pixels.rows, pixels.columns] } = options
  const wanted = pairOf(outputShape, call, 'outputShape', isLength, 'a whole number from 0')
  return warped(pixels, [a, b, c ?? offset[0], d, e, f ?? offset[1], 0, 0, 1], wanted, options, call)
}

/**
 * The image at places that a perspective gives: pixel p of the result is that at (u/w, v/w), where (u, v, w) = matrix · (row, column, 1).
 * @param matrix of shape [3, 3]; `perspectiveFrom` makes one of four points
 */
export function warp(x: Operand, matrix: Operand | Nested, options: WarpOptions = {}): NDArray {
  const pixels = pixelsOf(x, 'warp')
  const rows = matrixOf(matrix, ['3,3'], 'warp').flat()
  const { outputShape = [pixels.rows, pixels.columns] } = options
  return warped(
    pixels,
    rows,
    pairOf(outputShape, 'warp', 'outputShape', isLength, 'a whole number from 0'),
    options,
    'warp',
  )
}

/**
 * The matrix of shape [3, 3] that takes four points to four others, for `warp`: from those of the result to those of the image.
 * @param from of shape [4, 2]: rows and columns
 * @throws LinearAlgebraError if three of them are in a line
 */
export function perspectiveFrom(from: Operand | Nested, to: Operand | Nested): NDArray<'float64'> {
  const [given, wanted] = [from, to].map(points => matrixOf(points, ['4,2'], 'perspectiveFrom'))
  const equations = given.flatMap(([r, c], k) => [
    [r, c, 1, 0, 0, 0, -r * wanted[k][0], -c * wanted[k][0]],
    [0, 0, 0, r, c, 1, -r * wanted[k][1], -c * wanted[k][1]],
  ])
  const found = solve(asarray(equations), asarray(wanted.flat())).toList() as number[]
  return asarray([found.slice(0, 3), found.slice(3, 6), [...found.slice(6), 1]], { dtype: 'float64' })
}

/** Sine and cosine of degrees, exact for quarters of the circle. */
function turnOf(degrees: number): [number, number] {
  const quarter = Math.round(degrees / 90)
  const angle = ((degrees - 90 * quarter) * Math.PI) / 180
  const [s, c] = [Math.sin(angle), Math.cos(angle)]
  const q = ((quarter % 4) + 4) % 4
  return [[s, c, -s, -c][q], [c, -s, -c, s][q]]
}

/**
 * The image turned by an angle, counterclockwise, about its middle.
 * @param angle in degrees
 * @param options.reshape the result is as large as the whole turned image takes. Default true; else as large as the image
 */
export function rotate(x: Operand, angle: number, options: SamplingOptions & { reshape?: boolean } = {}): NDArray {
  const pixels = pixelsOf(x, 'rotate')
  if (!Number.isFinite(angle)) throw new ArgumentError('rotate', 'angle', 'a finite number of degrees', angle)
  const [s, c] = turnOf(angle)
  const { rows, columns } = pixels
  const reach = (a: number, b: number) => Math.trunc(Math.abs(a) * rows + Math.abs(b) * columns + 0.5)
  const wanted = options.reshape === false ? ([rows, columns] as const) : ([reach(c, s), reach(s, c)] as const)
  const [y, x1] = [(wanted[0] - 1) / 2, (wanted[1] - 1) / 2]
  const offset = [(rows - 1) / 2 - (c * y + s * x1), (columns - 1) / 2 - (c * x1 - s * y)]
  return warped(pixels, [c, s, offset[0], -s, c, offset[1], 0, 0, 1], wanted, options, 'rotate')
}

/** The image moved: down the rows and along them. Parts of pixels are possible. */
export function shift(x: Operand, by: number | readonly [number, number], options: SamplingOptions = {}): NDArray {
  const pixels = pixelsOf(x, 'shift')
  const [down, along] = pairOf(by, 'shift', 'by', Number.isFinite, 'a finite number')
  return warped(pixels, [1, 0, -down, 0, 1, -along, 0, 0, 1], [pixels.rows, pixels.columns], options, 'shift')
}

/**
 * The image larger by a factor, or smaller. The middles of the first and last pixels stay the first and last (`resize` is where areas stay, and nothing finer is left).
 * @param factor for rows and columns, or a pair
 */
export function zoom(x: Operand, factor: number | readonly [number, number], options: SamplingOptions = {}): NDArray {
  const pixels = pixelsOf(x, 'zoom')
  const factors = pairOf(factor, 'zoom', 'factor', f => Number.isFinite(f) && f > 0, 'a finite number above 0')
  const lengths = [pixels.rows, pixels.columns]
  const round = (v: number) => (v % 1 === 0.5 && Math.floor(v) % 2 === 0 ? Math.floor(v) : Math.round(v))
  const wanted = factors.map((f, d) => round(lengths[d] * f)) as [number, number]
  // So that rounding does not take the last pixel out of the image.
  const steps = wanted.map((m, d) => (m > 1 ? ((lengths[d] - 1) / (m - 1)) * (1 - 2 ** -52) : 1))
  return warped(pixels, [steps[0], 0, 0, 0, steps[1], 0, 0, 0, 1], wanted, options, 'zoom')
}

/**
 * The image at places of one's own.
 * @param coordinates of shape [2, ...]: rows, and columns
 * @returns of shape [..., channels]
 */
export function mapCoordinates(x: Operand, coordinates: Operand | Nested, options: SamplingOptions = {}): NDArray {
  const call = 'mapCoordinates'
  const pixels = pixelsOf(x, call)
  const places = asarray(coordinates as Nested)
  if (places.ndim < 1 || places.shape[0] !== 2)
    throw new ShapeError(
      call,
      `coordinates must be rows and columns, of shape [2, ...], not ${shapeText(places.shape)}.`,
      [places.shape],
    )
  const how = samplingOf(options, call)
  const shape = [...places.shape.slice(1), ...pixels.shape.slice(2)]
  shapeFor(pixels, [places.size > 0 ? 1 : 0, 1], call)
  const result = typeFor(pixels, how.order)
  const list = elementsOf(astype(places, 'float64', { copy: false })) as unknown as Float64Array
  const made = computed(storedAs(result), shape, [pixels.array], ([from], to) =>
    sampling(from, to, pixels, how, list.slice(), storingOf(result)),
  )
  return astype(made, result, { copy: false })
}

/**
 * A part of an image: a view.
 * @throws ShapeError if it reaches beyond the image
 */
export function crop(
  x: Operand,
  { top = 0, left = 0, height, width }: { top?: number; left?: number; height: number; width: number },
): NDArray {
  const array = toArray(x, 'crop')
  const [rows, columns] = array.shape
  for (const [name, v] of Object.entries({ top, left, height, width }))
    if (!isLength(v)) throw new ArgumentError('crop', name, 'a whole number from 0', v)
  if (array.ndim < 2 || top + height > rows || left + width > columns)
    throw new ShapeError(
      'crop',
      `${height} rows from ${top} and ${width} columns from ${left} are not in an image of shape ${shapeText(array.shape)}.`,
      [array.shape],
    )
  const spans = [
    { begin: top, end: top + height },
    { begin: left, end: left + width },
  ]
  return arrayOf(viewAt(array.view, spans, 'crop'))
}
