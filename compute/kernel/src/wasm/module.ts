/**
 * The module of one kernel: a function that runs a part of the range, around the body emitted for strips of lanes and for the
 * single iterations that are left; and for `reduce` and `scan` the functions that combine blocks.
 *
 *     run(args, begin, end, thread)     positions of a row (rank 1), or rows' segments numbered row by row
 *       once:     addresses, lengths, what depends on no index
 *       per row:  what depends on outer indices
 *       strips:   lanes positions at a time; then, where iterations have loops, four at a time
 *       rest:     one position at a time
 */
import type { Combination } from '../backend.ts'
import type { KernelIR } from '../ir/ir.ts'
import { analyseShapes } from '../lanes/shape.ts'
import { ValueTable } from '../lanes/table.ts'
import { findUses } from '../lanes/uses.ts'
import * as layout from '../launch/layout.ts'
import { ModuleContext, type ModuleOptions } from './context.ts'
import { emitMerge } from './copies.ts'
import { Emitter } from './emitter.ts'
import { type FunctionBuilder, ModuleBuilder, type PositionTable } from './encode/index.ts'
import type { Rep } from './operands.ts'
import { plainFrame } from './plain-frame.ts'
import { emitPairwise, emitReduction } from './reduction.ts'
import { RowBody } from './row-body.ts'
import { Scan } from './scan.ts'
import { BlockScan } from './scan-block.ts'
import { eachSegment } from './segments.ts'

export interface Generated {
  bytes: Uint8Array
  pool: Uint8Array
  exports: string[]
  scratchBytes: number
  positions: PositionTable
}

export function generate(ir: KernelIR, combination: Combination | undefined, options: ModuleOptions): Generated {
  const module = new ModuleBuilder({
    memory64: options.memory64,
    shared: true,
    check: options.check ?? false,
    name: ir.name,
  })
  module.importMemory('env', 'memory')
  const g = new Generator(ir, combination, options, module)
  const exports = g.make()
  const bytes = module.finish()
  return { bytes, pool: g.helpers.poolBytes, exports, scratchBytes: g.scratchBytes, positions: module.positions }
}

class Generator extends ModuleContext {
  make(): string[] {
    const exports = this.exported()
    for (const { ir, f } of this.helpers.routines) this.routine(ir, f)
    return exports
  }

  private routine(ir: KernelIR, f: FunctionBuilder): void {
    const reps = new ValueTable<Rep>()
    for (const v of ir.body.ops) if (v.op === 'scalar') reps.set(v, { scalar: v.attr })
    const shapes = analyseShapes(ir, false, true)
    const frame = plainFrame(this, f, ir.scalars.length)
    const E = new Emitter(frame, ir, 1, shapes, findUses(ir, shapes), this.options, reps)
    E.region(ir.body)
    E.pushScalar(ir.body.results[0])
  }

  private exported(): string[] {
    if (!this.combination) {
      this.rows('run', body => body.plain())
      if (this.options.tallies.length === 0) return ['run']
      this.merge()
      return ['run', 'merge']
    }
    if (this.combination.kind === 'reduce') {
      this.rows('run', emitReduction)
      emitPairwise(this)
      return ['run', 'pairwise']
    }
    const block = new BlockScan(this)
    const local = this.rows('local', body => block.local(body, this.accumulatorOffset), false)
    return new Scan(this).addFunctions(local)
  }

  /** A function over positions, or rows' segments. */
  private rows(name: string, emit: (body: RowBody) => void, exported = true): FunctionBuilder {
    const { module, ir } = this
    const signature = [this.address, 'i32', 'i32', 'i32'] as const
    const f = module.addFunction(name, signature, ['i32'], exported ? { export: name } : {})
    const body = new RowBody(this, f)
    const [begin, end] = [1, 2]
    if (ir.rank > 1 || this.combination !== undefined) {
      eachSegment(f, begin, end, segment => {
        body.segment = segment
        this.outerIndices(f, body, segment.row)
        body.rowLevel()
        emit(body)
      })
    } else {
      body.segment = { number: -1, row: -1, rowLength: -1, begin, end }
      body.rowLevel()
      emit(body)
    }
    f.i32(0)
    return f
  }

  private outerIndices(f: FunctionBuilder, body: RowBody, row: number): void {
    const { rank } = this.ir
    if (rank === 1) return
    const at = (offset: number, count: () => void) => {
      const l = f.local('i32')
      count()
      f.get(0)
        .load('i32.load', offset + 4)
        .op('i32.mul')
      f.get(0).load('i32.load', offset).op('i32.add').set(l)
      return l
    }
    if (rank === 2) {
      body.outer[0] = at(layout.FIRST, () => f.get(row))
      return
    }
    const count = () => f.get(0).load('i32.load', layout.SECOND_COUNT)
    body.outer[0] = at(layout.FIRST, () => {
      f.get(row)
      count()
      f.op('i32.div_u')
    })
    body.outer[1] = at(layout.SECOND, () => {
      f.get(row)
      count()
      f.op('i32.rem_u')
    })
  }

  private merge(): void {
    const { address, helpers, ir, module, options } = this
    const f = module.addFunction('merge', [address, 'i32', 'i32', 'i32'], ['i32'], { export: 'merge' })
    emitMerge(f, ir, options.tallies, helpers)
  }
}
