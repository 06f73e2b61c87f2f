/**
 * Follows which variables each register and each place on the stack hold, along all ways through a function whose registers are chosen, and demands that every instruction finds there what it was
 * written to read. What holds where ways meet is what holds on each (after the checker of regalloc2).
 */

import assert from 'node:assert/strict'
import { type Label, Memory, type Operand, Register } from '../src/x64/encode/operands.ts'
import { frameBase, type Step, Virtual } from '../src/x64/machine/code.ts'
import { endsFlow } from '../src/x64/machine/convention.ts'
import type { Placed } from '../src/x64/machine/placed.ts'
import { clearsMask, rolesOf } from '../src/x64/machine/roles.ts'
import { variantsOf } from '../src/x64/machine/spill.ts'
import { trait, traitsOf } from '../src/x64/machine/traits.ts'

type Instruction = Step & { readonly is: 'vector' | 'general' }
/** By place, the names of what it holds. A machine register that code names holds itself. */
type State = Map<string, ReadonlySet<string>>

const nothing: ReadonlySet<string> = new Set()
const placeOfRegister = ({ bank, number }: Register): string => `${bank}${number}`

/** A place on the stack that was given out to a variable, or a constant. */
function placeOf(operand: Register | Memory): string {
  if (operand instanceof Register) return placeOfRegister(operand)
  return operand.label ? `constant ${operand.label.name}` : `stack ${operand.disp}`
}

const nameOf = (register: Register): string =>
  register instanceof Virtual ? `v${register.variable.id}` : placeOfRegister(register)

/** @throws AssertionError: an instruction reads what is not there */
export function follow(placed: Placed): void {
  const { steps, code, origins } = placed
  const at = new Map<Label, number>()
  for (const [i, step] of steps.entries()) if (step.is === 'label') at.set(step.label, i)
  const before: (State | undefined)[] = []
  before[0] = new Map(parametersOf(placed).map(place => [place, new Set([place])]))
  const constants = new Map<string, Set<string>>()
  for (const variable of code.variables) {
    if (variable.constant === undefined) continue
    const place = placeOf(variable.constant)
    constants.set(place, (constants.get(place) ?? new Set()).add(`v${variable.id}`))
  }
  const waiting = [0]
  const flow = (to: number, state: State) => {
    const known = before[to]
    if (known === undefined) before[to] = new Map(state)
    else if (!meet(known, state)) return
    waiting.push(to)
  }
  // First what holds before each step, then whether each finds what it reads.
  for (let i = waiting.pop(); i !== undefined; i = waiting.pop()) {
    const state: State = new Map(before[i])
    const step = steps[i]
    new Follower(state, constants, () => {}).step(step, origins[i])
    if (step.is === 'jump') flow(at.get(step.label)!, state)
    if (!endsFlow(step)) flow(i + 1, state)
  }
  for (const [i, step] of steps.entries()) {
    if (before[i] === undefined) continue
    const demand = (isThere: boolean, what: string) =>
      assert.ok(isThere, `${code.name}, step ${i}, ${'name' in step ? step.name : step.is}: ${what}`)
    new Follower(new Map(before[i]), constants, demand).step(step, origins[i])
  }
}

/** What `undefine` named, and nothing was written to since, is in every place. */
const anywhere = 'anything'

/** @returns whether there is less in `known` than before */
function meet(known: State, other: State): boolean {
  let isLess = false
  const [known0, other0] = [known.get(anywhere) ?? nothing, other.get(anywhere) ?? nothing]
  for (const place of new Set([...known.keys(), ...other.keys()])) {
    if (place === anywhere) continue
    const [a, b] = [known.get(place) ?? nothing, other.get(place) ?? nothing]
    const both = a.union(known0.intersection(b)).intersection(b.union(other0))
    if (a.intersection(both).size < a.size) isLess = true
    known.set(place, both)
  }
  const both = known0.intersection(other0)
  if (both.size < known0.size) isLess = true
  known.set(anywhere, both)
  return isLess
}

const parametersOf = ({ code, origins }: Placed): string[] =>
  origins
    .slice(0, code.parameters.length)
    .flatMap(origin =>
      origin?.is === 'vector' || origin?.is === 'general' ? [placeOf(origin.operands[1] as Register)] : [],
    )

class Follower {
  readonly #state: State
  readonly #constants: ReadonlyMap<string, ReadonlySet<string>>
  readonly #demand: (isThere: boolean, what: string) => void

  constructor(
    state: State,
    constants: ReadonlyMap<string, ReadonlySet<string>>,
    demand: (isThere: boolean, what: string) => void,
  ) {
    this.#state = state
    this.#constants = constants
    this.#demand = demand
  }

  #held(place: string): ReadonlySet<string> {
    return this.#state.get(place) ?? this.#constants.get(place) ?? nothing
  }

  #holds(operand: Register | Memory, name: string): boolean {
    const held = this.#held(placeOf(operand))
    return held.has(name) || this.#held(anywhere).has(name)
  }

  /** The place holds this now, and no other place does. */
  #put(operand: Register | Memory, name: string): void {
    for (const [place, held] of this.#state)
      if (held.has(name)) this.#state.set(place, held.difference(new Set([name])))
    this.#state.set(placeOf(operand), new Set([name]))
  }

  step(step: Step, origin: Step | undefined): void {
    if (step.is === 'call') {
      for (const arg of step.args) this.#demand(this.#holds(arg, nameOf(arg)), arg.name)
      this.#put(step.result, nameOf(step.result))
    } else if (step.is === 'return') {
      if (step.value instanceof Register) this.#demand(this.#holds(step.value, nameOf(step.value)), step.value.name)
    } else if (step.is === 'undefine') this.#undefine(step.register, origin!)
    else if (step.is === 'vector' || step.is === 'general') {
      if (origin === undefined) this.#carry(step)
      else this.#instruction(step, origin as Instruction)
    }
  }

  /** A copy from a register to itself is left out: both names are in it now. */
  #undefine(register: Register, origin: Step): void {
    if (origin.is === 'undefine') {
      this.#state.set(anywhere, this.#held(anywhere).union(new Set([nameOf(origin.register)])))
      return
    }
    const [to, from] = (origin as Instruction).operands as [Register, Register]
    this.#demand(this.#holds(register, nameOf(from)), `${from.name} in ${register.name}`)
    const held = this.#held(placeOf(register))
    this.#put(register, nameOf(to))
    this.#state.set(placeOf(register), held.union(new Set([nameOf(to)])))
  }

  /** From register to stack, or from there or a constant to a register. */
  #carry({ operands: [to, from] }: Instruction): void {
    this.#state.set(placeOf(to as Register), this.#held(placeOf(from as Register)))
  }

  #instruction(step: Instruction, origin: Instruction): void {
    if ((traitsOf(origin) & trait.moves) !== 0 && origin.predicate === undefined) {
      const [to, from] = origin.operands
      if (to instanceof Register && from instanceof Register) {
        const [at, source] = step.operands as [Register, Register]
        this.#demand(this.#isFound(source, from), `${from.name} in ${placeOf(source)}`)
        const held = this.#held(placeOf(source)).union(new Set([nameOf(to)]))
        this.#put(at, nameOf(to))
        // Both have one value now, also where a variable on the stack is copied to itself by way of a register.
        if (source instanceof Register) this.#state.set(placeOf(source), held)
        if (at instanceof Register && source instanceof Register) this.#state.set(placeOf(at), held)
        return
      }
    }
    const variants = [...variantsOf(origin, traitsOf(origin))].filter(({ name }) => sameName(name, step.name))
    const fitting = variants.filter(({ operands }) => this.#unmet({ ...origin, operands }, step).length === 0)
    this.#demand(fitting.length > 0, this.#unmet(origin, step).join(', '))
    const roles = rolesOf(origin)
    const operands = (fitting[0] ?? origin).operands
    const clears = clearsMask(origin.name)
    for (const [i, operand] of operands.entries()) {
      const isWritten = (i === 0 && roles.writesFirst) || (i === 1 && roles.writesSecond) || (i === 2 && clears)
      if (operand instanceof Register && isWritten) this.#put(step.operands[i] as Register, nameOf(operand))
    }
    if (clears && origin.predicate) this.#put(step.predicate!.mask, nameOf(origin.predicate.mask))
    for (const register of roles.writes) this.#put(register, nameOf(register))
  }

  /** What the instruction does not find where it looks. */
  #unmet(origin: Instruction, step: Instruction): string[] {
    const roles = rolesOf(origin)
    const unmet: string[] = []
    const want = (at: Operand, operand: Register) => {
      if (!this.#isFound(at, operand)) unmet.push(`${operand.name} in ${placeOf(at as Register)}`)
    }
    for (const [i, operand] of origin.operands.entries()) {
      const at = step.operands[i]
      if (operand instanceof Memory) {
        if (operand.base && operand.base !== frameBase) want((at as Memory).base!, operand.base)
        if (operand.index) want((at as Memory).index!, operand.index)
      } else if (operand instanceof Register) {
        // A byte may be set where there was nothing.
        const isFresh = origin.name.startsWith('set') && !this.#isAnywhere(operand)
        if ((i === 0 ? roles.readsFirst : roles.readsOthers) && !isFresh) want(at, operand)
      } else if (at !== operand) unmet.push(`${operand}`)
    }
    if (origin.predicate) want(step.predicate!.mask, origin.predicate.mask)
    for (const register of roles.reads) want(register, register)
    return unmet
  }

  #isAnywhere(wanted: Register): boolean {
    return [...this.#state.values()].some(held => held.has(nameOf(wanted)))
  }

  #isFound(at: Operand, wanted: Register): boolean {
    if (at instanceof Memory && at.label) {
      // A constant, where it is or spread out.
      return wanted instanceof Virtual && wanted.variable.constant !== undefined
    }
    if (!(at instanceof Register) && !(at instanceof Memory)) return false
    if (wanted.bank === 'gpr' && wanted.number === frameBase.number && !(wanted instanceof Virtual)) return true
    return this.#holds(at, nameOf(wanted))
  }
}

/** A move to or from memory may have another name. */
const sameName = (name: string, other: string): boolean =>
  name === other || (/^(vmov|vbroadcast|vpbroadcast)/.test(name) && /^(vmov|vbroadcast|vpbroadcast)/.test(other))
