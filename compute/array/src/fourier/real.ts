/**
 * Transforms of real numbers, of an even length n, as complex ones of h = n/2: neighbours are taken as real and imaginary parts, z[j] = x[2j] + i·x[2j + 1]. Of its transform Z
 *
 *     E = (Z[k] + conj(Z[h − k])) / 2,   O = (Z[k] − conj(Z[h − k])) / 2i,   X[k] = E + e^(−2πi·k/n)·O,   X[h − k] = conj(E − e^(−2πi·k/n)·O)
 */

import type { KernelIR } from '@skein/kernel/compiler'
import { type ComplexType, partOf } from '../dtypes.ts'
import { Composer } from '../expression/compose.ts'
import { evaluating } from '../expression/evaluate.ts'
import { launchOf, type Run, type Runs } from '../expression/launch.ts'
import type { Node, View } from '../expression/node.ts'
import { programOf } from '../expression/programs.ts'
import { sizeOf } from '../shape.ts'
import { type Point, times } from './codelets.ts'
import { inOrder, type Lines } from './lines.ts'
import { type Form, type Real, type Reals, readerOf, writerOf } from './passes.ts'
import { arrayFor, giveBack, takeScratch } from './plans.ts'
import { rootOf } from './roots.ts'
import { type Along, made, prepared, transformLines, typeOf } from './transform.ts'

/** e^(−2πi·k/n) for k up to n/4, in pairs. */
const turns = new Map<string, Reals>()
const mostTurns = 16

function turnsOf(n: number, type: Real): Reals {
  const key = `${type} ${n}`
  let found = turns.get(key)
  if (found === undefined) {
    const count = Math.floor(n / 4) + 1
    found = arrayFor(type, 2 * count)
    for (let k = 0; k < count; k++) found.set(rootOf(k, n), 2 * k)
    turns.set(key, found)
    if (turns.size > mostTurns) turns.delete(turns.keys().next().value!)
  }
  return found
}

const lastAxis = (view: View, axis: number): View => ({
  ...view,
  shape: [...view.shape.toSpliced(axis, 1), view.shape[axis]],
  strides: [...view.strides.toSpliced(axis, 1), view.strides[axis]],
})
const axisBack = (view: View, axis: number): View => ({
  ...view,
  shape: view.shape.slice(0, -1).toSpliced(axis, 0, view.shape[view.shape.length - 1]),
  strides: view.strides.slice(0, -1).toSpliced(axis, 0, view.strides[view.strides.length - 1]),
})

const pairs = (array: Reals, offset = 0, form: Form = 'pairs') => ({ form, arrays: [array], offset })

/** Of reals, an even number n: the first n/2 + 1 elements of their transform. */
export function* transformingReals(x: Node, dtype: ComplexType, { axis, n, scale }: Along): Runs<View> {
  const given = lastAxis(yield* evaluating(x), axis)
  const last = given.shape.length - 1
  const isLonger = given.shape[last] > n
  const cut = isLonger ? { ...given, shape: given.shape.with(last, n) } : given
  const source = prepared(cut, partOf(dtype), last, n)
  const h = n / 2
  const found = made(dtype, source.shape.with(last, h + 1))
  if (sizeOf(found.shape) === 0) return axisBack(found, axis)
  const lines: Lines = { n: h, outer: sizeOf(found.shape.slice(0, -1)), inner: 1 }
  const type = typeOf(dtype)
  const scratch = takeScratch(type, n * lines.outer)
  try {
    const elements = (source.memory.elements as unknown as Reals).subarray(source.offset)
    yield* transformLines({
      ...lines,
      type,
      from: inOrder(pairs(elements), lines),
      to: inOrder(pairs(scratch), lines),
      scale: 1,
    })
    const spectrum = found.memory.elements as unknown as Reals
    for (let o = 0; o < lines.outer; o++) {
      const [from, to] = [2 * h * o, 2 * (h + 1) * o]
      const [re, im] = [scratch[from], scratch[from + 1]]
      spectrum[to] = (re + im) * scale
      spectrum[to + 1] = 0
      spectrum[to + 2 * h] = (re - im) * scale
      spectrum[to + 2 * h + 1] = 0
    }
    if (h > 1)
      yield untangle('apart', type, lines, { array: scratch, step: h }, { array: spectrum, step: h + 1 }, scale / 2)
  } finally {
    giveBack([scratch])
  }
  return axisBack(found, axis)
}

/** Back from n/2 + 1 elements to an even number n of reals; those that a real signal's transform has not are not looked at. */
export function* transformingToReals(x: Node, dtype: ComplexType, { axis, n, scale }: Along): Runs<View> {
  const given = lastAxis(yield* evaluating(x), axis)
  const last = given.shape.length - 1
  const h = n / 2
  const source = prepared(given, dtype, last, h + 1)
  const found = made(partOf(dtype), source.shape.with(last, n))
  if (sizeOf(found.shape) === 0) return axisBack(found, axis)
  const lines: Lines = { n: h, outer: sizeOf(found.shape.slice(0, -1)), inner: 1 }
  const type = typeOf(dtype)
  const scratch = takeScratch(type, n * lines.outer)
  try {
    const spectrum = (source.memory.elements as unknown as Reals).subarray(2 * source.offset)
    const step = source.shape[last]
    for (let o = 0; o < lines.outer; o++) {
      const from = 2 * step * o
      const [first, middle] = [spectrum[from], spectrum[from + 2 * h]]
      scratch[2 * h * o] = first + middle
      scratch[2 * h * o + 1] = first - middle
    }
    if (h > 1) yield untangle('together', type, lines, { array: spectrum, step }, { array: scratch, step: h }, 1)
    yield* transformLines({
      ...lines,
      type,
      from: inOrder(pairs(scratch, 0, 'swapped'), lines),
      to: inOrder(pairs(found.memory.elements as unknown as Reals, 0, 'swapped'), lines),
      scale,
    })
  } finally {
    giveBack([scratch])
  }
  return axisBack(found, axis)
}

interface Rows {
  readonly array: Reals
  readonly step: number
}

/** From Z to X, or back, elements k and h − k together. */
function untangle(
  way: 'apart' | 'together',
  type: Real,
  { n: h, outer }: Lines,
  from: Rows,
  to: Rows,
  scale: number,
): Run {
  const program = programOf(`fourier real ${type} ${way}`, () => ({ ir: composed(type, way) }))
  const scalars = [from.step, to.step, h, scale]
  return launchOf(program, [outer, Math.floor(h / 2)], [from.array, to.array, turnsOf(2 * h, type)], scalars)
}

function composed(type: Real, way: 'apart' | 'together'): KernelIR {
  const c = new Composer()
  const { b } = c
  const read = readerOf(c, type, 'pairs', [c.buffer(type)])
  const write = writerOf(c, type, 'pairs', [c.buffer(type)])
  const turn = readerOf(c, type, 'pairs', [c.buffer(type)])
  const [fromStep, toStep, h] = [c.whole(), c.whole(), c.whole()]
  const given = c.scalar('f64')
  const scale = type === 'f32' ? b.cvt('demote', given, 'f32') : given
  const k = b.add(c.index(1), b.const('i32', 1))
  const other = b.sub(h, k)
  const row = b.mul(c.index(0), fromStep)
  const [x, y] = [read(b.add(row, k)), read(b.add(row, other))]
  const sum: Point = { re: b.add(x.re, y.re), im: b.sub(x.im, y.im) }
  const difference: Point = { re: b.sub(x.re, y.re), im: b.add(x.im, y.im) }
  const w = turn(k)
  let turned: Point
  if (way === 'apart') {
    // −i·w·(Z[k] − conj(Z[h − k]))
    const { re, im } = times(b, difference, w)
    turned = { re: im, im: b.neg(re) }
  } else {
    // i·conj(w)·(X[k] − conj(X[h − k]))
    const { re, im } = times(b, difference, { re: w.re, im: b.neg(w.im) })
    turned = { re: b.neg(im), im: re }
  }
  const to = b.mul(c.index(0), toStep)
  const scaled = (re: Point['re'], im: Point['im']): Point => ({ re: b.mul(re, scale), im: b.mul(im, scale) })
  write(b.add(to, k), scaled(b.add(sum.re, turned.re), b.add(sum.im, turned.im)))
  write(b.add(to, other), scaled(b.sub(sum.re, turned.re), b.sub(turned.im, sum.im)))
  return c.finish('fourierReal', 2)
}
