/**
 * Values into bytes (`format.ts`): whatever structured clone takes, besides what a `Foreign` adds. Unlike structured clone, each view arrives with a
 * buffer of its own, of just its bytes, and errors keep their class, fields and causes.
 */

import { type Travel, toErrorWire, travelOf } from '@skein/base'
import type { TypedArray } from '@skein/heap'
import { inspect, types } from './engine.ts'
import { NotCloneableError } from './errors.ts'
import {
  deepest,
  firstShortArray,
  firstShortText,
  firstSmallInt,
  mostKeys,
  mostShapes,
  mostShortArray,
  mostShortText,
  mostSmallInt,
  tags,
} from './format.ts'
import { kindOf } from './kinds.ts'
import { grown, PackBuffer, viewOf } from './pack-buffer.ts'
import { pathText, uncloneable } from './refusal.ts'
import { isLatin1 } from './text.ts'

/**
 * What a room above sends besides plain data: its references and handles, or arrays that travel by their address. Its tags are those from
 * `firstForeignTag` on, and a `ForeignReader` takes them. Both number the same objects in the same order: `note` gives the next number.
 */
export interface Foreign {
  /**
   * Asked of each function, and of each object met for the first time that is no plain object and no array; typed arrays are among them.
   *
   * @returns whether it has written it: a tag of its own by `to.putTag`, and what belongs to it. If not, it is packed as data
   */
  put(value: object, to: Packer): boolean
}

/** Objects that are found by looking at each; a map costs more until there are so many. */
const few = 40

/** Elements from which an array's named properties are asked for another way. */
const manyElements = 128

export class Packer {
  private bytes: Buffer
  private view: DataView
  private at = 0

  private call = ''
  private root = ''
  private foreign: Foreign | undefined
  /** The way from the root to what is being packed: the first `depth` of these. */
  private readonly path: (string | number)[] = []
  private depth = 0

  /** Objects met, by their numbers: the first few here, then all in the map. */
  private readonly first: (object | undefined)[] = new Array(few).fill(undefined)
  private all: Map<object, number> | undefined
  private met = 0

  /** Shapes met, by their numbers: the first `shapeCount`. */
  private readonly shapes: (readonly string[])[] = []
  private shapeCount = 0
  private lastShape = 0
  /** After each shape, the one that last came after it. */
  private readonly nextShape = new Uint8Array(mostShapes)
  /** Whether each object inherits keys: someone has put properties on `Object.prototype`. */
  private inherits = false

  constructor({ bytes, view } = new PackBuffer(1 << 16)) {
    this.bytes = bytes
    this.view = view
  }

  /** @returns bytes that are valid until the next call */
  pack(value: unknown, call: string, root: string, foreign: Foreign | undefined): Uint8Array {
    const end = this.packAt(0, value, call, root, foreign)
    // No Buffer: the slice of one would be a view of the same bytes.
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset, end)
  }

  packInto(buffer: PackBuffer, from: number, value: unknown, call: string, root: string, foreign?: Foreign): number {
    const { bytes, view } = this
    this.bytes = buffer.bytes
    this.view = buffer.view
    try {
      return this.packAt(from, value, call, root, foreign)
    } finally {
      buffer.bytes = this.bytes
      buffer.view = this.view
      this.bytes = bytes
      this.view = view
    }
  }

  private packAt(from: number, value: unknown, call: string, root: string, foreign: Foreign | undefined): number {
    this.at = from
    this.call = call
    this.root = root
    this.foreign = foreign
    this.depth = 0
    this.inherits = false
    for (const _ in Object.prototype) this.inherits = true
    try {
      this.put(value)
      return this.at
    } catch (error) {
      if (error instanceof RangeError && /call stack/i.test(error.message)) {
        this.refuse('nested too deeply', 'Flatten it: arrays of indices instead of links.')
      }
      throw error
    } finally {
      this.forget()
    }
  }

  /** Keeps nothing of the value alive. */
  private forget(): void {
    for (let i = Math.min(this.met, few) - 1; i >= 0; i--) this.first[i] = undefined
    this.all = undefined
    this.met = 0
    this.shapeCount = 0
    this.foreign = undefined
    if (this.path.length > few) this.path.length = few
  }

  /** A huge value should not leave a huge buffer behind: the next one gets another. */
  shrink(): void {
    if (this.bytes.length <= 1 << 24) return
    const { bytes, view } = new PackBuffer(1 << 16)
    this.bytes = bytes
    this.view = view
  }

  private reserve(bytes: number): void {
    if (this.at + bytes > this.bytes.length) this.grow(bytes)
  }
  private grow(bytes: number): void {
    this.bytes = grown(this.bytes, this.at, bytes)
    this.view = viewOf(this.bytes)
  }

  putTag(tag: number): void {
    this.reserve(1)
    this.bytes[this.at++] = tag
  }
  putU32(n: number): void {
    this.reserve(4)
    this.view.setUint32(this.at, n, true)
    this.at += 4
  }
  putF64(n: number): void {
    this.reserve(8)
    this.view.setFloat64(this.at, n, true)
    this.at += 8
  }

  put(value: unknown): void {
    // One by one, the engine asks for no type's name.
    if (typeof value === 'number') return this.putNumber(value)
    if (typeof value === 'string') return this.putText(value)
    if (typeof value === 'object') return value === null ? this.putTag(tags.null) : this.putObject(value)
    if (typeof value === 'boolean') return this.putTag(value ? tags.true : tags.false)
    switch (typeof value) {
      case 'undefined':
        return this.putTag(tags.undefined)
      case 'bigint':
        this.putTag(tags.bigint)
        return this.putText(value.toString(16))
      case 'function':
        if (this.foreign?.put(value, this)) return
        return this.refuse(
          value.name ? `the function '${value.name}'` : 'a function',
          'Send what it needs, and import it where it is used.',
        )
      case 'symbol':
        return this.refuse('a symbol', 'Send a string.')
    }
  }

  private putNumber(value: number): void {
    this.reserve(9)
    const { at } = this
    const int = value | 0
    if (int !== value || (int === 0 && Object.is(value, -0))) {
      this.bytes[at] = tags.float64
      this.view.setFloat64(at + 1, value, true)
      this.at = at + 9
    } else if (int >= 0 && int <= mostSmallInt) {
      this.bytes[at] = firstSmallInt + int
      this.at = at + 1
    } else {
      this.bytes[at] = tags.int32
      this.view.setInt32(at + 1, int, true)
      this.at = at + 5
    }
  }

  putText(s: string): void {
    const { length } = s
    if (length > mostShortText) return this.putLongText(s)
    this.reserve(length + 1)
    const { bytes, at } = this
    bytes[at] = firstShortText + length
    for (let i = 0; i < length; i++) {
      const unit = s.charCodeAt(i)
      if (unit > 0xff) return this.putLongText(s)
      bytes[at + 1 + i] = unit
    }
    this.at = at + 1 + length
  }

  private putLongText(s: string): void {
    const latin1 = isLatin1(s)
    const bytes = latin1 ? s.length : s.length * 2
    this.putTag(latin1 ? tags.latin1 : tags.utf16)
    this.putU32(bytes)
    this.reserve(bytes)
    this.bytes.write(s, this.at, latin1 ? 'latin1' : 'utf16le')
    this.at += bytes
  }

  /** The view's own bytes, and no more of its buffer. */
  private putBytes(view: ArrayBufferView): void {
    const { byteLength } = view
    this.putF64(byteLength)
    this.reserve(byteLength)
    this.bytes.set(new Uint8Array(view.buffer, view.byteOffset, byteLength), this.at)
    this.at += byteLength
  }

  /** Gives an object the next number. */
  note(value: object): void {
    const number = this.met++
    if (number < few) this.first[number] = value
    else {
      if (this.all === undefined) {
        this.all = new Map()
        for (let i = 0; i < few; i++) this.all.set(this.first[i]!, i)
      }
      this.all.set(value, number)
    }
  }

  private numberOf(value: object): number {
    if (this.all !== undefined) return this.all.get(value) ?? -1
    const { first, met } = this
    for (let i = 0; i < met; i++) if (first[i] === value) return i
    return -1
  }

  private putObject(value: object): void {
    const number = this.numberOf(value)
    if (number >= 0) {
      this.putTag(tags.seen)
      return this.putU32(number)
    }
    if (Array.isArray(value)) {
      this.begin(value)
      return this.putArray(value)
    }
    const prototype = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) {
      this.begin(value)
      if (this.inherits || !this.putLikeLast(value)) this.putPlain(value)
      return
    }
    if (this.foreign?.put(value, this)) return
    this.begin(value)
    if (ArrayBuffer.isView(value)) this.putView(value)
    else this.putSpecial(value)
  }

  private begin(value: object): void {
    if (this.depth >= deepest) {
      this.refuse(`nested more than ${deepest} deep`, 'Flatten it: arrays of indices instead of links.')
    }
    this.note(value)
  }

  private putArray(value: unknown[]): void {
    // A getter may change it on the way.
    const { length } = value
    if (!isDense(value)) {
      this.putTag(tags.sparse)
      this.putU32(length)
      return this.putEntries(value, Object.keys(value))
    }
    if (length <= mostShortArray) this.putTag(firstShortArray + length)
    else {
      this.putTag(tags.array)
      this.putU32(length)
    }
    const depth = this.depth++
    for (let i = 0; i < length; i++) {
      this.path[depth] = i
      this.put(value[i])
    }
    this.depth = depth
  }

  private putPlain(value: object): void {
    const keys = Object.keys(value)
    if (keys.length > mostKeys || keys.length === 0) {
      this.putTag(tags.object)
      return this.putEntries(value, keys)
    }
    const shape = this.shapeOf(keys)
    if (shape >= 0) this.putShapeNumber(shape)
    else if (this.shapeCount === mostShapes || keys.includes('__proto__')) {
      this.putTag(tags.object)
      return this.putEntries(value, keys)
    } else {
      const shape = this.shapeCount++
      this.shapes[shape] = keys
      this.nextShape[shape] = shape
      this.follow(shape)
      this.reserve(2)
      this.bytes[this.at++] = tags.shape
      this.bytes[this.at++] = keys.length
      for (let i = 0; i < keys.length; i++) this.putText(keys[i])
    }
    const depth = this.depth++
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]
      this.path[depth] = key
      this.put((value as Names)[key])
    }
    this.depth = depth
  }

  /** The number of the shape with these keys, or -1. */
  private shapeOf(keys: readonly string[]): number {
    for (let i = 0; i < this.shapeCount; i++) if (isSame(this.shapes[i], keys)) return i
    return -1
  }

  private follow(shape: number): void {
    this.nextShape[this.lastShape] = shape
    this.lastShape = shape
  }

  private putShapeNumber(shape: number): void {
    this.follow(shape)
    this.reserve(2)
    this.bytes[this.at++] = tags.shaped
    this.bytes[this.at++] = shape
  }

  /**
   * Packs an object that has the shape which is likely now: no list of its keys is made, and `for in` knows where their values lie. Of an
   * object that inherits keys it would tell those too.
   */
  private putLikeLast(value: object): boolean {
    if (this.shapeCount === 0) return false
    const shape = this.nextShape[this.lastShape]
    const keys = this.shapes[shape]
    let known = 0
    for (const key in value) if (key !== keys[known++]) return false
    if (known !== keys.length) return false
    this.putShapeNumber(shape)
    const depth = this.depth++
    known = 0
    for (const key in value) {
      // A getter may change it on the way.
      if (key !== keys[known]) break
      known++
      this.path[depth] = key
      this.put((value as Names)[key])
    }
    for (; known < keys.length; known++) this.put((value as Names)[keys[known]])
    this.depth = depth
    return true
  }

  private putEntries(value: object, keys: readonly string[]): void {
    this.putU32(keys.length)
    const depth = this.depth++
    for (const key of keys) {
      this.path[depth] = key
      this.putText(key)
      this.put((value as Names)[key])
    }
    this.depth = depth
  }

  private putView(value: ArrayBufferView): void {
    if (!types.isSharedArrayBuffer(value.buffer)) this.checkBuffer(value.buffer)
    if (value instanceof DataView) this.putTag(tags.dataView)
    else {
      this.putTag(tags.view)
      this.putTag(kindOf(value as TypedArray))
    }
    this.putBytes(value)
  }

  private checkBuffer(buffer: ArrayBuffer): void {
    if (buffer.detached) this.refuse('an ArrayBuffer that was transferred', 'Send it before, or a copy.')
  }

  private putSpecial(value: object): void {
    if (types.isDate(value)) {
      this.putTag(tags.date)
      return this.putF64(value.getTime())
    }
    if (types.isRegExp(value)) {
      this.putTag(tags.regexp)
      this.putText(value.source)
      return this.putText(value.flags)
    }
    if (types.isMap(value)) return this.putMap(value)
    if (types.isSet(value)) return this.putSet(value)
    if (types.isAnyArrayBuffer(value)) {
      const isShared = types.isSharedArrayBuffer(value)
      if (!isShared) this.checkBuffer(value)
      this.putTag(isShared ? tags.sharedBuffer : tags.buffer)
      return this.putBytes(new Uint8Array(value))
    }
    if (types.isNativeError(value) || value instanceof Error) {
      this.putTag(tags.error)
      return this.put(toErrorWire(value))
    }
    if (types.isBoxedPrimitive(value)) {
      const primitive: unknown = value.valueOf()
      if (typeof primitive === 'symbol') return this.refuse('a symbol', 'Send a string.')
      this.putTag(tags.boxed)
      return this.put(primitive)
    }
    const travel = travelOf(value)
    if (travel) return this.putInstance(value, travel)
    const found = uncloneable(value)
    if (found) return this.refuse(...found)
    // Like structured clone: an instance of a class arrives as a plain object of its own properties.
    this.putPlain(value)
  }

  private putInstance(value: object, { name, module, toData }: Travel<object>): void {
    const data = toData(value)
    this.putTag(tags.instance)
    this.putText(name)
    this.putText(module)
    const depth = this.depth++
    this.path[depth] = `(${name})`
    this.put(data)
    this.depth = depth
  }

  private putMap(value: Map<unknown, unknown>): void {
    // A copy, by the Map's own iterator: a subclass may have another, and a getter on the way down may change it.
    const entries = [...Map.prototype.entries.call(value)]
    this.putTag(tags.map)
    this.putU32(entries.length)
    const depth = this.depth++
    for (const [key, item] of entries) {
      this.path[depth] = '(key of a Map)'
      this.put(key)
      this.path[depth] = typeof key === 'string' ? `get('${key}')` : '(value of a Map)'
      this.put(item)
    }
    this.depth = depth
  }

  private putSet(value: Set<unknown>): void {
    const members = [...Set.prototype.values.call(value)]
    this.putTag(tags.set)
    this.putU32(members.length)
    const depth = this.depth++
    this.path[depth] = '(member of a Set)'
    for (const item of members) this.put(item)
    this.depth = depth
  }

  /** What is being packed cannot be sent. */
  refuse(kind: string, advice: string): never {
    throw new NotCloneableError(this.call, pathText(this.root, this.path.slice(0, this.depth)), kind, advice)
  }
}

interface Names {
  readonly [name: string]: unknown
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  const { length } = a
  if (length !== b.length) return false
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Whether it has neither holes nor named properties. */
function isDense(array: readonly unknown[]): boolean {
  const { length } = array
  for (let i = 0; i < length; i++) if (array[i] === undefined && !(i in array)) return false
  if (inspect !== undefined && length > manyElements && inspect(array, onlyNames) === `[ ... ${length} more items ]`)
    return true
  return Object.keys(array).length === length
}

/** To `Object.keys` each index is a key, and makes a string; Node's inspection asks the engine for the properties that are no index. */
const onlyNames = { maxArrayLength: 0, depth: 0, customInspect: false, breakLength: Number.POSITIVE_INFINITY }

/** None is at work. More than one is there only when a getter packs something itself. */
const idle: Packer[] = []

/**
 * @param call for the error: the call that was made
 * @param root for the error: what the value is to the caller, as `arguments`
 * @returns bytes that are valid until the next call
 * @throws NotCloneableError with the path to the part
 */
export function pack(value: unknown, call = 'pack', root = 'value', foreign?: Foreign): Uint8Array {
  const packer = idle.pop() ?? new Packer()
  try {
    return packer.pack(value, call, root, foreign)
  } finally {
    packer.shrink()
    idle.push(packer)
  }
}

/**
 * Packs a value into a buffer from byte `from` on, behind what stands there. The buffer grows as needed: look at its `bytes` afterwards.
 *
 * @returns where the value ends
 * @throws NotCloneableError with the path to the part
 */
export function packInto(
  buffer: PackBuffer,
  value: unknown,
  from = 0,
  call = 'pack',
  root = 'value',
  foreign?: Foreign,
): number {
  const packer = idle.pop() ?? new Packer()
  try {
    return packer.packInto(buffer, from, value, call, root, foreign)
  } finally {
    idle.push(packer)
  }
}
