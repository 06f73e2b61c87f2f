/** The typed arrays behind arrays, and who may still read them. */

import { ArgumentError } from '@skein/base'
import { type DType, type Elements, type ElementsClass, infoOf } from './dtypes.ts'
import { ArrayInUseError, ReleasedArrayError } from './errors.ts'
import { giveBack, take } from './pieces.ts'
import { mostElements } from './shape.ts'

/**
 * What trees of expressions hold on to. When the elements are about to change while trees that have not been evaluated read them, those keep a
 * copy: they go on with this box, and the memory with a new one.
 */
export interface Box {
  elements: Elements
  /** Leaves of trees that have not been evaluated. */
  readers: number
  /** Evaluations that have begun: their threads read the elements where they are. */
  running: number
}

/** One for each typed array; views of an array share it. */
export class Memory {
  /** Undefined: released. */
  #box: Box | undefined
  /** Nobody outside of this room has the elements. */
  #isOwn: boolean
  constructor(elements: Elements, isOwn = false) {
    this.#box = { elements, readers: 0, running: 0 }
    this.#isOwn = isOwn
  }

  get elements(): Elements {
    return this.box.elements
  }

  /** The box, for a leaf that will be read later. @throws ReleasedArrayError */
  get box(): Box {
    const box = this.#box
    if (box === undefined) throw new ReleasedArrayError()
    if (!this.#isOwn) checkPresent(box)
    return box
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

  /** The elements, about to be changed. @throws ArrayInUseError if threads read them and somebody else has them, too */
  forWriting(): Elements {
    const { box } = this
    const { elements } = box
    if (box.running > 0) {
      // What threads read stays as it is: the memory goes on with a copy.
      if (!this.#isOwn) throw new ArrayInUseError()
      const copy = take(elements.constructor as ElementsClass, elements.length, false)
      copy.set(elements as never)
      this.#box = { elements: copy, readers: 0, running: 0 }
      return copy
    }
    if (box.readers > 0) {
      box.elements = elements.slice()
      this.#box = { elements, readers: 0, running: 0 }
    }
    return elements
  }
}

/** Steps of an evaluation, passed on. Elements that it reads where they are are not changed from its first step to its last. @param boxesNow what it reads, as far as that is there */
export function* holding<T, R>(boxesNow: () => Iterable<Box>, steps: Generator<T, R>): Generator<T, R> {
  const held = new Set<Box>()
  try {
    for (;;) {
      const next = steps.next()
      if (next.done) return next.value
      for (const box of boxesNow()) {
        if (!held.has(box)) box.running++
        held.add(box)
      }
      yield next.value
    }
  } finally {
    for (const box of held) box.running--
    steps.return(undefined as R)
  }
}

/** @throws ReleasedArrayError for elements in a buffer that was transferred */
export function checkPresent({ elements }: Box): void {
  if (elements.length > 0) return
  const { buffer } = elements
  if (buffer instanceof ArrayBuffer && buffer.detached) throw new ReleasedArrayError('transferred')
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
  if (!(size <= mostElements))
    throw new ArgumentError(call, 'shape', `one of at most ${mostElements} elements`, `one of ${size}`)
  return new Memory(take(Elements, size * parts, content === 'zeros'), true)
}
