/** Random expressions, by type. */

import { Operands } from './operands.ts'
import { type E, FAR, FLOATS, type Helper, LIBRARY, MAX, MIN, type T } from './words.ts'

export abstract class Expressions extends Operands {
  expression(type: T, depth: number): E {
    switch (type) {
      case 'i':
        return this.integer(depth)
      case 'f':
        return this.double(depth)
      case 'F':
        return this.single(depth)
      case 'u':
        return this.unsigned(depth)
      case 'n':
        return this.big(depth)
      case 'b':
        return this.truth(depth)
    }
  }

  /** Bounds of an expression, brought back to 32 bits where it may leave them. */
  protected int(s: string, lo: number, hi: number, zero = true): E {
    if (!this.exact) return { s: `(${s})`, lo: MIN, hi: MAX }
    if (lo >= MIN && hi <= MAX && zero) return { s: `(${s})`, lo, hi }
    return { s: `((${s}) | 0)`, lo: MIN, hi: MAX }
  }

  protected ternary(type: T, depth: number): E {
    const test = this.truth(depth - 1)
    const [a, b] = [this.expression(type, depth - 1), this.expression(type, depth - 1)]
    return {
      s: `(${test.s} ? ${a.s} : ${b.s})`,
      lo: Math.min(a.lo, b.lo),
      hi: Math.max(a.hi, b.hi),
      // Of a constant condition only one side is compiled.
      weak: a.weak === true || b.weak === true,
    }
  }

  protected call(type: T, depth: number): E {
    const found = this.helpers.filter(h => h.gives === type)
    if (found.length === 0) return this.atom(type)
    return this.any(this.callOf(this.c.pick(found), depth))
  }

  protected callOf(h: Helper, depth: number): string {
    // A weak argument would make a weak value of a float64 parameter.
    return `${h.name}(${h.params.map(t => (t === 'f' ? this.strong(depth - 1) : this.expression(t, depth - 1)).s).join(', ')})`
  }

  protected assigned(type: T, depth: number): E {
    const found = this.vars.filter(v => v.type === type && v.mutable && !v.small)
    if (found.length === 0 || this.pureOnly) return this.atom(type)
    return this.any(`(${this.c.pick(found).name} = ${this.expression(type, depth - 1).s})`)
  }

  protected integer(depth: number): E {
    if (depth <= 0 || !this.burn()) return this.c.below(4) ? this.atom('i') : this.position()
    const at = () => this.integer(depth - 1)
    switch (this.c.below(22)) {
      case 0:
        return this.atom('i')
      case 1:
        return this.position()
      case 2:
      case 3: {
        const [a, b] = [at(), at()]
        return this.int(`${a.s} + ${b.s}`, a.lo + b.lo, a.hi + b.hi)
      }
      case 4: {
        const [a, b] = [at(), at()]
        return this.int(`${a.s} - ${b.s}`, a.lo - b.hi, a.hi - b.lo)
      }
      case 5: {
        const [a, b] = [at(), at()]
        const corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi]
        const [lo, hi] = [Math.min(...corners), Math.max(...corners)]
        // A product of zero and a negative number is -0.
        if (this.exact && (lo < -(2 ** 52) || hi > 2 ** 52)) return this.any(`Math.imul(${a.s}, ${b.s})`)
        return this.int(`${a.s} * ${b.s}`, lo, hi, a.lo >= 0 && b.lo >= 0)
      }
      case 6:
        return this.any(`((${at().s} / ${at().s}) | 0)`)
      case 7:
        return this.any(`((${at().s} % ${at().s}) | 0)`)
      case 8: {
        const op = this.c.pick(['&', '|', '^', '<<', '>>'])
        return this.any(`(${at().s} ${op} ${at().s})`)
      }
      case 9:
        return this.any(`(~${at().s})`)
      case 10:
        return this.ternary('i', depth)
      case 11: {
        const name = this.c.pick(['min', 'max'])
        const [a, b] = [at(), at()]
        const of = name === 'min' ? Math.min : Math.max
        return { s: `Math.${name}(${a.s}, ${b.s})`, lo: of(a.lo, b.lo), hi: of(a.hi, b.hi) }
      }
      case 12:
        return this.any(`(Math.abs(${at().s}) | 0)`)
      case 13:
        return this.c.below(2) ? this.any(`Math.imul(${at().s}, ${at().s})`) : this.any(`Math.clz32(${at().s})`)
      case 14:
        return this.any(`(${this.double(depth - 1).s} | 0)`)
      case 15:
        return this.any(`(${this.single(depth - 1).s} ${this.c.pick(['| 0', '>> 1', '& 255'])})`)
      case 16:
        return this.any(`(${this.unsigned(depth - 1).s} | 0)`)
      case 17:
        return this.call('i', depth)
      case 18:
        return this.assigned('i', depth)
      case 19: {
        const small = this.vars.filter(v => v.small && v.mutable)
        if (small.length === 0 || this.pureOnly) return this.atom('i')
        const { name } = this.c.pick(small)
        return { s: this.c.pick([`${name}++`, `++${name}`, `${name}--`]), lo: -100000, hi: 100000 }
      }
      case 20: {
        const [a, b] = [at(), at()]
        const s = `(${a.s} ${this.c.pick(['||', '&&'])} ${b.s})`
        return { s, lo: Math.min(a.lo, b.lo, 0), hi: Math.max(a.hi, b.hi, 0) }
      }
      default:
        return { s: `(${this.truth(depth - 1).s} ? 1 : 0)`, lo: 0, hi: 1 }
    }
  }

  protected position(): E {
    const which = this.c.below(4)
    if (which === 0) return this.flat
    if (which === 1) return { s: 'n', lo: 0, hi: FAR }
    return { s: this.c.pick(this.indices), lo: 0, hi: FAR }
  }

  /** A float64 that is not made of literals alone. */
  protected strong(depth: number): E {
    const e = this.double(depth)
    if (!e.weak) return e
    return this.any(`(Number(1n) * ${e.s})`)
  }

  protected double(depth: number): E {
    if (depth <= 0 || !this.burn()) return this.atom('f')
    const at = () => this.double(depth - 1)
    switch (this.c.below(15)) {
      case 0:
        return this.atom('f')
      case 1:
      case 2:
      case 3: {
        const op = this.c.pick(['+', '-', '*', '/'])
        const [a, b] = [at(), at()]
        return this.any(`(${a.s} ${op} ${b.s})`, a.weak === true && b.weak === true)
      }
      case 4: {
        const [a, b] = [at(), at()]
        return this.any(`(${a.s} % ${b.s})`, a.weak === true && b.weak === true)
      }
      case 5:
        return this.any(`(${this.strong(depth - 1).s} + ${this.single(depth - 1).s})`)
      case 6:
        return this.any(`(${this.integer(depth - 1).s} ${this.c.pick(['+', '*', '-'])} ${this.c.pick(FLOATS)})`, true)
      case 7: {
        // Of two literals JavaScript's quotient; of two integers a float.
        return this.any(`(${this.position().s} / ${this.integer(depth - 1).s})`, true)
      }
      case 8:
        return this.any(`(${this.unsigned(depth - 1).s} * 0.5)`)
      case 9: {
        const a = at()
        return this.any(`(-${a.s})`, a.weak === true)
      }
      case 10: {
        const a = this.strong(depth - 1)
        return this.any(`Math.${this.c.pick(['sqrt', 'floor', 'ceil', 'trunc', 'abs', 'round', 'sign'])}(${a.s})`)
      }
      case 11:
        return this.any(`Math.${this.c.pick(['min', 'max'])}(${this.strong(depth - 1).s}, ${at().s})`)
      case 12:
        return this.ternary('f', depth)
      case 13:
        if (this.c.below(2)) return this.call('f', depth)
        return this.c.below(2) ? this.assigned('f', depth) : this.any(`Number(${this.big(depth - 1).s})`)
      default:
        if (this.exact) return this.any(`random(${this.c.below(100)}, ${this.integer(depth - 1).s} & 1023)`)
        if (this.c.below(3) === 0)
          return this.any(`Math.${this.c.pick(['pow', 'atan2', 'hypot'])}(${this.strong(depth - 1).s}, ${at().s})`)
        return this.any(`Math.${this.c.pick(LIBRARY)}(${this.strong(depth - 1).s})`)
    }
  }

  protected single(depth: number): E {
    if (depth <= 0 || !this.burn()) return this.atom('F')
    const at = () => this.single(depth - 1)
    const round = (s: string) => this.any(this.exact ? `Math.fround(${s})` : `(${s})`)
    switch (this.c.below(10)) {
      case 0:
        return this.atom('F')
      case 1:
      case 2:
      case 3:
        return round(`${at().s} ${this.c.pick(['+', '-', '*', '/', '%'])} ${at().s}`)
      case 4:
        return round(`${at().s} * ${this.c.pick(['0.5', '2', '-1', '1.5'])}`)
      case 5:
        return this.any(`Math.fround(${this.double(depth - 1).s})`)
      case 6:
        return this.any(`Math.fround(${this.integer(depth - 1).s})`)
      case 7:
        if (!this.exact && this.c.below(2)) return this.any(`Math.${this.c.pick(LIBRARY)}(${at().s})`)
        return round(`Math.${this.c.pick(['sqrt', 'floor', 'ceil', 'trunc', 'abs', 'round'])}(${at().s})`)
      case 8:
        return this.ternary('F', depth)
      default:
        return this.c.below(2)
          ? this.call('F', depth)
          : this.any(`Math.${this.c.pick(['min', 'max'])}(${at().s}, ${at().s})`)
    }
  }

  protected unsigned(depth: number): E {
    if (depth <= 0 || !this.burn()) return this.atom('u')
    const at = () => this.unsigned(depth - 1)
    switch (this.c.below(7)) {
      case 0:
        return this.atom('u')
      case 1:
        return this.any(`(${this.integer(depth - 1).s} >>> ${this.c.pick([0, 1, 31])})`)
      case 2:
        return this.any(`((${at().s} ${this.c.pick(['+', '-', '&', '|', '^'])} ${at().s}) >>> 0)`)
      case 3:
        return this.any(`((${at().s} % ${at().s}) >>> 0)`)
      case 4:
        return this.any(`(Math.imul(${at().s}, ${at().s}) >>> 0)`)
      case 5:
        return this.ternary('u', depth)
      default:
        return this.any(`(${this.strong(depth - 1).s} >>> 0)`)
    }
  }

  protected big(depth: number): E {
    if (depth <= 0 || !this.burn()) return this.atom('n')
    const at = () => this.big(depth - 1)
    const wrap = (s: string) => this.any(`BigInt.asIntN(64, ${s})`)
    switch (this.c.below(8)) {
      case 0:
        return this.atom('n')
      case 1:
      case 2:
        return wrap(`${at().s} ${this.c.pick(['+', '-', '*', '&', '|', '^'])} ${at().s}`)
      case 3: {
        // JavaScript throws where a kernel gives 0.
        const by = this.vars.find(v => v.type === 'n')
        const s = by ? by.name : '7n'
        return wrap(`(${s} === 0n ? 0n : ${at().s} ${this.c.pick(['/', '%'])} ${s})`)
      }
      case 4:
        return wrap(`${at().s} ${this.c.pick(['<<', '>>'])} (${at().s} & 63n)`)
      case 5:
        return this.any(`BigInt(${this.c.below(2) ? this.integer(depth - 1).s : this.unsigned(depth - 1).s})`)
      case 6:
        return wrap(this.c.below(2) ? `-${at().s}` : `~${at().s}`)
      default:
        return this.ternary('n', depth)
    }
  }

  protected truth(depth: number): E {
    if (depth <= 0 || !this.burn()) return this.c.below(2) ? this.atom('b') : this.any(`(${this.flat.s} % 3 < 1)`)
    const compare = () => this.c.pick(['<', '<=', '>', '>=', '===', '!=='])
    const of = (t: T): E => {
      const a = t === 'f' ? this.strong(depth - 1) : this.expression(t, depth - 1)
      return this.any(`(${a.s} ${compare()} ${this.expression(t, depth - 1).s})`)
    }
    switch (this.c.below(11)) {
      case 0:
        return this.any(`(${this.flat.s} % ${2 + this.c.below(4)} < ${1 + this.c.below(2)})`)
      case 1:
      case 2:
        return of('i')
      case 3:
        return of('f')
      case 4:
        return of('F')
      case 5:
        return of(this.c.pick(['u', 'n']))
      case 6:
        return this.any(`(${this.unsigned(depth - 1).s} ${compare()} ${this.integer(depth - 1).s})`)
      case 7:
        return this.any(`(${this.truth(depth - 1).s} ${this.c.pick(['&&', '||'])} ${this.truth(depth - 1).s})`)
      case 8:
        return this.any(`!${this.truth(depth - 1).s}`)
      case 9: {
        const x = this.c.below(2) ? this.strong(depth - 1) : this.single(depth - 1)
        return this.any(`Number.${this.c.pick(['isNaN', 'isFinite', 'isInteger'])}(${x.s})`)
      }
      default:
        return this.any(`!!${this.expression(this.c.pick(['f', 'F', 'u', 'n']), depth - 1).s}`)
    }
  }
}
