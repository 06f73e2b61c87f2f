/** Arrays as a user holds them. What functions there are on them stands in `functions/`; `methods.ts` makes methods of those. */

import { ArgumentError } from '@skein/base'
import { type DType, type Elements, type Item, infoOf } from './dtypes.ts'
import { evaluate, evaluateAsync } from './expression/evaluate.ts'
import { leafOf, type Node, type View } from './expression/node.ts'
import { Memory } from './memory.ts'
import { broadcastStrides, isContiguous, type Shape, sizeOf } from './shape.ts'

/** Structured clone throws a DataCloneError at a symbol, which shows its text. */
const uncloneable = Symbol(
  'NDArray, whose elements structured clone does not see: send nd.toParts(x), and make an array of it with nd.fromParts',
)

/** The most elements of nested lists. */
const mostListed = 2 ** 26

/** An array of rank n, of elements of one dtype. They are there, or are computed when somebody reads them. */
export class NDArray<D extends DType = DType> {
  readonly dtype: D
  readonly shape: Shape
  /** For `structuredClone` and `postMessage`, which would take dtype and shape and leave the elements behind without a word. */
  protected readonly cloned = uncloneable
  #node: Node

  /** For functions of this room: users make arrays by `asarray`, `zeros` and their like. */
  constructor(node: Node) {
    this.#node = node
    this.dtype = node.dtype as D
    this.shape = node.shape
  }

  get ndim(): number {
    return this.shape.length
  }

  /** How many elements there are. */
  get size(): number {
    return sizeOf(this.shape)
  }

  /** Bytes of one element. */
  get itemsize(): number {
    return infoOf(this.dtype).bytes
  }

  get nbytes(): number {
    return this.size * this.itemsize
  }

  /** Elements are there, nothing is left to be computed. */
  get isEvaluated(): boolean {
    const node = this.#node
    return node.is === 'leaf' || (node.is !== 'scalar' && node.result !== undefined)
  }

  /** The node that stands for this array in trees. */
  get node(): Node {
    const node = this.#node
    if (node.is === 'leaf') {
      // After a change of the elements the old ones are elsewhere.
      return node.box === node.view.memory.box ? node : (this.#node = leafOf(node.view))
    }
    if (node.is !== 'scalar' && node.result !== undefined) return (this.#node = leafOf(node.result))
    return node
  }

  /** The elements, computed if they have not been. */
  get view(): View {
    const { node } = this
    if (node.is === 'leaf') return node.view
    const view = evaluate(node)
    this.#node = leafOf(view)
    return view
  }

  /** Computes the elements, if they have not been. */
  eval(): this {
    void this.view
    return this
  }

  /** The same; the event loop stays free. */
  async evalAsync(): Promise<this> {
    const { node } = this
    if (node.is !== 'leaf') this.#node = leafOf(await evaluateAsync(node))
    return this
  }

  get isReleased(): boolean {
    const node = this.#node
    const view = node.is === 'leaf' ? node.view : node.is === 'scalar' ? undefined : node.result
    return view?.memory.isReleased === true
  }

  /**
   * Gives the elements back; shape and dtype stay. Arrays that share them end with this one: its views, whatever it is a view of. What was to be
   * computed of them still can be. Without it the garbage collector finds what is not used any more, which takes longer. A second time it does nothing.
   */
  release(): void {
    if (this.isReleased) return
    const { node } = this
    const view = node.is === 'leaf' ? node.view : viewOfNone(this.dtype, this.shape)
    this.#node = leafOf(view)
    view.memory.release()
  }

  /** `using x = …` releases it at the end of the block. */
  [Symbol.dispose](): void {
    this.release()
  }

  /** In elements; 0 where an axis repeats one. */
  get strides(): readonly number[] {
    return this.view.strides
  }

  /** The element of an array that has only one. @throws ArgumentError if it has another number of them */
  item(): Item<D> {
    if (this.size !== 1)
      throw new ArgumentError('item', 'array', 'one of a single element', `one of shape [${this.shape.join(', ')}]`)
    const { view } = this
    return itemAt(view, view.offset) as Item<D>
  }

  /** Elements as nested lists; of a 0-dimensional array its element. @throws ArgumentError for more than 67 million elements */
  toList(): unknown {
    const { view } = this
    // Lists in front of an axis of none are lists, too. Where the engine has no room it ends the process.
    const empty = view.shape.indexOf(0)
    const lists = sizeOf(empty < 0 ? view.shape : view.shape.slice(0, empty))
    if (lists > mostListed)
      throw new ArgumentError(
        'toList',
        'array',
        `one of at most ${mostListed} elements`,
        `one of shape [${view.shape.join(', ')}]`,
        'toTypedArray() has them without lists.',
      )
    return nest(view, 0, view.offset)
  }

  /** A typed array of the elements in C order, its own; complex ones in pairs. */
  toTypedArray() {
    const { view } = this
    const { parts, Elements } = infoOf(this.dtype)
    const { elements } = view.memory
    const size = this.size
    if (isContiguous(view.shape, view.strides)) return elements.slice(view.offset * parts, (view.offset + size) * parts)
    const out = new Elements(size * parts)
    let k = 0
    for (const at of places(view)) for (let p = 0; p < parts; p++) out[k++] = elements[at * parts + p]
    return out
  }

  /** The same when they have been computed; the event loop stays free. */
  async values() {
    await this.evalAsync()
    return this.toTypedArray()
  }

  /** Rows along the first axis. */
  *[Symbol.iterator](): Generator<NDArray<D>> {
    if (this.ndim === 0) throw new ArgumentError('iteration', 'array', 'one with an axis', 'one without axes')
    const { view } = this
    for (let i = 0; i < view.shape[0]; i++) {
      yield new NDArray<D>(
        leafOf({
          ...view,
          shape: view.shape.slice(1),
          strides: view.strides.slice(1),
          offset: view.offset + i * view.strides[0],
        }),
      )
    }
  }
}

const viewOfNone = (dtype: DType, shape: Shape): View => {
  const strides = shape.map(() => 0)
  return { dtype, shape, strides, offset: 0, memory: new Memory(new (infoOf(dtype).Elements)(0)) }
}

/** An array over elements that are there. */
export const arrayOf = <D extends DType = DType>(view: View): NDArray<D> => new NDArray<D>(leafOf(view))

/** One element, as a user reads it. `at` counts elements of the memory. */
export function itemAt({ dtype, memory }: View, at: number): number | bigint | boolean | { re: number; im: number } {
  const { elements } = memory
  const { kind } = infoOf(dtype)
  if (kind === 'complex') return { re: elements[2 * at] as number, im: elements[2 * at + 1] as number }
  return kind === 'bool' ? elements[at] !== 0 : elements[at]
}

/** Places of all elements in C order. */
export function* places({ shape, strides, offset }: Pick<View, 'shape' | 'strides' | 'offset'>): Generator<number> {
  if (shape.includes(0)) return
  const at = shape.map(() => 0)
  let place = offset
  for (;;) {
    yield place
    let d = shape.length - 1
    while (d >= 0 && ++at[d] === shape[d]) {
      place -= (shape[d] - 1) * strides[d]
      at[d--] = 0
    }
    if (d < 0) return
    place += strides[d]
  }
}

function nest(view: View, axis: number, at: number): unknown {
  const { shape, strides, dtype, memory } = view
  if (axis === shape.length) return itemAt(view, at)
  const [length, step] = [shape[axis], strides[axis]]
  const { kind } = infoOf(dtype)
  if (axis === shape.length - 1 && kind !== 'complex' && kind !== 'bool')
    return numbersAt(memory.elements, at, length, step)
  const list: unknown[] = new Array(length)
  if (axis < shape.length - 1) for (let i = 0; i < length; i++) list[i] = nest(view, axis + 1, at + i * step)
  else for (let i = 0; i < length; i++) list[i] = itemAt(view, at + i * step)
  return list
}

/** By itself: the engine keeps numbers unboxed in lists that are made where no other ones are. */
function numbersAt(elements: Elements, at: number, length: number, step: number): (number | bigint)[] {
  const list = new Array<number | bigint>(length)
  for (let i = 0; i < length; i++) list[i] = elements[at + i * step]
  return list
}

/** A view of the elements with another shape that broadcasting reaches. */
export function broadcastView(view: View, shape: Shape): View {
  return { ...view, shape, strides: broadcastStrides(view.shape, view.strides, shape) }
}
