/**
 * Values as bytes: whatever structured clone takes, and besides
 *
 *   - references (`Ref`), which travel as the number of a dependency and arrive as its value;
 *   - typed arrays in the shared heap, which travel as their address;
 *   - handles of actors.
 *
 * A value is a tag byte and what the tag says. Objects are numbered in the order they are met, so that a second meeting, or a
 * circle, is a number. Multi-byte numbers are little-endian.
 */

import { types } from 'node:util'
import { type ErrorWire, SkeinError, toErrorWire } from '@skein/base'
import { heap, type TypedArray } from '@skein/heap'
import { NotCloneableError } from '../errors.ts'
import { Handle } from '../handle.ts'
import { Lazy } from '../lazy.ts'
import { Ref } from '../ref.ts'
import { copyToHeap } from './copy.ts'
import { classOf, kindOf, type MakeView, viewOf } from './kinds.ts'
import { tally } from './tally.ts'

const tags = {
  undefined: 0,
  null: 1,
  true: 2,
  false: 3,
  int32: 4,
  float64: 5,
  latin1: 6,
  utf16: 7,
  bigint: 8,
  array: 9,
  sparse: 10,
  object: 11,
  date: 12,
  regexp: 13,
  map: 14,
  set: 15,
  buffer: 16,
  view: 17,
  heapView: 18,
  error: 19,
  seen: 20,
  dependency: 21,
  boxed: 22,
  handle: 23,
  dataView: 24,
} as const

/** What a packed value leans on besides its bytes. */
export interface Leaning {
  /** References met, in order: `dependency n` in the bytes is the n-th. */
  readonly refs: Ref<unknown>[]
  /** Arrays of the heap that must live as long as the bytes do. */
  readonly holds: unknown[]
  /** Handles of actors, which live as long as one is somewhere. */
  readonly handles: Handle[]
}

/** Nesting beyond this is refused: the thread that unpacks may have less stack than the one that packs. */
const deepest = 1000

/** An array of at least this many bytes that is not in the heap is copied there on its own, so that the reader need not copy it again. */
const largeBytes = 1024

let scratch = Buffer.allocUnsafeSlow(1 << 16)
let at = 0

const room = (bytes: number): void => {
  if (at + bytes <= scratch.length) return
  const larger = Buffer.allocUnsafeSlow(Math.max(scratch.length * 2, at + bytes))
  scratch.copy(larger, 0, 0, at)
  scratch = larger
}
/** A huge value should not leave a huge buffer behind, once nothing is being packed. */
const shrink = (): void => {
  if (at === 0 && scratch.length > 1 << 24) scratch = Buffer.allocUnsafeSlow(1 << 16)
}

const putTag = (tag: number): void => {
  room(1)
  scratch[at++] = tag
}
const putU32 = (n: number): void => {
  room(4)
  scratch.writeUInt32LE(n, at)
  at += 4
}
const putF64 = (n: number): void => {
  room(8)
  scratch.writeDoubleLE(n, at)
  at += 8
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range of Latin-1
const latin1Text = /^[\u0000-\u00ff]*$/
export const isLatin1 = (s: string): boolean => latin1Text.test(s)

const putString = (s: string): void => {
  const latin1 = isLatin1(s)
  const bytes = latin1 ? s.length : s.length * 2
  putTag(latin1 ? tags.latin1 : tags.utf16)
  putU32(bytes)
  room(bytes)
  // Not UTF-8, which would lose lone surrogates.
  scratch.write(s, at, latin1 ? 'latin1' : 'utf16le')
  at += bytes
}

/** The view's own bytes, and no more of its buffer. */
const putBytes = (view: ArrayBufferView): void => {
  room(view.byteLength)
  scratch.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), at)
  at += view.byteLength
}

class Packer {
  readonly leaning: Leaning = { refs: [], holds: [], handles: [] }
  private readonly call: string
  private readonly path: (string | number)[]
  private readonly inline: boolean
  private seen: Map<object, number> | undefined

  constructor(call: string, root: string, inline: boolean) {
    this.call = call
    this.inline = inline
    this.path = [root]
  }

  put(value: unknown): void {
    switch (typeof value) {
      case 'undefined':
        return putTag(tags.undefined)
      case 'boolean':
        return putTag(value ? tags.true : tags.false)
      case 'number':
        if ((value | 0) === value && !Object.is(value, -0)) {
          putTag(tags.int32)
          room(4)
          scratch.writeInt32LE(value, at)
          at += 4
          return
        }
        putTag(tags.float64)
        return putF64(value)
      case 'string':
        return putString(value)
      case 'bigint':
        putTag(tags.bigint)
        return putString(value.toString(16))
      case 'object':
        return value === null ? putTag(tags.null) : this.putObject(value)
      case 'function':
        return this.refuse(
          value.name ? `the function '${value.name}'` : 'a function',
          'Define it as a task, or import it where it is used.',
        )
      case 'symbol':
        return this.refuse('a symbol', 'Send a string.')
    }
  }

  private putObject(value: object): void {
    this.seen ??= new Map()
    const number = this.seen.get(value)
    if (number !== undefined) {
      putTag(tags.seen)
      return putU32(number)
    }
    if (value instanceof Ref) {
      if (this.inline) return this.refuse('a reference', 'Await it first: its value can be sent.')
      putTag(tags.dependency)
      putU32(this.leaning.refs.push(value) - 1)
      return
    }
    this.seen.set(value, this.seen.size)
    if (this.path.length > deepest) {
      return this.refuse(`nested more than ${deepest} deep`, 'Flatten it: arrays of indices instead of links.')
    }
    if (Array.isArray(value)) return this.putArray(value)
    const prototype = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) return this.putPlain(value)
    if (ArrayBuffer.isView(value)) return this.putView(value)
    this.putSpecial(value)
  }

  private putArray(value: unknown[]): void {
    // A getter may change it on the way.
    const { length } = value
    let holes = false
    for (let i = 0; i < length && !holes; i++) holes = value[i] === undefined && !(i in value)
    const keys = holes || Object.keys(value).length !== length ? Object.keys(value) : undefined
    if (keys) {
      // Holes stay holes, and named properties come along.
      putTag(tags.sparse)
      putU32(length)
      return this.putEntries(value, keys)
    }
    putTag(tags.array)
    putU32(length)
    const depth = this.path.length
    for (let i = 0; i < length; i++) {
      this.path[depth] = i
      this.put(value[i])
    }
    this.path.length = depth
  }

  private putPlain(value: object): void {
    putTag(tags.object)
    this.putEntries(value, Object.keys(value))
  }

  private putEntries(value: object, keys: readonly string[]): void {
    putU32(keys.length)
    const depth = this.path.length
    for (const key of keys) {
      this.path[depth] = key
      putString(key)
      this.put((value as { [key: string]: unknown })[key])
    }
    this.path.length = depth
  }

  private putView(value: ArrayBufferView): void {
    if (!this.inline && heap.owns(value) && !(value instanceof DataView)) {
      this.leaning.holds.push(value)
      tally?.shared(value)
      return putHeapView(value as TypedArray)
    }
    this.checkView(value)
    if (value instanceof DataView) {
      putTag(tags.dataView)
      putU32(value.byteLength)
      return putBytes(value)
    }
    const array = value as TypedArray
    if (!this.inline && array.byteLength >= largeBytes) {
      const copy = copyToHeap(array, 'task values')
      this.leaning.holds.push(copy)
      return putHeapView(copy)
    }
    putTag(tags.view)
    putTag(kindOf(array))
    putU32(array.byteLength)
    putBytes(array)
  }

  private checkView(view: ArrayBufferView): void {
    if (!types.isSharedArrayBuffer(view.buffer)) this.checkBuffer(view.buffer)
    else if (!heap.owns(view)) this.refuse('a view of a SharedArrayBuffer', sharedAdvice)
  }

  private checkBuffer(buffer: ArrayBuffer): void {
    if (buffer.detached) this.refuse('an ArrayBuffer that was transferred', 'Send it before, or a copy.')
  }

  private putSpecial(value: object): void {
    const depth = this.path.length
    if (value instanceof Handle) {
      putTag(tags.handle)
      const { actor, name, methods } = value
      this.leaning.handles.push(value)
      return this.put({ actor, name, methods })
    }
    if (types.isDate(value)) {
      putTag(tags.date)
      return putF64(value.getTime())
    }
    if (types.isRegExp(value)) {
      putTag(tags.regexp)
      putString(value.source)
      return putString(value.flags)
    }
    if (types.isMap(value)) {
      // A copy, by the Map's own iterator: a subclass may have another, and a getter on the way down may change it.
      const entries = [...Map.prototype.entries.call(value)]
      putTag(tags.map)
      putU32(entries.length)
      for (const [key, item] of entries) {
        this.path[depth] = '(key of a Map)'
        this.put(key)
        this.path[depth] = typeof key === 'string' ? `get('${key}')` : '(value of a Map)'
        this.put(item)
      }
      this.path.length = depth
      return
    }
    if (types.isSet(value)) {
      const members = [...Set.prototype.values.call(value)]
      putTag(tags.set)
      putU32(members.length)
      this.path[depth] = '(member of a Set)'
      for (const item of members) this.put(item)
      this.path.length = depth
      return
    }
    if (types.isArrayBuffer(value)) {
      this.checkBuffer(value)
      putTag(tags.buffer)
      putU32(value.byteLength)
      return putBytes(new Uint8Array(value))
    }
    if (types.isNativeError(value) || value instanceof Error) {
      putTag(tags.error)
      return this.put(toErrorWire(value))
    }
    if (types.isBoxedPrimitive(value)) {
      const primitive: unknown = value.valueOf()
      if (typeof primitive === 'symbol') return this.refuse('a symbol', 'Send a string.')
      putTag(tags.boxed)
      return this.put(primitive)
    }
    const found = uncloneable(value)
    if (found) return this.refuse(...found)
    // Like structured clone: an instance of a class arrives as a plain object of its own properties.
    this.putPlain(value)
  }

  refuse(kind: string, advice: string): never {
    const [root, ...steps] = this.path
    const told = steps.map(step =>
      typeof step === 'number'
        ? `[${step}]`
        : /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step) || /^(get)?\(/.test(step)
          ? `.${step}`
          : `[${JSON.stringify(step)}]`,
    )
    if (told.length > 2 * toldSteps) told.splice(toldSteps, told.length - 2 * toldSteps, '…')
    throw new NotCloneableError(this.call, root + told.join(''), kind, advice)
  }
}

/** Of a long path, an error tells so many steps at each end. */
const toldSteps = 16

function putHeapView(array: TypedArray): void {
  putTag(tags.heapView)
  putTag(kindOf(array))
  putF64(heap.addressOf(array))
  putF64(array.length)
}

const sharedAdvice = 'Send a typed array made by the heap (heap.f64(n)): it is shared.'

/** What is no data, with what to do instead. */
function uncloneable(value: object): [kind: string, advice: string] | undefined {
  if (value instanceof Lazy)
    return ['a call that was not started', 'Run it in a graph, or give it to another lazy call.']
  if (types.isPromise(value)) return ['a promise', 'Await it first, or send the reference of a task.']
  if (types.isSharedArrayBuffer(value)) return ['a SharedArrayBuffer', sharedAdvice]
  if (types.isWeakMap(value) || types.isWeakSet(value) || value instanceof WeakRef) {
    return ['a weak collection', 'Send what it refers to.']
  }
  if (types.isGeneratorObject(value)) return ['a generator', 'Send an array of what it yields.']
  if (types.isModuleNamespaceObject(value)) return ['a module', 'Import it where it is used.']
  if (types.isProxy(value) || types.isExternal(value))
    return ['a proxy or a native object', 'Send the plain data behind it.']
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  if (/\bIterator\b/.test(tag)) return ['an iterator', 'Send an array of what it yields.']
  // Objects of the engine and of Node have no properties of their own that would say what they are.
  const type = tag.split('.').reduce<unknown>((from, name) => (from as Names | undefined)?.[name], globalThis)
  const isBuiltIn = typeof type === 'function' && type !== Object && value instanceof type
  return isBuiltIn || types.isKeyObject(value) ? [`a ${tag}`, 'Send the plain data behind it.'] : undefined
}

interface Names {
  readonly [name: string]: unknown
}

/** A packed value: its bytes are valid until the next `pack`. */
export interface Packed {
  readonly bytes: Uint8Array
  readonly leaning: Leaning
}

/**
 * @param call for the error: the call that was made
 * @param root for the error: what the value is to the caller, as `arguments`
 * @param inline true: arrays of the heap are packed by their bytes too, so that nothing but the bytes must stay alive
 * @throws NotCloneableError with the path to the part
 */
export function pack(value: unknown, call: string, root: string, inline = false): Packed {
  shrink()
  // A getter may pack something itself: what stands before it is not overwritten.
  const from = at
  const packer = new Packer(call, root, inline)
  const told = tally
  const began = told === undefined ? 0 : told.clock()
  try {
    packer.put(value)
    told?.packed(at - from, began)
    // No Buffer: the slice of one would be a view of the same bytes.
    return { bytes: new Uint8Array(scratch.buffer, scratch.byteOffset + from, at - from), leaning: packer.leaning }
  } catch (error) {
    if (error instanceof RangeError && /call stack/i.test(error.message)) {
      packer.refuse('nested too deeply', 'Flatten it: arrays of indices instead of links.')
    }
    throw error
  } finally {
    at = from
  }
}

class Unpacker {
  private readonly bytes: Buffer
  private readonly dependencies: readonly unknown[]
  private readonly holds: readonly unknown[] | undefined
  private readonly view: MakeView
  private readonly seen: unknown[] = []
  private at = 0
  private held = 0

  constructor(bytes: Buffer, dependencies: readonly unknown[], holds: readonly unknown[] | undefined, view: MakeView) {
    this.bytes = bytes
    this.dependencies = dependencies
    this.holds = holds
    this.view = view
  }

  private u32(): number {
    const n = this.bytes.readUInt32LE(this.at)
    this.at += 4
    return n
  }
  private f64(): number {
    const n = this.bytes.readDoubleLE(this.at)
    this.at += 8
    return n
  }
  private string(): string {
    const tag = this.bytes[this.at++]
    const bytes = this.u32()
    this.at += bytes
    return this.bytes.toString(tag === tags.latin1 ? 'latin1' : 'utf16le', this.at - bytes, this.at)
  }
  /** A copy: the bytes may lie in shared memory that is freed later. */
  private copy(bytes: number): ArrayBuffer {
    if (bytes > this.bytes.length - this.at) throw new Error(`packed bytes are spoilt: ${bytes} more at ${this.at}`)
    const copy = new Uint8Array(bytes)
    copy.set(this.bytes.subarray(this.at, this.at + bytes))
    this.at += bytes
    return copy.buffer
  }
  private note<T>(value: T): T {
    this.seen.push(value)
    return value
  }

  take(): unknown {
    const tag = this.bytes[this.at++]
    switch (tag) {
      case tags.undefined:
        return undefined
      case tags.null:
        return null
      case tags.true:
        return true
      case tags.false:
        return false
      case tags.int32:
        this.at += 4
        return this.bytes.readInt32LE(this.at - 4)
      case tags.float64:
        return this.f64()
      case tags.latin1:
      case tags.utf16:
        this.at--
        return this.string()
      case tags.bigint:
        return bigintFrom16(this.string())
      case tags.seen:
        return this.seen[this.u32()]
      case tags.dependency:
        return this.dependencies[this.u32()]
    }
    return this.takeObject(tag)
  }

  private takeObject(tag: number): unknown {
    switch (tag) {
      case tags.array: {
        const array: unknown[] = this.note(new Array(this.u32()))
        for (let i = 0; i < array.length; i++) array[i] = this.take()
        return array
      }
      case tags.sparse: {
        const array: unknown[] = this.note([])
        array.length = this.u32()
        return this.takeEntries(array)
      }
      case tags.object:
        return this.takeEntries(this.note({}))
      case tags.date:
        return this.note(new Date(this.f64()))
      case tags.regexp: {
        const source = this.string()
        return this.note(new RegExp(source, this.string()))
      }
      case tags.map: {
        const map = this.note(new Map<unknown, unknown>())
        for (let n = this.u32(); n > 0; n--) {
          const key = this.take()
          map.set(key, this.take())
        }
        return map
      }
      case tags.set: {
        const set = this.note(new Set<unknown>())
        for (let n = this.u32(); n > 0; n--) set.add(this.take())
        return set
      }
      case tags.buffer:
        return this.note(this.copy(this.u32()))
      case tags.dataView:
        return this.note(new DataView(this.copy(this.u32())))
      case tags.view: {
        const type = classOf(this.bytes[this.at++]) as unknown as new (buffer: ArrayBuffer) => unknown
        return this.note(new type(this.copy(this.u32())))
      }
      case tags.heapView: {
        const type = classOf(this.bytes[this.at++])
        const address = this.f64()
        const length = this.f64()
        return this.note(this.holds ? this.holds[this.held++] : this.view(type, address, length))
      }
      case tags.error: {
        const index = this.seen.push(undefined) - 1
        return (this.seen[index] = SkeinError.revive(this.take() as ErrorWire))
      }
      case tags.boxed: {
        const index = this.seen.push(undefined) - 1
        return (this.seen[index] = Object(this.take()))
      }
      case tags.handle: {
        const index = this.seen.push(undefined) - 1
        const { actor, name, methods } = this.take() as { actor: number; name: string; methods: string[] }
        return (this.seen[index] = new Handle(actor, name, methods))
      }
    }
    throw new Error(`packed bytes are spoilt: tag ${tag} at ${this.at - 1}`)
  }

  private takeEntries(object: object): object {
    for (let n = this.u32(); n > 0; n--) {
      const key = this.string()
      const value = this.take()
      if (key !== '__proto__') (object as { [key: string]: unknown })[key] = value
      // An own property of that name, as it was; an assignment would set the prototype.
      else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
    }
    return object
  }
}

const bigintFrom16 = (digits: string): bigint =>
  digits[0] === '-' ? -BigInt(`0x${digits.slice(1)}`) : BigInt(`0x${digits}`)

/**
 * @param dependencies values of the references, in the order they were met
 * @param holds on the thread that packed: what the value leant on, so that arrays of the heap come back as themselves. Else they
 *   are views that own nothing, valid while their owner keeps them
 * @param view how such views are made
 */
export function unpack(
  bytes: Uint8Array,
  dependencies: readonly unknown[] = [],
  holds?: readonly unknown[],
  view = viewOf,
): unknown {
  const told = tally
  const began = told === undefined ? 0 : told.clock()
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const value = new Unpacker(buffer, dependencies, holds, view).take()
  told?.unpacked(bytes.byteLength, began)
  return value
}
