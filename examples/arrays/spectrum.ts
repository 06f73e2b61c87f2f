/** The rhythm of traffic: the Fourier transform of flights per hour. It has peaks at a day, its parts, and a week. `spectrum.ts [flights]` */

import * as nd from 'skein/array'
import { readFlights } from '../flights/data.ts'
import { sizeArgument } from '../side-by-side.ts'
import { check } from './data.ts'

const { minute, count } = await readFlights(sizeArgument(3_000_000), () => {})
const hour = nd.map(m => (m / 60) | 0, minute)
// Whole weeks only, so that days and weeks fall on a frequency; hours without a flight count as none.
const weeks = Math.floor(minute[count - 1] / 60 / 168)
if (weeks < 2) {
  console.error(`${count} flights are of less than two weeks: take 350000 or more`)
  process.exit(2)
}
const hours = weeks * 168
const flown = nd.astype(nd.bincount(hour, { minlength: hours }).at({ begin: 0, end: hours }), 'float64')

// A window against leakage; of a cosine of amplitude a it leaves a peak of a.
const window = nd.windows.hann(hours, { periodic: true })
const centred = nd.multiply(nd.subtract(flown, flown.mean()), window)
const spectrum = nd.fft.rfft(centred)
const amplitude = nd.divide(nd.abs(spectrum), nd.divide(window.sum(), 2)).eval()
const frequencies = nd.fft.rfftfreq(hours) // per hour

// Peaks are larger than both neighbours.
const inner = amplitude.at('1:-1')
const isPeak = nd.logicalAnd(nd.greater(inner, amplitude.at('0:-2')), nd.greater(inner, amplitude.at('2:')))
const { values, indices } = nd.topK(nd.where(isPeak, inner, 0), 8)
const periods = nd.divide(1, nd.take(frequencies, nd.add(indices, 1)))
console.log(
  `${count.toLocaleString('en-US')} flights in ${weeks} whole weeks; ${(flown.mean().item() as number).toFixed(1)} an hour`,
)
console.log('amplitude, flights an hour   period')
const rows = [values.toList(), periods.toList()] as [number[], number[]]
for (const [k, a] of rows[0].entries()) {
  const period = rows[1][k]
  const bar = '█'.repeat(Math.round((24 * a) / rows[0][0]))
  console.log(
    `${a.toFixed(1).padStart(8)} ${bar.padEnd(26)}${period >= 48 ? `${(period / 24).toFixed(2)} days` : `${period.toFixed(2)} hours`}`,
  )
}
const near = (period: number): boolean => rows[1].some(found => Math.abs(found / period - 1) < 0.02)
check('the strongest period is a day', Math.abs(rows[1][0] - 24) < 1e-9)
check('half a day and a third of one have peaks', near(12) && near(8))
const power = nd
  .square(nd.abs(nd.fft.fft(flown)))
  .sum()
  .item() as number
const energy = nd.square(flown).sum().item() as number
check("power and energy are equal, as Parseval's theorem says", Math.abs(power / hours / energy - 1) < 1e-12)
