/** What packing asks of the engine beyond the language: Node's where there is a Node, and the same in plain JavaScript elsewhere, more slowly. */

import { nodeModule } from '@skein/base'

const util = nodeModule<typeof import('node:util')>('node:util')

export const inspect = util?.inspect

const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1)

/** A type is what it says it is if the methods of that type take it: its name alone can be anything's. */
const brand =
  (tag: string, type: { readonly prototype: object } | undefined, key: string) =>
  (value: unknown): boolean => {
    if (type === undefined || tagOf(value) !== tag) return false
    const { get, value: method } = Object.getOwnPropertyDescriptor(type.prototype, key)!
    try {
      ;(get ?? method).call(value)
      return true
    } catch {
      return false
    }
  }

const isSharedArrayBuffer = brand(
  'SharedArrayBuffer',
  typeof SharedArrayBuffer === 'undefined' ? undefined : SharedArrayBuffer,
  'byteLength',
)
const isArrayBuffer = brand('ArrayBuffer', ArrayBuffer, 'byteLength')
const boxes = [
  brand('Number', Number, 'valueOf'),
  brand('String', String, 'valueOf'),
  brand('Boolean', Boolean, 'valueOf'),
  brand('BigInt', BigInt, 'valueOf'),
  brand('Symbol', Symbol, 'valueOf'),
]

const plainTypes = {
  isDate: brand('Date', Date, 'getTime'),
  isRegExp: brand('RegExp', RegExp, 'source'),
  isMap: brand('Map', Map, 'size'),
  isSet: brand('Set', Set, 'size'),
  isSharedArrayBuffer,
  isAnyArrayBuffer: (value: unknown) => isArrayBuffer(value) || isSharedArrayBuffer(value),
  isNativeError: (value: unknown) => tagOf(value) === 'Error' || value instanceof Error,
  isBoxedPrimitive: (value: unknown) => boxes.some(is => is(value)),
  isPromise: (value: unknown) => value instanceof Promise,
  isWeakMap: (value: unknown) => value instanceof WeakMap,
  isWeakSet: (value: unknown) => value instanceof WeakSet,
  isGeneratorObject: (value: unknown) => /^(Async)?Generator$/.test(tagOf(value)),
  isModuleNamespaceObject: (value: unknown) => tagOf(value) === 'Module',
  // These cannot be told without Node; what is behind a proxy is packed.
  isProxy: () => false,
  isExternal: () => false,
  isKeyObject: () => false,
}

type Types = Pick<typeof import('node:util').types, keyof typeof plainTypes>

export const types: Types = util?.types ?? (plainTypes as unknown as Types)

/** Characters that a call of `String.fromCharCode` takes: each is an argument. */
const piece = 8192

/** What is asked here of a Buffer. */
class PlainBytes extends Uint8Array {
  write(text: string, at: number, encoding: 'latin1' | 'utf16le'): void {
    if (encoding === 'latin1') for (let i = 0; i < text.length; i++) this[at + i] = text.charCodeAt(i)
    else
      for (let i = 0; i < text.length; i++) {
        const unit = text.charCodeAt(i)
        this[at + 2 * i] = unit
        this[at + 2 * i + 1] = unit >> 8
      }
  }

  override toString(encoding?: 'latin1' | 'utf16le', from = 0, to = this.length): string {
    if (encoding === undefined) return super.toString()
    const units =
      encoding === 'latin1'
        ? this.subarray(from, to)
        : Uint16Array.from({ length: (to - from) >> 1 }, (_, i) => this[from + 2 * i] + this[from + 2 * i + 1] * 256)
    let text = ''
    for (let i = 0; i < units.length; i += piece)
      text += String.fromCharCode.apply(undefined, units.subarray(i, i + piece) as never)
    return text
  }

  copy(target: Uint8Array, at: number, from: number, to: number): void {
    target.set(this.subarray(from, to), at)
  }
}

const NodeBuffer = nodeModule<typeof import('node:buffer')>('node:buffer')?.Buffer

/** Bytes that nothing else lies beside; what is in them is anything. */
export const newBytes: (bytes: number) => Buffer = NodeBuffer
  ? NodeBuffer.allocUnsafeSlow
  : bytes => new PlainBytes(bytes) as never

/** The same bytes, for texts to be read from. */
export const textBytes: (bytes: Uint8Array) => Buffer = NodeBuffer
  ? ({ buffer, byteOffset, byteLength }) => NodeBuffer.from(buffer, byteOffset, byteLength)
  : ({ buffer, byteOffset, byteLength }) => new PlainBytes(buffer as ArrayBuffer, byteOffset, byteLength) as never
