/**
 * Bytes into values (`format.ts`). The bytes are trusted in nothing: whatever they are, the answer is a value or a MalformedValueError, after
 * time and memory in proportion to their number.
 */

import { type ErrorWire, SkeinError, travelNamed } from '@skein/base'
import { textBytes } from './engine.ts'
import { MalformedValueError, UnknownClassError } from './errors.ts'
import {
  deepest,
  firstForeignTag,
  firstShortArray,
  firstShortText,
  firstSmallInt,
  mostShapes,
  mostShortArray,
  tags,
} from './format.ts'
import { classOf } from './kinds.ts'
import { inlineText, keyText, mostInline } from './text.ts'

/** The reader of what a `Foreign` has written. */
export interface ForeignReader {
  /** What the tag stands for. @throws MalformedValueError, by `from.malformed`, for a tag that is none of its own */
  take(tag: number, from: Unpacker): unknown
  /** Whether instances of a class (`registerTravel`) are made of what came. Default: of any that is known here. */
  allows?(className: string): boolean
}

const float = new Float64Array(1)
const floatBytes = new Uint8Array(float.buffer)

/** From so many bytes on, a view that reads numbers pays for being made. */
const longBytes = 256

/** Objects whose places are cleared for the next value; a longer list is thrown away. */
const fewSeen = 1024

/** Levels that the packer does not count: an error and a handle are one more than what they hold. */
const deepestRead = deepest + 4

export class Unpacker {
  private bytes: Uint8Array = floatBytes
  private at = 0
  private end = 0
  /** The same bytes, once a long text is met. */
  private buffer: Buffer | undefined
  /** The same bytes, if they are many. */
  private view: DataView | undefined
  private foreign: ForeignReader | undefined
  private depth = 0
  /** Inside an error nothing has been seen before: else a few bytes could stand for a vast tree. */
  private inError = false

  /** Objects begun, by their numbers: the first `met`. */
  private seen: unknown[] = []
  private met = 0
  private readonly shapes: (readonly string[])[] = []
  private shapeCount = 0

  unpack(bytes: Uint8Array, foreign: ForeignReader | undefined): unknown {
    this.bytes = bytes
    this.at = 0
    this.end = bytes.length
    this.foreign = foreign
    if (bytes.length >= longBytes) this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    try {
      const value = this.take()
      if (this.at !== this.end) this.malformed(`${this.end - this.at} bytes more than the value has`)
      return value
    } finally {
      this.forget()
    }
  }

  /** Keeps nothing of the value alive. */
  private forget(): void {
    if (this.met > fewSeen) this.seen = []
    else for (let i = 0; i < this.met; i++) this.seen[i] = undefined
    this.met = 0
    this.shapeCount = 0
    this.depth = 0
    this.inError = false
    this.bytes = floatBytes
    this.buffer = undefined
    this.view = undefined
    this.foreign = undefined
  }

  malformed(problem: string, at = this.at, cause?: unknown): never {
    throw new MalformedValueError(problem, at, cause === undefined ? undefined : { cause })
  }

  /** Steps over so many bytes; returns where they begin. */
  private step(bytes: number): number {
    const { at } = this
    if (bytes > this.end - at) this.malformed(`${bytes} bytes more are said to come, of ${this.end},`)
    this.at = at + bytes
    return at
  }

  byte(): number {
    return this.bytes[this.step(1)]
  }
  u32(): number {
    const at = this.step(4)
    const b = this.bytes
    return (b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)) >>> 0
  }
  f64(): number {
    const at = this.step(8)
    if (this.view !== undefined) return this.view.getFloat64(at, true)
    const b = this.bytes
    for (let i = 0; i < 8; i++) floatBytes[i] = b[at + i]
    return float[0]
  }

  /** A count of what takes at least so many bytes each: more than there is room for would only cost memory. */
  private count(each: number): number {
    const n = this.u32()
    if (n * each > this.end - this.at) this.malformed(`${n} parts are said to come`, this.at - 4)
    return n
  }

  private textOf(tag: number): string {
    if (tag >= firstShortText && tag < firstSmallInt) return this.shortText(tag - firstShortText)
    if (tag !== tags.latin1 && tag !== tags.utf16) this.malformed(`tag ${tag} instead of a text`, this.at - 1)
    return this.sliced(this.u32(), tag === tags.latin1 ? 'latin1' : 'utf16le')
  }
  text(): string {
    return this.textOf(this.byte())
  }
  private shortText(length: number): string {
    return length <= mostInline ? inlineText(this.bytes, this.step(length), length) : this.sliced(length, 'latin1')
  }
  private sliced(bytes: number, encoding: 'latin1' | 'utf16le'): string {
    const at = this.step(bytes)
    this.buffer ??= textBytes(this.bytes)
    return this.buffer.toString(encoding, at, at + bytes)
  }

  private key(): string {
    const tag = this.byte()
    if (tag < firstShortText || tag >= firstSmallInt) return this.textOf(tag)
    const length = tag - firstShortText
    return keyText(this.bytes, this.step(length), length)
  }

  /** A copy: the bytes may lie in shared memory that is freed later. */
  private copy(): ArrayBuffer {
    return this.copyTo(n => new ArrayBuffer(n))
  }
  private copyTo<B extends ArrayBufferLike>(make: (bytes: number) => B): B {
    const length = this.f64()
    if (!(Number.isInteger(length) && length >= 0)) this.malformed(`a length of ${length}`, this.at - 8)
    const at = this.step(length)
    const copy = make(length)
    new Uint8Array(copy).set(this.bytes.subarray(at, at + length))
    return copy
  }

  /** Gives an object the next number. */
  note<T>(value: T): T {
    this.seen[this.met++] = value
    return value
  }
  /** Takes the next number for an object that can only be made of its parts: `noteAt` says what it became. */
  noteLater(): number {
    this.seen[this.met] = undefined
    return this.met++
  }
  noteAt<T>(number: number, value: T): T {
    this.seen[number] = value
    return value
  }

  take(): unknown {
    const tag = this.byte()
    if (tag >= firstSmallInt) {
      if (tag < firstShortArray) return tag - firstSmallInt
    } else if (tag >= firstShortText) return this.shortText(tag - firstShortText)
    switch (tag) {
      case tags.int32: {
        return this.u32() | 0
      }
      case tags.float64:
        return this.f64()
      case tags.undefined:
        return undefined
      case tags.null:
        return null
      case tags.true:
        return true
      case tags.false:
        return false
      case tags.latin1:
      case tags.utf16:
        return this.textOf(tag)
      case tags.bigint:
        return this.bigint()
      case tags.seen:
        return this.takeSeen()
    }
    if (++this.depth > deepestRead) this.malformed(`nesting of more than ${deepest}`)
    const value = this.takeObject(tag)
    this.depth--
    return value
  }

  private bigint(): bigint {
    const { at } = this
    const text = this.text()
    if (!/^-?[0-9a-f]+$/.test(text)) this.malformed('a bigint without digits', at)
    try {
      return text[0] === '-' ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`)
    } catch (cause) {
      return this.malformed('a bigint that is too large', at, cause)
    }
  }

  private takeSeen(): unknown {
    const number = this.u32()
    if (number >= this.met || this.inError) this.malformed(`object ${number} of ${this.met}`, this.at - 4)
    return this.seen[number]
  }

  private takeObject(tag: number): unknown {
    if (tag >= firstShortArray && tag <= firstShortArray + mostShortArray) return this.takeArray(tag - firstShortArray)
    switch (tag) {
      case tags.shaped: {
        const number = this.byte()
        if (number >= this.shapeCount) this.malformed(`shape ${number} of ${this.shapeCount}`, this.at - 1)
        return this.takeShaped(this.shapes[number])
      }
      case tags.shape:
        return this.takeShaped(this.takeShape())
      case tags.object:
        return this.takeEntries(this.note({}))
      case tags.array:
        return this.takeArray(this.count(1))
      case tags.sparse:
        return this.takeEntries(this.note(sparse(this.u32(), this.end)))
      case tags.view:
        return this.takeView()
      case tags.buffer:
        return this.note(this.copy())
      case tags.sharedBuffer:
        return this.note(this.copyTo(n => new SharedArrayBuffer(n)))
      case tags.dataView:
        return this.note(new DataView(this.copy()))
      case tags.map: {
        const map = this.note(new Map<unknown, unknown>())
        for (let n = this.count(2); n > 0; n--) {
          const key = this.take()
          map.set(key, this.take())
        }
        return map
      }
      case tags.set: {
        const set = this.note(new Set<unknown>())
        for (let n = this.count(1); n > 0; n--) set.add(this.take())
        return set
      }
      case tags.date:
        return this.note(new Date(this.f64()))
      case tags.regexp:
        return this.takeRegExp()
      case tags.error:
        return this.takeError()
      case tags.boxed: {
        const number = this.noteLater()
        const primitive = this.take()
        if (Object(primitive) === primitive || primitive === undefined || primitive === null) {
          this.malformed('a boxed value that is no primitive')
        }
        return this.noteAt(number, Object(primitive))
      }
      case tags.instance:
        return this.takeInstance()
    }
    if (tag < firstForeignTag || this.foreign === undefined) this.malformed(`tag ${tag}`, this.at - 1)
    return this.foreign.take(tag, this)
  }

  private takeArray(length: number): unknown[] {
    if (length > this.end - this.at) this.malformed(`${length} elements are said to come`)
    const array: unknown[] = this.note(new Array(length))
    for (let i = 0; i < length; i++) array[i] = this.take()
    return array
  }

  private takeShape(): readonly string[] {
    if (this.shapeCount === mostShapes) this.malformed(`more than ${mostShapes} shapes`)
    const keys: string[] = new Array(this.byte())
    for (let i = 0; i < keys.length; i++) {
      keys[i] = this.key()
      if (keys[i] === '__proto__') this.malformed('a shape with __proto__')
    }
    this.shapes[this.shapeCount++] = keys
    return keys
  }

  private takeShaped(keys: readonly string[]): object {
    const object: { [key: string]: unknown } = this.note({})
    for (let i = 0; i < keys.length; i++) object[keys[i]] = this.take()
    return object
  }

  private takeEntries(object: object): object {
    for (let n = this.count(2); n > 0; n--) {
      const key = this.key()
      if (key === 'length' && Array.isArray(object)) this.malformed('an array with a length of its own')
      const value = this.take()
      if (key !== '__proto__') (object as { [key: string]: unknown })[key] = value
      // An own property of that name, as it was; an assignment would set the prototype.
      else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
    }
    return object
  }

  private takeView(): unknown {
    const kind = this.byte()
    const type = classOf(kind) as unknown as (new (buffer: ArrayBuffer) => unknown) & { BYTES_PER_ELEMENT: number }
    if (type === undefined) this.malformed(`an array of kind ${kind}, which this Node does not have,`, this.at - 1)
    const buffer = this.copy()
    if (buffer.byteLength % type.BYTES_PER_ELEMENT !== 0) this.malformed('an array that ends within an element')
    return this.note(new type(buffer))
  }

  private takeRegExp(): RegExp {
    const { at } = this
    const source = this.text()
    const flags = this.text()
    try {
      return this.note(new RegExp(source, flags))
    } catch (cause) {
      return this.malformed('a regular expression that is none', at, cause)
    }
  }

  private takeInstance(): object {
    const { at } = this
    const number = this.noteLater()
    const [name, module] = [this.text(), this.text()]
    if (this.foreign?.allows?.(name) === false) this.malformed(`an instance of ${name}, which is not taken here,`, at)
    const travel = travelNamed(name)
    if (!travel) throw new UnknownClassError(name, module)
    const data = this.take()
    try {
      return this.noteAt(number, travel.fromData(data as never))
    } catch (cause) {
      return this.malformed(`an instance of ${name} that is none`, at, cause)
    }
  }

  private takeError(): Error {
    const { at } = this
    const number = this.noteLater()
    const { inError } = this
    this.inError = true
    const wire = this.take() as Partial<ErrorWire> | null | undefined
    this.inError = inError
    if (typeof wire?.name !== 'string' || typeof wire.message !== 'string') this.malformed('an error that is none', at)
    try {
      return this.noteAt(number, SkeinError.revive(wire as ErrorWire))
    } catch (cause) {
      return this.malformed('an error that is none', at, cause)
    }
  }
}

/** An array that is nothing but holes. A long one must take no memory for them: it may be a lie. */
function sparse(length: number, bytes: number): unknown[] {
  const array: unknown[] = []
  // Setting a length beyond what the engine would reserve makes a table of it, and it stays one.
  if (length > bytes) array.length = 2 ** 32 - 1
  array.length = length
  return array
}

/** None is at work. */
const idle: Unpacker[] = []

/**
 * @param foreign what reads the tags of a room above, if any may be there
 * @throws MalformedValueError
 */
export function unpack(bytes: Uint8Array, foreign?: ForeignReader): unknown {
  const unpacker = idle.pop() ?? new Unpacker()
  try {
    return unpacker.unpack(bytes, foreign)
  } finally {
    idle.push(unpacker)
  }
}
