/** What the front end is told of the arguments: the kind of each, not its value. One signature, one compiled program. */
import { BFloat16Array } from '../bfloat16.ts'
import type { Element } from '../ir/ir.ts'
import type { Kind } from './kinds.ts'

export type ArgumentType =
  | { is: 'array'; element: Element }
  /** A number; whole: an integer of 32 bits, which may index and meet integers without making them floats. */
  | { is: 'number'; whole: boolean }
  | { is: 'bigint' }
  | { is: 'boolean' }
  /** A scalar of a known kind: an operand of a combine function. */
  | { is: 'kind'; kind: Kind }
  /** `{ data, shape, strides, offset? }`: an n-dimensional view of an array. */
  | { is: 'view'; element: Element; rank: number; offset: boolean }

/** Names given in `use`: constants, helper functions, arrays, or plain objects of these. */
export type Captured = { [name: string]: unknown }

const ELEMENTS: Record<string, Element> = {
  Int8Array: 'i8',
  Uint8Array: 'u8',
  Uint8ClampedArray: 'u8c',
  Int16Array: 'i16',
  Uint16Array: 'u16',
  Int32Array: 'i32',
  Uint32Array: 'u32',
  BigInt64Array: 'i64',
  BigUint64Array: 'u64',
  Float16Array: 'f16',
  BFloat16Array: 'bf16',
  Float32Array: 'f32',
  Float64Array: 'f64',
}

/** Names of the typed arrays, as constructors inside a kernel: `new Float32Array(8)` is a private array. */
export const elementOf = (constructorName: string): Element | undefined =>
  Object.hasOwn(ELEMENTS, constructorName) ? ELEMENTS[constructorName] : undefined

export function elementOfArray(x: unknown): Element | undefined {
  if (!ArrayBuffer.isView(x) || x instanceof DataView) return undefined
  const element = elementOf((x as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag])
  return element === 'u16' && x instanceof BFloat16Array ? 'bf16' : element
}

export const arrayName = (element: Element): string => Object.keys(ELEMENTS).find(k => ELEMENTS[k] === element)!

export const isWhole = (x: number): boolean => (x | 0) === x

/** The type of an argument, or undefined when it is nothing a kernel can take. */
export function argumentType(x: unknown): ArgumentType | undefined {
  switch (typeof x) {
    case 'number':
      return { is: 'number', whole: isWhole(x) }
    case 'bigint':
      return { is: 'bigint' }
    case 'boolean':
      return { is: 'boolean' }
    case 'object': {
      if (x === null) return undefined
      const element = elementOfArray(x)
      if (element) return { is: 'array', element }
      const view = x as { data?: unknown; shape?: unknown; strides?: unknown; offset?: unknown }
      const data = elementOfArray(view.data)
      if (data && isNumberList(view.shape) && isNumberList(view.strides) && view.shape.length === view.strides.length) {
        return { is: 'view', element: data, rank: view.shape.length, offset: view.offset !== undefined }
      }
    }
  }
  return undefined
}

function isNumberList(x: unknown): x is ArrayLike<number> {
  return (Array.isArray(x) || ArrayBuffer.isView(x)) && Array.prototype.every.call(x, n => Number.isSafeInteger(n))
}
