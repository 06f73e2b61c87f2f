/**
 * Values of tasks and of `put` that take space: where they lie, who made them, and what leaves the heap when it gets full.
 *
 *     in memory ⇄ on disk → lost
 *
 * A value leaves for the disk only while nobody else can have it: no attempt reads it (`uses`), and the program has not been given
 * it (`seen`). It is immutable, so its file stays when it comes back, and leaving again costs nothing.
 *
 * A `Stored` belongs to the record of its task and ends with it, by the garbage collector; the store knows it weakly, by its `Entry`,
 * which stands for it in statistics and outlives it by no more than a turn or two. The heap sees no difference to values
 * that are not stored: when a record is garbage, so is its value, and the heap finds it in its own collections.
 */

import { type MemoryHolder, OutOfMemoryError } from '@skein/base'
import { HeapOutOfMemoryError, heap, type TypedArray } from '@skein/heap'
import { classOf, kindOf } from '@skein/values'
import { ObjectLostError, type SpillError } from '../errors.ts'
import type { ObjectStats } from '../observe/stats.ts'
import { pack } from '../values/pack.ts'
import { Packed } from '../values/packed.ts'
import { type Holding, holdersOf } from './holdings.ts'
import { SpillFolder, type SpillOptions } from './spill-folder.ts'

/** Smaller values are not kept track of. */
const leastStored = 4096
/** Smaller ones are not worth a file. */
const leastSpilled = 1 << 16
/** Of the limit: above `near` values leave, until so much is free as `step` below it. */
const near = 0.8
const step = 1 / 16

/** Between two looks at whether memory is short. */
const leastRestMs = 20

export interface StoreOptions {
  /** Most bytes of the heap that may be in use. */
  readonly limitBytes: number
  /** False: nothing goes to disk. */
  readonly spill: SpillOptions | false
  /** Makes a lost value again; see `Stored.remade`. */
  remade(stored: Stored): Promise<void>
}

/** Whose value it is. */
export interface Origin {
  readonly label: string
  readonly owner: string
  readonly site: Error | undefined
}

/** Who else can have an array: nobody, the program as well, or it may even write into it, so that there can be no copy. */
export type Sharing = 'own' | 'shared' | 'mutable'

type Value = TypedArray | Packed

/** What the store knows of a value. */
class Entry implements Holding {
  readonly id: number
  readonly label: string
  readonly owner: string
  readonly site: Error | undefined
  /** It is what it is where it lies: there can be no copy of it. */
  readonly fixed: boolean
  /** Of an array, what it is; of packed bytes -1. */
  readonly kind: number
  readonly bytes: number
  readonly stored: WeakRef<Stored>
  own: boolean
  /** Attempts, and actors, that may read it now. */
  uses = 0
  seen = false
  inMemory = true
  file: string | undefined
  /** In the file. */
  fileBytes = 0

  constructor(id: number, value: Value, { label, owner, site }: Origin, sharing: Sharing, stored: Stored) {
    this.id = id
    this.label = label
    this.owner = owner
    this.site = site
    this.own = sharing === 'own'
    this.fixed = sharing === 'mutable' || (value instanceof Packed && value.handles !== undefined)
    this.kind = value instanceof Packed ? -1 : kindOf(value)
    this.bytes = sizeOf(value)
    this.stored = new WeakRef(stored)
  }

  get onDisk(): boolean {
    return this.file !== undefined
  }

  get canLeave(): boolean {
    return this.inMemory && !this.seen && !this.fixed && this.uses === 0 && this.bytes >= leastSpilled
  }
}

/** Whether the store keeps track of it. */
export function isLarge(value: unknown): value is Value {
  if (value === null || typeof value !== 'object') return false
  if (value instanceof Packed) return sizeOf(value) >= leastStored
  return (
    ArrayBuffer.isView(value) && value.byteLength >= leastStored && heap.owns(value) && !(value instanceof DataView)
  )
}

export const sizeOf = (value: Value): number => {
  if (!(value instanceof Packed)) return value.byteLength
  let bytes = value.bytes.length
  for (const held of value.holds ?? []) bytes += held.byteLength
  return bytes
}

/** A value that is in memory or on disk, or was. */
export class Stored {
  readonly #store: Store
  readonly entry: Entry
  /** Undefined unless it is in memory. */
  #value: Value | undefined
  /** Why it can be had no more; it may be made again. */
  loss: Error | undefined
  /** What has been made in its place when it was lost. */
  #successor: Stored | undefined

  constructor(store: Store, id: number, value: Value, origin: Origin, sharing: Sharing) {
    this.#store = store
    this.#value = value
    this.entry = new Entry(id, value, origin, sharing, this)
  }

  /** Itself, or what has been made in its place. */
  get latest(): Stored {
    let latest: Stored = this
    while (latest.#successor !== undefined) latest = latest.#successor
    return latest
  }

  /** The value, in memory from now on; it may leave again when nobody uses it. @throws ObjectLostError, OutOfMemoryError */
  open(): Value {
    if (this.loss !== undefined) throw this.lossFor('it has not been made again')
    this.#store.touch(this.entry)
    return (this.#value ??= this.#store.readBack(this))
  }

  /** The same, to be kept by whoever asked. */
  show(): Value {
    const value = this.open()
    this.entry.seen = true
    return value
  }

  /** It was lost, and this has been made in its place. */
  replace(successor: Stored): void {
    this.end()
    this.#successor = successor
  }

  /** Resolves when it has been made again. Rejects with an ObjectLostError that says why it will not be. */
  remade(): Promise<void> {
    return this.#store.remade(this)
  }

  /** @param why it is not made again */
  lossFor(why: string, cause: unknown = this.loss): ObjectLostError {
    return new ObjectLostError(this.entry.label, `its file cannot be read (${this.loss!.message}), and ${why}`, cause)
  }

  /** Lets go of what is in memory; returns the bytes that only the collector can release, as someone else may have them. */
  leave(): number {
    const { entry } = this
    const value = this.#value!
    this.#value = undefined
    entry.inMemory = false
    if (!entry.own) return entry.bytes
    heap.release(value instanceof Packed ? value.bytes : value)
    return value instanceof Packed ? entry.bytes - value.bytes.length : 0
  }

  /** As it would be written. */
  toBytes(): Uint8Array {
    const value = this.#value!
    if (!(value instanceof Packed)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    // Arrays that it leans on are written with it.
    return value.holds?.length ? pack(value.unpack(), 'spill', 'value', true).bytes : value.bytes
  }

  /** Nobody wants it any more, or it goes on as something else. */
  end(): void {
    this.#value = undefined
    this.#store.forget(this.entry)
  }
}

export class Store {
  readonly #limitBytes: number
  readonly #folder: SpillFolder | undefined
  readonly remade: (stored: Stored) => Promise<void>
  /** Those used last stand last. */
  readonly #entries = new Map<number, Entry>()
  readonly #gone = new FinalizationRegistry<Entry>(entry => this.forget(entry))
  /** In use when garbage was last looked for. */
  #collectedAt = 0
  #lookAgainMs = 0
  #nextId = 1
  #spilled = 0
  #readBack = 0
  #lost = 0
  /** Why the last value that should have left could not. */
  #failure: SpillError | undefined

  constructor({ limitBytes, spill, remade }: StoreOptions) {
    this.#limitBytes = limitBytes
    this.remade = remade
    this.#folder = spill === false ? undefined : new SpillFolder(spill)
  }

  /** Keeps track of a value that takes space: what a record should have in its place. */
  keep(value: unknown, origin: Origin, sharing: Sharing): unknown {
    if (!isLarge(value)) return value
    const stored = new Stored(this, this.#nextId++, value, origin, sharing)
    this.#entries.set(stored.entry.id, stored.entry)
    this.#gone.register(stored, stored.entry, stored.entry)
    this.makeRoom(0)
    return stored
  }

  touch(entry: Entry): void {
    this.#entries.delete(entry.id)
    this.#entries.set(entry.id, entry)
  }

  forget(entry: Entry): void {
    this.#gone.unregister(entry)
    this.#entries.delete(entry.id)
    if (entry.file !== undefined) this.#folder!.remove(entry.file, entry.fileBytes)
    entry.file = undefined
    entry.inMemory = false
  }

  /**
   * Lets values leave for the disk until so many bytes more are not near the limit. False when that could not be.
   *
   * @param least so many bytes should leave whatever the limit is: the heap has refused to give them
   */
  makeRoom(asked: number, least = 0): boolean {
    const start = heap.inUseBytes
    const isNear = () => heap.inUseBytes + asked > near * this.#limitBytes
    if (!isNear() && least === 0) return true
    if (asked > this.#limitBytes) return false
    if (Math.abs(start - this.#collectedAt) >= step * this.#limitBytes) this.#collect()
    if (!isNear() && start - heap.inUseBytes >= least) return true
    const target = (near - step) * this.#limitBytes - asked
    let leftToCollector = 0
    const isDone = () => {
      const inUse = heap.inUseBytes - leftToCollector
      return inUse <= target && start - inUse >= least
    }
    this.#failure = undefined
    for (const entry of this.#entries.values()) {
      if (isDone()) break
      const stored = entry.canLeave ? entry.stored.deref() : undefined
      if (stored === undefined) continue
      if (entry.file === undefined && !this.#write(entry, stored)) break
      leftToCollector += stored.leave()
    }
    if (leftToCollector > 0) this.#collect()
    return !isNear() && start - heap.inUseBytes >= least
  }

  /**
   * Whether the heap is near its limit and nothing can leave any more. Looking takes at most a fifth of the time, so an answer may be
   * some milliseconds old.
   */
  get isShort(): boolean {
    if (heap.inUseBytes <= near * this.#limitBytes) return false
    const now = performance.now()
    if (now < this.#lookAgainMs) return true
    if (!this.makeRoom(0)) this.#collect()
    this.#lookAgainMs = now + Math.max(leastRestMs, 5 * (performance.now() - now))
    return heap.inUseBytes > near * this.#limitBytes
  }

  /** After something has been taken: refuses it if that is more than there may be. @throws OutOfMemoryError */
  check(bytes: number): void {
    if (heap.inUseBytes <= this.#limitBytes || this.makeRoom(0)) return
    this.#collect()
    if (heap.inUseBytes > this.#limitBytes) throw this.fullFor(bytes)
  }

  #collect(): void {
    heap.collect()
    this.#collectedAt = heap.inUseBytes
  }

  #write(entry: Entry, stored: Stored): boolean {
    if (this.#folder === undefined) return false
    try {
      const bytes = stored.toBytes()
      entry.file = this.#folder.write(bytes)
      entry.fileBytes = bytes.length
      this.#spilled++
      return true
    } catch (error) {
      this.#failure = error as SpillError
      return false
    }
  }

  /** @throws ObjectLostError, OutOfMemoryError */
  readBack(stored: Stored): Value {
    const { entry } = stored
    const { file, fileBytes, kind, label } = entry
    if (file === undefined) throw new ObjectLostError(label, 'it was on disk when the engine was closed')
    this.makeRoom(fileBytes)
    const type = kind < 0 ? Uint8Array : classOf(kind)
    const length = fileBytes / type.BYTES_PER_ELEMENT
    const array = this.withRoom(() => heap.array(type, length, { label: 'task values', zero: false }))
    try {
      this.#folder!.read(file, new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    } catch (error) {
      heap.release(array)
      this.#lost++
      stored.loss = error as Error
      throw stored.lossFor('it has not been made again')
    }
    this.#readBack++
    entry.own = true
    entry.inMemory = true
    return kind < 0 ? new Packed(array as Uint8Array, false) : array
  }

  /** Does something that takes memory of the heap; when there is none, once more after values have left. @throws OutOfMemoryError */
  withRoom<T>(take: () => T): T {
    try {
      return take()
    } catch (error) {
      return this.tryAgain(error, take)
    }
  }

  /** The second half of `withRoom`. */
  tryAgain<T>(error: unknown, take: () => T): T {
    if (!(error instanceof HeapOutOfMemoryError)) throw error
    this.makeRoom(error.askedBytes, error.askedBytes)
    try {
      return take()
    } catch (again) {
      throw again instanceof HeapOutOfMemoryError ? this.fullFor(again.askedBytes, again) : again
    }
  }

  /** Says who holds what. */
  fullFor(askedBytes: number, cause?: unknown): OutOfMemoryError {
    const { holders } = this.stats()
    let rest = heap.inUseBytes
    const told: MemoryHolder[] = []
    for (const { owner, site, bytes } of holders) {
      rest -= bytes
      if (bytes > 0) told.push({ who: `'${owner}'${site && ` (${site})`}`, bytes })
    }
    if (rest > 0) told.push({ who: 'everything else in the heap', bytes: rest })
    const why =
      this.#failure !== undefined
        ? `The disk takes no more: ${(this.#failure.cause as Error).message}`
        : this.#folder === undefined
          ? 'Nothing goes to disk here'
          : 'What is in use, or was awaited, cannot go to disk'
    const advice = `${why}. Free references that are not needed, or raise the limit (heapBytes, SKEIN_HEAP_MAX)`
    const limit = this.#limitBytes
    const free = Math.max(0, limit - heap.inUseBytes)
    return new OutOfMemoryError('heap', askedBytes, free, limit, told, advice, { cause: this.#failure ?? cause })
  }

  stats(): ObjectStats {
    const holders = holdersOf(this.#entries.values())
    let [count, bytes, diskBytes] = [0, 0, 0]
    for (const row of holders) {
      count += row.count
      bytes += row.bytes
      diskBytes += row.diskBytes
    }
    return { count, bytes, diskBytes, spilled: this.#spilled, readBack: this.#readBack, lost: this.#lost, holders }
  }

  /** Files are removed: what is there only is lost. */
  close(): void {
    for (const entry of this.#entries.values()) entry.file = undefined
    this.#folder?.close()
  }
}
