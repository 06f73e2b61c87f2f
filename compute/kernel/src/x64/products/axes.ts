/**
 * The axes of a kernel's iteration space, which are the dimensions of its range and the rounds of its counted loops, and what is linear in them: an index such as `row * n + k` moves by a fixed step along
 * each axis. Steps are not worked out as formulas. What is linear is evaluated at launch where all axes begin, and one step along each.
 */

import type { Launch } from '../../backend.ts'
import { isPure, type KernelIR, type Value } from '../../ir/ir.ts'
import { SEMANTICS, semanticsKey } from '../../ir/semantics.ts'
import { lengthOf } from '../../launch/size.ts'

/** A loop that counts from `begin`, by `step`, while below `end` (above, for a negative step), both the same in all iterations. */
export interface CountedLoop {
  readonly loop: Value
  readonly begin: Value
  readonly end: Value
  readonly step: number
  /** Its last round may be at `end` itself. */
  readonly isInclusive: boolean
}

/** A carried value that changes by the same amount in each round. */
interface Induction {
  readonly axis: number
  readonly begin: Value
  readonly step: Value
  readonly isDown: boolean
}

/** Why something is not what was looked for. */
export class Refusal {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

const mostLoops = 8

export class Axes {
  readonly ir: KernelIR
  readonly loops: CountedLoop[] = []
  readonly #inductions = new Map<Value, Induction>()
  /** Of each value, the axes it moves along, a bit for each; undefined: it is not linear. */
  readonly #along = new Map<Value, number | undefined>()

  constructor(ir: KernelIR) {
    this.ir = ir
  }

  get count(): number {
    return this.ir.rank + this.loops.length
  }

  /** Makes a loop the next axis. @returns its carried values that do not count */
  add(loop: Value): readonly Value[] | Refusal {
    const [test, body] = loop.regions!
    const [condition] = test.results
    if (this.loops.length === mostLoops) return new Refusal('too many loops')
    const axis = this.count
    const others: Value[] = []
    for (const [i, p] of test.params.entries()) {
      const found = this.#induction(p, loop.args[i], body.results[i], axis)
      if (found) this.#inductions.set(p, found)
      else others.push(p)
    }
    // What was found not to be linear may be it now.
    this.#along.clear()
    const bound = condition.op === 'slt' || condition.op === 'sle' ? condition.args : []
    const at = bound.findIndex(x => this.#inductions.get(x)?.axis === axis)
    if (at < 0) return new Refusal('a loop does not count to a bound')
    const counter = this.#inductions.get(bound[at])!
    const end = bound[1 - at]
    if (this.along(end) !== 0 || this.along(counter.begin) !== 0)
      return new Refusal('the rounds of a loop depend on the iteration')
    const step = counter.step.op === 'const' ? (counter.isDown ? -1 : 1) * counter.step.attr : 0
    if (at === 0 ? !(step > 0) : !(step < 0))
      return new Refusal('a loop does not count by a constant towards its bound')
    this.loops.push({ loop, begin: counter.begin, end, step, isInclusive: condition.op === 'sle' })
    return others
  }

  #induction(p: Value, begin: Value, next: Value, axis: number): Induction | undefined {
    const isDown = next.op === 'sub' && next.args[0] === p
    if (p.type !== 'i32' || !(isDown || (next.op === 'add' && next.args.includes(p)))) return undefined
    const step = next.args[0] === p ? next.args[1] : next.args[0]
    if (this.along(step) !== 0 || this.along(begin) === undefined) return undefined
    return { axis, begin, step, isDown }
  }

  /** The axes along which a value moves by fixed steps, a bit for each; undefined where it is anything else. */
  along(v: Value): number | undefined {
    if (this.#along.has(v)) return this.#along.get(v)
    const found = this.#findAlong(v)
    this.#along.set(v, found)
    return found
  }

  #findAlong(v: Value): number | undefined {
    if (v.op === 'const' || v.op === 'scalar' || v.op === 'length') return 0
    if (v.op === 'index') return 1 << v.attr
    if (v.op === 'arg') {
      const induction = this.#inductions.get(v)
      if (induction === undefined) return undefined
      const begin = this.along(induction.begin)
      return begin === undefined ? undefined : begin | (1 << induction.axis)
    }
    if (!isPure(v) || v.op === 'result') return undefined
    const of = v.args.map(a => this.along(a))
    if (of.every(along => along === 0)) return SEMANTICS[semanticsOf(v)] ? 0 : undefined
    const [a, b] = of
    if (v.type !== 'i32' || a === undefined || b === undefined) return undefined
    if (v.op === 'add' || v.op === 'sub') return a | b
    if (v.op === 'mul' && (a === 0 || b === 0)) return a | b
    if (v.op === 'shl' && b === 0) return a
    return undefined
  }

  induction(p: Value): Induction | undefined {
    return this.#inductions.get(p)
  }
}

const semanticsOf = (v: Value): string => semanticsKey(v.op, v.args[v.op === 'select' ? 1 : 0].type, v.type)

/** Where something linear begins, and how far it moves in a step along each axis, exact modulo 2³². */
export interface Linear {
  readonly begin: number
  readonly steps: readonly number[]
}

interface Step {
  readonly apply: (...operands: any[]) => unknown
  readonly operands: readonly number[]
  readonly to: number
}

/** Values that are linear in axes, to be worked out for a launch. */
export class LinearValues {
  readonly #axes: Axes
  /** What was computed, by number; those of axes first. */
  readonly #slots: unknown[]
  readonly #numbers = new Map<Value, number>()
  readonly #scalars: { readonly to: number; readonly scalar: number; readonly isBig: boolean }[] = []
  readonly #lengths: { readonly to: number; readonly buffer: number }[] = []
  /** What is the same everywhere, and what is not. */
  readonly #uniform: Step[] = []
  readonly #moving: Step[] = []

  constructor(axes: Axes) {
    this.#axes = axes
    this.#slots = Array.from({ length: axes.count }, () => 0)
  }

  /** Asks for a value. @returns its number, for `uniform` and `linear` */
  add(v: Value): number {
    const known = this.#numbers.get(v)
    if (known !== undefined) return known
    const to = v.op === 'index' ? v.attr : this.#slots.push(v.op === 'const' ? v.attr : undefined) - 1
    this.#numbers.set(v, to)
    if (v.op === 'scalar') this.#scalars.push({ to, scalar: v.attr, isBig: v.type === 'i64' })
    else if (v.op === 'length') this.#lengths.push({ to, buffer: v.attr })
    else if (v.op === 'arg') {
      const { axis, begin, step, isDown } = this.#axes.induction(v)!
      const apply = (round: number, from: number, by: number) => (from + Math.imul(round, isDown ? -by : by)) | 0
      this.#moving.push({ apply, operands: [axis, this.add(begin), this.add(step)], to })
    } else if (v.args.length > 0) {
      const operands = v.args.map(a => this.add(a))
      const steps = this.#axes.along(v) === 0 ? this.#uniform : this.#moving
      steps.push({ apply: SEMANTICS[semanticsOf(v)], operands, to })
    }
    return to
  }

  /** Begins with a launch: from here on `uniform` has its values. */
  begin(launch: Launch): void {
    const slots = this.#slots
    for (const { to, scalar, isBig } of this.#scalars) {
      const x = launch.scalars[scalar]
      slots[to] = isBig ? BigInt.asIntN(64, x as bigint) : Number(x)
    }
    for (const { to, buffer } of this.#lengths) slots[to] = Math.min(2147483647, lengthOf(launch, buffer))
    this.#run(this.#uniform)
  }

  /** A value that moves along no axis. */
  uniform(number: number): number {
    return this.#slots[number] as number
  }

  /** How values move in the launch that was begun with. */
  linear(launch: Launch, numbers: readonly number[]): Linear[] {
    const slots = this.#slots
    const { rank } = this.#axes.ir
    for (let axis = 0; axis < this.#axes.count; axis++) slots[axis] = axis < rank ? launch.extents[axis].begin : 0
    this.#run(this.#moving)
    const found = numbers.map(number => ({ begin: slots[number] as number, steps: [] as number[] }))
    for (let axis = 0; axis < this.#axes.count; axis++) {
      const from = slots[axis] as number
      slots[axis] = (from + (axis < rank ? launch.extents[axis].step : 1)) | 0
      this.#run(this.#moving)
      for (const [i, number] of numbers.entries()) found[i].steps.push(((slots[number] as number) - found[i].begin) | 0)
      slots[axis] = from
    }
    return found
  }

  #run(steps: readonly Step[]): void {
    const slots = this.#slots
    for (const { apply, operands, to } of steps) {
      const [a, b, c] = operands
      slots[to] = apply(slots[a], slots[b], slots[c])
    }
  }
}

/** Rounds of a loop; undefined where its counter would leave the integers of 32 bits. */
export function roundsOf({ step, isInclusive }: CountedLoop, begin: number, end: number): number | undefined {
  const distance = (step > 0 ? end - begin : begin - end) + (isInclusive ? 1 : 0)
  const rounds = Math.max(0, Math.ceil(distance / Math.abs(step)))
  const last = begin + rounds * step
  return last === (last | 0) ? rounds : undefined
}
