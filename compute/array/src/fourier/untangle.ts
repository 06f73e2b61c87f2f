/**
 * Transforms of n reals by complex ones of h = n/2: neighbours are taken as real and imaginary parts, z[j] = x[2j] + i·x[2j + 1]. Of its transform Z
 *
 *     E = (Z[k] + conj(Z[h − k])) / 2,   O = (Z[k] − conj(Z[h − k])) / 2i,   X[k] = E + e^(−2πi·k/n)·O,   X[h − k] = conj(E − e^(−2πi·k/n)·O)
 */

import type { Builder, KernelIR, Value } from '@skein/kernel/compiler'
import { Composer } from '../expression/compose.ts'
import { launchOf, type Run } from '../expression/launch.ts'
import { programOf } from '../expression/programs.ts'
import { type Point, times } from './codelets.ts'
import type { Lines } from './lines.ts'
import { type Real, type Reals, readerOf, writerOf } from './passes.ts'
import { arrayFor } from './plans.ts'
import { rootOf } from './roots.ts'

/** Apart: from Z to X; together: back. */
export type Way = 'apart' | 'together'

/** e^(−2πi·k/n) for k up to n/4, in pairs. */
const turns = { f32: new Map<number, Reals>(), f64: new Map<number, Reals>() }
const mostTurns = 16

function turnsOf(n: number, type: Real): Reals {
  const known = turns[type]
  let found = known.get(n)
  if (found === undefined) {
    const count = Math.floor(n / 4) + 1
    found = arrayFor(type, 2 * count)
    for (let k = 0; k < count; k++) found.set(rootOf(k, n), 2 * k)
    known.set(n, found)
    if (known.size > mostTurns) known.delete(known.keys().next().value!)
  }
  return found
}

export interface Rows {
  readonly array: Reals
  readonly step: number
  /** Of the first row. All are counted in pairs. */
  readonly offset: number
}

export const rows = (array: Reals, step: number, offset = 0): Rows => ({ array, step, offset })

/** Pairs of elements that are done here and now, before a kernel has begun. */
const fewPairs = 64

/** From Z to X, or back. @param scale half of that of each result; on the way back, of each */
export function* untangle(
  way: Way,
  type: Real,
  lines: Lines,
  from: Rows,
  to: Rows,
  scale: number,
): Generator<Run, void> {
  const { n: h, outer } = lines
  const count = Math.floor(h / 2)
  if (outer * (count + 1) <= fewPairs) return untangleHere(way, turnsOf(2 * h, type), lines, count, from, to, scale)
  const places = [from.offset, from.step, to.offset, to.step, h]
  if (outer <= fewPairs) untangleHere(way, new Float64Array(2), lines, 0, from, to, scale)
  else {
    const ends = programOf(`fourier ends ${type} ${way}`, () => ({ ir: composedEnds(type, way) }))
    yield launchOf(ends, [outer], [from.array, to.array], [...places, scale])
  }
  if (count === 0) return
  const program = programOf(`fourier real ${type} ${way}`, () => ({ ir: composed(type, way) }))
  yield launchOf(program, [outer, count], [from.array, to.array, turnsOf(2 * h, type)], [...places, scale])
}

/** As the kernels do, elements 0 and h, and k and h − k up to a count. */
function untangleHere(way: Way, turns: Reals, lines: Lines, count: number, from: Rows, to: Rows, scale: number): void {
  const { n: h, outer } = lines
  const x = from.array
  const y = to.array
  const isApart = way === 'apart'
  const sign = isApart ? 1 : -1
  for (let o = 0; o < outer; o++) {
    const source = 2 * (from.offset + o * from.step)
    const target = 2 * (to.offset + o * to.step)
    const re0 = x[source]
    const im0 = isApart ? x[source + 1] : x[source + 2 * h]
    if (isApart) {
      y[target] = 2 * (re0 + im0) * scale
      y[target + 1] = 0
      y[target + 2 * h] = 2 * (re0 - im0) * scale
      y[target + 2 * h + 1] = 0
    } else {
      y[target] = (re0 + im0) * scale
      y[target + 1] = (re0 - im0) * scale
    }
    for (let k = 1; k <= count; k++) {
      const i = source + 2 * k
      const j = source + 2 * (h - k)
      const sumRe = x[i] + x[j]
      const sumIm = x[i + 1] - x[j + 1]
      const re = x[i] - x[j]
      const im = x[i + 1] + x[j + 1]
      const c = turns[2 * k]
      const s = sign * turns[2 * k + 1]
      // ∓i·w·(Z[k] − conj(Z[h − k])), w conjugated on the way back.
      const turnedRe = sign * (re * s + im * c)
      const turnedIm = -sign * (re * c - im * s)
      const p = target + 2 * k
      const q = target + 2 * (h - k)
      y[p] = (sumRe + turnedRe) * scale
      y[p + 1] = (sumIm + turnedIm) * scale
      y[q] = (sumRe - turnedRe) * scale
      y[q + 1] = (turnedIm - sumIm) * scale
    }
  }
}

/** Elements 0 and h, doubled: X[0] = re + im of Z[0], X[h] = re − im; and back. @param h of Z, or X */
export function endsOf(b: Builder, way: Way, x: Point, h: () => Point): Point[] {
  if (way === 'together') {
    const { re } = h()
    return [{ re: b.add(x.re, re), im: b.sub(x.re, re) }]
  }
  const { type } = x.re
  const [zero, two] = [b.const(type, 0), b.const(type, 2)]
  return [b.add(x.re, x.im), b.sub(x.re, x.im)].map(re => ({ re: b.mul(re, two), im: zero }))
}

/** Of elements k and h − k the new ones, doubled. @param w e^(−2πi·k/n) */
export function pairOf(b: Builder, way: Way, x: Point, y: Point, w: Point): [Point, Point] {
  const sum: Point = { re: b.add(x.re, y.re), im: b.sub(x.im, y.im) }
  const difference: Point = { re: b.sub(x.re, y.re), im: b.add(x.im, y.im) }
  const { re, im } = turned(b, way, difference, w)
  return [
    { re: b.add(sum.re, re), im: b.add(sum.im, im) },
    { re: b.sub(sum.re, re), im: b.sub(im, sum.im) },
  ]
}

/** −i·w·x on the way from Z to X, i·conj(w)·x back. */
function turned(b: Builder, way: Way, x: Point, w: Point): Point {
  if (way === 'apart') {
    const { re, im } = times(b, x, w)
    return { re: im, im: b.neg(re) }
  }
  const { re, im } = times(b, x, { re: w.re, im: b.neg(w.im) })
  return { re: b.neg(im), im: re }
}

interface Kernel {
  readonly c: Composer
  readonly read: (at: Value) => Point
  readonly write: (at: Value, point: Point) => void
  /** Of this row's first points. */
  readonly from: Value
  readonly to: Value
  readonly h: Value
}

/** What both kernels begin with: rows are the first index. */
function begun(type: Real): Kernel {
  const c = new Composer()
  const { b } = c
  const read = readerOf(c, type, 'pairs', [c.buffer(type)])
  const write = writerOf(c, type, 'pairs', [c.buffer(type)])
  const start = () => b.add(c.whole(), b.mul(c.index(0), c.whole()))
  return { c, read, write, from: start(), to: start(), h: c.whole() }
}

/** Writes a point, scaled. */
function scaledBy({ c, write }: Kernel, type: Real): (at: Value, point: Point) => void {
  const { b } = c
  const given = c.scalar('f64')
  const scale = type === 'f32' ? b.cvt('demote', given, 'f32') : given
  return (at, { re, im }) => write(at, { re: b.mul(re, scale), im: b.mul(im, scale) })
}

function composed(type: Real, way: Way): KernelIR {
  const kernel = begun(type)
  const { c, read, from, to, h } = kernel
  const { b } = c
  const turn = readerOf(c, type, 'pairs', [c.buffer(type)])
  const write = scaledBy(kernel, type)
  const k = b.add(c.index(1), b.const('i32', 1))
  const other = b.sub(h, k)
  const [first, second] = pairOf(b, way, read(b.add(from, k)), read(b.add(from, other)), turn(k))
  write(b.add(to, k), first)
  write(b.add(to, other), second)
  return c.finish('fourierReal', 2)
}

function composedEnds(type: Real, way: Way): KernelIR {
  const kernel = begun(type)
  const { c, read, from, to, h } = kernel
  const { b } = c
  const write = scaledBy(kernel, type)
  const [first, last] = endsOf(b, way, read(from), () => read(b.add(from, h)))
  write(to, first)
  if (last) write(b.add(to, h), last)
  return c.finish('fourierEnds', 1)
}
