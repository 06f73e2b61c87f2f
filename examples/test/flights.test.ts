/** The parts of the flights that need neither data nor kernels. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, inflateSync } from 'node:zlib'
import { geoAlbersUsa } from 'd3-geo'
import fc from 'fast-check'
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
