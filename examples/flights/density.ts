/**
 * The sky by night: every route shines along its great circle, as brightly as it has flights, and each pixel gathers the light of all.
 *
 * A pixel becomes a place on the sphere, p, a unit vector. Route r from a to b has the normal n of its great circle and the
 * tangents ta (at a, away from b) and tb (at b, away from a). Then p is |p·n| off the circle, and max(p·ta, 0) and
 * max(p·tb, 0) beyond its ends, so their squares add up to the square of the distance, as it is near the route. The light
 * falls off with it as 1 / (1 + (distance / glow)²)²: no cut-off, so each pixel needs each route.
 */

import { heap, kernel, reduce } from 'skein'
import type { Flights } from './data.ts'
import {
  alaska,
  alaskaInset,
  type Conic,
  hawaii,
  hawaiiInset,
  lower48,
  mapHeight,
  mapWidth,
  unitVector,
} from './geo.ts'
import { all, compareClosely, type Step } from './step.ts'

/** How far from a route its light has fallen to a quarter. */
const GLOW_PIXELS = 0.9
/** Numbers that a route takes: n, ta, tb, brightness. */
const ROUTE = 10
const COLOURS = 256
/** How far the tone curve lifts what is dim. */
const LIFT = 1200

export interface Density {
  readonly width: number
  readonly height: number
  /** Sum of the routes' light by pixel, row by row from the north-west. */
  readonly light: Float32Array
  /** Index of the colour by pixel, 0 the darkest. */
  readonly tone: Uint8Array
  readonly routes: number
}

interface Rectangle {
  readonly top: number
  readonly left: number
  readonly height: number
  readonly width: number
  readonly conic: Conic
}

/** The map's parts in the order of drawing: the insets lie on top. Pixels of the image are units of the map times `zoom`. */
const parts = (zoom: number): readonly Rectangle[] => {
  const width = Math.round(mapWidth * zoom)
  const height = Math.round(mapHeight * zoom)
  const scaled = (conic: Conic): Conic => ({
    ...conic,
    scale: conic.scale * zoom,
    columnOrigin: conic.columnOrigin * zoom - 0.5,
    rowOrigin: conic.rowOrigin * zoom - 0.5,
  })
  const inset = (rectangle: readonly [number, number, number, number], conic: Conic): Rectangle => {
    const [left, top, right, bottom] = rectangle.map(edge => Math.max(0, Math.round(edge * zoom)))
    return { top, left, height: Math.min(bottom, height) - top, width: right - left, conic: scaled(conic) }
  }
  return [
    { top: 0, left: 0, height, width, conic: scaled(lower48) },
    inset(alaskaInset, alaska),
    inset(hawaiiInset, hawaii),
  ]
}

/** 1 / GLOW_PIXELS², in radians: all parts glow alike on the image, whatever their scale. */
const sharpnessOf = (conic: Conic): number => (conic.scale / GLOW_PIXELS) ** 2

const place = kernel(
  (
    [row, column],
    x: Float32Array,
    y: Float32Array,
    z: Float32Array,
    sharpness: Float32Array,
    cone: Float32Array,
    top: number,
    left: number,
    width: number,
  ) => {
    const n = cone[0]
    const c = cone[1]
    const r0 = cone[2]
    const scale = cone[3]
    const columnOrigin = cone[4]
    const rowOrigin = cone[5]
    const meridian = cone[6]
    const east = (column + left - columnOrigin) / scale
    const south = r0 - (rowOrigin - row - top) / scale
    const longitude = Math.atan2(east, south) / n + meridian
    const sine = Math.min(1, Math.max(-1, (c - (east * east + south * south) * n * n) / (2 * n)))
    const cosine = Math.sqrt(1 - sine * sine)
    const at = (row + top) * width + column + left
    x[at] = cosine * Math.cos(longitude)
    y[at] = cosine * Math.sin(longitude)
    z[at] = sine
    sharpness[at] = cone[7]
  },
)

const shine = kernel(
  (
    i,
    x: Float32Array,
    y: Float32Array,
    z: Float32Array,
    sharpness: Float32Array,
    routes: Float32Array,
    count: number,
    light: Float32Array,
  ) => {
    const px = x[i]
    const py = y[i]
    const pz = z[i]
    const sharp = sharpness[i]
    let sum = 0.0
    for (let r = 0; r < count; r++) {
      const k = r * ROUTE
      const across = px * routes[k] + py * routes[k + 1] + pz * routes[k + 2]
      let squared = across * across
      const before = px * routes[k + 3] + py * routes[k + 4] + pz * routes[k + 5]
      if (before > 0) squared += before * before
      const beyond = px * routes[k + 6] + py * routes[k + 7] + pz * routes[k + 8]
      if (beyond > 0) squared += beyond * beyond
      const near = 1 / (1 + sharp * squared)
      sum += routes[k + 9] * near * near
    }
    light[i] = sum
  },
  { use: { ROUTE }, fast: true },
)

const brightest = reduce('max', (i, light: Float32Array) => light[i])

const toneOf = kernel(
  (i, light: Float32Array, tone: Uint8Array, most: number) => {
    tone[i] = ((COLOURS - 0.001) * Math.log1p((LIFT * light[i]) / most)) / Math.log1p(LIFT)
  },
  { use: { COLOURS, LIFT } },
)

const plainPlace = (
  { top, left, height, width: columns, conic }: Rectangle,
  x: Float32Array,
  y: Float32Array,
  z: Float32Array,
  sharpness: Float32Array,
  width: number,
): void => {
  const sharp = sharpnessOf(conic)
  const { n, c, r0, scale, columnOrigin, rowOrigin, meridian } = conic
  for (let row = top; row < top + height; row++) {
    const south = r0 - (rowOrigin - row) / scale
    for (let column = left; column < left + columns; column++) {
      const east = (column - columnOrigin) / scale
      const longitude = Math.atan2(east, south) / n + meridian
      const sine = Math.min(1, Math.max(-1, (c - (east * east + south * south) * n * n) / (2 * n)))
      const cosine = Math.sqrt(1 - sine * sine)
      const at = row * width + column
      x[at] = cosine * Math.cos(longitude)
      y[at] = cosine * Math.sin(longitude)
      z[at] = sine
      sharpness[at] = sharp
    }
  }
}

const plainShine = (
  begin: number,
  end: number,
  x: Float32Array,
  y: Float32Array,
  z: Float32Array,
  sharpness: Float32Array,
  routes: Float64Array,
  count: number,
  light: Float32Array,
): void => {
  for (let i = begin; i < end; i++) {
    const px = x[i]
    const py = y[i]
    const pz = z[i]
    const sharp = sharpness[i]
    let sum = 0
    for (let r = 0, k = 0; r < count; r++, k += ROUTE) {
      const across = px * routes[k] + py * routes[k + 1] + pz * routes[k + 2]
      let squared = across * across
      const before = px * routes[k + 3] + py * routes[k + 4] + pz * routes[k + 5]
      if (before > 0) squared += before * before
      const beyond = px * routes[k + 6] + py * routes[k + 7] + pz * routes[k + 8]
      if (beyond > 0) squared += beyond * beyond
      const near = 1 / (1 + sharp * squared)
      sum += routes[k + 9] * near * near
    }
    light[i] = sum
  }
}

/** Routes without direction, with the flights of both. */
const routesOf = ({ airports, origin, destination, count }: Flights): { routes: Float64Array; count: number } => {
  const pairs = new Int32Array(airports.length ** 2)
  for (let i = 0; i < count; i++) {
    const a = Math.min(origin[i], destination[i])
    const b = Math.max(origin[i], destination[i])
    if (a !== b) pairs[a * airports.length + b]++
  }
  const most = pairs.reduce((x, y) => Math.max(x, y), 0)
  const places = airports.map(({ latitude, longitude }) => unitVector(latitude, longitude))
  const numbers: number[] = []
  for (let pair = 0; pair < pairs.length; pair++) {
    if (pairs[pair] === 0) continue
    const a = places[Math.floor(pair / airports.length)]
    const b = places[pair % airports.length]
    const cosine = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
    const sine = Math.sqrt(1 - cosine * cosine)
    if (sine < 1e-6) continue
    const n = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    for (const v of n) numbers.push(v / sine)
    for (let d = 0; d < 3; d++) numbers.push((a[d] * cosine - b[d]) / sine)
    for (let d = 0; d < 3; d++) numbers.push((b[d] * cosine - a[d]) / sine)
    numbers.push(pairs[pair] / most)
  }
  return { routes: Float64Array.from(numbers), count: numbers.length / ROUTE }
}

const PLACE = 'pixels to places'
const SHINE = 'light of all routes on all pixels'
const TONE = 'tone'

/** `zoom`: pixels for a unit of the map, which is 975 × 610 units. */
export const densityStep = (flights: Flights, zoom: number): Step<Density> => {
  const width = Math.round(mapWidth * zoom)
  const height = Math.round(mapHeight * zoom)
  const pixels = width * height
  const { routes, count } = routesOf(flights)
  const pieces = 24
  const piece = (p: number): number => Math.floor((pixels * p) / pieces)
  return {
    title: 'Density of routes',
    by: 'kernels',
    plain(track) {
      track.phase(PLACE)
      const [x, y, z, sharpness, light] = [1, 2, 3, 4, 5].map(() => new Float32Array(pixels))
      const tone = new Uint8Array(pixels)
      for (const part of parts(zoom)) plainPlace(part, x, y, z, sharpness, width)
      track.phase(SHINE)
      for (let p = 0; p < pieces; p++) {
        plainShine(piece(p), piece(p + 1), x, y, z, sharpness, routes, count, light)
        track.share((p + 1) / pieces)
      }
      track.phase(TONE)
      let most = 0
      for (let i = 0; i < pixels; i++) if (light[i] > most) most = light[i]
      const scale = (COLOURS - 0.001) / Math.log1p(LIFT)
      for (let i = 0; i < pixels; i++) tone[i] = scale * Math.log1p((LIFT * light[i]) / most)
      return { width, height, light, tone, routes: count }
    },
    skein(track) {
      track.phase(PLACE)
      const [x, y, z, sharpness, light] = [1, 2, 3, 4, 5].map(() => heap.f32(pixels))
      const tone = heap.u8(pixels)
      const single = heap.f32(routes)
      for (const { top, left, height, width: columns, conic } of parts(zoom)) {
        const { n, c, r0, scale, columnOrigin, rowOrigin, meridian } = conic
        const cone = heap.f32([n, c, r0, scale, columnOrigin, rowOrigin, meridian, sharpnessOf(conic)])
        place([height, columns], x, y, z, sharpness, cone, top, left, width)
      }
      track.phase(SHINE)
      for (let p = 0; p < pieces; p++) {
        shine({ begin: piece(p), end: piece(p + 1) }, x, y, z, sharpness, single, count, light)
        track.share((p + 1) / pieces)
      }
      track.phase(TONE)
      toneOf(pixels, light, tone, brightest(pixels, light))
      return { width, height, light, tone, routes: count }
    },
    // 32-bit arithmetic against 64-bit: positions differ by metres, light by thousandths where the routes meet.
    compare(a, b) {
      const most = a.light.reduce((x, y) => Math.max(x, y), 0)
      return all(
        compareClosely('pixels’ light', a.light, b.light, 2e-3 * most),
        compareClosely('pixels’ tone', a.tone, b.tone, 2),
      )
    },
  }
}
