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
import type { Choices } from './choices.ts'

export type Element = 'i8' | 'u8' | 'u8c' | 'i16' | 'u16' | 'i32' | 'u32' | 'i64' | 'u64' | 'f16' | 'f32' | 'f64'
export const ELEMENTS: readonly Element[] = [
  'f64',
  'i32',
  'f32',
  'u32',
  'u8',
  'i8',
  'u16',
  'i16',
  'u8c',
  'f16',
  'i64',
  'u64',
]

/** Types of expressions: float64, float32, int32, uint32, int64, boolean. */
type T = 'f' | 'F' | 'i' | 'u' | 'n' | 'b'

export type Param =
  | { name: string; is: 'input'; element: Element }
  /** Indices below the number of positions. */
  | { name: string; is: 'indices'; element: 'i32' | 'u16' | 'u32' }
  | { name: string; is: 'output'; element: Element; slots: 1 | 2 }
  | { name: string; is: 'counters'; element: 'i32' | 'u32' | 'i64' | 'u64' }
  /** Number of positions, or the width or height of the box. */
  | { name: string; is: 'size'; of: 'n' | 'w' | 'h' }
  | { name: string; is: 'scalar'; type: T }

export interface SourceKernel {
  kind: 'kernel' | 'reduce' | 'scan'
  rank: 1 | 2 | 3
  exact: boolean
  mayFail: boolean
  /** The function, its parameters after the index in order. */
  text: string
  params: Param[]
  /** Declarations of what is given in `use`, and the names. */
  used: string
  names: string[]
  /** Text of a named or user-defined operator. */
  operator?: string
  out?: Element
  /** Type of what a reduction combines. */
  yields?: 'i' | 'f' | 'F' | 'u' | 'n'
  exclusive?: boolean
  reset?: string
  /** The default float is float32. */
  single?: boolean
  /** Without checks of indices: they are in range. */
  unsafe?: boolean
}

interface Variable {
  name: string
  type: T
  mutable: boolean
  /** A counter that stays small. */
  small?: boolean
  weak?: boolean
}

interface Local {
  name: string
  type: T
  size: number
}

interface Helper {
  name: string
  params: T[]
  gives: T | undefined
}

/** An expression, with what is known of it: an int32's bounds; whether a float is made of literals alone. */
interface E {
  s: string
  lo: number
  hi: number
  weak?: boolean
}

const MIN = -2147483648
const MAX = 2147483647
const FAR = 6000

const TYPE_OF: Record<Element, T> = {
  f64: 'f',
  f32: 'F',
  f16: 'F',
  i8: 'i',
  u8: 'i',
  u8c: 'i',
  i16: 'i',
  u16: 'i',
  i32: 'i',
  u32: 'u',
  i64: 'n',
  u64: 'n',
}
const BOUNDS: Partial<Record<Element, [number, number]>> = {
  i8: [-128, 127],
  u8: [0, 255],
  u8c: [0, 255],
  i16: [-32768, 32767],
  u16: [0, 65535],
}
const ARRAY: Record<T, string> = {
  f: 'Float64Array',
  F: 'Float32Array',
  i: 'Int32Array',
  u: 'Uint32Array',
  n: 'BigInt64Array',
  b: 'Int32Array',
}

const INTS = [0, 1, 2, 3, 5, 7, -1, 31, 32, 33, 255, 1000, -128, 65535, MAX, MIN, MAX - 1]
const FLOATS = [
  '0.5',
  '1.5',
  '(-2.25)',
  '0.1',
  '1e300',
  '(-1e-300)',
  '(-0)',
  'NaN',
  'Infinity',
  '(-Infinity)',
  '5e-324',
]
const SINGLES = ['0.5', '1.5', '-2.25', '1e30', '0.1', '-0', '1e-45', 'Infinity', 'NaN']
const BIGS = [
  '0n',
  '1n',
  '(-1n)',
  '3n',
  '63n',
  '255n',
  '4294967296n',
  '9223372036854775807n',
  '(-9223372036854775808n)',
]
const LIBRARY = 'sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp expm1 log log2 log10 log1p cbrt'.split(
  ' ',
)

export function randomSource(c: Choices): SourceKernel {
  return new Generator(c).kernel()
}

class Generator {
  private readonly c: Choices
  private exact = true
  private mayFail = false
  private readonly params: Param[] = []
  private vars: Variable[] = []
  private locals: Local[] = []
  private helpers: Helper[] = []
  private names = 0
  /** Statements that may still be made, and operations in the one being made. */
  private fuel = 0
  private operations = 20
  private loops: { label: string | undefined; continues: boolean }[] = []
  /** What `return` is followed by: nothing in a kernel, undefined where no return may stand. */
  private gives: T | '' | undefined
  private flat: E = { s: 'i', lo: 0, hi: FAR }
  private indices: string[] = []
  private pureOnly = false
  private depthOfHelpers = 0

  constructor(c: Choices) {
    this.c = c
  }

  private fresh(prefix = 'v'): string {
    return `${prefix}${this.names++}`
  }

  private burn(): boolean {
    return --this.operations > 0
  }

  // Expressions

  /** Bounds of an expression, brought back to 32 bits where it may leave them. */
  private int(s: string, lo: number, hi: number, zero = true): E {
    if (!this.exact) return { s: `(${s})`, lo: MIN, hi: MAX }
    if (lo >= MIN && hi <= MAX && zero) return { s: `(${s})`, lo, hi }
    return { s: `((${s}) | 0)`, lo: MIN, hi: MAX }
  }

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

  private any(s: string, weak = false): E {
    return { s, lo: MIN, hi: MAX, weak }
  }

  /** What stands without operands: a variable, an element, a literal. */
  private leaf(type: T): E | undefined {
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

  private localIndex(l: Local): string {
    if (this.mayFail && this.c.oneIn(12)) return this.integer(1).s
    return this.c.below(2) ? String(this.c.below(l.size)) : `(${this.integer(1).s} & ${l.size - 1})`
  }

  /** An element of an input, or this iteration's own of an output. */
  private load(p: Param & { element: Element }): E {
    const element = p.element
    let s: string
    if (p.is === 'output') s = `${p.name}[${this.slot(p)}]`
    else s = this.inputAt(p.name, element)
    if (element === 'u64') s = `BigInt.asIntN(64, ${s})`
    const [lo, hi] = BOUNDS[element] ?? [MIN, MAX]
    return { s, lo, hi }
  }

  private inputAt(name: string, element: Element): string {
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
  private slot(p: Param & { is: 'output' }): string {
    const turned = p.name.charCodeAt(p.name.length - 1) % 2 === 1
    const flat = turned ? `(n - 1 - ${this.flat.s})` : this.flat.s
    if (p.slots === 1) return flat
    const which = this.burn() && this.c.below(2) ? `(${this.integer(1).s} & 1)` : String(this.c.below(2))
    return `${flat} * 2 + ${which}`
  }

  private literal(type: T): E {
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

  private atom(type: T): E {
    return this.leaf(type) ?? this.literal(type)
  }

  private ternary(type: T, depth: number): E {
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

  private call(type: T, depth: number): E {
    const found = this.helpers.filter(h => h.gives === type)
    if (found.length === 0) return this.atom(type)
    return this.any(this.callOf(this.c.pick(found), depth))
  }

  private callOf(h: Helper, depth: number): string {
    // A weak argument would make a weak value of a float64 parameter.
    return `${h.name}(${h.params.map(t => (t === 'f' ? this.strong(depth - 1) : this.expression(t, depth - 1)).s).join(', ')})`
  }

  private assigned(type: T, depth: number): E {
    const found = this.vars.filter(v => v.type === type && v.mutable && !v.small)
    if (found.length === 0 || this.pureOnly) return this.atom(type)
    return this.any(`(${this.c.pick(found).name} = ${this.expression(type, depth - 1).s})`)
  }

  private integer(depth: number): E {
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

  private position(): E {
    const which = this.c.below(4)
    if (which === 0) return this.flat
    if (which === 1) return { s: 'n', lo: 0, hi: FAR }
    return { s: this.c.pick(this.indices), lo: 0, hi: FAR }
  }

  /** A float64 that is not made of literals alone. */
  private strong(depth: number): E {
    const e = this.double(depth)
    if (!e.weak) return e
    return this.any(`(Number(1n) * ${e.s})`)
  }

  private double(depth: number): E {
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

  private single(depth: number): E {
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

  private unsigned(depth: number): E {
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

  private big(depth: number): E {
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

  private truth(depth: number): E {
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

  // Statements

  /** @param more how many statements, about */
  private block(more: number, depth: number, shadows = true): string {
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

  private type(): T {
    return this.c.pick(['i', 'f', 'i', 'F', 'f', 'u', 'n', 'b'])
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

  private store(): string {
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

  private declaration(): string {
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

  private assign(): string {
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

  private branch(depth: number): string {
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

  private body(label: string | undefined, depth: number): string {
    this.loops.push({ label, continues: true })
    const s = this.block(3, depth + 1)
    this.loops.pop()
    return s
  }

  private forLoop(depth: number): string {
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

  private whileLoop(depth: number): string {
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

  private leave(): string {
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

  private returned(type: T): string {
    return (type === 'f' ? this.strong(2) : this.expression(type, 2)).s
  }

  private privateArray(): string {
    const name = this.fresh('t')
    const type = this.c.pick(['f', 'i', 'F', 'i', 'u', 'n'] as const)
    const size = this.c.pick([4, 2, 8, 16])
    const filled = this.c.below(2) && size <= 4
    const list = filled ? Array.from({ length: size }, () => this.expression(type, 1).s).join(', ') : ''
    this.locals.push({ name, type, size })
    if (!filled) return `const ${name} = new ${ARRAY[type]}(${size})`
    return `const ${name} = new ${ARRAY[type]}([${list}])`
  }

  private storeLocal(): string {
    if (this.locals.length === 0 || this.pureOnly) return this.privateArray()
    const l = this.c.pick(this.locals)
    const at = `${l.name}[${this.localIndex(l)}]`
    if (this.c.below(3) === 0 && l.type !== 'n' && l.type !== 'u') return `${at} += ${this.expression(l.type, 2).s}`
    return `${at} = ${this.expression(l.type, 2).s}`
  }

  private choose(depth: number): string {
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

  private labelled(depth: number): string {
    const label = this.fresh('B')
    this.loops.push({ label, continues: false })
    const s = `${label}: ${this.block(2, depth + 1)}`
    this.loops.pop()
    return s
  }

  private swap(): string {
    const found = this.vars.filter(v => v.mutable && !v.small)
    const first = found[0]
    const second = found.find(v => v !== first && v.type === first?.type)
    if (!first || !second || this.pureOnly) return this.declaration()
    return `;[${first.name}, ${second.name}] = [${second.name}, ${this.expression(first.type, 2).s}]`
  }

  private atomic(): string {
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
  private helper(depth: number): string {
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

  private functionText(h: Helper, depth: number, inner: boolean): string {
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

  // The kernel

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

  private operator(type: T): string {
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

const indent = (s: string): string => s.replace(/^/gm, '  ')
const parens = (s: string): string => `(${s})`
