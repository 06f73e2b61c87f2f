/**
 * Runs an iteration over a range: in order for a plain kernel, and in the order that `backend.ts` states for reductions
 * and scans. Each driver is a generator that rests now and then, so that one text serves `run` and `runAsync`.
 */
import { InternalError } from '@skein/base'
import { accumulators, BLOCK, type Combination, type Extent, SCANNED } from '../backend.ts'
import type { Iteration } from './generate.ts'

type Scalar = number | bigint
export type Combine = (a: Scalar, b: Scalar) => Scalar

/** Iterations between two rests. */
const STRIDE = 16

/** Number of positions of an extent. */
export function positions({ begin, end, step }: Extent): number {
  if (step === 0) throw new InternalError('a step is not zero', [`extent ${begin} to ${end}`])
  return Math.max(0, Math.ceil((end - begin) / step))
}

interface Row {
  length: number
  /** Runs the iteration at position k of the row. */
  at(k: number): any
}

/** The rows of a range (runs of its last dimension), in order. */
function* rows(extents: readonly Extent[], body: Iteration): Generator<Row> {
  const outer = extents.slice(0, -1)
  const last = extents.at(-1)
  if (!last) throw new InternalError('a range has one to three dimensions', ['it has none'])
  const length = positions(last)
  const fixed = outer.map(e => e.begin)
  const counts = outer.map(positions)
  if (counts.includes(0) || length === 0) return
  const place = outer.map(() => 0)
  for (;;) {
    const [p, q] = fixed
    const at =
      outer.length === 0
        ? (k: number) => body(last.begin + k * last.step)
        : outer.length === 1
          ? (k: number) => body(p, last.begin + k * last.step)
          : (k: number) => body(p, q, last.begin + k * last.step)
    yield { length, at }
    let d = outer.length - 1
    while (d >= 0 && ++place[d] === counts[d]) place[d--] = 0
    if (d < 0) return
    for (const [i, e] of outer.entries()) fixed[i] = e.begin + place[i] * e.step
  }
}

export function* plain(extents: readonly Extent[], body: Iteration): Generator<undefined, undefined> {
  for (const row of rows(extents, body)) {
    for (let k = 0; k < row.length; k++) {
      row.at(k)
      if (k % STRIDE === 0) yield
    }
  }
}

export function* reduce(
  extents: readonly Extent[],
  body: Iteration,
  { type, init }: Combination,
  combine: Combine,
  out?: { [index: number]: Scalar; fill(value: Scalar): unknown },
): Generator<undefined, Scalar> {
  const lanes = accumulators(type)
  let values: Scalar[] = []
  let at = 0
  out?.fill(init)
  for (const row of rows(extents, body)) {
    for (let begin = 0; begin < row.length; begin += BLOCK) {
      const end = Math.min(begin + BLOCK, row.length)
      const acc: Scalar[] = Array(lanes).fill(init)
      for (let k = begin; k < end; k++) {
        const j = (k - begin) % lanes
        acc[j] = combine(acc[j], row.at(k))
        if (k % STRIDE === 0) yield
      }
      for (let h = lanes / 2; h >= 1; h /= 2) {
        for (let j = 0; j < h; j++) acc[j] = combine(acc[j], acc[j + h])
      }
      values.push(acc[0])
    }
    if (out) {
      out[at++] = yield* pairwise(values, init, combine)
      values = []
    }
  }
  return yield* pairwise(values, init, combine)
}

/** Adjacent pairs, level by level. */
function* pairwise(values: Scalar[], init: Scalar, combine: Combine): Generator<undefined, Scalar> {
  if (values.length === 0) return init
  while (values.length > 1) {
    const next: Scalar[] = []
    for (let i = 0; i < values.length; i += 2) {
      next.push(i + 1 < values.length ? combine(values[i], values[i + 1]) : values[i])
    }
    values = next
    yield
  }
  return values[0]
}

/** Elements are numbered through all rows; blocks begin anew with each row. */
export function* scan(
  extents: readonly Extent[],
  body: Iteration,
  { init, exclusive, segmented }: Combination,
  combine: Combine,
  out: { [index: number]: Scalar; readonly length: number },
): Generator<undefined, undefined> {
  const count = extents.reduce((n, e) => n * positions(e), 1)
  if (out.length < count)
    throw new InternalError('a scan has room for its results', [`${count} results, ${out.length} elements`])
  let element = 0
  let carry = init
  for (const row of rows(extents, body)) {
    for (let begin = 0; begin < row.length; begin += BLOCK) {
      const end = Math.min(begin + BLOCK, row.length)
      const values: Scalar[] = []
      const heads: boolean[] = []
      for (let k = begin; k < end; k++) {
        const made = row.at(k)
        values.push(segmented ? made[0] : made)
        heads.push(segmented ? made[1] : false)
        if (k % STRIDE === 0) yield
      }
      const within = scanBlock(values, heads, init, combine)
      const head = heads.includes(true) ? heads.indexOf(true) : values.length
      let before = carry
      for (const [k, value] of within.entries()) {
        const result = k < head ? combine(carry, value) : value
        out[element++] = exclusive ? (heads[k] ? init : before) : result
        before = result
      }
      const total = within[within.length - 1]
      carry = head < values.length ? total : combine(carry, total)
      yield
    }
  }
}

/** A block by itself: groups by shifts, and the last element of each group carried into the next. */
function scanBlock(values: readonly Scalar[], heads: readonly boolean[], init: Scalar, combine: Combine): Scalar[] {
  const out: Scalar[] = []
  let running = init
  for (let first = 0; first < values.length; first += SCANNED) {
    let group = values.slice(first, first + SCANNED)
    let began = heads.slice(first, first + SCANNED)
    for (let d = 1; d < SCANNED; d *= 2) {
      const [x, b] = [group, began]
      group = x.map((value, k) => (k < d || b[k] ? value : combine(x[k - d], value)))
      began = b.map((is, k) => is || (k >= d && b[k - d]))
    }
    out.push(...group.map((value, k) => combine(began[k] ? init : running, value)))
    running = out[out.length - 1]
  }
  return out
}
