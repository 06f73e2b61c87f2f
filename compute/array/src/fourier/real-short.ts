/** Transforms of many short lines of reals, and back: one kernel reads a line, transforms and untangles it, and writes it; lanes are lines. */

import type { KernelIR, Value } from '@skein/kernel/compiler'
import { Composer } from '../expression/compose.ts'
import { launchOf, type Run } from '../expression/launch.ts'
import { programOf } from '../expression/programs.ts'
import { type Point, transformOf } from './codelets.ts'
import { isSmooth } from './factors.ts'
import type { Lines } from './lines.ts'
import { type Points, type Real, readerOf, writerOf } from './passes.ts'
import { rootOf } from './roots.ts'
import { endsOf, pairOf, type Way } from './untangle.ts'

/** Lines of up to so many pairs are done by one kernel, whose lanes are the lines. */
const shortLine = 32
/** From so many on. */
const manyLines = 32

export const areShort = ({ n, outer }: Lines): boolean => n <= shortLine && outer >= manyLines && isSmooth(n)

/** @param lines of n pairs */
export function shortLines(way: Way, type: Real, { n: h, outer }: Lines, from: Points, to: Points, scale: number): Run {
  const program = programOf(`fourier real ${type} ${way} ${h}`, () => ({ ir: composedShort(type, way, h) }))
  return launchOf(program, [outer], [...from.arrays, ...to.arrays], [from.offset, to.offset, scale])
}

function composedShort(type: Real, way: Way, h: number): KernelIR {
  const c = new Composer()
  const { b } = c
  const read = readerOf(c, type, 'pairs', [c.buffer(type)])
  const write = writerOf(c, type, 'pairs', [c.buffer(type)])
  const [from, to] = [c.whole(), c.whole()]
  const given = c.scalar('f64')
  const scale = type === 'f32' ? b.cvt('demote', given, 'f32') : given
  const whole = (value: number) => b.const('i32', value)
  const line = (start: Value, length: number, k: number) =>
    b.add(start, b.add(b.mul(c.index(0), whole(length)), whole(k)))
  const constant = (value: number) => b.const(type, type === 'f32' ? Math.fround(value) : value)
  const scaled = ({ re, im }: Point): Point => ({ re: b.mul(re, scale), im: b.mul(im, scale) })
  const range = (count: number) => Array.from({ length: count }, (_, k) => k)
  const conjugate = ({ re, im }: Point): Point => ({ re, im: b.neg(im) })
  const pair = (x: Point, y: Point, k: number) => {
    const [re, im] = rootOf(k, 2 * h).map(constant)
    return pairOf(b, way, x, y, { re, im })
  }
  if (way === 'apart') {
    const z = transformOf(
      b,
      range(h).map(k => read(line(from, h, k))),
    )
    const found: Point[] = []
    ;[found[0], found[h]] = endsOf(b, way, z[0], () => z[0])
    for (let k = 1; 2 * k <= h; k++) [found[k], found[h - k]] = pair(z[k], z[h - k], k)
    for (const [k, point] of found.entries()) write(line(to, h + 1, k), scaled(point))
  } else {
    const x = range(h + 1).map(k => read(line(from, h + 1, k)))
    const z = endsOf(b, way, x[0], () => x[h])
    for (let k = 1; 2 * k <= h; k++) [z[k], z[h - k]] = pair(x[k], x[h - k], k)
    // Backward, as a forward one of conjugates.
    const found = transformOf(b, z.map(conjugate)).map(conjugate)
    for (const [k, point] of found.entries()) write(line(to, h, k), scaled(point))
  }
  return c.finish('fourierRealShort', 1)
}
