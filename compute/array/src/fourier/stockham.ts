/**
 * Transforms of lines whose length is a product of small primes, forward. Stockham's passes leave points in order (decimation in frequency; C. Van Loan,
 * Computational Frameworks for the Fast Fourier Transform, 1992, 1.7). After passes of radices whose product is s, one of radix r does, for p < m, q < s, t < r with r·s·m = n,
 *
 *     y[q + s·(r·p + t)] = e^(−2πi·pt/(rm)) · Σ x[q + s·(p + m·k)]·e^(−2πi·kt/r)      over k < r
 *
 * Lanes are neighbours: all q, of all inner lines. In the first pass there is one q: if there is one inner line too, lanes are p, or, of many lines of few points, the lines.
 */

import type { Run } from '../expression/launch.ts'
import { backendNow, isKept } from '../expression/programs.ts'
import { inOrder, type Layout, type Lines, type Placed, type Work } from './lines.ts'
import { type Pass, type Points, type ReadyPass, type Reals, readyOf, runOf, type Steps } from './passes.ts'
import { giveBack, type Plan, planOf, type Stage, takeScratch } from './plans.ts'

/** From so many lines on, those that are too short to have enough lanes of their own have lines as lanes. */
const manyLines = 32
/** Longer ones have enough points for lanes: neighbours are read at once, where lines as lanes would be gathered. */
const shortLine = 63
/** Kinds of lines of one length whose passes are kept. */
const mostReady = 16
/** Points of lines that are transformed together: what passes write in between stays in the cache. */
const mostTogether = 1 << 15

export function transformSmooth(work: Work): Iterable<Run> {
  const { n, outer, inner } = work
  return inner > 1 || outer < manyLines || n > mostTogether / 2 ? passesOf(work) : transformTogether(work)
}

/** Some lines after the other. */
function* transformTogether(work: Work): Generator<Run, void> {
  const { n, outer } = work
  const isTurned = n <= shortLine
  const fitting = Math.floor(mostTogether / n)
  const together = isTurned ? Math.max(manyLines, fitting & ~15) : fitting
  for (let begin = 0; begin < outer; begin += together) {
    const count = Math.min(together, outer - begin)
    const part = ({ points, outerStep, step }: Placed): Placed => ({
      points: { ...points, offset: points.offset + begin * outerStep },
      outerStep: isTurned ? 0 : outerStep,
      step,
      innerStep: isTurned ? outerStep : 1,
    })
    const lines = isTurned ? { outer: 1, inner: count } : { outer: count, inner: 1 }
    yield* passesOf({ ...work, ...lines, from: part(work.from), to: part(work.to) })
  }
}

function* passesOf(work: Work): Generator<Run, void> {
  const { n, outer, inner, type, from, to } = work
  const passes = readyFor(work)
  const size = n * outer * inner
  const between: Points[] = []
  for (let k = Math.min(2, passes.length - 1); k > 0; k--)
    between.push(pointsApart([takeScratch(type, size), takeScratch(type, size)]))
  try {
    let source = from.points
    for (const [k, pass] of passes.entries()) {
      const target = k === passes.length - 1 ? to.points : between[k % 2]
      yield runOf(pass, source, target, work.scale)
      source = target
    }
  } finally {
    for (const { arrays } of between) giveBack(arrays)
  }
}

const layoutOf = ({ points, outerStep, step, innerStep }: Placed): Layout => ({
  form: points.form,
  outerStep,
  step,
  innerStep,
})

const liesAs = ({ points, outerStep, step, innerStep }: Placed, known: Layout): boolean =>
  points.form === known.form && outerStep === known.outerStep && step === known.step && innerStep === known.innerStep

/** The passes of lines that lie as these do, made once. */
function readyFor(work: Work): readonly ReadyPass[] {
  const plan = planOf(work.n, work.type)
  const backend = backendNow()
  const at = plan.ready.findIndex(
    ({ outer, inner, from, to }) =>
      outer === work.outer && inner === work.inner && liesAs(work.from, from) && liesAs(work.to, to),
  )
  const known = plan.ready[at]
  if (known !== undefined && known.backend === backend && known.passes.every(({ program }) => isKept(program)))
    return known.passes
  if (at >= 0) plan.ready.splice(at, 1)
  else if (plan.ready.length === mostReady) plan.ready.shift()
  const { outer, inner, from, to } = work
  const passes = passesFor(plan, work)
  plan.ready.push({ backend, outer, inner, from: layoutOf(from), to: layoutOf(to), passes })
  return passes
}

function passesFor({ stages }: Plan, work: Work): readonly ReadyPass[] {
  // Two pairs of arrays in turn, wherever they are.
  const apart = inOrder(pointsApart([]), work)
  let source = work.from
  return stages.map((stage, k) => {
    const isLast = k === stages.length - 1
    const target = isLast ? work.to : apart
    const pass = readyOf(passOf(work, stage, source, target, isLast))
    source = target
    return pass
  })
}

const pointsApart = (arrays: readonly Reals[]): Points => ({ form: 'apart', arrays, offset: 0 })

/** Neighbouring inner lines lie side by side. */
const areBeside = ({ step, innerStep }: Placed, { inner }: Lines) => inner === 1 || (innerStep === 1 && step === inner)

function passOf(work: Work, stage: Stage, from: Placed, to: Placed, isLast: boolean): Pass {
  const { outer, inner, type } = work
  const { radix, before: s, behind: m, twiddles } = stage
  const rest = { radix, type, from: from.points.form, to: to.points.form, isScaled: isLast }
  const [far, near] = [from.step * s * m, to.step * s]
  const steps = (lines: Placed, second: number, lanes: number, points: number): Steps => [
    lines.outerStep,
    second,
    lanes,
    points,
  ]
  if (s === 1 && inner === 1) {
    // Of one point each, lines are the lanes.
    if (m === 1) {
      const ofLines = (lines: Placed): Steps => [0, 0, lines.outerStep, lines.step]
      return { ...rest, lengths: [1, 1, outer], fromSteps: ofLines(from), toSteps: ofLines(to) }
    }
    return {
      ...rest,
      lengths: [outer, 1, m],
      fromSteps: steps(from, 0, from.step, far),
      toSteps: steps(to, 0, to.step * radix, near),
      ...(twiddles && { twiddles: { ...twiddles, count: m, by: 'lanes' as const } }),
    }
  }
  if (m === 1 && s > 1 && !(areBeside(from, work) && areBeside(to, work))) {
    // The last pass of lines that lie apart; in all others it is enough that q or the inner line is 0.
    const ofLines = (lines: Placed): Steps => [lines.outerStep, lines.step, lines.innerStep, lines.step * s]
    return { ...rest, lengths: [outer, s, inner], fromSteps: ofLines(from), toSteps: ofLines(to) }
  }
  const lanes = ({ step, innerStep }: Placed) => (s === 1 ? innerStep : inner === 1 ? step : 1)
  return {
    ...rest,
    lengths: [outer, m, s * inner],
    fromSteps: steps(from, from.step * s, lanes(from), far),
    toSteps: steps(to, to.step * s * radix, lanes(to), near),
    ...(twiddles && { twiddles: { ...twiddles, count: m, by: 'second' as const } }),
  }
}
