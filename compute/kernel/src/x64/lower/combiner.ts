/** The combine function of a reduction or a scan, for one value and for lanes, and values in memory. */

import type { Combination } from '../../backend.ts'
import type { KernelIR } from '../../ir/ir.ts'
import { analyseShapes } from '../../lanes/shape.ts'
import { ValueTable } from '../../lanes/table.ts'
import { findUses } from '../../lanes/uses.ts'
import type { Memory, Register } from '../encode/operands.ts'
import { type Code, view } from '../machine/code.ts'
import { bytesOf } from './constants.ts'
import { Emitter } from './emitter.ts'
import type { Frame } from './frame.ts'
import type { Lowering } from './function.ts'
import type { Place } from './operands.ts'
import { type Width, widthOf } from './target.ts'

/** The combine function of a reduction or a scan, for one value and for lanes. */
export class Combiner {
  readonly #lowering: Lowering
  readonly #frame: Frame
  readonly #combination: Combination

  constructor(lowering: Lowering, frame: Frame) {
    this.#lowering = lowering
    this.#frame = frame
    this.#combination = lowering.combination!
  }

  /**
   * combine(a, b) of lanes, whose parts are those of a strip of so many; of one lane scalars.
   *
   * @param mask lanes whose result is wanted; undefined: all
   */
  combine(a: Place, b: Place, lanes: number, mask?: Place): Place {
    const { combine } = this.#combination
    const shapes = analyseShapes(combine, lanes > 1, true, lanes > 1)
    const places = operands(combine, a, b)
    const E = new Emitter(
      this.#frame,
      combine,
      lanes,
      shapes,
      findUses(combine, shapes),
      this.#lowering.options,
      places,
    )
    E.mask = mask
    E.isLocated = false
    E.region(combine.body)
    const [result] = combine.body.results
    if (lanes === 1) return { scalar: E.scalar(result) }
    const width = widthOf(this.#combination.type)
    return { parts: Array.from({ length: E.partCount(width) }, (_, p) => E.part(result, p)) }
  }

  combineScalars(a: Register, b: Register): Register {
    return this.combine({ scalar: a }, { scalar: b }, 1).scalar!
  }
}

/** Places of the two scalars of a combine function. */
function operands(combine: KernelIR, a: Place, b: Place): ValueTable<Place> {
  const places = new ValueTable<Place>()
  for (const v of combine.body.ops) if (v.op === 'scalar') places.set(v, v.attr === 0 ? a : b)
  return places
}

export function loadScalar(code: Code, from: Memory, type: string): Register {
  if (type === 'f32' || type === 'f64') {
    const to = code.register(128)
    code.vector(type === 'f32' ? 'vmovss' : 'vmovsd', [to, from])
    return to
  }
  const to = code.gpr(type === 'i64' ? 64 : 32)
  code.general('mov', [to, from])
  return to
}

export function storeScalar(code: Code, to: Memory, value: Register, type: string): void {
  if (type === 'f32' || type === 'f64') code.vector(type === 'f32' ? 'vmovss' : 'vmovsd', [to, view(value, 128)])
  else code.general('mov', [to, value])
}

/** Stores the first lane of a vector. */
export function storeLane(code: Code, to: Memory, part: Register, width: Width): void {
  code.vector(width === 64 ? 'vmovsd' : 'vmovss', [to, view(part, 128)])
}

export function moveScalar(code: Code, to: Register, from: Register, type: string): void {
  if (type === 'f32' || type === 'f64') code.vector('vmovaps', [view(to, 128), view(from, 128)])
  else code.general('mov', [to, from])
}

/** Sets a variable to what a combination begins with. */
export function setInitial(code: Code, to: Register, { type, init }: Combination): void {
  if (type === 'f32' || type === 'f64') code.vector('vmovaps', [to, code.constantRegister(bytesOf(type, init), 128)])
  else code.general('mov', [to, type === 'i64' ? BigInt.asIntN(64, BigInt(init)) : Number(init)])
}
