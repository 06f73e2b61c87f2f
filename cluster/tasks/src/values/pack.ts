/**
 * Values as bytes (`@skein/values`), and besides what only tasks send:
 *
 *   - references (`Ref`), which travel as the number of a dependency and arrive as its value;
 *   - typed arrays in the shared heap, which travel as their address;
 *   - handles of actors.
 */

import { types } from 'node:util'
import { heap, type TypedArray } from '@skein/heap'
import {
  classOf,
  type Foreign,
  type ForeignReader,
  firstForeignTag,
  kindOf,
  type Packer,
  pack as packValue,
  type Unpacker,
  unpack as unpackValue,
} from '@skein/values'
import { Handle } from '../handle.ts'
import { Lazy } from '../lazy.ts'
import { Ref } from '../ref.ts'
import { copyToHeap } from './copy.ts'
import { tally } from './tally.ts'
import { type MakeView, viewOf } from './views.ts'

const tags = { dependency: firstForeignTag, heapView: firstForeignTag + 1, handle: firstForeignTag + 2 } as const

/** An array of at least this many bytes that is not in the heap is copied there on its own, so that the reader need not copy it again. */
const largeBytes = 1024

const sharedAdvice = 'Send a typed array made by the heap (heap.f64(n)): it is shared.'

/** What a packed value leans on besides its bytes. */
class Leaning implements Foreign {
  /** References met, in order: `dependency n` in the bytes is the n-th. */
  readonly refs: Ref<unknown>[] = []
  /** Arrays of the heap that must live as long as the bytes do. */
  readonly holds: unknown[] = []
  /** Handles of actors, which live as long as one is somewhere. */
  readonly handles: Handle[] = []
  readonly #inline: boolean

  constructor(inline: boolean) {
    this.#inline = inline
  }

  put(value: object, to: Packer): boolean {
    if (ArrayBuffer.isView(value)) return this.#putView(value, to)
    if (value instanceof Ref) {
      if (this.#inline) return to.refuse('a reference', 'Await it first: its value can be sent.')
      // Without a number: its value may be no object.
      to.putTag(tags.dependency)
      to.putU32(this.refs.push(value) - 1)
      return true
    }
    if (value instanceof Handle) {
      to.note(value)
      to.putTag(tags.handle)
      const { actor, name, methods } = value
      this.handles.push(value)
      to.put({ actor, name, methods })
      return true
    }
    if (value instanceof Lazy) {
      return to.refuse('a call that was not started', 'Run it in a graph, or give it to another lazy call.')
    }
    if (types.isPromise(value)) to.refuse('a promise', 'Await it first, or send the reference of a task.')
    if (types.isSharedArrayBuffer(value)) to.refuse('a SharedArrayBuffer', sharedAdvice)
    return false
  }

  #putView(view: ArrayBufferView, to: Packer): boolean {
    const owned = heap.owns(view)
    if (!owned && types.isSharedArrayBuffer(view.buffer)) to.refuse('a view of a SharedArrayBuffer', sharedAdvice)
    if (this.#inline || view instanceof DataView) return false
    const array = view as TypedArray
    if (owned) {
      tally?.shared(array)
      this.#putHeld(array, array, to)
      return true
    }
    if (array.byteLength < largeBytes) return false
    this.#putHeld(array, copyToHeap(array, 'task values'), to)
    return true
  }

  /** @param held the array, or its copy in the heap */
  #putHeld(array: TypedArray, held: TypedArray, to: Packer): void {
    to.note(array)
    this.holds.push(held)
    to.putTag(tags.heapView)
    to.putTag(kindOf(held))
    to.putF64(heap.addressOf(held))
    to.putF64(held.length)
  }
}

export type { Leaning }

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
  const leaning = new Leaning(inline)
  const told = tally
  const began = told === undefined ? 0 : told.clock()
  const bytes = packValue(value, call, root, leaning)
  told?.packed(bytes.length, began)
  return { bytes, leaning }
}

class Arrival implements ForeignReader {
  readonly #dependencies: readonly unknown[]
  readonly #holds: readonly unknown[] | undefined
  readonly #view: MakeView
  #held = 0

  constructor(dependencies: readonly unknown[], holds: readonly unknown[] | undefined, view: MakeView) {
    this.#dependencies = dependencies
    this.#holds = holds
    this.#view = view
  }

  take(tag: number, from: Unpacker): unknown {
    switch (tag) {
      case tags.dependency:
        return this.#dependencies[from.u32()]
      case tags.heapView: {
        const type = classOf(from.byte())
        const address = from.f64()
        const length = from.f64()
        return from.note(this.#holds ? this.#holds[this.#held++] : this.#view(type, address, length))
      }
      case tags.handle: {
        const number = from.noteLater()
        const { actor, name, methods } = from.take() as { actor: number; name: string; methods: string[] }
        return from.noteAt(number, new Handle(actor, name, methods))
      }
    }
    return from.malformed(`tag ${tag}`)
  }
}

const noDependencies: readonly unknown[] = []

/**
 * @param dependencies values of the references, in the order they were met
 * @param holds on the thread that packed: what the value leant on, so that arrays of the heap come back as themselves. Else they
 *   are views that own nothing, valid while their owner keeps them
 * @param view how such views are made
 */
export function unpack(
  bytes: Uint8Array,
  dependencies = noDependencies,
  holds?: readonly unknown[],
  view = viewOf,
): unknown {
  const told = tally
  const began = told === undefined ? 0 : told.clock()
  const value = unpackValue(bytes, new Arrival(dependencies, holds, view))
  told?.unpacked(bytes.byteLength, began)
  return value
}
