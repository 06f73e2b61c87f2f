/** The parts of the flights that need neither data nor kernels. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, inflateSync } from 'node:zlib'
import { geoAlbersUsa } from 'd3-geo'
import fc from 'fast-check'
import { begin, poisson, RESAMPLES, resample } from '../flights/bootstrap.ts'
import { linear, ticks } from '../flights/chart.ts'
import {
  alaska,
  alaskaInset,
  type Conic,
  earthMetres,
  greatCircle,
  hawaii,
  hawaiiInset,
  lower48,
  mapHeight,
  mapWidth,
  radians,
  timeZone,
  unitVector,
} from '../flights/geo.ts'
import { encodePng } from '../flights/png.ts'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
console.log(`fast-check seed ${seed} (SEED=${seed} repeats this run)`)

const invert = ({ n, c, r0, scale, columnOrigin, rowOrigin, meridian }: Conic, x: number, y: number) => {
  const east = (x - columnOrigin) / scale
  const south = r0 - (rowOrigin - y) / scale
  const sine = (c - (east * east + south * south) * n * n) / (2 * n)
  return [(Math.atan2(east, south) / n + meridian) / radians, Math.asin(sine) / radians]
}

test('the conics invert d3’s geoAlbersUsa', () => {
  const projection = geoAlbersUsa()
    .scale(1300)
    .translate([mapWidth / 2, mapHeight / 2])
  const parts: [Conic, readonly [number, number, number, number]][] = [
    [lower48, [150, 20, 900, 440]],
    [alaska, [0, alaskaInset[1] + 1, alaskaInset[2] - 1, alaskaInset[3] - 1]],
    [hawaii, [hawaiiInset[0] + 1, hawaiiInset[1] + 1, hawaiiInset[2] - 1, hawaiiInset[3] - 1]],
  ]
  for (const [conic, [left, top, right, bottom]] of parts) {
    const point = fc.tuple(
      fc.double({ min: left, max: right, noNaN: true }),
      fc.double({ min: top, max: bottom, noNaN: true }),
    )
    fc.assert(
      fc.property(point, ([x, y]) => {
        const expected = projection.invert!([x, y])!
        const [longitude, latitude] = invert(conic, x, y)
        // The Aleutians reach over the date line.
        const apart = ((((longitude - expected[0] + 180) % 360) + 360) % 360) - 180
        assert.ok(Math.abs(apart) < 1e-9, `${longitude} is not ${expected[0]}`)
        assert.ok(Math.abs(latitude - expected[1]) < 1e-9, `${latitude} is not ${expected[1]}`)
      }),
      { seed },
    )
  }
})

test('great circles agree with the angle between unit vectors', () => {
  const place = fc.record({
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  })
  fc.assert(
    fc.property(place, place, (a, b) => {
      const [u, v] = [a, b].map(({ latitude, longitude }) => unitVector(latitude, longitude))
      const chord = Math.hypot(u[0] - v[0], u[1] - v[1], u[2] - v[2])
      const expected = 2 * earthMetres * Math.asin(Math.min(1, chord / 2))
      // Near the antipode the arcsine is ill-conditioned: half the digits remain.
      assert.ok(Math.abs(greatCircle(a, b) - expected) < 1, `${greatCircle(a, b)} is not ${expected}`)
      assert.equal(greatCircle(a, b), greatCircle(b, a))
    }),
    { seed },
  )
})

test('time zones', () => {
  const cases: [state: string, longitude: number, hours: number][] = [
    ['NY', -73.8, -5],
    ['GA', -84.4, -5],
    ['IL', -87.9, -6],
    ['FL', -81.3, -5],
    ['FL', -87.2, -6],
    ['TX', -97, -6],
    ['TX', -106.4, -7],
    ['CA', -118.4, -8],
    ['AK', -150, -9],
    ['HI', -157.9, -10],
    ['PR', -66, -4],
    ['NA', -87.4, -6],
  ]
  for (const [state, longitude, hours] of cases)
    assert.equal(timeZone(state, longitude), hours * 60, `${state} ${longitude}`)
})

test('ticks are round and within the range', () => {
  assert.deepEqual(ticks(-30, 120, 6), [0, 50, 100])
  assert.deepEqual(ticks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1])
  assert.deepEqual(ticks(0, 0.16, 5), [0, 0.05, 0.1, 0.15])
  assert.equal(linear(0, 10, 100, 200)(5), 150)
})

test('a PNG’s chunks carry their sums, and its pixels come back', () => {
  const [width, height] = [5, 3]
  const pixels = Uint8Array.from({ length: width * height }, (_, k) => k % 4)
  const file = encodePng(width, height, pixels, new Uint8Array(12))
  assert.deepEqual([...file.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const bodies = new Map<string, Buffer>()
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at)
    const typed = file.subarray(at + 4, at + 8 + length)
    assert.equal(file.readUInt32BE(at + 8 + length), crc32(typed))
    bodies.set(typed.toString('latin1', 0, 4), typed.subarray(4))
    at += 12 + length
  }
  assert.deepEqual([...bodies.keys()], ['IHDR', 'PLTE', 'IDAT', 'IEND'])
  const rows = inflateSync(bodies.get('IDAT')!)
  for (let y = 0; y < height; y++) {
    assert.equal(rows[y * (width + 1)], 0)
    assert.deepEqual(
      rows.subarray(y * (width + 1) + 1, (y + 1) * (width + 1)),
      Buffer.from(pixels.subarray(y * width, (y + 1) * width)),
    )
  }
})

test('Poisson numbers have the mean and the variance of their distribution', () => {
  const n = 100_000
  for (const [k, mean] of [1, 5, 15, 16, 30, 1000, 20_000].entries()) {
    begin(7, k, 0)
    let [sum, squares] = [0, 0]
    for (let i = 0; i < n; i++) {
      const d = poisson(mean) - mean
      sum += d
      squares += d * d
    }
    // Four standard errors: the seed is fixed, so either it passes or it does not.
    assert.ok(Math.abs(sum / n) < 4 * Math.sqrt(mean / n), `mean ${mean}: ${sum / n} off`)
    const error = Math.sqrt((2 + 1 / mean) / n)
    assert.ok(Math.abs(squares / n / mean - 1) < 4 * error, `mean ${mean}: variance ${squares / n}`)
  }
})

test('resamples spread as the theory of the mean says, and each is the same whoever draws it', () => {
  const [delay, flights] = [Int16Array.of(-10, 0, 40, 5), Int32Array.of(300, 500, 200, 1)]
  const cells = { start: Int32Array.of(0, 3, 3, 4), delay, flights }
  const samples = new Float64Array(3 * 3 * RESAMPLES)
  resample.local(0, RESAMPLES, cells, samples)
  const row = (statistic: number, airport: number) =>
    samples.subarray((statistic * 3 + airport) * RESAMPLES, (statistic * 3 + airport + 1) * RESAMPLES)
  const mean = (x: Float64Array) => x.reduce((a, b) => a + b, 0) / x.length
  const variance = (x: Float64Array) => mean(x.map(v => (v - mean(x)) ** 2))
  // Of 1000 flights: mean 5, variance (300 · 15² + 500 · 5² + 200 · 35²) / 1000, a fifth of them late.
  assert.ok(Math.abs(mean(row(0, 0)) - 5) < 0.1, `mean ${mean(row(0, 0))}`)
  assert.ok(Math.abs(variance(row(0, 0)) / (325 / 1000) - 1) < 0.15, `variance of the mean ${variance(row(0, 0))}`)
  assert.deepEqual(new Set(row(1, 0)), new Set([0]))
  assert.ok(Math.abs(mean(row(2, 0)) - 0.2) < 0.002, `share late ${mean(row(2, 0))}`)
  // No flights, and one that is drawn in 1 - 1/e of the resamples.
  assert.ok(row(0, 1).every(Number.isNaN) && row(1, 1).every(Number.isNaN))
  const drawn = row(0, 2).filter(v => v === 5).length
  assert.equal(drawn + row(0, 2).filter(Number.isNaN).length, RESAMPLES)
  assert.ok(Math.abs(drawn / RESAMPLES - (1 - Math.exp(-1))) < 0.05, `drawn in ${drawn}`)
  const again = new Float64Array(samples.length)
  for (const from of [1500, 0, 700]) {
    const to = { 0: 700, 700: 1500, 1500: RESAMPLES }[from]!
    resample.local(from, to, cells, again)
  }
  assert.deepEqual(again, samples)
})
