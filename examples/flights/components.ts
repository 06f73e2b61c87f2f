/**
 * Which airports have days alike: of each, the mean delay by hour of departure, 24 numbers. Hours become comparable by standardising them over the
 * airports; then two airports are as alike as their numbers correlate, and principal components show them all in a plane, which loses the least of
 * what tells them apart (I. Jolliffe, "Principal Component Analysis", 2002).
 *
 * Plain code finds the components as eigenvectors of the hours' correlation matrix, by Jacobi's rotations; arrays find them by singular
 * values of the standardised profiles, without that matrix. So the answers agree only if both are right.
 */

import * as nd from 'skein/array'
import type { Flights } from './data.ts'
import { all, compareClosely, compareExactly, type Step, type Track } from './step.ts'

export const HOURS = 24
/** Airports with fewer flights than one in so many are left out. */
const RARE = 1000
/** So many flights, as late as all airports' are at that hour, are added to each hour of an airport: few flights say little, and an hour without any is as elsewhere. */
const PRIOR = 20
/** Minutes. An hour that varies by no more over the airports is as good as constant: what is left is rounding. */
const CONSTANT = 1e-9

export interface Components {
  /** Numbers of the airports that have enough flights; all below are by place in here. */
  readonly kept: Int32Array
  /** Correlation of the airports' profiles: [airport][airport]. */
  readonly alike: Float64Array
  /** Shares of the variance of the components, largest first; together 1. */
  readonly explained: Float64Array
  /** Weights of the hours in the first two components: [component][hour]. */
  readonly weights: Float64Array
  /** Places of the airports in their plane: [airport][component]. */
  readonly places: Float64Array
}

const PROFILES = 'flights and minutes late by airport and hour'
const CORRELATION = 'standardised profiles, correlations'
const COMPONENTS = 'principal components'

// --- Plain ----------------------------------------------------------------------------------------------------------

/** Over each column: mean 0 and, unless it is constant, variance 1. Of [rows][columns], in place. */
const standardise = (x: Float64Array, rows: number, columns: number): void => {
  for (let c = 0; c < columns; c++) {
    let mean = 0
    for (let r = 0; r < rows; r++) mean += x[r * columns + c] / rows
    let variance = 0
    for (let r = 0; r < rows; r++) variance += (x[r * columns + c] - mean) ** 2 / (rows - 1)
    const scale = variance > CONSTANT ** 2 ? 1 / Math.sqrt(variance) : 0
    for (let r = 0; r < rows; r++) x[r * columns + c] = (x[r * columns + c] - mean) * scale
  }
}

/** AᵀA / (rows − 1): of standardised columns their correlations. */
const productOfColumns = (a: Float64Array, rows: number, columns: number): Float64Array => {
  const found = new Float64Array(columns * columns)
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < columns; j++) found[i * columns + j] += (a[r * columns + i] * a[r * columns + j]) / (rows - 1)
    }
  }
  return found
}

const turned = (a: Float64Array, rows: number, columns: number): Float64Array =>
  Float64Array.from(a, (_, k) => a[(k % rows) * columns + Math.floor(k / rows)])

/**
 * Eigenvalues of a symmetric matrix, largest first, and its eigenvectors as rows: rotations that each make one element off the diagonal zero, in
 * sweeps until none is left (C. Jacobi, 1846).
 */
const jacobi = (matrix: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } => {
  const a = matrix.slice()
  const v = new Float64Array(n * n)
  for (let i = 0; i < n; i++) v[i * n + i] = 1
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) off += a[i * n + j] ** 2
    if (off < 1e-28 * n) break
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p * n + q] === 0) continue
        const angle = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
        const t = (angle < 0 ? -1 : 1) / (Math.abs(angle) + Math.sqrt(angle * angle + 1))
        const cosine = 1 / Math.sqrt(t * t + 1)
        const sine = t * cosine
        const turn = (x: Float64Array, first: number, second: number) => {
          const [xp, xq] = [x[first], x[second]]
          x[first] = cosine * xp - sine * xq
          x[second] = sine * xp + cosine * xq
        }
        for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q)
        for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k)
        for (let k = 0; k < n; k++) turn(v, p * n + k, q * n + k)
      }
    }
  }
  const order = [...Array(n).keys()].sort((i, j) => a[j * n + j] - a[i * n + i])
  const vectors = new Float64Array(n * n)
  for (const [row, i] of order.entries()) vectors.set(v.subarray(i * n, (i + 1) * n), row * n)
  return { values: Float64Array.from(order, i => a[i * n + i]), vectors }
}

const plain = ({ count, minute, delay, origin, airports }: Flights, track: Track): Components => {
  track.phase(PROFILES)
  const [flown, late] = [new Int32Array(airports.length * HOURS), new Float64Array(airports.length * HOURS)]
  for (let i = 0; i < count; i++) {
    const at = origin[i] * HOURS + (((minute[i] % 1440) / 60) | 0)
    flown[at]++
    late[at] += delay[i]
  }
  track.phase(CORRELATION)
  const isKept = (airport: number): boolean =>
    flown.subarray(airport * HOURS, (airport + 1) * HOURS).reduce((sum, n) => sum + n, 0) * RARE >= count
  const kept = Int32Array.from([...airports.keys()].filter(isKept))
  const rows = kept.length
  const profiles = new Float64Array(rows * HOURS)
  for (let hour = 0; hour < HOURS; hour++) {
    let [flights, minutes] = [0, 0]
    for (const airport of kept) {
      flights += flown[airport * HOURS + hour]
      minutes += late[airport * HOURS + hour]
    }
    const everywhere = flights > 0 ? minutes / flights : 0
    for (const [row, airport] of kept.entries()) {
      const at = airport * HOURS + hour
      profiles[row * HOURS + hour] = (late[at] + PRIOR * everywhere) / (flown[at] + PRIOR)
    }
  }
  standardise(profiles, rows, HOURS)
  const hours = productOfColumns(profiles, rows, HOURS)
  const columns = turned(profiles, rows, HOURS)
  standardise(columns, HOURS, rows)
  const alike = productOfColumns(columns, HOURS, rows)

  track.phase(COMPONENTS)
  const { values, vectors } = jacobi(hours, HOURS)
  const total = values.reduce((sum, value) => sum + value, 0)
  const weights = vectors.slice(0, 2 * HOURS)
  for (const component of [0, 1]) {
    const row = weights.subarray(component * HOURS, (component + 1) * HOURS)
    const largest = row.reduce((most, w) => (Math.abs(w) > Math.abs(most) ? w : most), 0)
    if (largest < 0) for (let hour = 0; hour < HOURS; hour++) row[hour] *= -1
  }
  const places = new Float64Array(rows * 2)
  for (let k = 0; k < places.length; k++) {
    for (let hour = 0; hour < HOURS; hour++) {
      places[k] += profiles[(k >> 1) * HOURS + hour] * weights[(k & 1) * HOURS + hour]
    }
  }
  return { kept, alike, explained: values.map(value => value / total), weights, places }
}

// --- Arrays ---------------------------------------------------------------------------------------------------------

const valuesOf = (x: nd.NDArray): Float64Array => nd.astype(x, 'float64').toTypedArray() as unknown as Float64Array

const standard = (x: nd.NDArray): nd.NDArray => {
  const deviation = x.std({ axis: 0, correction: 1 })
  const scale = nd.where(nd.greater(deviation, CONSTANT), deviation, Number.POSITIVE_INFINITY)
  return nd.divide(nd.subtract(x, x.mean({ axis: 0 })), scale)
}

const byArrays = ({ count, minute, delay, origin, airports }: Flights, track: Track): Components => {
  track.phase(PROFILES)
  const cell = nd.map((o: number, m: number) => o * HOURS + (((m % 1440) / 60) | 0), origin, minute, { use: { HOURS } })
  const shape = [airports.length, HOURS]
  const minlength = airports.length * HOURS
  const flown = nd.bincount(cell, { minlength }).reshape(shape)
  const late = nd.bincount(cell, { minlength, weights: delay }).reshape(shape)

  track.phase(CORRELATION)
  const kept = nd.flatnonzero(nd.greaterEqual(nd.multiply(flown.sum({ axis: 1 }), RARE), count))
  const [flights, minutes] = [nd.take(flown, kept, { axis: 0 }), nd.take(late, kept, { axis: 0 })]
  const everywhere = nd.divide(minutes.sum({ axis: 0 }), nd.maximum(flights.sum({ axis: 0 }), 1))
  const profiles = nd.divide(nd.add(minutes, nd.multiply(everywhere, PRIOR)), nd.add(flights, PRIOR))
  const z = standard(profiles).eval()
  const columns = standard(z.t)
  const alike = nd.divide(nd.matmul(columns.t, columns), HOURS - 1).eval()

  track.phase(COMPONENTS)
  const { s, vh } = nd.linalg.svd(z, { fullMatrices: false })
  const variance = nd.square(s)
  const first = vh.at('0:2')
  // The sign of a component is nobody's: that of its largest weight is to be positive.
  const largest = nd.takeAlongAxis(first, nd.argmax(nd.abs(first), { axis: 1, keepdims: true }), { axis: 1 })
  const weights = nd.multiply(first, nd.sign(largest))
  return {
    kept: kept.toTypedArray() as unknown as Int32Array,
    alike: valuesOf(alike),
    explained: valuesOf(nd.divide(variance, variance.sum())),
    weights: valuesOf(weights),
    places: valuesOf(nd.matmul(z, weights.t)),
  }
}

export const componentStep = (flights: Flights): Step<Components> => ({
  title: 'Airports with days alike',
  by: 'arrays',
  plain: track => plain(flights, track),
  skein: track => byArrays(flights, track),
  compare: (a, b) =>
    all(
      compareExactly('airports kept', a.kept, b.kept),
      compareClosely('correlations', a.alike, b.alike, 1e-9),
      compareClosely('shares of variance', a.explained, b.explained, 1e-9),
      compareClosely('weights of hours', a.weights, b.weights, 1e-7),
      compareClosely('places in the plane', a.places, b.places, 1e-6),
    ),
})
