/** The typed arrays behind arrays. Here, and nowhere else, is decided where elements lie. */

import { ArgumentError } from '@skein/base'
import { heap } from '@skein/heap'
import { type DType, type Elements, type ElementsClass, infoOf } from './dtypes.ts'

/** Below so many bytes elements lie in an array of the engine's own, which is made thirty times as fast as one of the heap; above, where every thread and task sees them. */
const smallBytes = 16384
/** Small arrays share buffers of so many bytes: to make a buffer, and to find its address, takes longer than to compute a few hundred elements. */
const slabBytes = 1 << 17

/**
 * What trees of expressions hold on to. When the elements are about to change while trees that have not been evaluated read them, those keep a
 * copy: they go on with this box, and the memory with a new one.
 */
export interface Box {
  elements: Elements
  /** Leaves of trees that have not been evaluated. */
  readers: number
}

/** One for each typed array; views of an array share it. */
export class Memory {
  #box: Box
  constructor(elements: Elements) {
    this.#box = { elements, readers: 0 }
  }

  get elements(): Elements {
    return this.#box.elements
  }

  /** The box, for a leaf that will be read later. */
  get box(): Box {
    return this.#box
  }

  /** The elements, about to be changed. */
  forWriting(): Elements {
    const box = this.#box
    const { elements } = box
    if (box.readers > 0) {
      box.elements = elements.slice()
      this.#box = { elements, readers: 0 }
    }
    return elements
  }
}

/** Zeros for so many elements. @throws ArgumentError, HeapOutOfMemoryError */
export function allocate(dtype: DType, size: number, call = 'array'): Memory {
  const { Elements, parts, bytes, name } = infoOf(dtype)
  if (Elements === undefined)
    throw new ArgumentError(
      call,
      'dtype',
      'one that this engine has arrays of',
      name,
      'Float16Array is in Node.js 24 and later.',
    )
  return new Memory(
    size * bytes < smallBytes
      ? small(Elements, size * parts)
      : (heap.array(Elements as never, size * parts) as unknown as Elements),
  )
}

let slab: ArrayBuffer | undefined
let taken = 0

/** A piece of a buffer of which nothing has been used: it is zeros. The buffer lives as long as the last of its pieces. */
function small(Elements: ElementsClass, length: number): Elements {
  const bytes = length * Elements.BYTES_PER_ELEMENT
  if (slab === undefined || taken + bytes > slabBytes) {
    slab = new ArrayBuffer(slabBytes)
    taken = 0
  }
  const elements = new Elements(slab, taken, length)
  // Each begins a line of the cache.
  taken += (bytes + 63) & ~63
  return elements
}
