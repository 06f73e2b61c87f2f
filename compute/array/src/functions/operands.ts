/** What functions are given: arrays, numbers, typed arrays and lists. */

import { ArgumentError } from '@skein/base'
import {
  type Complex,
  type DType,
  dtypeOfElements,
  type Elements,
  infoOf,
  isComplex,
  isInteger,
  partOf,
} from '../dtypes.ts'
import { type Node, scalarOf } from '../expression/node.ts'
import { Memory } from '../memory.ts'
import { arrayOf, NDArray } from '../ndarray.ts'
import { promote, promoteWeak, strong, type Weak } from '../promotion.ts'

/** What elements are computed of: an array, a typed array, or a number that goes with any shape. */
export type Operand = NDArray | ArrayBufferView | number | bigint | boolean | Complex

export const isComplexNumber = (x: unknown): x is Complex =>
  typeof x === 'object' &&
  x !== null &&
  typeof (x as Complex).re === 'number' &&
  typeof (x as Complex).im === 'number' &&
  !(x instanceof NDArray)

/** Of which kind a number is; undefined: it is none. */
export function weakOf(x: unknown): Weak | undefined {
  switch (typeof x) {
    case 'number':
      return Number.isInteger(x) ? 'integer' : 'float'
    case 'bigint':
      return 'bigint'
    case 'boolean':
      return 'bool'
    default:
      return isComplexNumber(x) ? 'complex' : undefined
  }
}

/** An array over a typed array, which it shares; undefined: it is none. */
export function fromElements(x: unknown): NDArray | undefined {
  const dtype = dtypeOfElements(x)
  if (dtype === undefined) return undefined
  const elements = x as Elements
  if (elements.buffer instanceof ArrayBuffer && elements.buffer.detached)
    throw new ArgumentError('asarray', 'x', 'a typed array with elements', x, 'Its buffer has been transferred.')
  if (elements.buffer instanceof ArrayBuffer && elements.buffer.resizable)
    throw new ArgumentError('asarray', 'x', 'a typed array whose buffer keeps its length', x, 'Copy it: x.slice().')
  const given = infoOf(dtype).Elements
  // A Uint8ClampedArray or Buffer holds the same bytes.
  const own =
    elements.constructor === given ? elements : new given(elements.buffer, elements.byteOffset, elements.length)
  return arrayOf({ dtype, shape: [own.length], strides: [1], offset: 0, memory: new Memory(own) })
}

/** The array that is meant. @throws ArgumentError */
export function toArray(x: unknown, call: string, argument = 'x'): NDArray {
  if (x instanceof NDArray) return x
  const found = fromElements(x)
  if (found) return found
  const weak = weakOf(x)
  if (weak) return new NDArray(scalarNode(x as number, strong[weak], call, argument))
  const advice = Array.isArray(x) ? 'Make an array of it: nd.asarray(list).' : undefined
  throw new ArgumentError(call, argument, 'an array, a typed array or a number', x, advice)
}

/** A number as a node of a dtype that holds its kind. */
export function scalarNode(x: number | bigint | boolean | Complex, dtype: DType, call: string, argument: string): Node {
  const { type, kind } = infoOf(dtype)
  if (isComplexNumber(x)) return scalarOf(dtype, x.re, x.im)
  if (kind === 'bool') return scalarOf(dtype, x ? 1 : 0)
  if (isInteger(dtype)) return scalarOf(dtype, checkRange(x as number | bigint | boolean, dtype, call, argument))
  return scalarOf(dtype, type === 'i64' ? BigInt(x as bigint) : Number(x))
}

/** @throws ArgumentError for a whole number that the dtype has not */
function checkRange(x: number | bigint | boolean, dtype: DType, call: string, argument: string): number | bigint {
  const { bits, kind, type } = infoOf(dtype)
  const value = BigInt(x)
  const [least, most] =
    kind === 'signed' ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n] : [0n, 2n ** BigInt(bits) - 1n]
  if (value < least || value > most)
    throw new ArgumentError(
      call,
      argument,
      `a number that ${dtype} holds, from ${least} to ${most}`,
      x,
      'Convert the array with astype first.',
    )
  return type === 'i64' ? BigInt.asIntN(64, value) : Number(value)
}

/** Nodes of operands; numbers take the dtype in which arrays meet. @throws ArgumentError */
export function nodesOf(given: readonly unknown[], call: string, names: readonly string[]): Node[] {
  let met: DType | undefined
  const arrays = given.map((x, k) => {
    if (x instanceof NDArray || weakOf(x) === undefined) {
      const array = toArray(x, call, names[k])
      met = met === undefined ? array.dtype : promote(met, array.dtype)
      return array
    }
    return undefined
  })
  return given.map((x, k) => {
    const array = arrays[k]
    if (array) return array.node
    const weak = weakOf(x)!
    const dtype = met === undefined ? strong[weak] : promoteWeak(met, weak)
    // A real number beside complex ones stays one: an imaginary part of 0 would meet infinities.
    const own = isComplex(dtype) && weak !== 'complex' ? partOf(dtype) : dtype
    return scalarNode(x as number, own, call, names[k])
  })
}
