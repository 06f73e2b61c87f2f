/**
 * Where the bytes of an element lie: its type map (MPI-4.0, 5.1), as bounds, and as runs of bytes in the order of the map. Every
 * constructor of datatypes comes to `placed`, copies of layouts at displacements, and to `bounded`.
 *
 * Bounds are those of the standard (5.1.6, 5.1.7): from the first byte to the last, padded to the strictest alignment in it; or, once
 * a user has set bounds anywhere in it, as far as the bounds that were set reach.
 */

import { check } from './check.ts'
import { type Kind, kinds } from './kinds.ts'
import { noRoot, type Root, rootOf, rootOfAll } from './signature.ts'

/** From which byte, and how many, in the order of the type map. Touching ones are joined; none is empty. */
export interface Runs {
  readonly offsets: Float64Array<ArrayBuffer>
  readonly lengths: Float64Array<ArrayBuffer>
}

/** Runs of a type, each of which takes 16 bytes. */
export const mostPieces = 2 ** 26

interface Facts {
  readonly size: number
  readonly basics: number
  readonly lb: number
  readonly extent: number
  readonly trueLb: number
  readonly trueExtent: number
  readonly alignment: number
  /** A user set bounds of it, or of something in it. */
  readonly isBounded: boolean
  readonly kind: Kind | undefined
  readonly root: Root
}

export class Layout implements Facts {
  readonly size: number
  readonly basics: number
  readonly lb: number
  readonly extent: number
  readonly trueLb: number
  readonly trueExtent: number
  readonly alignment: number
  readonly isBounded: boolean
  readonly kind: Kind | undefined
  readonly root: Root
  readonly isContiguous: boolean
  readonly #find: (add: AddRun) => void
  #runs: Runs | undefined

  constructor(facts: Facts, find: (add: AddRun) => void) {
    this.size = facts.size
    this.basics = facts.basics
    this.lb = facts.lb
    this.extent = facts.extent
    this.trueLb = facts.trueLb
    this.trueExtent = facts.trueExtent
    this.alignment = facts.alignment
    this.isBounded = facts.isBounded
    this.kind = facts.kind
    this.root = facts.root
    this.#find = find
    const { size, lb, extent, trueLb, trueExtent } = facts
    const mayBe = lb === 0 && trueLb === 0 && extent === size && trueExtent === size
    this.isContiguous = mayBe && this.runs.offsets.length <= 1
  }

  /** Found when they are first asked for: a type that others are made of may never need its own. */
  get runs(): Runs {
    if (this.#runs === undefined) {
      const list = new RunList()
      this.#find(list.add)
      this.#runs = list.done()
    }
    return this.#runs
  }
}

type AddRun = (offset: number, length: number) => void

class RunList {
  #offsets = new Float64Array(4)
  #lengths = new Float64Array(4)
  #count = 0
  #end = Number.NaN

  readonly add = (offset: number, length: number): void => {
    if (offset === this.#end) this.#lengths[this.#count - 1] += length
    else {
      if (this.#count === this.#offsets.length) this.#grow()
      this.#offsets[this.#count] = offset
      this.#lengths[this.#count++] = length
    }
    this.#end = offset + length
  }

  #grow(): void {
    check(this.#count < mostPieces, 'commit', 'the type', `of ${mostPieces} pieces of memory at most`, 'one of more')
    const offsets = new Float64Array(2 * this.#count)
    const lengths = new Float64Array(2 * this.#count)
    offsets.set(this.#offsets)
    lengths.set(this.#lengths)
    this.#offsets = offsets
    this.#lengths = lengths
  }

  done(): Runs {
    return { offsets: this.#offsets.slice(0, this.#count), lengths: this.#lengths.slice(0, this.#count) }
  }
}

export const basicLayout = (kind: Kind): Layout => {
  const { size, extent, alignment, pair } = kinds[kind]
  const root = rootOf(kind)
  const basics = pair === undefined ? 1 : 2
  const trueExtent = pair === undefined ? size : pair.indexOffset + kinds[pair.index].size
  const facts = { size, basics, lb: 0, extent, trueLb: 0, trueExtent, alignment, isBounded: false, kind, root }
  return new Layout(facts, add => {
    if (pair === undefined) return add(0, size)
    add(0, kinds[pair.value].size)
    add(pair.indexOffset, kinds[pair.index].size)
  })
}

const addCopies = (add: AddRun, at: number, copies: number, of: Layout): void => {
  if (of.isContiguous) {
    if (of.size > 0 && copies > 0) add(at, copies * of.size)
    return
  }
  const { offsets, lengths } = of.runs
  for (let c = 0; c < copies; c++)
    for (let r = 0; r < offsets.length; r++) add(at + c * of.extent + offsets[r], lengths[r])
}

/** `counts[i]` copies of `typeAt(i)` one after another, an extent apart, the first at byte `displs[i]`. */
export const placed = (
  displs: ArrayLike<number>,
  counts: ArrayLike<number>,
  typeAt: (index: number) => Layout,
): Layout => {
  let size = 0
  let basics = 0
  let alignment = 1
  let [from, to, lowest, highest] = [Infinity, -Infinity, Infinity, -Infinity]
  let kind: Kind | undefined
  const parts: { root: Root; times: number }[] = []
  for (let i = 0; i < displs.length; i++) {
    const count = counts[i]
    const of = typeAt(i)
    if (count === 0) continue
    const last = (count - 1) * of.extent
    const first = displs[i] + Math.min(0, last)
    const final = displs[i] + Math.max(0, last)
    if (of.isBounded) {
      lowest = Math.min(lowest, first + of.lb)
      highest = Math.max(highest, final + of.lb + of.extent)
    }
    if (of.basics === 0) continue
    from = Math.min(from, first + of.trueLb)
    to = Math.max(to, final + of.trueLb + of.trueExtent)
    alignment = Math.max(alignment, of.alignment)
    kind = basics === 0 || kind === of.kind ? of.kind : undefined
    size += count * of.size
    basics += count * of.basics
    const times = (count * of.basics) / of.root.basics
    const before = parts[parts.length - 1]
    if (before?.root === of.root) before.times += times
    else parts.push({ root: of.root, times })
  }
  const isBounded = lowest !== Infinity
  const isEmpty = basics === 0
  const trueLb = isEmpty ? 0 : from
  const trueExtent = isEmpty ? 0 : to - from
  const lb = isBounded ? lowest : trueLb
  const extent = isBounded ? highest - lowest : Math.ceil(trueExtent / alignment) * alignment
  const root = parts.length === 0 ? noRoot : parts.length === 1 ? parts[0].root : rootOfAll(parts)
  return new Layout({ size, basics, lb, extent, trueLb, trueExtent, alignment, isBounded, kind, root }, add => {
    for (let i = 0; i < displs.length; i++) addCopies(add, displs[i], counts[i], typeAt(i))
  })
}

/** The same data with bounds set. */
export const bounded = (lb: number, extent: number, of: Layout): Layout => {
  const { size, basics, trueLb, trueExtent, alignment, kind, root } = of
  const facts = { size, basics, lb, extent, trueLb, trueExtent, alignment, isBounded: true, kind, root }
  return new Layout(facts, add => addCopies(add, 0, 1, of))
}
