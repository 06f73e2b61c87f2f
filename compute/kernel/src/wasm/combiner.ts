/** Code of the combine function of a reduction or a scan, for one value and for lanes, and access to partial results. */
import type { Combination } from '../backend.ts'
import type { KernelIR } from '../ir/ir.ts'
import { analyseShapes } from '../lanes/shape.ts'
import { ValueTable } from '../lanes/table.ts'
import { findUses } from '../lanes/uses.ts'
import * as layout from '../launch/layout.ts'
import { Emitter } from './emitter.ts'
import type { FunctionBuilder, ModuleBuilder } from './encode/index.ts'
import type { EmitOptions, Frame, Rep } from './operands.ts'
import { type Making, plainFrame, poolOf } from './plain-frame.ts'
import { wasmType } from './scalar.ts'

export interface Combining extends Making {
  readonly ir: KernelIR
  readonly combination: Combination | undefined
  readonly options: EmitOptions & { memory64: boolean; lanes: number }
  readonly module: ModuleBuilder
}

export class Combiner {
  readonly g: Combining
  readonly f: FunctionBuilder
  readonly a: number
  readonly b: number
  private readonly frame: Frame

  constructor(g: Combining, f: FunctionBuilder, frame?: Frame) {
    this.g = g
    this.f = f
    const t = wasmType(g.combination!.type)
    this.a = f.local(t, 'a')
    this.b = f.local(t, 'b')
    this.frame = frame ?? plainFrame(g, f, poolOf(g, f))
  }

  get type(): 'i32' | 'i64' | 'f32' | 'f64' {
    return wasmType(this.g.combination!.type) as 'i32'
  }

  get shape(): 'i32x4' | 'i64x2' | 'f32x4' | 'f64x2' {
    return ({ i32: 'i32x4', f32: 'f32x4', i64: 'i64x2', f64: 'f64x2' } as const)[this.type]
  }

  pushInit(): void {
    const { f } = this
    const { init } = this.g.combination!
    if (this.type === 'i64') f.i64(init as bigint)
    else if (this.type === 'i32') f.i32(Number(init))
    else if (this.type === 'f32') f.f32(Number(init))
    else f.f64(Number(init))
  }

  /** Pushes base + index·size; base -1: what is on the stack. */
  element(base: number, index: () => void, size: number): void {
    const { f, g } = this
    if (base !== -1) f.get(base)
    index()
    if (g.options.memory64) f.op('i64.extend_i32_u').i64(size).op('i64.mul').op('i64.add')
    else f.i32(size).op('i32.mul').op('i32.add')
  }

  load(at: () => void, into: number): void {
    at()
    this.f.load(`${this.type}.load`).set(into)
  }

  /** Stores the value on the stack at the address below it. */
  store(): void {
    this.f.store(`${this.type}.store`)
  }

  /** Pushes combine(a, b). */
  combineScalars(): void {
    const { combine } = this.g.combination!
    const shapes = analyseShapes(combine, false, true)
    const reps = operands(combine, { scalar: this.a }, { scalar: this.b })
    const E = new Emitter(this.frame, combine, 1, shapes, findUses(combine, shapes), this.g.options, reps)
    E.region(combine.body)
    E.pushScalar(combine.body.results[0])
  }

  /** combine(a, b) lane by lane; the parts of the result. `lanes` is a multiple of 4. */
  combineLanes(a: Rep, b: Rep, lanes: number): number[] {
    const { f, g } = this
    const { combine, type } = g.combination!
    const shapes = analyseShapes(combine, true, true, true)
    const reps = operands(combine, a, b)
    const E = new Emitter(this.frame, combine, lanes, shapes, findUses(combine, shapes), g.options, reps)
    E.region(combine.body)
    return Array.from({ length: (lanes * layout.typeBytes(type)) / 16 }, (_, p) => {
      const l = f.local('v128')
      E.pushPart(combine.body.results[0], p)
      f.set(l)
      return l
    })
  }
}

/** Places of the two scalars of a combine function. */
function operands(combine: KernelIR, a: Rep, b: Rep): ValueTable<Rep> {
  const reps = new ValueTable<Rep>()
  for (const v of combine.body.ops) if (v.op === 'scalar') reps.set(v, v.attr === 0 ? a : b)
  return reps
}
