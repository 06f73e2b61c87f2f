/** What a random kernel knows while it is made, and what stands in it without operands: variables, elements, literals. */

import type { Choices } from '../choices.ts'
import {
  BIGS,
  BOUNDS,
  type E,
  type Element,
  FAR,
  FLOATS,
  type Helper,
  INTS,
  type Local,
  MAX,
  MIN,
  type Param,
  SINGLES,
  type T,
  TYPE_OF,
  type Variable,
} from './words.ts'

export abstract class Operands {
  protected readonly c: Choices
  protected exact = true
  protected mayFail = false
  protected readonly params: Param[] = []
  protected vars: Variable[] = []
  protected locals: Local[] = []
  protected helpers: Helper[] = []
  protected names = 0
  /** Statements that may still be made, and operations in the one being made. */
  protected fuel = 0
  protected operations = 20
  protected loops: { label: string | undefined; continues: boolean }[] = []
  /** What `return` is followed by: nothing in a kernel, undefined where no return may stand. */
  protected gives: T | '' | undefined
  protected flat: E = { s: 'i', lo: 0, hi: FAR }
  protected indices: string[] = []
  protected pureOnly = false
  protected depthOfHelpers = 0

  constructor(c: Choices) {
    this.c = c
  }

  protected fresh(prefix = 'v'): string {
    return `${prefix}${this.names++}`
  }

  protected burn(): boolean {
    return --this.operations > 0
  }

  protected any(s: string, weak = false): E {
    return { s, lo: MIN, hi: MAX, weak }
  }

  protected type(): T {
    return this.c.pick(['i', 'f', 'i', 'F', 'f', 'u', 'n', 'b'])
  }

  /** What stands without operands: a variable, an element, a literal. */
  protected leaf(type: T): E | undefined {
    const found = this.vars.filter(v => v.type === type)
    const arrays = this.params.filter(p => (p.is === 'input' || p.is === 'output') && TYPE_OF[p.element] === type)
    const own = this.locals.filter(l => l.type === type)
    const way = this.c.below(6)
    if (way < 3 && found.length > 0) {
      const v = found[found.length - 1 - this.c.below(found.length)]
      return v.small ? { s: v.name, lo: -100000, hi: 100000 } : this.any(v.name, v.weak === true)
    }
    if (way < 5 && arrays.length > 0) return this.load(this.c.pick(arrays) as Param & { element: Element })
    if (own.length > 0 && this.burn()) {
      const l = this.c.pick(own)
      return this.any(`${l.name}[${this.localIndex(l)}]`)
    }
    return undefined
  }

  protected localIndex(l: Local): string {
    if (this.mayFail && this.c.oneIn(12)) return this.integer(1).s
    return this.c.below(2) ? String(this.c.below(l.size)) : `(${this.integer(1).s} & ${l.size - 1})`
  }

  /** An element of an input, or this iteration's own of an output. */
  protected load(p: Param & { element: Element }): E {
    const element = p.element
    let s: string
    if (p.is === 'output') s = `${p.name}[${this.slot(p)}]`
    else s = this.inputAt(p.name, element)
    if (element === 'u64') s = `BigInt.asIntN(64, ${s})`
    const [lo, hi] = BOUNDS[element] ?? [MIN, MAX]
    return { s, lo, hi }
  }

  protected inputAt(name: string, element: Element): string {
    const flat = this.flat.s
    const e = () => (this.burn() ? this.integer(1).s : this.flat.s)
    // Within the bounds of every element.
    const otherwise = () => (TYPE_OF[element] === 'i' ? String(this.c.below(100)) : this.literal(TYPE_OF[element]).s)
    if (this.mayFail && this.c.oneIn(8)) return `${name}[${flat} * 3 + (${e()} & 63)]`
    switch (this.c.below(12)) {
      case 0:
      case 1:
        return `${name}[${flat}]`
      case 2:
        return `${name}[${flat} + ${this.c.below(8)}]`
      case 3:
        return `${name}[${flat} * ${2 + this.c.below(2)} + ${this.c.below(8)}]`
      case 4:
        return `${name}[n - 1 - ${flat}]`
      case 5:
        return `(${flat} > 0 ? ${name}[${flat} - 1] : ${otherwise()})`
      case 6:
        return `${name}[${e()} & 7]`
      case 7:
        return `${name}[(${e()} >>> 0) % ${name}.length]`
      case 8:
        return `${name}[Math.max(0, Math.min(${e()}, ${name}.length - 1))]`
      case 9: {
        const list = this.params.filter(p => p.is === 'indices')
        return list.length ? `${name}[${this.c.pick(list).name}[${flat}]]` : `${name}[n - ${flat}]`
      }
      case 10: {
        const at = this.vars.find(v => v.type === 'i')
        const index = at ? at.name : flat
        return `(${index} >= 0 && ${index} < ${name}.length ? ${name}[${index}] : ${otherwise()})`
      }
      default:
        return `${name}[${this.indices.at(-1)!}]`
    }
  }

  /** The number of this iteration's slot of an output: no other iteration has it. */
  protected slot(p: Param & { is: 'output' }): string {
    const turned = p.name.charCodeAt(p.name.length - 1) % 2 === 1
    const flat = turned ? `(n - 1 - ${this.flat.s})` : this.flat.s
    if (p.slots === 1) return flat
    const which = this.burn() && this.c.below(2) ? `(${this.integer(1).s} & 1)` : String(this.c.below(2))
    return `${flat} * 2 + ${which}`
  }

  protected literal(type: T): E {
    switch (type) {
      case 'i': {
        const x = this.c.pick(INTS)
        return { s: x < 0 ? `(${x})` : String(x), lo: x, hi: x }
      }
      case 'f':
        return this.any(this.c.pick(FLOATS), true)
      case 'F':
        return this.any(`Math.fround(${this.c.pick(SINGLES)})`)
      case 'u':
        return this.any(`(${this.c.pick(INTS)} >>> 0)`)
      case 'n':
        return this.any(this.c.pick(BIGS))
      case 'b':
        return this.any(this.c.below(2) ? 'true' : 'false')
    }
  }

  protected atom(type: T): E {
    return this.leaf(type) ?? this.literal(type)
  }

  /** Of at most that many operators above each other. */
  abstract expression(type: T, depth: number): E
  protected abstract integer(depth: number): E
}
