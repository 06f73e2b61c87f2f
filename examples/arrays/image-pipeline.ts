/** Pictures are arrays: the heights of a volcano are smoothed, lit from the north-west, and its steepest slopes found, by convolutions. */

import * as nd from 'skein/array'
import { check, volcano } from './data.ts'

const SPACING = 10 // metres between neighbours

const heights = volcano()
/** Smoothing, with the edge repeated around, so that nothing dark comes in from outside. */
const filtered = (image: nd.NDArray, weights: nd.NDArray): nd.NDArray => {
  const reach = weights.shape.map(length => (length - 1) / 2)
  const wider = nd.pad(
    image,
    [
      [reach[0], reach[0]],
      [reach[1], reach[1]],
    ],
    { mode: 'edge' },
  )
  return nd.correlate(wider, weights, { mode: 'valid' })
}

const bell = nd.windows.gaussian(7, 1.2)
const weights = nd.outer(bell, bell)
const smooth = filtered(heights, nd.divide(weights, weights.sum())).eval()

// Sobel's operator: slopes to the east and to the south, smoothed across.
const across = nd.asarray([1, 2, 1])
const along = nd.asarray([-1, 0, 1])
const east = nd.divide(filtered(smooth, nd.outer(across, along)), 8 * SPACING).eval()
const south = nd.divide(filtered(smooth, nd.outer(along, across)), 8 * SPACING).eval()
const steepness = nd.hypot(east, south).eval()

// Lambert's law, the sun in the north-west, 45 degrees high: the cosine of the angle between the light and the ground's normal, which is (−east, −south, 1).
const light = nd.map((e, s) => Math.max(0, (e + s + Math.sqrt(2)) / 2 / Math.sqrt(1 + e * e + s * s)), east, south)
const [dark, bright] = nd.quantile(light, [0.02, 0.98]).toList() as [number, number]
const tone = nd.clip(nd.divide(nd.subtract(light, dark), bright - dark), 0, 1).eval()

const shades = ' .:-=+*#%@'
const shown = nd.astype(nd.multiply(tone.at('::2'), shades.length - 1).round(), 'int32').toList() as number[][]
console.log(
  shown
    .map(row =>
      row
        .map(v => shades[v])
        .join('')
        .trimEnd(),
    )
    .join('\n'),
)
const steepest = nd.quantile(steepness, 0.95).item() as number
console.log(
  `heights of ${heights.min().item()} to ${heights.max().item()} m; one slope in twenty is steeper than ${(100 * steepest).toFixed(0)} %`,
)

check(
  'smoothing keeps the mean, nearly',
  Math.abs((smooth.mean().item() as number) - (heights.mean().item() as number)) < 0.5,
)
const plane = nd.add(nd.multiply(nd.arange(20).expandDims(1), 3), nd.multiply(nd.arange(20), 4))
const slopes = filtered(plane, nd.outer(across, along)).at('1:-1, 1:-1')
check("a plane has one slope, Sobel's", nd.allclose(slopes, 4 * 8))
