/**
 * Random kernels as source text, to be run as plain JavaScript, on the reference backend and on the others.
 *
 * Exact kernels keep to what the kernel language and JavaScript agree on: an int32 is brought back by `| 0` wherever it could
 * leave its range (bounds are tracked, so `i + 1` stays as it is), a float32 by Math.fround, a BigInt by asIntN; float literals
 * are not whole; of Math only functions that are exact. Loose kernels leave all that out and use all of Math: backends must
 * still agree with each other.
 *
 * Iterations are independent: each stores to slots of its own, and shared counters change by atomics alone. Loops end.
 * Accesses are in range, by guards and otherwise, unless the kernel is one that may fail.
 */

import type { Choices } from '../choices.ts'
import { Statements } from './statements.ts'
import { ELEMENTS, FAR, type Helper, indent, type SourceKernel, type T } from './words.ts'

export function randomSource(c: Choices): SourceKernel {
  return new Generator(c).kernel()
}

class Generator extends Statements {
  kernel(): SourceKernel {
    const { c } = this
    this.exact = c.below(4) > 0 ? true : c.below(2) === 0
    this.mayFail = c.oneIn(10)
    const kind = c.pick(['kernel', 'kernel', 'kernel', 'kernel', 'reduce', 'scan'] as const)
    const rank = c.pick([1, 1, 1, 1, 2, 3] as const)
    this.fuel = 2 + c.below(40)
    this.indices = rank === 1 ? ['i'] : rank === 2 ? ['r', 'i'] : ['z', 'r', 'i']
    this.flat = { s: ['i', '(r * w + i)', '((z * h + r) * w + i)'][rank - 1], lo: 0, hi: FAR }
    const elements = (n: number) => Array.from({ length: n }, () => c.pick(ELEMENTS))
    elements(1 + c.below(3)).forEach((element, k) => this.params.push({ name: `x${k}`, is: 'input', element }))
    if (c.oneIn(3)) this.params.push({ name: 'at', is: 'indices', element: c.pick(['i32', 'u16', 'u32'] as const) })
    if (kind !== 'scan') {
      elements(kind === 'kernel' ? 1 + c.below(3) : c.below(2)).forEach((element, k) =>
        this.params.push({ name: `y${k}`, is: 'output', element, slots: c.below(3) ? 1 : 2 }),
      )
      if (c.oneIn(4))
        this.params.push({
          name: `count_${c.pick(['add', 'min', 'max', 'or', 'and', 'xor', 'sub'])}`,
          is: 'counters',
          element: c.pick(['i32', 'u32', 'i64', 'u64'] as const),
        })
    }
    this.params.push({ name: 'n', is: 'size', of: 'n' })
    if (rank > 1) this.params.push({ name: 'w', is: 'size', of: 'w' })
    if (rank > 2) this.params.push({ name: 'h', is: 'size', of: 'h' })
    for (let k = c.below(3); k > 0; k--) {
      const type = c.pick(['f', 'i', 'b', 'n'] as const)
      const name = `s${k}`
      this.params.push({ name, is: 'scalar', type })
      // Scalars are weak: a fraction adapts to float32, which plain JavaScript does not do.
      this.vars.push({ name, type, mutable: false, weak: type === 'f' })
    }
    const used: string[] = []
    const names: string[] = []
    if (c.oneIn(3)) {
      const name = 'given'
      const h: Helper = { name, params: [this.type()], gives: this.type() }
      const params = this.params.splice(0)
      const [flat, indices] = [this.flat, this.indices]
      const outer = this.vars
      this.vars = []
      this.flat = { s: '5', lo: 5, hi: 5 }
      this.indices = ['3']
      // It sees neither arrays nor the number of positions.
      used.push(`const n = 11\nconst ${name} = ${this.functionText(h, 1, false)}`)
      names.push('n', name)
      this.vars = outer
      this.flat = flat
      this.indices = indices
      this.params.push(...params)
      this.helpers.push(h)
    }
    const index = rank === 1 ? 'i' : `[${this.indices.join(', ')}]`
    const list = [index, ...this.params.map(p => p.name)].join(', ')
    const made: SourceKernel = {
      kind,
      rank,
      exact: this.exact,
      mayFail: this.mayFail,
      text: '',
      params: this.params,
      used: used.join('\n'),
      names,
    }
    let type: SourceKernel['yields']
    if (kind !== 'kernel') {
      type = c.pick(['i', 'f', 'F', 'u', 'n'] as const)
      made.yields = type
      made.operator = this.operator(type)
      if (kind === 'scan') {
        made.out = ({ i: 'i32', f: 'f64', F: 'f32', u: 'u32', n: 'i64' } as const)[type]
        made.exclusive = c.below(2) === 1
        if (c.oneIn(3)) made.reset = `(${list}) => ${this.truth(2).s}`
      }
    }
    this.gives = type ?? ''
    const lines: string[] = []
    while (this.fuel > 0 && c.below(9) > 0) lines.push(this.statement(1))
    if (type) lines.push(`return ${this.returned(type)}`)
    else if (!lines.some(l => l.startsWith('y'))) lines.push(this.store())
    if (c.oneIn(6)) {
      made.single = true
      made.exact = false
    }
    if (c.oneIn(6) && !made.mayFail) made.unsafe = true
    made.text = `(${list}) => {\n${indent(lines.join('\n'))}\n}`
    return made
  }

  protected operator(type: T): string {
    const { c } = this
    switch (type) {
      case 'i':
        return c.pick(["'+'", "'*'", "'min'", "'max'", "'&'", "'|'", "'^'", '{ init: 0, combine: (a, b) => a + b }'])
      case 'u':
        return c.pick(["'+'", "'max'", "'min'", "'^'", '{ init: 0, combine: (a, b) => (a > b ? a : b) }'])
      case 'n':
        return c.pick(["'+'", "'min'", "'max'", "'&'", '{ init: 0n, combine: (a, b) => (a ^ b) }'])
      default:
        return c.pick([
          "'+'",
          "'*'",
          "'min'",
          "'max'",
          '{ init: 0, combine: (a, b) => a + b }',
          '{ init: -Infinity, combine: (a, b) => { if (a > b) return a; return b } }',
        ])
    }
  }
}
