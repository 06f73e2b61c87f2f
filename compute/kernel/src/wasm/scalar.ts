/** One-lane code: each pure operation as wasm instructions, operands already on the stack (in order). */
import type { Type, Value } from '../ir/ir.ts'
import type { FunctionBuilder, Type as WasmType } from './encode/index.ts'
import type { Helpers } from './helpers.ts'

export const wasmType = (t: Type): WasmType => (t === 'i1' || t === 'void' ? 'i32' : t)

const SAME_NAME = new Set([
  'add',
  'sub',
  'mul',
  'div',
  'and',
  'or',
  'xor',
  'shl',
  'neg',
  'sqrt',
  'floor',
  'ceil',
  'trunc',
  'nearest',
  'clz',
  'ctz',
  'popcnt',
  'eq',
  'ne',
])
const RENAMED: Record<string, string> = {
  sshr: 'shr_s',
  ushr: 'shr_u',
  slt: 'lt_s',
  sle: 'le_s',
  ult: 'lt_u',
  ule: 'le_u',
}

/** Emits `v`; `push(i)` pushes operand i (cheap: a local or a constant), as often as it is called. */
export function emitScalar(f: FunctionBuilder, v: Value, push: (i: number) => void, helpers: Helpers): void {
  const from = v.args[0]?.type ?? v.type
  const t = wasmType(from)
  const all = () => v.args.forEach((_, i) => push(i))
  const float = t === 'f32' || t === 'f64'
  const op = v.op
  if (op === 'not') {
    push(0)
    if (from === 'i1') f.op('i32.eqz')
    else if (from === 'i64') f.i64(-1).op('i64.xor')
    else f.i32(-1).op('i32.xor')
    return
  }
  if (op === 'abs' && !float) {
    push(0)
    push(0)
    f.i32(31).op('i32.shr_s').op('i32.xor')
    push(0)
    f.i32(31).op('i32.shr_s').op('i32.sub')
    return
  }
  if (SAME_NAME.has(op) || (op === 'abs' && float)) {
    all()
    f.op(`${t}.${op}`)
    return
  }
  if (op in RENAMED) {
    all()
    f.op(`${t}.${RENAMED[op]}`)
    return
  }
  switch (op) {
    case 'lt':
    case 'le':
    case 'min':
    case 'max':
      all()
      f.op(`${t}.${op}`)
      return
    case 'pmin':
      push(1)
      push(0)
      push(1)
      push(0)
      f.op(`${t}.lt`).select()
      return
    case 'pmax':
      push(1)
      push(0)
      push(0)
      push(1)
      f.op(`${t}.lt`).select()
      return
    case 'smin':
    case 'smax':
    case 'umin':
    case 'umax':
      push(0)
      push(1)
      push(0)
      push(1)
      f.op(`${t}.${op.endsWith('min') ? 'lt' : 'gt'}_${op[0]}`).select()
      return
    case 'mulhu':
      push(0)
      f.op('i64.extend_i32_u')
      push(1)
      f.op('i64.extend_i32_u').op('i64.mul').i64(32).op('i64.shr_u').op('i32.wrap_i64')
      return
    case 'sdiv':
    case 'udiv':
    case 'srem':
    case 'urem':
      return divide(f, v, t as 'i32' | 'i64', push)
    case 'frem':
      all()
      f.call(helpers.fmod(t as 'f32' | 'f64'))
      return
    case 'math':
      all()
      helpers.pushPool()
      f.call(helpers.routine(v))
      return
    case 'select':
      push(1)
      push(2)
      push(0)
      f.select()
      return
    case 'mad':
      push(0)
      push(1)
      f.op(`${t}.mul`)
      push(2)
      f.op(`${t}.add`)
      return
    case 'rsqrt':
      if (t === 'f32') f.f32(1)
      else f.f64(1)
      push(0)
      f.op(`${t}.sqrt`).op(`${t}.div`)
      return
    case 'nmad':
      push(2)
      push(0)
      push(1)
      f.op(`${t}.mul`).op(`${t}.sub`)
      return
    case 'table':
      // Lanes that are not active may bring any index.
      push(0)
      f.i32(0)
      push(0)
      f.i32(v.attr.values.length).op('i32.lt_u').select()
      helpers.tableAddress(v)
      f.load(`${wasmType(v.type)}.load`, helpers.tableOffset(v))
      return
  }
  convert(f, v, push)
}

function divide(f: FunctionBuilder, v: Value, t: 'i32' | 'i64', push: (i: number) => void): void {
  const signed = v.op[0] === 's'
  const rem = v.op.endsWith('rem')
  const name = `${t}.${rem ? 'rem' : 'div'}_${signed ? 's' : 'u'}`
  const divisor = v.args[1]
  const constant = divisor.op === 'const' ? BigInt(divisor.attr) : undefined
  const number = (n: number) => (t === 'i32' ? f.i32(n) : f.i64(n))
  if (constant !== undefined && constant !== 0n && constant !== -1n) {
    push(0)
    push(1)
    f.op(name)
    return
  }
  // wasm traps on 0 and, for div_s, on the smallest integer by -1: both get JavaScript's answer instead.
  push(1)
  f.op(`${t}.eqz`).unlikely().if(t)
  number(0)
  f.else()
  if (signed && !rem) {
    push(1)
    number(-1)
    f.op(`${t}.eq`).unlikely().if(t)
    number(0)
    push(0)
    f.op(`${t}.sub`).else()
  }
  push(0)
  push(1)
  f.op(name)
  if (signed && !rem) f.end()
  f.end()
}

/**
 * Pushes a float as an integer of 32 bits, exact where it can be; elsewhere 0, the least or the largest integer, whichever the
 * machine likes. Through a vector, where that is one instruction: the scalar one that saturates takes V8 a dozen.
 */
function truncated(f: FunctionBuilder, from: Type, push: () => void): void {
  push()
  if (from === 'f32') f.op('f32x4.splat').op('i32x4.relaxed_trunc_f32x4_s')
  else f.op('f64x2.splat').op('i32x4.relaxed_trunc_f64x2_s_zero')
  f.laneOp('i32x4.extract_lane', 0)
}

function convert(f: FunctionBuilder, v: Value, push: (i: number) => void): void {
  const from = v.args[0].type
  const to = v.type
  switch (v.op) {
    case 'sitof':
    case 'uitof':
      push(0)
      f.op(`${to}.convert_${from}_${v.op[0]}`)
      return
    case 'ftosi':
    case 'ftoui':
      push(0)
      f.op(`${to}.trunc_sat_${from}_${v.op[3] === 's' ? 's' : 'u'}`)
      return
    case 'toint32': {
      // What is in range is only truncated. What came out as the least or the largest integer is taken modulo 2^32: of the
      // magnitude m, m - floor(m / 2^32) * 2^32 is exact; the sign comes back as ±.
      const quick = f.local('i32')
      truncated(f, from, () => push(0))
      f.tee(quick).i32(2147483647).op('i32.sub').i32(1).op('i32.le_u').unlikely().if()
      const c = (x: number) => (from === 'f32' ? f.f32(x) : f.f64(x))
      const t = () => {
        push(0)
        f.op(`${from}.abs`).op(`${from}.trunc`)
      }
      t()
      t()
      c(2 ** -32)
      f.op(`${from}.mul`).op(`${from}.floor`)
      c(2 ** 32)
      f.op(`${from}.mul`).op(`${from}.sub`).op(`i32.trunc_sat_${from}_u`)
      // u · (1 or -1)
      f.i32(-1).i32(1)
      push(0)
      c(0)
      f.op(`${from}.lt`).select().op('i32.mul').set(quick)
      f.end().get(quick)
      return
    }
    case 'toindex': {
      const c = (x: number) => (from === 'f32' ? f.f32(x) : f.f64(x))
      truncated(f, from, () => push(0))
      f.i32(-1)
      push(0)
      c(0)
      f.op(`${from}.ge`)
      push(0)
      c(2147483648)
      f.op(`${from}.lt`).op('i32.and').select()
      return
    }
    case 'promote':
      push(0)
      f.op('f64.promote_f32')
      return
    case 'demote':
      push(0)
      f.op('f32.demote_f64')
      return
    case 'sext':
      push(0)
      f.op('i64.extend_i32_s')
      return
    case 'zext':
      push(0)
      f.op('i64.extend_i32_u')
      return
    case 'wrap':
      push(0)
      f.op('i32.wrap_i64')
      return
    case 'booltoint':
      push(0)
      return
    case 'bitcast':
      push(0)
      f.op(`${to}.reinterpret_${from}`)
      return
    default:
      throw new Error(`the wasm backend has no code for '${v.op}'`)
  }
}
