/**
 * How many bits of whole numbers lanes need. A kernel on elements of one or two bytes mostly computes what could be computed in as many: sums are cut down to them when they are stored, and what is compared
 * or shifted has few values. Where that holds for all its lanes, these are words of 8 or 16 bits, four or two times as many to a vector.
 *
 * A word holds the lowest bits of a value. Adding, multiplying, logic and choosing need no more of their operands to give no more; whoever asks for the value itself has to find it in the word, with a sign or
 * without (`intervals.ts`).
 */
import { ELEMENT_BYTES, type KernelIR, type Value, walk } from '../ir/ir.ts'
import { findIntervals, type Interval } from './intervals.ts'
import { isAffine, isVarying, type Shapes } from './shape.ts'
import { findUses, type Uses } from './uses.ts'

export interface Words {
  readonly width: 8 | 16
  /** Whether these values are what their words are, read without a sign; otherwise, with one. */
  areUnsigned(values: readonly Value[]): boolean
}

/** The narrowest words that do for all lanes of a kernel; undefined: only whole ones do. */
export function narrowestWords(ir: KernelIR, shapes: Shapes): Words | undefined {
  const all = walk(ir.body)
  const isSmall = (v: Value) => v.op === 'load' && isVarying(shapes.of(v)) && ELEMENT_BYTES[v.attr.element as 'i8'] < 4
  if (!all.some(isSmall)) return undefined
  const of = findIntervals(ir)
  const uses = findUses(ir, shapes)
  for (const width of [8, 16] as const) {
    const check = new Check(shapes, uses, width, of)
    if (all.every(v => check.allows(v))) return { width, areUnsigned: values => check.fit(values, false) }
  }
  return undefined
}

const fits = ([least, most]: Interval, width: number, signed: boolean): boolean =>
  signed ? least >= -(2 ** (width - 1)) && most < 2 ** (width - 1) : least >= 0 && most < 2 ** width

/** What lowest bits make lowest bits of. */
const onLowBits = new Set('add sub and or xor not select'.split(' '))
const onMasks = new Set('and or xor not eq ne select'.split(' '))
const onValues = new Set('eq ne slt sle ult ule smin smax umin umax'.split(' '))

class Check {
  readonly #shapes: Shapes
  readonly #uses: Uses
  readonly #width: 8 | 16
  readonly #of: (v: Value) => Interval

  constructor(shapes: Shapes, uses: Uses, width: 8 | 16, of: (v: Value) => Interval) {
    this.#shapes = shapes
    this.#uses = uses
    this.#width = width
    this.#of = of
  }

  /** Whether words hold these values themselves, all with a sign or all without. */
  fit(values: readonly Value[], signed: boolean): boolean {
    return values.every(v => fits(this.#of(v), this.#width, signed))
  }

  #fit(values: readonly Value[]): boolean {
    return this.fit(values, false) || this.fit(values, true)
  }

  /** Whether lanes of a value can be read as words. */
  #readable(v: Value): boolean {
    return (v.type === 'i32' || v.type === 'i1') && !isAffine(this.#shapes.of(v))
  }

  /** Whether what may come from both of two values can be. */
  #joinable(a: Value, b: Value): boolean {
    return a === b || [a, b].every(x => this.#readable(x))
  }

  allows(v: Value): boolean {
    const shapes = this.#shapes
    switch (v.op) {
      case 'load':
        return !isVarying(shapes.of(v)) || this.#isContiguous(v)
      case 'store':
        return this.#isContiguous(v) && this.#readable(v.args[1])
      case 'if': {
        const [a, b] = v.regions!
        const isAlike = (x: Value, y: Value) => !shapes.divergent(v) && shapes.of(x) === shapes.of(y)
        return a.results.every((x, i) => isAlike(x, b.results[i]) || this.#joinable(x, b.results[i]))
      }
      case 'loop':
        return (
          !shapes.divergent(v) &&
          v.regions![0].params.every(
            (p, i) => !isVarying(shapes.of(p)) || this.#joinable(v.args[i], v.regions![1].results[i]),
          )
        )
      case 'atomic':
      case 'lload':
      case 'lstore':
      case 'log':
        return false
      default:
        return v.type === 'void' || !isVarying(shapes.of(v)) || !this.#uses.isRead(v) || this.#isWordCode(v)
    }
  }

  #isContiguous(v: Value): boolean {
    const { element } = v.attr
    return this.#shapes.of(v.args[0]) === 1 && element !== 'f16' && ELEMENT_BYTES[element as 'i8'] * 8 <= this.#width
  }

  /** An operation on lanes that are all words. */
  #isWordCode({ op, type, args }: Value): boolean {
    if (op === 'arg' || op === 'result') return true
    if (!args.every(a => this.#readable(a))) return false
    if (args.every(a => a.type === 'i1')) return onMasks.has(op) || op === 'booltoint'
    const values = args.filter(a => a.type === 'i32')
    if (type === 'i32' && onLowBits.has(op)) return true
    if (onValues.has(op)) return this.#fit(values)
    const [x, by] = args
    switch (op) {
      case 'mul':
        return this.#width === 16
      case 'abs':
        return this.fit([x], true)
      case 'shl':
        return by.op === 'const' && this.#width === 16
      case 'sshr':
        return by.op === 'const' && (this.fit([x], false) || (this.#width === 16 && this.fit([x], true)))
      case 'ushr':
        return by.op === 'const' && this.fit([x], false)
      default:
        return false
    }
  }
}
