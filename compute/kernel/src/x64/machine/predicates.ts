/**
 * Comparisons that look only at the lanes of a mask (AVX-512). Code compares and then takes both masks together; a comparison under a predicate is one instruction for both, and one whose opposite is wanted is turned
 * over.
 *
 *     vcmpps m, x, y, lt; kandw d, a, m      vcmpps d{a}, x, y, lt
 *     vcmpps m, x, y, lt; kandnw d, m, a     vcmpps d{a}, x, y, not lt
 *     vcmpps m, x, y, lt; knotw d, m         vcmpps d, x, y, not lt
 */

import { Memory, type Operand, Register } from '../encode/operands.ts'
import { type Step, type Variable, Virtual } from './code.ts'
import { registersOf } from './roles.ts'
import { access, accessOfFirst, type Instruction, trait, traitsOf } from './traits.ts'

/** What takes masks together. */
const joins: { readonly [name: string]: 'and' | 'andn' | 'not' } = {
  kandb: 'and',
  kandw: 'and',
  kandd: 'and',
  kandq: 'and',
  kandnb: 'andn',
  kandnw: 'andn',
  kandnd: 'andn',
  kandnq: 'andn',
  knotb: 'not',
  knotw: 'not',
  knotd: 'not',
  knotq: 'not',
}
const comparison = /^v(pcmpu?[bwdq]|cmpp[sd]|ptestn?m[bwdq])$/

/** @returns the steps, of which a comparison stands where its mask was taken together with another */
export function predicated(steps: readonly Step[]): Step[] {
  if (!steps.some(step => step.is === 'vector' && joins[step.name] !== undefined)) return [...steps]
  const once = readOnce(steps)
  const result: (Step | undefined)[] = []
  /** Comparisons whose result nobody read yet, and whose sources nobody changed: where they stand. */
  const waiting = new Map<Variable, number>()
  for (const step of steps) {
    if (step.is !== 'vector' && step.is !== 'general') {
      waiting.clear()
      result.push(step)
      continue
    }
    const join = step.is === 'vector' ? joins[step.name] : undefined
    const now = (join && fused(step, join, result, waiting)) ?? step
    const to = now.operands[0]
    if (waiting.size > 0) {
      const traits = traitsOf(now)
      if ((traits & trait.writesFirst) !== 0) forget(to, result, waiting)
      if ((traits & (trait.exchanges | trait.writesTwo)) !== 0) forget(now.operands[1], result, waiting)
    }
    if (to instanceof Virtual && to.bank === 'mask' && once.has(to.variable) && isComparison(now))
      waiting.set(to.variable, result.length)
    result.push(now)
  }
  return result.filter(step => step !== undefined)
}

/** One that reads no memory but constants, which stay as they are. */
const isComparison = ({ is, name, operands, predicate }: Instruction): boolean =>
  is === 'vector' &&
  predicate === undefined &&
  comparison.test(name) &&
  operands.every(operand => !(operand instanceof Memory) || operand.label !== undefined)

/** Masks that are written once and read once. */
function readOnce(steps: readonly Step[]): ReadonlySet<Variable> {
  const reads = new Map<Variable, number>()
  const writes = new Map<Variable, number>()
  const note = (to: Map<Variable, number>, operand: Operand | undefined) => {
    if (operand instanceof Virtual && operand.bank === 'mask')
      to.set(operand.variable, (to.get(operand.variable) ?? 0) + 1)
  }
  for (let k = 0; k < steps.length; k++) {
    const step = steps[k]
    if (step.is !== 'vector') continue
    const { operands, predicate } = step
    for (let i = 1; i < operands.length; i++) note(reads, operands[i])
    if (predicate !== undefined) note(reads, predicate.mask)
    const to = operands[0]
    if (!(to instanceof Register) || to.bank !== 'mask') continue
    const how = accessOfFirst(step, traitsOf(step))
    if ((how & access.read) !== 0) note(reads, to)
    if ((how & access.write) !== 0) note(writes, to)
  }
  return new Set([...writes.keys()].filter(variable => writes.get(variable) === 1 && reads.get(variable) === 1))
}

type Vector = Instruction & { readonly is: 'vector' }

/** What does the work of an instruction on masks and of a comparison, which is taken from where it stood. */
function fused(
  step: Instruction,
  join: 'and' | 'andn' | 'not',
  result: (Step | undefined)[],
  waiting: Map<Variable, number>,
): Vector | undefined {
  const [to, ...sources] = step.operands
  const take = (k: number, isOpposite: boolean, mask?: Operand): Vector | undefined => {
    const source = sources[k]
    const at = source instanceof Virtual ? waiting.get(source.variable) : undefined
    if (at === undefined || mask === source || (mask !== undefined && !(mask instanceof Register))) return undefined
    const found = result[at] as Vector
    result[at] = undefined
    waiting.delete((source as Virtual).variable)
    const { name, operands } = isOpposite ? opposite(found) : found
    return {
      ...found,
      name,
      operands: [to, ...operands.slice(1)],
      predicate: mask && { mask, zeroes: false },
      loc: step.loc,
    }
  }
  if (step.predicate !== undefined) return undefined
  if (join === 'and') return take(1, false, sources[0]) ?? take(0, false, sources[1])
  return join === 'andn' ? take(0, true, sources[1]) : take(0, true)
}

/** Of predicates of comparisons, of numbers and of floats alike, the one four further is the opposite, NaN and all. */
function opposite({ name, operands }: Instruction): Pick<Instruction, 'name' | 'operands'> {
  if (name.startsWith('vptestn')) return { name: name.replace('vptestn', 'vptest'), operands }
  if (name.startsWith('vptest')) return { name: name.replace('vptest', 'vptestn'), operands }
  return { name, operands: [...operands.slice(0, -1), (operands[operands.length - 1] as number) ^ 4] }
}

/** A register changes: comparisons that read it stay where they are. */
function forget(
  changed: Operand | undefined,
  result: readonly (Step | undefined)[],
  waiting: Map<Variable, number>,
): void {
  if (!(changed instanceof Register)) return
  const is = (register: Operand) =>
    register === changed ||
    (register instanceof Virtual && changed instanceof Virtual && register.variable === changed.variable) ||
    (register instanceof Register &&
      register.bank === changed.bank &&
      !(register instanceof Virtual) &&
      !(changed instanceof Virtual) &&
      register.number === changed.number)
  for (const [variable, at] of waiting) {
    const { operands } = result[at] as Instruction
    if (operands.some(operand => (operand instanceof Memory ? registersOf(operand).some(is) : is(operand))))
      waiting.delete(variable)
  }
}
