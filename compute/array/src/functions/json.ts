/** Arrays as JSON that loses nothing: dtype and shape, and what JSON's numbers are not as texts. */

import { ArgumentError } from '@skein/base'
import { type DType, type Elements, infoOf, isInteger } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { checkShape, sizeOf } from '../shape.ts'
import { checkDType, fresh } from './creation.ts'
import { toArray } from './operands.ts'
import { elementsOf } from './placing.ts'

export interface ArrayJSON<D extends DType = DType> {
  readonly dtype: D
  readonly shape: readonly number[]
  /** In C order, complex numbers in pairs. Integers of 64 bits are texts, and so are NaN, Infinity, -Infinity and -0. */
  readonly values: readonly (number | boolean | string)[]
}

/** What `JSON.stringify` writes of an array. */
export function toJSON<D extends DType>(x: NDArray<D>): ArrayJSON<D> {
  const array = toArray(x, 'toJSON') as NDArray<D>
  const { dtype, shape } = array
  const isBool = infoOf(dtype).kind === 'bool'
  const one = (v: number | bigint): number | boolean | string => {
    if (isBool) return v !== 0
    if (typeof v === 'bigint') return String(v)
    return Number.isFinite(v) && !Object.is(v, -0) ? v : Object.is(v, -0) ? '-0' : String(v)
  }
  return { dtype, shape: [...shape], values: Array.from(elementsOf(array) as ArrayLike<number | bigint>, one) }
}

const special = new Set(['NaN', 'Infinity', '-Infinity', '-0'])

/** The array that was written so: a text, or what `JSON.parse` made of it. @throws ArgumentError, ShapeError, SyntaxError of a text that is no JSON */
export function fromJSON<D extends DType = DType>(given: string | ArrayJSON<D>): NDArray<D> {
  const call = 'fromJSON'
  const json = (typeof given === 'string' ? JSON.parse(given) : given) as ArrayJSON<D>
  if (typeof json !== 'object' || json === null || !Array.isArray(json.values))
    throw new ArgumentError(call, 'json', 'an object of dtype, shape and values', json)
  const { dtype, values } = json
  checkDType(dtype, call)
  const shape = checkShape(json.shape, call)
  const { kind, type, parts } = infoOf(dtype)
  if (values.length !== sizeOf(shape) * parts)
    throw new ShapeError(call, `${values.length} values are not what ${dtype} ${shapeText(shape)} takes.`, [shape])
  const { array, memory } = fresh(dtype, shape, call)
  const elements: Elements = memory.elements
  const isWhole = isInteger(dtype)
  for (const [k, v] of values.entries()) {
    const fits =
      kind === 'bool'
        ? typeof v === 'boolean'
        : type === 'i64'
          ? typeof v === 'string' && /^-?\d{1,20}$/.test(v)
          : isWhole
            ? Number.isInteger(v)
            : typeof v === 'number' || special.has(v as string)
    const element = fits && type === 'i64' ? BigInt(v as string) : Number(v)
    if (fits) elements[k] = element
    if (!fits || (isWhole && elements[k] !== element))
      throw new ArgumentError(
        call,
        `values[${k}]`,
        type === 'i64' ? `a text of an ${dtype}` : `an element of ${dtype}`,
        v,
      )
  }
  return array
}
