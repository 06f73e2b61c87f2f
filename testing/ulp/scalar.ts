/**
 * A mathematical function's expansion as a JavaScript function, one operation at a time: fast enough to go through all
 * 2^32 numbers. Its templates are `semantics.ts` again, written out; a test holds them against it.
 */
import { Builder } from '../../compute/kernel/src/ir/builder.ts'
import type { KernelIR, Region, Type, Value } from '../../compute/kernel/src/ir/ir.ts'
import { expandMath } from '../../compute/kernel/src/passes/math.ts'

/** The IR of `Math.name` for scalars of a type, after expansion. The operation `input` reads operand `attr`. */
export function expansion(name: string, type: 'f32' | 'f64', arity: number): KernelIR {
  const b = new Builder()
  const inputs = Array.from({ length: arity }, (_, i) => b.op('input', type, [], i))
  b.body.results = [b.op('math', type, inputs, name)]
  return expandMath({ name, rank: 0, buffers: [], scalars: [], sites: [], body: b.body })
}

const TEMPLATES: Record<string, (a: string[]) => string> = {
  'add.f32': ([a, b]) => `f(${a} + ${b})`,
  'sub.f32': ([a, b]) => `f(${a} - ${b})`,
  'mul.f32': ([a, b]) => `f(${a} * ${b})`,
  'div.f32': ([a, b]) => `f(${a} / ${b})`,
  'sqrt.f32': ([a]) => `f(Math.sqrt(${a}))`,
  'add.f64': ([a, b]) => `${a} + ${b}`,
  'sub.f64': ([a, b]) => `${a} - ${b}`,
  'mul.f64': ([a, b]) => `${a} * ${b}`,
  'div.f64': ([a, b]) => `${a} / ${b}`,
  'sqrt.f64': ([a]) => `Math.sqrt(${a})`,
  'add.i32': ([a, b]) => `${a} + ${b} | 0`,
  'sub.i32': ([a, b]) => `${a} - ${b} | 0`,
  'smin.i32': ([a, b]) => `Math.min(${a}, ${b})`,
  'smax.i32': ([a, b]) => `Math.max(${a}, ${b})`,
  'add.i64': ([a, b]) => `N(64, ${a} + ${b})`,
  'sub.i64': ([a, b]) => `N(64, ${a} - ${b})`,
  'mul.i64': ([a, b]) => `N(64, ${a} * ${b})`,
  'shl.i64': ([a, b]) => `N(64, ${a} << (${b} & 63n))`,
  'ushr.i64': ([a, b]) => `N(64, U(64, ${a}) >> (${b} & 63n))`,
  'sshr.i64': ([a, b]) => `${a} >> (${b} & 63n)`,
  'shl.i32': ([a, b]) => `${a} << ${b}`,
  'sshr.i32': ([a, b]) => `${a} >> ${b}`,
  'ushr.i32': ([a, b]) => `${a} >>> ${b} | 0`,
  and: ([a, b]) => `${a} & ${b}`,
  or: ([a, b]) => `${a} | ${b}`,
  xor: ([a, b]) => `${a} ^ ${b}`,
  'and.i1': ([a, b]) => `${a} && ${b}`,
  'or.i1': ([a, b]) => `${a} || ${b}`,
  'not.i1': ([a]) => `!${a}`,
  neg: ([a]) => `-${a}`,
  abs: ([a]) => `Math.abs(${a})`,
  floor: ([a]) => `Math.floor(${a})`,
  pmin: ([a, b]) => `${b} < ${a} ? ${b} : ${a}`,
  pmax: ([a, b]) => `${a} < ${b} ? ${b} : ${a}`,
  eq: ([a, b]) => `${a} === ${b}`,
  ne: ([a, b]) => `${a} !== ${b}`,
  lt: ([a, b]) => `${a} < ${b}`,
  le: ([a, b]) => `${a} <= ${b}`,
  slt: ([a, b]) => `${a} < ${b}`,
  sle: ([a, b]) => `${a} <= ${b}`,
  select: ([c, a, b]) => `${c} ? ${a} : ${b}`,
  sitof: ([a]) => `f(${a})`,
  promote: ([a]) => a,
  demote: ([a]) => `f(${a})`,
  zext: ([a]) => `BigInt(${a} >>> 0)`,
  wrap: ([a]) => `Number(N(32, ${a}))`,
  'bitcast.f32': ([a]) => `(f32[0] = ${a}, i32[0])`,
  'bitcast.i32': ([a]) => `(i32[0] = ${a}, f32[0])`,
  'bitcast.f64': ([a]) => `(f64[0] = ${a}, i64[0])`,
  'bitcast.i64': ([a]) => `(i64[0] = ${a}, f64[0])`,
}

function literal(type: Type, v: number | bigint | boolean): string {
  return type === 'i64' ? `${v}n` : Object.is(v, -0) ? '-0' : String(v)
}

/** The source of a function of `arity` operands. */
export function source(ir: KernelIR): { code: string; tables: unknown[][] } {
  const tables: unknown[][] = []
  const ref = (v: Value): string =>
    v.op === 'const'
      ? `(${literal(v.type, v.attr)})`
      : v.op === 'input'
        ? `x${v.attr}`
        : v.op === 'result'
          ? `v${v.args[0].id}_${v.attr}`
          : `v${v.id}`
  const emit = (r: Region, indent: string): string => {
    let out = ''
    for (const v of r.ops) {
      if (v.op === 'const' || v.op === 'input') continue
      if (v.op === 'if') {
        const [a, b] = v.regions!
        const names = a.results.map((_, i) => `v${v.id}_${i}`)
        const side = (s: Region) =>
          emit(s, `${indent}  `) + s.results.map((x, i) => `${indent}  ${names[i]} = ${ref(x)}\n`).join('')
        out += `${indent}let ${names.join(', ')}\n${indent}if (${ref(v.args[0])}) {\n${side(a)}${indent}} else {\n${side(b)}${indent}}\n`
        continue
      }
      const args = v.args.map(ref)
      let expression: string
      if (v.op === 'table') {
        tables.push(v.attr.values)
        expression = `tables[${tables.length - 1}][${args[0]}]`
      } else {
        const type = v.args[v.op === 'select' ? 1 : 0].type
        const template = TEMPLATES[`${v.op}.${type}`] ?? TEMPLATES[v.op]
        if (!template) throw new Error(`no template for ${v.op}.${type}`)
        expression = template(args)
      }
      out += `${indent}const v${v.id} = ${expression}\n`
    }
    return out
  }
  const code = `${emit(ir.body, '  ')}  return ${ref(ir.body.results[0])}\n`
  return { code, tables }
}

export type Scalar = (...x: number[]) => number

/** Shared head of generated code: what the templates name. */
export const PRELUDE = `const f = Math.fround, N = BigInt.asIntN, U = BigInt.asUintN
const bytes = new ArrayBuffer(8)
const f32 = new Float32Array(bytes), i32 = new Int32Array(bytes)
const f64 = new Float64Array(bytes), i64 = new BigInt64Array(bytes)
`

export function compileScalar(ir: KernelIR, arity: number): Scalar {
  const { code, tables } = source(ir)
  const params = Array.from({ length: arity }, (_, i) => `x${i}`).join(', ')
  return new Function('tables', `${PRELUDE}return function (${params}) {\n${code}}`)(tables)
}

/** Number of operations outside every region: what runs for ordinary operands, constants not counted. */
export const fastPathLength = (ir: KernelIR): number =>
  ir.body.ops.filter(v => !['const', 'input', 'bitcast', 'result'].includes(v.op)).length
