/**
 * The network of routes, and the shortest way between any two airports: by great-circle distance, and by what the trip
 * costs in minutes when each flight is as late as its median. Then the same with one busy airport closed, for each of
 * the busiest: what would the country miss it for?
 *
 * The file has no flight times, so a flight of m metres is taken to last 30 minutes and m at 800 km/h, plus the median delay of
 * its route; changing planes costs 45 minutes. Lengths are whole metres, costs whole minutes, so answers are exact.
 *
 * All-pairs shortest paths are Floyd and Warshall's, blocked as in Venkataraman, Sahni and Mukhopadhyaya, "A blocked all-pairs
 * shortest-paths algorithm" (2003): for each block of BLOCK intermediate airports, close the diagonal block, carry it
 * along its rows, and relax everything against those. (Carrying it along its columns too, as the paper does, is not needed:
 * a way that enters the block leaves it by a row that knows all ways within.) Many graphs are solved together.
 */

import { atomic, heap, kernel, scan } from 'skein'
import type { Flights } from './data.ts'
import { greatCircle } from './geo.ts'
import { all, compareExactly, type Step } from './step.ts'

/** No way. Two of them still fit 32 bits. */
export const FAR = 1 << 29
/** Intermediate airports relaxed together. */
const BLOCK = 32
const BINS = 512
const FIRST = -64
const BOARDING_MINUTES = 30
export const CHANGE_MINUTES = 45
const METRES_A_MINUTE = 800_000 / 60

export interface Network {
  readonly airports: number
  /** Side of every matrix: the airports, padded to whole blocks. */
  readonly side: number
  readonly routes: number
  /** Number of the route from a to b, or -1: [airports][airports]. */
  readonly routeOf: Int32Array
  /** Flights by route. */
  readonly flights: Int32Array
  /** Median delay in minutes by route. */
  readonly median: Int32Array
  /** Great-circle lengths of the routes in metres, FAR where there is none: [side][side]. */
  readonly metres: Int32Array
  /** Cost of the routes in minutes, a change included: [side][side]. */
  readonly minutes: Int32Array
  /** The airports closed in turn, busiest first. */
  readonly closed: Int32Array
  /** Shortest paths: [graph][side][side]. Graph 0: metres; 1: minutes; 2 + c: minutes without closed[c]. */
  readonly paths: Int32Array
  /** By graph, but for 0: sum of the costs of all trips that can be made, and the number of ordered pairs that cannot. */
  readonly sum: Float64Array
  readonly cutOff: Int32Array
}

// --- Routes, and the median delay of each -------------------------------------------------------------------

const countPairs = kernel(
  (i, origin: Uint16Array, destination: Uint16Array, pairs: Int32Array, airports: number) => {
    atomic.add(pairs, origin[i] * airports + destination[i], 1)
  },
  { use: { atomic } },
)

/** Running number of pairs that have flights: one more than the pair's route. */
const numberPairs = scan('+', (i, pairs: Int32Array) => pairs[i] > 0)

const keepRoutes = kernel((i, pairs: Int32Array, numbers: Int32Array, routeOf: Int32Array, flights: Int32Array) => {
  routeOf[i] = -1
  if (pairs[i] > 0) {
    routeOf[i] = numbers[i] - 1
    flights[numbers[i] - 1] = pairs[i]
  }
})

const countDelays = kernel(
  (
    i,
    origin: Uint16Array,
    destination: Uint16Array,
    delay: Int16Array,
    routeOf: Int32Array,
    counts: Int32Array,
    airports: number,
    routes: number,
  ) => {
    const route = routeOf[origin[i] * airports + destination[i]]
    const bin = Math.min(Math.max(delay[i] - FIRST, 0), BINS - 1)
    atomic.add(counts, bin * routes + route, 1)
  },
  { use: { atomic, BINS, FIRST } },
)

const findMedians = kernel(
  (route, counts: Int32Array, flights: Int32Array, median: Int32Array, routes: number) => {
    let below = 0
    let bin = -1
    while (2 * below < flights[route]) {
      bin++
      below += counts[bin * routes + route]
    }
    median[route] = FIRST + bin
  },
  { use: { FIRST } },
)

// --- Graphs ------------------------------------------------------------------------------------------------------

const weigh = kernel(
  ([from, to], metres: Int32Array, routeOf: Int32Array, median: Int32Array, minutes: Int32Array, sizes: Int32Array) => {
    const airports = sizes[0]
    const at = from * sizes[1] + to
    let cost = FAR
    if (from === to) cost = 0
    else if (from < airports && to < airports) {
      const route = routeOf[from * airports + to]
      if (route >= 0) {
        cost = BOARDING_MINUTES + CHANGE_MINUTES + ((metres[at] / METRES_A_MINUTE) | 0) + median[route]
      }
    }
    minutes[at] = cost
  },
  { use: { FAR, BOARDING_MINUTES, CHANGE_MINUTES, METRES_A_MINUTE } },
)

const lay = kernel(
  ([graph, from, to], metres: Int32Array, minutes: Int32Array, closed: Int32Array, paths: Int32Array, side: number) => {
    const at = from * side + to
    let cost = minutes[at]
    if (graph === 0) cost = metres[at]
    else if (graph > 1) {
      const gone = closed[graph - 2]
      if ((from === gone || to === gone) && from !== to) cost = FAR
    }
    paths[graph * side * side + at] = cost
  },
  { use: { FAR } },
)

// --- Blocked Floyd–Warshall: four kernels for each block of intermediate airports -------------------

/** The diagonal block of one graph, closed: all paths within the block. */
const closeDiagonal = kernel(
  (graph, paths: Int32Array, diagonal: Int32Array, side: number, first: number) => {
    const block = new Int32Array(BLOCK * BLOCK)
    const corner = graph * side * side + first * side + first
    for (let r = 0; r < BLOCK; r++) {
      for (let c = 0; c < BLOCK; c++) block[r * BLOCK + c] = paths[corner + r * side + c]
    }
    for (let k = 0; k < BLOCK; k++) {
      for (let r = 0; r < BLOCK; r++) {
        const head = block[r * BLOCK + k]
        for (let c = 0; c < BLOCK; c++) {
          block[r * BLOCK + c] = Math.min(block[r * BLOCK + c], head + block[k * BLOCK + c])
        }
      }
    }
    for (let at = 0; at < BLOCK * BLOCK; at++) diagonal[graph * (BLOCK * BLOCK) + at] = block[at]
  },
  { use: { BLOCK } },
)

/** From the block's airports to all: [graph][BLOCK][side]. Four rows an iteration: what is read of `paths` serves all. */
const carry = kernel(
  ([graph, four, to], paths: Int32Array, diagonal: Int32Array, across: Int32Array, side: number, first: number) => {
    const row = graph * BLOCK + 4 * four
    let a = FAR
    let b = FAR
    let c = FAR
    let d = FAR
    for (let k = 0; k < BLOCK; k++) {
      const tail = paths[(graph * side + first + k) * side + to]
      const head = row * BLOCK + k
      a = Math.min(a, diagonal[head] + tail)
      b = Math.min(b, diagonal[head + BLOCK] + tail)
      c = Math.min(c, diagonal[head + 2 * BLOCK] + tail)
      d = Math.min(d, diagonal[head + 3 * BLOCK] + tail)
    }
    across[row * side + to] = a
    across[(row + 1) * side + to] = b
    across[(row + 2) * side + to] = c
    across[(row + 3) * side + to] = d
  },
  { use: { BLOCK, FAR } },
)

/** From all airports to the block's, as they are before `relax` changes them: [graph][side][BLOCK]. */
const keepColumns = kernel(
  ([graph, from, c], paths: Int32Array, down: Int32Array, side: number, first: number) => {
    down[(graph * side + from) * BLOCK + c] = paths[(graph * side + from) * side + first + c]
  },
  { use: { BLOCK } },
)

/** All ways through the block: to one of its airports, and on from there by way of any of them. Four rows an iteration. */
const relax = kernel(
  ([graph, four, to], paths: Int32Array, across: Int32Array, down: Int32Array, side: number) => {
    const row = graph * side + 4 * four
    const at = row * side + to
    let a = paths[at]
    let b = paths[at + side]
    let c = paths[at + 2 * side]
    let d = paths[at + 3 * side]
    for (let k = 0; k < BLOCK; k++) {
      const tail = across[(graph * BLOCK + k) * side + to]
      const head = row * BLOCK + k
      a = Math.min(a, down[head] + tail)
      b = Math.min(b, down[head + BLOCK] + tail)
      c = Math.min(c, down[head + 2 * BLOCK] + tail)
      d = Math.min(d, down[head + 3 * BLOCK] + tail)
    }
    paths[at] = a
    paths[at + side] = b
    paths[at + 2 * side] = c
    paths[at + 3 * side] = d
  },
  { use: { BLOCK } },
)

/**
 * Sums of the costs in minutes down the columns, so that neighbouring iterations read neighbouring elements: [graph][side].
 * Graph 0 is left out: its metres would not fit 32 bits.
 */
const sumUp = kernel(
  ([row, to], paths: Int32Array, sums: Int32Array, missing: Int32Array, side: number, airports: number) => {
    const graph = row + 1
    let sum = 0
    let none = 0
    for (let from = 0; from < airports; from++) {
      const cost = paths[(graph * side + from) * side + to]
      if (cost < FAR) sum += cost
      else none++
    }
    sums[graph * side + to] = sum
    missing[graph * side + to] = none
  },
  { use: { FAR } },
)

// --- The same in plain JavaScript ---------------------------------------------------------------------------------

const plainRoutes = ({ count, origin, destination, delay }: Flights, airports: number) => {
  const pairs = new Int32Array(airports * airports)
  for (let i = 0; i < count; i++) pairs[origin[i] * airports + destination[i]]++
  const routeOf = new Int32Array(airports * airports)
  let routes = 0
  for (let i = 0; i < pairs.length; i++) routeOf[i] = pairs[i] > 0 ? routes++ : -1
  const flights = new Int32Array(routes)
  for (let i = 0; i < pairs.length; i++) if (routeOf[i] >= 0) flights[routeOf[i]] = pairs[i]

  const counts = new Int32Array(routes * BINS)
  for (let i = 0; i < count; i++) {
    const bin = Math.min(Math.max(delay[i] - FIRST, 0), BINS - 1)
    counts[routeOf[origin[i] * airports + destination[i]] * BINS + bin]++
  }
  const median = new Int32Array(routes)
  for (let route = 0; route < routes; route++) {
    let below = 0
    let bin = -1
    while (2 * below < flights[route]) below += counts[route * BINS + ++bin]
    median[route] = FIRST + bin
  }
  return { routes, routeOf, flights, median }
}

/** Floyd–Warshall by rows, not blocked: one matrix fits the second-level cache, and this way was the faster one. */
const plainShortest = (paths: Int32Array, offset: number, side: number, airports: number): void => {
  for (let k = 0; k < airports; k++) {
    const rowK = offset + k * side
    for (let from = 0; from < airports; from++) {
      const row = offset + from * side
      const head = paths[row + k]
      if (head >= FAR || from === k) continue
      for (let to = 0; to < airports; to++) {
        const cost = head + paths[rowK + to]
        if (cost < paths[row + to]) paths[row + to] = cost
      }
    }
  }
}

// --- The step --------------------------------------------------------------------------------------------------------

const NETWORK = 'routes and their median delays'
const GRAPHS = 'graphs, with each of the busiest airports closed'
const SHORTEST = 'all-pairs shortest paths'

/** What both versions start from: lengths of all pairs in metres, and the busiest airports. */
const prepare = ({ airports, origin, count }: Flights, closures: number, side: number) => {
  const busy = new Int32Array(airports.length)
  for (let i = 0; i < count; i++) busy[origin[i]]++
  const closed = heap.i32(closures)
  closed.set([...busy.keys()].sort((a, b) => busy[b] - busy[a] || a - b).slice(0, closures))
  const length = new Int32Array(side * side).fill(FAR)
  for (const [a, from] of airports.entries()) {
    for (const [b, to] of airports.entries()) length[a * side + b] = Math.round(greatCircle(from, to))
  }
  return { closed, length }
}

/** Lengths of the routes that there are; FAR for the rest, 0 on the diagonal. */
const keepLengths = (metres: Int32Array, length: Int32Array, routeOf: Int32Array, airports: number, side: number) => {
  metres.fill(FAR)
  for (let from = 0; from < side; from++) {
    for (let to = 0; to < side; to++) {
      const at = from * side + to
      if (from === to) metres[at] = 0
      else if (from < airports && to < airports && routeOf[from * airports + to] >= 0) metres[at] = length[at]
    }
  }
}

/** `closures`: how many of the busiest airports to close in turn. */
export const routeStep = (flights: Flights, closures: number): Step<Network> => {
  const airports = flights.airports.length
  const side = Math.ceil(airports / BLOCK) * BLOCK
  const { closed, length } = prepare(flights, Math.min(closures, airports), side)
  const graphs = 2 + closed.length
  const shared = { airports, side, closed }

  return {
    title: 'Routes and shortest paths',
    by: 'kernels',
    plain(track) {
      track.phase(NETWORK)
      const { routes, routeOf, flights: byRoute, median } = plainRoutes(flights, airports)
      track.phase(GRAPHS)
      const metres = new Int32Array(side * side)
      const minutes = new Int32Array(side * side).fill(FAR)
      const paths = new Int32Array(graphs * side * side)
      const sum = new Float64Array(graphs)
      const cutOff = new Int32Array(graphs)
      keepLengths(metres, length, routeOf, airports, side)
      for (let from = 0; from < side; from++) {
        for (let to = 0; to < side; to++) {
          const at = from * side + to
          if (from === to) minutes[at] = 0
          else if (from < airports && to < airports) {
            const route = routeOf[from * airports + to]
            if (route < 0) continue
            minutes[at] = BOARDING_MINUTES + CHANGE_MINUTES + ((metres[at] / METRES_A_MINUTE) | 0) + median[route]
          }
        }
      }
      for (let graph = 0; graph < graphs; graph++) {
        paths.set(graph === 0 ? metres : minutes, graph * side * side)
        if (graph < 2) continue
        const gone = closed[graph - 2]
        for (let other = 0; other < side; other++) {
          if (other === gone) continue
          paths[(graph * side + gone) * side + other] = FAR
          paths[(graph * side + other) * side + gone] = FAR
        }
      }
      track.phase(SHORTEST)
      for (let graph = 0; graph < graphs; graph++) {
        plainShortest(paths, graph * side * side, side, airports)
        for (let from = 0; from < airports && graph > 0; from++) {
          for (let to = 0; to < airports; to++) {
            const cost = paths[(graph * side + from) * side + to]
            if (cost < FAR) sum[graph] += cost
            else cutOff[graph]++
          }
        }
        track.share((graph + 1) / graphs)
      }
      return { ...shared, routes, routeOf, flights: byRoute, median, metres, minutes, paths, sum, cutOff }
    },

    skein(track) {
      track.phase(NETWORK)
      const pairs = heap.i32(airports * airports)
      const numbers = heap.i32(airports * airports)
      const routeOf = heap.i32(airports * airports)
      countPairs(flights.count, flights.origin, flights.destination, pairs, airports)
      numberPairs(airports * airports, numbers, pairs)
      const routes = numbers[airports * airports - 1]
      const byRoute = heap.i32(routes)
      const median = heap.i32(routes)
      const counts = heap.i32(routes * BINS)
      keepRoutes(airports * airports, pairs, numbers, routeOf, byRoute)
      const { origin, destination, delay } = flights
      countDelays(flights.count, origin, destination, delay, routeOf, counts, airports, routes)
      findMedians(routes, counts, byRoute, median, routes)

      track.phase(GRAPHS)
      const metres = heap.i32(side * side)
      const minutes = heap.i32(side * side)
      const paths = heap.i32(graphs * side * side)
      const sizes = heap.i32([airports, side])
      keepLengths(metres, length, routeOf, airports, side)
      weigh([side, side], metres, routeOf, median, minutes, sizes)
      lay([graphs, side, side], metres, minutes, closed, paths, side)

      track.phase(SHORTEST)
      const diagonal = heap.i32(graphs * BLOCK * BLOCK)
      const across = heap.i32(graphs * BLOCK * side)
      const down = heap.i32(graphs * side * BLOCK)
      for (let first = 0; first < side; first += BLOCK) {
        closeDiagonal(graphs, paths, diagonal, side, first)
        carry([graphs, BLOCK / 4, side], paths, diagonal, across, side, first)
        keepColumns([graphs, side, BLOCK], paths, down, side, first)
        relax([graphs, Math.ceil(airports / 4), side], paths, across, down, side)
        track.share((first + BLOCK) / side)
      }
      const sums = heap.i32(graphs * side)
      const missing = heap.i32(graphs * side)
      sumUp([graphs - 1, airports], paths, sums, missing, side, airports)
      const sum = new Float64Array(graphs)
      const cutOff = new Int32Array(graphs)
      for (let graph = 1; graph < graphs; graph++) {
        for (let to = 0; to < airports; to++) {
          sum[graph] += sums[graph * side + to]
          cutOff[graph] += missing[graph * side + to]
        }
      }
      return { ...shared, routes, routeOf, flights: byRoute, median, metres, minutes, paths, sum, cutOff }
    },

    compare: (a, b) =>
      all(
        compareExactly('routes', a.routeOf, b.routeOf),
        compareExactly('medians', a.median, b.median),
        compareExactly('costs', a.minutes, b.minutes),
        compareExactly('shortest paths', a.paths, b.paths),
        compareExactly('sums', a.sum, b.sum),
        compareExactly('pairs cut off', a.cutOff, b.cutOff),
      ),
  }
}

/** The airports along a shortest path of graph 0 or 1, ends included; empty when there is no way. */
export const pathBetween = (network: Network, graph: 0 | 1, from: number, to: number): number[] => {
  const { airports, side, paths } = network
  const edges = graph === 0 ? network.metres : network.minutes
  const offset = graph * side * side
  if (paths[offset + from * side + to] >= FAR) return []
  const path = [from]
  for (let at = from; at !== to; ) {
    const left = paths[offset + at * side + to]
    let next = -1
    for (let via = 0; via < airports; via++) {
      const edge = edges[at * side + via]
      if (via !== at && edge < FAR && edge + paths[offset + via * side + to] === left) {
        next = via
        break
      }
    }
    if (next < 0 || path.length > airports) return []
    path.push(next)
    at = next
  }
  return path
}
