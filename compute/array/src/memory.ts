/** The typed arrays behind arrays, and who may still read them. */

import { ArgumentError } from '@skein/base'
import { type DType, type Elements, infoOf } from './dtypes.ts'
import { ReleasedArrayError } from './errors.ts'
import { giveBack, take } from './pieces.ts'

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
  /** Undefined: released. */
  #box: Box | undefined
  /** Nobody outside of this room has the elements. */
  #isOwn: boolean
  constructor(elements: Elements, isOwn = false) {
    this.#box = { elements, readers: 0 }
    this.#isOwn = isOwn
  }

  get elements(): Elements {
    return this.box.elements
  }

  /** The box, for a leaf that will be read later. @throws ReleasedArrayError */
  get box(): Box {
    if (this.#box === undefined) throw new ReleasedArrayError()
    return this.#box
  }

  get isReleased(): boolean {
    return this.#box === undefined
  }

  /** The elements, for somebody who keeps them: they are not released before the last reference to them has gone. */
  share(): Elements {
    this.#isOwn = false
    return this.elements
  }

  /** Gives back what was allocated: at once, if nobody else can be reading it, else when the garbage collector finds it unused. */
  release(): void {
    const box = this.#box
    if (box === undefined) return
    this.#box = undefined
    if (this.#isOwn && box.readers === 0 && underWay === 0) giveBack(box.elements)
  }

  /** The elements, about to be changed. */
  forWriting(): Elements {
    const { box } = this
    const { elements } = box
    if (box.readers > 0) {
      box.elements = elements.slice()
      this.#box = { elements, readers: 0 }
    }
    return elements
  }
}

/** Evaluations beside the program: their threads read arrays. */
let underWay = 0

export async function whileReading<T>(evaluation: () => Promise<T>): Promise<T> {
  underWay++
  try {
    return await evaluation()
  } finally {
    underWay--
  }
}

/** Zeros for so many elements; `unset`, whatever is there, for who writes all of them. @throws ArgumentError, HeapOutOfMemoryError */
export function allocate(dtype: DType, size: number, call = 'array', content: 'zeros' | 'unset' = 'zeros'): Memory {
  const { Elements, parts, name } = infoOf(dtype)
  if (Elements === undefined)
    throw new ArgumentError(
      call,
      'dtype',
      'one that this engine has arrays of',
      name,
      'Float16Array is in Node.js 24 and later.',
    )
  return new Memory(take(Elements, size * parts, content === 'zeros'), true)
}
