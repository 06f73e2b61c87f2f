/**
 * xtensor-benchmark's cases at its largest size, 1000 or 1000 × 1000 (its sum of three axes and two at 100, which is 8 GB at 1000): what Skein's user writes, and a loop over typed arrays.
 * E, F and R are 1000 × 1000; C3 is 100 × 100 × 100; a, b are pairs of squares by their side. All float64.
 */

export interface Floats {
  [name: string]: Float64Array
}

export interface Pair {
  skein: string
  plain: (of: Floats) => Float64Array | number
  /** Infinity: numbers are drawn, or nothing is written. */
  tolerance?: number
}

const sum = (x: Float64Array, y: Float64Array): Float64Array => {
  const z = new Float64Array(x.length)
  for (let k = 0; k < z.length; k++) z[k] = x[k] + y[k]
  return z
}

function sumInto(x: Float64Array, y: Float64Array, z: Float64Array): Float64Array {
  for (let k = 0; k < z.length; k++) z[k] = x[k] + y[k]
  return z
}

function sumByRows(x: Float64Array, y: Float64Array, z: Float64Array): Float64Array {
  for (let r = 0; r < 1000; r++) for (let c = 0; c < 1000; c++) z[r * 1000 + c] = x[r * 1000 + c] + y[r * 1000 + c]
  return z
}

function sumBroadcast(x: Float64Array, y: Float64Array): Float64Array {
  const z = new Float64Array(1e6)
  for (let p = 0; p < 100; p++) for (let k = 0; k < 1e4; k++) z[p * 1e4 + k] = x[p * 1e4 + k] + y[k]
  return z
}

function total(x: Float64Array): number {
  let s = 0
  for (let k = 0; k < x.length; k++) s += x[k]
  return s
}

function drawn(): Float64Array {
  const z = new Float64Array(1e6)
  for (let k = 0; k < z.length; k++) z[k] = Math.random()
  return z
}

const fixed = (side: number): Pair => ({
  skein: `nd.add(a${side}, b${side})`,
  plain: of => sum(of[`a${side}`], of[`b${side}`]),
})

export const xtensor: Record<string, Pair> = {
  add1d: { skein: 'nd.add(x, y)', plain: of => sum(of.x, of.y) },
  add2d: { skein: 'nd.add(E, F)', plain: of => sum(of.E, of.F) },
  broadcast: { skein: 'nd.add(C3, A)', plain: of => sumBroadcast(of.C3, of.A) },
  construct: { skein: 'nd.empty([1000, 1000])', plain: () => new Float64Array(1e6), tolerance: Infinity },
  'construct-random': { skein: 'nd.random.uniform([1000, 1000])', plain: drawn, tolerance: Infinity },
  'construct-view': { skein: "E.at(':, :')", plain: of => of.E.subarray(0) },
  'fixed-3': fixed(3),
  'fixed-8': fixed(8),
  'fixed-64': fixed(64),
  'fixed-512': fixed(512),
  iterate: { skein: 'nd.sum(E)', plain: of => total(of.E) },
  'assign-scalar': { skein: 'R.assign(1.5)', plain: of => of.R.fill(1.5) },
  'add-view': { skein: "R.assign(nd.add(E.at(':, :'), F.at(':, :')))", plain: of => sumInto(of.E, of.F, of.R) },
  'add-strided-view': {
    skein: 'R.assign(nd.add(E.at({ step: 1 }, { step: 1 }), F.at({ step: 1 }, { step: 1 })))',
    plain: of => sumInto(of.E, of.F, of.R),
  },
  'add-dynamic-view': { skein: "R.assign(nd.add(E.at('...'), F.at('...')))", plain: of => sumInto(of.E, of.F, of.R) },
  'add-adapted': {
    skein: 'nd.asarray(floats.R).assign(nd.add(nd.asarray(floats.E), nd.asarray(floats.F)))',
    plain: of => sumInto(of.E, of.F, of.R),
  },
  'add-loop': { skein: 'R.assign(nd.map((x, y) => x + y, E, F))', plain: of => sumByRows(of.E, of.F, of.R) },
}
