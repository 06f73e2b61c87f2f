/**
 * Transforms of any length as a convolution (L. I. Bluestein, 1970): with jk = (j² + k² − (k − j)²) / 2,
 *
 *     X[k] = w[k] · Σ (x[j]·w[j]) · conj(w[k − j])      w[k] = e^(−πi·k²/n)
 *
 * which is done by transforms of a length, 2n − 1 or more, that passes can do.
 */

import type { KernelIR } from '@skein/kernel/compiler'
import { Composer } from '../expression/compose.ts'
import { launchOf, type Run, runNow } from '../expression/launch.ts'
import { programOf } from '../expression/programs.ts'
import { times } from './codelets.ts'
import { goodLength } from './factors.ts'
import { inOrder, type Placed, type Work } from './lines.ts'
import { type Form, type Points, type Real, type Reals, readerOf, writerOf } from './passes.ts'
import { arrayFor, giveBack, takeScratch } from './plans.ts'
import { rootOf } from './roots.ts'
import { transformSmooth } from './stockham.ts'

interface Chirp {
  readonly length: number
  /** w, in pairs. */
  readonly chirp: Reals
  /** The transform of conj(w), divided by the length, in pairs. */
  readonly filter: Reals
}

const mostChirps = 16
const chirps = new Map<string, Chirp>()

function chirpOf(n: number, type: Real): Chirp {
  const key = `${type} ${n}`
  const known = chirps.get(key)
  if (known) return known
  const length = goodLength(2 * n - 1)
  const [chirp, filter, around] = [arrayFor(type, 2 * n), arrayFor(type, 2 * length), arrayFor(type, 2 * length)]
  // k² modulo 2n: (k + 1)² = k² + 2k + 1.
  for (let k = 0, square = 0; k < n; k++) {
    const [re, im] = rootOf(square, 2 * n)
    chirp.set([re, im], 2 * k)
    around.set([re, -im], 2 * k)
    if (k > 0) around.set([re, -im], 2 * (length - k))
    square = (square + 2 * k + 1) % (2 * n)
  }
  const lines = { n: length, outer: 1, inner: 1 }
  const placed = (array: Reals) => inOrder({ form: 'pairs', arrays: [array], offset: 0 }, lines)
  const work = { ...lines, type, from: placed(around), to: placed(filter), scale: 1 / length }
  for (const run of transformSmooth(work)) runNow(run)
  const made = { length, chirp, filter }
  chirps.set(key, made)
  if (chirps.size > mostChirps) chirps.delete(chirps.keys().next().value!)
  return made
}

/** Any length. */
export function* transformByChirps(work: Work): Generator<Run, void> {
  const { n, outer, inner, type } = work
  const { length, chirp, filter } = chirpOf(n, type)
  const size = 2 * length * outer * inner
  const scratch = [takeScratch(type, size), takeScratch(type, size)]
  try {
    const lines = { n: length, outer, inner }
    const [x, y] = scratch.map(array => inOrder({ form: 'pairs', arrays: [array], offset: 0 }, lines))
    const [swapped] = [{ ...x, points: { ...x.points, form: 'swapped' as const } }]
    scratch[0].fill(0)
    yield product(type, { n, outer, inner }, work.from, x, chirp, 1)
    yield* transformSmooth({ ...lines, type, from: x, to: y, scale: 1 })
    yield product(type, lines, y, swapped, filter, 1)
    // A forward transform of exchanged parts: what it gives, exchanged, is the backward one.
    yield* transformSmooth({ ...lines, type, from: x, to: y, scale: 1 })
    const back = { ...y, points: { ...y.points, form: 'swapped' as const } }
    yield product(type, { n, outer, inner }, back, work.to, chirp, work.scale)
  } finally {
    giveBack(scratch)
  }
}

/** Each point of lines times a factor for its place in the line, and a number. */
function product(
  type: Real,
  lines: { n: number; outer: number; inner: number },
  from: Placed,
  to: Placed,
  factors: Reals,
  scale: number,
): Run {
  const [source, target]: [Points, Points] = [from.points, to.points]
  const isRow = lines.inner === 1
  const form = `fourier chirp ${type} ${source.form} ${target.form} ${isRow}`
  const program = programOf(form, () => ({ ir: composed(type, source.form, target.form, isRow) }))
  const scalars = [from, to].flatMap(({ points, outerStep, step, innerStep }) => [
    points.offset,
    outerStep,
    ...(isRow ? [step] : [step, innerStep]),
  ])
  const lengths = isRow ? [lines.outer, lines.n] : [lines.outer, lines.n, lines.inner]
  return launchOf(program, lengths, [...source.arrays, ...target.arrays, factors], [...scalars, scale])
}

function composed(type: Real, from: Form, to: Form, isRow: boolean): KernelIR {
  const c = new Composer()
  const { b } = c
  const read = readerOf(c, type, from, [c.buffer(type), ...(from === 'apart' ? [c.buffer(type)] : [])])
  const write = writerOf(c, type, to, [c.buffer(type), ...(to === 'apart' ? [c.buffer(type)] : [])])
  const factor = readerOf(c, type, 'pairs', [c.buffer(type)])(c.index(1))
  const place = () => {
    let at = b.add(c.whole(), b.mul(c.index(0), c.whole()))
    at = b.add(at, b.mul(c.index(1), c.whole()))
    return isRow ? at : b.add(at, b.mul(c.index(2), c.whole()))
  }
  const [source, target] = [place(), place()]
  const given = c.scalar('f64')
  const scale = type === 'f32' ? b.cvt('demote', given, 'f32') : given
  const found = times(b, read(source), factor)
  write(target, { re: b.mul(found.re, scale), im: b.mul(found.im, scale) })
  return c.finish('fourierChirp', isRow ? 2 : 3)
}
