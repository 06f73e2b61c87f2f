/** The ways operations are written down. */

import type { Builder, Value } from '@skein/kernel/compiler'
import { type DType, infoOf } from '../../dtypes.ts'
import { fit, type Lane, pair, real } from '../lanes.ts'
import type { Operation, Signature } from '../operation.ts'
import type { Pair } from './complex.ts'
import type { Rule } from './rules.ts'

export interface Unary {
  readonly real: (b: Builder, x: Value, dtype: DType) => Value
  readonly complex?: (b: Builder, x: Pair) => Pair
  readonly js?: Operation['js']
}

export interface Binary {
  readonly real: (b: Builder, x: Value, y: Value, dtype: DType) => Value
  readonly complex?: (b: Builder, x: Pair, y: Pair) => Pair
  /** Of a real number and a complex one, in either order, where they do not meet before. */
  readonly mixed?: (b: Builder, x: Lane, y: Lane) => Pair
  readonly js?: Operation['js']
}

/** The value computed, as one of the result's dtype: fitted where it is a number of operands' kind. */
function given({ operands, result }: Signature, b: Builder, v: Value): Lane {
  return result === operands[0] ? fit(b, result, v) : real(result, v)
}

export function unary(name: string, rule: Rule, { real: compute, complex, js }: Unary): Operation {
  return {
    name,
    signature: rule(name),
    lower(b, [x], signature) {
      if (complex && x.im) {
        const { v, im } = complex(b, x as Pair)
        return pair(signature.result, v, im)
      }
      return given(signature, b, compute(b, x.v, x.dtype))
    },
    ...(js && { js }),
  }
}

export function binary(name: string, rule: Rule, { real: compute, complex, mixed, js }: Binary): Operation {
  return {
    name,
    signature: rule(name),
    lower(b, [x, y], signature) {
      if (complex && x.im && y.im) {
        const { v, im } = complex(b, x as Pair, y as Pair)
        return pair(signature.result, v, im)
      }
      if (mixed && (x.im || y.im)) {
        const { v, im } = mixed(b, x, y)
        return pair(signature.result, v, im)
      }
      return given(signature, b, compute(b, x.v, y.v, x.dtype))
    },
    ...(js && { js }),
  }
}

export const isUnsigned = (dtype: DType): boolean => infoOf(dtype).kind === 'unsigned'

/** A comparison's operation for a dtype: that of floats, or of signed or unsigned integers. */
export function less(b: Builder, x: Value, y: Value, dtype: DType): Value {
  if (x.type === 'i1') return b.op('and', 'i1', [b.not(x), y])
  if (x.type[0] === 'f') return b.lt(x, y)
  return isUnsigned(dtype) ? b.ult(x, y) : b.slt(x, y)
}

export function lessEqual(b: Builder, x: Value, y: Value, dtype: DType): Value {
  if (x.type === 'i1') return b.op('or', 'i1', [b.not(x), y])
  if (x.type[0] === 'f') return b.le(x, y)
  return isUnsigned(dtype) ? b.ule(x, y) : b.sle(x, y)
}
