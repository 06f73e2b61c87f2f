/**
 * Colour spaces. The last axis holds the channels of a pixel; numbers are from 0 to 1 unless said. Floats stay what they are; integers are taken as fractions of the largest of their
 * dtype, and give floats: of 8 and 16 bits float32, else float64.
 */

import { ArgumentError } from '@skein/base'
import { type Kernel, kernel } from '@skein/kernel'
import { type DType, infoOf, isFloat } from '../../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../../errors.ts'
import { runOf } from '../../expression/plain.ts'
import type { NDArray } from '../../ndarray.ts'
import { sizeOf } from '../../shape.ts'
import { astype } from '../astype.ts'
import { clip } from '../clip.ts'
import { computed } from '../computing.ts'
import { add, divide, floor, multiply } from '../elementwise.ts'
import { type Operand, toArray } from '../operands.ts'
import { broadcastTo, expandDims } from '../shaping.ts'
import { fromLight, type Reals, toLight } from './transfer.ts'

function checkReal(dtype: DType, call: string): void {
  if (infoOf(dtype).kind === 'complex' || infoOf(dtype).type === 'i64')
    throw new DTypeError(call, 'booleans, integers of up to 32 bits and floats', [dtype])
}

/** An image as floats: integers become fractions of the largest of their dtype, booleans 0 and 1. */
export function imgAsFloat(x: Operand): NDArray {
  const array = toArray(x, 'imgAsFloat')
  const { dtype } = array
  checkReal(dtype, 'imgAsFloat')
  if (isFloat(dtype)) return array
  const { bits, kind } = infoOf(dtype)
  const float = bits > 16 ? 'float64' : 'float32'
  const most = dtype === 'bool' ? 1 : 2 ** (kind === 'signed' ? bits - 1 : bits) - 1
  return divide(astype(array, float), most)
}

/** An image as bytes: floats from 0 to 1 become 0 to 255, rounded; what is outside becomes the nearest. Of uint16 the upper half. */
export function imgAsUbyte(x: Operand): NDArray<'uint8'> {
  const array = toArray(x, 'imgAsUbyte')
  if (array.dtype === 'uint8') return array as NDArray<'uint8'>
  const float = imgAsFloat(array)
  return astype(floor(add(multiply(clip(float, 0, 1), 255), 0.5)), 'uint8')
}

interface Change {
  readonly array: NDArray
  readonly pixels: number
}

function given(x: Operand, channels: readonly number[], call: string): Change {
  const array = toArray(x, call)
  const found = array.shape[array.ndim - 1]
  if (array.ndim === 0 || !channels.includes(found))
    throw new ShapeError(
      call,
      `the last axis must hold ${channels.join(' or ')} channels, not as in the shape ${shapeText(array.shape)}.`,
      [array.shape],
    )
  checkReal(array.dtype, call)
  const float = imgAsFloat(array)
  return {
    array: float.dtype === 'float16' ? astype(float, 'float32') : float,
    pixels: sizeOf(array.shape.slice(0, -1)),
  }
}

type ThreeKernel = Kernel<[from: Reals, to: Reals]>

/** Three channels of three. */
const change =
  (call: string, k: ThreeKernel) =>
  (x: Operand): NDArray => {
    const { array, pixels } = given(x, [3], call)
    return computed(array.dtype, array.shape, [array], function* ([from], to) {
      yield runOf(k, pixels, from as Reals, to as Reals)
    })
  }

const toHsv = kernel(
  (i, from: Reals, to: Reals) => {
    const r = from[3 * i]
    const g = from[3 * i + 1]
    const b = from[3 * i + 2]
    const most = Math.max(r, g, b)
    const range = most - Math.min(r, g, b)
    const hue = most === r ? (g - b) / range : most === g ? 2 + (b - r) / range : 4 + (r - g) / range
    const part = hue / 6 - Math.floor(hue / 6)
    to[3 * i] = range === 0 ? 0 : part
    to[3 * i + 1] = range === 0 ? 0 : range / most
    to[3 * i + 2] = most
  },
  { name: 'rgb2hsv' },
)

const fromHsv = kernel(
  (i, from: Reals, to: Reals) => {
    const sixth = from[3 * i] * 6
    const s = from[3 * i + 1]
    const v = from[3 * i + 2]
    const channel = (n: number) => {
      const at = (n + sixth) / 6
      const k = 6 * (at - Math.floor(at))
      return v - v * s * Math.max(0, Math.min(k, 4 - k, 1))
    }
    to[3 * i] = channel(5)
    to[3 * i + 1] = channel(3)
    to[3 * i + 2] = channel(1)
  },
  { name: 'hsv2rgb' },
)

/** Hue (a part of the circle), saturation and value. */
export const rgb2hsv = change('rgb2hsv', toHsv)
export const hsv2rgb = change('hsv2rgb', fromHsv)

type Row = readonly [number, number, number]
type Rows = readonly [Row, Row, Row]

const byMatrix = kernel(
  (i, m: Reals, from: Reals, to: Reals) => {
    const a = from[3 * i] - m[12]
    const b = from[3 * i + 1] - m[13]
    const c = from[3 * i + 2] - m[14]
    to[3 * i] = m[0] * a + m[1] * b + m[2] * c + m[9]
    to[3 * i + 1] = m[3] * a + m[4] * b + m[5] * c + m[10]
    to[3 * i + 2] = m[6] * a + m[7] * b + m[8] * c + m[11]
  },
  { name: 'colourMatrix' },
)

const none: Row = [0, 0, 0]

/** M·(x − before) + after */
const matrixChange =
  (call: string, rows: Rows, before: Row, after: Row) =>
  (x: Operand): NDArray => {
    const { array, pixels } = given(x, [3], call)
    const numbers = [...rows.flat(), ...after, ...before]
    const m = array.dtype === 'float32' ? Float32Array.from(numbers) : Float64Array.from(numbers)
    return computed(array.dtype, array.shape, [array], function* ([from], to) {
      yield runOf(byMatrix, pixels, m, from as Reals, to as Reals)
    })
  }

/** By cofactors. */
function inverseOf([[a, b, c], [d, e, f], [g, h, i]]: Rows): Rows {
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
  const over = (x: number) => x / det
  return [
    [over(e * i - f * h), over(c * h - b * i), over(b * f - c * e)],
    [over(f * g - d * i), over(a * i - c * g), over(c * d - a * f)],
    [over(d * h - e * g), over(b * g - a * h), over(a * e - b * d)],
  ]
}

const ycbcr: Rows = [
  [65.481, 128.553, 24.966],
  [-37.797, -74.203, 112],
  [112, -93.786, -18.214],
]
const digital: Row = [16, 128, 128]

/** Luma from 16 to 235 and differences of colours around 128, as ITU-R BT.601 has them. */
export const rgb2ycbcr = matrixChange('rgb2ycbcr', ycbcr, none, digital)
/** @param x luma and differences in units of bytes, as floats */
export const ycbcr2rgb = matrixChange('ycbcr2rgb', inverseOf(ycbcr), digital, none)

/** From linear sRGB primaries to CIE XYZ, of the white D65. */
const xyz: Rows = [
  [0.412453, 0.35758, 0.180423],
  [0.212671, 0.71516, 0.072169],
  [0.019334, 0.119193, 0.950227],
]
const linearToXyz = matrixChange('rgb2xyz', xyz, none, none)
const xyzToLinear = matrixChange('xyz2rgb', inverseOf(xyz), none, none)

/** Light of each channel, of numbers as sRGB codes them (IEC 61966-2-1). Any shape. */
export const srgb2linear = (x: Operand): NDArray => toLight(imgAsFloat(toArray(x, 'srgb2linear')))
/** Its inverse. */
export const linear2srgb = (x: Operand): NDArray => fromLight(imgAsFloat(toArray(x, 'linear2srgb')))

/** CIE XYZ of sRGB, of the white D65. */
export const rgb2xyz = (x: Operand): NDArray => linearToXyz(srgb2linear(given(x, [3], 'rgb2xyz').array))
/** sRGB of CIE XYZ; what cannot be shown is cut off. */
export const xyz2rgb = (x: Operand): NDArray => clip(linear2srgb(xyzToLinear(given(x, [3], 'xyz2rgb').array)), 0, 1)

const toLab = kernel(
  (i, from: Reals, to: Reals) => {
    const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116)
    const x = f(from[3 * i] / 0.95047)
    const y = f(from[3 * i + 1])
    const z = f(from[3 * i + 2] / 1.08883)
    to[3 * i] = 116 * y - 16
    to[3 * i + 1] = 500 * (x - y)
    to[3 * i + 2] = 200 * (y - z)
  },
  { name: 'xyz2lab' },
)

const fromLab = kernel(
  (i, from: Reals, to: Reals) => {
    const f = (t: number) => (t > 0.2068966 ? t * t * t : (t - 16 / 116) / 7.787)
    const y = (from[3 * i] + 16) / 116
    to[3 * i] = f(y + from[3 * i + 1] / 500) * 0.95047
    to[3 * i + 1] = f(y)
    to[3 * i + 2] = f(Math.max(y - from[3 * i + 2] / 200, 0)) * 1.08883
  },
  { name: 'lab2xyz' },
)

/** CIE L*a*b*: lightness from 0 to 100, and two axes of colour, of the white D65. */
export const xyz2lab = change('xyz2lab', toLab)
export const lab2xyz = change('lab2xyz', fromLab)
export const rgb2lab = (x: Operand): NDArray => xyz2lab(rgb2xyz(x))
/** sRGB of L*a*b*; what cannot be shown is cut off. */
export const lab2rgb = (x: Operand): NDArray => xyz2rgb(lab2xyz(x))

const weigh = kernel(
  (i, channels: number, weights: Reals, from: Reals, to: Reals) => {
    to[i] = weights[0] * from[channels * i] + weights[1] * from[channels * i + 1] + weights[2] * from[channels * i + 2]
  },
  { name: 'rgb2gray' },
)

/**
 * How bright pixels are: 0.2126·R + 0.7152·G + 0.0722·B (ITU-R BT.709), or by weights of one's own. A fourth channel is left out.
 * @param x of shape [..., 3] or [..., 4]
 * @returns of shape [...]
 */
export function rgb2gray(x: Operand, { weights = [0.2126, 0.7152, 0.0722] }: { weights?: Row } = {}): NDArray {
  if (!Array.isArray(weights) || weights.length !== 3 || !weights.every(w => typeof w === 'number'))
    throw new ArgumentError('rgb2gray', 'weights', 'three numbers', weights)
  const { array, pixels } = given(x, [3, 4], 'rgb2gray')
  const { shape, dtype } = array
  const w = dtype === 'float32' ? Float32Array.from(weights) : Float64Array.from(weights)
  return computed(dtype, shape.slice(0, -1), [array], function* ([from], to) {
    yield runOf(weigh, pixels, shape[shape.length - 1], w, from as Reals, to as Reals)
  })
}

/** Three equal channels: a view of shape [..., 3]. */
export function gray2rgb(x: Operand): NDArray {
  const array = toArray(x, 'gray2rgb')
  return broadcastTo(expandDims(array, -1), [...array.shape, 3])
}
