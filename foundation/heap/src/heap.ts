/**
 * The heap as a program sees it: addresses, and ordinary typed arrays over them.
 *
 * Each allocation of an array gets a SharedArrayBuffer object of its own over the one memory (structuredClone of the
 * memory's buffer: a new object, the same bytes). Whatever is made from the array (a subarray, another kind of view on its
 * `buffer`, a DataView) holds that object, so the garbage collector knows when the last of them is gone; and the
 * array itself stays a plain Float32Array, as fast as any. The object carries the token that tells whether the
 * allocation still lives.
 */

import { ArgumentError } from '@skein/base'
import { Allocator, isHeapMemory } from './allocator.ts'
import {
  ArrayMaker,
  type ArrayOptions,
  type HeapArray,
  type Source,
  type TypedArray,
  type TypedArrayClass,
} from './arrays.ts'
import { DoubleFreeError, HeapOutOfMemoryError, UseAfterFreeError } from './errors.ts'
import { collectGarbage } from './garbage.ts'
import { initialPages } from './layout.ts'
import { threadNumber } from './lock.ts'
import { createMemory, type MemoryChoice } from './memory.ts'

export interface HeapOptions {
  /** Most bytes the memory may grow to, tables included. Default: what engine and system allow, at most 16 GiB. */
  readonly maxBytes?: number
  /** True or false forces the width of addresses; default: 64 bits where the engine has them. */
  readonly memory64?: boolean
}

export interface AllocateOptions {
  /** A power of two, at most 2^24; default 64. */
  readonly align?: number
  readonly label?: string
  /** Fill with zeros; default false. */
  readonly zero?: boolean
}

export interface Holder {
  /** '' for allocations without a label. */
  readonly label: string
  readonly bytes: number
  readonly blocks: number
}

export interface HeapStats {
  readonly memory64: boolean
  /** Address space set aside: the heap can grow to this. */
  readonly reservedBytes: number
  /** Memory grown so far; what was never touched takes no memory of the machine. */
  readonly committedBytes: number
  /** Blocks in use, rounded up to their size class. */
  readonly inUseBytes: number
  readonly peakBytes: number
  /** Blocks in use now, and ever allocated. */
  readonly allocations: number
  readonly totalAllocations: number
  /** What the largest allocation possible now would be. */
  readonly largestFreeBytes: number
  /** Of the bytes below the highest block in use, the part that is free: 0 is dense. */
  readonly fragmentation: number
  /** Largest first. */
  readonly holders: readonly Holder[]
}

/** Says whose a buffer object is. `live` turns false on release; base buffers (of manual views) have address 0. */
interface Token {
  readonly heap: Heap
  readonly address: number
  readonly bytes: number
  readonly label: string
  live: boolean
  /** Times it was lent and not taken back: while there are any, its block has no owner. */
  lent: number
  weak: WeakRef<SharedArrayBuffer> | undefined
  /** Of a borrowed array: called at its end, since the block is another's. */
  readonly ended?: (() => void) | undefined
}

const tokenKey: unique symbol = Symbol('skein.heap')
type Tokened = SharedArrayBuffer & { [tokenKey]?: Token }

/** A view as far as the heap reads it: any typed array or DataView. */
export type View = ArrayBufferView

const mostAlign = 2 ** 24
/** Below this much in use, waiting for the garbage collector does no harm. */
const quietBytes = 2 ** 28

export class Heap extends ArrayMaker {
  #allocator: Allocator | undefined
  readonly #open: () => WebAssembly.Memory
  readonly #labels = new Map<string, number>()
  #base: Tokened | undefined
  /** Buffers that carry no token: of other memories, and the engine's own objects for this one. */
  readonly #foreign = new WeakSet<SharedArrayBuffer>()
  readonly #frozen = new WeakSet<SharedArrayBuffer>()
  /** Of arrays alive through their views; only what the collector may release is here. */
  readonly #collectable = new Set<Token>()
  readonly #finalization = new FinalizationRegistry<Token>(token => this.#collected(token))
  /** In use at which garbage is next looked for before more memory is taken. */
  #pressureBytes = quietBytes

  constructor(open: () => WebAssembly.Memory) {
    super()
    this.#open = open
  }

  #start(): Allocator {
    this.#allocator = new Allocator(this.#open(), threadNumber())
    return this.#allocator
  }

  /** The memory itself, to import into a module or to send to another thread (`attachHeap` there). */
  get memory(): WebAssembly.Memory {
    return (this.#allocator ?? this.#start()).memory
  }

  get memory64(): boolean {
    return (this.#allocator ?? this.#start()).memory64
  }

  /** The whole memory as it is now. Growing makes a new object; the older ones, and views on them, stay valid. */
  get buffer(): SharedArrayBuffer {
    const buffer = (this.#allocator ?? this.#start()).bufferTo(0)
    // The engine's own object is frozen and cannot carry a token: a clone of it can.
    if (this.#base === undefined || this.#base.byteLength !== buffer.byteLength) {
      this.#base = structuredClone(buffer)
      this.#stamp(this.#base)
    }
    return this.#base
  }

  #stamp(buffer: Tokened): void {
    buffer[tokenKey] = { heap: this, address: 0, bytes: 0, label: '', live: true, lent: 0, weak: undefined }
  }

  /**
   * The address of a new block, released by `free` alone. Its bytes are whatever they were, unless `zero`.
   *
   * @throws ArgumentError for a size that is no whole number of bytes; HeapOutOfMemoryError.
   */
  allocate(bytes: number, options?: AllocateOptions): number {
    const align = options?.align ?? 64
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new ArgumentError('heap.allocate', 'bytes', 'a whole number from 0 to 2^53 - 1', bytes)
    }
    if (!(Number.isSafeInteger(align) && align >= 1 && align <= mostAlign && (align & (align - 1)) === 0)) {
      throw new ArgumentError('heap.allocate', 'align', 'a power of two up to 2^24', align)
    }
    return this.#take(bytes, align, options?.label ?? '', options?.zero === true, 0)
  }

  /** Releases what `allocate` gave. @throws DoubleFreeError; ArgumentError for an address it never gave. */
  free(address: number): void {
    const outcome = (this.#allocator ?? this.#start()).free(address)
    if (outcome === 'released') return
    if (outcome === 'free already') throw new DoubleFreeError(address)
    throw new ArgumentError('heap.free', 'address', 'one that heap.allocate gave', address)
  }

  #take(bytes: number, align: number, label: string, zero: boolean, owner: number): number {
    const allocator = this.#allocator ?? this.#start()
    const number = label === '' ? 0 : this.#labelNumber(allocator, label)
    if (bytes > 4096 && allocator.inUseBytes + bytes > this.#pressureBytes) this.#relieve(allocator, bytes)
    let address = allocator.allocate(bytes, align, number, zero, owner)
    if (address === 0 && this.collect() > 0) address = allocator.allocate(bytes, align, number, zero, owner)
    if (address === 0) throw this.#outOfMemory(allocator, bytes)
    return address
  }

  #labelNumber(allocator: Allocator, label: string): number {
    let number = this.#labels.get(label)
    if (number === undefined) {
      number = allocator.labelNumber(label)
      this.#labels.set(label, number)
    }
    return number
  }

  #outOfMemory(allocator: Allocator, bytes: number): HeapOutOfMemoryError {
    const holders = this.holders().map(({ label, bytes }) => ({ who: label || 'arrays without a label', bytes }))
    return new HeapOutOfMemoryError(bytes, allocator.limitBytes - allocator.inUseBytes, allocator.limitBytes, holders)
  }

  array<T extends TypedArray>(
    type: TypedArrayClass<T>,
    source: Source<T[number]>,
    options?: ArrayOptions,
  ): HeapArray<T> {
    let length: number
    let values: ArrayLike<T[number]> | undefined
    if (typeof source === 'number') length = source
    else {
      values = valuesOf(type, source)
      length = values.length
    }
    const bytes = length * type.BYTES_PER_ELEMENT
    if (!Number.isSafeInteger(length) || length < 0 || !Number.isSafeInteger(bytes)) {
      throw new ArgumentError(`heap.${methodOf(type)}`, 'length', 'a whole number from 0 to 2^53 - 1 bytes', length)
    }
    const label = options?.label ?? ''
    const address = this.#take(bytes, 64, label, values === undefined && options?.zero !== false, this.thread)
    const array = this.#own(type, address, length, bytes, label)
    if (values !== undefined) {
      try {
        ;(array as unknown as { set(values: ArrayLike<T[number]>): void }).set(values)
      } catch (error) {
        this.release(array)
        throw error
      }
    }
    return array
  }

  /** Takes a block of `allocate` into an array that releases it: by `using`, `release`, or the garbage collector. */
  adopt<T extends TypedArray>(type: TypedArrayClass<T>, address: number, length: number, label = ''): HeapArray<T> {
    const allocator = this.#allocator ?? this.#start()
    const block = allocator.blockAt(address)
    const bytes = length * type.BYTES_PER_ELEMENT
    if (block === undefined || block.address !== address || !(bytes <= block.bytes)) {
      throw new ArgumentError('heap.adopt', 'address', `a block in use of at least ${bytes} bytes`, address)
    }
    allocator.claim(address)
    return this.#own(type, address, length, bytes, label)
  }

  /** Ends the heap's care for an array: nothing releases its block any more but `heap.free` of the address returned. */
  disown(view: View): number {
    const token = this.#ownerOf('heap.disown', view)
    token.live = false
    this.#forget(token)
    this.#allocator!.disclaim(token.address)
    return token.address
  }

  /** This thread's number as an owner of blocks, for `releaseOf` once it has ended. */
  get thread(): number {
    return (this.#allocator ?? this.#start()).thread
  }

  /**
   * Releases the arrays that a thread has left which has ended: what it made or adopted, and did not release, disown or lend. Its
   * finalizers do not run, so nothing else would. Returns how many. The time is that of a walk over all blocks.
   *
   * @param thread what `heap.thread` was there
   */
  releaseOf(thread: number): number {
    const allocator = this.#allocator ?? this.#start()
    if (!Number.isSafeInteger(thread) || thread < 1 || thread === allocator.thread) {
      throw new ArgumentError('heap.releaseOf', 'thread', 'the number of a thread that has ended', thread)
    }
    return allocator.releaseOf(thread)
  }

  /**
   * Another thread uses an array from now on, and may do so after the end of this one: then its block stays. Counted; of a view that
   * was not made as an array here, for good.
   */
  lend(view: View): void {
    const token = this.#lentToken(view)
    if (token === undefined) (this.#allocator ?? this.#start()).disclaim(this.addressOf(view))
    else if (token.lent++ === 0) this.#allocator!.disclaim(token.address)
  }

  /** The other thread has done with what `lend` gave it. */
  takeBack(view: View): void {
    const token = this.#lentToken(view)
    // Disowned meanwhile, it is someone else's.
    if (token !== undefined && --token.lent === 0) this.#allocator!.claim(token.address)
  }

  #lentToken(view: View): Token | undefined {
    const token = (view.buffer as Tokened)[tokenKey]
    return token?.heap === this && token.live && token.address !== 0 && !token.ended ? token : undefined
  }

  /** A view that owns nothing, on a block that someone else keeps. */
  view<T extends TypedArray>(type: TypedArrayClass<T>, address: number, length: number): T {
    ;(this.#allocator ?? this.#start()).bufferTo(address + length * type.BYTES_PER_ELEMENT)
    return new type(this.buffer, address, length) as T
  }

  /**
   * A view on a block that another thread keeps until it hears that nothing here refers to it: to the view, or to whatever was
   * made from it.
   *
   * @param ended called once, when that is so
   */
  borrow<T extends TypedArray>(type: TypedArrayClass<T>, address: number, length: number, ended: () => void): T {
    const allocator = this.#allocator ?? this.#start()
    if (allocator.inUseBytes > this.#pressureBytes) this.#relieve(allocator, 0)
    const bytes = length * type.BYTES_PER_ELEMENT
    return new type(this.#track(address, bytes, '', ended), address, length) as T
  }

  #own<T extends TypedArray>(
    type: TypedArrayClass<T>,
    address: number,
    length: number,
    bytes: number,
    label: string,
  ): HeapArray<T> {
    const array = new type(this.#track(address, bytes, label), address, length)
    Object.defineProperty(array, Symbol.dispose, disposeProperty)
    return array as HeapArray<T>
  }

  /** A buffer whose end is noticed. */
  #track(address: number, bytes: number, label: string, ended?: () => void): SharedArrayBuffer {
    const buffer: Tokened = structuredClone(this.#allocator!.bufferTo(address + bytes))
    const weak = new WeakRef(buffer)
    const token: Token = { heap: this, address, bytes, label, live: true, lent: 0, weak, ended }
    buffer[tokenKey] = token
    this.#collectable.add(token)
    this.#finalization.register(buffer, token, token)
    return buffer
  }

  /** Releases an array's allocation now; every view of it is dead. @throws DoubleFreeError; ArgumentError. */
  release(view: View): void {
    const token = this.#ownerOf('heap.release', view)
    token.live = false
    this.#forget(token)
    this.free(token.address)
  }

  #ownerOf(call: string, view: View): Token {
    const token = ArrayBuffer.isView(view) ? (view.buffer as Tokened)[tokenKey] : undefined
    if (token === undefined || token.heap !== this || token.address === 0 || token.ended) {
      throw new ArgumentError(call, 'view', 'an array that this heap made, or a view of one', view)
    }
    if (!token.live) throw new DoubleFreeError(token.address)
    return token
  }

  #forget(token: Token): void {
    this.#finalization.unregister(token)
    this.#collectable.delete(token)
    token.weak = undefined
  }

  #collected(token: Token): void {
    if (!token.live) return
    token.live = false
    this.#forget(token)
    if (token.ended) token.ended()
    else this.#allocator?.free(token.address)
  }

  /**
   * Runs the garbage collector and releases the arrays that nothing refers to any more; returns how many. The heap does this
   * by itself when a good part of it has been taken since the last time: a loop that makes arrays without ever returning
   * to the event loop needs no more memory than one that does. Takes milliseconds.
   */
  collect(): number {
    if (this.#collectable.size === 0 || !collectGarbage()) return 0
    let released = 0
    for (const token of [...this.#collectable]) {
      if (token.weak !== undefined && token.weak.deref() === undefined) {
        this.#collected(token)
        released++
      }
    }
    return released
  }

  #relieve(allocator: Allocator, bytes: number): void {
    this.collect()
    this.#pressureBytes = Math.max(quietBytes, 2 * (allocator.inUseBytes + bytes))
  }

  /** Whether a view lies in this heap (released or not): a few nanoseconds. */
  owns(view: View): boolean {
    const token = (view.buffer as Tokened)[tokenKey]
    return token === undefined ? this.#recognises(view.buffer) : token.heap === this
  }

  /** For a buffer met for the first time: the memory's own, or one that came from another thread. */
  #recognises(buffer: ArrayBufferLike): boolean {
    if (!(buffer instanceof SharedArrayBuffer) || this.#foreign.has(buffer)) return false
    if (this.#frozen.has(buffer)) return true
    if (!isHeapMemory(buffer) || !(this.#allocator ?? this.#start()).isSameMemory(buffer)) {
      this.#foreign.add(buffer)
      return false
    }
    if (Object.isExtensible(buffer)) this.#stamp(buffer)
    else this.#frozen.add(buffer)
    return true
  }

  /**
   * Where a view's first byte lies. @throws UseAfterFreeError when its allocation has been released; ArgumentError when
   * the view lies in another memory.
   */
  addressOf(view: View): number {
    const token = (view.buffer as Tokened)[tokenKey]
    const address = view.byteOffset
    if (
      token !== undefined &&
      token.heap === this &&
      address >= token.address &&
      address <= token.address + token.bytes
    ) {
      if (token.live) return address
      // A disowned block lives on under its address.
      if (token.weak === undefined && this.#allocator!.blockAt(token.address) === undefined) {
        throw new UseAfterFreeError(address, token.bytes, token.label)
      }
    }
    return this.#manualAddress(view, address)
  }

  #manualAddress(view: View, address: number): number {
    if (!this.owns(view)) {
      throw new ArgumentError(
        'heap.addressOf',
        'view',
        'an array in this heap',
        view,
        'Copy it with heap.f32(view) or the like',
      )
    }
    if (address >= this.#allocator!.base && view.byteLength > 0 && this.#allocator!.isFree(address)) {
      throw new UseAfterFreeError(address, 0)
    }
    return address
  }

  /** Arrays made through the scope are released together at its end: `using scope = heap.scope()`. */
  scope(): Scope {
    return new Scope(this)
  }

  /** Blocks in use, rounded up to their size class: a few nanoseconds, unlike `stats`. */
  get inUseBytes(): number {
    return (this.#allocator ?? this.#start()).inUseBytes
  }

  /** What all blocks together can be at most. */
  get limitBytes(): number {
    return (this.#allocator ?? this.#start()).limitBytes
  }

  /** Who holds what, the largest first. */
  holders(): Holder[] {
    return (this.#allocator ?? this.#start()).labels().sort((a, b) => b.bytes - a.bytes)
  }

  /** Gives back pages kept for small blocks, so that they can serve large ones. */
  trim(): void {
    ;(this.#allocator ?? this.#start()).trim()
  }

  stats(): HeapStats {
    const allocator = this.#allocator ?? this.#start()
    const survey = allocator.survey()
    return {
      memory64: allocator.memory64,
      reservedBytes: allocator.base + allocator.limitBytes,
      committedBytes: allocator.memory.buffer.byteLength,
      inUseBytes: survey.inUse,
      peakBytes: survey.peak,
      allocations: survey.allocations,
      totalAllocations: survey.total,
      largestFreeBytes: survey.largestFree,
      fragmentation: survey.slack === 0 ? 0 : survey.slack / (survey.slack + survey.inUse),
      holders: this.holders(),
    }
  }
}

const disposeProperty: PropertyDescriptor = {
  value(this: View): void {
    const token = (this.buffer as Tokened)[tokenKey]
    // The array may have been released, or disowned, by hand inside the block that `using` ends.
    if (token?.live) token.heap.release(this)
  },
  configurable: true,
  writable: true,
  enumerable: false,
}

/** A group of arrays with one end. */
export class Scope extends ArrayMaker implements Disposable {
  readonly #heap: Heap
  #arrays: Disposable[] = []

  constructor(heap: Heap) {
    super()
    this.#heap = heap
  }

  array<T extends TypedArray>(
    type: TypedArrayClass<T>,
    source: Source<T[number]>,
    options?: ArrayOptions,
  ): HeapArray<T> {
    const array = this.#heap.array(type, source, options)
    this.#arrays.push(array)
    return array
  }

  /** Lets an array outlive the scope. */
  keep<T extends Disposable>(array: T): T {
    this.#arrays = this.#arrays.filter(other => other !== array)
    return array
  }

  [Symbol.dispose](): void {
    const arrays = this.#arrays
    this.#arrays = []
    for (const array of arrays) array[Symbol.dispose]()
  }
}

const valuesOf = <E>(type: TypedArrayClass, source: ArrayLike<E> | Iterable<E>): ArrayLike<E> => {
  if (source !== null && typeof source === 'object') {
    if (ArrayBuffer.isView(source) && 'length' in source) return source
    if (Symbol.iterator in source) return Array.isArray(source) ? source : Array.from(source)
    if ('length' in source && Number.isSafeInteger(source.length) && source.length >= 0) return source
  }
  throw new ArgumentError(`heap.${methodOf(type)}`, 'source', 'a length, an array or an iterable', source)
}

/** `Float32Array` → `f32`. */
const methodOf = (type: TypedArrayClass): string => {
  const clamped = type.name === 'Uint8ClampedArray' ? 'c' : ''
  const letter = type.name.startsWith('Big') ? type.name[3].toLowerCase() : type.name[0].toLowerCase()
  return `${letter}${type.BYTES_PER_ELEMENT * 8}${clamped}`
}

/** A heap of its own, apart from the process's default one: for tests, and for memories with other limits. */
export const createHeap = (options: HeapOptions = {}): Heap => {
  const { memory } = openMemory(options)
  return attachHeap(memory)
}

/** The heap over a memory that another thread made. */
export const attachHeap = (memory: WebAssembly.Memory): Heap => {
  const heap = new Heap(() => memory)
  heap.buffer // Reads the header now, not at the first use.
  return heap
}

export const openMemory = (options: HeapOptions): MemoryChoice => {
  const choice = createMemory(options.memory64, options.maxBytes, initialPages)
  Allocator.format(choice.memory, choice.memory64, choice.pages)
  return choice
}
