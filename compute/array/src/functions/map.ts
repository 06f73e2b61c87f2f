/** A function of one's own on elements, compiled into the kernel of its expression. */

import { ArgumentError } from '@skein/base'
import {
  type Captured,
  inline,
  type Kind,
  lowerFunction,
  type NumberFunction,
  readFunction,
} from '@skein/kernel/compiler'
import { type DType, infoOf } from '../dtypes.ts'
import { DTypeError } from '../errors.ts'
import { fit, real } from '../expression/lanes.ts'
import type { Operation } from '../expression/operation.ts'
import { NDArray } from '../ndarray.ts'
import { applyNodes } from './apply.ts'
import { nodesOf, type Operand } from './operands.ts'

export interface MapOptions {
  /** Values and functions that the function names from outside. As a function, `() => ({ limit })`, the names survive a minifier. */
  use?: Captured | (() => Captured)
}

const kinds: Partial<Record<DType, Kind>> = {
  bool: 'bool',
  uint32: 'u32',
  int64: 'i64',
  uint64: 'u64',
  float16: 'f32',
  float32: 'f32',
  float64: 'f64',
}
const kindOf = (dtype: DType): Kind => kinds[dtype] ?? 'i32'

/** What a function gives. A whole number or a fraction that no element had part in is a float64. */
const dtypeOf = (kind: Kind): DType =>
  ({
    bool: 'bool',
    i32: 'int32',
    u32: 'uint32',
    i64: 'int64',
    u64: 'uint64',
    f32: 'float32',
    f64: 'float64',
    wi: 'float64',
    wf: 'float64',
    wb: 'int64',
  })[kind] as DType

const operations = new Map<string, Operation>()

function operationOf(fn: NumberFunction): Operation {
  const known = operations.get(fn.key)
  if (known) return known
  const lowered = new Map<string, ReturnType<typeof lowerFunction>>()
  const lower = (dtypes: readonly DType[]) => {
    const key = dtypes.map(kindOf).join()
    let found = lowered.get(key)
    if (!found) lowered.set(key, (found = lowerFunction(fn, dtypes.map(kindOf), 'map')))
    return found
  }
  const operation: Operation = {
    name: `map-${operations.size}`,
    signature(dtypes) {
      if (dtypes.some(d => infoOf(d).kind === 'complex'))
        throw new DTypeError('map', 'real numbers', dtypes, 'Take nd.real and nd.imag.')
      return { operands: dtypes, result: dtypeOf(lower(dtypes).kind) }
    },
    lower(b, operands, { result }) {
      const { ir } = lower(operands.map(x => x.dtype))
      const [v] = inline(
        b,
        ir,
        operands.map(x => x.v),
      )
      return v.type === infoOf(result).type ? fit(b, result, v) : real(result, v)
    },
  }
  operations.set(fn.key, operation)
  return operation
}

/**
 * A plain function on the elements of arrays, which are broadcast: `nd.map((a, b) => Math.sin(a) * b, x, y)`. It becomes part of the kernel of
 * the expression that it stands in. What it may contain is the kernel language; integers of 8 and 16 bits are int32 in it.
 * @throws KernelSyntaxError, KernelTypeError, UnknownNameError, ShapeError
 */
export function map(
  fn: (...elements: any[]) => number | bigint | boolean,
  ...given: [...Operand[], Operand | MapOptions]
): NDArray {
  if (typeof fn !== 'function') throw new ArgumentError('map', 'fn', 'a function', fn)
  const last = given[given.length - 1]
  const hasOptions = typeof last === 'object' && last !== null && 'use' in last
  const operands = hasOptions ? given.slice(0, -1) : given
  const read = readFunction(fn, hasOptions ? (last as MapOptions).use : undefined)
  if (read.parameters !== operands.length)
    throw new ArgumentError(
      'map',
      'arrays',
      `as many as the function has parameters: ${read.parameters}`,
      `${operands.length} of them`,
    )
  const names = operands.map((_, k) => `array ${k + 1}`)
  return new NDArray(applyNodes(operationOf(read), nodesOf(operands, 'map', names)))
}
