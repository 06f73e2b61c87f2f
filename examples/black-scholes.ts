/**
 * Prices of European options (F. Black and M. Scholes, 1973), with the normal distribution of Abramowitz and Stegun, 26.2.17.
 * `black-scholes.ts [options]`
 */

import { heap, kernel } from 'skein'
import { largestDifference, sideBySide, sizeArgument } from './side-by-side.ts'

const RATE = 0.02
const VOLATILITY = 0.3

/** The share of a normal distribution below d. A kernel compiles the functions that it is given in `use`. */
const normal = (d: number): number => {
  const k = 1 / (1 + 0.2316419 * Math.abs(d))
  const series = k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))
  const tail = 0.3989422804 * Math.exp(-0.5 * d * d) * series
  return d > 0 ? 1 - tail : tail
}

const price = kernel(
  (i, spot: Float32Array, strike: Float32Array, years: Float32Array, call: Float32Array, put: Float32Array) => {
    const s = spot[i]
    const t = years[i]
    const spread = VOLATILITY * Math.sqrt(t)
    const d1 = (Math.log(s / strike[i]) + (RATE + 0.5 * VOLATILITY * VOLATILITY) * t) / spread
    const d2 = d1 - spread
    const present = strike[i] * Math.exp(-RATE * t)
    call[i] = s * normal(d1) - present * normal(d2)
    put[i] = present * normal(-d2) - s * normal(-d1)
  },
  { use: { RATE, VOLATILITY, normal } },
)

const plain = (
  count: number,
  spot: Float32Array,
  strike: Float32Array,
  years: Float32Array,
  call: Float32Array,
  put: Float32Array,
): void => {
  for (let i = 0; i < count; i++) {
    const s = spot[i]
    const t = years[i]
    const spread = VOLATILITY * Math.sqrt(t)
    const d1 = (Math.log(s / strike[i]) + (RATE + 0.5 * VOLATILITY * VOLATILITY) * t) / spread
    const d2 = d1 - spread
    const present = strike[i] * Math.exp(-RATE * t)
    call[i] = s * normal(d1) - present * normal(d2)
    put[i] = present * normal(-d2) - s * normal(-d1)
  }
}

const count = sizeArgument(1_000_000)
const [spot, strike, years, call, put] = Array.from({ length: 5 }, () => heap.f32(count))
for (let i = 0; i < count; i++) {
  spot[i] = 5 + ((i * 17) % 2500) / 100
  strike[i] = 1 + ((i * 71) % 9900) / 100
  years[i] = 0.25 + ((i * 37) % 975) / 100
}
const expected = [new Float32Array(count), new Float32Array(count)] as const
sideBySide(
  `${count} options`,
  () => plain(count, spot, strike, years, ...expected),
  () => price(count, spot, strike, years, call, put),
  () => Math.max(largestDifference(expected[0], call), largestDifference(expected[1], put)),
  1e-5,
)
