/**
 * A pass of a transform as a kernel: each lane reads as many points as the radix says, transforms them, multiplies by twiddles and writes them. Points lie between passes as two arrays, of real and
 * imaginary parts, so that lanes read and write neighbours; the first pass reads an array as it is, the last one writes one.
 */

import type { Extent, KernelIR, Program, Value } from '@skein/kernel/compiler'
import { Composer } from '../expression/compose.ts'
import { extentsOf, launchOver, type Run } from '../expression/launch.ts'
import { programOf } from '../expression/programs.ts'
import { type Point, times, transformOf } from './codelets.ts'

export type Reals = Float32Array | Float64Array
export type Real = 'f32' | 'f64'

/**
 * Where points are. `pairs`: complex numbers as arrays have them; `swapped`: their parts exchanged, by which a forward transform becomes
 * a backward one; `reals`: imaginary parts are 0; `imaginaries`: those, exchanged; `apart`: two arrays.
 */
export type Form = 'pairs' | 'swapped' | 'reals' | 'imaginaries' | 'apart'

export interface Points {
  readonly form: Form
  /** One array, or of points that are apart two. */
  readonly arrays: readonly Reals[]
  /** Of the first point, counted in points, as all steps are. */
  readonly offset: number
}

/** How a kernel goes through points: steps of its three indices, the last that of lanes, and from one point of a lane to the next. */
export type Steps = readonly [first: number, second: number, lanes: number, points: number]

export interface Pass {
  readonly radix: number
  readonly type: Real
  readonly lengths: readonly [first: number, second: number, lanes: number]
  readonly from: Form
  readonly fromSteps: Steps
  readonly to: Form
  readonly toSteps: Steps
  /** By which what a pass gives is multiplied; in the last one there are none. `count` for each point but the first. */
  readonly twiddles?: {
    readonly re: Reals
    readonly im: Reals
    readonly count: number
    readonly by: 'second' | 'lanes'
  }
  /** The last pass multiplies by a number. */
  readonly isScaled: boolean
}

/** Steps of lanes that are a part of the kernel. */
const fixed = (step: number): boolean => step >= 1 && step <= 16

const formOf = (p: Pass): string =>
  [
    'fourier',
    p.type,
    p.radix,
    p.from,
    fixed(p.fromSteps[2]) ? p.fromSteps[2] : 's',
    p.to,
    fixed(p.toSteps[2]) ? p.toSteps[2] : 's',
    p.twiddles?.by ?? '-',
    p.isScaled ? 'scaled' : '-',
  ].join(' ')

/** A pass whose kernel has been made: what differs from one transform to the next are arrays, offsets and the scale. */
export interface ReadyPass {
  readonly program: Program
  readonly extents: readonly Extent[]
  /** As the kernel takes them, offsets and scale 0. */
  readonly scalars: readonly number[]
  /** Where the target's offset stands among them; the source's stands first, the scale last. */
  readonly target: number
  readonly isScaled: boolean
  readonly twiddles: readonly Reals[]
}

export function readyOf(pass: Pass): ReadyPass {
  const program = programOf(formOf(pass), () => ({ ir: composed(pass) }))
  const { fromSteps, toSteps, twiddles, isScaled } = pass
  const stepsOf = ([first, second, lanes, points]: Steps) => [
    0,
    first,
    second,
    ...(fixed(lanes) ? [] : [lanes]),
    points,
  ]
  const source = stepsOf(fromSteps)
  const scalars = [...source, ...stepsOf(toSteps)]
  if (twiddles) scalars.push(twiddles.count)
  if (isScaled) scalars.push(0)
  return {
    program,
    extents: extentsOf(pass.lengths),
    scalars,
    target: source.length,
    isScaled,
    twiddles: twiddles ? [twiddles.re, twiddles.im] : [],
  }
}

/** The launch of a pass. @param scale of the last one */
export function runOf(pass: ReadyPass, from: Points, to: Points, scale: number): Run {
  const scalars = pass.scalars.slice()
  scalars[0] = from.offset
  scalars[pass.target] = to.offset
  if (pass.isScaled) scalars[scalars.length - 1] = scale
  return launchOver(pass.program, pass.extents, [...from.arrays, ...to.arrays, ...pass.twiddles], scalars)
}

/** The places of a lane's points. */
function placesOf(c: Composer, steps: Steps, radix: number): Value[] {
  const { b } = c
  let at = b.add(c.whole(), b.mul(c.index(0), c.whole()))
  at = b.add(at, b.mul(c.index(1), c.whole()))
  const lanes = steps[2] === 1 ? c.index(2) : b.mul(c.index(2), fixed(steps[2]) ? b.const('i32', steps[2]) : c.whole())
  at = b.add(at, lanes)
  const step = c.whole()
  return Array.from({ length: radix }, (_, k) => b.add(at, b.mul(step, b.const('i32', k))))
}

function composed({ radix, type, from, fromSteps, to, toSteps, twiddles, isScaled }: Pass): KernelIR {
  const c = new Composer()
  const { b } = c
  const read = readerOf(c, type, from, buffersFor(c, type, from))
  const write = writerOf(c, type, to, buffersFor(c, type, to))
  const points = placesOf(c, fromSteps, radix).map(read)
  const places = placesOf(c, toSteps, radix)
  let found = transformOf(b, points)
  if (twiddles) {
    const [re, im] = [c.buffer(type), c.buffer(type)]
    const count = c.whole()
    const index = c.index(twiddles.by === 'lanes' ? 2 : 1)
    found = found.map((point, t) => {
      if (t === 0) return point
      const at = b.add(b.mul(count, b.const('i32', t - 1)), index)
      return times(b, point, { re: b.load(re, type, at, 0), im: b.load(im, type, at, 0) })
    })
  }
  if (isScaled) {
    const given = c.scalar('f64')
    const by = type === 'f32' ? b.cvt('demote', given, 'f32') : given
    found = found.map(({ re, im }) => ({ re: b.mul(re, by), im: b.mul(im, by) }))
  }
  for (const [t, point] of found.entries()) write(places[t], point)
  return c.finish(`fourier${radix}`, 3)
}

const buffersFor = (c: Composer, type: Real, form: Form): number[] =>
  form === 'apart' ? [c.buffer(type), c.buffer(type)] : [c.buffer(type)]

/** Reads the point at a place. */
export function readerOf({ b }: Composer, type: Real, form: Form, buffers: readonly number[]): (at: Value) => Point {
  if (form === 'apart') return at => ({ re: b.load(buffers[0], type, at, 0), im: b.load(buffers[1], type, at, 0) })
  if (form === 'reals') return at => ({ re: b.load(buffers[0], type, at, 0), im: b.const(type, 0) })
  if (form === 'imaginaries') return at => ({ re: b.const(type, 0), im: b.load(buffers[0], type, at, 0) })
  return at => {
    const first = b.shl(at, 1)
    const [x, y] = [b.load(buffers[0], type, first, 0), b.load(buffers[0], type, b.add(first, 1), 0)]
    return form === 'pairs' ? { re: x, im: y } : { re: y, im: x }
  }
}

/** Writes a point at a place. */
export function writerOf(
  { b }: Composer,
  type: Real,
  form: Form,
  buffers: readonly number[],
): (at: Value, point: Point) => void {
  if (form === 'apart')
    return (at, { re, im }) => {
      b.store(buffers[0], type, at, re, 0)
      b.store(buffers[1], type, at, im, 0)
    }
  return (at, { re, im }) => {
    const first = b.shl(at, 1)
    b.store(buffers[0], type, first, form === 'pairs' ? re : im, 0)
    b.store(buffers[0], type, b.add(first, 1), form === 'pairs' ? im : re, 0)
  }
}
