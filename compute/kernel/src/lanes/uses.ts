/** Who reads a uniform or affine value: scalar code, lane code (which wants it spread over lanes), or both. */
import type { KernelIR, Region, Value } from '../ir/ir.ts'
import { isUniform, isVarying, type Shapes } from '../lanes/shape.ts'
import { ValueTable } from './table.ts'

const BY_LANES = 1
const BY_SCALARS = 2
/** Read by something else than an access that has it as its index. */
const AS_VALUE = 4
const ONE = 8

export class Uses {
  /** Of each value that is read: how often, times {@link ONE}, and by what. */
  private readonly reads = new ValueTable<number>()

  read(v: Value, how: number): void {
    this.reads.set(v, ((this.reads.get(v) ?? 0) + ONE) | how)
  }

  isIndexOnly(v: Value): boolean {
    return ((this.reads.get(v) ?? 0) & AS_VALUE) === 0
  }

  /** Lanes need a value that they do not read. */
  wanted(v: Value): void {
    this.reads.set(v, (this.reads.get(v) ?? 0) | BY_LANES)
  }

  isRead(v: Value): boolean {
    return this.reads.get(v) !== undefined
  }

  isResultRead(owner: Value, index: number): boolean {
    return this.reads.result(owner, index) !== undefined
  }

  isReadOnce(v: Value): boolean {
    return (this.reads.get(v) ?? 0) >> 3 === 1
  }

  byLanes(v: Value): boolean {
    return ((this.reads.get(v) ?? 0) & BY_LANES) !== 0
  }

  /** Also as an address. */
  byScalars(v: Value): boolean {
    return ((this.reads.get(v) ?? 0) & BY_SCALARS) !== 0
  }
}

export function findUses(ir: KernelIR, shapes: Shapes): Uses {
  const uses = new Uses()
  const [lanes, scalar] = [BY_LANES, BY_SCALARS]
  const index = (v: Value, how: number) => uses.read(v, how)
  const read = (v: Value, how: number) => uses.read(v, how | AS_VALUE)
  const region = (r: Region) => r.ops.forEach(visit)
  const varies = (v: Value) => isVarying(shapes.of(v))
  const dead = new Set<number>()
  const visit = (v: Value) => {
    if (v.op === 'loop') for (const id of shapes.exits(v)?.dead ?? []) dead.add(id)
    v.regions?.forEach(region)
    if (dead.has(v.id)) return
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
            uses.wanted(x)
            uses.wanted(v.args[i])
          }
        })
        return
      }
      case 'load':
        index(v.args[0], varies(v.args[0]) ? lanes : scalar)
        return
      case 'lload':
        // Of a private array the lanes are far apart: there is no contiguous access.
        index(v.args[0], isUniform(shapes.of(v.args[0])) ? scalar : lanes)
        return
      case 'store':
      case 'lstore': {
        const [at, value] = v.args
        index(at, isUniform(shapes.of(at)) || (v.op === 'store' && !varies(at)) ? scalar : lanes)
        read(value, v.op === 'store' && isUniform(shapes.of(at)) && isUniform(shapes.of(value)) ? scalar : lanes)
        return
      }
      case 'atomic':
        v.args.forEach((a, i) => (i === 0 ? index : read)(a, isUniform(shapes.of(a)) ? scalar : lanes))
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
      default: {
        const how = varies(v) ? lanes : scalar
        v.args.forEach(a => read(a, how))
      }
    }
  }
  region(ir.body)
  for (const x of ir.body.results) read(x, lanes)
  return uses
}
