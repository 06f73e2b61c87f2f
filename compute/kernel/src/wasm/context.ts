/** What all functions of a module share: the kernel, its options, where things lie in a thread's scratch. */
import type { Combination } from '../backend.ts'
import { ELEMENT_BYTES, type KernelIR, walk } from '../ir/ir.ts'
import type { Shapes } from '../lanes/shape.ts'
import type { ModuleBuilder } from './encode/index.ts'
import { Helpers } from './helpers.ts'
import type { EmitOptions } from './operands.ts'
import { FEW_BYTES } from './scan-block.ts'

export interface ModuleOptions extends EmitOptions {
  memory64: boolean
  lanes: number
  /** Those of a strip of lanes. */
  shapes: Shapes
  unitStep: boolean
  check?: boolean
}

/** Lanes of the strips that take what wide ones leave over. */
const NARROW = 4

export class ModuleContext {
  readonly ir: KernelIR
  readonly combination: Combination | undefined
  readonly options: ModuleOptions
  readonly module: ModuleBuilder
  readonly helpers: Helpers
  readonly address: 'i32' | 'i64'
  readonly privates = new Map<number, number>()
  readonly laneScratchOffset: number
  readonly accumulatorOffset: number
  readonly scratchBytes: number
  /**
   * Lanes of the strips that positions are taken in, one kind after the other. What wide strips leave over is much work one by
   * one where iterations have loops. Those of a reduction or scan have their number from it.
   */
  readonly strips: number[]

  constructor(ir: KernelIR, combination: Combination | undefined, options: ModuleOptions, module: ModuleBuilder) {
    this.ir = ir
    this.combination = combination
    this.options = options
    this.module = module
    this.helpers = new Helpers(module)
    this.address = options.memory64 ? 'i64' : 'i32'
    const narrow = options.lanes > NARROW && !combination && walk(ir.body).some(v => v.op === 'loop')
    this.strips = options.lanes === 1 ? [] : narrow ? [options.lanes, NARROW] : [options.lanes]
    let at = 0
    ir.buffers.forEach((b, i) => {
      if (b.space !== 'local') return
      this.privates.set(i, at)
      at += b.length! * options.lanes * (ELEMENT_BYTES[b.element] === 8 ? 8 : 4)
    })
    this.laneScratchOffset = at
    at += options.lanes * 8
    this.accumulatorOffset = at
    at += combination?.kind === 'scan' ? FEW_BYTES : 128
    // Threads must not share a cache line.
    this.scratchBytes = (at + 127) & ~127
  }
}
