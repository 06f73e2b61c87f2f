/**
 * In which order operands of an Einstein sum are contracted, two at a time. The cost of a step is the product of the lengths of all axes that take part in it. Up to `mostSearched`
 * operands every order is looked at, subset by subset (R. N. C. Pfeifer, J. Haegeman and F. Verstraete, Phys. Rev. E 90, 033315, 2014), of more the cheapest step is taken each time.
 */

import type { Label, Subscripts } from './subscripts.ts'

/** Places of two operands in the list that is left. Both are taken out, and what they give comes last. */
export type Step = readonly [number, number]

export interface Path {
  readonly steps: readonly Step[]
  /** Multiplications, about. */
  readonly cost: number
}

const mostSearched = 10

type Labels = ReadonlySet<Label>

const union = (a: Labels, b: Labels): Labels => new Set([...a, ...b])

const costOf = (labels: Labels, { lengths }: Subscripts): number =>
  [...labels].reduce((product, label) => product * lengths.get(label)!, 1)

const found = new WeakMap<Subscripts, Path>()

export function pathOf(subscripts: Subscripts): Path {
  let path = found.get(subscripts)
  if (path === undefined) found.set(subscripts, (path = search(subscripts)))
  return path
}

function search(subscripts: Subscripts): Path {
  const { inputs } = subscripts
  if (inputs.length < 2) return { steps: [], cost: costOf(new Set(inputs.flat()), subscripts) }
  return inputs.length <= mostSearched ? cheapest(subscripts) : greedy(subscripts)
}

/** All operands at once, as loops without an order would. */
export const naiveCost = (subscripts: Subscripts): number =>
  costOf(new Set(subscripts.inputs.flat()), subscripts) * Math.max(1, subscripts.inputs.length - 1)

/** What is left of labels that no other operand has and the output has not. */
const kept = (labels: Labels, others: Iterable<Label>): Labels => {
  const needed = new Set(others)
  return new Set([...labels].filter(label => needed.has(label)))
}

function cheapest(subscripts: Subscripts): Path {
  const { inputs, output } = subscripts
  const count = inputs.length
  const all = (1 << count) - 1
  // Of a set of operands, as bits: its labels when it has been contracted.
  const labels = Array.from({ length: all + 1 }, (_, set): Labels => {
    const inside = inputs.filter((_, k) => set & (1 << k))
    const outside = inputs.filter((_, k) => !(set & (1 << k)))
    return kept(new Set(inside.flat()), [...outside.flat(), ...output])
  })
  const cost = new Float64Array(all + 1)
  const half = new Int32Array(all + 1)
  for (let set = 1; set <= all; set++) {
    if ((set & (set - 1)) === 0) continue
    cost[set] = Infinity
    // Each pair of halves once: that with the lowest operand.
    for (let part = (set - 1) & set; part > 0; part = (part - 1) & set) {
      if ((part & (set & -set)) === 0) continue
      const before = cost[part] + cost[set ^ part]
      if (before >= cost[set]) continue
      const found = before + costOf(union(labels[part], labels[set ^ part]), subscripts)
      if (found < cost[set]) {
        cost[set] = found
        half[set] = part
      }
    }
  }
  const steps: Step[] = []
  const left = inputs.map((_, k) => 1 << k)
  const walk = (set: number): void => {
    if ((set & (set - 1)) === 0) return
    const [a, b] = [half[set], set ^ half[set]]
    walk(a)
    walk(b)
    const places = [left.indexOf(a), left.indexOf(b)].sort((p, q) => p - q) as [number, number]
    steps.push(places)
    left.splice(places[1], 1)
    left.splice(places[0], 1)
    left.push(set)
  }
  walk(all)
  return { steps, cost: cost[all] }
}

/** Before all others the step that makes what is held smaller by most, then the cheapest. */
function greedy(subscripts: Subscripts): Path {
  const { inputs, output } = subscripts
  const left = inputs.map((labels): Labels => new Set(labels))
  const steps: Step[] = []
  let cost = 0
  while (left.length > 1) {
    let best: { i: number; j: number; growth: number; work: number; made: Labels } | undefined
    for (let i = 0; i < left.length; i++) {
      for (let j = i + 1; j < left.length; j++) {
        const whole = union(left[i], left[j])
        const others = left.flatMap((labels, k) => (k === i || k === j ? [] : [...labels]))
        const made = kept(whole, [...others, ...output])
        const work = costOf(whole, subscripts)
        const growth = costOf(made, subscripts) - costOf(left[i], subscripts) - costOf(left[j], subscripts)
        if (best === undefined || growth < best.growth || (growth === best.growth && work < best.work))
          best = { i, j, growth, work, made }
      }
    }
    const { i, j, work, made } = best!
    steps.push([i, j])
    cost += work
    left.splice(j, 1)
    left.splice(i, 1)
    left.push(made)
  }
  return { steps, cost }
}
