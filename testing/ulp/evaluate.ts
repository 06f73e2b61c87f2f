/** A function of `Math` over arrays, as a kernel computes it. */
import { kernel } from '../../compute/kernel/src/index.ts'
import { Builder } from '../../compute/kernel/src/ir/builder.ts'
import { MATH_ARITY } from '../../compute/kernel/src/math/index.ts'
import { expandMath } from '../../compute/kernel/src/passes/math.ts'
import type { FloatType } from './accuracy.ts'

export type FloatArray = Float32Array | Float64Array
export type Evaluate = (operands: FloatArray[], out: FloatArray) => void

/** Operands that a function is measured with: two for those that take any number. */
export const operandsOf = (name: string): number =>
  Math.abs(MATH_ARITY.get(name)!) + (MATH_ARITY.get(name)! < 0 ? 1 : 0)

export const floats = (type: FloatType, from: ArrayLike<number> | number): FloatArray =>
  type === 'f32' ? new Float32Array(from as number) : new Float64Array(from as number)

/** Compiles `out[i] = Math.name(x[i] …)` for a backend; `exp2`, which `Math` lacks, is 2 ** x. */
export function evaluator(name: string, backend: 'wasm' | 'reference'): Evaluate {
  const names = ['x', 'y', 'z'].slice(0, operandsOf(name))
  const call = name === 'exp2' ? '2 ** x[i]' : `Math.${name}(${names.map(x => `${x}[i]`).join(', ')})`
  // A kernel is read from its source; one made from text has no captured names, which is all that is needed here.
  const body = new Function(`return (i, ${names.join(', ')}, out) => { out[i] = ${call} }`)()
  const run = kernel(body).on(backend) as unknown as (n: number, ...arrays: FloatArray[]) => void
  return (operands, out) => run(out.length, ...operands, out)
}

/** Operations that run for ordinary operands: those outside every branch, without constants and reinterpretations. */
export function operationCount(name: string, type: FloatType): number {
  const b = new Builder()
  const inputs = Array.from({ length: operandsOf(name) }, (_, i) => b.op('scalar', type, [], i))
  b.body.results = [b.op('math', type, inputs, name)]
  const ir = expandMath({ name, rank: 0, buffers: [], scalars: [], sites: [], body: b.body })
  return ir.body.ops.filter(v => !['const', 'scalar', 'bitcast', 'result', 'if'].includes(v.op)).length
}
