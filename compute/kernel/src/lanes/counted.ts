/**
 * Counted loops: `for (k = begin; k < end; k += c)`, where every lane makes the same rounds. An index that is linear in k moves
 * one way, so it is in range in every round if it is in the first and for k = end - 1. Checked once before the loop, the
 * loop runs without checks; where that fails, a copy of the loop checks each access and finds what is wrong.
 */
import type { Region, Value } from '../ir/ir.ts'
import { isUniform, type Shapes } from './shape.ts'

export interface Counted {
  counter: Value
  begin: Value
  end: Value
  /** Accesses whose index is linear in the counter, and not varying; by index. */
  accesses: Map<Value, Value[]>
  step: number
  /** Of the body. */
  operations: number
  /** Nothing but the counter ends the loop. */
  alone: boolean
  isOutside: (x: Value) => boolean
}

const MOST_OPERATIONS = 150

export function countedLoop(v: Value, shapes: Shapes, masked: boolean): Counted | undefined {
  const [test, body] = v.regions!
  if (body.ops.length > MOST_OPERATIONS || hasLoop(body)) return undefined
  const inside = new Set<number>()
  for (const p of test.params) inside.add(p.id)
  for (const r of v.regions!) for (const o of r.ops) inside.add(o.id)
  const isOutside = (x: Value) => (x.op === 'result' ? !inside.has(x.args[0].id) : !inside.has(x.id))
  const bound = bounds(test.results[0]).find(
    c => c.args[0].op === 'arg' && test.params.includes(c.args[0]) && isOutside(c.args[1]),
  )
  if (!bound) return undefined
  const [counter, end] = bound.args
  const index = test.params.indexOf(counter)
  const next = body.results[index]
  const step = next.op === 'add' && next.args.includes(counter) ? next.args.find(a => a !== counter) : undefined
  if (step?.op !== 'const' || !(step.attr > 0)) return undefined
  const accesses = new Map<Value, Value[]>()
  for (const o of body.ops) {
    if (o.op !== 'load' && o.op !== 'store') continue
    const [at] = o.args
    const shape = shapes.of(at)
    if (!isUniform(shape) && (shape !== 1 || masked)) continue
    if (linear(at, counter, isOutside).bits <= 63) accesses.set(at, [...(accesses.get(at) ?? []), o])
  }
  if (accesses.size === 0) return undefined
  return {
    counter,
    begin: v.args[index],
    end,
    accesses,
    step: step.attr,
    operations: body.ops.length,
    alone: test.results[0] === bound,
    isOutside,
  }
}

const hasLoop = (r: Region): boolean => r.ops.some(o => o.op === 'loop' || o.regions?.some(hasLoop))

/** The comparisons that all must hold for another round. */
const bounds = (c: Value): Value[] => (c.op === 'and' ? c.args.flatMap(bounds) : c.op === 'slt' ? [c] : [])

export interface Linear {
  /** What the counter is multiplied with; NaN: not a constant. */
  factor: number
  degree: number
  /** Bits of magnitude, computed without wrapping; infinite if the expression is not linear. */
  bits: number
}

/** How a value depends on a loop's counter. */
export function linear(v: Value, counter: Value, isOutside: (x: Value) => boolean): Linear {
  const of = (x: Value): Linear => {
    if (x === counter) return { factor: 1, degree: 1, bits: 31 }
    if (isOutside(x)) return { factor: 0, degree: 0, bits: 31 }
    const [a, b] = x.args.length === 2 ? x.args.map(of) : []
    if (a && (x.op === 'add' || x.op === 'sub')) {
      const factor = x.op === 'add' ? a.factor + b.factor : a.factor - b.factor
      return { factor, degree: Math.max(a.degree, b.degree), bits: Math.max(a.bits, b.bits) + 1 }
    }
    if (a && x.op === 'mul' && a.degree + b.degree <= 1)
      return { factor: a.degree + b.degree ? NaN : 0, degree: a.degree + b.degree, bits: a.bits + b.bits }
    return { factor: NaN, degree: 2, bits: Number.POSITIVE_INFINITY }
  }
  return of(v)
}
