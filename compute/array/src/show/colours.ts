/** Colours of series, and of the values of a grid: viridis, whose steps the eye sees as equal, with and without colour vision (S. van der Walt and N. Smith, 2015). */

import type { scaleLinear } from 'd3-scale'

export type Rgb = readonly [number, number, number]

export const seriesColours: readonly Rgb[] = [
  [31, 119, 180],
  [255, 127, 14],
  [44, 160, 44],
  [214, 39, 40],
  [148, 103, 189],
  [140, 86, 75],
  [227, 119, 194],
  [127, 127, 127],
]

const viridis: readonly Rgb[] = [
  [68, 1, 84],
  [72, 40, 120],
  [62, 74, 137],
  [49, 104, 142],
  [38, 130, 142],
  [31, 158, 137],
  [53, 183, 121],
  [110, 206, 88],
  [181, 222, 43],
  [253, 231, 37],
]

/** The colour of a share from 0 to 1. */
export function rampOf(scale: typeof scaleLinear): (share: number) => Rgb {
  const mix = [0, 1, 2].map(part =>
    scale()
      .domain(viridis.map((_, k) => k / (viridis.length - 1)))
      .range(viridis.map(colour => colour[part]))
      .clamp(true),
  )
  return share => [Math.round(mix[0](share)), Math.round(mix[1](share)), Math.round(mix[2](share))]
}

export const css = (colour: Rgb): string => `#${colour.map(part => part.toString(16).padStart(2, '0')).join('')}`
