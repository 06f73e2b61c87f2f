/** Graphs as text. */

import { describe } from '@skein/base'
import { Lazy } from '../lazy.ts'
import { Ref } from '../ref.ts'
import type { PlannedTask } from './plan.ts'

/** Characters of a call, parts of an array, calls of a chain. */
const [mostShown, mostParts, mostOfChain] = [60, 4, 8]

export function printed(plan: readonly PlannedTask[]): string {
  const numbers = numbersOf(plan)
  const calls = plan.reduce((n, task) => n + task.calls.length, 0)
  const head = `${calls} call${calls === 1 ? '' : 's'} in ${plan.length} task${plan.length === 1 ? '' : 's'}`
  const width = String(plan.length).length
  const lines = plan.map((task, i) => {
    const text = callsOf(task, numbers).join(' → ')
    return `  #${String(i + 1).padEnd(width)}  ${text}${task.outputs.map(name => `  ⇒ ${name}`).join('')}`
  })
  return [head, ...lines].join('\n')
}

/** By the call whose result it is, the number of a task in its plan, from 1. */
export const numbersOf = (plan: readonly PlannedTask[]): ReadonlyMap<Lazy<unknown>, number> =>
  new Map(plan.map(({ calls }, i) => [calls[calls.length - 1], i + 1]))

/** The calls of a task as text; the middle of a long chain is left out. */
export function callsOf({ calls }: PlannedTask, numbers: ReadonlyMap<Lazy<unknown>, number>): string[] {
  const texts = calls.map((call, i) => {
    const nameOf = (dependency: Lazy<unknown>) => (dependency === calls[i - 1] ? '·' : `#${numbers.get(dependency)}`)
    return shortened(`${call.name}(${call.args.map(arg => shown(arg, nameOf, 2)).join(', ')})`)
  })
  if (texts.length <= mostOfChain) return texts
  const left = texts.length - mostOfChain + 1
  return texts.toSpliced(mostOfChain >> 1, left, `… ${left} more`)
}

function shown(value: unknown, nameOf: (call: Lazy<unknown>) => string, depth: number): string {
  if (value instanceof Lazy) return nameOf(value)
  if (value instanceof Ref) return value.label
  if (depth > 0 && Array.isArray(value)) {
    const parts = value.slice(0, mostParts).map(part => shown(part, nameOf, depth - 1))
    return `[${parts.join(', ')}${value.length > mostParts ? `, … ${value.length}` : ''}]`
  }
  if (depth > 0 && value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    const entries = Object.entries(value)
    const parts = entries.slice(0, mostParts).map(([key, part]) => `${key}: ${shown(part, nameOf, depth - 1)}`)
    return entries.length > 0 ? `{ ${parts.join(', ')}${entries.length > mostParts ? ', …' : ''} }` : '{}'
  }
  return describe(value)
}

const shortened = (text: string): string => (text.length > mostShown ? `${text.slice(0, mostShown - 2)}…)` : text)
