/** A plan as those see it who look: a box for each task, or, of many, for those of a kind. */

import type { Lazy } from '../lazy.ts'
import { type BoxCounts, Fates, type GraphOutline, type GraphUnderWay } from '../observe/graphs.ts'
import type { PlannedTask } from './plan.ts'
import { callsOf, numbersOf } from './print.ts'

/** More boxes than this nobody can read. */
const mostBoxes = 120

export class GraphView implements GraphUnderWay {
  readonly title = 'graph'
  readonly version = 1
  readonly fates = new Fates()
  readonly #plan: readonly PlannedTask[]
  #boxes: Boxes | undefined

  constructor(plan: readonly PlannedTask[]) {
    this.#plan = plan
  }

  outline(): GraphOutline {
    const { labels, arrows } = (this.#boxes ??= boxesOf(this.#plan))
    const single = labels.length === this.#plan.length
    return { boxes: labels.map((label, i) => ({ label, task: single ? this.fates.taskAt(i) : 0 })), arrows }
  }

  counts(running: ReadonlySet<number>): BoxCounts[] {
    const { labels, boxOf } = (this.#boxes ??= boxesOf(this.#plan))
    return this.fates.counts(boxOf, labels.length, running)
  }
}

interface Boxes {
  readonly labels: readonly string[]
  readonly arrows: readonly (readonly [from: number, to: number])[]
  readonly boxOf: ArrayLike<number>
}

export function boxesOf(plan: readonly PlannedTask[]): Boxes {
  const numbers = numbersOf(plan)
  if (plan.length <= mostBoxes) {
    const labels = plan.map(task => callsOf(task, numbers).join(' → '))
    return together(plan, numbers, labels, (_, i) => String(i))
  }
  const depths: number[] = []
  for (const { calls } of plan) {
    const before = calls[0].dependencies.map(call => depths[numbers.get(call)! - 1])
    depths.push(1 + before.reduce((a, b) => Math.max(a, b), 0))
  }
  const names = plan.map(({ calls }) => shortened(calls.map(call => call.name).join(' → ')))
  // Of a kind are those with the same calls as far from the beginning; then, all with the same calls.
  const kinds = [(name: string, i: number) => `${depths[i]} ${name}`, (name: string) => name, () => 'tasks']
  for (const kindOf of kinds) {
    const boxes = together(plan, numbers, names, kindOf)
    if (boxes.labels.length <= mostBoxes) return boxes
  }
  throw new Error('one kind is one box')
}

function together(
  plan: readonly PlannedTask[],
  numbers: ReadonlyMap<Lazy<unknown>, number>,
  names: readonly string[],
  kindOf: (name: string, i: number) => string,
): Boxes {
  const boxes = new Map<string, number>()
  const labels: string[] = []
  const boxOf = names.map((name, i) => {
    const kind = kindOf(name, i)
    const known = boxes.get(kind)
    if (known !== undefined) return known
    boxes.set(kind, labels.length)
    return labels.push(name) - 1
  })
  const arrows = new Map<string, readonly [number, number]>()
  plan.forEach(({ calls }, i) => {
    for (const call of calls[0].dependencies) {
      const [from, to] = [boxOf[numbers.get(call)! - 1], boxOf[i]]
      if (from !== to) arrows.set(`${from} ${to}`, [from, to])
    }
  })
  return { labels, arrows: [...arrows.values()], boxOf }
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text)
