/** Values between points that lie anywhere. */

import { ArgumentError } from '@skein/base'
import { ShapeError, shapeText } from '../../errors.ts'
import { runOf } from '../../expression/plain.ts'
import { NDArray } from '../../ndarray.ts'
import { type Shape, sizeOf } from '../../shape.ts'
import { computed } from '../computing.ts'
import { asarray, type Nested } from '../creation.ts'
import { take } from '../indexing.ts'
import { stack } from '../joining.ts'
import type { Operand } from '../operands.ts'
import { broadcastArrays, reshape } from '../shaping.ts'
import { RegularGridInterpolator } from './grids.ts'
import { findNearest, pointTree } from './nearest.ts'
import { realsOf } from './pieces.ts'
import { interpolateOn, trianglesOf } from './triangles.ts'

const call = 'griddata'

export interface ScatteredOptions {
  /** Default `linear`: on the triangles between points, or lines along one axis. `nearest`: the value of the nearest point. */
  method?: 'linear' | 'nearest'
  /** What stands beyond the points' convex hull. Default NaN. `nearest` knows no beyond. */
  fillValue?: number
  /** Coordinates are measured in the width of the points along each axis, for those of different units. Default false. */
  rescale?: boolean
}

/** [..., axes], or an array of coordinates for each axis, which are broadcast. */
export type Coordinates = Operand | Nested | readonly NDArray[]

/** As one array, coordinates last. */
function coordinatesOf(given: Coordinates, name: string): NDArray<'float64'> {
  const isByAxes = Array.isArray(given) && given.length > 0 && given.every(each => each instanceof NDArray)
  return realsOf(isByAxes ? stack(broadcastArrays(...given), { axis: -1 }) : (given as Nested), call, name)
}

const float64s = async (x: NDArray): Promise<Float64Array> => (await x.values()) as unknown as Float64Array

/** Points in the unit cube, and how places come to theirs there: all axes by the same factor, unless they are rescaled. */
function unitOf(points: Float64Array, axes: number, rescale: boolean) {
  const starts = new Float64Array(axes).fill(Infinity)
  const ends = new Float64Array(axes).fill(-Infinity)
  for (let k = 0; k < points.length; k++) {
    const d = k % axes
    if (points[k] < starts[d]) starts[d] = points[k]
    if (points[k] > ends[d]) ends[d] = points[k]
  }
  const widths = ends.map((end, d) => end - starts[d])
  const all = widths.reduce((most, w) => Math.max(most, w), 0)
  const scales = widths.map(w => (rescale ? w : all) || 1)
  return (x: Float64Array): Float64Array => x.map((v, k) => (v - starts[k % axes]) / scales[k % axes])
}

function checkFinite(x: Float64Array, axes: number, name: string): void {
  const k = x.findIndex(v => !Number.isFinite(v))
  if (k >= 0) throw new ArgumentError(call, name, 'finite numbers', `${x[k]} in ${name} ${Math.floor(k / axes)}`)
}

/**
 * Values at places, given those at points that lie anywhere, as `scipy.interpolate`'s `griddata`. In one and two dimensions `linear`, in any `nearest`.
 * The triangulation takes time in proportion to n·log n; a place takes about as long however many points there are, if they are spread evenly.
 * Points less than 2⁻⁴⁸ of their width apart are one.
 *
 * On a circle, as in a grid, points have more than one triangulation, of which SciPy may choose another.
 * @param points [n, axes], [n] in one dimension, or an array of n coordinates for each axis
 * @param values [n, ...]: axes behind are values of their own. `linear` takes real numbers, `nearest` any
 * @param xi places [..., axes], or an array of coordinates for each axis, which are broadcast, as `meshgrid` has them
 * @returns places' shape without coordinates, then values' other axes: float64, of `nearest` values' dtype. Where two points are as near, the first has it
 * @throws (the promise) ShapeError, DTypeError; ArgumentError for points on one line, those that are not finite, and for `nearest` places that are not
 */
export async function griddata(
  points: Coordinates,
  values: Operand | Nested,
  xi: Coordinates,
  { method = 'linear', fillValue = Number.NaN, rescale = false }: ScatteredOptions = {},
): Promise<NDArray> {
  if (method !== 'linear' && method !== 'nearest')
    throw new ArgumentError(call, 'method', "'linear' or 'nearest'", method)
  if (typeof fillValue !== 'number') throw new ArgumentError(call, 'fillValue', 'a number', fillValue)
  const given = coordinatesOf(points, 'points')
  const isList = given.ndim === 1
  const known = isList ? reshape(given, [-1, 1]) : given
  const [n, axes] = known.shape
  const wanted = coordinatesOf(xi, 'xi')
  if (known.ndim !== 2 || axes === 0)
    throw new ShapeError(call, `points must be of shape [n, axes], not ${shapeText(given.shape)}.`, [given.shape])
  if (!isList && wanted.shape.at(-1) !== axes)
    throw new ShapeError(call, `places must be of shape [..., ${axes}], not ${shapeText(wanted.shape)}.`, [
      wanted.shape,
    ])
  const least = method === 'nearest' ? 1 : axes + 1
  if (n < least) throw new ShapeError(call, `takes ${least} points or more, not ${n}.`, [known.shape])
  if (method === 'linear' && axes > 2)
    throw new ArgumentError(
      call,
      'points',
      "of one axis or two for method 'linear'",
      `${axes} axes`,
      "Method 'nearest' takes any number of axes.",
    )
  const array = asarray(values as Nested)
  if (array.shape[0] !== n)
    throw new ShapeError(call, `${n} points do not go with values of shape ${shapeText(array.shape)}.`, [
      known.shape,
      array.shape,
    ])
  const at = await float64s(known)
  checkFinite(at, axes, 'points')
  const places = reshape(wanted, [-1, axes])
  const shape = [...(isList ? wanted.shape : wanted.shape.slice(0, -1)), ...array.shape.slice(1)]
  if (method === 'nearest') return reshape(await nearestOf(at, array, places, axes, rescale), shape)
  const reals = realsOf(array, call, 'values')
  if (axes === 1) return reshape(alongLine(at, reals, places, fillValue), shape)
  return reshape(await onTriangles(at, reals, places, fillValue, rescale), shape)
}

async function nearestOf(points: Float64Array, values: NDArray, places: NDArray, axes: number, rescale: boolean) {
  const scaled = unitOf(points, axes, rescale)
  const wanted = await float64s(places)
  checkFinite(wanted, axes, 'xi')
  const tree = pointTree(scaled(points), axes)
  const found = new Int32Array(wanted.length / axes)
  const search = runOf(
    findNearest,
    found.length,
    points.length / axes,
    axes,
    tree.points,
    tree.order,
    tree.split,
    scaled(wanted),
    found,
  )
  if (found.length > 0) await search.beside()
  return take(values, found, { axis: 0 })
}

/** In one dimension: a grid of one axis. */
function alongLine(points: Float64Array, values: NDArray, places: NDArray, fillValue: number): NDArray {
  const order = Int32Array.from(points.keys()).sort((a, b) => points[a] - points[b])
  const sorted = Float64Array.from(order, k => points[k])
  return new RegularGridInterpolator([sorted], take(values, order, { axis: 0 }), {
    boundsError: false,
    fillValue,
  }).evaluate(places)
}

async function onTriangles(
  points: Float64Array,
  values: NDArray,
  places: NDArray,
  fillValue: number,
  rescale: boolean,
): Promise<NDArray> {
  const scaled = unitOf(points, 2, rescale)
  const triangles = await trianglesOf(scaled(points), call)
  const lines: Shape = values.shape.slice(1)
  return computed('float64', [places.shape[0], ...lines], [values, places], function* ([known, wanted], to) {
    const at = scaled(wanted as Float64Array)
    yield* interpolateOn(triangles, known as Float64Array, sizeOf(lines), at, fillValue, to as Float64Array)
  })
}
