/**
 * Values between points of a plane, on the flat triangles of their Delaunay triangulation. A place's triangle is found by a walk that crosses the edge it lies beyond, until there is none: on triangles of Delaunay
 * such a walk comes to its end (H. Edelsbrunner, An acyclicity theorem for cell complexes in d dimensions). It begins near, at a triangle of the place's cell of a grid.
 */

import { ArgumentError } from '@skein/base'
import { kernel } from '@skein/kernel'
import type { Runs } from '../../expression/launch.ts'
import { runOf } from '../../expression/plain.ts'

/** Of points in the unit square: what is so near an edge is not beyond it; triangles that are no higher have no height. */
const near = 2e-14
const flat = 1e-14
/** Coordinates are multiples of its reciprocal. */
const apart = 2 ** 48

export interface Triangles {
  /** [points, 2], in the unit square. */
  readonly points: Float64Array
  /** Three points of each triangle, clockwise, the longest edge between the first two. */
  readonly corners: Int32Array
  /** The triangle beyond the edge that begins at a corner; −1 for none. */
  readonly beyond: Int32Array
  /** 1 for those without height. */
  readonly flats: Int32Array
  /** Where walks begin, by cells of a grid of `side` by `side`. */
  readonly cells: Int32Array
  readonly side: number
}

const crossed = (p: Float64Array, a: number, b: number, c: number) =>
  (p[2 * b] - p[2 * a]) * (p[2 * c + 1] - p[2 * a + 1]) - (p[2 * b + 1] - p[2 * a + 1]) * (p[2 * c] - p[2 * a])

/** Whether all points lie on one line, but for rounding. */
function areOnLine(p: Float64Array): boolean {
  const farthestFrom = (a: number) => {
    let found = a
    let most = 0
    for (let k = 0; k < p.length / 2; k++) {
      const d = lengthOf(p, a, k)
      if (d > most) [found, most] = [k, d]
    }
    return [found, most] as const
  }
  const [a] = farthestFrom(0)
  const [b, length] = farthestFrom(a)
  for (let k = 0; k < p.length / 2; k++) if (Math.abs(crossed(p, a, b, k)) > flat * length) return false
  return true
}

const lengthOf = (p: Float64Array, a: number, b: number) => Math.hypot(p[2 * b] - p[2 * a], p[2 * b + 1] - p[2 * a + 1])

/** The longest edge of each triangle becomes the first: heights above it are the smallest. */
function turnLongestFirst(points: Float64Array, corners: Int32Array, beyond: Int32Array): void {
  for (let t = 0; t < corners.length; t += 3) {
    const edges = [0, 1, 2].map(k => lengthOf(points, corners[t + k], corners[t + ((k + 1) % 3)]))
    const first = edges.indexOf(Math.max(...edges))
    for (const array of [corners, beyond]) {
      const kept = array.slice(t, t + 3)
      for (let k = 0; k < 3; k++) array[t + k] = kept[(first + k) % 3]
    }
  }
}

/** 1 for triangles without height: of three points of the border on one line but for rounding, or of two beside each other. */
const flatOnes = (points: Float64Array, corners: Int32Array): Int32Array =>
  Int32Array.from({ length: corners.length / 3 }, (_, t) => {
    const [a, b, c] = corners.subarray(3 * t, 3 * t + 3)
    return Math.abs(crossed(points, a, b, c)) <= flat * lengthOf(points, a, b) ? 1 : 0
  })

/** A triangle for each cell: one whose middle lies there, or that of a cell before. */
function cellsOf(points: Float64Array, corners: Int32Array, side: number): Int32Array {
  const cells = new Int32Array(side * side).fill(-1)
  let any = -1
  for (let t = 0; t < corners.length / 3; t++) {
    const [a, b, c] = corners.subarray(3 * t, 3 * t + 3)
    const [x, y] = [0, 1].map(d =>
      Math.min(Math.floor(((points[2 * a + d] + points[2 * b + d] + points[2 * c + d]) / 3) * side), side - 1),
    )
    cells[y * side + x] = any = t
  }
  for (let k = 0; k < cells.length; k++) {
    if (cells[k] < 0) cells[k] = any
    else any = cells[k]
  }
  return cells
}

/** @param given [n, 2], in the unit square. @throws ArgumentError for points on one line */
export async function trianglesOf(given: Float64Array, call: string): Promise<Triangles> {
  if (areOnLine(given))
    throw new ArgumentError(
      call,
      'points',
      'three points or more that are not on one line',
      `${given.length / 2} on one line`,
    )
  // Points that differ by rounding alone would be parted by triangles without width.
  const points = given.map(v => Math.round(v * apart) / apart)
  const { default: Delaunator } = await import('delaunator')
  const { triangles, halfedges } = new Delaunator(points)
  const corners = Int32Array.from(triangles)
  const beyond = Int32Array.from(halfedges, e => (e < 0 ? -1 : Math.floor(e / 3)))
  turnLongestFirst(points, corners, beyond)
  const side = Math.max(1, Math.ceil(Math.sqrt(points.length / 4)))
  return { points, corners, beyond, flats: flatOnes(points, corners), cells: cellsOf(points, corners, side), side }
}

/** A lane is a place. −1 is written where it lies in no triangle. */
const find = kernel(
  (
    i,
    points: Float64Array,
    corners: Int32Array,
    beyond: Int32Array,
    flats: Int32Array,
    cells: Int32Array,
    side: number,
    near: number,
    places: Float64Array,
    found: Int32Array,
  ) => {
    const x = places[2 * i]
    const y = places[2 * i + 1]
    const column = Math.min(Math.max(Math.floor(x * side), 0), side - 1)
    const row = Math.min(Math.max(Math.floor(y * side), 0), side - 1)
    // Those that are not finite go nowhere.
    let t = x - x === 0 && y - y === 0 ? cells[(row * side + column) | 0] : -1
    let walks = t >= 0
    let hops = 64
    // Rounding could lead round in circles where points are on a circle: not for longer than there are triangles.
    for (let steps = beyond.length; walks && steps > 0; steps--) {
      walks = false
      let next = t
      for (let k = 0; k < 3; k++) {
        const a = corners[3 * t + k]
        const b = corners[3 * t + (k === 2 ? 0 : k + 1)]
        const dx = points[2 * b] - points[2 * a]
        const dy = points[2 * b + 1] - points[2 * a + 1]
        const inward = dy * (x - points[2 * a]) - dx * (y - points[2 * a + 1])
        if (!walks && inward < -near * (Math.abs(dx) + Math.abs(dy))) {
          walks = true
          next = beyond[3 * t + k]
        }
      }
      // Lines of a triangle without height pass near places far away, and it says little: the one beside it says more.
      if (!walks && flats[t] === 1) {
        const [a, b, c] = [corners[3 * t], corners[3 * t + 1], corners[3 * t + 2]]
        const dx = points[2 * b] - points[2 * a]
        const dy = points[2 * b + 1] - points[2 * a + 1]
        const along = dx * (x - points[2 * a]) + dy * (y - points[2 * a + 1])
        const isInFront = dx * (x - points[2 * c]) + dy * (y - points[2 * c + 1]) < 0
        const slack = near * (Math.abs(dx) + Math.abs(dy))
        const beside = beyond[3 * t + (isInFront ? 2 : 1)]
        walks = beside >= 0 && hops > 0
        if (walks) next = beside
        else if (along < -slack || along > dx * dx + dy * dy + slack) next = -1
        hops--
      }
      t = next
      if (t < 0) walks = false
    }
    found[i] = t
  },
  { name: 'findTriangle' },
)

/** A lane is a value at a place: on the longest edge, and so much of the third corner's difference from that as the place is high. In triangles with little height heights are rough, but so little is added by them. */
const onTriangle = kernel(
  (
    i,
    lines: number,
    points: Float64Array,
    corners: Int32Array,
    values: Float64Array,
    places: Float64Array,
    found: Int32Array,
    fill: number,
    to: Float64Array,
  ) => {
    const p = (i / lines) | 0
    const line = i - p * lines
    const t = found[p]
    let value = fill / 1
    if (t >= 0) {
      const a = corners[3 * t]
      const b = corners[3 * t + 1]
      const c = corners[3 * t + 2]
      const x = places[2 * p] - points[2 * a]
      const y = places[2 * p + 1] - points[2 * a + 1]
      const bx = points[2 * b] - points[2 * a]
      const by = points[2 * b + 1] - points[2 * a + 1]
      const cx = points[2 * c] - points[2 * a]
      const cy = points[2 * c + 1] - points[2 * a + 1]
      const square = bx * bx + by * by
      const along = (x * bx + y * by) / square
      const alongC = (cx * bx + cy * by) / square
      const whole = bx * cy - by * cx
      const height = whole === 0 ? 0 : Math.min(Math.max((bx * y - by * x) / whole, 0), 1)
      const first = values[a * lines + line]
      const rise = values[b * lines + line] - first
      value = first + along * rise + height * (values[c * lines + line] - (first + alongC * rise))
    }
    to[i] = value
  },
  { name: 'onTriangle' },
)

/** @param places [m, 2]; @param to [m, lines] */
export function* interpolateOn(
  { points, corners, beyond, flats, cells, side }: Triangles,
  values: Float64Array,
  lines: number,
  places: Float64Array,
  fill: number,
  to: Float64Array,
): Runs<void> {
  const count = places.length / 2
  const found = new Int32Array(count)
  yield runOf(find, count, points, corners, beyond, flats, cells, side, near, places, found)
  yield runOf(onTriangle, to.length, lines, points, corners, values, places, found, fill, to)
}
