/** Random statements and helper functions. */

import { Expressions } from './expressions.ts'
import { ARRAY, type Helper, indent, parens, type T, TYPE_OF } from './words.ts'

export abstract class Statements extends Expressions {
  /** @param more how many statements, about */
  protected block(more: number, depth: number, shadows = true): string {
    const [vars, locals, helpers] = [this.vars, this.locals, this.helpers]
    this.vars = [...vars]
    this.locals = [...locals]
    this.helpers = [...helpers]
    const lines: string[] = []
    // A name of outside, declared anew: first in the block, so that nothing before it means the inner one.
    if (shadows && depth > 1 && this.c.oneIn(8)) {
      const mine = this.vars.filter(v => !v.small)
      if (mine.length > 0) {
        const { name } = this.c.pick(mine)
        this.vars = this.vars.filter(v => v.name !== name)
        const type = this.type()
        const init = this.expression(type, 1)
        this.vars.push({ name, type, mutable: true, weak: init.weak === true })
        lines.push(`let ${name} = ${init.s}`)
      }
    }
    // One choice for each statement whether there is one: a shrunk kernel loses the statement and its choice together.
    while (this.fuel > 0 && this.c.below(more + 1) > 0) lines.push(this.statement(depth))
    this.vars = vars
    this.locals = locals
    this.helpers = helpers
    return `{\n${indent(lines.join('\n'))}\n}`
  }

  statement(depth: number): string {
    this.fuel--
    this.operations = 20
    const nested = depth < 4
    if (this.loops.length > 0 && this.c.oneIn(6)) return this.leave()
    switch (this.c.below(20)) {
      case 0:
      case 1:
      case 2:
        return this.store()
      case 3:
      case 4:
        return this.declaration()
      case 5:
      case 6:
        return this.assign()
      case 7:
      case 8:
        return nested ? this.branch(depth) : this.assign()
      case 9:
      case 10:
        return nested ? this.forLoop(depth) : this.store()
      case 11:
        return nested ? this.whileLoop(depth) : this.assign()
      case 12:
        return this.leave()
      case 13:
        return this.privateArray()
      case 14:
        return this.storeLocal()
      case 15:
        return nested ? this.choose(depth) : this.assign()
      case 16:
        return nested && this.depthOfHelpers === 0 ? this.helper(depth) : this.assign()
      case 17:
        return this.atomic()
      case 18:
        return nested ? this.labelled(depth) : this.swap()
      default:
        return this.c.below(2) ? this.swap() : `assert(${this.truth(1).s} || true)`
    }
  }

  protected store(): string {
    const outputs = this.params.filter(p => p.is === 'output')
    if (outputs.length === 0 || this.pureOnly) return this.declaration()
    const p = this.c.pick(outputs)
    const at = `${p.name}[${this.slot(p)}]`
    const type = TYPE_OF[p.element]
    const op = this.c.below(8)
    if (p.element === 'i64' || p.element === 'u64') return `${at} = ${this.big(2).s}`
    if (type === 'f' && op < 3) return `${at} ${this.c.pick(['+=', '-=', '*='])} ${this.double(2).s}`
    if (p.element === 'f32' && op < 3) return `${at} ${this.c.pick(['+=', '-=', '*='])} ${this.single(2).s}`
    if (type === 'i' && p.element !== 'u8c' && op < 3) {
      return this.c.below(3) === 0
        ? this.c.pick([`${at}++`, `--${at}`])
        : `${at} ${this.c.pick(['+=', '-=', '|=', '^=', '<<='])} ${this.integer(2).s}`
    }
    // Any number goes into any array of numbers.
    const other = this.c.below(4) ? type : this.c.pick(['i', 'f', 'F', 'u'] as const)
    return `${at} = ${this.expression(other, 3).s}`
  }

  protected declaration(): string {
    const type = this.type()
    const small = type === 'i' && this.c.below(3) === 0
    const name = this.fresh()
    if (small) {
      this.vars.push({ name, type, mutable: true, small: true })
      return `let ${name} = ${this.c.below(10)}`
    }
    const mutable = this.c.below(3) > 0
    const init = this.expression(type, 3)
    // A variable of a literal stays weak unless it is assigned again, which may or may not come.
    this.vars.push({ name, type, mutable, weak: init.weak === true })
    if (!mutable) return `const ${name} = ${init.s}`
    // Whole literals are given the kind of the variable by what is done to them.
    return `let ${name} = ${type === 'i' || type === 'u' ? `${init.s} ${type === 'i' ? '| 0' : '>>> 0'}` : init.s}`
  }

  protected assign(): string {
    const found = this.vars.filter(v => v.mutable)
    if (found.length === 0 || this.pureOnly) return this.declaration()
    const v = this.c.pick(found)
    const e = (depth = 3) => this.expression(v.type, depth).s
    if (v.small) return this.c.pick([`${v.name}++`, `${v.name} += 2`, `${v.name}--`, `${v.name} -= 3`])
    const op = this.c.below(4)
    switch (v.type) {
      case 'i':
        if (op === 0) return `${v.name} ${this.c.pick(['&=', '|=', '^=', '<<=', '>>='])} ${e()}`
        if (op === 1) return `${v.name} ${this.c.pick(['||=', '&&='])} ${e()}`
        return `${v.name} = (${v.name} ${this.c.pick(['+', '-', '^'])} ${e()}) | 0`
      case 'f':
        if (op < 2) return `${v.name} ${this.c.pick(['+=', '-=', '*=', '/='])} ${e()}`
        return `${v.name} = ${e()}`
      case 'u':
        if (op === 0) return `${v.name} >>>= ${this.c.below(32)}`
        return `${v.name} = ${e()}`
      default:
        return `${v.name} = ${e()}`
    }
  }

  protected branch(depth: number): string {
    const then = `if ${parens(this.truth(2).s)} ${this.block(2, depth + 1)}`
    switch (this.c.below(3)) {
      case 0:
        return then
      case 1:
        return `${then} else ${this.block(2, depth + 1)}`
      default:
        return `${then} else if ${parens(this.truth(1).s)} ${this.block(1, depth + 1)} else ${this.block(1, depth + 1)}`
    }
  }

  protected body(label: string | undefined, depth: number): string {
    this.loops.push({ label, continues: true })
    const s = this.block(3, depth + 1)
    this.loops.pop()
    return s
  }

  protected forLoop(depth: number): string {
    const k = this.fresh('k')
    const label = this.c.oneIn(4) ? this.fresh('L') : undefined
    const trips = this.c.below(2) ? String(1 + this.c.below(6)) : `(${this.integer(1).s} & 7)`
    const head = this.c.pick([
      `let ${k} = 0; ${k} < ${trips}; ${k}++`,
      `let ${k} = ${trips}; ${k} > 0; ${k}--`,
      `let ${k} = 0, ${k}end = ${trips}; ${k} < ${k}end; ${k} += 2`,
    ])
    const outer = this.vars
    this.vars = [...outer, { name: k, type: 'i', mutable: false, small: true }]
    const s = `${label ? `${label}: ` : ''}for (${head}) ${this.body(label, depth)}`
    this.vars = outer
    return s
  }

  protected whileLoop(depth: number): string {
    const w = this.fresh('w')
    const label = this.c.oneIn(4) ? this.fresh('L') : undefined
    const start = `let ${w} = ${this.c.below(2) ? 1 + this.c.below(5) : `${this.integer(1).s} & 7`}`
    const outer = this.vars
    this.vars = [...outer, { name: w, type: 'i', mutable: false, small: true }]
    const more = this.c.below(2) ? ` && ${this.truth(1).s}` : ''
    // The step comes first, so that no continue leaves it out; or it is the test itself.
    const at = label ? `${label}: ` : ''
    let s: string
    if (this.c.below(3) === 0) s = `${at}while (${w}-- > 0${more}) ${this.body(label, depth)}`
    else if (this.c.below(2)) s = `${at}while (${w} > 0${more}) ${this.body(label, depth).replace('{', `{\n  ${w}--`)}`
    else s = `${at}do ${this.body(label, depth).replace('{', `{\n  ${w}--`)} while (${w} > 0${more})`
    this.vars = outer
    return `${start}\n${s}`
  }

  protected leave(): string {
    const when = `if ${parens(this.truth(2).s)}`
    const labels = this.loops.filter(l => l.label)
    const way = this.c.below(4)
    if (way === 3 && this.gives !== undefined) {
      return `${when} return${this.gives === '' ? '' : ` ${this.returned(this.gives)}`}`
    }
    if (labels.length > 0 && way === 2) {
      const l = this.c.pick(labels)
      return `${when} ${l.continues && this.c.below(2) ? 'continue' : 'break'} ${l.label}`
    }
    // A bare break leaves a loop, not a labelled block.
    if (!this.loops.some(l => l.continues)) return this.assign()
    return `${when} ${this.c.below(2) ? 'continue' : 'break'}`
  }

  protected returned(type: T): string {
    return (type === 'f' ? this.strong(2) : this.expression(type, 2)).s
  }

  protected privateArray(): string {
    const name = this.fresh('t')
    const type = this.c.pick(['f', 'i', 'F', 'i', 'u', 'n'] as const)
    const size = this.c.pick([4, 2, 8, 16])
    const filled = this.c.below(2) && size <= 4
    const list = filled ? Array.from({ length: size }, () => this.expression(type, 1).s).join(', ') : ''
    this.locals.push({ name, type, size })
    if (!filled) return `const ${name} = new ${ARRAY[type]}(${size})`
    return `const ${name} = new ${ARRAY[type]}([${list}])`
  }

  protected storeLocal(): string {
    if (this.locals.length === 0 || this.pureOnly) return this.privateArray()
    const l = this.c.pick(this.locals)
    const at = `${l.name}[${this.localIndex(l)}]`
    if (this.c.below(3) === 0 && l.type !== 'n' && l.type !== 'u') return `${at} += ${this.expression(l.type, 2).s}`
    return `${at} = ${this.expression(l.type, 2).s}`
  }

  protected choose(depth: number): string {
    const on = this.c.below(2) ? `${this.flat.s} % 4` : `${this.integer(1).s} & 3`
    const cases = 1 + this.c.below(3)
    const lines: string[] = []
    // A continue inside means the loop around.
    for (let k = 0; k < cases; k++) {
      const ends = this.c.below(3) ? '\n  break' : ''
      lines.push(`case ${k}: ${this.block(2, depth + 1)}${ends}`)
    }
    if (this.c.below(2)) lines.push(`default: ${this.block(1, depth + 1)}`)
    return `switch (${on}) {\n${indent(lines.join('\n'))}\n}`
  }

  protected labelled(depth: number): string {
    const label = this.fresh('B')
    this.loops.push({ label, continues: false })
    const s = `${label}: ${this.block(2, depth + 1)}`
    this.loops.pop()
    return s
  }

  protected swap(): string {
    const found = this.vars.filter(v => v.mutable && !v.small)
    const first = found[0]
    const second = found.find(v => v !== first && v.type === first?.type)
    if (!first || !second || this.pureOnly) return this.declaration()
    return `;[${first.name}, ${second.name}] = [${second.name}, ${this.expression(first.type, 2).s}]`
  }

  protected atomic(): string {
    const counters = this.params.filter(p => p.is === 'counters')
    if (counters.length === 0 || this.pureOnly || this.depthOfHelpers > 0) return this.assign()
    const p = this.c.pick(counters)
    // One operation for each array: others would not commute with it.
    const op = p.name.slice(6)
    const value = {
      i32: () => this.integer(2).s,
      u32: () => this.unsigned(2).s,
      i64: () => this.big(2).s,
      u64: () => `BigInt.asUintN(64, ${this.big(2).s})`,
    }[p.element]()
    return `atomic.${op}(${p.name}, ${this.integer(1).s} & 7, ${value})`
  }

  /** A function declared in the kernel, which may change what is around it. */
  protected helper(depth: number): string {
    const silent = this.helpers.filter(h => h.gives === undefined)
    if (silent.length > 0 && this.c.below(2)) return this.callOf(this.c.pick(silent), 2)
    const name = this.fresh('h')
    const h: Helper = {
      name,
      params: Array.from({ length: this.c.below(3) }, () => this.type()),
      gives: this.c.below(4) ? this.type() : undefined,
    }
    const s = this.functionText(h, depth, true)
    this.helpers.push(h)
    return `const ${name} = ${s}`
  }

  protected functionText(h: Helper, depth: number, inner: boolean): string {
    const saved = [this.vars, this.locals, this.loops, this.gives, this.helpers, this.pureOnly] as const
    const params = h.params.map(type => ({ name: this.fresh('p'), type, mutable: this.c.below(3) === 0 }))
    this.vars = [...(inner ? this.vars : []), ...params]
    if (!inner) {
      this.locals = []
      this.pureOnly = true
    }
    this.helpers = inner ? this.helpers : []
    this.loops = []
    this.gives = h.gives ?? ''
    this.depthOfHelpers++
    const block = this.block(2, depth + 1, false)
    const tail = h.gives ? `\n  return ${this.returned(h.gives)}` : ''
    this.depthOfHelpers--
    ;[this.vars, this.locals, this.loops, this.gives, this.helpers, this.pureOnly] = saved
    return `(${params.map(p => p.name).join(', ')}) => ${block.slice(0, -2)}${tail}\n}`
  }
}
