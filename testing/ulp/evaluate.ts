/** A function of `Math` over arrays, as a kernel computes it: on each backend, for each kind of machine code, with `fast` or without. */
import type { Backend } from '../../compute/kernel/src/backend.ts'
import { backends } from '../../compute/kernel/src/backends.ts'
import { compileProgram } from '../../compute/kernel/src/compile.ts'
import { parseFunction } from '../../compute/kernel/src/front/source.ts'
import { Builder } from '../../compute/kernel/src/ir/builder.ts'
import { MATH_ARITY } from '../../compute/kernel/src/math/index.ts'
import { expandMath } from '../../compute/kernel/src/passes/math.ts'
import { type Definition, lowerFor, typesOf } from '../../compute/kernel/src/specialise.ts'
import type { Target } from '../../compute/kernel/src/x64/lower/target.ts'
import { isa } from '../../compute/kernel/src/x64/run/cpu.ts'
import type { FloatType } from './accuracy.ts'

export type FloatArray = Float32Array | Float64Array
export type Evaluate = (operands: FloatArray[], out: FloatArray) => void

/** Who computes: a backend, or `x64` by what its code is made for. */
export const MACHINES = ['reference', 'wasm', 'avx512', 'avx2'] as const
export type Machine = (typeof MACHINES)[number]

const TARGETS: { readonly [machine: string]: Target } = {
  avx512: { isa: 'avx512', bits: 512 },
  avx2: { isa: 'avx2', bits: 256 },
}

/** Why a machine cannot be had here; undefined: it can. */
export function unavailable(machine: Machine): string | undefined {
  if (machine === 'reference' || machine === 'wasm') return backends[machine].unavailable()
  return (
    backends.x64.unavailable() ??
    (machine === 'avx512' && isa() !== 'avx512' ? 'machine code is made for AVX2 here' : undefined)
  )
}

export const machinesHere = (): Machine[] => MACHINES.filter(machine => unavailable(machine) === undefined)

/** Operands that a function is measured with: two for those that take any number. */
export const operandsOf = (name: string): number => {
  const arity = MATH_ARITY.get(name) ?? 1
  return Math.abs(arity) + (arity < 0 ? 1 : 0)
}

export const floats = (type: FloatType, from: ArrayLike<number> | number): FloatArray =>
  type === 'f32' ? new Float32Array(from as number) : new Float64Array(from as number)

/** What is measured, as a kernel says it: `Math` lacks `exp2`, and the inverse root that `fast` estimates. */
const SPELLED: { readonly [name: string]: string } = { exp2: '2 ** x[i]', rsqrt: '1 / Math.sqrt(x[i])' }

/** Compiles `out[i] = Math.name(x[i] …)` for a machine. */
export function evaluator(name: string, machine: Machine, fast = false): Evaluate {
  const names = ['x', 'y', 'z'].slice(0, operandsOf(name))
  const value = SPELLED[name] ?? `Math.${name}(${names.map(x => `${x}[i]`).join(', ')})`
  // A kernel is read from its source; one made from text has no captured names, which is all that is needed here.
  const body = new Function(`return (i, ${names.join(', ')}, out) => { out[i] = ${value} }`)()
  const definition: Definition = {
    ...{ kind: 'kernel', fn: parseFunction(body, name), use: {}, float: 'f64', fast, unsafe: false },
    call: `kernel ${name}`,
  }
  const target = TARGETS[machine]
  const backend: Backend = backends[target ? 'x64' : (machine as 'wasm' | 'reference')]
  const options = { fast, unsafe: false, source: [], ...(target && { target }) }
  const compile = (arrays: FloatArray[]) =>
    compileProgram(lowerFor(definition, typesOf(definition, arrays), undefined).lowered.ir, undefined, backend, options)
  let program: ReturnType<typeof compile> | undefined
  return (operands, out) => {
    const arrays = [...operands, out]
    program ??= compile(arrays)
    const extents = [{ begin: 0, end: out.length, step: 1 }]
    program.run({ extents, arrays, scalars: [], threads: 1, schedule: 'static', chunk: undefined })
  }
}

/** Operations that run for ordinary operands: those outside every branch, without constants and reinterpretations. */
export function operationCount(name: string, type: FloatType): number {
  const b = new Builder()
  if (!MATH_ARITY.has(name)) return 2
  const inputs = Array.from({ length: operandsOf(name) }, (_, i) => b.op('scalar', type, [], i))
  b.body.results = [b.op('math', type, inputs, name)]
  const ir = expandMath({ name, rank: 0, buffers: [], scalars: [], sites: [], body: b.body })
  return ir.body.ops.filter(v => !['const', 'scalar', 'bitcast', 'result', 'if'].includes(v.op)).length
}
