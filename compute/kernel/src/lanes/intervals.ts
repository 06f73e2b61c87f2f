/**
 * Between which numbers an i32 lies, as far as its making tells: of an element of one byte, of sums and choices of such. What nothing is known of lies between all numbers; so does what would wrap.
 */
import type { Element, KernelIR, Region, Value } from '../ir/ir.ts'
import { ValueTable } from './table.ts'

/** Both ends included, as signed numbers. */
export type Interval = readonly [least: number, most: number]

const everything: Interval = [-(2 ** 31), 2 ** 31 - 1]
const small: Partial<Record<Element, Interval>> = {
  i8: [-128, 127],
  u8: [0, 255],
  u8c: [0, 255],
  i16: [-32768, 32767],
  u16: [0, 65535],
}

/** @returns the interval of each value of type i32 */
export function findIntervals(ir: KernelIR): (v: Value) => Interval {
  const known = new ValueTable<Interval>()
  const of = (v: Value): Interval => (v.op === 'const' ? [v.attr, v.attr] : (known.get(v) ?? everything))
  const region = (r: Region): void => {
    for (const v of r.ops) {
      v.regions?.forEach(region)
      if (v.op === 'if') {
        const [a, b] = v.regions!
        for (const [i, x] of a.results.entries())
          if (x.type === 'i32') known.setResult(v, i, union(of(x), of(b.results[i])))
      } else if (v.type === 'i32' && v.op !== 'arg' && v.op !== 'const') known.set(v, within(v, of))
    }
  }
  region(ir.body)
  return of
}

const union = ([a, b]: Interval, [c, d]: Interval): Interval => [Math.min(a, c), Math.max(b, d)]

/** All ones below the highest bit of a number that is not negative. */
const onesUpTo = (x: number): number => (x === 0 ? 0 : 2 ** (32 - Math.clz32(x)) - 1)

function within(v: Value, of: (v: Value) => Interval): Interval {
  const [x, y] = v.args.filter(a => a.type === 'i32').map(of)
  switch (v.op) {
    case 'load':
    case 'lload':
      return small[v.attr.element as Element] ?? everything
    case 'booltoint':
      return [0, 1]
    case 'add':
      return unlessWrapped(x[0] + y[0], x[1] + y[1])
    case 'sub':
      return unlessWrapped(x[0] - y[1], x[1] - y[0])
    case 'mul': {
      const products = x.flatMap(a => y.map(b => a * b))
      return unlessWrapped(Math.min(...products), Math.max(...products))
    }
    case 'select':
      return union(x, y)
    case 'smin':
      return [Math.min(x[0], y[0]), Math.min(x[1], y[1])]
    case 'smax':
      return [Math.max(x[0], y[0]), Math.max(x[1], y[1])]
    case 'and': {
      const most = [x, y].filter(([least]) => least >= 0).map(([, m]) => m)
      return most.length > 0 ? [0, Math.min(...most)] : everything
    }
    case 'or':
    case 'xor':
      return x[0] >= 0 && y[0] >= 0 ? [0, onesUpTo(Math.max(x[1], y[1]))] : everything
    case 'not':
      return [~x[1], ~x[0]]
    case 'abs':
      return x[0] > -(2 ** 31) ? [0, Math.max(-x[0], x[1])] : everything
    case 'sshr':
    case 'ushr': {
      const [by] = y
      if (by !== y[1] || (v.op === 'ushr' && x[0] < 0)) return everything
      return [x[0] >> by, x[1] >> by]
    }
    default:
      return everything
  }
}

const unlessWrapped = (least: number, most: number): Interval =>
  least < everything[0] || most > everything[1] ? everything : [least, most]
