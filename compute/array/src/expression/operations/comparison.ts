/** Comparisons, logic, and what kind of number something is. */

import type { Builder, Value } from '@skein/kernel/compiler'
import { type DType, infoOf } from '../../dtypes.ts'
import { promote } from '../../promotion.ts'
import { type Lane, pair, real } from '../lanes.ts'
import type { Operation } from '../operation.ts'
import { lessEqual as atMost, binary, isUnsigned, less as lessThan, unary } from './define.ts'
import { anything, integersAndBools, integersOnly, meeting, ordered, toBool } from './rules.ts'

export const equal: Operation = {
  name: 'equal',
  signature: meeting(anything, toBool)('equal'),
  lower: (b, [x, y]) => real('bool', isEqual(b, x, y)),
}

function isEqual(b: Builder, x: Lane, y: Lane): Value {
  if (x.v.type === 'i1') return b.not(b.op('xor', 'i1', [x.v, y.v]))
  const first = b.eq(x.v, y.v)
  return x.im && y.im ? b.and(first, b.eq(x.im, y.im)) : first
}

export const notEqual: Operation = {
  name: 'notEqual',
  signature: meeting(anything, toBool)('notEqual'),
  lower: (b, [x, y]) => real('bool', x.v.type === 'i1' ? b.op('xor', 'i1', [x.v, y.v]) : b.not(isEqual(b, x, y))),
}

const comparison = (name: string, compute: (b: Builder, x: Value, y: Value, dtype: DType) => Value): Operation =>
  binary(name, meeting(ordered, toBool), { real: compute })

export const less = comparison('less', lessThan)
export const lessEqual = comparison('lessEqual', atMost)
export const greater = comparison('greater', (b, x, y, dtype) => lessThan(b, y, x, dtype))
export const greaterEqual = comparison('greaterEqual', (b, x, y, dtype) => atMost(b, y, x, dtype))

/** Operands of any dtype count as true unless they are 0. */
function logical(name: string, compute: (b: Builder, x: Value, y: Value) => Value): Operation {
  const signature = { operands: ['bool', 'bool'], result: 'bool' } as const
  return { name, signature: () => signature, lower: (b, [x, y]) => real('bool', compute(b, x.v, y.v)) }
}

export const logicalAnd = logical('logicalAnd', (b, x, y) => b.op('and', 'i1', [x, y]))
export const logicalOr = logical('logicalOr', (b, x, y) => b.op('or', 'i1', [x, y]))
export const logicalXor = logical('logicalXor', (b, x, y) => b.op('xor', 'i1', [x, y]))

const oneBool = { operands: ['bool'], result: 'bool' } as const
export const logicalNot: Operation = {
  name: 'logicalNot',
  signature: () => oneBool,
  lower: (b, [x]) => real('bool', b.not(x.v)),
}

const bitwise = (name: string, op: 'and' | 'or' | 'xor'): Operation =>
  binary(name, meeting(integersAndBools), { real: (b, x, y) => b.op(op, x.type, [x, y]) })

export const bitwiseAnd = bitwise('bitwiseAnd', 'and')
export const bitwiseOr = bitwise('bitwiseOr', 'or')
export const bitwiseXor = bitwise('bitwiseXor', 'xor')

export const bitwiseInvert: Operation = {
  name: 'bitwiseInvert',
  signature: meeting(integersAndBools)('bitwiseInvert'),
  lower(b, [x], { result }) {
    const { bits, kind } = infoOf(result)
    // Of small unsigned ones the bits above stay zero.
    if (kind === 'unsigned' && bits < 32) return real(result, b.xor(x.v, 2 ** bits - 1))
    return real(result, b.not(x.v))
  },
}

/** Shifts by as many bits as there are, or more, shift all of them out. */
function shift(name: string, isLeft: boolean): Operation {
  return binary(name, meeting(integersOnly), {
    real: (b, x, y, dtype) => {
      const { bits, kind } = infoOf(dtype)
      const n = (value: number) => b.const(x.type, x.type === 'i64' ? BigInt(value) : value)
      const isFar = b.ule(n(bits), y)
      if (isLeft) return b.select(isFar, n(0), b.shl(x, y))
      if (kind === 'unsigned') return b.select(isFar, n(0), b.ushr(x, y))
      return b.sshr(x, b.select(isFar, n(bits - 1), y))
    },
  })
}

export const bitwiseLeftShift = shift('bitwiseLeftShift', true)
export const bitwiseRightShift = shift('bitwiseRightShift', false)

/** How many bits of |x| are set. |−2ⁿ⁻¹| has one of them, as which it overflows or not. */
export const bitwiseCount = unary(
  'bitwiseCount',
  meeting(integersOnly, () => 'uint8'),
  {
    real: (b, x, dtype) => {
      const count = (v: Value) => b.op('popcnt', 'i32', [v])
      if (x.type === 'i32') return count(isUnsigned(dtype) ? x : b.abs(x))
      const zero = b.const('i64', 0n)
      const size = isUnsigned(dtype) ? x : b.select(b.slt(x, zero), b.sub(zero, x), x)
      return b.add(count(b.cvt('wrap', size, 'i32')), count(b.cvt('wrap', b.ushr(size, b.const('i64', 32n)), 'i32')))
    },
  },
)

/** Integers are finite numbers; of complex ones both parts count. */
function classify(
  name: string,
  compute: (b: Builder, x: Value) => Value,
  join: 'and' | 'or',
  ofIntegers: boolean,
): Operation {
  return {
    name,
    signature: meeting(anything, toBool)(name),
    lower(b, [x]) {
      if (x.v.type[0] !== 'f') return real('bool', b.const('i1', ofIntegers))
      const first = compute(b, x.v)
      return real('bool', x.im ? b.op(join, 'i1', [first, compute(b, x.im)]) : first)
    },
  }
}

export const isnan = classify('isnan', (b, x) => b.ne(x, x), 'or', false)
export const isinf = classify('isinf', (b, x) => b.eq(b.abs(x), Infinity), 'or', false)
export const isfinite = classify('isfinite', (b, x) => b.lt(b.abs(x), Infinity), 'and', true)

/** `where(condition, x, y)`. */
export const where: Operation = {
  name: 'where',
  signature(dtypes) {
    const result = promote(dtypes[1], dtypes[2])
    return { operands: ['bool', result, result], result }
  },
  lower(b, [c, x, y], { result }) {
    const v = b.select(c.v, x.v, y.v)
    return x.im && y.im ? pair(result, v, b.select(c.v, x.im, y.im)) : real(result, v)
  },
}
