/**
 * Counted loops: `for (k = begin; k < end; k += c)`, where every lane makes the same rounds. An index that is linear in k moves
 * one way, so it is in range in every round if it is in the first and for k = end - 1. Checked once before the loop, the
 * loop runs without checks; where that fails, a copy of the loop checks each access and finds what is wrong.
 */
import type { Region, Value } from '../ir/ir.ts'
import type { Operands } from './operands.ts'
import { isUniform, type Shapes } from './shape.ts'

export interface Counted {
  counter: Value
  begin: Value
  end: Value
  /** Accesses whose index is linear in the counter, and not varying. */
  accesses: Value[]
  /** Ids of what the loop defines. */
  inside: ReadonlySet<number>
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
  const accesses = body.ops.filter(o => {
    if (o.op !== 'load' && o.op !== 'store') return false
    const shape = shapes.of(o.args[0])
    if (!isUniform(shape) && (shape !== 1 || masked)) return false
    return magnitude(o.args[0], counter, isOutside) <= 63
  })
  return accesses.length ? { counter, begin: v.args[index], end, accesses, inside } : undefined
}

const hasLoop = (r: Region): boolean => r.ops.some(o => o.op === 'loop' || o.regions?.some(hasLoop))

/** The comparisons that all must hold for another round. */
const bounds = (c: Value): Value[] => (c.op === 'and' ? c.args.flatMap(bounds) : c.op === 'slt' ? [c] : [])

/** Bits of magnitude of an expression that is linear in the counter, computed without wrapping; infinite if it is not linear. */
function magnitude(v: Value, counter: Value, isOutside: (x: Value) => boolean): number {
  const linear = (x: Value): { degree: number; bits: number } => {
    if (x === counter) return { degree: 1, bits: 31 }
    if (isOutside(x)) return { degree: 0, bits: 31 }
    const [a, b] = x.args.length === 2 ? x.args.map(linear) : []
    if (a && (x.op === 'add' || x.op === 'sub'))
      return { degree: Math.max(a.degree, b.degree), bits: Math.max(a.bits, b.bits) + 1 }
    if (a && x.op === 'mul' && a.degree + b.degree <= 1) return { degree: a.degree + b.degree, bits: a.bits + b.bits }
    return { degree: 2, bits: Number.POSITIVE_INFINITY }
  }
  return linear(v).bits
}

/** Pushes whether every access of a counted loop is in range in all its rounds. */
export function pushAllInRange(E: Operands, c: Counted): void {
  const { f, frame } = E
  const first = f.local('i64')
  const last = f.local('i64')
  E.pushScalarOrLane(c.begin)
  f.op('i64.extend_i32_s').set(first)
  E.pushScalarOrLane(c.end)
  f.op('i64.extend_i32_s').i64(1).op('i64.sub').set(last)
  const evaluate = (v: Value, k: number): void => {
    if (v === c.counter) f.get(k)
    else if (v.op === 'result' ? !c.inside.has(v.args[0].id) : !c.inside.has(v.id)) {
      E.pushScalarOrLane(v)
      f.op('i64.extend_i32_s')
    } else {
      for (const a of v.args) evaluate(a, k)
      f.op(`i64.${v.op}`)
    }
  }
  const byIndex = new Map<Value, Set<number>>()
  for (const a of c.accesses) {
    const buffers = byIndex.get(a.args[0]) ?? new Set()
    byIndex.set(a.args[0], buffers.add(a.attr.buffer))
  }
  f.i32(1)
  for (const [index, buffers] of byIndex) {
    for (const k of [first, last]) {
      const at = f.local('i64')
      evaluate(index, k)
      f.set(at)
      for (const b of buffers) {
        // Unsigned: a negative index is huge.
        f.get(at)
        if (isUniform(E.shapes.of(index))) frame.pushLength(b)
        else frame.pushLimit(b, E.lanes)
        f.op('i64.extend_i32_u').op('i64.lt_u').op('i32.and')
      }
    }
  }
}
