/** Who reads a uniform or affine value: scalar code, lane code (which wants it spread over lanes), or both. */
import type { KernelIR, Region, Value } from '../ir/ir.ts'
import { isUniform, isVarying, type Shapes } from './shape.ts'

export type Key = number | string

/** What names a value in the emitter's tables: results of an `if` or `loop` by owner and index. */
export const keyOf = (v: Value): Key => (v.op === 'result' ? `${v.args[0].id}:${v.attr}` : v.id)

export interface Uses {
  /** Read by lane code. */
  lanes: Set<Key>
  /** Read by scalar code, also as an address. */
  scalar: Set<Key>
  /** Number of readers. */
  count: Map<Key, number>
  /** Of these, accesses that have it as their index. */
  indices: Map<Key, number>
}

const ACCESSES = new Set(['load', 'store', 'lload', 'lstore', 'atomic'])

export function findUses(ir: KernelIR, shapes: Shapes): Uses {
  const lanes = new Set<Key>()
  const scalar = new Set<Key>()
  const count = new Map<Key, number>()
  const indices = new Map<Key, number>()
  const increment = (counts: Map<Key, number>, k: Key) => void counts.set(k, (counts.get(k) ?? 0) + 1)
  const read = (v: Value, how: Set<Key>) => {
    const k = keyOf(v)
    how.add(k)
    increment(count, k)
  }
  const region = (r: Region) => {
    for (const v of r.ops) visit(v)
  }
  const varies = (v: Value) => isVarying(shapes.of(v))
  const dead = new Set<number>()
  const visit = (v: Value) => {
    if (v.op === 'loop') for (const id of shapes.exits(v)?.dead ?? []) dead.add(id)
    v.regions?.forEach(region)
    if (dead.has(v.id)) return
    if (ACCESSES.has(v.op)) increment(indices, keyOf(v.args[0]))
    switch (v.op) {
      case 'if': {
        read(v.args[0], scalar)
        const [a, b] = v.regions!
        a.results.forEach((x, i) => {
          const y = b.results[i]
          const how =
            x !== y && (shapes.divergent(v) || varies(x) || varies(y) || shapes.of(x) !== shapes.of(y)) ? lanes : scalar
          read(x, how)
          read(y, how)
        })
        return
      }
      case 'loop': {
        const [test, body] = v.regions!
        read(test.results[0], scalar)
        const exits = shapes.exits(v)
        for (const f of exits?.flags ?? []) read(f.cond, lanes)
        const next = exits?.next ?? body.results
        next.forEach((x, i) => {
          const p = test.params[i]
          const how = varies(p) ? lanes : scalar
          read(v.args[i], how)
          read(x, how)
          // A counter frozen lane by lane as lanes leave: the lanes of its next value are needed.
          if (shapes.divergent(v) && !varies(p)) {
            lanes.add(keyOf(x))
            lanes.add(keyOf(v.args[i]))
          }
        })
        return
      }
      case 'load':
        read(v.args[0], varies(v.args[0]) ? lanes : scalar)
        return
      case 'lload':
        // Of a private array the lanes are far apart: there is no contiguous access.
        read(v.args[0], isUniform(shapes.of(v.args[0])) ? scalar : lanes)
        return
      case 'store':
      case 'lstore': {
        const [index, value] = v.args
        read(index, isUniform(shapes.of(index)) || (v.op === 'store' && !varies(index)) ? scalar : lanes)
        read(value, v.op === 'store' && isUniform(shapes.of(index)) && isUniform(shapes.of(value)) ? scalar : lanes)
        return
      }
      case 'atomic':
        for (const a of v.args) read(a, isUniform(shapes.of(a)) ? scalar : lanes)
        return
      case 'assert':
        read(v.args[0], varies(v.args[0]) ? lanes : scalar)
        return
      case 'shl':
      case 'sshr':
      case 'ushr':
        read(v.args[0], varies(v) ? lanes : scalar)
        read(v.args[1], varies(v) && !isUniform(shapes.of(v.args[1])) ? lanes : scalar)
        return
      default:
        for (const a of v.args) read(a, varies(v) ? lanes : scalar)
    }
  }
  region(ir.body)
  for (const x of ir.body.results) read(x, lanes)
  return { lanes, scalar, count, indices }
}
