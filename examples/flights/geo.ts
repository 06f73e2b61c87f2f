/**
 * Where things are: unit vectors on the sphere, great-circle lengths, time zones, and the map projection.
 *
 * The map is d3's `geoAlbersUsa` at the scale of us-atlas's `states-albers-10m.json`: 975 × 610 units, an Albers equal-area conic
 * for the forty-eight states, and two more conics, clipped to insets, for Alaska (at 0.35 of the scale) and Hawaii.
 */

export const earthMetres = 6_371_008.8
export const mapWidth = 975
export const mapHeight = 610
export const radians = Math.PI / 180

/** The unit vector of a place, z towards the North Pole, x towards latitude 0, longitude 0. */
export const unitVector = (latitude: number, longitude: number): [number, number, number] => {
  const c = Math.cos(latitude * radians)
  return [c * Math.cos(longitude * radians), c * Math.sin(longitude * radians), Math.sin(latitude * radians)]
}

interface Place {
  readonly latitude: number
  readonly longitude: number
}

/** Great-circle length in metres (haversine). */
export const greatCircle = (a: Place, b: Place): number => {
  const s = Math.sin(((b.latitude - a.latitude) * radians) / 2)
  const t = Math.sin(((b.longitude - a.longitude) * radians) / 2)
  const h = s * s + Math.cos(a.latitude * radians) * Math.cos(b.latitude * radians) * t * t
  return 2 * earthMetres * Math.asin(Math.sqrt(Math.min(1, h)))
}

/** States that keep one time, by hours from Universal Time (standard time: only differences matter here). */
const zones: readonly (readonly [number, string])[] = [
  [-4, 'PR VI'],
  [-5, 'CT DC DE GA IN MA MD ME NC NH NJ NY OH PA RI SC VA VT WV'],
  [-6, 'AL AR IA IL LA MN MO MS OK WI'],
  [-7, 'AZ CO MT NM UT WY'],
  [-8, 'CA NV WA OR'],
  [-9, 'AK'],
  [-10, 'HI'],
]
/** States cut by a border of time zones: the longitude of the cut, the hours east of it and west of it. */
const divided: { readonly [state: string]: readonly [number, number, number] } = {
  FL: [-85, -5, -6],
  KY: [-86, -5, -6],
  TN: [-85.5, -5, -6],
  MI: [-87.6, -5, -6],
  KS: [-101.4, -6, -7],
  ND: [-101.5, -6, -7],
  NE: [-101, -6, -7],
  SD: [-100.5, -6, -7],
  TX: [-104.9, -6, -7],
  ID: [-116.1, -7, -8],
}

/** Minutes from Universal Time; where the state is not known, by the sun. */
export const timeZone = (state: string, longitude: number): number => {
  const cut = divided[state]
  if (cut) return 60 * (longitude > cut[0] ? cut[1] : cut[2])
  const whole = zones.find(([, states]) => states.split(' ').includes(state))
  return 60 * (whole ? whole[0] : Math.round(longitude / 15))
}

/**
 * The inverse of one conic: what a pixel needs to become a place. With the parallels p0, p1 (Snyder, "Map Projections:
 * A Working Manual", section 14): n = (sin p0 + sin p1) / 2, c = cos² p0 + 2 n sin p0, r0 = sqrt(c) / n.
 */
export interface Conic {
  readonly n: number
  readonly c: number
  readonly r0: number
  /** Pixels to units of the sphere: x = (column - columnOrigin) / scale, y = (rowOrigin - row) / scale. */
  readonly scale: number
  readonly columnOrigin: number
  readonly rowOrigin: number
  /** Longitude of the central meridian, in radians. */
  readonly meridian: number
}

const conic = (
  parallels: readonly [number, number],
  meridian: number,
  center: readonly [number, number],
  scale: number,
  x: number,
  y: number,
): Conic => {
  const s0 = Math.sin(parallels[0] * radians)
  const n = (s0 + Math.sin(parallels[1] * radians)) / 2
  const c = 1 + s0 * (2 * n - s0)
  const r0 = Math.sqrt(c) / n
  // The centre (given relative to the meridian) must land on (x, y).
  const r = Math.sqrt(c - 2 * n * Math.sin(center[1] * radians)) / n
  const angle = n * center[0] * radians
  return {
    n,
    c,
    r0,
    scale,
    columnOrigin: x - scale * r * Math.sin(angle),
    rowOrigin: y + scale * (r0 - r * Math.cos(angle)),
    meridian: meridian * radians,
  }
}

const k = 1300
const tx = 487.5
const ty = 305
export const lower48 = conic([29.5, 45.5], -96, [-0.6, 38.7], k, tx, ty)
export const alaska = conic([55, 65], -154, [-2, 58.5], 0.35 * k, tx - 0.307 * k, ty + 0.201 * k)
export const hawaii = conic([8, 18], -157, [-3, 19.9], k, tx - 0.205 * k, ty + 0.212 * k)
/** The insets' rectangles, in map units: left, top, right, bottom. */
export const alaskaInset = [tx - 0.425 * k, ty + 0.12 * k, tx - 0.214 * k, ty + 0.234 * k] as const
export const hawaiiInset = [tx - 0.214 * k, ty + 0.166 * k, tx - 0.115 * k, ty + 0.234 * k] as const
